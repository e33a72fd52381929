#include "benchmarker/results.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fs.h"
#include "benchmarker/query.h"
#include "check.h"
#include "schema_1.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder of its own for each test. */
struct fixture {
	char *dir, *db;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	assert_non_null(f);
	f->dir = fs_make_temp_dir("test-results", NULL);
	assert_non_null(f->dir);
	f->db = str_printf(NULL, "%s/results.db", f->dir);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *disk = str_printf(NULL, "%s/disk", f->dir);
	umount2(disk, MNT_DETACH | UMOUNT_NOFOLLOW); /* of full_disk, also when that failed */
	check_ok(fs_remove_tree(f->dir, err));
	free(f->dir);
	free(f->db);
	free(f);
	return 0;
}

static const struct results_run run = { .id = "20260131-235959-1a2b3c4d",
					.command = "compare",
					.dbdyno_version = "0.1.0",
					.pairing = "interleaved",
					.started_unix = 1769903999,
					.seed = UINT64_MAX,
					.config_json = "{\"threads\":2}",
					.machine_json = "{\"cpus\":2}" };
static const struct results_server servers[2] = {
	{ .side = SIDE_FROM,
	  .engine = "gms",
	  .asked_version = "v1",
	  .commit = "1111111111111111111111111111111111111111",
	  .reported_version = "gms 1",
	  .repository = "https://example.org/r",
	  .binary_sha256 = "aa",
	  .go_version = "go1.26",
	  .build_flags = "-trimpath",
	  .build_ns = 12,
	  .binary_bytes = 345,
	  .address_kind = "tcp",
	  .params = "--port 1" },
	{ .side = SIDE_TO, .engine = "mariadb", .exec = "/usr/sbin/mariadbd", .reported_version = "10.11" },
};
static const struct results_test read_only = { .name = "oltp_read_only", .params = "--threads=2", .threads = 2 };
static const struct results_test insert = { .name = "oltp_insert", .threads = 2 };

/* Slice i of a test: i + 1 seconds, 1000 events of which the last tenth took 10 (i + 1) ms. */
static struct sample make_sample(uint32_t i)
{
	struct sample s = { .begin_ns = 1000 + i,
			    .end_ns = 2000 + i,
			    .threads = 2,
			    .busy_ns = 2 * (i + 1) * NS_PER_SECOND,
			    .events = 1000,
			    .reads = 14000,
			    .writes = 4000,
			    .others = 2000,
			    .ignored_errors = i,
			    .reconnects = 1,
			    .latency_sum_ns = 1900 * NS_PER_MS,
			    .latency_min_ns = 999999 - i,
			    .latency_max_ns = 10 * (i + 1) * NS_PER_MS };
	check_ok(histogram_add(&s.latency, histogram_bucket(NS_PER_MS), 900, err));
	check_ok(histogram_add(&s.latency, histogram_bucket(10 * (i + 1) * NS_PER_MS), 100, err));
	return s;
}

/* The slices [begin, end) of an ABBA plan with two blocks. */
static void add_slices(struct results *r, const struct results_test *t, uint32_t begin, uint32_t end)
{
	for (uint32_t i = begin; i < end; i++) {
		CLEANUP(sample) struct sample s = make_sample(i);
		struct plan_slice slice = { .side = i % 4 == 0 || i % 4 == 3 ? SIDE_FROM : SIDE_TO,
					    .block = i / 4,
					    .pair = i / 2,
					    .duration_ns = NS_PER_SECOND };
		check_ok(results_add_slice(r, t, &slice, i, (1769904000 + (int64_t)i) * (int64_t)NS_PER_SECOND, &s,
					   err));
	}
}

static struct results *open_with_run(const char *path)
{
	struct results *r = NULL;
	check_ok(results_open(path, &r, err));
	check_ok(results_add_run(r, &run, err));
	for (int i = 0; i < 2; i++)
		check_ok(results_add_server(r, &servers[i], err));
	return r;
}

/* What users' SQL sees, as CSV. */
static void check_query(const char *db, const char *sql, const char *expected)
{
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(1 << 20);
	check_ok(query_run(db, sql, QUERY_CSV, 0, &out, err));
	check_str(out.data, expected);
}

static const char *const column_names =
	"id,suite_id,test_id,runtime_os,runtime_goarch,server_name,server_version,server_params,test_name,test_params,"
	"created_at,sql_read_queries,sql_write_queries,sql_other_queries,sql_total_queries,"
	"sql_total_queries_per_second,sql_transactions_total,sql_transactions_per_second,sql_ignored_errors_total,"
	"sql_ignored_errors_per_second,sql_reconnects_total,sql_reconnects_per_second,total_time_seconds,"
	"total_number_of_events,latency_minimum_ms,latency_average_ms,latency_maximum_ms,latency_percentile,"
	"latency_sum_ms";

