#include "net/smtp.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/stop.h"
#include "net/http.h"
#include "net/retry.h"
#include "net/transfer.h"

#include <ctype.h>
#include <string.h>

#define SECRET_MAX_BYTES 1024
#define REPLY_MAX_BYTES 600
#define URL_MAX_BYTES 1024
#define QUIT_NS (2 * NS_PER_SECOND) /* for the farewell of a server that has the mail already */

/* How far a conversation has come, by the command that was sent last. */
enum stage { STAGE_CONNECT, STAGE_HELLO, STAGE_AUTH, STAGE_SENDER, STAGE_RECIPIENT, STAGE_DATA, STAGE_MESSAGE };

struct conversation {
	const struct smtp_server *server;
	CURL *easy;
	enum stage stage;
	uint64_t lines;        /* of replies, for stall detection */
	uint64_t quit_mono_ns; /* when QUIT was sent; 0: not yet */
	int code;              /* of the last reply; 0: none */
	bool open;             /* its next line belongs to the same reply */
	struct strbuf reply;   /* its text */
	struct strbuf recipient;
	char curl_text[CURL_ERROR_SIZE];
};

static void conversation_release(struct conversation *c)
{
	strbuf_release(&c->reply);
	strbuf_release(&c->recipient);
}

/* The server's address, and how it is to be talked to. */
struct target {
	bool implicit_tls, loopback;
	char *host, *url; /* owned */
};

static void target_release(struct target *t)
{
	free(t->host);
	free(t->url);
}

static int fill_target(CURLU *parsed, struct target *t, struct error *err)
{
	AUTO_FREE char *scheme = transfer_url_part(parsed, CURLUPART_SCHEME),
		       *port = transfer_url_part(parsed, CURLUPART_PORT);
	AUTO_FREE char *path = transfer_url_part(parsed, CURLUPART_PATH),
		       *query = transfer_url_part(parsed, CURLUPART_QUERY);
	AUTO_FREE char *fragment = transfer_url_part(parsed, CURLUPART_FRAGMENT);
	t->host = transfer_url_part(parsed, CURLUPART_HOST);
	if (!t->host || !*t->host)
		return error_set(err, ERROR_USAGE, "the URL names no host");
	if (!str_eq(scheme, "smtp") && !str_eq(scheme, "smtps"))
		return error_set(err, ERROR_USAGE, "the URL is neither smtp:// nor smtps://");
	if ((path && strcmp(path, "/") != 0) || query || fragment)
		return error_set(err, ERROR_USAGE, "the URL holds more than a host and a port");
	t->implicit_tls = str_eq(scheme, "smtps");
	size_t len = strlen(t->host);
	bool v6 = *t->host == '[' && t->host[len - 1] == ']';
	AUTO_FREE char *bare = v6 ? strndup(t->host + 1, len - 2) : strdup(t->host);
	if (!bare)
		return error_oom(err);
	t->loopback = http_host_is_loopback(bare);
	t->url = str_printf(err, "%s://%s:%s", scheme, t->host, port ? port : t->implicit_tls ? "465" : "587");
	return t->url ? 0 : -1;
}

static int parse_target(const char *url, struct target *ret, struct error *err)
{
	for (const char *p = url; *p; p++)
		if ((unsigned char)*p <= 0x20 || *p == 0x7f)
			return error_set(err, ERROR_USAGE, "the URL holds a space or a control character");
	if (!str_starts(url, "smtp://") && !str_starts(url, "smtps://"))
		return error_set(err, ERROR_USAGE, "the URL does not begin with smtps:// or smtp://");
	CURLU *parsed = curl_url();
	if (!parsed)
		return error_oom(err);
	CURLUcode code = curl_url_set(parsed, CURLUPART_URL, url, CURLU_DISALLOW_USER);
	int r;
	if (code == CURLUE_USER_NOT_ALLOWED)
		r = error_set(err, ERROR_USAGE, "the URL holds a user name or password");
	else if (code != CURLUE_OK)
		r = error_set(err, ERROR_USAGE, "not a valid URL: %s", curl_url_strerror(code));
	else
		r = fill_target(parsed, ret, err);
	curl_url_cleanup(parsed);
	return r;
}

static bool has_password(const struct smtp_server *s)
{
	return s->password || s->password_file;
}

