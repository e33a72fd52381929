/* Two passes over the messages. The first checks the wire format at the top and counts, so that every array is
 * allocated once, with exactly what the input can fill; the second decodes in an order in which every id refers to what
 * has been decoded already. */
#include "profiler/gzip.h"
#include "profiler/id_map.h"
#include "profiler/message.h"
#include "profiler/wire.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct decoder {
	struct pprof p;
	struct wire_cursor all;
	struct id_map mappings, locations, functions;
	struct budget budget;
	struct error *err;
};

static void decoder_release(struct decoder *d)
{
	pprof_release(&d->p);
	id_map_release(&d->mappings);
	id_map_release(&d->locations);
	id_map_release(&d->functions);
}

static int malformed(struct decoder *d, const char *message)
{
	return error_set(d->err, ERROR_USAGE, "malformed %s message", message);
}

/* ---- counting ---- */

static int count_sample(struct decoder *d, struct wire_cursor c)
{
	struct wire_field f;
	int r;
	while ((r = wire_next(&c, &f)) > 0) {
		if (f.number == SAMPLE_LOCATION_ID)
			d->p.n_refs += (uint32_t)wire_count(&f);
		else if (f.number == SAMPLE_VALUE)
			d->p.n_values += (uint32_t)wire_count(&f);
		else if (f.number == SAMPLE_LABEL)
			d->p.n_labels++;
	}
	d->p.n_samples++;
	return r < 0 ? malformed(d, "Sample") : 0;
}

static int count_location(struct decoder *d, struct wire_cursor c)
{
	struct wire_field f;
	int r;
	while ((r = wire_next(&c, &f)) > 0)
		d->p.n_lines += f.number == LOCATION_LINE;
	d->p.n_locations++;
	return r < 0 ? malformed(d, "Location") : 0;
}

/* Messages with an id: one too short to hold it would make the arrays larger than the input warrants. */
static int check_has_id(struct decoder *d, const struct wire_field *f, const char *message)
{
	if (f->bytes.end - f->bytes.at < 2)
		return error_set(d->err, ERROR_USAGE, "a %s message has no id", message);
	return 0;
}

static int count_field(struct decoder *d, const struct wire_field *f)
{
	bool is_message = (f->number >= PROFILE_SAMPLE_TYPE && f->number <= PROFILE_STRING_TABLE) ||
			  f->number == PROFILE_PERIOD_TYPE;
	if (is_message && f->type != WIRE_BYTES)
		return malformed(d, "Profile");
	switch (f->number) {
	case PROFILE_SAMPLE_TYPE:
		d->p.n_types++;
		return 0;
	case PROFILE_SAMPLE:
		return count_sample(d, f->bytes);
	case PROFILE_MAPPING:
		d->p.n_mappings++;
		return check_has_id(d, f, "Mapping");
	case PROFILE_LOCATION:
		return check_has_id(d, f, "Location") < 0 ? -1 : count_location(d, f->bytes);
	case PROFILE_FUNCTION:
		d->p.n_functions++;
		return check_has_id(d, f, "Function");
	case PROFILE_STRING_TABLE:
		d->p.n_strings++;
		return 0;
	case PROFILE_COMMENT:
		d->p.n_comments += (uint32_t)wire_count(f);
		return 0;
	}
	return 0;
}

static int count_all(struct decoder *d)
{
	struct wire_cursor c = d->all;
	struct wire_field f;
	int r;
	while ((r = wire_next(&c, &f)) > 0)
		if (count_field(d, &f) < 0)
			return -1;
	if (r < 0)
		return error_set(d->err, ERROR_USAGE, "not a profile: malformed at byte %td", c.at - d->all.at);
	if (!d->p.n_strings)
		return error_set(d->err, ERROR_USAGE, "not a profile: no string table");
	if (d->p.n_samples && !d->p.n_types)
		return error_set(d->err, ERROR_USAGE, "the profile has samples but no sample type");
	if (d->p.n_values != (uint64_t)d->p.n_samples * d->p.n_types)
		return error_set(d->err, ERROR_USAGE, "the profile has %u samples of %u types but %u values",
				 d->p.n_samples, d->p.n_types, d->p.n_values);
	return 0;
}

/* An array for *n elements, as counted; *n then counts what has been decoded. */
static int allocate(struct decoder *d, void *array_at, uint32_t *n, size_t size)
{
	if (*n) {
		void *array = budget_take(&d->budget, *n, size, d->err);
		if (!array)
			return -1;
		memcpy(array_at, &array, sizeof array);
	}
	*n = 0;
	return 0;
}

