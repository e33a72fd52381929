#include "check.h"
#include "maker.h"
#include "profiler/gzip.h"
#include "profiler/pprof.h"

#define LIMIT (1 << 20)

static void check_refused(const struct strbuf *b, const char *reason)
{
	struct pprof p = PPROF_INIT;
	check_fails(pprof_read(&p, b->data, b->len, err), ERROR_USAGE, reason);
	assert_null(p.samples); /* untouched */
}

static void decodes_every_message(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(LIMIT);
	make_base(&b);
	/* packed stack and values, a label with a string and one with a number */
	make_message(
		&b, 2,
		"\x0a\x02\x02\x01\x12\x05\x03\x80\xc6\xa7\x0e\x1a\x04\x08\x08\x10\x09\x1a\x06\x08\x08\x18\x07\x20\x02",
		25);
	make_int(&b, 9, 1700000000000000000);
	make_int(&b, 10, 5000000000);
	make_int(&b, 13, S_KEY);
	MAKE_BYTES(&b, 13, "\x09\x05");
	make_int(&b, 14, S_CPU);
	CLEANUP(pprof) struct pprof p = PPROF_INIT;
	check_ok(pprof_read(&p, b.data, b.len, err));
	assert_int_equal(p.n_types, 2);
	assert_int_equal(pprof_find_type(&p, "cpu", "nanoseconds"), 1);
	assert_int_equal(pprof_find_type(&p, "cpu", "count"), -1);
	assert_int_equal(p.n_samples, 1);
	assert_int_equal(p.samples[0].n_refs, 2);
	assert_int_equal(p.refs[0], 1);
	assert_int_equal(p.refs[1], 0);
	assert_int_equal(p.values[0], 3);
	assert_int_equal(p.values[1], 30008064);
	assert_int_equal(p.samples[0].n_labels, 2);
	assert_int_equal(p.labels[0].str, S_VALUE);
	assert_int_equal(p.labels[1].num, 7);
	assert_int_equal(p.labels[1].num_unit, S_COUNT);
	assert_int_equal(p.mappings[0].limit, 0x9000);
	assert_true(p.mappings[0].has_functions && !p.mappings[0].has_filenames);
	assert_int_equal(p.locations[1].address, 0x1030);
	assert_int_equal(p.locations[1].mapping, 1);
	assert_int_equal(p.locations[1].n_lines, 1);
	assert_int_equal(p.lines[1].function, 2);
	assert_int_equal(p.lines[1].line, 20);
	assert_true(pprof_string_is(&p, p.functions[1].name, "db.leaf"));
	assert_int_equal(p.functions[1].start_line, 17);
	assert_int_equal(p.time_ns, 1700000000000000000);
	assert_int_equal(p.duration_ns, 5000000000);
	assert_int_equal(p.period, 10000000);
	assert_int_equal(p.n_comments, 3);
	assert_int_equal(p.comments[2], S_MAIN);
	assert_int_equal(p.default_type, S_CPU);
}

static void sparse_ids(void **state)
{
	(void)state;
	static const uint64_t ids[] = { UINT64_MAX, 77, 1ULL << 40 };
	CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(LIMIT);
	MAKE(&b, 1, 1, S_SAMPLES, 2, S_COUNT);
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		MAKE(&b, 4, 1, ids[i], 3, i);
	MAKE(&b, 2, 1, ids[2], 1, ids[0], 1, ids[1], 2, 1);
	make_strings(&b);
	{
		CLEANUP(pprof) struct pprof p = PPROF_INIT;
		check_ok(pprof_read(&p, b.data, b.len, err));
		assert_int_equal(p.refs[0], 2);
		assert_int_equal(p.refs[1], 0);
		assert_int_equal(p.refs[2], 1);
	}
	MAKE(&b, 4, 1, ids[0], 3, 1);
	check_refused(&b, "two locations have the id 18446744073709551615");
}

