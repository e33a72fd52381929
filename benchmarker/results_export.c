/* from_results and to_results as today's CSV and JSON; slices and comparisons as CSV. */
#include "benchmarker/results.h"

#include "base/cleanup.h"
#include "benchmarker/query_table.h"
#include "benchmarker/results_db.h"

static int print(struct statement *s, enum query_output output, struct strbuf *out, struct error *err)
{
	CLEANUP(query_table) struct query_table table = QUERY_TABLE_INIT(out->max);
	if (query_table_fetch(&table, s->r->db, s->handle, out->max, err) < 0)
		return error_wrap(err, "%s", s->r->path);
	query_table_print(&table, output, out);
	return strbuf_check(out, err);
}

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
	return print(&s, output, out, err) < 0 ? error_wrap(err, "%s_results", side_name(side)) : 0;
}

int results_write_csv(struct results *r, enum side side, struct strbuf *out, struct error *err)
{
	return export_table(r, side, QUERY_CSV, out, err);
}

int results_write_json(struct results *r, enum side side, struct strbuf *out, struct error *err)
{
	return export_table(r, side, QUERY_JSON, out, err);
}

int results_write_slices(struct results *r, struct strbuf *out, struct error *err)
{
	CLEANUP(statement) struct statement s = { 0 };
	if (statement_prepare(r,
			      "select run, test, side, repetition, start, block, pair, slice_index, wall_unix_ns,"
			      " planned_ns, begin_ns, end_ns, threads, busy_ns, events, reads, writes, others,"
			      " ignored_errors, reconnects, latency_sum_ns, latency_min_ns, latency_max_ns,"
			      " events * 1e9 * threads / nullif(busy_ns, 0) as events_per_second,"
			      " rate_asked, backlog, unserved, lag_max_ns"
			      " from slice left join slice_rate on slice_rate.slice = slice.id order by slice.id",
			      &s, err) < 0)
		return -1;
	return print(&s, QUERY_CSV, out, err);
}

int results_write_comparisons(struct results *r, struct strbuf *out, struct error *err)
{
	CLEANUP(statement) struct statement s = { 0 };
	if (statement_prepare(r,
			      "select run, test, metric, ratio, low, high, p_value, pairs, batches, starts, error, df,"
			      " within_sd, start_sd, verdict, reason, family_low, family_high, detectable_80,"
			      " detectable_90, needed_starts, anytime from comparison order by rowid",
			      &s, err) < 0)
		return -1;
	return print(&s, QUERY_CSV, out, err);
}