static void sealed_rows(void **state)
{
	const struct fixture *f = *state;
	struct results *r = open_with_run(f->db);
	add_slices(r, &read_only, 0, 8);
	add_slices(r, &insert, 0, 8);
	check_ok(results_seal_test(r, &insert, err));
	check_ok(results_seal_test(r, &read_only, err));
	/* from has slices 0, 3, 4, 7: 1 + 4 + 5 + 8 = 18 s; to has 1, 2, 5, 6: 2 + 3 + 6 + 7 = 18 s */
	check_query(
		f->db,
		"select test_name, runtime_os, server_name, server_version, server_params, test_params, created_at,"
		" sql_read_queries as r, sql_write_queries as w, sql_other_queries as o, sql_total_queries as q,"
		" sql_transactions_total as t, sql_ignored_errors_total as i, sql_reconnects_total as c,"
		" total_time_seconds as s, total_number_of_events as e from from_results order by test_name",
		"test_name,runtime_os,server_name,server_version,server_params,test_params,created_at,r,w,o,q,t,i,c,s,"
		"e\n"
		"oltp_insert,linux,gms,1111111111111111111111111111111111111111,--port "
		"1,,2026-02-01T00:00:07Z,56000,16000,8000,80000,4000,14,4,18.0,4000\n"
		"oltp_read_only,linux,gms,1111111111111111111111111111111111111111,--port "
		"1,--threads=2,2026-02-01T00:00:07Z,56000,16000,8000,80000,4000,14,"
		"4,18.0,4000\n");
	check_query(f->db,
		    "select round(sql_total_queries_per_second, 6) as q, round(sql_transactions_per_second, 6) as t,"
		    " round(sql_ignored_errors_per_second, 6) as i, round(sql_reconnects_per_second, 6) as c,"
		    " latency_minimum_ms as min, latency_average_ms as avg, latency_maximum_ms as max,"
		    " latency_sum_ms as sum, server_version as v"
		    " from to_results where test_name = 'oltp_insert'",
		    "q,t,i,c,min,avg,max,sum,v\n"
		    "4444.444444,222.222222,0.777778,0.222222,0.999993,1.9,70.0,7600.0,10.11\n");
	/* Ids: a row's own; a suite a side; a test on both sides. The same again after sealing anew. */
	check_query(f->db,
		    "select count(distinct id) as ids, count(distinct suite_id) as suites,"
		    " count(distinct test_id) as tests, min(length(id)) as len, sum(id like "
		    "'________-____-5___-____-%') as v5"
		    " from (select * from from_results union all select * from to_results)",
		    "ids,suites,tests,len,v5\n4,2,2,36,4\n");
	CLEANUP(strbuf) struct strbuf csv = STRBUF_INIT(1 << 20), again = STRBUF_INIT(1 << 20);
	check_ok(results_write_csv(r, SIDE_FROM, &csv, err));
	check_ok(results_seal_test(r, &read_only, err));
	check_ok(results_write_csv(r, SIDE_FROM, &again, err));
	check_str(again.data, csv.data);
	assert_int_equal(strncmp(csv.data, column_names, strlen(column_names)), 0);
	assert_non_null(strstr(strstr(csv.data, "oltp_read_only"), "oltp_insert")); /* in the order of their slices */
	CLEANUP(strbuf) struct strbuf json = STRBUF_INIT(1 << 20);
	check_ok(results_write_json(r, SIDE_TO, &json, err));
	check_contains(json.data, "[\n{\"id\":\"");
	check_contains(json.data, "\"server_name\":\"mariadb\",\"server_version\":\"10.11\",\"server_params\":\"\","
				  "\"test_name\":\"oltp_read_only\",\"test_params\":\"--threads=2\"");
	check_contains(json.data, "\"total_number_of_events\":4000,");
	results_close(r);
}

static void percentile_of_merged_slices(void **state)
{
	const struct fixture *f = *state;
	struct results *r = open_with_run(f->db);
	add_slices(r, &read_only, 0, 8);
	check_ok(results_seal_test(r, &read_only, err));
	/* to: 100 events each at 20, 30, 60 and 70 ms above 3600 fast ones: rank 3800 of 4000 is at 30 ms */
	struct results_summary s;
	check_ok(results_read_summary(r, "oltp_read_only", SIDE_TO, &s, err));
	assert_true(s.found);
	assert_int_equal(s.events, 4000);
	assert_true(s.seconds == 18 && fabs(s.events_per_second - 4000 / 18.) < 1e-9 &&
		    fabs(s.latency_mean_ms - 1.9) < 1e-9);
	assert_true(fabs(s.latency_p95_ms / 30 - 1) < 0.001);
	check_ok(results_read_summary(r, "no_such", SIDE_TO, &s, err));
	assert_false(s.found);
	assert_true(isnan(s.latency_p95_ms));
	results_close(r);
}

