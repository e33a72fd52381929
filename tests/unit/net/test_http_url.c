#include "check.h"
#include "net/http.h"

static void parts(void **state)
{
	(void)state;
	static const struct {
		const char *url;
		bool https;
		const char *host, *authority, *path;
	} cases[] = {
		{ "https://Example.COM", true, "example.com", "example.com", "/" },
		{ "https://h:443/a?b=c", true, "h", "h", "/a" },
		{ "http://h:443/a//b/../c", false, "h", "h:443", "/a//b/../c" },
		{ "http://[::1]:8080/x%20y", false, "::1", "[::1]:8080", "/x%20y" },
		{ "http://127.0.0.1:80/", false, "127.0.0.1", "127.0.0.1", "/" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(http_url) struct http_url u = { 0 };
		check_ok(http_url_parse(cases[i].url, &u, err));
		assert_int_equal(u.https, cases[i].https);
		check_str(u.host, cases[i].host);
		check_str(u.authority, cases[i].authority);
		check_str(u.path, cases[i].path);
	}
}

static void refused(void **state)
{
	(void)state;
	static const struct {
		const char *url, *why;
	} cases[] = {
		{ "", "https://" },
		{ "example.com", "https://" },
		{ "file:///etc/passwd", "https://" },
		{ "gopher://h/", "https://" },
		{ "https://", "" },
		{ "https://user:pass@h/", "user name" },
		{ "https://h/a b", "space" },
		{ "https://h/\r\nX: y", "control" },
		{ "https://h:99999/", "valid" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct http_url u = { 0 };
		check_fails(http_url_parse(cases[i].url, &u, err), ERROR_USAGE, cases[i].why);
		assert_null(u.host);
	}
}

static void loopback(void **state)
{
	(void)state;
	static const char *const yes[] = { "localhost", "127.0.0.1", "127.255.0.9", "::1" };
	static const char *const no[] = {
		"", "localhost.example.com", "128.0.0.1", "127.0.0.1.example.com", "10.0.0.1", "::2", "169.254.169.254"
	};
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		assert_true(http_host_is_loopback(yes[i]));
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		assert_false(http_host_is_loopback(no[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts),
		cmocka_unit_test(refused),
		cmocka_unit_test(loopback),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
