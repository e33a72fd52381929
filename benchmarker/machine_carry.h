/* Can the machine carry a comparison, or did it do too much else meanwhile for any verdict? Pure.
 *
 *     struct machine_slice slices[] = { { .to = false, .reason = MACHINE_STEAL, .usage = usage }, … };   // of one test
 *     const char *obstacle = machine_obstacle(slices, len, false);
 *     if (obstacle) … undecided, whatever the interval says …
 *
 * Noise that is always there is in the interval, and needs no rule. Two things are not: a machine that changed for a
 * good part of the measurement, which its contaminated slices tell (machine_usage.h), and a CPU limit that stopped the
 * load for so long that each slice pays for the one before it. A slice counts against the machine if it is
 * contaminated, or if what wanted to run was throttled for more than a quarter of the CPUs' time. Only slices that are
 * compared count: those that were measured again are not among them.
 *
 * The machine cannot carry the comparison if more than a quarter of the slices of each side count against it. Each:
 * what comes from outside meets both servers, whose slices alternate; what meets one alone may be its own doing, since
 * a server that uses more CPU is throttled and robbed more, one that writes more keeps the kernel busy, one that needs
 * more memory runs out of it. For the same reason, where both servers work at once, what a server can bring about in
 * the other's slices does not count: throttling, kills and want of memory. No server suspends a machine: of slices in
 * which that happened, more than a quarter of either side's are enough.
 */
#ifndef BENCHMARKER_MACHINE_CARRY_H
#define BENCHMARKER_MACHINE_CARRY_H

#include "benchmarker/machine_usage.h"

struct machine_slice {
	bool to; /* of that side */
	enum machine_reason reason;
	struct machine_usage usage;
};

/* What keeps the machine from carrying it, and what would help, as static text: "the machine cannot carry this result:
 * …"; NULL: nothing. duet: both servers worked at once. */
const char *machine_obstacle(const struct machine_slice *slices, size_t len, bool duet);

#endif
