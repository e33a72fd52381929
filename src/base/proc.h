/* Child processes. The only place that forks.
 *
 *     struct proc_spec spec = PROC_SPEC_INIT;
 *     spec.argv = strlist_array(&argv);                       // never a shell
 *     CLEANUP(proc) struct proc p = PROC_INIT;
 *     if (proc_start(&p, &spec, err) < 0) …                   // "cannot run sysbench: No such file or directory"
 *     if (proc_wait(&p, clock_deadline(…), &exit, err) < 0) … // interrupted, or still running at the deadline
 *     proc_stop(&p, 10 * NS_PER_SECOND, &exit);               // SIGTERM, grace, SIGKILL to its group, reap
 *
 * - argv[0] is looked up in the child environment's PATH unless it holds a '/'. A failed exec (or chdir, setuid)
 *   comes back over a close-on-exec pipe: it is proc_start's error, before any wait.
 * - Every child leads its own session and process group (no terminal: nothing can ask for a password), gets SIGKILL
 * when its starting thread ends, default signal dispositions and an empty signal mask, and no descriptor but the three
 * given.
 * - Environment: exactly spec.env. NULL means proc_base_env(): an allow-list (PATH, LANG, LC_ALL, TZ, TMPDIR, HOME,
 *   proxy and certificate variables), never tokens or AWS_* (children run foreign code).
 * - When a child ends, however it does, what is left of its group gets SIGKILL: nothing outlives its leader unless it
 *   left the group. proc_kill_stragglers finds those.
 * - One reaper: this module reaps all children, registered ones into their struct proc, orphans (this program is a
 *   subreaper, or process 1) into nothing, at the latest a second after their end while any wait below is under way.
 *   Nobody else calls wait. Thread-safe; a struct proc belongs to one thread.
 * - Between fork and exec only async-signal-safe calls.
 */
#ifndef BASE_PROC_H
#define BASE_PROC_H

#include "base/error.h"
#include "base/str.h"

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct proc_spec {
	const char *const *argv; /* NULL-terminated */
	const char *const *env;  /* NULL-terminated "NAME=value"; NULL: proc_base_env() */
	const char *dir;         /* working directory; NULL: this one */
	int stdin_fd;            /* -1: /dev/null; otherwise stays the caller's */
	int stdout_fd;
	int stderr_fd;
	const char *user;      /* run as this user (initgroups, setgid, setuid); only root may ask; NULL: no change */
	const cpu_set_t *cpus; /* NULL: no change */
	int oom_score_adj;     /* 0: no change; raising needs no privilege */
};
#define PROC_SPEC_INIT                                           \
	{                                                        \
		.stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1 \
	}

struct proc {
	pid_t pid;     /* 0: none */
	int pidfd;     /* readable (POLLIN) when the process has ended; owned; -1: none */
	char name[64]; /* basename of argv[0], for messages */
};
#define PROC_INIT           \
	{                   \
		.pidfd = -1 \
	}

/* How a process ended, and what it cost. */
struct proc_exit {
	bool exited; /* else killed by a signal */
	int status;  /* exit status, or the signal */
	bool core_dumped;
	uint64_t user_ns; /* CPU time of it and its waited-for children */
	uint64_t system_ns;
	uint64_t max_rss_bytes;
};

/* Starts a child; a program that cannot be run is an error here, with nothing left behind. Error kind: ERROR_INTERNAL
 * (the caller re-kinds by error.kind = … if it knows better). */
int proc_start(struct proc *ret, const struct proc_spec *spec, struct error *err);

/* Waits until it ends: 0 and *ret_exit. -1: a stop was requested (ERROR_INTERRUPTED), or deadline_ns (monotonic)
 * passed (ERROR_INTERNAL "… did not end within …"); the process still runs then. Releases p on success.
 * ret_exit may be NULL, here and below. */
int proc_wait(struct proc *p, uint64_t deadline_ns, struct proc_exit *ret_exit, struct error *err);

/* True and *ret_exit, p released, if it has ended; does not block. */
bool proc_poll(struct proc *p, struct proc_exit *ret_exit);

/* Ends it: signal (SIGTERM, or what the engine wants) to the process, up to grace_ns, then SIGKILL to its group, reap.
 * When this returns, the whole group is gone. Ignores stop requests. Safe on a process that is gone or PROC_INIT. True
 * if SIGKILL was needed for the leader. */
bool proc_stop(struct proc *p, int signal, uint64_t grace_ns, struct proc_exit *ret_exit);

/* Moves it to those CPUs, with all its threads and descendants (PostgreSQL has a process a connection); what they start
 * later comes up there too. For a process that is gone, nothing. ERROR_INTERNAL: not allowed, or no such CPUs. */
int proc_pin(const struct proc *p, const cpu_set_t *cpus, struct error *err);

/* SIGKILL to the group, and reap. Safe on PROC_INIT and on one that was released. */
void proc_release(struct proc *p);

/* "exit status 3", "killed by SIGSEGV (core dumped)". */
void proc_exit_describe(const struct proc_exit *e, char buf[static 64]);

/* Runs to the end. Interrupted by stop requests (ERROR_INTERRUPTED). Standard output goes to out (bounded by its max;
 * more is an error), standard error's last bytes to tail, from a line start. Where out or tail is NULL, that output
 * goes where spec says. Ending other than with status 0 is ERROR_INTERNAL "git exited with status 128", with the tail
 * as err->detail. timeout_ns from now. spec's stdout_fd and stderr_fd must be -1 where out or tail are given. On any
 * failure the whole group is gone when this returns. */
int proc_run(const struct proc_spec *spec, uint64_t timeout_ns, struct strbuf *out, struct strbuf *tail,
	     struct error *err);

/* The allow-listed environment, to which callers add. PATH is never missing. */
int proc_base_env(struct strlist *ret, struct error *err);
/* Copies further variables, those of the NULL-terminated names that are set here, replacing. Each caller states its own
 * allow-list; no name on one may be a secret's. */
int proc_env_pass(struct strlist *env, const char *const *names, struct error *err);
/* Sets NAME=value in an environment list, replacing. -1 without memory, which also marks env as failed. */
int proc_env_set(struct strlist *env, const char *name, const char *value);

/* Makes this process a subreaper; call once, early in main. Reaping happens in every wait above and in proc_reap. */
int proc_become_reaper(struct error *err);
/* Reaps what has ended, without blocking; returns the number of orphans reaped. */
int proc_reap(void);
/* At the end of main: SIGKILL to every descendant that is left (found by parent, escaped groups too), and reap them.
 * Returns how many there were. */
int proc_kill_stragglers(void);

#endif
