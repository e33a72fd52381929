/* Do the intervals hold what they say on noise that was recorded (docs/statistics.md), bursts, drift and all? */
#include "base/cleanup.h"
#include "base/fs.h"
#include "check.h"
#include "noise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FILES 8
static const char *const recordings[FILES] = {
	"gms-point-select",          "gms-update-non-index",          "mariadb-point-select",
	"mariadb-update-non-index",  "busy-gms-point-select",         "busy-gms-update-non-index",
	"busy-mariadb-point-select", "busy-mariadb-update-non-index",
};
static struct noise files[2][FILES]; /* interleaved, duet */

static int load(void **state)
{
	(void)state;
	const char *folder = getenv("TEST_DATA");
	if (!folder)
		fail_msg("TEST_DATA is not set: run by meson test");
	for (enum pairing p = PAIRING_INTERLEAVED; p <= PAIRING_DUET; p++)
		for (size_t i = 0; i < FILES; i++) {
			AUTO_FREE char *path =
				str_printf(NULL, "%s/noise/%s.%s.csv", folder, recordings[i], pairing_name(p));
			check_ok(noise_load(&files[p][i], path, err));
			assert_true(files[p][i].starts >= 20 && files[p][i].len >= 200);
		}
	return 0;
}

static int unload(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * FILES; i++)
		noise_release(&files[i / FILES][i % FILES]);
	return 0;
}

static struct comparison run(const struct noise *n, enum pairing pairing, size_t starts, double ratio, uint64_t *seed)
{
	CLEANUP(noise_job) struct noise_job job = { 0 };
	const struct statistics_spec spec = { .pairing = pairing };
	struct comparison c;
	check_ok(noise_draw(n, starts, ratio, seed, &job, err));
	check_ok(statistics_compare(job.pairs, job.len, &spec, &c, err));
	return c;
}

/* Share of replayed tests whose 95 % interval holds the true ratio. */
static double coverage(enum pairing pairing, size_t starts, double ratio)
{
	enum { JOBS = 1200 };
	size_t covered = 0;
	uint64_t seed = 20261123;
	for (size_t job = 0; job < JOBS; job++) {
		struct comparison c = run(&files[pairing][job % FILES], pairing, starts, ratio, &seed);
		const struct estimate *e = &c.metrics[METRIC_THROUGHPUT];
		covered += e->low <= ratio && ratio <= e->high;
	}
	double share = (double)covered / JOBS;
	print_message("%s, %zu starts, ratio %.2f: %.4f\n", pairing_name(pairing), starts, ratio, share);
	return share;
}

/* Two standard deviations of 1,200 jobs are 1.3 in 100. What fewer than three starts are assumed to do is more than
 * these engines' starts do, so their intervals may hold the truth more often than they say, and never less. */
static void intervals_cover(void **state)
{
	(void)state;
	static const size_t starts[] = { 10, 5, 3, 2, 1 };
	for (enum pairing p = PAIRING_INTERLEAVED; p <= PAIRING_DUET; p++) {
		for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
			double share = coverage(p, starts[i], 1);
			assert_true(share >= 0.93 && (starts[i] < STATISTICS_STARTS_MIN || share <= 0.97));
		}
		/* A slowdown that is there is in the interval as often as none is. */
		double share = coverage(p, 10, 0.5);
		assert_true(share >= 0.93 && share <= 0.97);
	}
}

static void few_jobs_raise_an_alarm(void **state)
{
	(void)state;
	enum { JOBS = 200, TESTS = 19 };
	static const size_t starts[] = { 10, 3, 1 };
	uint64_t seed = 1;
	for (size_t k = 0; k < ARRAY_SIZE(starts); k++) {
		size_t alarms = 0;
		for (size_t job = 0; job < JOBS; job++) {
			struct comparison tests[TESTS];
			bool alarm = false;
			for (size_t t = 0; t < TESTS; t++) {
				enum pairing p = job % 2 ? PAIRING_DUET : PAIRING_INTERLEAVED;
				tests[t] = run(&files[p][t % FILES], p, starts[k], 1, &seed);
			}
			statistics_decide(tests, TESTS, 0.02);
			for (size_t t = 0; t < TESTS; t++)
				alarm |= tests[t].verdict == VERDICT_FASTER || tests[t].verdict == VERDICT_SLOWER;
			alarms += alarm;
		}
		print_message("%zu starts: %zu of %d jobs of %d equal tests raise an alarm\n", starts[k], alarms, JOBS,
			      TESTS);
		assert_true(alarms <= JOBS / 20);
	}
}

/* What is said to be found 9 times in 10 is, as nearly as ten starts tell the noise (to some 24 %, and its tails are
 * longer than normal ones); half of that is found in less than half as many jobs. Both over all recordings: in one
 * alone a few starts far out decide how much is said. */
static void what_is_detectable_is_found(void **state)
{
	(void)state;
	enum { JOBS = 300 };
	double all = 0, all_half = 0;
	for (enum pairing p = PAIRING_INTERLEAVED; p <= PAIRING_DUET; p++)
		for (size_t i = 0; i < FILES; i++) {
			uint64_t seed = 3;
			double said = 0;
			size_t found = 0, half = 0;
			for (size_t job = 0; job < JOBS; job++) {
				struct comparison c = run(&files[p][i], p, 10, 1, &seed);
				statistics_decide(&c, 1, 0.02);
				said += c.detectable_90 / JOBS;
			}
			for (size_t job = 0; job < JOBS; job++) {
				struct comparison c[] = { run(&files[p][i], p, 10, 1 - said, &seed),
							  run(&files[p][i], p, 10, 1 - said / 2, &seed) };
				statistics_decide(&c[0], 1, 0.02);
				statistics_decide(&c[1], 1, 0.02);
				found += c[0].verdict == VERDICT_SLOWER;
				half += c[1].verdict == VERDICT_SLOWER;
			}
			print_message("%s %s: of %.1f %% slower, %zu of %d found; of half that, %zu\n", recordings[i],
				      pairing_name(p), 100 * said, found, JOBS, half);
			assert_true(half < found);
			all_half += (double)half / JOBS / (2 * FILES);
			all += (double)found / JOBS / (2 * FILES);
		}
	assert_true(all >= 0.84 && all <= 0.96);
	assert_true(2 * all_half < all);
}

/* A machine that loses a tenth of its speed half-way through moves the ratio by less than a two-hundredth. */
static void drift_cancels(void **state)
{
	(void)state;
	uint64_t seed = 5;
	for (size_t job = 0; job < 200; job++) {
		enum pairing p = job % 2 ? PAIRING_DUET : PAIRING_INTERLEAVED;
		CLEANUP(noise_job) struct noise_job j = { 0 };
		const struct statistics_spec spec = { .pairing = p };
		struct comparison before, after;
		check_ok(noise_draw(&files[p][job % FILES], 10, 1, &seed, &j, err));
		check_ok(statistics_compare(j.pairs, j.len, &spec, &before, err));
		noise_slow_down(&j, j.len / 2 + plan_random(&seed) % j.len, 0.9);
		check_ok(statistics_compare(j.pairs, j.len, &spec, &after, err));
		double shift = after.metrics[METRIC_THROUGHPUT].ratio / before.metrics[METRIC_THROUGHPUT].ratio - 1;
		assert_true(fabs(shift) < 0.005);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(intervals_cover),
		cmocka_unit_test(few_jobs_raise_an_alarm),
		cmocka_unit_test(what_is_detectable_is_found),
		cmocka_unit_test(drift_cancels),
	};
	return cmocka_run_group_tests(tests, load, unload);
}
