#include "profiler/gzip.h"
#include "profiler/message.h"
#include "profiler/wire.h"

#include <string.h>

#define FLUSH_BYTES (64u << 10)
#define MAX_MESSAGE_BYTES (2 * PPROF_MAX_INFLATED_BYTES)

struct encoder {
	const struct pprof *p;
	struct strbuf pending;    /* whole fields of the profile, not yet in out */
	struct strbuf message;    /* one message of the profile */
	struct strbuf nested;     /* one message inside it, or a packed field */
	struct gzip_writer *gzip; /* NULL: plain */
	struct strbuf *out;
	struct error *err;
};

static void encoder_release(struct encoder *e)
{
	strbuf_release(&e->pending);
	strbuf_release(&e->message);
	strbuf_release(&e->nested);
	gzip_writer_free(e->gzip);
}

/* proto3: zero is not sent. */
static void put_int(struct strbuf *out, uint32_t number, uint64_t value)
{
	if (!value)
		return;
	wire_put_tag(out, number, WIRE_VARINT);
	wire_put_varint(out, value);
}

static void put_scalar(const struct pprof *p, struct strbuf *out, uint32_t number, enum field_kind kind,
		       const void *value)
{
	uint32_t index;
	switch (kind) {
	case FIELD_STRING:
		put_int(out, number, *(const uint32_t *)value);
		break;
	case FIELD_INT64:
	case FIELD_ID:
		put_int(out, number, *(const uint64_t *)value);
		break;
	case FIELD_BOOL:
		put_int(out, number, *(const bool *)value);
		break;
	case FIELD_MAPPING:
		index = *(const uint32_t *)value;
		put_int(out, number, index ? p->mappings[index - 1].id : 0);
		break;
	case FIELD_FUNCTION:
		index = *(const uint32_t *)value;
		put_int(out, number, index ? p->functions[index - 1].id : 0);
		break;
	default: /* repeated: put by its owner */
		break;
	}
}

/* What is in inner becomes a field of out, and so does its failure. */
static void put_inner(struct strbuf *inner, struct strbuf *out, uint32_t number)
{
	if (inner->failed)
		out->failed = inner->failed;
	wire_put_bytes(out, number, inner->data, inner->len);
	strbuf_reset(inner);
}

static void put_message(struct encoder *e, const struct message_spec *m, struct strbuf *out, const void *message);

/* Most of a profile is this. */
static void put_refs(struct encoder *e, const uint32_t *refs, uint32_t n)
{
	struct strbuf *out = &e->nested;
	const struct pprof_location *locations = e->p->locations;
	if (strbuf_grow(out, (size_t)n * WIRE_MAX_VARINT_BYTES) < 0)
		return;
	uint8_t *at = (uint8_t *)out->data + out->len;
	for (uint32_t i = 0; i < n; i++)
		at = wire_write_varint(at, locations[refs[i]].id);
	*at = 0;
	out->len = (size_t)(at - (uint8_t *)out->data);
}

static void put_repeated(struct encoder *e, struct strbuf *out, uint32_t number, enum field_kind kind,
			 const void *message)
{
	const struct pprof *p = e->p;
	const struct pprof_sample *s = message;
	const struct pprof_location *l = message;
	if (kind == FIELD_REFS && s->n_refs) {
		put_refs(e, p->refs + s->first_ref, s->n_refs);
		put_inner(&e->nested, out, number);
	} else if (kind == FIELD_VALUES) {
		const int64_t *values = p->values + (size_t)(s - p->samples) * p->n_types;
		for (uint32_t i = 0; i < p->n_types; i++)
			wire_put_varint(&e->nested, (uint64_t)values[i]);
		put_inner(&e->nested, out, number);
	} else if (kind == FIELD_LABEL) {
		for (uint32_t i = 0; i < s->n_labels; i++) {
			put_message(e, &message_label, &e->nested, &p->labels[s->first_label + i]);
			put_inner(&e->nested, out, number);
		}
	} else if (kind == FIELD_LINE) {
		for (uint32_t i = 0; i < l->n_lines; i++) {
			put_message(e, &message_line, &e->nested, &p->lines[l->first_line + i]);
			put_inner(&e->nested, out, number);
		}
	}
}

