#include "base/stop.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

/* Lock-free atomics are what a signal handler may touch in a threaded program. */
static atomic_int event_fd = -1;
static atomic_int first_signal;

static void on_signal(int signal)
{
	int saved = errno, none = 0;
	if (atomic_compare_exchange_strong(&first_signal, &none, signal)) {
		const uint64_t one = 1;
		/* Once until it is read, so the counter cannot overflow and the write cannot fail. */
		ssize_t n = write(atomic_load(&event_fd), &one, sizeof one);
		(void)n;
	}
	errno = saved;
}

int stop_install(struct error *err)
{
	if (atomic_load(&event_fd) < 0) {
		int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (fd < 0)
			return error_errno(err, ERROR_INTERNAL, "create a descriptor for stop requests");
		atomic_store(&event_fd, fd);
	}
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGALRM };
	struct sigaction stop = { .sa_handler = on_signal }; /* no SA_RESTART: blocking calls return EINTR */
	sigfillset(&stop.sa_mask);
	sigset_t wanted;
	sigemptyset(&wanted);
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
		struct sigaction old;
		if (signals[i] == SIGHUP && sigaction(SIGHUP, NULL, &old) == 0 && old.sa_handler == SIG_IGN)
			continue; /* started by nohup: goes on when the terminal closes */
		if (sigaction(signals[i], &stop, NULL) < 0)
			return error_errno(err, ERROR_INTERNAL, "catch signal %d", signals[i]);
		sigaddset(&wanted, signals[i]);
	}
	struct sigaction ignore = { .sa_handler = SIG_IGN }; /* a reader that went away is EPIPE where it is written */
	if (sigaction(SIGPIPE, &ignore, NULL) < 0)
		return error_errno(err, ERROR_INTERNAL, "ignore SIGPIPE");
	int e = pthread_sigmask(SIG_UNBLOCK, &wanted, NULL); /* whoever started us may have blocked them */
	if (e) {
		errno = e;
		return error_errno(err, ERROR_INTERNAL, "unblock signals");
	}
	return 0;
}

int stop_fd(void)
{
	return atomic_load(&event_fd);
}

bool stop_requested(void)
{
	return atomic_load(&first_signal) != 0;
}

int stop_error(struct error *err)
{
	int signal = atomic_load(&first_signal);
	const char *name = signal ? sigabbrev_np(signal) : NULL;
	if (signal == SIGALRM)
		error_set(err, ERROR_INTERRUPTED, "the time to finish after a stop request is over");
	else
		error_set(err, ERROR_INTERRUPTED, "stopped by %s%s", name ? "SIG" : "a signal", name ? name : "");
	if (err)
		err->signal = signal;
	return -1;
}

int stop_check(struct error *err)
{
	return stop_requested() ? stop_error(err) : 0;
}

void stop_acknowledge(uint64_t limit_ns)
{
	uint64_t count;
	ssize_t n = read(atomic_load(&event_fd), &count, sizeof count); /* non-blocking; nothing to read is fine */
	(void)n;
	atomic_store(&first_signal, 0);
	struct itimerval limit = { .it_value = { .tv_sec = (time_t)(limit_ns / 1000000000),
						 .tv_usec = (suseconds_t)(limit_ns % 1000000000 / 1000) } };
	setitimer(ITIMER_REAL, &limit, NULL);
}
