#include "check.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/proc.h"
#include "base/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LONG (60 * NS_PER_SECOND) /* a deadline that only a hang reaches */

static char *room;

static int enter_room(void **state)
{
	(void)state;
	room = fs_make_temp_dir("test-proc", NULL);
	return room && chdir(room) == 0 && proc_become_reaper(NULL) == 0 ? 0 : -1;
}

static int leave_room(void **state)
{
	(void)state;
	int r = chdir("/") == 0 && fs_remove_tree(room, NULL) == 0 && proc_kill_stragglers() == 0 ? 0 : -1;
	free(room);
	return r;
}

#define SPEC(...)                                              \
	struct proc_spec spec = PROC_SPEC_INIT;                \
	const char *const spec_argv[] = { __VA_ARGS__, NULL }; \
	spec.argv = spec_argv

/* proc_run of `sh -c script`; the tests' way to say what a child does. */
static int run_script(const char *script, uint64_t timeout_ns, struct strbuf *out, struct strbuf *tail,
		      struct error *err)
{
	SPEC("sh", "-c", script);
	return proc_run(&spec, timeout_ns, out, tail, err);
}

static void start_script(struct proc *p, const char *script)
{
	SPEC("sh", "-c", script);
	check_ok(proc_start(p, &spec, err));
}

/* Starts a script that prints a line when it is ready, and waits for that line. */
static void start_ready(struct proc *p, const char *script, char *line, size_t size)
{
	int fds[2];
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	SPEC("sh", "-c", script);
	spec.stdout_fd = fds[1];
	check_ok(proc_start(p, &spec, err));
	close(fds[1]);
	size_t len = 0;
	ssize_t n;
	while (len < size - 1 && !memchr(line, '\n', len) && (n = read(fds[0], line + len, size - 1 - len)) > 0)
		len += (size_t)n;
	close(fds[0]);
	assert_true(len > 0 && line[len - 1] == '\n');
	line[len - 1] = 0;
}

static bool is_running(pid_t pid)
{
	return kill(pid, 0) == 0;
}

