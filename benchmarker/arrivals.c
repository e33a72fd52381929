#include "benchmarker/arrivals.h"

#include "benchmarker/plan.h"

#include <math.h>
#include <string.h>

#define COUNT_MAX 10000000
#define OVERLOAD 0.05

void arrivals_next(struct arrivals *a)
{
	uint32_t *r = a->random, t = r[0] ^ (r[0] << 11);
	r[0] = r[1];
	r[1] = r[2];
	r[2] = r[3];
	r[3] = r[3] ^ (r[3] >> 19) ^ t ^ (t >> 8);
	/* In (0, 1), as a signed number because Lua's are. */
	double uniform = ((double)(int32_t)r[3] + 2147483648.5) / 4294967296;
	a->next_ns -= log(uniform) * a->interval_ns;
}

void arrivals_start(struct arrivals *a, double rate, uint64_t seed, uint32_t window)
{
	memset(a, 0, sizeof *a);
	if (!(rate > 0))
		return;
	uint64_t mixed = plan_random(&seed) + window;
	for (int i = 0; i < 4; i += 2) {
		uint64_t bits = plan_random(&mixed);
		a->random[i] = (uint32_t)bits | 1; /* all zeros would stay so */
		a->random[i + 1] = (uint32_t)(bits >> 32);
	}
	a->interval_ns = 1e9 / rate;
	arrivals_next(a);
}

uint64_t arrivals_count(struct arrivals *a, double end_ns)
{
	uint64_t n = 0;
	for (; a->interval_ns > 0 && a->next_ns < end_ns; n++) {
		if (n == COUNT_MAX) {
			double more = floor((end_ns - a->next_ns) / a->interval_ns);
			a->next_ns = end_ns;
			return n + (uint64_t)more;
		}
		arrivals_next(a);
	}
	return n;
}

bool arrivals_overloaded(uint64_t due, uint64_t backlog, uint64_t unserved)
{
	return unserved > 0 || (double)backlog > OVERLOAD * (double)due;
}
