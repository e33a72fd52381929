/* S3 operations against a scripted server: what is sent, what is retried, and what is believed. */
#include "base/clock.h"
#include "base/fs.h"
#include "check.h"
#include "double.h"
#include "net/s3.h"

#include <time.h>

#define DATA "some bytes"
/* SHA-256 of DATA in base64, as sha256sum and base64 print it. */
#define DATA_CHECKSUM "DSLNzBDm0Enb4a9RI9UIc/38Gk9YMG5Yy2JBvpRyAU0="
#define OTHER_CHECKSUM "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define ERROR_BODY(code) "\"body\": \"<Error><Code>" code "</Code><Message>because</Message></Error>\""
#define STALLED "{\"no_reply\": true, \"then\": \"stall\"}"
#define RESET "{\"no_reply\": true, \"then\": \"reset\"}"

static const char *const keys[] = { "AWS_ACCESS_KEY_ID=AKID", "AWS_SECRET_ACCESS_KEY=canary-secret", NULL };

struct retries {
	unsigned count, last_attempt;
	char what[256];
};

static void count_retry(const char *what, unsigned attempt, void *data)
{
	struct retries *r = data;
	r->count++;
	r->last_attempt = attempt;
	snprintf(r->what, sizeof r->what, "%s", what);
}

static struct s3 client(const struct double_server *d, struct retries *retries)
{
	return (struct s3){ .bucket = "bucket",
			    .region = "us-west-2",
			    .endpoint = d->url,
			    .env = { .getenv = double_getenv, .data = (void *)keys, .ca_file = d->ca_file },
			    .retry.unit_ns = 1,
			    .on_retry = retries ? count_retry : NULL,
			    .on_retry_data = retries };
}

static int put(struct s3 *s3, enum s3_put_mode mode, bool *ret_existed, struct error *err)
{
	return s3_put_bytes(s3, "a key/é", DATA, strlen(DATA), mode, ret_existed, err);
}

static void a_put_is_signed_and_carries_its_checksum(void **state)
{
	(void)state;
	CLEANUP(double_server) struct double_server d = { 0 };
	double_start(&d, "[{\"headers\": {\"x-amz-checksum-sha256\": \"" DATA_CHECKSUM "\"}}]", false);
	CLEANUP(s3) struct s3 s3 = client(&d, NULL);
	check_ok(put(&s3, S3_IF_ABSENT, NULL, err));
	check_str(double_text(&d, 0, "method"), "PUT");
	check_str(double_text(&d, 0, "target"), "/bucket/a%20key/%C3%A9");
	check_str(double_text(&d, 0, "body"), DATA);
	check_str(double_header(&d, 0, "x-amz-checksum-sha256"), DATA_CHECKSUM);
	check_str(double_header(&d, 0, "if-none-match"), "*");
	AUTO_FREE char *hash = strdup(double_text(&d, 0, "body_sha256"));
	check_str(double_header(&d, 0, "x-amz-content-sha256"), hash);
	const char *authorization = double_header(&d, 0, "authorization");
	assert_true(str_starts(authorization, "AWS4-HMAC-SHA256 Credential=AKID/"));
	check_contains(authorization,
		       "/us-west-2/s3/aws4_request, SignedHeaders=host;if-none-match;x-amz-checksum-sha256;"
		       "x-amz-content-sha256;x-amz-date, Signature=");
}

/* Each case is one put of DATA, with the replies that it meets. */
struct put_case {
	const char *name, *script;
	enum s3_put_mode mode;
	int requests;
	const char *error; /* NULL: the put succeeds */
	const char *hint;
	bool existed;
};

