#include "benchmarker/machine_carry.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "check.h"

#define SLICES 40 /* of each side */

/* A test in which every slice of a second on two CPUs was quiet; sides in turn. */
static void quiet(struct machine_slice slices[static 2 * SLICES])
{
	for (size_t i = 0; i < (size_t)2 * SLICES; i++) {
		slices[i] = (struct machine_slice){ .to = i % 2, .usage = machine_usage_unknown() };
		slices[i].usage.window_ns = NS_PER_SECOND;
		slices[i].usage.cpus = 2;
		slices[i].usage.throttled_ns = 0;
	}
}

static void disturb(struct machine_slice *slices, enum machine_reason reason, size_t from, size_t to)
{
	quiet(slices);
	for (size_t i = 0; i < from; i++)
		slices[2 * i].reason = reason;
	for (size_t i = 0; i < to; i++)
		slices[2 * i + 1].reason = reason;
}

static void what_it_cannot_carry(void **state)
{
	(void)state;
	/* disturbed slices of 40 of each side; expected: a part of the text, or NULL */
	static const struct {
		enum machine_reason reason;
		size_t from, to;
		bool duet;
		const char *expected;
	} cases[] = {
		{ MACHINE_STEAL, 0, 0, false, NULL },
		{ MACHINE_STEAL, 10, 10, false, NULL }, /* a quarter is not more than a quarter */
		{ MACHINE_STEAL, 11, 11, false, "other virtual machines took the CPUs in more than a quarter" },
		{ MACHINE_STEAL, 11, 11, true, "a node of its own, or a quieter time, would help" },
		{ MACHINE_OTHERS, 11, 40, false, "other processes took the CPUs" },
		{ MACHINE_OTHERS, 11, 11, true, "other processes took the CPUs" },
		{ MACHINE_THROTTLED, 11, 11, false, "a higher limit, or none, would help" },
		{ MACHINE_OOM, 11, 11, false, "killed for lack of memory" },
		{ MACHINE_MEMORY, 11, 11, false, "memory was short" },
		/* One server's alone may be its own doing. */
		{ MACHINE_STEAL, 10, 40, false, NULL },
		{ MACHINE_OTHERS, 40, 10, false, NULL },
		{ MACHINE_THROTTLED, 0, 40, false, NULL },
		{ MACHINE_OOM, 0, 40, false, NULL },
		{ MACHINE_MEMORY, 40, 0, false, NULL },
		/* At once, nobody can tell whose doing it is. */
		{ MACHINE_THROTTLED, 40, 40, true, NULL },
		{ MACHINE_OOM, 40, 40, true, NULL },
		{ MACHINE_MEMORY, 40, 40, true, NULL },
		/* No server suspends a machine. */
		{ MACHINE_SUSPENDED, 0, 10, false, NULL },
		{ MACHINE_SUSPENDED, 0, 11, false, "run it where nothing suspends or moves it" },
		{ MACHINE_SUSPENDED, 11, 0, true, "it was suspended in more than a quarter" },
	};
	struct machine_slice slices[2 * SLICES];
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		disturb(slices, cases[i].reason, cases[i].from, cases[i].to);
		const char *obstacle = machine_obstacle(slices, ARRAY_SIZE(slices), cases[i].duet);
		if (!obstacle != !cases[i].expected || (obstacle && !strstr(obstacle, cases[i].expected)))
			fail_msg("case %zu: %s", i, obstacle ? obstacle : "carried");
	}
	assert_null(machine_obstacle(NULL, 0, false));
}

/* A limit that always stops the load is usual, so that no slice is contaminated; but each pays for the one before. */
static void a_limit_that_always_throttles(void **state)
{
	(void)state;
	struct machine_slice slices[2 * SLICES];
	quiet(slices);
	for (size_t i = 0; i < ARRAY_SIZE(slices); i++)
		slices[i].usage.throttled_ns = NS_PER_SECOND / 2; /* a quarter of two CPUs' time */
	assert_null(machine_obstacle(slices, ARRAY_SIZE(slices), false));
	for (size_t i = 0; i < ARRAY_SIZE(slices); i++)
		slices[i].usage.throttled_ns++;
	check_contains(machine_obstacle(slices, ARRAY_SIZE(slices), false),
		       "the CPU limit throttled servers and clients");
	assert_null(machine_obstacle(slices, ARRAY_SIZE(slices), true));
	/* A server that uses more CPU, and is throttled for it, is slower. */
	for (size_t i = 0; i < ARRAY_SIZE(slices); i += 2)
		slices[i].usage.throttled_ns = 0;
	assert_null(machine_obstacle(slices, ARRAY_SIZE(slices), false));
	/* Not known is no reason. */
	for (size_t i = 0; i < ARRAY_SIZE(slices); i++)
		slices[i].usage.throttled_ns = MACHINE_UNKNOWN;
	assert_null(machine_obstacle(slices, ARRAY_SIZE(slices), false));
}

static void the_most_frequent_reason_is_named(void **state)
{
	(void)state;
	struct machine_slice slices[2 * SLICES];
	disturb(slices, MACHINE_OTHERS, 20, 20);
	for (size_t i = 0; i < 18; i++)
		slices[i].reason = MACHINE_STEAL;
	check_contains(machine_obstacle(slices, ARRAY_SIZE(slices), false), "other processes");
	for (size_t i = 18; i < 22; i++)
		slices[i].reason = MACHINE_STEAL;
	check_contains(machine_obstacle(slices, ARRAY_SIZE(slices), false), "other virtual machines");
}

static void reasons_as_stored(void **state)
{
	(void)state;
	struct machine_usage u = machine_usage_unknown();
	const struct machine_typical none = { 0 };
	const char *reason;
	u.window_ns = NS_PER_SECOND;
	u.suspended_ns = NS_PER_SECOND;
	assert_true(machine_usage_contaminated(&u, &none, &reason));
	assert_int_equal(machine_reason_parse(reason), MACHINE_SUSPENDED);
	assert_int_equal(machine_reason_parse("the CPU limit throttled it"), MACHINE_THROTTLED);
	assert_int_equal(machine_reason_parse("memory was short"), MACHINE_MEMORY);
	assert_int_equal(machine_reason_parse("something of a later dbdyno"), MACHINE_CLEAN);
	assert_int_equal(machine_reason_parse(NULL), MACHINE_CLEAN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_it_cannot_carry),
		cmocka_unit_test(a_limit_that_always_throttles),
		cmocka_unit_test(the_most_frequent_reason_is_named),
		cmocka_unit_test(reasons_as_stored),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
