/* Sums of profiles of which some are of another kind. */
#include "check.h"
#include "maker.h"
#include "profiler/sum.h"

#define LIMIT (1 << 20)

/* One sample of that many counts; program is its main binary, with a function of its own package. */
static void make(struct pprof *ret, const char *program, const char *function, uint64_t period, uint64_t count)
{
	CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(LIMIT);
	MAKE(&b, 1, 1, S_SAMPLES, 2, S_COUNT);
	make_strings(&b);
	make_text(&b, 6, program);
	make_text(&b, 6, function);
	MAKE(&b, 3, 1, 1, 2, 0x1000, 3, 0x9000, 5, S_END, 7, 1);
	MAKE(&b, 5, 1, 1, 2, S_END + 1);
	make_message(&b, 4, "\x08\x01\x10\x01\x22\x02\x08\x01", 8);
	MAKE(&b, 2, 1, 1, 2, count);
	make_int(&b, 10, 2000000000);
	make_int(&b, 12, period);
	check_ok(pprof_read(ret, b.data, b.len, err));
}

struct made {
	const char *name, *program, *function;
	uint64_t period;
	bool must;
};

static int add_all(struct pprof_sum *s, const struct made *all, size_t n, struct error *err)
{
	for (size_t i = 0; i < n; i++) {
		CLEANUP(pprof) struct pprof p = PPROF_INIT;
		make(&p, all[i].program, all[i].function, all[i].period, 10);
		if (pprof_sum_add(s, all[i].name, &p, 1, all[i].must, err) < 0)
			return -1;
	}
	return 0;
}

static void the_largest_kind_is_the_sum(void **state)
{
	(void)state;
	static const struct made all[] = {
		{ "a", "/bin/other", "main.other", 7, false }, /* the first is not what the rest is judged by */
		{ "b", "/bin/db", "main.scan", 7, false },
		{ "c", "/bin/db", "main.scan", 8, false },
		{ "d", "/usr/bin/db", "main.scan", 7, false },
		{ "e", "/bin/db-2", "main.scan", 7, false },
		{ "f", "", "main.last", 7, false }, /* does not say: goes with the first of its types */
		{ "g", "/bin/db", "main.next", 7, false },
	};
	CLEANUP(pprof_sum) struct pprof_sum s = { 0 };
	CLEANUP(pprof) struct pprof sum = PPROF_INIT;
	check_ok(add_all(&s, all, ARRAY_SIZE(all), err));
	check_ok(pprof_sum_leave_out(&s, "h", "h is cut", err));
	check_ok(pprof_sum_finish(&s, &sum, err));
	assert_int_equal(s.merged, 4);
	int64_t total = 0;
	for (uint32_t i = 0; i < sum.n_samples; i++)
		total += sum.values[i];
	assert_int_equal(total, 40);
	static const char *const left_out[] = { "h", "a", "f", "c" };
	assert_int_equal(s.left_out.len, ARRAY_SIZE(left_out));
	for (size_t i = 0; i < ARRAY_SIZE(left_out); i++)
		check_str(s.left_out.items[i], left_out[i]);
	check_str(s.reasons.items[0], "h is cut");
	check_str(s.reasons.items[1], "a is a profile of another kind, samples/count every 7 of other; the sum is of "
				      "samples/count every 7 of db");
	check_contains(s.reasons.items[3], "samples/count every 8 of db;");
	assert_int_equal(s.warnings.len, 1);
	check_contains(s.warnings.items[0], "e is a profile of db-2, the first one of db; they share 1 functions");
}

