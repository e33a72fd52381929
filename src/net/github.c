#include "net/github.h"

#include "base/clock.h"
#include "base/fs.h"
#include "net/http.h"
#include "net/retry.h"

#include <string.h>

#define EVENT_TYPE_MAX_CHARS 100
#define PAYLOAD_MAX_KEYS 10
#define PAYLOAD_MAX_BYTES ((64 << 10) - 1)
#define TOKEN_MAX_BYTES 4096
#define REPLY_MAX_BYTES (256u << 10)
#define LONGEST_WAIT_S 300

static size_t count_characters(const char *utf8)
{
	size_t n = 0;
	for (; *utf8; utf8++)
		n += ((unsigned char)*utf8 & 0xC0) != 0x80;
	return n;
}

/* "owner/name" of letters, digits, '-', '_' and '.', neither part "." or "..". */
static bool is_repository(const char *s)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
	size_t owner = strspn(s, allowed);
	const char *name = s + owner + 1;
	if (owner == 0 || owner > 100 || s[owner] != '/' || !*name || strlen(name) > 100 ||
	    strspn(name, allowed) != strlen(name))
		return false;
	return s[0] != '.' && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static int check_event_type(const char *type, struct error *err)
{
	size_t n = count_characters(type);
	bool plain = str_is_utf8(type, strlen(type));
	for (const char *p = type; *p; p++)
		plain &= (unsigned char)*p >= 0x20 && *p != 0x7f;
	if (!plain)
		return error_set(err, ERROR_USAGE, "event type \"%s\" is not UTF-8 or holds a control character", type);
	if (n == 0 || n > EVENT_TYPE_MAX_CHARS)
		return error_set(err, ERROR_USAGE, "an event type of %zu characters: GitHub takes 1 to %d", n,
				 EVENT_TYPE_MAX_CHARS);
	return 0;
}

static int check_payload(const cJSON *payload, struct error *err)
{
	if (!cJSON_IsObject(payload))
		return error_set(err, ERROR_USAGE, "the payload is not a JSON object");
	int keys = cJSON_GetArraySize(payload);
	if (keys > PAYLOAD_MAX_KEYS)
		return error_set(err, ERROR_USAGE, "the payload has %d keys: GitHub takes at most %d", keys,
				 PAYLOAD_MAX_KEYS);
	char *text = cJSON_PrintUnformatted(payload);
	if (!text)
		return error_oom(err);
	size_t n = strlen(text);
	cJSON_free(text);
	if (n > PAYLOAD_MAX_BYTES)
		return error_set(err, ERROR_USAGE, "a payload of %zu bytes: GitHub takes at most %d", n,
				 PAYLOAD_MAX_BYTES);
	return 0;
}

/* The token, from where it is now. *ret is "Authorization: Bearer …"; wipe it with release_header. */
static int make_header(const struct github_dispatch *d, struct strbuf *ret, struct error *err)
{
	struct strbuf token = STRBUF_INIT(TOKEN_MAX_BYTES);
	int r = 0;
	if (d->token)
		strbuf_adds(&token, d->token);
	else if (d->token_file)
		r = fs_read(d->token_file, &token, err);
	while (token.len && strchr(" \t\r\n", token.data[token.len - 1]))
		token.data[--token.len] = 0;
	bool plain = token.len == strlen(token.data) && !token.failed;
	for (const char *p = token.data; *p; p++)
		plain &= *p > 0x20 && *p < 0x7f;
	if (r == 0 && !token.len) {
		error_set(err, ERROR_USAGE, "no GitHub token%s%s", d->token_file && !d->token ? " in " : "",
			  d->token_file && !d->token ? d->token_file : "");
		r = error_hint(err, "a token that may write to the repository's contents");
	} else if (r == 0 && !plain) {
		r = error_set(err, ERROR_USAGE, "the GitHub token is too long, or holds a space or a line break");
	}
	if (r == 0) {
		strbuf_addf(ret, "Authorization: Bearer %s", token.data);
		r = strbuf_check(ret, err);
	}
	if (token.cap)
		explicit_bzero(token.data, token.cap);
	strbuf_release(&token);
	return r;
}

