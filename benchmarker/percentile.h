/* Percentiles of latency with intervals, from the histograms of slices. Pure.
 *
 *     CLEANUP(percentiles) struct percentiles p = { 0 };
 *     percentiles_make(slices, len, &p, err);            // slices of one server in order of time
 *     struct percentile p99 = percentiles_at(&p, 0.99);  // p99.value_ns, p99.low_ns to p99.high_ns
 *
 * The value is that of the merged histogram, by nearest rank: merging is exact, so it does not matter whether events
 * were counted in one histogram or in many, by threads, slices or machines.
 *
 * Interval: Woodruff's (Journal of the American Statistical Association 47, 1952, 635-646). The share of events that do
 * not exceed the percentile has a standard error; the percentile's 95 % interval is what the merged histogram holds at
 * the ends of the share's interval. Events are no independent draws: neighbours share a queue, a cache, a moment of the
 * machine, and a server start. So the standard error is that of a ratio between groups (Cochran, Sampling Techniques,
 * 1977, 6.5): neighbouring slices form at most PERCENTILE_GROUPS_MAX groups; where there are PERCENTILE_GROUPS_MIN
 * clusters or more (starts of the servers, runs of the test), no group divides one. It is never taken to be less than
 * that of independent events, Student's t has groups - 1 degrees of freedom, and the ends are found on the logit scale,
 * which keeps them inside of 0 and 1 (Korn and Graubard, Survey Methodology 24, 1998, 193-201).
 *
 * What this leaves uncovered: what all slices of the run have in common.
 */
#ifndef BENCHMARKER_PERCENTILE_H
#define BENCHMARKER_PERCENTILE_H

#include "base/error.h"
#include "benchmarker/histogram.h"

#include <stddef.h>
#include <stdint.h>

#define PERCENTILE_GROUPS_MAX 10
#define PERCENTILE_GROUPS_MIN 3  /* fewer give no interval */
#define PERCENTILE_BEYOND_MIN 10 /* events on either side of a percentile, without which it is not said at all */

/* Latencies of a slice. */
struct percentile_slice {
	const struct histogram *latency;
	uint32_t cluster; /* slices of one cluster are neighbours */
};

struct percentiles {
	struct histogram all;
	struct histogram groups[PERCENTILE_GROUPS_MAX];
	size_t groups_len; /* that have events */
};
void percentiles_release(struct percentiles *p);

struct percentile {
	double value_ns;        /* NAN: fewer than PERCENTILE_BEYOND_MIN events on one side of it */
	double low_ns, high_ns; /* 95 % interval; 0 and INFINITY where it has no end */
};

/* -1: out of memory, or counts that overflow. *ret is zeroed before, and owned by the caller. len 0 is fine. */
int percentiles_make(const struct percentile_slice *slices, size_t len, struct percentiles *ret, struct error *err);
/* 0 < q < 1. */
struct percentile percentiles_at(const struct percentiles *p, double q);

#endif
