/* Events by class in results.db. */
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
static const struct results_test tpcc = { .name = "tpcc-scale-factor-1", .threads = 1 };

static int setup(void **state)
{
	*state = fs_make_temp_dir("test-results-class", NULL);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	fs_remove_tree(*state, NULL);
	free(*state);
	return 0;
}

static void add_class(struct sample_class *c, const char *name, uint64_t events, uint64_t rollbacks, uint64_t value_ns)
{
	*c = (struct sample_class){ .name = name,
				    .events = events,
				    .rollbacks = rollbacks,
				    .latency_sum_ns = events * value_ns,
				    .latency_min_ns = value_ns,
				    .latency_max_ns = value_ns };
	check_ok(histogram_add(&c->latency, histogram_bucket(value_ns), events, err));
}

/* Slice i, on sides in turn: 90 payments of 1 ms (from) or 3 ms (to), 10 new-orders of i + 1 ms; nothing of the third.
 */
static void add_slice(struct results *r, uint32_t i)
{
	CLEANUP(sample) struct sample s = { .threads = 1, .busy_ns = NS_PER_SECOND, .events = 100 };
	struct plan_slice slice = { .side = i % 2 ? SIDE_TO : SIDE_FROM, .pair = i / 2, .duration_ns = NS_PER_SECOND };
	s.classes = calloc(3, sizeof *s.classes);
	assert_non_null(s.classes);
	s.classes_len = 3;
	add_class(&s.classes[0], "new-order", 10, i, (i + 1) * NS_PER_MS);
	add_class(&s.classes[1], "payment", 90, 0, (i % 2 ? 3 : 1) * NS_PER_MS);
	s.classes[2].name = "delivery";
	check_ok(results_add_slice(r, &tpcc, &slice, i, 1, &s, err));
}

static struct results *make(const char *path)
{
	struct results *r = NULL;
	check_ok(results_open(path, &r, err));
	check_ok(results_add_run(r, &run, err));
	for (uint32_t i = 0; i < 6; i++)
		add_slice(r, i);
	return r;
}

static void sums_over_slices(void **state)
{
	AUTO_FREE char *path = str_printf(NULL, "%s/sums.db", (const char *)*state);
	struct results *r = make(path);
	CLEANUP(results_classes) struct results_classes from = { 0 }, to = { 0 }, none = { 0 };
	check_ok(results_read_classes(r, tpcc.name, SIDE_FROM, &from, err));
	check_ok(results_read_classes(r, tpcc.name, SIDE_TO, &to, err));
	check_ok(results_read_classes(r, "oltp_insert", SIDE_TO, &none, err));
	results_close(r);
	assert_int_equal(none.len, 0);
	assert_int_equal(from.len, 3);
	check_str(from.items[0].name, "new-order");
	check_str(from.items[1].name, "payment");
	check_str(from.items[2].name, "delivery");
	/* From has the slices 0, 2, 4: thirty new-orders of 1, 3 and 5 ms. */
	assert_int_equal(from.items[0].events, 30);
	assert_int_equal(from.items[0].rollbacks, 6);
	assert_true(fabs(from.items[0].mean_ms - 3) < 1e-9);
	assert_true(fabs(from.items[0].p50_ms - 3) < 0.004);
	assert_true(from.items[0].p95_ms <= 5 && from.items[0].p95_ms > 4.99);
	assert_int_equal(to.items[0].rollbacks, 9);
	assert_true(fabs(to.items[1].p99_ms - 3) < 1e-9);
	assert_int_equal(from.items[2].events, 0);
	assert_true(isnan(from.items[2].p50_ms) && isnan(from.items[2].mean_ms));
}

static void execute(const char *path, const char *sql)
{
	sqlite3 *db = NULL;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* A file that an older dbdyno wrote has no such table: there is nothing to read. */
static void files_without_the_table(void **state)
{
	AUTO_FREE char *path = str_printf(NULL, "%s/old.db", (const char *)*state);
	struct results *r = make(path);
	results_close(r);
	execute(path, SCHEMA_1);
	CLEANUP(results_classes) struct results_classes c = { 0 };
	check_ok(results_open_read(path, &r, err));
	check_ok(results_read_classes(r, tpcc.name, SIDE_FROM, &c, err));
	assert_int_equal(c.len, 0);
	CLEANUP(results_pairs) struct results_pairs p = { 0 };
	check_ok(results_load_pairs(r, tpcc.name, &p, err));
	assert_int_equal(p.pairs_len, 3);
	assert_int_equal(p.pairs[2].start, 0);
	results_close(r);
	check_fails(results_open(path, &r, err), ERROR_USAGE, "written by an older dbdyno");
	execute(path, "alter table slice add column start integer"); /* reading added none */
}

static void damaged_classes(void **state)
{
	AUTO_FREE char *path = str_printf(NULL, "%s/damaged.db", (const char *)*state);
	CLEANUP(results_classes) struct results_classes c = { 0 };
	struct results *r = make(path);
	results_close(r);
	execute(path, "update slice_class set data = x'ff' where slice = 3 and number = 2");
	check_ok(results_open_read(path, &r, err));
	check_fails(results_read_classes(r, tpcc.name, SIDE_FROM, &c, err), ERROR_INTERNAL, path);
	results_close(r);
	execute(path, "update slice_class set data = x'', events = -1");
	check_ok(results_open_read(path, &r, err));
	check_fails(results_read_classes(r, tpcc.name, SIDE_FROM, &c, err), ERROR_INTERNAL, "out of range");
	results_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_over_slices),
		cmocka_unit_test(files_without_the_table),
		cmocka_unit_test(damaged_classes),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
