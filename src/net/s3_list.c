#include "net/s3_request.h"

#include "net/xml.h"

#include <string.h>

#define PAGE_MAX_BYTES (8u << 20) /* 1,000 keys of 1,024 bytes, each byte escaped */
#define QUERY_MAX_BYTES (16u << 10)

static int make_query(const char *prefix, const char *token, struct strbuf *out, struct error *err)
{
	if (token) {
		strbuf_adds(out, "continuation-token=");
		encode_percent(out, token, strlen(token), "");
		strbuf_addc(out, '&');
	}
	strbuf_adds(out, "list-type=2&prefix=");
	encode_percent(out, prefix, strlen(prefix), "");
	return strbuf_check(out, err);
}

/* One page of keys. *ret_token: of the next page, owned; NULL: this was the last. */
static int list_page(struct s3 *s3, const char *prefix, const char *token, struct s3_listing *l, char **ret_token,
		     struct error *err)
{
	CLEANUP(strbuf) struct strbuf query = STRBUF_INIT(QUERY_MAX_BYTES);
	CLEANUP(http_reply) struct http_reply reply = HTTP_REPLY_INIT(PAGE_MAX_BYTES);
	struct s3_call call = S3_CALL_INIT;
	if (make_query(prefix, token, &query, err) < 0)
		return -1;
	call.method = "GET";
	call.query = query.data;
	call.xml_reply = true;
	if (s3_call(s3, &call, &reply, NULL, err) < 0 ||
	    xml_list(reply.body.data, reply.body.len, "ListBucketResult/Contents/Key", &l->keys, err) < 0 ||
	    xml_list(reply.body.data, reply.body.len, "ListBucketResult/Contents/LastModified", &l->times, err) < 0)
		return -1;
	struct xml_value v[] = { { .path = "ListBucketResult/IsTruncated" },
				 { .path = "ListBucketResult/NextContinuationToken" } };
	if (xml_extract(reply.body.data, reply.body.len, v, ARRAY_SIZE(v), err) < 0)
		return -1;
	int result = 0;
	*ret_token = NULL;
	if (!v[0].text)
		result = error_set(err, ERROR_PUBLISH, "the server's reply is no list of objects");
	else if (strcmp(v[0].text, "true") == 0 && (!v[1].text || !*v[1].text))
		result = error_set(err, ERROR_PUBLISH,
				   "the server's list ends in the middle, and does not say how to go on");
	else if (strcmp(v[0].text, "true") == 0)
		result = (*ret_token = str_dup(v[1].text, err)) ? 0 : -1;
	xml_values_release(v, ARRAY_SIZE(v));
	return result;
}

static int check_page(const struct s3_listing *l, size_t before, const char *prefix, size_t max, struct error *err)
{
	const struct strlist *keys = &l->keys;
	if (keys->len != l->times.len)
		return error_set(err, ERROR_PUBLISH, "the server lists %zu keys but %zu times", keys->len,
				 l->times.len);
	for (size_t i = before; i < keys->len; i++)
		if (!str_starts(keys->items[i], prefix))
			return error_set(err, ERROR_PUBLISH, "the server lists \"%s\", which does not begin so",
					 keys->items[i]);
	return keys->len > max ? error_set(err, ERROR_PUBLISH, "more than %zu objects begin so", max) : 0;
}

static int list_all(struct s3 *s3, const char *prefix, size_t max, struct s3_listing *l, struct error *err)
{
	AUTO_FREE char *token = NULL;
	do {
		AUTO_FREE char *next = NULL;
		size_t before = l->keys.len;
		if (list_page(s3, prefix, token, l, &next, err) < 0 || check_page(l, before, prefix, max, err) < 0)
			return -1;
		if (next && l->keys.len == before)
			return error_set(err, ERROR_PUBLISH, "the server's list has an empty page in the middle");
		free(token);
		token = TAKE(next);
	} while (token);
	return 0;
}

void s3_listing_release(struct s3_listing *l)
{
	strlist_release(&l->keys);
	strlist_release(&l->times);
}

int s3_list_times(struct s3 *s3, const char *prefix, size_t max, struct s3_listing *ret, struct error *err)
{
	CLEANUP(s3_listing) struct s3_listing l = S3_LISTING_INIT;
	if (s3_check_names(s3->bucket, *prefix ? prefix : NULL, err) < 0)
		return -1;
	if (list_all(s3, prefix, max, &l, err) < 0)
		return error_wrap(err, "list s3://%s/%s", s3->bucket, prefix);
	*ret = l;
	l = (struct s3_listing)S3_LISTING_INIT;
	return 0;
}

int s3_list(struct s3 *s3, const char *prefix, size_t max, struct strlist *ret, struct error *err)
{
	CLEANUP(s3_listing) struct s3_listing l = S3_LISTING_INIT;
	if (s3_list_times(s3, prefix, max, &l, err) < 0)
		return -1;
	for (size_t i = 0; i < l.keys.len; i++)
		strlist_add(ret, l.keys.items[i]);
	return strlist_check(ret, err);
}