static int allocate_all(struct decoder *d)
{
	struct pprof *p = &d->p;
	const struct {
		void *array_at;
		uint32_t *n;
		size_t size;
	} arrays[] = {
		{ &p->types, &p->n_types, sizeof *p->types },
		{ &p->samples, &p->n_samples, sizeof *p->samples },
		{ &p->values, &p->n_values, sizeof *p->values },
		{ &p->refs, &p->n_refs, sizeof *p->refs },
		{ &p->labels, &p->n_labels, sizeof *p->labels },
		{ &p->mappings, &p->n_mappings, sizeof *p->mappings },
		{ &p->locations, &p->n_locations, sizeof *p->locations },
		{ &p->lines, &p->n_lines, sizeof *p->lines },
		{ &p->functions, &p->n_functions, sizeof *p->functions },
		{ &p->strings, &p->n_strings, sizeof *p->strings },
		{ &p->comments, &p->n_comments, sizeof *p->comments },
	};
	for (size_t i = 0; i < ARRAY_SIZE(arrays); i++)
		if (allocate(d, arrays[i].array_at, arrays[i].n, arrays[i].size) < 0)
			return -1;
	return 0;
}

/* ---- messages ---- */

static int dangling(struct decoder *d, const struct id_map *map, const char *from, uint64_t id)
{
	return error_set(d->err, ERROR_USAGE, "a %s refers to %s %" PRIu64 ", which does not exist", from, map->what,
			 id);
}

/* Keeps what `known` does not name of a message, bytes in all: a second look at the few messages that have any. */
static int keep_unknown(struct decoder *d, struct wire_cursor c, const struct message_spec *known, uint32_t bytes,
			uint32_t *ret_extra)
{
	struct strbuf *extras = &d->p.extras;
	if (!extras->len)
		strbuf_add(extras, "\0\0\0\0", 4);
	*ret_extra = (uint32_t)extras->len;
	strbuf_add(extras, &bytes, sizeof bytes);
	struct wire_field f;
	while (wire_next(&c, &f) > 0)
		if (known ? message_field(known, f.number).kind == FIELD_UNKNOWN : f.number > PROFILE_DOC_URL)
			strbuf_add(extras, f.whole.at, (size_t)(f.whole.end - f.whole.at));
	return strbuf_check(extras, d->err);
}

static int decode_message(struct decoder *d, const struct message_spec *m, struct wire_cursor c, void *ret);

static int decode_string(struct decoder *d, const char *message, uint64_t index, uint32_t *ret)
{
	/* Strings may come after those who refer to them; they are counted by now, and decoded first. */
	if (index >= d->p.n_strings)
		return error_set(d->err, ERROR_USAGE, "a %s refers to string %" PRIu64 " of %u", message, index,
				 d->p.n_strings);
	*ret = (uint32_t)index;
	return 0;
}

static int decode_refs(struct decoder *d, struct wire_cursor c)
{
	uint64_t id;
	while (c.at < c.end) {
		if (!wire_varint(&c, &id))
			return malformed(d, "Sample");
		uint32_t found = id_map_find(&d->locations, id);
		if (!found)
			return dangling(d, &d->locations, "sample", id);
		d->p.refs[d->p.n_refs++] = found - 1;
	}
	return 0;
}

static int decode_values(struct decoder *d, struct wire_cursor c)
{
	uint64_t value;
	while (c.at < c.end) {
		if (!wire_varint(&c, &value))
			return malformed(d, "Sample");
		d->p.values[d->p.n_values++] = (int64_t)value;
	}
	return 0;
}

static int decode_id(struct decoder *d, const struct id_map *map, const char *from, uint64_t id, uint32_t *ret)
{
	*ret = id ? id_map_find(map, id) : 0;
	return id && !*ret ? dangling(d, map, from, id) : 0;
}

static int decode_scalar(struct decoder *d, const struct message_spec *m, enum field_kind kind, uint64_t value,
			 void *ret)
{
	switch (kind) {
	case FIELD_STRING:
		return decode_string(d, m->name, value, ret);
	case FIELD_MAPPING:
		return decode_id(d, &d->mappings, "location", value, ret);
	case FIELD_FUNCTION:
		return decode_id(d, &d->functions, "line", value, ret);
	case FIELD_BOOL:
		*(bool *)ret = value != 0;
		return 0;
	case FIELD_INT64:
	case FIELD_ID:
		*(uint64_t *)ret = value;
		return 0;
	default:
		return malformed(d, m->name);
	}
}

