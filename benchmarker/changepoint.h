/* Where a series of measurements changed its level. Pure, and the same for the same seed on every machine.
 *
 *     CLEANUP(changepoints) struct changepoints found = { 0 };
 *     if (changepoint_find(points, len, 0.05 / series, seed, &found, err) < 0) …
 *     found.items[0].at is the first point after the first change
 *
 * Two kinds of series. Levels: each point is a measurement of its own (a commit against a baseline that stays), and a
 * change is a shift of the mean. Steps: each point is the change from the one before (each commit against its parent),
 * and a change is a step that is not 0.
 *
 * Levels. The statistic is the largest weighted difference of means, in standard errors, over all splits of all windows
 * of half, a quarter, an eighth … of the stretch that overlap by half (seeded binary segmentation: Kovács, Bühlmann,
 * Li, Munk, Biometrika 110, 2023), so that a change and its repair soon after do not hide each other. Values are first
 * cut to 3 robust standard deviations around the stretch's median, so that an outlier is no change (Huber).
 *
 * Its p-value is how often a series without a change has as large a one, by a wild bootstrap (Liu, Ann. Stat. 16,
 * 1988): what each point is off its neighbours gets a sign by chance, and a first-order process is made of that (the
 * sieve bootstrap of Bühlmann, Bernoulli 3, 1997). So points whose noise differs, claimed or not, keep it where it is,
 * and neighbours keep their correlation, which is estimated from differences of neighbours and of next neighbours, and
 * thus not from the levels, and taken to be a standard error larger, since it is uncertain. Each found change splits
 * its stretch, and both parts are tested again. At the end each change is put where it fits best between its
 * neighbours. Why not E-divisive (Matteson, James, J. Am. Stat. Assoc. 109, 2014): docs/history.md, with both measured.
 *
 * Steps. Each is held against its own standard error and against the robust spread of all steps around 0, by Student's
 * t with 4 degrees of freedom, since a step is one measurement and nothing beside it tells a burst of stolen time from
 * a change; both must be exceeded at alpha / len (Bonferroni).
 *
 * alpha is the risk of any change being found in a series without one. Measured: docs/history.md.
 */
#ifndef BENCHMARKER_CHANGEPOINT_H
#define BENCHMARKER_CHANGEPOINT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHANGEPOINT_LEVELS_MIN 8 /* points; with fewer, no permutation is rare enough */
#define CHANGEPOINT_STEPS_MIN 3

struct changepoint_point {
	double value;
	double error; /* standard error of the value, as its run claims; NAN or 0: not known */
};

struct changepoint {
	size_t at;          /* the first point after the change */
	size_t first, last; /* at lies in [first, last], with 95 % confidence */
	double change;      /* level after minus level before, or the step */
	double low, high;   /* its 95 % interval, wherever in [first, last] it is */
	double p_value;     /* of the test that found it, at least 1 / (1 + number of draws) */
};

struct changepoints {
	struct changepoint *items; /* by increasing at; owned */
	size_t len;
	double *levels; /* of each point: the mean of its stretch; of steps: the value; owned */
	double spread;  /* robust standard deviation of a point around its level, of a step around 0; NAN: not known */
	double correlation; /* of neighbours around their levels, as it is reckoned with; 0 for steps */
};
void changepoints_release(struct changepoints *c);

/* Values must be finite; 0 < alpha < 1. Fewer points than …_MIN: nothing is found, spread may be NAN. -1: no memory. */
int changepoint_find(const struct changepoint_point *points, size_t len, double alpha, uint64_t seed,
		     struct changepoints *ret, struct error *err);
int changepoint_find_steps(const struct changepoint_point *steps, size_t len, double alpha, struct changepoints *ret,
			   struct error *err);

#endif
