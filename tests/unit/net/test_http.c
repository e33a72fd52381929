#include "base/clock.h"
#include "base/fs.h"
#include "base/stop.h"
#include "check.h"
#include "double.h"
#include "net/http.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define REPLY_MAX 4096

/* One request to d.url + target; the reply is the caller's. */
static int get(struct double_server *d, const char *method, const char *target, struct http_request *rq,
	       struct http_reply *reply, struct error *err)
{
	AUTO_FREE char *url = str_printf(err, "%s%s", d->url, target);
	rq->method = method;
	rq->url = url;
	int r = http_do(rq, reply, err);
	rq->url = NULL;
	return r;
}

static void the_request_is_sent_as_given(void **state)
{
	(void)state;
	CLEANUP(double_server) struct double_server d = { 0 };
	double_start(&d, "[{\"status\": 201, \"headers\": {\"X-Odd\": \"  a: b \"}, \"body\": \"hello\"}]", false);
	CLEANUP(strlist) struct strlist headers = STRLIST_INIT;
	strlist_add(&headers, "X-One: 1");
	struct http_request rq = HTTP_REQUEST_INIT;
	rq.headers = &headers;
	uint64_t before = clock_mono_ns(), first = 0;
	rq.ret_first_byte_mono_ns = &first;
	CLEANUP(http_reply) struct http_reply reply = HTTP_REPLY_INIT(REPLY_MAX);
	check_ok(get(&d, "GET", "/a//b/../%2b%20c?x=%41&y", &rq, &reply, err));
	assert_int_equal(reply.status, 201);
	assert_int_equal(reply.failure, HTTP_FAILURE_NONE);
	check_str(reply.body.data, "hello");
	check_str(http_reply_header(&reply, "x-odd"), "a: b");
	assert_null(http_reply_header(&reply, "x-od"));
	assert_true(first > before && first <= clock_mono_ns());
	check_str(double_text(&d, 0, "method"), "GET");
	check_str(double_text(&d, 0, "target"), "/a//b/../%2b%20c?x=%41&y");
	check_str(double_header(&d, 0, "x-one"), "1");
	assert_true(str_starts(double_header(&d, 0, "user-agent"), "dbdyno/"));
	assert_null(double_header(&d, 0, "content-type"));
	assert_null(double_header(&d, 0, "accept-encoding"));
}

static void methods_and_bodies(void **state)
{
	(void)state;
	CLEANUP(double_server) struct double_server d = { 0 };
	double_start(&d, "[{}, {}, {}, {\"status\": 200, \"body\": \"unseen\"}, {\"status\": 204}]", false);
	AUTO_FREE char *path = double_file(&d, "body", "0123456789", 10);
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	static const struct {
		const char *method, *sent;
		bool file;
	} cases[] = {
		{ "PUT", "34567", true }, { "POST", "abc", false }, { "PUT", "", false },
		{ "HEAD", "", false },    { "DELETE", "", false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct http_request rq = HTTP_REQUEST_INIT;
		rq.body = cases[i].sent;
		rq.body_len = strlen(cases[i].sent);
		rq.body_fd = cases[i].file ? fd : -1;
		rq.body_offset = 3;
		CLEANUP(http_reply) struct http_reply reply = HTTP_REPLY_INIT(REPLY_MAX);
		check_ok(get(&d, cases[i].method, "/", &rq, &reply, err));
		assert_int_equal(reply.body.len, 0);
		check_str(double_text(&d, (int)i, "method"), cases[i].method);
		check_str(double_text(&d, (int)i, "body"), cases[i].sent);
		assert_null(double_header(&d, (int)i, "content-type"));
	}
	check_str(double_header(&d, 2, "content-length"), "0");
}

static void a_file_that_is_too_short(void **state)
{
	(void)state;
	CLEANUP(double_server) struct double_server d = { 0 };
	double_start(&d, "[{}]", false);
	AUTO_FREE char *path = double_file(&d, "body", "0123456789", 10);
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct http_request rq = HTTP_REQUEST_INIT;
	rq.body_fd = fd;
	rq.body_len = 11;
	CLEANUP(http_reply) struct http_reply reply = HTTP_REPLY_INIT(REPLY_MAX);
	check_fails(get(&d, "PUT", "/", &rq, &reply, err), ERROR_INTERNAL, "changed while it was sent");
	assert_int_equal(reply.failure, HTTP_FAILURE_LOCAL);
}

static void every_status_is_a_reply(void **state)
{
	(void)state;
	CLEANUP(double_server) struct double_server d = { 0 };
	double_start(&d,
		     "[{\"status\": 302, \"headers\": {\"Location\": \"http://127.0.0.1:{port}/stolen\"}},"
		     " {\"status\": 301, \"headers\": {\"Location\": \"file:///etc/passwd\"}},"
		     " {\"status\": 404, \"body\": \"no\"}, {\"status\": 500}]",
		     false);
	static const long wanted[] = { 302, 301, 404, 500 };
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		struct http_request rq = HTTP_REQUEST_INIT;
		CLEANUP(http_reply) struct http_reply reply = HTTP_REPLY_INIT(REPLY_MAX);
		check_ok(get(&d, "GET", "/x", &rq, &reply, err));
		assert_int_equal(reply.status, wanted[i]);
	}
	assert_int_equal(double_count(&d), 4); /* no redirect was followed */
}

