/* S3 objects: put, get, head, list. Signed with net/aws.h, checksum (x-amz-checksum-sha256) sent with each put, and
 * retried as AWS's standard mode does: 3 attempts, rand(0,1)*min(2^i, 20 s) between them, signed anew each time.
 *
 *     struct s3 s3 = S3_INIT; s3.bucket = "results"; s3.region = "us-west-2"; s3.endpoint = NULL; …
 *     s3_put_file(&s3, "2026/11/22/run/results.db", path, S3_OVERWRITE, err)
 *
 * Own endpoints use path style; AWS itself virtual-host style. Endpoint order: .endpoint, AWS_ENDPOINT_URL_S3,
 * AWS_ENDPOINT_URL, https://<bucket>.s3.<region>.amazonaws.com. A put has happened only if the server said 200 and
 * the checksum it reports (if any) is ours. Error kind: ERROR_PUBLISH.
 */
#ifndef NET_S3_H
#define NET_S3_H

#include "base/error.h"
#include "base/str.h"
#include "net/aws.h"

#include <stdbool.h>

enum s3_put_mode { S3_OVERWRITE, S3_IF_ABSENT /* If-None-Match: * */ };

struct s3 {
	const char *bucket;
	const char *region;
	const char *endpoint; /* NULL: environment or AWS */
	struct aws_environment env;
	struct aws_credentials credentials; /* found at first use, renewed before expiry; owned */
	void (*on_retry)(const char *what, unsigned attempt, void *data); /* may be NULL */
	void *on_retry_data;
};
void s3_release(struct s3 *s3);

/* Names that S3 takes: bucket 3 to 63 of a-z 0-9 . - ; key valid UTF-8 of 1 to 1,024 bytes, no control characters, and
 * no "." or ".." segment. ERROR_USAGE. For checks before any work. */
int s3_check_names(const char *bucket, const char *key, struct error *err);

/* Bucket reachable and allowed (HEAD bucket): for checks before a run. */
int s3_check_access(struct s3 *s3, struct error *err);

/* Uploads a file (multipart from 64 MiB). With S3_IF_ABSENT: *ret_existed (may be NULL) is true when another object is
 * there; an object with our checksum counts as ours (a retry after a lost 200). */
int s3_put_file(struct s3 *s3, const char *key, const char *path, enum s3_put_mode mode, bool *ret_existed,
		struct error *err);
int s3_put_bytes(struct s3 *s3, const char *key, const void *data, size_t len, enum s3_put_mode mode, bool *ret_existed,
		 struct error *err);

/* Downloads to path atomically; larger than max_bytes is an error. A missing object: ERROR_PUBLISH with *ret_missing
 * true. */
int s3_get_file(struct s3 *s3, const char *key, const char *path, uint64_t max_bytes, bool *ret_missing,
		struct error *err);

/* Splits "s3://bucket/key"; owned strings. ERROR_USAGE. */
int s3_parse_url(const char *url, char **ret_bucket, char **ret_key, struct error *err);

#endif
