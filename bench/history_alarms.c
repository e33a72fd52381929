/* What a history's change points are worth, by simulation:
 *
 *     history_alarms alarms|power|range|looks|steps|time N SEED [e-divisive]
 *
 * N series of each kind, at 5 %; another seed gives other series. Every figure of a share has the binomial error of N.
 *
 * alarms: in how many series without a change one is found. power: in how many with a change it is found within two
 * points of its place, by size, number of points and place. range: of those in which a change is found, in how many its
 * range holds the true place, and its interval the true size; the points in the range; in how many more is found than
 * there is. looks: in how many series without a change one is found by who looks after each of 60 builds. steps: alarms
 * (0 sd) and power for the steps of a chain. time: seconds for N series of 1,000 points with two changes each.
 *
 * e-divisive: alarms and power of that, too (bench/e_divisive.h). */
#include "base/clock.h"
#include "base/str.h"
#include "benchmarker/changepoint.h"
#include "e_divisive.h"
#include "made_noise.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEN_MAX E_DIVISIVE_LEN_MAX
#define ALPHA 0.05
#define NEAR 2

struct run {
	size_t series;
	uint64_t seed;
	bool e_divisive;
};

static bool failed; /* a series could not be looked at, for want of memory: no figure is to be believed */

static double percent(size_t n, size_t of)
{
	return of ? 100.0 * (double)n / (double)of : 0;
}

/* Another stream for each kind of series. */
static uint64_t stream(const struct run *r, uint64_t a, uint64_t b, uint64_t c)
{
	return r->seed * 1000003 + a * 10007 + b * 101 + c;
}

static void find(const struct changepoint_point *p, size_t len, uint64_t seed, struct changepoints *ret)
{
	struct error err = ERROR_INIT;
	if (changepoint_find(p, len, ALPHA, seed, ret, &err) == 0)
		return;
	fprintf(stderr, "history_alarms: %s\n", err.message);
	failed = true;
}

static void shift(struct changepoint_point *p, size_t from, size_t len, double by)
{
	for (size_t i = from; i < len; i++)
		p[i].value += by;
}

static bool is_near(size_t at, size_t place)
{
	return at + NEAR >= place && at <= place + NEAR;
}

/* Was anything found (place 0), or the change at place? */
static bool ours(const struct changepoint_point *p, size_t len, size_t place, uint64_t seed)
{
	CLEANUP(changepoints) struct changepoints c = { 0 };
	find(p, len, seed, &c);
	bool found = place == 0 && c.len;
	for (size_t i = 0; place && i < c.len; i++)
		found |= is_near(c.items[i].at, place);
	return found;
}

static bool theirs(const struct changepoint_point *p, size_t len, size_t place, uint64_t seed)
{
	double x[LEN_MAX];
	size_t at[LEN_MAX];
	for (size_t i = 0; i < len; i++)
		x[i] = p[i].value;
	size_t n = e_divisive(x, len, &seed, at);
	bool found = place == 0 && n;
	for (size_t i = 0; place && i < n; i++)
		found |= is_near(at[i], place);
	return found;
}

/* One line: a step (0: none) before point `place`. */
static void count_found(const struct run *r, enum made_noise_shape shape, size_t len, size_t place, double step)
{
	struct changepoint_point p[LEN_MAX];
	uint64_t seed = stream(r, shape, len, place + (size_t)(10 * step));
	size_t found = 0, by_others = 0;
	for (size_t s = 0; s < r->series; s++) {
		made_noise_make(shape, len, &seed, p);
		shift(p, place, len, step);
		found += ours(p, len, place, s);
		by_others += r->e_divisive && theirs(p, len, place, s);
	}
	if (place)
		printf("power %s %.0f sd at %zu of %zu: ours %.1f %%", made_noise_names[shape], step, place, len,
		       percent(found, r->series));
	else
		printf("alarms %s %zu points: ours %.1f %%", made_noise_names[shape], len, percent(found, r->series));
	if (r->e_divisive)
		printf(", E-divisive %.1f %%", percent(by_others, r->series));
	printf("\n");
	fflush(stdout);
}

static void alarms(const struct run *r)
{
	static const size_t lengths[] = { 10, 20, 60, 200 };
	for (enum made_noise_shape shape = 0; shape < NOISE_SHAPES; shape++)
		for (size_t i = 0; i < ARRAY_SIZE(lengths); i++)
			count_found(r, shape, lengths[i], 0, 0);
}

static void power(const struct run *r)
{
	static const size_t lengths[] = { 15, 30, 60, 120 };
	for (enum made_noise_shape shape = 0; shape < NOISE_SHAPES; shape++)
		for (size_t i = 0; i < ARRAY_SIZE(lengths); i++)
			for (int step = 1; step <= 3; step++) {
				count_found(r, shape, lengths[i], lengths[i] / 2, step);
				count_found(r, shape, lengths[i], lengths[i] - 5, step);
			}
}

struct covered {
	size_t found, range, size, more, points;
};

static void count_covered(const struct changepoints *c, size_t place, double step, struct covered *n)
{
	const struct changepoint *best = NULL;
	size_t least = SIZE_MAX;
	for (size_t i = 0; i < c->len; i++) {
		size_t at = c->items[i].at, off = at > place ? at - place : place - at;
		if (off < least) {
			least = off;
			best = &c->items[i];
		}
	}
	if (!best)
		return;
	n->found++;
	n->more += c->len > 1;
	n->range += best->first <= place && best->last >= place;
	n->points += best->last - best->first + 1;
	n->size += best->low <= step && best->high >= step;
}

