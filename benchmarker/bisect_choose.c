/* What a further measurement would tell: the mutual information of its outcome and the culprit. */
#include "benchmarker/bisect_model.h"

#include "base/cleanup.h"

#include <math.h>

enum { STEPS = 128 };

/* What a measurement of one commit would give if one hypothesis held. */
struct outcome {
	double probability, mean, scale;
};

/* Student's t with 4 degrees of freedom, as in the model. */
static double density(const struct outcome *o, double x)
{
	double z = (x - o->mean) / o->scale;
	return 0.375 / o->scale * pow(1 + z * z / 4, -2.5);
}

static double entropy(const struct outcome *outcomes, size_t len, double x, double *ret_mass)
{
	double mass = 0, sum = 0;
	for (size_t i = 0; i < len; i++) {
		double p = outcomes[i].probability * density(&outcomes[i], x);
		mass += p;
		sum -= p > 0 ? p * log2(p) : 0;
	}
	*ret_mass = mass;
	return mass > 0 ? sum / mass + log2(mass) : 0;
}

/* Bits: entropy of the hypotheses before, less what is expected to be left of it after the measurement. */
static double information(const struct outcome *outcomes, size_t len)
{
	double from = INFINITY, to = -INFINITY, before = 0, after = 0, all = 0;
	for (size_t i = 0; i < len; i++) {
		double p = outcomes[i].probability;
		from = fmin(from, outcomes[i].mean - 8 * outcomes[i].scale);
		to = fmax(to, outcomes[i].mean + 8 * outcomes[i].scale);
		before -= p > 0 ? p * log2(p) : 0;
	}
	for (int i = 0; i < STEPS; i++) {
		double mass, left = entropy(outcomes, len, from + (to - from) * (i + 0.5) / STEPS, &mass);
		after += left * mass;
		all += mass;
	}
	return all > 0 ? fmax(0, before - after / all) : 0;
}

/* Number and sum of the measurements of each position, and of all from the first to it. */
struct sums {
	size_t n, until_n;
	double sum, until;
};

static void add_up(const struct bisect_search *s, const struct bisect_model *m, struct sums *sums)
{
	for (size_t p = 0; p <= m->len; p++) {
		for (size_t i = 0; i < s->len; i++)
			if (s->measurements[i].commit == m->positions[p]) {
				sums[p].n++;
				sums[p].sum += s->measurements[i].slowdown;
			}
		sums[p].until_n = sums[p].n + (p ? sums[p - 1].until_n : 0);
		sums[p].until = sums[p].sum + (p ? sums[p - 1].until : 0);
	}
}

/* If the culprit lies between positions i - 1 and i, what would a slow commit give (or one that is not)? */
static struct outcome predict(const struct bisect_model *m, const struct sums *sums, size_t i, bool slow,
			      double variance)
{
	const struct sums *before = &sums[i - 1], *all = &sums[m->len];
	size_t n = slow ? all->until_n - before->until_n : before->until_n;
	double sum = slow ? all->until - before->until : before->until;
	if (!slow && m->positions[0] == 0)
		return (struct outcome){ .mean = 0, .scale = sqrt(variance) };
	return (struct outcome){ .mean = sum / (double)n, .scale = sqrt(variance * (1 + 1 / (double)n)) };
}

/* Bits that commit k would tell. */
static double gain(const struct bisect_model *m, const struct sums *sums, size_t k, double variance,
		   struct outcome *outcomes)
{
	size_t len = 0;
	for (size_t i = 1; i <= m->len; i++) {
		size_t from = m->positions[i - 1], to = m->positions[i];
		double slow = k >= to ? 1 : k <= from ? 0 : (double)(k - from) / (double)(to - from);
		for (int side = 0; side < 2; side++) {
			double part = side ? slow : 1 - slow;
			if (part <= 0)
				continue;
			outcomes[len] = predict(m, sums, i, side, variance);
			outcomes[len++].probability = m->weights[i] * part;
		}
	}
	return information(outcomes, len);
}

/* In a run of commits that were not measured, all that differs is by what share of it is slow, and the cost: the best
 * is found by the information of a measurement without noise, which orders them as the real one does. */
static size_t best_between(const struct bisect_search *s, const struct bisect_model *m, size_t from, size_t to)
{
	size_t best = 0;
	double most = 0;
	for (size_t k = from + 1; k < to; k++) {
		double p = bisect_model_slow(m, k);
		double bits = p > 0 && p < 1 ? -p * log2(p) - (1 - p) * log2(1 - p) : 0;
		bits /= s->cost ? s->cost[k] : 1;
		if (!(s->skipped && s->skipped[k]) && bits > most) {
			most = bits;
			best = k;
		}
	}
	return best;
}

size_t bisect_model_choose(const struct bisect_search *s, const struct bisect_model *m, double variance)
{
	AUTO_FREE struct sums *sums = calloc(m->len + 1, sizeof *sums);
	AUTO_FREE struct outcome *outcomes = calloc(2 * m->len + 2, sizeof *outcomes);
	size_t best = 0;
	double most = 1e-9;
	if (!sums || !outcomes)
		return 0;
	add_up(s, m, sums);
	for (size_t i = 1; i <= m->len; i++) {
		size_t candidates[] = { best_between(s, m, m->positions[i - 1], m->positions[i]), m->positions[i] };
		for (size_t c = 0; c < ARRAY_SIZE(candidates); c++) {
			size_t k = candidates[c];
			double bits = k ? gain(m, sums, k, variance, outcomes) / (s->cost ? s->cost[k] : 1) : 0;
			if (bits > most) {
				most = bits;
				best = k;
			}
		}
	}
	return best;
}
