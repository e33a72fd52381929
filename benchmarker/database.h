/* One client connection to a database, by libmariadb or libpq; for readiness, set-up SQL, versions and row checks.
 *
 *     struct database *d;
 *     if (database_connect(&address, 5 * NS_PER_SECOND, &d, err) < 0) …
 *     database_query_value(d, "SELECT 1", &out, err);
 *     database_close(d);
 *
 * Bounded: connecting, and each statement, end within timeout_ns, whatever the server does, and at once when a stop is
 * requested. The server is foreign code: it cannot ask for local files (LOAD DATA LOCAL is off), a value is bounded by
 * out->max, rows are drained and not kept. Error kind: ERROR_SERVER, or ERROR_INTERRUPTED. After an error of the
 * connection (not of a statement) every further call fails. A message does not repeat the
 * statement, which can hold a password.
 *
 * libpq takes what is not given here from PG… variables of this process's environment.
 */
#ifndef BENCHMARKER_DATABASE_H
#define BENCHMARKER_DATABASE_H

#include "base/error.h"
#include "base/str.h"
#include "benchmarker/engine.h"

struct database_address {
	enum protocol protocol;
	const char *host; /* "127.0.0.1"; ignored with socket */
	unsigned port;
	const char *socket; /* mysql: path of the socket; postgres: folder that holds .s.PGSQL.<port>; NULL: TCP */
	const char *user, *password, *database; /* database "" or NULL: none (mysql), "postgres" (postgres) */
};

struct database;

/* *ret is owned (database_close), untouched on failure. a is only read during the call. */
int database_connect(const struct database_address *a, uint64_t timeout_ns, struct database **ret, struct error *err);
void database_close(struct database *d); /* NULL is fine */
/* The limit of each later statement, in place of the one that connecting had. */
void database_set_timeout(struct database *d, uint64_t timeout_ns);
/* One statement; rows it returns are dropped. */
int database_execute(struct database *d, const char *sql, struct error *err);
/* First column of the first row, appended to out; nothing if there is no row or it is NULL. */
int database_query_value(struct database *d, const char *sql, struct strbuf *out, struct error *err);

#endif
