/* Disjoint sets of CPUs for servers and clients. Pure: CPUs in, sets out.
 *
 *     struct cpu_core cores[CPU_CORES_MAX];
 *     size_t n = …                                      // the cores that this process may use, with their CPUs
 *     struct cpu_sets sets;
 *     cpu_sets_divide(cores, n, threads, true, &sets)   // false: there are too few, and nothing is pinned
 *     … start servers with sets.server[position], clients with sets.client[position] …
 *
 * Whole cores are dealt out: hyper-threads of one core share its units, and would disturb each other across sets. A
 * client gets one CPU a thread as far as a quarter of the cores goes, and servers get the rest.
 *
 * apart (duet pairing, where both servers work at once): two positions with equal sets each, for which four cores are
 * needed; a core that is left over stays idle. Else (one server works at a time) both positions are the same sets, for
 * which two cores are needed.
 */
#ifndef BENCHMARKER_CPU_SETS_H
#define BENCHMARKER_CPU_SETS_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>

#define CPU_CORES_MAX CPU_SETSIZE

struct cpu_core {
	cpu_set_t cpus; /* its hyper-threads, at least one */
};

struct cpu_sets {
	cpu_set_t server[2], client[2]; /* by position */
};

/* False, *ret untouched: too few cores. threads: of one client, 1 or more. */
bool cpu_sets_divide(const struct cpu_core *cores, size_t n, unsigned threads, bool apart, struct cpu_sets *ret);

/* As the kernel writes lists of CPUs: "0-2,5". ret of at least 16 bytes; cut with "…" at its end. */
void cpu_sets_format(const cpu_set_t *set, char *ret, size_t size);
/* The reverse: -1 for anything else. */
int cpu_sets_parse(const char *text, cpu_set_t *ret);

#endif
