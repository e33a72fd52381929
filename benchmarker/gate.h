/* The gate: the file that load.c and the threads of a sysbench client share. lua/hook.lua has the same layout.
 *
 * Both sides map the file. Windows are opened with a futex and closed with a byte in a pipe:
 *
 *     C                                           each thread of sysbench
 *     begin_*, duration_ns, command = WORK
 *     sequence++ (release), FUTEX_WAKE     ─►     wakes, works from begin to begin + duration
 *                                                 writes its struct gate_thread, done = sequence
 *     reads one byte a thread              ◄─     one byte to the pipe that is its standard input
 *     reads and clears the results
 *
 * Ordering: the byte goes through the kernel, whose pipe lock orders what was written before it ahead of what is read
 * after it, on every architecture; so plain stores are enough in Lua, which has no atomic ones. In the other direction
 * the kernel reads the futex word behind a full barrier, and each thread answers with the sequence that it worked for.
 * Whatever stands in a struct gate_thread is checked before it is used.
 */
#ifndef BENCHMARKER_GATE_H
#define BENCHMARKER_GATE_H

#include "benchmarker/histogram.h"

#include <stdint.h>

#define GATE_MAGIC 0x47594421u /* "!DYG" */
#define GATE_ERROR_BYTES 2048
#define GATE_THREADS_MAX 1024

enum gate_command {
	GATE_WORK = 1,
	GATE_FINISH = 2, /* thread_run returns, sysbench ends */
};

enum gate_state {
	GATE_STARTING = 0,
	GATE_WAITING = 1,
	GATE_FAILED = 2, /* error says why; the thread has ended */
	GATE_ENDED = 3,  /* the script's event asked to stop */
};

struct gate_header {
	uint32_t magic;
	uint32_t threads;
	uint32_t thread_bytes; /* sizeof(struct gate_thread), so that the two layouts cannot drift apart */
	uint32_t sequence;     /* futex word: changes when there is a new command */
	uint32_t command;      /* enum gate_command */
	uint32_t begin_s;      /* CLOCK_MONOTONIC; seconds since boot fit */
	uint32_t begin_ns;     /* within the second */
	uint32_t reserved;
	double duration_ns;
	char padding[4096 - 40];
};

/* Numbers are doubles, as Lua has them: whole, and far below 2^53. Times are ns from the window's begin. */
struct gate_thread {
	uint32_t state; /* enum gate_state */
	uint32_t done;  /* sequence of the last window that is finished */
	double events;
	double reads, writes, others; /* statements by sysbench's kinds */
	double errors;                /* ignored ones */
	double reconnects;
	double latency_sum_ns, latency_min_ns, latency_max_ns;
	double last_end_ns; /* end of the last event */
	char error[GATE_ERROR_BYTES];
	char padding[4096 - 88 - GATE_ERROR_BYTES];
	uint32_t buckets[HISTOGRAM_BUCKETS]; /* events by latency; C sets them to 0 between windows */
	char more_padding[2048];
};

_Static_assert(sizeof(struct gate_header) == 4096, "the gate's header is one page");
_Static_assert(sizeof(struct gate_thread) % 4096 == 0, "each thread has pages of its own");

#endif
