#include "net/http.h"

#include "base/clock.h"
#include "base/stop.h"
#include "net/transfer.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>

#define HEADERS_MAX_BYTES (64u << 10)
#define DEFAULT_REPLY_MAX (5ULL << 30)

/* One request under way. */
struct transfer {
	const struct http_request *rq;
	struct http_reply *reply;
	CURL *easy;
	uint64_t sent;         /* body bytes that curl has taken */
	uint64_t received;     /* body bytes written to reply_fd */
	size_t header_bytes;   /* of the reply's last header block */
	uint64_t header_lines; /* of all blocks, for stall detection */
	int write_errno;       /* reply_fd could not be written */
	bool too_large;
	bool no_memory;
	char curl_text[CURL_ERROR_SIZE];
};

void http_reply_release(struct http_reply *r)
{
	strlist_release(&r->headers);
	strbuf_release(&r->body);
}

const char *http_reply_header(const struct http_reply *reply, const char *name)
{
	size_t n = strlen(name);
	for (size_t i = 0; i < reply->headers.len; i++) {
		const char *h = reply->headers.items[i];
		if (strncmp(h, name, n) == 0 && h[n] == ':')
			return h + n + 2; /* stored as "name: value" */
	}
	return NULL;
}

static size_t on_read(char *buf, size_t size, size_t count, void *data)
{
	struct transfer *t = data;
	uint64_t left = t->rq->body_len - t->sent;
	size_t n = size * count < left ? size * count : (size_t)left;
	if (t->rq->body_fd >= 0) {
		ssize_t got;
		do
			got = pread(t->rq->body_fd, buf, n, (off_t)(t->rq->body_offset + t->sent));
		while (got < 0 && errno == EINTR);
		if (got < 0 || (got == 0 && n))
			return CURL_READFUNC_ABORT; /* unreadable, or shorter than the promised length */
		n = (size_t)got;
	} else if (n) {
		memcpy(buf, (const char *)t->rq->body + t->sent, n);
	}
	t->sent += n;
	return n;
}

static int on_seek(void *data, curl_off_t offset, int origin)
{
	struct transfer *t = data;
	if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > t->rq->body_len)
		return CURL_SEEKFUNC_FAIL;
	t->sent = (uint64_t)offset;
	return CURL_SEEKFUNC_OK;
}

static bool write_all(int fd, const char *buf, size_t n)
{
	while (n) {
		ssize_t w = write(fd, buf, n);
		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return false;
		buf += w;
		n -= (size_t)w;
	}
	return true;
}

static size_t on_body(char *buf, size_t size, size_t count, void *data)
{
	struct transfer *t = data;
	size_t n = size * count;
	long status = 0;
	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	if (t->rq->reply_fd < 0 || status < 200 || status > 299) {
		if (strbuf_add(&t->reply->body, buf, n) == 0)
			return n;
		t->too_large = t->reply->body.failed == STRBUF_TOO_LARGE;
		t->no_memory = !t->too_large;
		return 0;
	}
	uint64_t max = t->rq->reply_max ? t->rq->reply_max : DEFAULT_REPLY_MAX;
	if (n > max - t->received) {
		t->too_large = true;
		return 0;
	}
	if (!write_all(t->rq->reply_fd, buf, n)) {
		t->write_errno = errno ? errno : EIO;
		return 0;
	}
	t->received += n;
	return n;
}

/* Adds "Name:   value\r\n" as "name: value"; what is not a header line is left out. */
static int add_header(struct strlist *headers, const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);
	if (!colon || colon == line)
		return 0;
	const char *value = colon + 1, *end = line + len;
	while (value < end && (*value == ' ' || *value == '\t'))
		value++;
	while (end > value && isspace((unsigned char)end[-1]))
		end--;
	if (strlist_addf(headers, "%.*s: %.*s", (int)(colon - line), line, (int)(end - value), value) < 0)
		return -1;
	for (char *p = headers->items[headers->len - 1]; *p != ':' && *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p += 'a' - 'A';
	return 0;
}

static size_t on_header(char *line, size_t size, size_t count, void *data)
{
	struct transfer *t = data;
	size_t n = size * count;
	t->header_lines++;
	if (n > 5 && memcmp(line, "HTTP/", 5) == 0) { /* a new block: what came before was 1xx */
		strlist_release(&t->reply->headers);
		t->header_bytes = 0;
		const char *space = memchr(line, ' ', n);
		bool interim = space && space + 1 < line + n && space[1] == '1';
		if (!interim && t->rq->ret_first_byte_mono_ns)
			__atomic_store_n(t->rq->ret_first_byte_mono_ns, clock_mono_ns(), __ATOMIC_RELEASE);
		return n;
	}
	if (n > HEADERS_MAX_BYTES - t->header_bytes) {
		t->too_large = true;
		return 0;
	}
	t->header_bytes += n;
	if (add_header(&t->reply->headers, line, n) < 0) {
		t->no_memory = true;
		return 0;
	}
	return n;
}

static bool slist_add(struct curl_slist **list, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*list, line);
	if (longer)
		*list = longer;
	return longer;
}

