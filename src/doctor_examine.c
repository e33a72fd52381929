/* What this machine, pod or image is and has, for benchmarker/machine_fitness.h to judge. */
#include "base/clock.h"
#include "base/fs.h"
#include "base/proc.h"
#include "base/stop.h"
#include "benchmarker/engine.h"
#include "benchmarker/machine_watch.h"
#include "benchmarker/server.h"
#include "doctor.h"
#include "machine.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

#define LOOK_NS NS_PER_SECOND

/* The file's first line; NULL: it cannot be read. Owned. */
static char *read_line(const char *path)
{
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(4096);
	if (fs_read(path, &text, NULL) < 0)
		return NULL;
	text.data[strcspn(text.data, "\n")] = 0;
	return text.data[0] ? str_dup(text.data, NULL) : NULL;
}

static int wait_until(uint64_t deadline_ns, struct error *err)
{
	struct pollfd stop = { .fd = stop_fd(), .events = POLLIN };
	for (int left; (left = clock_left_ms(deadline_ns)) > 0;) {
		if (poll(&stop, 1, left) < 0 && errno != EINTR)
			return error_errno(err, ERROR_INTERNAL, "poll");
		if (stop_check(err) < 0)
			return -1;
	}
	return 0;
}

/* The CPUs for a second in which dbdyno waits. */
static int look(struct machine_facts *ret, struct error *err)
{
	CLEANUP(machine_watch) struct machine_watch watch = MACHINE_WATCH_INIT;
	struct machine_subject self = { .server = getpid() };
	struct machine_usage begin, slice;
	machine_watch_open(&watch, "");
	machine_watch_read(&watch, &self, 1, &begin);
	if (wait_until(clock_deadline(LOOK_NS), err) < 0)
		return -1;
	machine_watch_end(&watch, &self, 1, &begin, &slice);
	ret->throttled_periods = begin.throttled_periods;
	ret->children_known = begin.server.cpu_ns != MACHINE_UNKNOWN;
	slice.others_ns = slice.busy_ns;
	return machine_summarise(&slice, 1, &ret->now, err);
}

static int find_servers(struct strlist *ret, struct error *err)
{
	CLEANUP(strlist) struct strlist names = STRLIST_INIT;
	if (engine_names(&names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.len; i++) {
		CLEANUP(engine) struct engine e = { 0 };
		struct error why = ERROR_INIT;
		if (engine_find(names.items[i], &e, err) < 0)
			return -1;
		AUTO_FREE char *exec = server_find_exec(&e, NULL, &why);
		/* One program may answer to two engines' names: MariaDB's is installed as mysqld too. */
		if (exec && server_check_exec(&e, exec, &why) == 0)
			strlist_addf(ret, "%s: %s", e.name, exec);
	}
	return strlist_check(ret, err);
}

/* The program as a child would be run by that name; NULL: there is none. Owned. */
static char *find_program(const char *name, const struct strlist *env)
{
	const char *path = "";
	for (size_t i = 0; i < env->len; i++)
		if (str_starts(env->items[i], "PATH="))
			path = env->items[i] + 5;
	AUTO_FREE char *found = fs_find_program(name, path);
	return found && fs_is_executable(found) ? TAKE(found) : NULL;
}

static uint64_t disk_free(const char *folder)
{
	struct statvfs disk;
	return statvfs(folder, &disk) == 0 ? (uint64_t)disk.f_bavail * disk.f_frsize : MACHINE_UNKNOWN;
}

static uint64_t core_limit(void)
{
	struct rlimit limit;
	return getrlimit(RLIMIT_CORE, &limit) == 0 ? (uint64_t)limit.rlim_cur : 0;
}

int doctor_examine(const struct options *o, struct machine_findings *ret, struct error *err)
{
	CLEANUP(strlist) struct strlist env = STRLIST_INIT, servers = STRLIST_INIT;
	CLEANUP(strbuf) struct strbuf system = STRBUF_INIT(1024);
	struct machine machine;
	if (proc_base_env(&env, err) < 0 || find_servers(&servers, err) < 0)
		return -1;
	machine_read(&machine);
	machine_describe(&machine, &system);
	AUTO_FREE char *folder = fs_make_temp_dir_in(o->work_dir, "dbdyno-doctor", err);
	if (!folder)
		return error_wrap(err, "a folder for temporary files");
	AUTO_FREE char *sysbench = find_program(o->sysbench, &env), *git = find_program("git", &env),
		       *go = find_program("go", &env),
		       *governor = read_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
		       *clock = read_line("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
		       *cores = read_line("/proc/sys/kernel/core_pattern");
	struct machine_facts facts = {
		.system = system.data,
		.cpus = machine.cpus,
		.cpu_limit = machine_watch_cpu_limit(""),
		.memory_bytes = machine.memory_bytes,
		.governor = governor,
		.clock_source = clock,
		.disk_free_bytes = disk_free(folder),
		.core_limit_bytes = core_limit(),
		.core_pattern = cores,
		.sysbench = sysbench,
		.git = git,
		.go = go,
		.servers = &servers,
	};
	int result = fs_remove_tree(folder, err) < 0 || look(&facts, err) < 0 ? -1 : 0;
	return result < 0 ? -1 : machine_judge(&facts, ret, err);
}