static const struct put_case put_cases[] = {
	{ .name = "503 twice then 200",
	  .script = "[{\"status\": 503, " ERROR_BODY("SlowDown") "}, {\"status\": 503}, {}]",
	  .requests = 3 },
	{ .name = "503 three times",
	  .script = "[{\"status\": 503}, {\"status\": 503}, {\"status\": 503, " ERROR_BODY("SlowDown") "}]",
	  .requests = 3,
	  .error = "PUT s3://bucket/a key/é: after 3 attempts: 503 SlowDown: because" },
	{ .name = "500 and 504", .script = "[{\"status\": 500}, {\"status\": 504}, {}]", .requests = 3 },
	{ .name = "403",
	  .script = "[{\"status\": 403, " ERROR_BODY("AccessDenied") "}]",
	  .requests = 1,
	  .error = "403 AccessDenied: because",
	  .hint = "environment" },
	{ .name = "403 for a wrong secret",
	  .script = "[{\"status\": 403, " ERROR_BODY("SignatureDoesNotMatch") "}]",
	  .requests = 1,
	  .error = "403 SignatureDoesNotMatch",
	  .hint = "environment" },
	{ .name = "404",
	  .script = "[{\"status\": 404, " ERROR_BODY("NoSuchBucket") "}]",
	  .requests = 1,
	  .error = "404 NoSuchBucket",
	  .hint = "bucket's name" },
	{ .name = "400",
	  .script = "[{\"status\": 400, " ERROR_BODY("KeyTooLongError") "}]",
	  .requests = 1,
	  .error = "400 KeyTooLongError" },
	{ .name = "400 for a request that timed out",
	  .script = "[{\"status\": 400, " ERROR_BODY("RequestTimeout") "}, {}]",
	  .requests = 2 },
	{ .name = "301",
	  .script = "[{\"status\": 301, \"headers\": {\"x-amz-bucket-region\": \"eu-central-1\","
		    " \"Location\": \"http://127.0.0.1:{port}/stolen\"}, " ERROR_BODY("PermanentRedirect") "}]",
	  .requests = 1,
	  .error = "bucket bucket is in region eu-central-1, not in us-west-2",
	  .hint = "--region eu-central-1" },
	{ .name = "400 for a wrong region",
	  .script = "[{\"status\": 400, \"body\": \"<Error><Code>AuthorizationHeaderMalformed</Code>"
		    "<Region>eu-west-1</Region></Error>\"}]",
	  .requests = 1,
	  .error = "is in region eu-west-1" },
	{ .name = "an error page that is not XML",
	  .script = "[{\"status\": 403, \"body\": \"<html>&nope;\"}]",
	  .requests = 1,
	  .error = "a key/é: 403" },
	{ .name = "a checksum that is not ours, then ours",
	  .script = "[{\"headers\": {\"x-amz-checksum-sha256\": \"" OTHER_CHECKSUM "\"}},"
		    " {\"headers\": {\"x-amz-checksum-sha256\": \"" DATA_CHECKSUM "\"}}]",
	  .requests = 2 },
	{ .name = "a checksum that is never ours",
	  .script = "[{\"headers\": {\"x-amz-checksum-sha256\": \"" OTHER_CHECKSUM "\"}},"
		    " {\"headers\": {\"x-amz-checksum-sha256\": \"" OTHER_CHECKSUM "\"}},"
		    " {\"headers\": {\"x-amz-checksum-sha256\": \"" OTHER_CHECKSUM "\"}}]",
	  .requests = 3,
	  .error = "stored something else" },
	{ .name = "a reset, then 200", .script = "[" RESET ", {\"read\": 3}, {}]", .requests = 3 },
	{ .name = "resets", .script = "[" RESET ", " RESET ", " RESET "]", .requests = 3, .error = "after 3 attempts" },
	{ .name = "a reply of 10 MB",
	  .script = "[{\"status\": 403, \"body_size\": 10000000}]",
	  .requests = 1,
	  .error = "larger than its limit" },
	{ .name = "absent", .mode = S3_IF_ABSENT, .script = "[{}]", .requests = 1 },
	{ .name = "412, another's",
	  .mode = S3_IF_ABSENT,
	  .script = "[{\"status\": 412, " ERROR_BODY(
		  "PreconditionFailed") "},"
					" {\"headers\": {\"x-amz-checksum-sha256\": \"" OTHER_CHECKSUM "\"}}]",
	  .requests = 2,
	  .existed = true },
	{ .name = "412 after a lost 200",
	  .mode = S3_IF_ABSENT,
	  .script = "[" RESET ", {\"status\": 412, " ERROR_BODY(
		  "PreconditionFailed") "},"
					" {\"headers\": {\"x-amz-checksum-sha256\": \"" DATA_CHECKSUM "\"}}]",
	  .requests = 3 },
	{ .name = "412 after a lost 200, no checksum kept",
	  .mode = S3_IF_ABSENT,
	  .script = "[" RESET ", {\"status\": 412}, {\"body\": \"" DATA "\"}, {\"body\": \"" DATA "\"}]",
	  .requests = 4 },
	{ .name = "412, no checksum kept, other bytes",
	  .mode = S3_IF_ABSENT,
	  .script = "[{\"status\": 412}, {\"body\": \"same bytes\"}, {\"body\": \"same bytes\"}]",
	  .requests = 3,
	  .existed = true },
	{ .name = "412, no checksum kept, another size",
	  .mode = S3_IF_ABSENT,
	  .script = "[{\"status\": 412}, {\"body\": \"more than some bytes\"}]",
	  .requests = 2,
	  .existed = true },
	{ .name = "409 then 412, another's",
	  .mode = S3_IF_ABSENT,
	  .script = "[{\"status\": 409, " ERROR_BODY(
		  "ConditionalRequestConflict") "}, {\"status\": 412},"
						" {\"headers\": {\"x-amz-checksum-sha256\": \"" OTHER_CHECKSUM "\"}}]",
	  .requests = 3,
	  .existed = true },
	{ .name = "409 then 200",
	  .mode = S3_IF_ABSENT,
	  .script = "[{\"status\": 409, " ERROR_BODY("ConditionalRequestConflict") "}, {}]",
	  .requests = 2 },
	{ .name = "412 and then it is gone",
	  .mode = S3_IF_ABSENT,
	  .script = "[{\"status\": 412}, {\"status\": 404}]",
	  .requests = 2,
	  .error = "HEAD s3://bucket/a key/é: 404" },
	{ .name = "412 without having asked", .script = "[{\"status\": 412}]", .requests = 1, .error = "412" },
};

