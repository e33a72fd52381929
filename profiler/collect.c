#include "profiler/collect.h"

#include "base/clock.h"
#include "base/fs.h"
#include "net/http.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define GRACE_NS (60 * NS_PER_SECOND) /* past the profile's seconds, for connecting, symbols and the transfer */

struct collect {
	char *url;
	char *path;
	uint64_t timeout_ns;
	int cancel_fd;
	int done_fd;
	bool running; /* the thread is to be joined */
	pthread_t thread;
	struct http_reply reply;
	int result;
	struct error err;
	struct pprof_facts facts;
};

/* An error of the request or of what came back is the server's here. */
static int blame_server(struct error *err)
{
	if (err->kind == ERROR_PUBLISH || err->kind == ERROR_USAGE)
		err->kind = ERROR_SERVER;
	return -1;
}

/* What a handler says when it refuses: its first line. */
static int refused(const struct http_reply *reply, struct error *err)
{
	const char *body = reply->body.data;
	size_t len = strcspn(body, "\r\n");
	error_set(err, ERROR_SERVER, "the server answered with status %ld%s%.*s", reply->status, len ? ": " : "",
		  (int)(len > 300 ? 300 : len), body);
	return error_hint(err, "one CPU profile at a time: is another one being taken, or profiling not compiled in?");
}

static int check(const struct strbuf *bytes, struct pprof_facts *ret, struct error *err)
{
	CLEANUP(pprof) struct pprof p = PPROF_INIT;
	if (pprof_read(&p, bytes->data, bytes->len, err) < 0 || pprof_check_cpu(&p, ret, err) < 0)
		return blame_server(err);
	return 0;
}

static int keep(const struct strbuf *bytes, const char *path, struct error *err)
{
	if (fs_write_atomic(path, bytes->data, bytes->len, 0600, err) < 0)
		return error_wrap(err, "keep the CPU profile");
	return 0;
}

static int fetch(struct collect *c, struct error *err)
{
	struct http_request rq = HTTP_REQUEST_INIT;
	rq.method = "GET";
	rq.url = c->url;
	rq.timeout_ns = c->timeout_ns;
	rq.stall_ns = c->timeout_ns; /* nothing comes while the profile is taken */
	rq.cancel_fd = c->cancel_fd;
	if (http_do(&rq, &c->reply, err) < 0) {
		if (c->reply.failure == HTTP_FAILURE_TRANSFER)
			error_hint(err, "did the server end while it was profiled?");
		return blame_server(err);
	}
	if (c->reply.status != 200)
		return refused(&c->reply, err);
	return check(&c->reply.body, &c->facts, err);
}

static void *run(void *data)
{
	struct collect *c = data;
	c->result = fetch(c, &c->err);
	eventfd_write(c->done_fd, 1);
	return NULL;
}

/* Signals are for the threads that the caller knows. */
static int start_thread(struct collect *c, struct error *err)
{
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int r = pthread_create(&c->thread, NULL, run, c);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (r)
		return error_set(err, ERROR_INTERNAL, "cannot start a thread: %s", strerror(r));
	c->running = true;
	return 0;
}

static int open_fds(struct collect *c, struct error *err)
{
	c->cancel_fd = eventfd(0, EFD_CLOEXEC);
	c->done_fd = eventfd(0, EFD_CLOEXEC);
	if (c->cancel_fd < 0 || c->done_fd < 0)
		return error_errno(err, ERROR_INTERNAL, "make an event descriptor");
	return 0;
}

int collect_start(struct collect **ret, const char *url, unsigned seconds, const char *path, struct error *err)
{
	if (seconds < 1 || seconds > COLLECT_MAX_SECONDS)
		return error_set(err, ERROR_USAGE, "a profile takes 1 to %d seconds, not %u", COLLECT_MAX_SECONDS,
				 seconds);
	struct collect *c = calloc(1, sizeof *c);
	if (!c)
		return error_oom(err);
	c->cancel_fd = c->done_fd = -1;
	c->reply = (struct http_reply)HTTP_REPLY_INIT(PPROF_MAX_BYTES);
	c->timeout_ns = seconds * NS_PER_SECOND + GRACE_NS;
	c->url = str_printf(err, "%s%cseconds=%u", url, strchr(url, '?') ? '&' : '?', seconds);
	c->path = str_dup(path, err);
	if (!c->url || !c->path || open_fds(c, err) < 0 || start_thread(c, err) < 0) {
		collect_free(c);
		return -1;
	}
	*ret = c;
	return 0;
}

int collect_poll_fd(const struct collect *c)
{
	return c->done_fd;
}

static void join(struct collect *c)
{
	if (c->running)
		pthread_join(c->thread, NULL);
	c->running = false;
}

int collect_finish(struct collect *c, struct pprof_facts *ret_facts, struct error *err)
{
	join(c);
	if (c->result < 0) {
		if (err)
			*err = c->err;
		return error_wrap(err, "take a CPU profile");
	}
	if (keep(&c->reply.body, c->path, err) < 0)
		return -1;
	*ret_facts = c->facts;
	return 0;
}

void collect_free(struct collect *c)
{
	if (!c)
		return;
	if (c->running)
		eventfd_write(c->cancel_fd, 1);
	join(c);
	if (c->cancel_fd >= 0)
		close(c->cancel_fd);
	if (c->done_fd >= 0)
		close(c->done_fd);
	http_reply_release(&c->reply);
	free(c->url);
	free(c->path);
	free(c);
}

/* What a server put where its profile should be: it may be anything. */
static int read_file(const char *file, struct strbuf *out, struct error *err)
{
	struct stat st;
	if (lstat(file, &st) < 0)
		return error_errno(err, ERROR_SERVER, "%s", file);
	if (!S_ISREG(st.st_mode))
		return error_set(err, ERROR_SERVER, "%s is not a regular file", file);
	if ((uint64_t)st.st_size > PPROF_MAX_BYTES)
		return error_set(err, ERROR_SERVER, "%s has %lld bytes, more than the %llu of the largest profile",
				 file, (long long)st.st_size, PPROF_MAX_BYTES);
	return fs_read(file, out, err);
}

int collect_file(const char *file, const char *path, struct pprof_facts *ret_facts, struct error *err)
{
	CLEANUP(strbuf) struct strbuf bytes = STRBUF_INIT(PPROF_MAX_BYTES);
	struct pprof_facts facts = { 0 };
	if (read_file(file, &bytes, err) < 0)
		return error_wrap(err, "the CPU profile that the server wrote");
	if (check(&bytes, &facts, err) < 0)
		return error_wrap(err, "the CPU profile that the server wrote, of %zu bytes", bytes.len);
	if (keep(&bytes, path, err) < 0)
		return -1;
	*ret_facts = facts;
	return 0;
}
