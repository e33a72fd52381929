#include "net/s3_request.h"

#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define SINGLE_PUT_MAX_BYTES (64ULL << 20)
#define OBJECT_MAX_BYTES (5ULL << 40)

int s3_check_access(struct s3 *s3, struct error *err)
{
	if (s3_check_names(s3->bucket, NULL, err) < 0)
		return -1;
	struct s3_call call = S3_CALL_INIT;
	call.method = "HEAD";
	struct s3_failure failure;
	CLEANUP(http_reply) struct http_reply reply = HTTP_REPLY_INIT(S3_REPLY_MAX_BYTES);
	if (s3_call(s3, &call, &reply, &failure, err) == 0)
		return 0;
	if (failure.status == 404)
		return error_set(err, ERROR_PUBLISH, "bucket %s does not exist", s3->bucket);
	if (failure.status == 403)
		error_hint(err, "may these credentials (from: %s) use the bucket?", s3->credentials.source);
	return -1;
}

/* What a put sent, to be compared with what the server says it has. */
static int check_put(const struct http_reply *reply, void *data, struct error *err)
{
	const char *ours = data, *theirs = http_reply_header(reply, "x-amz-checksum-sha256");
	if (!theirs || strcmp(theirs, ours) == 0)
		return 0;
	return error_set(err, ERROR_PUBLISH, "the server stored something else: checksum %s, not %s", theirs, ours);
}

struct download {
	int fd;
};

static int check_get(const struct http_reply *reply, void *data, struct error *err)
{
	return s3_check_download(reply, ((struct download *)data)->fd, err);
}

static int get_to_fd(struct s3 *s3, const char *key, int fd, uint64_t max_bytes, struct s3_failure *failure,
		     struct error *err)
{
	CLEANUP(strlist) struct strlist headers = STRLIST_INIT;
	CLEANUP(http_reply) struct http_reply reply = HTTP_REPLY_INIT(S3_REPLY_MAX_BYTES);
	struct download download = { fd };
	strlist_add(&headers, "x-amz-checksum-mode: ENABLED");
	if (strlist_check(&headers, err) < 0)
		return -1;
	struct s3_call call = S3_CALL_INIT;
	call.method = "GET";
	call.key = key;
	call.headers = &headers;
	call.reply_fd = fd;
	call.reply_max = max_bytes;
	call.check = check_get;
	call.check_data = &download;
	return s3_call(s3, &call, &reply, failure, err);
}

/* Compares by bytes: gets the object into memory that is no file, and hashes it. */
static int same_bytes(struct s3 *s3, const char *key, const struct s3_source *source, bool *ret, struct error *err)
{
	AUTO_CLOSE int fd = memfd_create("object", MFD_CLOEXEC);
	if (fd < 0)
		return error_errno(err, ERROR_INTERNAL, "memory for an object to compare");
	if (get_to_fd(s3, key, fd, source->len ? source->len : 1, NULL, err) < 0)
		return -1;
	const struct s3_source theirs = { .fd = fd, .len = (uint64_t)lseek(fd, 0, SEEK_END) };
	unsigned char a[SHA256_BYTES], b[SHA256_BYTES];
	if (s3_sha256(source, a, err) < 0 || s3_sha256(&theirs, b, err) < 0)
		return -1;
	*ret = memcmp(a, b, sizeof a) == 0;
	return 0;
}

int s3_same_object(struct s3 *s3, const char *key, const char *checksum, const struct s3_source *source, bool *ret,
		   struct error *err)
{
	CLEANUP(strlist) struct strlist headers = STRLIST_INIT;
	CLEANUP(http_reply) struct http_reply reply = HTTP_REPLY_INIT(S3_REPLY_MAX_BYTES);
	strlist_add(&headers, "x-amz-checksum-mode: ENABLED");
	if (strlist_check(&headers, err) < 0)
		return -1;
	struct s3_call call = S3_CALL_INIT;
	call.method = "HEAD";
	call.key = key;
	call.headers = &headers;
	if (s3_call(s3, &call, &reply, NULL, err) < 0)
		return -1;
	const char *theirs = http_reply_header(&reply, "x-amz-checksum-sha256");
	const char *length = http_reply_header(&reply, "content-length");
	long long n;
	if (theirs)
		*ret = strcmp(theirs, checksum) == 0;
	else if (!source || !length || str_to_i64(length, 0, INT64_MAX, &n) < 0 || (uint64_t)n != source->len)
		*ret = false;
	else
		return same_bytes(s3, key, source, ret, err);
	return 0;
}

