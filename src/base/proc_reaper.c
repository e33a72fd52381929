#include "base/proc_reaper.h"

#include "base/clock.h"
#include "base/proc_table.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

struct reaper_entry {
	pid_t pid;
	int pidfd;
	bool ended;
	struct proc_exit exit;
	struct reaper_entry *next;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct reaper_entry *entries;

struct reaper_entry *reaper_new_entry(void)
{
	return calloc(1, sizeof(struct reaper_entry));
}

void reaper_lock(void)
{
	pthread_mutex_lock(&mutex);
}

void reaper_unlock(void)
{
	pthread_mutex_unlock(&mutex);
}

void reaper_add(struct reaper_entry *entry, pid_t pid, int pidfd)
{
	*entry = (struct reaper_entry){ .pid = pid, .pidfd = pidfd, .next = entries };
	entries = entry;
}

static uint64_t timeval_ns(struct timeval t)
{
	return (uint64_t)t.tv_sec * NS_PER_SECOND + (uint64_t)t.tv_usec * 1000;
}

static void set_ended(struct reaper_entry *e, int status, const struct rusage *used)
{
	e->ended = true;
	e->exit = (struct proc_exit){
		.exited = WIFEXITED(status),
		.status = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status),
		.core_dumped = WIFSIGNALED(status) && WCOREDUMP(status),
		.user_ns = timeval_ns(used->ru_utime),
		.system_ns = timeval_ns(used->ru_stime),
		.max_rss_bytes = (uint64_t)used->ru_maxrss * 1024,
	};
}

static struct reaper_entry *find_running(pid_t pid)
{
	struct reaper_entry *e = entries;
	while (e && (e->pid != pid || e->ended))
		e = e->next;
	return e;
}

/* Reaps everything that has ended; the number of orphans among them. Lock held. */
static int reap_ended(void)
{
	int orphans = 0;
	for (;;) {
		siginfo_t info = { 0 };
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0)
			return orphans;
		struct reaper_entry *e = find_running(info.si_pid);
		if (e)
			kill(-info.si_pid, SIGKILL);
		int status;
		struct rusage used;
		if (wait4(info.si_pid, &status, WNOHANG, &used) != info.si_pid)
			return orphans;
		if (e)
			set_ended(e, status, &used);
		else
			orphans++;
	}
}

/* Where the entry of that child is linked; NULL when there is none. Lock held. */
static struct reaper_entry **find_link(pid_t pid, int pidfd)
{
	for (struct reaper_entry **link = &entries; *link; link = &(*link)->next)
		if ((*link)->pid == pid && (*link)->pidfd == pidfd)
			return link;
	return NULL;
}

static bool is_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	return poll(&p, 1, 0) == 1;
}

bool reaper_take(pid_t pid, int pidfd, struct proc_exit *ret_exit)
{
	reaper_lock();
	bool over = is_readable(pidfd);
	reap_ended();
	struct reaper_entry **link = find_link(pid, pidfd);
	bool ended = over || !link || (*link)->ended;
	if (ended && ret_exit) {
		/* Over and not reaped here: somebody broke the rule that nobody else waits. Better than for ever. */
		*ret_exit = (struct proc_exit){ .exited = true, .status = 255 };
		if (link && (*link)->ended)
			*ret_exit = (*link)->exit;
	}
	if (ended && link) {
		struct reaper_entry *e = *link;
		*link = e->next;
		free(e);
	}
	reaper_unlock();
	return ended;
}

void reaper_forget(pid_t pid, int pidfd)
{
	reaper_lock();
	struct reaper_entry **link = find_link(pid, pidfd);
	if (link) {
		struct reaper_entry *e = *link;
		*link = e->next;
		free(e);
	}
	reaper_unlock();
}

void reaper_kill(pid_t pid, int pidfd, int signal, bool group)
{
	reaper_lock(); /* not reaped while we hold it, so its numbers are its own */
	struct reaper_entry **link = find_link(pid, pidfd);
	if (link && !(*link)->ended)
		kill(group ? -pid : pid, signal);
	reaper_unlock();
}

int proc_become_reaper(struct error *err)
{
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return error_errno(err, ERROR_INTERNAL, "become the reaper of orphans");
	struct sigaction plain = { .sa_handler = SIG_DFL }; /* ignored, as some parents leave it, exits would be lost */
	if (sigaction(SIGCHLD, &plain, NULL) < 0)
		return error_errno(err, ERROR_INTERNAL, "reset SIGCHLD");
	return 0;
}

int proc_reap(void)
{
	reaper_lock();
	int orphans = reap_ended();
	reaper_unlock();
	return orphans;
}

/* The pidfd of a process, -1 if it has ended. The state in /proc does not tell: while threads of a process are still
 * ending, it is that of a zombie already. */
static int open_running(pid_t pid)
{
	AUTO_CLOSE int fd = pidfd_open(pid, 0);
	return fd >= 0 && !is_readable(fd) ? TAKE_FD(fd) : -1;
}

struct group_member {
	pid_t group;
	int pidfd; /* of the member found */
};

static bool is_running_member(const struct proc_entry *p, void *data)
{
	struct group_member *m = data;
	m->pidfd = p->group == m->group ? open_running(p->pid) : -1;
	return m->pidfd >= 0;
}

void reaper_wait_group(pid_t group, uint64_t deadline_ns)
{
	struct group_member member = { .group = group, .pidfd = -1 };
	while (clock_left_ms(deadline_ns) != 0 && proc_table_find(is_running_member, &member)) {
		struct pollfd p = { .fd = member.pidfd, .events = POLLIN };
		poll(&p, 1, clock_left_ms(deadline_ns));
		close(member.pidfd);
		proc_reap();
	}
	proc_reap(); /* those that had ended already */
}

enum { BATCH = 64 };

struct stragglers {
	pid_t self;
	int pidfds[BATCH]; /* of those killed in this pass */
	int len;
	int killed;
};

/* Kills a child that still runs. Until we reap it, no other process can have its number. */
static bool kill_child(const struct proc_entry *p, void *data)
{
	struct stragglers *s = data;
	int pidfd = p->parent == s->self ? open_running(p->pid) : -1;
	if (pidfd < 0)
		return false;
	kill(p->pid, SIGKILL);
	s->pidfds[s->len++] = pidfd;
	s->killed++;
	return s->len == BATCH;
}

int proc_kill_stragglers(void)
{
	struct stragglers s = { .self = getpid() };
	uint64_t deadline = clock_deadline(REAPER_KILL_WAIT_NS);
	proc_reap();
	/* The children of a child that dies become ours: again, until there is nobody left. */
	do {
		reaper_lock();
		s.len = 0;
		proc_table_find(kill_child, &s);
		reaper_unlock();
		for (int i = 0; i < s.len; i++) {
			struct pollfd p = { .fd = s.pidfds[i], .events = POLLIN };
			poll(&p, 1, clock_left_ms(deadline));
			close(s.pidfds[i]);
		}
		proc_reap();
	} while (s.len > 0 && clock_left_ms(deadline) != 0);
	return s.killed;
}
