#include "profiler/wire.h"

static bool skip(struct wire_cursor *c, uint64_t bytes)
{
	if (bytes > (uint64_t)(c->end - c->at))
		return false;
	c->at += bytes;
	return true;
}

int wire_next(struct wire_cursor *c, struct wire_field *f)
{
	if (c->at == c->end)
		return 0;
	f->whole.at = c->at;
	uint64_t tag;
	if (!wire_varint(c, &tag) || tag >> 3 == 0 || tag >> 32 != 0)
		return -1;
	f->number = (uint32_t)(tag >> 3);
	f->type = (enum wire_type)(tag & 7);
	f->value = 0;
	f->bytes = (struct wire_cursor){ c->at, c->at };
	bool ok = false;
	switch (f->type) {
	case WIRE_VARINT:
		ok = wire_varint(c, &f->value);
		break;
	case WIRE_FIXED64:
		ok = skip(c, 8);
		break;
	case WIRE_FIXED32:
		ok = skip(c, 4);
		break;
	case WIRE_BYTES: {
		uint64_t len;
		ok = wire_varint(c, &len);
		f->bytes.at = c->at;
		ok = ok && skip(c, len);
		f->bytes.end = c->at;
		break;
	}
	}
	f->whole.end = c->at;
	return ok ? 1 : -1;
}

size_t wire_count(const struct wire_field *f)
{
	if (f->type != WIRE_BYTES)
		return f->type == WIRE_VARINT;
	size_t n = 0;
	for (const uint8_t *at = f->bytes.at; at < f->bytes.end; at++)
		n += *at < 0x80;
	return n;
}

void wire_put_varint(struct strbuf *out, uint64_t value)
{
	if (strbuf_grow(out, WIRE_MAX_VARINT_BYTES) < 0)
		return;
	uint8_t *at = wire_write_varint((uint8_t *)out->data + out->len, value);
	*at = 0;
	out->len = (size_t)(at - (uint8_t *)out->data);
}

void wire_put_tag(struct strbuf *out, uint32_t number, enum wire_type type)
{
	wire_put_varint(out, (uint64_t)number << 3 | type);
}

void wire_put_bytes(struct strbuf *out, uint32_t number, const void *data, size_t len)
{
	wire_put_tag(out, number, WIRE_BYTES);
	wire_put_varint(out, len);
	strbuf_add(out, data, len);
}
