#include "net/ses.h"

#include "base/clock.h"
#include "net/aws_sources.h"
#include "net/encode.h"
#include "net/http.h"
#include "net/retry.h"

#include <cjson/cJSON.h>
#include <openssl/evp.h>
#include <string.h>

#define PATH "/v2/email/outbound-emails"
#define NAME_MAX_CHARS 64
#define REPLY_MAX_BYTES (256u << 10)
#define HEADER_MAX_BYTES 4096
#define URL_MAX_BYTES 2048

void ses_release(struct ses *s)
{
	aws_credentials_release(&s->credentials);
}

/* The server to talk to. */
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

static int make_target(const struct ses *s, struct target *t, struct error *err)
{
	const char *endpoint = s->endpoint;
	endpoint = endpoint ? endpoint : aws_getenv(&s->env, "AWS_ENDPOINT_URL_SESV2");
	endpoint = endpoint ? endpoint : aws_getenv(&s->env, "AWS_ENDPOINT_URL");
	t->region = s->region ? s->region : aws_getenv(&s->env, "AWS_REGION");
	t->region = t->region ? t->region : aws_getenv(&s->env, "AWS_DEFAULT_REGION");
	if (!t->region || !*t->region ||
	    strspn(t->region, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(t->region)) {
		error_set(err, ERROR_USAGE, "no usable AWS region for SES");
		return error_hint(err, "--region, or AWS_REGION");
	}
	if (endpoint)
		strbuf_addf(&t->url, "%.*s", (int)(strlen(endpoint) - str_ends(endpoint, "/")), endpoint);
	else
		strbuf_addf(&t->url, "https://email.%s.amazonaws.com", t->region);
	strbuf_adds(&t->url, PATH);
	if (strbuf_check(&t->url, err) < 0 || http_url_parse(t->url.data, &t->parts, err) < 0)
		return error_wrap(err, "SES endpoint");
	if (!t->parts.https && !http_host_is_loopback(t->parts.host))
		return error_set(err, ERROR_USAGE, "SES endpoint %s is not https: the mail would be sent in the clear",
				 endpoint);
	return 0;
}

int ses_check(const struct ses *s, const struct ses_template *t, struct error *err)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
	CLEANUP(target) struct target target = { .url = STRBUF_INIT(URL_MAX_BYTES) };
	if (make_target(s, &target, err) < 0)
		return -1;
	if (!t)
		return 0;
	size_t name = strlen(t->name), chars = 0;
	if (!name || name > NAME_MAX_CHARS || strspn(t->name, allowed) != name) {
		error_set(err, ERROR_USAGE, "\"%.100s\" is not the name of an SES template", t->name);
		return error_hint(err, "1 to %d letters, digits, - and _", NAME_MAX_CHARS);
	}
	for (const char *p = t->data; p && *p; p++)
		chars += ((unsigned char)*p & 0xC0) != 0x80;
	if (chars > SES_TEMPLATE_DATA_MAX_CHARS) {
		error_set(err, ERROR_PUBLISH, "template data of %zu characters: SES takes at most %d", chars,
			  SES_TEMPLATE_DATA_MAX_CHARS);
		return error_hint(err, "a mail without a template may be larger");
	}
	return 0;
}

/* As SES takes addresses: names that are not ASCII as encoded words, on one line. */
static bool add_address(cJSON *array_or_object, const char *key, const char *text)
{
	CLEANUP(mail_address) struct mail_address a = { 0 };
	CLEANUP(strbuf) struct strbuf header = STRBUF_INIT(HEADER_MAX_BYTES), line = STRBUF_INIT(HEADER_MAX_BYTES);
	if (mail_address_parse(text, &a, NULL) < 0)
		return false;
	mail_add_address(&header, &a, 0);
	for (const char *p = header.data; *p; p++)
		if (*p != '\r' && *p != '\n') /* a fold is a line break before a space */
			strbuf_addc(&line, *p);
	if (header.failed || line.failed)
		return false;
	return key ? cJSON_AddStringToObject(array_or_object, key, line.data) != NULL
		   : cJSON_AddItemToArray(array_or_object, cJSON_CreateString(line.data));
}

static bool add_addresses(cJSON *object, const char *key, const struct strlist *list)
{
	if (!list || !list->len)
		return true;
	cJSON *array = cJSON_AddArrayToObject(object, key);
	bool ok = array;
	for (size_t i = 0; ok && i < list->len; i++)
		ok = add_address(array, NULL, list->items[i]);
	return ok;
}

