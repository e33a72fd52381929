/* Comparing two servers from paired slices, measured in several starts of both. Pure.
 *
 *     struct statistics_spec spec = { .pairing = PAIRING_INTERLEAVED };
 *     struct comparison tests[2];
 *     statistics_compare(pairs, len, &spec, &tests[0], err);   // one call a test
 *     …
 *     statistics_decide(tests, 2, 0.01);                       // verdicts, over all tests of the job
 *
 * Ratio = to / from. Throughput above 1 is faster; latency above 1 is slower. All estimates are of log-ratios.
 *
 * A start is one life of both servers, on fresh data: pairs of equal `start`. What differs from start to start (layout
 * of memory, hash seeds, compaction) is shared by every slice of one, so no number of slices averages it out, and the
 * unit of the statistics is the start (Kalibera & Jones, "Rigorous benchmarking in reasonable time", ISMM 2013; of the
 * two levels below, only the highest is needed for the interval).
 *
 * Value of a start: the log-ratio of what its usable pairs sum to: events over loaded time; summed latency over events;
 * a percentile of all its latencies. A sum counts a stall of one server for what it cost; the mean of the slices'
 * log-ratios would weigh it by how short the slices are, and a trimmed mean would hide it.
 *
 * STATISTICS_STARTS_MIN or more starts: the estimate is the mean over starts, and its interval Student's t with starts
 * - 1 degrees of freedom. It holds noise of slices, their correlation in time, and the luck of starts, whatever their
 * shares. Starts with fewer blocks than others weigh as their variance says, between + within / blocks, and the
 * variance of the weighted mean is the weighted one of Hartung & Knapp (Statistics in Medicine 20, 2001) and Sidik &
 * Jonkman (21, 2002); with equal blocks that is the ordinary t.
 *
 * Fewer starts: the luck of a start cannot be seen in the data, and is assumed: spec.start_sd, known to start_df
 * degrees of freedom (as if it came from start_df + 1 starts seen before), and beside it as much as the noise inside a
 * start moves its value, since what disturbs a machine for seconds disturbs it for minutes too. Inside a start,
 * neighbouring blocks form at most STATISTICS_BATCHES_MAX batches, whose spread gives the variance of the start's value
 * (batch means: Law, Simulation Modeling and Analysis). The variances add; the degrees of freedom of the sum are Welch
 * & Satterthwaite's, and those of two starts' own difference are pooled with it. Fewer than STATISTICS_BATCHES_MIN
 * batches: the interval is unbounded and the verdict undecided.
 *
 * spec.anytime: for a run that looks at its data after each start and stops when they suffice. The interval is then a
 * confidence sequence: it holds the true ratio at all looks together with 95 %, so it may be read whenever one stops
 * (Lai, Annals of Statistics 4, 1976; Lindon, Ham, Tingley & Bojinov, arXiv 2210.08589; formula at
 * statistics_sequence). Below STATISTICS_ANYTIME_MIN starts it would be unbounded: nobody may stop there for what the
 * data say (statistics_may_stop sees to that), so a run that ends there for want of time gets the ordinary interval.
 *
 * A percentile beyond which a side has fewer than PERCENTILE_BEYOND_MIN events (percentile.h) could not be told from
 * luck: it has no ratio, unless the verdict rests on it.
 *
 * A pair with no event on a side has no ratio and is left out; when that befell more than a tenth of the pairs, what is
 * left is a selection, and the verdict stays undecided.
 *
 * PAIRING_SEQUENTIAL: a pair is two slices of equal index, measured a whole test time apart; all count as one start.
 * Everything that changed in between (neighbours on the machine, temperature, caches) is part of the ratio, and the
 * interval says nothing of it. `reason` says so.
 *
 * How these intervals hold on recorded noise, and what they rest on: docs/statistics.md.
 */
#ifndef BENCHMARKER_STATISTICS_H
#define BENCHMARKER_STATISTICS_H

#include "base/error.h"
#include "benchmarker/plan.h"
#include "benchmarker/sample.h"

#include <stdbool.h>
#include <stddef.h>

#define STATISTICS_BATCHES_MAX 10 /* a start */
#define STATISTICS_BATCHES_MIN 3
#define STATISTICS_STARTS_MIN 3  /* from here on the luck of starts is measured, not assumed */
#define STATISTICS_ANYTIME_MIN 5 /* starts before a run may stop for what its data say */

