#include "profiler/top.h"

#include "base/text.h"
#include "profiler/filter.h"
#include "profiler/value.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void top_release(struct top *t)
{
	free(t->rows);
	*t = (struct top)TOP_INIT;
}

/* ---- sums ---- */

struct counting {
	const struct pprof *p;
	const struct frame_map *map;
	struct top *t;
	uint32_t *seen;  /* by key: the last sample that has it, + 1 */
	const bool *own; /* by key: of no package of Go's own library; NULL: that is not asked */
	int64_t value;
	struct error *err;
};

static int add(int64_t *sum, int64_t value, struct error *err)
{
	if (__builtin_add_overflow(*sum, value, sum))
		return error_set(err, ERROR_USAGE, "the sum of the samples' values exceeds 2^63 - 1");
	return 0;
}

/* A function that calls itself counts once. */
static int add_cum(struct counting *c, uint32_t location, uint32_t sample)
{
	for (uint32_t i = c->map->first[location]; i < c->map->first[location + 1]; i++) {
		uint32_t key = c->map->keys[i];
		struct top_row *row = &c->t->rows[key];
		if (c->seen[key] == sample + 1)
			continue;
		c->seen[key] = sample + 1;
		if (add(&row->cum, c->value, c->err) < 0)
			return -1;
	}
	return 0;
}

/* The function that a sample's flat weight goes to. */
static uint32_t flat_key(const struct counting *c, const uint32_t *refs, uint32_t n)
{
	const uint32_t *keys = c->map->keys, *first = c->map->first;
	for (uint32_t i = 0; c->own && i < n; i++)
		for (uint32_t k = first[refs[i]]; k < first[refs[i] + 1]; k++)
			if (c->own[keys[k]])
				return keys[k];
	return c->own ? keys[first[refs[n - 1] + 1] - 1] : keys[first[refs[0]]];
}

/* Not of Go's own library, whose import paths have no dot in their first element. A generic function's type arguments
 * say nothing. */
static bool is_own(const struct frame_key *k)
{
	struct pprof_string package = frame_package(k->name);
	const char *slash = memchr(package.data, '/', package.len);
	size_t first = slash ? (size_t)(slash - package.data) : package.len;
	return !k->no_symbol && package.len &&
	       (memchr(package.data, '.', first) || (package.len == 4 && memcmp(package.data, "main", 4) == 0));
}

static bool *find_own(const struct frames *f, struct error *err)
{
	bool *own = calloc((size_t)f->n + 1, sizeof *own);
	if (!own)
		error_oom(err);
	for (uint32_t i = 0; own && i < f->n; i++)
		own[i] = is_own(&f->keys[i]);
	return own;
}

static int add_sample(struct counting *c, uint32_t sample)
{
	const struct pprof_sample *s = &c->p->samples[sample];
	if (add(&c->t->shown, llabs(c->value), c->err) < 0)
		return -1;
	if (!s->n_refs)
		return 0;
	const uint32_t *refs = c->p->refs + s->first_ref;
	for (uint32_t i = 0; i < s->n_refs; i++)
		if (add_cum(c, refs[i], sample) < 0)
			return -1;
	return add(&c->t->rows[flat_key(c, refs, s->n_refs)].flat, c->value, c->err);
}

static int count_samples(struct counting *c, uint32_t column, const struct filter *filter)
{
	const struct pprof *p = c->p;
	int counts = pprof_find_type(p, "samples", "count");
	for (uint32_t i = 0; i < p->n_samples; i++) {
		const int64_t *values = p->values + (size_t)i * p->n_types;
		c->value = values[column];
		if (c->value == INT64_MIN)
			return error_set(c->err, ERROR_USAGE, "sample %u has the value -2^63", i + 1);
		if (add(&c->t->total, llabs(c->value), c->err) < 0 ||
		    add(&c->t->count, counts < 0 ? 0 : values[counts], c->err) < 0)
			return -1;
		if (filter->kept && !filter->kept[i])
			continue;
		if (add_sample(c, i) < 0)
			return -1;
	}
	return 0;
}

/* ---- order ---- */

/* Largest first, whatever the sign. */
static int compare_sizes(int64_t a, int64_t b)
{
	long long x = llabs(a), y = llabs(b);
	return (x < y) - (x > y);
}

static int by_flat(const void *a, const void *b)
{
	const struct top_row *x = a, *y = b;
	int r = compare_sizes(x->flat, y->flat);
	r = r ? r : compare_sizes(x->cum, y->cum);
	return r ? r : frame_compare(&x->key, &y->key);
}

static int by_cum(const void *a, const void *b)
{
	const struct top_row *x = a, *y = b;
	int r = compare_sizes(x->cum, y->cum);
	r = r ? r : compare_sizes(x->flat, y->flat);
	return r ? r : frame_compare(&x->key, &y->key);
}

static int by_name(const void *a, const void *b)
{
	const struct top_row *x = a, *y = b;
	return frame_compare(&x->key, &y->key);
}

/* Without the rows that no sample has. */
static void finish_rows(struct top *t, enum top_sort sort)
{
	static int (*const orders[])(const void *, const void *) = { by_flat, by_cum, by_name };
	uint32_t n = 0;
	for (uint32_t i = 0; i < t->n; i++)
		if (t->rows[i].flat || t->rows[i].cum)
			t->rows[n++] = t->rows[i];
	t->n = n;
	if (n)
		qsort(t->rows, n, sizeof *t->rows, orders[sort]);
}

