#include "benchmarker/statistics.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "check.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#define check_close(actual, expected, relative)                                                                 \
	do {                                                                                                    \
		double a_ = (actual), e_ = (expected);                                                          \
		if (!(fabs(a_ - e_) <= (relative)*fabs(e_)))                                                    \
			fail_msg("%s is %.12g; expected %.12g within %g", #actual, a_, e_, (double)(relative)); \
	} while (0)

/* Values with exact forms: df 1 is Cauchy's, t = tan(pi (p - 1/2)); df 2 has t = (2p - 1) sqrt(2 / (4p (1 - p))). The
 * others are the usual tables', with more digits. */
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

/* Samples and pairs of one test. */
struct fixture {
	struct sample *samples; /* from and to of pair i at 2i and 2i + 1 */
	struct sample_pair *pairs;
	size_t len;
};

static void fixture_release(struct fixture *f)
{
	for (size_t i = 0; i < 2 * f->len; i++)
		sample_release(&f->samples[i]);
	free(f->samples);
	free(f->pairs);
	*f = (struct fixture){ 0 };
}

/* A second of one thread with that many events, which took all of it. */
static void fill(struct sample *s, double events)
{
	histogram_release(&s->latency);
	*s = (struct sample){ .threads = 1, .busy_ns = NS_PER_SECOND, .events = (uint64_t)llround(events) };
	s->latency_sum_ns = s->events ? NS_PER_SECOND : 0;
}

static struct fixture fixture_make(size_t pairs)
{
	struct fixture f = { .samples = calloc(2 * pairs + 1, sizeof *f.samples),
			     .pairs = calloc(pairs + 1, sizeof *f.pairs),
			     .len = pairs };
	assert_true(f.samples && f.pairs);
	for (size_t i = 0; i < pairs; i++) {
		f.pairs[i] = (struct sample_pair){ &f.samples[2 * i], &f.samples[2 * i + 1], (uint32_t)(i / 2), 0 };
		fill(&f.samples[2 * i], 1000);
		fill(&f.samples[2 * i + 1], 1000);
	}
	return f;
}

static void known_numbers(void **state)
{
	(void)state;
	/* Three blocks; log-ratios of blocks ln 1.1, ln 1.2, ln 1.3: mean 0.1800117..., by hand. */
	CLEANUP(fixture) struct fixture f = fixture_make(6);
	static const double to[] = { 1100, 1100, 1500, 960, 1300, 1300 }; /* 1.5 * 0.96 = 1.2^2 */
	for (size_t i = 0; i < f.len; i++)
		fill(&f.samples[2 * i + 1], to[i]);
	struct comparison c;
	check_ok(statistics_compare(f.pairs, f.len, PAIRING_INTERLEAVED, &c, err));
	const struct estimate *e = &c.metrics[METRIC_THROUGHPUT];
	double x[] = { log(1.1), log(1.2), log(1.3) }, mean = (x[0] + x[1] + x[2]) / 3, s = 0;
	for (int i = 0; i < 3; i++)
		s += (x[i] - mean) * (x[i] - mean);
	double error = sqrt(s / 2 / 3);
	check_close(e->ratio, cbrt(1.1 * 1.2 * 1.3), 1e-12);
	check_close(e->low, exp(mean - 4.302652729749462 * error), 1e-9);
	check_close(e->high, exp(mean + 4.302652729749462 * error), 1e-9);
	check_close(e->p_value, student_p_value(mean / error, 2), 1e-9);
	assert_int_equal(e->pairs, 6);
	assert_int_equal(e->batches, 3);
	/* The second's latency is the inverse of its throughput here. */
	check_close(c.metrics[METRIC_LATENCY_MEAN].ratio, 1 / e->ratio, 1e-12);
	assert_true(isnan(c.metrics[METRIC_LATENCY_P95].ratio)); /* no histogram in these samples */
	assert_int_equal(c.verdict, VERDICT_UNDECIDED);
	assert_null(c.reason);
}

static void batches_of_neighbours(void **state)
{
	(void)state;
	static const struct {
		size_t pairs, batches;
	} cases[] = { { 2, 1 }, { 4, 2 }, { 5, 3 }, { 6, 3 }, { 20, 10 }, { 22, 10 }, { 38, 10 }, { 400, 10 } };
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(fixture) struct fixture f = fixture_make(cases[i].pairs);
		double product = 0;
		for (size_t k = 0; k < f.len; k++)
			fill(&f.samples[2 * k + 1], 1000 + 10 * (double)(k % 7));
		for (size_t k = 0; k + 1 < f.len; k += 2)
			product +=
				log((double)f.samples[2 * k + 1].events * (double)f.samples[2 * k + 3].events / 1e6) /
				2;
		if (f.len % 2)
			product += log((double)f.samples[2 * f.len - 1].events / 1e3);
		struct comparison c;
		check_ok(statistics_compare(f.pairs, f.len, PAIRING_INTERLEAVED, &c, err));
		const struct estimate *e = &c.metrics[METRIC_THROUGHPUT];
		assert_int_equal(e->batches, cases[i].batches);
		/* Whatever the batches, the estimate is the mean of all blocks. */
		check_close(e->ratio, exp(product / (double)((f.len + 1) / 2)), 1e-12);
		if (cases[i].batches < STATISTICS_BATCHES_MIN) {
			assert_true(e->low == 0 && isinf(e->high) && isnan(e->p_value));
			check_contains(c.reason, "fewer than 3 batches");
		} else {
			assert_true(e->low > 0 && e->low < e->ratio && e->ratio < e->high && isfinite(e->high));
			assert_null(c.reason);
		}
	}
}