static void exec_failure_is_starts_error(void **state)
{
	(void)state;
	struct proc p = PROC_INIT;
	{
		SPEC("no-such-program");
		check_fails(proc_start(&p, &spec, err), ERROR_INTERNAL,
			    "cannot run no-such-program: No such file or directory");
	}
	{
		SPEC("/absent/tool");
		check_fails(proc_start(&p, &spec, err), ERROR_INTERNAL, "cannot run tool: No such file or directory");
	}
	check_ok(fs_write_atomic("plain", "#!/bin/sh\n", 10, 0644, err));
	{
		SPEC("./plain");
		check_fails(proc_start(&p, &spec, err), ERROR_INTERNAL, "cannot run plain: Permission denied");
	}
	{
		SPEC("true");
		spec.dir = "absent";
		check_fails(proc_start(&p, &spec, err), ERROR_INTERNAL, "cannot run true in folder absent: No such");
	}
	{
		SPEC("");
		check_fails(proc_start(&p, &spec, err), ERROR_INTERNAL, "no program");
	}
	{
		SPEC("true");
		spec.user = "no-such-user";
		check_fails(proc_start(&p, &spec, err), ERROR_INTERNAL, "cannot run true: look up user no-such-user");
	}
	{
		SPEC("true");
		cpu_set_t none;
		CPU_ZERO(&none);
		spec.cpus = &none;
		check_fails(proc_start(&p, &spec, err), ERROR_INTERNAL, "cannot run true: bind it to its CPUs");
	}
	{
		SPEC("true");
		spec.stdout_fd = 9999;
		check_fails(proc_start(&p, &spec, err), ERROR_INTERNAL, "set its standard streams: Bad file");
	}
	assert_int_equal(p.pid, 0);
	assert_int_equal(proc_kill_stragglers(), 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nothing is left to be waited for */
}

static void wrong_architecture_is_clear(void **state)
{
	(void)state;
	/* An ELF header for a machine that there never was. */
	char elf[128] = "\177ELF\2\1\1";
	elf[16] = 2;
	elf[18] = elf[19] = 0x7e;
	check_ok(fs_write_atomic("alien", elf, sizeof elf, 0755, err));
	check_ok(fs_write_atomic("lost", "#!/absent/interpreter\n", 22, 0755, err));
	struct error e = ERROR_INIT;
	struct proc p = PROC_INIT;
	{
		SPEC("./alien");
		assert_int_equal(proc_start(&p, &spec, &e), -1);
		check_contains(e.message, "cannot run alien: ./alien is not a program for this machine (");
		check_contains(e.hint, "another architecture");
	}
	char *path = str_printf(&e, "%s/lost", room);
	SPEC(path);
	assert_int_equal(proc_start(&p, &spec, &e), -1);
	check_contains(e.message, "the interpreter or loader of ");
	free(path);
}

static void missing_program_hints_at_path(void **state)
{
	(void)state;
	SPEC("tool");
	const char *const env[] = { "PATH=/somewhere:/else", NULL };
	spec.env = env;
	struct error e = ERROR_INIT;
	struct proc p = PROC_INIT;
	assert_int_equal(proc_start(&p, &spec, &e), -1);
	check_str(e.hint, "is it installed? PATH is \"/somewhere:/else\"");
	const char *const empty[] = { NULL };
	spec.env = empty;
	check_fails(proc_start(&p, &spec, err), ERROR_INTERNAL, "cannot run tool: No such file");
}

static void exits_are_reported(void **state)
{
	(void)state;
	static const struct {
		const char *script, *text;
	} cases[] = {
		{ "exit 0", "exit status 0" },
		{ "exit 3", "exit status 3" },
		{ "exit 255", "exit status 255" },
		{ "kill -TERM $$", "killed by SIGTERM" },
		{ "kill -KILL $$", "killed by SIGKILL" },
		{ "ulimit -c 0; kill -SEGV $$", "killed by SIGSEGV" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(proc) struct proc p = PROC_INIT;
		struct proc_exit how;
		char text[64];
		start_script(&p, cases[i].script);
		assert_true(p.pid > 0 && p.pidfd >= 0);
		check_str(p.name, "sh");
		check_ok(proc_wait(&p, clock_deadline(LONG), &how, err));
		proc_exit_describe(&how, text);
		check_str(text, cases[i].text);
		assert_true(p.pid == 0 && p.pidfd == -1);
	}
	char text[64];
	proc_exit_describe(&(struct proc_exit){ .status = SIGABRT, .core_dumped = true }, text);
	check_str(text, "killed by SIGABRT (core dumped)");
	proc_exit_describe(&(struct proc_exit){ .status = 77 }, text);
	check_str(text, "killed by signal 77");
}

static void run_names_what_went_wrong(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf tail = STRBUF_INIT(1000);
	struct error e = ERROR_INIT;
	assert_int_equal(run_script("echo oops >&2; exit 4", LONG, NULL, &tail, &e), -1);
	check_str(e.message, "sh exited with status 4");
	check_str(e.detail, "oops");
	check_str(tail.data, "oops\n");
	check_fails(run_script("kill -TERM $$", LONG, NULL, NULL, err), ERROR_INTERNAL, "sh was killed by SIGTERM");
	check_fails(run_script("sleep 1000", 50 * NS_PER_MS, NULL, NULL, err), ERROR_INTERNAL,
		    "sh did not end within 0.05 s");
}

static void usage_is_measured(void **state)
{
	(void)state;
	CLEANUP(proc) struct proc p = PROC_INIT;
	struct proc_exit how = { 0 };
	start_script(&p, "i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done");
	check_ok(proc_wait(&p, clock_deadline(LONG), &how, err));
	assert_true(how.user_ns + how.system_ns > 0);
	assert_true(how.user_ns + how.system_ns < LONG);
	assert_true(how.max_rss_bytes > 100 << 10);
}

static void wait_ends_at_its_deadline(void **state)
{
	(void)state;
	CLEANUP(proc) struct proc p = PROC_INIT;
	start_script(&p, "exec sleep 1000");
	pid_t pid = p.pid;
	struct proc_exit how;
	check_fails(proc_wait(&p, clock_deadline(30 * NS_PER_MS), &how, err), ERROR_INTERNAL,
		    "sh did not end within 0.03 s");
	check_fails(proc_wait(&p, 0, &how, err), ERROR_INTERNAL, "sh did not end within 0 s");
	assert_true(p.pid == pid && is_running(pid));
	assert_false(proc_poll(&p, &how));
	proc_release(&p);
	assert_false(is_running(pid));
	proc_release(&p);
	check_fails(proc_wait(&p, 0, &how, err), ERROR_INTERNAL, "no process");
	assert_false(proc_poll(&p, &how));
	assert_false(proc_stop(&p, SIGTERM, 0, &how));
}

static void poll_sees_the_end(void **state)
{
	(void)state;
	CLEANUP(proc) struct proc p = PROC_INIT;
	start_script(&p, "exit 7");
	struct pollfd fd = { .fd = p.pidfd, .events = POLLIN };
	assert_int_equal(poll(&fd, 1, -1), 1);
	proc_reap(); /* another thread's wait may reap it first: nothing is lost */
	assert_true(poll(&fd, 1, 0) == 1 && fd.revents);
	struct proc_exit how;
	assert_true(proc_poll(&p, &how));
	assert_true(how.exited && how.status == 7 && p.pid == 0);
}

static void stop_is_gentle_first(void **state)
{
	(void)state;
	CLEANUP(proc) struct proc p = PROC_INIT;
	char line[64];
	start_ready(&p, "trap 'exit 9' TERM; echo ready; while :; do sleep 0.01; done", line, sizeof line);
	struct proc_exit how;
	assert_false(proc_stop(&p, SIGTERM, LONG, &how));
	assert_true(how.exited && how.status == 9);
}

static void stop_kills_who_does_not_listen(void **state)
{
	(void)state;
	CLEANUP(proc) struct proc p = PROC_INIT;
	char line[64];
	start_ready(&p, "trap '' TERM; echo ready; while :; do sleep 0.01; done", line, sizeof line);
	pid_t pid = p.pid;
	struct proc_exit how;
	assert_true(proc_stop(&p, SIGTERM, 50 * NS_PER_MS, &how));
	assert_true(!how.exited && how.status == SIGKILL);
	assert_false(is_running(pid));
}

static void grandchildren_go_with_their_group(void **state)
{
	(void)state;
	char line[64];
	{ /* killed with their leader */
		CLEANUP(proc) struct proc p = PROC_INIT;
		start_ready(&p, "sleep 1000 & echo $!; wait", line, sizeof line);
		proc_release(&p);
		assert_false(is_running(atoi(line)));
	}
	{ /* whose leader ends by itself */
		CLEANUP(proc) struct proc p = PROC_INIT;
		start_ready(&p, "sleep 1000 & echo $!", line, sizeof line);
		struct proc_exit how;
		check_ok(proc_wait(&p, clock_deadline(LONG), &how, err));
		assert_int_equal(how.status, 0);
		assert_false(is_running(atoi(line)));
	}
	{ /* that ignore SIGTERM while their leader obeys */
		CLEANUP(proc) struct proc p = PROC_INIT;
		start_ready(&p, "(trap '' TERM; exec sleep 1000) & echo $!; wait", line, sizeof line);
		assert_false(proc_stop(&p, SIGTERM, LONG, NULL));
		assert_false(is_running(atoi(line)));
	}
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(100); /* in proc_run that fails */
	check_fails(run_script("sleep 1000 & echo $!; wait", 200 * NS_PER_MS, &out, NULL, err), ERROR_INTERNAL,
		    "did not end");
	assert_true(atoi(out.data) > 0);
	assert_false(is_running(atoi(out.data)));
}

static void run_does_not_wait_for_who_left_the_group(void **state)
{
	(void)state;
	/* It holds the pipes open; what was printed is there, and the straggler is found. */
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(100);
	CLEANUP(strbuf) struct strbuf tail = STRBUF_INIT(100);
	check_ok(run_script(
		"mkfifo left; setsid sh -c 'echo $$; echo >left; exec sleep 1000' & read x <left; echo said >&2", LONG,
		&out, &tail, err));
	check_str(tail.data, "said\n");
	assert_int_equal(proc_kill_stragglers(), 1);
	assert_false(is_running(atoi(out.data)));
	assert_int_equal(proc_kill_stragglers(), 0);
}

static void stragglers_of_stragglers_are_found(void **state)
{
	(void)state;
	CLEANUP(proc) struct proc p = PROC_INIT;
	char line[64];
	/* Each level in a session of its own, all waiting for the next; the last says that all are there. */
	start_ready(&p,
		    "exec setsid -f -w sh -c 'setsid -f -w sh -c \"setsid -f -w sh -c \\\"echo \\$\\$; exec sleep "
		    "1000\\\"\"'",
		    line, sizeof line);
	assert_true(is_running(atoi(line)));
	pid_t leader = p.pid;
	assert_true(proc_kill_stragglers() >= 3);
	assert_false(is_running(atoi(line)));
	assert_false(is_running(leader));
	struct proc_exit how;
	assert_true(proc_poll(&p, &how)); /* a registered one keeps its exit */
	assert_true(!how.exited && how.status == SIGKILL);
}

/* The number of our children that are zombies. */
static int zombies(void)
{
	siginfo_t info = { 0 };
	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
}

static void a_thousand_orphans_are_reaped(void **state)
{
	(void)state;
	int alive[2]; /* at its end when the last holder has ended */
	assert_int_equal(pipe2(alive, O_CLOEXEC), 0);
	CLEANUP(proc) struct proc p = PROC_INIT;
	SPEC("sh", "-c", "i=0; while [ $i -lt 1000 ]; do setsid sh -c : & i=$((i+1)); done");
	spec.stdout_fd = alive[1];
	check_ok(proc_start(&p, &spec, err));
	close(alive[1]);
	struct proc_exit how;
	check_ok(proc_wait(&p, clock_deadline(LONG), &how, err));
	assert_int_equal(how.status, 0);
	char byte;
	assert_int_equal(read(alive[0], &byte, 1), 0);
	close(alive[0]);
	/* The last may have let go of the pipe and not be a zombie yet: this waits for each that is left. */
	while (waitid(P_ALL, 0, &(siginfo_t){ 0 }, WEXITED | WNOWAIT) == 0)
		proc_reap();
	assert_int_equal(errno, ECHILD);
	assert_int_equal(zombies(), 0);
}

static void orphans_are_reaped_during_a_wait(void **state)
{
	(void)state;
	CLEANUP(proc) struct proc p = PROC_INIT;
	/* Ends when its orphan has been reaped, which is while we wait for it. */
	start_script(&p, "pid=$(setsid -f sh -c 'echo $$'); while kill -0 $pid 2>/dev/null; do sleep 0.01; done");
	struct proc_exit how;
	check_ok(proc_wait(&p, clock_deadline(LONG), &how, err));
	assert_int_equal(how.status, 0);
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(100);
	check_ok(run_script("pid=$(setsid -f sh -c 'echo $$'); while kill -0 $pid 2>/dev/null; do sleep 0.01; done",
			    LONG, &out, NULL, err));
}

static void environment_is_an_allow_list(void **state)
{
	(void)state;
	setenv("AWS_SECRET_ACCESS_KEY", "canary-1", 1);
	setenv("REPO_ACCESS_TOKEN", "canary-2", 1);
	setenv("DBDYNO_TOKEN", "canary-3", 1);
	setenv("PATHOLOGY", "canary-4", 1);
	setenv("TZ", "Europe/Zurich", 1);
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(64 << 10);
	check_ok(run_script("env; cat /proc/self/environ", LONG, &out, NULL, err));
	for (size_t i = 0; i < out.len; i++)
		if (!out.data[i])
			out.data[i] = '\n'; /* environ's separators */
	assert_null(strstr(out.data, "canary"));
	check_contains(out.data, "PATH=");
	check_contains(out.data, "TZ=Europe/Zurich\n");
	unsetenv("TZ");
	unsetenv("AWS_SECRET_ACCESS_KEY");
	unsetenv("REPO_ACCESS_TOKEN");
	unsetenv("DBDYNO_TOKEN");
	unsetenv("PATHOLOGY");
}

static void environment_is_exactly_what_is_given(void **state)
{
	(void)state;
	SPEC("/usr/bin/env");
	const char *const env[] = { "A=1", "B=x y", NULL };
	spec.env = env;
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(1000);
	check_ok(proc_run(&spec, LONG, &out, NULL, err));
	check_str(out.data, "A=1\nB=x y\n");
}

static void env_set_replaces(void **state)
{
	(void)state;
	CLEANUP(strlist) struct strlist env = STRLIST_INIT;
	assert_int_equal(proc_env_set(&env, "A", "1"), 0);
	assert_int_equal(proc_env_set(&env, "AB", "2"), 0);
	assert_int_equal(proc_env_set(&env, "A", "3"), 0);
	assert_int_equal(env.len, 2);
	check_str(env.items[0], "A=3");
	check_str(env.items[1], "AB=2");
	assert_null(env.items[2]);
	char *path = strdup(getenv("PATH"));
	unsetenv("PATH");
	CLEANUP(strlist) struct strlist base = STRLIST_INIT;
	check_ok(proc_base_env(&base, err));
	setenv("PATH", path, 1);
	free(path);
	assert_true(strlist_has(&base, "PATH=/usr/local/bin:/usr/bin:/bin"));
}

static void no_descriptor_leaks(void **state)
{
	(void)state;
	int open_fds[3] = { open("/dev/zero", O_RDONLY), open("/dev/zero", O_RDONLY), -1 };
	open_fds[2] = fcntl(open_fds[0], F_DUPFD, 500); /* none of them close-on-exec */
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(1000);
	SPEC("ls", "/proc/self/fd"); /* 3 is the folder that ls reads */
	check_ok(proc_run(&spec, LONG, &out, NULL, err));
	check_str(out.data, "0\n1\n2\n3\n");
	strbuf_reset(&out);
	check_ok(run_script("readlink /proc/$$/fd/0 /proc/$$/fd/2", LONG, &out, NULL, err));
	check_str(out.data, "/dev/null\n/dev/null\n");
	for (int i = 0; i < 3; i++)
		close(open_fds[i]);
}

static void streams_go_where_the_spec_says(void **state)
{
	(void)state;
	check_ok(fs_write_atomic("in", "hello\n", 6, 0600, err));
	int in = open("in", O_RDONLY), both = open("both", O_WRONLY | O_CREAT | O_APPEND, 0600);
	SPEC("sh", "-c", "cat; echo error >&2");
	spec.stdin_fd = in;
	spec.stdout_fd = spec.stderr_fd = both;
	check_ok(proc_run(&spec, LONG, NULL, NULL, err));
	assert_int_equal(fcntl(both, F_GETFD), 0); /* still the caller's */
	close(in);
	close(both);
	CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(100);
	check_ok(fs_read("both", &b, err));
	check_str(b.data, "hello\nerror\n");
}

/* Runs body in a process of its own, for what cannot be undone; true if it returned true there. */
static bool in_child(bool (*body)(void))
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(body() ? 0 : 1);
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status == 0;
}

/* Without standard streams, each new descriptor is one of the three. */
static bool run_crossed(void)
{
	close(0);
	close(1);
	close(2);
	int first = open("first", O_RDWR | O_CREAT, 0600), second = open("second", O_RDWR | O_CREAT, 0600);
	SPEC("sh", "-c", "echo out; echo err >&2");
	spec.stdout_fd = second; /* 1 */
	spec.stderr_fd = first;  /* 0 */
	if (first != 0 || second != 1 || proc_run(&spec, LONG, NULL, NULL, NULL) < 0)
		return false;
	close(1);
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(100);
	CLEANUP(strbuf) struct strbuf tail = STRBUF_INIT(100);
	if (run_script("echo out; echo err >&2", LONG, &out, &tail, NULL) < 0 || !str_eq(out.data, "out\n") ||
	    !str_eq(tail.data, "err\n"))
		return false;
	return run_script("exec /absent/program", LONG, &out, &tail, NULL) < 0;
}

static void streams_may_stand_in_each_others_place(void **state)
{
	(void)state;
	assert_true(in_child(run_crossed));
	CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(100);
	check_ok(fs_read("second", &b, err));
	check_ok(fs_read("first", &b, err));
	check_str(b.data, "out\nerr\n");
}

static void signals_start_afresh(void **state)
{
	(void)state;
	signal(SIGUSR1, SIG_IGN);
	sigset_t usr2, before;
	sigemptyset(&usr2);
	sigaddset(&usr2, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &usr2, &before);
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(10000);
	SPEC("cat", "/proc/self/status");
	check_ok(proc_run(&spec, LONG, &out, NULL, err));
	check_contains(out.data, "\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\nSigCgt:\t0000000000000000\n");
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	signal(SIGUSR1, SIG_DFL);
}

static void child_leads_its_session(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(1000);
	SPEC("cut", "-d", " ", "-f", "1,5,6,7", "/proc/self/stat");
	check_ok(proc_run(&spec, LONG, &out, NULL, err));
	int pid, group, session, terminal;
	assert_int_equal(sscanf(out.data, "%d %d %d %d", &pid, &group, &session, &terminal), 4);
	assert_true(pid == group && pid == session && terminal == 0);
}

static bool is_pinned_to(pid_t pid, const cpu_set_t *cpus)
{
	cpu_set_t now;
	return sched_getaffinity(pid, sizeof now, &now) == 0 && CPU_EQUAL(&now, cpus);
}

static void pinning_takes_descendants_along(void **state)
{
	(void)state;
	cpu_set_t all, one;
	assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
	CPU_ZERO(&one);
	for (size_t cpu = 0; CPU_COUNT(&one) == 0; cpu++)
		if (CPU_ISSET(cpu, &all))
			CPU_SET(cpu, &one);
	char line[64];
	CLEANUP(proc) struct proc p = PROC_INIT;
	/* its child has left the group, as PostgreSQL's do */
	start_ready(&p, "mkfifo left; setsid sh -c 'echo $$ >left; exec sleep 1000' & read x <left; echo $x; wait",
		    line, sizeof line);
	pid_t child = atoi(line);
	assert_true(is_pinned_to(child, &all));
	check_ok(proc_pin(&p, &one, err));
	assert_true(is_pinned_to(p.pid, &one) && is_pinned_to(child, &one));
	assert_true(is_pinned_to(0, &all));
	check_ok(proc_pin(&p, &all, err));
	assert_true(is_pinned_to(p.pid, &all) && is_pinned_to(child, &all));
	cpu_set_t none;
	CPU_ZERO(&none);
	check_fails(proc_pin(&p, &none, err), ERROR_INTERNAL, "move sh to other CPUs: Invalid argument");
	proc_release(&p);
	assert_int_equal(proc_kill_stragglers(), 1);
	check_ok(proc_pin(&p, &one, err)); /* nobody is there */
}

static void settings_reach_the_child(void **state)
{
	(void)state;
	cpu_set_t cpus, one;
	assert_int_equal(sched_getaffinity(0, sizeof cpus, &cpus), 0);
	int last = CPU_SETSIZE - 1;
	while (!CPU_ISSET(last, &cpus))
		last--;
	CPU_ZERO(&one);
	CPU_SET(last, &one);
	check_ok(fs_mkdirs("folder", 0700, err));
	SPEC("sh", "-c", "basename $(pwd); cat /proc/self/oom_score_adj; grep Cpus_allowed_list /proc/self/status");
	spec.cpus = &one;
	spec.dir = "folder";
	spec.oom_score_adj = 500;
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(1000);
	check_ok(proc_run(&spec, LONG, &out, NULL, err));
	char wanted[100];
	snprintf(wanted, sizeof wanted, "folder\n500\nCpus_allowed_list:\t%d\n", last);
	check_str(out.data, wanted);
}

static bool ask_for_root(void)
{
	struct error e = ERROR_INIT;
	struct proc p = PROC_INIT;
	SPEC("true");
	spec.user = "root";
	return setgid(65534) == 0 && setuid(65534) == 0 && proc_start(&p, &spec, &e) < 0 &&
	       strstr(e.message, "cannot run true: only root can run a program as user root");
}

static void user_is_changed_whole(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("skipped: only root can change to another user\n");
		skip();
	}
	SPEC("sh", "-c", "id -un; id -Gn; grep -E '^(Uid|Gid)' /proc/self/status | tr '\\t' ' '");
	spec.user = "nobody";
	spec.dir = "/";
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(1000);
	check_ok(proc_run(&spec, LONG, &out, NULL, err));
	check_str(out.data, "nobody\nnogroup\nUid: 65534 65534 65534 65534\nGid: 65534 65534 65534 65534\n");
	spec.dir = room; /* 0700, root's */
	check_fails(proc_run(&spec, LONG, &out, NULL, err), ERROR_INTERNAL, "in folder /");
	assert_true(in_child(ask_for_root));
}