int top_make(const struct pprof *p, const struct top_spec *spec, struct top *ret, struct error *err)
{
	CLEANUP(top) struct top t = { .by = spec->by, .sort = spec->sort };
	CLEANUP(frames) struct frames f = FRAMES_INIT;
	CLEANUP(frame_map) struct frame_map map = { 0 };
	CLEANUP(filter) struct filter filter = { 0 };
	uint32_t column;
	if (value_column(p, spec->type, &column, err) < 0 ||
	    filter_make(p, spec->focus, spec->ignore, &filter, err) < 0 || frames_add(&f, p, spec->by, &map, err) < 0)
		return -1;
	AUTO_FREE uint32_t *seen = calloc((size_t)f.n + 1, sizeof *seen);
	t.rows = calloc((size_t)f.n + 1, sizeof *t.rows);
	AUTO_FREE bool *own = spec->own ? find_own(&f, err) : NULL;
	if (spec->own && !own)
		return -1;
	if (!seen || !t.rows)
		return error_oom(err);
	t.n = f.n;
	for (uint32_t i = 0; i < f.n; i++)
		t.rows[i].key = f.keys[i];
	t.type = p->strings[p->types[column].type];
	t.unit = p->strings[p->types[column].unit];
	struct counting c = { .p = p, .map = &map, .t = &t, .seen = seen, .own = own, .err = err };
	if (count_samples(&c, column, &filter) < 0)
		return -1;
	finish_rows(&t, spec->sort);
	*ret = t;
	t = (struct top)TOP_INIT;
	return 0;
}

/* ---- output ---- */

static double share(int64_t value, int64_t total)
{
	return total ? (double)value / (double)total : 0;
}

static void add_value(struct strbuf *out, const struct top *t, int64_t value)
{
	value_add(out, (double)value, t->unit);
}

static void text_row(const struct top *t, const struct top_row *row, int64_t sum, struct strbuf *out)
{
	CLEANUP(strbuf) struct strbuf name = STRBUF_INIT(PPROF_MAX_INFLATED_BYTES);
	frame_describe(&row->key, &name);
	value_add_right(out, (double)row->flat, t->unit, 10);
	value_add_share(out, share(row->flat, t->total));
	value_add_share(out, share(sum, t->total));
	strbuf_addc(out, ' ');
	value_add_right(out, (double)row->cum, t->unit, 10);
	value_add_share(out, share(row->cum, t->total));
	strbuf_adds(out, "  ");
	text_add_line(out, name.data, name.len, 300);
	if (row->key.file.len || row->key.line) {
		strbuf_addc(out, ' ');
		text_add_line(out, row->key.file.data, row->key.file.len, 300);
		strbuf_addf(out, ":%" PRId64, row->key.line);
	}
	strbuf_addc(out, '\n');
	if (name.failed)
		out->failed = name.failed;
}

void top_text(const struct top *t, uint32_t n, struct strbuf *out)
{
	static const char *const by[] = { "function", "file", "package", "line" };
	n = n < t->n ? n : t->n;
	strbuf_adds(out, "Type: ");
	text_add_line(out, t->type.data, t->type.len, 40);
	strbuf_adds(out, "; total ");
	add_value(out, t, t->total);
	if (t->shown != t->total) {
		strbuf_adds(out, ", of which ");
		add_value(out, t, t->shown);
		strbuf_addf(out, " (%.2f%%) are left by focus and ignore", 100 * share(t->shown, t->total));
	}
	strbuf_addf(out, "; %" PRIu32 " of %" PRIu32 " rows\n", n, t->n);
	strbuf_addf(out, "%10s%8s%8s %10s%8s  %s\n", "flat", "flat%", "sum%", "cum", "cum%", by[t->by]);
	int64_t sum = 0; /* cannot overflow: what is added up are parts of sums that did not */
	for (uint32_t i = 0; i < n; i++) {
		sum += t->rows[i].flat;
		text_row(t, &t->rows[i], sum, out);
	}
}

static void json_text(struct strbuf *out, const char *key, const struct pprof_string *s)
{
	strbuf_addf(out, "\"%s\":", key);
	text_add_json(out, s->data, s->len);
}

static void json_row(const struct top *t, const struct top_row *row, struct strbuf *out)
{
	static const char *const names[] = { "function", "file", "package", "function" };
	CLEANUP(strbuf) struct strbuf name = STRBUF_INIT(PPROF_MAX_INFLATED_BYTES);
	frame_describe(&row->key, &name);
	strbuf_addc(out, '{');
	json_text(out, names[t->by], &(struct pprof_string){ name.data, name.len });
	if (t->by == PPROF_BY_LINE) {
		strbuf_addc(out, ',');
		json_text(out, "file", &row->key.file);
		strbuf_addf(out, ",\"line\":%" PRId64, row->key.line);
	}
	strbuf_addf(out, ",\"flat\":%" PRId64 ",\"cum\":%" PRId64 ",\"flat_share\":%.6g,\"cum_share\":%.6g}", row->flat,
		    row->cum, share(row->flat, t->total), share(row->cum, t->total));
	if (name.failed)
		out->failed = name.failed;
}

void top_json(const struct top *t, uint32_t n, struct strbuf *out)
{
	n = n < t->n ? n : t->n;
	strbuf_adds(out, "{\"format\":\"dbdyno-pprof-top\",\"format_version\":1,");
	json_text(out, "type", &t->type);
	strbuf_addc(out, ',');
	json_text(out, "unit", &t->unit);
	strbuf_addf(out,
		    ",\"total\":%" PRId64 ",\"shown\":%" PRId64 ",\"samples\":%" PRId64 ",\"rows_of\":%" PRIu32
		    ",\"rows\":[",
		    t->total, t->shown, t->count, t->n);
	for (uint32_t i = 0; i < n; i++) {
		strbuf_adds(out, i ? ",\n" : "\n");
		json_row(t, &t->rows[i], out);
	}
	strbuf_adds(out, "\n]}\n");
}
