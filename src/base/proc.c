#include "base/proc.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/proc_reaper.h"
#include "base/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/utsname.h>

enum { MAX_GROUPS = 256 };

/* What failed in the child before its program ran. */
enum step {
	STEP_SESSION,
	STEP_DESCRIPTORS,
	STEP_OOM,
	STEP_CPUS,
	STEP_USER,
	STEP_PARENT,
	STEP_FOLDER,
	STEP_EXEC,
};

static const char *const step_texts[] = {
	[STEP_SESSION] = "start its own session", [STEP_DESCRIPTORS] = "set its standard streams",
	[STEP_OOM] = "set its oom_score_adj",     [STEP_CPUS] = "bind it to its CPUs",
	[STEP_USER] = "change to its user",       [STEP_PARENT] = "tie it to its parent",
	[STEP_FOLDER] = "enter its folder",       [STEP_EXEC] = "run it",
};

struct report {
	int step;
	int reason; /* errno */
};

/* All that the child needs, found before fork: between fork and exec only async-signal-safe calls are allowed. */
struct launch {
	const char *path;
	const struct proc_spec *spec;
	const char *const *env;
	int null_fd;
	int report_fd;
	pid_t parent;
	char oom[16];
	bool change_user;
	uid_t uid;
	gid_t gid;
	gid_t groups[MAX_GROUPS];
	int group_count;
};

static int become_user(const struct launch *l)
{
	return setgroups((size_t)l->group_count, l->groups) < 0 || setgid(l->gid) < 0 || setuid(l->uid) < 0 ? -1 : 0;
}

/* Puts the three streams at 0, 1, 2, the report pipe at 3, and closes all others. At once, not at exec: the parent
 * takes the report pipe's closing as the end of exec, and others could be closed after it. */
static int set_streams(const struct launch *l, int *report_fd)
{
	const int wanted[3] = { l->spec->stdin_fd, l->spec->stdout_fd, l->spec->stderr_fd };
	int copies[3];
	/* First all above 2, since each may stand where another has to go. *report_fd is usable whatever fails. */
	int moved = fcntl(*report_fd, F_DUPFD_CLOEXEC, 3);
	if (moved < 0)
		return -1;
	*report_fd = moved;
	for (int i = 0; i < 3; i++)
		if ((copies[i] = fcntl(wanted[i] < 0 ? l->null_fd : wanted[i], F_DUPFD_CLOEXEC, 3)) < 0)
			return -1;
	for (int i = 0; i < 3; i++)
		if (dup2(copies[i], i) < 0)
			return -1;
	if (*report_fd != 3 && dup3(*report_fd, 3, O_CLOEXEC) < 0)
		return -1;
	*report_fd = 3;
	return close_range(4, UINT_MAX, 0);
}

static int write_oom(const char *text)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	size_t len = strlen(text);
	return fd >= 0 && write(fd, text, len) == (ssize_t)len && close(fd) == 0 ? 0 : -1;
}

static void reset_signals(void)
{
	struct sigaction plain = { .sa_handler = SIG_DFL };
	for (int s = 1; s < NSIG; s++)
		sigaction(s, &plain, NULL); /* fails for SIGKILL, SIGSTOP and libc's own: they need none */
}

/* The steps up to exec; returns the one that failed, with errno. *report_fd stays usable. */
static enum step prepare_and_exec(const struct launch *l, int *report_fd)
{
	const struct proc_spec *spec = l->spec;
	reset_signals();
	if (setsid() < 0)
		return STEP_SESSION;
	if (set_streams(l, report_fd) < 0)
		return STEP_DESCRIPTORS;
	if (l->oom[0] && write_oom(l->oom) < 0)
		return STEP_OOM;
	if (spec->cpus && sched_setaffinity(0, sizeof *spec->cpus, spec->cpus) < 0)
		return STEP_CPUS;
	if (l->change_user && become_user(l) < 0)
		return STEP_USER;
	/* After the change of user, which would undo it. A parent that died before this call sends nothing. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return STEP_PARENT;
	if (getppid() != l->parent)
		_exit(127);
	if (spec->dir && chdir(spec->dir) < 0)
		return STEP_FOLDER;
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(l->path, (char *const *)spec->argv, (char *const *)l->env);
	return STEP_EXEC;
}

static _Noreturn void child_main(const struct launch *l)
{
	int report_fd = l->report_fd;
	struct report r = { .step = prepare_and_exec(l, &report_fd), .reason = errno };
	ssize_t n = write(report_fd, &r, sizeof r);
	(void)n; /* if even this fails, exit status 127 is all there is to say */
	_exit(127);
}

