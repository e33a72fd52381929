/* Makes CPU profiles as a busy database server gives them:  profiles FOLDER COUNT STACKS
 *
 * FOLDER/1.pprof … are of one program of 2,500 functions in 200 packages. Each is STACKS different stacks, walked
 * through one call graph from a different seed: 8 to some 70 frames deep, some inlined, hot paths more often than cold
 * ones, so that profiles share many stacks and have many of their own. The same arguments give the same bytes.
 */
#include "base/fs.h"
#include "profiler/pprof.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	FUNCTIONS = 2500,
	PACKAGES = 200,
	CALLEES = 5,    /* call sites a function */
	LEAF_LINES = 6, /* places in a function where it spends its own time */
	LINES = CALLEES + LEAF_LINES,
	PLACES = FUNCTIONS * LINES,
	MAX_DEPTH = 90,
	PERIOD_NS = 10000000,
};

static uint64_t mix(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* The program: the same for every profile. */
struct program {
	char names[FUNCTIONS][96], files[PACKAGES][80];
	uint16_t callees[FUNCTIONS][CALLEES];
};

static void make_program(struct program *g)
{
	static const char *const words[] = { "store", "tree", "chunk", "index", "plan",
					     "row",   "exec", "page",  "lock",  "wire" };
	uint64_t seed = 1;
	for (uint32_t i = 0; i < PACKAGES; i++)
		snprintf(g->files[i], sizeof g->files[i], "github.com/example/database/go/%s/%s/%s%u.go", words[i % 10],
			 words[i / 10 % 10], words[i * 7 % 10], i);
	for (uint32_t i = 0; i < FUNCTIONS; i++) {
		uint32_t package = i % PACKAGES;
		snprintf(g->names[i], sizeof g->names[i],
			 i % 3 ? "github.com/example/database/go/%s/%s.(*%sReader).Next%u"
			       : "github.com/example/database/go/%s/%s.%sBytes%u",
			 words[package % 10], words[package / 10 % 10], words[mix(&seed) % 10], i);
		for (uint32_t c = 0; c < CALLEES;
		     c++) /* downwards, so that the graph has no loop but a few short ones */
			g->callees[i][c] = (uint16_t)((i + 1 + mix(&seed) % (c ? 700 : 60)) % FUNCTIONS);
	}
}

/* A profile under way. */
struct maker {
	const struct program *g;
	struct pprof p;
	uint32_t location_of[PLACES]; /* index + 1 */
	uint32_t function_of[FUNCTIONS], file_of[PACKAGES];
	uint64_t *seen; /* hashes of stacks */
	uint32_t seen_mask;
	uint64_t seed;
};

static uint32_t add_string(struct maker *m, const char *text)
{
	m->p.strings[m->p.n_strings] = (struct pprof_string){ text, strlen(text) };
	return m->p.n_strings++;
}

static uint32_t add_function(struct maker *m, uint32_t f)
{
	if (m->function_of[f])
		return m->function_of[f];
	uint32_t package = f % PACKAGES;
	if (!m->file_of[package])
		m->file_of[package] = add_string(m, m->g->files[package]);
	uint32_t name = add_string(m, m->g->names[f]);
	m->p.functions[m->p.n_functions] = (struct pprof_function){ .id = m->p.n_functions + 1,
								    .start_line = 10 + f / PACKAGES * 40,
								    .name = name,
								    .system_name = name,
								    .filename = m->file_of[package] };
	return m->function_of[f] = ++m->p.n_functions;
}

static void add_line(struct maker *m, uint32_t function, uint32_t site)
{
	uint32_t f = add_function(m, function);
	m->p.lines[m->p.n_lines++] =
		(struct pprof_line){ .function = f, .line = 11 + function / PACKAGES * 40 + site * 3 };
}

/* The location of a place in a function; some leaves are in a small function inlined there. */
static uint32_t add_location(struct maker *m, uint32_t function, uint32_t site)
{
	uint32_t place = function * LINES + site, *at = &m->location_of[place];
	if (*at)
		return *at - 1;
	uint32_t first = m->p.n_lines;
	if (site >= CALLEES && place % 3 == 0)
		add_line(m, m->g->callees[function][0], CALLEES);
	add_line(m, function, site);
	m->p.locations[m->p.n_locations] = (struct pprof_location){ .id = m->p.n_locations + 1,
								    .address = 0x401000 + place * 37ULL,
								    .mapping = 1,
								    .first_line = first,
								    .n_lines = m->p.n_lines - first };
	*at = ++m->p.n_locations;
	return *at - 1;
}

/* One walk from the top; false if that stack is there already. */
static bool add_stack(struct maker *m)
{
	uint32_t functions[MAX_DEPTH], sites[MAX_DEPTH], depth = 0;
	uint32_t f = (uint32_t)(mix(&m->seed) % 12);
	uint64_t hash = 0;
	for (;;) {
		uint64_t r = mix(&m->seed);
		bool is_leaf = depth + 1 == MAX_DEPTH || (depth > 6 && r % 32 == 0);
		/* the first callee three times in four, the second in three of four of the others, … */
		uint32_t site = is_leaf ? CALLEES + (uint32_t)(r >> 8) % LEAF_LINES
					: (uint32_t)__builtin_ctzll(r >> 8 | 1ULL << (2 * CALLEES - 2)) / 2;
		functions[depth] = f;
		sites[depth++] = site;
		hash = (hash ^ (f * LINES + site)) * 0x9e3779b97f4a7c15 + 1;
		if (is_leaf)
			break;
		f = m->g->callees[f][site];
	}
	uint32_t mask = m->seen_mask, at = (uint32_t)(hash >> 20) & mask;
	for (; m->seen[at]; at = (at + 1) & mask)
		if (m->seen[at] == hash)
			return false;
	m->seen[at] = hash;
	struct pprof *p = &m->p;
	struct pprof_sample *s = &p->samples[p->n_samples];
	s->first_ref = p->n_refs;
	for (uint32_t i = depth; i-- > 0;)
		p->refs[p->n_refs++] = add_location(m, functions[i], sites[i]);
	s->n_refs = p->n_refs - s->first_ref;
	int64_t count = 1 + (int64_t)(mix(&m->seed) % 4 == 0 ? mix(&m->seed) % 20 : 0);
	p->values[2 * p->n_samples] = count;
	p->values[2 * p->n_samples++ + 1] = count * PERIOD_NS;
	return true;
}

static struct maker *maker_new(const struct program *g, uint32_t stacks, uint64_t seed)
{
	struct maker *m = calloc(1, sizeof *m);
	if (!m)
		return NULL;
	struct pprof *p = &m->p;
	m->g = g;
	m->seed = seed * 1000;
	for (m->seen_mask = 4; m->seen_mask < 2 * stacks; m->seen_mask *= 2)
		;
	m->seen = calloc(m->seen_mask--, sizeof *m->seen);
	p->types = calloc(2, sizeof *p->types);
	p->samples = calloc(stacks, sizeof *p->samples);
	p->values = calloc((size_t)2 * stacks, sizeof *p->values);
	p->refs = calloc((size_t)stacks * MAX_DEPTH, sizeof *p->refs);
	p->mappings = calloc(1, sizeof *p->mappings);
	p->locations = calloc(PLACES, sizeof *p->locations);
	p->lines = calloc((size_t)2 * PLACES, sizeof *p->lines);
	p->functions = calloc(FUNCTIONS, sizeof *p->functions);
	p->strings = calloc(FUNCTIONS + PACKAGES + 16, sizeof *p->strings);
	return m->seen && p->types && p->samples && p->values && p->refs && p->mappings && p->locations && p->lines &&
			       p->functions && p->strings
		       ? m
		       : NULL;
}

static int make_profile(const struct program *g, const char *path, uint32_t stacks, uint64_t seed, struct error *err)
{
	struct maker *m = maker_new(g, stacks, seed);
	if (!m)
		return error_oom(err);
	struct pprof *p = &m->p;
	add_string(m, "");
	p->types[0] = (struct pprof_value_type){ add_string(m, "samples"), add_string(m, "count"), 0 };
	p->types[1] = (struct pprof_value_type){ add_string(m, "cpu"), add_string(m, "nanoseconds"), 0 };
	p->n_types = 2;
	p->period_type = p->types[1];
	p->has_period_type = true;
	p->period = PERIOD_NS;
	p->time_ns = 1780000000000000000 + (int64_t)seed * 60000000000;
	p->duration_ns = 30000000000 + (int64_t)seed * 1000000;
	p->mappings[p->n_mappings++] = (struct pprof_mapping){ .id = 1,
							       .start = 0x400000,
							       .limit = 0x4000000,
							       .filename = add_string(m, "/usr/local/bin/database"),
							       .has_functions = true };
	while (p->n_samples < stacks)
		add_stack(m);
	p->n_values = 2 * stacks;
	CLEANUP(strbuf) struct strbuf bytes = STRBUF_INIT(PPROF_MAX_BYTES);
	int r = pprof_write(p, true, &bytes, err) < 0 ? -1 : fs_write_atomic(path, bytes.data, bytes.len, 0600, err);
	pprof_release(p);
	free(m->seen);
	free(m);
	return r;
}

int main(int argc, char **argv)
{
	struct error err = ERROR_INIT;
	long long count, stacks;
	static struct program program;
	if (argc != 4 || str_to_i64(argv[2], 1, 100000, &count) < 0 || str_to_i64(argv[3], 1, 1 << 22, &stacks) < 0) {
		fprintf(stderr, "usage: profiles FOLDER COUNT STACKS\n");
		return 2;
	}
	make_program(&program);
	for (long long i = 1; i <= count; i++) {
		AUTO_FREE char *path = str_printf(&err, "%s/%lld.pprof", argv[1], i);
		if (!path || make_profile(&program, path, (uint32_t)stacks, (uint64_t)i, &err) < 0) {
			fprintf(stderr, "profiles: %s\n", err.message);
			return 1;
		}
	}
	return 0;
}
