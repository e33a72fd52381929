#include "benchmarker/bisect.h"

#include "base/cleanup.h"
#include "benchmarker/bisect_model.h"
#include "benchmarker/statistics.h"

#include <math.h>
#include <string.h>

#define DIFFERENCE_PROBABILITY 0.975 /* one side of a 95 % interval */
#define BEND_SUSPECTED 0.02          /* p-values */
#define BEND_CONFIRMED 0.002
enum { BEND_MEASUREMENTS = 3 }; /* of a commit that fits badly, until it is left alone */
/* Before anything was measured twice: a spread of 1 % from start to start, worth three degrees of freedom. */
#define SPREAD_PRIOR 0.01
#define SPREAD_PRIOR_DF 3.0

static int check(const struct bisect_search *s, struct error *err)
{
	bool good = s->commits >= 1 && s->confidence > 0.5 && s->confidence < 1 &&
		    !(s->skipped && (s->skipped[0] || s->skipped[s->commits]));
	for (size_t i = 0; i < s->len && good; i++) {
		const struct bisect_measurement *m = &s->measurements[i];
		good = m->commit >= 1 && m->commit <= s->commits && isfinite(m->slowdown) &&
		       isfinite(m->standard_error) && m->standard_error >= 0;
	}
	return good ? 0 : error_set(err, ERROR_INTERNAL, "a search for a slow commit was given what it cannot be");
}

static bool is_skipped(const struct bisect_search *s, size_t k)
{
	return s->skipped && s->skipped[k];
}

/* The measurements of one commit. */
struct sum {
	size_t n;
	double mean;
};

static struct sum sum_of(const struct bisect_search *s, size_t commit)
{
	struct sum sum = { 0 };
	for (size_t i = 0; i < s->len; i++)
		if (s->measurements[i].commit == commit)
			sum.mean += (s->measurements[i].slowdown - sum.mean) / (double)++sum.n;
	return sum;
}

/* Of one measurement around its commit's level: what the intervals say and the prior, and what measuring the same
 * commit again showed. */
struct spread {
	double variance, df;
};

static struct spread pooled_spread(const struct bisect_search *s)
{
	double square = 0, said = 0, df = 0;
	for (size_t i = 0; i < s->len; i++) {
		struct sum sum = sum_of(s, s->measurements[i].commit);
		double off = s->measurements[i].slowdown - sum.mean;
		square += off * off;
		df += (double)(sum.n - 1) / (double)sum.n; /* over a commit's n measurements: n - 1 */
		said += s->measurements[i].standard_error * s->measurements[i].standard_error / (double)s->len;
	}
	square += SPREAD_PRIOR_DF * (said + SPREAD_PRIOR * SPREAD_PRIOR);
	df += SPREAD_PRIOR_DF;
	return (struct spread){ square / df, df };
}

/* One of the two ends of the part that is searched. */
struct end {
	struct sum sum;
	double variance; /* of its mean */
};

static struct end end_of(const struct bisect_search *s, size_t commit, const struct spread *spread)
{
	if (commit == 0)
		return (struct end){ 0 }; /* good against itself */
	struct sum sum = sum_of(s, commit);
	return (struct end){ sum, spread->variance / (double)sum.n };
}

static bool was_measured_twice(const struct end *e)
{
	return e->variance == 0 || e->sum.n >= 2;
}

/* p-value, two-sided, of "the commit has this level". */
static double fits(const struct sum *sum, const struct spread *spread, const struct end *e)
{
	double error = sqrt(spread->variance / (double)sum->n + e->variance);
	return student_p_value((sum->mean - e->sum.mean) / error, spread->df);
}

static size_t likeliest(const struct bisect_model *m)
{
	size_t best = 1;
	for (size_t i = 2; i <= m->len; i++)
		if (m->weights[i] > m->weights[best])
			best = i;
	return best;
}

static enum bisect_bend_kind kind_of(const struct sum *sum, const struct spread *spread, const struct end *low,
				     const struct end *high)
{
	if (fits(sum, spread, low) > BEND_CONFIRMED || fits(sum, spread, high) > BEND_CONFIRMED)
		return BISECT_BEND_REVERSED;
	if (sum->mean < fmin(low->sum.mean, high->sum.mean))
		return BISECT_BEND_FASTER;
	return sum->mean > fmax(low->sum.mean, high->sum.mean) ? BISECT_BEND_SLOWER : BISECT_BEND_PART;
}

