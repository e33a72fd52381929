#include "benchmarker/cpu_sets.h"

#include "check.h"

#include <stdio.h>

/* A machine of n cores, each with that many hyper-threads: those of core i are i, i + n, …, as Linux numbers them. */
static size_t make_cores(size_t n, size_t threads, struct cpu_core *cores)
{
	for (size_t i = 0; i < n; i++) {
		CPU_ZERO(&cores[i].cpus);
		for (size_t t = 0; t < threads; t++)
			CPU_SET(i + t * n, &cores[i].cpus);
	}
	return n;
}

static void divides(void **state)
{
	(void)state;
	static const struct {
		size_t cores, hyper;
		unsigned threads;
		bool apart;
		const char *client[2], *server[2]; /* NULL: too few cores */
	} cases[] = {
		{ 1, 1, 1, false, { NULL }, { NULL } },
		{ 1, 2, 1, false, { NULL }, { NULL } }, /* one core's hyper-threads are not disjoint */
		{ 2, 1, 1, false, { "0", "0" }, { "1", "1" } },
		{ 2, 1, 1, true, { NULL }, { NULL } },
		{ 3, 1, 8, true, { NULL }, { NULL } },
		{ 4, 1, 1, true, { "0", "2" }, { "1", "3" } },
		{ 4, 1, 8, false, { "0", "0" }, { "1-3", "1-3" } },
		{ 5, 1, 1, true, { "0", "2" }, { "1", "3" } }, /* equal positions: a core idles */
		{ 8, 1, 1, true, { "0", "4" }, { "1-3", "5-7" } },
		{ 8, 1, 2, true, { "0-1", "4-5" }, { "2-3", "6-7" } },
		{ 8, 1, 64, true, { "0-1", "4-5" }, { "2-3", "6-7" } },
		{ 4, 2, 1, true, { "0,4", "2,6" }, { "1,5", "3,7" } },
		{ 8, 2, 2, false, { "0,8", "0,8" }, { "1-7,9-15", "1-7,9-15" } },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct cpu_core cores[16];
		struct cpu_sets sets;
		size_t n = make_cores(cases[i].cores, cases[i].hyper, cores);
		bool done = cpu_sets_divide(cores, n, cases[i].threads, cases[i].apart, &sets);
		assert_int_equal(done, cases[i].client[0] != NULL);
		for (size_t p = 0; done && p < 2; p++) {
			char text[64];
			cpu_sets_format(&sets.client[p], text, sizeof text);
			assert_string_equal(text, cases[i].client[p]);
			cpu_sets_format(&sets.server[p], text, sizeof text);
			assert_string_equal(text, cases[i].server[p]);
			cpu_set_t both;
			CPU_AND(&both, &sets.client[p], &sets.server[p]);
			assert_int_equal(CPU_COUNT(&both), 0);
		}
	}
}

static void reads_and_writes_lists(void **state)
{
	(void)state;
	static const char *const same[] = { "", "0", "0-2,5", "63,65-70", "1023" };
	static const char *const bad[] = { "a", "1-", "-1", "2-1", "1024", "1,", ",1", "1;2", "1 2" };
	cpu_set_t set;
	char text[16];
	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		assert_int_equal(cpu_sets_parse(same[i], &set), 0);
		cpu_sets_format(&set, text, sizeof text);
		assert_string_equal(text, same[i]);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(cpu_sets_parse(bad[i], &set), -1);
	assert_int_equal(cpu_sets_parse("0,2,4,6,8,10,12,14", &set), 0);
	cpu_sets_format(&set, text, sizeof text);
	assert_string_equal(text, "0,2,4,6,8,10…");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(divides),
		cmocka_unit_test(reads_and_writes_lists),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
