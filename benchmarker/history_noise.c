#include "benchmarker/history_noise.h"

#include "benchmarker/changepoint_parts.h"
#include "benchmarker/statistics.h"

#include <math.h>
#include <stdlib.h>

#define Z95 1.959963984540054
#define POWER 0.8
#define MAD_EFFICIENCY 0.37 /* of the median distance as an estimate of a normal distribution's scale */
#define LEVEL_POINTS_MIN 3  /* of a series, whose levels would else be its points */

void history_noise_set_widths(struct history_noise *n, double *widths, size_t len)
{
	n->runs = len;
	n->half_width = n->largest = NAN;
	if (len == 0)
		return;
	n->half_width = changepoint_median(widths, len); /* sorts */
	n->largest = widths[(len * 9 + 9) / 10 - 1];
}

int history_noise_add(struct history_noise *n, double deviation, struct error *err)
{
	double *grown = realloc(n->deviations, (n->scattered + 1) * sizeof *grown);
	if (!grown)
		return error_oom(err);
	n->deviations = grown;
	grown[n->scattered++] = deviation;
	return 0;
}

int history_noise_add_series(struct history_noise *n, const struct history_series *s, struct error *err)
{
	bool chain = s->kind == HISTORY_CHAIN;
	size_t fitted = chain ? 0 : s->changes.len + 1;
	if (s->len < LEVEL_POINTS_MIN + fitted)
		return 0;
	double scale = sqrt((double)s->len / (double)(s->len - fitted));
	for (size_t i = chain; i < s->len; i++) {
		double off =
			chain ? s->points[i].value - s->points[i - 1].value : s->points[i].value - s->changes.levels[i];
		if (history_noise_add(n, scale * off, err) < 0)
			return -1;
	}
	return 0;
}

void history_noise_settle(struct history_noise *n)
{
	double sd = n->half_width / Z95, df = INFINITY;
	n->spread = n->visible = NAN;
	if (n->scattered >= HISTORY_NOISE_MIN) {
		n->spread = changepoint_spread(n->deviations, n->scattered, 0);
		if (!(sd > n->spread)) {
			sd = n->spread;
			df = fmax(1, MAD_EFFICIENCY * (double)(n->scattered - 1));
		}
	}
	if (sd > 0 && (n->scattered >= HISTORY_NOISE_MIN || n->runs >= HISTORY_NOISE_MIN))
		n->visible = sd * student_detectable(student_quantile(0.975, fmin(df, 1000)), fmin(df, 1000), POWER);
}
