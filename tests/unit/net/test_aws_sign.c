/* The public SigV4 vectors (facts of aws-c-auth's signing test suite: request and expected signature, in
 * tests/data/sigv4.json) and the examples of the S3 documentation. */
#include "base/fs.h"
#include "check.h"
#include "net/aws.h"
#include "net/encode.h"

#include <cjson/cJSON.h>
#include <openssl/evp.h>

#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const char *text(const cJSON *o, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, name));
}

static void sha256_hex(const char *data, char out[SHA256_HEX_CHARS + 1])
{
	unsigned char hash[SHA256_BYTES];
	assert_true(EVP_Digest(data, strlen(data), hash, NULL, EVP_sha256(), NULL));
	encode_hex(hash, sizeof hash, out);
}

/* The signature in the last of the headers. */
static const char *signature_of(const struct strlist *headers)
{
	const char *authorization = headers->items[headers->len - 1];
	assert_true(str_starts(authorization, "Authorization: AWS4-HMAC-SHA256 Credential="));
	const char *s = strstr(authorization, "Signature=");
	assert_non_null(s);
	return s + strlen("Signature=");
}

static void sign_vector(const cJSON *v)
{
	CLEANUP(strlist) struct strlist headers = STRLIST_INIT, out = STRLIST_INIT;
	CLEANUP(strbuf) struct strbuf path = STRBUF_INIT(4096);
	const cJSON *h;
	cJSON_ArrayForEach(h, cJSON_GetObjectItemCaseSensitive(v, "headers")) strlist_add(&headers, h->valuestring);
	char payload[SHA256_HEX_CHARS + 1] = EMPTY_SHA256;
	if (text(v, "body")) {
		sha256_hex(text(v, "body"), payload);
		strlist_addf(&headers, "X-Amz-Content-Sha256: %s", payload);
	}
	bool as_sent = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(v, "as_sent"));
	encode_percent(&path, text(v, "path"), strlen(text(v, "path")), "/");
	const struct aws_sign_request rq = {
		.method = text(v, "method"),
		.path = as_sent ? path.data : text(v, "path"),
		.query = text(v, "query"),
		.host = "example.amazonaws.com",
		.headers = &headers,
		.payload_sha256_hex = payload,
		.region = "us-east-1",
		.service = "service",
		.now_unix = 1440938160, /* 2015-08-30T12:36:00Z */
		.double_encode_path = !as_sent,
	};
	struct aws_credentials c = { .access_key_id = (char *)"AKIDEXAMPLE",
				     .secret_access_key = (char *)"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
				     .session_token = (char *)text(v, "token") };
	check_ok(aws_sign(&rq, &c, &out, err));
	if (strcmp(signature_of(&out), text(v, "signature")) != 0)
		fail_msg("%s: signature %s; expected %s", text(v, "name"), signature_of(&out), text(v, "signature"));
}

static void public_vectors(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf json = STRBUF_INIT(1 << 20);
	check_ok(fs_read(TEST_DATA "/sigv4.json", &json, err));
	cJSON *vectors = cJSON_ParseWithLength(json.data, json.len);
	assert_int_equal(cJSON_GetArraySize(vectors), 38);
	const cJSON *v;
	cJSON_ArrayForEach(v, vectors) sign_vector(v);
	cJSON_Delete(vectors);
}

/* Amazon S3 API Reference, "Signature calculations: Examples": bucket examplebucket, 2013-05-24. */
static void s3_examples(void **state)
{
	(void)state;
	static const struct {
		const char *method, *path, *query, *headers[4], *body, *signature;
	} cases[] = {
		{ "GET",
		  "/test.txt",
		  "",
		  { "Range: bytes=0-9" },
		  "",
		  "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41" },
		{ "PUT",
		  "/test%24file.text",
		  "",
		  { "Date: Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class: REDUCED_REDUNDANCY" },
		  "Welcome to Amazon S3.",
		  "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd" },
		{ "GET",
		  "/",
		  "lifecycle",
		  { NULL },
		  "",
		  "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543" },
		{ "GET",
		  "/",
		  "max-keys=2&prefix=J",
		  { NULL },
		  "",
		  "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7" },
	};
	struct aws_credentials c = { .access_key_id = (char *)"AKIAIOSFODNN7EXAMPLE",
				     .secret_access_key = (char *)"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" };
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strlist) struct strlist headers = STRLIST_INIT, out = STRLIST_INIT;
		strlist_add_all(&headers, cases[i].headers);
		char payload[SHA256_HEX_CHARS + 1];
		sha256_hex(cases[i].body, payload);
		const struct aws_sign_request rq = {
			.method = cases[i].method,
			.path = cases[i].path,
			.query = cases[i].query,
			.host = "examplebucket.s3.amazonaws.com",
			.headers = &headers,
			.payload_sha256_hex = payload,
			.region = "us-east-1",
			.service = "s3",
			.now_unix = 1369353600, /* 2013-05-24T00:00:00Z */
		};
		check_ok(aws_sign(&rq, &c, &out, err));
		check_str(signature_of(&out), cases[i].signature);
		check_str(out.items[0], "x-amz-date: 20130524T000000Z");
		assert_true(str_starts(out.items[1], "x-amz-content-sha256: "));
	}
}

static void nothing_is_appended_on_failure(void **state)
{
	(void)state;
	CLEANUP(strlist) struct strlist headers = STRLIST_INIT, out = STRLIST_INIT;
	strlist_add(&headers, "no colon");
	const struct aws_sign_request rq = { .method = "GET",
					     .path = "/",
					     .query = "",
					     .host = "h",
					     .headers = &headers,
					     .payload_sha256_hex = EMPTY_SHA256,
					     .region = "r",
					     .service = "s3" };
	struct aws_credentials c = { .access_key_id = (char *)"id", .secret_access_key = (char *)"secret" };
	check_fails(aws_sign(&rq, &c, &out, err), ERROR_INTERNAL, "headers");
	assert_int_equal(out.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(public_vectors),
		cmocka_unit_test(s3_examples),
		cmocka_unit_test(nothing_is_appended_on_failure),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