static void a_row_for_each_repetition(void **state)
{
	const struct fixture *f = *state;
	struct results *r = open_with_run(f->db);
	struct plan_place place = { 0 };
	for (uint32_t repetition = 0; repetition < 3; repetition++) {
		CLEANUP(plan) struct plan plan = { 0 };
		check_ok(plan_make(PAIRING_SEQUENTIAL, NS_PER_SECOND, NS_PER_SECOND / 4, 1, &plan, err));
		place.repetition = repetition;
		plan_put(&plan, &place);
		for (uint32_t i = 0; i < plan.len; i++) {
			CLEANUP(sample) struct sample s = make_sample(repetition);
			check_ok(results_add_slice(r, &insert, &plan.slices[i], plan.first + i, 0, &s, err));
		}
	}
	check_ok(results_seal_test(r, &insert, err));
	/* a repetition is 4 slices a side, of repetition + 1 seconds each */
	check_query(
		f->db,
		"select test_name, total_time_seconds as s, total_number_of_events as e from from_results order by s",
		"test_name,s,e\noltp_insert,4.0,4000\noltp_insert,8.0,4000\noltp_insert,12.0,4000\n");
	check_query(f->db, "select count(distinct id) as ids, count(distinct test_id) as tests from to_results",
		    "ids,tests\n3,1\n");
	check_query(f->db, "select count(distinct pair) as pairs, max(slice_index) as last from slice",
		    "pairs,last\n12,23\n");
	struct results_summary s;
	check_ok(results_read_summary(r, "oltp_insert", SIDE_TO, &s, err));
	assert_true(s.found && s.events == 12000 && s.seconds == 24 && s.events_per_second == 500);
	results_close(r);
}

/* Our own tables, as a user would write them down: without_column and further are what makes them differ. */
static char *user_schema(const char *without_column, const char *further)
{
	CLEANUP(strbuf) struct strbuf sql = STRBUF_INIT(1 << 16);
	for (int side = 0; side < 2; side++) {
		strbuf_addf(&sql, "create table %s_results (note text default 'x', ", side ? "to" : "from");
		for (const char *p = column_names; *p; p += strspn(p, ",")) {
			size_t len = strcspn(p, ",");
			if (!without_column || strncmp(p, without_column, len) != 0)
				strbuf_addf(&sql, "%.*s,", (int)len, p);
			p += len;
		}
		strbuf_adds(&sql, "last text);\n");
	}
	strbuf_adds(&sql, further);
	return strbuf_take(&sql, NULL);
}

static void schema_of_the_user(void **state)
{
	const struct fixture *f = *state;
	struct results *r = open_with_run(f->db);
	AUTO_FREE char *sql = user_schema(NULL, "create view v as select note, test_name from to_results;"
						"create index i on from_results (test_name);");
	check_ok(results_use_schema(r, sql, err));
	add_slices(r, &read_only, 0, 8);
	check_ok(results_seal_test(r, &read_only, err));
	check_query(f->db, "select * from v", "note,test_name\nx,oltp_read_only\n");
	CLEANUP(strbuf) struct strbuf csv = STRBUF_INIT(1 << 20);
	check_ok(results_write_csv(r, SIDE_FROM, &csv, err));
	assert_int_equal(strncmp(csv.data, column_names, strlen(column_names)), 0);
	results_close(r);
}

static void bad_schemas(void **state)
{
	const struct fixture *f = *state;
	static const struct {
		const char *without, *further, *message;
	} cases[] = {
		{ NULL, "create tabel x (y);", "syntax error" },
		{ NULL, "create table from_results (id);", "already exists" },
		{ "latency_percentile", "", "from_results has no column latency_percentile" },
		{ NULL, "drop table from_results; create table from_results (id);",
		  "from_results has no column suite_id" },
		{ NULL, "drop table run;", "not authorized" },
		{ NULL, "delete from run;", "not authorized" },
		{ NULL, "attach 'other.db' as o;", "not authorized" },
		{ NULL, "pragma synchronous = off;", "not authorized" },
		{ NULL, "commit;", "not authorized" },
		{ NULL,
		  "create table t as with recursive n(i) as (select 1 union all select i + 1 from n) select i from n;",
		  "not authorized" },
		{ NULL, "create trigger t after insert on run begin delete from run; end;", "not authorized" },
		{ NULL, "create virtual table t using fts5(a);", "not authorized" },
	};
	struct results *r = open_with_run(f->db);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_FREE char *sql = user_schema(cases[i].without, cases[i].further);
		check_fails(results_use_schema(r, sql, err), ERROR_USAGE, cases[i].message);
	}
	AUTO_FREE char *needed = user_schema(NULL, "");
	char *at = strstr(needed, "note text default 'x'");
	memcpy(at, "note text not null   ", strlen("note text default 'x'"));
	check_fails(results_use_schema(r, needed, err), ERROR_USAGE, "column note of from_results must have a value");
	add_slices(r, &read_only, 0, 8); /* all as it was */
	check_ok(results_seal_test(r, &read_only, err));
	check_query(f->db, "select count(*) as n from from_results", "n\n1\n");
	results_close(r);
}

static void without_events(void **state)
{
	const struct fixture *f = *state;
	struct results *r = open_with_run(f->db);
	struct plan_slice slice = { .side = SIDE_TO, .duration_ns = NS_PER_SECOND };
	struct sample nothing = SAMPLE_INIT;
	check_ok(results_add_slice(r, &insert, &slice, 0, 0, &nothing, err));
	check_ok(results_seal_test(r, &insert, err));
	check_ok(results_seal_test(r, &read_only, err)); /* no slice at all: no row */
	check_query(f->db,
		    "select sql_transactions_total as t, sql_transactions_per_second as s, latency_minimum_ms as a,"
		    " latency_average_ms as b, latency_percentile as c, (select count(*) from from_results) as n"
		    " from to_results",
		    "t,s,a,b,c,n\n0,,,,,0\n");
	results_close(r);
}

