#include "benchmarker/percentile.h"

#include "base/cleanup.h"
#include "benchmarker/plan.h"
#include "check.h"

#include <math.h>
#include <string.h>

#define SLICES_MAX 60

/* Slices under construction. */
struct load {
	struct histogram histograms[SLICES_MAX];
	struct percentile_slice slices[SLICES_MAX];
	size_t len;
};

static void load_release(struct load *l)
{
	for (size_t i = 0; i < l->len; i++)
		histogram_release(&l->histograms[i]);
	l->len = 0;
}

static struct histogram *add_slice(struct load *l, uint32_t cluster)
{
	struct histogram *h = &l->histograms[l->len];
	*h = (struct histogram)HISTOGRAM_INIT;
	l->slices[l->len++] = (struct percentile_slice){ h, cluster };
	return h;
}

static void add_ns(struct histogram *h, double ns)
{
	check_ok(histogram_add(h, histogram_bucket((uint64_t)ns), 1, err));
}

static void check_same(const struct histogram *a, const struct histogram *b)
{
	assert_int_equal(a->total, b->total);
	assert_int_equal(a->len, b->len);
	for (size_t i = 0; i < a->len; i++)
		assert_true(a->entries[i].bucket == b->entries[i].bucket && a->entries[i].count == b->entries[i].count);
}

static void merging_is_exact(void **state)
{
	(void)state;
	/* The same 30,000 latencies in one histogram, by slice, by thread of each slice, and by shard in another order.
	 */
	CLEANUP(histogram) struct histogram one = HISTOGRAM_INIT, slices = HISTOGRAM_INIT, shards = HISTOGRAM_INIT;
	struct histogram parts[3][4][2] = { 0 }; /* shard, slice, thread */
	uint64_t seed = 5;
	for (int i = 0; i < 30000; i++) {
		uint64_t random = plan_random(&seed);
		double ns = exp((double)(random >> 11) / 0x1p53 * 16 + 2);
		add_ns(&one, ns);
		add_ns(&parts[random % 3][random / 3 % 4][random / 12 % 2], ns);
	}
	for (int slice = 0; slice < 4; slice++)
		for (int shard = 0; shard < 3; shard++)
			for (int thread = 0; thread < 2; thread++)
				check_ok(histogram_merge(&slices, &parts[shard][slice][thread], err));
	for (int shard = 2; shard >= 0; shard--) {
		CLEANUP(histogram) struct histogram sum = HISTOGRAM_INIT;
		for (int slice = 3; slice >= 0; slice--)
			for (int thread = 0; thread < 2; thread++) {
				check_ok(histogram_merge(&sum, &parts[shard][slice][thread], err));
				histogram_release(&parts[shard][slice][thread]);
			}
		check_ok(histogram_merge(&shards, &sum, err));
	}
	assert_int_equal(one.total, 30000);
	check_same(&slices, &one);
	check_same(&shards, &one);
}

static void known_numbers(void **state)
{
	(void)state;
	/* Ten slices of 1 to 400 ns each: independent of the slice, so the interval is that of 4,000 draws. */
	CLEANUP(load) struct load l = { .len = 0 };
	CLEANUP(percentiles) struct percentiles p = { 0 };
	for (uint32_t i = 0; i < 10; i++) {
		struct histogram *h = add_slice(&l, 0);
		for (int ns = 1; ns <= 400; ns++)
			add_ns(h, ns);
	}
	check_ok(percentiles_make(l.slices, l.len, &p, err));
	assert_int_equal(p.groups_len, 10);
	struct percentile x = percentiles_at(&p, 0.5);
	assert_true(x.value_ns == 200);
	/* Half width on the logit scale: 2.262 * sqrt(0.25 / 4000) / 0.25 = 0.07153; the shares are 0.4821 and 0.5179.
	 */
	assert_true(x.low_ns == 193 && x.high_ns == 208);
	x = percentiles_at(&p, 0.95);
	assert_true(x.value_ns == 380 && x.low_ns < 380 && x.high_ns > 380 && x.high_ns < 390);
	assert_true(percentiles_at(&p, 0.99).value_ns == 396);
	/* Four events lie beyond. */
	x = percentiles_at(&p, 0.999);
	assert_true(isnan(x.value_ns) && x.low_ns == 0 && isinf(x.high_ns));
}