/* The measured commit that fits its level worst, if that is bad enough to look at it; 0 if none is. */
struct suspect {
	size_t commit;
	size_t side; /* of the likeliest culprit: 0 before, 1 after it */
	struct sum sum;
	double p_value;
};

static struct suspect find_suspect(const struct bisect_search *s, const struct bisect_model *m,
				   const struct spread *spread, const struct end ends[2])
{
	struct suspect worst = { .p_value = BEND_SUSPECTED };
	size_t best = likeliest(m);
	for (size_t i = 1; i < m->len; i++) {
		struct sum sum = sum_of(s, m->positions[i]);
		size_t side = i >= best;
		double p = fits(&sum, spread, &ends[side]);
		bool settled = sum.n >= BEND_MEASUREMENTS && p > BEND_CONFIRMED;
		if (p < worst.p_value && !settled)
			worst = (struct suspect){ m->positions[i], side, sum, p };
	}
	return worst;
}

/* A commit that does not fit. Confirmed: the part is narrowed, true. Only suspected: d->next is what would confirm it,
 * false. */
static bool bend(const struct bisect_search *s, const struct bisect_model *m, size_t *low, size_t *high,
		 struct bisect_decision *d)
{
	struct spread spread = pooled_spread(s);
	struct end ends[] = { end_of(s, *low, &spread), end_of(s, *high, &spread) };
	struct suspect x = find_suspect(s, m, &spread, ends);
	if (!x.commit)
		return false;
	bool end_twice = was_measured_twice(&ends[x.side]);
	if (x.sum.n < 2 || !end_twice || x.p_value > BEND_CONFIRMED) {
		d->next = x.sum.n < 2 || end_twice ? x.commit : x.side ? *high : *low;
		d->why = BISECT_WHY_BEND;
		return false;
	}
	bool before = x.sum.mean - ends[0].sum.mean >= ends[1].sum.mean - x.sum.mean;
	enum bisect_bend_kind kind = kind_of(&x.sum, &spread, &ends[0], &ends[1]);
	*(before ? high : low) = x.commit;
	if (d->bends_len < BISECT_BENDS_MAX)
		d->bends[d->bends_len++] = (struct bisect_bend){ x.commit, kind, x.sum.mean, *low, *high };
	return true;
}

/* Mean of the measurements of commits from … to, and its interval. */
static struct bisect_level level_of(const struct bisect_search *s, size_t from, size_t to)
{
	if (to == 0)
		return (struct bisect_level){ 0 };
	struct spread spread = pooled_spread(s);
	double mean = 0, square = 0;
	size_t n = 0;
	for (size_t i = 0; i < s->len; i++) {
		const struct bisect_measurement *m = &s->measurements[i];
		if (m->commit < from || m->commit > to)
			continue;
		double off = m->slowdown - mean;
		mean += off / (double)++n;
		square += off * (m->slowdown - mean);
	}
	if (n == 0)
		return (struct bisect_level){ 0 };
	if (n > 1) { /* neighbours may differ by more than repetitions do */
		double df = SPREAD_PRIOR_DF + (double)n - 1;
		double across = (SPREAD_PRIOR_DF * spread.variance + square) / df;
		if (across > spread.variance)
			spread = (struct spread){ across, df };
	}
	double half = student_quantile(0.975, spread.df) * sqrt(spread.variance / (double)n);
	return (struct bisect_level){ mean, mean - half, mean + half };
}

/* What the culprit added. In the first part that is its level itself: each measurement is against good. */
static struct bisect_level step_of(const struct bisect_decision *d, bool against_good)
{
	if (against_good)
		return d->after;
	double half = hypot(d->after.high - d->after.mean, d->before.high - d->before.mean);
	double mean = d->after.mean - d->before.mean;
	return (struct bisect_level){ mean, mean - half, mean + half };
}