/* "Name: value", the value not empty and without a line break. */
static bool is_header_line(const char *h)
{
	const char *colon = strchr(h, ':');
	if (!colon || colon == h || !colon[1 + strspn(colon + 1, " \t")])
		return false;
	for (const char *p = h; *p; p++)
		if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7f)
			return false;
	return true;
}

/* curl's list of header lines, its own guess at a Content-Type taken out. *ret is the caller's also on failure. */
static int make_headers(const struct strlist *headers, struct curl_slist **ret, struct error *err)
{
	bool typed = false, added = true;
	for (size_t i = 0; headers && i < headers->len; i++) {
		if (!is_header_line(headers->items[i]))
			return error_set(err, ERROR_USAGE,
					 "a header cannot be sent: its value is empty or holds a line break");
		typed |= strncasecmp(headers->items[i], "content-type:", 13) == 0;
		added = added && slist_add(ret, headers->items[i]);
	}
	if (!typed)
		added = added && slist_add(ret, "Content-Type:");
	return added ? 0 : error_oom(err);
}

static bool is_link_local(const char *host)
{
	struct in_addr v4;
	return (inet_pton(AF_INET, host, &v4) == 1 && ntohl(v4.s_addr) >> 16 == 0xA9FE) ||
	       str_starts(host, "fd00:ec2:"); /* AWS's addresses inside an instance */
}

static CURLcode set_method(CURL *e, const struct http_request *rq)
{
	CURLcode c = CURLE_OK;
	if (strcmp(rq->method, "HEAD") == 0)
		return curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
	if (strcmp(rq->method, "POST") == 0) {
		c = curl_easy_setopt(e, CURLOPT_POST, 1L);
		return c ? c : curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)rq->body_len);
	}
	if (strcmp(rq->method, "PUT") == 0 || rq->body_len) {
		c = curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
		if (!c)
			c = curl_easy_setopt(e, CURLOPT_INFILESIZE_LARGE, (curl_off_t)rq->body_len);
	}
	if (!c && strcmp(rq->method, "GET") != 0 && strcmp(rq->method, "PUT") != 0)
		c = curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, rq->method);
	return c;
}

static CURLcode set_callbacks(CURL *e, struct transfer *t)
{
	CURLcode c = curl_easy_setopt(e, CURLOPT_READFUNCTION, on_read);
	c = c ? c : curl_easy_setopt(e, CURLOPT_READDATA, t);
	c = c ? c : curl_easy_setopt(e, CURLOPT_SEEKFUNCTION, on_seek);
	c = c ? c : curl_easy_setopt(e, CURLOPT_SEEKDATA, t);
	c = c ? c : curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	c = c ? c : curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
	c = c ? c : curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
	c = c ? c : curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
	return c ? c : curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->curl_text);
}

static CURLcode set_options(CURL *e, const struct http_request *rq, const struct http_url *url,
			    struct curl_slist *headers)
{
	CURLcode c = curl_easy_setopt(e, CURLOPT_URL, rq->url);
	c = c ? c : curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L);
	c = c ? c : curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	c = c ? c : curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	c = c ? c : curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	c = c ? c : curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L);
	c = c ? c : curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L);
	c = c ? c : curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	c = c ? c : curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	/* A name look-up that is given up must not hold its caller: its thread ends by itself. */
	c = c ? c : curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L);
	c = c ? c : curl_easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	c = c ? c : curl_easy_setopt(e, CURLOPT_USERAGENT, "dbdyno/" DBDYNO_VERSION);
	c = c ? c : curl_easy_setopt(e, CURLOPT_HTTPHEADER, headers);
	if (!c && rq->ca_file)
		c = curl_easy_setopt(e, CURLOPT_CAINFO, rq->ca_file);
	if (!c && (http_host_is_loopback(url->host) || is_link_local(url->host)))
		c = curl_easy_setopt(e, CURLOPT_PROXY, "");
	return c;
}

static int fail(struct transfer *t, enum http_failure failure, enum error_kind kind, struct error *err,
		const char *what)
{
	t->reply->failure = failure;
	return error_set(err, kind, "%s", what);
}

/* A limit of ours. Before the request is sent it is a connection that was never made. */
static int fail_limit(struct transfer *t, enum transfer_end end, const struct transfer_limits *limits,
		      struct error *err)
{
	long sent = 0;
	curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &sent);
	t->reply->failure = sent ? HTTP_FAILURE_TIMEOUT : HTTP_FAILURE_CONNECT;
	transfer_limit_error(end, limits, err);
	if (!sent && err)
		strncat(err->message, " (the connection was not made)", sizeof err->message - strlen(err->message) - 1);
	return -1;
}

