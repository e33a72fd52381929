#include "benchmarker/changepoint.h"

#include "benchmarker/changepoint_parts.h"
#include "benchmarker/statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SIDE_MIN 2   /* points on either side of a change */
#define WINDOW_MIN 8 /* points of the smallest window */
#define DRAWS 999    /* at least */
#define DRAWS_MAX 19999
#define LOCATION_LR \
	7.35 /* -2 ln(1 - sqrt(0.95)): the likelihood's fall to both sides of a change (Yao, Ann. Stat. 15, 1987) */

void changepoints_release(struct changepoints *c)
{
	free(c->items);
	free(c->levels);
	*c = (struct changepoints){ 0 };
}

/* A stretch's values as they are tested: cut, and weighted. */
struct scores {
	double *value, *weight;
	double *sums, *weights; /* running totals, one more than there are values */
	size_t len;
};

static double growth(double correlation)
{
	return (1 + correlation) / (1 - correlation);
}

/* Largest difference of means over the splits of [l, r), in standard errors, squared; *ret_at: where. */
static double best_split(const struct scores *s, size_t l, size_t r, size_t *ret_at)
{
	double best = -1, sum = s->sums[r] - s->sums[l], weight = s->weights[r] - s->weights[l];
	for (size_t k = l + SIDE_MIN; k + SIDE_MIN <= r; k++) {
		double wl = s->weights[k] - s->weights[l], sl = s->sums[k] - s->sums[l];
		double d = sl * weight - sum * wl, scale = wl * (weight - wl) * weight;
		if (d * d > best * scale) { /* a division less: this loop is all of the time */
			best = d * d / scale;
			*ret_at = k;
		}
	}
	return best;
}

static void add_up(struct scores *s)
{
	for (size_t i = 0; i < s->len; i++) {
		s->sums[i + 1] = s->sums[i] + s->weight[i] * s->value[i];
		s->weights[i + 1] = s->weights[i] + s->weight[i];
	}
}

/* The best split of all windows of that length; they overlap by half, and the last ends where the stretch does. */
static double best_of_windows(const struct scores *s, size_t length, size_t *ret_at)
{
	double best = -1;
	for (size_t l = 0;; l = l + length / 2 + length <= s->len ? l + length / 2 : s->len - length) {
		size_t at = 0;
		double t = best_split(s, l, l + length, &at);
		if (t > best) {
			best = t;
			*ret_at = at;
		}
		if (l + length == s->len)
			return best;
	}
}

/* Sum of squares around the mean, which no order changes; after add_up. */
static double squares(const struct scores *s)
{
	double sum = 0;
	for (size_t i = 0; i < s->len; i++)
		sum += s->weight[i] * s->value[i] * s->value[i];
	return sum - s->sums[s->len] * s->sums[s->len] / s->weights[s->len];
}

/* The statistic of the scores in their present order. */
static double statistic(struct scores *s, size_t *ret_at)
{
	double best = -1;
	add_up(s);
	for (size_t length = s->len; length == s->len || length >= WINDOW_MIN; length /= 2) {
		size_t at = 0;
		double t = best_of_windows(s, length, &at);
		if (t > best) {
			best = t;
			*ret_at = at;
		}
	}
	/* Against what is left: a large change must not count as noise in what it is compared with. */
	return best / fmax(squares(s) - best, 1e-12 * best);
}

static void scores_release(struct scores *s)
{
	free(s->value);
	free(s->weight);
	free(s->sums);
	free(s->weights);
}

static int scores_make(const double *values, const double *weights, size_t len, struct scores *ret, struct error *err)
{
	*ret = (struct scores){ .len = len };
	ret->value = calloc(len + 1, sizeof(double));
	ret->weight = calloc(len + 1, sizeof(double));
	ret->sums = calloc(len + 1, sizeof(double));
	ret->weights = calloc(len + 1, sizeof(double));
	if (!ret->value || !ret->weight || !ret->sums || !ret->weights ||
	    changepoint_cut(values, weights, len, ret->value, NULL, err) < 0) {
		scores_release(ret);
		return error_oom(err);
	}
	memcpy(ret->weight, weights, len * sizeof *weights);
	return 0;
}

