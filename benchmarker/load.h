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
 * layout in gate.h and hook.lua) and work in windows that this side opens. So a slice costs no process start, its
 * window is exact, two servers can be loaded in the same window (load_begin on both, then load_await), and the counters
 * survive a thread that dies. Nothing is read from sysbench's standard output; its last lines become error detail.
 *
 * Errors: ERROR_LOAD (sysbench missing, exits, hangs, a Lua error, NaN or no events where there must be some);
 * ERROR_SERVER if spec.server_fd says that the server died; ERROR_INTERRUPTED.
 */
#ifndef BENCHMARKER_LOAD_H
#define BENCHMARKER_LOAD_H

#include "base/error.h"
#include "base/proc.h"
#include "benchmarker/database.h"
#include "benchmarker/sample.h"
#include "benchmarker/workload.h"

struct load_spec {
	const char *sysbench; /* path of the program; NULL: from PATH */
	const char *dir;      /* folder for gate, scripts and client log; exists */
	const struct workload *workload;
	struct database_address address;
	unsigned threads;              /* 1 or more */
	unsigned tables;               /* 1 or more */
	unsigned long long table_size; /* rows a table */
	unsigned long long seed;       /* > 0 */
	const struct strlist *options; /* further sysbench options (engine's, user's); NULL: none */
	int server_fd;                 /* pidfd of the server, or -1 */
	const cpu_set_t *cpus;         /* NULL: no pinning */
	uint64_t event_timeout_ns;     /* longest a slice may overrun its window; 0: 60 s */
};

/* One client at work: process and gate. Fields are load.c's. */
struct load;
#endif
