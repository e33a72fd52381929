/* Credentials from services beside the program: a container's endpoint (ECS, EKS Pod Identity) and the instance
 * metadata service (IMDSv2).
 * Source: AWS SDKs and Tools Reference Guide, "Container credential provider" and "IMDS credential provider". */
#include "net/aws_sources.h"

#include "base/clock.h"
#include "net/encode.h"
#include "net/http.h"
#include "net/retry.h"

#include <cjson/cJSON.h>
#include <string.h>

#define REPLY_MAX_BYTES (64u << 10)
#define URL_MAX_BYTES 2048
#define CONTAINER_TIMEOUT_NS (5 * NS_PER_SECOND)
#define INSTANCE_TIMEOUT_NS (1 * NS_PER_SECOND)

static const char *json_text(const cJSON *object, const char *name)
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
	return s ? s : "";
}

static int read_json(const cJSON *o, struct aws_credentials *ret, struct error *err)
{
	const char *code = json_text(o, "Code"), *expiration = json_text(o, "Expiration");
	if (*code && strcmp(code, "Success") != 0)
		return error_set(err, ERROR_PUBLISH, "the reply is %s: %s", code, json_text(o, "Message"));
	if (!*json_text(o, "AccessKeyId") || !*json_text(o, "SecretAccessKey"))
		return error_set(err, ERROR_PUBLISH, "the reply holds no credentials");
	int64_t expires = 0;
	if (*expiration && decode_rfc3339(expiration, &expires) < 0)
		return error_set(err, ERROR_PUBLISH, "the reply's Expiration is not a date");
	if (aws_credentials_set(ret, json_text(o, "AccessKeyId"), json_text(o, "SecretAccessKey"),
				json_text(o, "Token"), err) < 0)
		return -1;
	ret->expires_unix = expires;
	return 0;
}

int aws_parse_json_credentials(const char *json, size_t len, struct aws_credentials *ret, struct error *err)
{
	cJSON *o = cJSON_ParseWithLength(json, len);
	int r = cJSON_IsObject(o) ? read_json(o, ret, err)
				  : error_set(err, ERROR_PUBLISH, "the reply is not a JSON object");
	cJSON_Delete(o);
	return r;
}

/* Refuses to send a token, or to believe credentials, where others could listen or answer. */
static int check_host(const char *url, const char *const *allowed, struct error *err)
{
	CLEANUP(http_url) struct http_url u = { 0 };
	if (http_url_parse(url, &u, err) < 0)
		return -1;
	if (u.https || http_host_is_loopback(u.host))
		return 0;
	for (; *allowed; allowed++)
		if (strcmp(*allowed, u.host) == 0)
			return 0;
	return error_set(err, ERROR_PUBLISH,
			 "plain HTTP to %s is refused: credentials come over https, or from loopback or AWS's "
			 "link-local addresses",
			 u.host);
}

/* One GET or PUT without body; anything but 200 is an error. */
static int ask(const struct aws_environment *env, const char *method, const char *url, const char *header,
	       uint64_t timeout_ns, struct http_reply *reply, struct error *err)
{
	CLEANUP(strlist) struct strlist headers = STRLIST_INIT;
	if (header)
		strlist_add(&headers, header);
	if (strlist_check(&headers, err) < 0)
		return -1;
	struct http_request rq = HTTP_REQUEST_INIT;
	rq.method = method;
	rq.url = url;
	rq.headers = &headers;
	rq.timeout_ns = timeout_ns;
	rq.ca_file = env->ca_file;
	if (http_do(&rq, reply, err) < 0)
		return -1;
	if (reply->status != 200)
		return error_set(err, ERROR_PUBLISH, "%s %s: the reply is %ld", method, url, reply->status);
	return 0;
}

/* The same, tried again where that may help. */
static int ask_patiently(const struct aws_environment *env, const char *url, const char *header,
			 struct http_reply *reply, struct error *err)
{
	struct retry retry = { .unit_ns = env->retry_unit_ns };
	for (unsigned attempt = 1;; attempt++) {
		if (ask(env, "GET", url, header, CONTAINER_TIMEOUT_NS, reply, err) == 0)
			return 0;
		enum retry_cost cost = retry_cost_of(reply->failure);
		if (reply->failure == HTTP_FAILURE_NONE && (reply->status >= 500 || reply->status == 429))
			cost = RETRY_PLAIN;
		if (!retry_wait(&retry, attempt, cost, err))
			return -1;
	}
}

