#include "profiler/diff.h"

#include "profiler/value.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EXACT_MAX 1e6
#define RISK 0.05
#define NORMAL_97_5 1.959963984540054 /* quantile */

void diff_release(struct diff *d)
{
	free(d->rows);
	*d = (struct diff)DIFF_INIT;
}

/* ---- test ---- */

/* P(X ≤ k) for a binomial X and k below its mean, where the terms fall fast. */
static double lower_tail(double k, double n, double q)
{
	double term = exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + k * log(q) + (n - k) * log1p(-q));
	double sum = term, odds = (1 - q) / q;
	for (; k > 0 && term > sum * 1e-12; k--) {
		term *= k / (n - k + 1) * odds;
		sum += term;
	}
	return sum;
}

double diff_p(double n1, double n2, double q)
{
	double n = n1 + n2, mean = n * q;
	if (!(n >= 0) || !(q > 0 && q < 1))
		return NAN;
	if (n == 0 || n1 == mean)
		return 1;
	if (n > EXACT_MAX)
		return erfc(fabs(n1 - mean) / sqrt(2 * mean * (1 - q)));
	double p = 2 * (n1 < mean ? lower_tail(n1, n, q) : lower_tail(n2, n, 1 - q));
	return p < 1 ? p : 1;
}

/* ---- one side ---- */

struct side {
	struct top top;
	double work;
	double sample; /* value of one sample; NAN: unknown */
};

static void side_release(struct side *s)
{
	top_release(&s->top);
}

static int make_side(const struct pprof *p, const struct diff_spec *spec, double work, struct side *ret,
		     struct error *err)
{
	struct top_spec top = { .by = spec->by,
				.sort = TOP_BY_NAME,
				.type = spec->type,
				.focus = spec->focus,
				.ignore = spec->ignore,
				.own = spec->own };
	if (top_make(p, &top, &ret->top, err) < 0)
		return -1;
	uint32_t column;
	if (value_column(p, spec->type, &column, err) < 0 ||
	    value_work(p, spec->per, work, (double)ret->top.total, &ret->work, err) < 0)
		return -1;
	ret->sample = value_of_sample(p, column, (double)ret->top.total, (double)ret->top.count);
	return 0;
}

/* ---- rows ---- */

static struct diff_figure compare(const struct side *from, const struct side *to, double from_value, double to_value)
{
	double s1 = from->sample / from->work, s2 = to->sample / to->work;
	double n1 = round(fabs(from_value) / from->sample), n2 = round(fabs(to_value) / to->sample);
	struct diff_figure f = { .from = from_value / from->work, .to = to_value / to->work };
	f.delta = f.to - f.from;
	f.error = NORMAL_97_5 * sqrt(n1 * s1 * s1 + n2 * s2 * s2);
	f.p = diff_p(n1, n2, s2 / (s1 + s2));
	return f;
}

static void add_row(struct diff *d, const struct side *from, const struct side *to, const struct top_row *a,
		    const struct top_row *b)
{
	struct diff_row *row = &d->rows[d->n++];
	row->key = a ? a->key : b->key;
	row->package = d->by == PPROF_BY_FILE || row->key.no_symbol ? (struct pprof_string){ "", 0 }
		       : d->by == PPROF_BY_PACKAGE                  ? row->key.name
								    : frame_package(row->key.name);
	row->flat = compare(from, to, a ? (double)a->flat : 0, b ? (double)b->flat : 0);
	row->cum = compare(from, to, a ? (double)a->cum : 0, b ? (double)b->cum : 0);
}

/* Both are sorted by name. */
static void join(struct diff *d, const struct side *from, const struct side *to)
{
	const struct top_row *a = from->top.rows, *b = to->top.rows;
	const struct top_row *a_end = a + from->top.n, *b_end = b + to->top.n;
	while (a < a_end || b < b_end) {
		int r = a == a_end ? 1 : b == b_end ? -1 : frame_compare(&a->key, &b->key);
		add_row(d, from, to, r <= 0 ? a : NULL, r >= 0 ? b : NULL);
		a += r <= 0;
		b += r >= 0;
	}
}

