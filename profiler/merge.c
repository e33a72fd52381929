/* Adding profiles up, in one pass over each. Order and equality follow what `go tool pprof -proto` does
 * (github.com/google/pprof, profile/merge.go documents the keys): elements get their ids in the order in which samples
 * first use them. */
#include "profiler/merge_state.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static void state_free(struct pprof_merge_state *m)
{
	if (!m)
		return;
	pprof_release(&m->out);
	struct table *tables[] = { &m->strings, &m->functions, &m->mappings, &m->locations, &m->samples, &m->comments };
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		table_release(tables[i]);
	free(m->string_map.to);
	free(m->function_map.to);
	free(m->mapping_map.to);
	free(m->location_map.to);
	free(m->scaled);
	free(m);
}

void pprof_merger_release(struct pprof_merger *m)
{
	state_free(m->state);
	m->state = NULL;
}

/* ---- samples ---- */

static int compare_numbers(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_labels(const void *a, const void *b)
{
	const struct pprof_label *x = a, *y = b;
	int r = compare_numbers(x->key, y->key);
	r = r ? r : compare_numbers(x->str, y->str);
	r = r ? r : compare_numbers(x->num, y->num);
	return r ? r : compare_numbers(x->num_unit, y->num_unit);
}

static bool equal_samples(const void *data, uint32_t a, uint32_t b)
{
	const struct pprof *p = data;
	const struct pprof_sample *x = &p->samples[a], *y = &p->samples[b];
	if (x->n_refs != y->n_refs || x->n_labels != y->n_labels)
		return false;
	for (uint32_t i = 0; i < x->n_labels; i++)
		if (compare_labels(&p->labels[x->first_label + i], &p->labels[y->first_label + i]) != 0)
			return false;
	return !x->n_refs || memcmp(p->refs + x->first_ref, p->refs + y->first_ref, x->n_refs * sizeof *p->refs) == 0;
}

/* The stack and the labels, sorted, behind the last counted ones. */
static int map_stack(struct pprof_merge_state *m, const struct pprof_sample *s, uint64_t *hash)
{
	struct pprof *out = &m->out;
	if (RESERVE(m, refs, s->n_refs) < 0 || RESERVE(m, labels, s->n_labels) < 0)
		return -1;
	for (uint32_t i = 0; i < s->n_refs; i++) {
		uint32_t from = m->src->refs[s->first_ref + i], location = m->location_map.to[from];
		if (!location && merge_map_location(m, from, &location) < 0)
			return -1;
		out->refs[out->n_refs + i] = location - 1;
		*hash = table_hash(*hash, location);
	}
	for (uint32_t i = 0; i < s->n_labels; i++) {
		struct pprof_label l = m->src->labels[s->first_label + i];
		l.extra = 0;
		if (merge_map_string(m, l.key, &l.key) < 0 || merge_map_string(m, l.str, &l.str) < 0 ||
		    merge_map_string(m, l.num_unit, &l.num_unit) < 0)
			return -1;
		out->labels[out->n_labels + i] = l;
	}
	if (!s->n_labels)
		return 0;
	qsort(out->labels + out->n_labels, s->n_labels, sizeof *out->labels, compare_labels);
	for (uint32_t i = 0; i < s->n_labels; i++) {
		const struct pprof_label *l = &out->labels[out->n_labels + i];
		*hash = table_hash(table_hash(*hash, (uint64_t)l->key << 32 | l->str), (uint64_t)l->num);
	}
	return 0;
}

static int add_values(struct pprof_merge_state *m, uint32_t index, const int64_t *values)
{
	uint32_t n = m->out.n_types;
	int64_t *sum = m->out.values + (size_t)index * n;
	bool zero = true;
	for (uint32_t i = 0; i < n; i++) {
		if (__builtin_add_overflow(sum[i], values[i], &sum[i]))
			return error_set(m->err, ERROR_USAGE, "the sum of a stack's values exceeds 2^63 - 1");
		zero = zero && sum[i] == 0;
	}
	m->has_zero = m->has_zero || zero;
	return 0;
}

static bool is_zero(const int64_t *values, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (values[i])
			return false;
	return true;
}

static int add_sample(struct pprof_merge_state *m, uint32_t from)
{
	struct pprof *out = &m->out;
	const struct pprof_sample *s = &m->src->samples[from];
	const int64_t *values = m->src->values + (size_t)from * out->n_types;
	if (is_zero(values, out->n_types))
		return 0;
	uint64_t hash = table_hash(m->seed, s->n_refs);
	if (RESERVE(m, samples, 1) < 0 || RESERVE(m, values, out->n_types) < 0 || map_stack(m, s, &hash) < 0)
		return -1;
	out->samples[out->n_samples] = (struct pprof_sample){
		.first_ref = out->n_refs, .n_refs = s->n_refs, .first_label = out->n_labels, .n_labels = s->n_labels
	};
	uint32_t index;
	int r = merge_intern(m, &m->samples, hash, equal_samples, &out->n_samples, &index);
	if (r < 0)
		return -1;
	if (r == 0 && !m->scaled)
		return add_values(m, index, values);
	if (m->scaled && merge_add_scaled(m, index, values) < 0)
		return -1;
	if (r == 0)
		return 0;
	memcpy(out->values + out->n_values, values, out->n_types * sizeof *values);
	out->n_values += out->n_types;
	out->n_refs += s->n_refs;
	out->n_labels += s->n_labels;
	return 0;
}

/* ---- the profile itself ---- */

static bool equal_comments(const void *data, uint32_t a, uint32_t b)
{
	const struct pprof *p = data;
	return p->comments[a] == p->comments[b];
}

static int add_comments(struct pprof_merge_state *m)
{
	for (uint32_t i = 0; i < m->src->n_comments; i++) {
		uint32_t comment, index;
		if (merge_map_string(m, m->src->comments[i], &comment) < 0 || RESERVE(m, comments, 1) < 0)
			return -1;
		m->out.comments[m->out.n_comments] = comment;
		if (merge_intern(m, &m->comments, table_hash(m->seed, comment), equal_comments, &m->out.n_comments,
				 &index) < 0)
			return -1;
	}
	return 0;
}

static int map_type(struct pprof_merge_state *m, const struct pprof_value_type *from, struct pprof_value_type *ret)
{
	*ret = (struct pprof_value_type){ 0 };
	return merge_map_string(m, from->type, &ret->type) < 0 || merge_map_string(m, from->unit, &ret->unit) < 0 ? -1
														  : 0;
}

static int begin(struct pprof_merge_state *m)
{
	const struct pprof *src = m->src;
	struct pprof *out = &m->out;
	uint32_t empty;
	if (merge_add_string(m, (struct pprof_string){ "", 0 }, &empty) < 0 || RESERVE(m, types, src->n_types) < 0)
		return -1;
	for (; out->n_types < src->n_types; out->n_types++)
		if (map_type(m, &src->types[out->n_types], &out->types[out->n_types]) < 0)
			return -1;
	out->has_period_type = src->has_period_type;
	out->period = src->period;
	out->time_ns = src->time_ns;
	return map_type(m, &src->period_type, &out->period_type) < 0 ||
			       merge_map_string(m, src->drop_frames, &out->drop_frames) < 0 ||
			       merge_map_string(m, src->keep_frames, &out->keep_frames) < 0
		       ? -1
		       : 0;
}

static bool same_string(const struct pprof *a, uint32_t i, const struct pprof *b, uint32_t j)
{
	const struct pprof_string *x = &a->strings[i], *y = &b->strings[j];
	return x->len == y->len && memcmp(x->data, y->data, x->len) == 0;
}

static bool same_type(const struct pprof *a, const struct pprof_value_type *x, const struct pprof *b,
		      const struct pprof_value_type *y)
{
	return same_string(a, x->type, b, y->type) && same_string(a, x->unit, b, y->unit);
}

static int check_compatible(const struct pprof *src, const struct pprof *out, struct error *err)
{
	if (!same_type(src, &src->period_type, out, &out->period_type))
		return error_set(err, ERROR_USAGE, "its period type differs from the first profile's");
	bool same = src->n_types == out->n_types;
	for (uint32_t i = 0; same && i < src->n_types; i++)
		same = same_type(src, &src->types[i], out, &out->types[i]);
	if (same && src->period != out->period)
		return error_set(err, ERROR_USAGE, "its period is %lld; the first profile's is %lld",
				 (long long)src->period, (long long)out->period);
	if (same)
		return 0;
	CLEANUP(strbuf) struct strbuf ours = STRBUF_INIT(1024), theirs = STRBUF_INIT(1024);
	pprof_describe_types(out, &ours);
	pprof_describe_types(src, &theirs);
	return error_set(err, ERROR_USAGE, "its sample types are %s; the first profile's are %s", theirs.data,
			 ours.data);
}

static int add_header(struct pprof_merge_state *m)
{
	const struct pprof *src = m->src;
	struct pprof *out = &m->out;
	if ((m->added ? check_compatible(src, out, m->err) : begin(m)) < 0 || add_comments(m) < 0)
		return -1;
	if (!out->default_type && merge_map_string(m, src->default_type, &out->default_type) < 0)
		return -1;
	if (!out->doc_url && merge_map_string(m, src->doc_url, &out->doc_url) < 0)
		return -1;
	if (src->time_ns && (!out->time_ns || src->time_ns < out->time_ns))
		out->time_ns = src->time_ns;
	m->scaled_duration_ns += m->factor * (double)src->duration_ns;
	if (!m->scaled && __builtin_add_overflow(out->duration_ns, src->duration_ns, &out->duration_ns))
		return error_set(m->err, ERROR_USAGE, "the sum of the durations exceeds 2^63 - 1 ns");
	return 0;
}

static int reset_map(struct pprof_merge_state *m, struct index_map *map, uint32_t n)
{
	if (n > map->cap) {
		free(map->to);
		map->to = NULL;
		map->cap = 0;
		map->to = calloc(n, sizeof *map->to);
		if (!map->to)
			return error_oom(m->err);
		map->cap = n;
	} else if (n) {
		memset(map->to, 0, n * sizeof *map->to);
	}
	return 0;
}

static int add_profile(struct pprof_merge_state *m)
{
	const struct pprof *src = m->src;
	uint32_t first;
	if (m->factor != 1 && !m->scaled && merge_begin_scaled(m) < 0)
		return -1;
	if (reset_map(m, &m->string_map, src->n_strings) < 0 || reset_map(m, &m->function_map, src->n_functions) < 0 ||
	    reset_map(m, &m->mapping_map, src->n_mappings) < 0 ||
	    reset_map(m, &m->location_map, src->n_locations) < 0 || add_header(m) < 0)
		return -1;
	/* The first mapping is the main binary by convention, whatever the samples use first. */
	if (!m->out.n_mappings && src->n_mappings && merge_map_mapping(m, 0, &first) < 0)
		return -1;
	for (uint32_t i = 0; i < src->n_samples; i++)
		if (add_sample(m, i) < 0)
			return -1;
	m->added++;
	return 0;
}

int pprof_merger_add(struct pprof_merger *merger, const struct pprof *p, struct error *err)
{
	return pprof_merger_add_scaled(merger, p, 1, err);
}

int pprof_merger_add_scaled(struct pprof_merger *merger, const struct pprof *p, double factor, struct error *err)
{
	if (!merger->state) {
		merger->state = calloc(1, sizeof *merger->state);
		if (!merger->state)
			return error_oom(err);
		/* Only guards against made-up collisions: no result depends on it. */
		if (getrandom(&merger->state->seed, sizeof merger->state->seed, GRND_NONBLOCK) < 0)
			merger->state->seed = (uintptr_t)merger->state;
	}
	struct pprof_merge_state *m = merger->state;
	m->err = err;
	m->src = p;
	m->factor = factor;
	int r = add_profile(m);
	m->src = NULL;
	if (r < 0)
		return error_wrap(err, "profile %zu", m->added + 1);
	return 0;
}

int pprof_merger_check(struct pprof_merger *merger, const struct pprof *p, uint32_t *ret_own, uint32_t *ret_known,
		       struct error *err)
{
	struct pprof_merge_state *m = merger->state;
	uint32_t own = 0, known = 0;
	if (m && check_compatible(p, &m->out, err) < 0)
		return -1;
	for (uint32_t i = 0; m && i < p->n_functions; i++) {
		const struct pprof_string *name = &p->strings[p->functions[i].name];
		if (!pprof_is_own_function(name))
			continue;
		m->err = err;
		int has = merge_has_string(m, *name);
		if (has < 0)
			return -1;
		own++;
		known += (uint32_t)has;
	}
	*ret_own = own;
	*ret_known = known;
	return 0;
}

int pprof_merger_finish(struct pprof_merger *merger, struct pprof *ret, struct error *err)
{
	return pprof_merger_finish_scaled(merger, 1, ret, err);
}

int pprof_merger_finish_scaled(struct pprof_merger *merger, double factor, struct pprof *ret, struct error *err)
{
	struct pprof_merge_state *m = merger->state;
	if (!m || !m->added)
		return error_set(err, ERROR_USAGE, "no profile to merge");
	m->err = err;
	if (factor != 1 && !m->scaled && merge_begin_scaled(m) < 0)
		return -1;
	if (m->scaled && merge_round_scaled(m, factor) < 0)
		return -1;
	if (m->has_zero) { /* values that cancelled out: only a second round drops what they alone used */
		CLEANUP(pprof_merger) struct pprof_merger again = PPROF_MERGER_INIT;
		if (pprof_merger_add(&again, &m->out, err) < 0)
			return -1;
		pprof_merger_release(merger);
		return pprof_merger_finish(&again, ret, err);
	}
	*ret = m->out;
	m->out = (struct pprof)PPROF_INIT;
	pprof_merger_release(merger);
	return 0;
}

int pprof_merge(struct pprof *ret, const struct pprof *const *profiles, size_t n, struct error *err)
{
	CLEANUP(pprof_merger) struct pprof_merger m = PPROF_MERGER_INIT;
	for (size_t i = 0; i < n; i++)
		if (pprof_merger_add(&m, profiles[i], err) < 0)
			return -1;
	return pprof_merger_finish(&m, ret, err);
}
