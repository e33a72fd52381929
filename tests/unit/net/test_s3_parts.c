/* Uploads in parts against a scripted server. */
#include "base/clock.h"
#include "base/fs.h"
#include "base/stop.h"
#include "check.h"
#include "double.h"
#include "net/encode.h"
#include "net/s3.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <signal.h>

#define MIB (1 << 20)
#define PARTS 5
#define BEGUN \
	"{\"body\": \"<InitiateMultipartUploadResult><UploadId>id/+1</UploadId></InitiateMultipartUploadResult>\"}"
#define PART "{\"headers\": {\"ETag\": \"\\\"tag\\\"\"}}"
#define FIVE_PARTS PART "," PART "," PART "," PART "," PART
#define DONE(checksum)                                                                        \
	"{\"body\": \"<CompleteMultipartUploadResult><ETag>x</ETag><ChecksumSHA256>" checksum \
	"</ChecksumSHA256></CompleteMultipartUploadResult>\"}"
#define SAID(status, code) "{\"status\": " status ", \"body\": \"<Error><Code>" code "</Code></Error>\"}"
#define LOST "{\"no_reply\": true, \"then\": \"reset\"}"
#define OBJECT(checksum) "{\"headers\": {\"x-amz-checksum-sha256\": \"" checksum "\"}}"
#define GONE "{\"status\": 204}"
static const char *const keys[] = { "AWS_ACCESS_KEY_ID=AKID", "AWS_SECRET_ACCESS_KEY=canary-secret", NULL };

static void sha256(const void *data, size_t len, unsigned char out[SHA256_BYTES])
{
	assert_true(EVP_Digest(data, len, out, NULL, EVP_sha256(), NULL));
}

/* Checksum of 64 MiB + 1 zero bytes in parts of 16 MiB; in a script "{sum}" stands for it. */
static void composite(char out[SHA256_BASE64_CHARS + 8])
{
	AUTO_FREE char *part = calloc(16, MIB);
	unsigned char all[PARTS * SHA256_BYTES], hash[SHA256_BYTES];
	for (int i = 0; i < PARTS; i++)
		sha256(part, i < PARTS - 1 ? 16 * MIB : 1, all + i * SHA256_BYTES);
	sha256(all, sizeof all, hash);
	encode_base64(hash, sizeof hash, out);
	strcat(out, "-5");
}

struct parts_case {
	const char *name, *script;
	enum s3_put_mode mode;
	const char *methods; /* first letter of each request's method */
	const char *error;
	bool existed;
};

static const struct parts_case cases[] = {
	{ "done", "[" BEGUN "," FIVE_PARTS "," DONE("{sum}") "]", S3_OVERWRITE, "PPPPPPP", NULL, false },
	{ "a 200 with an error, then done",
	  "[" BEGUN "," FIVE_PARTS "," SAID("200", "InternalError") "," DONE("{sum}") "]", S3_OVERWRITE, "PPPPPPPP",
	  NULL, false },
	{ "a 200 with a final error", "[" BEGUN "," FIVE_PARTS "," SAID("200", "InvalidPart") "," GONE "]",
	  S3_OVERWRITE, "PPPPPPPD", "200 InvalidPart", false },
	{ "another checksum",
	  "[" BEGUN "," FIVE_PARTS "," DONE("other-5") "," DONE("other-5") "," DONE("other-5") "," GONE "]",
	  S3_OVERWRITE, "PPPPPPPPPD", "stored something else", false },
	{ "a part is retried", "[" BEGUN "," SAID("503", "SlowDown") "," FIVE_PARTS "," DONE("{sum}") "]", S3_OVERWRITE,
	  "PPPPPPPP", NULL, false },
	{ "a part is refused", "[" BEGUN "," PART "," SAID("403", "AccessDenied") "," GONE "]", S3_OVERWRITE, "PPPD",
	  "part 2: PUT s3://bucket/big: 403 AccessDenied", false },
	{ "no id", "[{}]", S3_OVERWRITE, "P", "without an id", false },
	{ "another's object",
	  "[" BEGUN "," FIVE_PARTS "," SAID("412", "PreconditionFailed") "," OBJECT("other-5") "," GONE "]",
	  S3_IF_ABSENT, "PPPPPPPHD", NULL, true },
	{ "a lost 200", "[" BEGUN "," FIVE_PARTS "," LOST "," SAID("404", "NoSuchUpload") "," OBJECT("{sum}") "]",
	  S3_OVERWRITE, "PPPPPPPPH", NULL, false },
	{ "a conflict, then done",
	  "[" BEGUN "," FIVE_PARTS "," SAID("409", "ConditionalRequestConflict") "," GONE "," BEGUN "," FIVE_PARTS
										 "," DONE("{sum}") "]",
	  S3_IF_ABSENT, "PPPPPPPDPPPPPPP", NULL, false },
};

