#include "base/proc.h"

#include "base/clock.h"
#include "base/proc_reaper.h"
#include "base/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

/* What is read of a child. */
struct outputs {
	const char *name;
	struct strbuf *out, *tail;
	int out_fd, tail_fd; /* -1: not read, or at its end */
	bool cut;            /* tail has lost its beginning */
};

static void outputs_release(struct outputs *o)
{
	cleanup_close(&o->out_fd);
	cleanup_close(&o->tail_fd);
}

/* A pipe of which our end does not block; the child's does. */
static int make_pipe(int *ret_reader, int *ret_writer, struct error *err)
{
	int fds[2];
	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_errno(err, ERROR_INTERNAL, "make a pipe");
	*ret_reader = fds[0];
	*ret_writer = fds[1];
	return fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0 ? error_errno(err, ERROR_INTERNAL, "make a pipe") : 0;
}

/* Appends to tail, which forgets its beginning to stay below its limit. */
static int keep_last(struct outputs *o, const char *data, size_t len, struct error *err)
{
	struct strbuf *tail = o->tail;
	if (len > tail->max) {
		data += len - tail->max;
		len = tail->max;
		o->cut = true;
	}
	if (tail->len > tail->max - len) {
		size_t drop = tail->len - (tail->max - len);
		memmove(tail->data, tail->data + drop, tail->len - drop);
		tail->len -= drop;
		o->cut = true;
	}
	return strbuf_add(tail, data, len) < 0 ? strbuf_check(tail, err) : 0;
}

static int keep_all(struct outputs *o, const char *data, size_t len, struct error *err)
{
	if (strbuf_add(o->out, data, len) == 0)
		return 0;
	if (o->out->failed == STRBUF_TOO_LARGE)
		return error_set(err, ERROR_INTERNAL, "%s printed more than %zu bytes", o->name, o->out->max);
	return strbuf_check(o->out, err);
}

/* Reads once, up to limit bytes. The end of the stream makes *fd -1. */
static int read_once(struct outputs *o, int *fd, size_t limit, struct error *err)
{
	char data[16 << 10];
	ssize_t n = read(*fd, data, limit < sizeof data ? limit : sizeof data);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n < 0)
		return error_errno(err, ERROR_INTERNAL, "read what %s prints", o->name);
	if (n == 0) {
		close(TAKE_FD(*fd));
		return 0;
	}
	return fd == &o->out_fd ? keep_all(o, data, (size_t)n, err) : keep_last(o, data, (size_t)n, err);
}

/* Reads what is in the pipe now, and no more: a process that left the group may go on writing. */
static int read_rest(struct outputs *o, int *fd, struct error *err)
{
	int waiting = 0;
	if (*fd < 0 || ioctl(*fd, FIONREAD, &waiting) < 0)
		return 0;
	while (waiting > 0 && *fd >= 0) {
		size_t limit = (size_t)waiting < (16 << 10) ? (size_t)waiting : 16 << 10;
		if (read_once(o, fd, limit, err) < 0)
			return -1;
		waiting -= (int)limit;
	}
	return 0;
}

/* Reads until the child has ended; it has then been collected. */
static int follow(struct proc *p, struct outputs *o, uint64_t timeout_ns, struct proc_exit *ret_exit, struct error *err)
{
	uint64_t deadline = clock_deadline(timeout_ns);
	for (;;) {
		struct pollfd fds[] = {
			{ .fd = p->pidfd, .events = POLLIN },
			{ .fd = stop_fd(), .events = POLLIN },
			{ .fd = o->out_fd, .events = POLLIN },
			{ .fd = o->tail_fd, .events = POLLIN },
		};
		int left_ms = clock_left_ms(deadline);
		int n = poll(fds, 4, left_ms < 0 || left_ms > REAPER_TICK_MS ? REAPER_TICK_MS : left_ms);
		if (n < 0)
			continue; /* interrupted, and the descriptors were not looked at */
		if (fds[0].revents)
			return proc_wait(p, CLOCK_FOREVER, ret_exit, err);
		if (fds[1].revents)
			return stop_error(err);
		if (fds[2].revents && read_once(o, &o->out_fd, SIZE_MAX, err) < 0)
			return -1;
		if (fds[3].revents && read_once(o, &o->tail_fd, SIZE_MAX, err) < 0)
			return -1;
		if (left_ms == 0)
			return error_set(err, ERROR_INTERNAL, "%s did not end within %g s", p->name,
					 reaper_seconds(timeout_ns));
		proc_reap();
	}
}

static void cut_at_line(struct outputs *o)
{
	struct strbuf *tail = o->tail;
	char *newline = tail && o->cut ? memchr(tail->data, '\n', tail->len) : NULL;
	if (!newline || newline + 1 == tail->data + tail->len)
		return;
	size_t drop = (size_t)(newline + 1 - tail->data);
	memmove(tail->data, tail->data + drop, tail->len - drop + 1);
	tail->len -= drop;
}

static int check_exit(const struct proc_exit *e, const char *name, struct error *err)
{
	if (e->exited && e->status == 0)
		return 0;
	if (e->exited)
		return error_set(err, ERROR_INTERNAL, "%s exited with status %d", name, e->status);
	char text[64];
	proc_exit_describe(e, text);
	return error_set(err, ERROR_INTERNAL, "%s was %s", name, text);
}

int proc_run(const struct proc_spec *spec, uint64_t timeout_ns, struct strbuf *out, struct strbuf *tail,
	     struct error *err)
{
	CLEANUP(outputs) struct outputs o = { .out = out, .tail = tail, .out_fd = -1, .tail_fd = -1 };
	AUTO_CLOSE int out_writer = -1;
	AUTO_CLOSE int tail_writer = -1;
	struct proc_spec piped = *spec;
	if (out && make_pipe(&o.out_fd, &out_writer, err) < 0)
		return -1;
	if (tail && make_pipe(&o.tail_fd, &tail_writer, err) < 0)
		return -1;
	if (out)
		piped.stdout_fd = out_writer;
	if (tail)
		piped.stderr_fd = tail_writer;
	CLEANUP(proc) struct proc p = PROC_INIT;
	if (proc_start(&p, &piped, err) < 0)
		return -1;
	char name[sizeof p.name];
	o.name = memcpy(name, p.name, sizeof name);
	if (out)
		close(TAKE_FD(out_writer));
	if (tail)
		close(TAKE_FD(tail_writer));

	struct proc_exit how;
	int r = follow(&p, &o, timeout_ns, &how, err);
	bool ended = r == 0;
	proc_release(&p); /* before the rest is read: nobody of the group writes any more */
	if (tail && read_rest(&o, &o.tail_fd, ended ? err : NULL) < 0)
		r = -1;
	if (r == 0 && out && read_rest(&o, &o.out_fd, err) < 0)
		r = -1;
	if (r == 0)
		r = check_exit(&how, name, err);
	cut_at_line(&o);
	if (r < 0 && tail && tail->len)
		error_detail(err, tail->data, tail->len);
	return r;
}
