#include "base/cleanup.h"
#include "statistics_samples.h"

#include <stdbool.h>

/* Three starts of a block each; their ratios are 1.1, 1.2 and 1.3, of sums: 1500 + 900 of 2000. */
static void starts_by_hand(void **state)
{
	(void)state;
	CLEANUP(fixture) struct fixture f = fixture_make(6, 2);
	static const double to[] = { 1100, 1100, 1500, 900, 1300, 1300 };
	for (size_t i = 0; i < f.len; i++)
		fill(&f.samples[2 * i + 1], to[i]);
	struct comparison c = compare(&f, PAIRING_INTERLEAVED);
	const struct estimate *e = &c.metrics[METRIC_THROUGHPUT];
	double x[] = { log(1.1), log(1.2), log(1.3) }, mean = (x[0] + x[1] + x[2]) / 3, s = 0;
	for (int i = 0; i < 3; i++)
		s += (x[i] - mean) * (x[i] - mean);
	double error = sqrt(s / 2 / 3);
	check_close(e->ratio, cbrt(1.1 * 1.2 * 1.3), 1e-12);
	check_close(e->error, error, 1e-12);
	check_close(e->low, exp(mean - 4.302652729749462 * error), 1e-9);
	check_close(e->high, exp(mean + 4.302652729749462 * error), 1e-9);
	check_close(e->p_value, student_p_value(mean / error, 2), 1e-9);
	check_close(statistics_half_width(e), 1 - exp(-4.302652729749462 * error), 1e-9);
	assert_true(e->pairs == 6 && e->batches == 3 && e->starts == 3 && e->df == 2);
	assert_true(isnan(e->within_sd)); /* a batch a start says nothing of the slices */
	check_close(e->start_sd, sqrt(s / 2), 1e-12);
	/* The second's latency is the inverse of its throughput here. */
	check_close(c.metrics[METRIC_LATENCY_MEAN].ratio, 1 / e->ratio, 1e-12);
	assert_true(isnan(c.metrics[METRIC_LATENCY_P95].ratio)); /* no histogram in these samples */
	assert_int_equal(c.verdict, VERDICT_UNDECIDED);
	assert_null(c.reason);
}

/* What spreads inside starts and what spreads between them are told apart: blocks at ±10 % in starts at ±3 %. */
static void two_levels(void **state)
{
	(void)state;
	CLEANUP(fixture) struct fixture f = fixture_make(4 * 40, 40);
	for (size_t i = 0; i < f.len; i++)
		fill(&f.samples[2 * i + 1], 1e6 * (i / 40 % 2 ? 1.03 : 1 / 1.03) * (i / 2 % 2 ? 1.1 : 1 / 1.1));
	for (size_t i = 0; i < f.len; i++)
		fill(&f.samples[2 * i], 1e6);
	struct comparison c = compare(&f, PAIRING_DUET);
	const struct estimate *e = &c.metrics[METRIC_THROUGHPUT];
	/* Each batch has one fast block and one slow one: no spread between batches. */
	assert_true(e->within_sd < 1e-3);
	check_close(e->start_sd, log(1.03) * sqrt(4.0 / 3), 1e-3);
	/* Blocks that go fast and slow by batches of two show it: ±log 1.1 in ten batches. */
	for (size_t i = 0; i < f.len; i++)
		fill(&f.samples[2 * i + 1], 1e6 * (i / 4 % 2 ? 1.1 : 1 / 1.1));
	c = compare(&f, PAIRING_DUET);
	check_close(e->within_sd, log(1.1) * sqrt(10.0 / 9) / sqrt(10), 0.01);
	assert_true(e->start_sd == 0);
	assert_int_equal(e->batches, 40);
}

