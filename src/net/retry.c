#include "net/retry.h"

#include "base/clock.h"
#include "base/stop.h"

#include <errno.h>
#include <poll.h>
#include <sys/random.h>

#define BUCKET_TOKENS 500
#define LONGEST_UNITS 20

static double random_unit(void)
{
	uint64_t bits;
	if (getrandom(&bits, sizeof bits, GRND_NONBLOCK) != sizeof bits)
		bits = clock_mono_ns() * 0x9E3779B97F4A7C15ULL; /* early boot: only spreads clients a little less */
	return (double)(bits >> 11) * 0x1p-53;
}

uint64_t retry_longest_wait_ns(const struct retry *r, unsigned attempt)
{
	uint64_t unit = r->unit_ns ? r->unit_ns : NS_PER_SECOND;
	unsigned i = attempt - 1;
	return unit * (i < 5 && 1u << i < LONGEST_UNITS ? 1u << i : LONGEST_UNITS);
}

int retry_pause(uint64_t ns, struct error *err)
{
	uint64_t deadline = clock_deadline(ns);
	while (clock_left_ms(deadline) > 0) {
		if (stop_requested())
			return stop_error(err);
		struct pollfd stop = { .fd = stop_fd(), .events = POLLIN };
		if (poll(&stop, 1, clock_left_ms(deadline)) < 0 && errno != EINTR)
			return error_errno(err, ERROR_INTERNAL, "poll");
	}
	return 0;
}

enum retry_cost retry_cost_of(enum http_failure failure)
{
	switch (failure) {
	case HTTP_FAILURE_RESOLVE:
	case HTTP_FAILURE_CONNECT:
	case HTTP_FAILURE_TRANSFER:
		return RETRY_PLAIN;
	case HTTP_FAILURE_TIMEOUT:
		return RETRY_AFTER_TIMEOUT;
	default:
		return RETRY_NEVER;
	}
}

bool retry_wait(struct retry *r, unsigned attempt, enum retry_cost cost, struct error *err)
{
	if (cost == RETRY_NEVER || attempt >= RETRY_ATTEMPTS || r->spent + cost > BUCKET_TOKENS)
		return false;
	uint64_t wait_ns = (uint64_t)(random_unit() * (double)retry_longest_wait_ns(r, attempt));
	r->spent += cost;
	r->last_cost = cost;
	return retry_pause(wait_ns, err) == 0;
}

void retry_succeeded(struct retry *r)
{
	unsigned back = r->last_cost ? r->last_cost : 1;
	r->spent = r->spent > back ? r->spent - back : 0;
	r->last_cost = 0;
}
