#include "profiler/id_map.h"

#include "profiler/pprof.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct id_entry {
	uint64_t id;
	uint32_t index;
};

void *budget_take(struct budget *b, uint64_t n, size_t size, struct error *err)
{
	if (n > b->left / size) {
		error_set(err, ERROR_USAGE, "the profile would take more than %llu bytes of memory",
			  PPROF_MAX_MEMORY_BYTES);
		return NULL;
	}
	void *array = calloc(n, size);
	if (array)
		b->left -= n * size;
	else
		error_oom(err);
	return array;
}

void id_map_release(struct id_map *map)
{
	free(map->direct);
	free(map->sorted);
	*map = (struct id_map){ 0 };
}

static uint64_t id_at(const void *base, size_t stride, uint32_t i)
{
	uint64_t id;
	memcpy(&id, (const char *)base + i * stride, sizeof id);
	return id;
}

static int compare_ids(const void *a, const void *b)
{
	const struct id_entry *x = a, *y = b;
	return x->id < y->id ? -1 : x->id > y->id;
}

static int duplicate(const struct id_map *map, uint64_t id, struct error *err)
{
	return error_set(err, ERROR_USAGE, "two %ss have the id %" PRIu64, map->what, id);
}

static int sort_ids(struct id_map *map, const void *base, size_t stride, struct budget *b, struct error *err)
{
	map->sorted = budget_take(b, map->n, sizeof *map->sorted, err);
	if (!map->sorted)
		return -1;
	for (uint32_t i = 0; i < map->n; i++)
		map->sorted[i] = (struct id_entry){ id_at(base, stride, i), i };
	qsort(map->sorted, map->n, sizeof *map->sorted, compare_ids);
	for (uint32_t i = 1; i < map->n; i++)
		if (map->sorted[i].id == map->sorted[i - 1].id)
			return duplicate(map, map->sorted[i].id, err);
	return 0;
}

int id_map_build(struct id_map *map, const char *what, const void *base, size_t stride, uint32_t n, struct budget *b,
		 struct error *err)
{
	uint64_t largest = 0;
	map->what = what;
	map->n = n;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t id = id_at(base, stride, i);
		if (id == 0)
			return error_set(err, ERROR_USAGE, "a %s has no id", what);
		largest = id > largest ? id : largest;
	}
	if (n == 0)
		return 0;
	if (largest / 4 >= n)
		return sort_ids(map, base, stride, b, err);
	map->limit = largest + 1;
	map->direct = budget_take(b, map->limit, sizeof *map->direct, err);
	if (!map->direct)
		return -1;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t id = id_at(base, stride, i);
		if (map->direct[id])
			return duplicate(map, id, err);
		map->direct[id] = i + 1;
	}
	return 0;
}

uint32_t id_map_find(const struct id_map *map, uint64_t id)
{
	if (map->direct)
		return id < map->limit ? map->direct[id] : 0;
	struct id_entry wanted = { .id = id };
	const struct id_entry *e = map->n ? bsearch(&wanted, map->sorted, map->n, sizeof wanted, compare_ids) : NULL;
	return e ? e->index + 1 : 0;
}
