#include "base/cleanup.h"
#include "statistics_samples.h"

#include <stdbool.h>

/* A test whose throughput has that p-value: for the decision alone. */
static struct comparison decided(double ratio, double p_value, double low, double high)
{
	struct comparison c = { 0 };
	c.metrics[METRIC_THROUGHPUT] = (struct estimate){
		.ratio = ratio, .low = low, .high = high, .p_value = p_value, .pairs = 20, .batches = 10, .starts = 10
	};
	return c;
}

static void holm(void **state)
{
	(void)state;
	/* Bounds for five: 0.01, 0.0125, 0.0167, 0.025, 0.05. 0.011 passes only since 0.001 went before; 0.02 stops. */
	struct comparison tests[] = {
		decided(1.2, 0.02, 1.1, 1.3),   decided(0.8, 0.011, 0.7, 0.9),     decided(1.5, 0.001, 1.4, 1.6),
		decided(1.1, 0.021, 1.05, 1.2), decided(1.001, 0.4, 0.995, 1.006),
	};
	statistics_decide(tests, 5, 0.01);
	assert_int_equal(tests[0].verdict, VERDICT_UNDECIDED);
	check_contains(tests[0].reason, "not surely enough for this number of tests");
	assert_int_equal(tests[1].verdict, VERDICT_SLOWER);
	assert_int_equal(tests[2].verdict, VERDICT_FASTER);
	assert_int_equal(tests[3].verdict, VERDICT_UNDECIDED);
	assert_int_equal(tests[4].verdict, VERDICT_SAME);
	assert_null(tests[4].reason);
	statistics_decide(tests, 5, 0.001); /* decides anew, from the estimates alone */
	assert_int_equal(tests[4].verdict, VERDICT_UNDECIDED);
	check_contains(tests[4].reason, "wider than the margin");
	assert_int_equal(tests[1].verdict, VERDICT_SLOWER);
	/* Alone, each of them would be found. */
	statistics_decide(tests, 1, 0.01);
	assert_int_equal(tests[0].verdict, VERDICT_FASTER);
	assert_null(tests[0].reason);
	/* One that could not be measured counts in the family. */
	struct comparison two[] = { decided(1.2, 0.03, 1.1, 1.3), decided(NAN, NAN, 0, INFINITY) };
	statistics_decide(two, 2, 0.01);
	assert_int_equal(two[0].verdict, VERDICT_UNDECIDED);
	assert_int_equal(two[1].verdict, VERDICT_UNDECIDED);
	/* Equal p-values stand or fall together. */
	struct comparison equal[] = { decided(1.2, 0.03, 1.1, 1.3), decided(1.2, 0.03, 1.1, 1.3) };
	statistics_decide(equal, 2, 0.01);
	assert_int_equal(equal[0].verdict, VERDICT_UNDECIDED);
	assert_int_equal(equal[1].verdict, VERDICT_UNDECIDED);
	statistics_decide(NULL, 0, 0.01);
}

/* More transactions are faster, more time for each is slower; a family may hold both kinds. */
static void verdict_on_latency(void **state)
{
	(void)state;
	struct comparison tests[] = { decided(1.2, 0.001, 1.1, 1.3), decided(1.2, 0.001, 1.1, 1.3),
				      decided(1, 0.9, 0.9, 1.1), decided(1.2, 0.001, 1.1, 1.3) };
	for (size_t i = 1; i < 4; i++) {
		tests[i].metric = METRIC_LATENCY_MEAN;
		tests[i].metrics[METRIC_LATENCY_MEAN] = tests[i].metrics[METRIC_THROUGHPUT];
		tests[i].metrics[METRIC_THROUGHPUT] = (struct estimate){ 1, 1, 1, 1, 20, 10 }; /* says "same" */
	}
	tests[2].metrics[METRIC_LATENCY_MEAN] = (struct estimate){ 0.7, 0.6, 0.8, 0.001, 20, 10 };
	tests[3].metrics[METRIC_LATENCY_MEAN] = (struct estimate){ 1.1, 0.9, 1.3, 0.2, 20, 10 };
	statistics_decide(tests, 4, 0.01);
	assert_int_equal(tests[0].verdict, VERDICT_FASTER);
	assert_int_equal(tests[1].verdict, VERDICT_SLOWER);
	assert_int_equal(tests[2].verdict, VERDICT_FASTER);
	assert_int_equal(tests[3].verdict, VERDICT_UNDECIDED);
}

/* The family is of tests: what other metrics say of them neither gives a verdict nor makes one rarer. */
static void other_metrics_do_not_count(void **state)
{
	(void)state;
	struct comparison tests[] = { decided(1.2, 0.04, 1.1, 1.3), decided(1, 0.9, 0.995, 1.005) };
	for (enum metric m = METRIC_LATENCY_MEAN; m < METRIC_COUNT; m++)
		tests[0].metrics[m] = tests[1].metrics[m] = (struct estimate){
			.ratio = 2, .low = 1.9, .high = 2.1, .p_value = 1e-9, .pairs = 20, .starts = 10
		};
	statistics_decide(tests, 2, 0.01);
	assert_int_equal(tests[0].verdict, VERDICT_UNDECIDED); /* 0.04 is not below 0.05 / 2 */
	assert_int_equal(tests[1].verdict, VERDICT_SAME);
	statistics_decide(tests, 1, 0.01); /* one test with five metrics: a family of one */
	assert_int_equal(tests[0].verdict, VERDICT_FASTER);
}

static void names(void **state)
{
	(void)state;
	check_str(metric_name(METRIC_THROUGHPUT), "throughput");
	check_str(metric_name(METRIC_LATENCY_P50), "latency_p50");
	check_str(metric_name(METRIC_LATENCY_P95), "latency_p95");
	check_str(metric_name(METRIC_LATENCY_P99), "latency_p99");
	check_str(verdict_name(VERDICT_UNDECIDED), "undecided");
	check_str(verdict_name(VERDICT_SLOWER), "slower");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holm),
		cmocka_unit_test(verdict_on_latency),
		cmocka_unit_test(other_metrics_do_not_count),
		cmocka_unit_test(names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