/* One start: its three blocks give the variance inside, and the luck of a start is assumed. */
static void one_start_by_hand(void **state)
{
	(void)state;
	CLEANUP(fixture) struct fixture f = fixture_make(6, 6);
	static const double to[] = { 1100, 1100, 1200, 1200, 1300, 1300 };
	for (size_t i = 0; i < f.len; i++)
		fill(&f.samples[2 * i + 1], to[i]);
	double x[] = { log(1.1), log(1.2), log(1.3) }, mean = (x[0] + x[1] + x[2]) / 3, s = 0;
	for (int i = 0; i < 3; i++)
		s += (x[i] - mean) * (x[i] - mean);
	static const struct statistics_spec specs[] = { { .start_sd = 0.08, .start_df = 6 }, { 0 } };
	static const double sds[] = { 0.08, STATISTICS_START_SD }, dfs[] = { 6, STATISTICS_START_DF };
	for (size_t i = 0; i < ARRAY_SIZE(specs); i++) {
		struct comparison c;
		check_ok(statistics_compare(f.pairs, f.len, &specs[i], &c, err));
		const struct estimate *e = &c.metrics[METRIC_THROUGHPUT];
		double within = s / 2 / 3, start = sds[i] * sds[i] + within, variance = start + within;
		double df = variance * variance / (start * start / dfs[i] + within * within / 2);
		check_close(e->ratio, 1.2, 1e-12);
		check_close(e->error, sqrt(variance), 1e-12);
		check_close(e->df, df, 1e-12);
		check_close(e->high, 1.2 * exp(student_quantile(0.975, df) * sqrt(variance)), 1e-9);
		check_close(e->within_sd, sqrt(within), 1e-12);
		check_close(e->start_sd, sqrt(start), 1e-12);
		assert_int_equal(e->starts, 1);
	}
}

/* However still the slices are, one start or two cannot claim a difference of 2 %, nor rule it out. */
static void few_starts_claim_little(void **state)
{
	(void)state;
	for (size_t starts = 1; starts <= 2; starts++) {
		CLEANUP(fixture) struct fixture f = fixture_make(400, 400 / starts);
		for (size_t i = 0; i < f.len; i++)
			fill(&f.samples[2 * i + 1], 980 + (double)(i % 3));
		struct comparison c = compare(&f, PAIRING_INTERLEAVED);
		statistics_decide(&c, 1, 0.03);
		assert_int_equal(c.verdict, VERDICT_UNDECIDED);
		check_contains(c.reason, "so few starts of the servers do not show how much luck is in a start");
		assert_true(c.metrics[METRIC_THROUGHPUT].low < 0.95 && c.metrics[METRIC_THROUGHPUT].high > 1.02);
	}
	/* Three show their own luck. */
	CLEANUP(fixture) struct fixture f = fixture_make(402, 134);
	for (size_t i = 0; i < f.len; i++)
		fill(&f.samples[2 * i + 1], 980 + (double)(i % 3));
	struct comparison c = compare(&f, PAIRING_INTERLEAVED);
	statistics_decide(&c, 1, 0.01);
	assert_int_equal(c.verdict, VERDICT_SLOWER);
}

static void batches_of_one_start(void **state)
{
	(void)state;
	static const struct {
		size_t pairs, batches;
	} cases[] = { { 2, 1 }, { 4, 2 }, { 5, 3 }, { 6, 3 }, { 20, 10 }, { 22, 10 }, { 38, 10 }, { 400, 10 } };
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(fixture) struct fixture f = fixture_make(cases[i].pairs, 1000);
		double sum = 0;
		for (size_t k = 0; k < f.len; k++) {
			fill(&f.samples[2 * k + 1], 1000 + 10 * (double)(k % 7));
			sum += 1000 + 10 * (double)(k % 7);
		}
		struct comparison c = compare(&f, PAIRING_INTERLEAVED);
		const struct estimate *e = &c.metrics[METRIC_THROUGHPUT];
		assert_int_equal(e->batches, cases[i].batches);
		check_close(e->ratio, sum / 1000 / (double)f.len, 1e-12);
		if (cases[i].batches < STATISTICS_BATCHES_MIN) {
			assert_true(e->low == 0 && isinf(e->high) && isnan(e->p_value));
			check_contains(c.reason, "fewer than 3 batches");
		} else {
			assert_true(e->low > 0 && e->low < e->ratio && e->ratio < e->high && isfinite(e->high));
			assert_null(c.reason);
		}
		statistics_decide(&c, 1, 0.5);
		assert_true(c.verdict == (cases[i].batches < 3 ? VERDICT_UNDECIDED : VERDICT_SAME));
	}
}