static void needs_events_and_groups(void **state)
{
	(void)state;
	CLEANUP(load) struct load l = { .len = 0 };
	for (uint32_t i = 0; i < 2; i++) {
		struct histogram *h = add_slice(&l, 0);
		check_ok(histogram_add(h, 100, 99 + i, err));
	}
	add_slice(&l, 0);
	CLEANUP(percentiles) struct percentiles few = { 0 }, enough = { 0 }, none = { 0 };
	check_ok(percentiles_make(l.slices, l.len, &few, err));
	assert_int_equal(few.groups_len, 2);
	assert_true(isnan(percentiles_at(&few, 0.95).value_ns)); /* 199 events */
	check_ok(histogram_add(&l.histograms[2], 100, 1, err));
	check_ok(percentiles_make(l.slices, l.len, &enough, err));
	struct percentile x = percentiles_at(&enough, 0.95);
	assert_true(x.value_ns == 100 && x.low_ns == 100 && x.high_ns == 100); /* all alike */
	check_ok(percentiles_make(l.slices, 2, &none, err));
	percentiles_release(&none);
	check_ok(percentiles_make(NULL, 0, &none, err));
	assert_true(isnan(percentiles_at(&none, 0.5).value_ns));
	/* Two slices give a value and no interval. */
	CLEANUP(percentiles) struct percentiles two = { 0 };
	check_ok(percentiles_make(l.slices, 2, &two, err));
	x = percentiles_at(&two, 0.5);
	assert_true(x.value_ns == 100 && x.low_ns == 0 && isinf(x.high_ns));
}

/* What differs between runs of a test is in the interval when there are enough of them. */
static void clusters_stay_whole(void **state)
{
	(void)state;
	CLEANUP(load) struct load l = { .len = 0 };
	for (uint32_t i = 0; i < 40; i++) {
		struct histogram *h = add_slice(&l, i / 10);
		for (int k = 0; k < 500; k++)
			add_ns(h, (i / 10 + 1) * 1e6 + 1e3 * k);
	}
	CLEANUP(percentiles) struct percentiles clustered = { 0 }, apart = { 0 };
	check_ok(percentiles_make(l.slices, l.len, &clustered, err));
	assert_int_equal(clustered.groups_len, 4);
	for (size_t i = 0; i < l.len; i++)
		l.slices[i].cluster = 0;
	check_ok(percentiles_make(l.slices, l.len, &apart, err));
	assert_int_equal(apart.groups_len, 10);
	struct percentile wide = percentiles_at(&clustered, 0.5), narrow = percentiles_at(&apart, 0.5);
	assert_true(wide.value_ns == narrow.value_ns);
	assert_true(wide.high_ns - wide.low_ns > narrow.high_ns - narrow.low_ns);
	assert_true(wide.high_ns > 4e6 && wide.low_ns < 1.5e6); /* four runs cannot say much */
}

/* Standard normal by Box and Muller. */
static double normal(uint64_t *seed)
{
	double u = ((double)(plan_random(seed) >> 11) + 0.5) / 0x1p53;
	double v = (double)(plan_random(seed) >> 11) / 0x1p53;
	return sqrt(-2 * log(u)) * cos(2 * acos(-1) * v);
}

#define WITHIN 0.4 /* standard deviations of log-latency: inside a slice, and of the slices' means */
#define BETWEEN 0.15
static const double quantiles[] = { 0.5, 0.95, 0.99 };
static const double normal_quantiles[] = { 0, 1.6448536, 2.3263479 };

/* How many of n runs have an interval that holds the true percentile. correlation: of neighbouring slices' means. */
static void simulate(size_t n, double correlation, size_t ret[static 3])
{
	uint64_t seed = 1;
	memset(ret, 0, 3 * sizeof *ret);
	for (size_t run = 0; run < n; run++) {
		CLEANUP(load) struct load l = { .len = 0 };
		CLEANUP(percentiles) struct percentiles p = { 0 };
		double shift = normal(&seed);
		for (int slice = 0; slice < SLICES_MAX; slice++) {
			struct histogram *h = add_slice(&l, 0);
			shift = correlation * shift + sqrt(1 - correlation * correlation) * normal(&seed);
			for (int i = 0; i < 100; i++)
				add_ns(h, 1e6 * exp(BETWEEN * shift + WITHIN * normal(&seed)));
		}
		check_ok(percentiles_make(l.slices, l.len, &p, err));
		for (size_t i = 0; i < 3; i++) {
			double truth = 1e6 * exp(normal_quantiles[i] * sqrt(WITHIN * WITHIN + BETWEEN * BETWEEN));
			struct percentile x = percentiles_at(&p, quantiles[i]);
			ret[i] += x.low_ns <= truth && truth <= x.high_ns;
		}
	}
	for (size_t i = 0; i < 3; i++)
		print_message("correlation %.1f, p%g: %zu of %zu intervals hold the true value\n", correlation,
			      100 * quantiles[i], ret[i], n);
}

/* 6,000 events in 60 slices: taken for independent, their intervals would hold the median in about half of the runs. */
static void interval_covers(void **state)
{
	(void)state;
	enum { RUNS = 400 };
	size_t hits[3];
	simulate(RUNS, 0, hits);
	for (size_t i = 0; i < 3; i++)
		assert_true(hits[i] >= 0.92 * RUNS && hits[i] <= 0.985 * RUNS);
	simulate(RUNS, 0.5, hits);
	for (size_t i = 0; i < 3; i++)
		assert_true(hits[i] >= 0.9 * RUNS && hits[i] <= 0.985 * RUNS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(merging_is_exact),        cmocka_unit_test(known_numbers),
		cmocka_unit_test(needs_events_and_groups), cmocka_unit_test(clusters_stay_whole),
		cmocka_unit_test(interval_covers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
