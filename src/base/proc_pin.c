/* Moves a running process, with all its threads and descendants, to other CPUs. */
#include "base/cleanup.h"
#include "base/proc.h"
#include "base/proc_table.h"
#include "base/str.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* New threads and children come up where their maker is, so each pass finds fewer; more than this many do not happen.
 */
#define PASSES_MAX 100

struct family {
	pid_t *pids; /* owned; the first is the process itself */
	size_t len;
	bool grown, failed; /* failed: no memory */
};

static bool is_member(const struct family *f, pid_t pid)
{
	for (size_t i = 0; i < f->len; i++)
		if (f->pids[i] == pid)
			return true;
	return false;
}

static bool add_child(const struct proc_entry *p, void *data)
{
	struct family *f = data;
	if (!is_member(f, p->parent) || is_member(f, p->pid))
		return false;
	pid_t *pids = realloc(f->pids, (f->len + 1) * sizeof *pids);
	f->failed = !pids;
	if (!pids)
		return true;
	f->pids = pids;
	f->pids[f->len++] = p->pid;
	f->grown = true;
	return false;
}

/* Threads of a process that were elsewhere, all moved; -1 and errno. One that has ended meanwhile is nobody. */
static int move_threads(pid_t pid, const cpu_set_t *cpus)
{
	char path[32];
	snprintf(path, sizeof path, "/proc/%d/task", pid);
	DIR *dir = opendir(path);
	int moved = 0;
	for (struct dirent *e; dir && moved >= 0 && (e = readdir(dir));) {
		pid_t thread = atoi(e->d_name);
		cpu_set_t now;
		if (!isdigit((unsigned char)e->d_name[0]) || sched_getaffinity(thread, sizeof now, &now) < 0 ||
		    CPU_EQUAL(&now, cpus))
			continue;
		if (sched_setaffinity(thread, sizeof *cpus, cpus) == 0)
			moved++;
		else if (errno != ESRCH)
			moved = -1;
	}
	int problem = errno;
	if (dir)
		closedir(dir);
	errno = problem;
	return moved;
}

static int find_family(struct family *f, struct error *err)
{
	do {
		f->grown = false;
		proc_table_find(add_child, f);
	} while (f->grown && !f->failed);
	return f->failed ? error_oom(err) : 0;
}

int proc_pin(const struct proc *p, const cpu_set_t *cpus, struct error *err)
{
	AUTO_FREE pid_t *pids = malloc(sizeof *pids);
	struct family f = { .pids = TAKE(pids), .len = 1 };
	if (!f.pids)
		return error_oom(err);
	f.pids[0] = p->pid;
	int moved = p->pid > 0, result = 0;
	for (int pass = 0; moved && result == 0 && pass < PASSES_MAX; pass++) {
		moved = 0;
		result = find_family(&f, err);
		for (size_t i = 0; result == 0 && i < f.len; i++) {
			int n = move_threads(f.pids[i], cpus);
			moved += n;
			if (n < 0)
				result = error_errno(err, ERROR_INTERNAL, "move %s to other CPUs", p->name);
		}
	}
	free(f.pids);
	return result;
}
