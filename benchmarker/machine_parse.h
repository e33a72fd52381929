/* What Linux says of CPUs, control groups, pressure and processes, out of the text of its files. Pure: bytes in,
 * numbers out, and no bytes can make it fail.
 *
 *     uint64_t throttled = machine_parse_key(text, "throttled_usec");    // MACHINE_UNKNOWN if there is no such line
 *
 * Texts end with a NUL byte and may be cut anywhere or be of another kind of file altogether: what cannot be read with
 * certainty is MACHINE_UNKNOWN. Formats: proc_stat(5), proc_pid_mountinfo(5), cgroups(7), and
 * Documentation/admin-guide/cgroup-v2.rst and accounting/psi.rst of the Linux kernel.
 */
#ifndef BENCHMARKER_MACHINE_PARSE_H
#define BENCHMARKER_MACHINE_PARSE_H

#include "benchmarker/machine_usage.h"

#include <sched.h>
#include <stdbool.h>

/* The kernel's unit of time in these files: 100 a second on every architecture that dbdyno runs on. */
#define MACHINE_TICK_NS 10000000ULL

#define MACHINE_PATH_BYTES 2048 /* of a control group or its folder; a longer one is not known */

/* Sum of two counters; MACHINE_UNKNOWN if one is, or if it does not fit. */
uint64_t machine_sum(uint64_t a, uint64_t b);

/* That many ticks as a time; MACHINE_UNKNOWN if it does not fit. */
uint64_t machine_ticks_ns(uint64_t ticks);

/* The number after a line's first word, as in "nr_throttled 12" and "VmHWM:   5120 kB". */
uint64_t machine_parse_key(const char *text, const char *key);

/* /proc/stat: time since boot in which the CPUs of the set worked, and in which another virtual machine had them.
 * *ret_cpus: how many of the set are listed; 0: none, and both are MACHINE_UNKNOWN. */
void machine_parse_cpus(const char *text, const cpu_set_t *set, unsigned *ret_cpus, uint64_t *ret_busy_ns,
			uint64_t *ret_steal_ns);

/* cpu.max of a control group, or the quota and the period of version 1 with a blank between: CPUs that it may use;
 * INFINITY: no limit; NAN: not such a text. */
double machine_parse_cpu_limit(const char *text);

/* A pressure file: for how long some task waited. */
uint64_t machine_parse_pressure(const char *text);

/* /proc/PID/cgroup: the path of a version 1 controller ("cpu"), or of version 2 (NULL); into ret. False: none. */
bool machine_parse_cgroup(const char *text, const char *controller, char ret[static MACHINE_PATH_BYTES]);

/* /proc/PID/mountinfo: where that hierarchy is mounted, and which of its groups is at the top there ("/": all are).
 * Folders with blanks are none of the system's. False: not mounted, or too long. */
bool machine_parse_mount(const char *text, const char *controller, char ret_root[static MACHINE_PATH_BYTES],
			 char ret_folder[static MACHINE_PATH_BYTES]);

#endif
