/* The one GitHub call against a scripted TLS server. */
#include "base/clock.h"
#include "base/fs.h"
#include "check.h"
#include "double.h"
#include "net/github.h"

#define TOKEN "ghs_canary"
#define MESSAGE(text) "\"body\": \"{\\\"message\\\": \\\"" text "\\\"}\""

static struct github_dispatch dispatch(const struct double_server *d, const cJSON *payload)
{
	return (struct github_dispatch){ .api_url = d->url,
					 .repository = "owner/name",
					 .event_type = "email-report",
					 .payload = payload,
					 .token = TOKEN,
					 .ca_file = d->ca_file,
					 .retry_unit_ns = 1 };
}

static cJSON *make_payload(void)
{
	cJSON *o = cJSON_CreateObject();
	cJSON_AddStringToObject(o, "version", "1.2.3");
	cJSON_AddStringToObject(o, "hostile", "\"}$(id)\n");
	return o;
}

static void what_is_sent(void **state)
{
	(void)state;
	CLEANUP(double_server) struct double_server d = { 0 };
	double_start(&d, "[{\"status\": 204}]", true);
	cJSON *payload = make_payload();
	struct github_dispatch g = dispatch(&d, payload);
	check_ok(github_dispatch_check(&g, err));
	check_ok(github_dispatch_send(&g, err));
	cJSON_Delete(payload);
	check_str(double_text(&d, 0, "method"), "POST");
	check_str(double_text(&d, 0, "target"), "/repos/owner/name/dispatches");
	check_str(double_header(&d, 0, "authorization"), "Bearer " TOKEN);
	check_str(double_header(&d, 0, "accept"), "application/vnd.github+json");
	check_str(double_header(&d, 0, "x-github-api-version"), "2022-11-28");
	check_str(double_header(&d, 0, "content-type"), "application/json");
	check_str(double_text(&d, 0, "body"),
		  "{\"event_type\":\"email-report\",\"client_payload\":{\"version\":\"1.2.3\","
		  "\"hostile\":\"\\\"}$(id)\\n\"}}");
}

