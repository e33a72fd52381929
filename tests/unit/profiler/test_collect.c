/* Against a server in a thread that speaks just enough HTTP. */
#include "base/fs.h"
#include "check.h"
#include "profiler/collect.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#define LIMIT (1 << 20)

/* Answers one request with reply_len bytes and closes; or, without a reply, holds it until the client goes away. */
struct double_server {
	int listen_fd;
	char url[64];
	const char *reply;
	size_t reply_len;
	char request[1024];
	pthread_t thread;
};

static void *serve(void *data)
{
	struct double_server *d = data;
	AUTO_CLOSE int fd = accept4(d->listen_fd, NULL, NULL, SOCK_CLOEXEC);
	size_t len = 0;
	while (fd >= 0 && !strstr(d->request, "\r\n\r\n") && len < sizeof d->request - 1) {
		ssize_t n = read(fd, d->request + len, sizeof d->request - 1 - len);
		if (n <= 0)
			return NULL;
		len += (size_t)n;
	}
	if (d->reply) {
		ssize_t n = send(fd, d->reply, d->reply_len, MSG_NOSIGNAL);
		(void)n; /* a client that is gone is what some tests are about */
	} else {
		char byte;
		ssize_t n = read(fd, &byte, 1);
		(void)n;
	}
	return NULL;
}

static void double_start(struct double_server *d, const char *reply, size_t len)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof a;
	*d = (struct double_server){ .reply = reply, .reply_len = len };
	d->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(d->listen_fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(d->listen_fd, 1), 0);
	assert_int_equal(getsockname(d->listen_fd, (struct sockaddr *)&a, &size), 0);
	snprintf(d->url, sizeof d->url, "http://127.0.0.1:%d/debug/pprof/profile", ntohs(a.sin_port));
	assert_int_equal(pthread_create(&d->thread, NULL, serve, d), 0);
}

static void double_end(struct double_server *d)
{
	pthread_join(d->thread, NULL);
	close(d->listen_fd);
}

static void add_reply(struct strbuf *out, const char *status, const void *body, size_t len)
{
	strbuf_addf(out, "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n", status, len);
	strbuf_add(out, body, len);
}

static void read_data(const char *name, struct strbuf *out)
{
	AUTO_FREE char *path = str_printf(NULL, "%s/%s", TEST_DATA, name);
	check_ok(fs_read(path, out, err));
}

static int collect(const char *url, const char *path, struct pprof_facts *facts, struct error *err)
{
	struct collect *c = NULL;
	if (collect_start(&c, url, 1, path, err) < 0)
		return -1;
	struct pollfd p = { .fd = collect_poll_fd(c), .events = POLLIN };
	assert_int_equal(poll(&p, 1, 60000), 1);
	int r = collect_finish(c, facts, err);
	collect_free(c);
	return r;
}

static char *folder;

static int make_folder(void **state)
{
	(void)state;
	folder = fs_make_temp_dir("dbdyno-collect", NULL);
	return folder ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	int r = fs_remove_tree(folder, NULL);
	free(folder);
	return r;
}

static void keeps_a_good_profile(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf profile = STRBUF_INIT(LIMIT);
	CLEANUP(strbuf) struct strbuf reply = STRBUF_INIT(LIMIT);
	CLEANUP(strbuf) struct strbuf kept = STRBUF_INIT(LIMIT);
	AUTO_FREE char *path = str_printf(NULL, "%s/a.pprof", folder);
	read_data("cpu-a.pprof", &profile);
	add_reply(&reply, "200 OK", profile.data, profile.len);
	struct double_server d;
	double_start(&d, reply.data, reply.len);
	struct pprof_facts f = { 0 };
	check_ok(collect(d.url, path, &f, err));
	double_end(&d);
	check_contains(d.request, "GET /debug/pprof/profile?seconds=1 HTTP/1.1\r\n");
	assert_int_equal(f.samples, 49);
	check_ok(fs_read(path, &kept, err));
	assert_int_equal(kept.len, profile.len);
	assert_memory_equal(kept.data, profile.data, kept.len);
}

static void bad_replies(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf profile = STRBUF_INIT(LIMIT);
	CLEANUP(strbuf) struct strbuf cut = STRBUF_INIT(LIMIT);
	read_data("cpu-a.pprof", &profile);
	add_reply(&cut, "200 OK", profile.data, profile.len);
	cut.len -= 100; /* the server dies meanwhile */
	CLEANUP(strbuf) struct strbuf idle = STRBUF_INIT(LIMIT);
	CLEANUP(strbuf) struct strbuf aborted = STRBUF_INIT(LIMIT);
	CLEANUP(strbuf) struct strbuf busy = STRBUF_INIT(LIMIT);
	CLEANUP(strbuf) struct strbuf page = STRBUF_INIT(LIMIT);
	CLEANUP(strbuf) struct strbuf short_one = STRBUF_INIT(LIMIT);
	CLEANUP(strbuf) struct strbuf empty = STRBUF_INIT(LIMIT);
	add_reply(&idle, "200 OK",
		  "\x0a\x04\x08\x01\x10\x02\x32\x00\x32\x07samples\x32\x05"
		  "count",
		  24);
	add_reply(&aborted, "200 OK", "\x1f\x8b\x08\0\0\0\0\0\4\xff", 10);
	add_reply(&busy, "500 Internal Server Error", "Could not enable CPU profiling\nsecond line", 42);
	add_reply(&page, "200 OK", "<html>hello</html>", 18);
	add_reply(&short_one, "200 OK", profile.data, profile.len - 100);
	add_reply(&empty, "200 OK", "", 0);
	const struct {
		const struct strbuf *reply;
		const char *reason;
	} cases[] = {
		{ &cut, "take a CPU profile: " },
		{ &idle, "the profile has no samples" },
		{ &aborted, "cut off after 10 bytes" },
		{ &busy, "status 500: Could not enable CPU profiling" },
		{ &page, "not a profile" },
		{ &short_one, "cut off after" },
		{ &empty, "the profile is empty" },
	};
	AUTO_FREE char *path = str_printf(NULL, "%s/bad.pprof", folder);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct double_server d;
		struct pprof_facts f = { 0 };
		double_start(&d, cases[i].reply->data, cases[i].reply->len);
		check_fails(collect(d.url, path, &f, err), ERROR_SERVER, cases[i].reason);
		double_end(&d);
		assert_false(fs_exists(path));
	}
}