static void run_put_case(const struct put_case *c)
{
	CLEANUP(double_server) struct double_server d = { 0 };
	double_start(&d, c->script, false);
	CLEANUP(s3) struct s3 s3 = client(&d, NULL);
	struct error e = ERROR_INIT;
	bool existed = !c->existed;
	int r = put(&s3, c->mode, &existed, &e);
	if (r == 0 && c->error)
		fail_msg("%s: succeeded; expected \"%s\"", c->name, c->error);
	if (r < 0 && (!c->error || !strstr(e.message, c->error) || (c->hint && !strstr(e.hint, c->hint))))
		fail_msg("%s: \"%s\" (hint: %s); expected \"%s\"", c->name, e.message, e.hint,
			 c->error ? c->error : "no error");
	if (r < 0 && e.kind != ERROR_PUBLISH)
		fail_msg("%s: kind %d", c->name, e.kind);
	if (r == 0 && existed != c->existed)
		fail_msg("%s: existed is %d", c->name, existed);
	if (double_count(&d) != c->requests)
		fail_msg("%s: %d requests; expected %d", c->name, double_count(&d), c->requests);
	if (strstr(e.message, "canary") || strstr(e.hint, "canary"))
		fail_msg("%s: a secret in \"%s\"", c->name, e.message);
}

static void puts_and_their_replies(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(put_cases); i++)
		run_put_case(&put_cases[i]);
}

