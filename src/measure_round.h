/* One test's part of a round: clients on the servers that are up, a share of the test's load, and the end of it. For
 * measure*.c alone. */
#ifndef SRC_MEASURE_ROUND_H
#define SRC_MEASURE_ROUND_H

#include "benchmarker/cpu_sets.h"
#include "measure.h"
#include "measure_machine.h"

/* A test over all its rounds. */
struct measured_test {
	struct plan_place place; /* of the next round's slices */
	uint64_t slice_ns;       /* 0 before the first round has found it */
	uint64_t share_ns;       /* load of a round where it is not known how many there will be; 0 before the first */
	uint32_t starts;         /* rounds that it takes part in, in each repetition; 0 before the first one */
	uint32_t done;           /* rounds of this repetition that it has had */
	bool enough;             /* measured as narrowly as was asked */
};

struct measure {
	struct job *j;
	struct server servers[2];
	bool active[2];     /* sides that are measured; one in a pass of a sequential job */
	size_t position[2]; /* of each side: 0 or 1, in cpus and in the order of everything */
	bool pinned;
	struct cpu_sets cpus;   /* if pinned */
	uint32_t starts;        /* of the servers, so far */
	uint64_t start_cost_ns; /* wall time of the last one, with the stop before it */
	uint64_t begin_ns;      /* of all measuring */
	uint64_t longest_ns;    /* round so far */
	struct machine_log machine;
	struct measured_test tests[]; /* as j->tests */
};

/* The CPUs of the side's server or client; NULL: any. */
const cpu_set_t *measure_server_cpus(const struct measure *m, size_t side);
const cpu_set_t *measure_client_cpus(const struct measure *m, size_t side);

/* Measures the test's next round on the servers that are up: tables, clients, warm-up, and its share of slices, each
 * durable when it ends. Finds the length of slices and the number of rounds in the first. */
int measure_round(struct measure *m, size_t test, struct error *err);

#endif