static void output_is_bounded(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(1000);
	check_fails(run_script("yes", LONG, &out, NULL, err), ERROR_INTERNAL, "sh printed more than 1000 bytes");
	strbuf_reset(&out);
	check_fails(run_script("head -c 1001 /dev/zero", LONG, &out, NULL, err), ERROR_INTERNAL, "more than 1000");
	strbuf_reset(&out);
	check_ok(run_script("head -c 1000 /dev/zero", LONG, &out, NULL, err));
	assert_int_equal(out.len, 1000);
	CLEANUP(strbuf) struct strbuf large = STRBUF_INIT(10 << 20); /* many pipes full, both streams at once */
	CLEANUP(strbuf) struct strbuf tail = STRBUF_INIT(10);
	check_ok(run_script("head -c 5000000 /dev/zero & head -c 5000000 /dev/zero >&2; wait", LONG, &large, &tail,
			    err));
	assert_int_equal(large.len, 5000000);
	assert_int_equal(tail.len, 10);
}

static void tail_keeps_the_last_lines(void **state)
{
	(void)state;
	static const struct {
		const char *script;
		size_t max;
		const char *tail;
	} cases[] = {
		{ "", 100, "" },
		{ "printf 'a\\nb\\n' >&2", 100, "a\nb\n" },
		{ "printf 'a\\nb\\n' >&2", 4, "a\nb\n" },
		{ "printf 'a\\nb\\n' >&2", 3, "b\n" },
		{ "seq 100000 >&2", 14, "99999\n100000\n" },
		{ "for i in 1 2 3 4 5 6; do echo line $i >&2; done", 15, "line 5\nline 6\n" },
		{ "printf 0123456789 >&2", 4, "6789" },
		{ "head -c 3000000 /dev/zero | tr '\\0' x >&2; printf '\\nend' >&2", 100, "end" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strbuf) struct strbuf tail = STRBUF_INIT(cases[i].max);
		check_ok(run_script(cases[i].script, LONG, NULL, &tail, err));
		check_str(tail.data, cases[i].tail);
	}
}

