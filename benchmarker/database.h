/* One client connection to a database, by libmariadb or libpq; for readiness, set-up SQL, versions and row checks.
 * Error kind: ERROR_SERVER. Bounded: connecting and each statement end within timeout_ns. */
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
int database_connect(const struct database_address *a, uint64_t timeout_ns, struct database **ret, struct error *err);
void database_close(struct database *d); /* NULL is fine */
int database_execute(struct database *d, const char *sql, struct error *err);
/* First column of the first row; "" if there is none. */
int database_query_value(struct database *d, const char *sql, struct strbuf *out, struct error *err);

#endif
