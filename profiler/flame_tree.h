/* The frames of a flame graph: stacks from the root, equal beginnings put together. For profiler/flame*.c alone.
 *
 * Only frames that will be drawn are made: the widest max_frames of those not narrower than FLAME_MIN_SHARE, to a
 * depth of FLAME_MAX_DEPTH. A frame is never wider than its parent, so taking the widest group of samples that is left,
 * and dividing it by the next frame of their stacks, finds exactly these. Time: linear in the frames of all stacks.
 * Memory: a few words a sample. What is not drawn is counted.
 */
#ifndef PROFILER_FLAME_TREE_H
#define PROFILER_FLAME_TREE_H

#include "profiler/flame.h"
#include "profiler/frames.h"

struct flame_frame {
	uint32_t key;    /* of frames.keys; FLAME_ROOT: the whole */
	uint32_t depth;  /* 0: the whole */
	double x, width; /* shares of the whole; width is by to */
	double from, to; /* per unit of work */
	double self;     /* of to */
};
#define FLAME_ROOT UINT32_MAX

struct flame_side {
	double work;   /* that to values are divided by; 1 for a single profile */
	double sample; /* value of one sample; NAN: unknown */
	double total;  /* of its values, not divided */
};

struct flame_tree {
	struct flame_frame *nodes; /* owned; parents before children, from left to right */
	uint32_t n, max_frames;
	struct frames frames;
	struct flame_side from, to;
	struct pprof_string type, unit;
	/* Not drawn: groups of samples under a drawn frame, and what they hold of the whole. */
	uint32_t hidden;
	double hidden_share;
	/* And those that to has not at all: their part of from's whole. */
	uint32_t gone;
	double gone_share;
};
void flame_tree_release(struct flame_tree *t);

/* from may be NULL. ERROR_USAGE: no samples, negative values, no such type, types that differ, no work. */
int flame_tree_make(const struct pprof *from, const struct pprof *to, const struct flame_spec *spec,
		    struct flame_tree *ret, struct error *err);

#endif
