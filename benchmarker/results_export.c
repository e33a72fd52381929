/* from_results and to_results as today's CSV and JSON. */
#include "benchmarker/results.h"

#include "base/cleanup.h"
#include "benchmarker/query_table.h"
#include "benchmarker/results_db.h"

static int export_table(struct results *r, enum side side, enum query_output output, struct strbuf *out,
			struct error *err)
{
	CLEANUP(statement) struct statement s = { 0 };
	CLEANUP(strbuf) struct strbuf sql = STRBUF_INIT(4096);
	strbuf_adds(&sql, "select ");
	for (size_t i = 0; i < RESULTS_COLUMNS; i++)
		strbuf_addf(&sql, "%s%s", i ? ", " : "", results_columns[i]);
	/* In the order of the tests, however often they were sealed. */
	strbuf_addf(&sql, " from %s_results as f order by (select min(id) from test where name = f.test_name), rowid",
		    side_name(side));
	if (strbuf_check(&sql, err) < 0 || statement_prepare(r, sql.data, &s, err) < 0)
		return -1;
	CLEANUP(query_table) struct query_table table = QUERY_TABLE_INIT(out->max);
	if (query_table_fetch(&table, r->db, s.handle, out->max, err) < 0)
		return error_wrap(err, "%s: %s_results", r->path, side_name(side));
	query_table_print(&table, output, out);
	return strbuf_check(out, err);
}

int results_write_csv(struct results *r, enum side side, struct strbuf *out, struct error *err)
{
	return export_table(r, side, QUERY_CSV, out, err);
}

int results_write_json(struct results *r, enum side side, struct strbuf *out, struct error *err)
{
	return export_table(r, side, QUERY_JSON, out, err);
}
