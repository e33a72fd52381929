/* What the machine does while a job measures, and which blocks have to be measured again for it. For measure*.c alone.
 *
 *     machine_log_begin(&log, subjects, n);
 *     … load …
 *     machine_log_end(&log, subjects, samples, n);      // into samples[i]->machine
 *     … after a round: machine_log_judge(…): which blocks to measure again …
 */
#ifndef SRC_MEASURE_MACHINE_H
#define SRC_MEASURE_MACHINE_H

#include "benchmarker/machine_watch.h"
#include "benchmarker/results.h"

#define MACHINE_LOG_SLICES 512 /* the last of a run, which say what is usual */

struct machine_log {
	struct machine_watch watch;
	struct machine_usage begin[2];
	struct machine_usage slices[MACHINE_LOG_SLICES]; /* a ring */
	size_t count;                                    /* of all slices so far */
};

void machine_log_open(struct machine_log *l, const char *root); /* as machine_watch_open */
void machine_log_release(struct machine_log *l);

/* Just before a window with len (1 or 2) servers under load, and just after it. */
void machine_log_begin(struct machine_log *l, const struct machine_subject *subjects, size_t len);
void machine_log_end(struct machine_log *l, const struct machine_subject *subjects, struct sample *const *samples,
		     size_t len);

/* After a plan: marks the contaminated ones of its slices (usage[i]: of slice i; window_ns 0: not measured) by what has
 * been usual up to now. *ret: the blocks that hold one, in order, owned. */
int machine_log_judge(const struct machine_log *l, struct results *results, const char *test, const struct plan *plan,
		      const struct machine_usage *usage, uint32_t **ret, size_t *ret_len, struct error *err);

#endif
