/* Robust figures of a series. Private to changepoint*.c. */
#ifndef BENCHMARKER_CHANGEPOINT_PARTS_H
#define BENCHMARKER_CHANGEPOINT_PARTS_H

#include "benchmarker/changepoint.h"

/* Sorts values; the mean of the two in the middle. len > 0. */
double changepoint_median(double *values, size_t len);

/* Robust standard deviation of values around center: 1.4826 times the median distance (that of a normal distribution);
 * 0 if more than half lie at center; NAN without memory or values. */
double changepoint_spread(const double *values, size_t len, double center);

/* Values as multiples of unit around center, cut at 3. center: the median; unit: the robust standard deviation around
 * it, so that the order of the values does not matter. Where most are equal nothing is cut. scale may be NULL. -1
 * without memory. */
struct changepoint_scale {
	double center, unit;
};
int changepoint_cut(const double *values, size_t len, double *ret, struct changepoint_scale *scale, struct error *err);

/* Correlation of neighbours, within [0, 0.8], from the mean squares of differences: of neighbours 2 v (1 - r), of next
 * neighbours 2 v (1 - r²) for a first-order process, whose quotient is 1 + r; of each the smaller 70 %, so that changes
 * of level do not count. 0 for fewer than 12 values. -1
 * without memory. */
int changepoint_correlation(const double *values, size_t len, double *ret, struct error *err);

/* Weights of mean 1: inverse variances, from the claimed errors and from how much more the points vary than these
 * claim. Where no point claims one, all weigh the same. -1 without memory. */
int changepoint_weigh(const struct changepoint_point *points, size_t len, double *ret, struct error *err);

#endif