static bool add_content(cJSON *object, const char *key, const char *text)
{
	cJSON *o = cJSON_AddObjectToObject(object, key);
	return o && cJSON_AddStringToObject(o, "Data", text) && cJSON_AddStringToObject(o, "Charset", "UTF-8");
}

static bool add_simple(cJSON *content, const struct mail *m)
{
	cJSON *simple = cJSON_AddObjectToObject(content, "Simple");
	cJSON *body =
		simple && add_content(simple, "Subject", m->subject) ? cJSON_AddObjectToObject(simple, "Body") : NULL;
	return body && add_content(body, "Text", m->text) && add_content(body, "Html", m->html);
}

static bool add_template(cJSON *content, const struct ses_template *t)
{
	cJSON *o = cJSON_AddObjectToObject(content, "Template");
	return o && cJSON_AddStringToObject(o, "TemplateName", t->name) &&
	       cJSON_AddStringToObject(o, "TemplateData", t->data);
}

/* The request; owned, cJSON_free. NULL: no memory. */
static char *make_body(const struct mail *m, const struct ses_template *t)
{
	cJSON *o = cJSON_CreateObject(), *destination = o ? cJSON_AddObjectToObject(o, "Destination") : NULL;
	bool ok = destination && add_address(o, "FromEmailAddress", m->from) &&
		  add_addresses(destination, "ToAddresses", m->to) && add_addresses(destination, "CcAddresses", m->cc);
	if (ok && m->reply_to) {
		cJSON *array = cJSON_AddArrayToObject(o, "ReplyToAddresses");
		ok = array && add_address(array, NULL, m->reply_to);
	}
	cJSON *content = ok ? cJSON_AddObjectToObject(o, "Content") : NULL;
	ok = content && (t ? add_template(content, t) : add_simple(content, m));
	char *text = ok ? cJSON_PrintUnformatted(o) : NULL;
	cJSON_Delete(o);
	return text;
}

/* "TooManyRequestsException" of "TooManyRequestsException:http://…"; from the header or the body. */
static void error_type(const struct http_reply *reply, const cJSON *body, char ret[static 64])
{
	const char *type = http_reply_header(reply, "x-amzn-errortype");
	type = type ? type : cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(body, "__type"));
	type = type ? type : cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(body, "code"));
	const char *hash = type ? strchr(type, '#') : NULL;
	type = hash ? hash + 1 : type ? type : "";
	snprintf(ret, 64, "%.*s", (int)strcspn(type, ":"), type);
}

static bool is_throttling(long status, const char *type)
{
	static const char *const types[] = { "TooManyRequestsException", "Throttling",       "ThrottlingException",
					     "ThrottledException",       "RequestThrottled", "RequestLimitExceeded" };
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strcmp(type, types[i]) == 0)
			return status < 500;
	return status == 429;
}

static enum retry_cost refused(const struct ses *s, const struct http_reply *reply, struct error *err)
{
	cJSON *body = cJSON_ParseWithLength(reply->body.data, reply->body.len);
	const char *message = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(body, "message"));
	message = message ? message : cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(body, "Message"));
	char type[64];
	error_type(reply, body, type);
	error_set(err, ERROR_PUBLISH, "SES said %ld%s%s%s%s", reply->status, *type ? " " : "", type,
		  message ? ": " : "", message ? message : "");
	cJSON_Delete(body);
	if (strcmp(type, "MessageRejected") == 0 || strcmp(type, "MailFromDomainNotVerifiedException") == 0)
		error_hint(err, "is the sender verified in this region, and the account out of the sandbox?");
	else if (strcmp(type, "NotFoundException") == 0)
		error_hint(err, "is the template kept in this region?");
	else if (reply->status == 403)
		error_hint(err, "may these credentials (from: %s) do ses:SendEmail?", s->credentials.source);
	else if (reply->status >= 500)
		error_hint(err, "it may have been accepted: look before you send it again");
	return is_throttling(reply->status, type) ? RETRY_PLAIN : RETRY_NEVER;
}

static int take_id(const struct http_reply *reply, char **ret_id, struct error *err)
{
	cJSON *body = cJSON_ParseWithLength(reply->body.data, reply->body.len);
	const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(body, "MessageId"));
	int r = 0;
	if (!id || !*id) {
		error_set(err, ERROR_PUBLISH, "SES said 200, but gave no MessageId");
		r = error_hint(err, "it may have been accepted: look before you send it again");
	} else if (!(*ret_id = str_dup(id, err))) {
		r = -1;
	}
	cJSON_Delete(body);
	return r;
}