static bool wait_is_stopped(void)
{
	struct error e = ERROR_INIT;
	CLEANUP(proc) struct proc p = PROC_INIT;
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(100);
	SPEC("sleep", "1000");
	if (stop_install(&e) < 0 || proc_start(&p, &spec, &e) < 0)
		return false;
	pid_t pid = p.pid;
	/* The child tells its parent to stop, so the request comes in the middle of this wait. */
	if (run_script("kill -TERM $PPID; exec sleep 1000", LONG, &out, NULL, &e) != -1 ||
	    e.kind != ERROR_INTERRUPTED || e.signal != SIGTERM || strcmp(e.message, "stopped by SIGTERM") != 0)
		return false;
	if (proc_wait(&p, CLOCK_FOREVER, NULL, &e) != -1 || e.kind != ERROR_INTERRUPTED || p.pid != pid)
		return false;
	/* Teardown does not look at the request. */
	struct proc_exit how;
	if (proc_stop(&p, SIGTERM, LONG, &how) || how.exited || how.status != SIGTERM)
		return false;
	return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD;
}

static void stop_requests_end_waits(void **state)
{
	(void)state;
	assert_true(in_child(wait_is_stopped));
}

/* The signal arrives while the child is between fork and exec or later: it is never our handler that runs there. */
static bool signalled_group(void)
{
	if (setpgid(0, 0) < 0 || stop_install(NULL) < 0)
		return false;
	CLEANUP(proc) struct proc p = PROC_INIT;
	SPEC("sleep", "1000");
	if (proc_start(&p, &spec, NULL) < 0 || stop_requested())
		return false;
	kill(p.pid, SIGTERM);
	struct proc_exit how;
	return proc_wait(&p, CLOCK_FOREVER, &how, NULL) == 0 && !how.exited && how.status == SIGTERM &&
	       !stop_requested();
}

