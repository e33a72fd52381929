#include "benchmarker/bisect_model.h"

#include "base/cleanup.h"

#include <math.h>
#include <string.h>

/* What a start of the servers or a build may differ by, and how likely that is before anything was measured. */
static const struct {
	double tau, prior;
} spreads[] = { { 0.003, 0.30 }, { 0.01, 0.30 }, { 0.02, 0.20 }, { 0.04, 0.13 }, { 0.08, 0.07 } };
#define SPREADS ARRAY_SIZE(spreads)

enum { LEVELS_MAX = 1000 };
#define LEVEL_STEP 0.0025 /* below the smallest scale, 0.003 */
/* Of the prior beyond what was measured: three times the largest spread, and as many standard errors. Too little would
 * pass for evidence: what the prior excludes, an uncertain measurement cannot say. */
#define LEVEL_MARGIN 0.25
#define LEVEL_MARGIN_ERRORS 4

/* Logarithm of Student's t density with 4 degrees of freedom: 3/8 (1 + z^2/4)^(-5/2) / scale. */
static double log_density(double x, double scale)
{
	double z = x / scale;
	return log(0.375 / scale) - 2.5 * log1p(z * z / 4);
}

static double scale_of(const struct bisect_measurement *m, double tau)
{
	return sqrt(m->standard_error * m->standard_error + tau * tau);
}

static double log_sum(const double *x, size_t len)
{
	double most = -INFINITY, sum = 0;
	for (size_t i = 0; i < len; i++)
		most = fmax(most, x[i]);
	for (size_t i = 0; i < len && isfinite(most); i++)
		sum += exp(x[i] - most);
	return isfinite(most) ? most + log(sum) : most;
}

void bisect_model_release(struct bisect_model *m)
{
	free(m->positions);
	free(m->weights);
	*m = (struct bisect_model)BISECT_MODEL_INIT;
}

/* The levels over which an unknown one is integrated. */
struct levels {
	double first, step;
	size_t len;
	double logs[LEVELS_MAX]; /* log-likelihood of what was added */
};

static void levels_init(struct levels *l, const struct bisect_search *s)
{
	double least = 0, most = 0, error = 0;
	for (size_t i = 0; i < s->len; i++) {
		least = fmin(least, s->measurements[i].slowdown);
		most = fmax(most, s->measurements[i].slowdown);
		error = fmax(error, s->measurements[i].standard_error);
	}
	double margin = LEVEL_MARGIN + LEVEL_MARGIN_ERRORS * error;
	l->first = least - margin;
	double range = most - least + 2 * margin;
	l->step = fmax(LEVEL_STEP, range / (LEVELS_MAX - 1));
	l->len = (size_t)(range / l->step) + 1;
	if (l->len > LEVELS_MAX)
		l->len = LEVELS_MAX;
}

static void levels_reset(struct levels *l)
{
	memset(l->logs, 0, sizeof l->logs);
}

/* Adds the measurements of one commit. */
static void levels_add(struct levels *l, const struct bisect_search *s, size_t commit, double tau)
{
	for (size_t i = 0; i < s->len; i++) {
		const struct bisect_measurement *m = &s->measurements[i];
		if (m->commit != commit)
			continue;
		double scale = scale_of(m, tau);
		for (size_t g = 0; g < l->len; g++)
			l->logs[g] += log_density(m->slowdown - l->first - (double)g * l->step, scale);
	}
}

static double levels_evidence(const struct levels *l)
{
	return log_sum(l->logs, l->len) - log((double)l->len);
}

/* The same of the level 0, which is good's own by definition. */
static double evidence_of_zero(const struct bisect_search *s, size_t commit, double tau)
{
	double sum = 0;
	for (size_t i = 0; i < s->len; i++)
		if (s->measurements[i].commit == commit)
			sum += log_density(s->measurements[i].slowdown, scale_of(&s->measurements[i], tau));
	return sum;
}

