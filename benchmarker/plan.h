/* Which server is loaded when. Pure: seed in, schedule out.
 *
 *     CLEANUP(plan) struct plan plan = { 0 };
 *     if (plan_make(PAIRING_INTERLEAVED, 10 * NS_PER_SECOND, 0, seed, &plan, err) < 0)
 *         return -1;                                        // else ten blocks of four slices of 0.5 s
 *     for (size_t i = 0; i < plan.len; i++)
 *         … load plan.slices[i].side for plan.slices[i].duration_ns …
 *
 * A test's load is a list of blocks of two pairs of slices. interleaved: a block's four slices are neighbours in time,
 * ABBA or BAAB by the seed, so a linear drift inside the block cancels, and no periodic disturbance favours one side
 * (Abedi & Brecht, ICPE 2017, on random interleaving). sequential: all of from, then all of to, in slices of the same
 * lengths. Load per server sums to the test time exactly, whatever the pairing; the slices of a pair last equally long.
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
};
void plan_release(struct plan *p);

#define PLAN_SLICE_MIN_NS 50000000ULL
#define PLAN_SLICES_MAX 1000000 /* both sides together */

/* test_ns is the load per server. slice_ns is a wish, which is rounded so that whole blocks fill the test time; 0: a
 * twentieth of the test time within [100 ms, 1 s], so that there are enough blocks. ERROR_USAGE if slice_ns is under
 * 50 ms, not even one block fits, or there would be more than PLAN_SLICES_MAX slices. *ret is owned by the caller. */
int plan_make(enum pairing pairing, uint64_t test_ns, uint64_t slice_ns, uint64_t seed, struct plan *ret,
	      struct error *err);

/* The slice of that place in a repetition of the plan: block and pair count on, and so does *ret_index. */
struct plan_slice plan_repeat(const struct plan *p, uint32_t repetition, size_t place, uint32_t *ret_index);

/* splitmix64 (Steele, Lea, Flood, OOPSLA 2014): the next pseudo-random number of a recorded seed. */
uint64_t plan_random(uint64_t *state);

#endif
