#include "base/fs.h"
#include "check.h"
#include "net/github.h"

#include <cjson/cJSON.h>

static cJSON *payload_of(int keys)
{
	cJSON *o = cJSON_CreateObject();
	for (int i = 0; i < keys; i++) {
		char name[16];
		snprintf(name, sizeof name, "k%d", i);
		cJSON_AddStringToObject(o, name, "v");
	}
	return o;
}

/* An object whose JSON text has this many bytes. */
static cJSON *payload_of_bytes(size_t bytes)
{
	AUTO_FREE char *value = calloc(1, bytes);
	memset(value, 'x', bytes - strlen("{\"k\":\"\"}"));
	cJSON *o = cJSON_CreateObject();
	cJSON_AddStringToObject(o, "k", value);
	return o;
}

static struct github_dispatch good(const cJSON *payload)
{
	return (struct github_dispatch){ .api_url = "https://api.github.com",
					 .repository = "owner/name",
					 .event_type = "email-report",
					 .payload = payload,
					 .token = "ghs_canary" };
}

static void limits(void **state)
{
	(void)state;
	char type[128];
	memset(type, 'e', sizeof type);
	static const struct {
		int keys;
		size_t bytes, type_chars;
		const char *why; /* NULL: taken */
	} cases[] = {
		{ .keys = 10 },
		{ .keys = 11, .why = "11 keys" },
		{ .keys = 0 },
		{ .bytes = 65535 },
		{ .bytes = 65536, .why = "65536 bytes" },
		{ .bytes = 65537, .why = "65537 bytes" },
		{ .keys = 1, .type_chars = 100 },
		{ .keys = 1, .type_chars = 101, .why = "101 characters" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cJSON *payload = cases[i].bytes ? payload_of_bytes(cases[i].bytes) : payload_of(cases[i].keys);
		struct github_dispatch d = good(payload);
		char cut[128];
		snprintf(cut, sizeof cut, "%.*s", (int)cases[i].type_chars, type);
		if (cases[i].type_chars)
			d.event_type = cut;
		if (cases[i].why)
			check_fails(github_dispatch_check(&d, err), ERROR_USAGE, cases[i].why);
		else
			check_ok(github_dispatch_check(&d, err));
		cJSON_Delete(payload);
	}
}

static void an_event_type_counts_characters(void **state)
{
	(void)state;
	cJSON *payload = payload_of(1);
	struct github_dispatch d = good(payload);
	char type[201];
	for (int i = 0; i < 100; i++)
		memcpy(type + 2 * i, "é", 3);
	d.event_type = type;
	check_ok(github_dispatch_check(&d, err));
	static const char *const bad[] = { "", "a\nb", "\xff" };
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		d.event_type = bad[i];
		check_fails(github_dispatch_check(&d, err), ERROR_USAGE, "event type");
	}
	cJSON_Delete(payload);
}

static void payload_must_be_an_object(void **state)
{
	(void)state;
	cJSON *array = cJSON_CreateArray();
	struct github_dispatch d = good(array);
	check_fails(github_dispatch_check(&d, err), ERROR_USAGE, "not a JSON object");
	d.payload = NULL;
	check_fails(github_dispatch_check(&d, err), ERROR_USAGE, "not a JSON object");
	cJSON_Delete(array);
}

static void repositories_and_urls(void **state)
{
	(void)state;
	cJSON *payload = payload_of(1);
	struct github_dispatch d = good(payload);
	static const char *const bad[] = { "",      "owner",   "/name", "owner/", "a/b/c",   "a/..",       "../b",
					   "a b/c", "a/b?x=y", "a/b#c", "a/b\n",  "a/$(id)", "https://x/y" };
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		d.repository = bad[i];
		check_fails(github_dispatch_check(&d, err), ERROR_USAGE, "not a GitHub repository");
	}
	d.repository = "o-w_n.er/na.me";
	check_ok(github_dispatch_check(&d, err));
	d.api_url = "http://api.github.com";
	check_fails(github_dispatch_check(&d, err), ERROR_USAGE, "not https");
	d.api_url = "http://127.0.0.1:1";
	check_ok(github_dispatch_check(&d, err));
	d.api_url = "ftp://x";
	check_fails(github_dispatch_check(&d, err), ERROR_USAGE, "GitHub API URL");
	cJSON_Delete(payload);
}

static void tokens(void **state)
{
	(void)state;
	cJSON *payload = payload_of(1);
	struct github_dispatch d = good(payload);
	static const char *const bad[] = { "", "  ", "canary canary", "canary\r\nX: y", "canaryé" };
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct error err = ERROR_INIT;
		d.token = bad[i];
		assert_int_equal(github_dispatch_check(&d, &err), -1);
		assert_int_equal(err.kind, ERROR_USAGE);
		assert_null(strstr(err.message, "canary"));
	}
	d.token = NULL;
	check_fails(github_dispatch_check(&d, err), ERROR_USAGE, "no GitHub token");
	d.token_file = "/nowhere/token";
	check_fails(github_dispatch_check(&d, err), ERROR_USAGE, "/nowhere/token");
	d.token_file = "/dev/null";
	check_fails(github_dispatch_check(&d, err), ERROR_USAGE, "no GitHub token in /dev/null");
	cJSON_Delete(payload);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits),
		cmocka_unit_test(an_event_type_counts_characters),
		cmocka_unit_test(payload_must_be_an_object),
		cmocka_unit_test(repositories_and_urls),
		cmocka_unit_test(tokens),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
