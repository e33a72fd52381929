#include "profiler/table.h"

#include <stdlib.h>

void table_release(struct table *t)
{
	free(t->slots);
	*t = (struct table){ 0 };
}

uint32_t table_find(const struct table *t, uint32_t hash, table_equal *equal, const void *data, uint32_t candidate)
{
	if (!t->slots)
		return 0;
	for (uint32_t at = hash & t->mask; t->slots[at]; at = (at + 1) & t->mask) {
		uint32_t found = (uint32_t)t->slots[at];
		if (t->slots[at] >> 32 == hash && equal(data, found - 1, candidate))
			return found;
	}
	return 0;
}

static void put(uint64_t *slots, uint32_t mask, uint64_t slot)
{
	uint32_t at = (uint32_t)(slot >> 32) & mask;
	while (slots[at])
		at = (at + 1) & mask;
	slots[at] = slot;
}

int table_add(struct table *t, uint32_t hash, uint32_t index)
{
	if (!t->slots || t->used > t->mask / 2) {
		uint64_t size = t->slots ? 2 * ((uint64_t)t->mask + 1) : 64;
		uint64_t *slots = size <= UINT32_MAX ? calloc(size, sizeof *slots) : NULL;
		if (!slots)
			return -1;
		for (uint32_t i = 0; t->slots && i <= t->mask; i++)
			if (t->slots[i])
				put(slots, (uint32_t)size - 1, t->slots[i]);
		free(t->slots);
		t->slots = slots;
		t->mask = (uint32_t)size - 1;
	}
	put(t->slots, t->mask, (uint64_t)hash << 32 | (index + 1));
	t->used++;
	return 0;
}