static void stalled_puts_are_given_up_and_tried_again(void **state)
{
	(void)state;
	CLEANUP(double_server) struct double_server d = { 0 };
	double_start(&d, "[" STALLED ", {}]", false);
	CLEANUP(s3) struct s3 s3 = client(&d, NULL);
	s3.stall_ns = 3 * NS_PER_SECOND; /* long enough for the second, also on a busy machine */
	check_ok(put(&s3, S3_OVERWRITE, NULL, err));
	assert_int_equal(double_count(&d), 2);
	CLEANUP(double_server) struct double_server mute = { 0 };
	double_start(&mute, "[" STALLED ", " STALLED ", " STALLED "]", false);
	CLEANUP(s3) struct s3 never = client(&mute, NULL);
	never.stall_ns = 100 * NS_PER_MS;
	check_fails(put(&never, S3_OVERWRITE, NULL, err), ERROR_PUBLISH, "nothing moved for 0.1 s");
}

static void each_try_is_signed_anew_and_told(void **state)
{
	(void)state;
	CLEANUP(double_server) struct double_server d = { 0 };
	double_start(&d, "[{\"status\": 503, " ERROR_BODY("SlowDown") "}, {\"status\": 503}, {}]", false);
	struct retries retries = { 0 };
	CLEANUP(s3) struct s3 s3 = client(&d, &retries);
	check_ok(put(&s3, S3_OVERWRITE, NULL, err));
	assert_int_equal(retries.count, 2);
	assert_int_equal(retries.last_attempt, 3);
	check_str(retries.what, "503");
	for (int i = 0; i < 3; i++) {
		assert_non_null(double_header(&d, i, "authorization"));
		check_str(double_text(&d, i, "body"), DATA);
	}
	assert_null(double_header(&d, 0, "if-none-match"));
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" off_s from now. */
static void http_date(int64_t off_s, char out[64])
{
	time_t t = (time_t)(clock_wall_ns() / (int64_t)NS_PER_SECOND + off_s);
	struct tm tm;
	strftime(out, 64, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&t, &tm));
}

/* Seconds that x-amz-date of request i is ahead of this machine's clock. */
static int64_t skew_of(struct double_server *d, int i)
{
	struct tm tm = { 0 };
	assert_non_null(strptime(double_header(d, i, "x-amz-date"), "%Y%m%dT%H%M%SZ", &tm));
	return timegm(&tm) - clock_wall_ns() / (int64_t)NS_PER_SECOND;
}

static void a_clock_that_is_off_is_corrected_once(void **state)
{
	(void)state;
	for (int sign = -1; sign <= 1; sign += 2) {
		char date[64], script[512];
		http_date(sign * 1200, date);
		snprintf(script, sizeof script,
			 "[{\"status\": 403, \"headers\": {\"Date\": \"%s\"}, " ERROR_BODY(
				 "RequestTimeTooSkewed") "}, {}]",
			 date);
		CLEANUP(double_server) struct double_server d = { 0 };
		double_start(&d, script, false);
		CLEANUP(s3) struct s3 s3 = client(&d, NULL);
		check_ok(put(&s3, S3_OVERWRITE, NULL, err));
		assert_true(llabs(skew_of(&d, 0)) < 300);
		assert_true(llabs(skew_of(&d, 1) - sign * 1200) < 300);
	}
}

static void a_clock_that_stays_off_is_explained(void **state)
{
	(void)state;
	CLEANUP(double_server) struct double_server d = { 0 };
	double_start(&d,
		     "[{\"status\": 403, \"headers\": {\"Date\": \"Sun, 06 Nov 1994 08:49:37 GMT\"}, " ERROR_BODY(
			     "RequestTimeTooSkewed") "},"
						     " {\"status\": 403, \"headers\": {\"Date\": \"Sun, 06 Nov 2044 "
						     "08:49:37 GMT\"}}]",
		     false);
	CLEANUP(s3) struct s3 s3 = client(&d, NULL);
	struct error e = ERROR_INIT;
	assert_int_equal(put(&s3, S3_OVERWRITE, NULL, &e), -1);
	check_contains(e.message, "this machine's clock is");
	check_contains(e.message, "behind the server's");
	check_contains(e.hint, "set the clock");
	assert_int_equal(double_count(&d), 2);
}

