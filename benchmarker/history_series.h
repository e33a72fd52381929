/* Runs of a history as series that may be looked at as one, and where each changed. Pure.
 *
 *     CLEANUP(history) struct history h = { 0 };
 *     history_make(&runs, &filter, &h, err);
 *     h.series[0].changes.items[0].at …
 *
 * What is one series: equal test, parameters, threads, metric, pairing, pinning, method and machine, and a common
 * measure:
 * - HISTORY_BASELINE: runs that compare with the same build. Points: log-ratios to it, one a build, in the order of
 *   commits, or where one of them is not known, of first measurement; several runs of one build are averaged by their
 *   intervals.
 * - HISTORY_CHAIN: each run compares with the build that the one before measured. Points: sums of the log-ratios from
 *   the first build on, with the sum of their variances; changes are looked for in the steps.
 * - HISTORY_PGO: a commit with a profile against the same one without. Points: log-ratios, one a run, in such an
 *   order.
 * A run that fits nowhere stands alone and is in no series; two runs of one build on both sides (A/A) are none either.
 */
#ifndef BENCHMARKER_HISTORY_SERIES_H
#define BENCHMARKER_HISTORY_SERIES_H

#include "benchmarker/changepoint.h"
#include "benchmarker/history.h"

#define HISTORY_ALPHA 0.05        /* of any false alarm, over all series of a report */
#define HISTORY_BASELINE_BUILDS 3 /* measured against a build, for it to be a baseline */
#define HISTORY_NOISE_MIN 5       /* figures, before the past says something of noise */

enum history_kind { HISTORY_BASELINE, HISTORY_CHAIN, HISTORY_PGO };
const char *history_kind_name(enum history_kind kind); /* "baseline", "chain", "pgo" */

struct history_point {
	const struct history_build *build;
	const struct history_run *run;   /* the first that measured it */
	const struct history_test *test; /* of that run; NULL: a chain's first build */
	size_t runs;
	double value, error; /* log of the ratio, and its standard error; NAN: not known */
};

struct history_series {
	enum history_kind kind;
	const struct history_run *run; /* whose identity all have */
	const struct history_test *test;
	const struct history_build *baseline; /* of HISTORY_BASELINE and HISTORY_CHAIN: what 0 is */
	struct history_point *points;         /* owned */
	size_t len;
	bool by_commit;              /* points are in the order of commits, not of first measurement */
	size_t noise;                /* index into the history's */
	struct changepoints changes; /* at, first, last: indexes of points, at least 1 */
};

/* What runs of one identity have shown of their noise. Logarithms of ratios. */
struct history_noise {
	const struct history_run *run; /* whose identity all have */
	const struct history_test *test;
	size_t runs;        /* whose interval is known */
	double half_width;  /* of their 95 % intervals: the median; NAN: not known */
	double largest;     /* that nine of ten did not exceed */
	size_t scattered;   /* figures that spread is of: of a build compared with itself, around 0; builds around their
			       level; steps of a chain around 0 */
	size_t same;        /* of these, of a build with itself */
	double spread;      /* their robust standard deviation; NAN with fewer than HISTORY_NOISE_MIN */
	double visible;     /* the least change that a single run shows 8 times in 10: its 95 % interval, or one as wide
			       as the spread says, leaves out 0; NAN: there is no telling */
	double *deviations; /* scattered; owned */
};

struct history {
	struct history_series *series; /* by test, then in time; owned */
	size_t len;
	struct history_noise *noises; /* one an identity, in that order; owned */
	size_t noises_len;
	size_t runs, alone, same; /* runs in all; comparisons that stand alone; A/A comparisons */
};
void history_release(struct history *h);

struct history_filter {
	const char *test, *engine; /* NULL: all */
};

/* runs must outlive *ret, and are put in order of time. -1: no memory. */
int history_make(struct history_runs *runs, const struct history_filter *filter, struct history *ret,
		 struct error *err);

/* Of that identity; NULL: no run of h has it. */
const struct history_noise *history_noise(const struct history *h, const struct history_run *run,
					  const struct history_test *test);

#endif