static void nobody_listens(void **state)
{
	(void)state;
	struct double_server d;
	double_start(&d, "", 0);
	shutdown(d.listen_fd, SHUT_RDWR);
	double_end(&d);
	struct pprof_facts f = { 0 };
	AUTO_FREE char *path = str_printf(NULL, "%s/none.pprof", folder);
	check_fails(collect(d.url, path, &f, err), ERROR_SERVER, "take a CPU profile: ");
	assert_false(fs_exists(path));
}

static void free_cancels(void **state)
{
	(void)state;
	struct double_server d;
	double_start(&d, NULL, 0);
	AUTO_FREE char *path = str_printf(NULL, "%s/cancelled.pprof", folder);
	struct collect *c = NULL;
	check_ok(collect_start(&c, d.url, COLLECT_MAX_SECONDS, path, err));
	struct pollfd p = { .fd = collect_poll_fd(c), .events = POLLIN };
	assert_int_equal(poll(&p, 1, 0), 0);
	collect_free(c); /* at once, not after an hour */
	double_end(&d);
	assert_false(fs_exists(path));
	collect_free(NULL);
}

static void arguments(void **state)
{
	(void)state;
	struct collect *c = NULL;
	check_fails(collect_start(&c, "http://127.0.0.1:1/", 0, "x", err), ERROR_USAGE, "1 to 3600 seconds");
	check_fails(collect_start(&c, "http://127.0.0.1:1/", 3601, "x", err), ERROR_USAGE, "1 to 3600 seconds");
	assert_null(c);
}

static void folder_is_gone(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf profile = STRBUF_INIT(LIMIT);
	CLEANUP(strbuf) struct strbuf reply = STRBUF_INIT(LIMIT);
	read_data("cpu-a.pprof", &profile);
	add_reply(&reply, "200 OK", profile.data, profile.len);
	struct double_server d;
	double_start(&d, reply.data, reply.len);
	struct pprof_facts f = { 0 };
	AUTO_FREE char *path = str_printf(NULL, "%s/absent/a.pprof", folder);
	check_fails(collect(d.url, path, &f, err), ERROR_INTERNAL, "keep the CPU profile");
	double_end(&d);
}

static void keeps_a_good_file(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf profile = STRBUF_INIT(LIMIT);
	CLEANUP(strbuf) struct strbuf kept = STRBUF_INIT(LIMIT);
	AUTO_FREE char *path = str_printf(NULL, "%s/written.pprof", folder);
	struct pprof_facts f = { 0 };
	read_data("cpu-a.pprof", &profile);
	check_ok(collect_file(TEST_DATA "/cpu-a.pprof", path, &f, err));
	assert_int_equal(f.samples, 49);
	check_ok(fs_read(path, &kept, err));
	assert_int_equal(kept.len, profile.len);
	assert_memory_equal(kept.data, profile.data, kept.len);
}

static void bad_files(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf profile = STRBUF_INIT(LIMIT);
	read_data("cpu-a.pprof", &profile);
	static const char idle[] = "\x0a\x04\x08\x01\x10\x02\x32\x00\x32\x07samples\x32\x05"
				   "count";
	const struct {
		const char *bytes;
		size_t len;
		const char *reason;
	} cases[] = {
		{ "", 0, "the profile is empty" },
		{ "0123456789", 10, "of 10 bytes: malformed" },
		{ profile.data, 10, "cut off after 10 bytes" },
		{ profile.data, profile.len - 100, "cut off after" },
		{ idle, sizeof idle - 1, "the profile has no samples" },
	};
	AUTO_FREE char *file = str_printf(NULL, "%s/file", folder), *path = str_printf(NULL, "%s/bad.pprof", folder);
	struct pprof_facts f;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		check_ok(fs_write_atomic(file, cases[i].bytes, cases[i].len, 0600, err));
		check_fails(collect_file(file, path, &f, err), ERROR_SERVER, cases[i].reason);
		assert_false(fs_exists(path));
	}
	assert_int_equal(truncate(file, (off_t)PPROF_MAX_BYTES + 1), 0);
	check_fails(collect_file(file, path, &f, err), ERROR_SERVER, "67108865 bytes");
	assert_int_equal(unlink(file), 0);
	check_fails(collect_file(file, path, &f, err), ERROR_SERVER, "No such file");
	assert_int_equal(symlink(TEST_DATA "/cpu-a.pprof", file), 0);
	check_fails(collect_file(file, path, &f, err), ERROR_SERVER, "not a regular file");
	check_fails(collect_file(folder, path, &f, err), ERROR_SERVER, "not a regular file");
	assert_false(fs_exists(path));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_a_good_profile), cmocka_unit_test(bad_replies), cmocka_unit_test(nobody_listens),
		cmocka_unit_test(free_cancels),         cmocka_unit_test(arguments),   cmocka_unit_test(folder_is_gone),
		cmocka_unit_test(keeps_a_good_file),    cmocka_unit_test(bad_files),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
