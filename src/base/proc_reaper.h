/* The register of running children, and the one place that reaps. Private to src/base/proc*.c.
 *
 * A child is registered under the same lock in which it is forked, so that no reap can meet an unknown child of ours:
 *
 *     struct proc p = { .pidfd = -1 };
 *     reaper_lock();
 *     pid = fork(); …
 *     reaper_add(entry, pid, pidfd);
 *     reaper_unlock();
 *     … poll(pidfd) …
 *     if (reaper_take(pid, pidfd, &exit)) …         // ended; the entry is gone, pidfd is the caller's to close
 *
 * An entry is found by (pid, pidfd): a pid may be in use again before its exit was taken, an open descriptor is not.
 * When a child ends, what is left of its process group gets SIGKILL before the child is reaped: until then nobody
 * else can have that process group's number.
 */
#ifndef BASE_PROC_REAPER_H
#define BASE_PROC_REAPER_H

#include "base/clock.h"
#include "base/proc.h"

struct reaper_entry;

struct reaper_entry *reaper_new_entry(void); /* NULL without memory; given to reaper_add or free */
void reaper_lock(void);
void reaper_unlock(void);
/* Takes entry. Lock held. */
void reaper_add(struct reaper_entry *entry, pid_t pid, int pidfd);
/* True, *ret_exit (may be NULL) and the entry is gone, if that child has ended. Reaps whatever has. */
bool reaper_take(pid_t pid, int pidfd, struct proc_exit *ret_exit);
/* Drops the entry of a child that does not end: what becomes of it interests nobody any more. */
void reaper_forget(pid_t pid, int pidfd);
/* Sends signal to the child, or with group to its whole process group, unless it has ended. */
void reaper_kill(pid_t pid, int pidfd, int signal, bool group);
/* Waits, up to deadline_ns, until no process of that group is left, and reaps those that became ours. Kills nobody. */
void reaper_wait_group(pid_t group, uint64_t deadline_ns);

/* A duration for a message: seconds, rounded to milliseconds. */
static inline double reaper_seconds(uint64_t ns)
{
	return (double)((ns + NS_PER_MS / 2) / NS_PER_MS) / 1000;
}

/* Longest time in ms for which a wait may sleep: orphans that end meanwhile are reaped after it. */
enum { REAPER_TICK_MS = 1000 };

/* After SIGKILL a process is gone in no time, unless it hangs in the kernel (a dead network disk): then it is left
 * behind after this long. */
#define REAPER_KILL_WAIT_NS (5 * NS_PER_SECOND)

#endif