static void a_signal_to_the_child_is_not_ours(void **state)
{
	(void)state;
	assert_true(in_child(signalled_group));
}

static void child_dies_with_its_parent(void **state)
{
	(void)state;
	int fds[2];
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid_t parent = fork();
	assert_true(parent >= 0);
	if (parent == 0) { /* ends without any teardown, as by SIGKILL */
		struct proc p = PROC_INIT;
		SPEC("sleep", "1000");
		spec.stdout_fd = fds[1];
		_exit(proc_start(&p, &spec, NULL) == 0 ? 0 : 1);
	}
	close(fds[1]);
	int status;
	assert_int_equal(waitpid(parent, &status, 0), parent);
	assert_int_equal(status, 0);
	char byte;
	assert_int_equal(read(fds[0], &byte, 1), 0); /* nobody holds the other end any more */
	close(fds[0]);
	while (waitpid(-1, NULL, 0) > 0)
		; /* the orphan */
}

/* Each thread runs programs with results of their own; none is mixed up, lost, or found busy. */
static void *run_many(void *data)
{
	const char *id = data;
	char path[32];
	snprintf(path, sizeof path, "./tool-%s", id);
	for (int i = 0; i < 20; i++) {
		struct error e = ERROR_INIT;
		CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(100);
		CLEANUP(strbuf) struct strbuf tail = STRBUF_INIT(100);
		char script[100], wanted[100];
		int n = snprintf(script, sizeof script, "#!/bin/sh\necho %s-%d; echo e >&2; exit %d\n", id, i, i % 3);
		snprintf(wanted, sizeof wanted, "%s-%d\n", id, i);
		if (fs_write_atomic(path, script, (size_t)n, 0755, &e) < 0)
			return strdup(e.message);
		SPEC(path);
		int r = proc_run(&spec, LONG, &out, &tail, &e);
		if (r != (i % 3 ? -1 : 0) || !str_eq(out.data, wanted) || !str_eq(tail.data, "e\n"))
			return strdup(e.message);
	}
	return NULL;
}

