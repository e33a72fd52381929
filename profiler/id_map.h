/* From ids to indexes, whatever ids a hostile profile chose. For profiler/ alone.
 *
 * Dense ids (no larger than four times their number, as every real writer makes them) are looked up directly; others
 * are sorted, not hashed, so that no choice of ids makes it slow.
 */
#ifndef PROFILER_ID_MAP_H
#define PROFILER_ID_MAP_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* Memory that may still be taken. */
struct budget {
	uint64_t left; /* bytes */
};

/* n zeroed elements of size bytes; NULL and *err (ERROR_USAGE) when the budget does not hold them. */
void *budget_take(struct budget *b, uint64_t n, size_t size, struct error *err);

struct id_map {
	const char *what; /* "location": for messages */
	uint64_t limit;   /* ids below it are looked up in direct */
	uint32_t *direct; /* index + 1; 0: absent. NULL: look in sorted */
	struct id_entry *sorted;
	uint32_t n;
};

/* base: n structs of stride bytes that begin with their id. ERROR_USAGE: an id of 0, or twice. Release it either way.
 */
int id_map_build(struct id_map *map, const char *what, const void *base, size_t stride, uint32_t n, struct budget *b,
		 struct error *err);
/* index + 1, or 0 when there is none of that id. */
uint32_t id_map_find(const struct id_map *map, uint64_t id);
void id_map_release(struct id_map *map);

#endif
