#include "benchmarker/machine_summary.h"

#include "benchmarker/machine_parse.h"

#include <math.h>
#include <stdlib.h>

#define CPU_SHARE_MAX 0.05
#define THROTTLED_MAX 0.01
#define MEMORY_MAX 0.05
#define STORAGE_MAX 0.25

/* Sum of one number over the slices in which it is known, and of their time, in seconds. */
struct total {
	double sum, seconds;
	size_t known;
};

static void add(struct total *t, const struct machine_usage *slice, uint64_t value)
{
	if (value == MACHINE_UNKNOWN || slice->window_ns == MACHINE_UNKNOWN)
		return;
	t->sum += (double)value;
	t->seconds += (double)slice->window_ns / 1e9;
	t->known++;
}

/* Of a sum of nanoseconds. */
static double share(const struct total *t)
{
	return t->seconds > 0 ? fmin(1, t->sum / 1e9 / t->seconds) : NAN;
}

static double seconds(const struct total *t)
{
	return t->known ? t->sum / 1e9 : NAN;
}

static void summarise_cpus(const struct machine_usage *slices, size_t len, double *steal, double *others,
			   struct machine_summary *ret)
{
	for (size_t i = 0; i < len; i++) {
		uint64_t cpus = slices[i].cpus;
		steal[i] = machine_usage_cpu_share(&slices[i], slices[i].steal_ns);
		others[i] = machine_usage_cpu_share(&slices[i], slices[i].others_ns);
		ret->steal_worst = fmax(ret->steal_worst, steal[i]); /* fmax passes over NAN */
		ret->others_worst = fmax(ret->others_worst, others[i]);
		if (cpus <= 1u << 20 && (ret->cpus == 0 || cpus < ret->cpus))
			ret->cpus = (unsigned)cpus;
	}
	ret->steal_median = machine_median(steal, len);
	ret->others_median = machine_median(others, len);
}

int machine_summarise(const struct machine_usage *slices, size_t len, struct machine_summary *ret, struct error *err)
{
	struct machine_summary s = { .slices = len, .steal_worst = NAN, .others_worst = NAN };
	struct total throttled = { 0 }, cpu = { 0 }, io = { 0 }, memory = { 0 }, suspended = { 0 }, oom = { 0 };
	AUTO_FREE double *steal = calloc(len + 1, sizeof *steal), *others = calloc(len + 1, sizeof *others);
	if (!steal || !others)
		return error_oom(err);
	for (size_t i = 0; i < len; i++) {
		add(&throttled, &slices[i], slices[i].throttled_ns);
		add(&cpu, &slices[i], slices[i].pressure_cpu_ns);
		add(&io, &slices[i], slices[i].pressure_io_ns);
		add(&memory, &slices[i], slices[i].pressure_memory_ns);
		add(&suspended, &slices[i], slices[i].suspended_ns);
		add(&oom, &slices[i], slices[i].oom_kills);
	}
	summarise_cpus(slices, len, steal, others, &s);
	s.throttled = share(&throttled);
	s.throttled_seconds = seconds(&throttled);
	s.pressure_cpu = share(&cpu);
	s.pressure_io = share(&io);
	s.pressure_memory = share(&memory);
	s.suspended_seconds = seconds(&suspended);
	s.oom_kills = oom.known ? oom.sum : NAN;
	*ret = s;
	return 0;
}

int machine_advice(const struct machine_summary *s, struct strlist *ret, struct error *err)
{
	/* A comparison with NAN is false: what is not known gives no advice. */
	if (s->suspended_seconds >= 0.1)
		strlist_addf(
			ret,
			"The machine slept for %.1f s while it measured: run it where nothing suspends or moves it.",
			s->suspended_seconds);
	if (s->oom_kills > 0)
		strlist_addf(ret,
			     "A process was killed for lack of memory: raise the memory limit, or use smaller tables.");
	if (s->throttled > THROTTLED_MAX)
		strlist_addf(
			ret,
			"The CPU limit stopped the servers and clients for %.0f %% of the time: raise the limit, or "
			"have none.",
			100 * s->throttled);
	if (s->steal_median > CPU_SHARE_MAX)
		strlist_addf(
			ret,
			"Other virtual machines took %.0f %% of the CPUs' time: a node of its own would help, and so "
			"does more time.",
			100 * s->steal_median);
	if (s->others_median > CPU_SHARE_MAX)
		strlist_addf(
			ret,
			"Other processes used %.0f %% of the CPUs' time: measure where nothing else runs, or give it "
			"more time.",
			100 * s->others_median);
	if (s->pressure_memory > MEMORY_MAX)
		strlist_addf(
			ret,
			"Processes waited for memory for %.0f %% of the time: raise the memory limit, or use smaller "
			"tables.",
			100 * s->pressure_memory);
	if (s->pressure_io > STORAGE_MAX)
		strlist_addf(
			ret,
			"Processes waited for storage for %.0f %% of the time: a faster disk, or data in memory, shows "
			"more of the servers.",
			100 * s->pressure_io);
	if (s->cpus == 1)
		strlist_addf(
			ret,
			"There is one CPU, which servers and clients share: with two or more, the clients' work would "
			"not count.");
	return strlist_check(ret, err);
}

/* A number per transaction, over the slices that know it. */
struct ratio {
	double sum, events;
};

static void count(struct ratio *r, uint64_t value, uint64_t events)
{
	if (value == MACHINE_UNKNOWN)
		return;
	r->sum += (double)value;
	r->events += (double)events;
}

static double per_event(const struct ratio *r)
{
	return r->events > 0 ? r->sum / r->events : NAN;
}

void machine_cost(const struct machine_usage *slices, const uint64_t *events, size_t len, struct machine_cost *ret)
{
	struct ratio server = { 0 }, client = { 0 }, switches = { 0 }, written = { 0 }, was_read = { 0 }, minor = { 0 },
		     major = { 0 };
	double peak = NAN;
	for (size_t i = 0; i < len; i++) {
		const struct machine_process *p = &slices[i].server;
		count(&server, p->cpu_ns, events[i]);
		count(&client, slices[i].client.cpu_ns, events[i]);
		count(&switches, machine_sum(p->voluntary_switches, p->involuntary_switches), events[i]);
		count(&written, p->written_bytes, events[i]);
		count(&was_read, p->read_bytes, events[i]);
		count(&minor, p->minor_faults, events[i]);
		count(&major, p->major_faults, events[i]);
		if (p->peak_bytes != MACHINE_UNKNOWN)
			peak = fmax(peak, (double)p->peak_bytes);
	}
	*ret = (struct machine_cost){
		.server_cpu_us = per_event(&server) / 1e3,
		.client_cpu_us = per_event(&client) / 1e3,
		.switches = per_event(&switches),
		.written_bytes = per_event(&written),
		.read_bytes = per_event(&was_read),
		.minor_faults = per_event(&minor),
		.major_faults = per_event(&major),
		.peak_bytes = peak,
	};
}