static int by_p(const void *a, const void *b)
{
	const struct diff_figure *x = *(struct diff_figure *const *)a, *y = *(struct diff_figure *const *)b;
	return (x->p > y->p) - (x->p < y->p);
}

/* Holm: the smallest p against risk/n, the next against risk/(n - 1), until one fails. n counts the rows that have any
 * sample on a side. */
static void mark(struct diff_figure **figures, uint32_t n)
{
	qsort(figures, n, sizeof(struct diff_figure *), by_p);
	for (uint32_t i = 0; i < n && figures[i]->p <= RISK / (n - i); i++)
		figures[i]->significant = true;
}

static int mark_all(struct diff *d, bool cum, struct error *err)
{
	AUTO_FREE struct diff_figure **figures = calloc((size_t)d->n + 1, sizeof *figures);
	uint32_t n = 0;
	if (!figures)
		return error_oom(err);
	for (uint32_t i = 0; i < d->n; i++) {
		struct diff_figure *f = cum ? &d->rows[i].cum : &d->rows[i].flat;
		if ((f->from != 0 || f->to != 0) && !isnan(f->p))
			figures[n++] = f;
	}
	mark(figures, n);
	return 0;
}

static int by_delta(double a, double b)
{
	return (fabs(a) < fabs(b)) - (fabs(a) > fabs(b));
}

static int by_flat(const void *a, const void *b)
{
	const struct diff_row *x = a, *y = b;
	int r = by_delta(x->flat.delta, y->flat.delta);
	r = r ? r : by_delta(x->cum.delta, y->cum.delta);
	return r ? r : frame_compare(&x->key, &y->key);
}

static int by_cum(const void *a, const void *b)
{
	const struct diff_row *x = a, *y = b;
	int r = by_delta(x->cum.delta, y->cum.delta);
	r = r ? r : by_delta(x->flat.delta, y->flat.delta);
	return r ? r : frame_compare(&x->key, &y->key);
}

static int make_rows(struct diff *d, const struct side *from, const struct side *to, struct error *err)
{
	if (!value_same_text(&from->top.type, &to->top.type) || !value_same_text(&from->top.unit, &to->top.unit))
		return error_set(err, ERROR_USAGE, "the profiles are of different types");
	d->rows = calloc((size_t)from->top.n + to->top.n + 1, sizeof *d->rows);
	if (!d->rows)
		return error_oom(err);
	join(d, from, to);
	if (mark_all(d, false, err) < 0 || mark_all(d, true, err) < 0)
		return -1;
	if (d->n)
		qsort(d->rows, d->n, sizeof *d->rows, d->sort == TOP_BY_CUM ? by_cum : by_flat);
	d->total = compare(from, to, (double)from->top.shown, (double)to->top.shown);
	if (d->per == DIFF_PER_TOTAL && from->top.shown == from->top.total && to->top.shown == to->top.total) {
		d->total.error = 0; /* 100 % of both */
		d->total.p = 1;
	}
	d->total.significant = d->total.p <= RISK;
	d->from_samples = (double)from->top.shown / from->sample;
	d->to_samples = (double)to->top.shown / to->sample;
	d->type = to->top.type;
	d->unit = to->top.unit;
	return 0;
}

int diff_make(const struct pprof *from, const struct pprof *to, const struct diff_spec *spec, struct diff *ret,
	      struct error *err)
{
	CLEANUP(diff) struct diff d = { .per = spec->per, .by = spec->by, .sort = spec->sort };
	CLEANUP(side) struct side a = { .top = TOP_INIT }, b = { .top = TOP_INIT };
	if (make_side(from, spec, spec->from_work, &a, err) < 0)
		return error_wrap(err, "from");
	if (make_side(to, spec, spec->to_work, &b, err) < 0)
		return error_wrap(err, "to");
	if (make_rows(&d, &a, &b, err) < 0)
		return -1;
	*ret = d;
	d = (struct diff)DIFF_INIT;
	return 0;
}
