#include "benchmarker/query.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/stop.h"
#include "benchmarker/query_table.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define OPS_BETWEEN_CHECKS 100
#define SQL_SHOWN_BYTES 80

static void database_release(sqlite3 **db)
{
	sqlite3_close(*db);
}

static void statement_release(sqlite3_stmt **statement)
{
	sqlite3_finalize(*statement);
}

/* What ended a query before its end, and what decides that. */
struct limits {
	uint64_t deadline_ns;
	sqlite3_int64 memory_max; /* of sqlite3_memory_used(), which counts the whole process */
	enum { LIMIT_NONE, LIMIT_STOP, LIMIT_TIME, LIMIT_MEMORY } hit;
};

static int check_limits(void *data)
{
	struct limits *l = data;
	if (stop_requested())
		l->hit = LIMIT_STOP;
	else if (clock_mono_ns() >= l->deadline_ns)
		l->hit = LIMIT_TIME;
	else if (sqlite3_memory_used() > l->memory_max)
		l->hit = LIMIT_MEMORY;
	return l->hit != LIMIT_NONE;
}

static int authorize(void *data, int action, const char *first, const char *second, const char *database,
		     const char *trigger)
{
	(void)data, (void)first, (void)database, (void)trigger;
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_READ:
	case SQLITE_RECURSIVE:
		return SQLITE_OK;
	case SQLITE_FUNCTION: /* these take addresses or file names of code */
		return sqlite3_stricmp(second, "load_extension") == 0 || sqlite3_stricmp(second, "fts3_tokenizer") == 0
			       ? SQLITE_DENY
			       : SQLITE_OK;
	default:
		return SQLITE_DENY;
	}
}

/* SQLite's own words as an error of the right kind. */
static int sqlite_error(sqlite3 *db, int rc, struct error *err)
{
	switch (rc & 0xff) {
	case SQLITE_NOMEM:
		return error_oom(err);
	case SQLITE_AUTH:
	case SQLITE_READONLY:
		error_set(err, ERROR_USAGE, "%s", sqlite3_errmsg(db));
		return error_hint(err, "a query only reads: one SELECT, without ATTACH, PRAGMA or changes");
	case SQLITE_ERROR:
	case SQLITE_TOOBIG:
	case SQLITE_MISMATCH:
	case SQLITE_RANGE:
		return error_set(err, ERROR_USAGE, "%s", sqlite3_errmsg(db));
	default:
		return error_set(err, ERROR_INTERNAL, "%s", sqlite3_errmsg(db));
	}
}

static int limit_error(const struct limits *l, uint64_t timeout_ns, struct error *err)
{
	switch (l->hit) {
	case LIMIT_STOP:
		return stop_error(err);
	case LIMIT_TIME:
		return error_set(err, ERROR_USAGE, "ran longer than %.3g s", (double)timeout_ns / 1e9);
	default:
		return error_set(err, ERROR_USAGE, "takes more than %lld MiB of memory", QUERY_MEMORY_MAX_BYTES >> 20);
	}
}

static int open_database(const char *path, struct limits *limits, sqlite3 **ret, struct error *err)
{
	static const struct {
		int limit, value;
	} sizes[] = {
		{ SQLITE_LIMIT_LENGTH, QUERY_VALUE_MAX_BYTES },
		{ SQLITE_LIMIT_SQL_LENGTH, 100000 },
		{ SQLITE_LIMIT_COLUMN, 500 },
		{ SQLITE_LIMIT_EXPR_DEPTH, 200 },
		{ SQLITE_LIMIT_COMPOUND_SELECT, 100 },
		{ SQLITE_LIMIT_VDBE_OP, 250000 },
		{ SQLITE_LIMIT_FUNCTION_ARG, 100 },
		{ SQLITE_LIMIT_ATTACHED, 0 },
		{ SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000 },
		{ SQLITE_LIMIT_TRIGGER_DEPTH, 0 },
		{ SQLITE_LIMIT_WORKER_THREADS, 0 },
	};
	__attribute__((cleanup(database_release))) sqlite3 *db = NULL;
	int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc != SQLITE_OK)
		return db ? sqlite_error(db, rc, err) : error_oom(err);
	sqlite3_extended_result_codes(db, 1);
	sqlite3_busy_timeout(db, 1000);
	/* What sorting and recursion need stays in memory, where it is counted, instead of filling the disk. */
	rc = sqlite3_exec(db, "pragma temp_store = memory; select 1 from sqlite_schema", NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return sqlite_error(db, rc, err);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		sqlite3_limit(db, sizes[i].limit, sizes[i].value);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_set_authorizer(db, authorize, NULL);
	sqlite3_progress_handler(db, OPS_BETWEEN_CHECKS, check_limits, limits);
	*ret = TAKE(db);
	return 0;
}