/* Signed anew at each try. */
static int sign(const struct ses *s, const struct target *t, const char *body, struct strlist *headers,
		struct error *err)
{
	unsigned char hash[SHA256_BYTES];
	char hex[SHA256_HEX_CHARS + 1];
	if (!EVP_Digest(body, strlen(body), hash, NULL, EVP_sha256(), NULL))
		return error_set(err, ERROR_INTERNAL, "libcrypto cannot make a SHA-256");
	encode_hex(hash, sizeof hash, hex);
	CLEANUP(strlist) struct strlist own = STRLIST_INIT;
	strlist_add(&own, "Content-Type: application/json");
	strlist_add_all(headers, strlist_array(&own));
	if (strlist_check(&own, err) < 0 || strlist_check(headers, err) < 0)
		return -1;
	const struct aws_sign_request rq = {
		.method = "POST",
		.path = t->parts.path,
		.query = "",
		.host = t->parts.authority,
		.headers = &own,
		.payload_sha256_hex = hex,
		.region = t->region,
		.service = "ses",
		.now_unix = clock_wall_ns() / (int64_t)NS_PER_SECOND,
		.double_encode_path = true,
	};
	return aws_sign(&rq, &s->credentials, headers, err);
}

static int send_once(const struct ses *s, const struct target *t, const char *body, char **ret_id,
		     enum retry_cost *ret_cost, struct error *err)
{
	CLEANUP(strlist) struct strlist headers = STRLIST_INIT;
	CLEANUP(http_reply) struct http_reply reply = HTTP_REPLY_INIT(REPLY_MAX_BYTES);
	*ret_cost = RETRY_NEVER;
	if (sign(s, t, body, &headers, err) < 0)
		return -1;
	struct http_request rq = HTTP_REQUEST_INIT;
	rq.method = "POST";
	rq.url = t->url.data;
	rq.headers = &headers;
	rq.body = body;
	rq.body_len = strlen(body);
	rq.ca_file = s->env.ca_file;
	if (http_do(&rq, &reply, err) < 0) {
		if (reply.failure == HTTP_FAILURE_RESOLVE || reply.failure == HTTP_FAILURE_CONNECT)
			*ret_cost = RETRY_PLAIN;
		else if (reply.failure == HTTP_FAILURE_TIMEOUT || reply.failure == HTTP_FAILURE_TRANSFER)
			error_hint(err, "it may have been accepted: look before you send it again");
		return -1;
	}
	if (reply.status == 200)
		return take_id(&reply, ret_id, err);
	*ret_cost = refused(s, &reply, err);
	return -1;
}

static int send_patiently(struct ses *s, const struct target *t, const char *body, char **ret_id, struct error *err)
{
	struct retry retry = { .unit_ns = s->retry_unit_ns };
	for (unsigned attempt = 1;; attempt++) {
		enum retry_cost cost;
		if (send_once(s, t, body, ret_id, &cost, err) == 0)
			return 0;
		if (cost != RETRY_NEVER && attempt < RETRY_ATTEMPTS && s->on_retry)
			s->on_retry(err->message, attempt + 1, s->on_retry_data);
		if (!retry_wait(&retry, attempt, cost, err))
			return attempt > 1 && err->kind == ERROR_PUBLISH ? error_wrap(err, "after %u attempts", attempt)
									 : -1;
	}
}

int ses_send(struct ses *s, const struct mail *m, const struct ses_template *t, char **ret_id, struct error *err)
{
	CLEANUP(target) struct target target = { .url = STRBUF_INIT(URL_MAX_BYTES) };
	struct error local = ERROR_INIT;
	err = err ? err : &local;
	if (ses_check(s, t, err) < 0 || make_target(s, &target, err) < 0)
		return -1;
	struct aws_environment env = s->env;
	env.region = env.region ? env.region : target.region;
	env.retry_unit_ns = s->retry_unit_ns;
	aws_credentials_release(&s->credentials);
	if (aws_credentials_find(&env, &s->credentials, err) < 0)
		return error_wrap(err, "mail by SES");
	char *body = make_body(m, t);
	if (!body)
		return error_oom(err);
	int r = send_patiently(s, &target, body, ret_id, err);
	cJSON_free(body);
	return r < 0 ? error_wrap(err, "mail by SES") : 0;
}
