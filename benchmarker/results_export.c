/* from_results and to_results as today's CSV and JSON. */
#include "benchmarker/results.h"

#include "base/cleanup.h"
#include "benchmarker/query_table.h"
#include "benchmarker/results_db.h"

static int export_table(struct results *r, enum side side, enum query_output output, struct strbuf *out,
			struct error *err)
{
	CLEANUP(statement) struct statement s = { 0 };
	/* In the order of the tests, however often they were sealed. */
	if (statement_prepare(r,
			      side == SIDE_FROM
				      ? "select * from from_results as f"
					" order by (select min(id) from test where name = f.test_name), rowid"
				      : "select * from to_results as f"
					" order by (select min(id) from test where name = f.test_name), rowid",
			      &s, err) < 0)
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
