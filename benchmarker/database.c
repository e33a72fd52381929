#include "benchmarker/database.h"

#include "base/clock.h"
#include "base/stop.h"

#include <errmsg.h>
#include <errno.h>
#include <libpq-fe.h>
#include <mysql.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

/* Largest row that libmariadb takes from the server. */
static const unsigned long largest_packet_bytes = 16 << 20;

struct database {
	MYSQL *mysql; /* one of the two */
	PGconn *postgres;
	uint64_t timeout_ns;
	bool broken;     /* the protocol's state is unknown: nothing more can be asked */
	char where[160]; /* for messages */
};

/* Polls fd for events until the deadline, or a stop request. *ret_ready holds what poll said. */
static int wait_for(int fd, short events, uint64_t deadline, short *ret_ready, struct error *err)
{
	for (;;) {
		struct pollfd fds[] = { { .fd = fd, .events = events }, { .fd = stop_fd(), .events = POLLIN } };
		int n = poll(fds, ARRAY_SIZE(fds), clock_left_ms(deadline));
		if (n < 0 && errno != EINTR)
			return error_errno(err, ERROR_INTERNAL, "poll a database connection");
		if (n > 0 && fds[1].revents)
			return stop_error(err);
		if (n > 0 && fds[0].revents) {
			*ret_ready = fds[0].revents;
			return 0;
		}
		if (clock_left_ms(deadline) == 0)
			return error_set(err, ERROR_SERVER, "no answer in time");
	}
}

/* ---- MySQL protocol ---- */

/* Waits for what libmariadb's suspended call wants; *status becomes what its _cont function takes. */
static int mysql_wait(struct database *d, int *status, uint64_t deadline, struct error *err)
{
	short events = (*status & MYSQL_WAIT_READ ? POLLIN : 0) | (*status & MYSQL_WAIT_WRITE ? POLLOUT : 0) |
		       (*status & MYSQL_WAIT_EXCEPT ? POLLPRI : 0);
	short ready = 0;
	if (wait_for((int)mysql_get_socket(d->mysql), events, deadline, &ready, err) < 0) {
		d->broken = true;
		return -1;
	}
	*status = (ready & (POLLIN | POLLHUP | POLLERR) ? MYSQL_WAIT_READ : 0) |
		  (ready & (POLLOUT | POLLHUP | POLLERR) ? MYSQL_WAIT_WRITE : 0) |
		  (ready & POLLPRI ? MYSQL_WAIT_EXCEPT : 0);
	return 0;
}

static int mysql_failed(struct database *d, struct error *err)
{
	if (mysql_errno(d->mysql) >= CR_MIN_ERROR && mysql_errno(d->mysql) <= CR_MAX_ERROR)
		d->broken = true; /* the client's own errors are about the connection, the server's about a statement */
	return error_set(err, ERROR_SERVER, "%s (error %u)", mysql_error(d->mysql), mysql_errno(d->mysql));
}

static void mysql_library_start(void)
{
	mysql_library_init(0, NULL, NULL);
}

