/* Student's t by the regularised incomplete beta function: declared in statistics.h. */
#include "benchmarker/statistics.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

/* The continued fraction of the incomplete beta function (NIST DLMF 8.17.22), by Lentz's method as modified by Thompson
 * and Barnett (J. Comput. Phys. 64, 1986): converges fast for x < (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x)
{
	const double tiny = 1e-300;
	double c = 1, d = 1 - (a + b) * x / (a + 1);
	d = 1 / (fabs(d) < tiny ? tiny : d);
	double f = d;
	for (int m = 1; m <= 10000; m++) {
		/* the terms d_2m and d_2m+1 */
		const double terms[2] = {
			m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
			-(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
		};
		double delta = 1;
		for (int i = 0; i < 2; i++) {
			d = 1 + terms[i] * d;
			d = 1 / (fabs(d) < tiny ? tiny : d);
			c = 1 + terms[i] / c;
			if (fabs(c) < tiny)
				c = tiny;
			delta = c * d;
			f *= delta;
		}
		if (fabs(delta - 1) < 4 * DBL_EPSILON)
			break;
	}
	return f;
}

/* I_x(a, b), with y = 1 - x given too, since one of them may be tiny. */
static double beta_incomplete(double a, double b, double x, double y)
{
	if (x <= 0)
		return 0;
	if (y <= 0)
		return 1;
	int sign; /* lgamma_r: lgamma itself writes a global */
	double log_front = a * log(x) + b * log(y) + lgamma_r(a + b, &sign) - lgamma_r(a, &sign) - lgamma_r(b, &sign);
	if (x < (a + 1) / (a + b + 2))
		return exp(log_front) / a * beta_fraction(a, b, x);
	return 1 - exp(log_front) / b * beta_fraction(b, a, y); /* DLMF 8.17.4 */
}

double student_p_value(double t, double df)
{
	if (isnan(t) || !(df > 0))
		return NAN;
	if (isinf(t))
		return 0;
	/* Divided by whichever is larger, so that t * t cannot overflow. */
	double s = t / sqrt(df);
	double x = fabs(s) > 1 ? 1 / s / s / (1 / s / s + 1) : 1 / (1 + s * s);
	double y = fabs(s) > 1 ? 1 / (1 / s / s + 1) : s * s / (1 + s * s);
	return beta_incomplete(df / 2, 0.5, x, y);
}

static double student_density(double t, double df)
{
	int sign;
	double log_factor = lgamma_r((df + 1) / 2, &sign) - lgamma_r(df / 2, &sign) - log(df * M_PI) / 2;
	return exp(log_factor - (df + 1) / 2 * log1p(t / df * t));
}

double student_quantile(double p, double df)
{
	if (!(p > 0 && p < 1) || !(df > 0))
		return NAN;
	if (p == 0.5)
		return 0;
	double two_sided = 2 * (p < 0.5 ? p : 1 - p);
	double low = 0, high = 1;
	while (student_p_value(high, df) > two_sided && high < DBL_MAX / 4) {
		low = high;
		high *= 2;
	}
	/* Newton's steps, or half the way where one would leave the bracket: the p-value falls as t grows. */
	double t = low + (high - low) / 2;
	for (int i = 0; i < 200 && low < t && t < high; i++) {
		double above = student_p_value(t, df) - two_sided;
		if (above > 0)
			low = t;
		else
			high = t;
		double next = t + above / (2 * student_density(t, df));
		if (!(next > low && next < high))
			next = low + (high - low) / 2;
		bool close = fabs(next - t) <= 2 * DBL_EPSILON * t;
		t = next;
		if (close)
			break;
	}
	return p < 0.5 ? -t : t;
}
