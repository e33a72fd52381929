/* Sums of values times factors: kept as doubles, rounded once. */
#include "profiler/merge_state.h"

#include <math.h>
#include <stdlib.h>

#define LARGEST 9223372036854774784.0 /* the largest double below 2^63 */

static int reserve(struct pprof_merge_state *m, uint32_t n, uint32_t extra)
{
	return merge_reserve(m, &m->scaled, &m->scaled_cap, n, extra, sizeof *m->scaled);
}

int merge_begin_scaled(struct pprof_merge_state *m)
{
	if (reserve(m, 0, m->out.n_values ? m->out.n_values : 1) < 0)
		return -1;
	for (uint32_t i = 0; i < m->out.n_values; i++)
		m->scaled[i] = (double)m->out.values[i];
	return 0;
}

int merge_add_scaled(struct pprof_merge_state *m, uint32_t index, const int64_t *values)
{
	uint32_t n = m->out.n_types, first = index * n;
	bool is_new = first == m->out.n_values;
	if (is_new && reserve(m, first, n) < 0)
		return -1;
	for (uint32_t i = 0; i < n; i++)
		m->scaled[first + i] = (is_new ? 0 : m->scaled[first + i]) + m->factor * (double)values[i];
	return 0;
}

/* A column: what rounding takes from one value goes into the next, so that the total stays. */
static int round_column(struct pprof_merge_state *m, uint32_t column, double factor)
{
	double carry = 0;
	for (uint32_t i = column; i < m->out.n_values; i += m->out.n_types) {
		double exact = m->scaled[i] * factor + carry, whole = round(exact);
		if (!(fabs(whole) <= LARGEST))
			return error_set(m->err, ERROR_USAGE, "the sum of a stack's values exceeds 2^63 - 1");
		carry = fabs(whole) < 0x1p52 ? exact - whole : 0;
		m->out.values[i] = (int64_t)whole;
	}
	return 0;
}

int merge_round_scaled(struct pprof_merge_state *m, double factor)
{
	double duration = round(m->scaled_duration_ns * factor);
	if (!(fabs(duration) <= LARGEST))
		return error_set(m->err, ERROR_USAGE, "the sum of the durations exceeds 2^63 - 1 ns");
	for (uint32_t i = 0; i < m->out.n_types; i++)
		if (round_column(m, i, factor) < 0)
			return -1;
	m->out.duration_ns = (int64_t)duration;
	m->has_zero = true; /* small values may have become zero */
	return 0;
}

void pprof_balance(const uint64_t *value_ns, const double *weights, size_t n, double *ret_factors)
{
	double time = 0, weight = 0;
	for (size_t i = 0; i < n; i++) {
		time += (double)value_ns[i];
		weight += weights[i];
	}
	for (size_t i = 0; i < n; i++)
		ret_factors[i] = n == 1 ? 1 : weights[i] / weight * time / (double)value_ns[i];
}