static int mysql_open(struct database *d, const struct database_address *a, uint64_t deadline, struct error *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT; /* libmariadb's own initialization is not thread-safe */
	pthread_once(&once, mysql_library_start);
	d->mysql = mysql_init(NULL);
	if (!d->mysql)
		return error_oom(err);
	unsigned protocol = a->socket ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP, no = 0;
	if (mysql_options(d->mysql, MYSQL_OPT_NONBLOCK, NULL) ||
	    mysql_options(d->mysql, MYSQL_OPT_PROTOCOL, &protocol) ||
	    mysql_options(d->mysql, MYSQL_OPT_LOCAL_INFILE, &no) ||
	    mysql_options(d->mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4") ||
	    mysql_options(d->mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, &largest_packet_bytes))
		return mysql_failed(d, err);
	MYSQL *connected = NULL;
	int status = mysql_real_connect_start(&connected, d->mysql, a->socket ? NULL : a->host, a->user,
					      a->password ? a->password : "",
					      a->database && *a->database ? a->database : NULL, a->port, a->socket, 0);
	while (status) {
		if (mysql_wait(d, &status, deadline, err) < 0)
			return -1;
		status = mysql_real_connect_cont(&connected, d->mysql, status);
	}
	return connected ? 0 : mysql_failed(d, err);
}

/* The next row of a result that is not stored: *ret_row is NULL after the last one. */
static int mysql_next_row(struct database *d, MYSQL_RES *result, uint64_t deadline, MYSQL_ROW *ret_row,
			  struct error *err)
{
	int status = mysql_fetch_row_start(ret_row, result);
	while (status) {
		if (mysql_wait(d, &status, deadline, err) < 0)
			return -1;
		status = mysql_fetch_row_cont(ret_row, result, status);
	}
	if (!*ret_row && mysql_errno(d->mysql))
		return mysql_failed(d, err);
	return 0;
}

/* Reads all rows; the first value of the first one goes to out (may be NULL). */
static int mysql_drain(struct database *d, MYSQL_RES *result, uint64_t deadline, struct strbuf *out, struct error *err)
{
	bool first = true;
	for (;;) {
		MYSQL_ROW row = NULL;
		if (mysql_next_row(d, result, deadline, &row, err) < 0)
			return -1;
		if (!row)
			return 0;
		unsigned long *lengths = mysql_fetch_lengths(result);
		if (out && first && lengths && row[0])
			strbuf_add(out, row[0], lengths[0]);
		first = false;
	}
}

static int mysql_run(struct database *d, const char *sql, struct strbuf *out, struct error *err)
{
	uint64_t deadline = clock_deadline(d->timeout_ns);
	int failed = 0, status = mysql_real_query_start(&failed, d->mysql, sql, strlen(sql));
	while (status) {
		if (mysql_wait(d, &status, deadline, err) < 0)
			return -1;
		status = mysql_real_query_cont(&failed, d->mysql, status);
	}
	if (failed)
		return mysql_failed(d, err);
	MYSQL_RES *result = mysql_use_result(d->mysql);
	if (!result)
		return mysql_errno(d->mysql) ? mysql_failed(d, err) : 0;
	int drained = mysql_drain(d, result, deadline, out, err);
	if (d->broken) /* so that freeing the result does not wait for its remaining rows */
		shutdown((int)mysql_get_socket(d->mysql), SHUT_RDWR);
	mysql_free_result(result);
	return drained;
}

/* ---- PostgreSQL protocol ---- */

static int postgres_failed(const struct database *d, struct error *err)
{
	return error_set(err, ERROR_SERVER, "%s", PQerrorMessage(d->postgres));
}

static int postgres_open(struct database *d, const struct database_address *a, uint64_t deadline, struct error *err)
{
	char port[16];
	snprintf(port, sizeof port, "%u", a->port);
	/* All that libpq would otherwise take from the environment and that can lead elsewhere. */
	const char *keys[] = { "host",     "port",       "user",    "password",         "dbname",          "sslmode",
			       "passfile", "gssencmode", "options", "application_name", "client_encoding", NULL };
	const char *values[] = { a->socket ? a->socket : a->host,
				 port,
				 a->user,
				 a->password ? a->password : "",
				 a->database && *a->database ? a->database : "postgres",
				 "disable",
				 "/dev/null/absent", /* no password file */
				 "disable",
				 " ",
				 "dbdyno",
				 "UTF8",
				 NULL };
	d->postgres = PQconnectStartParams(keys, values, 0);
	if (!d->postgres)
		return error_oom(err);
	if (PQstatus(d->postgres) == CONNECTION_BAD)
		return postgres_failed(d, err);
	for (PostgresPollingStatusType want = PGRES_POLLING_WRITING; want != PGRES_POLLING_OK;
	     want = PQconnectPoll(d->postgres)) {
		short ready;
		if (want == PGRES_POLLING_FAILED)
			return postgres_failed(d, err);
		if (wait_for(PQsocket(d->postgres), want == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline, &ready,
			     err) < 0)
			return -1;
	}
	if (PQsetnonblocking(d->postgres, 1) < 0)
		return postgres_failed(d, err);
	return 0;
}

static int postgres_send(struct database *d, const char *sql, uint64_t deadline, struct error *err)
{
	if (!PQsendQuery(d->postgres, sql) || !PQsetSingleRowMode(d->postgres))
		return postgres_failed(d, err);
	for (int left; (left = PQflush(d->postgres)) != 0;) {
		short ready;
		if (left < 0)
			return postgres_failed(d, err);
		if (wait_for(PQsocket(d->postgres), POLLIN | POLLOUT, deadline, &ready, err) < 0)
			return -1;
		if ((ready & POLLIN) && !PQconsumeInput(d->postgres))
			return postgres_failed(d, err);
	}
	return 0;
}

/* The next result, a row or the end of a statement: *ret is NULL after the last one, else the caller's (PQclear). */
static int postgres_next(struct database *d, uint64_t deadline, PGresult **ret, struct error *err)
{
	while (PQisBusy(d->postgres)) {
		short ready;
		if (wait_for(PQsocket(d->postgres), POLLIN, deadline, &ready, err) < 0)
			return -1;
		if (!PQconsumeInput(d->postgres))
			return postgres_failed(d, err);
	}
	*ret = PQgetResult(d->postgres);
	return 0;
}

/* Looks at one result: an error of the statement goes to err, the first value to out. */
static int postgres_take(const PGresult *r, bool *first, struct strbuf *out, struct error *err)
{
	switch (PQresultStatus(r)) {
	case PGRES_COMMAND_OK:
	case PGRES_TUPLES_OK:
	case PGRES_EMPTY_QUERY:
		return 0;
	case PGRES_SINGLE_TUPLE:
		if (out && *first && PQnfields(r) && !PQgetisnull(r, 0, 0))
			strbuf_add(out, PQgetvalue(r, 0, 0), (size_t)PQgetlength(r, 0, 0));
		*first = false;
		return 0;
	case PGRES_FATAL_ERROR:
	case PGRES_NONFATAL_ERROR:
	case PGRES_BAD_RESPONSE:
		return error_set(err, ERROR_SERVER, "%s", PQresultErrorMessage(r));
	default:
		return error_set(err, ERROR_SERVER, "a statement that copies data cannot run here");
	}
}

static int postgres_run(struct database *d, const char *sql, struct strbuf *out, struct error *err)
{
	uint64_t deadline = clock_deadline(d->timeout_ns);
	d->broken = true; /* until the conversation has ended as it should */
	if (postgres_send(d, sql, deadline, err) < 0)
		return -1;
	bool first = true;
	int outcome = 0;
	for (;;) {
		PGresult *r = NULL;
		if (postgres_next(d, deadline, &r, err) < 0)
			return -1;
		if (!r)
			break;
		ExecStatusType status = PQresultStatus(r);
		if (outcome == 0)
			outcome = postgres_take(r, &first, out, err);
		PQclear(r);
		if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH)
			return -1; /* it would go on for ever */
	}
	d->broken = PQstatus(d->postgres) != CONNECTION_OK;
	return outcome;
}