static void range(const struct run *r)
{
	static const size_t lengths[] = { 30, 60, 120 };
	static const double steps[] = { 1, 1.5, 2, 3, 5 };
	struct changepoint_point p[LEN_MAX];
	for (enum made_noise_shape shape = 0; shape < NOISE_SHAPES; shape++)
		for (size_t i = 0; i < ARRAY_SIZE(lengths) * ARRAY_SIZE(steps); i++) {
			size_t len = lengths[i / ARRAY_SIZE(steps)];
			double step = steps[i % ARRAY_SIZE(steps)];
			struct covered n = { 0 };
			uint64_t seed = stream(r, shape, len, 500 + (size_t)(10 * step));
			for (size_t s = 0; s < r->series; s++) {
				CLEANUP(changepoints) struct changepoints c = { 0 };
				size_t place = (size_t)((0.2 + 0.6 * made_noise_uniform(&seed)) * (double)len);
				made_noise_make(shape, len, &seed, p);
				shift(p, place, len, step);
				find(p, len, s, &c);
				count_covered(&c, place, step, &n);
			}
			printf("range %s %.1f sd of %zu points: found %.1f %%; of these range %.1f %% (%.1f points), "
			       "size %.1f %%, more than one %.1f %%\n",
			       made_noise_names[shape], step, len, percent(n.found, r->series),
			       percent(n.range, n.found), n.found ? (double)n.points / (double)n.found : 0,
			       percent(n.size, n.found), percent(n.more, n.found));
			fflush(stdout);
		}
}

static void looks(const struct run *r)
{
	const size_t len = 60;
	struct changepoint_point p[LEN_MAX];
	for (enum made_noise_shape shape = 0; shape < NOISE_SHAPES; shape++) {
		size_t found = 0;
		uint64_t seed = stream(r, shape, len, 700);
		for (size_t s = 0; s < r->series; s++) {
			bool any = false;
			made_noise_make(shape, len, &seed, p);
			for (size_t n = CHANGEPOINT_LEVELS_MIN; n <= len && !any; n++)
				any = ours(p, n, 0, s);
			found += any;
		}
		printf("looks %s after each of %zu builds: %.1f %%\n", made_noise_names[shape], len,
		       percent(found, r->series));
		fflush(stdout);
	}
}

static bool finds_step(const struct changepoint_point *p, size_t len, size_t at, bool any)
{
	CLEANUP(changepoints) struct changepoints c = { 0 };
	failed |= changepoint_find_steps(p, len, ALPHA, &c, NULL) < 0;
	bool found = any && c.len;
	for (size_t i = 0; i < c.len; i++)
		found |= c.items[i].at == at;
	return found;
}

static void steps(const struct run *r)
{
	static const size_t lengths[] = { 5, 10, 20, 40, 100 };
	static const double sizes[] = { 0, 4, 6, 8, 10, 12 };
	struct changepoint_point p[LEN_MAX];
	for (enum made_noise_shape shape = 0; shape < NOISE_SHAPES; shape++)
		for (size_t i = 0; i < ARRAY_SIZE(lengths); i++)
			for (size_t k = 0; k < ARRAY_SIZE(sizes); k++) {
				size_t len = lengths[i], found = 0;
				uint64_t seed = stream(r, shape, len, 800);
				for (size_t s = 0; s < r->series; s++) {
					made_noise_make(shape, len, &seed, p);
					p[len / 2].value += sizes[k];
					found += finds_step(p, len, len / 2, sizes[k] == 0);
				}
				printf("steps %s %.0f sd of %zu: %.1f %%\n", made_noise_names[shape], sizes[k], len,
				       percent(found, r->series));
			}
}

static void duration(const struct run *r)
{
	struct changepoint_point p[LEN_MAX];
	uint64_t seed = r->seed, begin = clock_mono_ns();
	size_t found = 0;
	for (size_t s = 0; s < r->series; s++) {
		CLEANUP(changepoints) struct changepoints c = { 0 };
		made_noise_make(NOISE_GAUSS, LEN_MAX, &seed, p);
		shift(p, 300, 700, 3);
		if (changepoint_find(p, LEN_MAX, ALPHA / (double)r->series, s, &c, NULL) == 0)
			found += c.len;
	}
	printf("time %zu series of %d points: %.2f s, %zu changes of %zu\n", r->series, LEN_MAX,
	       (double)(clock_mono_ns() - begin) / 1e9, found, 2 * r->series);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(const struct run *r);
	} modes[] = { { "alarms", alarms }, { "power", power }, { "range", range },
		      { "looks", looks },   { "steps", steps }, { "time", duration } };
	long long series = 0, seed = 0;
	bool others = argc == 5 && strcmp(argv[4], "e-divisive") == 0;
	if (argc < 4 || (argc == 5 && !others) || argc > 5 || str_to_i64(argv[2], 1, 1000000, &series) < 0 ||
	    str_to_i64(argv[3], 0, INT64_MAX / 2000000, &seed) < 0)
		return 2;
	const struct run r = { (size_t)series, (uint64_t)seed, others };
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (strcmp(argv[1], modes[i].name) == 0) {
			modes[i].run(&r);
			return failed;
		}
	return 2;
}
