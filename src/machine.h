/* What this machine is, as far as it belongs to a measurement: part of every run's record. */
#ifndef SRC_MACHINE_H
#define SRC_MACHINE_H

#include "base/error.h"
#include "base/str.h"
#include "benchmarker/cpu_sets.h"

struct machine {
	char os[64], arch[32], kernel[128], cpu_model[128];
	unsigned cpus;                   /* this process may use (its affinity) */
	unsigned long long memory_bytes; /* the smaller of the machine's and the cgroup's limit */
};

void machine_read(struct machine *ret); /* what cannot be read stays empty or 0 */
/* The cores that this process may use, each with those of its hyper-threads that it may; ret has room for
 * CPU_CORES_MAX. A CPU whose core cannot be read is one of its own. */
size_t machine_cores(struct cpu_core *ret);
/* One line for people: "2 CPUs of AMD EPYC, 24.0 GiB, Linux 6.1 (amd64)". */
void machine_describe(const struct machine *m, struct strbuf *out);
/* Owned JSON object. */
char *machine_json(const struct machine *m, struct error *err);

#endif
