#include "benchmarker/machine_process.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/proc_table.h"
#include "benchmarker/machine_parse.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TEXT_BYTES 8192      /* status lists CPUs and memory nodes before what is wanted */
#define PROCESSES_MAX 1024   /* in one tree; beyond, it is not known */
#define FILES_KEPT_MAX 64    /* processes whose files stay open */
#define THREADS_KEPT_MAX 256 /* of all of them */

enum file { FILE_STAT, FILE_CHILDREN, FILE_IO, FILE_STATUS, FILES };

struct machine_files {
	pid_t pid;
	int fds[FILES]; /* -1: cannot be opened */
	int *threads;   /* status of each; owned */
	size_t threads_len;
};

/* Processes of a tree that are still to be read, and how many there were. */
struct queue {
	pid_t pids[PROCESSES_MAX];
	size_t len;
};

/* A tree under way. */
struct tree {
	struct machine_processes *processes;
	const char *root;
	struct queue queue;
	struct machine_process sum;
	uint64_t shared_bytes;
	bool tidied; /* nothing is open any more of processes that are gone */
};

static void close_threads(struct machine_processes *p, struct machine_files *f)
{
	for (size_t i = 0; i < f->threads_len; i++)
		cleanup_close(&f->threads[i]);
	p->threads -= f->threads_len;
	free(f->threads);
	f->threads = NULL;
	f->threads_len = 0;
}

static void close_files(struct machine_processes *p, struct machine_files *f)
{
	close_threads(p, f);
	for (size_t i = 0; i < FILES; i++)
		cleanup_close(&f->fds[i]);
}

void machine_processes_release(struct machine_processes *p)
{
	for (size_t i = 0; i < p->len; i++)
		close_files(p, &p->items[i]);
	free(p->items);
	*p = (struct machine_processes){ 0 };
}

bool machine_read_file(int fd, bool list, size_t size, char *ret)
{
	size_t len = 0;
	ssize_t n = 0;
	do {
		n = fd < 0 ? -1 : pread(fd, ret + len, size - 1 - len, (off_t)len);
		len += n > 0 ? (size_t)n : 0;
	} while (list && n > 0 && len < size - 1);
	ret[len] = 0;
	return n >= 0;
}

static struct machine_files open_files(const char *root, pid_t pid)
{
	static const char *const names[FILES] = { "stat", NULL, "io", "status" };
	struct machine_files f = { .pid = pid };
	char path[320];
	for (int i = 0; i < FILES; i++) {
		if (i == FILE_CHILDREN) /* servers that have a process a connection start them in their first thread */
			snprintf(path, sizeof path, "%s/proc/%d/task/%d/children", root, (int)pid, (int)pid);
		else
			snprintf(path, sizeof path, "%s/proc/%d/%s", root, (int)pid, names[i]);
		f.fds[i] = open(path, O_RDONLY | O_CLOEXEC);
	}
	return f;
}

static bool read_stat(const struct machine_files *f, struct proc_stat *ret)
{
	char text[TEXT_BYTES];
	return machine_read_file(f->fds[FILE_STAT], false, sizeof text, text) && proc_stat_parse(text, ret);
}

/* Closes the files of those that are gone. */
static void forget_gone(struct machine_processes *p)
{
	struct proc_stat stat;
	size_t n = 0;
	for (size_t i = 0; i < p->len; i++)
		if (read_stat(&p->items[i], &stat))
			p->items[n++] = p->items[i];
		else
			close_files(p, &p->items[i]);
	p->len = n;
}

/* The process' place, with what stat says now. NULL: it is gone, or cannot be read, or there is no memory. */
static struct machine_files *find_files(struct tree *t, pid_t pid, struct proc_stat *ret)
{
	struct machine_processes *p = t->processes;
	for (size_t i = 0; i < p->len; i++)
		if (p->items[i].pid == pid && read_stat(&p->items[i], ret))
			return &p->items[i];
	if (!t->tidied)
		forget_gone(p);
	t->tidied = true;
	if (!p->items && !(p->items = calloc(FILES_KEPT_MAX + 1, sizeof *p->items)))
		return NULL;
	struct machine_files *f = &p->items[p->len];
	*f = open_files(t->root, pid);
	if (!read_stat(f, ret)) {
		close_files(p, f);
		return NULL;
	}
	p->len++;
	return f;
}

/* In nanoseconds, where the kernel tells them; /proc has whole ticks. */
static uint64_t cpu_ns(pid_t pid, uint64_t ticks)
{
	clockid_t clock;
	struct timespec t;
	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) < 0)
		return machine_ticks_ns(ticks);
	return (uint64_t)t.tv_sec * NS_PER_SECOND + (uint64_t)t.tv_nsec;
}

static bool add_children(const char *text, struct queue *q)
{
	char *end;
	for (;; text = end) {
		long pid = strtol(text, &end, 10);
		if (end == text)
			return true;
		if (pid <= 0 || q->len == PROCESSES_MAX)
			return false;
		q->pids[q->len++] = (pid_t)pid;
	}
}

static void add_switches(const char *status, struct machine_process *sum)
{
	sum->voluntary_switches =
		machine_sum(sum->voluntary_switches, machine_parse_key(status, "voluntary_ctxt_switches:"));
	sum->involuntary_switches =
		machine_sum(sum->involuntary_switches, machine_parse_key(status, "nonvoluntary_ctxt_switches:"));
}

/* Adds what the threads did whose files are open. False: one of them has ended. */
static bool add_threads(const struct machine_files *f, struct machine_process *sum)
{
	char text[TEXT_BYTES];
	for (size_t i = 0; i < f->threads_len; i++) {
		if (!machine_read_file(f->threads[i], false, sizeof text, text))
			return false;
		add_switches(text, sum);
	}
	return true;
}