static void wipe(struct strbuf *secret)
{
	if (secret->cap)
		explicit_bzero(secret->data, secret->cap);
	strbuf_release(secret);
}

/* The password, from where it is now; wipe it. */
static int read_password(const struct smtp_server *s, struct strbuf *ret, struct error *err)
{
	if (s->password)
		strbuf_adds(ret, s->password);
	else if (s->password_file && fs_read(s->password_file, ret, err) < 0)
		return -1;
	while (ret->len && strchr("\r\n", ret->data[ret->len - 1]))
		ret->data[--ret->len] = 0;
	bool plain = ret->len == strlen(ret->data) && !ret->failed;
	for (const char *p = ret->data; *p; p++)
		plain &= (unsigned char)*p >= 0x20 && *p != 0x7f;
	if (!ret->len)
		return error_set(err, ERROR_USAGE, "no SMTP password%s%s", s->password ? "" : " in ",
				 s->password ? "" : s->password_file);
	return plain ? 0
		     : error_set(err, ERROR_USAGE,
				 "the SMTP password is too long, or holds a line break or a control character");
}

int smtp_check(const struct smtp_server *s, struct error *err)
{
	CLEANUP(target) struct target t = { 0 };
	if (parse_target(s->url, &t, err) < 0)
		return error_wrap(err, "SMTP server");
	if (!s->user != !has_password(s))
		return error_set(err, ERROR_USAGE, "an SMTP user needs a password, and a password a user");
	if (s->insecure && t.implicit_tls)
		return error_set(err, ERROR_USAGE, "smtps:// is TLS: it cannot be insecure");
	if (s->insecure && has_password(s))
		return error_set(err, ERROR_USAGE, "an SMTP password is never sent without TLS");
	if (!has_password(s))
		return 0;
	struct strbuf password = STRBUF_INIT(SECRET_MAX_BYTES);
	int r = read_password(s, &password, err);
	if (r < 0 && err && err->kind == ERROR_INTERNAL)
		err->kind = ERROR_USAGE; /* the file cannot be read */
	wipe(&password);
	return r;
}

static int on_debug(CURL *easy, curl_infotype type, char *data, size_t size, void *context)
{
	(void)easy;
	static const struct {
		const char *command;
		enum stage stage;
	} commands[] = { { "EHLO", STAGE_HELLO }, { "HELO", STAGE_HELLO },       { "STARTTLS", STAGE_HELLO },
			 { "AUTH", STAGE_AUTH },  { "MAIL FROM", STAGE_SENDER }, { "RCPT TO", STAGE_RECIPIENT },
			 { "DATA", STAGE_DATA } };
	struct conversation *c = context;
	if (type != CURLINFO_HEADER_OUT)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		size_t n = strlen(commands[i].command);
		if (size >= n && memcmp(data, commands[i].command, n) == 0)
			c->stage = commands[i].stage;
	}
	if (c->stage == STAGE_RECIPIENT && size > 10) {
		const char *open = memchr(data, '<', size), *close = memchr(data, '>', size);
		strbuf_reset(&c->recipient);
		if (open && close > open)
			strbuf_add(&c->recipient, open + 1, (size_t)(close - open) - 1);
	}
	if (size >= 4 && memcmp(data, "QUIT", 4) == 0)
		c->quit_mono_ns = clock_mono_ns();
	return 0;
}

/* A line of a reply: "250-SIZE 1000", "550 5.1.1 no such user". */
static size_t on_reply(char *line, size_t size, size_t count, void *context)
{
	struct conversation *c = context;
	size_t n = size * count;
	c->lines++;
	if (c->quit_mono_ns || n < 4 || !isdigit((unsigned char)line[0]) || !isdigit((unsigned char)line[1]) ||
	    !isdigit((unsigned char)line[2]))
		return n;
	int code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
	if (!c->open || code != c->code)
		strbuf_reset(&c->reply);
	else
		strbuf_addc(&c->reply, ' ');
	c->code = code;
	c->open = line[3] == '-';
	size_t end = n;
	while (end > 4 && isspace((unsigned char)line[end - 1]))
		end--;
	strbuf_add(&c->reply, line + 4, end - 4); /* what does not fit is left out */
	if (code == 354 && c->stage == STAGE_DATA)
		c->stage = STAGE_MESSAGE;
	return n;
}

