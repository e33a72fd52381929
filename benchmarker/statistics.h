/* Comparing two servers from paired slices. Pure.
 *
 *     struct comparison tests[2];
 *     statistics_compare(pairs, len, PAIRING_INTERLEAVED, &tests[0], err);   // one call a test
 *     …
 *     statistics_decide(tests, 2, 0.01);                                     // verdicts, over all tests of the job
 *
 * Ratio = to / from. Throughput above 1 is faster; latency above 1 is slower.
 *
 * Throughput and mean latency: the log-ratio of each pair of slices; the mean over a block's two pairs, which cancels a
 * linear drift (plan.h); neighbouring blocks form at most STATISTICS_BATCHES_MAX non-overlapping batches of at least
 * one block; the estimate is the mean of all blocks, and its 95 % interval Student's t on the batch means, with batches
 * - 1 degrees of freedom (Law, Simulation Modeling and Analysis, "batch means"; a batch weighs as many blocks as it
 * has, so that batches that differ in length by one block are treated exactly). Correlation between slices is absorbed
 * as far as it reaches less far than a batch. 95th percentile of latency: from the merged histograms of each batch, a
 * log-ratio a batch, then the same.
 *
 * Fewer than STATISTICS_BATCHES_MIN batches: the ratio is given, the interval is unbounded, the verdict undecided. A
 * pair with no event on a side has no ratio and is left out; when that befell more than a tenth of the pairs, what is
 * left is a selection, and the verdict stays undecided.
 *
 * PAIRING_SEQUENTIAL: a pair is two slices of equal index, measured a whole test time apart. Everything that changed in
 * between (neighbours on the machine, temperature, caches) is part of the ratio, and all batches share it: the interval
 * covers what varied within each server's own half only, and says nothing about order bias. `reason` says so.
 */
#ifndef BENCHMARKER_STATISTICS_H
#define BENCHMARKER_STATISTICS_H

#include "base/error.h"
#include "benchmarker/plan.h"
#include "benchmarker/sample.h"

#include <stdbool.h>
#include <stddef.h>

#define STATISTICS_BATCHES_MAX 10
#define STATISTICS_BATCHES_MIN 3

enum metric { METRIC_THROUGHPUT, METRIC_LATENCY_MEAN, METRIC_LATENCY_P95 };
#define METRIC_COUNT 3
const char *metric_name(enum metric m); /* "throughput", "latency_mean", "latency_p95" */

enum verdict { VERDICT_UNDECIDED, VERDICT_SAME, VERDICT_FASTER, VERDICT_SLOWER };
const char *verdict_name(enum verdict v); /* "undecided", … */

struct estimate {
	double ratio;     /* NAN when it cannot be said */
	double low, high; /* 95 % interval; 0 and INFINITY when unbounded */
	double p_value;   /* of "the ratio is 1", two-sided, of this test alone; NAN when it cannot be said */
	size_t pairs;     /* pairs used */
	size_t batches;   /* batches the interval rests on; degrees of freedom are one less */
};

struct comparison {
	struct estimate metrics[METRIC_COUNT];
	enum metric metric;   /* that the verdict rests on: throughput, unless the caller sets another one before
				 statistics_decide; with open-loop load both servers have the throughput asked for */
	enum verdict verdict; /* statistics_decide sets it, undecided before */
	const char *reason;   /* static text: why undecided, and that sequential pairing leaves order bias uncovered;
				 NULL when there is nothing to say */
	bool sequential;      /* the pairing was PAIRING_SEQUENTIAL */
};

/* One pair of slices. */
struct sample_pair {
	const struct sample *from, *to;
	uint32_t block;
	uint32_t start; /* of the servers: pairs of equal start were measured on the same processes and data */
};

/* log(to / from) of one pair; NAN when a side has no event. */
double statistics_log_ratio(const struct sample_pair *p, enum metric metric);

/* Estimates of one test. pairs by increasing block and start, as in time. *ret is undecided, with a reason if it must
 * stay so. -1: out of memory, or pairs out of order (ERROR_INTERNAL). len 0 is fine: nothing can be said. */
int statistics_compare(const struct sample_pair *pairs, size_t len, enum pairing pairing, struct comparison *ret,
		       struct error *err);

/* Verdicts for all tests of a job at once, each on its comparison's metric, at family-wise alpha 0.05 (Holm,
 * Scandinavian Journal of Statistics 6, 1979): faster or slower if the ratio differs from 1; else same if the 95 %
 * interval lies inside [1 - margin, 1 / (1 - margin)], 0 <= margin < 1; else undecided, with a reason. A test whose
 * comparison already has a reason to stay undecided does, and counts in the family with p = 1. Any order of the tests
 * gives the same verdicts.
 */
void statistics_decide(struct comparison *tests, size_t len, double margin);

/* Student's t with df > 0 degrees of freedom: the t with P(T <= t) = p, p in (0, 1); the two-sided p-value of t. By the
 * regularised incomplete beta function (NIST DLMF 8.17, 26.5.27 of Abramowitz & Stegun), relative error below 1e-9 for
 * df up to 1e4. NAN outside the domain. */
double student_quantile(double p, double df);
double student_p_value(double t, double df);

#endif
