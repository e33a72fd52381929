#include "benchmarker/history_series.h"

#include "base/cleanup.h"
#include "benchmarker/history_noise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define Z95 1.959963984540054

const char *history_kind_name(enum history_kind kind)
{
	static const char *const names[] = { "baseline", "chain", "pgo" };
	return names[kind];
}

void history_release(struct history *h)
{
	for (size_t i = 0; i < h->len; i++) {
		free(h->series[i].points);
		changepoints_release(&h->series[i].changes);
	}
	free(h->series);
	for (size_t i = 0; i < h->noises_len; i++)
		free(h->noises[i].deviations);
	free(h->noises);
	*h = (struct history){ 0 };
}

/* One comparison of a test. */
struct measure {
	const struct history_run *run;
	const struct history_test *test;
	double value, error;
	bool used;
};

static struct measure measure_of(const struct history_run *run, const struct history_test *t)
{
	double low = t->low[t->metric], high = t->high[t->metric];
	return (struct measure){ .run = run,
				 .test = t,
				 .value = log(t->ratio[t->metric]),
				 .error = low > 0 && high > low ? log(high / low) / (2 * Z95) : NAN };
}

static int compare_texts(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int compare_numbers(double a, double b)
{
	return isnan(a) || isnan(b) ? !isnan(a) - !isnan(b) : (a > b) - (a < b);
}

/* 0: what the two measured may be compared over time. */
static int compare_identity(const struct history_run *a, const struct history_test *s, const struct history_run *b,
			    const struct history_test *t)
{
	const int parts[] = {
		compare_texts(s->name, t->name),
		compare_texts(s->params, t->params),
		compare_numbers(s->threads, t->threads),
		compare_numbers(s->metric, t->metric),
		compare_texts(a->load, b->load),
		compare_texts(a->from.engine, b->from.engine),
		compare_texts(a->to.engine, b->to.engine),
		compare_texts(a->pairing, b->pairing),
		compare_texts(a->pinning, b->pinning),
		compare_numbers(a->method, b->method),
		compare_texts(a->machine.cpu_model, b->machine.cpu_model),
		compare_numbers(a->machine.cpus, b->machine.cpus),
		compare_numbers(a->machine.memory_bytes, b->machine.memory_bytes),
		compare_texts(a->machine.os, b->machine.os),
		compare_texts(a->machine.arch, b->machine.arch),
		compare_texts(a->machine.kernel, b->machine.kernel),
	};
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (parts[i])
			return parts[i];
	return 0;
}

static int compare_runs(const void *a, const void *b)
{
	const struct history_run *x = a, *y = b;
	int by_time = (x->started_unix > y->started_unix) - (x->started_unix < y->started_unix);
	return by_time ? by_time : strcmp(x->id, y->id);
}

static int compare_measures(const void *a, const void *b)
{
	const struct measure *x = a, *y = b;
	int by_identity = compare_identity(x->run, x->test, y->run, y->test);
	return by_identity ? by_identity : compare_runs(x->run, y->run);
}

static struct history_series *add_series(struct history *h, enum history_kind kind, const struct measure *m,
					 struct error *err)
{
	struct history_series *grown = realloc(h->series, (h->len + 1) * sizeof *grown);
	if (!grown) {
		error_oom(err);
		return NULL;
	}
	h->series = grown;
	grown[h->len] = (struct history_series){
		.kind = kind,
		.run = m->run,
		.test = m->test,
		.baseline = kind == HISTORY_PGO ? NULL : &m->run->from,
		.noise = h->noises_len - 1,
	};
	return &grown[h->len++];
}

static int add_point(struct history_series *s, struct history_point point, struct error *err)
{
	struct history_point *grown = realloc(s->points, (s->len + 1) * sizeof *grown);
	if (!grown)
		return error_oom(err);
	s->points = grown;
	grown[s->len++] = point;
	return 0;
}

/* Averages another run of the same build in, by the inverse of the variances where both are known. */
static void pool(double *value, double *error, size_t runs, const struct measure *m)
{
	double a = isfinite(*error) ? 1 / (*error * *error) : (double)runs,
	       b = isfinite(m->error) ? 1 / (m->error * m->error) : 1;
	if (isfinite(*error) != isfinite(m->error)) {
		a = (double)runs;
		b = 1;
	}
	bool known = isfinite(*error) && isfinite(m->error);
	*value = (a * *value + b * m->value) / (a + b);
	*error = known ? sqrt(1 / (a + b)) : NAN;
}

/* The build's point: pooled with the one that is there, or a new one. */
static int add_level(struct history_series *s, const struct measure *m, struct error *err)
{
	for (size_t i = 0; i < s->len; i++)
		if (history_same_build(s->points[i].build, &m->run->to)) {
			pool(&s->points[i].value, &s->points[i].error, s->points[i].runs++, m);
			return 0;
		}
	return add_point(s, (struct history_point){ &m->run->to, m->run, m->test, 1, m->value, m->error }, err);
}

/* How many builds were measured against this one's baseline. */
static size_t builds_against(const struct measure *m, size_t len, size_t of)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++) {
		bool first = history_same_build(&m[i].run->from, &m[of].run->from);
		for (size_t j = 0; first && j < i; j++)
			first = !(history_same_build(&m[j].run->from, &m[of].run->from) &&
				  history_same_build(&m[j].run->to, &m[i].run->to));
		n += first;
		if (n == HISTORY_BASELINE_BUILDS)
			break;
	}
	return n;
}

