#include "benchmarker/plan.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#define SLICE_AUTO_MIN_NS (100 * NS_PER_MS)
#define SLICE_AUTO_MAX_NS (1000 * NS_PER_MS)
#define EVENTS_A_SLICE 20
#define STARTS_SEEN 3
#define STARTS_SEEN_TEST_NS (5 * NS_PER_SECOND)
#define SLICES_A_TEST 20 /* at least, as far as they are not too short: ten blocks show their spread */

const char *pairing_name(enum pairing p)
{
	static const char *const names[] = { "interleaved", "duet", "sequential" };
	return names[p];
}

const char *side_name(enum side s)
{
	return s == SIDE_TO ? "to" : "from";
}

void plan_release(struct plan *p)
{
	free(p->slices);
	*p = (struct plan){ 0 };
}

uint64_t plan_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

uint64_t plan_slice_length(uint64_t test_ns, uint64_t latency_ns)
{
	uint64_t slice_ns = latency_ns < SLICE_AUTO_MAX_NS ? EVENTS_A_SLICE * latency_ns : SLICE_AUTO_MAX_NS;
	uint64_t max_ns = test_ns / SLICES_A_TEST < SLICE_AUTO_MAX_NS ? test_ns / SLICES_A_TEST : SLICE_AUTO_MAX_NS;
	if (slice_ns > max_ns)
		slice_ns = max_ns;
	if (slice_ns < SLICE_AUTO_MIN_NS)
		slice_ns = SLICE_AUTO_MIN_NS;
	return slice_ns < test_ns / 2 ? slice_ns : test_ns / 2;
}

uint32_t plan_starts(uint64_t test_ns, uint64_t slice_ns, uint64_t set_up_ns)
{
	/* Wall time of the load is twice that of a server's. A short job shall be over soon; else starts are what makes
	 * an interval narrow, and three the least that shows their luck. */
	bool is_short = test_ns < STARTS_SEEN_TEST_NS;
	uint64_t room = slice_ns ? test_ns / (4 * slice_ns) : 1;
	uint64_t paid = set_up_ns ? test_ns / (is_short ? 2 : 1) / set_up_ns : room;
	if (paid < STARTS_SEEN && !is_short && STARTS_SEEN * set_up_ns <= 2 * test_ns)
		paid = STARTS_SEEN;
	uint64_t starts = room < paid ? room : paid;
	return starts < 1 ? 1 : starts < PLAN_STARTS_MAX ? (uint32_t)starts : PLAN_STARTS_MAX;
}

uint64_t plan_share(uint64_t test_ns, uint32_t n, uint32_t i)
{
	return test_ns / n + (i < test_ns % n);
}

/* How many blocks of slices of about slice_ns fill test_ns. */
static int count_blocks(uint64_t test_ns, uint64_t slice_ns, uint64_t *ret_blocks, struct error *err)
{
	if (slice_ns < PLAN_SLICE_MIN_NS) {
		error_set(err, ERROR_USAGE, "slices of %.3f s of a test of %.3f s are too short",
			  (double)slice_ns / 1e9, (double)test_ns / 1e9);
		return error_hint(err, "a slice lasts at least 0.05 s, and a test at least two slices a server");
	}
	if (slice_ns > test_ns / 2) {
		error_set(err, ERROR_USAGE, "a test of %.3f s has no room for two slices of %.3f s a server",
			  (double)test_ns / 1e9, (double)slice_ns / 1e9);
		return error_hint(err, "lengthen the test or shorten the slices");
	}
	uint64_t block_ns = 2 * slice_ns; /* per server; no overflow: slice_ns <= test_ns / 2 */
	uint64_t blocks = test_ns / block_ns;
	if (test_ns % block_ns >= slice_ns && test_ns / (2 * blocks + 2) >= PLAN_SLICE_MIN_NS)
		blocks++; /* rounds to the nearest */
	if (blocks > PLAN_SLICES_MAX / 4) {
		error_set(err, ERROR_USAGE, "a test of %.0f s in slices of %.3f s has too many slices",
			  (double)test_ns / 1e9, (double)slice_ns / 1e9);
		return error_hint(err, "at most %d slices a test: lengthen them", PLAN_SLICES_MAX);
	}
	*ret_blocks = blocks;
	return 0;
}

int plan_make(enum pairing pairing, uint64_t test_ns, uint64_t slice_ns, uint64_t seed, struct plan *ret,
	      struct error *err)
{
	uint64_t blocks = 0;
	if (count_blocks(test_ns, slice_ns ? slice_ns : plan_slice_length(test_ns, 0), &blocks, err) < 0)
		return -1;
	uint32_t pairs = (uint32_t)(2 * blocks);
	struct plan_slice *slices = calloc(2 * (size_t)pairs, sizeof *slices);
	if (!slices)
		return error_oom(err);
	bool to_first = false;
	for (uint32_t pair = 0; pair < pairs; pair++) {
		struct plan_slice slice = { .block = pair / 2, .pair = pair };
		/* The remainder goes to the first pairs, a nanosecond each, so that the sum is exact. */
		slice.duration_ns = test_ns / pairs + (pair < test_ns % pairs);
		if (pair % 2 == 0)
			to_first = plan_random(&seed) >> 63;
		else
			to_first = !to_first; /* AB is followed by BA */
		size_t first = 2 * (size_t)pair, second = first + 1;
		size_t from = to_first ? second : first, to = to_first ? first : second;
		if (pairing == PAIRING_SEQUENTIAL) {
			from = pair;
			to = (size_t)pairs + pair;
		}
		slice.side = SIDE_FROM;
		slices[from] = slice;
		slice.side = SIDE_TO;
		slices[to] = slice;
	}
	*ret = (struct plan){ .slices = slices, .len = 2 * (size_t)pairs };
	return 0;
}

void plan_put(struct plan *p, struct plan_place *place)
{
	p->first = place->index;
	for (size_t i = 0; i < p->len; i++) {
		struct plan_slice *slice = &p->slices[i];
		slice->repetition = place->repetition;
		slice->start = place->start;
		slice->block += place->block;
		slice->pair += place->pair;
	}
	place->index += (uint32_t)p->len;
	place->block += (uint32_t)(p->len / 4);
	place->pair += (uint32_t)(p->len / 2);
}

double plan_noise(enum pairing pairing, const struct plan *p, const double *rates)
{
	size_t blocks = p->len / 4;
	double sum = 0, squares = 0, seconds = 0;
	for (size_t b = 0; b < blocks; b++) {
		double log_ratio = 0; /* mean of two pairs */
		for (size_t i = 4 * b; i < 4 * b + 4; i++) {
			log_ratio += (p->slices[i].side == SIDE_TO ? 0.5 : -0.5) * log(rates[i]);
			seconds += (double)p->slices[i].duration_ns / 1e9 / (pairing == PAIRING_DUET ? 2 : 1);
		}
		sum += log_ratio;
		squares += log_ratio * log_ratio;
	}
	double n = (double)blocks, variance = blocks < 2 ? NAN : fmax(0, squares - sum * sum / n) / (n - 1);
	double noise = sqrt(variance * seconds / n);
	return isfinite(noise) && isfinite(sum) ? noise : NAN;
}