/* A start that was cut short says less, and weighs less. */
static void uneven_starts(void **state)
{
	(void)state;
	CLEANUP(fixture) struct fixture f = fixture_make(62, 20);
	uint64_t seed = 3;
	for (size_t i = 0; i < 2 * f.len; i++)
		fill(&f.samples[i], 1e6 * exp(0.05 * normal(&seed)));
	fill(&f.samples[121], 1e6 * 2); /* one of the fourth start's two pairs */
	struct comparison c = compare(&f, PAIRING_INTERLEAVED);
	const struct estimate *e = &c.metrics[METRIC_THROUGHPUT];
	assert_int_equal(e->starts, 4);
	/* Its 1.5 would move an equal mean by 10 %. */
	assert_true(e->ratio > 0.97 && e->ratio < 1.08);
	assert_true(e->low < 1 && e->high > 1);
}

static void ten_times_slower(void **state)
{
	(void)state;
	for (size_t starts = 1; starts <= 5; starts += 2) {
		CLEANUP(fixture) struct fixture f = fixture_make(30, 30 / starts);
		for (size_t i = 0; i < f.len; i++)
			fill(&f.samples[2 * i + 1], 100 + (double)(i % 3) + (double)(i / 6));
		struct comparison c = compare(&f, PAIRING_INTERLEAVED);
		statistics_decide(&c, 1, 0.01);
		assert_int_equal(c.verdict, VERDICT_SLOWER);
		assert_null(c.reason);
		check_close(c.metrics[METRIC_THROUGHPUT].ratio, 0.103, 0.01);
		check_close(c.metrics[METRIC_LATENCY_MEAN].ratio, 9.71, 0.01);
	}
}

/* Every start gives exactly 1, but for rounding: no spread, and no difference either. */
static void equal_without_spread(void **state)
{
	(void)state;
	for (int b = 1; b < 50; b++) {
		CLEANUP(fixture) struct fixture f = fixture_make(20, 4);
		for (size_t i = 0; i < 2 * f.len; i++)
			fill(&f.samples[i], i % 4 == 0 || i % 4 == 3 ? 7 : b);
		struct comparison c = compare(&f, PAIRING_INTERLEAVED);
		statistics_decide(&c, 1, 0.01);
		assert_int_equal(c.verdict, VERDICT_SAME);
		assert_true(c.detectable_90 >= 0 && c.detectable_90 < 1e-9);
		assert_true(c.needed_starts == 3);
	}
}