static int put_single(struct s3 *s3, const char *key, const struct s3_source *source, enum s3_put_mode mode,
		      bool *ret_existed, struct error *err)
{
	unsigned char hash[SHA256_BYTES];
	char hex[SHA256_HEX_CHARS + 1], base64[SHA256_BASE64_CHARS + 1];
	if (s3_sha256(source, hash, err) < 0)
		return -1;
	encode_hex(hash, sizeof hash, hex);
	encode_base64(hash, sizeof hash, base64);
	CLEANUP(strlist) struct strlist headers = STRLIST_INIT;
	CLEANUP(http_reply) struct http_reply reply = HTTP_REPLY_INIT(S3_REPLY_MAX_BYTES);
	strlist_addf(&headers, "x-amz-checksum-sha256: %s", base64);
	if (mode == S3_IF_ABSENT)
		strlist_add(&headers, "If-None-Match: *");
	if (strlist_check(&headers, err) < 0)
		return -1;
	struct s3_call call = S3_CALL_INIT;
	call.method = "PUT";
	call.key = key;
	call.headers = &headers;
	call.body = source->data;
	call.body_fd = source->fd;
	call.body_offset = source->offset;
	call.body_len = source->len;
	call.payload_sha256_hex = hex;
	call.check = check_put;
	call.check_data = base64;
	struct s3_failure failure;
	bool ours = true;
	if (s3_call(s3, &call, &reply, &failure, err) < 0) {
		if (mode != S3_IF_ABSENT || failure.status != 412)
			return -1;
		if (s3_same_object(s3, key, base64, source, &ours, err) < 0)
			return -1;
	}
	*ret_existed = !ours;
	return 0;
}

static int put(struct s3 *s3, const char *key, const struct s3_source *source, enum s3_put_mode mode, bool *ret_existed,
	       struct error *err)
{
	bool existed = false;
	if (s3_check_names(s3->bucket, key, err) < 0)
		return -1;
	if (source->len > OBJECT_MAX_BYTES)
		return error_set(err, ERROR_PUBLISH, "s3://%s/%s: larger than 5 TiB", s3->bucket, key);
	int r = source->len > SINGLE_PUT_MAX_BYTES ? s3_put_parts(s3, key, source, mode, &existed, err)
						   : put_single(s3, key, source, mode, &existed, err);
	if (r == 0 && ret_existed)
		*ret_existed = existed;
	return r;
}

int s3_put_bytes(struct s3 *s3, const char *key, const void *data, size_t len, enum s3_put_mode mode, bool *ret_existed,
		 struct error *err)
{
	const struct s3_source source = { .data = data, .fd = -1, .len = len };
	return put(s3, key, &source, mode, ret_existed, err);
}

int s3_put_file(struct s3 *s3, const char *key, const char *path, enum s3_put_mode mode, bool *ret_existed,
		struct error *err)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_errno(err, ERROR_INTERNAL, "upload %s", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, ERROR_INTERNAL, "upload %s: not a regular file", path);
	const struct s3_source source = { .fd = fd, .len = (uint64_t)st.st_size };
	if (put(s3, key, &source, mode, ret_existed, err) < 0)
		return error_wrap(err, "upload %s", path);
	return 0;
}

static enum s3_absence absence(const struct s3_failure *failure)
{
	if (failure->too_large)
		return S3_TOO_LARGE;
	return failure->status == 404 && strcmp(failure->code, "NoSuchBucket") != 0 ? S3_MISSING : S3_NOT_ABSENT;
}

int s3_get_bytes(struct s3 *s3, const char *key, struct strbuf *out, enum s3_absence *ret_absence, struct error *err)
{
	if (ret_absence)
		*ret_absence = S3_NOT_ABSENT;
	if (s3_check_names(s3->bucket, key, err) < 0)
		return -1;
	size_t room = out->max - out->len;
	AUTO_CLOSE int fd = memfd_create("object", MFD_CLOEXEC);
	if (fd < 0)
		return error_errno(err, ERROR_INTERNAL, "memory for an object");
	struct s3_failure failure;
	if (get_to_fd(s3, key, fd, room ? room : 1, &failure, err) < 0) {
		if (ret_absence)
			*ret_absence = absence(&failure);
		return -1;
	}
	off_t len = lseek(fd, 0, SEEK_END);
	if (len < 0 || strbuf_grow(out, (size_t)len) < 0)
		return len < 0 ? error_errno(err, ERROR_INTERNAL, "read an object") : strbuf_check(out, err);
	for (off_t at = 0; at < len;) {
		ssize_t n = pread(fd, out->data + out->len, (size_t)(len - at), at);
		if (n <= 0)
			return error_errno(err, ERROR_INTERNAL, "read an object");
		out->len += (size_t)n;
		at += n;
	}
	if (len)
		out->data[out->len] = 0;
	return 0;
}

int s3_get_file(struct s3 *s3, const char *key, const char *path, uint64_t max_bytes, enum s3_absence *ret_absence,
		struct error *err)
{
	if (ret_absence)
		*ret_absence = S3_NOT_ABSENT;
	if (s3_check_names(s3->bucket, key, err) < 0)
		return -1;
	AUTO_FREE char *temporary = str_printf(err, "%s.XXXXXX", path);
	if (!temporary)
		return -1;
	AUTO_CLOSE int fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, ERROR_INTERNAL, "download to %s", path);
	struct s3_failure failure;
	if (get_to_fd(s3, key, fd, max_bytes, &failure, err) < 0) {
		unlink(temporary);
		if (ret_absence)
			*ret_absence = absence(&failure);
		return error_wrap(err, "download to %s", path);
	}
	return fs_commit(temporary, path, err);
}