static void threads_run_children_at_once(void **state)
{
	(void)state;
	static char ids[6][2] = { "a", "b", "c", "d", "e", "f" };
	pthread_t threads[ARRAY_SIZE(ids)];
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, run_many, ids[i]), 0);
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		void *failure;
		pthread_join(threads[i], &failure);
		if (failure)
			fail_msg("thread %s: %s", ids[i], (char *)failure);
	}
	assert_int_equal(proc_kill_stragglers(), 0);
}

static bool start_without_descriptors(void)
{
	struct rlimit few = { 0, 0 };
	struct error e = ERROR_INIT;
	struct proc p = PROC_INIT;
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(100);
	SPEC("/bin/true");
	const char *const env[] = { NULL };
	spec.env = env;
	/* One more at each try, until it works: every failure is clear, and leaves nothing. */
	for (few.rlim_cur = few.rlim_max = 3; few.rlim_cur < 40; few.rlim_cur++) {
		few.rlim_max = 1024;
		if (setrlimit(RLIMIT_NOFILE, &few) < 0)
			return false;
		e = (struct error)ERROR_INIT;
		if (proc_run(&spec, LONG, &out, NULL, &e) == 0)
			return few.rlim_cur > 5 && waitpid(-1, NULL, WNOHANG) == -1;
		if (!strstr(e.message, "Too many open files") || p.pid != 0)
			return false;
	}
	return false;
}

