/* From pairs of slices to one value a start. */
#include "benchmarker/statistics.h"

#include "base/cleanup.h"

#include <math.h>
#include <stdlib.h>

/* What slices of one side sum to. */
struct sum {
	double events, seconds, latency_ns;
	struct histogram latency; /* for percentiles alone */
};

static void sum_release(struct sum *s)
{
	histogram_release(&s->latency);
}

static int sum_add(struct sum *sum, const struct sample *s, enum metric metric, struct error *err)
{
	sum->events += (double)s->events;
	sum->seconds += sample_seconds(s);
	sum->latency_ns += (double)s->latency_sum_ns;
	return isnan(metric_quantile(metric)) ? 0 : histogram_merge(&sum->latency, &s->latency, err);
}

static double sum_value(const struct sum *s, const struct histogram *latency, enum metric metric)
{
	if (metric == METRIC_THROUGHPUT)
		return s->events / s->seconds; /* infinite when nothing was timed */
	if (metric == METRIC_LATENCY_MEAN)
		return s->latency_ns / s->events;
	return histogram_quantile_ns(latency, metric_quantile(metric));
}

double statistics_log_ratio(const struct sample_pair *p, enum metric metric)
{
	const struct sample *from = p->from, *to = p->to;
	if (from->events == 0 || to->events == 0)
		return NAN;
	struct sum a = { .events = (double)from->events,
			 .seconds = sample_seconds(from),
			 .latency_ns = (double)from->latency_sum_ns },
		   b = { .events = (double)to->events,
			 .seconds = sample_seconds(to),
			 .latency_ns = (double)to->latency_sum_ns };
	double r = log(sum_value(&b, &to->latency, metric) / sum_value(&a, &from->latency, metric));
	return isfinite(r) ? r : NAN;
}

/* Events on both sides, and a measure of what they took. A percentile needs the same pairs as the mean latency. */
static bool is_usable(const struct sample_pair *p, enum metric metric)
{
	if (p->from->events == 0 || p->to->events == 0)
		return false;
	return metric == METRIC_THROUGHPUT ? p->from->busy_ns && p->to->busy_ns && p->from->threads && p->to->threads
					   : p->from->latency_sum_ns && p->to->latency_sum_ns;
}

/* Log-ratio of what the usable pairs of [begin, end) sum to; NAN when there is none. */
static int log_ratio_of(const struct sample_pair *begin, const struct sample_pair *end, enum metric metric, double *ret,
			struct error *err)
{
	CLEANUP(sum) struct sum from = { 0 }, to = { 0 };
	for (const struct sample_pair *p = begin; p < end; p++)
		if (is_usable(p, metric) &&
		    (sum_add(&from, p->from, metric, err) < 0 || sum_add(&to, p->to, metric, err) < 0))
			return -1;
	double r = log(sum_value(&to, &to.latency, metric) / sum_value(&from, &from.latency, metric));
	*ret = isfinite(r) ? r : NAN;
	return 0;
}

/* The end of the block that *p begins, and whether the block has a usable pair. */
static const struct sample_pair *block_end(const struct sample_pair *p, const struct sample_pair *end,
					   enum metric metric, size_t *ret_usable)
{
	const struct sample_pair *first = p;
	*ret_usable = 0;
	for (; p < end && p->block == first->block; p++)
		*ret_usable += is_usable(p, metric);
	return p;
}

/* Cuts a start's usable blocks into batches of neighbours, as even as can be, and adds up how their values spread. A
 * batch is as good as the mean of its blocks: variance of a block / blocks. */
static int spread_of(const struct sample_pair *p, const struct sample_pair *end, enum metric metric,
		     struct start_value *v, struct error *err)
{
	double values[STATISTICS_BATCHES_MAX], weights[STATISTICS_BATCHES_MAX], mean = 0, weight = 0;
	size_t blocks = (size_t)v->blocks;
	size_t n = blocks < STATISTICS_BATCHES_MAX ? blocks : STATISTICS_BATCHES_MAX;
	for (size_t i = 0; i < n; i++) {
		size_t left = (i + 1) * blocks / n - i * blocks / n, usable;
		const struct sample_pair *begin = p;
		weights[v->batches] = (double)left;
		while (left && p < end) {
			p = block_end(p, end, metric, &usable);
			left -= usable > 0;
		}
		if (log_ratio_of(begin, p, metric, &values[v->batches], err) < 0)
			return -1;
		v->batches += !isnan(values[v->batches]);
	}
	for (size_t i = 0; i < v->batches; i++) {
		mean += weights[i] * values[i];
		weight += weights[i];
	}
	for (size_t i = 0; i < v->batches; i++)
		v->squares += weights[i] * (values[i] - mean / weight) * (values[i] - mean / weight);
	return 0;
}

static int make_start(const struct sample_pair *begin, const struct sample_pair *end, enum metric metric,
		      struct start_value *ret, struct error *err)
{
	struct start_value v = { .start = begin->start };
	for (const struct sample_pair *p = begin; p < end;) {
		size_t usable;
		p = block_end(p, end, metric, &usable);
		v.pairs += usable;
		v.blocks += usable > 0;
	}
	if (log_ratio_of(begin, end, metric, &v.log_ratio, err) < 0 || spread_of(begin, end, metric, &v, err) < 0)
		return -1;
	*ret = v;
	return 0;
}

static int check_order(const struct sample_pair *pairs, size_t len, struct error *err)
{
	for (size_t i = 1; i < len; i++) {
		if (pairs[i].block < pairs[i - 1].block)
			return error_set(err, ERROR_INTERNAL, "pair %zu of block %u comes after block %u", i,
					 pairs[i].block, pairs[i - 1].block);
		if (pairs[i].start < pairs[i - 1].start)
			return error_set(err, ERROR_INTERNAL, "pair %zu of start %u comes after start %u", i,
					 pairs[i].start, pairs[i - 1].start);
	}
	return 0;
}

void start_values_release(struct start_values *v)
{
	free(v->items);
	*v = (struct start_values){ 0 };
}

int statistics_starts(const struct sample_pair *pairs, size_t len, enum pairing pairing, enum metric metric,
		      struct start_values *ret, struct error *err)
{
	bool one = pairing == PAIRING_SEQUENTIAL;
	size_t n = len > 0;
	if (check_order(pairs, len, err) < 0)
		return -1;
	for (size_t i = 1; i < len; i++)
		n += !one && pairs[i].start != pairs[i - 1].start;
	CLEANUP(start_values) struct start_values v = { .items = calloc(n + 1, sizeof *v.items) };
	if (!v.items)
		return error_oom(err);
	for (size_t i = 0, end; i < len; i = end) {
		for (end = i + 1; end < len && (one || pairs[end].start == pairs[i].start);)
			end++;
		if (make_start(&pairs[i], &pairs[end], metric, &v.items[v.len], err) < 0)
			return -1;
		v.len += !isnan(v.items[v.len].log_ratio);
	}
	*ret = v;
	v = (struct start_values){ 0 };
	return 0;
}