/* Each field is appended to a profile that is right without it. */
static void wrong_messages(void **state)
{
	(void)state;
	static const struct {
		unsigned field;
		uint64_t pairs[11];
		const char *reason;
	} cases[] = {
		{ 2, { 1, 3, 2, 1, 2, 1 }, "a sample refers to location 3, which does not exist" },
		{ 2, { 1, 0, 2, 1, 2, 1 }, "a sample refers to location 0, which does not exist" },
		{ 2, { 1, 1ULL << 63, 2, 1, 2, 1 }, "location 9223372036854775808" },
		{ 2, { 1, 1, 2, 1 }, "samples of 2 types but" },
		{ 2, { 1, 1, 2, 1, 2, 1, 2, 1 }, "samples of 2 types but" },
		{ 3, { 2, 5, 3, 6 }, "a mapping has no id" },
		{ 3, { 1, 1 }, "two mappings have the id 1" },
		{ 3, { 1, 9, 5, 99 }, "a Mapping refers to string 99 of 11" },
		{ 4, { 3, 0x20 }, "a location has no id" },
		{ 4, { 1, 2 }, "two locations have the id 2" },
		{ 4, { 1, 3, 2, 4 }, "a location refers to mapping 4, which does not exist" },
		{ 4, { 1, 3, 4, 1 }, "malformed Location" }, /* a line that is a number */
		{ 5, { 1, 1 }, "two functions have the id 1" },
		{ 5, { 2, 1 }, "a function has no id" },
		{ 5, { 1, 3, 2, 11 }, "a Function refers to string 11 of 11" },
		{ 5, { 1, 3, 2, UINT64_MAX }, "refers to string 18446744073709551615" },
		{ 1, { 1, 11 }, "samples of 3 types but" },
		{ 11, { 1, 400 }, "a ValueType refers to string 400" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(LIMIT);
		make_base(&b);
		make_sample(&b, 1);
		make_ints(&b, cases[i].field, cases[i].pairs);
		check_refused(&b, cases[i].reason);
	}
}

static void wrong_bytes(void **state)
{
	(void)state;
	static const struct {
		unsigned field;
		const char *bytes;
		size_t len;
		const char *reason;
	} cases[] = {
		{ 3, "", 0, "a Mapping message has no id" },
		{ 4, "\x08", 1, "a Location message has no id" },
		{ 5, "", 0, "a Function message has no id" },
		{ 4, "\x08\x03\x22\x02\x08\x05", 6, "a line refers to function 5, which does not exist" },
		{ 4, "\x08\x03\x22\x05\x08", 5, "malformed Location" },
		{ 4, "\x08\x03\x22\x01\x08", 5, "malformed Line" },
		{ 2, "\x0a\x01\x81\x12\x02\x01\x01", 7, "malformed Sample" }, /* cut varint in a packed stack */
		{ 2, "\x0a\x7f\x01", 3, "malformed Sample" },
		{ 2, "\x12\x03\x01\x01\x81", 5, "malformed Sample" },
		{ 2, "\x09zzzzzzzz\x12\x02\x01\x01", 13, "malformed Sample" },
		{ 2, "\x12\x02\x01\x01\x1a\x02\x08\x63", 8, "a Label refers to string 99 of 11" },
		{ 2, "\x12\x02\x01\x01\x18\x01", 6, "malformed Sample" },
		{ 13, "\x7f", 1, "a comment refers to string 127" },
		{ 13, "\x81", 1, "malformed Profile" },
		{ 9, "", 0, "malformed Profile" },
		{ 7, "a", 1, "malformed Profile" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(LIMIT);
		make_base(&b);
		make_sample(&b, 1);
		make_message(&b, cases[i].field, cases[i].bytes, cases[i].len);
		check_refused(&b, cases[i].reason);
	}
}

/* Known fields in a wire type that they do not have. A comment after other bytes was once taken for those. */
static void wrong_types(void **state)
{
	(void)state;
	static const unsigned fields[] = { 1, 2, 3, 4, 5, 6, 7, 9, 11, 13 };
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		for (unsigned type = 1; type <= 5; type += 4) {
			CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(LIMIT);
			make_base(&b);
			make_sample(&b, 1);
			make_varint(&b, fields[i] * 8 + type);
			strbuf_add(&b, "\1\1\1\1\1\1\1\1", type == 1 ? 8 : 4);
			check_refused(&b, "malformed Profile");
		}
}

/* Two samples that have the right number of values only together. */
static void values_of_one_sample(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(LIMIT);
	make_base(&b);
	MAKE(&b, 2, 1, 1, 2, 1, 2, 2, 2, 3);
	MAKE(&b, 2, 1, 1, 2, 1);
	check_refused(&b, "a sample has 3 values; the profile has 2 sample types");
}

static void not_profiles(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t len;
		const char *reason;
	} cases[] = {
		{ "", 0, "the profile is empty (0 bytes)" },
		{ "\x1f\x8b\x08\0\0\0\0\0\4\xff", 10, "cut off after 10 bytes" }, /* what an aborted one leaves */
		{ "\x1f\x8b garbage garbage", 18, "damaged gzip stream" },
		{ "hello, world", 12, "not a profile" },
		{ "\0\0\0\0\0\0\0\0", 8, "not a profile" },
		{ "<html><body>404</body></html>", 29, "not a profile" },
		{ "\x32\x01x", 3, "its first string is not empty" },
		{ "\x48\x01", 2, "no string table" },
		{ "\x12\x00\x32\x00", 4, "samples but no sample type" },
		{ "\x10\x01\x32\x00", 4, "malformed Profile" },
		{ "\x30\x01", 2, "malformed Profile" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct strbuf b = { .data = (char *)cases[i].bytes, .len = cases[i].len };
		check_refused(&b, cases[i].reason);
	}
}

static void huge_counts(void **state)
{
	(void)state;
	/* A message that says it has 2^63 bytes, and packed fields that claim more than there is. */
	static const char *const cases[] = { "\x32\x00\x12\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
					     "\x32\x00\x12\xff\xff\xff\xff\x07",
					     "\x32\x00\x12\x06\x0a\xff\xff\xff\xff\x07" };
	static const size_t lens[] = { 13, 8, 10 };
	static const char *const reasons[] = { "malformed at byte", "malformed at byte", "malformed Sample" };
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct strbuf b = { .data = (char *)cases[i], .len = lens[i] };
		check_refused(&b, reasons[i]);
	}
}

/* Zeros over the limit, a thousandth of that when compressed. */
static void gzip_bomb(void **state)
{
	(void)state;
	enum { PIECE = 1 << 20 };
	AUTO_FREE char *zeros = calloc(1, PIECE);
	CLEANUP(strbuf) struct strbuf bomb = STRBUF_INIT(4 * LIMIT);
	struct gzip_writer *w = NULL;
	check_ok(gzip_writer_new(&w, &bomb, err));
	for (size_t i = 0; i <= PPROF_MAX_INFLATED_BYTES / PIECE; i++)
		check_ok(gzip_writer_add(w, zeros, PIECE, err));
	check_ok(gzip_writer_finish(w, err));
	gzip_writer_free(w);
	assert_true(bomb.len < 2 * LIMIT);
	check_refused(&bomb, "inflates to more than the limit of 268435456 bytes");
}

static uint64_t memory_of(const struct pprof *p)
{
	return p->n_types * sizeof *p->types + p->n_samples * sizeof *p->samples + p->n_values * sizeof *p->values +
	       p->n_refs * sizeof *p->refs + p->n_labels * sizeof *p->labels + p->n_mappings * sizeof *p->mappings +
	       p->n_locations * sizeof *p->locations + p->n_lines * sizeof *p->lines +
	       p->n_functions * sizeof *p->functions + p->n_strings * sizeof *p->strings +
	       p->n_comments * sizeof *p->comments + p->extras.cap;
}

/* The smallest messages of each kind, many of them: no input takes more than 16 times its size. */
static void memory_is_bounded(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < 6; kind++) {
		CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(LIMIT);
		make_text(&b, 6, "");
		MAKE(&b, 1, 1, 0);
		CLEANUP(strbuf) struct strbuf inner = STRBUF_INIT(LIMIT);
		for (uint64_t i = 1; i <= 10000; i++) {
			if (kind < 3)
				MAKE(&b, 3 + kind, 1, i);
			else if (kind == 3)
				make_text(&b, 6, "");
			else
				strbuf_add(&inner, kind == 4 ? "\x22\0" : "\x22\2\x40\0", kind == 4 ? 2 : 4);
		}
		strbuf_adds(&inner, "\x08\x01");
		if (kind > 3)
			make_message(&b, 4, inner.data, inner.len);
		CLEANUP(pprof) struct pprof p = PPROF_INIT;
		check_ok(pprof_read(&p, b.data, b.len, err));
		if (memory_of(&p) > 16 * b.len)
			fail_msg("kind %u: %zu bytes of memory for %zu", kind, (size_t)memory_of(&p), b.len);
	}
}

static void any_cut_is_refused_or_whole(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(LIMIT);
	make_base(&b);
	make_sample(&b, 5);
	for (size_t len = 0; len <= b.len; len++)
		for (unsigned flip = 0; flip < 8; flip++) {
			CLEANUP(strbuf) struct strbuf cut = STRBUF_INIT(LIMIT);
			strbuf_add(&cut, b.data, len);
			if (len)
				cut.data[len - 1] ^= (char)(1 << flip);
			CLEANUP(pprof) struct pprof p = PPROF_INIT;
			struct error e = ERROR_INIT;
			if (pprof_read(&p, cut.data, cut.len, &e) < 0 && e.kind != ERROR_USAGE)
				fail_msg("cut at %zu: kind %d: %s", len, e.kind, e.message);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_every_message),
		cmocka_unit_test(sparse_ids),
		cmocka_unit_test(wrong_messages),
		cmocka_unit_test(wrong_bytes),
		cmocka_unit_test(wrong_types),
		cmocka_unit_test(values_of_one_sample),
		cmocka_unit_test(not_profiles),
		cmocka_unit_test(huge_counts),
		cmocka_unit_test(gzip_bomb),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(any_cut_is_refused_or_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