static void pairs_come_back(void **state)
{
	const struct fixture *f = *state;
	struct results *r = open_with_run(f->db);
	add_slices(r, &read_only, 0, 7); /* the last pair lacks a side */
	add_slices(r, &insert, 0, 2);
	CLEANUP(results_pairs) struct results_pairs p = { 0 };
	check_ok(results_load_pairs(r, "oltp_read_only", &p, err));
	assert_int_equal(p.pairs_len, 3);
	static const struct {
		uint32_t from, to, block;
	} expected[] = { { 0, 1, 0 }, { 3, 2, 0 }, { 4, 5, 1 } };
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_int_equal(p.pairs[i].block, expected[i].block);
		for (int side = 0; side < 2; side++) {
			const struct sample *s = side ? p.pairs[i].to : p.pairs[i].from;
			CLEANUP(sample) struct sample want = make_sample(side ? expected[i].to : expected[i].from);
			assert_int_equal(s->begin_ns, want.begin_ns);
			assert_int_equal(s->end_ns, want.end_ns);
			assert_int_equal(s->threads, 2);
			assert_int_equal(s->busy_ns, want.busy_ns);
			assert_int_equal(s->events, want.events);
			assert_int_equal(s->reads, want.reads);
			assert_int_equal(s->writes, want.writes);
			assert_int_equal(s->others, want.others);
			assert_int_equal(s->ignored_errors, want.ignored_errors);
			assert_int_equal(s->reconnects, want.reconnects);
			assert_int_equal(s->latency_sum_ns, want.latency_sum_ns);
			assert_int_equal(s->latency_min_ns, want.latency_min_ns);
			assert_int_equal(s->latency_max_ns, want.latency_max_ns);
			assert_int_equal(s->latency.total, 1000);
			assert_int_equal(s->latency.len, want.latency.len);
			assert_memory_equal(s->latency.entries, want.latency.entries,
					    want.latency.len * sizeof *want.latency.entries);
		}
	}
	CLEANUP(results_pairs) struct results_pairs none = { 0 };
	check_ok(results_load_pairs(r, "no_such", &none, err));
	assert_int_equal(none.pairs_len, 0);
	results_close(r);
}

static struct comparison make_comparison(void)
{
	struct comparison c = { .verdict = VERDICT_SLOWER,
				.anytime = true,
				.detectable_80 = 0.0625,
				.detectable_90 = 0.125,
				.needed_starts = 17 };
	c.metrics[METRIC_THROUGHPUT] =
		(struct estimate){ 0.9, 0.85, 0.95, 0.001, 20, 10, 5, 0.02, 4, 0.03, 0.04, 0.75, 1.25 };
	c.metrics[METRIC_LATENCY_MEAN] = (struct estimate){ 1.1, 1.05, 1.15, 0.002, 20, 10 };
	for (enum metric m = METRIC_LATENCY_P50; m < METRIC_COUNT; m++)
		c.metrics[m] = (struct estimate){ NAN, 0, INFINITY, NAN, 0, 0 };
	return c;
}

