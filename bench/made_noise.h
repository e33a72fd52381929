/* Made series for bench/history_alarms: noise of standard deviation 1 on the whole, in the shapes that runs of a
 * history may have. The same for the same seed. */
#ifndef BENCH_MADE_NOISE_H
#define BENCH_MADE_NOISE_H

#include "benchmarker/changepoint.h"

enum made_noise_shape {
	NOISE_GAUSS,
	NOISE_STUDENT3,  /* Student's t with 3 degrees of freedom */
	NOISE_BURSTS,    /* a tenth of the points is off to one side, by 4 standard deviations of the others */
	NOISE_AR03,      /* neighbours correlated by 0.3 */
	NOISE_AR06,      /* by 0.6 */
	NOISE_AR03_T3,   /* by 0.3, innovations of Student's t with 3 degrees of freedom */
	NOISE_UNEVEN,    /* a quarter of the points with 3.6 times the error, which they claim */
	NOISE_LOUDER,    /* the second half with 3 times the error, which it claims */
	NOISE_UNCLAIMED, /* the same, claimed by none */
	NOISE_IDLE,      /* claims that differ as those of NOISE_UNEVEN, where all points have the same error */
	NOISE_SHAPES
};
extern const char *const made_noise_names[NOISE_SHAPES];

void made_noise_make(enum made_noise_shape shape, size_t len, uint64_t *seed, struct changepoint_point *ret);

/* Uniform in (0, 1). */
double made_noise_uniform(uint64_t *seed);

#endif