static int resolve_user(struct launch *l, const char *name, struct error *err)
{
	char buffer[16 << 10];
	struct passwd entry, *found = NULL;
	int reason = getpwnam_r(name, &entry, buffer, sizeof buffer, &found);
	if (!found) {
		errno = reason ? reason : ENOENT;
		return error_errno(err, ERROR_INTERNAL, "look up user %s", name);
	}
	if (geteuid() != 0 && geteuid() == entry.pw_uid)
		return 0;
	if (geteuid() != 0)
		return error_set(err, ERROR_INTERNAL, "only root can run a program as user %s", name);
	l->group_count = MAX_GROUPS;
	if (getgrouplist(name, entry.pw_gid, l->groups, &l->group_count) < 0)
		return error_set(err, ERROR_INTERNAL, "user %s is in more than %d groups", name, MAX_GROUPS);
	l->uid = entry.pw_uid;
	l->gid = entry.pw_gid;
	l->change_user = true;
	return 0;
}

static const char *find_path_list(const char *const *env)
{
	for (; *env; env++)
		if (str_starts(*env, "PATH="))
			return *env + strlen("PATH=");
	return NULL;
}

/* The error of a step that failed in the child. */
static int step_error(const struct report *r, const char *name, const char *path, const struct proc_spec *spec,
		      struct error *err)
{
	errno = r->reason;
	if (r->step == STEP_FOLDER)
		return error_errno(err, ERROR_INTERNAL, "cannot run %s in folder %s", name, spec->dir);
	if (r->step == STEP_USER)
		return error_errno(err, ERROR_INTERNAL, "cannot run %s as user %s", name, spec->user);
	if (r->step != STEP_EXEC)
		return error_errno(err, ERROR_INTERNAL, "cannot run %s: %s", name, step_texts[r->step]);
	if (r->reason == ENOEXEC) {
		struct utsname machine;
		error_set(err, ERROR_INTERNAL, "cannot run %s: %s is not a program for this machine (%s)", name, path,
			  uname(&machine) == 0 ? machine.machine : "unknown");
		return error_hint(err, "is it built for another architecture, or cut short?");
	}
	if (r->reason == ENOENT && *path == '/' && fs_is_executable(path)) {
		error_set(err, ERROR_INTERNAL, "cannot run %s: the interpreter or loader of %s is missing", name, path);
		return error_hint(err, "is it built for another system, or does its first line name what is not here?");
	}
	error_errno(err, ERROR_INTERNAL, "cannot run %s", name);
	if (r->reason == EACCES)
		return error_hint(err, "is %s executable?", path);
	return -1;
}

/* Starts happen one after the other, up to exec: a child that is still between fork and exec holds a copy of every
 * descriptor of ours, and a file of which somebody has a descriptor for writing cannot be run (ETXTBSY). */
static pthread_mutex_t starting = PTHREAD_MUTEX_INITIALIZER;

/* Forks, with all signals blocked: a handler of ours must not run in the child. Returns the registered child in *ret.
 */
static int fork_registered(struct proc *ret, const struct launch *l, struct error *err)
{
	struct reaper_entry *entry = reaper_new_entry();
	if (!entry)
		return error_oom(err);
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	reaper_lock();
	pid_t pid = fork();
	if (pid == 0)
		child_main(l);
	int reason = errno;
	int pidfd = pid < 0 ? -1 : pidfd_open(pid, 0);
	if (pid >= 0 && pidfd < 0) {
		reason = errno;
		kill(pid, SIGKILL); /* reaped as an orphan */
	}
	if (pidfd >= 0)
		reaper_add(entry, pid, pidfd);
	reaper_unlock();
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (pidfd < 0) {
		free(entry);
		proc_reap();
		errno = reason;
		error_errno(err, ERROR_INTERNAL, "cannot start %s", ret->name);
		return error_hint(err, "the limits of processes or open files may be reached");
	}
	ret->pid = pid;
	ret->pidfd = pidfd;
	return 0;
}

/* Forks and waits for exec to succeed (the pipe closes) or for what failed before it. */
static int launch_child(struct proc *p, struct launch *l, struct error *err)
{
	int fds[2];
	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_errno(err, ERROR_INTERNAL, "cannot start %s", p->name);
	AUTO_CLOSE int reader = fds[0];
	AUTO_CLOSE int writer = fds[1];
	l->report_fd = writer;
	l->parent = getpid();
	if (fork_registered(p, l, err) < 0)
		return -1;
	close(TAKE_FD(writer));
	struct report r;
	ssize_t n;
	do
		n = read(reader, &r, sizeof r);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return 0;
	if (n != (ssize_t)sizeof r)
		r = (struct report){ .step = STEP_EXEC, .reason = EIO };
	return step_error(&r, p->name, l->path, l->spec, err);
}

static void set_name(struct proc *p, const char *argv0)
{
	const char *slash = strrchr(argv0, '/');
	snprintf(p->name, sizeof p->name, "%s", slash && slash[1] ? slash + 1 : argv0);
}

