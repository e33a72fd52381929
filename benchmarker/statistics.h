/* Comparing two servers from paired slices. Pure.
 *
 * Ratio = to / from. Throughput above 1 is faster; latency above 1 is slower. Estimates are means of log-ratios of
 * pairs; the 95 % interval is Student's t on non-overlapping batch means of neighbouring blocks (Law & Kelton), which
 * respects pairing and absorbs autocorrelation up to a batch's length. Latency percentiles come from merged histograms
 * per batch.
 */
#ifndef BENCHMARKER_STATISTICS_H
#define BENCHMARKER_STATISTICS_H

#include "base/error.h"
#include "benchmarker/sample.h"

#include <stdbool.h>
#include <stddef.h>

enum metric { METRIC_THROUGHPUT, METRIC_LATENCY_MEAN, METRIC_LATENCY_P95 };
#define METRIC_COUNT 3
const char *metric_name(enum metric m); /* "throughput", "latency_mean", "latency_p95" */

enum verdict { VERDICT_UNDECIDED, VERDICT_SAME, VERDICT_FASTER, VERDICT_SLOWER };
const char *verdict_name(enum verdict v);

struct estimate {
	double ratio;     /* NAN when it cannot be said */
	double low, high; /* 95 % interval; 0 and INFINITY when unbounded */
	size_t pairs;     /* pairs used */
	size_t batches;   /* independent batches the interval rests on */
};

struct comparison {
	struct estimate metrics[METRIC_COUNT];
	enum verdict verdict; /* on throughput; family-wise over the tests of a job: statistics_decide */
	const char *reason;   /* static text: why undecided; NULL otherwise */
};

/* One pair of slices. */
struct sample_pair {
	const struct sample *from, *to;
	uint32_t block;
};

int statistics_compare(const struct sample_pair *pairs, size_t len, struct comparison *ret, struct error *err);

/* Verdicts for all tests of a job at once, Holm-corrected (Holm 1979) at family-wise alpha 0.05: faster or slower if
 * the ratio differs from 1; same if the 95 % interval lies inside [1 - margin, 1 / (1 - margin)]; else undecided. */
void statistics_decide(struct comparison *tests, size_t len, double margin);

/* Student's t: quantile for probability p in (0,1) and df >= 1; two-sided p-value of t. Pure functions of the tables'
 * known values; tested against them. */
double student_quantile(double p, double df);
double student_p_value(double t, double df);

#endif
