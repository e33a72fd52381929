#include "benchmarker/machine_watch.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "benchmarker/machine_parse.h"

#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define STAT_BYTES (128 << 10) /* holds the lines of a thousand CPUs, which come first */
#define GROUP_BYTES 4096
#define MOUNTS_BYTES (64 << 10)

static int open_file(const struct machine_watch *w, const char *folder, const char *name)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof path, "%s%s/%s", w->root, folder, name);
	return n > 0 && n < (int)sizeof path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
}

static bool read_file(const struct machine_watch *w, const char *folder, const char *name, size_t size, char *ret)
{
	AUTO_CLOSE int fd = open_file(w, folder, name);
	return machine_read_file(fd, true, size, ret);
}

/* Folders of the own control group: its own, and how much of it belongs to where the hierarchy is mounted. */
struct group {
	char folder[2 * MACHINE_PATH_BYTES];
	size_t mount_len;
};

/* Of the hierarchy of a version 1 controller, or version 2 (NULL). */
static bool find_group(const struct machine_watch *w, const char *controller, struct group *ret)
{
	char mounts[MOUNTS_BYTES], text[GROUP_BYTES];
	char path[MACHINE_PATH_BYTES], root[MACHINE_PATH_BYTES], folder[MACHINE_PATH_BYTES];
	if (!read_file(w, "/proc/self", "mountinfo", sizeof mounts, mounts) ||
	    !read_file(w, "/proc/self", "cgroup", sizeof text, text) ||
	    !machine_parse_mount(mounts, controller, root, folder) || !machine_parse_cgroup(text, controller, path))
		return false;
	size_t n = strcmp(root, "/") == 0 ? 0 : strlen(root);
	/* Below what is mounted, or it is what is mounted; a path that is neither is one of another view. */
	bool below = strncmp(path, root, n) == 0 && path[n] == '/' && path[n + 1] && !strstr(path, "/..");
	snprintf(ret->folder, sizeof ret->folder, "%s%s", folder, below ? path + n : "");
	ret->mount_len = strlen(folder);
	return true;
}

/* The groups whose CPU time has a limit of its own, from the own one up. */
static void open_limits(struct machine_watch *w, struct group g)
{
	char text[GROUP_BYTES];
	while (w->limit_fds_len < MACHINE_WATCH_LEVELS) {
		AUTO_CLOSE int fd = open_file(w, g.folder, "cpu.stat");
		if (machine_read_file(fd, false, sizeof text, text) &&
		    machine_parse_key(text, "nr_throttled") != MACHINE_UNKNOWN)
			w->limit_fds[w->limit_fds_len++] = TAKE_FD(fd);
		char *slash = strrchr(g.folder, '/');
		if (!slash || strlen(g.folder) <= g.mount_len)
			return;
		*slash = 0;
	}
}

void machine_watch_open(struct machine_watch *ret, const char *root)
{
	static const char *const pressures[MACHINE_PRESSURES][2] = {
		[MACHINE_PRESSURE_CPU] = { "cpu.pressure", "cpu" },
		[MACHINE_PRESSURE_IO] = { "io.pressure", "io" },
		[MACHINE_PRESSURE_MEMORY] = { "memory.pressure", "memory" },
	};
	struct machine_watch *w = ret;
	struct group group;
	snprintf(w->root, sizeof w->root, "%s", root);
	if (sched_getaffinity(0, sizeof w->cpus, &w->cpus) < 0)
		CPU_ZERO(&w->cpus);
	w->stat_fd = open_file(w, "/proc", "stat");
	bool version_2 = find_group(w, NULL, &group);
	if (version_2) {
		open_limits(w, group);
		w->memory_fd = open_file(w, group.folder, "memory.events");
	}
	for (int i = 0; i < MACHINE_PRESSURES; i++) {
		w->pressure_fds[i] = version_2 ? open_file(w, group.folder, pressures[i][0]) : -1;
		if (w->pressure_fds[i] < 0)
			w->pressure_fds[i] = open_file(w, "/proc/pressure", pressures[i][1]);
	}
	if (w->limit_fds_len == 0 && find_group(w, "cpu", &group))
		open_limits(w, group);
	if (w->memory_fd < 0 && find_group(w, "memory", &group))
		w->memory_fd = open_file(w, group.folder, "memory.oom_control");
}

/* Version 1 has the two numbers in files of their own. */
static double read_quota(const struct machine_watch *w, const char *folder)
{
	char quota[64], period[64], text[130];
	if (!read_file(w, folder, "cpu.cfs_quota_us", sizeof quota, quota) ||
	    !read_file(w, folder, "cpu.cfs_period_us", sizeof period, period))
		return NAN;
	quota[strcspn(quota, "\n")] = 0;
	snprintf(text, sizeof text, "%s %s", quota, period);
	return machine_parse_cpu_limit(text);
}

