/* S3 objects: put, get, list. Signed with net/aws.h, checksum (x-amz-checksum-sha256) sent with each put, and retried
 * as AWS's standard mode does (net/retry.h), signed anew each time. Source: Amazon S3 API Reference: PutObject,
 * CreateMultipartUpload and its family, GetObject, HeadBucket, "Error responses"; User Guide, "Checking object
 * integrity".
 *
 *     CLEANUP(s3) struct s3 s3 = S3_INIT;
 *     s3.bucket = "results"; s3.region = "us-west-2"; s3.env = …;
 *     s3_put_file(&s3, "2026/11/22/run/results.db", path, S3_OVERWRITE, NULL, err)
 *
 * Own endpoints use path style; AWS itself virtual-host style. Endpoint order: .endpoint, AWS_ENDPOINT_URL_S3,
 * AWS_ENDPOINT_URL, https://<bucket>.s3.<region>.amazonaws.com. Region order: .region, AWS_REGION, AWS_DEFAULT_REGION,
 * us-east-1 for own endpoints. A put has happened only if the server said 200 and the checksum it reports (if any) is
 * ours. Permanent errors (400, 403, 404, a wrong region) are not retried and say what the server said; credentials that
 * the server calls expired are looked for again once; a clock that is off is corrected once by the server's.
 * Error kind: ERROR_PUBLISH, or as net/http.h. One thread at a time.
 */
#ifndef NET_S3_H
#define NET_S3_H

#include "base/error.h"
#include "base/str.h"
#include "net/aws.h"
#include "net/http.h"
#include "net/retry.h"

#include <stdbool.h>

enum s3_put_mode { S3_OVERWRITE, S3_IF_ABSENT /* If-None-Match: * */ };

struct s3 {
	const char *bucket;
	const char *region;   /* NULL: environment */
	const char *endpoint; /* NULL: environment or AWS */
	struct aws_environment env;
	struct aws_credentials credentials;  /* found at first use, renewed before expiry; owned */
	struct http_connections connections; /* kept between requests; owned */
	uint64_t stall_ns;                   /* longest time without a byte; 0: 30 s */
	struct retry retry;                  /* state; zeroed at the start */
	int64_t clock_offset_s;              /* server's clock minus ours, once it has mattered */
	/* Called with what went wrong before the wait that precedes attempt (2 or 3); may be NULL. */
	void (*on_retry)(const char *what, unsigned attempt, void *data);
	void *on_retry_data;
};
#define S3_INIT   \
	{         \
		0 \
	}
void s3_release(struct s3 *s3);

/* Names that S3 takes: bucket 3 to 63 of a-z 0-9 . - ; key valid UTF-8 of 1 to 1,024 bytes, no control characters, and
 * no "." or ".." segment. ERROR_USAGE. For checks before any work. */
int s3_check_names(const char *bucket, const char *key, struct error *err);

/* Bucket reachable and allowed (HEAD bucket): for checks before a run. */
int s3_check_access(struct s3 *s3, struct error *err);

/* Uploads a file: in one request up to 64 MiB, else in parts; a failed upload in parts is aborted on the server. With
 * S3_IF_ABSENT: *ret_existed (may be NULL) is true when another object is there; an object with our checksum counts as
 * ours (a retry after a lost 200). */
int s3_put_file(struct s3 *s3, const char *key, const char *path, enum s3_put_mode mode, bool *ret_existed,
		struct error *err);
int s3_put_bytes(struct s3 *s3, const char *key, const void *data, size_t len, enum s3_put_mode mode, bool *ret_existed,
		 struct error *err);

/* What is with an object that was not got. */
enum s3_absence {
	S3_NOT_ABSENT, /* it was got, or nobody knows */
	S3_MISSING,    /* there is no object of that key */
	S3_TOO_LARGE
};

/* Downloads to path atomically, mode 0600; larger than max_bytes (at least 1) is an error. A checksum of the whole
 * object that the server gives (SHA-256, CRC32, CRC32C, CRC64NVME) must match. Errors: ERROR_PUBLISH and *ret_absence
 * (may be NULL); ERROR_INTERNAL. */
int s3_get_file(struct s3 *s3, const char *key, const char *path, uint64_t max_bytes, enum s3_absence *ret_absence,
		struct error *err);

/* The same into memory, appended to out: larger than out->max allows is an error. */
int s3_get_bytes(struct s3 *s3, const char *key, struct strbuf *out, enum s3_absence *ret_absence, struct error *err);

/* Adds the keys that begin with prefix ("": all) to ret, sorted as the server sorts them: by bytes. More than max is an
 * error, and so is a list that the server does not finish. Source: ListObjectsV2. */
int s3_list(struct s3 *s3, const char *prefix, size_t max, struct strlist *ret, struct error *err);

/* The same with when each was written, as the server says it: "2026-01-31T23:59:59.000Z" (decode_rfc3339). *ret is
 * S3_LISTING_INIT or released before, and untouched on failure. */
struct s3_listing {
	struct strlist keys, times; /* one a key */
};
#define S3_LISTING_INIT \
	{               \
		0       \
	}
void s3_listing_release(struct s3_listing *l);
int s3_list_times(struct s3 *s3, const char *prefix, size_t max, struct s3_listing *ret, struct error *err);

/* Splits "s3://bucket/key"; owned strings. ERROR_USAGE. */
int s3_parse_url(const char *url, char **ret_bucket, char **ret_key, struct error *err);

#endif
