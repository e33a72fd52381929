/* What is decided before both servers are profiled to say why a test became faster or slower. Pure.
 *
 *     if (!why_available(&from, &to, &reason)) …             // said, and nothing is profiled
 *     n = why_choose(comparisons, len, WHY_DIFFERENT, WHY_TESTS_MAX, chosen);
 *     work = why_work(sample.events, sample_seconds(&sample), seconds);
 *
 * docs/why.md has the whole of it.
 */
#ifndef BENCHMARKER_WHY_H
#define BENCHMARKER_WHY_H

#include "base/str.h"
#include "benchmarker/engine.h"
#include "benchmarker/statistics.h"

/* In the order of --why's choices; the first is what commands without that option do. */
enum why { WHY_NEVER, WHY_AUTO, WHY_ALWAYS };

#define WHY_TESTS_MAX 5 /* that --why=auto profiles */

/* Can profiles of the two be compared by function? If not, why, as one line. */
bool why_available(const struct engine *from, const struct engine *to, struct strbuf *ret_reason);

/* The tests worth a profile: indexes into comparisons, in *ret, which has room for len; returns how many. With WHY_AUTO
 * the faster and slower ones with the largest differences by the metric that the verdict rests on, WHY_TESTS_MAX of
 * them at most; with WHY_ALWAYS all. In the order of comparisons. */
size_t why_choose(const struct comparison *comparisons, size_t len, enum why why, size_t *ret);

/* Transactions while the profile was taken: events of load_seconds of load, around profile_seconds of profile. 0 if
 * there was no load. */
double why_work(uint64_t events, double load_seconds, double profile_seconds);

#endif
