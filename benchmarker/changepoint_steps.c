#include "benchmarker/changepoint_parts.h"
#include "benchmarker/statistics.h"

#include <math.h>
#include <stdlib.h>

#define TAILS 4.0           /* degrees of freedom: as heavy as bisect.h expects a measurement's to be */
#define MAD_EFFICIENCY 0.37 /* of the median distance as an estimate of a normal distribution's scale */

static bool is_known(double error)
{
	return isfinite(error) && error > 0;
}

/* What the steps are held against. */
struct yardstick {
	double spread, degrees; /* of all steps around 0 */
};

static double yardstick_degrees(size_t len)
{
	return fmin(TAILS, MAD_EFFICIENCY * (double)(len - 1));
}

static double p_value(const struct yardstick *y, const struct changepoint_point *step)
{
	double p = y->spread > 0 ? student_p_value(step->value / y->spread, y->degrees) : 1;
	if (!is_known(step->error))
		return p;
	double own = student_p_value(step->value / step->error, TAILS);
	return y->spread > 0 ? fmax(p, own) : own;
}

static double half_width(const struct yardstick *y, const struct changepoint_point *step)
{
	double half = y->spread > 0 ? y->spread * student_quantile(0.975, y->degrees) : 0;
	return is_known(step->error) ? fmax(half, step->error * student_quantile(0.975, TAILS)) : half;
}

int changepoint_find_steps(const struct changepoint_point *steps, size_t len, double alpha, struct changepoints *ret,
			   struct error *err)
{
	struct changepoints c = { .spread = NAN };
	c.items = calloc(len + 1, sizeof *c.items);
	c.levels = calloc(len + 1, sizeof *c.levels);
	if (!c.items || !c.levels) {
		changepoints_release(&c);
		return error_oom(err);
	}
	for (size_t i = 0; i < len; i++)
		c.levels[i] = steps[i].value;
	c.spread = changepoint_spread(c.levels, len, 0);
	const struct yardstick y = { c.spread, yardstick_degrees(len) };
	for (size_t i = 0; len >= CHANGEPOINT_STEPS_MIN && i < len; i++) {
		double value = steps[i].value, p = p_value(&y, &steps[i]);
		if (p > alpha / (double)len)
			continue;
		double half = half_width(&y, &steps[i]);
		c.items[c.len++] = (struct changepoint){ .at = i,
							 .first = i,
							 .last = i,
							 .change = value,
							 .low = value - half,
							 .high = value + half,
							 .p_value = p };
	}
	*ret = c;
	return 0;
}
