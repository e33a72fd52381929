#include "profiler/frames.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

void frames_release(struct frames *f)
{
	free(f->keys);
	table_release(&f->table);
	*f = (struct frames)FRAMES_INIT;
}

void frame_map_release(struct frame_map *m)
{
	free(m->first);
	free(m->keys);
	*m = (struct frame_map){ 0 };
}

struct pprof_string frame_package(struct pprof_string name)
{
	size_t dot = 0;                                              /* the first after the last slash; 0: none */
	for (size_t i = 0; i < name.len && name.data[i] != '['; i++) /* type arguments hold paths of their own */
		if (name.data[i] == '/')
			dot = 0;
		else if (name.data[i] == '.' && !dot)
			dot = i;
	return (struct pprof_string){ name.data, dot };
}

void frame_describe(const struct frame_key *k, struct strbuf *out)
{
	const struct pprof_string *s = &k->name;
	const char *slash = k->no_symbol && s->len ? memrchr(s->data, '/', s->len) : NULL;
	size_t skip = slash ? (size_t)(slash + 1 - s->data) : 0;
	if (!s->len)
		strbuf_adds(out, "<unknown>");
	else if (k->no_symbol)
		strbuf_addc(out, '[');
	strbuf_add(out, s->data + skip, s->len - skip);
	if (s->len && k->no_symbol)
		strbuf_addc(out, ']');
}

/* ---- keys ---- */

static int compare_text(const struct pprof_string *a, const struct pprof_string *b)
{
	size_t len = a->len < b->len ? a->len : b->len;
	int r = len ? memcmp(a->data, b->data, len) : 0;
	return r ? r : (a->len > b->len) - (a->len < b->len);
}

int frame_compare(const struct frame_key *a, const struct frame_key *b)
{
	int r = compare_text(&a->name, &b->name);
	r = r ? r : compare_text(&a->file, &b->file);
	r = r ? r : (a->line > b->line) - (a->line < b->line);
	return r ? r : a->no_symbol - b->no_symbol;
}

static bool same_text(const struct pprof_string *a, const struct pprof_string *b)
{
	return a->len == b->len && (!a->len || memcmp(a->data, b->data, a->len) == 0);
}

static bool equal_keys(const void *data, uint32_t a, uint32_t b)
{
	const struct frame_key *x = (const struct frame_key *)data + a, *y = (const struct frame_key *)data + b;
	return x->line == y->line && x->no_symbol == y->no_symbol && same_text(&x->name, &y->name) &&
	       same_text(&x->file, &y->file);
}

static int reserve(struct frames *f, struct error *err)
{
	if (f->n < f->cap)
		return 0;
	uint64_t cap = f->cap ? 2 * (uint64_t)f->cap : 256;
	struct frame_key *keys = cap <= UINT32_MAX ? realloc(f->keys, cap * sizeof *keys) : NULL;
	if (!keys)
		return error_oom(err);
	f->keys = keys;
	f->cap = (uint32_t)cap;
	return 0;
}

static int intern(struct frames *f, struct frame_key k, uint32_t *ret, struct error *err)
{
	if (reserve(f, err) < 0)
		return -1;
	f->keys[f->n] = k;
	uint64_t h = table_hash_bytes(f->seed, k.name.data, k.name.len);
	h = table_hash_bytes(table_hash(h, (uint64_t)k.line * 2 + k.no_symbol), k.file.data, k.file.len);
	uint32_t hash = (uint32_t)(h >> 32), found = table_find(&f->table, hash, equal_keys, f->keys, f->n);
	if (!found) {
		if (table_add(&f->table, hash, f->n) < 0)
			return error_oom(err);
		found = ++f->n;
	}
	*ret = found - 1;
	return 0;
}

static struct frame_key key_of(const struct pprof *p, enum pprof_by by, const struct pprof_location *l,
			       const struct pprof_line *line)
{
	static const struct pprof_string none = { "", 0 };
	const struct pprof_function *fn = line && line->function ? &p->functions[line->function - 1] : NULL;
	struct frame_key k = { .name = fn ? p->strings[by == PPROF_BY_FILE ? fn->filename : fn->name] : none,
			       .file = none };
	if (by == PPROF_BY_PACKAGE)
		k.name = frame_package(k.name);
	if (!k.name.len) {
		k.no_symbol = true;
		k.name = l->mapping ? p->strings[p->mappings[l->mapping - 1].filename] : none;
	} else if (by == PPROF_BY_LINE) {
		k.file = p->strings[fn->filename];
		k.line = line->line;
	}
	return k;
}

/* Functions have one key each, except by line and without a name: found once, not once a line. */
static int map_line(struct frames *f, const struct pprof *p, enum pprof_by by, const struct pprof_location *l,
		    const struct pprof_line *line, uint32_t *known, uint32_t *ret, struct error *err)
{
	uint32_t *of_function = line && line->function && by != PPROF_BY_LINE ? &known[line->function - 1] : NULL;
	if (of_function && *of_function) {
		*ret = *of_function - 1;
		return 0;
	}
	struct frame_key k = key_of(p, by, l, line);
	if (intern(f, k, ret, err) < 0)
		return -1;
	if (of_function && !k.no_symbol)
		*of_function = *ret + 1;
	return 0;
}

static int map_location(struct frames *f, const struct pprof *p, enum pprof_by by, const struct pprof_location *l,
			uint32_t *known, uint32_t *keys, struct error *err)
{
	if (!l->n_lines)
		return map_line(f, p, by, l, NULL, known, keys, err);
	for (uint32_t i = 0; i < l->n_lines; i++)
		if (map_line(f, p, by, l, &p->lines[l->first_line + i], known, keys + i, err) < 0)
			return -1;
	return 0;
}

int frames_add(struct frames *f, const struct pprof *p, enum pprof_by by, struct frame_map *ret, struct error *err)
{
	/* Only guards against made-up collisions: no result depends on it. */
	if (!f->seed && getrandom(&f->seed, sizeof f->seed, GRND_NONBLOCK) < 0)
		f->seed = (uintptr_t)f;
	CLEANUP(frame_map) struct frame_map m = { 0 };
	AUTO_FREE uint32_t *known = calloc((size_t)p->n_functions + 1, sizeof *known);
	m.first = calloc((size_t)p->n_locations + 1, sizeof *m.first);
	if (!m.first || !known)
		return error_oom(err);
	for (uint32_t i = 0; i < p->n_locations; i++)
		m.first[i + 1] = m.first[i] + (p->locations[i].n_lines ? p->locations[i].n_lines : 1);
	m.keys = calloc((size_t)m.first[p->n_locations] + 1, sizeof *m.keys);
	if (!m.keys)
		return error_oom(err);
	for (uint32_t i = 0; i < p->n_locations; i++)
		if (map_location(f, p, by, &p->locations[i], known, m.keys + m.first[i], err) < 0)
			return -1;
	*ret = m;
	m = (struct frame_map){ 0 };
	return 0;
}
