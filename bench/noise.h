/* Recorded noise: slices of two equal servers over many starts, replayed as jobs whose true ratio is known.
 *
 *     CLEANUP(noise) struct noise n = { 0 };
 *     noise_load(&n, "tests/data/noise/gms-point-select.duet.csv", err)
 *     CLEANUP(noise_job) struct noise_job job = { 0 };
 *     noise_draw(&n, 10, 0.97, &seed, &job, err)          // ten starts of a server that is 3 % slower
 *     statistics_compare(job.pairs, job.len, &spec, &c, err)
 *
 * A file has a line a pair: start,block,first,from_events,from_us,to_events,to_us. first: which side's slice came first
 * (f, t), or that both ran in the same window (b). How the files were recorded: docs/statistics.md.
 *
 * A drawn start is a recorded one, with all its slices in order: correlation in time, bursts and the luck of that start
 * stay as they were. Which server is called from is drawn anew for each start, so that the true ratio of the recording
 * is exactly 1.
 */
#ifndef BENCH_NOISE_H
#define BENCH_NOISE_H

#include "benchmarker/statistics.h"

struct noise_pair {
	uint32_t start, block;
	char first;
	double events[2], seconds[2]; /* from, to */
};

struct noise {
	struct noise_pair *pairs; /* owned */
	size_t len;
	size_t *begins; /* owned; of each start, and len after the last */
	size_t starts;
};
void noise_release(struct noise *n);
/* ERROR_USAGE: no such file, or a line that is none. */
int noise_load(struct noise *n, const char *path, struct error *err);

struct noise_job {
	struct sample *samples;    /* owned; from and to of pair i at 2i and 2i + 1 */
	struct sample_pair *pairs; /* owned */
	char *first;               /* owned; of each pair */
	size_t len;
};
void noise_job_release(struct noise_job *j);
/* Starts drawn without replacement, at most n->starts; `to` does ratio times the transactions that were recorded. */
int noise_draw(const struct noise *n, size_t starts, double ratio, uint64_t *seed, struct noise_job *ret,
	       struct error *err);
/* From the slice with that place in time (0: the first; a pair has two, a window with both sides counts as two) both
 * servers do factor times the transactions. */
void noise_slow_down(struct noise_job *j, size_t place, double factor);

/* The usual way: of a recording whose starts are sequential runs (one life of each server, one after the other), the
 * log-ratios of each two neighbouring lives, whose truth is 0: 2 * n->starts - 1 of them. Their root mean square. */
double noise_sequential(const struct noise *n);

#endif
