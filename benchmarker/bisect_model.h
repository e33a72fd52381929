/* The probabilities of bisect.h; its files alone include this. bisect.c (what to do next) → bisect_model.c (how likely
 * each culprit is), bisect_choose.c (what a further measurement would tell). */
#ifndef BENCHMARKER_BISECT_MODEL_H
#define BENCHMARKER_BISECT_MODEL_H

#include "benchmarker/bisect.h"

/* Posterior over the part (low, high] of the line, from the measurements in it and at its ends. Between two measured
 * commits all hypotheses are equally likely: positions[0] is low, the others are the measured commits after it, the
 * last is high, which must be measured; weights[i] is the probability that the culprit is one of
 * positions[i - 1] + 1 … positions[i]. */
struct bisect_model {
	size_t *positions; /* len + 1; owned */
	double *weights;   /* len + 1, the first is 0; owned */
	size_t len;
	double tau; /* its posterior mean */
};
#define BISECT_MODEL_INIT \
	{                 \
		0         \
	}
void bisect_model_release(struct bisect_model *m);
int bisect_model_fit(const struct bisect_search *s, size_t low, size_t high, struct bisect_model *ret,
		     struct error *err);

/* Probability that commit k, from low to high, is slow. */
double bisect_model_slow(const struct bisect_model *m, size_t k);

/* Probability that the last commit is slower than good, from its own measurements. */
double bisect_model_difference(const struct bisect_search *s);

/* The commit whose measurement tells most about the culprit for its cost, or 0 if none tells anything. variance: of one
 * measurement around its commit's level. */
size_t bisect_model_choose(const struct bisect_search *s, const struct bisect_model *m, double variance);

#endif
