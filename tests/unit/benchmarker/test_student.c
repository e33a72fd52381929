#include "base/cleanup.h"
#include "statistics_samples.h"

#include <stdbool.h>

/* Values with exact forms: df 1 is Cauchy's, t = tan(pi (p - 1/2)); df 2 has t = (2p - 1) sqrt(2 / (4p (1 -
 * p))). The others are the usual tables', with more digits. */
static void student_table(void **state)
{
	(void)state;
	static const struct {
		double p, df, t;
	} cases[] = {
		{ 0.975, 1, 12.706204736174698 }, { 0.975, 2, 4.302652729749462 },  { 0.975, 3, 3.182446305283710 },
		{ 0.975, 4, 2.776445105198 },     { 0.975, 5, 2.570581835636314 },  { 0.975, 9, 2.262157162798205 },
		{ 0.975, 10, 2.228138851986274 }, { 0.975, 30, 2.042272456301238 }, { 0.975, 120, 1.979930405082 },
		{ 0.95, 1, 6.313751514675043 },   { 0.95, 9, 1.833112932656237 },   { 0.99, 9, 2.821437925025808 },
		{ 0.995, 9, 3.249835541592142 },  { 0.995, 1, 63.656741162871583 }, { 0.9995, 4, 8.610301581379 },
		{ 0.75, 2, 0.816496580927726 },   { 0.975, 10000, 1.960201239890 }, { 0.9, 20, 1.325340706985 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		check_close(student_quantile(cases[i].p, cases[i].df), cases[i].t, 1e-9);
		check_close(student_quantile(1 - cases[i].p, cases[i].df), -cases[i].t, 1e-9);
		check_close(student_p_value(cases[i].t, cases[i].df), 2 * (1 - cases[i].p), 1e-9);
		check_close(student_p_value(-cases[i].t, cases[i].df), 2 * (1 - cases[i].p), 1e-9);
	}
}

static void student_edges(void **state)
{
	(void)state;
	assert_true(student_p_value(0, 5) == 1);
	assert_true(student_p_value(INFINITY, 5) == 0);
	assert_true(student_quantile(0.5, 3) == 0);
	assert_true(isnan(student_quantile(0, 3)) && isnan(student_quantile(1, 3)) && isnan(student_quantile(NAN, 3)));
	assert_true(isnan(student_quantile(0.9, 0)) && isnan(student_p_value(NAN, 3)) && isnan(student_p_value(1, -1)));
	/* Far tails: df 1 has p = 2/pi * atan(1/t), df 2 has p = 1 - t / sqrt(2 + t^2) ~ 1/t^2. */
	check_close(student_p_value(1e100, 1), 2 / M_PI * 1e-100, 1e-9);
	check_close(student_p_value(1e5, 2), 1e-10, 1e-9);
	check_close(student_quantile(1e-12, 1), -1 / (M_PI * 1e-12), 1e-9);
	for (double df = 0.5; df < 2000; df *= 1.7)
		for (double p = 1e-6; p < 0.5; p *= 2.3)
			check_close(student_p_value(student_quantile(p, df), df), 2 * p, 1e-9);
}

/* Non-central t's quantiles: by the exact power of the one-sample t test as tables of sample sizes give it (n = 10,
 * two-sided 5 %: 90 % power at an effect of 1.155 standard deviations), and by the normal limit. */
static void detectable(void **state)
{
	(void)state;
	double t9 = student_quantile(0.975, 9);
	check_close(student_detectable(t9, 9, 0.9), 1.155 * sqrt(10), 0.002);
	check_close(student_detectable(student_quantile(0.975, 1e4), 1e4, 0.8), 1.959964 + 0.841621, 0.001);
	check_close(student_detectable(student_quantile(0.975, 1e4), 1e4, 0.9), 1.959964 + 1.281552, 0.001);
	/* A true difference of nothing is found as often as alpha says. */
	assert_true(student_detectable(t9, 9, 0.0501) < 0.1);
	/* By simulation, where the t has long tails. */
	uint64_t seed = 11;
	double t2 = student_quantile(0.975, 2), d = student_detectable(t2, 2, 0.8);
	int found = 0;
	for (int i = 0; i < 40000; i++) {
		double a = normal(&seed), b = normal(&seed);
		found += fabs(normal(&seed) + d) > t2 * sqrt((a * a + b * b) / 2);
	}
	check_close(found / 40000.0, 0.8, 0.01);
	assert_true(isnan(student_detectable(NAN, 9, 0.9)) && isnan(student_detectable(2, 0.5, 0.9)));
	assert_true(isnan(student_detectable(INFINITY, 9, 0.9)) && isnan(student_detectable(2, 9, 1)));
}

/* The sequence's bound is where its p-value is alpha, whatever the number of starts. */
static void sequence(void **state)
{
	(void)state;
	for (size_t n = 5; n < 200; n += 3)
		for (double alpha = 0.05; alpha > 0.01; alpha /= 2) {
			double c = statistics_sequence(alpha, n);
			if (isfinite(c))
				check_close(statistics_sequence_p(c, n), alpha, 1e-9);
		}
	/* By hand for n = 10: a = 0.3 / 10.3, k = (0.05 sqrt(a))^(1 / 5), c = sqrt(9 (1 - k) / (k - a)). */
	check_close(statistics_sequence(0.05, 10), 3.9378, 1e-4);
	assert_true(isinf(statistics_sequence(0.05, 4)) == (statistics_sequence_p(INFINITY, 4) > 0.05));
	assert_true(isfinite(statistics_sequence(0.05, STATISTICS_ANYTIME_MIN)));
	assert_true(isinf(statistics_sequence(0.05, 1)));
	assert_true(statistics_sequence_p(0, 10) == 1);
	/* Never narrower than one look's interval. */
	for (size_t n = 5; n < 500; n++)
		assert_true(statistics_sequence(0.05, n) > student_quantile(0.975, (double)n - 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(student_table),
		cmocka_unit_test(student_edges),
		cmocka_unit_test(detectable),
		cmocka_unit_test(sequence),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
