#include "profiler/pprof.h"

/* A column added up. */
static int sum_column(const struct pprof *p, int column, uint64_t *ret, struct error *err)
{
	int64_t sum = 0;
	for (uint32_t i = 0; column >= 0 && i < p->n_samples; i++) {
		int64_t value = p->values[(size_t)i * p->n_types + (size_t)column];
		if (value < 0)
			return error_set(err, ERROR_USAGE, "sample %u has a negative value (%lld)", i + 1,
					 (long long)value);
		if (__builtin_add_overflow(sum, value, &sum))
			return error_set(err, ERROR_USAGE, "the sum of the samples' values exceeds 2^63 - 1");
	}
	*ret = (uint64_t)sum;
	return 0;
}

static bool has_named_function(const struct pprof *p, const struct pprof_sample *s)
{
	for (uint32_t r = 0; r < s->n_refs; r++) {
		const struct pprof_location *l = &p->locations[p->refs[s->first_ref + r]];
		for (uint32_t i = 0; i < l->n_lines; i++) {
			uint32_t f = p->lines[l->first_line + i].function;
			if (f && p->strings[p->functions[f - 1].name].len)
				return true;
		}
	}
	return false;
}

static bool has_symbols(const struct pprof *p)
{
	for (uint32_t i = 0; i < p->n_samples; i++)
		if (has_named_function(p, &p->samples[i]))
			return true;
	return false;
}

static uint64_t multiply(uint64_t a, uint64_t b)
{
	uint64_t r;
	return __builtin_mul_overflow(a, b, &r) ? UINT64_MAX : r;
}

int pprof_check_cpu(const struct pprof *p, struct pprof_facts *ret, struct error *err)
{
	int count = pprof_find_type(p, "samples", "count");
	int cpu = pprof_find_type(p, "cpu", "nanoseconds");
	if (count < 0 && cpu < 0) {
		CLEANUP(strbuf) struct strbuf types = STRBUF_INIT(1024);
		pprof_describe_types(p, &types);
		error_set(err, ERROR_USAGE, "not a CPU profile: its sample types are %s", types.data);
		return error_hint(err, "samples/count or cpu/nanoseconds is needed");
	}
	struct pprof_facts f = { .stacks = p->n_samples, .functions = p->n_functions, .time_unix_ns = p->time_ns };
	if (sum_column(p, count, &f.samples, err) < 0 || sum_column(p, cpu, &f.value_ns, err) < 0)
		return -1;
	if (!f.samples && !f.value_ns) {
		error_set(err, ERROR_USAGE, "the profile has no samples");
		return error_hint(err, "was the program idle while it was profiled?");
	}
	if (!has_symbols(p))
		return error_set(err, ERROR_USAGE, "the profile has no symbols: no sample has a named function");
	uint64_t period = p->period > 0 ? (uint64_t)p->period : 1;
	if (count < 0)
		f.samples = f.value_ns / period;
	if (cpu < 0)
		f.value_ns = multiply(f.samples, p->period > 0 ? period : 0);
	f.duration_ns = p->duration_ns > 0 ? (uint64_t)p->duration_ns : 0;
	for (uint32_t i = 0; i < p->n_functions; i++)
		f.start_lines += p->functions[i].start_line != 0;
	*ret = f;
	return 0;
}