static void reads_what_a_report_needs(void **state)
{
	const struct fixture *f = *state;
	struct results *r = open_with_run(f->db);
	add_slices(r, &read_only, 0, 1);
	add_slices(r, &insert, 0, 1);
	struct comparison c = make_comparison(), undecided = { .reason = "too short", .metric = METRIC_LATENCY_MEAN };
	undecided.metrics[METRIC_THROUGHPUT] = (struct estimate){ 1.5, 0, INFINITY, NAN, 2, 1 };
	check_ok(results_add_comparison(r, "oltp_insert", &undecided, err));
	check_ok(results_add_comparison(r, "oltp_read_only", &undecided, err));
	check_ok(results_add_comparison(r, "oltp_read_only", &c, err)); /* replaces */
	const struct estimate of_all = { 0.97, 0.9, 1.05, 0.1, 40, 20, 5, 0.01, 4, 0.02, 0.03 };
	check_ok(results_add_mean(r, METRIC_THROUGHPUT, &of_all, err));
	struct results_profile profile = { SIDE_TO, NULL, "profiles/merged.pprof", "bb", 1000, 2000, 3000 };
	profile.transactions = 16659;
	check_ok(results_add_profile(r, &profile, err));
	check_ok(results_add_event(r, "warning", "oltp_insert", "it's \"late\"\n", err));
	check_ok(results_add_event(r, "error", NULL, "all over", err));
	check_ok(results_decide(r, "undecided", err));
	check_ok(results_end_run(r, "interrupted", 1769904099, err));
	results_close(r);

	check_ok(results_open_read(f->db, &r, err));
	CLEANUP(results_run_row) struct results_run_row row = { 0 };
	check_ok(results_read_run(r, &row, err));
	check_str(row.run.id, run.id);
	check_str(row.run.command, "compare");
	check_str(row.run.pairing, "interleaved");
	check_str(row.run.config_json, run.config_json);
	check_str(row.run.machine_json, run.machine_json);
	check_str(row.status, "interrupted");
	check_str(row.decision, "undecided");
	assert_true(row.run.seed == UINT64_MAX && row.run.started_unix == 1769903999 && row.ended_unix == 1769904099);

	CLEANUP(results_servers) struct results_servers s = { 0 };
	check_ok(results_read_servers(r, &s, err));
	assert_int_equal(s.len, 2);
	assert_int_equal(s.servers[1].side, SIDE_TO);
	check_str(s.servers[0].commit, servers[0].commit);
	check_str(s.servers[0].params, "--port 1");
	assert_int_equal(s.servers[0].build_ns, 12);
	assert_int_equal(s.servers[0].binary_bytes, 345);
	assert_int_equal(s.servers[1].build_ns, 0);
	assert_int_equal(s.servers[1].binary_bytes, 0);
	check_str(s.servers[1].engine, "mariadb");
	check_str(s.servers[1].exec, "/usr/sbin/mariadbd");
	assert_null(s.servers[1].commit);

	CLEANUP(results_tests) struct results_tests tests = { 0 };
	check_ok(results_list_tests(r, &tests, err));
	assert_int_equal(tests.len, 2);
	check_str(tests.tests[0].name, "oltp_read_only");
	check_str(tests.tests[0].params, "--threads=2");
	assert_int_equal(tests.tests[0].threads, 2);
	check_str(tests.tests[1].name, "oltp_insert");
	assert_null(tests.tests[1].params);

	CLEANUP(results_comparisons) struct results_comparisons all = { 0 };
	check_ok(results_read_comparisons(r, &all, err));
	assert_int_equal(all.len, 2);
	check_str(all.items[0].test, "oltp_read_only");
	assert_int_equal(all.items[0].comparison.verdict, VERDICT_SLOWER);
	assert_null(all.items[0].comparison.reason);
	const struct estimate *e = all.items[0].comparison.metrics;
	assert_true(e[0].ratio == 0.9 && e[0].low == 0.85 && e[0].high == 0.95 && e[0].p_value == 0.001);
	assert_true(e[0].pairs == 20 && e[0].batches == 10 && e[1].ratio == 1.1);
	assert_true(e[0].starts == 5 && e[0].error == 0.02 && e[0].df == 4);
	assert_true(e[0].within_sd == 0.03 && e[0].start_sd == 0.04);
	assert_true(e[0].family_low == 0.75 && e[0].family_high == 1.25);
	assert_true(e[1].family_low == 0 && isinf(e[1].family_high)); /* the verdict does not rest on it */
	assert_true(isnan(e[2].ratio) && e[2].low == 0 && isinf(e[2].high) && isnan(e[2].p_value));
	assert_true(all.items[0].comparison.detectable_80 == 0.0625 && all.items[0].comparison.detectable_90 == 0.125);
	assert_true(all.items[0].comparison.needed_starts == 17 && all.items[0].comparison.anytime);
	check_str(all.items[1].comparison.reason, "too short");
	assert_int_equal(all.items[0].comparison.metric, METRIC_THROUGHPUT);
	assert_int_equal(all.items[1].comparison.metric, METRIC_LATENCY_MEAN); /* whose row has the verdict */
	e = all.items[1].comparison.metrics;
	assert_true(e[0].ratio == 1.5 && e[0].low == 0 && isinf(e[0].high));

	struct estimate mean;
	check_ok(results_read_mean(r, METRIC_THROUGHPUT, &mean, err));
	assert_true(mean.ratio == 0.97 && mean.low == 0.9 && mean.high == 1.05 && mean.starts == 5 && mean.df == 4);
	check_ok(results_read_mean(r, METRIC_LATENCY_MEAN, &mean, err));
	assert_true(isnan(mean.ratio) && mean.low == 0 && isinf(mean.high));

	CLEANUP(results_profiles) struct results_profiles profiles = { 0 };
	check_ok(results_read_profiles(r, &profiles, err));
	assert_int_equal(profiles.len, 1);
	assert_int_equal(profiles.items[0].side, SIDE_TO);
	assert_null(profiles.items[0].test);
	check_str(profiles.items[0].file, "profiles/merged.pprof");
	assert_int_equal(profiles.items[0].bytes, 3000);
	assert_int_equal(profiles.items[0].transactions, 16659);

	CLEANUP(results_events) struct results_events events = { 0 };
	check_ok(results_read_events(r, &events, err));
	assert_int_equal(events.len, 2);
	check_str(events.items[0].level, "warning");
	check_str(events.items[0].test, "oltp_insert");
	check_str(events.items[0].message, "it's \"late\"\n");
	assert_null(events.items[1].test);
	assert_true(events.items[1].at_unix_ns >= events.items[0].at_unix_ns && events.items[0].at_unix_ns > 0);

	check_fails(results_add_event(r, "info", NULL, "x", err), ERROR_INTERNAL, "readonly database");
	results_close(r);
}