static void keep_thread(struct machine_processes *p, struct machine_files *f, int fd)
{
	int *threads =
		p->threads < THREADS_KEPT_MAX ? realloc(f->threads, (f->threads_len + 1) * sizeof *threads) : NULL;
	if (!threads) { /* then it is opened each time */
		close(fd);
		return;
	}
	f->threads = threads;
	f->threads[f->threads_len++] = fd;
	p->threads++;
}

/* Adds what the threads did that there are now, and keeps their files; one that ends just now is none. */
static void list_threads(struct machine_processes *p, struct machine_files *f, const char *root,
			 struct machine_process *sum)
{
	char path[320], text[TEXT_BYTES];
	close_threads(p, f);
	snprintf(path, sizeof path, "%s/proc/%d/task", root, (int)f->pid);
	DIR *list = opendir(path);
	if (!list) {
		sum->voluntary_switches = sum->involuntary_switches = MACHINE_UNKNOWN;
		return;
	}
	for (struct dirent *e; (e = readdir(list));) {
		snprintf(path, sizeof path, "%.20s/status", e->d_name);
		int fd = e->d_name[0] == '.' ? -1 : openat(dirfd(list), path, O_RDONLY | O_CLOEXEC);
		if (machine_read_file(fd, false, sizeof text, text)) {
			add_switches(text, sum);
			keep_thread(p, f, fd);
		} else {
			cleanup_close(&fd);
		}
	}
	closedir(list);
}

static void read_threads(struct machine_processes *p, struct machine_files *f, const char *root, uint64_t threads,
			 struct machine_process *sum)
{
	const struct machine_process before = *sum;
	/* As many, and none that has ended: they are the same. */
	if (f->threads_len == threads && add_threads(f, sum))
		return;
	*sum = before;
	list_threads(p, f, root, sum);
}

/* Memory of the process alone, and what it shares with others; kB of status. One that has ended has none. */
static void add_memory(const char *status, struct machine_process *sum, uint64_t *shared_bytes)
{
	uint64_t peak = machine_parse_key(status, "VmHWM:"), shared = machine_parse_key(status, "RssShmem:");
	if (peak >= UINT64_MAX / 1024)
		return;
	shared = shared > peak ? 0 : shared * 1024; /* kernels before 4.5 do not say */
	sum->peak_bytes = machine_sum(sum->peak_bytes, peak * 1024 - shared);
	if (shared > *shared_bytes)
		*shared_bytes = shared;
}

static void add_io(const struct machine_files *f, struct machine_process *sum)
{
	char text[TEXT_BYTES];
	bool known = machine_read_file(f->fds[FILE_IO], false, sizeof text, text);
	sum->read_bytes =
		machine_sum(sum->read_bytes, known ? machine_parse_key(text, "read_bytes:") : MACHINE_UNKNOWN);
	sum->written_bytes =
		machine_sum(sum->written_bytes, known ? machine_parse_key(text, "write_bytes:") : MACHINE_UNKNOWN);
}

/* False: it cannot be read, or not what descends from it. */
static bool add_process(struct tree *t, pid_t pid)
{
	char text[TEXT_BYTES];
	struct machine_process *sum = &t->sum;
	struct proc_stat stat;
	struct machine_files *f = find_files(t, pid, &stat);
	if (!f)
		return false;
	sum->cpu_ns =
		machine_sum(sum->cpu_ns, machine_sum(cpu_ns(pid, stat.ticks), machine_ticks_ns(stat.children_ticks)));
	sum->minor_faults = machine_sum(sum->minor_faults, stat.minor_faults);
	sum->major_faults = machine_sum(sum->major_faults, stat.major_faults);
	bool known = machine_read_file(f->fds[FILE_CHILDREN], true, sizeof text, text) && add_children(text, &t->queue);
	if (known) {
		add_io(f, sum);
		bool has_status = machine_read_file(f->fds[FILE_STATUS], false, sizeof text,
						    text); /* switches: of its first thread */
		if (has_status)
			add_memory(text, sum, &t->shared_bytes);
		if (has_status && stat.threads == 1)
			add_switches(text, sum);
		else
			read_threads(t->processes, f, t->root, stat.threads, sum);
	}
	if (t->processes->len > FILES_KEPT_MAX) { /* the last, which it is */
		close_files(t->processes, f);
		t->processes->len--;
	}
	return known;
}

/* A descendant that ended after its parent's list was read counts with its parent next time. */
static bool is_there(const char *root, pid_t pid)
{
	char path[320];
	snprintf(path, sizeof path, "%s/proc/%d", root, (int)pid);
	return access(path, F_OK) == 0;
}

static const struct machine_process unknown = { MACHINE_UNKNOWN, MACHINE_UNKNOWN, MACHINE_UNKNOWN, MACHINE_UNKNOWN,
						MACHINE_UNKNOWN, MACHINE_UNKNOWN, MACHINE_UNKNOWN, MACHINE_UNKNOWN };

void machine_process_read(struct machine_processes *p, const char *root, pid_t pid, struct machine_process *ret)
{
	struct tree t = { .processes = p, .root = root, .queue.len = 1 };
	*ret = unknown;
	if (pid <= 0)
		return;
	t.queue.pids[0] = pid;
	for (size_t i = 0; i < t.queue.len; i++)
		if (!add_process(&t, t.queue.pids[i]) && (i == 0 || is_there(root, t.queue.pids[i])))
			return;
	t.sum.peak_bytes =
		t.sum.peak_bytes + t.shared_bytes ? machine_sum(t.sum.peak_bytes, t.shared_bytes) : MACHINE_UNKNOWN;
	*ret = t.sum;
}