static void ten_times_slower(void **state)
{
	(void)state;
	CLEANUP(fixture) struct fixture f = fixture_make(20);
	for (size_t i = 0; i < f.len; i++)
		fill(&f.samples[2 * i + 1], 100 + (double)(i % 3));
	struct comparison c;
	check_ok(statistics_compare(f.pairs, f.len, PAIRING_INTERLEAVED, &c, err));
	statistics_decide(&c, 1, 0.01);
	assert_int_equal(c.verdict, VERDICT_SLOWER);
	assert_null(c.reason);
	check_close(c.metrics[METRIC_THROUGHPUT].ratio, 0.101, 0.01);
	check_close(c.metrics[METRIC_LATENCY_MEAN].ratio, 9.9, 0.01);
}

/* Every block gives exactly 1, but for rounding: no spread, and no difference either. */
static void equal_without_spread(void **state)
{
	(void)state;
	for (int b = 1; b < 50; b++) {
		CLEANUP(fixture) struct fixture f = fixture_make(20);
		for (size_t i = 0; i < 2 * f.len; i++)
			fill(&f.samples[i], i % 4 == 0 || i % 4 == 3 ? 7 : b);
		struct comparison c;
		check_ok(statistics_compare(f.pairs, f.len, PAIRING_INTERLEAVED, &c, err));
		statistics_decide(&c, 1, 0.01);
		assert_int_equal(c.verdict, VERDICT_SAME);
	}
}

static void sides_without_events(void **state)
{
	(void)state;
	CLEANUP(fixture) struct fixture f = fixture_make(20);
	for (size_t i = 0; i < f.len; i++)
		fill(&f.samples[2 * i], 1000 + 10 * (double)(i % 3));
	struct comparison c;
	/* Two of twenty pairs: left out. */
	fill(&f.samples[0], 0);
	fill(&f.samples[13], 0);
	check_ok(statistics_compare(f.pairs, f.len, PAIRING_INTERLEAVED, &c, err));
	assert_int_equal(c.metrics[METRIC_THROUGHPUT].pairs, 18);
	assert_null(c.reason);
	/* A third: what is left is a selection. */
	fill(&f.samples[20], 0);
	check_ok(statistics_compare(f.pairs, f.len, PAIRING_INTERLEAVED, &c, err));
	statistics_decide(&c, 1, 0.5);
	assert_int_equal(c.verdict, VERDICT_UNDECIDED);
	check_contains(c.reason, "more than a tenth of the pairs");
	assert_true(isfinite(c.metrics[METRIC_THROUGHPUT].ratio));
	/* One side never answers. */
	for (size_t i = 0; i < f.len; i++)
		fill(&f.samples[2 * i + 1], 0);
	check_ok(statistics_compare(f.pairs, f.len, PAIRING_SEQUENTIAL, &c, err));
	statistics_decide(&c, 1, 0.5);
	assert_int_equal(c.verdict, VERDICT_UNDECIDED);
	check_str(c.reason, "no pair of slices has events on both sides");
	for (int m = 0; m < METRIC_COUNT; m++) {
		assert_true(isnan(c.metrics[m].ratio) && isnan(c.metrics[m].p_value));
		assert_true(c.metrics[m].low == 0 && isinf(c.metrics[m].high));
		assert_int_equal(c.metrics[m].pairs, 0);
	}
	check_ok(statistics_compare(NULL, 0, PAIRING_INTERLEAVED, &c, err));
	check_str(c.reason, "no pair of slices has events on both sides");
}

