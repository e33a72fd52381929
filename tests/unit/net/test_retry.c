#include "base/clock.h"
#include "base/stop.h"
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

static void what_is_worth_another_try(void **state)
{
	(void)state;
	assert_int_equal(retry_cost_of(HTTP_FAILURE_RESOLVE), RETRY_PLAIN);
	assert_int_equal(retry_cost_of(HTTP_FAILURE_CONNECT), RETRY_PLAIN);
	assert_int_equal(retry_cost_of(HTTP_FAILURE_TRANSFER), RETRY_PLAIN);
	assert_int_equal(retry_cost_of(HTTP_FAILURE_TIMEOUT), RETRY_AFTER_TIMEOUT);
	assert_int_equal(retry_cost_of(HTTP_FAILURE_TLS), RETRY_NEVER);
	assert_int_equal(retry_cost_of(HTTP_FAILURE_TOO_LARGE), RETRY_NEVER);
	assert_int_equal(retry_cost_of(HTTP_FAILURE_LOCAL), RETRY_NEVER);
}

/* The last test: it leaves a stop request behind. */
static void a_stop_request_ends_the_wait(void **state)
{
	(void)state;
	check_ok(stop_install(err));
	stop_acknowledge(20 * NS_PER_MS);
	check_fails(retry_pause(3600 * NS_PER_SECOND, err), ERROR_INTERRUPTED, "stop request");
	struct retry r = { .unit_ns = 3600 * NS_PER_SECOND };
	struct error e = ERROR_INIT;
	assert_false(retry_wait(&r, 1, RETRY_PLAIN, &e));
	assert_int_equal(e.kind, ERROR_INTERRUPTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_wait_doubles_up_to_20_units), cmocka_unit_test(three_attempts),
		cmocka_unit_test(an_empty_bucket_ends_retries),    cmocka_unit_test(what_is_worth_another_try),
		cmocka_unit_test(a_stop_request_ends_the_wait),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
