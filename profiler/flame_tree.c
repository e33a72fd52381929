#include "profiler/flame_tree.h"

#include "profiler/value.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void flame_tree_release(struct flame_tree *t)
{
	free(t->nodes);
	frames_release(&t->frames);
	*t = (struct flame_tree){ 0 };
}

/* A sample on its way from the root to its leaf. */
struct item {
	double value;       /* per unit of work */
	uint32_t ref, refs; /* next location: refs counts down to ref */
	uint32_t frame;     /* frames left of it, + 1; 0: the next location begins */
	bool to;
};

/* Samples with the same beginning. */
struct group {
	uint32_t begin, end; /* of items */
	struct flame_frame frame;
};

struct builder {
	struct flame_tree *t;
	const struct pprof *profiles[2]; /* from, to */
	struct frame_map maps[2];
	struct item *items, *sorted;
	uint32_t n_items;
	struct group *heap; /* the widest on top */
	uint32_t n_heap, cap_heap;
	uint32_t cap_nodes;
	struct group *children; /* of the group being divided */
	uint32_t n_children;
	uint32_t *child_of; /* by key: index in children + 1 */
	uint32_t *fill;
	struct error *err;
};

static void builder_release(struct builder *b)
{
	frame_map_release(&b->maps[0]);
	frame_map_release(&b->maps[1]);
	free(b->items);
	free(b->sorted);
	free(b->heap);
	free(b->children);
	free(b->child_of);
	free(b->fill);
}

/* ---- heap ---- */

static void swap(struct group *a, struct group *b)
{
	struct group c = *a;
	*a = *b;
	*b = c;
}

/* Wider first; of the same width the one further up, then left, so that equal input gives equal output. */
static bool goes_before(const struct group *a, const struct group *b)
{
	if (a->frame.width != b->frame.width)
		return a->frame.width > b->frame.width;
	if (a->frame.depth != b->frame.depth)
		return a->frame.depth < b->frame.depth;
	return a->frame.x < b->frame.x;
}

static int push(struct builder *b, const struct group *g)
{
	if (b->n_heap == b->cap_heap) {
		uint32_t cap = b->cap_heap ? 2 * b->cap_heap : 256; /* at most one a sample: far below 2^31 */
		struct group *heap = reallocarray(b->heap, cap, sizeof *heap);
		if (!heap)
			return error_oom(b->err);
		b->heap = heap;
		b->cap_heap = cap;
	}
	uint32_t i = b->n_heap++;
	b->heap[i] = *g;
	for (; i && goes_before(&b->heap[i], &b->heap[(i - 1) / 2]); i = (i - 1) / 2)
		swap(&b->heap[i], &b->heap[(i - 1) / 2]);
	return 0;
}

static struct group pop(struct builder *b)
{
	struct group top = b->heap[0];
	b->heap[0] = b->heap[--b->n_heap];
	for (uint32_t i = 0;;) {
		uint32_t best = i;
		for (uint32_t c = 2 * i + 1; c <= 2 * i + 2 && c < b->n_heap; c++)
			if (goes_before(&b->heap[c], &b->heap[best]))
				best = c;
		if (best == i)
			return top;
		swap(&b->heap[i], &b->heap[best]);
		i = best;
	}
}

/* ---- dividing ---- */

/* The next frame of a sample, or FLAME_ROOT after its leaf. */
static uint32_t next_frame(const struct builder *b, struct item *it)
{
	const struct frame_map *map = &b->maps[it->to];
	if (!it->frame) {
		if (it->refs == it->ref)
			return FLAME_ROOT;
		it->refs--;
		uint32_t location = b->profiles[it->to]->refs[it->refs];
		it->frame = map->first[location + 1] - map->first[location] + 1;
	}
	it->frame--;
	uint32_t key = map->keys[map->first[b->profiles[it->to]->refs[it->refs]] + it->frame - 1];
	if (it->frame == 1)
		it->frame = 0;
	return key;
}

/* Wider first, then by name. */
static int by_width(const void *a, const void *b, void *data)
{
	const struct group *x = a, *y = b;
	const struct frame_key *keys = data;
	if (x->frame.to != y->frame.to)
		return x->frame.to < y->frame.to ? 1 : -1;
	return frame_compare(&keys[x->frame.key], &keys[y->frame.key]);
}

static struct group *child(struct builder *b, uint32_t key, uint32_t depth)
{
	if (!b->child_of[key]) {
		b->children[b->n_children++] = (struct group){ .frame = { .key = key, .depth = depth } };
		b->child_of[key] = b->n_children;
	}
	return &b->children[b->child_of[key] - 1];
}