/* Called in every wait of libcurl's own: it waits for the reply to QUIT where no limit of ours is looked at. */
static int on_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	(void)a, (void)b, (void)c, (void)d;
	const struct conversation *t = context;
	return t->quit_mono_ns && (stop_requested() || clock_mono_ns() - t->quit_mono_ns > QUIT_NS);
}

/* libcurl's list, the caller's also on failure. */
static int make_list(const struct strlist *from, struct curl_slist **ret, struct error *err)
{
	for (size_t i = 0; i < from->len; i++) {
		struct curl_slist *longer = curl_slist_append(*ret, from->items[i]);
		if (!longer)
			return error_oom(err);
		*ret = longer;
	}
	return 0;
}

/* The bare addresses of everybody. */
static int list_recipients(const struct mail *m, struct strlist *ret, struct error *err)
{
	const struct strlist *const lists[] = { m->to, m->cc };
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		for (size_t j = 0; lists[i] && j < lists[i]->len; j++) {
			CLEANUP(mail_address) struct mail_address a = { 0 };
			if (mail_address_parse(lists[i]->items[j], &a, err) < 0)
				return -1;
			strlist_add(ret, a.address);
		}
	return strlist_check(ret, err);
}

/* One alternative, its lines ended as mail ends them. */
static CURLcode add_part(curl_mime *mime, const char *text, const char *type)
{
	CLEANUP(strbuf) struct strbuf lines = STRBUF_INIT(2 * MAIL_BODY_MAX_BYTES);
	for (const char *p = text; *p; p++) {
		if (*p == '\n' && (p == text || p[-1] != '\r'))
			strbuf_addc(&lines, '\r');
		strbuf_addc(&lines, *p);
	}
	curl_mimepart *part = lines.failed ? NULL : curl_mime_addpart(mime);
	CURLcode c = part ? curl_mime_data(part, lines.data, lines.len) : CURLE_OUT_OF_MEMORY;
	c = c ? c : curl_mime_type(part, type);
	return c ? c : curl_mime_encoder(part, "quoted-printable");
}

static CURLcode set_message(CURL *e, const struct mail *m, curl_mime *mime, struct curl_slist *headers)
{
	CURLcode c = add_part(mime, m->text, "text/plain; charset=utf-8");
	c = c ? c : add_part(mime, m->html, "text/html; charset=utf-8");
	c = c ? c : curl_easy_setopt(e, CURLOPT_HTTPHEADER, headers);
	return c ? c : curl_easy_setopt(e, CURLOPT_MIMEPOST, mime);
}

static CURLcode set_server(CURL *e, const struct smtp_server *s, const struct target *t, const char *password)
{
	long tls = s->insecure ? CURLUSESSL_NONE : t->loopback && !has_password(s) ? CURLUSESSL_TRY : CURLUSESSL_ALL;
	CURLcode c = curl_easy_setopt(e, CURLOPT_URL, t->url);
	c = c ? c : curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	c = c ? c : curl_easy_setopt(e, CURLOPT_USE_SSL, tls);
	c = c ? c : curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L);
	c = c ? c : curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L);
	c = c ? c : curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	c = c ? c : curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	c = c ? c : curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L);
	c = c ? c : curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 1L);
	c = c ? c : curl_easy_setopt(e, CURLOPT_PROXY, "");
	if (!c && s->ca_file)
		c = curl_easy_setopt(e, CURLOPT_CAINFO, s->ca_file);
	if (!c && s->user)
		c = curl_easy_setopt(e, CURLOPT_USERNAME, s->user);
	return c || !s->user ? c : curl_easy_setopt(e, CURLOPT_PASSWORD, password);
}

static CURLcode set_callbacks(CURL *e, struct conversation *c)
{
	CURLcode r = curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_reply);
	r = r ? r : curl_easy_setopt(e, CURLOPT_HEADERDATA, c);
	r = r ? r : curl_easy_setopt(e, CURLOPT_DEBUGFUNCTION, on_debug);
	r = r ? r : curl_easy_setopt(e, CURLOPT_DEBUGDATA, c);
	r = r ? r : curl_easy_setopt(e, CURLOPT_VERBOSE, 1L); /* to on_debug alone */
	r = r ? r : curl_easy_setopt(e, CURLOPT_XFERINFOFUNCTION, on_progress);
	r = r ? r : curl_easy_setopt(e, CURLOPT_XFERINFODATA, c);
	r = r ? r : curl_easy_setopt(e, CURLOPT_NOPROGRESS, 0L);
	return r ? r : curl_easy_setopt(e, CURLOPT_ERRORBUFFER, c->curl_text);
}