static void sides_without_events(void **state)
{
	(void)state;
	CLEANUP(fixture) struct fixture f = fixture_make(20, 4);
	for (size_t i = 0; i < f.len; i++)
		fill(&f.samples[2 * i], 1000 + 10 * (double)(i % 3));
	/* Two of twenty pairs: left out. */
	fill(&f.samples[0], 0);
	fill(&f.samples[13], 0);
	struct comparison c = compare(&f, PAIRING_INTERLEAVED);
	assert_int_equal(c.metrics[METRIC_THROUGHPUT].pairs, 18);
	assert_int_equal(c.metrics[METRIC_THROUGHPUT].starts, 5);
	assert_null(c.reason);
	/* A start with one side alone: no value, and what is left is a selection. */
	for (size_t i = 0; i < 4; i++)
		fill(&f.samples[2 * i], 0);
	c = compare(&f, PAIRING_INTERLEAVED);
	statistics_decide(&c, 1, 0.5);
	assert_int_equal(c.metrics[METRIC_THROUGHPUT].starts, 4);
	assert_int_equal(c.verdict, VERDICT_UNDECIDED);
	check_contains(c.reason, "more than a tenth of the pairs");
	assert_true(isfinite(c.metrics[METRIC_THROUGHPUT].ratio));
	/* One side never answers. */
	for (size_t i = 0; i < f.len; i++)
		fill(&f.samples[2 * i + 1], 0);
	c = compare(&f, PAIRING_SEQUENTIAL);
	statistics_decide(&c, 1, 0.5);
	assert_int_equal(c.verdict, VERDICT_UNDECIDED);
	check_str(c.reason, "no pair of slices has events on both sides");
	assert_true(isnan(c.detectable_80) && isnan(c.detectable_90) && isnan(c.needed_starts));
	for (int m = 0; m < METRIC_COUNT; m++) {
		assert_true(isnan(c.metrics[m].ratio) && isnan(c.metrics[m].p_value));
		assert_true(c.metrics[m].low == 0 && isinf(c.metrics[m].high));
		assert_true(c.metrics[m].family_low == 0 && isinf(c.metrics[m].family_high));
		assert_int_equal(c.metrics[m].pairs, 0);
	}
	f.len = 0;
	c = compare(&f, PAIRING_INTERLEAVED);
	check_str(c.reason, "no pair of slices has events on both sides");
	f.len = 20;
}

/* A server that stands still for one slice in twenty loses a twentieth, not what a logarithm makes of it. */
static void stalls_count_as_they_cost(void **state)
{
	(void)state;
	CLEANUP(fixture) struct fixture f = fixture_make(200, 40);
	for (size_t i = 0; i < f.len; i++)
		fill(&f.samples[2 * i + 1], i % 20 ? 1000 : 1);
	struct comparison c = compare(&f, PAIRING_DUET);
	check_close(c.metrics[METRIC_THROUGHPUT].ratio, 0.95, 0.001);
}

/* Nine in ten events of a slice take a millisecond, the slow ones as said: p50 lies in the first kind, p95 and p99 in
 * the second. */
static void fill_latencies(struct sample *s, uint64_t events, uint64_t slow_ms)
{
	fill(s, (double)events);
	check_ok(histogram_add(&s->latency, histogram_bucket(NS_PER_MS), events - events / 10, err));
	check_ok(histogram_add(&s->latency, histogram_bucket(slow_ms * NS_PER_MS), events / 10, err));
}

static void percentiles(void **state)
{
	(void)state;
	CLEANUP(fixture) struct fixture f = fixture_make(20, 4);
	for (size_t i = 0; i < f.len; i++) {
		fill_latencies(&f.samples[2 * i], 50, 10);
		fill_latencies(&f.samples[2 * i + 1], 50, 15);
	}
	struct comparison c = compare(&f, PAIRING_INTERLEAVED);
	check_close(c.metrics[METRIC_LATENCY_P50].ratio, 1, 1e-12);
	check_close(c.metrics[METRIC_LATENCY_P95].ratio, 1.5, 0.002);
	check_close(c.metrics[METRIC_LATENCY_P99].ratio, 1.5, 0.002);
	assert_true(c.metrics[METRIC_LATENCY_P99].starts == 5 && isfinite(c.metrics[METRIC_LATENCY_P99].high));
	/* 999 events: fewer than ten lie beyond the 99th percentile. */
	fill_latencies(&f.samples[1], 49, 15);
	c = compare(&f, PAIRING_INTERLEAVED);
	assert_true(isnan(c.metrics[METRIC_LATENCY_P99].ratio) && c.metrics[METRIC_LATENCY_P99].pairs == 0);
	assert_true(isinf(c.metrics[METRIC_LATENCY_P99].high));
	check_close(c.metrics[METRIC_LATENCY_P95].ratio, 1.5, 0.002);
	assert_null(c.reason); /* the verdict does not rest on it */
}

