/* Robust figures of a series. Private to changepoint*.c. */
#ifndef BENCHMARKER_CHANGEPOINT_PARTS_H
#define BENCHMARKER_CHANGEPOINT_PARTS_H

#include "benchmarker/changepoint.h"

/* Sorts values; the mean of the two in the middle. len > 0. */
double changepoint_median(double *values, size_t len);

/* Robust standard deviation of values around center: 1.4826 times the median distance (that of a normal distribution);
 * 0 if more than half lie at center; NAN without memory or values. */
double changepoint_spread(const double *values, size_t len, double center);

/* Values as multiples of unit around center, each cut where, times the root of its weight, it is 3 units from center.
 * center: the median; unit: the robust standard deviation of such distances, so that the order of the values does not
 * matter. Where most are equal nothing is cut. weights: of mean 1. scale may be NULL. -1 without memory. */
struct changepoint_scale {
	double center, unit;
};
int changepoint_cut(const double *values, const double *weights, size_t len, double *ret,
		    struct changepoint_scale *scale, struct error *err);

/* Correlation of neighbours in a first-order process, at least 0, from the mean squares of differences: of neighbours
 * 2 v (1 - r), of next neighbours 2 v (1 - r²), whose quotient is 1 + r; of each without the largest tenth, so that
 * changes of level do not count. Above it by CHANGEPOINT_PRUDENCE of its own standard errors, sqrt(2 / len), at most
 * CHANGEPOINT_CORRELATION_MAX; with fewer than 12 values it is taken as 0 and that. -1 without memory. */
#define CHANGEPOINT_PRUDENCE 1.0
#define CHANGEPOINT_CORRELATION_MAX 0.9
int changepoint_correlation(const double *values, size_t len, double *ret, struct error *err);

/* What the null hypothesis lets one draw: a series without a change, whose points times the root of their weights are a
 * first-order process of that correlation, each with an innovation as large as the point is off its neighbours. */
struct changepoint_null {
	double *innovations, *roots; /* of the weights; owned */
	double correlation;
	size_t len;
};
void changepoint_null_release(struct changepoint_null *n);
int changepoint_null_make(const double *values, const double *weights, size_t len, double correlation,
			  struct changepoint_null *ret, struct error *err);
/* One such series: the innovations with signs by chance. */
void changepoint_null_draw(struct changepoint_null *n, uint64_t *seed, double *ret);

/* Weights of mean 1: inverse variances, from the claimed errors and from how much more the points vary than these
 * claim. Where no point claims one, all weigh the same. -1 without memory. */
int changepoint_weigh(const struct changepoint_point *points, size_t len, double *ret, struct error *err);

#endif
