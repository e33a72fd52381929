#include "net/s3_request.h"

#include "net/xml.h"

#include <openssl/evp.h>
#include <string.h>

#define PART_MIN_BYTES (16ULL << 20)
#define PARTS_MAX 10000
#define COMPLETE_MAX_BYTES (4u << 20)
#define QUERY_MAX_BYTES 4096

/* An upload under way. */
struct upload {
	struct s3 *s3;
	const char *key;
	char *id;                                /* NULL: not begun */
	struct strbuf parts;                     /* the <Part> elements */
	EVP_MD_CTX *composite;                   /* over the parts' checksums */
	char checksum[SHA256_BASE64_CHARS + 16]; /* "<base64>-<parts>" */
};

static void upload_release(struct upload *u)
{
	free(u->id);
	strbuf_release(&u->parts);
	EVP_MD_CTX_free(u->composite);
}

static int begin(struct upload *u, struct error *err)
{
	CLEANUP(strlist) struct strlist headers = STRLIST_INIT;
	CLEANUP(http_reply) struct http_reply reply = HTTP_REPLY_INIT(S3_REPLY_MAX_BYTES);
	strlist_add(&headers, "x-amz-checksum-algorithm: SHA256");
	if (strlist_check(&headers, err) < 0)
		return -1;
	struct s3_call call = S3_CALL_INIT;
	call.method = "POST";
	call.key = u->key;
	call.query = "uploads=";
	call.headers = &headers;
	call.xml_reply = true;
	if (s3_call(u->s3, &call, &reply, NULL, err) < 0)
		return -1;
	struct xml_value v = { .path = "InitiateMultipartUploadResult/UploadId" };
	if (xml_extract(reply.body.data, reply.body.len, &v, 1, err) < 0 || !v.text || !*v.text) {
		xml_values_release(&v, 1);
		return error_set(err, ERROR_PUBLISH, "s3://%s/%s: the server began an upload in parts without an id",
				 u->s3->bucket, u->key);
	}
	u->id = v.text;
	return 0;
}

/* "<prefix>uploadId=…" */
static int make_query(const struct upload *u, const char *prefix, struct strbuf *out, struct error *err)
{
	strbuf_addf(out, "%suploadId=", prefix);
	encode_percent(out, u->id, strlen(u->id), "");
	return strbuf_check(out, err);
}

/* Takes the upload away from the server, so that nobody pays for its parts. What failed before is the error that
 * counts, so this one is dropped. */
static void abandon(struct upload *u)
{
	CLEANUP(strbuf) struct strbuf query = STRBUF_INIT(QUERY_MAX_BYTES);
	CLEANUP(http_reply) struct http_reply reply = HTTP_REPLY_INIT(S3_REPLY_MAX_BYTES);
	if (!u->id || make_query(u, "", &query, NULL) < 0)
		return;
	struct s3_call call = S3_CALL_INIT;
	call.method = "DELETE";
	call.key = u->key;
	call.query = query.data;
	call.teardown = true;
	s3_call(u->s3, &call, &reply, NULL, NULL);
}

static int check_part(const struct http_reply *reply, void *data, struct error *err)
{
	const char *etag = http_reply_header(reply, "etag"),
		   *theirs = http_reply_header(reply, "x-amz-checksum-sha256");
	if (!etag || !*etag || strpbrk(etag, "<>&"))
		return error_set(err, ERROR_PUBLISH, "the server gave no usable ETag for a part");
	if (theirs && strcmp(theirs, data) != 0)
		return error_set(err, ERROR_PUBLISH, "the server stored something else: checksum %s, not %s", theirs,
				 (const char *)data);
	return 0;
}

static int put_part(struct upload *u, unsigned number, const struct s3_source *part, struct error *err)
{
	unsigned char hash[SHA256_BYTES];
	char hex[SHA256_HEX_CHARS + 1], base64[SHA256_BASE64_CHARS + 1], prefix[32];
	if (s3_sha256(part, hash, err) < 0)
		return -1;
	encode_hex(hash, sizeof hash, hex);
	encode_base64(hash, sizeof hash, base64);
	snprintf(prefix, sizeof prefix, "partNumber=%u&", number);
	CLEANUP(strbuf) struct strbuf query = STRBUF_INIT(QUERY_MAX_BYTES);
	CLEANUP(strlist) struct strlist headers = STRLIST_INIT;
	CLEANUP(http_reply) struct http_reply reply = HTTP_REPLY_INIT(S3_REPLY_MAX_BYTES);
	strlist_addf(&headers, "x-amz-checksum-sha256: %s", base64);
	if (make_query(u, prefix, &query, err) < 0 || strlist_check(&headers, err) < 0)
		return -1;
	struct s3_call call = S3_CALL_INIT;
	call.method = "PUT";
	call.key = u->key;
	call.query = query.data;
	call.headers = &headers;
	call.body = part->data ? part->data + part->offset : NULL;
	call.body_fd = part->fd;
	call.body_offset = part->offset;
	call.body_len = part->len;
	call.payload_sha256_hex = hex;
	call.check = check_part;
	call.check_data = base64;
	if (s3_call(u->s3, &call, &reply, NULL, err) < 0)
		return error_wrap(err, "part %u", number);
	strbuf_addf(&u->parts,
		    "<Part><ChecksumSHA256>%s</ChecksumSHA256><ETag>%s</ETag><PartNumber>%u</PartNumber></Part>",
		    base64, http_reply_header(&reply, "etag"), number);
	if (!EVP_DigestUpdate(u->composite, hash, sizeof hash))
		return error_oom(err);
	return strbuf_check(&u->parts, err);
}