/* Correlation of neighbours, of values that are made equally uncertain. */
static int correlation_of(const double *values, const double *weights, size_t len, double *ret, struct error *err)
{
	double *equal = calloc(len + 1, sizeof *equal);
	if (!equal)
		return error_oom(err);
	for (size_t i = 0; i < len; i++)
		equal[i] = values[i] * sqrt(weights[i]);
	int result = changepoint_correlation(equal, len, ret, err);
	free(equal);
	return result;
}

/* p-value of the scores' statistic; above alpha it is only known to be that. Spoils the scores. */
static int test_scores(struct scores *s, double alpha, uint64_t seed, size_t *ret_at, double *ret_p, struct error *err)
{
	struct changepoint_null null;
	double correlation = 0, exceeded = 0;
	double draws = fmin(fmax(DRAWS, ceil(5 / alpha) - 1), DRAWS_MAX);
	if (correlation_of(s->value, s->weight, s->len, &correlation, err) < 0 ||
	    changepoint_null_make(s->value, s->weight, s->len, correlation, &null, err) < 0)
		return -1;
	double observed = statistic(s, ret_at);
	/* Equal orders must count as equal, whatever order their sums were rounded in. */
	double limit = observed * (1 - 1e-9);
	for (double i = 0; i < draws && (1 + exceeded) / (1 + draws) <= alpha; i++) {
		size_t at;
		changepoint_null_draw(&null, &seed, s->value);
		exceeded += statistic(s, &at) >= limit;
	}
	changepoint_null_release(&null);
	*ret_p = observed > 0 ? (1 + exceeded) / (1 + draws) : 1;
	return 0;
}

/* Is there a change in the stretch? *ret_at, relative to it; *ret_p its p-value, above alpha if there is none. */
static int test_stretch(const double *values, const double *weights, size_t len, double alpha, uint64_t seed,
			size_t *ret_at, double *ret_p, struct error *err)
{
	struct scores s;
	*ret_p = 1;
	if (len < CHANGEPOINT_LEVELS_MIN)
		return 0;
	if (scores_make(values, weights, len, &s, err) < 0)
		return -1;
	int result = test_scores(&s, alpha, seed, ret_at, ret_p, err);
	scores_release(&s);
	return result;
}

/* Best place of a change in [l, r), by cut values. */
static int best_place(const double *values, const double *weights, size_t l, size_t r, size_t *ret_at,
		      struct error *err)
{
	struct scores s;
	if (scores_make(values + l, weights + l, r - l, &s, err) < 0)
		return -1;
	add_up(&s);
	size_t at = 0;
	if (best_split(&s, 0, s.len, &at) > 0)
		*ret_at = l + at;
	scores_release(&s);
	return 0;
}

struct search {
	const double *values, *weights;
	size_t len;
	double alpha;
	uint64_t seed;
	struct changepoint *found; /* by increasing at */
	size_t found_len;
};

static int add_found(struct search *s, size_t at, double p, struct error *err)
{
	struct changepoint *grown = realloc(s->found, (s->found_len + 1) * sizeof *grown);
	if (!grown)
		return error_oom(err);
	s->found = grown;
	size_t place = s->found_len;
	for (; place > 0 && grown[place - 1].at > at; place--)
		grown[place] = grown[place - 1];
	grown[place] = (struct changepoint){ .at = at, .p_value = p };
	s->found_len++;
	return 0;
}

