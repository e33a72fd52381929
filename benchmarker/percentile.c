#include "benchmarker/percentile.h"

#include "base/cleanup.h"
#include "benchmarker/statistics.h"

#include <math.h>

#define CONFIDENCE 0.95

void percentiles_release(struct percentiles *p)
{
	histogram_release(&p->all);
	for (size_t i = 0; i < PERCENTILE_GROUPS_MAX; i++)
		histogram_release(&p->groups[i]);
	*p = (struct percentiles){ 0 };
}

static size_t count_clusters(const struct percentile_slice *slices, size_t len)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++)
		n += i == 0 || slices[i].cluster != slices[i - 1].cluster;
	return n;
}

int percentiles_make(const struct percentile_slice *slices, size_t len, struct percentiles *ret, struct error *err)
{
	CLEANUP(percentiles) struct percentiles p = { 0 };
	size_t clusters = count_clusters(slices, len);
	bool whole = clusters >= PERCENTILE_GROUPS_MIN; /* the units are clusters, else slices */
	size_t units = whole ? clusters : len, unit = 0;
	size_t n = units < PERCENTILE_GROUPS_MAX ? units : PERCENTILE_GROUPS_MAX;
	for (size_t i = 0; i < len; i++) {
		if (i > 0 && (!whole || slices[i].cluster != slices[i - 1].cluster))
			unit++;
		if (histogram_merge(&p.groups[unit * n / units], slices[i].latency, err) < 0)
			return -1;
	}
	for (size_t g = 0; g < n; g++) { /* groups without events have nothing to say */
		if (p.groups[g].total == 0)
			continue;
		if (histogram_merge(&p.all, &p.groups[g], err) < 0)
			return -1;
		struct histogram empty = p.groups[p.groups_len];
		p.groups[p.groups_len++] = p.groups[g];
		if (p.groups_len - 1 != g)
			p.groups[g] = empty;
	}
	*ret = p;
	p = (struct percentiles){ 0 };
	return 0;
}

/* Events that a value does not exceed. */
static double count_to(const struct histogram *h, double value_ns)
{
	uint64_t n = 0;
	for (size_t i = 0; i < h->len && histogram_value_ns(h->entries[i].bucket) <= value_ns; i++)
		n += h->entries[i].count;
	return (double)n;
}

/* Standard error of the share of events that do not exceed value_ns, which is about q. */
static double share_error(const struct percentiles *p, double value_ns, double q)
{
	double n = (double)p->all.total, groups = (double)p->groups_len, squares = 0;
	double share = count_to(&p->all, value_ns) / n;
	for (size_t g = 0; g < p->groups_len; g++) {
		double rest = count_to(&p->groups[g], value_ns) - share * (double)p->groups[g].total;
		squares += rest * rest;
	}
	double between = squares * groups / (groups - 1) / n / n, independent = q * (1 - q) / n;
	return sqrt(fmax(between, independent));
}

static double logistic(double x)
{
	return 1 / (1 + exp(-x));
}

struct percentile percentiles_at(const struct percentiles *p, double q)
{
	struct percentile r = { .value_ns = NAN, .high_ns = INFINITY };
	double n = (double)p->all.total;
	/* Not quite ten: n * (1 - q) is not exact. */
	if (n * fmin(q, 1 - q) < PERCENTILE_BEYOND_MIN - 1e-6)
		return r;
	r.value_ns = histogram_quantile_ns(&p->all, q);
	if (p->groups_len < PERCENTILE_GROUPS_MIN)
		return r;
	double t = student_quantile((1 + CONFIDENCE) / 2, (double)(p->groups_len - 1));
	double half = t * share_error(p, r.value_ns, q) / (q * (1 - q)), middle = log(q / (1 - q));
	double low = logistic(middle - half), above = logistic(-middle - half); /* the share beyond the upper end */
	if (low * n >= 1)
		r.low_ns = histogram_quantile_ns(&p->all, low);
	if (above * n >= 1)
		r.high_ns = histogram_quantile_ns(&p->all, 1 - above);
	return r;
}
