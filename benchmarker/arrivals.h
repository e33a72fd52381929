/* When the events of an open loop are due: a Poisson process. Pure.
 *
 *     struct arrivals a;
 *     arrivals_start(&a, 1000, seed, window);       // 1,000 a second on average
 *     for (; a.next_ns < duration_ns; arrivals_next(&a))
 *         … an event is due a.next_ns after the window's begin …
 *
 * Independent users make requests as a Poisson process: times between them are exponential. Evenly spaced ones would
 * fall into step with whatever else is periodic (a server's timer, the machine's), and would hide the queueing that
 * real traffic meets (Schroeder, Wierman, Harchol-Balter, Open Versus Closed, NSDI 2006).
 *
 * The schedule follows from seed and window alone: both slices of a pair have the same one, and differ by the servers
 * and not by luck of arrival. lua/hook.lua has the same arithmetic and draws from the same state, which stands in the
 * gate; a test compares the two.
 */
#ifndef BENCHMARKER_ARRIVALS_H
#define BENCHMARKER_ARRIVALS_H

#include <stdbool.h>
#include <stdint.h>

#define ARRIVALS_RATE_MIN 0.01 /* events a second */
#define ARRIVALS_RATE_MAX 1e6

struct arrivals {
	double interval_ns; /* mean time between two; 0: a closed loop, in which nothing is due */
	double next_ns;     /* when the next one is due, from the window's begin */
	uint32_t random[4]; /* xorshift128 (Marsaglia, Xorshift RNGs, Journal of Statistical Software 8, 2003) */
};

/* The schedule of a window; rate 0: none. */
void arrivals_start(struct arrivals *a, double rate, uint64_t seed, uint32_t window);
/* Moves on to the arrival after next_ns. */
void arrivals_next(struct arrivals *a);
/* How many are due before end_ns, the next one included; *a has passed them. Beyond ten million, their expected number.
 */
uint64_t arrivals_count(struct arrivals *a, double end_ns);

/* Could a server not keep the rate? More than a twentieth of the events that were due had not begun at the end of their
 * window, or some never did. */
bool arrivals_overloaded(uint64_t due, uint64_t backlog, uint64_t unserved);

#endif
