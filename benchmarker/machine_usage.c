#include "benchmarker/machine_usage.h"

#include "base/clock.h"
#include "benchmarker/machine_parse.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FIELD(member, is_level)                                           \
	{                                                                 \
#member, offsetof(struct machine_usage, member), is_level \
	}
#define PROCESS_FIELDS(who)                                                                                        \
	{ #who "_cpu_ns", offsetof(struct machine_usage, who.cpu_ns), false },                                     \
		{ #who "_voluntary_switches", offsetof(struct machine_usage, who.voluntary_switches), false },     \
		{ #who "_involuntary_switches", offsetof(struct machine_usage, who.involuntary_switches), false }, \
		{ #who "_minor_faults", offsetof(struct machine_usage, who.minor_faults), false },                 \
		{ #who "_major_faults", offsetof(struct machine_usage, who.major_faults), false },                 \
		{ #who "_read_bytes", offsetof(struct machine_usage, who.read_bytes), false },                     \
		{ #who "_written_bytes", offsetof(struct machine_usage, who.written_bytes), false },               \
	{                                                                                                          \
#who "_peak_bytes", offsetof(struct machine_usage, who.peak_bytes), true                           \
	}

const struct machine_field machine_fields[] = {
	FIELD(window_ns, false),         FIELD(suspended_ns, false),   FIELD(cpus, true),
	FIELD(busy_ns, false),           FIELD(steal_ns, false),       FIELD(others_ns, false),
	FIELD(throttled_periods, false), FIELD(throttled_ns, false),   FIELD(oom_kills, false),
	FIELD(pressure_cpu_ns, false),   FIELD(pressure_io_ns, false), FIELD(pressure_memory_ns, false),
	FIELD(switches, false),          PROCESS_FIELDS(server),       PROCESS_FIELDS(client),
};
const size_t machine_fields_len = sizeof machine_fields / sizeof machine_fields[0];

_Static_assert(sizeof machine_fields / sizeof machine_fields[0] == sizeof(struct machine_usage) / sizeof(uint64_t),
	       "every number has its name");

#define SUSPENDED_MIN_NS (100 * NS_PER_MS)
#define FAR_ABOVE 3.0

uint64_t machine_field_get(const struct machine_usage *u, const struct machine_field *f)
{
	uint64_t value;
	memcpy(&value, (const char *)u + f->offset, sizeof value);
	return value;
}

void machine_field_set(struct machine_usage *u, const struct machine_field *f, uint64_t value)
{
	memcpy((char *)u + f->offset, &value, sizeof value);
}

struct machine_usage machine_usage_unknown(void)
{
	struct machine_usage u;
	for (size_t i = 0; i < machine_fields_len; i++)
		machine_field_set(&u, &machine_fields[i], MACHINE_UNKNOWN);
	return u;
}

struct machine_usage machine_usage_between(const struct machine_usage *begin, const struct machine_usage *end)
{
	struct machine_usage u;
	for (size_t i = 0; i < machine_fields_len; i++) {
		const struct machine_field *f = &machine_fields[i];
		uint64_t from = machine_field_get(begin, f), to = machine_field_get(end, f);
		bool known = from != MACHINE_UNKNOWN && to != MACHINE_UNKNOWN && to >= from;
		machine_field_set(&u, f, f->level ? to : known ? to - from : MACHINE_UNKNOWN);
	}
	return u;
}

void machine_usage_others(struct machine_usage *slices, size_t len)
{
	uint64_t own = 0;
	for (size_t i = 0; i < len; i++)
		own = machine_sum(own, machine_sum(slices[i].server.cpu_ns, slices[i].client.cpu_ns));
	for (size_t i = 0; i < len; i++) {
		uint64_t busy = slices[i].busy_ns;
		bool known = own != MACHINE_UNKNOWN && busy != MACHINE_UNKNOWN;
		/* A tick may be charged to whom it does not belong: never less than nothing. */
		slices[i].others_ns = !known ? MACHINE_UNKNOWN : busy > own ? busy - own : 0;
	}
}

static double share(uint64_t ns, double whole_ns)
{
	return ns == MACHINE_UNKNOWN || !(whole_ns > 0) ? NAN : fmin(1, (double)ns / whole_ns);
}

double machine_usage_window_share(const struct machine_usage *slice, uint64_t ns)
{
	return slice->window_ns == MACHINE_UNKNOWN ? NAN : share(ns, (double)slice->window_ns);
}

double machine_usage_cpu_share(const struct machine_usage *slice, uint64_t ns)
{
	if (slice->window_ns == MACHINE_UNKNOWN || slice->cpus == MACHINE_UNKNOWN)
		return NAN;
	return share(ns, (double)slice->window_ns * (double)slice->cpus);
}

/* What is counted in ticks, less the one that each CPU's count may be ahead. */
static double sure_cpu_share(const struct machine_usage *slice, uint64_t ns)
{
	if (ns == MACHINE_UNKNOWN || slice->cpus == MACHINE_UNKNOWN)
		return NAN;
	uint64_t slack = slice->cpus < 4096 ? slice->cpus * MACHINE_TICK_NS : 0;
	return machine_usage_cpu_share(slice, ns > slack ? ns - slack : 0);
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

double machine_median(double *values, size_t len)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++)
		if (!isnan(values[i]))
			values[n++] = values[i];
	if (n == 0)
		return NAN;
	qsort(values, n, sizeof *values, compare_doubles);
	return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

/* 0 where nothing is known: then nothing is far above it that is not far above 0. */
static double usual(double *values, size_t len)
{
	double m = machine_median(values, len);
	return isnan(m) ? 0 : m;
}

int machine_usage_typical(const struct machine_usage *slices, size_t len, struct machine_typical *ret,
			  struct error *err)
{
	double *values = calloc(len + 1, sizeof *values);
	if (!values)
		return error_oom(err);
	for (size_t i = 0; i < len; i++)
		values[i] = machine_usage_cpu_share(&slices[i], slices[i].steal_ns);
	ret->steal = usual(values, len);
	for (size_t i = 0; i < len; i++)
		values[i] = machine_usage_cpu_share(&slices[i], slices[i].others_ns);
	ret->others = usual(values, len);
	for (size_t i = 0; i < len; i++)
		values[i] = machine_usage_window_share(&slices[i], slices[i].throttled_ns);
	ret->throttled = usual(values, len);
	for (size_t i = 0; i < len; i++)
		values[i] = machine_usage_window_share(&slices[i], slices[i].pressure_memory_ns);
	ret->memory_pressure = usual(values, len);
	free(values);
	return 0;
}

static bool is_far_above(double value, double least, double typical)
{
	return value > fmax(least, FAR_ABOVE * typical); /* NAN: false */
}

static const char *const reason_texts[MACHINE_REASONS] = {
	[MACHINE_SUSPENDED] = "the machine was suspended",  [MACHINE_OOM] = "a process was killed for lack of memory",
	[MACHINE_THROTTLED] = "the CPU limit throttled it", [MACHINE_STEAL] = "other virtual machines took the CPUs",
	[MACHINE_OTHERS] = "other processes took the CPUs", [MACHINE_MEMORY] = "memory was short",
};

enum machine_reason machine_reason_parse(const char *text)
{
	for (enum machine_reason r = MACHINE_CLEAN + 1; text && r < MACHINE_REASONS; r++)
		if (strcmp(text, reason_texts[r]) == 0)
			return r;
	return MACHINE_CLEAN;
}

static enum machine_reason find_reason(const struct machine_usage *u, const struct machine_typical *typical)
{
	if (u->window_ns == 0 || u->window_ns == MACHINE_UNKNOWN)
		return MACHINE_CLEAN;
	if (u->suspended_ns != MACHINE_UNKNOWN && u->suspended_ns >= SUSPENDED_MIN_NS)
		return MACHINE_SUSPENDED;
	if (u->oom_kills != MACHINE_UNKNOWN && u->oom_kills > 0)
		return MACHINE_OOM;
	if (is_far_above(machine_usage_window_share(u, u->throttled_ns), 0.01, typical->throttled))
		return MACHINE_THROTTLED;
	if (is_far_above(sure_cpu_share(u, u->steal_ns), 0.10, typical->steal))
		return MACHINE_STEAL;
	if (is_far_above(sure_cpu_share(u, u->others_ns), 0.10, typical->others))
		return MACHINE_OTHERS;
	if (is_far_above(machine_usage_window_share(u, u->pressure_memory_ns), 0.10, typical->memory_pressure))
		return MACHINE_MEMORY;
	return MACHINE_CLEAN;
}

bool machine_usage_contaminated(const struct machine_usage *u, const struct machine_typical *typical,
				const char **reason)
{
	*reason = reason_texts[find_reason(u, typical)];
	return *reason != NULL;
}