static void replies_are_bounded(void **state)
{
	(void)state;
	CLEANUP(double_server) struct double_server d = { 0 };
	double_start(&d,
		     "[{\"body_size\": 4096}, {\"body_size\": 4097}, {\"body_size\": 10000000},"
		     " {\"status\": 500, \"body_size\": 4097}]",
		     false);
	static const bool fits[] = { true, false, false, false };
	for (size_t i = 0; i < ARRAY_SIZE(fits); i++) {
		struct http_request rq = HTTP_REQUEST_INIT;
		CLEANUP(http_reply) struct http_reply reply = HTTP_REPLY_INIT(REPLY_MAX);
		if (fits[i]) {
			check_ok(get(&d, "GET", "/", &rq, &reply, err));
			continue;
		}
		check_fails(get(&d, "GET", "/", &rq, &reply, err), ERROR_PUBLISH, "larger than its limit");
		assert_int_equal(reply.failure, HTTP_FAILURE_TOO_LARGE);
	}
}

static void headers_are_bounded(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf script = STRBUF_INIT(1 << 20);
	strbuf_adds(&script, "[{\"headers\": {\"a\": \"b\"");
	for (int i = 0; i < 90; i++)
		strbuf_addf(&script, ", \"x-%d\": \"%0800d\"", i, i);
	strbuf_adds(&script, "}}]");
	check_ok(strbuf_check(&script, err));
	CLEANUP(double_server) struct double_server d = { 0 };
	double_start(&d, script.data, false);
	struct http_request rq = HTTP_REQUEST_INIT;
	CLEANUP(http_reply) struct http_reply reply = HTTP_REPLY_INIT(REPLY_MAX);
	check_fails(get(&d, "GET", "/", &rq, &reply, err), ERROR_PUBLISH, "larger than its limit");
}

static void bodies_to_a_file(void **state)
{
	(void)state;
	CLEANUP(double_server) struct double_server d = { 0 };
	double_start(&d,
		     "[{\"body_size\": 100000}, {\"status\": 404, \"body\": \"to memory\"}, {\"body_size\": 1001},"
		     " {\"body_size\": 10}]",
		     false);
	AUTO_CLOSE int fd = memfd_create("reply", MFD_CLOEXEC);
	struct http_request rq = HTTP_REQUEST_INIT;
	rq.reply_fd = fd;
	CLEANUP(http_reply) struct http_reply reply = HTTP_REPLY_INIT(REPLY_MAX);
	check_ok(get(&d, "GET", "/", &rq, &reply, err));
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 100000);
	assert_int_equal(reply.body.len, 0);
	check_ok(get(&d, "GET", "/", &rq, &reply, err));
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 100000);
	check_str(reply.body.data, "to memory");
	rq.reply_max = 1000;
	check_fails(get(&d, "GET", "/", &rq, &reply, err), ERROR_PUBLISH, "larger than its limit");
	AUTO_CLOSE int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	rq.reply_fd = full;
	check_fails(get(&d, "GET", "/", &rq, &reply, err), ERROR_INTERNAL, "No space left");
	assert_int_equal(reply.failure, HTTP_FAILURE_LOCAL);
}

static void broken_connections(void **state)
{
	(void)state;
	CLEANUP(double_server) struct double_server d = { 0 };
	double_start(&d,
		     "[{\"no_reply\": true, \"then\": \"reset\"}, {\"no_reply\": true, \"then\": \"close\"},"
		     " {\"body_size\": 1000, \"bytes\": 10, \"then\": \"reset\"},"
		     " {\"body_size\": 1000, \"bytes\": 10, \"then\": \"close\"}, {\"read\": 10}]",
		     false);
	char body[1000] = { 0 };
	for (int i = 0; i < 5; i++) {
		struct http_request rq = HTTP_REQUEST_INIT;
		rq.body = body;
		rq.body_len = sizeof body;
		CLEANUP(http_reply) struct http_reply reply = HTTP_REPLY_INIT(REPLY_MAX);
		check_fails(get(&d, "PUT", "/where?secret=canary", &rq, &reply, err), ERROR_PUBLISH, "PUT 127.0.0.1:");
		assert_int_equal(reply.failure, HTTP_FAILURE_TRANSFER);
	}
}