/* Children with their sums; what ends here is g's own. sorted[] keeps the samples' next frame in the meantime. */
static void count_children(struct builder *b, struct group *g)
{
	b->n_children = 0;
	for (uint32_t i = g->begin; i < g->end; i++) {
		struct item *it = &b->items[i];
		uint32_t key = next_frame(b, it);
		b->fill[i] = key;
		if (key == FLAME_ROOT) {
			g->frame.self += it->to ? it->value : 0;
			continue;
		}
		struct group *c = child(b, key, g->frame.depth + 1);
		*(it->to ? &c->frame.to : &c->frame.from) += it->value;
		c->end++; /* number of samples, as yet */
	}
}

/* Puts g's samples in the order of its children; those that end in g come last. */
static void divide(struct builder *b, struct group *g)
{
	double whole = b->t->to.total / b->t->to.work, x = g->frame.x;
	uint32_t at = g->begin;
	qsort_r(b->children, b->n_children, sizeof *b->children, by_width, b->t->frames.keys);
	for (uint32_t i = 0; i < b->n_children; i++) {
		struct group *c = &b->children[i];
		c->begin = at;
		at += c->end;
		c->end = c->begin; /* grows while samples are put there */
		c->frame.x = x;
		c->frame.width = c->frame.to / whole;
		x += c->frame.width;
		b->child_of[c->frame.key] = i + 1;
	}
	for (uint32_t i = g->begin; i < g->end; i++)
		b->sorted[b->fill[i] == FLAME_ROOT ? at++ : b->children[b->child_of[b->fill[i]] - 1].end++] =
			b->items[i];
	memcpy(b->items + g->begin, b->sorted + g->begin, (g->end - g->begin) * sizeof *b->items);
	for (uint32_t i = 0; i < b->n_children; i++)
		b->child_of[b->children[i].frame.key] = 0;
}

static void leave_out(struct flame_tree *t, const struct flame_frame *f)
{
	if (f->to > 0) {
		t->hidden++;
		t->hidden_share += f->width;
	} else if (f->from > 0) {
		t->gone++;
		t->gone_share += f->from / (t->from.total / t->from.work);
	}
}

static int keep(struct builder *b, const struct flame_frame *f)
{
	struct flame_tree *t = b->t;
	if (t->n == b->cap_nodes) {
		uint32_t cap = b->cap_nodes ? 2 * b->cap_nodes : 64; /* n is below FLAME_MAX_FRAMES */
		struct flame_frame *nodes = reallocarray(t->nodes, cap, sizeof *nodes);
		if (!nodes)
			return error_oom(b->err);
		t->nodes = nodes;
		b->cap_nodes = cap;
	}
	t->nodes[t->n++] = *f;
	return 0;
}

static int expand(struct builder *b, struct group *g)
{
	count_children(b, g);
	divide(b, g);
	for (uint32_t i = 0; i < b->n_children; i++) {
		const struct flame_frame *f = &b->children[i].frame;
		if (f->width < FLAME_MIN_SHARE || f->depth > FLAME_MAX_DEPTH)
			leave_out(b->t, f);
		else if (push(b, &b->children[i]) < 0)
			return -1;
	}
	return keep(b, &g->frame);
}

/* ---- sides ---- */

static int count_side(struct builder *b, int side, uint32_t column, struct flame_side *ret, int64_t *ret_count)
{
	const struct pprof *p = b->profiles[side];
	int counts = pprof_find_type(p, "samples", "count");
	int64_t total = 0, count = 0;
	for (uint32_t i = 0; i < p->n_samples; i++) {
		const int64_t *values = p->values + (size_t)i * p->n_types;
		if (values[column] < 0)
			return error_set(b->err, ERROR_USAGE, "sample %u has a negative value (%lld)", i + 1,
					 (long long)values[column]);
		if (__builtin_add_overflow(total, values[column], &total) ||
		    __builtin_add_overflow(count, counts < 0 ? 0 : values[counts], &count))
			return error_set(b->err, ERROR_USAGE, "the sum of the samples' values exceeds 2^63 - 1");
	}
	if (!total)
		return error_set(b->err, ERROR_USAGE, "the profile has no samples");
	ret->total = (double)total;
	*ret_count = count;
	return 0;
}

