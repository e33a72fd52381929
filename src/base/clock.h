/* Time. Durations and deadlines are monotonic nanoseconds; wall-clock time is only for people and for signatures.
 *
 *     uint64_t deadline = clock_deadline(5 * NS_PER_SECOND);
 *     while (… && clock_left_ms(deadline) > 0) poll(fds, n, clock_left_ms(deadline));
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_SECOND 1000000000ULL
#define NS_PER_MS 1000000ULL
#define CLOCK_FOREVER UINT64_MAX /* a deadline that never comes */

uint64_t clock_mono_ns(void); /* CLOCK_MONOTONIC */
int64_t clock_wall_ns(void);  /* CLOCK_REALTIME since 1970 UTC */

/* The monotonic time from_now_ns ahead; CLOCK_FOREVER stays forever. */
uint64_t clock_deadline(uint64_t from_now_ns);

/* Milliseconds until deadline_ns for poll(2): rounded up, 0 when past, -1 for CLOCK_FOREVER, at most INT_MAX. */
int clock_left_ms(uint64_t deadline_ns);

/* "2026-01-31T23:59:59Z" of Unix seconds, into buf. */
void clock_format_utc(int64_t unix_seconds, char buf[static 21]);

#endif