static void stalls_and_timeouts(void **state)
{
	(void)state;
	CLEANUP(double_server) struct double_server d = { 0 };
	double_start(
		&d,
		"[{\"no_reply\": true, \"then\": \"stall\"}, {\"body_size\": 1000, \"bytes\": 10, \"then\": \"stall\"},"
		" {\"no_reply\": true, \"then\": \"stall\"}]",
		false);
	static const struct {
		uint64_t timeout_ns, stall_ns;
		const char *why;
	} cases[] = {
		{ 0, 500 * NS_PER_MS, "nothing moved for 0.5 s" },
		{ 0, 500 * NS_PER_MS, "nothing moved for 0.5 s" },
		{ 500 * NS_PER_MS, 0, "not finished after 0.5 s" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct http_request rq = HTTP_REQUEST_INIT;
		rq.timeout_ns = cases[i].timeout_ns;
		rq.stall_ns = cases[i].stall_ns;
		CLEANUP(http_reply) struct http_reply reply = HTTP_REPLY_INIT(REPLY_MAX);
		struct error err = ERROR_INIT;
		assert_int_equal(get(&d, "GET", "/where?secret=canary", &rq, &reply, &err), -1);
		check_contains(err.message, cases[i].why);
		check_contains(err.message, "/where: ");
		assert_null(strstr(err.message, "canary"));
		assert_int_equal(reply.failure, HTTP_FAILURE_TIMEOUT);
	}
}

/* A port of this machine that nothing listens on. */
static int closed_port(void)
{
	AUTO_CLOSE int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	assert_int_equal(bind(fd, (struct sockaddr *)&a, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	return ntohs(a.sin_port);
}

static void nobody_there(void **state)
{
	(void)state;
	char url[64];
	snprintf(url, sizeof url, "http://127.0.0.1:%d/", closed_port());
	struct http_request rq = HTTP_REQUEST_INIT;
	rq.method = "GET";
	rq.url = url;
	CLEANUP(http_reply) struct http_reply reply = HTTP_REPLY_INIT(REPLY_MAX);
	check_fails(http_do(&rq, &reply, err), ERROR_PUBLISH, "GET 127.0.0.1:");
	assert_int_equal(reply.failure, HTTP_FAILURE_CONNECT);
	rq.url = "http://no-such-host.invalid/";
	check_fails(http_do(&rq, &reply, err), ERROR_PUBLISH, "no-such-host.invalid");
	assert_int_equal(reply.failure, HTTP_FAILURE_RESOLVE);
}

/* Accepts the connection (the kernel does) and never speaks TLS. */
static void a_connection_that_is_never_made(void **state)
{
	(void)state;
	AUTO_CLOSE int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	assert_int_equal(bind(fd, (struct sockaddr *)&a, len), 0);
	assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	char url[64];
	snprintf(url, sizeof url, "https://127.0.0.1:%d/", ntohs(a.sin_port));
	struct http_request rq = HTTP_REQUEST_INIT;
	rq.method = "POST";
	rq.url = url;
	rq.stall_ns = 50 * NS_PER_MS;
	CLEANUP(http_reply) struct http_reply reply = HTTP_REPLY_INIT(REPLY_MAX);
	check_fails(http_do(&rq, &reply, err), ERROR_PUBLISH, "the connection was not made");
	assert_int_equal(reply.failure, HTTP_FAILURE_CONNECT);
}

static void tls_is_verified(void **state)
{
	(void)state;
	CLEANUP(double_server) struct double_server d = { 0 };
	double_start(&d, "[{\"body\": \"secure\"}]", true);
	struct http_request rq = HTTP_REQUEST_INIT;
	CLEANUP(http_reply) struct http_reply reply = HTTP_REPLY_INIT(REPLY_MAX);
	struct error e = ERROR_INIT;
	assert_int_equal(get(&d, "GET", "/", &rq, &reply, &e), -1); /* an authority nobody knows */
	assert_int_equal(reply.failure, HTTP_FAILURE_TLS);
	check_contains(e.hint, "certificate");
	rq.ca_file = d.ca_file;
	snprintf(d.url, sizeof d.url, "https://127.0.0.1:%d", d.port); /* not the name in the certificate */
	assert_int_equal(get(&d, "GET", "/", &rq, &reply, &e), -1);
	assert_int_equal(reply.failure, HTTP_FAILURE_TLS);
	assert_int_equal(double_count(&d), 0);
	snprintf(d.url, sizeof d.url, "https://localhost:%d", d.port);
	check_ok(get(&d, "GET", "/", &rq, &reply, err));
	check_str(reply.body.data, "secure");
	rq.ca_file = "/nowhere/ca.pem";
	assert_int_equal(get(&d, "GET", "/", &rq, &reply, &e), -1);
	assert_int_equal(reply.failure, HTTP_FAILURE_TLS);
}

static void what_cannot_be_sent(void **state)
{
	(void)state;
	static const char *const bad[] = { "X: a\r\nY: b", "X: a\nb", "no colon", ": v", "X:", "X:  " };
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CLEANUP(strlist) struct strlist headers = STRLIST_INIT;
		strlist_add(&headers, bad[i]);
		struct http_request rq = HTTP_REQUEST_INIT;
		rq.method = "GET";
		rq.url = "http://127.0.0.1:1/";
		rq.headers = &headers;
		CLEANUP(http_reply) struct http_reply reply = HTTP_REPLY_INIT(REPLY_MAX);
		check_fails(http_do(&rq, &reply, err), ERROR_USAGE, "cannot be sent");
		assert_int_equal(reply.failure, HTTP_FAILURE_LOCAL);
	}
}

static void *ten_requests(void *data)
{
	struct double_server *d = data;
	for (int i = 0; i < 10; i++) {
		struct http_request rq = HTTP_REQUEST_INIT;
		CLEANUP(http_reply) struct http_reply reply = HTTP_REPLY_INIT(REPLY_MAX);
		if (get(d, "GET", "/", &rq, &reply, NULL) < 0 || strcmp(reply.body.data, "ok") != 0)
			return data;
	}
	return NULL;
}

static void threads(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf script = STRBUF_INIT(4096);
	for (int i = 0; i < 40; i++)
		strbuf_addf(&script, "%s{\"body\": \"ok\"}", i ? "," : "[");
	strbuf_adds(&script, "]");
	CLEANUP(double_server) struct double_server d = { 0 };
	double_start(&d, script.data, false);
	pthread_t t[4];
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		assert_int_equal(pthread_create(&t[i], NULL, ten_requests, &d), 0);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		void *failed = NULL;
		pthread_join(t[i], &failed);
		assert_null(failed);
	}
	assert_int_equal(double_count(&d), 40);
}

/* The last test: it leaves a stop request behind. */
static void a_stop_request_ends_transfers(void **state)
{
	(void)state;
	CLEANUP(double_server) struct double_server d = { 0 };
	double_start(&d, "[{\"no_reply\": true, \"then\": \"stall\"}]", false);
	CLEANUP(double_server) struct double_server cleaning = { 0 };
	double_start(&cleaning, "[{\"body\": \"cleaned\"}]", false);
	check_ok(stop_install(err));
	stop_acknowledge(50 * NS_PER_MS); /* the request comes while the transfer stalls */
	struct http_request rq = HTTP_REQUEST_INIT;
	CLEANUP(http_reply) struct http_reply reply = HTTP_REPLY_INIT(REPLY_MAX);
	check_fails(get(&d, "GET", "/", &rq, &reply, err), ERROR_INTERRUPTED, "GET 127.0.0.1:");
	check_fails(get(&d, "GET", "/", &rq, &reply, err), ERROR_INTERRUPTED, "");
	rq.teardown = true;
	check_ok(get(&cleaning, "DELETE", "/", &rq, &reply, err));
	check_str(reply.body.data, "cleaned");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_request_is_sent_as_given),
		cmocka_unit_test(methods_and_bodies),
		cmocka_unit_test(a_file_that_is_too_short),
		cmocka_unit_test(every_status_is_a_reply),
		cmocka_unit_test(replies_are_bounded),
		cmocka_unit_test(headers_are_bounded),
		cmocka_unit_test(bodies_to_a_file),
		cmocka_unit_test(broken_connections),
		cmocka_unit_test(stalls_and_timeouts),
		cmocka_unit_test(nobody_there),
		cmocka_unit_test(a_connection_that_is_never_made),
		cmocka_unit_test(tls_is_verified),
		cmocka_unit_test(what_cannot_be_sent),
		cmocka_unit_test(threads),
		cmocka_unit_test(a_stop_request_ends_transfers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
