/* Latencies and rates in results.db. */
#include "benchmarker/results.h"

#include "base/clock.h"
#include "base/fs.h"
#include "check.h"
#include "schema_1.h"

#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>

static const struct results_run run = {
	.id = "20260131-235959-1a2b3c4d", .command = "compare", .dbdyno_version = "0.1.0", .pairing = "interleaved"
};
static const struct results_test test = { .name = "oltp_point_select", .threads = 2 };

static int setup(void **state)
{
	*state = fs_make_temp_dir("test-results-latency", NULL);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	fs_remove_tree(*state, NULL);
	free(*state);
	return 0;
}

/* Slice i, on sides in turn: 990 events of 1 ms and 10 of i + 2 ms, in a second; open if rate > 0. */
static void add_slice(struct results *r, uint32_t i, double rate)
{
	CLEANUP(sample)
	struct sample s = { .threads = 2,
			    .busy_ns = 2 * NS_PER_SECOND,
			    .events = 1000,
			    .ignored_errors = i,
			    .reconnects = 1,
			    .latency_min_ns = NS_PER_MS,
			    .latency_max_ns = (i + 2) * NS_PER_MS,
			    .rate = rate,
			    .backlog = rate > 0 ? 5 + i : 0,
			    .unserved = rate > 0 ? i : 0,
			    .lag_max_ns = rate > 0 ? i * NS_PER_MS : 0 };
	check_ok(histogram_add(&s.latency, histogram_bucket(NS_PER_MS), 990, err));
	check_ok(histogram_add(&s.latency, histogram_bucket((i + 2) * NS_PER_MS), 10, err));
	struct plan_slice slice = { .side = i % 2 ? SIDE_TO : SIDE_FROM, .pair = i / 2, .duration_ns = NS_PER_SECOND };
	check_ok(results_add_slice(r, &test, &slice, i, 1, &s, err));
}

static struct results *make(const char *path, double rate)
{
	struct results *r = NULL;
	check_ok(results_open(path, &r, err));
	check_ok(results_add_run(r, &run, err));
	for (uint32_t i = 0; i < 20; i++)
		add_slice(r, i, rate);
	return r;
}

static bool near(double actual, double expected)
{
	return fabs(actual - expected) <= 0.001 * expected;
}

static void over_all_slices(void **state)
{
	AUTO_FREE char *path = str_printf(NULL, "%s/all.db", (const char *)*state);
	struct results *r = make(path, 500);
	struct results_latency from, to, none;
	check_ok(results_read_latency(r, test.name, SIDE_FROM, 15 * NS_PER_MS, &from, err));
	check_ok(results_read_latency(r, test.name, SIDE_TO, 0, &to, err));
	check_ok(results_read_latency(r, "oltp_insert", SIDE_TO, 0, &none, err));
	results_close(r);
	assert_int_equal(from.events, 10000);
	assert_true(from.seconds == 10);
	assert_true(near(from.percentiles[0].value_ms, 1) && near(from.percentiles[1].value_ms, 1));
	assert_true(near(from.percentiles[1].low_ms, 1) && near(from.percentiles[1].high_ms, 1));
	/* From has 2, 4, 6 … 20 ms, ten of each: the 99th percentile is the last of the 9,900 of 1 ms. */
	assert_true(near(from.percentiles[2].value_ms, 1) && from.percentiles[2].high_ms > 1.9);
	/* Of 10,000 events ten lie beyond the last one shown: those of 20 ms, the slowest of slice 18. */
	assert_true(near(from.percentiles[3].value_ms, 18));
	assert_true(from.percentiles[3].low_ms < 18 && from.percentiles[3].high_ms > 18);
	assert_true(from.max_ms == 20 && to.max_ms == 21);
	assert_int_equal(from.over_timeout, 30); /* of 16, 18 and 20 ms */
	assert_int_equal(to.over_timeout, 0);    /* no time-out */
	assert_int_equal(from.ignored_errors, 90);
	assert_int_equal(to.ignored_errors, 100);
	assert_int_equal(from.reconnects, 10);
	assert_true(from.rate_asked == 500 && from.lag_max_ms == 18 && to.lag_max_ms == 19);
	assert_int_equal(from.unserved, 90);
	assert_int_equal(from.backlog, 140);
	assert_true(none.events == 0 && isnan(none.max_ms) && isnan(none.percentiles[0].value_ms));
}

