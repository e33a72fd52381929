/* Strings, functions, mappings and locations of the profile being added, as elements of the sum. */
#include "profiler/block.h"
#include "profiler/merge_state.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES (256u << 10)
#define MAX_ELEMENTS (1u << 30)
#define MAPPING_ROUNDING 0x1000 /* sizes of one binary's mappings may differ by less than a page */

int merge_reserve(struct pprof_merge_state *m, void *array_at, uint32_t *cap, uint32_t n, uint32_t extra, size_t size)
{
	if (extra <= *cap - n)
		return 0;
	if (extra > MAX_ELEMENTS - n)
		return error_set(m->err, ERROR_USAGE, "the sum of the profiles is too large");
	uint32_t wanted = *cap ? *cap : 64;
	while (wanted - n < extra)
		wanted *= 2;
	void *array;
	memcpy(&array, array_at, sizeof array);
	array = reallocarray(array, wanted, size);
	if (!array)
		return error_oom(m->err);
	memcpy(array_at, &array, sizeof array);
	*cap = wanted;
	return 0;
}

int merge_intern(struct pprof_merge_state *m, struct table *t, uint64_t hash, table_equal *equal, uint32_t *n,
		 uint32_t *ret)
{
	uint32_t found = table_find(t, (uint32_t)hash, equal, &m->out, *n);
	*ret = found ? found - 1 : *n;
	if (found)
		return 0;
	if (table_add(t, (uint32_t)hash, *n) < 0)
		return error_oom(m->err);
	(*n)++;
	return 1;
}

/* ---- strings ---- */

static bool equal_strings(const void *data, uint32_t a, uint32_t b)
{
	const struct pprof *p = data;
	return p->strings[a].len == p->strings[b].len &&
	       memcmp(p->strings[a].data, p->strings[b].data, p->strings[a].len) == 0;
}

/* Moves a string's bytes into memory of the sum. */
static int keep_string(struct pprof_merge_state *m, struct pprof_string *s)
{
	struct pprof_block *b = m->out.blocks;
	if (!b || b->size - b->used < s->len) {
		size_t size = s->len > BLOCK_BYTES ? s->len : BLOCK_BYTES;
		b = malloc(sizeof *b + size);
		if (!b)
			return error_oom(m->err);
		*b = (struct pprof_block){ .next = m->out.blocks, .size = size };
		m->out.blocks = b;
	}
	memcpy(b->data + b->used, s->data, s->len);
	s->data = b->data + b->used;
	b->used += s->len;
	return 0;
}

int merge_has_string(struct pprof_merge_state *m, struct pprof_string s)
{
	if (RESERVE(m, strings, 1) < 0)
		return -1;
	m->out.strings[m->out.n_strings] = s;
	uint32_t hash = (uint32_t)table_hash_bytes(m->seed, s.data, s.len);
	return table_find(&m->strings, hash, equal_strings, &m->out, m->out.n_strings) != 0;
}

int merge_add_string(struct pprof_merge_state *m, struct pprof_string s, uint32_t *ret)
{
	if (RESERVE(m, strings, 1) < 0)
		return -1;
	m->out.strings[m->out.n_strings] = s;
	uint64_t hash = table_hash_bytes(m->seed, s.data, s.len);
	int r = merge_intern(m, &m->strings, hash, equal_strings, &m->out.n_strings, ret);
	return r > 0 ? keep_string(m, &m->out.strings[*ret]) : r;
}

int merge_map_string(struct pprof_merge_state *m, uint32_t from, uint32_t *ret)
{
	uint32_t *to = &m->string_map.to[from];
	if (!*to) {
		uint32_t index;
		if (merge_add_string(m, m->src->strings[from], &index) < 0)
			return -1;
		*to = index + 1;
	}
	*ret = *to - 1;
	return 0;
}

/* ---- functions, mappings, locations: *ret is index + 1, as their users hold it ---- */

static bool equal_functions(const void *data, uint32_t a, uint32_t b)
{
	const struct pprof_function *f = ((const struct pprof *)data)->functions, *x = &f[a], *y = &f[b];
	return x->name == y->name && x->system_name == y->system_name && x->filename == y->filename &&
	       x->start_line == y->start_line;
}

static int map_function(struct pprof_merge_state *m, uint32_t from, uint32_t *ret)
{
	uint32_t *to = &m->function_map.to[from];
	if (!*to) {
		const struct pprof_function *s = &m->src->functions[from];
		struct pprof_function f = { .id = m->out.n_functions + 1ULL, .start_line = s->start_line };
		if (RESERVE(m, functions, 1) < 0 || merge_map_string(m, s->name, &f.name) < 0 ||
		    merge_map_string(m, s->system_name, &f.system_name) < 0 ||
		    merge_map_string(m, s->filename, &f.filename) < 0)
			return -1;
		m->out.functions[m->out.n_functions] = f;
		uint64_t hash = table_hash(m->seed, (uint64_t)f.name << 32 | f.system_name);
		hash = table_hash(table_hash(hash, f.filename), (uint64_t)f.start_line);
		uint32_t index;
		if (merge_intern(m, &m->functions, hash, equal_functions, &m->out.n_functions, &index) < 0)
			return -1;
		*to = index + 1;
	}
	*ret = *to;
	return 0;
}

