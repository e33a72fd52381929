#include "benchmarker/histogram.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SUB_BITS 9 /* log2(HISTOGRAM_SUB_BUCKETS) */
#define VARINT_MAX 10

void histogram_release(struct histogram *h)
{
	free(h->entries);
	*h = (struct histogram)HISTOGRAM_INIT;
}

uint32_t histogram_bucket(uint64_t value_ns)
{
	if (value_ns < HISTOGRAM_SUB_BUCKETS)
		return (uint32_t)value_ns;
	unsigned exponent = 63 - (unsigned)__builtin_clzll(value_ns);
	unsigned shift = exponent - SUB_BITS;
	/* The value's top ten bits are 512 to 1,023: the doubling begins at bucket 512 times its number. */
	uint64_t bucket = (uint64_t)HISTOGRAM_SUB_BUCKETS * shift + (value_ns >> shift);
	return bucket < HISTOGRAM_BUCKETS ? (uint32_t)bucket : HISTOGRAM_BUCKETS - 1;
}

double histogram_value_ns(uint32_t bucket)
{
	if (bucket >= HISTOGRAM_BUCKETS)
		bucket = HISTOGRAM_BUCKETS - 1;
	if (bucket < 2 * HISTOGRAM_SUB_BUCKETS)
		return bucket;
	unsigned shift = bucket / HISTOGRAM_SUB_BUCKETS - 1;
	uint64_t first = (uint64_t)(HISTOGRAM_SUB_BUCKETS + bucket % HISTOGRAM_SUB_BUCKETS) << shift;
	uint64_t last = first + (1ULL << shift) - 1;
	return ((double)first + (double)last) / 2;
}

/* Position of bucket, or where it belongs. */
static size_t search(const struct histogram *h, uint32_t bucket)
{
	size_t low = 0, high = h->len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (h->entries[middle].bucket < bucket)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int grow(struct histogram *h, size_t cap, struct error *err)
{
	if (cap <= h->cap)
		return 0;
	struct histogram_entry *entries = realloc(h->entries, cap * sizeof *entries);
	if (!entries)
		return error_oom(err);
	h->entries = entries;
	h->cap = cap;
	return 0;
}

int histogram_add(struct histogram *h, uint32_t bucket, uint64_t count, struct error *err)
{
	if (bucket >= HISTOGRAM_BUCKETS)
		return error_set(err, ERROR_INTERNAL, "histogram bucket %u is outside 0 to %d", bucket,
				 HISTOGRAM_BUCKETS - 1);
	if (count > UINT64_MAX - h->total)
		return error_set(err, ERROR_INTERNAL, "a histogram's counts overflow");
	if (count == 0)
		return 0;
	/* Most callers add in order: look at the end first. */
	size_t i = h->len && h->entries[h->len - 1].bucket < bucket ? h->len : search(h, bucket);
	if (i == h->len || h->entries[i].bucket != bucket) {
		if (h->len == h->cap && grow(h, h->cap ? 2 * h->cap : 64, err) < 0)
			return -1;
		memmove(&h->entries[i + 1], &h->entries[i], (h->len - i) * sizeof *h->entries);
		h->entries[i] = (struct histogram_entry){ .bucket = bucket };
		h->len++;
	}
	h->entries[i].count += count;
	h->total += count;
	return 0;
}

int histogram_merge(struct histogram *h, const struct histogram *other, struct error *err)
{
	if (other->total > UINT64_MAX - h->total)
		return error_set(err, ERROR_INTERNAL, "a histogram's counts overflow");
	struct histogram merged = HISTOGRAM_INIT;
	if (h->len + other->len > 0 && grow(&merged, h->len + other->len, err) < 0)
		return -1;
	for (size_t i = 0, j = 0; i < h->len || j < other->len;) {
		struct histogram_entry e;
		if (j == other->len || (i < h->len && h->entries[i].bucket < other->entries[j].bucket)) {
			e = h->entries[i++];
		} else {
			e = other->entries[j++];
			if (i < h->len && h->entries[i].bucket == e.bucket)
				e.count += h->entries[i++].count;
		}
		merged.entries[merged.len++] = e;
		merged.total += e.count;
	}
	histogram_release(h);
	*h = merged;
	return 0;
}

double histogram_quantile_ns(const struct histogram *h, double q)
{
	if (h->total == 0 || !(q >= 0 && q <= 1))
		return NAN;
	/* Nearest rank: the smallest value that at least q of all values do not exceed. */
	double wanted = ceil(q * (double)h->total);
	uint64_t rank = wanted < 1 ? 1 : wanted >= (double)h->total ? h->total : (uint64_t)wanted;
	uint64_t seen = 0;
	for (size_t i = 0; i < h->len; i++) {
		seen += h->entries[i].count;
		if (seen >= rank)
			return histogram_value_ns(h->entries[i].bucket);
	}
	return NAN;
}

/* LEB128: seven bits a byte, lowest first, the top bit says that more follow. */
static size_t put_varint(unsigned char *out, uint64_t v)
{
	size_t n = 0;
	for (; v >= 0x80; v >>= 7)
		out[n++] = (unsigned char)(v | 0x80);
	out[n++] = (unsigned char)v;
	return n;
}

/* Bytes read, or 0 if the number is cut, longer than needed, or does not fit. */
static size_t get_varint(const unsigned char *data, size_t len, uint64_t *ret)
{
	uint64_t v = 0;
	for (size_t n = 0; n < len && n < VARINT_MAX; n++) {
		uint64_t bits = data[n] & 0x7f;
		if (n == VARINT_MAX - 1 && bits > 1)
			return 0;
		v |= bits << (7 * n);
		if (!(data[n] & 0x80)) {
			if (n > 0 && data[n] == 0)
				return 0;
			*ret = v;
			return n + 1;
		}
	}
	return 0;
}

int histogram_encode(const struct histogram *h, unsigned char **ret, size_t *ret_len, struct error *err)
{
	unsigned char *data = malloc(h->len * 2 * VARINT_MAX + 1);
	if (!data)
		return error_oom(err);
	size_t len = 0;
	uint32_t before = 0;
	for (size_t i = 0; i < h->len; i++) {
		len += put_varint(data + len, h->entries[i].bucket - before);
		len += put_varint(data + len, h->entries[i].count);
		before = h->entries[i].bucket;
	}
	*ret = data;
	*ret_len = len;
	return 0;
}

static int decode_into(const unsigned char *data, size_t len, struct histogram *h, struct error *err)
{
	uint64_t bucket = 0;
	for (size_t at = 0; at < len;) {
		uint64_t delta = 0, count = 0;
		size_t n = get_varint(data + at, len - at, &delta);
		size_t m = n ? get_varint(data + at + n, len - at - n, &count) : 0;
		if (m == 0)
			return error_set(err, ERROR_INTERNAL, "histogram: bad number at byte %zu of %zu", at, len);
		if (count == 0 || (delta == 0 && h->len > 0) || delta >= HISTOGRAM_BUCKETS ||
		    bucket + delta >= HISTOGRAM_BUCKETS)
			return error_set(err, ERROR_INTERNAL, "histogram: bad entry at byte %zu of %zu", at, len);
		bucket += delta;
		if (histogram_add(h, (uint32_t)bucket, count, err) < 0)
			return -1;
		at += n + m;
	}
	return 0;
}

int histogram_decode(const unsigned char *data, size_t len, struct histogram *ret, struct error *err)
{
	struct histogram h = HISTOGRAM_INIT;
	if (decode_into(data, len, &h, err) < 0) {
		histogram_release(&h);
		return -1;
	}
	*ret = h;
	return 0;
}
