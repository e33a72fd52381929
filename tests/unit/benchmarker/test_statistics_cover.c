/* Do the intervals hold what they say? On simulated machines, with fixed seeds. */
#include "base/cleanup.h"
#include "statistics_samples.h"

#include <stdbool.h>

/* A machine and its servers: the log of a slice's rate is noise of that size with the first-order autocorrelation rho
 * from slice to slice; each start of `to` is luckier or not by start_sd. */
struct world {
	double sigma, rho, start_sd, log_ratio;
};

/* One test in starts of `blocks` blocks each. */
static struct fixture simulate(const struct world *w, size_t starts, const size_t *blocks, uint64_t *seed)
{
	size_t pairs = 0;
	for (size_t s = 0; s < starts; s++)
		pairs += 2 * blocks[s];
	struct fixture f = fixture_make(pairs, 1);
	size_t pair = 0;
	for (size_t s = 0; s < starts; s++) {
		double luck = w->start_sd * normal(seed), noise = normal(seed);
		bool to_first = plan_random(seed) >> 63;
		for (size_t i = 0; i < 4 * blocks[s]; i++) {
			bool to = to_first ^ (i % 4 == 1 || i % 4 == 2); /* ABBA */
			fill(&f.samples[2 * (pair + i / 2) + to],
			     1e7 * exp(w->sigma * noise + (to ? w->log_ratio + luck : 0)));
			f.pairs[pair + i / 2].start = (uint32_t)s;
			noise = w->rho * noise + sqrt(1 - w->rho * w->rho) * normal(seed);
		}
		pair += 2 * blocks[s];
	}
	return f;
}

/* Share of simulated tests whose 95 % interval holds the true ratio. */
static double coverage(const struct world *w, size_t starts, const size_t *blocks, const struct statistics_spec *spec)
{
	enum { TESTS = 1000 };
	size_t covered = 0;
	uint64_t seed = 20240229;
	for (size_t t = 0; t < TESTS; t++) {
		CLEANUP(fixture) struct fixture f = simulate(w, starts, blocks, &seed);
		CLEANUP(start_values) struct start_values v = { 0 };
		check_ok(statistics_starts(f.pairs, f.len, spec->pairing, METRIC_THROUGHPUT, &v, err));
		struct estimate e = statistics_estimate(&v, spec);
		covered += e.low <= exp(w->log_ratio) && exp(w->log_ratio) <= e.high;
	}
	double share = (double)covered / TESTS;
	print_message("%zu starts, rho %.1f, luck %.2f: %.4f\n", starts, w->rho, w->start_sd, share);
	return share;
}

static void interval_covers(void **state)
{
	(void)state;
	static const size_t even[] = { 3, 3, 3, 3, 3, 3, 3, 3, 3, 3 }, cut[] = { 6, 6, 6, 6, 1 };
	const struct statistics_spec spec = { 0 };
	/* Whatever the luck of starts is, from nothing to most of the noise. */
	for (double luck = 0; luck < 0.2; luck += 0.08)
		for (double rho = 0; rho < 1; rho += 0.8) {
			const struct world w = { 0.1, rho, luck, log(0.97) };
			double three = coverage(&w, 3, even, &spec), ten = coverage(&w, 10, even, &spec);
			assert_true(three >= 0.93 && three <= 0.97);
			assert_true(ten >= 0.93 && ten <= 0.97);
			double uneven = coverage(&w, 5, cut, &spec);
			assert_true(uneven >= 0.93 && uneven <= 0.975);
		}
}

/* One start or two: as good as what is assumed of their luck, which here comes from dfs + 1 starts seen before. */
static void assumed_luck_covers(void **state)
{
	(void)state;
	enum { TESTS = 2000, BEFORE = 7 };
	static const size_t blocks[] = { 6, 6 };
	uint64_t seed = 5;
	for (size_t starts = 1; starts <= 2; starts++) {
		size_t covered = 0;
		for (size_t t = 0; t < TESTS; t++) {
			const struct world w = { 0.02, 0, 0.08, log(0.97) };
			double squares = 0, seen[BEFORE], mean = 0;
			for (int i = 0; i < BEFORE; i++)
				mean += (seen[i] = w.start_sd * normal(&seed)) / BEFORE;
			for (int i = 0; i < BEFORE; i++)
				squares += (seen[i] - mean) * (seen[i] - mean);
			const struct statistics_spec spec = { .start_sd = sqrt(squares / (BEFORE - 1)),
							      .start_df = BEFORE - 1 };
			CLEANUP(fixture) struct fixture f = simulate(&w, starts, blocks, &seed);
			CLEANUP(start_values) struct start_values v = { 0 };
			check_ok(statistics_starts(f.pairs, f.len, spec.pairing, METRIC_THROUGHPUT, &v, err));
			struct estimate e = statistics_estimate(&v, &spec);
			covered += e.low <= 0.97 && 0.97 <= e.high;
		}
		double share = (double)covered / TESTS;
		print_message("%zu starts, assumed luck: %.4f\n", starts, share);
		assert_true(share >= 0.93 && share <= 0.97);
	}
}