static void put_message(struct encoder *e, const struct message_spec *m, struct strbuf *out, const void *message)
{
	const char *base = message;
	for (uint32_t number = 1; number < MESSAGE_FIELDS; number++) {
		struct field_spec spec = m->fields[number];
		if (spec.kind >= FIELD_LINE)
			put_repeated(e, out, number, spec.kind, message);
		else if (spec.kind != FIELD_UNKNOWN)
			put_scalar(e->p, out, number, spec.kind, base + spec.offset);
	}
	uint32_t extra;
	memcpy(&extra, base + m->extra, sizeof extra);
	struct pprof_string unknown = pprof_extra(e->p, extra);
	strbuf_add(out, unknown.data, unknown.len);
}

static int flush(struct encoder *e)
{
	if (strbuf_check(&e->pending, e->err) < 0)
		return -1;
	if (e->gzip) {
		if (gzip_writer_add(e->gzip, e->pending.data, e->pending.len, e->err) < 0)
			return -1;
	} else {
		strbuf_add(e->out, e->pending.data, e->pending.len);
	}
	strbuf_reset(&e->pending);
	return strbuf_check(e->out, e->err);
}

/* n messages of stride bytes as fields of the profile. */
static int put_all(struct encoder *e, uint32_t number, const struct message_spec *m, const void *base, size_t stride,
		   uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		put_message(e, m, &e->message, (const char *)base + i * stride);
		put_inner(&e->message, &e->pending, number);
		if ((e->pending.len >= FLUSH_BYTES || e->pending.failed) && flush(e) < 0)
			return -1;
	}
	return 0;
}

static int put_strings(struct encoder *e)
{
	for (uint32_t i = 0; i < e->p->n_strings; i++) {
		wire_put_bytes(&e->pending, PROFILE_STRING_TABLE, e->p->strings[i].data, e->p->strings[i].len);
		if (e->pending.len >= FLUSH_BYTES && flush(e) < 0)
			return -1;
	}
	return 0;
}

/* Fields 7 to 15, and those unknown. */
static int put_rest(struct encoder *e)
{
	struct pprof p = *e->p; /* profile_int and profile_string want a writable one */
	for (uint32_t number = PROFILE_DROP_FRAMES; number <= PROFILE_DOC_URL; number++) {
		const int64_t *value = profile_int(&p, number);
		const uint32_t *string = profile_string(&p, number);
		if (value || string)
			put_int(&e->pending, number, value ? (uint64_t)*value : *string);
		else if (number == PROFILE_PERIOD_TYPE && p.has_period_type &&
			 put_all(e, number, &message_value_type, &p.period_type, sizeof p.period_type, 1) < 0)
			return -1;
		for (uint32_t i = 0; number == PROFILE_COMMENT && i < p.n_comments; i++) {
			wire_put_tag(&e->pending, number, WIRE_VARINT);
			wire_put_varint(&e->pending, p.comments[i]);
		}
	}
	struct pprof_string unknown = pprof_extra(&p, p.extra);
	strbuf_add(&e->pending, unknown.data, unknown.len);
	return flush(e);
}

int pprof_write(const struct pprof *p, bool gzip, struct strbuf *out, struct error *err)
{
	CLEANUP(encoder)
	struct encoder e = {
		.p = p,
		.pending = STRBUF_INIT(MAX_MESSAGE_BYTES),
		.message = STRBUF_INIT(MAX_MESSAGE_BYTES),
		.nested = STRBUF_INIT(MAX_MESSAGE_BYTES),
		.out = out,
		.err = err,
	};
	if (gzip && gzip_writer_new(&e.gzip, out, err) < 0)
		return -1;
	if (put_all(&e, PROFILE_SAMPLE_TYPE, &message_value_type, p->types, sizeof *p->types, p->n_types) < 0 ||
	    put_all(&e, PROFILE_SAMPLE, &message_sample, p->samples, sizeof *p->samples, p->n_samples) < 0 ||
	    put_all(&e, PROFILE_MAPPING, &message_mapping, p->mappings, sizeof *p->mappings, p->n_mappings) < 0 ||
	    put_all(&e, PROFILE_LOCATION, &message_location, p->locations, sizeof *p->locations, p->n_locations) < 0 ||
	    put_all(&e, PROFILE_FUNCTION, &message_function, p->functions, sizeof *p->functions, p->n_functions) < 0 ||
	    put_strings(&e) < 0 || put_rest(&e) < 0)
		return -1;
	return e.gzip ? gzip_writer_finish(e.gzip, err) : 0;
}