static void closed_loop_has_no_rate(void **state)
{
	AUTO_FREE char *path = str_printf(NULL, "%s/closed.db", (const char *)*state);
	struct results *r = make(path, 0);
	struct results_latency l;
	check_ok(results_read_latency(r, test.name, SIDE_TO, 0, &l, err));
	assert_true(l.events == 10000 && l.rate_asked == 0 && l.backlog == 0 && l.unserved == 0 && l.lag_max_ms == 0);
	results_close(r);
}

/* Two and a half hours do not fit the histogram: the maximum still says how long, and the event is told. */
static void beyond_the_histogram(void **state)
{
	AUTO_FREE char *path = str_printf(NULL, "%s/beyond.db", (const char *)*state);
	struct results *r = make(path, 0);
	uint64_t long_ns = 9000 * NS_PER_SECOND;
	CLEANUP(sample) struct sample s = { .threads = 1, .busy_ns = long_ns, .events = 1, .latency_max_ns = long_ns };
	check_ok(histogram_add(&s.latency, histogram_bucket(long_ns), 1, err));
	struct plan_slice slice = { .side = SIDE_TO, .pair = 99 };
	check_ok(results_add_slice(r, &test, &slice, 99, 1, &s, err));
	struct results_latency l;
	check_ok(results_read_latency(r, test.name, SIDE_TO, 60 * NS_PER_SECOND, &l, err));
	assert_true(l.max_ms == 9000e3);
	assert_int_equal(l.over_range, 1);
	assert_int_equal(l.over_timeout, 1);
	results_close(r);
}

static void execute(const char *path, const char *sql)
{
	sqlite3 *db = NULL;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* A file that an older dbdyno wrote has no such table: its latencies are there all the same. */
static void files_without_the_table(void **state)
{
	AUTO_FREE char *path = str_printf(NULL, "%s/old.db", (const char *)*state);
	struct results_latency l;
	struct results *r = make(path, 500);
	results_close(r);
	execute(path, SCHEMA_1);
	check_ok(results_open_read(path, &r, err));
	check_ok(results_read_latency(r, test.name, SIDE_FROM, 0, &l, err));
	assert_true(l.rate_asked == 0 && l.events == 10000);
	CLEANUP(strbuf) struct strbuf csv = STRBUF_INIT(1 << 20);
	check_ok(results_write_slices(r, &csv, err));
	check_contains(csv.data, ",latency_max_ns,events_per_second,rate_asked,backlog,unserved,lag_max_ns\n");
	check_contains(csv.data, ",,,,\n");
	results_close(r);
}

/* Four starts of the servers, each with a latency of its own: that is no more than four draws of it. */
static void starts_are_clusters(void **state)
{
	AUTO_FREE char *path = str_printf(NULL, "%s/starts.db", (const char *)*state);
	struct results *r = NULL;
	struct results_latency apart, clustered;
	check_ok(results_open(path, &r, err));
	check_ok(results_add_run(r, &run, err));
	for (uint32_t i = 0; i < 40; i++) {
		uint64_t ns = (1 + i / 10) * NS_PER_MS;
		CLEANUP(sample) struct sample s = { .threads = 1, .busy_ns = NS_PER_SECOND, .events = 1000 };
		s.latency_min_ns = s.latency_max_ns = ns;
		check_ok(histogram_add(&s.latency, histogram_bucket(ns), 1000, err));
		struct plan_slice slice = { .pair = i, .start = i / 10 };
		check_ok(results_add_slice(r, &test, &slice, i, 1, &s, err));
	}
	check_ok(results_read_latency(r, test.name, SIDE_FROM, 0, &clustered, err));
	results_close(r);
	execute(path, "update slice set start = 0");
	check_ok(results_open_read(path, &r, err));
	check_ok(results_read_latency(r, test.name, SIDE_FROM, 0, &apart, err));
	results_close(r);
	assert_true(near(clustered.percentiles[0].low_ms, 1) && near(clustered.percentiles[0].high_ms, 4));
	assert_true(apart.percentiles[0].high_ms - apart.percentiles[0].low_ms < 3);
}

static void damaged_rates(void **state)
{
	AUTO_FREE char *path = str_printf(NULL, "%s/damaged.db", (const char *)*state);
	struct results_latency l;
	struct results *r = make(path, 500);
	results_close(r);
	execute(path, "update slice_rate set backlog = -1000000");
	check_ok(results_open_read(path, &r, err));
	check_fails(results_read_latency(r, test.name, SIDE_FROM, 0, &l, err), ERROR_INTERNAL, "out of range");
	results_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(over_all_slices),      cmocka_unit_test(closed_loop_has_no_rate),
		cmocka_unit_test(beyond_the_histogram), cmocka_unit_test(files_without_the_table),
		cmocka_unit_test(starts_are_clusters),  cmocka_unit_test(damaged_rates),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
