#include "benchmarker/statistics.h"

#include "base/cleanup.h"
#include "base/str.h"

#include <math.h>
#include <stdlib.h>

#define CONFIDENCE 0.95
#define FAMILY_ALPHA 0.05
#define ROUNDING 1e-12 /* of a mean of logarithms of order 1 */

/* Why a test is undecided, or nothing; each also in the words for sequential pairing. */
enum reason { REASON_NONE, REASON_NO_PAIR, REASON_FEW_BATCHES, REASON_SELECTION, REASON_WIDE, REASON_FAMILY };

#define ORDER_BIAS "order bias is not covered: the servers were measured one after the other"
static const char *const reasons[][2] = {
	[REASON_NONE] = { NULL, ORDER_BIAS },
	[REASON_NO_PAIR] = { "no pair of slices has events on both sides",
			     "no pair of slices has events on both sides" },
	[REASON_FEW_BATCHES] = { "fewer than 3 batches of pairs: a longer test time is needed",
				 "fewer than 3 batches of pairs: a longer test time is needed; " ORDER_BIAS },
	[REASON_SELECTION] = { "more than a tenth of the pairs have a side without events: longer slices are needed",
			       "more than a tenth of the pairs have a side without events: longer slices are "
			       "needed; " ORDER_BIAS },
	[REASON_WIDE] = { "the interval holds 1 and is wider than the margin",
			  "the interval holds 1 and is wider than the margin; " ORDER_BIAS },
	[REASON_FAMILY] = { "the interval excludes 1, but not surely enough for this number of tests",
			    "the interval excludes 1, but not surely enough for this number of tests; " ORDER_BIAS },
};

const char *metric_name(enum metric m)
{
	static const char *const names[] = { "throughput", "latency_mean", "latency_p95" };
	return names[m];
}

const char *verdict_name(enum verdict v)
{
	static const char *const names[] = { "undecided", "same", "faster", "slower" };
	return names[v];
}

double statistics_log_ratio(const struct sample_pair *p, enum metric metric)
{
	const struct sample *from = p->from, *to = p->to;
	if (from->events == 0 || to->events == 0)
		return NAN;
	double a = NAN, b = NAN;
	switch (metric) {
	case METRIC_THROUGHPUT:
		a = (double)from->events / sample_seconds(from); /* infinite when nothing was timed */
		b = (double)to->events / sample_seconds(to);
		break;
	case METRIC_LATENCY_MEAN:
		a = (double)from->latency_sum_ns / (double)from->events;
		b = (double)to->latency_sum_ns / (double)to->events;
		break;
	case METRIC_LATENCY_P95:
		a = histogram_quantile_ns(&from->latency, 0.95);
		b = histogram_quantile_ns(&to->latency, 0.95);
		break;
	}
	double r = log(b / a);
	return isfinite(r) ? r : NAN;
}

/* Neighbouring pairs [begin, end), and how many blocks they are. */
struct batch {
	size_t begin, end;
	double blocks;
	double value; /* log-ratio */
};

/* The pairs that can be used for a metric, by increasing block. */
struct usable {
	struct sample_pair *pairs; /* owned */
	double *values;            /* owned; log-ratio of each */
	size_t len;
	size_t blocks;
};

static void usable_release(struct usable *u)
{
	free(u->pairs);
	free(u->values);
}

static int find_usable(const struct sample_pair *pairs, size_t len, enum metric metric, struct usable *ret,
		       struct error *err)
{
	struct usable u = { .pairs = calloc(len + 1, sizeof *u.pairs), .values = calloc(len + 1, sizeof *u.values) };
	if (!u.pairs || !u.values) {
		usable_release(&u);
		return error_oom(err);
	}
	/* A percentile needs the same pairs as the mean latency: events on both sides. */
	enum metric of = metric == METRIC_THROUGHPUT ? METRIC_THROUGHPUT : METRIC_LATENCY_MEAN;
	for (size_t i = 0; i < len; i++) {
		double r = statistics_log_ratio(&pairs[i], of);
		if (isnan(r))
			continue;
		if (u.len == 0 || u.pairs[u.len - 1].block != pairs[i].block)
			u.blocks++;
		u.pairs[u.len] = pairs[i];
		u.values[u.len++] = r;
	}
	*ret = u;
	return 0;
}

/* Cuts the usable pairs into batches of neighbouring blocks, as even as can be; each gets the mean of its blocks' means
 * as its value. Returns their number. */
static size_t make_batches(const struct usable *u, struct batch batches[static STATISTICS_BATCHES_MAX])
{
	size_t n = u->blocks < STATISTICS_BATCHES_MAX ? u->blocks : STATISTICS_BATCHES_MAX;
	size_t at = 0;
	for (size_t i = 0; i < n; i++) {
		size_t blocks = (i + 1) * u->blocks / n - i * u->blocks / n;
		struct batch b = { .begin = at, .blocks = (double)blocks };
		for (size_t k = 0; k < blocks; k++) {
			double sum = 0;
			size_t first = at;
			for (; at < u->len && u->pairs[at].block == u->pairs[first].block; at++)
				sum += u->values[at];
			b.value += sum / (double)(at - first) / (double)blocks;
		}
		b.end = at;
		batches[i] = b;
	}
	return n;
}