static int add_baselines(struct history *h, struct measure *m, size_t len, struct error *err)
{
	for (size_t i = 0; i < len; i++) {
		if (m[i].used || builds_against(m, len, i) < HISTORY_BASELINE_BUILDS)
			continue;
		struct history_series *s = add_series(h, HISTORY_BASELINE, &m[i], err);
		if (!s)
			return -1;
		for (size_t j = i; j < len; j++)
			if (!m[j].used && history_same_build(&m[j].run->from, &m[i].run->from)) {
				m[j].used = true;
				if (add_level(s, &m[j], err) < 0)
					return -1;
			}
	}
	return 0;
}

/* Continues s with what was measured against its last build; again measured, it is pooled. */
static int extend_chain(struct history_series *s, struct measure *m, size_t len, struct error *err)
{
	double variance = 0, sum = 0;
	for (size_t i = 0; i < len; i++) {
		if (m[i].used || !history_same_build(&m[i].run->from, s->points[s->len - 1].build))
			continue;
		struct history_point p = { &m[i].run->to, m[i].run, m[i].test, 0, 0, NAN };
		double value = m[i].value, error = m[i].error;
		for (size_t j = i; j < len; j++) {
			if (m[j].used || !history_same_build(&m[j].run->from, &m[i].run->from) ||
			    !history_same_build(&m[j].run->to, p.build))
				continue;
			if (p.runs++)
				pool(&value, &error, p.runs - 1, &m[j]);
			m[j].used = true;
		}
		variance += error * error;
		sum += value;
		p.value = sum;
		p.error = sqrt(variance);
		if (add_point(s, p, err) < 0)
			return -1;
	}
	return 0;
}

static int add_chains(struct history *h, struct measure *m, size_t len, struct error *err)
{
	for (size_t i = 0; i < len; i++) {
		if (m[i].used)
			continue;
		struct history_series *s = add_series(h, HISTORY_CHAIN, &m[i], err);
		if (!s || add_point(s, (struct history_point){ &m[i].run->from, m[i].run, NULL, 0, 0, 0 }, err) < 0 ||
		    extend_chain(s, m + i, len - i, err) < 0)
			return -1;
		if (s->len == 2) { /* a single comparison is no series */
			h->alone++;
			free(s->points);
			h->len--;
		}
	}
	return 0;
}

/* Is it a commit with a profile against the same one without? */
static bool is_gain(const struct history_run *r)
{
	return !history_same_build(&r->from, &r->to) && r->from.commit && str_eq(r->from.commit, r->to.commit);
}

static int add_gains(struct history *h, const struct measure *m, size_t len, struct error *err)
{
	struct history_series *s = NULL;
	for (size_t i = 0; i < len; i++) {
		const struct history_run *r = m[i].run;
		if (!is_gain(r))
			continue;
		if (!s && !(s = add_series(h, HISTORY_PGO, &m[i], err)))
			return -1;
		if (add_point(s, (struct history_point){ &r->to, r, m[i].test, 1, m[i].value, m[i].error }, err) < 0)
			return -1;
	}
	return 0;
}

/* Their intervals, and what a build scatters by against itself. */
static int add_noise(struct history *h, const struct measure *m, size_t len, struct error *err)
{
	struct history_noise *grown = realloc(h->noises, (h->noises_len + 1) * sizeof *grown);
	AUTO_FREE double *widths = calloc(len + 1, sizeof *widths);
	size_t known = 0;
	if (grown)
		h->noises = grown;
	if (!grown || !widths)
		return error_oom(err);
	struct history_noise *n = &grown[h->noises_len++];
	*n = (struct history_noise){ .run = m->run, .test = m->test };
	for (size_t i = 0; i < len; i++) {
		if (isfinite(m[i].error))
			widths[known++] = Z95 * m[i].error;
		if (!history_same_build(&m[i].run->from, &m[i].run->to))
			continue;
		n->same++;
		if (history_noise_add(n, m[i].value, err) < 0)
			return -1;
	}
	history_noise_set_widths(n, widths, known);
	return 0;
}

