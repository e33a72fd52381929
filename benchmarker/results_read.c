/* The current run of results.db, read back. */
#include "benchmarker/results.h"

#include "base/cleanup.h"
#include "benchmarker/results_db.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define RELEASE_ITEMS(name)                                  \
	void name##_release(struct name *x)                  \
	{                                                    \
		free(x->items);                              \
		strlist_release(&x->owned);                  \
		*x = (struct name){ .owned = STRLIST_INIT }; \
	}

RELEASE_ITEMS(results_profiles)
RELEASE_ITEMS(results_events)

void results_tests_release(struct results_tests *t)
{
	free(t->tests);
	strlist_release(&t->owned);
	*t = (struct results_tests){ .owned = STRLIST_INIT };
}

void results_run_row_release(struct results_run_row *row)
{
	strlist_release(&row->owned);
	*row = (struct results_run_row){ .owned = STRLIST_INIT };
}

void results_servers_release(struct results_servers *s)
{
	strlist_release(&s->owned);
	*s = (struct results_servers){ .owned = STRLIST_INIT };
}

void results_pairs_release(struct results_pairs *p)
{
	for (size_t i = 0; i < p->samples_len; i++)
		sample_release(&p->samples[i]);
	free(p->samples);
	free(p->pairs);
	*p = (struct results_pairs){ 0 };
}

int results_prepare_for_run(struct results *r, const char *sql, struct statement *ret, struct error *err)
{
	if (results_need_run(r, err) < 0 || statement_prepare(r, sql, ret, err) < 0)
		return -1;
	bind_text(ret, r->run);
	return 0;
}

int results_read_run(struct results *r, struct results_run_row *ret, struct error *err)
{
	CLEANUP(statement) struct statement s = { 0 };
	CLEANUP(results_run_row) struct results_run_row row = { .owned = STRLIST_INIT };
	if (results_prepare_for_run(r,
				    "select id, command, dbdyno_version, pairing, started_unix, seed, config_json,"
				    " machine_json, status, coalesce(ended_unix, 0), decision from run where id = ?",
				    &s, err) < 0)
		return -1;
	int found = statement_step(&s, err);
	if (found <= 0)
		return found < 0 ? -1 : results_damaged(r, "its run is gone", err);
	row.run.id = column_text(&s, &row.owned);
	row.run.command = column_text(&s, &row.owned);
	row.run.dbdyno_version = column_text(&s, &row.owned);
	row.run.pairing = column_text(&s, &row.owned);
	row.run.started_unix = column_i64(&s);
	const char *seed = column_text(&s, &row.owned);
	row.run.config_json = column_text(&s, &row.owned);
	row.run.machine_json = column_text(&s, &row.owned);
	row.status = column_text(&s, &row.owned);
	row.ended_unix = column_i64(&s);
	row.decision = column_text(&s, &row.owned);
	if (strlist_check(&row.owned, err) < 0)
		return -1;
	row.run.seed = seed ? strtoull(seed, NULL, 10) : 0;
	*ret = row;
	row = (struct results_run_row){ .owned = STRLIST_INIT };
	return 0;
}

int results_read_servers(struct results *r, struct results_servers *ret, struct error *err)
{
	CLEANUP(statement) struct statement s = { 0 };
	CLEANUP(results_servers) struct results_servers all = { .owned = STRLIST_INIT };
	if (results_prepare_for_run(
		    r,
		    "select side, engine, asked_version, commit_sha, reported_version, repository, exec,"
		    " binary_sha256, profile, profile_sha256, go_version, build_flags, address_kind, params,"
		    " coalesce(build_ns, 0), coalesce(binary_bytes, 0)"
		    " from server where run = ? order by side = 'to' limit 2",
		    &s, err) < 0)
		return -1;
	int row;
	while ((row = statement_step(&s, err)) > 0) {
		struct results_server *server = &all.servers[all.len++];
		server->side = column_side(&s);
		const char **const texts[] = { &server->engine,         &server->asked_version,
					       &server->commit,         &server->reported_version,
					       &server->repository,     &server->exec,
					       &server->binary_sha256,  &server->profile,
					       &server->profile_sha256, &server->go_version,
					       &server->build_flags,    &server->address_kind,
					       &server->params };
		for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
			*texts[i] = column_text(&s, &all.owned);
		server->build_ns = column_u64(&s, INT64_MAX);
		server->binary_bytes = column_u64(&s, INT64_MAX);
	}
	if (row < 0 || statement_check(&s, err) < 0 || strlist_check(&all.owned, err) < 0)
		return -1;
	*ret = all;
	all = (struct results_servers){ .owned = STRLIST_INIT };
	return 0;
}

