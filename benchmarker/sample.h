/* What one slice of load on one server measured. Plain data. */
#ifndef BENCHMARKER_SAMPLE_H
#define BENCHMARKER_SAMPLE_H

#include "benchmarker/histogram.h"

#include <stdint.h>

struct sample {
	uint64_t begin_ns; /* monotonic: start of the window, common to all threads */
	uint64_t end_ns;   /* monotonic: end of the last event of the last thread */
	uint32_t threads;
	uint64_t busy_ns; /* sum over threads of (its last event's end - begin_ns); seconds = busy_ns / threads / 1e9 */
	uint64_t events;  /* sysbench events = transactions */
	uint64_t reads, writes, others; /* SQL statements by sysbench's kind */
	uint64_t ignored_errors;
	uint64_t reconnects;
	uint64_t latency_sum_ns; /* over events */
	uint64_t latency_min_ns; /* exact; 0 when events is 0 */
	uint64_t latency_max_ns;
	struct histogram latency;
};
#define SAMPLE_INIT \
	{           \
		0   \
	}
static inline void sample_release(struct sample *s)
{
	histogram_release(&s->latency);
	*s = (struct sample)SAMPLE_INIT;
}

/* Seconds that the mean thread was loaded; 0 when nothing ran. */
static inline double sample_seconds(const struct sample *s)
{
	return s->threads ? (double)s->busy_ns / s->threads / 1e9 : 0;
}

#endif