static int fail_curl(struct transfer *t, CURLcode code, struct error *err)
{
	const char *text = t->curl_text[0] ? t->curl_text : curl_easy_strerror(code);
	if (t->write_errno) {
		errno = t->write_errno;
		t->reply->failure = HTTP_FAILURE_LOCAL;
		return error_errno(err, ERROR_INTERNAL, "cannot write what the server sends");
	}
	if (t->no_memory || code == CURLE_OUT_OF_MEMORY)
		return fail(t, HTTP_FAILURE_LOCAL, ERROR_INTERNAL, err, "out of memory");
	if (t->too_large)
		return fail(t, HTTP_FAILURE_TOO_LARGE, ERROR_PUBLISH, err, "the reply is larger than its limit");
	long sent = 0;
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return fail(t, HTTP_FAILURE_RESOLVE, ERROR_PUBLISH, err, text);
	case CURLE_COULDNT_CONNECT:
	case CURLE_SSL_CONNECT_ERROR:
		return fail(t, HTTP_FAILURE_CONNECT, ERROR_PUBLISH, err, text);
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
		fail(t, HTTP_FAILURE_TLS, ERROR_PUBLISH, err, text);
		return error_hint(err, "is the server's certificate signed by an authority this machine trusts?");
	case CURLE_OPERATION_TIMEDOUT:
		return fail(t, HTTP_FAILURE_TIMEOUT, ERROR_PUBLISH, err, text);
	case CURLE_ABORTED_BY_CALLBACK:
		return fail(t, HTTP_FAILURE_LOCAL, ERROR_INTERNAL, err,
			    "the file cannot be read to its end: was it changed while it was sent?");
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
		return fail(t, HTTP_FAILURE_LOCAL, ERROR_USAGE, err, text);
	default:
		curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &sent);
		return fail(t, sent ? HTTP_FAILURE_TRANSFER : HTTP_FAILURE_CONNECT, ERROR_PUBLISH, err, text);
	}
}

static int run(CURLM *multi, struct transfer *t, struct error *err)
{
	const struct transfer_limits limits = { .timeout_ns = t->rq->timeout_ns,
						.stall_ns = t->rq->stall_ns,
						.teardown = t->rq->teardown,
						.cancel_fd = t->rq->cancel_fd };
	CURLcode code = CURLE_OK;
	enum transfer_end end = transfer_run(multi, t->easy, &limits, &t->header_lines, &code);
	switch (end) {
	case TRANSFER_ENDED:
		break;
	case TRANSFER_STOPPED:
		t->reply->failure = HTTP_FAILURE_LOCAL;
		return stop_error(err);
	case TRANSFER_CANCELLED:
		return fail(t, HTTP_FAILURE_LOCAL, ERROR_INTERRUPTED, err, "cancelled");
	case TRANSFER_TIMED_OUT:
	case TRANSFER_STALLED:
		return fail_limit(t, end, &limits, err);
	case TRANSFER_BROKEN:
		return fail(t, HTTP_FAILURE_LOCAL, ERROR_INTERNAL, err, curl_easy_strerror(code));
	}
	if (code != CURLE_OK)
		return fail_curl(t, code, err);
	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &t->reply->status);
	return 0;
}

void http_connections_release(struct http_connections *c)
{
	curl_multi_cleanup(c->multi); /* takes NULL */
	c->multi = NULL;
}

/* The caller's multi handle, which keeps connections, or one for this request alone. */
static CURLM *get_multi(const struct http_request *rq)
{
	if (!rq->connections)
		return curl_multi_init();
	if (!rq->connections->multi)
		rq->connections->multi = curl_multi_init();
	return rq->connections->multi;
}

static int perform(struct transfer *t, const struct http_url *url, struct curl_slist *headers, struct error *err)
{
	CURLM *multi = get_multi(t->rq);
	t->easy = multi ? curl_easy_init() : NULL;
	CURLcode c = t->easy ? set_options(t->easy, t->rq, url, headers) : CURLE_OUT_OF_MEMORY;
	c = c ? c : set_callbacks(t->easy, t);
	c = c ? c : set_method(t->easy, t->rq);
	int r;
	if (c != CURLE_OK)
		r = fail_curl(t, c, err);
	else if (curl_multi_add_handle(multi, t->easy) != CURLM_OK)
		r = fail(t, HTTP_FAILURE_LOCAL, ERROR_INTERNAL, err, "cannot start a transfer");
	else
		r = run(multi, t, err);
	if (t->easy) {
		curl_multi_remove_handle(multi, t->easy);
		curl_easy_cleanup(t->easy);
	}
	if (!t->rq->connections)
		curl_multi_cleanup(multi);
	return r;
}

int http_do(const struct http_request *rq, struct http_reply *reply, struct error *err)
{
	strlist_release(&reply->headers);
	strbuf_reset(&reply->body);
	reply->status = 0;
	reply->failure = HTTP_FAILURE_LOCAL;
	CLEANUP(http_url) struct http_url url = { 0 };
	if (http_url_parse(rq->url, &url, err) < 0)
		return -1;
	struct curl_slist *headers = NULL;
	struct transfer t = { .rq = rq, .reply = reply };
	int r = transfer_init(err) < 0 ? -1 : make_headers(rq->headers, &headers, err);
	if (r == 0)
		r = perform(&t, &url, headers, err);
	curl_slist_free_all(headers);
	if (r < 0)
		return error_wrap(err, "%s %s%s", rq->method, url.authority, url.path);
	reply->failure = HTTP_FAILURE_NONE;
	return 0;
}
