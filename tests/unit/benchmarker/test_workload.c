#include "benchmarker/workload.h"

#include "base/cleanup.h"
#include "check.h"

static void all_ten_in_order(void **state)
{
	(void)state;
	static const char *const names[] = { "oltp_read_only",       "oltp_insert",          "bulk_insert",
					     "oltp_point_select",    "select_random_points", "select_random_ranges",
					     "oltp_write_only",      "oltp_read_write",      "oltp_update_index",
					     "oltp_update_non_index" };
	const struct workload *w = workload_all();
	for (size_t i = 0; i < ARRAY_SIZE(names); i++, w++) {
		check_str(w->name, names[i]);
		const struct workload *found = NULL;
		check_ok(workload_find(names[i], &found, err));
		assert_ptr_equal(found, w);
	}
	assert_null(w->name);
}

static void unknown_names_get_a_hint(void **state)
{
	(void)state;
	static const struct {
		const char *name, *hint;
	} cases[] = {
		{ "oltp_readonly", "did you mean oltp_read_only?" },
		{ "oltp_point_selects", "did you mean oltp_point_select?" },
		{ "tpcc", "sysbench's own" },
		{ "", "sysbench's own" },
		{ "a name of more than sixty-three characters, which is longer than any test's name",
		  "sysbench's own" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct workload *found = NULL;
		struct error err = ERROR_INIT;
		assert_int_equal(workload_find(cases[i].name, &found, &err), -1);
		assert_int_equal(err.kind, ERROR_USAGE);
		check_contains(err.message, "unknown test");
		check_contains(err.hint, cases[i].hint);
		assert_null(found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_ten_in_order),
		cmocka_unit_test(unknown_names_get_a_hint),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