static void release_header(struct strbuf *header)
{
	if (header->cap)
		explicit_bzero(header->data, header->cap);
	strbuf_release(header);
}

/* "<api_url>/repos/<repository>/dispatches"; owned. */
static char *make_url(const struct github_dispatch *d, struct error *err)
{
	CLEANUP(http_url) struct http_url parts = { 0 };
	if (http_url_parse(d->api_url, &parts, err) < 0) {
		error_wrap(err, "GitHub API URL");
		return NULL;
	}
	if (!parts.https && !http_host_is_loopback(parts.host)) {
		error_set(err, ERROR_USAGE, "GitHub API URL %s is not https: the token would be sent in the clear",
			  d->api_url);
		return NULL;
	}
	return str_printf(err, "%.*s/repos/%s/dispatches", (int)(strlen(d->api_url) - str_ends(d->api_url, "/")),
			  d->api_url, d->repository);
}

int github_dispatch_check(const struct github_dispatch *d, struct error *err)
{
	if (!is_repository(d->repository)) {
		error_set(err, ERROR_USAGE, "\"%s\" is not a GitHub repository", d->repository);
		return error_hint(err, "owner/name");
	}
	if (check_event_type(d->event_type, err) < 0 || check_payload(d->payload, err) < 0)
		return -1;
	AUTO_FREE char *url = make_url(d, err);
	if (!url)
		return -1;
	struct strbuf header = STRBUF_INIT(TOKEN_MAX_BYTES + 64);
	int r = make_header(d, &header, err);
	if (r < 0 && err && err->kind == ERROR_INTERNAL)
		err->kind = ERROR_USAGE; /* the file cannot be read */
	release_header(&header);
	return r;
}

/* {"event_type": …, "client_payload": …}; owned, cJSON_free. */
static char *make_body(const struct github_dispatch *d)
{
	cJSON *o = cJSON_CreateObject();
	cJSON *payload = cJSON_Duplicate(d->payload, true);
	char *text = NULL;
	if (o && payload && cJSON_AddStringToObject(o, "event_type", d->event_type) &&
	    cJSON_AddItemToObject(o, "client_payload", payload)) {
		payload = NULL; /* now o's */
		text = cJSON_PrintUnformatted(o);
	}
	cJSON_Delete(payload);
	cJSON_Delete(o);
	return text;
}

/* How long a 403 or 429 asks us to wait in seconds; -1: it does not. */
static long long asked_wait_s(const struct http_reply *reply)
{
	const char *after = http_reply_header(reply, "retry-after"), *reset = NULL;
	if (str_eq(http_reply_header(reply, "x-ratelimit-remaining"), "0"))
		reset = http_reply_header(reply, "x-ratelimit-reset");
	long long s = -1;
	if (after && str_to_i64(after, 0, INT32_MAX, &s) == 0)
		return s;
	if (reset && str_to_i64(reset, 0, INT64_MAX, &s) == 0) {
		s -= clock_wall_ns() / (int64_t)NS_PER_SECOND;
		return s > 0 ? s : 0;
	}
	return -1;
}

static int refused(const struct github_dispatch *d, const struct http_reply *reply, struct error *err)
{
	cJSON *o = cJSON_ParseWithLength(reply->body.data, reply->body.len);
	const char *message = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, "message"));
	error_set(err, ERROR_PUBLISH, "GitHub said %ld%s%s", reply->status, message ? ": " : "",
		  message ? message : "");
	cJSON_Delete(o);
	if (reply->status == 401)
		error_hint(err, "the token is wrong or has expired (installation tokens live one hour)");
	else if (reply->status == 403 || reply->status == 404)
		error_hint(err, "does %s exist, and may the token write to its contents?", d->repository);
	else if (reply->status >= 500)
		error_hint(err, "it may have been accepted: look at the repository's Actions before you send it again");
	return -1;
}