static void goes_on_where_it_was(void **state)
{
	const struct fixture *f = *state;
	struct results *r = open_with_run(f->db);
	add_slices(r, &read_only, 0, 3);
	results_close(r);
	check_ok(results_open(f->db, &r, err));
	struct plan_slice slice = { .side = SIDE_TO, .block = 0, .pair = 1, .duration_ns = NS_PER_SECOND };
	struct sample s = SAMPLE_INIT;
	/* A slice that is there is not overwritten, nor are two slices of a side a pair. */
	check_fails(results_add_slice(r, &read_only, &slice, 2, 0, &s, err), ERROR_INTERNAL,
		    "record slice 2 of oltp_read_only");
	check_fails(results_add_slice(r, &read_only, &slice, 3, 0, &s, err), ERROR_INTERNAL, "UNIQUE");
	add_slices(r, &read_only, 3, 8); /* and the failures left no transaction open */
	CLEANUP(results_pairs) struct results_pairs p = { 0 };
	check_ok(results_load_pairs(r, "oltp_read_only", &p, err));
	assert_int_equal(p.pairs_len, 4);
	results_close(r);
}

static void is_one_private_file(void **state)
{
	const struct fixture *f = *state;
	mode_t mask = umask(0);
	struct results *r = open_with_run(f->db);
	umask(mask);
	struct stat st;
	AUTO_FREE char *wal = str_printf(NULL, "%s-wal", f->db);
	assert_int_equal(stat(f->db, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(wal, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	/* What is committed is visible to others, and in the file or its log, before the end. */
	add_slices(r, &read_only, 0, 1);
	check_query(f->db, "select count(*) as n from slice", "n\n1\n");
	results_close(r);
	assert_false(fs_exists(wal));
	check_query(f->db, "select count(*) as n, status from slice, run", "n,status\n1,running\n");
}

static void only_runs_are_written_to(void **state)
{
	const struct fixture *f = *state;
	struct results *r = NULL;
	check_ok(results_open(f->db, &r, err));
	check_fails(results_add_server(r, &servers[0], err), ERROR_INTERNAL, "there is no run in it");
	CLEANUP(results_run_row) struct results_run_row row = { 0 };
	check_fails(results_read_run(r, &row, err), ERROR_INTERNAL, "there is no run in it");
	check_ok(results_add_run(r, &run, err));
	check_fails(results_add_run(r, &run, err), ERROR_INTERNAL, "UNIQUE");
	check_fails(results_end_run(r, "sideways", 1, err), ERROR_INTERNAL, "CHECK");
	check_fails(results_add_event(r, "loud", NULL, "x", err), ERROR_INTERNAL, "CHECK");
	add_slices(r, &insert, 0, 1);
	check_fails(results_seal_test(r, &insert, err), ERROR_INTERNAL, "the from server is not recorded");
	CLEANUP(sample) struct sample s = make_sample(1);
	s.busy_ns = UINT64_MAX;
	struct plan_slice slice = { .side = SIDE_TO };
	check_fails(results_add_slice(r, &insert, &slice, 1, 0, &s, err), ERROR_INTERNAL, "cannot be stored");
	results_close(r);
	results_close(NULL);
}

static void execute(const char *path, const char *sql)
{
	sqlite3 *db = NULL;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* What schema 1 had of a comparison is there, and what it did not have cannot be said. */
static void reads_comparisons_of_schema_1(void **state)
{
	const struct fixture *f = *state;
	struct results *r = open_with_run(f->db);
	struct comparison c = make_comparison();
	check_ok(results_add_comparison(r, "oltp_insert", &c, err));
	results_close(r);
	execute(f->db,
		"create table old as select run, test, metric, ratio, low, high, p_value, pairs, batches, verdict,"
		" reason from comparison; drop table comparison; alter table old rename to comparison;"
		" " SCHEMA_1);
	check_ok(results_open_read(f->db, &r, err));
	CLEANUP(results_comparisons) struct results_comparisons all = { 0 };
	check_ok(results_read_comparisons(r, &all, err));
	assert_int_equal(all.len, 1);
	const struct comparison *read = &all.items[0].comparison;
	const struct estimate *e = &read->metrics[METRIC_THROUGHPUT];
	assert_true(read->verdict == VERDICT_SLOWER && e->ratio == 0.9 && e->low == 0.85 && e->starts == 1);
	assert_true(isnan(e->error) && isnan(e->start_sd) && e->family_low == 0 && isinf(e->family_high));
	assert_true(isnan(read->detectable_90) && isnan(read->needed_starts) && !read->anytime);
	struct estimate mean;
	check_ok(results_read_mean(r, METRIC_THROUGHPUT, &mean, err));
	assert_true(isnan(mean.ratio));
	CLEANUP(results_run_row) struct results_run_row row = { 0 };
	CLEANUP(results_servers) struct results_servers s = { 0 };
	check_ok(results_read_run(r, &row, err));
	check_ok(results_read_servers(r, &s, err));
	assert_null(row.decision);
	assert_true(s.len == 2 && s.servers[0].build_ns == 0);
	results_close(r);
}

static void cells_come_back(void **state)
{
	const struct fixture *f = *state;
	struct results *r = open_with_run(f->db);
	struct comparison c = make_comparison();
	c.reason = "so it is";
	c.metric = METRIC_LATENCY_MEAN;
	const struct results_cell cells[] = {
		{ "oltp_insert", "oltp_insert", "validate/oltp_insert", PGO_CELL_MEASURED, NULL, c },
		{ "oltp_insert", "oltp_read_only", "validate/oltp_insert", PGO_CELL_FAILED, "it's dead" },
		{ NULL, "oltp_insert", NULL, PGO_CELL_UNFIT, "few" },
		{ NULL, "oltp_read_only", NULL, PGO_CELL_INTERRUPTED, "over" },
	};
	check_ok(results_add_cells(r, &cells[1], 1, err));
	check_ok(results_add_cells(r, cells, ARRAY_SIZE(cells), err)); /* replaces */
	results_close(r);
	check_ok(results_open_read(f->db, &r, err));
	CLEANUP(results_cells) struct results_cells all = { 0 };
	check_ok(results_read_cells(r, &all, err));
	results_close(r);
	assert_int_equal(all.len, 4);
	for (size_t i = 0; i < all.len; i++) {
		const struct results_cell *one = &all.items[i], *wanted = &cells[i];
		assert_true(str_eq(one->profile, wanted->profile) && str_eq(one->test, wanted->test));
		assert_true(str_eq(one->folder, wanted->folder) && str_eq(one->error, wanted->error));
		assert_int_equal(one->state, wanted->state);
	}
	const struct comparison *back = &all.items[0].comparison;
	const struct estimate *e = &back->metrics[METRIC_LATENCY_MEAN];
	assert_true(back->metric == METRIC_LATENCY_MEAN && back->verdict == VERDICT_SLOWER);
	check_str(back->reason, "so it is");
	assert_true(e->ratio == 1.1 && e->low == 1.05 && e->high == 1.15 && e->p_value == 0.002 && e->pairs == 20);
	assert_true(isnan(back->metrics[METRIC_THROUGHPUT].ratio) && isnan(back->needed_starts));
	assert_true(isnan(all.items[1].comparison.metrics[METRIC_THROUGHPUT].ratio));
}

/* A file of schema 2 has no validation; it can be read, and not added to. */
static void reads_schema_2(void **state)
{
	const struct fixture *f = *state;
	struct results *r = open_with_run(f->db);
	struct comparison c = make_comparison();
	check_ok(results_add_comparison(r, "oltp_insert", &c, err));
	results_close(r);
	execute(f->db, SCHEMA_2);
	check_ok(results_open_read(f->db, &r, err));
	CLEANUP(results_comparisons) struct results_comparisons comparisons = { 0 };
	CLEANUP(results_cells) struct results_cells cells = { 0 };
	check_ok(results_read_comparisons(r, &comparisons, err));
	check_ok(results_read_cells(r, &cells, err));
	results_close(r);
	assert_true(comparisons.len == 1 && cells.len == 0);
	assert_true(comparisons.items[0].comparison.metrics[METRIC_THROUGHPUT].start_sd == 0.04);
	check_fails(results_open(f->db, &r, err), ERROR_USAGE, "written by an older dbdyno");
	check_query(f->db, "select count(*) as n from sqlite_schema where name = 'validation'", "n\n0\n");
}

static void refuses_other_files(void **state)
{
	const struct fixture *f = *state;
	struct results *r = NULL;
	check_fails(results_open_read(f->db, &r, err), ERROR_USAGE, "No such file");
	assert_false(fs_exists(f->db));
	results_close(open_with_run(f->db));
	execute(f->db, "pragma user_version = 4");
	check_fails(results_open(f->db, &r, err), ERROR_INTERNAL,
		    "written by a newer dbdyno (schema 4, this one knows 3)");
	check_fails(results_open_read(f->db, &r, err), ERROR_INTERNAL, "newer dbdyno");
	execute(f->db, "pragma user_version = 3; pragma application_id = 7");
	check_fails(results_open(f->db, &r, err), ERROR_INTERNAL, "another program");
	AUTO_FREE char *missing = str_printf(NULL, "%s/no/folder.db", f->dir);
	check_fails(results_open(missing, &r, err), ERROR_INTERNAL, "create");
	AUTO_FREE char *text = str_printf(NULL, "%s/text", f->dir);
	check_ok(fs_write_atomic(text, "just some text, and enough of it to look at", 43, 0600, err));
	check_fails(results_open(text, &r, err), ERROR_INTERNAL, "not a database");
	AUTO_FREE char *empty = str_printf(NULL, "%s/empty", f->dir);
	check_ok(fs_write_atomic(empty, "", 0, 0600, err));
	check_fails(results_open_read(empty, &r, err), ERROR_INTERNAL, "no results in it");
	check_ok(results_open(empty, &r, err)); /* a new one */
	results_close(r);
	assert_true(fs_exists(text));
}

static void damaged_files(void **state)
{
	const struct fixture *f = *state;
	struct results *r = open_with_run(f->db);
	add_slices(r, &read_only, 0, 8);
	results_close(r);
	CLEANUP(results_pairs) struct results_pairs p = { 0 };
	execute(f->db, "update slice set events = -1 where slice_index = 2");
	check_ok(results_open(f->db, &r, err));
	check_fails(results_load_pairs(r, "oltp_read_only", &p, err), ERROR_INTERNAL, "out of range");
	check_fails(results_seal_test(r, &read_only, err), ERROR_INTERNAL, "out of range");
	results_close(r);
	execute(f->db,
		"update slice set events = 1; update histogram set data = x'ffffffffffffffffffff01' where slice = 2");
	check_ok(results_open(f->db, &r, err));
	check_fails(results_load_pairs(r, "oltp_read_only", &p, err), ERROR_INTERNAL, "results.db");
	results_close(r);
	/* Every page but the first is overwritten. */
	AUTO_CLOSE int fd = open(f->db, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	char page[4096];
	memset(page, 0xA5, sizeof page);
	for (off_t at = 4096; at < 40 * 4096; at += 4096)
		assert_int_equal(pwrite(fd, page, sizeof page, at), sizeof page);
	struct error e = ERROR_INIT;
	if (results_open(f->db, &r, &e) == 0) {
		assert_int_equal(results_load_pairs(r, "oltp_read_only", &p, &e), -1);
		results_close(r);
	}
	check_contains(e.message, "malformed");
	check_contains(e.hint, "damaged");
	assert_null(p.samples);
}

/* Fills the file system of dir but for so many bytes; returns the descriptor of what fills it. */
static int fill_disk(const char *dir, size_t leave)
{
	AUTO_FREE char *path = str_printf(NULL, "%s/ballast", dir);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	static const char block[4096];
	off_t size = 0;
	while (write(fd, block, sizeof block) == (ssize_t)sizeof block)
		size += (off_t)sizeof block;
	assert_int_equal(errno, ENOSPC);
	assert_int_equal(ftruncate(fd, size - (off_t)leave), 0);
	return fd;
}

static void full_disk(void **state)
{
	const struct fixture *f = *state;
	AUTO_FREE char *dir = str_printf(NULL, "%s/disk", f->dir);
	AUTO_FREE char *db = str_printf(NULL, "%s/results.db", dir);
	check_ok(fs_mkdirs(dir, 0700, err));
	if (mount("tmpfs", dir, "tmpfs", 0, "size=1m") < 0) {
		print_message("skipped: a small tmpfs cannot be mounted: %s\n", strerror(errno));
		skip();
	}
	struct results *r = open_with_run(db);
	add_slices(r, &read_only, 0, 2);
	int ballast = fill_disk(dir, 8192);
	struct error e = ERROR_INIT;
	uint32_t stored = 2;
	for (int result = 0; result == 0 && stored < 10000; stored += result == 0) {
		struct plan_slice slice = { .side = stored % 2 ? SIDE_TO : SIDE_FROM, .pair = stored / 2 };
		CLEANUP(sample) struct sample s = make_sample(stored);
		result = results_add_slice(r, &read_only, &slice, stored, 0, &s, &e);
	}
	check_contains(e.message, "the disk is full");
	check_contains(e.hint, "free some space");
	/* What was finished is there, and with space again it goes on. */
	check_query(db, "select count(*) > 1 as kept from slice", "kept\n1\n");
	assert_int_equal(ftruncate(ballast, 0), 0);
	struct plan_slice slice = { .side = SIDE_FROM, .pair = 20000 };
	struct sample s = SAMPLE_INIT;
	check_ok(results_add_slice(r, &read_only, &slice, 20000, 0, &s, err));
	CLEANUP(results_pairs) struct results_pairs p = { 0 };
	check_ok(results_load_pairs(r, "oltp_read_only", &p, err));
	assert_int_equal(p.pairs_len, stored / 2);
	results_close(r);
	/* No new file is left behind half-made. */
	close(ballast);
	ballast = fill_disk(dir, 0);
	AUTO_FREE char *other = str_printf(NULL, "%s/other.db", dir);
	e = (struct error)ERROR_INIT;
	assert_int_equal(results_open(other, &r, &e), -1);
	check_contains(e.message, "the disk is full");
	assert_false(fs_exists(other));
	close(ballast);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sealed_rows, setup, teardown),
		cmocka_unit_test_setup_teardown(percentile_of_merged_slices, setup, teardown),
		cmocka_unit_test_setup_teardown(a_row_for_each_repetition, setup, teardown),
		cmocka_unit_test_setup_teardown(schema_of_the_user, setup, teardown),
		cmocka_unit_test_setup_teardown(bad_schemas, setup, teardown),
		cmocka_unit_test_setup_teardown(without_events, setup, teardown),
		cmocka_unit_test_setup_teardown(pairs_come_back, setup, teardown),
		cmocka_unit_test_setup_teardown(reads_what_a_report_needs, setup, teardown),
		cmocka_unit_test_setup_teardown(reads_comparisons_of_schema_1, setup, teardown),
		cmocka_unit_test_setup_teardown(reads_schema_2, setup, teardown),
		cmocka_unit_test_setup_teardown(cells_come_back, setup, teardown),
		cmocka_unit_test_setup_teardown(goes_on_where_it_was, setup, teardown),
		cmocka_unit_test_setup_teardown(is_one_private_file, setup, teardown),
		cmocka_unit_test_setup_teardown(only_runs_are_written_to, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_other_files, setup, teardown),
		cmocka_unit_test_setup_teardown(damaged_files, setup, teardown),
		cmocka_unit_test_setup_teardown(full_disk, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
