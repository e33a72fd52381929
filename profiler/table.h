/* Hash table from contents to an index of an array that lives elsewhere. For profiler/ alone.
 *
 *     uint32_t found = table_find(&t, hash, equal, data, candidate);   // index + 1; 0: none
 *     if (!found) table_add(&t, hash, candidate)
 *
 * Open addressing, at most half full. Hashes are seeded (table_hash), so that hostile contents cannot collide at will.
 */
#ifndef PROFILER_TABLE_H
#define PROFILER_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table {
	uint64_t *slots; /* hash << 32 | index + 1; 0: free */
	uint32_t mask;
	uint32_t used;
};

typedef bool table_equal(const void *data, uint32_t a, uint32_t b);

void table_release(struct table *t);
uint32_t table_find(const struct table *t, uint32_t hash, table_equal *equal, const void *data, uint32_t candidate);
/* 0, or -1 when there is no memory. The index must not be in the table. */
int table_add(struct table *t, uint32_t hash, uint32_t index);

/* Folds a value into a hash that began as the seed. */
static inline uint64_t table_hash(uint64_t hash, uint64_t value)
{
	__uint128_t product = (__uint128_t)(hash ^ 0x9e3779b97f4a7c15) * (value ^ 0xd6e8feb86659fd93 ^ hash >> 7);
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t table_hash_bytes(uint64_t hash, const char *data, size_t len)
{
	hash = table_hash(hash, len);
	for (; len >= 8; data += 8, len -= 8) {
		uint64_t word;
		__builtin_memcpy(&word, data, 8);
		hash = table_hash(hash, word);
	}
	uint64_t rest = 0;
	__builtin_memcpy(&rest, data, len);
	return table_hash(hash, rest);
}

#endif
