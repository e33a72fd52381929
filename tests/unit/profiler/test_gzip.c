#include "base/cleanup.h"
#include "check.h"
#include "profiler/gzip.h"

static void compress_bytes(const char *bytes, size_t len, size_t step, struct strbuf *out)
{
	struct gzip_writer *w = NULL;
	check_ok(gzip_writer_new(&w, out, err));
	for (size_t at = 0; at < len; at += step)
		check_ok(gzip_writer_add(w, bytes + at, len - at < step ? len - at : step, err));
	check_ok(gzip_writer_finish(w, err));
	gzip_writer_free(w);
}

static void round_trip(void **state)
{
	(void)state;
	AUTO_FREE char *text = malloc(300000);
	for (size_t i = 0; i < 300000; i++)
		text[i] = (char)(i * i / 7 % 251);
	static const size_t lens[] = { 0, 1, 63, 64, 65, 65536, 300000 };
	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		CLEANUP(strbuf) struct strbuf gz = STRBUF_INIT(1 << 20), plain = STRBUF_INIT(lens[i]);
		compress_bytes(text, lens[i], 1000, &gz);
		assert_true(gzip_is(gz.data, gz.len));
		check_ok(gzip_inflate(gz.data, gz.len, &plain, err)); /* into exactly as much as there is */
		assert_int_equal(plain.len, lens[i]);
		assert_memory_equal(plain.data, text, lens[i]);
	}
}

static void limit(void **state)
{
	(void)state;
	AUTO_FREE char *zeros = calloc(1, 1 << 20);
	CLEANUP(strbuf) struct strbuf gz = STRBUF_INIT(1 << 20);
	compress_bytes(zeros, 1 << 20, 1 << 16, &gz);
	static const size_t maxima[] = { 0, 1, 1000, (1 << 20) - 1 };
	for (size_t i = 0; i < ARRAY_SIZE(maxima); i++) {
		CLEANUP(strbuf) struct strbuf plain = STRBUF_INIT(maxima[i]);
		check_fails(gzip_inflate(gz.data, gz.len, &plain, err), ERROR_USAGE, "more than the limit of");
		assert_true(plain.len <= maxima[i]);
	}
	/* A trailer that lies about the size does not make it allocate that. */
	memset(gz.data + gz.len - 4, 0xff, 4);
	CLEANUP(strbuf) struct strbuf plain = STRBUF_INIT(4 << 20);
	check_fails(gzip_inflate(gz.data, gz.len, &plain, err), ERROR_USAGE, "incorrect length check");
	assert_true(plain.cap <= 4 << 20);
}

static void damaged(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf gz = STRBUF_INIT(1 << 20);
	compress_bytes("the quick brown fox jumps over the lazy dog", 43, 43, &gz);
	for (size_t cut = 2; cut < gz.len; cut++) {
		CLEANUP(strbuf) struct strbuf plain = STRBUF_INIT(1 << 20);
		check_fails(gzip_inflate(gz.data, cut, &plain, err), ERROR_USAGE, "cut off after");
	}
	CLEANUP(strbuf) struct strbuf plain = STRBUF_INIT(1 << 20);
	gz.data[gz.len - 8] ^= 1;
	check_fails(gzip_inflate(gz.data, gz.len, &plain, err), ERROR_USAGE, "incorrect data check");
	gz.data[gz.len - 8] ^= 1;
	strbuf_addc(&gz, 'x');
	check_fails(gzip_inflate(gz.data, gz.len, &plain, err), ERROR_USAGE, "1 bytes follow the end");
	check_fails(gzip_inflate("not gzip at all", 15, &plain, err), ERROR_USAGE, "damaged gzip stream");
}

static void output_is_bounded(void **state)
{
	(void)state;
	struct gzip_writer *w = NULL;
	CLEANUP(strbuf) struct strbuf small = STRBUF_INIT(12);
	check_ok(gzip_writer_new(&w, &small, err));
	check_ok(gzip_writer_add(w, "abc", 3, err));
	check_fails(gzip_writer_finish(w, err), ERROR_INTERNAL, "limit of 12 bytes");
	gzip_writer_free(w);
	gzip_writer_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(limit),
		cmocka_unit_test(damaged),
		cmocka_unit_test(output_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