/* Depth is bounded by the number of points, and a change leaves WINDOW_MIN points on a side that is looked at again. */
static int search_stretch(struct search *s, size_t l, size_t r, struct error *err)
{
	size_t at = 0;
	double p;
	if (test_stretch(s->values + l, s->weights + l, r - l, s->alpha, s->seed + l, &at, &p, err) < 0)
		return -1;
	if (p > s->alpha)
		return 0;
	return add_found(s, l + at, p, err) < 0 || search_stretch(s, l, l + at, err) < 0 ||
			       search_stretch(s, l + at, r, err) < 0
		       ? -1
		       : 0;
}

static size_t stretch_begin(const struct search *s, size_t i)
{
	return i ? s->found[i - 1].at : 0;
}

static size_t stretch_end(const struct search *s, size_t i)
{
	return i < s->found_len ? s->found[i].at : s->len;
}

/* Each change between its neighbours, where it fits best; twice, for a neighbour that moved. */
static int settle(struct search *s, struct error *err)
{
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < s->found_len; i++)
			if (best_place(s->values, s->weights, stretch_begin(s, i), stretch_end(s, i + 1),
				       &s->found[i].at, err) < 0)
				return -1;
	return 0;
}

/* Mean of a stretch's cut values, on the values' own scale. */
static int add_level(const struct search *s, size_t l, size_t r, double *levels, struct error *err)
{
	double *cut = calloc(r - l + 1, sizeof *cut);
	struct changepoint_scale scale;
	if (!cut || changepoint_cut(s->values + l, s->weights + l, r - l, cut, &scale, err) < 0) {
		free(cut);
		return error_oom(err);
	}
	double sum = 0, weight = 0;
	for (size_t i = l; i < r; i++) {
		sum += s->weights[i] * cut[i - l];
		weight += s->weights[i];
	}
	free(cut);
	for (size_t i = l; i < r; i++)
		levels[i] = scale.center + scale.unit * sum / weight;
	return 0;
}

/* Weighted residual variance of [l, r) around the levels. */
static double residual_variance(const struct search *s, const double *levels, size_t l, size_t r, size_t fitted)
{
	double sum = 0;
	for (size_t i = l; i < r; i++)
		sum += s->weights[i] * (s->values[i] - levels[i]) * (s->values[i] - levels[i]);
	return sum / (double)(r - l - fitted);
}

/* The stretch around one change, as two levels: its values cut around theirs, and what is left of them. */
struct fit {
	struct scores scores;
	size_t begin, here; /* in the series; the change, relative to that */
	double variance;    /* of a point of weight 1 */
	double growth;
	double df;
};

static int fit_make(const struct search *s, size_t i, const struct changepoints *c, struct fit *ret, struct error *err)
{
	size_t l = stretch_begin(s, i), r = stretch_end(s, i + 1);
	struct fit f = { .begin = l, .here = s->found[i].at - l, .growth = growth(c->correlation) };
	f.variance = residual_variance(s, c->levels, l, r, 2);
	f.df = fmax(1, (double)(r - l - 2) / f.growth);
	if (scores_make(s->values + l, s->weights + l, r - l, &f.scores, err) < 0)
		return -1;
	for (size_t j = l; j < r; j++) {
		double unit = 3 * sqrt(f.variance / s->weights[j]), v = s->values[j] - c->levels[j];
		f.scores.value[j - l] = c->levels[j] + fmax(-unit, fmin(unit, v));
	}
	add_up(&f.scores);
	*ret = f;
	return 0;
}

/* What a change before point k explains of the stretch's squares. */
static double explained(const struct scores *s, size_t k)
{
	double wl = s->weights[k], weight = s->weights[s->len], d = s->sums[k] * weight - s->sums[s->len] * wl;
	return d * d / (wl * (weight - wl) * weight);
}