/* What the server refused, in its own words. */
static enum retry_cost refused(const struct conversation *c, const struct mail *m, struct error *err)
{
	const char *words = c->reply.data;
	if (c->stage == STAGE_RECIPIENT) {
		error_set(err, ERROR_PUBLISH, "the server refused the recipient %s: %d %s", c->recipient.data, c->code,
			  words);
		error_hint(err, "nobody has got the mail");
	} else if (c->stage == STAGE_SENDER) {
		error_set(err, ERROR_PUBLISH, "the server refused the sender %s: %d %s", m->from, c->code, words);
	} else if (c->stage == STAGE_AUTH) {
		error_set(err, ERROR_PUBLISH, "the server refused the user %s: %d %s",
			  c->server->user ? c->server->user : "", c->code, words);
		error_hint(err, "are the user and the password right?");
	} else {
		error_set(err, ERROR_PUBLISH, "the server refused %s: %d %s",
			  c->stage >= STAGE_DATA ? "the mail" : "the connection", c->code, words);
	}
	return c->code < 500 && c->stage != STAGE_AUTH ? RETRY_PLAIN : RETRY_NEVER;
}

/* No refusal, and no mail accepted: what libcurl says. */
static enum retry_cost broken(const struct conversation *c, CURLcode code, struct error *err)
{
	error_set(err, ERROR_PUBLISH, "%s", c->curl_text[0] ? c->curl_text : curl_easy_strerror(code));
	if (c->stage == STAGE_MESSAGE) {
		error_wrap(err, "the connection ended while the mail was sent");
		error_hint(err, "it may have been accepted: look before you send it again");
		return RETRY_NEVER;
	}
	switch (code) {
	case CURLE_OUT_OF_MEMORY:
		return error_oom(err), RETRY_NEVER;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
		error_hint(err, "is the server's certificate valid, for this name, and signed by an authority this "
				"machine trusts?");
		return RETRY_NEVER;
	case CURLE_USE_SSL_FAILED:
		error_set(err, ERROR_PUBLISH, "the server offers no TLS (STARTTLS)");
		error_hint(err, "smtps://, or insecure mail without a password");
		return RETRY_NEVER;
	case CURLE_LOGIN_DENIED:
		return RETRY_NEVER;
	default:
		return RETRY_PLAIN; /* before DATA: the server cannot have taken anything */
	}
}

static int judge(struct conversation *c, const struct mail *m, CURLcode code, enum retry_cost *ret_cost,
		 struct error *err)
{
	if (c->stage == STAGE_MESSAGE && c->code >= 200 && c->code < 300)
		return 0; /* taken; what came after (QUIT) changes nothing */
	*ret_cost = c->code >= 400 ? refused(c, m, err) : broken(c, code, err);
	return -1;
}

static int converse(struct conversation *c, const struct mail *m, CURLM *multi, enum retry_cost *ret_cost,
		    struct error *err)
{
	const struct transfer_limits limits = { .timeout_ns = c->server->timeout_ns,
						.stall_ns = c->server->stall_ns,
						.cancel_fd = -1 };
	CURLcode code = CURLE_OK;
	if (curl_multi_add_handle(multi, c->easy) != CURLM_OK)
		return error_set(err, ERROR_INTERNAL, "cannot start a transfer");
	enum transfer_end end = transfer_run(multi, c->easy, &limits, &c->lines, &code);
	int r;
	if (end == TRANSFER_ENDED) {
		r = judge(c, m, code, ret_cost, err);
	} else if (end == TRANSFER_TIMED_OUT || end == TRANSFER_STALLED) {
		r = transfer_limit_error(end, &limits, err);
		if (c->stage == STAGE_MESSAGE)
			error_hint(err, "it may have been accepted: look before you send it again");
		else
			*ret_cost = RETRY_AFTER_TIMEOUT;
	} else if (end == TRANSFER_STOPPED) {
		r = stop_error(err);
	} else {
		r = error_set(err, ERROR_INTERNAL, "%s", curl_easy_strerror(code));
	}
	curl_multi_remove_handle(multi, c->easy);
	return r;
}

