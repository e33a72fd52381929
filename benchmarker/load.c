#include "benchmarker/load.h"

#include "base/clock.h"
#include "benchmarker/arrivals.h"
#include "benchmarker/gate.h"
#include "benchmarker/load_classes.h"
#include "benchmarker/load_client.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <math.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EVENT_TIMEOUT_NS (60 * NS_PER_SECOND)
#define WAKE_NS (500 * 1000ULL)    /* from opening a window to its begin: the threads wake and look at the clock */
#define DRAIN_MAX_NS NS_PER_SECOND /* open loop: what is due at a window's end may take this long, or as long again */
#define LONGEST_WINDOW_NS (24 * 3600 * NS_PER_SECOND)

static uint64_t event_timeout(const struct load_spec *spec)
{
	return spec->event_timeout_ns ? spec->event_timeout_ns : EVENT_TIMEOUT_NS;
}

static struct gate_thread *thread_at(const struct load *l, unsigned thread)
{
	return gate_thread_at(l->gate, l->classes, thread);
}

void load_release(struct load *l)
{
	proc_release(&l->proc);
	if (l->gate)
		munmap(l->gate, l->gate_bytes);
	if (l->pipe_fd >= 0)
		close(l->pipe_fd);
	*l = (struct load)LOAD_INIT;
}

/* The client can do nothing more. Returns -1. */
static int give_up(struct load *l, struct error *err)
{
	load_client_detail(&l->spec, err);
	error_wrap(err, "%s", l->spec.workload->name);
	load_release(l);
	return -1;
}

/* Shared between processes, though all who take it are threads of one: each has mapped the gate at an address of its
 * own. */
static int make_lock(struct gate_header *gate, struct error *err)
{
	pthread_mutexattr_t attributes;
	int e = pthread_mutexattr_init(&attributes);
	if (e == 0) {
		e = pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
		e = e ? e : pthread_mutex_init(&gate->lock, &attributes);
		pthread_mutexattr_destroy(&attributes);
	}
	errno = e;
	return e ? error_errno(err, ERROR_INTERNAL, "make a lock") : 0;
}

/* Makes the gate's file and maps it. Its blocks are reserved, so that a full disk is an error here and not a SIGBUS
 * later. */
static int make_gate(struct load *l, struct error *err)
{
	AUTO_FREE char *path = str_printf(err, "%s/" LOAD_GATE, l->spec.dir);
	if (!path)
		return -1;
	if (unlink(path) < 0 && errno != ENOENT)
		return error_errno(err, ERROR_INTERNAL, "remove %s", path);
	AUTO_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_errno(err, ERROR_INTERNAL, "create %s", path);
	size_t bytes = sizeof(struct gate_header) + l->spec.threads * gate_thread_bytes(l->classes);
	int problem = posix_fallocate(fd, 0, (off_t)bytes);
	if (problem) {
		error_set(err, ERROR_INTERNAL, "reserve %zu bytes for %s: %s", bytes, path, strerror(problem));
		return problem == ENOSPC ? error_hint(err, "is the disk full?") : -1;
	}
	struct gate_header *gate = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (gate == MAP_FAILED)
		return error_errno(err, ERROR_INTERNAL, "map %s", path);
	l->gate = gate;
	l->gate_bytes = bytes;
	gate->magic = GATE_MAGIC;
	gate->threads = l->spec.threads;
	gate->thread_bytes = (uint32_t)gate_thread_bytes(l->classes);
	gate->classes = l->classes;
	return make_lock(gate, err);
}

static int start_client(struct load *l, struct error *err)
{
	int fds[2];
	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_errno(err, ERROR_INTERNAL, "pipe");
	l->pipe_fd = fds[0];
	AUTO_CLOSE int writing = fds[1];
	return load_client_start(&l->proc, &l->spec, "run", l->spec.threads, writing, err);
}