/* Of the tests that saw it, the root mean square; of the others, what was assumed, without what their slices add. */
static void how_much_starts_differ(void **state)
{
	(void)state;
	struct comparison c[4] = { 0 };
	const struct comparison *tests[] = { &c[0], &c[1], &c[2], &c[3] };
	c[0].metrics[METRIC_THROUGHPUT] = (struct estimate){ .starts = 10, .within_sd = 0.5, .start_sd = 0.03 };
	c[1].metric = METRIC_LATENCY_MEAN;
	c[1].metrics[METRIC_LATENCY_MEAN] = (struct estimate){ .starts = 5, .within_sd = NAN, .start_sd = 0.05 };
	c[2].metrics[METRIC_THROUGHPUT] = (struct estimate){ .starts = 2, .within_sd = 0.06, .start_sd = 0.1 };
	c[3].metrics[METRIC_THROUGHPUT] = (struct estimate){ .starts = 1, .start_sd = NAN }; /* an older file's */
	struct start_variation v = statistics_start_variation(tests, 4);
	check_close(v.sd, sqrt((0.03 * 0.03 + 0.05 * 0.05) / 2), 1e-12);
	check_close(v.assumed, 0.08, 1e-12);
	assert_true(v.starts == 5 && v.assuming == 1);
	v = statistics_start_variation(&tests[2], 1);
	assert_true(isnan(v.sd) && v.starts == 0 && v.assuming == 1);
	v = statistics_start_variation(tests, 1);
	assert_true(isnan(v.assumed) && v.starts == 10 && v.assuming == 0);
	v = statistics_start_variation(&tests[3], 1);
	assert_true(isnan(v.sd) && isnan(v.assumed) && v.starts == 0 && v.assuming == 0);
}

static void pairs_in_order(void **state)
{
	(void)state;
	CLEANUP(fixture) struct fixture f = fixture_make(4, 2);
	const struct statistics_spec spec = { 0 };
	struct comparison c;
	f.pairs[3].start = 0;
	check_fails(statistics_compare(f.pairs, f.len, &spec, &c, err), ERROR_INTERNAL, "start 0 comes after start 1");
	f.pairs[3].block = 0;
	check_fails(statistics_compare(f.pairs, f.len, &spec, &c, err), ERROR_INTERNAL, "block 0 comes after block 1");
}

static void sequential_says_so(void **state)
{
	(void)state;
	CLEANUP(fixture) struct fixture f = fixture_make(20, 4);
	for (size_t i = 0; i < f.len; i++)
		fill(&f.samples[2 * i + 1], 1500 + (double)(i % 3));
	struct comparison c = compare(&f, PAIRING_SEQUENTIAL);
	statistics_decide(&c, 1, 0.01);
	assert_int_equal(c.verdict, VERDICT_FASTER);
	check_contains(c.reason, "order bias is not covered");
	assert_int_equal(c.metrics[METRIC_THROUGHPUT].starts, 1); /* whatever the pairs say */
}

/* The percentile moves although the mean does not: 6 % of the second's events are slow, then 6 % of the first's. */
static void percentile_from_histograms(void **state)
{
	(void)state;
	CLEANUP(fixture) struct fixture f = fixture_make(12, 3);
	for (size_t i = 0; i < 2 * f.len; i++) {
		struct sample *s = &f.samples[i];
		uint64_t slow_ns = i % 2 ? 8000000 : 2000000;
		check_ok(histogram_add(&s->latency, histogram_bucket(1000000), 940, err));
		check_ok(histogram_add(&s->latency, histogram_bucket(slow_ns + 1000 * (i / 4)), 60, err));
	}
	struct comparison c = compare(&f, PAIRING_INTERLEAVED);
	const struct estimate *e = &c.metrics[METRIC_LATENCY_P95];
	check_close(e->ratio, 4, 0.005);
	assert_true(e->starts == 4 && e->pairs == 12);
	assert_true(e->low > 3.98 && e->high < 4.02);
	check_close(c.metrics[METRIC_THROUGHPUT].ratio, 1, 1e-12);
	/* A start without latencies on one side is left out. */
	for (size_t i = 0; i < 3; i++)
		histogram_release(&f.samples[2 * i].latency);
	c = compare(&f, PAIRING_INTERLEAVED);
	assert_true(e->starts == 3 && e->pairs == 9);
}

