#include "benchmarker/histogram.h"

#include "base/cleanup.h"
#include "benchmarker/plan.h"
#include "check.h"

#include <math.h>

/* The bucket by its definition: walk the doublings. */
static uint32_t slow_bucket(uint64_t v)
{
	if (v < 512)
		return (uint32_t)v;
	uint64_t low = 512, width = 1;
	uint32_t first = 512;
	while (v - low >= low) {
		low *= 2;
		width *= 2;
		first += 512;
	}
	uint64_t bucket = first + (v - low) / width;
	return bucket < HISTOGRAM_BUCKETS ? (uint32_t)bucket : HISTOGRAM_BUCKETS - 1;
}

static void check_value(uint64_t v)
{
	uint32_t b = histogram_bucket(v);
	if (b != slow_bucket(v))
		fail_msg("%llu is in bucket %u, expected %u", (unsigned long long)v, b, slow_bucket(v));
	if (v >= 1ULL << 43)
		return;
	double error = fabs(histogram_value_ns(b) - (double)v);
	if (error > 0.001 * (double)v)
		fail_msg("%llu is recorded as %f", (unsigned long long)v, histogram_value_ns(b));
}

static void values_map_within_a_thousandth(void **state)
{
	(void)state;
	for (uint64_t v = 0; v < 100000; v++)
		check_value(v);
	for (unsigned bits = 16; bits < 64; bits++)
		for (int64_t around = -2; around <= 2; around++)
			check_value((1ULL << bits) + (uint64_t)around);
	uint64_t seed = 1;
	for (int i = 0; i < 1000000; i++) {
		uint64_t v = plan_random(&seed);
		check_value(v >> (v & 63));
	}
	check_value(UINT64_MAX);
	assert_int_equal(histogram_bucket(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
	assert_int_equal(histogram_bucket((1ULL << 43) - 1), HISTOGRAM_BUCKETS - 1);
	assert_true(histogram_value_ns(UINT32_MAX) == histogram_value_ns(HISTOGRAM_BUCKETS - 1));
}

static void check_equal(const struct histogram *a, const struct histogram *b)
{
	assert_int_equal(a->total, b->total);
	assert_int_equal(a->len, b->len);
	for (size_t i = 0; i < a->len; i++) {
		assert_int_equal(a->entries[i].bucket, b->entries[i].bucket);
		assert_int_equal(a->entries[i].count, b->entries[i].count);
	}
}

static void counts_stay_in_order(void **state)
{
	(void)state;
	CLEANUP(histogram) struct histogram h = HISTOGRAM_INIT;
	static const uint32_t buckets[] = { 900, 3, 17000, 3, 0, 901, 900 };
	for (size_t i = 0; i < ARRAY_SIZE(buckets); i++)
		check_ok(histogram_add(&h, buckets[i], i + 1, err));
	check_ok(histogram_add(&h, 5, 0, err));
	static const struct histogram_entry expected[] = { { 0, 5 }, { 3, 6 }, { 900, 8 }, { 901, 6 }, { 17000, 3 } };
	assert_int_equal(h.len, ARRAY_SIZE(expected));
	for (size_t i = 0; i < h.len; i++) {
		assert_int_equal(h.entries[i].bucket, expected[i].bucket);
		assert_int_equal(h.entries[i].count, expected[i].count);
	}
	assert_int_equal(h.total, 28);
	check_fails(histogram_add(&h, HISTOGRAM_BUCKETS, 1, err), ERROR_INTERNAL, "bucket 17920");
	check_fails(histogram_add(&h, 1, UINT64_MAX, err), ERROR_INTERNAL, "overflow");
	assert_int_equal(h.total, 28);
}

static void merging_adds(void **state)
{
	(void)state;
	CLEANUP(histogram) struct histogram a = HISTOGRAM_INIT;
	CLEANUP(histogram) struct histogram b = HISTOGRAM_INIT;
	CLEANUP(histogram) struct histogram both = HISTOGRAM_INIT;
	uint64_t seed = 7;
	for (int i = 0; i < 3000; i++) {
		uint32_t bucket = (uint32_t)(plan_random(&seed) % HISTOGRAM_BUCKETS);
		check_ok(histogram_add(i % 3 ? &a : &b, bucket, 1 + (uint64_t)i, err));
		check_ok(histogram_add(&both, bucket, 1 + (uint64_t)i, err));
	}
	check_ok(histogram_merge(&a, &b, err));
	check_equal(&a, &both);
	CLEANUP(histogram) struct histogram empty = HISTOGRAM_INIT;
	check_ok(histogram_merge(&empty, &(struct histogram)HISTOGRAM_INIT, err));
	assert_int_equal(empty.len, 0);
	check_ok(histogram_merge(&empty, &a, err));
	assert_int_equal(empty.total, both.total);
	CLEANUP(histogram) struct histogram full = HISTOGRAM_INIT;
	check_ok(histogram_add(&full, 1, UINT64_MAX - 1, err));
	check_fails(histogram_merge(&full, &a, err), ERROR_INTERNAL, "overflow");
}

static void quantiles_are_nearest_ranks(void **state)
{
	(void)state;
	CLEANUP(histogram) struct histogram h = HISTOGRAM_INIT;
	assert_true(isnan(histogram_quantile_ns(&h, 0.5)));
	for (uint32_t v = 1; v <= 100; v++)
		check_ok(histogram_add(&h, v, 2, err));
	static const struct {
		double q, value;
	} cases[] = { { 0, 1 },    { 0.001, 1 }, { 0.01, 1 },    { 0.011, 2 },
		      { 0.5, 50 }, { 0.95, 95 }, { 0.999, 100 }, { 1, 100 } };
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (histogram_quantile_ns(&h, cases[i].q) != cases[i].value)
			fail_msg("quantile %g is %g, expected %g", cases[i].q, histogram_quantile_ns(&h, cases[i].q),
				 cases[i].value);
	assert_true(isnan(histogram_quantile_ns(&h, -0.1)));
	assert_true(isnan(histogram_quantile_ns(&h, 1.1)));
	assert_true(isnan(histogram_quantile_ns(&h, NAN)));
}

static void codes_round_trip(void **state)
{
	(void)state;
	uint64_t seed = 3;
	for (int round = 0; round < 50; round++) {
		CLEANUP(histogram) struct histogram h = HISTOGRAM_INIT;
		CLEANUP(histogram) struct histogram back = HISTOGRAM_INIT;
		for (int i = 0; i < round * 10; i++) {
			uint64_t r = plan_random(&seed);
			check_ok(histogram_add(&h, (uint32_t)(r % HISTOGRAM_BUCKETS), (r >> 32) + 1, err));
		}
		AUTO_FREE unsigned char *data = NULL;
		size_t len = 0;
		check_ok(histogram_encode(&h, &data, &len, err));
		check_ok(histogram_decode(data, len, &back, err));
		check_equal(&back, &h);
		struct histogram cut = HISTOGRAM_INIT;
		if (len)
			check_fails(histogram_decode(data, len - 1, &cut, err), ERROR_INTERNAL, "histogram");
	}
}

static void hostile_codes_are_refused(void **state)
{
	(void)state;
	static const struct {
		size_t len;
		unsigned char data[24];
	} cases[] = {
		{ 1, { 5 } },                                                              /* no count */
		{ 2, { 5, 0 } },                                                           /* empty entry */
		{ 4, { 5, 1, 0, 1 } },                                                     /* the same bucket twice */
		{ 2, { 0x80, 1 } },                                                        /* cut number */
		{ 3, { 0x80, 0x00, 1 } },                                                  /* longer than needed */
		{ 4, { 0x80, 0x8c, 0x01, 1 } },                                            /* bucket 17,920 */
		{ 6, { 0xff, 0x8b, 0x01, 1, 1, 1 } },                                      /* one past the last */
		{ 11, { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 1 } }, /* bucket 2^64 - 1 */
		{ 11, { 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02 } }, /* count over 2^64 */
		{ 13, { 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 1, 1 } }, /* sum over 2^64 */
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct histogram h = HISTOGRAM_INIT;
		if (histogram_decode(cases[i].data, cases[i].len, &h, NULL) == 0)
			fail_msg("case %zu was accepted", i);
		assert_null(h.entries);
	}
	uint64_t seed = 11;
	for (int i = 0; i < 20000; i++) {
		unsigned char data[32];
		for (size_t j = 0; j < sizeof data; j++)
			data[j] = (unsigned char)plan_random(&seed);
		CLEANUP(histogram) struct histogram h = HISTOGRAM_INIT;
		histogram_decode(data, plan_random(&seed) % sizeof data, &h, NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_map_within_a_thousandth),
		cmocka_unit_test(counts_stay_in_order),
		cmocka_unit_test(merging_adds),
		cmocka_unit_test(quantiles_are_nearest_ranks),
		cmocka_unit_test(codes_round_trip),
		cmocka_unit_test(hostile_codes_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
