#include "benchmarker/plan.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "check.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

static void random_is_splitmix64(void **state)
{
	(void)state;
	/* The first numbers of seed 1234567, as the published reference implementation gives them. */
	static const uint64_t expected[] = { 6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
					     4593380528125082431u, 16408922859458223821u };
	uint64_t seed = 1234567;
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		assert_int_equal(plan_random(&seed), expected[i]);
}

/* Every pair has one slice of each side with equal length; blocks are two pairs; each side's load is the test time. */
static void check_complete(const struct plan *p, uint64_t test_ns)
{
	uint64_t sum[2] = { 0, 0 };
	uint32_t pairs = (uint32_t)(p->len / 2);
	AUTO_FREE uint64_t *duration = calloc(2 * pairs, sizeof *duration);
	assert_non_null(duration);
	for (size_t i = 0; i < p->len; i++) {
		const struct plan_slice *s = &p->slices[i];
		assert_true(s->pair < pairs);
		assert_int_equal(s->block, s->pair / 2);
		assert_true(s->duration_ns >= PLAN_SLICE_MIN_NS);
		assert_int_equal(duration[2 * s->pair + s->side], 0);
		duration[2 * s->pair + s->side] = s->duration_ns;
		sum[s->side] += s->duration_ns;
	}
	for (uint32_t i = 0; i < pairs; i++)
		assert_int_equal(duration[2 * i], duration[2 * i + 1]);
	assert_int_equal(sum[SIDE_FROM], test_ns);
	assert_int_equal(sum[SIDE_TO], test_ns);
}