static void without_descriptors_it_fails_clean(void **state)
{
	(void)state;
	assert_true(in_child(start_without_descriptors));
}

static bool start_without_processes(void)
{
	struct rlimit none = { 0, 0 };
	struct error e = ERROR_INIT;
	struct proc p = PROC_INIT;
	SPEC("true");
	return setgid(65534) == 0 && setuid(65534) == 0 && setrlimit(RLIMIT_NPROC, &none) == 0 &&
	       proc_start(&p, &spec, &e) < 0 && strstr(e.message, "cannot start true: Resource temporarily") &&
	       strstr(e.hint, "limits of processes") && p.pid == 0;
}

static void without_processes_it_fails_clean(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("skipped: only root can become a user without processes\n");
		skip();
	}
	assert_true(in_child(start_without_processes));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, enter_room, leave_room)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(exec_failure_is_starts_error),
		TEST(wrong_architecture_is_clear),
		TEST(missing_program_hints_at_path),
		TEST(exits_are_reported),
		TEST(run_names_what_went_wrong),
		TEST(usage_is_measured),
		TEST(wait_ends_at_its_deadline),
		TEST(poll_sees_the_end),
		TEST(stop_is_gentle_first),
		TEST(stop_kills_who_does_not_listen),
		TEST(grandchildren_go_with_their_group),
		TEST(run_does_not_wait_for_who_left_the_group),
		TEST(stragglers_of_stragglers_are_found),
		TEST(a_thousand_orphans_are_reaped),
		TEST(orphans_are_reaped_during_a_wait),
		TEST(environment_is_an_allow_list),
		TEST(environment_is_exactly_what_is_given),
		TEST(env_set_replaces),
		TEST(no_descriptor_leaks),
		TEST(streams_go_where_the_spec_says),
		TEST(streams_may_stand_in_each_others_place),
		TEST(signals_start_afresh),
		TEST(child_leads_its_session),
		TEST(pinning_takes_descendants_along),
		TEST(settings_reach_the_child),
		TEST(user_is_changed_whole),
		TEST(output_is_bounded),
		TEST(tail_keeps_the_last_lines),
		TEST(stop_requests_end_waits),
		TEST(a_signal_to_the_child_is_not_ours),
		TEST(child_dies_with_its_parent),
		TEST(threads_run_children_at_once),
		TEST(without_descriptors_it_fails_clean),
		TEST(without_processes_it_fails_clean),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
