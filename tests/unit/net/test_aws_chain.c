/* Sources of credentials that ask a server: STS, container, instance. */
#include "base/clock.h"
#include "base/fs.h"
#include "check.h"
#include "double.h"
#include "net/aws.h"
#include "net/s3.h"

#include <time.h>

/* JSON in a JSON string. */
#define QUOTED_KEYS(id)                                                \
	"{\\\"Code\\\": \\\"Success\\\", \\\"AccessKeyId\\\": \\\"" id \
	"\\\", \\\"SecretAccessKey\\\": \\\"canary-s\\\", "            \
	"\\\"Token\\\": \\\"canary-t\\\", \\\"Expiration\\\": \\\"2026-01-31T23:59:59Z\\\"}"
#define STS_KEYS(id, expiration)                                                                          \
	"<AssumeRoleWithWebIdentityResponse xmlns='urn:x'><AssumeRoleWithWebIdentityResult><Credentials>" \
	"<AccessKeyId>" id "</AccessKeyId><SecretAccessKey>canary-s</SecretAccessKey>"                    \
	"<SessionToken>canary-t</SessionToken><Expiration>" expiration                                    \
	"</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
#define STS_ERROR(code) "<ErrorResponse><Error><Code>" code "</Code><Message>because</Message></Error></ErrorResponse>"

/* Environment of "NAME=value"; a "%s" in a value is d's URL, a "%f" its folder. */
struct variables {
	char text[8][512];
	const char *list[9];
};

static struct aws_environment environment(struct variables *v, const struct double_server *d, const char *const *given)
{
	size_t n = 0;
	for (; given[n]; n++) {
		const char *mark = strstr(given[n], "%");
		if (mark)
			snprintf(v->text[n], sizeof v->text[n], "%.*s%s%s", (int)(mark - given[n]), given[n],
				 mark[1] == 's' ? d->url : d->folder, mark + 2);
		else
			snprintf(v->text[n], sizeof v->text[n], "%s", given[n]);
		v->list[n] = v->text[n];
	}
	v->list[n] = NULL;
	return (struct aws_environment){ .getenv = double_getenv,
					 .data = (void *)v->list,
					 .ca_file = d->ca_file,
					 .region = "us-west-2",
					 .retry_unit_ns = 1 };
}

static const char *const sts_variables[] = { "AWS_WEB_IDENTITY_TOKEN_FILE=%f/token",
					     "AWS_ROLE_ARN=arn:aws:iam::1:role/r", "AWS_ENDPOINT_URL_STS=%s",
					     "AWS_ROLE_SESSION_NAME=name", NULL };
static const char *const container_variables[] = { "HOME=/nowhere", "AWS_CONTAINER_CREDENTIALS_FULL_URI=%s/v1/keys",
						   "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=%f/token", NULL };
static const char *const instance_variables[] = { "HOME=/nowhere", "AWS_EC2_METADATA_SERVICE_ENDPOINT=%s/", NULL };

struct chain_case {
	const char *name, *script;
	const char *const *variables;
	int requests;
	const char *error; /* NULL: found */
};

