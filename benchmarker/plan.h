/* Which server is loaded when. Pure: seed in, schedule out.
 *
 *     struct plan_place place = { 0 };                                  // of a test; it counts on over all its plans
 *     uint32_t starts = plan_starts(test_ns, slice_ns, set_up_ns);      // how often the servers are started for it
 *     for (uint32_t i = 0; i < starts; i++) {
 *         CLEANUP(plan) struct plan plan = { 0 };
 *         if (plan_make(PAIRING_INTERLEAVED, plan_share(test_ns, starts, i), slice_ns, seed + i, &plan, err) < 0)
 *             return -1;
 *         plan_put(&plan, &place);
 *         for (size_t k = 0; k < plan.len; k++)
 *             … load plan.slices[k].side for plan.slices[k].duration_ns: slice number plan.first + k …
 *     }
 *
 * A test's load is a list of blocks of two pairs of slices. interleaved: a block's four slices are neighbours in time,
 * ABBA or BAAB by the seed, so a linear drift inside the block cancels, and no periodic disturbance favours one side
 * (Abedi & Brecht, ICPE 2017, on random interleaving). duet: the two slices of a pair share one window (Bulej et al.,
 * ICPE 2020, "Duet benchmarking"), and their order here says who has the first position (CPU set, order of start) in
 * it: it is swapped inside each block. sequential: all of from, then all of to, in slices of the same lengths. Load per
 * server sums to the test time exactly, whatever the pairing; the slices of a pair last equally long.
 */
#ifndef BENCHMARKER_PLAN_H
#define BENCHMARKER_PLAN_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum pairing { PAIRING_INTERLEAVED, PAIRING_DUET, PAIRING_SEQUENTIAL };
enum side { SIDE_FROM, SIDE_TO };

const char *pairing_name(enum pairing p); /* "interleaved", "duet", "sequential" */
const char *side_name(enum side s);       /* "from", "to" */

struct plan_slice {
	enum side side;
	uint32_t block;      /* 0-based; pairs 2 * block and 2 * block + 1 */
	uint32_t pair;       /* 0-based over the test: the two slices with equal pair are compared */
	uint32_t repetition; /* 0-based: which run of the test; plan_make plans one */
	uint32_t start;      /* 0-based: which start of the servers it is measured on */
	uint64_t duration_ns;
};

struct plan {
	struct plan_slice *slices; /* owned */
	size_t len;
	uint32_t first; /* number of the first slice in its test */
};
void plan_release(struct plan *p);

#define PLAN_SLICE_MIN_NS 50000000ULL
#define PLAN_SLICES_MAX 1000000 /* both sides together */

/* test_ns is the load per server. slice_ns is a wish, which is rounded so that whole blocks fill the test time; 0:
 * plan_slice_length of nothing known. ERROR_USAGE if slice_ns is under 50 ms, not even one block fits, or there would
 * be more than PLAN_SLICES_MAX slices. *ret is owned by the caller. */
int plan_make(enum pairing pairing, uint64_t test_ns, uint64_t slice_ns, uint64_t seed, struct plan *ret,
	      struct error *err);

/* Where a test's next plan begins. All 0 at first. */
struct plan_place {
	uint32_t index, block, pair; /* of the next slice */
	uint32_t repetition, start;  /* that it belongs to: the caller's to set */
};
/* Numbers the slices of a plan from that place on, and moves it behind them. Once a plan. */
void plan_put(struct plan *p, struct plan_place *place);

/* Length of a slice from the mean latency of the slower server's events (0: not known): long enough that the wait for a
 * thread's last event is a small part of it, and no longer, since short slices see the same machine; within [100 ms, 1
 * s], and no longer than a twentieth of the test if that is above 100 ms, or half of it. */
uint64_t plan_slice_length(uint64_t test_ns, uint64_t latency_ns);

/* How often to start the servers for a test: each start costs set_up_ns of wall time, and all together half of the
 * load's, three as much as the load; in a test of less than 5 s a quarter. At least 1, at most PLAN_STARTS_MAX, and
 * never so many that a start has less than two blocks. */
#define PLAN_STARTS_MAX 20
uint32_t plan_starts(uint64_t test_ns, uint64_t slice_ns, uint64_t set_up_ns);
/* The load of start number i of n: equal parts, whose sum is test_ns. */
uint64_t plan_share(uint64_t test_ns, uint32_t n, uint32_t i);

/* Noise of measuring by that plan (interleaved or duet), where slice i ran at rates[i] > 0: the standard deviation of
 * its blocks' log-ratios, times the square root of a block's wall time in seconds. A pairing with half the other's
 * noise needs a quarter of its time. NAN with fewer than two blocks, or a rate that is not above 0. */
double plan_noise(enum pairing pairing, const struct plan *p, const double *rates);

/* splitmix64 (Steele, Lea, Flood, OOPSLA 2014): the next pseudo-random number of a recorded seed. */
uint64_t plan_random(uint64_t *state);

#endif