static void family_wise_error(void **state)
{
	(void)state;
	enum { JOBS = 1000, TESTS = 10, STARTS = 5 };
	static const size_t blocks[STARTS] = { 2, 2, 2, 2, 2 };
	size_t alarms = 0;
	uint64_t seed = 7;
	const struct world w = { 0.1, 0.5, 0.05, 0 };
	for (size_t job = 0; job < JOBS; job++) {
		struct comparison tests[TESTS];
		for (size_t t = 0; t < TESTS; t++) {
			CLEANUP(fixture) struct fixture f = simulate(&w, STARTS, blocks, &seed);
			tests[t] = compare(&f, PAIRING_INTERLEAVED);
		}
		statistics_decide(tests, TESTS, 0.01);
		bool alarm = false;
		for (size_t t = 0; t < TESTS; t++)
			alarm |= tests[t].verdict == VERDICT_FASTER || tests[t].verdict == VERDICT_SLOWER;
		alarms += alarm;
	}
	print_message("jobs of %d equal tests with any alarm: %zu of %d\n", TESTS, alarms, JOBS);
	assert_true(alarms <= JOBS * 58 / 1000); /* 5 %, and two standard deviations of so many jobs */
	assert_true(alarms >= JOBS / 40);        /* and not by never deciding */
}

static struct start_values normal_starts(size_t len, double mean, double sd, uint64_t *seed)
{
	struct start_values v = { calloc(len, sizeof *v.items), len };
	assert_non_null(v.items);
	for (size_t i = 0; i < len; i++)
		v.items[i] = (struct start_value){ (uint32_t)i, mean + sd * normal(seed), 4, 8, 0, 0 };
	return v;
}

/* Stop as soon as there is a difference, or the interval is narrow: the worst that a run can do. */
static void stopping_early(void **state)
{
	(void)state;
	enum { RUNS = 2000, MOST = 60 };
	const struct statistics_spec spec = { .anytime = true };
	size_t alarms = 0, misses = 0, ordinary = 0, starts = 0;
	uint64_t seed = 99;
	for (size_t run = 0; run < RUNS; run++) {
		CLEANUP(start_values) struct start_values v = normal_starts(MOST, 0, 0.05, &seed);
		bool missed = false, alarm = false, fooled = false;
		size_t n = STATISTICS_ANYTIME_MIN;
		for (; n <= MOST; n++) {
			const struct start_values seen = { v.items, n };
			struct estimate e = statistics_estimate(&seen, &spec);
			missed |= e.low > 1 || e.high < 1;
			fooled |= student_p_value(log(e.ratio) / e.error, e.df) < 0.05;
			alarm = e.p_value <= 0.05;
			if (alarm || statistics_half_width(&e) <= 0.03)
				break;
		}
		starts += n;
		alarms += alarm;
		misses += missed;
		ordinary += fooled;
	}
	print_message("stopped early: %zu alarms, %zu intervals that miss, in %d runs of %.1f starts; "
		      "with an ordinary interval at each look: %zu\n",
		      alarms, misses, RUNS, (double)starts / RUNS, ordinary);
	assert_true(alarms <= RUNS / 20 && misses <= RUNS / 20);
	assert_true(ordinary > RUNS / 8); /* what this is for */
}