static uint64_t rounded_size(const struct pprof_mapping *m)
{
	uint64_t size = m->limit - m->start + MAPPING_ROUNDING - 1;
	return size - size % MAPPING_ROUNDING;
}

static uint32_t binary_of(const struct pprof_mapping *m)
{
	return m->build_id ? m->build_id : m->filename;
}

static bool equal_mappings(const void *data, uint32_t a, uint32_t b)
{
	const struct pprof_mapping *m = ((const struct pprof *)data)->mappings, *x = &m[a], *y = &m[b];
	return rounded_size(x) == rounded_size(y) && x->offset == y->offset && binary_of(x) == binary_of(y);
}

int merge_map_mapping(struct pprof_merge_state *m, uint32_t from, uint32_t *ret)
{
	uint32_t *to = &m->mapping_map.to[from];
	if (!*to) {
		struct pprof_mapping mapping = m->src->mappings[from];
		mapping.id = m->out.n_mappings + 1ULL;
		mapping.extra = 0;
		if (RESERVE(m, mappings, 1) < 0 || merge_map_string(m, mapping.filename, &mapping.filename) < 0 ||
		    merge_map_string(m, mapping.build_id, &mapping.build_id) < 0)
			return -1;
		m->out.mappings[m->out.n_mappings] = mapping;
		uint64_t hash = table_hash(m->seed, rounded_size(&mapping));
		hash = table_hash(table_hash(hash, mapping.offset), binary_of(&mapping));
		uint32_t index;
		if (merge_intern(m, &m->mappings, hash, equal_mappings, &m->out.n_mappings, &index) < 0)
			return -1;
		*to = index + 1;
	}
	*ret = *to;
	return 0;
}

/* Address in its mapping: the same code has another address in each process. */
static uint64_t relative_address(const struct pprof *p, const struct pprof_location *l)
{
	return l->address - (l->mapping ? p->mappings[l->mapping - 1].start : 0);
}

static bool equal_locations(const void *data, uint32_t a, uint32_t b)
{
	const struct pprof *p = data;
	const struct pprof_location *x = &p->locations[a], *y = &p->locations[b];
	if (x->mapping != y->mapping || x->n_lines != y->n_lines || x->folded != y->folded ||
	    relative_address(p, x) != relative_address(p, y))
		return false;
	for (uint32_t i = 0; i < x->n_lines; i++) {
		const struct pprof_line *v = &p->lines[x->first_line + i], *w = &p->lines[y->first_line + i];
		if (v->function != w->function || v->line != w->line || v->column != w->column)
			return false;
	}
	return true;
}

/* The lines of a location, behind the last counted one; folded into *hash. */
static int map_lines(struct pprof_merge_state *m, const struct pprof_location *s, uint64_t *hash)
{
	if (RESERVE(m, lines, s->n_lines) < 0)
		return -1;
	for (uint32_t i = 0; i < s->n_lines; i++) {
		struct pprof_line line = m->src->lines[s->first_line + i];
		line.extra = 0;
		if (line.function && map_function(m, line.function - 1, &line.function) < 0)
			return -1;
		m->out.lines[m->out.n_lines + i] = line;
		*hash = table_hash(table_hash(*hash, line.function), (uint64_t)line.line ^ (uint64_t)line.column << 32);
	}
	return 0;
}

int merge_map_location(struct pprof_merge_state *m, uint32_t from, uint32_t *ret)
{
	uint32_t *to = &m->location_map.to[from];
	if (!*to) {
		const struct pprof_location *s = &m->src->locations[from];
		struct pprof_location l = *s;
		l.id = m->out.n_locations + 1ULL;
		l.extra = 0;
		l.first_line = m->out.n_lines;
		if (l.mapping && merge_map_mapping(m, l.mapping - 1, &l.mapping) < 0)
			return -1;
		if (l.mapping)
			l.address += m->out.mappings[l.mapping - 1].start - m->src->mappings[s->mapping - 1].start;
		uint64_t hash = table_hash(table_hash(m->seed, relative_address(&m->out, &l)), l.mapping);
		if (RESERVE(m, locations, 1) < 0 || map_lines(m, s, &hash) < 0)
			return -1;
		m->out.locations[m->out.n_locations] = l;
		uint32_t index;
		int r = merge_intern(m, &m->locations, hash, equal_locations, &m->out.n_locations, &index);
		if (r < 0)
			return -1;
		if (r > 0)
			m->out.n_lines += l.n_lines;
		*to = index + 1;
	}
	*ret = *to;
	return 0;
}
