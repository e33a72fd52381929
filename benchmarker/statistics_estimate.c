/* From the values of the starts to an estimate with its interval. */
#include "benchmarker/statistics_parts.h"

#include <math.h>

#define ROUNDING 1e-12 /* of a mean of logarithms of order 1 */

/* Tunes the confidence sequence: narrowest when the truth is some 1 / sqrt(PHI) of a start's standard deviation away,
 * and bounded from STATISTICS_ANYTIME_MIN starts on. */
#define PHI 0.3

double statistics_sequence(double alpha, size_t n)
{
	double a = PHI / (PHI + (double)n), df = (double)n - 1, k = pow(alpha * sqrt(a), 2 / (double)n);
	return n >= 2 && k > a ? sqrt(df * (1 - k) / (k - a)) : INFINITY;
}

double statistics_sequence_p(double t, size_t n)
{
	double a = PHI / (PHI + (double)n), x = t * t / ((double)n - 1);
	double shape = isinf(x) ? a : (1 + a * x) / (1 + x);
	return fmin(1, pow(shape, (double)n / 2) / sqrt(a));
}

/* Variance of one block inside a start, pooled over the starts; *df 0 when nothing tells. */
static double block_variance(const struct start_values *v, double *df)
{
	double squares = 0;
	*df = 0;
	for (size_t i = 0; i < v->len; i++) {
		squares += v->items[i].squares;
		*df += v->items[i].batches > 1 ? (double)v->items[i].batches - 1 : 0;
	}
	return *df > 0 ? squares / *df : NAN;
}

static double sample_variance(const struct start_values *v)
{
	double mean = 0, squares = 0, n = (double)v->len;
	for (size_t i = 0; i < v->len; i++)
		mean += v->items[i].log_ratio / n;
	for (size_t i = 0; i < v->len; i++)
		squares += (v->items[i].log_ratio - mean) * (v->items[i].log_ratio - mean);
	return squares / (n - 1);
}

/* Mean of block / blocks over the starts: the variance of a start's value by its slices alone. */
static double within_variance(const struct start_values *v, double block)
{
	double sum = 0;
	for (size_t i = 0; i < v->len; i++)
		sum += block / v->items[i].blocks / (double)v->len;
	return sum;
}

static double weight_of(const struct start_value *v, double between, double block)
{
	double variance = between + (isnan(block) ? 0 : block / v->blocks);
	return variance > 0 ? 1 / variance : v->blocks;
}

/* The luck of starts is in the data. Returns the mean. */
static double estimate_measured(const struct start_values *v, double block, struct estimate *e)
{
	double n = (double)v->len, weight = 0, mean = 0, squares = 0;
	double within = within_variance(v, block), total = sample_variance(v);
	double between = isnan(within) ? total : fmax(0, total - within);
	for (size_t i = 0; i < v->len; i++) {
		double w = weight_of(&v->items[i], between, block);
		weight += w;
		mean += w * v->items[i].log_ratio;
	}
	mean /= weight;
	for (size_t i = 0; i < v->len; i++) {
		double w = weight_of(&v->items[i], between, block);
		squares += w * (v->items[i].log_ratio - mean) * (v->items[i].log_ratio - mean);
	}
	e->error = sqrt(squares / (n - 1) / weight);
	e->df = n - 1;
	e->within_sd = sqrt(within);
	e->start_sd = sqrt(between);
	return mean;
}

/* The luck of starts is assumed: what is known of the engine, and that what moves slices inside a start moves whole
 * starts as much. Returns the mean; leaves the error NAN when the slices give no variance. */
