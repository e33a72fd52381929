/* Load by sysbench, in slices, with exact counters and latencies.
 *
 *     load_prepare(&spec, err)                          // tables and rows, verified by count
 *     CLEANUP(load) struct load l = LOAD_INIT;
 *     load_open(&l, &spec, err)                         // one sysbench client: connected, threads waiting
 *     load_slice(&l, 500 * NS_PER_MS, &sample, err)     // as often as wanted
 *     load_close(&l, err)                               // threads end, exit status checked
 *     load_cleanup(&spec, err)
 *
 * One sysbench process stays connected for a whole test; its threads wait on a futex in a shared file (the "gate",
 * layout in gate.h and lua/hook.lua) and work in windows that this side opens. So a slice costs no process start, its
 * window is exact, two servers can be loaded in the same window (load_begin on both with one start_ns, then load_await
 * on both), and the counters survive a thread that dies. Nothing is read from sysbench's standard output; the last
 * lines of client.log become error detail.
 *
 * Errors: ERROR_LOAD (sysbench missing, exits, hangs, a Lua error, numbers that cannot be); ERROR_SERVER if
 * spec.server_fd says that the server died; ERROR_INTERRUPTED. After an error in load_begin or load_await the client is
 * gone, and every further call on it but load_release fails.
 */
#ifndef BENCHMARKER_LOAD_H
#define BENCHMARKER_LOAD_H

#include "base/error.h"
#include "base/proc.h"
#include "base/str.h"
#include "benchmarker/database.h"
#include "benchmarker/sample.h"
#include "benchmarker/tpcc.h"
#include "benchmarker/workload.h"

/* What it points to must outlive the load. */
struct load_spec {
	const char *sysbench; /* path of the program; NULL: from PATH */
	const char *dir;      /* folder for gate, hook and client.log, one a server; exists */
	const struct workload *workload;
	const struct tpcc *tpcc; /* of a workload that is like TPC-C (tpcc.h); NULL: any other */
	struct database_address address;
	unsigned threads;              /* 1 to 1024 */
	unsigned tables;               /* 1 or more */
	unsigned long long table_size; /* rows a table */
	unsigned long long seed;       /* > 0 */
	double rate;                   /* events a second over all threads (gate.h: open loop); 0: closed loop */
	const struct strlist *options; /* further sysbench options (engine's, user's); NULL: none */
	int server_fd;                 /* pidfd of the server, or -1 */
	const cpu_set_t *cpus;         /* NULL: no pinning */
	uint64_t event_timeout_ns;     /* longest a slice may overrun its window, and connecting may take; 0: 60 s */
	uint64_t prepare_timeout_ns;   /* longest that prepare and clean-up may take; 0: 1 h */
};

/* One client at work. */
struct load {
	struct load_spec spec;
	struct proc proc;
	uint32_t classes;         /* of events, that the workload has */
	struct gate_header *gate; /* mapped file, gate_bytes long; NULL: closed */
	size_t gate_bytes;
	int pipe_fd;       /* a byte from each thread that is waiting, or has failed */
	uint32_t sequence; /* of the last command */
	uint32_t schedule; /* of the next window's arrivals */
	uint64_t begin_ns; /* of the last window */
	uint64_t end_ns;
	bool in_window; /* between load_begin and load_await */
};
#define LOAD_INIT                                \
	{                                        \
		.proc = PROC_INIT, .pipe_fd = -1 \
	}
void load_release(struct load *l); /* kills the client if it still runs */

/* Checks what must hold of the data between prepare and clean-up, while nothing else writes: TPC-C's consistency
 * conditions; nothing for other tests. when, for the message: "after the run". */
int load_check_data(const struct load_spec *spec, const char *when, struct error *err);

/* Makes the test's tables with sysbench's own prepare, in one thread unless there are several tables (a seed then gives
 * the same rows), and checks the number of rows in each: a prepare that fails can exit with 0. */
int load_prepare(const struct load_spec *spec, struct error *err);
/* Drops the test's tables; fine if there are none. */
int load_cleanup(const struct load_spec *spec, struct error *err);

int load_open(struct load *ret, const struct load_spec *spec, struct error *err);

/* Which schedule of arrivals the next window of an open loop has: the same number on two servers gives both the same,
 * so that of a pair is its own. Without it, the windows of a client are numbered from 0. */
void load_set_schedule(struct load *l, uint32_t number);
/* Opens a window of duration_ns that begins at start_ns (monotonic; 0: half a millisecond from now, when the threads
 * are awake), and returns at once. */
int load_begin(struct load *l, uint64_t start_ns, uint64_t duration_ns, struct error *err);
/* Waits until every thread has finished the window. An event that runs when the window ends is finished and counted, so
 * each thread has at least one; in an open loop so are those that were due, within limits (sample.h: unserved). ret is
 * filled anew (SAMPLE_INIT or released by the caller before). */
int load_await(struct load *l, struct sample *ret, struct error *err);
/* Ends the open window now: for windows whose length something else decides (a profile's arrival). load_await follows.
 */
void load_end_window(struct load *l);
/* load_begin and load_await. */
int load_slice(struct load *l, uint64_t duration_ns, struct sample *ret, struct error *err);

/* Lets the threads end (bulk_insert sends its last rows then) and checks sysbench's exit status. */
int load_close(struct load *l, struct error *err);

#endif