int proc_start(struct proc *ret, const struct proc_spec *spec, struct error *err)
{
	if (!spec->argv || !spec->argv[0] || !*spec->argv[0])
		return error_set(err, ERROR_INTERNAL, "no program to run was given");
	CLEANUP(proc) struct proc p = PROC_INIT;
	set_name(&p, spec->argv[0]);
	CLEANUP(strlist) struct strlist base = STRLIST_INIT;
	if (!spec->env && proc_base_env(&base, err) < 0)
		return -1;
	struct launch l = { .spec = spec, .env = spec->env ? spec->env : strlist_array(&base) };
	const char *path_list = find_path_list(l.env);
	AUTO_FREE char *path = fs_find_program(spec->argv[0], path_list);
	if (!path) {
		error_set(err, ERROR_INTERNAL, "cannot run %s: No such file or directory", p.name);
		return error_hint(err, "is it installed? PATH is \"%s\"", path_list ? path_list : "");
	}
	l.path = path;
	if (spec->user && resolve_user(&l, spec->user, err) < 0)
		return error_wrap(err, "cannot run %s", p.name);
	if (spec->oom_score_adj)
		snprintf(l.oom, sizeof l.oom, "%d", spec->oom_score_adj);
	AUTO_CLOSE int null_fd = l.null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd < 0)
		return error_errno(err, ERROR_INTERNAL, "cannot run %s: open /dev/null", p.name);

	pthread_mutex_lock(&starting);
	int started = launch_child(&p, &l, err);
	pthread_mutex_unlock(&starting);
	if (started < 0)
		return -1;
	*ret = p;
	p = (struct proc)PROC_INIT;
	return 0;
}

/* Waits for the end, reaping orphans meanwhile: 1 ended, 0 deadline passed, -1 the stop descriptor fired. */
static int wait_end(const struct proc *p, uint64_t deadline_ns, int stop)
{
	for (;;) {
		struct pollfd fds[] = { { .fd = p->pidfd, .events = POLLIN }, { .fd = stop, .events = POLLIN } };
		int left_ms = clock_left_ms(deadline_ns);
		poll(fds, 2, left_ms < 0 || left_ms > REAPER_TICK_MS ? REAPER_TICK_MS : left_ms);
		if (fds[0].revents)
			return 1;
		if (fds[1].revents)
			return -1;
		if (left_ms == 0)
			return 0;
		proc_reap();
	}
}

static void let_go(struct proc *p)
{
	if (p->pidfd >= 0)
		close(p->pidfd);
	*p = (struct proc)PROC_INIT;
}

/* Takes the exit of a process that has ended, waits for the rest of its group (which got SIGKILL), and lets go of it.
 */
static void collect(struct proc *p, struct proc_exit *ret_exit)
{
	if (!reaper_take(p->pid, p->pidfd, ret_exit)) { /* not even SIGKILL ended it: it hangs in the kernel */
		reaper_forget(p->pid, p->pidfd);
		if (ret_exit)
			*ret_exit = (struct proc_exit){ .status = SIGKILL };
	}
	if (kill(-p->pid, 0) == 0)
		reaper_wait_group(p->pid, clock_deadline(REAPER_KILL_WAIT_NS));
	let_go(p);
}

int proc_wait(struct proc *p, uint64_t deadline_ns, struct proc_exit *ret_exit, struct error *err)
{
	if (p->pid <= 0)
		return error_set(err, ERROR_INTERNAL, "no process to wait for");
	uint64_t began = clock_mono_ns();
	int ended = wait_end(p, deadline_ns, stop_fd());
	if (ended < 0)
		return stop_error(err);
	if (ended == 0)
		return error_set(err, ERROR_INTERNAL, "%s did not end within %g s", p->name,
				 reaper_seconds(deadline_ns > began ? deadline_ns - began : 0));
	collect(p, ret_exit);
	return 0;
}

bool proc_poll(struct proc *p, struct proc_exit *ret_exit)
{
	if (p->pid <= 0 || !reaper_take(p->pid, p->pidfd, ret_exit))
		return false;
	let_go(p);
	return true;
}

bool proc_stop(struct proc *p, int signal, uint64_t grace_ns, struct proc_exit *ret_exit)
{
	if (p->pid <= 0) {
		if (ret_exit)
			*ret_exit = (struct proc_exit){ .exited = true };
		return false;
	}
	reaper_kill(p->pid, p->pidfd, signal, false);
	bool kill_needed = wait_end(p, clock_deadline(grace_ns), -1) == 0;
	if (kill_needed) {
		reaper_kill(p->pid, p->pidfd, SIGKILL, true);
		wait_end(p, clock_deadline(REAPER_KILL_WAIT_NS), -1);
	}
	collect(p, ret_exit);
	return kill_needed;
}

void proc_release(struct proc *p)
{
	if (p->pid > 0)
		proc_stop(p, SIGKILL, REAPER_KILL_WAIT_NS, NULL);
	else
		let_go(p);
}

void proc_exit_describe(const struct proc_exit *e, char buf[static 64])
{
	if (e->exited) {
		snprintf(buf, 64, "exit status %d", e->status);
		return;
	}
	const char *name = sigabbrev_np(e->status), *core = e->core_dumped ? " (core dumped)" : "";
	if (name)
		snprintf(buf, 64, "killed by SIG%s%s", name, core);
	else
		snprintf(buf, 64, "killed by signal %d%s", e->status, core);
}
