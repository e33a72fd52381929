#include "base/clock.h"

#include <limits.h>

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;
	clock_gettime(id, &ts); /* cannot fail for these two ids */
	return (int64_t)ts.tv_sec * (int64_t)NS_PER_SECOND + ts.tv_nsec;
}

uint64_t clock_mono_ns(void)
{
	return (uint64_t)read_clock(CLOCK_MONOTONIC);
}

int64_t clock_wall_ns(void)
{
	return read_clock(CLOCK_REALTIME);
}

uint64_t clock_deadline(uint64_t from_now_ns)
{
	uint64_t now = clock_mono_ns();
	return from_now_ns > CLOCK_FOREVER - now ? CLOCK_FOREVER : now + from_now_ns;
}

int clock_left_ms(uint64_t deadline_ns)
{
	if (deadline_ns == CLOCK_FOREVER)
		return -1;
	uint64_t now = clock_mono_ns();
	if (deadline_ns <= now)
		return 0;
	uint64_t ms = (deadline_ns - now + NS_PER_MS - 1) / NS_PER_MS;
	return ms > INT_MAX ? INT_MAX : (int)ms;
}

void clock_format_utc(int64_t unix_seconds, char buf[static 21])
{
	time_t t = (time_t)unix_seconds;
	struct tm tm = { 0 };
	gmtime_r(&t, &tm);
	if (strftime(buf, 21, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		buf[0] = 0;
}
