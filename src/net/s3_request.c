#include "net/s3_request.h"

#include "base/clock.h"
#include "net/aws_sources.h"
#include "net/xml.h"

#include <errno.h>
#include <string.h>

#define URL_MAX_BYTES 8192
#define SKEW_MAX_S 900     /* what S3 allows */
#define RENEW_BEFORE_S 300 /* before credentials expire */
#define SLOWEST_BYTES_PER_S (100u << 10)
#define TEARDOWN_TIMEOUT_NS (2 * NS_PER_SECOND)
#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* What one try came to. */
struct
try {
	enum retry_cost cost;
	bool expired; /* the server knows the credentials no longer */
	bool skewed;
	int64_t server_unix; /* of the reply's Date; 0: unknown */
};

void s3_release(struct s3 *s3)
{
	aws_credentials_release(&s3->credentials);
	http_connections_release(&s3->connections);
}

/* The server to talk to, and in what style. */
struct target {
	const char *region;
	struct strbuf url;
	struct http_url parts;
};

static void target_release(struct target *t)
{
	strbuf_release(&t->url);
	http_url_release(&t->parts);
}

static int make_target(const struct s3 *s3, const struct s3_call *call, struct target *t, struct error *err)
{
	const char *endpoint = s3->endpoint;
	endpoint = endpoint ? endpoint : aws_getenv(&s3->env, "AWS_ENDPOINT_URL_S3");
	endpoint = endpoint ? endpoint : aws_getenv(&s3->env, "AWS_ENDPOINT_URL");
	t->region = s3->region ? s3->region : aws_getenv(&s3->env, "AWS_REGION");
	t->region = t->region ? t->region : aws_getenv(&s3->env, "AWS_DEFAULT_REGION");
	if (!t->region && endpoint)
		t->region = "us-east-1";
	if (!t->region || !*t->region ||
	    strspn(t->region, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(t->region)) {
		error_set(err, ERROR_USAGE, "no usable AWS region for bucket %s", s3->bucket);
		return error_hint(err, "--region, or AWS_REGION");
	}
	const char *cn = str_starts(t->region, "cn-") ? ".cn" : "";
	if (endpoint)
		strbuf_addf(&t->url, "%.*s/%s", (int)(strlen(endpoint) - str_ends(endpoint, "/")), endpoint,
			    s3->bucket);
	else if (strchr(s3->bucket, '.')) /* no certificate covers a name with further dots */
		strbuf_addf(&t->url, "https://s3.%s.amazonaws.com%s/%s", t->region, cn, s3->bucket);
	else
		strbuf_addf(&t->url, "https://%s.s3.%s.amazonaws.com%s", s3->bucket, t->region, cn);
	strbuf_addc(&t->url, '/');
	if (call->key)
		encode_percent(&t->url, call->key, strlen(call->key), "/");
	if (strbuf_check(&t->url, err) < 0)
		return -1;
	if (http_url_parse(t->url.data, &t->parts, err) < 0)
		return error_wrap(err, "S3 endpoint %s", endpoint ? endpoint : t->url.data);
	if (*call->query)
		strbuf_addf(&t->url, "?%s", call->query);
	return strbuf_check(&t->url, err);
}

static int64_t server_time(const struct s3 *s3)
{
	return clock_wall_ns() / (int64_t)NS_PER_SECOND + s3->clock_offset_s;
}

/* Finds credentials, or renews them in good time; where renewing fails, they serve as long as they are valid. */
static int need_credentials(struct s3 *s3, struct error *err)
{
	struct aws_credentials *c = &s3->credentials;
	int64_t now = server_time(s3);
	if (c->access_key_id && (!c->expires_unix || now < c->expires_unix - RENEW_BEFORE_S))
		return 0;
	struct aws_environment env = s3->env;
	env.region = env.region ? env.region : s3->region;
	env.retry_unit_ns = s3->retry.unit_ns;
	struct aws_credentials found = { 0 };
	if (aws_credentials_find(&env, &found, err) < 0)
		return c->access_key_id && now < c->expires_unix && err && err->kind == ERROR_PUBLISH ? 0 : -1;
	aws_credentials_release(c);
	*c = found;
	return 0;
}

/* After the server called them expired: true if the chain now gives others. */
static bool renew_credentials(struct s3 *s3)
{
	struct aws_credentials before = s3->credentials;
	s3->credentials = (struct aws_credentials){ 0 };
	bool found = need_credentials(s3, NULL) == 0;
	bool changed = found && (!str_eq(before.access_key_id, s3->credentials.access_key_id) ||
				 !str_eq(before.secret_access_key, s3->credentials.secret_access_key) ||
				 !str_eq(before.session_token, s3->credentials.session_token));
	if (!found)
		s3->credentials = before;
	else
		aws_credentials_release(&before);
	return changed;
}

/* Bytes that move either way set how long the whole may take; a stall is noticed long before. */
static uint64_t timeout_for(const struct s3_call *call)
{
	uint64_t bytes = call->body_len + (call->reply_fd >= 0 ? call->reply_max : 0);
	return call->teardown ? TEARDOWN_TIMEOUT_NS : (60 + bytes / SLOWEST_BYTES_PER_S) * NS_PER_SECOND;
}

static int send_signed(struct s3 *s3, const struct s3_call *call, struct http_reply *reply, struct error *err)
{
	CLEANUP(target) struct target t = { .url = STRBUF_INIT(URL_MAX_BYTES) };
	CLEANUP(strlist) struct strlist headers = STRLIST_INIT;
	if (make_target(s3, call, &t, err) < 0 || need_credentials(s3, err) < 0)
		return -1;
	if (call->headers)
		strlist_add_all(&headers, strlist_array(call->headers));
	const struct aws_sign_request sign = {
		.method = call->method,
		.path = t.parts.path,
		.query = call->query,
		.host = t.parts.authority,
		.headers = call->headers,
		.payload_sha256_hex = call->payload_sha256_hex ? call->payload_sha256_hex : EMPTY_SHA256,
		.region = t.region,
		.service = "s3",
		.now_unix = server_time(s3),
	};
	if (aws_sign(&sign, &s3->credentials, &headers, err) < 0)
		return -1;
	if (call->reply_fd >= 0 && (ftruncate(call->reply_fd, 0) < 0 || lseek(call->reply_fd, 0, SEEK_SET) < 0))
		return error_errno(err, ERROR_INTERNAL, "cannot empty the file for the reply");
	struct http_request rq = HTTP_REQUEST_INIT;
	rq.method = call->method;
	rq.url = t.url.data;
	rq.headers = &headers;
	rq.body = call->body;
	rq.body_fd = call->body_fd;
	rq.body_offset = call->body_offset;
	rq.body_len = call->body_len;
	rq.reply_fd = call->reply_fd;
	rq.reply_max = call->reply_max;
	rq.timeout_ns = timeout_for(call);
	rq.stall_ns = s3->stall_ns;
	rq.ca_file = s3->env.ca_file;
	rq.teardown = call->teardown;
	rq.connections = &s3->connections;
	return http_do(&rq, reply, err);
}

static bool one_of(const char *s, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(s, *list) == 0)
			return true;
	return false;
}