/* Compiles the one statement that sql holds. */
static int prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret, struct error *err)
{
	__attribute__((cleanup(statement_release))) sqlite3_stmt *statement = NULL;
	const char *tail = sql;
	while (!statement && *tail) {
		int rc = sqlite3_prepare_v2(db, tail, -1, &statement, &tail);
		if (rc != SQLITE_OK)
			return sqlite_error(db, rc, err);
	}
	if (!statement)
		return error_set(err, ERROR_USAGE, "there is no statement in it");
	while (*tail) {
		__attribute__((cleanup(statement_release))) sqlite3_stmt *second = NULL;
		int rc = sqlite3_prepare_v2(db, tail, -1, &second, &tail);
		if (rc != SQLITE_OK || second) {
			error_set(err, ERROR_USAGE, "something follows the first statement");
			return error_hint(err, "one statement a query: give the option several times");
		}
	}
	*ret = TAKE(statement);
	return 0;
}

static int add_cell(struct query_table *t, sqlite3_stmt *statement, int column)
{
	static const enum cell_type types[] = { [SQLITE_NULL] = CELL_NULL,
						[SQLITE_INTEGER] = CELL_INTEGER,
						[SQLITE_FLOAT] = CELL_REAL,
						[SQLITE_TEXT] = CELL_TEXT,
						[SQLITE_BLOB] = CELL_BLOB };
	struct cell cell = { .type = types[sqlite3_column_type(statement, column)], .at = t->bytes.len };
	if (t->cells_len == t->cells_cap) {
		size_t cap = t->cells_cap ? 2 * t->cells_cap : 64;
		struct cell *cells = reallocarray(t->cells, cap, sizeof *cells);
		if (!cells)
			return -1;
		t->cells = cells;
		t->cells_cap = cap;
	}
	if (cell.type == CELL_BLOB) {
		const void *data = sqlite3_column_blob(statement, column);
		cell.len = (size_t)sqlite3_column_bytes(statement, column);
		if (!data && cell.len)
			return -1;
		strbuf_add(&t->bytes, data, cell.len);
	} else if (cell.type != CELL_NULL) {
		const char *text = (const char *)sqlite3_column_text(statement, column);
		if (!text)
			return -1;
		cell.len = strlen(text);
		strbuf_add(&t->bytes, text, cell.len);
	}
	strbuf_addc(&t->bytes, 0);
	t->cells[t->cells_len++] = cell;
	return 0;
}

static int too_large(size_t max, struct error *err)
{
	error_set(err, ERROR_USAGE, "its result is larger than %zu bytes", max);
	return error_hint(err, "select fewer rows or columns");
}

int query_table_fetch(struct query_table *t, sqlite3 *db, sqlite3_stmt *statement, size_t max, struct error *err)
{
	int columns = sqlite3_column_count(statement);
	for (int i = 0; i < columns; i++) {
		const char *name = sqlite3_column_name(statement, i);
		if (!name)
			return error_oom(err);
		strlist_add(&t->columns, name);
	}
	if (strlist_check(&t->columns, err) < 0)
		return -1;
	int rc;
	while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
		for (int i = 0; i < columns; i++)
			if (add_cell(t, statement, i) < 0)
				return error_oom(err);
		if (t->bytes.failed == STRBUF_TOO_LARGE || t->cells_len * sizeof *t->cells > QUERY_MEMORY_MAX_BYTES)
			return too_large(max, err);
		if (strbuf_check(&t->bytes, err) < 0)
			return -1;
	}
	return rc == SQLITE_DONE ? 0 : sqlite_error(db, rc, err);
}

/* Says which query it was, by the start of its text. */
static int wrap_query(const char *sql, struct error *err)
{
	size_t len = strnlen(sql, SQL_SHOWN_BYTES + 1);
	const char *more = len > SQL_SHOWN_BYTES ? "…" : "";
	if (*more)
		for (len = SQL_SHOWN_BYTES; len && ((unsigned char)sql[len] & 0xC0) == 0x80;)
			len--; /* not in the middle of a character */
	return error_wrap(err, "query \"%.*s%s\"", (int)len, sql, more);
}

int query_run(const char *db_path, const char *sql, enum query_output output, uint64_t timeout_ns, struct strbuf *out,
	      struct error *err)
{
	if (strbuf_check(out, err) < 0)
		return -1;
	if (timeout_ns == 0)
		timeout_ns = QUERY_TIMEOUT_NS;
	struct limits limits = { .deadline_ns = clock_deadline(timeout_ns),
				 .memory_max = sqlite3_memory_used() + QUERY_MEMORY_MAX_BYTES };
	__attribute__((cleanup(database_release))) sqlite3 *db = NULL;
	if (open_database(db_path, &limits, &db, err) < 0)
		return error_wrap(err, "read %s", db_path);
	__attribute__((cleanup(statement_release))) sqlite3_stmt *statement = NULL;
	if (prepare(db, sql, &statement, err) < 0)
		return wrap_query(sql, err);
	CLEANUP(query_table) struct query_table table = QUERY_TABLE_INIT(out->max);
	if (query_table_fetch(&table, db, statement, out->max, err) < 0) {
		if (limits.hit != LIMIT_NONE)
			limit_error(&limits, timeout_ns, err);
		return err && err->kind == ERROR_INTERRUPTED ? -1 : wrap_query(sql, err);
	}
	size_t before = out->len;
	query_table_print(&table, output, out);
	if (!out->failed)
		return 0;
	if (out->failed == STRBUF_TOO_LARGE)
		too_large(out->max, err);
	else
		error_oom(err);
	out->len = before;
	out->data[before] = 0;
	out->failed = STRBUF_OK;
	return wrap_query(sql, err);
}