static void add_items(struct builder *b, int side, uint32_t column, double work)
{
	const struct pprof *p = b->profiles[side];
	for (uint32_t i = 0; i < p->n_samples; i++) {
		int64_t value = p->values[(size_t)i * p->n_types + column];
		const struct pprof_sample *s = &p->samples[i];
		if (value > 0)
			b->items[b->n_items++] = (struct item){ .value = (double)value / work,
								.ref = s->first_ref,
								.refs = s->first_ref + s->n_refs,
								.to = side == 1 };
	}
}

static int add_side(struct builder *b, int side, const struct flame_spec *spec, struct flame_side *ret)
{
	const struct pprof *p = b->profiles[side];
	bool alone = !b->profiles[0];
	uint32_t column;
	int64_t count = 0;
	if (value_column(p, spec->type, &column, b->err) < 0 || count_side(b, side, column, ret, &count) < 0 ||
	    frames_add(&b->t->frames, p, PPROF_BY_FUNCTION, &b->maps[side], b->err) < 0)
		return -1;
	double work = alone ? 1 : side ? spec->to_work : spec->from_work;
	if (value_work(p, alone ? DIFF_PER_WORK : spec->per, work, ret->total, &ret->work, b->err) < 0)
		return -1;
	ret->sample = value_of_sample(p, column, ret->total, (double)count);
	struct pprof_string type = p->strings[p->types[column].type], unit = p->strings[p->types[column].unit];
	if (side && !alone && (!value_same_text(&type, &b->t->type) || !value_same_text(&unit, &b->t->unit)))
		return error_set(b->err, ERROR_USAGE, "the profiles are of different types");
	b->t->type = type;
	b->t->unit = unit;
	add_items(b, side, column, ret->work);
	return 0;
}

static int add_sides(struct builder *b, const struct flame_spec *spec)
{
	size_t n = (size_t)b->profiles[1]->n_samples + (b->profiles[0] ? b->profiles[0]->n_samples : 0) + 1;
	if (n > UINT32_MAX / 2)
		return error_set(b->err, ERROR_USAGE, "the profiles have %zu stacks, which is too many", n);
	b->items = calloc(n, sizeof *b->items);
	b->sorted = calloc(n, sizeof *b->sorted);
	b->fill = calloc(n, sizeof *b->fill);
	if (!b->items || !b->sorted || !b->fill)
		return error_oom(b->err);
	if (b->profiles[0] && add_side(b, 0, spec, &b->t->from) < 0)
		return error_wrap(b->err, "from");
	if (add_side(b, 1, spec, &b->t->to) < 0)
		return b->profiles[0] ? error_wrap(b->err, "to") : -1;
	b->child_of = calloc((size_t)b->t->frames.n + 1, sizeof *b->child_of);
	b->children = calloc((size_t)b->t->frames.n + 1, sizeof *b->children);
	return b->child_of && b->children ? 0 : error_oom(b->err);
}

static int in_place(const void *a, const void *b)
{
	const struct flame_frame *x = a, *y = b;
	if (x->x != y->x)
		return x->x < y->x ? -1 : 1;
	return (x->depth > y->depth) - (x->depth < y->depth);
}

static int build(struct builder *b, const struct flame_spec *spec)
{
	struct flame_tree *t = b->t;
	t->max_frames = spec->max_frames && spec->max_frames < FLAME_MAX_FRAMES ? spec->max_frames : FLAME_MAX_FRAMES;
	if (add_sides(b, spec) < 0)
		return -1;
	struct group whole = { .end = b->n_items,
			       .frame = { .key = FLAME_ROOT, .width = 1, .to = t->to.total / t->to.work } };
	if (b->profiles[0])
		whole.frame.from = t->from.total / t->from.work;
	if (push(b, &whole) < 0)
		return -1;
	while (b->n_heap && t->n < t->max_frames) {
		struct group g = pop(b);
		if (expand(b, &g) < 0)
			return -1;
	}
	for (uint32_t i = 0; i < b->n_heap; i++)
		leave_out(t, &b->heap[i].frame);
	qsort(t->nodes, t->n, sizeof *t->nodes, in_place);
	return 0;
}

int flame_tree_make(const struct pprof *from, const struct pprof *to, const struct flame_spec *spec,
		    struct flame_tree *ret, struct error *err)
{
	CLEANUP(flame_tree) struct flame_tree t = { 0 };
	CLEANUP(builder) struct builder b = { .t = &t, .profiles = { from, to }, .err = err };
	if (build(&b, spec) < 0)
		return -1;
	*ret = t;
	t = (struct flame_tree){ 0 };
	return 0;
}