/* log-ratio of the 95th percentiles of a batch's slices; *ret NAN when a side has no latency recorded. */
static int batch_p95(const struct usable *u, const struct batch *b, double *ret, struct error *err)
{
	CLEANUP(histogram) struct histogram from = HISTOGRAM_INIT, to = HISTOGRAM_INIT;
	for (size_t i = b->begin; i < b->end; i++)
		if (histogram_merge(&from, &u->pairs[i].from->latency, err) < 0 ||
		    histogram_merge(&to, &u->pairs[i].to->latency, err) < 0)
			return -1;
	double r = log(histogram_quantile_ns(&to, 0.95) / histogram_quantile_ns(&from, 0.95));
	*ret = isfinite(r) ? r : NAN;
	return 0;
}

/* Mean, interval and p-value of batches. Batch i is taken as the mean of batch.blocks equally noisy values: variance
 * sigma^2 / blocks, so the weighted mean is the mean of all blocks, and the weighted sum of squares over sigma^2 is
 * chi-squared with n - 1 degrees of freedom. */
static void estimate_batches(const struct batch *batches, size_t n, struct estimate *e)
{
	double weight = 0, mean = 0, squares = 0;
	for (size_t i = 0; i < n; i++) {
		weight += batches[i].blocks;
		mean += batches[i].blocks * batches[i].value;
	}
	e->batches = n;
	if (n == 0)
		return;
	mean /= weight;
	e->ratio = exp(mean);
	if (n < STATISTICS_BATCHES_MIN)
		return;
	for (size_t i = 0; i < n; i++)
		squares += batches[i].blocks * (batches[i].value - mean) * (batches[i].value - mean);
	double df = (double)(n - 1);
	double error = sqrt(squares / df / weight);
	double half = student_quantile((1 + CONFIDENCE) / 2, df) * error;
	e->low = exp(mean - half);
	e->high = exp(mean + half);
	/* Batches without any spread give an interval of no width; a mean that only rounding made is no difference. */
	e->p_value = fabs(mean) < ROUNDING ? 1 : student_p_value(mean / error, df);
}

static int estimate_metric(const struct sample_pair *pairs, size_t len, enum metric metric, struct estimate *ret,
			   struct error *err)
{
	struct estimate e = { .ratio = NAN, .high = INFINITY, .p_value = NAN };
	CLEANUP(usable) struct usable u = { 0 };
	if (find_usable(pairs, len, metric, &u, err) < 0)
		return -1;
	struct batch batches[STATISTICS_BATCHES_MAX];
	size_t n = make_batches(&u, batches);
	e.pairs = u.len;
	if (metric == METRIC_LATENCY_P95) {
		size_t kept = 0;
		for (size_t i = 0; i < n; i++) {
			if (batch_p95(&u, &batches[i], &batches[i].value, err) < 0)
				return -1;
			if (isnan(batches[i].value))
				e.pairs -= batches[i].end - batches[i].begin;
			else
				batches[kept++] = batches[i];
		}
		n = kept;
	}
	estimate_batches(batches, n, &e);
	*ret = e;
	return 0;
}

int statistics_compare(const struct sample_pair *pairs, size_t len, enum pairing pairing, struct comparison *ret,
		       struct error *err)
{
	for (size_t i = 1; i < len; i++)
		if (pairs[i].block < pairs[i - 1].block)
			return error_set(err, ERROR_INTERNAL, "pair %zu of block %u comes after block %u", i,
					 pairs[i].block, pairs[i - 1].block);
	struct comparison c = { .verdict = VERDICT_UNDECIDED, .sequential = pairing == PAIRING_SEQUENTIAL };
	for (int m = 0; m < METRIC_COUNT; m++)
		if (estimate_metric(pairs, len, (enum metric)m, &c.metrics[m], err) < 0)
			return -1;
	const struct estimate *e = &c.metrics[METRIC_THROUGHPUT];
	enum reason reason = REASON_NONE;
	if (e->pairs == 0)
		reason = REASON_NO_PAIR;
	else if ((len - e->pairs) * 10 > len)
		reason = REASON_SELECTION;
	else if (e->batches < STATISTICS_BATCHES_MIN)
		reason = REASON_FEW_BATCHES;
	c.reason = reasons[reason][c.sequential];
	*ret = c;
	return 0;
}

/* A test that can get a verdict: statistics_compare found no reason against it (the others leave no p-value). */
static bool can_decide(const struct comparison *c)
{
	return !isnan(c->metrics[c->metric].p_value) && !str_eq(c->reason, reasons[REASON_SELECTION][c->sequential]);
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
	c->reason = reasons[reason][c->sequential];
}

void statistics_decide(struct comparison *tests, size_t len, double margin)
{
	/* Holm: the k-th smallest p-value is compared with alpha / (len - k + 1), up to the first that is above. A test
	 * is rejected if its p and every smaller one pass, so each can be looked at by its rank, without sorting; equal
	 * p-values stand or fall together at the strictest of their ranks' bounds, which is the first's. */
	double limit = -1; /* the largest p-value that is rejected */
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
		if (isinf(next) || next > FAMILY_ALPHA / (double)(len - below))
			break;
		limit = next;
	}
	for (size_t i = 0; i < len; i++) {
		struct comparison *c = &tests[i];
		if (can_decide(c))
			decide_one(c, c->metrics[c->metric].p_value <= limit, margin);
		else
			c->verdict = VERDICT_UNDECIDED;
	}
}