static enum retry_cost cost_of_reply(long status, const char *code, bool conflict_final)
{
	static const char *const timeouts[] = { "RequestTimeout", "RequestTimeoutException", NULL };
	static const char *const again[] = { "SlowDown",
					     "InternalError",
					     "ServiceUnavailable",
					     "Throttling",
					     "ThrottlingException",
					     "ThrottledException",
					     "RequestThrottled",
					     "RequestThrottledException",
					     "TooManyRequestsException",
					     "RequestLimitExceeded",
					     "BandwidthLimitExceeded",
					     "PriorRequestNotComplete",
					     "EC2ThrottledException",
					     "BadDigest",
					     "IncompleteBody",
					     NULL };
	if (one_of(code, timeouts))
		return RETRY_AFTER_TIMEOUT;
	if (status == 500 || (status >= 502 && status <= 504) || status == 429 || one_of(code, again))
		return RETRY_PLAIN;
	return status == 409 && !conflict_final ? RETRY_PLAIN : RETRY_NEVER;
}

static int wrong_region(const struct s3 *s3, const char *right, struct error *err)
{
	error_set(err, ERROR_PUBLISH, "bucket %s is in region %s, not in %s", s3->bucket, right,
		  s3->region ? s3->region : "the one asked");
	return error_hint(err, "--region %s", right);
}

static void hint_for(const struct s3 *s3, const char *code, struct error *err)
{
	static const char *const identity[] = { "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken",
						"InvalidToken",       "AccessDenied",          NULL };
	if (strcmp(code, "NoSuchBucket") == 0)
		error_hint(err, "is the bucket's name right, and the region?");
	else if (one_of(code, identity))
		error_hint(err, "the credentials come from: %s", s3->credentials.source);
}

static void describe(const struct s3 *s3, long status, const struct xml_value *v, struct try *t, struct error *err)
{
	const char *code = v[0].text ? v[0].text : "", *message = v[1].text ? v[1].text : "";
	int64_t off = t->server_unix ? t->server_unix - server_time(s3) : 0;
	t->skewed =
		strcmp(code, "RequestTimeTooSkewed") == 0 || (status == 403 && (off > SKEW_MAX_S || off < -SKEW_MAX_S));
	if (t->skewed) {
		error_set(err, ERROR_PUBLISH, "%ld %s: this machine's clock is %lld s %s the server's", status,
			  *code ? code : "Forbidden", (long long)(off < 0 ? -off : off),
			  off < 0 ? "ahead of" : "behind");
		error_hint(err, "set the clock: S3 allows %d s", SKEW_MAX_S);
		return;
	}
	error_set(err, ERROR_PUBLISH, "%ld%s%s%s%s", status, *code ? " " : "", code, *message ? ": " : "", message);
	hint_for(s3, code, err);
}

