#include "net/aws_sources.h"

#include "net/encode.h"
#include "net/http.h"
#include "net/retry.h"
#include "net/xml.h"

#include <string.h>

#define REPLY_MAX_BYTES (256u << 10)
#define FORM_MAX_BYTES (256u << 10)

int aws_parse_sts_credentials(const char *xml, size_t len, struct aws_credentials *ret, struct error *err)
{
#define CREDENTIALS "AssumeRoleWithWebIdentityResponse/AssumeRoleWithWebIdentityResult/Credentials/"
	struct xml_value v[] = { { .path = CREDENTIALS "AccessKeyId" },
				 { .path = CREDENTIALS "SecretAccessKey" },
				 { .path = CREDENTIALS "SessionToken" },
				 { .path = CREDENTIALS "Expiration" } };
#undef CREDENTIALS
	if (xml_extract(xml, len, v, ARRAY_SIZE(v), err) < 0)
		return -1;
	int64_t expires = 0;
	int r;
	if (!v[0].text || !v[1].text || !v[2].text)
		r = error_set(err, ERROR_PUBLISH, "the reply holds no credentials");
	else if (!v[3].text || decode_rfc3339(v[3].text, &expires) < 0)
		r = error_set(err, ERROR_PUBLISH, "the reply's Expiration is not a date");
	else
		r = aws_credentials_set(ret, v[0].text, v[1].text, v[2].text, err);
	if (r == 0)
		ret->expires_unix = expires;
	xml_values_release(v, ARRAY_SIZE(v));
	return r;
}

/* What a reply that is not 200 says, and whether another try may help. */
static enum retry_cost refused(const struct http_reply *reply, struct error *err)
{
	struct xml_value v[] = { { .path = "ErrorResponse/Error/Code" }, { .path = "ErrorResponse/Error/Message" } };
	if (xml_extract(reply->body.data, reply->body.len, v, ARRAY_SIZE(v), NULL) == 0 && v[0].text)
		error_set(err, ERROR_PUBLISH, "STS said %ld %s: %s", reply->status, v[0].text,
			  v[1].text ? v[1].text : "");
	else
		error_set(err, ERROR_PUBLISH, "STS said %ld", reply->status);
	bool again = reply->status >= 500 || reply->status == 429 || str_eq(v[0].text, "IDPCommunicationError") ||
		     str_eq(v[0].text, "Throttling") || str_eq(v[0].text, "ThrottlingException");
	xml_values_release(v, ARRAY_SIZE(v));
	return again ? RETRY_PLAIN : RETRY_NEVER;
}

/* One try; *ret_cost says whether another may follow a failure. */
static int ask(const struct http_request *rq, struct aws_credentials *ret, enum retry_cost *ret_cost, struct error *err)
{
	struct http_reply reply = HTTP_REPLY_INIT(REPLY_MAX_BYTES);
	int r = http_do(rq, &reply, err);
	*ret_cost = RETRY_NEVER;
	if (r < 0)
		*ret_cost = retry_cost_of(reply.failure);
	else if (reply.status != 200) {
		*ret_cost = refused(&reply, err);
		r = -1;
	} else {
		r = aws_parse_sts_credentials(reply.body.data, reply.body.len, ret, err);
	}
	aws_wipe_strbuf(&reply.body);
	http_reply_release(&reply);
	return r;
}

static int make_form(const struct aws_environment *env, const char *role, const char *token, struct strbuf *out,
		     struct error *err)
{
	const char *session = aws_getenv(env, "AWS_ROLE_SESSION_NAME");
	if (!session)
		session = "dbdyno";
	strbuf_adds(out, "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=");
	encode_percent(out, role, strlen(role), "");
	strbuf_adds(out, "&RoleSessionName=");
	encode_percent(out, session, strlen(session), "");
	strbuf_adds(out, "&WebIdentityToken=");
	encode_percent(out, token, strlen(token), "");
	return strbuf_check(out, err);
}

static char *sts_url(const struct aws_environment *env, struct error *err)
{
	const char *given = aws_getenv(env, "AWS_ENDPOINT_URL_STS"), *region = env->region;
	region = region ? region : aws_getenv(env, "AWS_REGION");
	region = region ? region : aws_getenv(env, "AWS_DEFAULT_REGION");
	CLEANUP(strbuf) struct strbuf url = STRBUF_INIT(2048);
	if (given)
		strbuf_addf(&url, "%.*s/", (int)(strlen(given) - str_ends(given, "/")), given);
	else if (region)
		strbuf_addf(&url, "https://sts.%s.amazonaws.com%s/", region, str_starts(region, "cn-") ? ".cn" : "");
	else
		strbuf_adds(&url, "https://sts.amazonaws.com/");
	CLEANUP(http_url) struct http_url parts = { 0 };
	if (strbuf_check(&url, err) < 0)
		return NULL;
	if (http_url_parse(url.data, &parts, err) < 0) {
		error_wrap(err, "AWS_ENDPOINT_URL_STS");
		return NULL;
	}
	if (!parts.https && !http_host_is_loopback(parts.host)) {
		error_set(err, ERROR_USAGE, "AWS_ENDPOINT_URL_STS is not https: a token would be sent in the clear");
		return NULL;
	}
	return strbuf_take(&url, err);
}

static int assume_role(const struct aws_environment *env, const char *url, const struct strbuf *form,
		       struct aws_credentials *ret, struct error *err)
{
	CLEANUP(strlist) struct strlist headers = STRLIST_INIT;
	strlist_add(&headers, "Content-Type: application/x-www-form-urlencoded");
	if (strlist_check(&headers, err) < 0)
		return -1;
	struct http_request rq = HTTP_REQUEST_INIT;
	rq.method = "POST";
	rq.url = url;
	rq.headers = &headers;
	rq.body = form->data;
	rq.body_len = form->len;
	rq.ca_file = env->ca_file;
	struct retry retry = { .unit_ns = env->retry_unit_ns };
	for (unsigned attempt = 1;; attempt++) {
		enum retry_cost cost;
		if (ask(&rq, ret, &cost, err) == 0)
			return 0;
		if (!retry_wait(&retry, attempt, cost, err))
			return -1;
	}
}

int aws_from_web_identity(const struct aws_environment *env, struct aws_credentials *ret, struct strbuf *why,
			  struct error *err)
{
	const char *file = aws_getenv(env, "AWS_WEB_IDENTITY_TOKEN_FILE"), *role = aws_getenv(env, "AWS_ROLE_ARN");
	if (!file) {
		strbuf_adds(why, "AWS_WEB_IDENTITY_TOKEN_FILE is not set");
		return AWS_ABSENT;
	}
	if (!role)
		return error_set(err, ERROR_PUBLISH, "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not");
	AUTO_FREE char *url = sts_url(env, err);
	char *token = NULL;
	if (!url || aws_read_secret(file, &token, err) < 0)
		return -1;
	struct strbuf form = STRBUF_INIT(FORM_MAX_BYTES);
	int r = make_form(env, role, token, &form, err);
	if (r == 0)
		r = assume_role(env, url, &form, ret, err);
	aws_wipe_free(token);
	aws_wipe_strbuf(&form);
	return r < 0 ? -1 : AWS_FOUND;
}