static int container_url(const struct aws_environment *env, struct strbuf *out, struct error *err)
{
	static const char *const allowed[] = { "169.254.170.2", "169.254.170.23", "fd00:ec2::23", NULL };
	const char *relative = aws_getenv(env, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
	if (relative && *relative != '/')
		return error_set(err, ERROR_PUBLISH, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not begin with '/'");
	if (relative)
		strbuf_addf(out, "http://169.254.170.2%s", relative);
	else
		strbuf_adds(out, aws_getenv(env, "AWS_CONTAINER_CREDENTIALS_FULL_URI"));
	return strbuf_check(out, err) < 0 ? -1 : check_host(out->data, allowed, err);
}

/* "Authorization: <token>", or NULL in *ret when none is configured. Owned; wipe it. */
static int container_header(const struct aws_environment *env, char **ret, struct error *err)
{
	const char *file = aws_getenv(env, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
	const char *value = aws_getenv(env, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
	char *token = NULL;
	if (!file && !value)
		return 0;
	if (file && aws_read_secret(file, &token, err) < 0)
		return -1;
	*ret = str_printf(err, "Authorization: %s", token ? token : value);
	aws_wipe_free(token);
	return *ret ? 0 : -1;
}

int aws_from_container(const struct aws_environment *env, struct aws_credentials *ret, struct strbuf *why,
		       struct error *err)
{
	if (!aws_getenv(env, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") &&
	    !aws_getenv(env, "AWS_CONTAINER_CREDENTIALS_FULL_URI")) {
		strbuf_adds(why, "AWS_CONTAINER_CREDENTIALS_FULL_URI is not set");
		return AWS_ABSENT;
	}
	CLEANUP(strbuf) struct strbuf url = STRBUF_INIT(URL_MAX_BYTES);
	char *header = NULL;
	if (container_url(env, &url, err) < 0 || container_header(env, &header, err) < 0)
		return -1;
	struct http_reply reply = HTTP_REPLY_INIT(REPLY_MAX_BYTES);
	int r = ask_patiently(env, url.data, header, &reply, err);
	if (r == 0)
		r = aws_parse_json_credentials(reply.body.data, reply.body.len, ret, err);
	aws_wipe_free(header);
	aws_wipe_strbuf(&reply.body);
	http_reply_release(&reply);
	return r < 0 ? -1 : AWS_FOUND;
}

/* The session token that IMDSv2 wants with each request, as a header line; NULL when nothing answers. Owned. */
static char *instance_token(const struct aws_environment *env, const char *base, struct error *err)
{
	struct http_reply reply = HTTP_REPLY_INIT(REPLY_MAX_BYTES);
	AUTO_FREE char *url = str_printf(err, "%s/latest/api/token", base);
	char *header = NULL;
	if (url &&
	    ask(env, "PUT", url, "X-aws-ec2-metadata-token-ttl-seconds: 21600", INSTANCE_TIMEOUT_NS, &reply, err) == 0)
		header = str_printf(err, "X-aws-ec2-metadata-token: %s", reply.body.data);
	aws_wipe_strbuf(&reply.body);
	http_reply_release(&reply);
	return header;
}

static int instance_credentials(const struct aws_environment *env, const char *base, const char *header,
				struct aws_credentials *ret, struct error *err)
{
	CLEANUP(strbuf) struct strbuf url = STRBUF_INIT(URL_MAX_BYTES);
	struct http_reply reply = HTTP_REPLY_INIT(REPLY_MAX_BYTES);
	strbuf_addf(&url, "%s/latest/meta-data/iam/security-credentials/", base);
	int r = ask(env, "GET", url.data, header, INSTANCE_TIMEOUT_NS, &reply, err);
	if (r == 0) {
		encode_percent(&url, reply.body.data, strcspn(reply.body.data, "\r\n"), "");
		r = strbuf_check(&url, err);
	}
	if (r == 0)
		r = ask(env, "GET", url.data, header, INSTANCE_TIMEOUT_NS, &reply, err);
	if (r == 0)
		r = aws_parse_json_credentials(reply.body.data, reply.body.len, ret, err);
	aws_wipe_strbuf(&reply.body);
	http_reply_release(&reply);
	return r;
}

int aws_from_instance(const struct aws_environment *env, struct aws_credentials *ret, struct strbuf *why,
		      struct error *err)
{
	static const char *const allowed[] = { "169.254.169.254", "fd00:ec2::254", NULL };
	const char *disabled = aws_getenv(env, "AWS_EC2_METADATA_DISABLED");
	const char *given = aws_getenv(env, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
	if (disabled && strcasecmp(disabled, "true") == 0) {
		strbuf_adds(why, "AWS_EC2_METADATA_DISABLED is set");
		return AWS_ABSENT;
	}
	const char *source = given ? given : "http://169.254.169.254";
	AUTO_FREE char *base = strndup(source, strlen(source) - str_ends(source, "/"));
	if (!base)
		return error_oom(err);
	if (check_host(base, allowed, err) < 0)
		return -1;
	struct error silent = ERROR_INIT;
	char *header = instance_token(env, base, &silent);
	if (!header && silent.kind == ERROR_INTERRUPTED) {
		if (err)
			*err = silent;
		return -1;
	}
	if (!header) {
		strbuf_addf(why, "%s", silent.message);
		return AWS_ABSENT;
	}
	int r = instance_credentials(env, base, header, ret, err);
	aws_wipe_free(header);
	return r < 0 ? -1 : AWS_FOUND;
}
