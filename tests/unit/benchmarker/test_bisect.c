#include "benchmarker/bisect.h"

#include "base/cleanup.h"
#include "check.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_STEPS = 100 };

/* A line of commits with known levels, and the noise of measuring them. */
struct world {
	size_t commits, culprit;
	double step;
	size_t second; /* a further change; 0: none */
	double second_step;
	const bool *skipped;
	double standard_error; /* what a measurement's own interval says, give or take 30 % */
	double start;          /* spread from one start of the servers to the next, which stands in no interval */
	double build;          /* spread from one build to another, the same in each measurement of a commit */
	double burst;          /* share of measurements that are off by four times their standard error */
	double confidence;     /* 0: 0.99 */
	size_t calls;          /* each may measure bad as often as the first; 0: one */
};

struct outcome {
	struct bisect_decision decision;
	size_t steps;
	bool measured_skipped;
};

static uint64_t random_state;

static double uniform(void)
{
	random_state ^= random_state << 13; /* Marsaglia's xorshift64 */
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return ((double)(random_state >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(void)
{
	return sqrt(-2 * log(uniform())) * cos(2 * 3.14159265358979 * uniform());
}

static void seed_random(uint64_t seed)
{
	random_state = 88172645463325252u + seed * 7919;
	for (int i = 0; i < 20; i++)
		uniform();
}

static struct bisect_measurement measure(const struct world *w, size_t k, const double *builds)
{
	double error = w->standard_error * (0.7 + 0.6 * uniform());
	double x = builds[k] + error * normal() + w->start * normal();
	x += k >= w->culprit ? w->step : 0;
	x += w->second && k >= w->second ? w->second_step : 0;
	if (uniform() < w->burst)
		x += 4 * error * normal();
	return (struct bisect_measurement){ k, x, error };
}

static struct outcome search_in(const struct world *w, uint64_t seed)
{
	struct bisect_measurement measurements[MOST_STEPS];
	struct outcome o = { 0 };
	AUTO_FREE double *builds = calloc(w->commits + 1, sizeof *builds);
	assert_non_null(builds);
	seed_random(seed);
	for (size_t i = 0; i <= w->commits && w->build > 0; i++)
		builds[i] = w->build * normal();
	for (;;) {
		struct bisect_search s = { .commits = w->commits,
					   .skipped = w->skipped,
					   .measurements = measurements,
					   .len = o.steps,
					   .first_max = BISECT_FIRST_MAX * (w->calls ? w->calls : 1),
					   .confidence = w->confidence > 0 ? w->confidence : 0.99 };
		check_ok(bisect_decide(&s, &o.decision, err));
		if (o.decision.action != BISECT_MEASURE || o.steps == MOST_STEPS)
			return o;
		size_t next = o.decision.next;
		assert_in_range(next, 1, w->commits);
		o.measured_skipped |= w->skipped && w->skipped[next];
		measurements[o.steps++] = measure(w, next, builds);
	}
}

static bool is_right(const struct world *w, const struct outcome *o)
{
	return o->decision.action == BISECT_FOUND && o->decision.low + 1 == w->culprit &&
	       o->decision.high == w->culprit;
}

/* Right in 95 of 100 at least, with few measurements, from a quiet machine to one where a start of the servers moves
 * the ratio by 5 % and every twentieth interval lies. */
static void finds_the_commit(void **state)
{
	(void)state;
	static const struct {
		double standard_error, start, build, burst, most_steps;
	} cases[] = {
		{ 0.01, 0, 0, 0, 5.3 },          { 0.02, 0.01, 0, 0, 6.5 },      { 0.02, 0.01, 0.005, 0.1, 7 },
		{ 0.03, 0.03, 0.005, 0.1, 9.5 }, { 0.03, 0.05, 0.01, 0.05, 12 }, { 0.05, 0.02, 0.01, 0.1, 13 },
	};
	enum { RUNS = 200 };
	for (size_t c = 0; c < ARRAY_SIZE(cases); c++) {
		size_t right = 0, steps = 0;
		for (uint64_t run = 0; run < RUNS; run++) {
			struct world w = { .commits = 16,
					   .culprit = 1 + run % 16,
					   .step = log(1.2),
					   .standard_error = cases[c].standard_error,
					   .start = cases[c].start,
					   .build = cases[c].build,
					   .burst = cases[c].burst };
			struct outcome o = search_in(&w, 1000 * c + run);
			right += is_right(&w, &o);
			steps += o.steps;
		}
		print_message("standard error %.2f, start %.2f: right %zu of %d, %.1f steps\n", cases[c].standard_error,
			      cases[c].start, right, RUNS, (double)steps / RUNS);
		assert_true(right * 100 >= 95 * RUNS);
		assert_true((double)steps / RUNS <= cases[c].most_steps);
	}
}

/* log2 of 20,000 is 14.3, and one more compares bad with good. */
static void takes_few_steps_in_a_long_history(void **state)
{
	(void)state;
	for (uint64_t run = 0; run < 5; run++) {
		struct world w = {
			.commits = 20000, .culprit = 1 + run * 4999, .step = 0.2, .standard_error = 0.01, .start = 0.002
		};
		struct outcome o = search_in(&w, run);
		assert_true(is_right(&w, &o));
		assert_in_range(o.steps, 14, 18);
	}
}

static void needs_one_measurement_for_one_commit(void **state)
{
	(void)state;
	struct world w = { .commits = 1, .culprit = 1, .step = 0.3, .standard_error = 0.01 };
	struct outcome o = search_in(&w, 1);
	assert_true(is_right(&w, &o));
	assert_int_equal(o.steps, 1);
	assert_true(o.decision.step.low < 0.3 && o.decision.step.high > 0.3);
	w.commits = 2;
	for (w.culprit = 1; w.culprit <= 2; w.culprit++) {
		o = search_in(&w, 2);
		assert_true(is_right(&w, &o));
		assert_in_range(o.steps, 2, 3);
	}
}

/* The interval of what the commit added holds the truth. */
static void says_how_much_it_is(void **state)
{
	(void)state;
	enum { RUNS = 200 };
	size_t covered = 0;
	for (uint64_t run = 0; run < RUNS; run++) {
		struct world w = { .commits = 16,
				   .culprit = 1 + run % 16,
				   .step = 0.2,
				   .standard_error = 0.02,
				   .start = 0.02,
				   .burst = 0.05 };
		struct outcome o = search_in(&w, run);
		covered += o.decision.step.low <= 0.2 && o.decision.step.high >= 0.2;
	}
	print_message("intervals of the step cover %zu of %d\n", covered, RUNS);
	assert_true(covered * 100 >= 93 * RUNS);
}

/* Two identical ends, or a faster one: at most one in twenty ends with a commit that is blamed, also where the same
 * question is asked four times. */
static void looks_for_nothing_where_there_is_nothing(void **state)
{
	(void)state;
	static const struct {
		double standard_error, start, burst, step;
		size_t calls;
	} cases[] = { { 0.02, 0, 0, 0, 1 },
		      { 0.03, 0.03, 0.1, 0, 1 },
		      { 0.02, 0, 0, -0.3, 1 },
		      { 0.5, 0.05, 0.05, 0, 1 },
		      { 0.03, 0.03, 0.1, 0, 4 } };
	for (size_t c = 0; c < ARRAY_SIZE(cases); c++) {
		size_t blamed = 0, runs = cases[c].calls > 1 ? 60 : 400;
		for (uint64_t run = 0; run < runs; run++) {
			struct world w = { .commits = 16,
					   .culprit = 5,
					   .step = cases[c].step,
					   .standard_error = cases[c].standard_error,
					   .start = cases[c].start,
					   .burst = cases[c].burst,
					   .calls = cases[c].calls };
			struct outcome o = search_in(&w, run);
			blamed += o.decision.action != BISECT_NO_DIFFERENCE;
		}
		print_message("nothing to find: blamed %zu of %zu\n", blamed, runs);
		assert_true(blamed * 100 <= 5 * runs);
	}
}

/* What five measurements leave open, more of them show: a slowdown as large as a measurement's own error. */
static void asked_again_it_knows_more(void **state)
{
	(void)state;
	enum { RUNS = 40 };
	size_t slower[2] = { 0 };
	for (size_t again = 0; again < 2; again++)
		for (uint64_t run = 0; run < RUNS; run++) {
			struct world w = {
				.commits = 1, .culprit = 1, .step = 0.03, .standard_error = 0.03, .calls = again ? 4 : 1
			};
			struct outcome o = search_in(&w, run);
			assert_true(o.decision.action == BISECT_FOUND || o.steps == w.calls * BISECT_FIRST_MAX);
			slower[again] += o.decision.action == BISECT_FOUND;
		}
	print_message("slowdown of one standard error: found %zu of %d in one call, %zu in four\n", slower[0], RUNS,
		      slower[1]);
	assert_true(slower[1] >= slower[0] + (RUNS - slower[0]) / 2);
}

/* Commits that do not build, anywhere: never measured, never blamed alone, and the answer names them where they stand
 * beside the culprit. */
static void goes_around_commits_that_do_not_build(void **state)
{
	(void)state;
	enum { RUNS = 200, N = 16 };
	size_t right = 0, ranges = 0;
	for (uint64_t run = 0; run < RUNS; run++) {
		bool skipped[N + 1] = { false };
		seed_random(run + 77);
		for (size_t k = 1; k < N; k++)
			skipped[k] = uniform() < 0.4;
		struct world w = { .commits = N,
				   .culprit = 1 + run % N,
				   .step = 0.2,
				   .standard_error = 0.02,
				   .start = 0.01,
				   .skipped = skipped };
		struct outcome o = search_in(&w, run);
		size_t low = w.culprit - 1, high = w.culprit;
		for (; skipped[low]; low--)
			;
		for (; skipped[high]; high++)
			;
		assert_false(o.measured_skipped);
		right += o.decision.action == BISECT_FOUND && o.decision.low == low && o.decision.high == high;
		ranges += high - low > 1;
	}
	print_message("with commits that do not build: right %zu of %d, %zu of them ranges\n", right, RUNS, ranges);
	assert_true(right * 100 >= 95 * RUNS);
	assert_true(ranges > RUNS / 4);
}

static void says_all_where_nothing_between_builds(void **state)
{
	(void)state;
	bool skipped[6] = { false, true, true, true, true, false };
	struct world w = { .commits = 5, .culprit = 3, .step = 0.2, .standard_error = 0.01, .skipped = skipped };
	struct outcome o = search_in(&w, 3);
	assert_int_equal(o.decision.action, BISECT_FOUND);
	assert_int_equal(o.decision.low, 0);
	assert_int_equal(o.decision.high, 5);
	assert_int_equal(o.steps, 1);
}

/* A slowdown in two parts: the larger is found, and it is said that it is not all. */
static void finds_the_larger_of_two_steps(void **state)
{
	(void)state;
	enum { RUNS = 100 };
	size_t right = 0, told = 0;
	for (uint64_t run = 0; run < RUNS; run++) {
		struct world w = { .commits = 16,
				   .culprit = 1 + run % 6,
				   .step = run % 2 ? 0.2 : 0.08,
				   .second = 11 + run % 6,
				   .second_step = run % 2 ? 0.08 : 0.2,
				   .standard_error = 0.008,
				   .start = 0.004 };
		struct outcome o = search_in(&w, run);
		size_t larger = run % 2 ? w.culprit : w.second;
		right += o.decision.action == BISECT_FOUND && o.decision.high == larger && o.decision.low + 1 == larger;
		bool part = o.decision.bends_len && o.decision.bends[0].kind == BISECT_BEND_PART;
		told += part;
		if (part && o.decision.high == larger)
			assert_true(fabs(o.decision.step.mean - 0.2) < 0.05);
	}
	print_message("two steps: right %zu, told %zu of %d\n", right, told, RUNS);
	assert_true(right >= 95 && told >= 90);
}

/* Slow, mended, slow again: one of the two commits that made it slow is found, and the return is told. */
static void tells_of_a_slowdown_that_came_twice(void **state)
{
	(void)state;
	struct bisect_measurement m[] = { { 16, 0.2, 0.01 }, { 8, 0.0, 0.01 },  { 12, 0.2, 0.01 },
					  { 10, 0.2, 0.01 }, { 9, 0.2, 0.01 },  { 4, 0.2, 0.01 },
					  { 4, 0.2, 0.01 },  { 16, 0.2, 0.01 }, { 8, 0.0, 0.01 } };
	struct bisect_search s = { .commits = 16, .measurements = m, .len = ARRAY_SIZE(m), .confidence = 0.99 };
	struct bisect_decision d;
	check_ok(bisect_decide(&s, &d, err));
	assert_int_equal(d.bends_len, 1);
	assert_int_equal(d.bends[0].kind, BISECT_BEND_REVERSED);
	assert_true(d.action == BISECT_FOUND ? d.high == 9 : d.next < 4);
}

static void tells_of_a_commit_that_is_faster_than_good(void **state)
{
	(void)state;
	struct bisect_measurement m[] = { { 16, 0.2, 0.01 }, { 8, -0.3, 0.01 } };
	struct bisect_search s = { .commits = 16, .measurements = m, .len = 2, .confidence = 0.99 };
	struct bisect_decision d;
	check_ok(bisect_decide(&s, &d, err));
	assert_int_equal(d.action, BISECT_MEASURE); /* once is no proof */
	assert_int_equal(d.why, BISECT_WHY_BEND);
	assert_int_equal(d.next, 8);
	struct bisect_measurement more[] = { m[0], m[1], { 8, -0.3, 0.01 }, { 8, -0.31, 0.01 }, m[0] };
	s.measurements = more;
	s.len = ARRAY_SIZE(more);
	check_ok(bisect_decide(&s, &d, err));
	assert_int_equal(d.bends_len, 1);
	assert_int_equal(d.bends[0].kind, BISECT_BEND_FASTER);
	assert_int_equal(d.bends[0].commit, 8);
	assert_in_range(d.next, 9, 15); /* where the larger step is */
}

/* A build takes as long as five measurements: what is built already is looked at first where it tells as much. */
static void weighs_the_cost(void **state)
{
	(void)state;
	double cost[17];
	for (size_t k = 0; k <= 16; k++)
		cost[k] = k == 7 ? 1 : 6;
	struct bisect_measurement m[] = { { 16, 0.2, 0.01 } };
	struct bisect_search s = { .commits = 16, .cost = cost, .measurements = m, .len = 1, .confidence = 0.99 };
	struct bisect_decision d;
	check_ok(bisect_decide(&s, &d, err));
	assert_int_equal(d.next, 7);
	s.cost = NULL;
	check_ok(bisect_decide(&s, &d, err));
	assert_int_equal(d.next, 8);
}

static void gives_probabilities(void **state)
{
	(void)state;
	struct bisect_measurement m[] = { { 4, 0.2, 0.01 }, { 2, 0.0, 0.01 } };
	struct bisect_search s = { .commits = 4, .measurements = m, .len = 2, .confidence = 0.99 };
	double p[5];
	check_ok(bisect_probabilities(&s, p, err));
	assert_true(p[0] == 0 && p[4] == 1);
	assert_true(p[2] < 0.05 && p[3] > 0.4 && p[3] < 0.6);
	s.len = 0;
	check_ok(bisect_probabilities(&s, p, err));
	assert_true(p[1] == 0.25 && p[4] == 1);
}

static void refuses_what_cannot_be(void **state)
{
	(void)state;
	bool first[] = { true, false, false };
	struct bisect_measurement outside = { 3, 0, 0 }, nan = { 1, NAN, 0 }, unbounded = { 1, 0, INFINITY };
	const struct bisect_search cases[] = {
		{ .commits = 0, .confidence = 0.99 },
		{ .commits = 2, .confidence = 1 },
		{ .commits = 2, .confidence = 0.5 },
		{ .commits = 2, .confidence = 0.99, .skipped = first },
		{ .commits = 2, .confidence = 0.99, .measurements = &outside, .len = 1 },
		{ .commits = 2, .confidence = 0.99, .measurements = &nan, .len = 1 },
		{ .commits = 2, .confidence = 0.99, .measurements = &unbounded, .len = 1 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bisect_decision d;
		check_fails(bisect_decide(&cases[i], &d, err), ERROR_INTERNAL, "cannot be");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_commit),
		cmocka_unit_test(takes_few_steps_in_a_long_history),
		cmocka_unit_test(needs_one_measurement_for_one_commit),
		cmocka_unit_test(says_how_much_it_is),
		cmocka_unit_test(looks_for_nothing_where_there_is_nothing),
		cmocka_unit_test(asked_again_it_knows_more),
		cmocka_unit_test(goes_around_commits_that_do_not_build),
		cmocka_unit_test(says_all_where_nothing_between_builds),
		cmocka_unit_test(finds_the_larger_of_two_steps),
		cmocka_unit_test(tells_of_a_slowdown_that_came_twice),
		cmocka_unit_test(tells_of_a_commit_that_is_faster_than_good),
		cmocka_unit_test(weighs_the_cost),
		cmocka_unit_test(gives_probabilities),
		cmocka_unit_test(refuses_what_cannot_be),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
