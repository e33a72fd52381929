/* The chain without a network: parsers, order, messages. With a server: test_aws_chain.c. */
#include "base/fs.h"
#include "check.h"
#include "net/aws_sources.h"

/* "NAME=value" lines stand for the environment. */
static const char *fake_getenv(const char *name, void *data)
{
	size_t n = strlen(name);
	for (const char *const *v = data; *v; v++)
		if (strncmp(*v, name, n) == 0 && (*v)[n] == '=')
			return *v + n + 1;
	return NULL;
}

#define ENVIRONMENT(...)                                                     \
	(struct aws_environment)                                             \
	{                                                                    \
		.getenv = fake_getenv, .data = (void *)(const char *const[]) \
		{                                                            \
			__VA_ARGS__, NULL                                    \
		}                                                            \
	}

static void environment(void **state)
{
	(void)state;
	CLEANUP(aws_credentials) struct aws_credentials c = { 0 };
	struct aws_environment env = ENVIRONMENT("AWS_ACCESS_KEY_ID=AKID", "AWS_SECRET_ACCESS_KEY=s/e+c",
						 "AWS_SESSION_TOKEN=tok==", "AWS_WEB_IDENTITY_TOKEN_FILE=/nowhere");
	check_ok(aws_credentials_find(&env, &c, err));
	check_str(c.access_key_id, "AKID");
	check_str(c.secret_access_key, "s/e+c");
	check_str(c.session_token, "tok==");
	check_str(c.source, "environment");
	assert_int_equal(c.expires_unix, 0);
}