/* script with "{sum}" replaced; owned. */
static char *with_sum(const char *script, const char *sum)
{
	CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(1 << 16);
	for (const char *p = script; *p;) {
		if (str_starts(p, "{sum}")) {
			strbuf_adds(&b, sum);
			p += 5;
		} else {
			strbuf_addc(&b, *p++);
		}
	}
	return strbuf_take(&b, NULL);
}

static void run_case(const struct parts_case *c, const char *path, const char *sum)
{
	AUTO_FREE char *script = with_sum(c->script, sum);
	CLEANUP(double_server) struct double_server d = { 0 };
	double_start(&d, script, false);
	CLEANUP(s3)
	struct s3 s3 = { .bucket = "bucket",
			 .region = "us-west-2",
			 .endpoint = d.url,
			 .env = { .getenv = double_getenv, .data = (void *)keys },
			 .retry.unit_ns = 1 };
	struct error e = ERROR_INIT;
	bool existed = !c->existed;
	int r = s3_put_file(&s3, "big", path, c->mode, &existed, &e);
	if ((r == 0) != !c->error || (r < 0 && !strstr(e.message, c->error)))
		fail_msg("%s: \"%s\"", c->name, e.message);
	if (r == 0 && existed != c->existed)
		fail_msg("%s: existed is %d", c->name, existed);
	char methods[32] = "";
	for (int i = 0; i < double_count(&d) && i < 31; i++)
		methods[i] = *double_text(&d, i, "method");
	if (strcmp(methods, c->methods) != 0)
		fail_msg("%s: requests %s; expected %s", c->name, methods, c->methods);
	if (strcmp(c->name, "done") != 0)
		return;
	check_str(double_text(&d, 0, "target"), "/bucket/big?uploads=");
	check_str(double_header(&d, 0, "x-amz-checksum-algorithm"), "SHA256");
	check_str(double_text(&d, 5, "target"), "/bucket/big?partNumber=5&uploadId=id%2F%2B1");
	check_str(double_header(&d, 4, "content-length"), "16777216");
	check_str(double_header(&d, 5, "content-length"), "1");
	check_str(double_text(&d, 6, "target"), "/bucket/big?uploadId=id%2F%2B1");
	check_contains(double_text(&d, 6, "body"), "<ETag>\"tag\"</ETag><PartNumber>5</PartNumber></Part></Complete");
}

static char *folder, *zeros;

static int make_zeros(void **state)
{
	(void)state;
	folder = fs_make_temp_dir("dbdyno-parts", NULL);
	zeros = str_printf(NULL, "%s/zeros", folder);
	AUTO_CLOSE int fd = open(zeros, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	return ftruncate(fd, 64 * MIB + 1);
}

static int remove_zeros(void **state)
{
	(void)state;
	int r = fs_remove_tree(folder, NULL);
	free(zeros);
	free(folder);
	return r;
}

static void uploads(void **state)
{
	(void)state;
	char sum[SHA256_BASE64_CHARS + 8];
	composite(sum);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		run_case(&cases[i], zeros, sum);
}

static void stop_now(const char *what, unsigned attempt, void *data)
{
	(void)what;
	(void)attempt;
	(void)data;
	raise(SIGTERM);
}

/* The last test: it leaves a stop request behind. */
static void a_stop_request_leaves_nothing_on_the_server(void **state)
{
	(void)state;
	CLEANUP(double_server) struct double_server d = { 0 };
	double_start(&d, "[" BEGUN "," SAID("503", "SlowDown") "," GONE "]", false);
	CLEANUP(s3)
	struct s3 s3 = { .bucket = "bucket",
			 .region = "us-west-2",
			 .endpoint = d.url,
			 .env = { .getenv = double_getenv, .data = (void *)keys },
			 .on_retry = stop_now };
	check_ok(stop_install(err));
	check_fails(s3_put_file(&s3, "big", zeros, S3_OVERWRITE, NULL, err), ERROR_INTERRUPTED, "stopped by SIGTERM");
	assert_int_equal(double_count(&d), 3);
	check_str(double_text(&d, 2, "method"), "DELETE");
	check_str(double_text(&d, 2, "target"), "/bucket/big?uploadId=id%2F%2B1");
}

static void what_is_no_file(void **state)
{
	(void)state;
	CLEANUP(s3)
	struct s3 s3 = { .bucket = "bucket", .region = "r", .endpoint = "http://127.0.0.1:1" };
	check_fails(s3_put_file(&s3, "k", "/nowhere/file", S3_OVERWRITE, NULL, err), ERROR_INTERNAL, "/nowhere/file");
	check_fails(s3_put_file(&s3, "k", "/dev/null", S3_OVERWRITE, NULL, err), ERROR_INTERNAL, "not a regular file");
	check_fails(s3_put_file(&s3, "k", "/", S3_OVERWRITE, NULL, err), ERROR_INTERNAL, "not a regular file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(uploads),
		cmocka_unit_test(what_is_no_file),
		cmocka_unit_test(a_stop_request_leaves_nothing_on_the_server),
	};
	return cmocka_run_group_tests(tests, make_zeros, remove_zeros);
}
