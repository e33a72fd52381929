#include "check.h"
#include "net/s3.h"

static void buckets(void **state)
{
	(void)state;
	static const char *const good[] = { "abc", "results", "a.b-c9", "9ab",
					    "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff123" };
	static const char *const bad[] = {
		"",        "ab",
		"Results", "a_b",
		"-abc",    "abc-",
		".abc",    "abc.",
		"a..b",    "a/b",
		"a b",     "a\nb",
		"é--",     "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff1234"
	};
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		check_ok(s3_check_names(good[i], NULL, err));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		check_fails(s3_check_names(bad[i], NULL, err), ERROR_USAGE, "not a bucket name");
}

static void keys(void **state)
{
	(void)state;
	char longest[1026];
	memset(longest, 'k', sizeof longest);
	longest[1024] = 0;
	static const char *const good[] = { "a", "a b+c=d%e", "a//b", "/a", "a/", "é/😀", "...", "a/..b/.c", "?#&" };
	static const struct {
		const char *key, *why;
	} bad[] = {
		{ "", "0 bytes" },
		{ "\xff", "not UTF-8" },
		{ "a\xC0\x80", "not UTF-8" },
		{ "a\nb", "control character" },
		{ "a\x7f", "control character" },
		{ ".", "segment" },
		{ "..", "segment" },
		{ "a/../b", "segment" },
		{ "a/.", "segment" },
		{ "./a", "segment" },
	};
	check_ok(s3_check_names("abc", longest, err));
	longest[1024] = 'k';
	longest[1025] = 0;
	check_fails(s3_check_names("abc", longest, err), ERROR_USAGE, "1025 bytes");
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		check_ok(s3_check_names("abc", good[i], err));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		check_fails(s3_check_names("abc", bad[i].key, err), ERROR_USAGE, bad[i].why);
}

static void urls(void **state)
{
	(void)state;
	char *bucket = NULL, *key = NULL;
	check_ok(s3_parse_url("s3://results/a b/%41?x#y", &bucket, &key, err));
	check_str(bucket, "results");
	check_str(key, "a b/%41?x#y");
	free(bucket);
	free(key);
	bucket = key = NULL;
	static const char *const bad[] = { "",          "s3:/a",      "s3://",        "s3://abc",      "s3:///key",
					   "s3://abc/", "S3://abc/x", "http://abc/x", "s3://abc/../x", "s3://a_b/x" };
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		check_fails(s3_parse_url(bad[i], &bucket, &key, err), ERROR_USAGE, "");
		assert_null(bucket);
		assert_null(key);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buckets),
		cmocka_unit_test(keys),
		cmocka_unit_test(urls),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