static int decode_field(struct decoder *d, const struct message_spec *m, struct field_spec spec,
			const struct wire_field *f, void *ret)
{
	bool nested = spec.kind == FIELD_LINE || spec.kind == FIELD_LABEL;
	bool packable = spec.kind == FIELD_REFS || spec.kind == FIELD_VALUES;
	if (nested ? f->type != WIRE_BYTES : f->type != WIRE_VARINT && !(packable && f->type == WIRE_BYTES))
		return malformed(d, m->name);
	if (spec.kind == FIELD_LINE)
		return decode_message(d, &message_line, f->bytes, &d->p.lines[d->p.n_lines++]);
	if (spec.kind == FIELD_LABEL)
		return decode_message(d, &message_label, f->bytes, &d->p.labels[d->p.n_labels++]);
	if (packable) {
		struct wire_cursor c = f->bytes;
		if (f->type == WIRE_VARINT) { /* the varint after the tag */
			uint64_t tag;
			c = f->whole;
			wire_varint(&c, &tag);
		}
		return spec.kind == FIELD_REFS ? decode_refs(d, c) : decode_values(d, c);
	}
	return decode_scalar(d, m, spec.kind, f->value, (char *)ret + spec.offset);
}

static int decode_message(struct decoder *d, const struct message_spec *m, struct wire_cursor c, void *ret)
{
	struct wire_cursor body = c;
	struct wire_field f;
	size_t unknown = 0;
	int r;
	while ((r = wire_next(&c, &f)) > 0) {
		struct field_spec spec = message_field(m, f.number);
		if (spec.kind == FIELD_UNKNOWN)
			unknown += (size_t)(f.whole.end - f.whole.at);
		else if (decode_field(d, m, spec, &f, ret) < 0)
			return -1;
	}
	if (r < 0)
		return malformed(d, m->name);
	if (unknown)
		return keep_unknown(d, body, m, (uint32_t)unknown, (uint32_t *)((char *)ret + m->extra));
	return 0;
}

static int decode_sample(struct decoder *d, const struct wire_field *f)
{
	struct pprof *p = &d->p;
	struct pprof_sample *s = &p->samples[p->n_samples++];
	s->first_ref = p->n_refs;
	s->first_label = p->n_labels;
	uint32_t first_value = p->n_values;
	if (decode_message(d, &message_sample, f->bytes, s) < 0)
		return -1;
	s->n_refs = p->n_refs - s->first_ref;
	s->n_labels = p->n_labels - s->first_label;
	if (p->n_values - first_value != p->n_types)
		return error_set(d->err, ERROR_USAGE, "a sample has %u values; the profile has %u sample types",
				 p->n_values - first_value, p->n_types);
	return 0;
}

static int decode_location(struct decoder *d, const struct wire_field *f)
{
	struct pprof *p = &d->p;
	struct pprof_location *l = &p->locations[p->n_locations++];
	l->first_line = p->n_lines;
	if (decode_message(d, &message_location, f->bytes, l) < 0)
		return -1;
	l->n_lines = p->n_lines - l->first_line;
	return 0;
}

static int decode_comments(struct decoder *d, const struct wire_field *f)
{
	if (f->type == WIRE_VARINT)
		return decode_string(d, "comment", f->value, &d->p.comments[d->p.n_comments++]);
	if (f->type != WIRE_BYTES)
		return malformed(d, "Profile");
	struct wire_cursor c = f->bytes;
	uint64_t index;
	while (c.at < c.end) {
		if (!wire_varint(&c, &index))
			return malformed(d, "Profile");
		if (decode_string(d, "comment", index, &d->p.comments[d->p.n_comments++]) < 0)
			return -1;
	}
	return 0;
}

/* A scalar of the profile itself. */
static int decode_profile_scalar(struct decoder *d, const struct wire_field *f)
{
	int64_t *number = profile_int(&d->p, f->number);
	uint32_t *string = profile_string(&d->p, f->number);
	if (!number && !string)
		return 0; /* unknown: kept as a whole at the end */
	if (f->type != WIRE_VARINT)
		return malformed(d, "Profile");
	if (string)
		return decode_string(d, "profile", f->value, string);
	*number = (int64_t)f->value;
	return 0;
}

static int decode_strings(struct decoder *d, const struct wire_field *f)
{
	struct pprof *p = &d->p;
	if (f->number == PROFILE_STRING_TABLE)
		p->strings[p->n_strings++] =
			(struct pprof_string){ (const char *)f->bytes.at, (size_t)(f->bytes.end - f->bytes.at) };
	return 0;
}