static void gets(void **state)
{
	(void)state;
#define BODY "\"body\": \"" DATA "\""
#define WITH(header, value) "\"headers\": {\"x-amz-checksum-" header "\": \"" value "\"}"
	static const struct {
		const char *name, *script;
		uint64_t max;
		int requests;
		const char *error;
		enum s3_absence absence;
	} cases[] = {
		{ "plain", "[{" BODY "}]", 10, 1, NULL, S3_NOT_ABSENT },
		{ "sha256", "[{" BODY ", " WITH("sha256", DATA_CHECKSUM) "}]", 10, 1, NULL, S3_NOT_ABSENT },
		{ "checksum of parts", "[{" BODY ", " WITH("sha256", OTHER_CHECKSUM "-2") "}]", 10, 1, NULL,
		  S3_NOT_ABSENT },
		{ "wrong, then right",
		  "[{\"body\": \"SOME BYTES\", " WITH("sha256", DATA_CHECKSUM) "}, {" BODY
									       ", " WITH("sha256", DATA_CHECKSUM) "}]",
		  10, 2, NULL, S3_NOT_ABSENT },
		{ "always wrong",
		  "[{" BODY ", " WITH("sha256", OTHER_CHECKSUM) "}, {" BODY ", " WITH(
			  "sha256", OTHER_CHECKSUM) "}, {" BODY ", " WITH("sha256", OTHER_CHECKSUM) "}]",
		  10, 3, "the bytes that came have checksum-sha256 " DATA_CHECKSUM, S3_NOT_ABSENT },
		{ "crc32", "[{" BODY ", " WITH("crc32", "n1l/VQ==") "}]", 10, 1, NULL, S3_NOT_ABSENT },
		{ "wrong crc32c", "[{" BODY ", " WITH("crc32c", "AAAAAA==") "}, {" BODY "}]", 10, 2, NULL,
		  S3_NOT_ABSENT },
		{ "wrong crc64nvme", "[{" BODY ", " WITH("crc64nvme", "AAAAAAAAAAA=") "}, {" BODY "}]", 10, 2, NULL,
		  S3_NOT_ABSENT },
		{ "cut at byte 4, then whole",
		  "[{" BODY ", \"bytes\": 4, \"then\": \"reset\"}, {" BODY
		  ", \"bytes\": 4, \"then\": \"close\"}, {" BODY "}]",
		  10, 3, NULL, S3_NOT_ABSENT },
		{ "too large", "[{" BODY "}]", 9, 1, "larger than its limit", S3_TOO_LARGE },
		{ "missing", "[{\"status\": 404, " ERROR_BODY("NoSuchKey") "}]", 10, 1, "404 NoSuchKey", S3_MISSING },
		{ "no bucket", "[{\"status\": 404, " ERROR_BODY("NoSuchBucket") "}]", 10, 1, "404 NoSuchBucket",
		  S3_NOT_ABSENT },
		{ "denied", "[{\"status\": 403, " ERROR_BODY("AccessDenied") "}]", 10, 1, "403 AccessDenied",
		  S3_NOT_ABSENT },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(double_server) struct double_server d = { 0 };
		double_start(&d, cases[i].script, false);
		CLEANUP(s3) struct s3 s3 = client(&d, NULL);
		AUTO_FREE char *path = str_printf(NULL, "%s/got", d.folder);
		struct error e = ERROR_INIT;
		enum s3_absence absence = S3_MISSING;
		int r = s3_get_file(&s3, "key", path, cases[i].max, &absence, &e);
		if ((r == 0) != !cases[i].error || (r < 0 && !strstr(e.message, cases[i].error)))
			fail_msg("%s: \"%s\"", cases[i].name, e.message);
		if (double_count(&d) != cases[i].requests || absence != cases[i].absence)
			fail_msg("%s: %d requests, absence %d", cases[i].name, double_count(&d), (int)absence);
		check_str(double_header(&d, 0, "x-amz-checksum-mode"), "ENABLED");
		assert_int_equal(fs_exists(path), r == 0);
		CLEANUP(strbuf) struct strbuf got = STRBUF_INIT(100);
		if (r == 0) {
			check_ok(fs_read(path, &got, err));
			check_str(got.data, DATA);
		}
	}
}