static void pairs_in_order(void **state)
{
	(void)state;
	CLEANUP(fixture) struct fixture f = fixture_make(4);
	f.pairs[3].block = 0;
	struct comparison c;
	check_fails(statistics_compare(f.pairs, f.len, PAIRING_INTERLEAVED, &c, err), ERROR_INTERNAL,
		    "block 0 comes after block 1");
}

static void sequential_says_so(void **state)
{
	(void)state;
	CLEANUP(fixture) struct fixture f = fixture_make(20);
	for (size_t i = 0; i < f.len; i++)
		fill(&f.samples[2 * i + 1], 1500 + (double)(i % 3));
	struct comparison c;
	check_ok(statistics_compare(f.pairs, f.len, PAIRING_SEQUENTIAL, &c, err));
	statistics_decide(&c, 1, 0.01);
	assert_int_equal(c.verdict, VERDICT_FASTER);
	check_contains(c.reason, "order bias is not covered");
}

/* The percentile moves although the mean does not: 6 % of the second's events are slow, then 6 % of the first's. */
static void percentile_from_histograms(void **state)
{
	(void)state;
	CLEANUP(fixture) struct fixture f = fixture_make(12);
	for (size_t i = 0; i < 2 * f.len; i++) {
		struct sample *s = &f.samples[i];
		uint64_t slow_ns = i % 2 ? 8000000 : 2000000;
		check_ok(histogram_add(&s->latency, histogram_bucket(1000000), 940, err));
		check_ok(histogram_add(&s->latency, histogram_bucket(slow_ns + 1000 * (i / 4)), 60, err));
	}
	struct comparison c;
	check_ok(statistics_compare(f.pairs, f.len, PAIRING_INTERLEAVED, &c, err));
	const struct estimate *e = &c.metrics[METRIC_LATENCY_P95];
	check_close(e->ratio, 4, 0.005);
	assert_int_equal(e->batches, 6);
	assert_int_equal(e->pairs, 12);
	assert_true(e->low > 3.98 && e->high < 4.02);
	check_close(c.metrics[METRIC_THROUGHPUT].ratio, 1, 1e-12);
	/* A batch without latencies on one side is left out. */
	histogram_release(&f.samples[0].latency);
	histogram_release(&f.samples[2].latency);
	check_ok(statistics_compare(f.pairs, f.len, PAIRING_INTERLEAVED, &c, err));
	assert_int_equal(e->batches, 5);
	assert_int_equal(e->pairs, 10);
}

