/* Change points: found where they are, and seldom where there are none. Every series follows from its seed. */
#include "base/cleanup.h"
#include "benchmarker/changepoint.h"
#include "benchmarker/plan.h"
#include "check.h"

#include <math.h>

#define LEN_MAX 400
#define SERIES 300

static double normal(uint64_t *seed)
{
	double u = ((double)(plan_random(seed) >> 11) + 0.5) / 9007199254740992.0;
	double v = ((double)(plan_random(seed) >> 11) + 0.5) / 9007199254740992.0;
	return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

/* First-order correlated noise of standard deviation 1; degrees > 0: Student's t instead. */
static void noise(double correlation, int degrees, size_t len, uint64_t *seed, struct changepoint_point *p)
{
	double last = normal(seed);
	for (size_t i = 0; i < len; i++) {
		double chi = 0;
		last = correlation * last + sqrt(1 - correlation * correlation) * normal(seed);
		for (int k = 0; k < degrees; k++)
			chi += pow(normal(seed), 2);
		p[i] = (struct changepoint_point){ degrees ? last / sqrt(chi / degrees) : last, NAN };
	}
}

static void shift(struct changepoint_point *p, size_t from, size_t to, double by)
{
	for (size_t i = from; i < to; i++)
		p[i].value += by;
}

/* In how many of SERIES series without a change one is found. */
static size_t alarms(double correlation, int degrees, size_t len)
{
	struct changepoint_point p[LEN_MAX];
	uint64_t seed = 7;
	size_t n = 0;
	for (size_t s = 0; s < SERIES; s++) {
		CLEANUP(changepoints) struct changepoints c = { 0 };
		noise(correlation, degrees, len, &seed, p);
		check_ok(changepoint_find(p, len, 0.05, s, &c, err));
		n += c.len > 0;
	}
	return n;
}

/* 5 % of 300 is 15 with a standard deviation of 3.8; correlated ones cost more, where E-divisive has 60 and 200. */
static void false_alarms_are_as_rare_as_asked(void **state)
{
	(void)state;
	static const struct {
		double correlation;
		int degrees;
		size_t len, most;
	} cases[] = { { 0, 0, 8, 26 },  { 0, 0, 20, 26 },   { 0, 0, 60, 26 },
		      { 0, 3, 60, 26 }, { 0.3, 0, 60, 60 }, { 0.6, 0, 100, 75 } };
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t n = alarms(cases[i].correlation, cases[i].degrees, cases[i].len);
		if (n > cases[i].most)
			fail_msg("case %zu: %zu false alarms in %d", i, n, SERIES);
	}
}

static void a_change_is_found_at_its_place(void **state)
{
	(void)state;
	size_t found = 0, near = 0, covered = 0, inside = 0;
	for (size_t s = 0; s < 100; s++) {
		struct changepoint_point p[60];
		uint64_t seed = s;
		CLEANUP(changepoints) struct changepoints c = { 0 };
		noise(0, 0, 60, &seed, p);
		shift(p, 25, 60, -2);
		check_ok(changepoint_find(p, 60, 0.05, s, &c, err));
		if (c.len == 0)
			continue;
		found++;
		near += c.items[0].at >= 23 && c.items[0].at <= 27;
		covered += c.items[0].first <= 25 && c.items[0].last >= 25;
		inside += c.items[0].low <= -2 && c.items[0].high >= -2;
	}
	assert_true(found >= 95);
	if (near < 80 || covered < 0.92 * (double)found || inside < 0.85 * (double)found)
		fail_msg("of %zu: %zu near, %zu in the range, %zu with the size in its interval", found, near, covered,
			 inside);
}

static void a_change_and_its_repair_are_two(void **state)
{
	(void)state;
	struct changepoint_point p[120];
	uint64_t seed = 3;
	CLEANUP(changepoints) struct changepoints c = { 0 };
	noise(0, 0, 120, &seed, p);
	shift(p, 50, 62, 4);
	check_ok(changepoint_find(p, 120, 0.01, 1, &c, err));
	assert_int_equal(c.len, 2);
	assert_int_equal(c.items[0].at, 50);
	assert_int_equal(c.items[1].at, 62);
	assert_true(fabs(c.items[0].change - 4) < 1 && fabs(c.items[1].change + 4) < 1);
	assert_true(fabs(c.levels[0]) < 0.5 && fabs(c.levels[55] - 4) < 1 && c.levels[50] == c.levels[61]);
	assert_true(c.spread > 0.7 && c.spread < 1.3);
}