static const struct chain_case cases[] = {
	{ "sts", "[{\"body\": \"" STS_KEYS("A", "2026-01-31T23:59:59Z") "\"}]", sts_variables, 1, NULL },
	{ "sts is busy, then answers",
	  "[{\"status\": 503}, {\"status\": 400, \"body\": \"" STS_ERROR(
		  "IDPCommunicationError") "\"}, {\"body\": \"" STS_KEYS("A", "2026-01-31T23:59:59Z") "\"}]",
	  sts_variables, 3, NULL },
	{ "sts refuses", "[{\"status\": 403, \"body\": \"" STS_ERROR("AccessDenied") "\"}]", sts_variables, 1,
	  "AWS credentials from web identity: STS said 403 AccessDenied: because" },
	{ "sts says nothing usable", "[{\"body\": \"<html>\"}]", sts_variables, 1, "not usable XML" },
	{ "sts sends 10 MB", "[{\"body_size\": 10000000}]", sts_variables, 1, "larger than its limit" },
	{ "container", "[{\"body\": \"" QUOTED_KEYS("A") "\"}]", container_variables, 1, NULL },
	{ "container is busy, then answers",
	  "[{\"no_reply\": true, \"then\": \"reset\"}, {\"status\": 500}, {\"body\": \"" QUOTED_KEYS("A") "\"}]",
	  container_variables, 3, NULL },
	{ "container redirects",
	  "[{\"status\": 302, \"headers\": {\"Location\": \"http://127.0.0.1:{port}/elsewhere\"}}]",
	  container_variables, 1, "the reply is 302" },
	{ "container refuses", "[{\"status\": 403}]", container_variables, 1, "the reply is 403" },
	{ "container sends 10 MB", "[{\"body_size\": 10000000}]", container_variables, 1, "larger than its limit" },
	{ "container sends no JSON", "[{\"body\": \"{\"}]", container_variables, 1, "not a JSON object" },
	{ "instance", "[{\"body\": \"session\"}, {\"body\": \"my role\\n\"}, {\"body\": \"" QUOTED_KEYS("A") "\"}]",
	  instance_variables, 3, NULL },
	{ "instance without a role", "[{\"body\": \"session\"}, {\"status\": 404}]", instance_variables, 2,
	  "security-credentials/: the reply is 404" },
	{ "instance whose session ends a line", "[{\"body\": \"a\\r\\nX: y\"}]", instance_variables, 1,
	  "cannot be sent" },
	{ "no instance service", "[{\"status\": 403}]", instance_variables, 1, "no AWS credentials (environment: " },
};

static void run_case(const struct chain_case *c)
{
	CLEANUP(double_server) struct double_server d = { 0 };
	double_start(&d, c->script, c->variables == sts_variables);
	free(double_file(&d, "token", "canary/token+1\n", 15));
	struct variables v;
	struct aws_environment env = environment(&v, &d, c->variables);
	CLEANUP(aws_credentials) struct aws_credentials found = { 0 };
	struct error e = ERROR_INIT;
	int r = aws_credentials_find(&env, &found, &e);
	if ((r == 0) != !c->error || (r < 0 && !strstr(e.message, c->error)))
		fail_msg("%s: \"%s\"", c->name, e.message);
	if (strstr(e.message, "canary"))
		fail_msg("%s: a secret in \"%s\"", c->name, e.message);
	if (double_count(&d) != c->requests)
		fail_msg("%s: %d requests", c->name, double_count(&d));
	if (r < 0)
		return;
	check_str(found.access_key_id, "A");
	check_str(found.secret_access_key, "canary-s");
	check_str(found.session_token, "canary-t");
	assert_int_equal(found.expires_unix, 1769903999);
}

static void sources_and_their_replies(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		run_case(&cases[i]);
}

static void what_sts_is_sent(void **state)
{
	(void)state;
	CLEANUP(double_server) struct double_server d = { 0 };
	double_start(&d, cases[0].script, true);
	free(double_file(&d, "token", "a/b+c\n", 6));
	struct variables v;
	struct aws_environment env = environment(&v, &d, sts_variables);
	CLEANUP(aws_credentials) struct aws_credentials found = { 0 };
	check_ok(aws_credentials_find(&env, &found, err));
	check_str(double_text(&d, 0, "method"), "POST");
	check_str(double_text(&d, 0, "target"), "/");
	check_str(double_header(&d, 0, "content-type"), "application/x-www-form-urlencoded");
	check_str(double_text(&d, 0, "body"),
		  "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&"
		  "RoleSessionName=name&WebIdentityToken=a%2Fb%2Bc");
	assert_null(double_header(&d, 0, "authorization"));
}