/* Two tests share three starts; the third test has two of them. */
static void geometric_mean(void **state)
{
	(void)state;
	struct start_value first[] = { { 0, 0.10, 5, 10, 5, 0.02 },
				       { 1, 0.20, 5, 10, 5, 0.02 },
				       { 2, 0.36, 5, 10, 5, 0.02 } };
	struct start_value second[] = { { 0, 0.02, 5, 10, 5, 0.02 },
					{ 1, -0.02, 5, 10, 5, 0.02 },
					{ 2, 0.06, 5, 10, 5, 0.02 } };
	struct start_value third[] = { { 0, 0.3, 5, 10, 5, 0.02 }, { 2, 0.3, 5, 10, 5, 0.02 } };
	const struct start_values tests[] = { { first, 3 }, { second, 3 }, { third, 2 } };
	const struct statistics_spec spec = { 0 };
	struct estimate e;
	check_ok(statistics_geometric_mean(tests, 2, &spec, &e, err));
	double x[] = { 0.06, 0.09, 0.21 }, s = 0;
	for (int i = 0; i < 3; i++)
		s += (x[i] - 0.12) * (x[i] - 0.12);
	check_close(e.ratio, exp(0.12), 1e-12);
	check_close(e.error, sqrt(s / 2 / 3), 1e-9);
	assert_true(e.starts == 3 && e.df == 2 && e.pairs == 60);
	/* The mean's noise is that of two tests: each start's value has variance (0.02 / 4 / 5) / 2. */
	check_close(e.within_sd, sqrt(0.02 / 4 / 5 / 2), 1e-9);
	check_ok(statistics_geometric_mean(tests, 3, &spec, &e, err));
	assert_int_equal(e.starts, 2);
	check_close(e.ratio, exp(((0.10 + 0.02 + 0.3) + (0.36 + 0.06 + 0.3)) / 6), 1e-12);
	/* Of the mean too: starts' luck is common to the tests. */
	check_close(e.start_sd, sqrt(STATISTICS_START_SD * STATISTICS_START_SD + e.within_sd * e.within_sd), 1e-12);
	struct start_value other[] = { { 7, 0.3, 5, 10, 5, 0.02 } };
	const struct start_values apart[] = { { first, 3 }, { other, 1 } };
	check_ok(statistics_geometric_mean(apart, 2, &spec, &e, err));
	assert_true(isnan(e.ratio) && e.low == 0 && isinf(e.high) && e.starts == 0);
	check_ok(statistics_geometric_mean(NULL, 0, &spec, &e, err));
	assert_true(isnan(e.ratio));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_by_hand),
		cmocka_unit_test(two_levels),
		cmocka_unit_test(one_start_by_hand),
		cmocka_unit_test(few_starts_claim_little),
		cmocka_unit_test(batches_of_one_start),
		cmocka_unit_test(uneven_starts),
		cmocka_unit_test(ten_times_slower),
		cmocka_unit_test(equal_without_spread),
		cmocka_unit_test(sides_without_events),
		cmocka_unit_test(stalls_count_as_they_cost),
		cmocka_unit_test(percentiles),
		cmocka_unit_test(how_much_starts_differ),
		cmocka_unit_test(pairs_in_order),
		cmocka_unit_test(sequential_says_so),
		cmocka_unit_test(percentile_from_histograms),
		cmocka_unit_test(geometric_mean),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