int results_list_tests(struct results *r, struct results_tests *ret, struct error *err)
{
	CLEANUP(statement) struct statement s = { 0 };
	CLEANUP(results_tests) struct results_tests all = { .owned = STRLIST_INIT };
	if (results_prepare_for_run(r, "select name, params, threads from test where run = ? order by id", &s, err) < 0)
		return -1;
	int row;
	while ((row = statement_step(&s, err)) > 0) {
		struct results_test *tests = results_grow(all.tests, all.len, sizeof *tests);
		if (!tests)
			return error_oom(err);
		all.tests = tests;
		struct results_test *t = &tests[all.len++];
		t->name = column_text(&s, &all.owned);
		t->params = column_text(&s, &all.owned);
		t->threads = (uint32_t)column_u64(&s, UINT32_MAX);
	}
	if (row < 0 || statement_check(&s, err) < 0 || strlist_check(&all.owned, err) < 0)
		return -1;
	*ret = all;
	all = (struct results_tests){ .owned = STRLIST_INIT };
	return 0;
}

int results_read_summary(struct results *r, const char *test, enum side side, struct results_summary *ret,
			 struct error *err)
{
	CLEANUP(statement) struct statement s = { 0 };
	struct results_summary summary = { .latency_mean_ms = NAN, .latency_p95_ms = NAN };
#define SUMMARY                                                                             \
	"select count(*), total(total_number_of_events), total(total_time_seconds),"        \
	" coalesce(total(total_number_of_events) / nullif(sum(total_time_seconds), 0), 0)," \
	" sum(latency_sum_ms) / nullif(sum(total_number_of_events), 0), avg(latency_percentile) from "
	if (statement_prepare(r,
			      side == SIDE_FROM ? SUMMARY "from_results where suite_id = ? and test_id = ?"
						: SUMMARY "to_results where suite_id = ? and test_id = ?",
			      &s, err) < 0)
		return -1;
#undef SUMMARY
	char suite[RESULTS_UUID_SIZE], test_id[RESULTS_UUID_SIZE];
	if (results_need_run(r, err) < 0 || results_uuid(r->run, side_name(side), "", suite, err) < 0 ||
	    results_uuid(r->run, "", test, test_id, err) < 0)
		return -1;
	bind_text(&s, suite);
	bind_text(&s, test_id);
	int row = statement_step(&s, err);
	if (row < 0)
		return -1;
	if (row > 0 && column_i64(&s) > 0) {
		summary.found = true;
		summary.events = (uint64_t)column_double(&s);
		summary.seconds = column_double(&s);
		summary.events_per_second = column_double(&s);
		summary.latency_mean_ms = column_double(&s);
		summary.latency_p95_ms = column_double(&s);
		if (statement_check(&s, err) < 0)
			return -1;
	}
	*ret = summary;
	return 0;
}

int results_read_profiles(struct results *r, struct results_profiles *ret, struct error *err)
{
	CLEANUP(statement) struct statement s = { 0 };
	CLEANUP(results_profiles) struct results_profiles all = { .owned = STRLIST_INIT };
	if (results_prepare_for_run(r,
				    "select side, test, file, sha256, samples, duration_ns, bytes, "
				    "coalesce(transactions, 0) from profile"
				    " where run = ?"
				    " order by id",
				    &s, err) < 0)
		return -1;
	int row;
	while ((row = statement_step(&s, err)) > 0) {
		struct results_profile *items = results_grow(all.items, all.len, sizeof *items);
		if (!items)
			return error_oom(err);
		all.items = items;
		struct results_profile *p = &items[all.len++];
		p->side = column_side(&s);
		p->test = column_text(&s, &all.owned);
		p->file = column_text(&s, &all.owned);
		p->sha256 = column_text(&s, &all.owned);
		p->samples = column_u64(&s, INT64_MAX);
		p->duration_ns = column_u64(&s, INT64_MAX);
		p->bytes = column_u64(&s, INT64_MAX);
		p->transactions = column_u64(&s, INT64_MAX);
	}
	if (row < 0 || statement_check(&s, err) < 0 || strlist_check(&all.owned, err) < 0)
		return -1;
	*ret = all;
	all = (struct results_profiles){ .owned = STRLIST_INIT };
	return 0;
}

