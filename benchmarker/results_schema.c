/* from_results and to_results: our own tables, or a user's. */
#include "benchmarker/results.h"

#include "base/cleanup.h"
#include "base/embed.h"
#include "benchmarker/results_db.h"

#include <string.h>

extern const struct embedded_file schema_files[];

const char *const results_columns[RESULTS_COLUMNS] = {
	"id",
	"suite_id",
	"test_id",
	"runtime_os",
	"runtime_goarch",
	"server_name",
	"server_version",
	"server_params",
	"test_name",
	"test_params",
	"created_at",
	"sql_read_queries",
	"sql_write_queries",
	"sql_other_queries",
	"sql_total_queries",
	"sql_total_queries_per_second",
	"sql_transactions_total",
	"sql_transactions_per_second",
	"sql_ignored_errors_total",
	"sql_ignored_errors_per_second",
	"sql_reconnects_total",
	"sql_reconnects_per_second",
	"total_time_seconds",
	"total_number_of_events",
	"latency_minimum_ms",
	"latency_average_ms",
	"latency_maximum_ms",
	"latency_percentile",
	"latency_sum_ms",
};

int results_make_summaries(struct results *r, const char *sql, struct error *err)
{
	return results_exec(r, sql ? sql : embedded_find(schema_files, "schema.sql")->data, err);
}

static bool is_summary(const char *table)
{
	return table && (strcmp(table, "from_results") == 0 || strcmp(table, "to_results") == 0);
}

/* Definitions alone: no row is read or written but those of SQLite's own list of tables. A table made of a SELECT could
 * take for ever, and attached files, pragmas and triggers reach beyond the two tables. */
static int authorize(void *data, int action, const char *first, const char *second, const char *database,
		     const char *trigger)
{
	(void)data, (void)second, (void)database, (void)trigger;
	switch (action) {
	case SQLITE_CREATE_TABLE:
	case SQLITE_CREATE_INDEX:
	case SQLITE_CREATE_VIEW:
	case SQLITE_READ:
	case SQLITE_FUNCTION:
	case SQLITE_REINDEX: /* part of making an index */
		return SQLITE_OK;
	case SQLITE_DROP_TABLE:
		return is_summary(first) ? SQLITE_OK : SQLITE_DENY;
	case SQLITE_INSERT:
	case SQLITE_UPDATE:
	case SQLITE_DELETE:
		return strcmp(first, "sqlite_master") == 0 || strcmp(first, "sqlite_schema") == 0 ||
				       (action == SQLITE_DELETE && is_summary(first))
			       ? SQLITE_OK
			       : SQLITE_DENY;
	default:
		return SQLITE_DENY;
	}
}

/* The columns of a table: name, whether a row must give it a value. */
static int check_table(struct results *r, enum side side, struct error *err)
{
	bool there[RESULTS_COLUMNS] = { false };
	CLEANUP(statement) struct statement s = { 0 };
	CLEANUP(strlist) struct strlist owned = STRLIST_INIT;
	AUTO_FREE char *table = str_printf(err, "%s_results", side_name(side));
	if (!table || statement_prepare(r, "select name, \"notnull\" and dflt_value is null from pragma_table_info(?)",
					&s, err) < 0)
		return -1;
	bind_text(&s, table);
	int row;
	while ((row = statement_step(&s, err)) > 0) {
		const char *name = column_text(&s, &owned);
		bool needed = column_i64(&s), known = false;
		for (size_t i = 0; name && i < RESULTS_COLUMNS; i++)
			if (sqlite3_stricmp(name, results_columns[i]) == 0)
				known = there[i] = true;
		if (strlist_check(&owned, err) < 0)
			return -1;
		if (!known && needed)
			return error_set(err, ERROR_USAGE,
					 "column %s of %s must have a value, and nothing gives it one", name, table);
	}
	for (size_t i = 0; row == 0 && i < RESULTS_COLUMNS; i++)
		if (!there[i])
			return error_set(err, ERROR_USAGE, "%s has no column %s", table, results_columns[i]);
	return row;
}

int results_use_schema(struct results *r, const char *sql, struct error *err)
{
	__attribute__((cleanup(results_rollback))) struct results *transaction = r;
	if (results_begin(transaction, err) < 0 ||
	    results_exec(r, "drop table from_results; drop table to_results", err) < 0)
		return -1;
	sqlite3_set_authorizer(r->db, authorize, NULL);
	int made = results_make_summaries(r, sql, err);
	bool denied = sqlite3_extended_errcode(r->db) == SQLITE_AUTH;
	sqlite3_set_authorizer(r->db, NULL, NULL);
	if (made < 0) {
		if (err)
			err->kind = ERROR_USAGE;
		return denied ? error_hint(err, "it may create tables, indexes and views, and nothing else") : -1;
	}
	if (check_table(r, SIDE_FROM, err) < 0 || check_table(r, SIDE_TO, err) < 0)
		return -1;
	return results_commit(r, err);
}
