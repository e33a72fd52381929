/* Latency histogram with a relative error of at most 0.1 %.
 *
 * Log-linear buckets (as HdrHistogram, hdrhistogram.org): values below 512 ns are exact; each doubling above is split
 * into 512 equal buckets, so a bucket is at most 1/512 = 0.195 % of its value wide and its middle at most 0.098 % off.
 * The same mapping stands in benchmarker/lua/hook.lua; a test compares the two. Sparse here, since a slice fills few.
 */
#ifndef BENCHMARKER_HISTOGRAM_H
#define BENCHMARKER_HISTOGRAM_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_SUB_BUCKETS 512
#define HISTOGRAM_BUCKETS (512 * 35) /* up to 2^43 ns = 2.4 h; larger values count in the last bucket */

struct histogram {
	struct histogram_entry {
		uint32_t bucket;
		uint64_t count;
	} * entries; /* owned, by increasing bucket, counts > 0 */
	size_t len, cap;
	uint64_t total; /* sum of counts */
};
#define HISTOGRAM_INIT \
	{              \
		0      \
	}
void histogram_release(struct histogram *h);

uint32_t histogram_bucket(uint64_t value_ns);
/* Middle of a bucket in ns. */
double histogram_value_ns(uint32_t bucket);

int histogram_add(struct histogram *h, uint32_t bucket, uint64_t count, struct error *err);
/* h += other. */
int histogram_merge(struct histogram *h, const struct histogram *other, struct error *err);
/* Value in ns at quantile q in [0, 1] (nearest rank); NAN when empty. */
double histogram_quantile_ns(const struct histogram *h, double q);

/* Varint-coded (bucket delta, count) pairs, for storage; decode checks everything (hostile input). Owned bytes. */
int histogram_encode(const struct histogram *h, unsigned char **ret, size_t *ret_len, struct error *err);
int histogram_decode(const unsigned char *data, size_t len, struct histogram *ret, struct error *err);

#endif