/* Adds to logs[i], for i from 1, the log-likelihood of a change between positions i - 1 and i with this tau. */
static void add_evidence(const struct bisect_search *s, const struct bisect_model *m, double tau, struct levels *l,
			 double *logs)
{
	double zero = 0;
	bool known = m->positions[0] == 0;
	levels_reset(l);
	for (size_t i = 1; i <= m->len; i++) {
		if (known)
			zero += evidence_of_zero(s, m->positions[i - 1], tau);
		else
			levels_add(l, s, m->positions[i - 1], tau);
		logs[i] += known ? zero : levels_evidence(l);
	}
	levels_reset(l);
	for (size_t i = m->len; i >= 1; i--) {
		levels_add(l, s, m->positions[i], tau);
		logs[i] += levels_evidence(l);
	}
}

static int compare_sizes(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;
	return x < y ? -1 : x > y;
}

static int find_positions(const struct bisect_search *s, size_t low, size_t high, struct bisect_model *m,
			  struct error *err)
{
	m->positions = calloc(s->len + 2, sizeof *m->positions);
	m->weights = calloc(s->len + 2, sizeof *m->weights);
	if (!m->positions || !m->weights)
		return error_oom(err);
	size_t n = 0, unique = 0;
	m->positions[n++] = low;
	for (size_t i = 0; i < s->len; i++)
		if (s->measurements[i].commit > low && s->measurements[i].commit <= high)
			m->positions[n++] = s->measurements[i].commit;
	qsort(m->positions, n, sizeof *m->positions, compare_sizes);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || m->positions[i] != m->positions[unique - 1])
			m->positions[unique++] = m->positions[i];
	m->len = unique - 1;
	return 0;
}

int bisect_model_fit(const struct bisect_search *s, size_t low, size_t high, struct bisect_model *ret,
		     struct error *err)
{
	CLEANUP(bisect_model) struct bisect_model m = BISECT_MODEL_INIT;
	if (find_positions(s, low, high, &m, err) < 0)
		return -1;
	AUTO_FREE double *logs = calloc(SPREADS * (m.len + 1), sizeof *logs);
	AUTO_FREE struct levels *levels = malloc(sizeof *levels);
	if (!logs || !levels)
		return error_oom(err);
	levels_init(levels, s);
	for (size_t t = 0; t < SPREADS; t++) {
		double *row = logs + t * (m.len + 1);
		row[0] = -INFINITY;
		for (size_t i = 1; i <= m.len; i++)
			row[i] = log(spreads[t].prior) +
				 log((double)(m.positions[i] - m.positions[i - 1]) / (double)(high - low));
		add_evidence(s, &m, spreads[t].tau, levels, row);
	}
	double all = log_sum(logs, SPREADS * (m.len + 1));
	for (size_t t = 0; t < SPREADS; t++)
		for (size_t i = 1; i <= m.len; i++) {
			double p = exp(logs[t * (m.len + 1) + i] - all);
			m.weights[i] += p;
			m.tau += p * spreads[t].tau;
		}
	*ret = m;
	m = (struct bisect_model)BISECT_MODEL_INIT;
	return 0;
}

double bisect_model_slow(const struct bisect_model *m, size_t k)
{
	double sum = 0;
	for (size_t i = 1; i <= m->len && m->positions[i - 1] < k; i++) {
		size_t from = m->positions[i - 1], to = m->positions[i];
		sum += k >= to ? m->weights[i] : m->weights[i] * (double)(k - from) / (double)(to - from);
	}
	return fmin(1, sum);
}

double bisect_model_difference(const struct bisect_search *s)
{
	struct levels l;
	double slower[SPREADS], all[SPREADS];
	levels_init(&l, s);
	size_t zero = (size_t)lround(-l.first / l.step);
	for (size_t t = 0; t < SPREADS; t++) {
		levels_reset(&l);
		levels_add(&l, s, s->commits, spreads[t].tau);
		all[t] = log(spreads[t].prior) + log_sum(l.logs, l.len);
		slower[t] = log(spreads[t].prior) + log_sum(l.logs + zero, l.len - zero);
	}
	return exp(log_sum(slower, SPREADS) - log_sum(all, SPREADS));
}