/* The first thread that failed, as an error; 0 if none did. */
static int check_threads(const struct load *l, struct error *err)
{
	for (unsigned i = 0; i < l->spec.threads; i++) {
		const struct gate_thread *thread = thread_at(l, i);
		uint32_t state = thread->state;
		if (state == GATE_WAITING || state == GATE_STARTING)
			continue;
		if (state == GATE_ENDED)
			return error_set(err, ERROR_LOAD, "the test ended by itself in thread %u", i);
		if (state != GATE_FAILED)
			return error_set(err, ERROR_LOAD, "thread %u is in the impossible state %u", i, state);
		if (load_server_gone(&l->spec))
			return load_server_error(&l->spec, err);
		char text[GATE_ERROR_BYTES];
		memcpy(text, thread->error, sizeof text);
		text[sizeof text - 1] = 0;
		return error_set(err, ERROR_LOAD, "thread %u: %s", i, text[0] ? text : "unknown error");
	}
	return 0;
}

static int client_ended(struct load *l, struct error *err)
{
	if (check_threads(l, err) < 0)
		return -1;
	if (load_server_gone(&l->spec))
		return load_server_error(&l->spec, err);
	struct proc_exit e = { 0 };
	char how[64] = "ended", said[LOAD_REASON_BYTES];
	if (proc_poll(&l->proc, &e))
		proc_exit_describe(&e, how);
	return error_set(err, ERROR_LOAD, "sysbench ended too early: %s%s%s", how,
			 load_client_said(&l->spec, true, said) ? ": " : "", said);
}

/* Waits for one byte from each thread. late says what they did not do, if the deadline passes. */
static int await_threads(struct load *l, uint64_t deadline_ns, const char *late, struct error *err)
{
	for (unsigned waiting = l->spec.threads; waiting > 0;) {
		enum load_event event;
		if (load_client_wait(&l->proc, l->pipe_fd, l->spec.server_fd, deadline_ns, &event, err) < 0)
			return -1;
		if (event == LOAD_CLIENT_ENDED)
			return client_ended(l, err);
		if (event == LOAD_SERVER_ENDED)
			return load_server_error(&l->spec, err);
		if (event == LOAD_TIMEOUT) {
			error_set(err, ERROR_LOAD, "%u of %u threads %s within %.3g s", waiting, l->spec.threads, late,
				  (double)event_timeout(&l->spec) / 1e9);
			return error_hint(err, "a statement hangs, or the server is overloaded");
		}
		char bytes[GATE_THREADS_MAX];
		ssize_t n = read(l->pipe_fd, bytes, waiting);
		if (n <= 0)
			return n < 0 ? error_errno(err, ERROR_INTERNAL, "read from sysbench") : client_ended(l, err);
		if (check_threads(l, err) < 0)
			return -1;
		waiting -= (unsigned)n;
	}
	return 0;
}

