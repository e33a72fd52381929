/* Is a CPU profile worth building with? What its samples were spent on, and how much of them a source tree or a binary
 * still has.
 *
 *     struct pprof_spent spent;
 *     pprof_spent(&p, &spent)
 *     struct pprof_kept kept;
 *     pprof_kept(&p, judge, call_exists, data, &kept, err)      // judge says of each function whether it is there
 *
 * Pure. Weights are samples (the column samples/count; without it cpu/nanoseconds over the period, as in
 * pprof_facts). A sample counts where its leaf is, the innermost inlined function.
 */
#ifndef PROFILER_JUDGE_H
#define PROFILER_JUDGE_H

#include "profiler/pprof.h"

/* Each sample is in one of the first three, or in none: then it is the program's own work. */
struct pprof_spent {
	double total;
	double gc;      /* the garbage collector anywhere on the stack */
	double idle;    /* else: the scheduler looking for work, or waiting for it */
	double runtime; /* else: the leaf is in Go's runtime (allocation, maps, copying …), called for by the program */
	double calls, calls_without_start; /* calls on all stacks; those whose caller has no start line */
};
void pprof_spent(const struct pprof *p, struct pprof_spent *ret);

enum pprof_presence {
	PPROF_OUTSIDE, /* not judged: Go's library, or another module */
	PPROF_KEPT,
	PPROF_GONE,
};

/* A call on a stack: indexes of functions; the line in the caller. */
struct pprof_call {
	uint32_t caller, callee;
	int64_t line;
};

struct pprof_judge {
	enum pprof_presence (*function)(const struct pprof *p, uint32_t function, void *data);
	/* Asked for calls of kept callers to callees that are not gone. NULL: such a call is there. */
	bool (*call)(const struct pprof *p, const struct pprof_call *c, void *data);
	void *data;
};

/* Samples by the presence of their leaf, without those of gc and idle; and calls by whether caller, callee and the call
 * itself are there. Calls from outside count nowhere. */
#define PPROF_GONE_MAX 10
struct pprof_kept {
	double kept, gone, outside;
	double calls_kept, calls_gone;
	/* By name, those that are gone and have samples of their own: the most samples first, then by name. */
	struct pprof_gone {
		uint32_t name; /* string of the profile */
		double weight;
	} heaviest[PPROF_GONE_MAX];
	size_t heaviest_len, gone_names; /* how many are in heaviest, and in all */
};
int pprof_kept(const struct pprof *p, const struct pprof_judge *judge, struct pprof_kept *ret, struct error *err);

#endif
