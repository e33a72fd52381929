/* What a history's change points are worth, by simulation:
 *
 *     history_alarms alarms|power|time N
 *
 * alarms: in how many of N series without a change one is found, at 5 %, by us and by E-divisive (Matteson, James 2014:
 * energy statistic with exponent 1, 199 permutations, bisection). power: in how many of N series with a change of 1, 2
 * and 3 standard deviations it is found within two points of its place. time: seconds for N series of 1,000 points with
 * two changes. */
#include "base/clock.h"
#include "base/str.h"
#include "benchmarker/changepoint.h"
#include "benchmarker/plan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEN_MAX 1000
#define ALPHA 0.05

static double uniform(uint64_t *seed)
{
	return ((double)(plan_random(seed) >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(uint64_t *seed)
{
	double u = uniform(seed), v = uniform(seed);
	return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

enum noise { GAUSS, STUDENT3, AR03, AR06, UNEVEN, NOISES };
static const char *const noise_names[] = { "gauss", "student-t3", "ar1-0.3", "ar1-0.6", "uneven" };

/* Standard deviation 1 (uneven: on the whole). */
static void make(enum noise noise, size_t len, uint64_t *seed, struct changepoint_point *out)
{
	double correlation = noise == AR03 ? 0.3 : noise == AR06 ? 0.6 : 0, last = normal(seed);
	for (size_t i = 0; i < len; i++) {
		double z = normal(seed);
		out[i] = (struct changepoint_point){ z, 0 };
		if (noise == STUDENT3) {
			double chi = 0;
			for (int k = 0; k < 3; k++)
				chi += pow(normal(seed), 2);
			out[i].value = z / sqrt(chi / 3) / sqrt(3);
		} else if (correlation > 0) {
			out[i].value = last = correlation * last + sqrt(1 - correlation * correlation) * z;
		} else if (noise == UNEVEN) {
			out[i].error = uniform(seed) < 0.25 ? 1.8 : 0.5;
			out[i].value = z * out[i].error;
		}
	}
}

static double ediv_best(const double *x, size_t n, size_t *at)
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
static size_t ediv(const double *x, size_t l, size_t n, uint64_t *seed, size_t *found, size_t count)
{
	size_t at = 0, ignored, exceeded = 0;
	double order[LEN_MAX];
	if (n < 4)
		return count;
	double observed = ediv_best(x + l, n, &at);
	memcpy(order, x + l, n * sizeof *x);
	for (int r = 0; r < 199 && exceeded < 10; r++) {
		for (size_t i = n - 1; i > 0; i--) {
			size_t j = plan_random(seed) % (i + 1);
			double t = order[i];
			order[i] = order[j];
			order[j] = t;
		}
		exceeded += ediv_best(order, n, &ignored) >= observed;
	}
	if (exceeded >= 10)
		return count;
	found[count++] = l + at;
	count = ediv(x, l, at, seed, found, count);
	return ediv(x, l + at, n - at, seed, found, count);
}

struct score {
	size_t ours, theirs;
};

/* One series: was anything found (change 0), or the change at place? */
static void judge(const struct changepoint_point *p, size_t len, size_t place, uint64_t seed, struct score *score)
{
	double x[LEN_MAX];
	size_t found[LEN_MAX], n;
	CLEANUP(changepoints) struct changepoints c = { 0 };
	for (size_t i = 0; i < len; i++)
		x[i] = p[i].value;
	n = ediv(x, 0, len, &seed, found, 0);
	if (changepoint_find(p, len, ALPHA, seed, &c, NULL) < 0)
		return;
	bool ours = place == 0 && c.len, theirs = place == 0 && n;
	for (size_t i = 0; place && i < c.len; i++)
		ours |= c.items[i].at + 2 >= place && c.items[i].at <= place + 2;
	for (size_t i = 0; place && i < n; i++)
		theirs |= found[i] + 2 >= place && found[i] <= place + 2;
	score->ours += ours;
	score->theirs += theirs;
}

static void alarms(size_t series)
{
	static const size_t lengths[] = { 20, 60, 200 };
	struct changepoint_point p[LEN_MAX];
	for (enum noise noise = GAUSS; noise < NOISES; noise++)
		for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
			uint64_t seed = 1;
			struct score score = { 0 };
			for (size_t s = 0; s < series; s++) {
				make(noise, lengths[i], &seed, p);
				judge(p, lengths[i], 0, s, &score);
			}
			printf("alarms %s %zu points: ours %.1f %%, E-divisive %.1f %%\n", noise_names[noise],
			       lengths[i], 100.0 * (double)score.ours / (double)series,
			       100.0 * (double)score.theirs / (double)series);
			fflush(stdout);
		}
}

static void power(size_t series)
{
	static const size_t places[] = { 30, 55 };
	const size_t len = 60;
	struct changepoint_point p[LEN_MAX];
	for (enum noise noise = GAUSS; noise < NOISES; noise++)
		for (size_t i = 0; i < 3 * ARRAY_SIZE(places); i++) {
			uint64_t seed = 1;
			double step = (double)(i / ARRAY_SIZE(places)) + 1;
			size_t place = places[i % ARRAY_SIZE(places)];
			struct score score = { 0 };
			for (size_t s = 0; s < series; s++) {
				make(noise, len, &seed, p);
				for (size_t k = place; k < len; k++)
					p[k].value += step;
				judge(p, len, place, s, &score);
			}
			printf("power %s %.0f sd at %zu of %zu: ours %.0f %%, E-divisive %.0f %%\n", noise_names[noise],
			       step, place, len, 100.0 * (double)score.ours / (double)series,
			       100.0 * (double)score.theirs / (double)series);
			fflush(stdout);
		}
}

static void duration(size_t series)
{
	struct changepoint_point p[LEN_MAX];
	uint64_t seed = 1, begin = clock_mono_ns();
	size_t found = 0;
	for (size_t s = 0; s < series; s++) {
		CLEANUP(changepoints) struct changepoints c = { 0 };
		make(GAUSS, LEN_MAX, &seed, p);
		for (size_t k = 300; k < 700; k++)
			p[k].value += 3;
		if (changepoint_find(p, LEN_MAX, ALPHA / (double)series, s, &c, NULL) == 0)
			found += c.len;
	}
	printf("time %zu series of %d points: %.2f s, %zu changes of %zu\n", series, LEN_MAX,
	       (double)(clock_mono_ns() - begin) / 1e9, found, 2 * series);
}

int main(int argc, char **argv)
{
	long long series = 0;
	if (argc != 3 || str_to_i64(argv[2], 1, 1000000, &series) < 0)
		return 2;
	if (strcmp(argv[1], "alarms") == 0)
		alarms((size_t)series);
	else if (strcmp(argv[1], "power") == 0)
		power((size_t)series);
	else
		duration((size_t)series);
	return 0;
}