/* Judges a reply that is an error, by status and, where there is a body, by S3's code. */
static int judge_error(struct s3 *s3, const struct s3_call *call, const struct http_reply *reply,
		       struct s3_failure *failure, struct try *t, struct error *err)
{
	static const char *const expired[] = { "ExpiredToken", "ExpiredTokenException", "InvalidToken",
					       "InvalidAccessKeyId", NULL };
	struct xml_value v[] = { { .path = "Error/Code" }, { .path = "Error/Message" }, { .path = "Error/Region" } };
	xml_extract(reply->body.data, reply->body.len, v, ARRAY_SIZE(v), NULL); /* not XML: the status must do */
	const char *date = http_reply_header(reply, "date"), *region = http_reply_header(reply, "x-amz-bucket-region");
	if (!date || decode_http_date(date, &t->server_unix) < 0)
		t->server_unix = 0;
	region = region ? region : v[2].text;
	failure->status = reply->status;
	snprintf(failure->code, sizeof failure->code, "%s", v[0].text ? v[0].text : "");
	bool moved = reply->status == 301 || reply->status == 307 ||
		     str_eq(failure->code, "AuthorizationHeaderMalformed") ||
		     (reply->status == 400 && strcmp(call->method, "HEAD") == 0);
	if (moved && region && !str_eq(region, s3->region)) {
		wrong_region(s3, region, err);
	} else {
		describe(s3, reply->status, v, t, err);
		t->cost = cost_of_reply(reply->status, failure->code, call->conflict_final);
		t->expired = one_of(failure->code, expired);
	}
	xml_values_release(v, ARRAY_SIZE(v));
	return -1;
}

static bool is_error_document(const struct http_reply *reply)
{
	struct xml_value v = { .path = "Error/Code" };
	bool is = xml_extract(reply->body.data, reply->body.len, &v, 1, NULL) == 0 && v.text;
	xml_values_release(&v, 1);
	return is;
}

static int try_once(struct s3 *s3, const struct s3_call *call, struct http_reply *reply, struct s3_failure *failure,
		    struct try *t, struct error *err)
{
	reply->failure = HTTP_FAILURE_LOCAL;
	if (send_signed(s3, call, reply, err) < 0) {
		t->cost = retry_cost_of(reply->failure);
		failure->status = 0;
		failure->code[0] = 0;
		failure->too_large = reply->failure == HTTP_FAILURE_TOO_LARGE;
		return -1;
	}
	if (reply->status < 200 || reply->status > 299 || (call->xml_reply && is_error_document(reply)))
		return judge_error(s3, call, reply, failure, t, err);
	if (call->check && call->check(reply, call->check_data, err) < 0) {
		t->cost = RETRY_PLAIN;
		return -1;
	}
	return 0;
}

/* True if the cause of the failure was removed, so that another try needs no wait. Each cause at most once a call. */
static bool remedied(struct s3 *s3, const struct try *t, bool *renewed, bool *adjusted)
{
	if (t->expired && !*renewed) {
		*renewed = true;
		return renew_credentials(s3);
	}
	if (t->skewed && t->server_unix && !*adjusted) {
		*adjusted = true;
		s3->clock_offset_s += t->server_unix - server_time(s3);
		return true;
	}
	return false;
}

int s3_call(struct s3 *s3, const struct s3_call *call, struct http_reply *reply, struct s3_failure *failure,
	    struct error *err)
{
	struct s3_failure unused = { 0 };
	struct error local = ERROR_INIT;
	failure = failure ? failure : &unused;
	err = err ? err : &local;
	*failure = (struct s3_failure){ 0 };
	bool renewed = false, adjusted = false;
	unsigned attempt = 1;
	for (;;) {
		struct try t = { 0 };
		if (try_once(s3, call, reply, failure, &t, err) == 0) {
			retry_succeeded(&s3->retry);
			return 0;
		}
		if (call->teardown)
			break;
		if (remedied(s3, &t, &renewed, &adjusted))
			continue;
		if (t.cost != RETRY_NEVER && attempt < RETRY_ATTEMPTS && s3->on_retry)
			s3->on_retry(err->message, attempt + 1, s3->on_retry_data);
		if (!retry_wait(&s3->retry, attempt, t.cost, err))
			break;
		failure->retried = true;
		attempt++;
	}
	if (attempt > 1 && err->kind != ERROR_INTERRUPTED)
		error_wrap(err, "after %u attempts", attempt);
	return error_wrap(err, "%s s3://%s%s%s", call->method, s3->bucket, call->key ? "/" : "",
			  call->key ? call->key : "");
}
