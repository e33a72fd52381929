#include "check.h"
#include "profiler/wire.h"

static void fields(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t len;
		int result; /* of the first wire_next */
		uint32_t number;
		uint64_t value;
		size_t count;
	} cases[] = {
		{ "", 0, 0, 0, 0, 0 },
		{ "\x08\x96\x01", 3, 1, 1, 150, 1 },
		{ "\x12\x03\x01\x96\x01", 5, 1, 2, 0, 2 },
		{ "\x12\x02\x01\x96", 4, 1, 2, 0, 1 },
		{ "\x19zzzzzzzz", 9, 1, 3, 0, 0 },
		{ "\x1dzzzz", 5, 1, 3, 0, 0 },
		{ "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, 1, 1, UINT64_MAX, 1 },
		{ "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11, -1, 0, 0, 0 },     /* 65 bits */
		{ "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12, -1, 0, 0, 0 }, /* 11 bytes */
		{ "\x08", 1, -1, 0, 0, 0 },                                              /* cut after the tag */
		{ "\x00\x01", 2, -1, 0, 0, 0 },                                          /* field 0 */
		{ "\x0b", 1, -1, 0, 0, 0 },                                              /* a group */
		{ "\x0e\x01", 2, -1, 0, 0, 0 },                                          /* type 6 */
		{ "\x12\x05yz", 4, -1, 0, 0, 0 },                                        /* cut bytes */
		{ "\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, -1, 0, 0, 0 },     /* 2^64 - 1 bytes */
		{ "\x19zzzzzzz", 8, -1, 0, 0, 0 },
		{ "\x1dzzz", 4, -1, 0, 0, 0 },
		{ "\xf8\xff\xff\xff\x1f\x00", 6, -1, 0, 0, 0 }, /* a tag of more than 32 bits */
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const uint8_t *at = (const uint8_t *)cases[i].bytes;
		struct wire_cursor c = { at, at + cases[i].len };
		struct wire_field f = { 0 };
		int r = wire_next(&c, &f);
		if (r != cases[i].result)
			fail_msg("case %zu: %d, expected %d", i, r, cases[i].result);
		if (r <= 0)
			continue;
		if (f.number != cases[i].number || wire_count(&f) != cases[i].count ||
		    (f.type == WIRE_VARINT && f.value != cases[i].value))
			fail_msg("case %zu: field %u, count %zu, value %llu", i, f.number, wire_count(&f),
				 (unsigned long long)f.value);
		assert_ptr_equal(f.whole.at, at);
		assert_ptr_equal(f.whole.end, at + cases[i].len);
		assert_int_equal(wire_next(&c, &f), 0);
	}
}

static void put_and_read(void **state)
{
	(void)state;
	static const uint64_t values[] = { 0, 1, 127, 128, 16383, 16384, UINT32_MAX, UINT64_MAX };
	CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(1024);
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		wire_put_tag(&b, 1 << i, WIRE_VARINT);
		wire_put_varint(&b, values[i]);
	}
	wire_put_bytes(&b, 3, "hello", 5);
	check_ok(strbuf_check(&b, err));
	struct wire_cursor c = { (uint8_t *)b.data, (uint8_t *)b.data + b.len };
	struct wire_field f;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		assert_int_equal(wire_next(&c, &f), 1);
		assert_int_equal(f.number, 1 << i);
		assert_true(f.value == values[i]);
	}
	assert_int_equal(wire_next(&c, &f), 1);
	assert_memory_equal(f.bytes.at, "hello", 5);
	assert_int_equal(wire_next(&c, &f), 0);
}

static void put_is_bounded(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(12);
	wire_put_varint(&b, 1);
	wire_put_bytes(&b, 1, "0123456789", 10);
	check_fails(strbuf_check(&b, err), ERROR_INTERNAL, "limit of 12 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields),
		cmocka_unit_test(put_and_read),
		cmocka_unit_test(put_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
