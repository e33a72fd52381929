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
 *
 * A test whose events are of several classes (the transactions of TPC-C) has a struct gate_class for each of them
 * behind each thread's part; for other tests there are none, and nothing of this costs them anything. The script tells
 * an event's class by its number, from 1, in the global dbdyno.class, and by dbdyno.rolled_back = true that the event
 * ended in a rollback that it was meant to end in.
 *
 * Closed loop (arrivals.interval_ns is 0): a thread begins an event as soon as the one before has ended, and works at
 * least one. Open loop: events are due by the schedule in the header, whatever the server does. They are one queue: the
 * next thread that is free takes the next arrival, under the lock, and begins it when it is due, or at once if that has
 * passed; its latency counts from when it was due. Arrivals of the window that wait at its end are still worked, for
 * drain_ns at most; this side counts the rest from the schedule, which stands where the threads left it.
 */
#ifndef BENCHMARKER_GATE_H
#define BENCHMARKER_GATE_H

#include "benchmarker/arrivals.h"
#include "benchmarker/histogram.h"

#include <pthread.h>
#include <stddef.h>
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
	uint32_t thread_bytes; /* of one thread with its classes, so that the two layouts cannot drift apart */
	uint32_t sequence;     /* futex word: changes when there is a new command */
	uint32_t command;      /* enum gate_command */
	uint32_t begin_s;      /* CLOCK_MONOTONIC; seconds since boot fit */
	uint32_t begin_ns;     /* within the second */
	uint32_t classes;      /* of events */
	double duration_ns;
	double drain_ns; /* open loop */
	struct arrivals arrivals;
	union {
		pthread_mutex_t lock; /* of the arrivals, shared between processes */
		char room[64];        /* its size differs between machines */
	};
	char padding[4096 - 144];
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
	double last_end_ns; /* end of the last event; open loop: and not before the window's end */
	double late;        /* open loop: events that began after the window's end */
	double lag_max_ns;  /* open loop: longest from when an event was due to when it began */
	char error[GATE_ERROR_BYTES];
	char padding[4096 - 104 - GATE_ERROR_BYTES];
	uint32_t buckets[HISTOGRAM_BUCKETS]; /* events by latency; C sets them to 0 between windows */
	char more_padding[2048];
};

/* Events of one class in one thread. C sets all to 0 between windows. */
struct gate_class {
	double events, rollbacks;
	double latency_sum_ns, latency_min_ns, latency_max_ns;
	char padding[2048 - 40];
	uint32_t buckets[HISTOGRAM_BUCKETS];
};

_Static_assert(sizeof(pthread_mutex_t) <= 64, "the lock has room");
_Static_assert(offsetof(struct gate_header, arrivals) == 48 && offsetof(struct gate_header, lock) == 80,
	       "the layout that Lua knows");
_Static_assert(sizeof(struct gate_header) == 4096, "the gate's header is one page");
_Static_assert(sizeof(struct gate_thread) % 4096 == 0, "each thread has pages of its own");
_Static_assert(sizeof(struct gate_class) % 4096 == 0, "and keeps them with its classes");

/* Layout: header, then for each thread its part and its classes. The caller's numbers, not the file's, which the other
 * side can write, say where things are. */
static inline size_t gate_thread_bytes(uint32_t classes)
{
	return sizeof(struct gate_thread) + classes * sizeof(struct gate_class);
}

static inline struct gate_thread *gate_thread_at(struct gate_header *g, uint32_t classes, unsigned thread)
{
	return (struct gate_thread *)((char *)(g + 1) + thread * gate_thread_bytes(classes));
}

/* The first of a thread's classes. */
static inline struct gate_class *gate_classes_of(struct gate_thread *t)
{
	return (struct gate_class *)(t + 1);
}

#endif