/* ---- both ---- */

int database_connect(const struct database_address *a, uint64_t timeout_ns, struct database **ret, struct error *err)
{
	struct database *d = calloc(1, sizeof *d);
	if (!d)
		return error_oom(err);
	d->timeout_ns = timeout_ns;
	if (a->socket)
		snprintf(d->where, sizeof d->where, "%.120s", a->socket);
	else
		snprintf(d->where, sizeof d->where, "%.100s:%u", a->host, a->port);
	uint64_t deadline = clock_deadline(timeout_ns);
	int opened =
		a->protocol == PROTOCOL_MYSQL ? mysql_open(d, a, deadline, err) : postgres_open(d, a, deadline, err);
	if (opened < 0) {
		error_wrap(err, "connect to %s as %s", d->where, a->user);
		d->broken = true;
		database_close(d);
		return -1;
	}
	*ret = d;
	return 0;
}

void database_close(struct database *d)
{
	if (!d)
		return;
	if (d->mysql) {
		int fd = (int)mysql_get_socket(d->mysql);
		if (d->broken && fd >= 0)
			shutdown(fd, SHUT_RDWR); /* the farewell must not wait for a server that does not read */
		mysql_close(d->mysql);
	}
	PQfinish(d->postgres);
	free(d);
}

void database_set_timeout(struct database *d, uint64_t timeout_ns)
{
	d->timeout_ns = timeout_ns;
}

static int run(struct database *d, const char *sql, struct strbuf *out, struct error *err)
{
	if (d->broken)
		return error_set(err, ERROR_SERVER, "%s: the connection is lost", d->where);
	if ((d->mysql ? mysql_run(d, sql, out, err) : postgres_run(d, sql, out, err)) < 0)
		return error_wrap(err, "%s", d->where);
	return out ? strbuf_check(out, err) : 0;
}

int database_execute(struct database *d, const char *sql, struct error *err)
{
	return run(d, sql, NULL, err);
}

int database_query_value(struct database *d, const char *sql, struct strbuf *out, struct error *err)
{
	return run(d, sql, out, err);
}