/* All of one identity. */
static int add_group(struct history *h, struct measure *m, size_t len, struct error *err)
{
	if (add_noise(h, m, len, err) < 0)
		return -1;
	h->same += h->noises[h->noises_len - 1].same;
	for (size_t i = 0; i < len; i++)
		m[i].used = history_same_build(&m[i].run->from, &m[i].run->to) || is_gain(m[i].run);
	if (add_gains(h, m, len, err) < 0 || add_baselines(h, m, len, err) < 0)
		return -1;
	return add_chains(h, m, len, err);
}

static int compare_commits(const void *a, const void *b)
{
	const struct history_point *x = a, *y = b;
	int64_t s = x->build->committed_unix, t = y->build->committed_unix;
	return s != t ? (s > t) - (s < t) : compare_runs(x->run, y->run);
}

/* A chain has its order from its links; else commits have theirs, where all are known. */
static void put_in_order(struct history_series *s)
{
	s->by_commit = s->kind != HISTORY_CHAIN;
	for (size_t i = 0; i < s->len; i++)
		s->by_commit &= s->points[i].build->committed_unix != 0;
	if (s->by_commit)
		qsort(s->points, s->len, sizeof *s->points, compare_commits);
}

static int find_changes(struct history_series *s, double alpha, struct error *err)
{
	struct changepoint_point *p = calloc(s->len + 1, sizeof *p);
	if (!p)
		return error_oom(err);
	int result;
	for (size_t i = 0; i < s->len; i++)
		p[i] = (struct changepoint_point){ s->points[i].value, s->points[i].error };
	if (s->kind == HISTORY_CHAIN) {
		for (size_t i = 0; i + 1 < s->len; i++) {
			double variance = pow(s->points[i + 1].error, 2) - pow(s->points[i].error, 2);
			p[i] = (struct changepoint_point){ s->points[i + 1].value - s->points[i].value,
							   sqrt(variance) };
		}
		result = changepoint_find_steps(p, s->len - 1, alpha, &s->changes, err);
		for (size_t i = 0; result == 0 && i < s->changes.len; i++) {
			s->changes.items[i].at++;
			s->changes.items[i].first++;
			s->changes.items[i].last++;
		}
	} else {
		result = changepoint_find(p, s->len, alpha, 1, &s->changes, err);
	}
	free(p);
	return result;
}

static int collect(const struct history_runs *runs, const struct history_filter *filter, struct measure **ret,
		   size_t *ret_len, struct error *err)
{
	size_t n = 0, len = 0;
	for (size_t i = 0; i < runs->len; i++)
		n += runs->items[i].tests_len;
	struct measure *m = calloc(n + 1, sizeof *m);
	if (!m)
		return error_oom(err);
	for (size_t i = 0; i < runs->len; i++) {
		const struct history_run *r = &runs->items[i];
		for (size_t t = 0; r->to.engine && t < r->tests_len; t++)
			if (r->tests[t].ratio[r->tests[t].metric] > 0 &&
			    (!filter->test || str_eq(filter->test, r->tests[t].name)) &&
			    (!filter->engine || str_eq(filter->engine, r->to.engine)))
				m[len++] = measure_of(r, &r->tests[t]);
	}
	qsort(m, len, sizeof *m, compare_measures);
	*ret = m;
	*ret_len = len;
	return 0;
}

int history_make(struct history_runs *runs, const struct history_filter *filter, struct history *ret, struct error *err)
{
	CLEANUP(history) struct history h = { .runs = runs->len };
	AUTO_FREE struct measure *m = NULL;
	size_t len = 0;
	if (runs->len)
		qsort(runs->items, runs->len, sizeof *runs->items, compare_runs);
	if (collect(runs, filter, &m, &len, err) < 0)
		return -1;
	for (size_t begin = 0, end; begin < len; begin = end) {
		for (end = begin + 1;
		     end < len && compare_identity(m[begin].run, m[begin].test, m[end].run, m[end].test) == 0;)
			end++;
		if (add_group(&h, m + begin, end - begin, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < h.len; i++) {
		struct history_series *s = &h.series[i];
		put_in_order(s);
		if (find_changes(s, HISTORY_ALPHA / (double)h.len, err) < 0 ||
		    history_noise_add_series(&h.noises[s->noise], s, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < h.noises_len; i++)
		history_noise_settle(&h.noises[i]);
	*ret = h;
	h = (struct history){ 0 };
	return 0;
}

const struct history_noise *history_noise(const struct history *h, const struct history_run *run,
					  const struct history_test *test)
{
	for (size_t i = 0; i < h->noises_len; i++)
		if (compare_identity(h->noises[i].run, h->noises[i].test, run, test) == 0)
			return &h->noises[i];
	return NULL;
}
