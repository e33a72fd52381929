/* What one slice of load on one server measured. Plain data. */
#ifndef BENCHMARKER_SAMPLE_H
#define BENCHMARKER_SAMPLE_H

#include "benchmarker/histogram.h"
#include "benchmarker/machine_usage.h"

#include <stdint.h>
#include <stdlib.h>

/* Events of one class in the slice. */
struct sample_class {
	const char *name; /* not owned: of the workload, or of who read it back */
	uint64_t events, rollbacks;
	uint64_t latency_sum_ns, latency_min_ns, latency_max_ns;
	struct histogram latency;
};

struct sample {
	uint64_t begin_ns; /* monotonic: start of the window, common to all threads */
	uint64_t end_ns;   /* monotonic: end of the last event of the last thread */
	uint32_t threads;
	uint64_t busy_ns; /* sum over threads of (its last event's end - begin_ns); seconds = busy_ns / threads / 1e9 */
	uint64_t events;  /* sysbench events = transactions */
	uint64_t reads, writes, others; /* SQL statements by sysbench's kind */
	uint64_t ignored_errors;
	uint64_t reconnects;
	uint64_t latency_sum_ns; /* over events; in an open loop from when each was due */
	uint64_t latency_min_ns; /* exact; 0 when events is 0 */
	uint64_t latency_max_ns;
	struct histogram latency;
	double rate;                  /* events a second that were asked for; 0: closed loop, and 0 below */
	uint64_t backlog;             /* events that were due in the window and had not begun at its end */
	uint64_t unserved;            /* of these, that never began: they are in no other count */
	uint64_t lag_max_ns;          /* longest from when an event was due to when it began, or was given up */
	struct sample_class *classes; /* owned; NULL for tests whose events are all of one kind */
	size_t classes_len;
	struct machine_usage machine; /* what the machine did meanwhile; window_ns 0: nobody looked */
};
#define SAMPLE_INIT \
	{           \
		0   \
	}
static inline void sample_release(struct sample *s)
{
	histogram_release(&s->latency);
	for (size_t i = 0; i < s->classes_len; i++)
		histogram_release(&s->classes[i].latency);
	free(s->classes);
	*s = (struct sample)SAMPLE_INIT;
}

/* Seconds that the mean thread was loaded; 0 when nothing ran. */
static inline double sample_seconds(const struct sample *s)
{
	return s->threads ? (double)s->busy_ns / s->threads / 1e9 : 0;
}

#endif
