#include "check.h"

#include "base/clock.h"
#include "base/stop.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Stop requests are for good, so each case runs in a process of its own: 0 is success, else the line that failed. */
#define EXPECT(condition)                          \
	do {                                       \
		if (!(condition))                  \
			_exit(__LINE__ % 255 + 1); \
	} while (0)

static int in_child(void (*body)(void))
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		body();
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static bool stop_is_readable(int timeout_ms)
{
	struct pollfd p = { .fd = stop_fd(), .events = POLLIN };
	int n;
	do
		n = poll(&p, 1, timeout_ms);
	while (n < 0);
	return n == 1 && p.revents == POLLIN;
}

static void without_install_nothing_is_watched(void **state)
{
	(void)state;
	struct error err = ERROR_INIT;
	assert_int_equal(stop_fd(), -1);
	assert_false(stop_requested());
	assert_int_equal(stop_check(&err), 0);
	assert_false(stop_is_readable(0));
}

static void request(int signal, const char *message, int exit_code)
{
	struct error err = ERROR_INIT;
	EXPECT(stop_install(&err) == 0);
	EXPECT(!stop_requested() && stop_check(&err) == 0 && !stop_is_readable(0));
	raise(signal);
	EXPECT(stop_requested() && stop_is_readable(-1));
	EXPECT(stop_check(&err) == -1);
	EXPECT(err.kind == ERROR_INTERRUPTED && err.signal == signal);
	EXPECT(strcmp(err.message, message) == 0 && error_exit_code(&err) == exit_code);
	EXPECT(stop_is_readable(0)); /* for good */
}

static void acknowledged(void)
{
	struct error err = ERROR_INIT;
	EXPECT(stop_install(&err) == 0);
	raise(SIGTERM);
	EXPECT(stop_requested());
	stop_acknowledge(20 * NS_PER_MS);
	EXPECT(!stop_requested() && stop_check(&err) == 0);
	EXPECT(stop_is_readable(-1)); /* the limit came */
	EXPECT(stop_check(&err) == -1 && err.kind == ERROR_INTERRUPTED);
	EXPECT(strstr(err.message, "time to finish"));
	stop_acknowledge(3600 * NS_PER_SECOND);
	EXPECT(!stop_requested() && !stop_is_readable(0));
	raise(SIGINT);
	EXPECT(stop_is_readable(-1));
	EXPECT(stop_check(&err) == -1 && err.signal == SIGINT);
}

static void an_acknowledged_request_comes_back(void **state)
{
	(void)state;
	assert_int_equal(in_child(acknowledged), 0);
}

static void on_term(void)
{
	request(SIGTERM, "stopped by SIGTERM", 143);
}

static void on_int(void)
{
	request(SIGINT, "stopped by SIGINT", 130);
}

static void on_hup(void)
{
	signal(SIGHUP, SIG_DFL); /* a runner under nohup ignores it, and so would stop_install */
	request(SIGHUP, "stopped by SIGHUP", 129);
}

static void each_signal_is_reported(void **state)
{
	(void)state;
	assert_int_equal(in_child(on_term), 0);
	assert_int_equal(in_child(on_int), 0);
	assert_int_equal(in_child(on_hup), 0);
}

static void two_signals(void)
{
	struct error err = ERROR_INIT;
	EXPECT(stop_install(&err) == 0);
	raise(SIGINT);
	raise(SIGTERM);
	raise(SIGTERM);
	EXPECT(stop_error(&err) == -1 && err.signal == SIGINT);
}

static void the_first_signal_counts(void **state)
{
	(void)state;
	assert_int_equal(in_child(two_signals), 0);
}

static void nohup(void)
{
	signal(SIGHUP, SIG_IGN);
	EXPECT(stop_install(NULL) == 0);
	raise(SIGHUP);
	EXPECT(!stop_requested());
}

static void ignored_hangup_stays_ignored(void **state)
{
	(void)state;
	assert_int_equal(in_child(nohup), 0);
}

static void blocked(void)
{
	sigset_t all;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	EXPECT(stop_install(NULL) == 0);
	raise(SIGTERM);
	EXPECT(stop_requested());
}

static void inherited_block_is_lifted(void **state)
{
	(void)state;
	assert_int_equal(in_child(blocked), 0);
}

static void broken_pipe(void)
{
	EXPECT(stop_install(NULL) == 0);
	int fds[2];
	EXPECT(pipe(fds) == 0);
	close(fds[0]);
	EXPECT(write(fds[1], "x", 1) == -1 && errno == EPIPE);
	EXPECT(!stop_requested());
}

static void broken_pipe_does_not_kill(void **state)
{
	(void)state;
	assert_int_equal(in_child(broken_pipe), 0);
}

static void *kill_process(void *unused)
{
	(void)unused;
	kill(getpid(), SIGTERM);
	return NULL;
}

static void from_other_thread(void)
{
	EXPECT(stop_install(NULL) == 0);
	pthread_t thread;
	EXPECT(pthread_create(&thread, NULL, kill_process, NULL) == 0);
	EXPECT(stop_is_readable(-1)); /* wakes wherever the signal is delivered */
	pthread_join(thread, NULL);
}

static void a_waiting_poll_is_woken(void **state)
{
	(void)state;
	assert_int_equal(in_child(from_other_thread), 0);
}

static void install_twice(void)
{
	EXPECT(stop_install(NULL) == 0);
	int fd = stop_fd();
	EXPECT(stop_install(NULL) == 0 && stop_fd() == fd);
}

static void installing_again_keeps_the_descriptor(void **state)
{
	(void)state;
	assert_int_equal(in_child(install_twice), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_acknowledged_request_comes_back),
		cmocka_unit_test(without_install_nothing_is_watched),
		cmocka_unit_test(each_signal_is_reported),
		cmocka_unit_test(the_first_signal_counts),
		cmocka_unit_test(ignored_hangup_stays_ignored),
		cmocka_unit_test(inherited_block_is_lifted),
		cmocka_unit_test(broken_pipe_does_not_kill),
		cmocka_unit_test(a_waiting_poll_is_woken),
		cmocka_unit_test(installing_again_keeps_the_descriptor),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