/* What one try needs of libcurl's. */
struct tools {
	CURLM *multi;
	CURL *easy;
	curl_mime *mime;
	struct curl_slist *headers, *recipients;
};

static void tools_release(struct tools *t)
{
	curl_easy_cleanup(t->easy);
	curl_multi_cleanup(t->multi);
	curl_mime_free(t->mime);
	curl_slist_free_all(t->headers);
	curl_slist_free_all(t->recipients);
}

/* What a mail needs beside its parts: headers, the bare addresses. */
struct envelope {
	struct strlist headers, recipients;
	struct mail_address from;
	struct strbuf password;
};

static void envelope_release(struct envelope *e)
{
	strlist_release(&e->headers);
	strlist_release(&e->recipients);
	mail_address_release(&e->from);
	wipe(&e->password);
}

static int send_once(const struct smtp_server *s, const struct target *t, const struct mail *m,
		     const struct envelope *envelope, enum retry_cost *ret_cost, struct error *err)
{
	CLEANUP(tools) struct tools tools = { .multi = curl_multi_init(), .easy = curl_easy_init() };
	CLEANUP(conversation)
	struct conversation c = { .server = s,
				  .easy = tools.easy,
				  .reply = STRBUF_INIT(REPLY_MAX_BYTES),
				  .recipient = STRBUF_INIT(REPLY_MAX_BYTES) };
	*ret_cost = RETRY_NEVER;
	tools.mime = tools.easy ? curl_mime_init(tools.easy) : NULL;
	if (!tools.multi || !tools.mime)
		return error_oom(err);
	if (make_list(&envelope->headers, &tools.headers, err) < 0 ||
	    make_list(&envelope->recipients, &tools.recipients, err) < 0)
		return -1;
	CURLcode code = set_server(tools.easy, s, t, envelope->password.data);
	code = code ? code : set_callbacks(tools.easy, &c);
	code = code ? code : set_message(tools.easy, m, tools.mime, tools.headers);
	code = code ? code : curl_easy_setopt(tools.easy, CURLOPT_MAIL_FROM, envelope->from.address);
	code = code ? code : curl_easy_setopt(tools.easy, CURLOPT_MAIL_RCPT, tools.recipients);
	return code ? error_set(err, ERROR_INTERNAL, "libcurl: %s", curl_easy_strerror(code))
		    : converse(&c, m, tools.multi, ret_cost, err);
}

static int send_patiently(const struct smtp_server *s, const struct target *t, const struct mail *m,
			  const struct envelope *e, struct error *err)
{
	struct retry retry = { .unit_ns = s->retry_unit_ns };
	for (unsigned attempt = 1;; attempt++) {
		enum retry_cost cost;
		if (send_once(s, t, m, e, &cost, err) == 0)
			return 0;
		if (cost != RETRY_NEVER && attempt < RETRY_ATTEMPTS && s->on_retry)
			s->on_retry(err->message, attempt + 1, s->on_retry_data);
		if (!retry_wait(&retry, attempt, cost, err))
			return attempt > 1 && err->kind == ERROR_PUBLISH ? error_wrap(err, "after %u attempts", attempt)
									 : -1;
	}
}

int smtp_send(const struct smtp_server *s, const struct mail *m, struct error *err)
{
	CLEANUP(target) struct target t = { 0 };
	CLEANUP(envelope) struct envelope e = { .password = STRBUF_INIT(SECRET_MAX_BYTES) };
	struct error local = ERROR_INIT;
	err = err ? err : &local;
	if (transfer_init(err) < 0 || parse_target(s->url, &t, err) < 0)
		return -1;
	if (has_password(s) && read_password(s, &e.password, err) < 0) {
		err->kind = ERROR_PUBLISH;
		return -1;
	}
	strlist_add(&e.headers, "Content-Type: multipart/alternative"); /* libcurl adds the boundary */
	if (mail_make_headers(m, &e.headers, err) < 0 || list_recipients(m, &e.recipients, err) < 0 ||
	    mail_address_parse(m->from, &e.from, err) < 0)
		return -1;
	return send_patiently(s, &t, m, &e, err) < 0 ? error_wrap(err, "mail by %s", t.url) : 0;
}
