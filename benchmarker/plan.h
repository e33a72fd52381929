/* Which server is loaded when. Pure: seed in, schedule out.
 *
 * A test's load is a list of blocks; interleaved: each block is four slices, ABBA or BAAB by the seed, which cancels a
 * linear drift inside the block (Fleming & Wallace; Abedi & Brecht, ICPE 2017, on random interleaving). sequential: all
 * of from, then all of to, in slices of the same length. Load per server sums to the test time whatever the pairing.
 */
#ifndef BENCHMARKER_PLAN_H
#define BENCHMARKER_PLAN_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum pairing { PAIRING_INTERLEAVED, PAIRING_SEQUENTIAL };
enum side { SIDE_FROM, SIDE_TO };

struct plan_slice {
	enum side side;
	uint32_t block; /* 0-based */
	uint32_t pair;  /* 0-based over the test: the two slices with equal pair are compared */
	uint64_t duration_ns;
};

struct plan {
	struct plan_slice *slices; /* owned */
	size_t len;
};
void plan_release(struct plan *p);

/* slice_ns 0: chosen from the test time: test_time/20 within [100 ms, 1 s], so that there are enough blocks. test_ns is
 * per server. ERROR_USAGE if not even one block of slices of at least 50 ms fits. */
int plan_make(enum pairing pairing, uint64_t test_ns, uint64_t slice_ns, uint64_t seed, struct plan *ret,
	      struct error *err);

/* splitmix64 (Steele, Lea, Flood, OOPSLA 2014): the next pseudo-random number of a recorded seed. */
uint64_t plan_random(uint64_t *state);

#endif
