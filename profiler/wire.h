/* The protobuf wire format (protobuf.dev/programming-guides/encoding), with bounds.
 *
 *     struct wire_cursor c = { bytes, bytes + len };
 *     struct wire_field f;
 *     while ((r = wire_next(&c, &f)) > 0) …       // 1: a field; 0: the end; -1: malformed
 *
 * Nothing is copied: a field of bytes points into the input.
 */
#ifndef PROFILER_WIRE_H
#define PROFILER_WIRE_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum wire_type { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

struct wire_cursor {
	const uint8_t *at;
	const uint8_t *end;
};

struct wire_field {
	uint32_t number; /* 1 to 2^29 - 1 */
	enum wire_type type;
	uint64_t value;           /* of WIRE_VARINT, else 0 */
	struct wire_cursor bytes; /* of WIRE_BYTES, else empty */
	struct wire_cursor whole; /* tag and all */
};

/* One varint of at most 64 bits; false when it is cut or longer. */
static inline bool wire_varint(struct wire_cursor *c, uint64_t *ret)
{
	uint64_t value = 0;
	for (unsigned shift = 0; shift < 64 && c->at < c->end; shift += 7) {
		uint8_t byte = *c->at++;
		if (shift == 63 && byte > 1)
			return false;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			*ret = value;
			return true;
		}
	}
	return false;
}

int wire_next(struct wire_cursor *c, struct wire_field *f);

/* How many varints a field holds: packed (bytes) or one. Counts a cut one at the end as none. */
size_t wire_count(const struct wire_field *f);

#define WIRE_MAX_VARINT_BYTES 10

/* A varint to memory that has room; returns where it ends. */
static inline uint8_t *wire_write_varint(uint8_t *at, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		*at++ = (uint8_t)(value | 0x80);
	*at++ = (uint8_t)value;
	return at;
}

void wire_put_varint(struct strbuf *out, uint64_t value);
void wire_put_tag(struct strbuf *out, uint32_t number, enum wire_type type);
/* A field of bytes. */
void wire_put_bytes(struct strbuf *out, uint32_t number, const void *data, size_t len);

#endif