/* What is assumed of an engine's starts where nothing else is known: the standard deviation of a pair of starts'
 * log-ratio. */
#define STATISTICS_START_SD 0.08
#define STATISTICS_START_DF 2.0

enum metric { METRIC_THROUGHPUT, METRIC_LATENCY_MEAN, METRIC_LATENCY_P50, METRIC_LATENCY_P95, METRIC_LATENCY_P99 };
#define METRIC_COUNT 5
const char *metric_name(enum metric m); /* "throughput", "latency_mean", "latency_p50", … */
double metric_quantile(enum metric m);  /* 0.95 of METRIC_LATENCY_P95; NAN: it is no percentile */

enum verdict { VERDICT_UNDECIDED, VERDICT_SAME, VERDICT_FASTER, VERDICT_SLOWER };
const char *verdict_name(enum verdict v); /* "undecided", … */

struct estimate {
	double ratio;     /* NAN when it cannot be said */
	double low, high; /* 95 % interval; 0 and INFINITY when unbounded */
	double p_value;   /* of "the ratio is 1", two-sided, of this test alone; NAN when it cannot be said */
	size_t pairs;     /* pairs used */
	size_t batches;   /* of all starts together */
	size_t starts;    /* starts used */
	double error;     /* standard error of the log-ratio; NAN when it cannot be said */
	double df;        /* its degrees of freedom */
	double within_sd; /* of a start's value, by the noise of its slices alone: longer tests lessen it; NAN: not
			     known */
	double start_sd;  /* of a start's value beyond that: only more starts help; assumed if starts <
			     STATISTICS_STARTS_MIN */
	double family_low, family_high; /* interval at the confidence that all tests together leave; statistics_decide
					   sets it, for the verdict's metric */
};

struct comparison {
	struct estimate metrics[METRIC_COUNT];
	enum metric metric;   /* that the verdict rests on */
	enum verdict verdict; /* statistics_decide sets it, undecided before */
	const char *reason;   /* static text: why undecided, and that sequential pairing leaves order bias uncovered;
				 NULL when there is nothing to say */
	bool sequential;      /* the pairing was PAIRING_SEQUENTIAL */
	bool anytime;         /* as in the spec */
	/* The following are of the verdict's metric, and statistics_decide sets them. NAN: cannot be said. */
	double detectable_80, detectable_90; /* the least slowdown (0.04: 4 %) that this noise would have let the job
						find 80 and 90 times in 100, among this number of tests */
	double needed_starts; /* starts after which the interval would be about as narrow as the margin */
};

/* One pair of slices. */
struct sample_pair {
	const struct sample *from, *to;
	uint32_t block;
	uint32_t start; /* of the servers: pairs of equal start were measured on the same processes and data */
};

struct statistics_spec {
	enum pairing pairing;
	enum metric metric; /* that the verdict rests on: with open-loop load both have the throughput asked for */
	bool anytime;       /* the run may have stopped for what its data said */
	double start_sd, start_df; /* assumed luck of a start; 0: STATISTICS_START_SD and _DF */
};

/* log(to / from) of one pair; NAN when a side has no event. */
double statistics_log_ratio(const struct sample_pair *p, enum metric metric);

/* The values of one test's starts, by increasing start. */
struct start_value {
	uint32_t start;
	double log_ratio;
	double blocks;  /* blocks with a usable pair */
	size_t pairs;   /* usable ones */
	size_t batches; /* that squares is of */
	double squares; /* sum of blocks * (value - mean)^2 over its batches: variance of a block times batches - 1 */
};
struct start_values {
	struct start_value *items; /* owned */
	size_t len;
};
void start_values_release(struct start_values *v);

/* pairs by increasing start and block, as in time. A start without a usable value is left out. ERROR_INTERNAL if they
 * are not in order; out of memory. */
int statistics_starts(const struct sample_pair *pairs, size_t len, enum pairing pairing, enum metric metric,
		      struct start_values *ret, struct error *err);
/* Estimate of the mean over starts. Family fields are unbounded. */
struct estimate statistics_estimate(const struct start_values *v, const struct statistics_spec *spec);

/* Estimates of one test. pairs as for statistics_starts. *ret is undecided, with a reason if it must stay so. -1 as
 * statistics_starts. len 0 is fine: nothing can be said. */
int statistics_compare(const struct sample_pair *pairs, size_t len, const struct statistics_spec *spec,
		       struct comparison *ret, struct error *err);

