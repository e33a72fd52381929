/* What the machine did while a slice of load ran, and whether the slice can be trusted. Plain data and pure rules; the
 * numbers come from machine_watch.h.
 *
 *     struct machine_usage slice = machine_usage_between(&begin, &end);
 *     const char *reason;
 *     if (machine_usage_contaminated(&slice, &typical, &reason)) … measure it again, and say why …
 *
 * Every number may be MACHINE_UNKNOWN: its file is missing (a container, gVisor, an old kernel, hidepid), or may not be
 * read. That is never an error.
 */
#ifndef BENCHMARKER_MACHINE_USAGE_H
#define BENCHMARKER_MACHINE_USAGE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MACHINE_UNKNOWN UINT64_MAX

/* Of a process and all that it started. */
struct machine_process {
	uint64_t cpu_ns;               /* user and system */
	uint64_t voluntary_switches;   /* of context, over all threads: they waited for something */
	uint64_t involuntary_switches; /* they were made to leave the CPU */
	uint64_t minor_faults, major_faults;
	uint64_t read_bytes, written_bytes; /* from and to storage */
	uint64_t peak_bytes;                /* of memory so far; memory that processes share counts once */
};

/* One reading: counted since boot, or since the process began. Or the difference of two: what a slice used. */
struct machine_usage {
	uint64_t window_ns;    /* reading: monotonic clock. Slice: between its readings; 0: there were none */
	uint64_t suspended_ns; /* that the whole machine slept: CLOCK_BOOTTIME - CLOCK_MONOTONIC */
	uint64_t cpus;         /* that this process may run on; as at the end */
	uint64_t busy_ns;      /* these CPUs worked, for whomever */
	uint64_t steal_ns;     /* these CPUs were wanted, and another virtual machine had them */
	uint64_t others_ns;    /* of busy_ns, not for the servers and clients under load; only of a slice */
	uint64_t throttled_periods, throttled_ns;                     /* of the own control group, by its CPU limit */
	uint64_t oom_kills;                                           /* in the own control group */
	uint64_t pressure_cpu_ns, pressure_io_ns, pressure_memory_ns; /* some task waited for it (PSI), in the own
									 control group, or on the machine */
	uint64_t switches;                                            /* of context on the whole machine */
	struct machine_process server, client;
};

/* All numbers of a struct machine_usage, by name: "steal_ns", "server_cpu_ns". */
struct machine_field {
	const char *name;
	size_t offset;
	bool level; /* not counted up: a difference takes it as it was at the end */
};
extern const struct machine_field machine_fields[];
extern const size_t machine_fields_len;
uint64_t machine_field_get(const struct machine_usage *u, const struct machine_field *f);
void machine_field_set(struct machine_usage *u, const struct machine_field *f, uint64_t value);

/* All MACHINE_UNKNOWN. */
struct machine_usage machine_usage_unknown(void);

/* What was used between two readings. A counter that went back (a thread or a process ended) is not known. others_ns is
 * not known: machine_usage_others gives it. */
struct machine_usage machine_usage_between(const struct machine_usage *begin, const struct machine_usage *end);
/* Sets others_ns of slices that were measured in one window: busy_ns less the CPU time of all their processes. */
void machine_usage_others(struct machine_usage *slices, size_t len);

/* A part of all the time that the CPUs had in the window, 0 to 1: of steal_ns, others_ns. NAN: not known. */
double machine_usage_cpu_share(const struct machine_usage *slice, uint64_t ns);
/* A part of the window, 0 to 1: of throttled_ns and the pressures. NAN: not known. */
double machine_usage_window_share(const struct machine_usage *slice, uint64_t ns);

/* Of the values that are numbers, NAN if none is; the array is used up. */
double machine_median(double *values, size_t len);

/* The usual level of a run: medians over its slices so far; 0 where nothing is known. */
struct machine_typical {
	double steal, others, throttled, memory_pressure; /* shares */
};
/* -1: out of memory. */
int machine_usage_typical(const struct machine_usage *slices, size_t len, struct machine_typical *ret,
			  struct error *err);

/* What disturbed a slice. */
enum machine_reason {
	MACHINE_CLEAN,
	MACHINE_SUSPENDED,
	MACHINE_OOM,
	MACHINE_THROTTLED,
	MACHINE_STEAL,
	MACHINE_OTHERS,
	MACHINE_MEMORY
};
#define MACHINE_REASONS 7
/* The reason of such a text as machine_usage_contaminated gives; MACHINE_CLEAN for NULL and for another text. */
enum machine_reason machine_reason_parse(const char *text);

/* Did something disturb this slice that the run's other slices did not have? Then *reason is a static text, "the
 * machine was suspended". It rests on the machine alone, never on what was measured: a choice by outcome would bend the
 * comparison. So it does not look at how long tasks waited for a CPU or for storage, nor at faults or bytes: a slower
 * server makes more of these. The limits:
 *
 *     suspended                     at all (100 ms)
 *     killed for lack of memory     at all
 *     throttled                     above 1 % of the window, and three times the usual
 *     waited for memory             above 10 % of the window, and three times the usual
 *     steal, other processes' CPU   above 10 % of the CPUs' time, and three times the usual
 *
 * The kernel counts CPU time in ticks of 10 ms: one tick a CPU less than is said is what counts. */
bool machine_usage_contaminated(const struct machine_usage *slice, const struct machine_typical *typical,
				const char **reason);

#endif
