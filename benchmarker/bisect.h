/* Which of a line of commits made a test slower: noisy binary search as Bayesian inference. Pure.
 *
 *     struct bisect_measurement m[…]; size_t len = 0;             // commit 0 is good, commit n is bad
 *     struct bisect_search s = { .commits = n, .skipped = skipped, .confidence = 0.99 };
 *     for (;;) {
 *             struct bisect_decision d;
 *             s.measurements = m, s.len = len;
 *             if (bisect_decide(&s, &d, err) < 0) …
 *             if (d.action != BISECT_MEASURE)
 *                     break;
 *             // build commit d.next: if that fails, skipped[d.next] = true; else compare it with commit 0, and
 *             m[len++] = (struct bisect_measurement){ d.next, log_slowdown, standard_error };
 *     }
 *
 * The decision depends on what is passed alone: a search that was stopped goes on where it was.
 *
 * Model. A measurement of commit k says how much slower k is than good, as a natural logarithm (0.2: 22 % more time).
 * Hypothesis H_j: commit j is the first slow one; commits before it have good's level, those from j on have bad's
 * level, which is unknown (flat prior). A measurement scatters around its level by Student's t with 4 degrees of
 * freedom (bursts of stolen time), scale sqrt(standard_error^2 + tau^2). tau is what differs from one start of the
 * servers and from one build to the next and stands in no interval; it is unknown too, from 0.3 to 8 %, small values
 * likelier. Level and tau are integrated out numerically. All commits are equally likely before. By Bayes' theorem,
 * repeated measurements of a commit count with those of its neighbours.
 *
 * Next is the commit with the largest expected information per cost (the mutual information of its measurement and the
 * culprit): at equal cost the one that halves the remaining probability, as Horstein's scheme does (IEEE Transactions
 * on Information Theory 9, 1963; its convergence: Burnashev and Zigangirov 1974).
 *
 * First bad is measured against good, at most first_max times, until the posterior probability that it is slower is
 * 0.975: else there is BISECT_NO_DIFFERENCE to look for. With a larger first_max the search goes on from there.
 *
 * More than one change. A commit that does not fit the level that the likeliest hypothesis gives it (p < 0.002 by the
 * spread of repeated measurements, after it and the end of its level have been measured twice) is a bend: the search
 * goes on in that part, before or after it, whose step is the larger, and the decision names it. So it is when a
 * slowdown came in two parts, or was there, mended, and came again.
 */
#ifndef BENCHMARKER_BISECT_H
#define BENCHMARKER_BISECT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define BISECT_FIRST_MAX 5
#define BISECT_BENDS_MAX 16

struct bisect_measurement {
	size_t commit;         /* 1 … commits */
	double slowdown;       /* natural logarithm of its time per event over good's; finite */
	double standard_error; /* of that; finite, >= 0 */
};

struct bisect_search {
	size_t commits;      /* n: those after good, bad among them; >= 1 */
	const bool *skipped; /* n + 1: cannot be measured; never 0 or n. NULL: all can */
	const double *cost;  /* n + 1: of measuring it, > 0, in any unit. NULL: all the same */
	const struct bisect_measurement *measurements;
	size_t len;
	size_t first_max;  /* measurements of bad, before it is no slower; 0: BISECT_FIRST_MAX */
	double confidence; /* of the answer: in (0.5, 1) */
};

enum bisect_action { BISECT_MEASURE, BISECT_FOUND, BISECT_NO_DIFFERENCE };

enum bisect_why {
	BISECT_WHY_FIRST, /* is bad slower than good? */
	BISECT_WHY_SPLIT, /* it tells most about what is left */
	BISECT_WHY_AGAIN, /* that too, and it was measured before */
	BISECT_WHY_BEND,  /* it, or the end that it is held against, does not fit: is that so? */
};

/* A level of slowdown, and its 95 % interval. */
struct bisect_level {
	double mean, low, high;
};

enum bisect_bend_kind {
	BISECT_BEND_PART,    /* between both levels: one of several steps */
	BISECT_BEND_FASTER,  /* faster than what is before it */
	BISECT_BEND_SLOWER,  /* slower than what is after it: something mended it */
	BISECT_BEND_REVERSED /* as good after a slow one, or as bad before a fast one */
};

struct bisect_bend {
	size_t commit;
	enum bisect_bend_kind kind;
	double level;
	size_t low, high; /* the part in which the search went on: (low, high] */
};

struct bisect_decision {
	enum bisect_action action;
	size_t next; /* to measure */
	enum bisect_why why;
	/* The likeliest answer: it is one of low + 1 … high, which is one commit unless those in between are skipped
	 * or, before BISECT_FOUND, not measured. */
	size_t low, high;
	double probability; /* of that */
	/* The shortest run of commits that holds the culprit with the probability `confidence`. */
	size_t range_low, range_high;      /* (range_low, range_high] */
	struct bisect_level before, after; /* on both sides of the likeliest answer */
	struct bisect_level step;          /* what the culprit added */
	struct bisect_level bad;           /* all measurements of commit n */
	struct bisect_bend bends[BISECT_BENDS_MAX];
	size_t bends_len;
};

/* -1: out of memory, or a measurement, a skipped end or a confidence outside what is said above (ERROR_INTERNAL). */
int bisect_decide(const struct bisect_search *s, struct bisect_decision *ret, struct error *err);

/* Probability that commit k is slow, k from 0 to n: ret has n + 1 places. Of the whole line if there are no bends, else
 * of the part that is searched; commits before that have 0, after it 1. */
int bisect_probabilities(const struct bisect_search *s, double *ret, struct error *err);

#endif
