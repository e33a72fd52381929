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
	bool trial;             /* the pairing is still to be chosen */
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

/* One test on one server, as long as it is open. */
struct round_client {
	char *dir;
	struct workload_script script;
	struct load_spec spec;
	struct load load;
};
#define ROUND_CLIENT_INIT         \
	{                         \
		.load = LOAD_INIT \
	}
void round_client_release(struct round_client *c);

/* One test in one round. */
struct round {
	struct measure *m;
	struct job *j;
	struct measured_test *test;
	struct results_test row;
	const struct tpcc *tpcc; /* NULL if it is another test */
	double *rates;           /* of a trial, whose slices are not kept: by place; NULL: they are */
	uint64_t test_ns;        /* load per server in a whole repetition */
	struct round_client clients[2];
	struct machine_usage *usage; /* of each slice of the plan under way; owned */
};

/* Clients of the active servers: tables made, connected. */
int round_open(struct round *r, struct error *err);
/* In windows that double, until no server is faster in one than in the best before it: a server that warms sets one
 * record after the other, noise seldom does. *ret_latency_ns: mean of the slower server; 0 without a warm-up. */
int round_warm_up(struct round *r, uint64_t *ret_latency_ns, struct error *err);
/* Ends the clients, checks the data and drops the tables. */
int round_close(struct round *r, struct error *err);

/* The slices of a plan, each durable when it ends. */
int round_run(struct round *r, const struct plan *plan, size_t test, struct error *err);
/* Loads both servers interleaved and in a duet for a moment, and settles the job's pairing on the less noisy one. */
int round_trial(struct round *r, uint64_t latency_ns, struct error *err);
/* How much of the measuring is done; part: of the test's round. */
double round_progress(const struct measure *m, size_t test, double part);

/* Measures the test's next round on the servers that are up: tables, clients, warm-up, and its share of slices, each
 * durable when it ends. Finds the length of slices and the number of rounds in the first. */
int measure_round(struct measure *m, size_t test, struct error *err);

#endif
