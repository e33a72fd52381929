/* What a whole run's slices say of its machine and of what its servers cost. Pure.
 *
 *     struct machine_summary s;
 *     machine_summarise(slices, len, &s, err);
 *     machine_advice(&s, &advice, err);          // "Other virtual machines took 14 % of the CPUs' time: …"
 *
 * Numbers that are not known are NAN.
 */
#ifndef BENCHMARKER_MACHINE_SUMMARY_H
#define BENCHMARKER_MACHINE_SUMMARY_H

#include "base/str.h"
#include "benchmarker/machine_usage.h"

struct machine_summary {
	size_t slices;                    /* with a reading; 0: nothing is known */
	unsigned cpus;                    /* the fewest in any of them; 0: not known */
	double steal_median, steal_worst; /* shares of the CPUs' time, over slices */
	double others_median, others_worst;
	double throttled;                                  /* share of all slices' time */
	double throttled_seconds;                          /* sum */
	double pressure_cpu, pressure_io, pressure_memory; /* shares of all slices' time */
	double suspended_seconds;
	double oom_kills;
};
int machine_summarise(const struct machine_usage *slices, size_t len, struct machine_summary *ret, struct error *err);

/* What the machine keeps a result from, and what would help, a sentence each; none if nothing does. The limits: more
 * than 5 % of the CPUs' time in the middle slice stolen, or used by others; throttled for more than 1 % of the time;
 * waited for memory for more than 5 %, for storage for more than 25 %; suspended at all; killed at all; one CPU. */
int machine_advice(const struct machine_summary *s, struct strlist *ret, struct error *err);

/* What a transaction cost, on one side. */
struct machine_cost {
	double server_cpu_us, client_cpu_us; /* CPU time */
	double switches;                     /* of the server's threads, voluntary and not */
	double written_bytes, read_bytes;    /* by the server */
	double minor_faults, major_faults;   /* of the server */
	double peak_bytes;                   /* of the server's memory, in all */
};
/* Over slices of one test and side. A number rests on the slices in which it is known. */
void machine_cost(const struct machine_usage *slices, const uint64_t *events, size_t len, struct machine_cost *ret);

#endif
