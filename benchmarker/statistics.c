#include "benchmarker/statistics_parts.h"

#include "base/cleanup.h"
#include "base/str.h"
#include "benchmarker/percentile.h"

#include <math.h>
#include <stdlib.h>

/* Why a test is undecided, or nothing. */
enum reason { REASON_NONE, REASON_NO_PAIR, REASON_FEW_BATCHES, REASON_SELECTION, REASON_WIDE, REASON_FAMILY };
/* What else belongs to it: how often the servers were started, or that they were measured one after the other. */
enum setting { SETTING_STARTS, SETTING_FEW_STARTS, SETTING_SEQUENTIAL };

#define ORDER_BIAS "order bias is not covered: the servers were measured one after the other"
#define FEW_STARTS "; so few starts of the servers do not show how much luck is in a start: more of them help most"
#define REASON(text, few)                            \
	{                                            \
		text, text few, text "; " ORDER_BIAS \
	}
static const char *const reasons[][3] = {
	[REASON_NONE] = { NULL, NULL, ORDER_BIAS },
	[REASON_NO_PAIR] = { "no pair of slices has events on both sides", "no pair of slices has events on both sides",
			     "no pair of slices has events on both sides" },
	[REASON_FEW_BATCHES] = REASON("fewer than 3 batches of pairs: a longer test time is needed", ""),
	[REASON_SELECTION] =
		REASON("more than a tenth of the pairs have a side without events: longer slices are needed", ""),
	[REASON_WIDE] = REASON("the interval holds 1 and is wider than the margin", FEW_STARTS),
	[REASON_FAMILY] = REASON("the interval excludes 1, but not surely enough for this number of tests", FEW_STARTS),
};

static const char *reason_text(const struct comparison *c, enum reason reason)
{
	bool few = c->metrics[c->metric].starts < STATISTICS_STARTS_MIN;
	return reasons[reason][c->sequential ? SETTING_SEQUENTIAL : few ? SETTING_FEW_STARTS : SETTING_STARTS];
}

const char *metric_name(enum metric m)
{
	static const char *const names[METRIC_COUNT] = { "throughput", "latency_mean", "latency_p50", "latency_p95",
							 "latency_p99" };
	return names[m];
}

double metric_quantile(enum metric m)
{
	static const double quantiles[METRIC_COUNT] = { NAN, NAN, 0.5, 0.95, 0.99 };
	return quantiles[m];
}

const char *verdict_name(enum verdict v)
{
	static const char *const names[] = { "undecided", "same", "faster", "slower" };
	return names[v];
}

/* Events enough on both sides to say the metric's percentile of; always, if it is none. */
static bool has_events_for(const struct sample_pair *pairs, size_t len, enum metric m)
{
	double from = 0, to = 0, q = metric_quantile(m);
	for (size_t i = 0; i < len; i++) {
		from += (double)pairs[i].from->events;
		to += (double)pairs[i].to->events;
	}
	return isnan(q) ||
	       fmin(from, to) * fmin(q, 1 - q) > PERCENTILE_BEYOND_MIN - 1e-6; /* n * (1 - q) is not exact */
}

int statistics_compare(const struct sample_pair *pairs, size_t len, const struct statistics_spec *spec,
		       struct comparison *ret, struct error *err)
{
	struct comparison c = { .verdict = VERDICT_UNDECIDED,
				.metric = spec->metric,
				.sequential = spec->pairing == PAIRING_SEQUENTIAL,
				.anytime = spec->anytime,
				.detectable_80 = NAN,
				.detectable_90 = NAN,
				.needed_starts = NAN };
	for (enum metric m = 0; m < METRIC_COUNT; m++) {
		CLEANUP(start_values) struct start_values starts = { 0 };
		bool enough = m == c.metric || has_events_for(pairs, len, m);
		if (statistics_starts(pairs, enough ? len : 0, spec->pairing, m, &starts, err) < 0)
			return -1;
		c.metrics[m] = statistics_estimate(&starts, spec);
	}
	const struct estimate *e = &c.metrics[c.metric];
	enum reason reason = REASON_NONE;
	if (e->pairs == 0)
		reason = REASON_NO_PAIR;
	else if ((len - e->pairs) * 10 > len)
		reason = REASON_SELECTION;
	else if (isnan(e->p_value))
		reason = REASON_FEW_BATCHES;
	c.reason = reason_text(&c, reason);
	*ret = c;
	return 0;
}

/* A test that can get a verdict: statistics_compare found no reason against it (the others leave no p-value). */
static bool can_decide(const struct comparison *c)
{
	return !isnan(c->metrics[c->metric].p_value) && !str_eq(c->reason, reason_text(c, REASON_SELECTION));
}

static void decide_one(struct comparison *c, bool differs, double margin)
{
	const struct estimate *e = &c->metrics[c->metric];
	enum reason reason = REASON_NONE;
	if (differs) {
		bool more = e->ratio > 1; /* transactions, or time for each */
		c->verdict = more == (c->metric == METRIC_THROUGHPUT) ? VERDICT_FASTER : VERDICT_SLOWER;
	} else if (e->low >= 1 - margin && e->high <= 1 / (1 - margin)) {
		c->verdict = VERDICT_SAME;
	} else {
		c->verdict = VERDICT_UNDECIDED;
		reason = e->low > 1 || e->high < 1 ? REASON_FAMILY : REASON_WIDE;
	}
	c->reason = reason_text(c, reason);
}

