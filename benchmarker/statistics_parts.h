/* What the files of statistics share. Private to statistics*.c. */
#ifndef BENCHMARKER_STATISTICS_PARTS_H
#define BENCHMARKER_STATISTICS_PARTS_H

#include "benchmarker/statistics.h"

#define STATISTICS_ALPHA 0.05 /* of one interval, and of a family of tests */

/* Sets the interval at the confidence that Bonferroni leaves each of that many tests. */
void statistics_family(struct estimate *e, bool anytime, size_t tests);
/* The slowdown (0.04: 4 %) that is found with that power among that many tests; NAN when it cannot be said. */
double statistics_detectable(const struct estimate *e, bool anytime, size_t tests, double power);

#endif