/* Verdicts for all tests of a job at once, each on its comparison's metric, at family-wise alpha 0.05 (Holm,
 * Scandinavian Journal of Statistics 6, 1979): faster or slower if the ratio differs from 1; else same if the 95 %
 * interval lies inside [1 - margin, 1 / (1 - margin)], 0 <= margin < 1; else undecided, with a reason. A test whose
 * comparison already has a reason to stay undecided does, and counts in the family with p = 1. Any order of the tests
 * gives the same verdicts.
 *
 * "same" is two one-sided tests at 2.5 % each (Schuirmann 1987), of this test alone: it is a statement about a size,
 * not an alarm, and is not made rarer by how many other tests there are.
 */
void statistics_decide(struct comparison *tests, size_t len, double margin);

/* Geometric mean over tests of the ratio. Tests share the starts of the servers, so their luck is common: the mean over
 * tests is taken inside each start that all tests have, and the estimate is then as that of one test. tests: the
 * starts' values of each, of one metric. NAN and unbounded when they have no start in common. */
int statistics_geometric_mean(const struct start_values *tests, size_t len, const struct statistics_spec *spec,
			      struct estimate *ret, struct error *err);

/* What the starts of a run differed by, over its tests: an engine file may say so (start_variation), and a comparison
 * of few starts then assumes it. */
struct start_variation {
	double sd;       /* of a start's log-ratio beyond the noise of its slices: root mean square over the tests with
			    STATISTICS_STARTS_MIN starts or more; NAN: none had */
	size_t starts;   /* the fewest of these; 0: none */
	double assumed;  /* standard deviation that the other tests' intervals rest on; NAN: there are none */
	size_t assuming; /* tests whose intervals rest on it */
};
struct start_variation statistics_start_variation(const struct comparison *const *tests, size_t len);

/* For a run that measures start after start until it knows enough.
 *
 *     do { measure one more start of every test; statistics_compare(…anytime…) of each; statistics_decide(…); }
 *     while (!statistics_may_stop(tests, n, 0.01) && time is left);
 *
 * Half-width of an estimate's interval as a change: 0.01 says that the ratio is known to 1 %; INFINITY if unbounded. */
double statistics_half_width(const struct estimate *e);
/* Every test's interval (on its metric) is at least as narrow as precision, and rests on enough starts to be read at
 * any time. Tests that can have no interval (statistics_compare gave a reason) do not hold the others up. */
bool statistics_may_stop(const struct comparison *tests, size_t len, double precision);
/* About how many starts in all, as long as those that are there, would give a half-width of precision > 0, by the noise
 * that was seen; at least STATISTICS_STARTS_MIN, at most STATISTICS_NEEDED_MAX, which means "not in any useful time".
 * NAN if there is no telling. */
#define STATISTICS_NEEDED_MAX 10000
double statistics_starts_needed(const struct estimate *e, bool anytime, double precision);

/* Student's t with df > 0 degrees of freedom: the t with P(T <= t) = p, p in (0, 1); the two-sided p-value of t. By the
 * regularised incomplete beta function (NIST DLMF 8.17, 26.5.27 of Abramowitz & Stegun), relative error below 1e-9 for
 * df up to 1e4. NAN outside the domain. */
double student_quantile(double p, double df);
double student_p_value(double t, double df);
/* The d >= 0 for which |T| > critical with that probability, where T = (Z + d) / sqrt(chi squared / df) is the
 * non-central t: what a true difference must be, in standard errors, to be found so often. Within a
 * thousandth for critical up to 20; NAN if df < 1. */
double student_detectable(double critical, double df, double power);

/* Half-width of the confidence sequence for a normal mean with unknown variance, in standard errors of the mean of n
 * values (n >= 2): the c for which e(c) = 1 / alpha, where for t with n - 1 degrees of freedom
 *
 *     e(t) = sqrt(a) ((1 + a t^2 / (n - 1)) / (1 + t^2 / (n - 1)))^(-n / 2),   a = phi / (phi + n),
 *
 * is the ratio of the likelihoods of t under an effect ~ N(0, variance / phi) and under none. That process of t alone
 * is a martingale under the null hypothesis, so it ever reaches 1 / alpha with probability at most alpha (Ville).
 * INFINITY where no t does. statistics_sequence_p is 1 / e(t), at most 1. */
double statistics_sequence(double alpha, size_t n);
double statistics_sequence_p(double t, size_t n);

#endif