static void access_checks(void **state)
{
	(void)state;
	static const struct {
		const char *script, *error;
	} cases[] = {
		{ "[{}]", NULL },
		{ "[{\"status\": 404}]", "bucket bucket does not exist" },
		{ "[{\"status\": 403}]", "HEAD s3://bucket: 403" },
		{ "[{\"status\": 301, \"headers\": {\"x-amz-bucket-region\": \"eu-west-1\"}}]",
		  "is in region eu-west-1" },
		{ "[{\"status\": 400, \"headers\": {\"x-amz-bucket-region\": \"eu-west-1\"}}]",
		  "is in region eu-west-1" },
		{ "[{\"status\": 503}, {}]", NULL },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(double_server) struct double_server d = { 0 };
		double_start(&d, cases[i].script, false);
		CLEANUP(s3) struct s3 s3 = client(&d, NULL);
		if (cases[i].error)
			check_fails(s3_check_access(&s3, err), ERROR_PUBLISH, cases[i].error);
		else
			check_ok(s3_check_access(&s3, err));
		check_str(double_text(&d, 0, "method"), "HEAD");
		check_str(double_text(&d, 0, "target"), "/bucket/");
	}
}

static void settings(void **state)
{
	(void)state;
	CLEANUP(double_server) struct double_server d = { 0 };
	double_start(&d, "[{}, {}]", true);
	char own[128], general[] = "AWS_ENDPOINT_URL=http://127.0.0.1:1";
	snprintf(own, sizeof own, "AWS_ENDPOINT_URL_S3=%s/base/", d.url);
	const char *const variables[] = { keys[0], keys[1], general, own, "AWS_REGION=eu-south-1", NULL };
	CLEANUP(s3) struct s3 s3 = client(&d, NULL);
	s3.env.data = (void *)variables;
	s3.endpoint = s3.region = NULL;
	check_ok(put(&s3, S3_OVERWRITE, NULL, err));
	check_str(double_text(&d, 0, "target"), "/base/bucket/a%20key/%C3%A9");
	check_contains(double_header(&d, 0, "authorization"), "/eu-south-1/s3/");
	s3.bucket = "No";
	check_fails(put(&s3, S3_OVERWRITE, NULL, err), ERROR_USAGE, "not a bucket name");
	check_fails(s3_check_access(&s3, err), ERROR_USAGE, "not a bucket name");
	s3.bucket = "bucket";
	s3.region = "x y";
	check_fails(put(&s3, S3_OVERWRITE, NULL, err), ERROR_USAGE, "no usable AWS region");
	s3.region = NULL;
	s3.env.data = (void *)keys;
	check_fails(put(&s3, S3_OVERWRITE, NULL, err), ERROR_USAGE, "no usable AWS region");
	s3.endpoint = "ftp://x";
	check_fails(put(&s3, S3_OVERWRITE, NULL, err), ERROR_USAGE, "S3 endpoint");
	assert_int_equal(double_count(&d), 1);
}

static void no_credentials_no_request(void **state)
{
	(void)state;
	static const char *const nothing[] = { "HOME=/nowhere", "AWS_EC2_METADATA_DISABLED=true", NULL };
	CLEANUP(double_server) struct double_server d = { 0 };
	double_start(&d, "[]", false);
	CLEANUP(s3) struct s3 s3 = client(&d, NULL);
	s3.env.data = (void *)nothing;
	check_fails(put(&s3, S3_OVERWRITE, NULL, err), ERROR_PUBLISH, "no AWS credentials (environment: ");
	assert_int_equal(double_count(&d), 0);
}

