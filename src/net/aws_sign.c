#include "net/aws.h"

#include "net/encode.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <time.h>

#define CANONICAL_MAX_BYTES (256u << 10)
#define SHORT_MAX_BYTES 4096

/* The text that is hashed, built from top to bottom: method, path, query, headers, names of headers, payload. */
struct canonical {
	struct strbuf request;
	struct strbuf signed_headers; /* "host;x-amz-date" */
};

static void canonical_release(struct canonical *c)
{
	strbuf_release(&c->request);
	strbuf_release(&c->signed_headers);
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Drops "." and empty segments and resolves "..": RFC 3986, 5.2.4, as AWS's services other than S3 want it. */
static void normalise_path(struct strbuf *out, const char *path)
{
	const char *last = path;
	for (const char *p = path; *p;) {
		p += strspn(p, "/");
		size_t n = strcspn(p, "/");
		last = p;
		if (n == 2 && strncmp(p, "..", 2) == 0) {
			while (out->len && out->data[--out->len] != '/')
				;
			if (out->len < out->cap)
				out->data[out->len] = 0;
		} else if (n && !(n == 1 && *p == '.')) {
			strbuf_addc(out, '/');
			strbuf_add(out, p, n);
		}
		p += n;
	}
	if (!*last || !out->len) /* a trailing slash stays one */
		strbuf_addc(out, '/');
}

static void add_path(struct strbuf *out, const struct aws_sign_request *rq)
{
	if (!rq->double_encode_path) {
		strbuf_adds(out, rq->path);
		return;
	}
	CLEANUP(strbuf) struct strbuf plain = STRBUF_INIT(CANONICAL_MAX_BYTES);
	normalise_path(&plain, rq->path);
	encode_percent(out, plain.data, plain.len, "/");
	out->failed = out->failed ? out->failed : plain.failed;
}

/* "name" and "value" of each parameter with a byte between them that sorts below every other: by name, then value. */
static int split_query(const char *query, struct strlist *ret)
{
	for (const char *p = query; *p;) {
		size_t n = strcspn(p, "&"), name = strcspn(p, "&=");
		CLEANUP(strbuf) struct strbuf one = STRBUF_INIT(CANONICAL_MAX_BYTES);
		encode_percent(&one, p, name, "%");
		strbuf_addc(&one, '\x01');
		if (name < n)
			encode_percent(&one, p + name + 1, n - name - 1, "%");
		if (n && (one.failed || strlist_add(ret, one.data) < 0))
			return -1;
		p += n;
		p += *p == '&';
	}
	return 0;
}

static int add_query(struct strbuf *out, const char *query)
{
	CLEANUP(strlist) struct strlist parts = STRLIST_INIT;
	if (split_query(query, &parts) < 0)
		return -1;
	if (parts.len)
		qsort(parts.items, parts.len, sizeof *parts.items, compare_strings);
	for (size_t i = 0; i < parts.len; i++) {
		*strchr(parts.items[i], '\x01') = '=';
		strbuf_addf(out, "%s%s", i ? "&" : "", parts.items[i]);
	}
	return 0;
}

/* Appends the value with its runs of white space made one space and trimmed. */
static void add_trimmed(struct strbuf *out, const char *value)
{
	bool space = false, any = false;
	for (const char *p = value; *p; p++) {
		if (isspace((unsigned char)*p)) {
			space = any;
			continue;
		}
		if (space)
			strbuf_addc(out, ' ');
		strbuf_addc(out, *p);
		space = false;
		any = true;
	}
}

/* "name\x01NNNN\x01value" a header: sorted by name, in the order given within one name. */
static int sort_headers(const struct strlist *given, struct strlist *ret)
{
	for (size_t i = 0; i < given->len; i++) {
		const char *h = given->items[i], *colon = strchr(h, ':');
		if (!colon || i > 9999)
			return -1;
		CLEANUP(strbuf) struct strbuf one = STRBUF_INIT(CANONICAL_MAX_BYTES);
		for (const char *p = h; p < colon; p++)
			strbuf_addc(&one, (char)tolower((unsigned char)*p));
		strbuf_addf(&one, "\x01%04zu\x01", i);
		add_trimmed(&one, colon + 1);
		if (one.failed || strlist_add(ret, one.data) < 0)
			return -1;
	}
	if (ret->len)
		qsort(ret->items, ret->len, sizeof *ret->items, compare_strings);
	return 0;
}

/* Headers of one name become one line, values joined by commas. */
static int add_headers(struct canonical *c, const struct strlist *given)
{
	CLEANUP(strlist) struct strlist sorted = STRLIST_INIT;
	if (sort_headers(given, &sorted) < 0)
		return -1;
	const char *before = "";
	for (size_t i = 0; i < sorted.len; i++) {
		char *name = sorted.items[i], *rank = strchr(name, '\x01'), *value = strchr(rank + 1, '\x01') + 1;
		*rank = 0;
		if (strcmp(name, before) == 0) {
			strbuf_addf(&c->request, ",%s", value);
			continue;
		}
		strbuf_addf(&c->request, "%s%s:%s", i ? "\n" : "", name, value);
		strbuf_addf(&c->signed_headers, "%s%s", i ? ";" : "", name);
		before = name;
	}
	return 0;
}

static int make_canonical(struct canonical *c, const struct aws_sign_request *rq, const struct strlist *headers,
			  struct error *err)
{
	struct strbuf *b = &c->request;
	strbuf_addf(b, "%s\n", rq->method);
	add_path(b, rq);
	strbuf_addc(b, '\n');
	if (add_query(b, rq->query) < 0)
		return error_set(err, ERROR_INTERNAL, "a query that is too long to sign");
	strbuf_addc(b, '\n');
	if (add_headers(c, headers) < 0)
		return error_set(err, ERROR_INTERNAL, "headers that are too long to sign");
	strbuf_addf(b, "\n\n%s\n%s", c->signed_headers.data, rq->payload_sha256_hex);
	if (strbuf_check(&c->signed_headers, err) < 0)
		return -1;
	return strbuf_check(b, err);
}

static bool hmac(const void *key, size_t key_len, const char *text, unsigned char out[SHA256_BYTES])
{
	unsigned n = 0;
	return HMAC(EVP_sha256(), key, (int)key_len, (const unsigned char *)text, strlen(text), out, &n);
}

/* HMAC(HMAC(HMAC(HMAC("AWS4" + secret, date), region), service), "aws4_request"), then of the text; in hex. */
static int make_signature(const char *secret, const char *date, const struct aws_sign_request *rq, const char *text,
			  char ret_hex[SHA256_HEX_CHARS + 1], struct error *err)
{
	AUTO_FREE char *start = str_printf(err, "AWS4%s", secret);
	if (!start)
		return -1;
	unsigned char key[SHA256_BYTES];
	bool ok = hmac(start, strlen(start), date, key) && hmac(key, sizeof key, rq->region, key) &&
		  hmac(key, sizeof key, rq->service, key) && hmac(key, sizeof key, "aws4_request", key) &&
		  hmac(key, sizeof key, text, key);
	if (ok)
		encode_hex(key, sizeof key, ret_hex);
	explicit_bzero(key, sizeof key);
	explicit_bzero(start, strlen(start));
	return ok ? 0 : error_set(err, ERROR_INTERNAL, "libcrypto cannot make an HMAC");
}

static int add_amz_headers(const struct aws_sign_request *rq, const struct aws_credentials *c, const char *time_text,
			   struct strlist *ret, struct error *err)
{
	strlist_addf(ret, "x-amz-date: %s", time_text);
	if (c->session_token)
		strlist_addf(ret, "x-amz-security-token: %s", c->session_token);
	if (strcmp(rq->service, "s3") == 0)
		strlist_addf(ret, "x-amz-content-sha256: %s", rq->payload_sha256_hex);
	return strlist_check(ret, err);
}

int aws_sign(const struct aws_sign_request *rq, const struct aws_credentials *c, struct strlist *ret_headers,
	     struct error *err)
{
	char time_text[32], date[16];
	time_t now = (time_t)rq->now_unix;
	struct tm tm = { 0 };
	if (!gmtime_r(&now, &tm) || !strftime(time_text, sizeof time_text, "%Y%m%dT%H%M%SZ", &tm) ||
	    !strftime(date, sizeof date, "%Y%m%d", &tm))
		return error_set(err, ERROR_INTERNAL, "the time cannot be written as a date");
	CLEANUP(strlist) struct strlist added = STRLIST_INIT, all = STRLIST_INIT;
	if (add_amz_headers(rq, c, time_text, &added, err) < 0)
		return -1;
	strlist_addf(&all, "host: %s", rq->host);
	if (rq->headers)
		strlist_add_all(&all, strlist_array(rq->headers));
	strlist_add_all(&all, strlist_array(&added));
	if (strlist_check(&all, err) < 0)
		return -1;

	CLEANUP(canonical)
	struct canonical canonical = { STRBUF_INIT(CANONICAL_MAX_BYTES), STRBUF_INIT(CANONICAL_MAX_BYTES) };
	if (make_canonical(&canonical, rq, &all, err) < 0)
		return -1;
	unsigned char hash[SHA256_BYTES];
	char hash_hex[SHA256_HEX_CHARS + 1], signature[SHA256_HEX_CHARS + 1];
	if (!EVP_Digest(canonical.request.data, canonical.request.len, hash, NULL, EVP_sha256(), NULL))
		return error_set(err, ERROR_INTERNAL, "libcrypto cannot make a SHA-256");
	encode_hex(hash, sizeof hash, hash_hex);

	CLEANUP(strbuf) struct strbuf scope = STRBUF_INIT(SHORT_MAX_BYTES), text = STRBUF_INIT(2 * SHORT_MAX_BYTES);
	strbuf_addf(&scope, "%s/%s/%s/aws4_request", date, rq->region, rq->service);
	strbuf_addf(&text, "AWS4-HMAC-SHA256\n%s\n%s\n%s", time_text, scope.data, hash_hex);
	if (strbuf_check(&scope, err) < 0 || strbuf_check(&text, err) < 0 ||
	    make_signature(c->secret_access_key, date, rq, text.data, signature, err) < 0)
		return -1;
	strlist_addf(&added, "Authorization: AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s",
		     c->access_key_id, scope.data, canonical.signed_headers.data, signature);
	strlist_add_all(ret_headers, strlist_array(&added));
	return strlist_check(&added, err) < 0 ? -1 : strlist_check(ret_headers, err);
}
