/* The two halves of dbdyno doctor: what is here, and what it can resolve. */
#ifndef SRC_DOCTOR_H
#define SRC_DOCTOR_H

#include "benchmarker/machine_fitness.h"
#include "benchmarker/statistics.h"
#include "options.h"

/* Looks for about a second, and judges. ERROR_INTERRUPTED when asked to stop. */
int doctor_examine(const struct options *o, struct machine_findings *ret, struct error *err);

/* What the noise of this machine lets a comparison tell: a program against itself. */
#define DOCTOR_PRECISIONS 3
extern const double doctor_precisions[DOCTOR_PRECISIONS]; /* 0.05, 0.02, 0.01 */

struct doctor_test {
	struct estimate estimate;                 /* of the throughput's ratio, which is 1 */
	double half_width;                        /* of its interval; INFINITY: it has none */
	double slice_sd;                          /* of a slice's throughput, relative; NAN: not known */
	double seconds;                           /* that the test took, both servers and their starts */
	double needed_seconds[DOCTOR_PRECISIONS]; /* until the interval is that narrow; NAN: more than a day */
};
struct doctor_noise {
	char *out; /* folder of the run; owned */
	struct strlist names;
	struct doctor_test *tests; /* as names; owned */
	size_t len;
	struct machine_summary machine;
	struct strlist advice; /* what would help */
};
void doctor_noise_release(struct doctor_noise *n);

/* Takes at most o->test_time_ns, unless a single start of the servers takes longer; and a build if the program is to be
 * built. */
int doctor_measure_noise(const struct options *o, struct doctor_noise *ret, struct error *err);

#endif