static void replies(void **state)
{
	(void)state;
	static const struct {
		const char *name, *script;
		int requests;
		const char *error, *hint; /* NULL: sent */
	} cases[] = {
		{ "204", "[{\"status\": 204}]", 1, NULL, NULL },
		{ "200 is not 204", "[{\"status\": 200}]", 1, "GitHub said 200", NULL },
		{ "401", "[{\"status\": 401, " MESSAGE("Bad credentials") "}]", 1,
		  "dispatch email-report to owner/name: GitHub said 401: Bad credentials", "one hour" },
		{ "403", "[{\"status\": 403, " MESSAGE("Resource not accessible") "}]", 1,
		  "403: Resource not accessible", "does owner/name exist" },
		{ "403 with retry-after",
		  "[{\"status\": 403, \"headers\": {\"Retry-After\": \"0\"}}, {\"status\": 204}]", 2, NULL, NULL },
		{ "429 with a limit that is over",
		  "[{\"status\": 429, \"headers\": {\"x-ratelimit-remaining\": \"0\", \"x-ratelimit-reset\": \"1\"}},"
		  " {\"status\": 204}]",
		  2, NULL, NULL },
		{ "403 with a limit, other requests left",
		  "[{\"status\": 403, \"headers\": {\"x-ratelimit-remaining\": \"7\", \"x-ratelimit-reset\": \"1\"}}]",
		  1, "GitHub said 403", NULL },
		{ "403 three times",
		  "[{\"status\": 403, \"headers\": {\"Retry-After\": \"0\"}}, {\"status\": 403, \"headers\": "
		  "{\"Retry-After\": "
		  "\"0\"}}, {\"status\": 403, \"headers\": {\"Retry-After\": \"0\"}}]",
		  3, "after 3 attempts: GitHub said 403", NULL },
		{ "a wait that is too long", "[{\"status\": 429, \"headers\": {\"Retry-After\": \"3600\"}}]", 1,
		  "asked to wait 3600 s: GitHub said 429", NULL },
		{ "404", "[{\"status\": 404, " MESSAGE("Not Found") "}]", 1, "404: Not Found",
		  "does owner/name exist" },
		{ "422", "[{\"status\": 422, " MESSAGE("No more than 10") "}]", 1, "422: No more than 10", NULL },
		{ "500 may have been accepted", "[{\"status\": 500}]", 1, "GitHub said 500", "may have been accepted" },
		{ "a lost reply may have been accepted", "[{\"no_reply\": true, \"then\": \"reset\"}]", 1,
		  "POST localhost:", "may have been accepted" },
		{ "a redirect", "[{\"status\": 307, \"headers\": {\"Location\": \"https://localhost:{port}/stolen\"}}]",
		  1, "GitHub said 307", NULL },
		{ "10 MB of error", "[{\"status\": 403, \"body_size\": 10000000}]", 1, "larger than its limit", NULL },
	};
	cJSON *payload = make_payload();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(double_server) struct double_server d = { 0 };
		double_start(&d, cases[i].script, true);
		struct github_dispatch g = dispatch(&d, payload);
		struct error e = ERROR_INIT;
		int r = github_dispatch_send(&g, &e);
		if ((r == 0) != !cases[i].error || (r < 0 && !strstr(e.message, cases[i].error)) ||
		    (cases[i].hint && !strstr(e.hint, cases[i].hint)) || (r < 0 && e.kind != ERROR_PUBLISH))
			fail_msg("%s: kind %d \"%s\" (hint: %s)", cases[i].name, e.kind, e.message, e.hint);
		if (double_count(&d) != cases[i].requests)
			fail_msg("%s: %d requests", cases[i].name, double_count(&d));
		if (strstr(e.message, "canary") || strstr(e.hint, "canary"))
			fail_msg("%s: the token in \"%s\"", cases[i].name, e.message);
	}
	cJSON_Delete(payload);
}

static void nobody_there(void **state)
{
	(void)state;
	cJSON *payload = make_payload();
	const struct double_server nowhere = { .url = "https://no-such-host.invalid" };
	struct github_dispatch g = dispatch(&nowhere, payload);
	g.ca_file = NULL;
	check_fails(github_dispatch_send(&g, err), ERROR_PUBLISH, "after 3 attempts: POST no-such-host.invalid");
	cJSON_Delete(payload);
}

static void an_untrusted_server_gets_no_token(void **state)
{
	(void)state;
	CLEANUP(double_server) struct double_server d = { 0 };
	double_start(&d, "[{\"status\": 204}]", true);
	cJSON *payload = make_payload();
	struct github_dispatch g = dispatch(&d, payload);
	g.ca_file = NULL;
	check_fails(github_dispatch_send(&g, err), ERROR_PUBLISH, "POST localhost:");
	assert_int_equal(double_count(&d), 0);
	cJSON_Delete(payload);
}

static void the_token_file_is_read_when_sending(void **state)
{
	(void)state;
	CLEANUP(double_server) struct double_server d = { 0 };
	double_start(&d, "[{\"status\": 204}]", true);
	cJSON *payload = make_payload();
	struct github_dispatch g = dispatch(&d, payload);
	AUTO_FREE char *path = double_file(&d, "token", "old\n", 4);
	g.token = NULL;
	g.token_file = path;
	check_ok(github_dispatch_check(&g, err));
	free(double_file(&d, "token", "new\n", 4));
	check_ok(github_dispatch_send(&g, err));
	check_str(double_header(&d, 0, "authorization"), "Bearer new");
	assert_int_equal(unlink(path), 0);
	check_fails(github_dispatch_send(&g, err), ERROR_PUBLISH, path);
	cJSON_Delete(payload);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_sent),
		cmocka_unit_test(replies),
		cmocka_unit_test(nobody_there),
		cmocka_unit_test(an_untrusted_server_gets_no_token),
		cmocka_unit_test(the_token_file_is_read_when_sending),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