/* A test whose throughput has that p-value: for the decision alone. */
static struct comparison decided(double ratio, double p_value, double low, double high)
{
	struct comparison c = { 0 };
	c.metrics[METRIC_THROUGHPUT] = (struct estimate){
		.ratio = ratio, .low = low, .high = high, .p_value = p_value, .pairs = 20, .batches = 10
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

static void names(void **state)
{
	(void)state;
	check_str(metric_name(METRIC_THROUGHPUT), "throughput");
	check_str(metric_name(METRIC_LATENCY_P95), "latency_p95");
	check_str(verdict_name(VERDICT_UNDECIDED), "undecided");
	check_str(verdict_name(VERDICT_SLOWER), "slower");
}

/* Standard normal by Box and Muller. */
static double normal(uint64_t *seed)
{
	double u = ((double)(plan_random(seed) >> 11) + 0.5) / 9007199254740992.0;
	double v = (double)(plan_random(seed) >> 11) / 9007199254740992.0;
	return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

/* One test of a plan on a simulated machine: the log of a slice's rate is noise with the first-order autocorrelation
 * rho from slice to slice, plus log_ratio for `to`. */
static void simulate(const struct plan *plan, double rho, double sigma, double log_ratio, uint64_t *seed,
		     struct fixture *f)
{
	double noise = normal(seed);
	for (size_t i = 0; i < plan->len; i++) {
		const struct plan_slice *s = &plan->slices[i];
		double effect = s->side == SIDE_TO ? log_ratio : 0;
		fill(&f->samples[2 * s->pair + s->side], 1e7 * exp(sigma * noise + effect));
		noise = rho * noise + sqrt(1 - rho * rho) * normal(seed);
	}
}

/* Share of simulated tests, of the given length, whose 95 % interval holds the true ratio. */
static double coverage(double rho, double seconds, size_t tests)
{
	size_t covered = 0;
	uint64_t seed = 20240229;
	const double truth = 0.97;
	for (size_t t = 0; t < tests; t++) {
		CLEANUP(plan) struct plan plan = { 0 };
		check_ok(plan_make(PAIRING_INTERLEAVED, (uint64_t)(seconds * 1e9), 0, plan_random(&seed), &plan, err));
		CLEANUP(fixture) struct fixture f = fixture_make(plan.len / 2);
		simulate(&plan, rho, 0.1, log(truth), &seed, &f);
		struct comparison c;
		check_ok(statistics_compare(f.pairs, f.len, PAIRING_INTERLEAVED, &c, err));
		const struct estimate *e = &c.metrics[METRIC_THROUGHPUT];
		covered += e->low <= truth && truth <= e->high;
	}
	double share = (double)covered / (double)tests;
	print_message("coverage at rho %.1f, %.0f s: %.4f\n", rho, seconds, share);
	return share;
}

static void interval_covers(void **state)
{
	(void)state;
	/* Lengths that give 10 even batches, 10 uneven ones, 10 of several blocks, and 5. */
	static const double seconds[] = { 10, 34, 60, 1 };
	for (size_t i = 0; i < ARRAY_SIZE(seconds); i++) {
		double independent = coverage(0, seconds[i], 2000);
		assert_true(independent >= 0.93 && independent <= 0.97);
		double correlated = coverage(0.5, seconds[i], 2000);
		assert_true(correlated >= 0.90 && correlated <= 0.97);
	}
}

static void family_wise_error(void **state)
{
	(void)state;
	enum { JOBS = 4000, TESTS = 10 };
	size_t alarms = 0;
	uint64_t seed = 7;
	CLEANUP(plan) struct plan plan = { 0 };
	check_ok(plan_make(PAIRING_INTERLEAVED, 10 * NS_PER_SECOND, 0, 1, &plan, err));
	CLEANUP(fixture) struct fixture f = fixture_make(plan.len / 2);
	for (size_t job = 0; job < JOBS; job++) {
		struct comparison tests[TESTS];
		for (size_t t = 0; t < TESTS; t++) {
			simulate(&plan, 0, 0.1, 0, &seed, &f);
			check_ok(statistics_compare(f.pairs, f.len, PAIRING_INTERLEAVED, &tests[t], err));
		}
		statistics_decide(tests, TESTS, 0.01);
		bool alarm = false;
		for (size_t t = 0; t < TESTS; t++)
			alarm |= tests[t].verdict == VERDICT_FASTER || tests[t].verdict == VERDICT_SLOWER;
		alarms += alarm;
	}
	print_message("jobs of %d equal tests with any alarm: %zu of %d\n", TESTS, alarms, JOBS);
	assert_true(alarms <= JOBS / 20);
	assert_true(alarms >= JOBS / 40); /* and not by never deciding */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(student_table),
		cmocka_unit_test(student_edges),
		cmocka_unit_test(known_numbers),
		cmocka_unit_test(batches_of_neighbours),
		cmocka_unit_test(ten_times_slower),
		cmocka_unit_test(equal_without_spread),
		cmocka_unit_test(sides_without_events),
		cmocka_unit_test(pairs_in_order),
		cmocka_unit_test(sequential_says_so),
		cmocka_unit_test(percentile_from_histograms),
		cmocka_unit_test(holm),
		cmocka_unit_test(verdict_on_latency),
		cmocka_unit_test(names),
		cmocka_unit_test(interval_covers),
		cmocka_unit_test(family_wise_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