static void what_must_be_there_decides(void **state)
{
	(void)state;
	static const struct made all[] = {
		{ "a", "/bin/db", "main.scan", 7, false },
		{ "b", "/bin/other", "main.other", 7, true },
		{ "c", "/bin/other", "main.other", 7, false },
	};
	static const struct made third = { "d", "/bin/db", "main.scan", 7, true };
	CLEANUP(pprof_sum) struct pprof_sum s = { 0 };
	CLEANUP(pprof) struct pprof sum = PPROF_INIT;
	check_ok(add_all(&s, all, ARRAY_SIZE(all), err));
	check_fails(add_all(&s, &third, 1, err), ERROR_USAGE, "d is the profile of another program: of db, the first");
	check_ok(pprof_sum_finish(&s, &sum, err));
	assert_true(s.merged == 2 && s.left_out.len == 1);
	check_str(s.left_out.items[0], "a");
}

static void any_program_is_one_kind(void **state)
{
	(void)state;
	static const struct made all[] = { { "a", "/bin/db", "main.scan", 7, false },
					   { "b", "/bin/other", "main.other", 7, false } };
	CLEANUP(pprof_sum) struct pprof_sum s = { .any_program = true, .normalize = true };
	CLEANUP(pprof) struct pprof sum = PPROF_INIT;
	check_ok(add_all(&s, all, 2, err));
	check_ok(pprof_sum_finish(&s, &sum, err));
	assert_true(s.merged == 2 && s.left_out.len == 0 && s.warnings.len == 0);
	assert_true(sum.values[0] == 10 && sum.duration_ns == 4000000000);
}

static void too_little_is_left(void **state)
{
	(void)state;
	static const struct made one = { "a", "/bin/db", "main.scan", 7, false },
				 other = { "b", "/bin/other", "main.other", 7, false };
	CLEANUP(pprof) struct pprof sum = PPROF_INIT;
	CLEANUP(pprof_sum) struct pprof_sum none = { 0 }, even = { 0 }, few = { 0 };
	check_ok(pprof_sum_leave_out(&none, "x", "x is cut", err));
	check_fails(pprof_sum_finish(&none, &sum, err), ERROR_USAGE, "none of 1 profiles can be merged");
	check_ok(add_all(&even, &one, 1, err));
	check_ok(add_all(&even, &other, 1, err));
	check_fails(pprof_sum_finish(&even, &sum, err), ERROR_USAGE,
		    "as many profiles (1) are samples/count every 7 of db as samples/count every 7 of other");
	check_ok(add_all(&few, &one, 1, err));
	check_ok(pprof_sum_leave_out(&few, "x", "x is cut", err));
	check_ok(pprof_sum_leave_out(&few, "y", "y is cut", err));
	check_fails(pprof_sum_finish(&few, &sum, err), ERROR_USAGE, "2 of 3 profiles would be left out");
}

/* What is of one kind more than are kept apart is left out, unless it must not be. */
static void many_kinds(void **state)
{
	(void)state;
	CLEANUP(pprof_sum) struct pprof_sum s = { 0 };
	CLEANUP(pprof) struct pprof sum = PPROF_INIT;
	struct made m = { "a", "/bin/db", "main.scan", 7, false };
	for (int i = 0; i <= PPROF_KINDS_MAX; i++, m.period++)
		check_ok(add_all(&s, &m, 1, err));
	assert_true(s.kinds_len == PPROF_KINDS_MAX && s.left_out.len == 1);
	check_contains(s.reasons.items[0], "a is of one more kind than the 8 before it: samples/count every 15 of db");
	m.must = true;
	check_fails(add_all(&s, &m, 1, err), ERROR_USAGE, "one more kind");
	m.must = false;
	m.period = 7;
	for (int i = 0; i < PPROF_KINDS_MAX; i++)
		check_ok(add_all(&s, &m, 1, err));
	check_ok(pprof_sum_finish(&s, &sum, err));
	assert_true(s.merged == PPROF_KINDS_MAX + 1 && s.left_out.len == PPROF_KINDS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_largest_kind_is_the_sum),
		cmocka_unit_test(what_must_be_there_decides),
		cmocka_unit_test(any_program_is_one_kind),
		cmocka_unit_test(too_little_is_left),
		cmocka_unit_test(many_kinds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
