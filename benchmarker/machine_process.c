#include "benchmarker/machine_process.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "benchmarker/machine_parse.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TEXT_BYTES 8192    /* status lists CPUs and memory nodes before what is wanted */
#define PROCESSES_MAX 1024 /* in one tree; beyond, it is not known */

/* Processes of a tree that are still to be read, and how many there were. */
struct queue {
	pid_t pids[PROCESSES_MAX];
	size_t len;
};

__attribute__((format(printf, 2, 4))) static bool read_at(int dir, const char *format, char *ret, ...)
{
	char path[64];
	va_list ap;
	va_start(ap, ret);
	int needed = vsnprintf(path, sizeof path, format, ap);
	va_end(ap);
	AUTO_CLOSE int fd = needed > 0 && needed < (int)sizeof path ? openat(dir, path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0)
		return false;
	size_t len = 0;
	ssize_t n = 0;
	while (len < TEXT_BYTES - 1 && (n = read(fd, ret + len, TEXT_BYTES - 1 - len)) > 0)
		len += (size_t)n;
	ret[len] = 0;
	return n >= 0;
}

/* In nanoseconds, where the kernel tells them; /proc has whole ticks. */
static uint64_t cpu_ns(pid_t pid, uint64_t ticks_ns)
{
	clockid_t clock;
	struct timespec t;
	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) < 0)
		return ticks_ns;
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

/* What the threads did; one that ends just now is none. */
static void read_threads(int dir, struct machine_process *sum)
{
	char text[TEXT_BYTES];
	int fd = openat(dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
	if (!list) {
		cleanup_close(&fd);
		sum->voluntary_switches = sum->involuntary_switches = MACHINE_UNKNOWN;
		return;
	}
	for (struct dirent *e; (e = readdir(list));)
		if (e->d_name[0] != '.' && read_at(fd, "%.20s/status", text, e->d_name))
			add_switches(text, sum);
	closedir(list);
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

/* False: it cannot be read, or not what descends from it. */
static bool add_process(int proc, pid_t pid, struct machine_process *sum, uint64_t *shared, struct queue *q)
{
	char name[16], text[TEXT_BYTES];
	struct machine_process_stat stat;
	snprintf(name, sizeof name, "%d", (int)pid);
	AUTO_CLOSE int dir = openat(proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || !read_at(dir, "stat", text) || !machine_parse_process(text, &stat))
		return false;
	sum->cpu_ns = machine_sum(sum->cpu_ns, machine_sum(cpu_ns(pid, stat.cpu_ns), stat.children_cpu_ns));
	sum->minor_faults = machine_sum(sum->minor_faults, stat.minor_faults);
	sum->major_faults = machine_sum(sum->major_faults, stat.major_faults);
	/* Servers that have a process a connection start them in their first thread. */
	if (!read_at(dir, "task/%d/children", text, (int)pid) || !add_children(text, q))
		return false;
	bool known = read_at(dir, "io", text);
	sum->read_bytes =
		machine_sum(sum->read_bytes, known ? machine_parse_key(text, "read_bytes:") : MACHINE_UNKNOWN);
	sum->written_bytes =
		machine_sum(sum->written_bytes, known ? machine_parse_key(text, "write_bytes:") : MACHINE_UNKNOWN);
	bool has_status = read_at(dir, "status", text); /* of its first thread, as to switches */
	if (has_status)
		add_memory(text, sum, shared);
	if (has_status && stat.threads == 1)
		add_switches(text, sum);
	else
		read_threads(dir, sum);
	return true;
}

/* A descendant that ended after its parent's list was read counts with its parent next time. */
static bool is_there(int proc, pid_t pid)
{
	char name[16];
	snprintf(name, sizeof name, "%d", (int)pid);
	return faccessat(proc, name, F_OK, 0) == 0;
}

static const struct machine_process unknown = { MACHINE_UNKNOWN, MACHINE_UNKNOWN, MACHINE_UNKNOWN, MACHINE_UNKNOWN,
						MACHINE_UNKNOWN, MACHINE_UNKNOWN, MACHINE_UNKNOWN, MACHINE_UNKNOWN };

void machine_process_read(const char *root, pid_t pid, struct machine_process *ret)
{
	struct machine_process sum = { 0 };
	struct queue q = { .len = 1 };
	uint64_t shared = 0;
	char path[300];
	*ret = unknown;
	if (pid <= 0)
		return;
	q.pids[0] = pid;
	snprintf(path, sizeof path, "%s/proc", root);
	AUTO_CLOSE int proc = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (proc < 0)
		return;
	for (size_t i = 0; i < q.len; i++)
		if (!add_process(proc, q.pids[i], &sum, &shared, &q) && (i == 0 || is_there(proc, q.pids[i])))
			return;
	sum.peak_bytes = sum.peak_bytes + shared ? machine_sum(sum.peak_bytes, shared) : MACHINE_UNKNOWN;
	*ret = sum;
}