static void an_outlier_is_no_change(void **state)
{
	(void)state;
	for (size_t at = 0; at < 40; at += 13) {
		struct changepoint_point p[40];
		uint64_t seed = 11;
		CLEANUP(changepoints) struct changepoints c = { 0 };
		noise(0, 0, 40, &seed, p);
		p[at].value = 1e6;
		check_ok(changepoint_find(p, 40, 0.05, 1, &c, err));
		assert_int_equal(c.len, 0);
		assert_true(c.spread < 2);
	}
}

/* Half of the points say themselves that they are ten times as uncertain: with equal weights the change would drown. */
static void a_points_own_error_counts(void **state)
{
	(void)state;
	size_t weighted = 0, equal = 0;
	for (size_t s = 0; s < 40; s++) {
		struct changepoint_point p[60];
		uint64_t seed = s;
		noise(0, 0, 60, &seed, p);
		for (size_t i = 0; i < 60; i++) {
			p[i].error = i % 2 ? 5 : 0.5;
			p[i].value *= p[i].error;
		}
		shift(p, 30, 60, 1);
		CLEANUP(changepoints) struct changepoints a = { 0 }, b = { 0 };
		check_ok(changepoint_find(p, 60, 0.05, s, &a, err));
		for (size_t i = 0; i < 60; i++)
			p[i].error = NAN;
		check_ok(changepoint_find(p, 60, 0.05, s, &b, err));
		weighted += a.len > 0;
		equal += b.len > 0;
	}
	if (weighted < 20 || weighted < equal + 10)
		fail_msg("found %zu with errors, %zu without", weighted, equal);
}

static void the_same_seed_gives_the_same(void **state)
{
	(void)state;
	struct changepoint_point p[50];
	uint64_t seed = 5;
	noise(0, 0, 50, &seed, p);
	shift(p, 20, 50, 1.5);
	CLEANUP(changepoints) struct changepoints a = { 0 }, b = { 0 };
	check_ok(changepoint_find(p, 50, 0.05, 42, &a, err));
	check_ok(changepoint_find(p, 50, 0.05, 42, &b, err));
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.items, b.items, a.len * sizeof *a.items);
}

static void little_or_equal_values_are_no_trouble(void **state)
{
	(void)state;
	struct changepoint_point p[20];
	for (size_t i = 0; i < ARRAY_SIZE(p); i++)
		p[i] = (struct changepoint_point){ 1, 0 };
	for (size_t len = 0; len <= ARRAY_SIZE(p); len++) {
		CLEANUP(changepoints) struct changepoints c = { 0 }, d = { 0 };
		check_ok(changepoint_find(p, len, 0.05, 1, &c, err));
		assert_int_equal(c.len, 0);
		check_ok(changepoint_find_steps(p, len, 0.05, &d, err));
		assert_int_equal(d.len, 0);
	}
	CLEANUP(changepoints) struct changepoints c = { 0 };
	shift(p, 10, 20, 1); /* two levels without any noise */
	check_ok(changepoint_find(p, ARRAY_SIZE(p), 0.05, 1, &c, err));
	assert_int_equal(c.len, 1);
	assert_int_equal(c.items[0].at, 10);
	assert_true(c.items[0].change == 1 && c.items[0].low == 1 && c.items[0].high == 1);
}

static void steps_are_found(void **state)
{
	(void)state;
	size_t false_alarms = 0, found = 0;
	for (size_t s = 0; s < SERIES; s++) {
		struct changepoint_point p[40];
		uint64_t seed = s;
		CLEANUP(changepoints) struct changepoints c = { 0 }, d = { 0 };
		noise(0, 0, 40, &seed, p);
		for (size_t i = 0; i < 40; i++)
			p[i].error = 0.5; /* they claim half of what they vary */
		check_ok(changepoint_find_steps(p, 40, 0.05, &c, err));
		false_alarms += c.len > 0;
		p[17].value = -6;
		check_ok(changepoint_find_steps(p, 40, 0.05, &d, err));
		for (size_t i = 0; i < d.len; i++)
			if (d.items[i].at == 17 && d.items[i].first == 17 && d.items[i].last == 17 &&
			    d.items[i].change == -6)
				found++;
	}
	if (false_alarms > 26 || found < 0.9 * SERIES)
		fail_msg("%zu false alarms, %zu found", false_alarms, found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(false_alarms_are_as_rare_as_asked),
		cmocka_unit_test(a_change_is_found_at_its_place),
		cmocka_unit_test(a_change_and_its_repair_are_two),
		cmocka_unit_test(an_outlier_is_no_change),
		cmocka_unit_test(a_points_own_error_counts),
		cmocka_unit_test(the_same_seed_gives_the_same),
		cmocka_unit_test(little_or_equal_values_are_no_trouble),
		cmocka_unit_test(steps_are_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