static int put_all_parts(struct upload *u, const struct s3_source *source, struct error *err)
{
	const uint64_t mib = 1 << 20;
	uint64_t size = (source->len / PARTS_MAX / mib + 1) * mib;
	size = size < PART_MIN_BYTES ? PART_MIN_BYTES : size;
	unsigned number = 0;
	for (uint64_t done = 0; done < source->len; done += size) {
		struct s3_source part = *source;
		part.offset = source->offset + done;
		part.len = source->len - done < size ? source->len - done : size;
		if (put_part(u, ++number, &part, err) < 0)
			return -1;
	}
	unsigned char hash[SHA256_BYTES];
	char base64[SHA256_BASE64_CHARS + 1];
	if (!EVP_DigestFinal_ex(u->composite, hash, NULL))
		return error_oom(err);
	encode_base64(hash, sizeof hash, base64);
	snprintf(u->checksum, sizeof u->checksum, "%s-%u", base64, number);
	return 0;
}

static int check_complete(const struct http_reply *reply, void *data, struct error *err)
{
	const struct upload *u = data;
	struct xml_value v[] = { { .path = "CompleteMultipartUploadResult/ETag" },
				 { .path = "CompleteMultipartUploadResult/ChecksumSHA256" } };
	if (xml_extract(reply->body.data, reply->body.len, v, ARRAY_SIZE(v), err) < 0)
		return -1;
	int r = 0;
	if (!v[0].text)
		r = error_set(err, ERROR_PUBLISH, "the server did not confirm the upload");
	else if (v[1].text && strcmp(v[1].text, u->checksum) != 0)
		r = error_set(err, ERROR_PUBLISH, "the server stored something else: checksum %s, not %s", v[1].text,
			      u->checksum);
	xml_values_release(v, ARRAY_SIZE(v));
	return r;
}

/* Makes an object of the parts. */
static int complete(struct upload *u, enum s3_put_mode mode, struct s3_failure *failure, struct error *err)
{
	CLEANUP(strbuf) struct strbuf query = STRBUF_INIT(QUERY_MAX_BYTES), body = STRBUF_INIT(COMPLETE_MAX_BYTES);
	CLEANUP(strlist) struct strlist headers = STRLIST_INIT;
	CLEANUP(http_reply) struct http_reply reply = HTTP_REPLY_INIT(S3_REPLY_MAX_BYTES);
	strlist_add(&headers, "Content-Type: application/xml");
	if (mode == S3_IF_ABSENT)
		strlist_add(&headers, "If-None-Match: *");
	strbuf_adds(&body, "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
	strbuf_add(&body, u->parts.data, u->parts.len);
	strbuf_adds(&body, "</CompleteMultipartUpload>");
	if (make_query(u, "", &query, err) < 0 || strbuf_check(&body, err) < 0 || strlist_check(&headers, err) < 0)
		return -1;
	const struct s3_source source = { .data = body.data, .fd = -1, .len = body.len };
	unsigned char hash[SHA256_BYTES];
	char hex[SHA256_HEX_CHARS + 1];
	if (s3_sha256(&source, hash, err) < 0)
		return -1;
	encode_hex(hash, sizeof hash, hex);
	struct s3_call call = S3_CALL_INIT;
	call.method = "POST";
	call.key = u->key;
	call.query = query.data;
	call.headers = &headers;
	call.body = body.data;
	call.body_len = body.len;
	call.payload_sha256_hex = hex;
	call.xml_reply = true;
	call.conflict_final = true; /* a conflict ends the upload: its parts must be sent again */
	call.check = check_complete;
	call.check_data = u;
	return s3_call(u->s3, &call, &reply, failure, err);
}

/* One upload from beginning to end. *ret_conflict: another writer was at it, so that a new upload may help. */
static int put_once(struct s3 *s3, const char *key, const struct s3_source *source, enum s3_put_mode mode,
		    bool *ret_existed, bool *ret_conflict, struct error *err)
{
	CLEANUP(upload) struct upload u = { .s3 = s3, .key = key, .parts = STRBUF_INIT(COMPLETE_MAX_BYTES) };
	u.composite = EVP_MD_CTX_new();
	if (!u.composite || !EVP_DigestInit_ex(u.composite, EVP_sha256(), NULL))
		return error_oom(err);
	struct s3_failure failure = { 0 };
	if (begin(&u, err) < 0)
		return -1;
	int r = put_all_parts(&u, source, err);
	if (r == 0) {
		r = complete(&u, mode, &failure, err);
		if (r == 0)
			return 0;
	}
	/* Present already, or the reply to an earlier try was lost: the upload is then gone, and the object is ours. */
	bool lost = failure.retried && strcmp(failure.code, "NoSuchUpload") == 0;
	bool ours = false;
	if (failure.status == 412 || lost) {
		struct error look = ERROR_INIT;
		if (s3_same_object(s3, key, u.checksum, NULL, &ours, &look) == 0 && (ours || !lost)) {
			*ret_existed = !ours;
			r = 0;
		}
	}
	*ret_conflict = failure.status == 409;
	if (!lost)
		abandon(&u);
	return r;
}

int s3_put_parts(struct s3 *s3, const char *key, const struct s3_source *source, enum s3_put_mode mode,
		 bool *ret_existed, struct error *err)
{
	for (unsigned attempt = 1;; attempt++) {
		bool conflict = false;
		if (put_once(s3, key, source, mode, ret_existed, &conflict, err) == 0)
			return 0;
		if (!conflict || !retry_wait(&s3->retry, attempt, RETRY_PLAIN, err))
			return -1;
	}
}