/* Holm: the k-th smallest p-value is compared with alpha / (len - k + 1), up to the first that is above. A test is
 * rejected if its p and every smaller one pass, so each can be looked at by its rank, without sorting; equal p-values
 * stand or fall together at the strictest of their ranks' bounds, which is the first's. Returns the largest p-value
 * that is rejected. */
static double holm_limit(const struct comparison *tests, size_t len)
{
	double limit = -1;
	for (;;) {
		double next = INFINITY;
		size_t below = 0;
		for (size_t i = 0; i < len; i++) {
			if (!can_decide(&tests[i]))
				continue;
			double p = tests[i].metrics[tests[i].metric].p_value;
			if (p <= limit)
				below++;
			else if (p < next)
				next = p;
		}
		if (isinf(next) || next > STATISTICS_ALPHA / (double)(len - below))
			return limit;
		limit = next;
	}
}

void statistics_decide(struct comparison *tests, size_t len, double margin)
{
	double limit = holm_limit(tests, len);
	for (size_t i = 0; i < len; i++) {
		struct comparison *c = &tests[i];
		struct estimate *e = &c->metrics[c->metric];
		statistics_family(e, c->anytime, len);
		c->detectable_80 = statistics_detectable(e, c->anytime, len, 0.8);
		c->detectable_90 = statistics_detectable(e, c->anytime, len, 0.9);
		c->needed_starts = statistics_starts_needed(e, c->anytime, margin);
		if (can_decide(c))
			decide_one(c, e->p_value <= limit, margin);
		else
			c->verdict = VERDICT_UNDECIDED;
	}
}

/* What was assumed of a start: start_sd without what its slices add. */
static double assumed_sd(const struct estimate *e)
{
	double within = isnan(e->within_sd) ? 0 : e->within_sd;
	return sqrt(fmax(0, e->start_sd * e->start_sd - within * within));
}

struct start_variation statistics_start_variation(const struct comparison *const *tests, size_t len)
{
	struct start_variation v = { .sd = NAN, .assumed = NAN };
	double squares = 0;
	size_t measured = 0;
	for (size_t i = 0; i < len; i++) {
		const struct estimate *e = &tests[i]->metrics[tests[i]->metric];
		if (e->starts == 0 || isnan(e->start_sd))
			continue;
		if (e->starts < STATISTICS_STARTS_MIN) {
			v.assumed = assumed_sd(e);
			v.assuming++;
			continue;
		}
		squares += e->start_sd * e->start_sd;
		v.starts = measured++ == 0 || e->starts < v.starts ? e->starts : v.starts;
	}
	if (measured)
		v.sd = sqrt(squares / (double)measured);
	return v;
}

bool statistics_may_stop(const struct comparison *tests, size_t len, double precision)
{
	for (size_t i = 0; i < len; i++) {
		const struct estimate *e = &tests[i].metrics[tests[i].metric];
		if (e->starts < STATISTICS_ANYTIME_MIN ||
		    (can_decide(&tests[i]) && statistics_half_width(e) > precision))
			return false;
	}
	return true;
}

/* The start's value of every test; NULL when a test lacks it. */
static const struct start_value *find_start(const struct start_values *v, uint32_t start)
{
	for (size_t i = 0; i < v->len; i++)
		if (v->items[i].start == start)
			return &v->items[i];
	return NULL;
}

/* Mean over the tests of one start. The variance of a block of the mean, as one test would have it that had the mean's
 * number of blocks: the tests' slices are independent of each other. */
static bool mean_of_start(const struct start_values *tests, size_t len, uint32_t start, struct start_value *ret)
{
	struct start_value mean = { .start = start };
	double n = (double)len, variance = 0;
	size_t batches = SIZE_MAX;
	for (size_t i = 0; i < len; i++) {
		const struct start_value *v = find_start(&tests[i], start);
		if (!v)
			return false;
		mean.log_ratio += v->log_ratio / n;
		mean.blocks += v->blocks / n;
		mean.pairs += v->pairs;
		batches = v->batches < batches ? v->batches : batches;
		if (v->batches > 1)
			variance += v->squares / (double)(v->batches - 1) / v->blocks / n / n;
	}
	if (batches > 1) { /* of the poorest test: fewer degrees of freedom than there are, never more */
		mean.batches = batches;
		mean.squares = variance * mean.blocks * (double)(batches - 1);
	}
	*ret = mean;
	return true;
}

int statistics_geometric_mean(const struct start_values *tests, size_t len, const struct statistics_spec *spec,
			      struct estimate *ret, struct error *err)
{
	size_t starts = len ? tests[0].len : 0;
	CLEANUP(start_values) struct start_values means = { .items = calloc(starts + 1, sizeof *means.items) };
	if (!means.items)
		return error_oom(err);
	for (size_t i = 0; i < starts; i++)
		means.len += mean_of_start(tests, len, tests[0].items[i].start, &means.items[means.len]);
	*ret = statistics_estimate(&means, spec);
	return 0;
}
