#include "benchmarker/arrivals.h"

#include "check.h"

#include <math.h>

static void rate_and_spread_are_those_of_a_poisson_process(void **state)
{
	(void)state;
	enum { N = 200000 };
	double last = 0, sum = 0, squares = 0;
	int short_ones = 0;
	struct arrivals a;
	arrivals_start(&a, 1000, 7, 1);
	assert_true(a.interval_ns == 1e6);
	for (int i = 0; i < N; i++) {
		double gap = (a.next_ns - last) / 1e6;
		assert_true(gap > 0);
		last = a.next_ns;
		sum += gap;
		squares += gap * gap;
		short_ones += gap < 0.1;
		arrivals_next(&a);
	}
	/* Mean and standard deviation 1, 1 - exp(-0.1) below a tenth; four standard errors. */
	double mean = sum / N;
	assert_true(fabs(mean - 1) < 0.009);
	assert_true(fabs(sqrt(squares / N - mean * mean) - 1) < 0.013);
	assert_true(fabs((double)short_ones / N - (1 - exp(-0.1))) < 0.0027);
}

static void seed_and_window_decide(void **state)
{
	(void)state;
	struct arrivals a, b;
	arrivals_start(&a, 50, 1, 1);
	arrivals_start(&b, 50, 1, 1);
	for (int i = 0; i < 1000; i++) {
		assert_true(a.next_ns == b.next_ns);
		arrivals_next(&a);
		arrivals_next(&b);
	}
	arrivals_start(&a, 50, 1, 1);
	arrivals_start(&b, 50, 1, 2);
	assert_true(a.next_ns != b.next_ns);
	arrivals_start(&b, 50, 2, 1);
	assert_true(a.next_ns != b.next_ns);
	/* The same times at another rate, scaled. */
	arrivals_start(&b, 100, 1, 1);
	assert_true(fabs(b.next_ns * 2 - a.next_ns) < 1e-3);
}

static void counts(void **state)
{
	(void)state;
	struct arrivals a, b;
	arrivals_start(&a, 1000, 3, 1);
	b = a;
	uint64_t n = 0;
	for (; b.next_ns < 2e9; n++)
		arrivals_next(&b);
	assert_int_equal(arrivals_count(&a, 2e9), n);
	assert_true(a.next_ns == b.next_ns && a.next_ns >= 2e9);
	assert_int_equal(arrivals_count(&a, 2e9), 0);
	/* Too many to draw: what is expected of the rest. */
	arrivals_start(&a, 1e6, 3, 1);
	uint64_t many = arrivals_count(&a, 86400e9);
	assert_true(many > 86399900000 && many < 86400100000);
	/* A closed loop has none. */
	arrivals_start(&a, 0, 3, 1);
	assert_true(a.interval_ns == 0);
	assert_int_equal(arrivals_count(&a, 1e12), 0);
}

static void overload(void **state)
{
	(void)state;
	assert_false(arrivals_overloaded(1000, 0, 0));
	assert_false(arrivals_overloaded(1000, 50, 0)); /* a twentieth */
	assert_true(arrivals_overloaded(1000, 51, 0));
	assert_true(arrivals_overloaded(1000000, 1, 1));
	assert_false(arrivals_overloaded(0, 0, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rate_and_spread_are_those_of_a_poisson_process),
		cmocka_unit_test(seed_and_window_decide),
		cmocka_unit_test(counts),
		cmocka_unit_test(overload),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