/* Publishes a command to the threads. */
static void command(struct load *l, enum gate_command c)
{
	l->gate->command = c;
	l->sequence++;
	__atomic_store_n(&l->gate->sequence, l->sequence, __ATOMIC_RELEASE);
	syscall(SYS_futex, &l->gate->sequence, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

int load_open(struct load *ret, const struct load_spec *spec, struct error *err)
{
	if (spec->threads < 1 || spec->threads > GATE_THREADS_MAX)
		return error_set(err, ERROR_USAGE, "threads must be 1 to %d", GATE_THREADS_MAX);
	struct load l = LOAD_INIT;
	l.spec = *spec;
	l.classes = load_classes_of(spec->workload);
	if (make_gate(&l, err) < 0 || start_client(&l, err) < 0 ||
	    await_threads(&l, clock_deadline(event_timeout(spec)), "did not connect", err) < 0)
		return give_up(&l, err);
	*ret = l;
	return 0;
}

void load_set_schedule(struct load *l, uint32_t number)
{
	l->schedule = number;
}

int load_begin(struct load *l, uint64_t start_ns, uint64_t duration_ns, struct error *err)
{
	if (!l->gate)
		return error_set(err, ERROR_LOAD, "the load is not open");
	if (l->in_window)
		return error_set(err, ERROR_INTERNAL, "a window is open already");
	if (duration_ns > LONGEST_WINDOW_NS)
		return error_set(err, ERROR_USAGE, "a slice may last at most a day");
	l->begin_ns = start_ns ? start_ns : clock_mono_ns() + WAKE_NS;
	l->end_ns = l->begin_ns + duration_ns;
	l->gate->begin_s = (uint32_t)(l->begin_ns / NS_PER_SECOND);
	l->gate->begin_ns = (uint32_t)(l->begin_ns % NS_PER_SECOND);
	l->gate->duration_ns = (double)duration_ns;
	l->gate->drain_ns = (double)(duration_ns < DRAIN_MAX_NS ? duration_ns : DRAIN_MAX_NS);
	arrivals_start(&l->gate->arrivals, l->spec.rate, l->spec.seed, l->schedule++);
	l->in_window = true;
	command(l, GATE_WORK);
	return 0;
}

void load_end_window(struct load *l)
{
	uint64_t now = clock_mono_ns();
	if (!l->gate || now >= l->end_ns)
		return;
	l->end_ns = now > l->begin_ns ? now : l->begin_ns;
	/* An aligned double: the threads see the old or the new one. */
	l->gate->duration_ns = (double)(l->end_ns - l->begin_ns);
}

/* Together the events of a thread last as long as it worked, give or take its own bookkeeping. In an open loop they may
 * have waited at the same time, and a thread need not have any. */
static bool is_possible(const struct load *l, const struct gate_thread *t)
{
	bool open = l->spec.rate > 0;
	double most = open ? t->events * t->latency_max_ns : t->last_end_ns;
	return t->done == l->sequence && (open || t->events >= 1) && t->late <= t->events &&
	       t->latency_min_ns <= t->latency_max_ns && t->latency_max_ns <= t->last_end_ns &&
	       t->latency_sum_ns <= most && t->latency_sum_ns >= t->latency_max_ns && t->lag_max_ns >= 0 &&
	       t->lag_max_ns <= t->last_end_ns && t->last_end_ns <= (double)(clock_mono_ns() - l->begin_ns);
}

/* What the threads left of the window's schedule. */
static void count_unserved(struct sample *s, const struct load *l)
{
	struct arrivals rest = l->gate->arrivals;
	double first_ns = rest.next_ns;
	s->rate = l->spec.rate;
	if (!(l->spec.rate > 0) || !(rest.interval_ns > 0) || !isfinite(first_ns))
		return;
	s->unserved = arrivals_count(&rest, (double)(l->end_ns - l->begin_ns));
	s->backlog += s->unserved;
	double lag_ns = (double)(s->end_ns - s->begin_ns) - first_ns;
	if (s->unserved && lag_ns > (double)s->lag_max_ns)
		s->lag_max_ns = (uint64_t)lag_ns;
}

/* Adds one thread's numbers, which are a copy, to the sample. */
static int add_thread(struct sample *s, const struct load *l, const struct gate_thread *t, unsigned number,
		      struct error *err)
{
	const double counts[] = {
		t->events,         t->reads,          t->writes,         t->others,      t->errors, t->reconnects,
		t->latency_sum_ns, t->latency_min_ns, t->latency_max_ns, t->last_end_ns, t->late
	};
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		if (!load_is_count(counts[i]))
			return error_set(err, ERROR_LOAD, "thread %u reported %g, which is no count", number,
					 counts[i]);
	if (!is_possible(l, t))
		return error_set(err, ERROR_LOAD, "thread %u reported numbers that cannot be", number);
	s->busy_ns += (uint64_t)t->last_end_ns;
	s->backlog += (uint64_t)t->late;
	if (t->lag_max_ns > (double)s->lag_max_ns)
		s->lag_max_ns = (uint64_t)t->lag_max_ns;
	if (t->events > 0 && (s->events == 0 || t->latency_min_ns < (double)s->latency_min_ns))
		s->latency_min_ns = (uint64_t)t->latency_min_ns;
	s->events += (uint64_t)t->events;
	s->reads += (uint64_t)t->reads;
	s->writes += (uint64_t)t->writes;
	s->others += (uint64_t)t->others;
	s->ignored_errors += (uint64_t)t->errors;
	s->reconnects += (uint64_t)t->reconnects;
	s->latency_sum_ns += (uint64_t)t->latency_sum_ns;
	if (t->latency_max_ns > (double)s->latency_max_ns)
		s->latency_max_ns = (uint64_t)t->latency_max_ns;
	if (l->begin_ns + (uint64_t)t->last_end_ns > s->end_ns)
		s->end_ns = l->begin_ns + (uint64_t)t->last_end_ns;
	return 0;
}

/* Moves the threads' histograms into the sample's. */
static int take_histogram(struct sample *s, struct load *l, struct error *err)
{
	for (uint32_t b = 0; b < HISTOGRAM_BUCKETS; b++) {
		uint64_t count = 0;
		for (unsigned i = 0; i < l->spec.threads; i++) {
			count += thread_at(l, i)->buckets[b];
			thread_at(l, i)->buckets[b] = 0;
		}
		if (count && histogram_add(&s->latency, b, count, err) < 0)
			return -1;
	}
	if (s->latency.total != s->events)
		return error_set(err, ERROR_LOAD, "the histogram holds %llu events, %llu were counted",
				 (unsigned long long)s->latency.total, (unsigned long long)s->events);
	return 0;
}

static int take_sample(struct load *l, struct sample *s, struct error *err)
{
	s->begin_ns = l->begin_ns;
	s->threads = l->spec.threads;
	for (unsigned i = 0; i < l->spec.threads; i++) {
		struct gate_thread numbers;
		memcpy(&numbers, thread_at(l, i), offsetof(struct gate_thread, error));
		if (add_thread(s, l, &numbers, i, err) < 0)
			return -1;
	}
	count_unserved(s, l);
	return take_histogram(s, l, err) < 0 ? -1 : load_take_classes(l, s, err);
}

int load_await(struct load *l, struct sample *ret, struct error *err)
{
	if (!l->gate)
		return error_set(err, ERROR_LOAD, "the load is not open");
	if (!l->in_window)
		return error_set(err, ERROR_INTERNAL, "no window is open");
	l->in_window = false;
	uint64_t now = clock_mono_ns();
	uint64_t left = (l->end_ns > now ? l->end_ns - now : 0) + (l->spec.rate > 0 ? DRAIN_MAX_NS : 0);
	CLEANUP(sample) struct sample s = SAMPLE_INIT;
	if (await_threads(l, clock_deadline(left + event_timeout(&l->spec)), "did not finish the slice", err) < 0 ||
	    take_sample(l, &s, err) < 0)
		return give_up(l, err);
	*ret = s;
	s = (struct sample)SAMPLE_INIT;
	return 0;
}

int load_slice(struct load *l, uint64_t duration_ns, struct sample *ret, struct error *err)
{
	return load_begin(l, 0, duration_ns, err) < 0 ? -1 : load_await(l, ret, err);
}

int load_close(struct load *l, struct error *err)
{
	if (!l->gate)
		return error_set(err, ERROR_LOAD, "the load is not open");
	command(l, GATE_FINISH);
	struct proc_exit e;
	if (proc_wait(&l->proc, clock_deadline(event_timeout(&l->spec)), &e, err) < 0) {
		if (err && err->kind != ERROR_INTERRUPTED)
			err->kind = ERROR_LOAD;
		return give_up(l, err);
	}
	if (!e.exited || e.status != 0) {
		char how[64];
		proc_exit_describe(&e, how);
		if (load_server_gone(&l->spec))
			load_server_error(&l->spec, err);
		else
			error_set(err, ERROR_LOAD, "sysbench failed at its end: %s", how);
		return give_up(l, err);
	}
	load_release(l);
	return 0;
}
