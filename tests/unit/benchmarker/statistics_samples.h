/* Pairs of slices for the tests of statistics. */
#ifndef TESTS_STATISTICS_SAMPLES_H
#define TESTS_STATISTICS_SAMPLES_H

#include "benchmarker/statistics.h"

#include "base/clock.h"
#include "check.h"

#include <math.h>
#include <stdlib.h>

#define check_close(actual, expected, relative)                                                                 \
	do {                                                                                                    \
		double a_ = (actual), e_ = (expected);                                                          \
		if (!(fabs(a_ - e_) <= (relative)*fabs(e_)))                                                    \
			fail_msg("%s is %.12g; expected %.12g within %g", #actual, a_, e_, (double)(relative)); \
	} while (0)

/* Samples and pairs of one test. */
struct fixture {
	struct sample *samples; /* from and to of pair i at 2i and 2i + 1 */
	struct sample_pair *pairs;
	size_t len;
};

static inline void fixture_release(struct fixture *f)
{
	for (size_t i = 0; i < 2 * f->len; i++)
		sample_release(&f->samples[i]);
	free(f->samples);
	free(f->pairs);
	*f = (struct fixture){ 0 };
}

/* A second of one thread with that many events, which took all of it. */
static inline void fill(struct sample *s, double events)
{
	histogram_release(&s->latency);
	*s = (struct sample){ .threads = 1, .busy_ns = NS_PER_SECOND, .events = (uint64_t)llround(events) };
	s->latency_sum_ns = s->events ? NS_PER_SECOND : 0;
}

/* Blocks of two pairs, in starts of pairs_per_start pairs; 1000 events everywhere. */
static inline struct fixture fixture_make(size_t pairs, size_t pairs_per_start)
{
	struct fixture f = { .samples = calloc(2 * pairs + 1, sizeof *f.samples),
			     .pairs = calloc(pairs + 1, sizeof *f.pairs),
			     .len = pairs };
	assert_true(f.samples && f.pairs);
	for (size_t i = 0; i < pairs; i++) {
		f.pairs[i] = (struct sample_pair){ &f.samples[2 * i], &f.samples[2 * i + 1], (uint32_t)(i / 2),
						   (uint32_t)(i / pairs_per_start) };
		fill(&f.samples[2 * i], 1000);
		fill(&f.samples[2 * i + 1], 1000);
	}
	return f;
}

static inline struct comparison compare(const struct fixture *f, enum pairing pairing)
{
	const struct statistics_spec spec = { .pairing = pairing };
	struct comparison c;
	check_ok(statistics_compare(f->pairs, f->len, &spec, &c, err));
	return c;
}

/* Standard normal by Box and Muller. */
static inline double normal(uint64_t *seed)
{
	double u = ((double)(plan_random(seed) >> 11) + 0.5) / 9007199254740992.0;
	double v = (double)(plan_random(seed) >> 11) / 9007199254740992.0;
	return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

#endif