/* The shortest run of segments with enough probability. */
static void find_range(const struct bisect_search *s, const struct bisect_model *m, struct bisect_decision *d)
{
	d->range_low = m->positions[0];
	d->range_high = m->positions[m->len];
	for (size_t i = 1; i <= m->len; i++) {
		double sum = 0;
		for (size_t j = i; j <= m->len; j++) {
			sum += m->weights[j];
			if (sum < s->confidence)
				continue;
			if (m->positions[j] - m->positions[i - 1] < d->range_high - d->range_low) {
				d->range_low = m->positions[i - 1];
				d->range_high = m->positions[j];
			}
			break;
		}
	}
}

static bool is_measured(const struct bisect_model *m, size_t k)
{
	for (size_t i = 1; i <= m->len; i++)
		if (m->positions[i] == k)
			return true;
	return false;
}

/* True if there is something to measure. */
static bool choose(const struct bisect_search *s, const struct bisect_model *m, struct bisect_decision *d)
{
	d->next = bisect_model_choose(s, m, fmax(pooled_spread(s).variance, m->tau * m->tau));
	d->why = is_measured(m, d->next) ? BISECT_WHY_AGAIN : BISECT_WHY_SPLIT;
	return d->next != 0;
}

/* Is there nothing in between that could be measured? */
static bool is_atomic(const struct bisect_search *s, size_t low, size_t high)
{
	for (size_t k = low + 1; k < high; k++)
		if (!is_skipped(s, k))
			return false;
	return true;
}

/* First of all: is bad slower than good? True if the search may begin. */
static bool first(const struct bisect_search *s, struct bisect_decision *d)
{
	size_t n = sum_of(s, s->commits).n;
	d->next = s->commits;
	d->why = n ? BISECT_WHY_AGAIN : BISECT_WHY_FIRST;
	d->action = BISECT_MEASURE;
	d->high = d->range_high = s->commits;
	if (n == 0)
		return false;
	d->bad = level_of(s, s->commits, s->commits);
	if (bisect_model_difference(s) >= DIFFERENCE_PROBABILITY)
		return true;
	if (n >= (s->first_max ? s->first_max : BISECT_FIRST_MAX))
		d->action = BISECT_NO_DIFFERENCE;
	return false;
}

/* The model of the part in which the search goes on, all bends followed. d->next is 0 unless there is one to confirm.
 */
static int follow(const struct bisect_search *s, struct bisect_model *m, struct bisect_decision *d, struct error *err)
{
	size_t low = 0, high = s->commits;
	do {
		bisect_model_release(m);
		if (bisect_model_fit(s, low, high, m, err) < 0)
			return -1;
		d->next = 0;
	} while (bend(s, m, &low, &high, d));
	return 0;
}

int bisect_decide(const struct bisect_search *s, struct bisect_decision *ret, struct error *err)
{
	CLEANUP(bisect_model) struct bisect_model m = BISECT_MODEL_INIT;
	struct bisect_decision d = { 0 };
	if (check(s, err) < 0)
		return -1;
	if (!first(s, &d)) {
		*ret = d;
		return 0;
	}
	if (follow(s, &m, &d, err) < 0)
		return -1;
	size_t best = likeliest(&m);
	d.low = m.positions[best - 1];
	d.high = m.positions[best];
	d.probability = m.weights[best];
	d.before = level_of(s, m.positions[0], d.low);
	d.after = level_of(s, d.high, m.positions[m.len]);
	d.step = step_of(&d, m.positions[0] == 0);
	find_range(s, &m, &d);
	bool found = d.probability >= s->confidence && is_atomic(s, d.low, d.high);
	d.action = BISECT_MEASURE;
	if (d.next == 0 && (found || !choose(s, &m, &d)))
		d.action = BISECT_FOUND;
	*ret = d;
	return 0;
}

int bisect_probabilities(const struct bisect_search *s, double *ret, struct error *err)
{
	CLEANUP(bisect_model) struct bisect_model m = BISECT_MODEL_INIT;
	struct bisect_decision d = { 0 };
	if (check(s, err) < 0)
		return -1;
	bool begun = first(s, &d);
	if (begun && follow(s, &m, &d, err) < 0)
		return -1;
	for (size_t k = 0; k <= s->commits; k++)
		ret[k] = begun ? bisect_model_slow(&m, k) : (double)k / (double)s->commits;
	for (size_t k = begun ? m.positions[m.len] : s->commits; k <= s->commits; k++)
		ret[k] = 1;
	return 0;
}