static void what_the_container_and_the_instance_are_sent(void **state)
{
	(void)state;
	struct variables v;
	CLEANUP(double_server) struct double_server d = { 0 };
	double_start(&d,
		     "[{\"body\": \"" QUOTED_KEYS("A") "\"}, {\"body\": \"session\"}, {\"body\": \"my role\"}, "
						       "{\"body\": \"" QUOTED_KEYS("A") "\"}]",
		     false);
	free(double_file(&d, "token", "Bearer x\n", 9));
	struct aws_environment env = environment(&v, &d, container_variables);
	struct aws_credentials found = { 0 };
	check_ok(aws_credentials_find(&env, &found, err));
	check_str(found.source, "container");
	aws_credentials_release(&found);
	check_str(double_text(&d, 0, "target"), "/v1/keys");
	check_str(double_header(&d, 0, "authorization"), "Bearer x");
	env = environment(&v, &d, instance_variables);
	check_ok(aws_credentials_find(&env, &found, err));
	check_str(found.source, "instance");
	aws_credentials_release(&found);
	check_str(double_text(&d, 1, "method"), "PUT");
	check_str(double_text(&d, 1, "target"), "/latest/api/token");
	check_str(double_header(&d, 1, "x-aws-ec2-metadata-token-ttl-seconds"), "21600");
	check_str(double_text(&d, 3, "target"), "/latest/meta-data/iam/security-credentials/my%20role");
	check_str(double_header(&d, 3, "x-aws-ec2-metadata-token"), "session");
}

/* "2026-01-31T23:59:59Z" in_s from now. */
static void expiration(int64_t in_s, char out[21])
{
	clock_format_utc(clock_wall_ns() / (int64_t)NS_PER_SECOND + in_s, out);
}

/* Each put needs credentials that last five minutes more; the token file is read at each renewal. */
static void renewed_before_they_expire(void **state)
{
	(void)state;
	char soon[21], later[21], script[4096];
	expiration(200, soon);
	expiration(3600, later);
#define STS_REPLY "{\"body\": \"" STS_KEYS("%s", "%s") "\"}"
	snprintf(script, sizeof script, "[" STS_REPLY ", {}, " STS_REPLY ", {}, {}]", "FIRST", soon, "SECOND", later);
	CLEANUP(double_server) struct double_server d = { 0 };
	double_start(&d, script, true);
	free(double_file(&d, "token", "one", 3));
	struct variables v;
	CLEANUP(s3)
	struct s3 s3 = { .bucket = "bucket",
			 .region = "us-west-2",
			 .endpoint = d.url,
			 .env = environment(&v, &d, sts_variables),
			 .retry.unit_ns = 1 };
	check_ok(s3_put_bytes(&s3, "k", "", 0, S3_OVERWRITE, NULL, err));
	free(double_file(&d, "token", "two", 3));
	check_ok(s3_put_bytes(&s3, "k", "", 0, S3_OVERWRITE, NULL, err));
	check_ok(s3_put_bytes(&s3, "k", "", 0, S3_OVERWRITE, NULL, err));
	check_contains(double_text(&d, 0, "body"), "WebIdentityToken=one");
	check_contains(double_header(&d, 1, "authorization"), "Credential=FIRST/");
	check_str(double_header(&d, 1, "x-amz-security-token"), "canary-t");
	check_contains(double_text(&d, 2, "body"), "WebIdentityToken=two");
	check_contains(double_header(&d, 3, "authorization"), "Credential=SECOND/");
	check_contains(double_header(&d, 4, "authorization"), "Credential=SECOND/");
}

/* Renewing fails while the old ones are still good: they serve. */
static void a_failed_renewal_is_not_the_end(void **state)
{
	(void)state;
	char soon[21], script[4096];
	expiration(200, soon);
	snprintf(script, sizeof script, "[" STS_REPLY ", {}, {\"status\": 403}, {}]", "FIRST", soon);
	CLEANUP(double_server) struct double_server d = { 0 };
	double_start(&d, script, true);
	free(double_file(&d, "token", "one", 3));
	struct variables v;
	CLEANUP(s3)
	struct s3 s3 = { .bucket = "bucket",
			 .region = "us-west-2",
			 .endpoint = d.url,
			 .env = environment(&v, &d, sts_variables),
			 .retry.unit_ns = 1 };
	check_ok(s3_put_bytes(&s3, "k", "", 0, S3_OVERWRITE, NULL, err));
	check_ok(s3_put_bytes(&s3, "k", "", 0, S3_OVERWRITE, NULL, err));
	check_contains(double_header(&d, 3, "authorization"), "Credential=FIRST/");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sources_and_their_replies),
		cmocka_unit_test(what_sts_is_sent),
		cmocka_unit_test(what_the_container_and_the_instance_are_sent),
		cmocka_unit_test(renewed_before_they_expire),
		cmocka_unit_test(a_failed_renewal_is_not_the_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
