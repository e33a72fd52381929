#include "check.h"
#include "net/encode.h"

static void hex_and_base64(void **state)
{
	(void)state;
	char out[64];
	encode_hex("\x00\xff\x1a", 3, out);
	check_str(out, "00ff1a");
	static const struct {
		const char *in, *out;
	} cases[] = { { "", "" },
		      { "f", "Zg==" },
		      { "fo", "Zm8=" },
		      { "foo", "Zm9v" },
		      { "foob", "Zm9vYg==" },
		      { "fooba", "Zm9vYmE=" },
		      { "foobar", "Zm9vYmFy" } }; /* RFC 4648, 10 */
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		encode_base64(cases[i].in, strlen(cases[i].in), out);
		check_str(out, cases[i].out);
	}
}

static void percent(void **state)
{
	(void)state;
	static const struct {
		const char *in, *keep, *out;
	} cases[] = {
		{ "AZaz09-._~", "", "AZaz09-._~" },
		{ "a b+c=d%e/f", "/", "a%20b%2Bc%3Dd%25e/f" },
		{ "a//b/", "/", "a//b/" },
		{ "é😀", "", "%C3%A9%F0%9F%98%80" },
		{ "%2F!*'()", "%", "%2F%21%2A%27%28%29" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(256);
		encode_percent(&b, cases[i].in, strlen(cases[i].in), cases[i].keep);
		check_ok(strbuf_check(&b, err));
		check_str(b.data, cases[i].out);
	}
	CLEANUP(strbuf) struct strbuf zero = STRBUF_INIT(16);
	encode_percent(&zero, "a\0b", 3, "");
	check_str(zero.data, "a%00b");
}

static void dates(void **state)
{
	(void)state;
	static const struct {
		int (*decode)(const char *s, int64_t *ret);
		const char *in;
		int64_t out; /* -1: refused */
	} cases[] = {
		{ decode_http_date, "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },
		{ decode_http_date, "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
		{ decode_http_date, "Sun, 06 Nov 1994 08:49:37 GMT ", -1 },
		{ decode_http_date, "now", -1 },
		{ decode_http_date, "", -1 },
		{ decode_rfc3339, "2026-01-31T23:59:59Z", 1769903999 },
		{ decode_rfc3339, "2026-01-31T23:59:59.123Z", 1769903999 },
		{ decode_rfc3339, "2026-01-31T23:59:59", -1 },
		{ decode_rfc3339, "2026-01-31", -1 },
		{ decode_rfc3339, "", -1 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t t = -1;
		int r = cases[i].decode(cases[i].in, &t);
		assert_int_equal(r, cases[i].out < 0 ? -1 : 0);
		assert_int_equal(t, cases[i].out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hex_and_base64),
		cmocka_unit_test(percent),
		cmocka_unit_test(dates),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