/* Places that explain nearly as much: the likelihood ratio of two levels of unknown variance. */
static void set_range(const struct fit *f, struct changepoint *c)
{
	double slack = f->variance * f->growth * f->df * expm1(LOCATION_LR / f->df);
	double least = explained(&f->scores, f->here) - slack;
	c->first = c->last = c->at;
	for (size_t k = 1; k < f->scores.len; k++)
		if (explained(&f->scores, k) >= least) {
			c->first = c->first < f->begin + k ? c->first : f->begin + k;
			c->last = c->last > f->begin + k ? c->last : f->begin + k;
		}
}

/* The interval holds that of each place where the change may be. */
static void set_size(const struct fit *f, const struct changepoints *all, struct changepoint *c)
{
	const struct scores *s = &f->scores;
	double t = student_quantile(0.975, f->df);
	c->change = all->levels[c->at] - all->levels[c->at - 1];
	c->low = c->high = c->change;
	for (size_t k = c->first - f->begin; k <= c->last - f->begin; k++) {
		double before = s->weights[k], after = s->weights[s->len] - before;
		double change = (s->sums[s->len] - s->sums[k]) / after - s->sums[k] / before;
		double half = t * sqrt(f->variance * f->growth * (1 / before + 1 / after));
		c->low = fmin(c->low, change - half);
		c->high = fmax(c->high, change + half);
	}
}

/* Size, interval and range of each change. */
static int measure(struct search *s, struct changepoints *c, struct error *err)
{
	for (size_t i = 0; i < s->found_len; i++) {
		struct fit f;
		if (fit_make(s, i, c, &f, err) < 0)
			return -1;
		set_range(&f, &s->found[i]);
		set_size(&f, c, &s->found[i]);
		scores_release(&f.scores);
	}
	return 0;
}

/* Levels, and the spread and the correlation of what is around them. */
static int describe(const struct search *s, struct changepoints *c, struct error *err)
{
	double *residuals = calloc(s->len + 1, sizeof *residuals);
	c->levels = calloc(s->len + 1, sizeof *c->levels);
	if (!residuals || !c->levels) {
		free(residuals);
		return error_oom(err);
	}
	int result = 0;
	for (size_t i = 0; result == 0 && i <= s->found_len; i++)
		result = add_level(s, stretch_begin(s, i), stretch_end(s, i), c->levels, err);
	for (size_t i = 0; i < s->len; i++)
		residuals[i] = s->values[i] - c->levels[i];
	if (result == 0 && s->len > 2) {
		double *cut = calloc(s->len, sizeof *cut);
		result = cut ? changepoint_cut(residuals, s->weights, s->len, cut, NULL, err) : error_oom(err);
		if (result == 0)
			result = correlation_of(cut, s->weights, s->len, &c->correlation, err);
		free(cut);
		c->spread = result == 0 ? changepoint_spread(residuals, s->len, 0) : NAN;
	}
	free(residuals);
	return result;
}

static int find(struct search *s, struct changepoints *c, struct error *err)
{
	if (search_stretch(s, 0, s->len, err) < 0 || settle(s, err) < 0 || describe(s, c, err) < 0)
		return -1;
	return measure(s, c, err);
}

int changepoint_find(const struct changepoint_point *points, size_t len, double alpha, uint64_t seed,
		     struct changepoints *ret, struct error *err)
{
	struct changepoints c = { .spread = NAN };
	double *values = calloc(len + 1, sizeof *values), *weights = calloc(len + 1, sizeof *weights);
	struct search s = { .values = values, .weights = weights, .len = len, .alpha = alpha, .seed = seed };
	int result = values && weights ? 0 : error_oom(err);
	for (size_t i = 0; result == 0 && i < len; i++)
		values[i] = points[i].value;
	if (result == 0 && len)
		result = changepoint_weigh(points, len, weights, err);
	if (result == 0 && len)
		result = find(&s, &c, err);
	free(values);
	free(weights);
	if (result < 0) {
		free(s.found);
		changepoints_release(&c);
		return -1;
	}
	c.items = s.found;
	c.len = s.found_len;
	*ret = c;
	return 0;
}