static double estimate_assumed(const struct start_values *v, const struct statistics_spec *spec, double block,
			       double block_df, struct estimate *e)
{
	double n = (double)v->len, sd = spec->start_sd > 0 ? spec->start_sd : STATISTICS_START_SD;
	double start_df = spec->start_df > 0 ? spec->start_df : STATISTICS_START_DF;
	double mean = 0, within = within_variance(v, block), start = sd * sd + within, variance = start + within;
	for (size_t i = 0; i < v->len; i++)
		mean += v->items[i].log_ratio / n;
	e->within_sd = sqrt(within);
	e->start_sd = isnan(within) ? sd : sqrt(start);
	if (block_df < STATISTICS_BATCHES_MIN - 1)
		return mean;
	double df = variance * variance / (start * start / start_df + within * within / block_df);
	if (v->len > 1) { /* their own difference is a further estimate of the same variance */
		variance = (df * variance + (n - 1) * sample_variance(v)) / (df + n - 1);
		df += n - 1;
	}
	e->error = sqrt(variance / n);
	e->df = df;
	return mean;
}

static bool is_sequence(const struct estimate *e, bool anytime)
{
	return anytime && e->starts >= STATISTICS_ANYTIME_MIN;
}

/* Half-width in standard errors. */
static double critical(const struct estimate *e, bool anytime, double alpha)
{
	return is_sequence(e, anytime) ? statistics_sequence(alpha, e->starts) : student_quantile(1 - alpha / 2, e->df);
}

struct estimate statistics_estimate(const struct start_values *v, const struct statistics_spec *spec)
{
	struct estimate e = { .ratio = NAN,
			      .high = INFINITY,
			      .p_value = NAN,
			      .starts = v->len,
			      .error = NAN,
			      .df = NAN,
			      .within_sd = NAN,
			      .start_sd = NAN,
			      .family_high = INFINITY };
	double block_df, block = block_variance(v, &block_df);
	for (size_t i = 0; i < v->len; i++) {
		e.pairs += v->items[i].pairs;
		e.batches += v->items[i].batches;
	}
	if (v->len == 0)
		return e;
	double mean = v->len < STATISTICS_STARTS_MIN ? estimate_assumed(v, spec, block, block_df, &e)
						     : estimate_measured(v, block, &e);
	e.ratio = exp(mean);
	if (isnan(e.error))
		return e;
	double half = critical(&e, spec->anytime, STATISTICS_ALPHA) * e.error;
	e.low = exp(mean - half);
	e.high = exp(mean + half);
	/* Starts without any spread give an interval of no width; a mean that only rounding made is no difference. */
	double t = fabs(mean) < ROUNDING ? 0 : mean / e.error;
	e.p_value = is_sequence(&e, spec->anytime) ? statistics_sequence_p(t, e.starts) : student_p_value(t, e.df);
	return e;
}

void statistics_family(struct estimate *e, bool anytime, size_t tests)
{
	double half = critical(e, anytime, STATISTICS_ALPHA / (double)tests) * e->error;
	e->family_low = isfinite(half) ? exp(log(e->ratio) - half) : 0;
	e->family_high = isfinite(half) ? exp(log(e->ratio) + half) : INFINITY;
}

double statistics_detectable(const struct estimate *e, bool anytime, size_t tests, double power)
{
	return 1 - exp(-e->error *
		       student_detectable(critical(e, anytime, STATISTICS_ALPHA / (double)tests), e->df, power));
}

double statistics_half_width(const struct estimate *e)
{
	double half = isinf(e->high) || isnan(e->ratio) ? INFINITY : log(e->high / e->low) / 2;
	return isinf(half) ? INFINITY : 1 - exp(-half);
}

/* Half-width in logarithms after that many starts of that standard deviation. */
static double half_after(double starts, bool anytime, double sd)
{
	struct estimate then = { .starts = (size_t)starts, .df = starts - 1 };
	return critical(&then, anytime, STATISTICS_ALPHA) * sd / sqrt(starts);
}

double statistics_starts_needed(const struct estimate *e, bool anytime, double precision)
{
	double half = -log1p(-precision), sd = e->error * sqrt((double)e->starts);
	double low = anytime ? STATISTICS_ANYTIME_MIN : STATISTICS_STARTS_MIN, high = STATISTICS_NEEDED_MAX;
	if (!(sd >= 0) || !(precision > 0 && precision < 1))
		return NAN;
	while (low < high) { /* the width falls as starts are added */
		double middle = floor((low + high) / 2);
		if (half_after(middle, anytime, sd) <= half)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}
