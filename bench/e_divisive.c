#include "e_divisive.h"

#include "benchmarker/plan.h"

#include <math.h>
#include <string.h>

static double best_split(const double *x, size_t n, size_t *at)
{
	double best = -1, within_left = 0, within_right = 0, between = 0;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < i; j++)
			within_right += fabs(x[i] - x[j]);
	for (size_t k = 1; k < n; k++) { /* x[k - 1] moves to the left */
		double left = 0, right = 0;
		for (size_t j = 0; j < k - 1; j++)
			left += fabs(x[k - 1] - x[j]);
		for (size_t j = k; j < n; j++)
			right += fabs(x[k - 1] - x[j]);
		within_left += left;
		within_right -= right;
		between += right - left;
		double a = (double)k, b = (double)(n - k);
		if (k < 2 || n - k < 2)
			continue;
		double q = a * b / (a + b) *
			   (2 / (a * b) * between - 2 * within_left / (a * (a - 1)) - 2 * within_right / (b * (b - 1)));
		if (q > best) {
			best = q;
			*at = k;
		}
	}
	return best;
}

/* Places of changes into found; returns how many. */
static size_t divide(const double *x, size_t l, size_t n, uint64_t *seed, size_t *found, size_t count)
{
	size_t at = 0, ignored, exceeded = 0;
	double order[E_DIVISIVE_LEN_MAX];
	if (n < 4)
		return count;
	double observed = best_split(x + l, n, &at);
	memcpy(order, x + l, n * sizeof *x);
	for (int r = 0; r < 199 && exceeded < 10; r++) {
		for (size_t i = n - 1; i > 0; i--) {
			size_t j = plan_random(seed) % (i + 1);
			double t = order[i];
			order[i] = order[j];
			order[j] = t;
		}
		exceeded += best_split(order, n, &ignored) >= observed;
	}
	if (exceeded >= 10)
		return count;
	found[count++] = l + at;
	count = divide(x, l, at, seed, found, count);
	return divide(x, l + at, n - at, seed, found, count);
}

size_t e_divisive(const double *x, size_t len, uint64_t *seed, size_t *found)
{
	return divide(x, 0, len, seed, found, 0);
}