static void rotated_keys_are_read_again(void **state)
{
	(void)state;
	static const char old_keys[] = "[default]\naws_access_key_id=OLD\naws_secret_access_key=s\n";
	static const char new_keys[] = "[default]\naws_access_key_id=NEW\naws_secret_access_key=s\n";
	CLEANUP(double_server) struct double_server d = { 0 };
	double_start(&d,
		     "[{}, {\"status\": 400, " ERROR_BODY("ExpiredToken") "}, {},"
									  " {\"status\": 403, " ERROR_BODY(
										  "InvalidAccessKeyId") "}]",
		     false);
	AUTO_FREE char *path = double_file(&d, "credentials", old_keys, strlen(old_keys));
	AUTO_FREE char *variable = str_printf(NULL, "AWS_SHARED_CREDENTIALS_FILE=%s", path);
	const char *const variables[] = { variable, NULL };
	CLEANUP(s3) struct s3 s3 = client(&d, NULL);
	s3.env.data = (void *)variables;
	check_ok(put(&s3, S3_OVERWRITE, NULL, err));
	check_contains(double_header(&d, 0, "authorization"), "Credential=OLD/");
	free(double_file(&d, "credentials", new_keys, strlen(new_keys)));
	check_ok(put(&s3, S3_OVERWRITE, NULL, err)); /* expired in mid-run */
	check_contains(double_header(&d, 1, "authorization"), "Credential=OLD/");
	check_contains(double_header(&d, 2, "authorization"), "Credential=NEW/");
	/* The same keys again cannot help. */
	check_fails(put(&s3, S3_OVERWRITE, NULL, err), ERROR_PUBLISH, "403 InvalidAccessKeyId");
	assert_int_equal(double_count(&d), 4);
}

#define PAGE(inside) "{\"body\": \"<ListBucketResult>" inside "</ListBucketResult>\"}"
#define WRITTEN "2026-01-31T23:59:59.000Z"
#define OBJECT(key) "<Contents><Key>" key "</Key><LastModified>" WRITTEN "</LastModified><Size>1</Size></Contents>"

static void a_list_is_read_page_by_page(void **state)
{
	(void)state;
	CLEANUP(double_server) struct double_server d = { 0 };
	double_start(
		&d,
		"[" PAGE("<IsTruncated>true</IsTruncated><NextContinuationToken>a+/=</NextContinuationToken>" OBJECT(
			"h/a&amp;b") OBJECT("h/c")) ", " PAGE("<IsTruncated>false</IsTruncated>" OBJECT("h/d")) "]",
		false);
	CLEANUP(s3) struct s3 s3 = client(&d, NULL);
	CLEANUP(strlist) struct strlist found = STRLIST_INIT;
	check_ok(s3_list(&s3, "h/", 3, &found, err));
	assert_int_equal(found.len, 3);
	check_str(found.items[0], "h/a&b");
	check_str(found.items[2], "h/d");
	check_str(double_text(&d, 0, "target"), "/bucket/?list-type=2&prefix=h%2F");
	check_str(double_text(&d, 1, "target"), "/bucket/?continuation-token=a%2B%2F%3D&list-type=2&prefix=h%2F");
}

static void a_list_says_when_objects_were_written(void **state)
{
	(void)state;
	CLEANUP(double_server) struct double_server d = { 0 };
	double_start(&d, "[" PAGE("<IsTruncated>false</IsTruncated>" OBJECT("h/a") OBJECT("h/b")) "]", false);
	CLEANUP(s3) struct s3 s3 = client(&d, NULL);
	CLEANUP(s3_listing) struct s3_listing l = S3_LISTING_INIT;
	check_ok(s3_list_times(&s3, "h/", 2, &l, err));
	assert_int_equal(l.keys.len, 2);
	assert_int_equal(l.times.len, 2);
	check_str(l.keys.items[1], "h/b");
	check_str(l.times.items[1], WRITTEN);
}

