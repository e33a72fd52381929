/* Makes profile.proto bytes by hand, right or wrong, without the code under test.
 *
 *     CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
 *     make_text(&b, 6, "");                        // field 6: string_table
 *     MAKE_BYTES(&b, 2, "\x0a\x01\x01…");      // field 2: a Sample
 */
#ifndef TESTS_MAKER_H
#define TESTS_MAKER_H

#include "base/str.h"

#include <stdint.h>
#include <string.h>

static inline void make_varint(struct strbuf *b, uint64_t v)
{
	for (; v > 127; v /= 128)
		strbuf_addc(b, (char)(v % 128 + 128));
	strbuf_addc(b, (char)v);
}

static inline void make_int(struct strbuf *b, unsigned field, uint64_t v)
{
	make_varint(b, field * 8);
	make_varint(b, v);
}

static inline void make_message(struct strbuf *b, unsigned field, const char *bytes, size_t len)
{
	make_varint(b, field * 8 + 2);
	make_varint(b, len);
	strbuf_add(b, bytes, len);
}

/* The same of a string literal, which may hold zeros. */
#define MAKE_BYTES(b, field, literal) make_message(b, field, literal, sizeof(literal) - 1)

static inline void make_text(struct strbuf *b, unsigned field, const char *text)
{
	make_message(b, field, text, strlen(text));
}

/* A message of scalars: pairs of field and value, ended by field 0. */
static inline void make_ints(struct strbuf *b, unsigned field, const uint64_t *pairs)
{
	CLEANUP(strbuf) struct strbuf m = STRBUF_INIT(4096);
	for (; pairs[0]; pairs += 2)
		make_int(&m, (unsigned)pairs[0], pairs[1]);
	make_message(b, field, m.data, m.len);
}
#define MAKE(b, field, ...) make_ints(b, field, (const uint64_t[]){ __VA_ARGS__, 0 })

/* The string table of the profiles below: indexes of the names. */
enum { S_EMPTY, S_SAMPLES, S_COUNT, S_CPU, S_NANOSECONDS, S_MAIN, S_LEAF, S_FILE, S_KEY, S_VALUE, S_BINARY, S_END };

static inline void make_strings(struct strbuf *b)
{
	static const char *const names[] = { "",        "samples", "count", "cpu",   "nanoseconds", "main.main",
					     "db.leaf", "main.go", "key",   "value", "/bin/db" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		make_text(b, 6, names[i]);
}

/* Types, strings, a mapping, functions 1 and 2 on locations 1 and 2: a profile that only lacks samples. */
static inline void make_base(struct strbuf *b)
{
	MAKE(b, 1, 1, S_SAMPLES, 2, S_COUNT);
	MAKE(b, 1, 1, S_CPU, 2, S_NANOSECONDS);
	MAKE(b, 3, 1, 1, 2, 0x1000, 3, 0x9000, 5, S_BINARY, 7, 1);
	make_message(b, 4, "\x08\x01\x10\x01\x18\xa0\x20\x22\x04\x08\x01\x10\x0a",
		     13); /* id 1, line 10 of function 1 */
	make_message(b, 4, "\x08\x02\x10\x01\x18\xb0\x20\x22\x04\x08\x02\x10\x14",
		     13); /* id 2, line 20 of function 2 */
	MAKE(b, 5, 1, 1, 2, S_MAIN, 3, S_MAIN, 4, S_FILE, 5, 7);
	MAKE(b, 5, 1, 2, 2, S_LEAF, 3, S_LEAF, 4, S_FILE, 5, 17);
	make_strings(b);
	MAKE(b, 11, 1, S_CPU, 2, S_NANOSECONDS);
	make_int(b, 12, 10000000);
}

/* A sample on locations 2 and 1, with values count and count * 10 ms. */
static inline void make_sample(struct strbuf *b, uint64_t count)
{
	MAKE(b, 2, 1, 2, 1, 1, 2, count, 2, count * 10000000);
}

#endif