/* What the forecast says is about what happens. */
static void forecast(void **state)
{
	(void)state;
	enum { RUNS = 300 };
	uint64_t seed = 4;
	for (int anytime = 0; anytime <= 1; anytime++) {
		const struct statistics_spec spec = { .anytime = anytime };
		double log_needed = 0;
		for (size_t run = 0; run < RUNS; run++) {
			CLEANUP(start_values) struct start_values v = normal_starts(10, 0, 0.05, &seed);
			struct estimate e = statistics_estimate(&v, &spec);
			log_needed += log(statistics_starts_needed(&e, anytime, 0.02)) / RUNS;
		}
		size_t needed = (size_t)exp(log_needed);
		double width = 0;
		for (size_t run = 0; run < RUNS; run++) {
			CLEANUP(start_values) struct start_values v = normal_starts(needed, 0, 0.05, &seed);
			struct estimate e = statistics_estimate(&v, &spec);
			width += statistics_half_width(&e) / RUNS;
		}
		print_message("%zu starts forecast: half-width %.4f\n", needed, width);
		check_close(width, 0.02, 0.08);
	}
	struct estimate none = { .ratio = NAN, .high = INFINITY, .error = NAN };
	assert_true(isnan(statistics_starts_needed(&none, false, 0.02)) && isinf(statistics_half_width(&none)));
	struct estimate still = { .ratio = 1, .low = 1, .high = 1, .error = 0, .starts = 3, .df = 2 };
	assert_true(statistics_starts_needed(&still, false, 0.02) == STATISTICS_STARTS_MIN);
	assert_true(statistics_starts_needed(&still, true, 0.02) == STATISTICS_ANYTIME_MIN);
	assert_true(isnan(statistics_starts_needed(&still, false, 0)));
	struct estimate noisy = { .ratio = 1, .low = 0.1, .high = 10, .error = 1, .starts = 3, .df = 2 };
	assert_true(statistics_starts_needed(&noisy, false, 0.01) == STATISTICS_NEEDED_MAX);
}

/* The slowdown that is said to be found 80 or 90 times in 100 is. */
static void detectable_is_found(void **state)
{
	(void)state;
	enum { RUNS = 2000, STARTS = 6 };
	uint64_t seed = 8;
	const struct statistics_spec spec = { 0 };
	const double true_error = 0.03 / sqrt(STARTS);
	for (int high = 0; high <= 1; high++) {
		double power = high ? 0.9 : 0.8, found = 0;
		double effect = true_error * student_detectable(student_quantile(0.975, STARTS - 1), STARTS - 1, power);
		for (size_t run = 0; run < RUNS; run++) {
			CLEANUP(start_values) struct start_values v = normal_starts(STARTS, -effect, 0.03, &seed);
			struct comparison c = { .metrics[METRIC_THROUGHPUT] = statistics_estimate(&v, &spec) };
			statistics_decide(&c, 1, 0.02);
			found += c.verdict == VERDICT_SLOWER;
			const struct estimate *e = &c.metrics[METRIC_THROUGHPUT];
			check_close(high ? c.detectable_90 : c.detectable_80, 1 - exp(-effect * e->error / true_error),
				    1e-3);
		}
		print_message("power %.2f: found %.4f\n", power, found / RUNS);
		check_close(found / RUNS, power, 0.02);
	}
}

static void may_stop(void **state)
{
	(void)state;
	uint64_t seed = 1;
	const struct statistics_spec spec = { .anytime = true };
	CLEANUP(start_values) struct start_values v = normal_starts(40, 0, 0.02, &seed);
	struct comparison tests[2] = { { .anytime = true }, { .anytime = true } };
	for (size_t n = 1; n <= v.len; n++) {
		const struct start_values seen = { v.items, n };
		struct estimate *e = &tests[0].metrics[METRIC_THROUGHPUT];
		*e = statistics_estimate(&seen, &spec);
		assert_true(statistics_may_stop(tests, 1, 0.02) ==
			    (n >= STATISTICS_ANYTIME_MIN && statistics_half_width(e) <= 0.02));
		/* Few starts get the ordinary interval, on which nobody may stop. */
		if (n < STATISTICS_ANYTIME_MIN)
			assert_false(statistics_may_stop(tests, 1, 1));
	}
	assert_true(statistics_may_stop(tests, 1, 0.02));
	/* A test that will never have an interval does not keep the others going; one that is wide does. */
	tests[1].metrics[METRIC_THROUGHPUT] =
		(struct estimate){ .ratio = NAN, .high = INFINITY, .p_value = NAN, .starts = 40 };
	assert_true(statistics_may_stop(tests, 2, 0.02));
	tests[1].metrics[METRIC_THROUGHPUT] =
		(struct estimate){ .ratio = 1, .low = 0.9, .high = 1.1, .p_value = 1, .starts = 40 };
	assert_false(statistics_may_stop(tests, 2, 0.02));
	assert_true(statistics_may_stop(NULL, 0, 0.02));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interval_covers),   cmocka_unit_test(assumed_luck_covers),
		cmocka_unit_test(family_wise_error), cmocka_unit_test(stopping_early),
		cmocka_unit_test(forecast),          cmocka_unit_test(detectable_is_found),
		cmocka_unit_test(may_stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
