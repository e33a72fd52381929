/* HTTP requests: bounded, cancellable, TLS verified. The edge over libcurl (net/transfer.h).
 *
 *     struct http_request rq = HTTP_REQUEST_INIT; rq.method = "PUT"; rq.url = url; rq.body = …;
 *     CLEANUP(http_reply) struct http_reply reply = HTTP_REPLY_INIT(1 << 20);
 *     if (http_do(&rq, &reply, err) < 0) …        // no reply at all: DNS, connect, TLS, reset, stall, deadline
 *     if (reply.status != 200) …                  // every status is a reply, also 500; redirects are never followed
 *
 * Error kind: ERROR_PUBLISH; ERROR_INTERRUPTED on a stop request, which ends every transfer but teardown;
 * ERROR_USAGE for a URL or header that cannot be sent; ERROR_INTERNAL for a fault of this machine. Messages name
 * method, host and path, never headers or query values (they may hold secrets). Retries are the caller's business.
 * HTTP/1.1 over http (only when the URL says so) or https (TLS 1.2 or newer, always verified). The proxy environment
 * is libcurl's, but loopback and link-local hosts never go through a proxy: credentials come from there.
 * Thread-safe: calls share nothing but the connections that a caller keeps.
 */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* How a request without a reply failed, for retry decisions. */
enum http_failure {
	HTTP_FAILURE_NONE,
	HTTP_FAILURE_RESOLVE,
	HTTP_FAILURE_CONNECT,   /* also a timeout or reset before the request was sent: nothing has reached a server */
	HTTP_FAILURE_TLS,       /* the certificate is not trusted */
	HTTP_FAILURE_TIMEOUT,   /* whole request, or stalled, after it was sent */
	HTTP_FAILURE_TRANSFER,  /* reset, cut or malformed */
	HTTP_FAILURE_TOO_LARGE, /* the reply is larger than its bound */
	HTTP_FAILURE_LOCAL      /* stop request, cancelled, bad arguments, memory, disk */
};

/* Connections that are kept between requests to one server, which spares each further one the set-up and TLS. One
 * thread at a time. An idle connection that the server has closed is made anew, and a request that had no reply on it
 * is sent again: for requests that may be repeated (S3), not for others (GitHub, mail). Zeroed at the start. */
struct http_connections {
	void *multi; /* libcurl's; made at first use */
};
void http_connections_release(struct http_connections *c);

struct http_request {
	const char *method;
	const char *url;               /* sent exactly so: no path normalisation */
	const struct strlist *headers; /* "Name: value"; NULL: none */
	const void *body;              /* body_len bytes; or */
	int body_fd;                   /* body_len bytes of a file from body_offset; -1: use body */
	uint64_t body_offset;
	uint64_t body_len;
	int reply_fd; /* reply body is written here (2xx only; other bodies go to reply.body); -1: to reply.body */
	uint64_t reply_max;                   /* largest reply body to reply_fd, bytes; 0: 5 GiB */
	uint64_t timeout_ns;                  /* whole request; 0: 60 s */
	uint64_t stall_ns;                    /* longest time without a byte; 0: 30 s */
	const char *ca_file;                  /* PEM bundle, beside the system's certificate folder; NULL: system's */
	bool teardown;                        /* not ended by a stop request: for clean-up, with a short timeout */
	int cancel_fd;                        /* readable: the request is given up (ERROR_INTERRUPTED); -1: none */
	struct http_connections *connections; /* kept for the next request; NULL: none are */
	uint64_t *ret_first_byte_mono_ns;     /* when the reply's first byte came (monotonic); may be NULL */
};
#define HTTP_REQUEST_INIT                                      \
	{                                                      \
		.body_fd = -1, .reply_fd = -1, .cancel_fd = -1 \
	}

struct http_reply {
	long status;
	struct strlist headers; /* "name: value", names in lower case; at most 64 KiB in all */
	struct strbuf body;     /* at most its max bytes; more is HTTP_FAILURE_TOO_LARGE */
	enum http_failure failure;
};
#define HTTP_REPLY_INIT(max_bytes)             \
	{                                      \
		.body = STRBUF_INIT(max_bytes) \
	}
void http_reply_release(struct http_reply *r);

int http_do(const struct http_request *rq, struct http_reply *reply, struct error *err);
/* Value of a reply header by lower-case name, or NULL. */
const char *http_reply_header(const struct http_reply *reply, const char *name);

/* The parts of a URL that a signature or a check needs. */
struct http_url {
	bool https;
	char *host;      /* lower case, an IPv6 address without brackets; owned, as all */
	char *authority; /* as the Host header is sent: "host", "host:8080", "[::1]:8080" */
	char *path;      /* as given, "/" if none */
};
void http_url_release(struct http_url *u);
/* ERROR_USAGE unless it is an http or https URL without user, password or control characters. */
int http_url_parse(const char *url, struct http_url *ret, struct error *err);
/* True for "localhost", 127.0.0.0/8 and ::1. */
bool http_host_is_loopback(const char *host);

#endif