/* One try. -1 and *ret_wait_s: seconds to wait before another, 0 or more; -1: as retry.h says if *ret_cost allows. */
static int send_once(const struct github_dispatch *d, const struct http_request *rq, enum retry_cost *ret_cost,
		     long long *ret_wait_s, struct error *err)
{
	CLEANUP(http_reply) struct http_reply reply = HTTP_REPLY_INIT(REPLY_MAX_BYTES);
	*ret_cost = RETRY_NEVER;
	*ret_wait_s = -1;
	if (http_do(rq, &reply, err) < 0) {
		if (reply.failure == HTTP_FAILURE_RESOLVE || reply.failure == HTTP_FAILURE_CONNECT)
			*ret_cost = RETRY_PLAIN;
		else if (reply.failure == HTTP_FAILURE_TIMEOUT || reply.failure == HTTP_FAILURE_TRANSFER)
			error_hint(err,
				   "it may have been accepted: look at the repository's Actions before you send it "
				   "again");
		return -1;
	}
	if (reply.status == 204)
		return 0;
	if (reply.status == 403 || reply.status == 429)
		*ret_wait_s = asked_wait_s(&reply);
	refused(d, &reply, err);
	if (*ret_wait_s > LONGEST_WAIT_S) {
		error_wrap(err, "asked to wait %lld s", *ret_wait_s);
		*ret_wait_s = -1;
	}
	return -1;
}

static int send_patiently(const struct github_dispatch *d, const struct http_request *rq, struct error *err)
{
	struct retry retry = { .unit_ns = d->retry_unit_ns };
	for (unsigned attempt = 1;; attempt++) {
		enum retry_cost cost;
		long long wait_s;
		if (send_once(d, rq, &cost, &wait_s, err) == 0)
			return 0;
		if (wait_s >= 0 && attempt < RETRY_ATTEMPTS) {
			if (retry_pause((uint64_t)wait_s * NS_PER_SECOND, err) < 0)
				return -1;
		} else if (!retry_wait(&retry, attempt, cost, err)) {
			return attempt > 1 && err && err->kind == ERROR_PUBLISH
				       ? error_wrap(err, "after %u attempts", attempt)
				       : -1;
		}
	}
}

static int send_body(const struct github_dispatch *d, const char *url, const char *body, struct error *err)
{
	struct strbuf header = STRBUF_INIT(TOKEN_MAX_BYTES + 64);
	struct strlist headers = STRLIST_INIT;
	int r = make_header(d, &header, err);
	if (r < 0 && err)
		err->kind = ERROR_PUBLISH;
	if (r == 0) {
		strlist_add(&headers, "Accept: application/vnd.github+json");
		strlist_add(&headers, "X-GitHub-Api-Version: 2022-11-28");
		strlist_add(&headers, "Content-Type: application/json");
		strlist_add(&headers, header.data);
		r = strlist_check(&headers, err);
	}
	if (r == 0) {
		struct http_request rq = HTTP_REQUEST_INIT;
		rq.method = "POST";
		rq.url = url;
		rq.headers = &headers;
		rq.body = body;
		rq.body_len = strlen(body);
		rq.ca_file = d->ca_file;
		r = send_patiently(d, &rq, err);
	}
	release_header(&header);
	strlist_release(&headers);
	return r;
}

int github_dispatch_send(const struct github_dispatch *d, struct error *err)
{
	AUTO_FREE char *url = make_url(d, err);
	if (!url)
		return -1;
	char *body = make_body(d);
	if (!body)
		return error_oom(err);
	int r = send_body(d, url, body, err);
	cJSON_free(body);
	return r < 0 ? error_wrap(err, "dispatch %s to %s", d->event_type, d->repository) : 0;
}
