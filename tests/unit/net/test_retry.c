#include "base/clock.h"
#include "check.h"
#include "net/retry.h"

static void the_wait_doubles_up_to_20_units(void **state)
{
	(void)state;
	const struct retry seconds = { 0 }, short_units = { .unit_ns = 1000 };
	static const unsigned units[] = { 1, 2, 4, 8, 16, 20, 20 };
	for (unsigned i = 0; i < sizeof units / sizeof *units; i++) {
		assert_int_equal(retry_longest_wait_ns(&seconds, i + 1), units[i] * NS_PER_SECOND);
		assert_int_equal(retry_longest_wait_ns(&short_units, i + 1), units[i] * 1000);
	}
	assert_int_equal(retry_longest_wait_ns(&seconds, 100), 20 * NS_PER_SECOND);
}

static void three_attempts(void **state)
{
	(void)state;
	struct retry r = { .unit_ns = 1 };
	assert_true(retry_wait(&r, 1, RETRY_PLAIN, NULL));
	assert_true(retry_wait(&r, 2, RETRY_AFTER_TIMEOUT, NULL));
	assert_false(retry_wait(&r, 3, RETRY_PLAIN, NULL));
	assert_false(retry_wait(&r, 1, RETRY_NEVER, NULL));
	assert_int_equal(r.spent, 15);
	retry_succeeded(&r); /* gives the last cost back */
	assert_int_equal(r.spent, 5);
	retry_succeeded(&r);
	assert_int_equal(r.spent, 4);
}

static void an_empty_bucket_ends_retries(void **state)
{
	(void)state;
	struct retry r = { .unit_ns = 1 };
	int retries = 0;
	while (retry_wait(&r, 1, RETRY_PLAIN, NULL))
		retries++;
	assert_int_equal(retries, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_wait_doubles_up_to_20_units),
		cmocka_unit_test(three_attempts),
		cmocka_unit_test(an_empty_bucket_ends_retries),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