int results_read_events(struct results *r, struct results_events *ret, struct error *err)
{
	CLEANUP(statement) struct statement s = { 0 };
	CLEANUP(results_events) struct results_events all = { .owned = STRLIST_INIT };
	if (results_prepare_for_run(r, "select at_unix_ns, level, test, message from event where run = ? order by id",
				    &s, err) < 0)
		return -1;
	int row;
	while ((row = statement_step(&s, err)) > 0) {
		struct results_event *items = results_grow(all.items, all.len, sizeof *items);
		if (!items)
			return error_oom(err);
		all.items = items;
		struct results_event *e = &items[all.len++];
		e->at_unix_ns = column_i64(&s);
		e->level = column_text(&s, &all.owned);
		e->test = column_text(&s, &all.owned);
		e->message = column_text(&s, &all.owned);
	}
	if (row < 0 || strlist_check(&all.owned, err) < 0)
		return -1;
	*ret = all;
	all = (struct results_events){ .owned = STRLIST_INIT };
	return 0;
}

/* The slices of a test whose pair's other side is there too, and that were not measured again. */
#define PAIRED                                                                                                   \
	" from slice a join histogram on histogram.slice = a.id"                                                 \
	" where a.run = ? and a.test = ? and exists (select 1 from slice b"                                      \
	" where b.run = a.run and b.test = a.test and b.pair = a.pair and b.side <> a.side)"                     \
	" and not exists (select 1 from replaced_block x where x.run = a.run and x.test = a.test and x.block = " \
	"a.block)"

/* Reads a test's paired slices: two rows a pair, from before to. */
static int read_pairs(struct results *r, struct statement *s, struct results_pairs *p, size_t max, struct error *err)
{
	int row;
	uint64_t last_pair = UINT64_MAX;
	while ((row = statement_step(s, err)) > 0) {
		if (p->samples_len == max)
			return results_damaged(r, "slices changed while they were read", err);
		uint64_t pair = column_u64(s, UINT32_MAX), block = column_u64(s, UINT32_MAX);
		uint64_t start = column_u64(s, UINT32_MAX);
		enum side side = column_side(s);
		bool second = p->samples_len % 2;
		if ((side == SIDE_TO) != second || (second && pair != last_pair))
			return results_damaged(r, "the slices of a pair do not match", err);
		struct sample *sample = &p->samples[p->samples_len++];
		if (results_column_sample(s, sample, err) < 0)
			return -1;
		if (second)
			p->pairs[p->pairs_len++] =
				(struct sample_pair){ sample - 1, sample, (uint32_t)block, (uint32_t)start };
		last_pair = pair;
	}
	return row;
}

int results_load_pairs(struct results *r, const char *test, struct results_pairs *ret, struct error *err)
{
	CLEANUP(results_pairs) struct results_pairs p = { 0 };
	CLEANUP(statement) struct statement count = { 0 };
	CLEANUP(statement) struct statement s = { 0 };
	if (results_prepare_for_run(r, "select count(*)" PAIRED, &count, err) < 0 ||
	    results_prepare_for_run(
		    r, "select pair, block, start, side, " RESULTS_SAMPLE_COLUMNS PAIRED " order by pair, side = 'to'",
		    &s, err) < 0)
		return -1;
	bind_text(&count, test);
	bind_text(&s, test);
	if (statement_step(&count, err) < 0)
		return -1;
	size_t len = column_u64(&count, INT64_MAX);
	p.samples = calloc(len + 1, sizeof *p.samples);
	p.pairs = calloc(len / 2 + 1, sizeof *p.pairs);
	if (!p.samples || !p.pairs)
		return error_oom(err);
	if (read_pairs(r, &s, &p, len - len % 2, err) < 0)
		return error_wrap(err, "read the slices of %s", test);
	*ret = p;
	p = (struct results_pairs){ 0 };
	return 0;
}