static int decode_referred(struct decoder *d, const struct wire_field *f)
{
	struct pprof *p = &d->p;
	switch (f->number) {
	case PROFILE_SAMPLE_TYPE:
		return decode_message(d, &message_value_type, f->bytes, &p->types[p->n_types++]);
	case PROFILE_MAPPING:
		return decode_message(d, &message_mapping, f->bytes, &p->mappings[p->n_mappings++]);
	case PROFILE_FUNCTION:
		return decode_message(d, &message_function, f->bytes, &p->functions[p->n_functions++]);
	case PROFILE_PERIOD_TYPE:
		p->has_period_type = true;
		return decode_message(d, &message_value_type, f->bytes, &p->period_type);
	case PROFILE_COMMENT:
		return decode_comments(d, f);
	}
	return decode_profile_scalar(d, f);
}

static int decode_locations(struct decoder *d, const struct wire_field *f)
{
	return f->number == PROFILE_LOCATION ? decode_location(d, f) : 0;
}

static int decode_samples(struct decoder *d, const struct wire_field *f)
{
	return f->number == PROFILE_SAMPLE ? decode_sample(d, f) : 0;
}

static int each_field(struct decoder *d, int (*decode)(struct decoder *, const struct wire_field *))
{
	struct wire_cursor c = d->all;
	struct wire_field f;
	while (wire_next(&c, &f) > 0)
		if (decode(d, &f) < 0)
			return -1;
	return 0;
}

static int keep_unknown_of_profile(struct decoder *d)
{
	struct wire_cursor c = d->all;
	struct wire_field f;
	size_t unknown = 0;
	while (wire_next(&c, &f) > 0)
		if (f.number > PROFILE_DOC_URL)
			unknown += (size_t)(f.whole.end - f.whole.at);
	return unknown ? keep_unknown(d, d->all, NULL, (uint32_t)unknown, &d->p.extra) : 0;
}

static int build_ids(struct decoder *d, struct id_map *map, const char *what, const void *base, size_t stride,
		     uint32_t n)
{
	return id_map_build(map, what, base, stride, n, &d->budget, d->err);
}

static int decode_all(struct decoder *d)
{
	struct pprof *p = &d->p;
	if (count_all(d) < 0 || allocate_all(d) < 0 || each_field(d, decode_strings) < 0)
		return -1;
	if (p->strings[0].len)
		return error_set(d->err, ERROR_USAGE, "not a profile: its first string is not empty");
	if (each_field(d, decode_referred) < 0 ||
	    build_ids(d, &d->mappings, "mapping", p->mappings, sizeof *p->mappings, p->n_mappings) < 0 ||
	    build_ids(d, &d->functions, "function", p->functions, sizeof *p->functions, p->n_functions) < 0 ||
	    each_field(d, decode_locations) < 0 ||
	    build_ids(d, &d->locations, "location", p->locations, sizeof *p->locations, p->n_locations) < 0 ||
	    each_field(d, decode_samples) < 0)
		return -1;
	return keep_unknown_of_profile(d);
}

/* The plain bytes, in plain. */
static int unpack(const void *bytes, size_t len, struct strbuf *plain, struct error *err)
{
	if (len == 0)
		return error_set(err, ERROR_USAGE, "the profile is empty (0 bytes)");
	if (len > PPROF_MAX_BYTES)
		return error_set(err, ERROR_USAGE, "the profile has %zu bytes; the limit is %llu", len,
				 PPROF_MAX_BYTES);
	if (gzip_is(bytes, len))
		return gzip_inflate(bytes, len, plain, err);
	strbuf_add(plain, bytes, len);
	return strbuf_check(plain, err);
}

int pprof_read(struct pprof *ret, const void *bytes, size_t len, struct error *err)
{
	CLEANUP(strbuf) struct strbuf plain = STRBUF_INIT(PPROF_MAX_INFLATED_BYTES);
	CLEANUP(decoder) struct decoder d = { .budget.left = PPROF_MAX_MEMORY_BYTES, .err = err };
	d.p.extras = (struct strbuf)STRBUF_INIT(4 * PPROF_MAX_INFLATED_BYTES);
	int r = unpack(bytes, len, &plain, err);
	if (r == 0) {
		d.all.at = (const uint8_t *)plain.data;
		d.all.end = d.all.at + plain.len;
		r = decode_all(&d);
	}
	if (r < 0 && err && err->kind == ERROR_USAGE)
		error_hint(err, "a whole profile as Go's net/http/pprof or runtime/pprof writes it is needed");
	if (r < 0)
		return -1;
	d.p.raw = strbuf_take(&plain, err); /* strings point into it: it does not move */
	if (!d.p.raw)
		return -1;
	*ret = d.p;
	d.p = (struct pprof)PPROF_INIT;
	return 0;
}