static void bytes_are_appended_within_their_limit(void **state)
{
	(void)state;
	CLEANUP(double_server) struct double_server d = { 0 };
	double_start(&d,
		     "[{\"body\": \"some bytes\"}, {\"body\": \"\"}, {\"body\": \"some bytes\"}, {\"status\": 404}]",
		     false);
	CLEANUP(s3) struct s3 s3 = client(&d, NULL);
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(20);
	enum s3_absence absence = S3_MISSING;
	strbuf_adds(&out, "before ");
	check_ok(s3_get_bytes(&s3, "key", &out, &absence, err));
	assert_int_equal(absence, S3_NOT_ABSENT);
	check_str(out.data, "before some bytes");
	check_ok(s3_get_bytes(&s3, "key", &out, &absence, err));
	check_fails(s3_get_bytes(&s3, "key", &out, &absence, err), ERROR_PUBLISH, "larger than its limit");
	assert_int_equal(absence, S3_TOO_LARGE);
	check_str(out.data, "before some bytes");
	check_fails(s3_get_bytes(&s3, "key", &out, &absence, err), ERROR_PUBLISH, "404");
	assert_int_equal(absence, S3_MISSING);
}

static void a_list_that_cannot_be_believed_is_an_error(void **state)
{
	(void)state;
	static const struct {
		const char *script, *why;
	} cases[] = {
		{ "[" PAGE("<IsTruncated>true</IsTruncated>" OBJECT("h/a")) "]", "ends in the middle" },
		{ "[" PAGE("<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>") "]",
		  "empty page" },
		{ "[" PAGE(OBJECT("h/a")) "]", "no list of objects" },
		{ "[" PAGE("<IsTruncated>false</IsTruncated>" OBJECT("other")) "]", "lists \"other\"" },
		{ "[" PAGE("<IsTruncated>false</IsTruncated>" OBJECT("h/a") OBJECT("h/b") OBJECT("h/c")) "]",
		  "more than 2 objects" },
		{ "[" PAGE("<IsTruncated>false</IsTruncated><Contents><Key>h/a</Key></Contents>") "]",
		  "lists 1 keys but 0 times" },
		{ "[{\"body\": \"<ListBucketResult>\"}]", "not usable XML" },
		{ "[{\"status\": 403, " ERROR_BODY("AccessDenied") "}]", "403 AccessDenied: because" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(double_server) struct double_server d = { 0 };
		double_start(&d, cases[i].script, false);
		CLEANUP(s3) struct s3 s3 = client(&d, NULL);
		CLEANUP(strlist) struct strlist found = STRLIST_INIT;
		check_fails(s3_list(&s3, "h/", 2, &found, err), ERROR_PUBLISH, cases[i].why);
		assert_int_equal(found.len, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_is_read_page_by_page),
		cmocka_unit_test(a_list_says_when_objects_were_written),
		cmocka_unit_test(bytes_are_appended_within_their_limit),
		cmocka_unit_test(a_list_that_cannot_be_believed_is_an_error),
		cmocka_unit_test(a_put_is_signed_and_carries_its_checksum),
		cmocka_unit_test(puts_and_their_replies),
		cmocka_unit_test(stalled_puts_are_given_up_and_tried_again),
		cmocka_unit_test(each_try_is_signed_anew_and_told),
		cmocka_unit_test(a_clock_that_is_off_is_corrected_once),
		cmocka_unit_test(a_clock_that_stays_off_is_explained),
		cmocka_unit_test(gets),
		cmocka_unit_test(access_checks),
		cmocka_unit_test(settings),
		cmocka_unit_test(no_credentials_no_request),
		cmocka_unit_test(rotated_keys_are_read_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
