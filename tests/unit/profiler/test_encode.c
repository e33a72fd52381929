#include "check.h"
#include "maker.h"
#include "profiler/gzip.h"
#include "profiler/pprof.h"

#define LIMIT (1 << 20)

static void read_file(const char *name, struct strbuf *out)
{
	AUTO_FREE char *path = str_printf(NULL, "%s/%s", TEST_DATA, name);
	AUTO_FCLOSE FILE *f = fopen(path, "re");
	assert_non_null(f);
	strbuf_grow(out, LIMIT / 2);
	out->len = fread(out->data, 1, LIMIT / 2, f);
}

static void rewrite(const struct strbuf *in, bool gzip, struct strbuf *out)
{
	CLEANUP(pprof) struct pprof p = PPROF_INIT;
	check_ok(pprof_read(&p, in->data, in->len, err));
	check_ok(pprof_write(&p, gzip, out, err));
}

static void check_same(const struct strbuf *a, const struct strbuf *b)
{
	assert_int_equal(a->len, b->len);
	assert_memory_equal(a->data, b->data, a->len);
}

static void stable_after_the_first(void **state)
{
	(void)state;
	static const char *const files[] = { "cpu-a.pprof", "cpu-b.pprof" };
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		CLEANUP(strbuf)
		struct strbuf in = STRBUF_INIT(LIMIT), once = STRBUF_INIT(LIMIT), twice = STRBUF_INIT(LIMIT);
		read_file(files[i], &in);
		rewrite(&in, true, &once);
		assert_true(gzip_is(once.data, once.len));
		rewrite(&once, true, &twice);
		check_same(&once, &twice);
	}
}

/* What Go's runtime writes is in the order and form that we write: the plain bytes are the same at once. */
static void same_bytes_as_go(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf in = STRBUF_INIT(LIMIT), go = STRBUF_INIT(LIMIT), ours = STRBUF_INIT(LIMIT);
	read_file("cpu-a.pprof", &in);
	check_ok(gzip_inflate(in.data, in.len, &go, err));
	rewrite(&in, false, &ours);
	assert_int_equal(ours.len, go.len);
}

static void unknown_fields_stay(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(LIMIT);
	make_base(&b);
	/* in a sample (between known ones), its label, a line, a location, a function, a mapping, a type, the profile
	 */
	MAKE_BYTES(&b, 2,
		   "\x62\x02hi\x0a\x01\x01\x79zzzzzzzz\x12\x02\x01\x02\x1a\x07\x08\x08\x10\x09\x7a\x01!\x7dzzzz");
	MAKE_BYTES(&b, 4, "\x08\x03\x22\x04\x40\x07\x08\x01\x50\x2a\x80\x01\x05\x22\x02\x08\x02");
	MAKE_BYTES(&b, 5, "\x08\x03\x30\x63");
	MAKE_BYTES(&b, 3, "\x08\x02\x60\x01");
	make_text(&b, 100, "from the future");
	make_int(&b, 12, 20000000);
	make_int(&b, 536870911, UINT64_MAX);
	CLEANUP(strbuf) struct strbuf once = STRBUF_INIT(LIMIT), twice = STRBUF_INIT(LIMIT);
	rewrite(&b, false, &once);
	rewrite(&once, false, &twice);
	check_same(&once, &twice);

	CLEANUP(pprof) struct pprof p = PPROF_INIT;
	check_ok(pprof_read(&p, twice.data, twice.len, err));
	struct pprof_string extra = pprof_extra(&p, p.samples[0].extra);
	assert_int_equal(extra.len, 4 + 9 + 5);
	assert_memory_equal(extra.data, "\x62\x02hi\x79zzzzzzzz\x7dzzzz", extra.len);
	extra = pprof_extra(&p, p.labels[0].extra);
	assert_int_equal(extra.len, 3);
	assert_memory_equal(extra.data, "\x7a\x01!", 3);
	extra = pprof_extra(&p, p.lines[2].extra);
	assert_int_equal(extra.len, 2);
	extra = pprof_extra(&p, p.locations[2].extra);
	assert_int_equal(extra.len, 5);
	assert_memory_equal(extra.data, "\x50\x2a\x80\x01\x05", 5);
	extra = pprof_extra(&p, p.extra);
	assert_int_equal(extra.len, 2 + 1 + 15 + 5 + 10);
	assert_int_equal(pprof_extra(&p, p.lines[0].extra).len, 0);
	assert_int_equal(p.period, 20000000);
}

static void ids_and_strings_stay(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(LIMIT), out = STRBUF_INIT(LIMIT);
	MAKE(&b, 1, 1, S_SAMPLES, 2, S_COUNT);
	MAKE(&b, 2, 1, 900, 1, 7, 2, UINT64_MAX); /* -1 */
	MAKE(&b, 4, 1, 7, 2, 40, 5, 1);
	MAKE(&b, 4, 1, 900);
	MAKE(&b, 3, 1, 40, 8, 1, 9, 1, 10, 1);
	make_strings(&b);
	make_text(&b, 6, "unused");
	make_int(&b, 7, S_MAIN);
	make_int(&b, 8, S_LEAF);
	make_int(&b, 15, S_KEY);
	rewrite(&b, false, &out);
	CLEANUP(pprof) struct pprof p = PPROF_INIT;
	check_ok(pprof_read(&p, out.data, out.len, err));
	assert_int_equal(p.locations[p.refs[0]].id, 900);
	assert_int_equal(p.locations[p.refs[1]].id, 7);
	assert_true(p.locations[p.refs[1]].folded);
	assert_int_equal(p.mappings[p.locations[p.refs[1]].mapping - 1].id, 40);
	assert_true(p.mappings[0].has_filenames && p.mappings[0].has_line_numbers && p.mappings[0].has_inline_frames);
	assert_int_equal(p.values[0], -1);
	assert_int_equal(p.n_strings, S_END + 1);
	assert_true(pprof_string_is(&p, S_END, "unused"));
	assert_int_equal(p.drop_frames, S_MAIN);
	assert_int_equal(p.keep_frames, S_LEAF);
	assert_int_equal(p.doc_url, S_KEY);
	assert_false(p.has_period_type);
}

static void output_is_bounded(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(LIMIT), small = STRBUF_INIT(20);
	make_base(&b);
	CLEANUP(pprof) struct pprof p = PPROF_INIT;
	check_ok(pprof_read(&p, b.data, b.len, err));
	check_fails(pprof_write(&p, false, &small, err), ERROR_INTERNAL, "limit of 20 bytes");
	strbuf_reset(&small);
	check_fails(pprof_write(&p, true, &small, err), ERROR_INTERNAL, "limit of 20 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stable_after_the_first), cmocka_unit_test(same_bytes_as_go),
		cmocka_unit_test(unknown_fields_stay),    cmocka_unit_test(ids_and_strings_stay),
		cmocka_unit_test(output_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
