#include "benchmarker/changepoint_parts.h"

#include "benchmarker/plan.h"

#include <math.h>
#include <stdlib.h>

#define CUT 3
#define CORRELATION_LEN_MIN 12
#define DIFFERENCES_USED 0.9          /* of them, the smaller: those across changes of level are not among them */
#define NORMAL_MAD 1.4826022185056018 /* standard deviations of a normal distribution in its median distance */

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

double changepoint_median(double *values, size_t len)
{
	qsort(values, len, sizeof *values, compare);
	return (values[(len - 1) / 2] + values[len / 2]) / 2;
}

double changepoint_spread(const double *values, size_t len, double center)
{
	double *distances = calloc(len + 1, sizeof *distances);
	double result = NAN;
	for (size_t i = 0; distances && i < len; i++)
		distances[i] = fabs(values[i] - center);
	if (distances && len)
		result = NORMAL_MAD * changepoint_median(distances, len);
	free(distances);
	return result;
}

int changepoint_cut(const double *values, const double *weights, size_t len, double *ret,
		    struct changepoint_scale *scale, struct error *err)
{
	double *work = calloc(len + 1, sizeof *work);
	if (!work)
		return error_oom(err);
	for (size_t i = 0; i < len; i++)
		work[i] = values[i];
	double center = len ? changepoint_median(work, len) : 0, far = 0;
	for (size_t i = 0; i < len; i++) {
		work[i] = fabs(values[i] - center) * sqrt(weights[i]);
		far = fmax(far, work[i]);
	}
	double unit = len ? NORMAL_MAD * changepoint_median(work, len) : 0;
	free(work);
	if (!(unit > 0))
		unit = far > 0 ? far : 1; /* most are equal: nothing is cut */
	for (size_t i = 0; i < len; i++) {
		double root = sqrt(weights[i]);
		ret[i] = fmax(-CUT, fmin(CUT, (values[i] - center) / unit * root)) / root;
	}
	if (scale)
		*scale = (struct changepoint_scale){ center, unit };
	return 0;
}

/* Mean of the smaller differences' squares, of values lag apart. work holds len values. */
static double mean_difference(const double *values, size_t len, size_t lag, double *work)
{
	size_t n = len - lag, used = (size_t)ceil(DIFFERENCES_USED * (double)n);
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		work[i] = fabs(values[i + lag] - values[i]);
	qsort(work, n, sizeof *work, compare);
	for (size_t i = 0; i < used; i++)
		sum += work[i] * work[i];
	return sum / (double)used;
}

int changepoint_correlation(const double *values, size_t len, double *ret, struct error *err)
{
	double *work = calloc(len + 1, sizeof *work);
	double found = 0;
	if (!work)
		return error_oom(err);
	if (len >= CORRELATION_LEN_MIN) {
		double one = mean_difference(values, len, 1, work), two = mean_difference(values, len, 2, work);
		if (one > 0)
			found = two / one - 1;
	}
	found += CHANGEPOINT_PRUDENCE * sqrt(2 / fmax(1, (double)len));
	*ret = fmax(0, fmin(CHANGEPOINT_CORRELATION_MAX, found));
	free(work);
	return 0;
}

void changepoint_null_release(struct changepoint_null *n)
{
	free(n->innovations);
	free(n->roots);
	*n = (struct changepoint_null){ 0 };
}

/* What value i is off its neighbours, of the same variance as the value if neighbours are independent. */
static double local_residual(const double *equal, size_t len, size_t i)
{
	if (i == 0)
		return (equal[0] - equal[1]) * sqrt(1.0 / 2);
	if (i + 1 == len)
		return (equal[i] - equal[i - 1]) * sqrt(1.0 / 2);
	return (equal[i] - (equal[i - 1] + equal[i + 1]) / 2) * sqrt(2.0 / 3);
}

int changepoint_null_make(const double *values, const double *weights, size_t len, double correlation,
			  struct changepoint_null *ret, struct error *err)
{
	struct changepoint_null n = { .correlation = correlation, .len = len };
	double *equal = calloc(len + 1, sizeof *equal);
	n.innovations = calloc(len + 1, sizeof(double));
	n.roots = calloc(len + 1, sizeof(double));
	if (!equal || !n.innovations || !n.roots) {
		free(equal);
		changepoint_null_release(&n);
		return error_oom(err);
	}
	for (size_t i = 0; i < len; i++) {
		n.roots[i] = sqrt(weights[i]);
		equal[i] = values[i] * n.roots[i];
	}
	for (size_t i = 0; i < len; i++)
		n.innovations[i] = len > 1 ? local_residual(equal, len, i) : 0;
	free(equal);
	*ret = n;
	return 0;
}

void changepoint_null_draw(struct changepoint_null *n, uint64_t *seed, double *ret)
{
	double now = 0;
	uint64_t bits = 0;
	for (size_t i = 0; i < n->len; i++) {
		double scale = i ? 1 : 1 / sqrt(1 - n->correlation * n->correlation);
		bits = i % 64 ? bits >> 1 : plan_random(seed);
		now = n->correlation * now + (bits & 1 ? scale : -scale) * n->innovations[i];
		ret[i] = now / n->roots[i];
	}
}

/* The points' variance beyond what they claim: with it, half of the differences of neighbours are within the half of
 * their distribution. work holds len values. */
static double own_variance(const struct changepoint_point *points, const double *claims, size_t len, double *work)
{
	double low = 0, high = 0;
	for (size_t i = 0; i + 1 < len; i++)
		high = fmax(high, pow(points[i + 1].value - points[i].value, 2));
	for (int step = 0; step < 60 && high > 0; step++) {
		double middle = (low + high) / 2;
		for (size_t i = 0; i + 1 < len; i++)
			work[i] = fabs(points[i + 1].value - points[i].value) /
				  sqrt(2 * middle + claims[i] + claims[i + 1]);
		if (NORMAL_MAD * changepoint_median(work, len - 1) > 1)
			low = middle;
		else
			high = middle;
	}
	return high;
}

static bool claims(const struct changepoint_point *p)
{
	return isfinite(p->error) && p->error > 0;
}

int changepoint_weigh(const struct changepoint_point *points, size_t len, double *ret, struct error *err)
{
	double *work = calloc(len + 1, sizeof *work), *squares = calloc(len + 1, sizeof *squares);
	if (!work || !squares) {
		free(work);
		free(squares);
		return error_oom(err);
	}
	size_t known = 0;
	double least = INFINITY, sum = 0;
	for (size_t i = 0; i < len; i++)
		if (claims(&points[i])) {
			work[known++] = points[i].error * points[i].error;
			least = fmin(least, work[known - 1]);
		}
	double typical = known ? changepoint_median(work, known) : 0;
	for (size_t i = 0; i < len; i++)
		squares[i] = claims(&points[i]) ? points[i].error * points[i].error : typical;
	/* Never nothing of its own: a claim is an estimate too. */
	double own = known ? fmax(own_variance(points, squares, len, work), least / 2) : 1;
	for (size_t i = 0; i < len; i++) {
		ret[i] = 1 / (own + squares[i]);
		sum += ret[i];
	}
	for (size_t i = 0; i < len; i++)
		ret[i] *= (double)len / sum;
	free(work);
	free(squares);
	return 0;
}
