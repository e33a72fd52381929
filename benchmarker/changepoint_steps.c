#include "benchmarker/changepoint_parts.h"
#include "benchmarker/statistics.h"

#include <math.h>
#include <stdlib.h>

static bool is_known(double error)
{
	return isfinite(error) && error > 0;
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
	for (size_t i = 0; len >= CHANGEPOINT_STEPS_MIN && i < len; i++) {
		double sd = is_known(steps[i].error) ? fmax(steps[i].error, c.spread) : c.spread;
		double degrees = (double)(len - 1), value = steps[i].value;
		double p = sd > 0 ? student_p_value(value / sd, degrees) : 1;
		if (p > alpha / (double)len)
			continue;
		double half = student_quantile(0.975, degrees) * sd;
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