static void half_configured(void **state)
{
	(void)state;
	static const struct {
		const char *variables[4], *why;
	} cases[] = {
		{ { "AWS_ACCESS_KEY_ID=AKID" }, "AWS_SECRET_ACCESS_KEY is not" },
		{ { "AWS_SECRET_ACCESS_KEY=HUSH" }, "AWS_ACCESS_KEY_ID is not" },
		{ { "AWS_ACCESS_KEY_ID=AKID", "AWS_SECRET_ACCESS_KEY=HUSH\n" }, "line break" },
		{ { "AWS_WEB_IDENTITY_TOKEN_FILE=/nowhere" }, "AWS_ROLE_ARN is not" },
		{ { "AWS_WEB_IDENTITY_TOKEN_FILE=/nowhere", "AWS_ROLE_ARN=r" }, "/nowhere" },
		{ { "AWS_WEB_IDENTITY_TOKEN_FILE=/nowhere", "AWS_ROLE_ARN=r",
		    "AWS_ENDPOINT_URL_STS=http://sts.example" },
		  "not https" },
		{ { "AWS_SHARED_CREDENTIALS_FILE=/nowhere" }, "/nowhere" },
		{ { "AWS_PROFILE=p", "HOME=/nowhere" }, "/nowhere/.aws/credentials" },
		{ { "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://evil.example/x", "HOME=/nowhere" },
		  "plain HTTP to evil.example is refused" },
		{ { "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://169.254.169.254/x", "HOME=/nowhere" }, "is refused" },
		{ { "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1.evil.example/x", "HOME=/nowhere" },
		  "is refused" },
		{ { "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1@evil.example/x", "HOME=/nowhere" },
		  "user name" },
		{ { "AWS_CONTAINER_CREDENTIALS_FULL_URI=file:///etc/passwd", "HOME=/nowhere" }, "https://" },
		{ { "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=@evil.example/", "HOME=/nowhere" }, "begin with '/'" },
		{ { "AWS_EC2_METADATA_SERVICE_ENDPOINT=http://10.0.0.1", "HOME=/nowhere" }, "10.0.0.1 is refused" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct aws_environment env = { .getenv = fake_getenv, .data = (void *)cases[i].variables };
		struct aws_credentials c = { 0 };
		struct error err = ERROR_INIT;
		assert_int_equal(aws_credentials_find(&env, &c, &err), -1);
		check_contains(err.message, cases[i].why);
		assert_null(strstr(err.message, "HUSH"));
		assert_null(c.access_key_id);
	}
}

static void the_chain_is_explained(void **state)
{
	(void)state;
	struct aws_environment env = ENVIRONMENT("HOME=/nowhere", "AWS_EC2_METADATA_DISABLED=true");
	struct aws_credentials c = { 0 };
	struct error err = ERROR_INIT;
	assert_int_equal(aws_credentials_find(&env, &c, &err), -1);
	assert_int_equal(err.kind, ERROR_PUBLISH);
	check_str(err.message,
		  "no AWS credentials (environment: AWS_ACCESS_KEY_ID is not set; web identity: "
		  "AWS_WEB_IDENTITY_TOKEN_FILE is not set; shared file: /nowhere/.aws/credentials does not exist; "
		  "container: AWS_CONTAINER_CREDENTIALS_FULL_URI is not set; instance: AWS_EC2_METADATA_DISABLED is "
		  "set)");
	check_contains(err.hint, "AWS_ACCESS_KEY_ID");
}

static void shared_file(void **state)
{
	(void)state;
	static const char text[] = "# comment\n"
				   "aws_access_key_id = outside\n"
				   "[default]\n"
				   "aws_access_key_id=AKID1\r\n"
				   "aws_secret_access_key = se=cret\n"
				   "  [ team ]  \n"
				   ";aws_access_key_id = commented\n"
				   "\taws_access_key_id\t=\tAKID2\n"
				   "AWS_SECRET_ACCESS_KEY = two\n"
				   "aws_session_token = tok\n"
				   "nonsense\n"
				   "[sso]\n"
				   "sso_session = x\n"
				   "[last]\n"
				   "aws_access_key_id = AKID3";
	static const struct {
		const char *profile;
		int result;
		const char *id, *secret, *token;
	} cases[] = {
		{ "default", AWS_FOUND, "AKID1", "se=cret", NULL },
		{ "team", AWS_FOUND, "AKID2", "two", "tok" },
		{ "absent", AWS_ABSENT, NULL, NULL, NULL },
		{ "sso", -1, NULL, NULL, NULL },
		{ "last", -1, NULL, NULL, NULL },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char copy[sizeof text];
		memcpy(copy, text, sizeof text);
		CLEANUP(aws_credentials) struct aws_credentials c = { 0 };
		struct error err = ERROR_INIT;
		assert_int_equal(aws_parse_shared_file(copy, cases[i].profile, &c, &err), cases[i].result);
		assert_true(str_eq(c.access_key_id, cases[i].id));
		assert_true(str_eq(c.secret_access_key, cases[i].secret));
		assert_true(str_eq(c.session_token, cases[i].token));
	}
}

static void json(void **state)
{
	(void)state;
	static const struct {
		const char *json, *why; /* NULL: taken */
	} cases[] = {
		{ "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"S\",\"Token\":\"T\",\"Expiration\":\"2026-01-31T23:59:"
		  "59Z\"}",
		  NULL },
		{ "{\"Code\":\"Success\",\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"S\",\"Token\":\"T\","
		  "\"Expiration\":\"2026-01-31T23:59:59Z\"}",
		  NULL },
		{ "{\"Code\":\"AssumeRoleUnauthorizedAccess\",\"Message\":\"no\"}",
		  "AssumeRoleUnauthorizedAccess: no" },
		{ "{\"AccessKeyId\":\"A\"}", "no credentials" },
		{ "{\"AccessKeyId\":1,\"SecretAccessKey\":[]}", "no credentials" },
		{ "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"S\",\"Expiration\":\"soon\"}", "not a date" },
		{ "{\"AccessKeyId\":\"A\\nX: y\",\"SecretAccessKey\":\"S\"}", "line break" },
		{ "[]", "not a JSON object" },
		{ "<html>", "not a JSON object" },
		{ "", "not a JSON object" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(aws_credentials) struct aws_credentials c = { 0 };
		if (cases[i].why) {
			check_fails(aws_parse_json_credentials(cases[i].json, strlen(cases[i].json), &c, err),
				    ERROR_PUBLISH, cases[i].why);
			assert_null(c.access_key_id);
			continue;
		}
		check_ok(aws_parse_json_credentials(cases[i].json, strlen(cases[i].json), &c, err));
		check_str(c.access_key_id, "A");
		check_str(c.secret_access_key, "S");
		check_str(c.session_token, "T");
		assert_int_equal(c.expires_unix, 1769903999);
	}
}

static void sts(void **state)
{
	(void)state;
#define STS(inner)                                                                             \
	"<AssumeRoleWithWebIdentityResponse xmlns=\"urn:x\"><AssumeRoleWithWebIdentityResult>" \
	"<Credentials>" inner "</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
#define KEYS "<SessionToken>T</SessionToken><SecretAccessKey>S</SecretAccessKey><AccessKeyId>A</AccessKeyId>"
	static const struct {
		const char *xml, *why;
	} cases[] = {
		{ STS(KEYS "<Expiration>2026-01-31T23:59:59Z</Expiration>"), NULL },
		{ STS(KEYS), "not a date" },
		{ STS("<AccessKeyId>A</AccessKeyId>"), "no credentials" },
		{ "<html/>", "no credentials" },
		{ "", "not usable XML" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(aws_credentials) struct aws_credentials c = { 0 };
		if (cases[i].why) {
			check_fails(aws_parse_sts_credentials(cases[i].xml, strlen(cases[i].xml), &c, err),
				    ERROR_PUBLISH, cases[i].why);
			continue;
		}
		check_ok(aws_parse_sts_credentials(cases[i].xml, strlen(cases[i].xml), &c, err));
		check_str(c.session_token, "T");
		assert_int_equal(c.expires_unix, 1769903999);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(environment),
		cmocka_unit_test(half_configured),
		cmocka_unit_test(the_chain_is_explained),
		cmocka_unit_test(shared_file),
		cmocka_unit_test(json),
		cmocka_unit_test(sts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
