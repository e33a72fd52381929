#include "benchmarker/results.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fs.h"
#include "check.h"
#include "schema_1.h"

#include <sqlite3.h>
#include <stdlib.h>

static const struct results_test test = { .name = "oltp_read_only", .threads = 2 };

static int setup(void **state)
{
	*state = fs_make_temp_dir("test-results-machine", NULL);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	int result = fs_remove_tree(*state, NULL);
	free(*state);
	return result;
}

/* Slice i of blocks of two pairs: 100 + i events; field k of what the machine did is 1000 i + k, but field i is not
 * known. Slice 2 nobody looked at; slice 1 is contaminated. */
static void add(struct results *r, uint32_t i)
{
	CLEANUP(sample) struct sample s = { .threads = 2, .busy_ns = NS_PER_SECOND, .events = 100 + i };
	struct plan_slice slice = { .side = i % 2 ? SIDE_TO : SIDE_FROM, .block = i / 4, .pair = i / 2 };
	for (size_t k = 0; i != 2 && k < machine_fields_len; k++)
		machine_field_set(&s.machine, &machine_fields[k], k == i ? MACHINE_UNKNOWN : 1000 * i + k + 1);
	check_ok(histogram_add(&s.latency, 5, s.events, err));
	check_ok(results_add_slice(r, &test, &slice, i, 5000 + i, &s, err));
}

static struct results *make(const char *folder, char **ret_path)
{
	struct results *r;
	struct results_run run = { .id = "r", .command = "compare", .dbdyno_version = "1", .pairing = "interleaved" };
	struct results_server from = { .engine = "gms" }, to = { .side = SIDE_TO, .engine = "gms" };
	*ret_path = str_printf(NULL, "%s/results-%d.db", folder, rand());
	check_ok(results_open(*ret_path, &r, err));
	check_ok(results_add_run(r, &run, err));
	check_ok(results_add_server(r, &from, err));
	check_ok(results_add_server(r, &to, err));
	for (uint32_t i = 0; i < 12; i++)
		add(r, i);
	check_ok(results_contaminate(r, test.name, 1, "the machine was suspended", err));
	check_ok(results_contaminate(r, test.name, 2, "nobody looked", err));
	check_ok(results_contaminate(r, test.name, 3, "a mistake", err));
	check_ok(results_contaminate(r, test.name, 3, NULL, err));
	return r;
}

static void what_is_written_is_read(void **state)
{
	AUTO_FREE char *path = NULL;
	CLEANUP(results_machine) struct results_machine m = { 0 };
	struct results *r = make(*state, &path);
	check_ok(results_replace_block(r, test.name, 1, 2, err));
	check_ok(results_read_machine(r, &m, err));
	results_close(r);
	assert_int_equal(m.len, 11);
	for (uint32_t k = 0; k < m.len; k++) {
		const struct results_machine_slice *s = &m.items[k];
		uint32_t i = k < 2 ? k : k + 1; /* slice 2 has no reading */
		check_str(s->test, test.name);
		assert_int_equal(s->side, i % 2 ? SIDE_TO : SIDE_FROM);
		assert_int_equal(s->block, i / 4);
		assert_int_equal(s->events, 100 + i);
		assert_int_equal(s->wall_unix_ns, 5000 + i);
		assert_int_equal(s->replaced, i / 4 == 1);
		if (i == 1)
			check_str(s->contaminated, "the machine was suspended");
		else
			assert_null(s->contaminated);
		for (size_t f = 0; f < machine_fields_len; f++)
			assert_true(machine_field_get(&s->usage, &machine_fields[f]) ==
				    (f == i ? MACHINE_UNKNOWN : 1000 * i + f + 1));
	}
}

static void the_comparison_takes_the_block_that_was_measured_again(void **state)
{
	AUTO_FREE char *path = NULL;
	struct results *r = make(*state, &path);
	CLEANUP(results_pairs) struct results_pairs all = { 0 };
	check_ok(results_load_pairs(r, test.name, &all, err));
	assert_int_equal(all.pairs_len, 6);
	check_ok(results_replace_block(r, test.name, 0, 2, err));
	CLEANUP(results_pairs) struct results_pairs kept = { 0 };
	check_ok(results_load_pairs(r, test.name, &kept, err));
	assert_int_equal(kept.pairs_len, 4);
	assert_int_equal(kept.pairs[0].block, 1);
	assert_int_equal(kept.pairs[3].block, 2);
	assert_int_equal(kept.pairs[0].from->events, 104);
	/* Once only, and not for two. */
	check_fails(results_replace_block(r, test.name, 0, 1, err), ERROR_INTERNAL, path);
	check_fails(results_replace_block(r, test.name, 1, 2, err), ERROR_INTERNAL, path);
	/* Today's rows have all that was measured. */
	struct results_summary summary;
	check_ok(results_seal_test(r, &test, err));
	check_ok(results_read_summary(r, test.name, SIDE_FROM, &summary, err));
	assert_int_equal(summary.events, 100 + 102 + 104 + 106 + 108 + 110);
	results_close(r);
}

static void execute(const char *path, const char *sql)
{
	sqlite3 *db = NULL;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void files_without_the_tables(void **state)
{
	AUTO_FREE char *path = NULL;
	struct results *r = make(*state, &path);
	results_close(r);
	execute(path, SCHEMA_1);
	CLEANUP(results_machine) struct results_machine m = { 0 };
	CLEANUP(results_pairs) struct results_pairs pairs = { 0 };
	check_ok(results_open_read(path, &r, err));
	check_ok(results_read_machine(r, &m, err));
	assert_int_equal(m.len, 0);
	check_ok(results_load_pairs(r, test.name, &pairs, err));
	assert_int_equal(pairs.pairs_len, 6);
	results_close(r);
}

static void damaged_numbers(void **state)
{
	AUTO_FREE char *path = NULL;
	struct results *r = make(*state, &path);
	results_close(r);
	execute(path, "update slice_machine set steal_ns = -5");
	CLEANUP(results_machine) struct results_machine m = { 0 };
	check_ok(results_open_read(path, &r, err));
	check_fails(results_read_machine(r, &m, err), ERROR_INTERNAL, "out of range");
	results_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(the_comparison_takes_the_block_that_was_measured_again),
		cmocka_unit_test(files_without_the_tables),
		cmocka_unit_test(damaged_numbers),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