static double least_limit(const struct machine_watch *w, struct group g, bool version_2)
{
	double least = NAN;
	char text[64];
	for (;;) {
		double limit = !version_2                                             ? read_quota(w, g.folder)
			       : read_file(w, g.folder, "cpu.max", sizeof text, text) ? machine_parse_cpu_limit(text)
										      : (double)NAN;
		least = fmin(least, limit); /* passes over NAN */
		char *slash = strrchr(g.folder, '/');
		if (!slash || strlen(g.folder) <= g.mount_len)
			return least;
		*slash = 0;
	}
}

double machine_watch_cpu_limit(const char *root)
{
	struct machine_watch w = MACHINE_WATCH_INIT;
	struct group group;
	double limit = NAN;
	snprintf(w.root, sizeof w.root, "%s", root);
	if (find_group(&w, NULL, &group))
		limit = least_limit(&w, group, true);
	if (isnan(limit) && find_group(&w, "cpu", &group))
		limit = least_limit(&w, group, false);
	return limit;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void machine_watch_release(struct machine_watch *w)
{
	for (size_t i = 0; i < w->limit_fds_len; i++)
		close_fd(&w->limit_fds[i]);
	for (int i = 0; i < MACHINE_PRESSURES; i++)
		close_fd(&w->pressure_fds[i]);
	close_fd(&w->stat_fd);
	close_fd(&w->memory_fd);
	machine_processes_release(&w->processes);
	*w = (struct machine_watch)MACHINE_WATCH_INIT;
}

/* For how long, and how often, the group or one above it was throttled. */
static void read_limits(const struct machine_watch *w, struct machine_usage *ret)
{
	char text[GROUP_BYTES];
	ret->throttled_ns = ret->throttled_periods = w->limit_fds_len ? 0 : MACHINE_UNKNOWN;
	for (size_t i = 0; i < w->limit_fds_len; i++) {
		bool known = machine_read_file(w->limit_fds[i], false, sizeof text, text);
		uint64_t us = known ? machine_parse_key(text, "throttled_usec") : MACHINE_UNKNOWN;
		uint64_t ns = us < MACHINE_UNKNOWN / 1000 ? us * 1000
			      : known                     ? machine_parse_key(text, "throttled_time") /* version 1 */
							  : MACHINE_UNKNOWN;
		ret->throttled_ns = machine_sum(ret->throttled_ns, ns);
		ret->throttled_periods = machine_sum(ret->throttled_periods,
						     known ? machine_parse_key(text, "nr_throttled") : MACHINE_UNKNOWN);
	}
}

static int64_t clock_ns(clockid_t id)
{
	struct timespec t;
	return clock_gettime(id, &t) == 0 ? (int64_t)t.tv_sec * (int64_t)NS_PER_SECOND + t.tv_nsec : 0;
}

static void read_machine(const struct machine_watch *w, struct machine_usage *ret)
{
	char stat[STAT_BYTES], text[GROUP_BYTES];
	uint64_t *const pressures[MACHINE_PRESSURES] = { &ret->pressure_cpu_ns, &ret->pressure_io_ns,
							 &ret->pressure_memory_ns };
	/* Two clocks are never read at one moment: the order makes the difference too small rather than too large. */
	int64_t boot = clock_ns(CLOCK_BOOTTIME), mono = clock_ns(CLOCK_MONOTONIC);
	ret->window_ns = (uint64_t)mono;
	ret->suspended_ns = boot > mono ? (uint64_t)(boot - mono) : 0;
	if (machine_read_file(w->stat_fd, false, sizeof stat, stat)) {
		unsigned cpus;
		machine_parse_cpus(stat, &w->cpus, &cpus, &ret->busy_ns, &ret->steal_ns);
		ret->cpus = cpus ? cpus : MACHINE_UNKNOWN;
		ret->switches = machine_parse_key(stat, "ctxt");
	}
	read_limits(w, ret);
	if (machine_read_file(w->memory_fd, false, sizeof text, text))
		ret->oom_kills = machine_parse_key(text, "oom_kill");
	for (int i = 0; i < MACHINE_PRESSURES; i++)
		if (machine_read_file(w->pressure_fds[i], false, sizeof text, text))
			*pressures[i] = machine_parse_pressure(text);
}

void machine_watch_read(struct machine_watch *w, const struct machine_subject *subjects, size_t len,
			struct machine_usage *ret)
{
	struct machine_usage machine = machine_usage_unknown();
	read_machine(w, &machine);
	for (size_t i = 0; i < len; i++) {
		ret[i] = machine;
		machine_process_read(&w->processes, w->root, subjects[i].server, &ret[i].server);
		machine_process_read(&w->processes, w->root, subjects[i].client, &ret[i].client);
	}
}

void machine_watch_end(struct machine_watch *w, const struct machine_subject *subjects, size_t len,
		       const struct machine_usage *begin, struct machine_usage *ret)
{
	machine_watch_read(w, subjects, len, ret);
	for (size_t i = 0; i < len; i++)
		ret[i] = machine_usage_between(&begin[i], &ret[i]);
	machine_usage_others(ret, len);
}
