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

static double normal_cdf(double z)
{
	return erfc(-z / M_SQRT2) / 2;
}

/* Where s = sqrt(chi squared / df) is, and how densely: the points and weights of Simpson's rule. */
#define CHI_STEPS 128 /* even */
struct chi {
	double s[CHI_STEPS + 1], weight[CHI_STEPS + 1];
};

static void chi_make(double df, struct chi *ret)
{
	double spread = 8 / sqrt(2 * df), low = fmax(0, 1 - spread), step = (1 + spread - low) / CHI_STEPS;
	int sign;
	double log_factor = log(2) + df / 2 * log(df / 2) - lgamma_r(df / 2, &sign);
	for (int i = 0; i <= CHI_STEPS; i++) {
		double s = low + step * i;
		double density = exp(log_factor + (df - 1) * log(s > 0 ? s : DBL_MIN) - df * s * s / 2);
		ret->s[i] = s;
		ret->weight[i] = density * step / 3 * (i == 0 || i == CHI_STEPS ? 1 : i % 2 ? 4 : 2);
	}
}

/* P(|T| > critical) of the non-central t: the mean over s of P(|Z + d| > critical s). */
static double student_power(const struct chi *chi, double critical, double d)
{
	double sum = 0;
	for (int i = 0; i <= CHI_STEPS; i++)
		sum += chi->weight[i] * (normal_cdf(d - critical * chi->s[i]) + normal_cdf(-d - critical * chi->s[i]));
	return sum;
}

double student_detectable(double critical, double df, double power)
{
	if (!(critical >= 0 && critical < 1000) || !(df >= 1) || !(power > 0 && power < 1))
		return NAN;
	struct chi chi;
	chi_make(df, &chi);
	double low = 0, high = critical + 2;
	double below = student_power(&chi, critical, 0) - power, above = student_power(&chi, critical, high) - power;
	if (below >= 0)
		return 0;
	for (; above < 0; above = student_power(&chi, critical, high) - power) {
		low = high;
		below = above;
		high *= 2;
	}
	/* Regula falsi as Illinois has it: an end that stays is trusted half as much the next time. */
	for (int i = 0, stayed = 0; i < 100 && high - low > 1e-5 * high; i++) {
		double d = low + (high - low) * below / (below - above);
		double at = student_power(&chi, critical, d) - power;
		if (fabs(at) < 1e-6)
			return d;
		if (at < 0) {
			low = d;
			below = at;
			above /= stayed < 0 ? 2 : 1;
			stayed = -1;
		} else {
			high = d;
			above = at;
			below /= stayed > 0 ? 2 : 1;
			stayed = 1;
		}
	}
	return (low + high) / 2;
}
