#include "net/s3.h"

#include <string.h>

#define KEY_MAX_BYTES 1024

static bool is_bucket_name(const char *bucket)
{
	size_t n = strlen(bucket);
	if (n < 3 || n > 63 || strspn(bucket, "abcdefghijklmnopqrstuvwxyz0123456789.-") != n)
		return false;
	return bucket[0] != '-' && bucket[0] != '.' && bucket[n - 1] != '-' && bucket[n - 1] != '.' &&
	       !strstr(bucket, "..");
}

static bool has_dot_segment(const char *key)
{
	for (const char *p = key;; p++) {
		size_t n = strcspn(p, "/");
		if ((n == 1 && *p == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
			return true;
		p += n;
		if (!*p)
			return false;
	}
}

static int check_key(const char *key, struct error *err)
{
	size_t n = strlen(key);
	if (n == 0 || n > KEY_MAX_BYTES)
		return error_set(err, ERROR_USAGE, "an S3 key of %zu bytes: it must have 1 to %d", n, KEY_MAX_BYTES);
	if (!str_is_utf8(key, n))
		return error_set(err, ERROR_USAGE, "S3 key \"%s\" is not UTF-8", key);
	for (const char *p = key; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return error_set(err, ERROR_USAGE, "S3 key \"%s\" holds a control character", key);
	if (has_dot_segment(key))
		return error_set(err, ERROR_USAGE, "S3 key \"%s\" has a segment \".\" or \"..\"", key);
	return 0;
}

int s3_check_names(const char *bucket, const char *key, struct error *err)
{
	if (!is_bucket_name(bucket)) {
		error_set(err, ERROR_USAGE, "\"%s\" is not a bucket name", bucket);
		return error_hint(err, "3 to 63 of a-z 0-9 . -, with a letter or digit at both ends");
	}
	return key ? check_key(key, err) : 0;
}

int s3_parse_url(const char *url, char **ret_bucket, char **ret_key, struct error *err)
{
	const char *rest = url + strlen("s3://");
	if (!str_starts(url, "s3://") || !strchr(rest, '/')) {
		error_set(err, ERROR_USAGE, "\"%s\" is not an S3 URL", url);
		return error_hint(err, "s3://bucket/key");
	}
	size_t n = strcspn(rest, "/");
	AUTO_FREE char *bucket = strndup(rest, n), *key = strdup(rest + n + 1);
	if (!bucket || !key)
		return error_oom(err);
	if (s3_check_names(bucket, key, err) < 0)
		return -1;
	*ret_bucket = TAKE(bucket);
	*ret_key = TAKE(key);
	return 0;
}