static void fills_the_test_time(void **state)
{
	(void)state;
	static const struct {
		uint64_t test_ns, slice_ns;
		size_t blocks;
	} cases[] = {
		{ 2 * NS_PER_SECOND, 0, 10 },     { 10 * NS_PER_SECOND, 0, 50 },
		{ 40 * NS_PER_SECOND, 0, 200 },   { 1 * NS_PER_SECOND, 0, 5 },
		{ 100 * NS_PER_MS, 0, 1 },        { 120 * NS_PER_MS, 0, 1 },
		{ 1000000007, 70000001, 7 },      { 5 * NS_PER_SECOND, 2 * NS_PER_SECOND, 1 },
		{ 199 * NS_PER_MS, 50000000, 1 }, { 8 * NS_PER_SECOND, NS_PER_SECOND, 4 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (int pairing = PAIRING_INTERLEAVED; pairing <= PAIRING_SEQUENTIAL; pairing++) {
			CLEANUP(plan) struct plan p = { 0 };
			check_ok(plan_make((enum pairing)pairing, cases[i].test_ns, cases[i].slice_ns, 1, &p, err));
			assert_int_equal(p.len, 4 * cases[i].blocks);
			check_complete(&p, cases[i].test_ns);
		}
}

static void interleaved_blocks_are_abba_or_baab(void **state)
{
	(void)state;
	CLEANUP(plan) struct plan p = { 0 };
	check_ok(plan_make(PAIRING_INTERLEAVED, 400 * NS_PER_SECOND, NS_PER_SECOND, 42, &p, err));
	size_t baab = 0;
	for (size_t i = 0; i < p.len; i += 4) {
		const struct plan_slice *s = &p.slices[i];
		assert_int_not_equal(s[0].side, s[1].side);
		assert_int_equal(s[1].side, s[2].side);
		assert_int_equal(s[0].side, s[3].side);
		assert_int_equal(s[0].block, i / 4);
		assert_int_equal(s[3].block, i / 4);
		assert_int_equal(s[0].pair, s[1].pair);
		assert_int_equal(s[2].pair, s[3].pair);
		baab += s[0].side == SIDE_TO;
	}
	assert_in_range(baab, 80, 120); /* of 200; the seed is fixed */
}

static void sequential_is_one_after_the_other(void **state)
{
	(void)state;
	CLEANUP(plan) struct plan p = { 0 };
	check_ok(plan_make(PAIRING_SEQUENTIAL, 10 * NS_PER_SECOND, 0, 42, &p, err));
	for (size_t i = 0; i < p.len; i++) {
		assert_int_equal(p.slices[i].side, i < p.len / 2 ? SIDE_FROM : SIDE_TO);
		assert_int_equal(p.slices[i].pair, i % (p.len / 2));
	}
}

/* As interleaved: the first of a pair has the first position, and the other one has it in the next window. */
static void duets_swap_positions_in_each_block(void **state)
{
	(void)state;
	CLEANUP(plan) struct plan p = { 0 };
	check_ok(plan_make(PAIRING_DUET, 10 * NS_PER_SECOND, 0, 42, &p, err));
	for (size_t i = 0; i < p.len; i += 4) {
		const struct plan_slice *s = &p.slices[i];
		assert_int_equal(s[0].pair, s[1].pair);
		assert_int_equal(s[2].pair, s[3].pair);
		assert_int_not_equal(s[0].side, s[1].side);
		assert_int_not_equal(s[0].side, s[2].side);
		assert_int_not_equal(s[2].side, s[3].side);
	}
}

static void plans_of_a_test_count_on(void **state)
{
	(void)state;
	struct plan_place place = { 0 };
	for (uint32_t start = 0; start < 3; start++) {
		CLEANUP(plan) struct plan p = { 0 };
		check_ok(plan_make(PAIRING_INTERLEAVED, NS_PER_SECOND, NS_PER_SECOND / 4, start, &p, err));
		place.start = 7 + start;
		place.repetition = start / 2;
		plan_put(&p, &place);
		assert_int_equal(p.len, 8);
		assert_int_equal(p.first, 8 * start);
		for (size_t i = 0; i < p.len; i++) {
			assert_int_equal(p.slices[i].start, 7 + start);
			assert_int_equal(p.slices[i].repetition, start / 2);
			assert_int_equal(p.slices[i].block, 2 * start + i / 4);
			assert_int_equal(p.slices[i].pair, 4 * start + i / 2);
		}
	}
	assert_int_equal(place.index, 24);
	assert_int_equal(place.block, 6);
	assert_int_equal(place.pair, 12);
}

static void slices_are_as_long_as_events_ask(void **state)
{
	(void)state;
	static const struct {
		uint64_t test_ms, latency_us, slice_ms;
	} cases[] = {
		{ 10000, 0, 100 },          { 10000, 300, 100 },  { 10000, 10000, 200 },   { 20000, 49999, 999 },
		{ 10000, 49999, 500 },      { 2000, 12000, 100 }, { 20000, 200000, 1000 }, { 1000, 90000, 100 },
		{ 100000, 90000000, 1000 }, { 100, 0, 50 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(plan_slice_length(cases[i].test_ms * NS_PER_MS, cases[i].latency_us * 1000) /
					 NS_PER_MS,
				 cases[i].slice_ms);
	assert_int_equal(plan_slice_length(UINT64_MAX, UINT64_MAX), NS_PER_SECOND);
}

static void starts_are_what_the_load_can_pay(void **state)
{
	(void)state;
	static const struct {
		uint64_t test_ms, slice_ms, set_up_ms;
		uint32_t starts;
	} cases[] = {
		{ 2000, 100, 600, 1 },     { 8000, 100, 700, 11 }, { 120000, 100, 700, 20 }, { 120000, 1000, 20000, 6 },
		{ 5000, 100, 2000, 3 },    { 4900, 100, 2000, 1 }, { 5000, 100, 4000, 1 },   { 5000, 600, 2000, 2 },
		{ 800000, 100, 90000, 8 }, { 1000, 500, 10, 1 },   { 2000, 100, 10, 5 },     { 1000, 100, 0, 2 },
		{ 1000, 0, 100, 1 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(plan_starts(cases[i].test_ms * NS_PER_MS, cases[i].slice_ms * NS_PER_MS,
					     cases[i].set_up_ms * NS_PER_MS),
				 cases[i].starts);
	uint64_t sum = 0;
	for (uint32_t i = 0; i < 7; i++)
		sum += plan_share(1000000001, 7, i);
	assert_int_equal(sum, 1000000001);
}

static void noise_is_per_second_of_wall_time(void **state)
{
	(void)state;
	static const struct {
		enum pairing pairing;
		double noise;
	} cases[] = { { PAIRING_INTERLEAVED, 0.1 * 2 }, { PAIRING_DUET, 0.1 * 1.4142135623730951 } };
	for (size_t c = 0; c < ARRAY_SIZE(cases); c++) {
		CLEANUP(plan) struct plan p = { 0 };
		double rates[16];
		check_ok(plan_make(cases[c].pairing, 8 * NS_PER_SECOND, NS_PER_SECOND, 1, &p, err));
		assert_int_equal(p.len, 16);
		/* blocks of -0.1, 0.1, -0.1, 0.1 around 0.5: their standard deviation is 0.1 * sqrt(4 / 3) */
		for (size_t i = 0; i < p.len; i++)
			rates[i] = p.slices[i].side == SIDE_TO ? 100 * exp(0.5 + (i / 4 % 2 ? 0.1 : -0.1)) : 100;
		assert_true(fabs(plan_noise(cases[c].pairing, &p, rates) - cases[c].noise * sqrt(4 / 3.)) < 1e-9);
		rates[7] = 0;
		assert_true(isnan(plan_noise(cases[c].pairing, &p, rates)));
		p.len = 4;
		assert_true(isnan(plan_noise(cases[c].pairing, &p, rates)));
	}
}

static void seed_decides(void **state)
{
	(void)state;
	CLEANUP(plan) struct plan a = { 0 }, b = { 0 }, c = { 0 };
	check_ok(plan_make(PAIRING_INTERLEAVED, 40 * NS_PER_SECOND, 0, 7, &a, err));
	check_ok(plan_make(PAIRING_INTERLEAVED, 40 * NS_PER_SECOND, 0, 7, &b, err));
	check_ok(plan_make(PAIRING_INTERLEAVED, 40 * NS_PER_SECOND, 0, 8, &c, err));
	bool differs = false;
	for (size_t i = 0; i < a.len; i++) {
		assert_int_equal(a.slices[i].side, b.slices[i].side);
		differs |= a.slices[i].side != c.slices[i].side;
	}
	assert_true(differs);
}

static void refuses(void **state)
{
	(void)state;
	struct plan p = { 0 };
	check_fails(plan_make(PAIRING_INTERLEAVED, 0, 0, 1, &p, err), ERROR_USAGE, "too short");
	check_fails(plan_make(PAIRING_INTERLEAVED, 99 * NS_PER_MS, 0, 1, &p, err), ERROR_USAGE, "too short");
	check_fails(plan_make(PAIRING_INTERLEAVED, NS_PER_SECOND, 49 * NS_PER_MS, 1, &p, err), ERROR_USAGE,
		    "slices of 0.049 s");
	check_fails(plan_make(PAIRING_INTERLEAVED, NS_PER_SECOND, 501 * NS_PER_MS, 1, &p, err), ERROR_USAGE,
		    "no room for two slices");
	check_fails(plan_make(PAIRING_INTERLEAVED, NS_PER_SECOND, UINT64_MAX, 1, &p, err), ERROR_USAGE,
		    "no room for two slices");
	check_fails(plan_make(PAIRING_SEQUENTIAL, UINT64_MAX, 0, 1, &p, err), ERROR_USAGE, "too many slices");
	assert_null(p.slices);
	assert_int_equal(p.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_is_splitmix64),
		cmocka_unit_test(fills_the_test_time),
		cmocka_unit_test(interleaved_blocks_are_abba_or_baab),
		cmocka_unit_test(sequential_is_one_after_the_other),
		cmocka_unit_test(duets_swap_positions_in_each_block),
		cmocka_unit_test(plans_of_a_test_count_on),
		cmocka_unit_test(slices_are_as_long_as_events_ask),
		cmocka_unit_test(starts_are_what_the_load_can_pay),
		cmocka_unit_test(noise_is_per_second_of_wall_time),
		cmocka_unit_test(seed_decides),
		cmocka_unit_test(refuses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
