/* AWS credentials and Signature Version 4.
 * Source: AWS General Reference, "Signature Version 4 signing process"; public vectors: aws-c-auth's signing test
 * suite.
 *
 * aws_sign is pure: the request and the time come in, the Authorization and x-amz-* headers go out. It signs the
 * request that is sent: the caller hands the very path, query and headers that http_do gets.
 * (libcurl before 8.19 signs some S3 requests wrongly, so it is not used for this: docs/dependencies.md.)
 */
#ifndef NET_AWS_H
#define NET_AWS_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct aws_credentials {
	char *access_key_id; /* all owned */
	char *secret_access_key;
	char *session_token;  /* NULL: none */
	int64_t expires_unix; /* 0: never */
	const char *source;   /* static text: "environment", "web identity", … */
};
void aws_credentials_release(struct aws_credentials *c); /* wipes */

/* Environment variables and file reading come in through this, so that the chain can be tested. */
struct aws_environment {
	const char *(*getenv)(const char *name, void *data);
	void *data;
	const char *region; /* for the default STS endpoint; NULL: AWS_REGION, AWS_DEFAULT_REGION, or none (the global
			       one) */
	const char *ca_file;
	uint64_t retry_unit_ns; /* net/retry.h; 0: 1 s */
};

/* The chain, in this order:
 *   environment      AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
 *   web identity     AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN, AWS_ROLE_SESSION_NAME; STS, or AWS_ENDPOINT_URL_STS
 *   shared file      AWS_SHARED_CREDENTIALS_FILE or $HOME/.aws/credentials; AWS_PROFILE or "default"
 *   container        AWS_CONTAINER_CREDENTIALS_FULL_URI or _RELATIVE_URI, AWS_CONTAINER_AUTHORIZATION_TOKEN(_FILE)
 *   instance         IMDSv2, unless AWS_EC2_METADATA_DISABLED; AWS_EC2_METADATA_SERVICE_ENDPOINT
 * The first source that is configured is used; if it fails, that is the error. None: ERROR_PUBLISH whose message names
 * each source and why it gave nothing. Token files are read at each call. Plain HTTP goes only to loopback and AWS's
 * link-local addresses. No secret is ever part of a message. */
int aws_credentials_find(const struct aws_environment *env, struct aws_credentials *ret, struct error *err);

struct aws_sign_request {
	const char *method;
	const char *path;               /* as sent: each segment percent-encoded once (S3) */
	const char *query;              /* as sent, without '?', may be "" */
	const char *host;               /* with port if not the default one */
	const struct strlist *headers;  /* other headers to be sent and signed: "Name: value" */
	const char *payload_sha256_hex; /* or "UNSIGNED-PAYLOAD" */
	const char *region;
	const char *service; /* "s3", "sts" */
	int64_t now_unix;
	bool double_encode_path; /* every service but S3: normalise and encode again */
};

/* Appends "x-amz-date: …", "x-amz-security-token: …" (if any), for s3 "x-amz-content-sha256: …", and "Authorization:
 * …". */
int aws_sign(const struct aws_sign_request *rq, const struct aws_credentials *c, struct strlist *ret_headers,
	     struct error *err);

#endif
