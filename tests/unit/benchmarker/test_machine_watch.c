#include "benchmarker/machine_watch.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fs.h"
#include "check.h"

#include <dirent.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* A folder that looks like a machine's /proc and /sys. */
struct fake {
	char *root;
	cpu_set_t cpus; /* of the test, which the files must speak of */
	int cpu;        /* one of them */
};

static int make_fake(void **state)
{
	static struct fake f;
	f.root = fs_make_temp_dir("dbdyno-test-machine", NULL);
	sched_getaffinity(0, sizeof f.cpus, &f.cpus);
	for (f.cpu = 0; !CPU_ISSET(f.cpu, &f.cpus);)
		f.cpu++;
	*state = &f;
	return f.root ? 0 : -1;
}

static int remove_fake(void **state)
{
	struct fake *f = *state;
	int result = fs_remove_tree(f->root, NULL);
	free(f->root);
	return result;
}

static void put(const struct fake *f, const char *path, const char *text)
{
	AUTO_FREE char *full = str_printf(NULL, "%s/%s", f->root, path);
	assert_non_null(full);
	char *slash = strrchr(full, '/');
	*slash = 0;
	check_ok(fs_mkdirs(full, 0700, err));
	*slash = '/';
	FILE *file = fopen(full, "w"); /* in place: the watch has the file open */
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* ticks of work and steal on one CPU */
static void put_stat(const struct fake *f, unsigned busy, unsigned steal)
{
	char text[256];
	snprintf(text, sizeof text, "cpu  0 0 0 0 0 0 0 0 0 0\ncpu%d %u 0 0 9 9 0 0 %u 0 0\nintr 5\nctxt 700\n", f->cpu,
		 busy, steal);
	put(f, "proc/stat", text);
}

static void put_groups(const struct fake *f, const char *own, const char *mounts)
{
	put(f, "proc/self/cgroup", own);
	put(f, "proc/self/mountinfo", mounts);
}

static struct machine_usage measure(const struct fake *f, void (*work)(const struct fake *), pid_t server)
{
	CLEANUP(machine_watch) struct machine_watch watch = MACHINE_WATCH_INIT;
	struct machine_subject subject = { .server = server };
	struct machine_usage begin, slice;
	machine_watch_open(&watch, f->root);
	machine_watch_read(&watch, &subject, 1, &begin);
	if (work)
		work(f);
	machine_watch_end(&watch, &subject, 1, &begin, &slice);
	return slice;
}

static void nothing_there_is_nothing_known(void **state)
{
	struct machine_usage u = measure(*state, NULL, getpid());
	for (size_t i = 0; i < machine_fields_len; i++) {
		const struct machine_field *field = &machine_fields[i];
		bool from_clocks = strcmp(field->name, "window_ns") == 0 || strcmp(field->name, "suspended_ns") == 0;
		if (!from_clocks && machine_field_get(&u, field) != MACHINE_UNKNOWN)
			fail_msg("%s is known", field->name);
	}
	assert_true(u.window_ns > 0);
}

static void work_in_version_2(const struct fake *f)
{
	put_stat(f, 150, 27);
	put(f, "sys/fs/cgroup/pod/box/cpu.stat", "usage_usec 5\nnr_periods 9\nnr_throttled 5\nthrottled_usec 4000\n");
	put(f, "sys/fs/cgroup/pod/cpu.stat", "usage_usec 5\nnr_periods 9\nnr_throttled 1\nthrottled_usec 600\n");
	put(f, "sys/fs/cgroup/pod/box/memory.events", "low 0\noom 3\noom_kill 2\n");
	put(f, "sys/fs/cgroup/pod/box/io.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=90\n");
	put(f, "proc/pressure/cpu", "some avg10=0.00 avg60=0.00 avg300=0.00 total=1500\n");
}

static void version_2_with_limits_on_two_levels(void **state)
{
	const struct fake *f = *state;
	put_stat(f, 100, 20);
	put_groups(f, "0::/pod/box\n", "30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup rw,nsdelegate\n");
	put(f, "sys/fs/cgroup/cpu.stat", "usage_usec 5\n"); /* the root has no limit */
	put(f, "sys/fs/cgroup/pod/cpu.stat", "usage_usec 5\nnr_periods 9\nnr_throttled 1\nthrottled_usec 500\n");
	put(f, "sys/fs/cgroup/pod/box/cpu.stat", "usage_usec 5\nnr_periods 9\nnr_throttled 2\nthrottled_usec 1000\n");
	put(f, "sys/fs/cgroup/pod/box/memory.events", "low 0\noom 1\noom_kill 1\n");
	put(f, "sys/fs/cgroup/pod/box/io.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=70\n");
	put(f, "proc/pressure/io", "some avg10=0.00 avg60=0.00 avg300=0.00 total=1000000\n"); /* of the whole machine */
	put(f, "proc/pressure/cpu", "some avg10=0.00 avg60=0.00 avg300=0.00 total=1000\n");
	struct machine_usage u = measure(f, work_in_version_2, 0);
	assert_int_equal(u.cpus, 1);
	assert_int_equal(u.busy_ns, 500 * NS_PER_MS);
	assert_int_equal(u.steal_ns, 70 * NS_PER_MS);
	assert_int_equal(u.throttled_ns, 3100000);
	assert_int_equal(u.throttled_periods, 3);
	assert_int_equal(u.oom_kills, 1);
	assert_int_equal(u.pressure_io_ns, 20000);
	assert_int_equal(u.pressure_cpu_ns, 500000);
	assert_true(u.pressure_memory_ns == MACHINE_UNKNOWN);
	assert_int_equal(u.switches, 0);
	assert_true(u.others_ns == MACHINE_UNKNOWN);
}

static void the_least_limit_counts(void **state)
{
	const struct fake *f = *state;
	put_groups(f, "0::/pod/box\n", "30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup rw,nsdelegate\n");
	assert_true(isnan(machine_watch_cpu_limit(f->root)));
	put(f, "sys/fs/cgroup/pod/box/cpu.max", "max 100000\n");
	assert_true(isinf(machine_watch_cpu_limit(f->root)));
	put(f, "sys/fs/cgroup/pod/cpu.max", "250000 100000\n");
	assert_true(machine_watch_cpu_limit(f->root) == 2.5);
	put(f, "sys/fs/cgroup/pod/box/cpu.max", "50000 100000\n");
	assert_true(machine_watch_cpu_limit(f->root) == 0.5);
	put_groups(f, "3:cpu,cpuacct:/docker/12\n",
		   "1 0 0:9 /docker/12 /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n");
	put(f, "sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
	put(f, "sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
	assert_true(isinf(machine_watch_cpu_limit(f->root)));
	put(f, "sys/fs/cgroup/cpu/cpu.cfs_quota_us", "150000\n");
	assert_true(machine_watch_cpu_limit(f->root) == 1.5);
}

static void work_in_version_1(const struct fake *f)
{
	put(f, "sys/fs/cgroup/cpu/cpu.stat", "nr_periods 9\nnr_throttled 6\nthrottled_time 5000\n");
	put(f, "sys/fs/cgroup/memory/job/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n");
}

/* Version 1 as Docker has it: the container's group is what is mounted; version 2 is there, and empty. */
static void version_1(void **state)
{
	const struct fake *f = *state;
	put_groups(f, "4:memory:/docker/12/job\n3:cpu,cpuacct:/docker/12\n0::/\n",
		   "1 0 0:9 /docker/12 /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
		   "2 0 0:8 /docker/12 /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
		   "3 0 0:7 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
	put(f, "sys/fs/cgroup/cpu/cpu.stat", "nr_periods 9\nnr_throttled 4\nthrottled_time 3000\n");
	put(f, "sys/fs/cgroup/memory/job/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n");
	struct machine_usage u = measure(f, work_in_version_1, 0);
	assert_int_equal(u.throttled_ns, 2000);
	assert_int_equal(u.throttled_periods, 2);
	assert_int_equal(u.oom_kills, 0);
}

static void files_of_another_kind(void **state)
{
	const struct fake *f = *state;
	put(f, "proc/stat", "\x01\x02 garbage without an end");
	put_groups(f, ":::::\n0:\n", "cgroup2 cgroup2 - - -\n");
	put(f, "proc/4242/stat", "4242 (x");
	struct machine_usage u = measure(f, NULL, 4242);
	assert_true(u.steal_ns == MACHINE_UNKNOWN && u.cpus == MACHINE_UNKNOWN);
	assert_true(u.throttled_ns == MACHINE_UNKNOWN && u.oom_kills == MACHINE_UNKNOWN);
	assert_true(u.server.cpu_ns == MACHINE_UNKNOWN);
}

#define STAT(pid, parent, ticks) \
#pid " (postgres) S " #parent " 1 1 0 -1 4194560 100 10 1 0 " #ticks " 0 5 0 20 0 1 0 100 2147483648 25000\n"

/* Numbers above any real process's, so that no clock of one is found. */
static void put_server(const struct fake *f)
{
	put(f, "proc/99999901/stat", STAT(99999901, 1, 100));
	put(f, "proc/99999901/task/99999901/children", "99999902 99999903 ");
	put(f, "proc/99999901/io", "rchar: 5\nread_bytes: 4096\nwrite_bytes: 8192\ncancelled_write_bytes: 0\n");
	put(f, "proc/99999901/status",
	    "VmHWM:\t 1000 kB\nRssShmem:\t 600 kB\nvoluntary_ctxt_switches:\t10\n"
	    "nonvoluntary_ctxt_switches:\t2\n");
	put(f, "proc/99999902/stat", STAT(99999902, 99999901, 200));
	put(f, "proc/99999902/task/99999902/children", "");
	put(f, "proc/99999902/io", "read_bytes: 1\nwrite_bytes: 4096\n");
	put(f, "proc/99999902/status",
	    "VmHWM:\t 2000 kB\nRssShmem:\t 1700 kB\nvoluntary_ctxt_switches:\t20\n"
	    "nonvoluntary_ctxt_switches:\t3\n");
}

static void load_the_server(const struct fake *f)
{
	put(f, "proc/99999902/stat", STAT(99999902, 99999901, 230));
	put(f, "proc/99999902/io", "read_bytes: 1\nwrite_bytes: 12288\n");
}

static void a_server_and_its_connections(void **state)
{
	const struct fake *f = *state;
	put_server(f); /* 99999903 ended after its parent's list was read */
	struct machine_usage u = measure(f, load_the_server, 99999901);
	assert_int_equal(u.server.cpu_ns, 300 * NS_PER_MS);
	assert_int_equal(u.server.written_bytes, 8192);
	assert_int_equal(u.server.read_bytes, 0);
	assert_int_equal(u.server.voluntary_switches, 0);
	assert_int_equal(u.server.minor_faults, 0);
	/* Memory that they share counts once. */
	assert_int_equal(u.server.peak_bytes, (400 + 300 + 1700) * 1024);
}

static void io_that_must_not_be_read(void **state)
{
	const struct fake *f = *state;
	put_server(f);
	AUTO_FREE char *io = str_printf(NULL, "%s/proc/99999902/io", f->root);
	assert_int_equal(unlink(io), 0);
	struct machine_usage u = measure(f, NULL, 99999901);
	assert_int_equal(u.server.cpu_ns, 0);
	assert_true(u.server.written_bytes == MACHINE_UNKNOWN);
}

/* Without children's names a server's connections would be missing in silence. */
static void a_kernel_that_does_not_tell_children(void **state)
{
	const struct fake *f = *state;
	put_server(f);
	AUTO_FREE char *children = str_printf(NULL, "%s/proc/99999901/task/99999901/children", f->root);
	assert_int_equal(unlink(children), 0);
	struct machine_usage u = measure(f, NULL, 99999901);
	assert_true(u.server.cpu_ns == MACHINE_UNKNOWN && u.server.peak_bytes == MACHINE_UNKNOWN);
}

static void burn(uint64_t ns)
{
	struct timespec t;
	do
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	while ((uint64_t)t.tv_sec * NS_PER_SECOND + (uint64_t)t.tv_nsec < ns);
}

/* A process that burns 30 ms, and its child, in a session of its own, which burns 50 ms. Each says when it has. */
static void run_server(int ready)
{
	if (fork() == 0) {
		setsid();
		burn(50 * NS_PER_MS);
		if (write(ready, "x", 1) == 1)
			pause();
		_exit(1);
	}
	burn(30 * NS_PER_MS);
	if (write(ready, "x", 1) == 1)
		pause();
	_exit(1);
}

static void this_machine(void **state)
{
	(void)state;
	CLEANUP(machine_watch) struct machine_watch watch = MACHINE_WATCH_INIT;
	struct machine_usage u;
	int ready[2];
	char bytes[1];
	assert_int_equal(pipe(ready), 0);
	pid_t pid = fork();
	if (pid == 0)
		run_server(ready[1]);
	struct machine_subject subject = { .server = pid };
	for (int i = 0; i < 2; i++)
		assert_int_equal(read(ready[0], bytes, 1), 1);
	machine_watch_open(&watch, "");
	machine_watch_read(&watch, &subject, 1, &u);
	AUTO_FREE char *children = str_printf(NULL, "/proc/%d/task/%d/children", pid, pid);
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(4096);
	int told = fs_read(children, &text, NULL);
	pid_t child = told == 0 ? (pid_t)atoi(text.data) : 0;
	if (child > 0)
		kill(child, SIGKILL);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(ready[0]);
	close(ready[1]);
	assert_true(u.window_ns > 0 && u.cpus > 0);
	assert_true(u.client.cpu_ns == MACHINE_UNKNOWN);
	if (told < 0) { /* a kernel without the list of children */
		assert_true(u.server.cpu_ns == MACHINE_UNKNOWN);
		return;
	}
	assert_true(u.server.cpu_ns != MACHINE_UNKNOWN && u.server.cpu_ns >= 80 * NS_PER_MS);
	assert_true(u.server.peak_bytes > 0);
	/* It is gone now. */
	machine_watch_read(&watch, &subject, 1, &u);
	assert_true(u.server.cpu_ns == MACHINE_UNKNOWN);
}

static size_t count_open_files(void)
{
	size_t n = 0;
	DIR *list = opendir("/proc/self/fd");
	assert_non_null(list);
	while (readdir(list))
		n++;
	closedir(list);
	return n;
}

static void files_of_what_is_gone_are_closed(void **state)
{
	(void)state;
	size_t before = count_open_files(), after_first = 0;
	struct machine_watch watch = MACHINE_WATCH_INIT;
	struct machine_usage u;
	machine_watch_open(&watch, "");
	for (int i = 0; i < 5; i++) {
		pid_t pid = fork();
		if (pid == 0) {
			pause();
			_exit(1);
		}
		struct machine_subject subject = { .server = pid };
		for (int k = 0; k < 3; k++)
			machine_watch_read(&watch, &subject, 1, &u);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		if (i == 0)
			after_first = count_open_files();
		assert_int_equal(count_open_files(), after_first);
	}
	machine_watch_release(&watch);
	assert_int_equal(count_open_files(), before);
}

/* Ends when a byte comes. */
static void *wait_for_byte(void *fd)
{
	char byte[1];
	return read(*(int *)fd, byte, 1) == 1 ? fd : NULL;
}

/* Three threads; after a byte, one of them has ended and there is another. Says when it is so. */
static void run_threads(int step, int ready)
{
	pthread_t ending, staying;
	int end[2], never[2];
	bool ok = pipe(end) == 0 && pipe(never) == 0 && pthread_create(&ending, NULL, wait_for_byte, &end[0]) == 0 &&
		  pthread_create(&staying, NULL, wait_for_byte, &never[0]) == 0 && write(ready, "x", 1) == 1 &&
		  wait_for_byte(&step) && write(end[1], "x", 1) == 1 && pthread_join(ending, NULL) == 0 &&
		  pthread_create(&ending, NULL, wait_for_byte, &never[0]) == 0 && write(ready, "x", 1) == 1;
	if (ok)
		pause();
	_exit(1);
}

/* Read with files that stayed open, it is as with new ones. */
static void check_known_threads(struct machine_watch *kept, pid_t pid)
{
	CLEANUP(machine_watch) struct machine_watch fresh = MACHINE_WATCH_INIT;
	struct machine_subject subject = { .server = pid };
	struct machine_usage with_kept, with_fresh;
	machine_watch_open(&fresh, "");
	do { /* until it has gone to sleep between two readings */
		machine_watch_read(&fresh, &subject, 1, &with_fresh);
		machine_watch_read(kept, &subject, 1, &with_kept);
		machine_watch_read(&fresh, &subject, 1, &with_fresh);
	} while (with_kept.server.voluntary_switches != with_fresh.server.voluntary_switches);
	assert_true(with_kept.server.voluntary_switches != MACHINE_UNKNOWN);
	assert_int_equal(kept->processes.threads, 3);
}

static void threads_that_come_and_go(void **state)
{
	(void)state;
	CLEANUP(machine_watch) struct machine_watch watch = MACHINE_WATCH_INIT;
	int step[2], ready[2];
	AUTO_FREE char *children = str_printf(NULL, "/proc/self/task/%d/children", getpid());
	if (access(children, F_OK) != 0)
		skip();
	assert_true(pipe(step) == 0 && pipe(ready) == 0);
	pid_t pid = fork();
	if (pid == 0)
		run_threads(step[0], ready[1]);
	machine_watch_open(&watch, "");
	assert_non_null(wait_for_byte(&ready[0]));
	check_known_threads(&watch, pid);
	assert_int_equal(write(step[1], "x", 1), 1);
	assert_non_null(wait_for_byte(&ready[0]));
	check_known_threads(&watch, pid);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	for (size_t i = 0; i < 2; i++) {
		close(step[i]);
		close(ready[i]);
	}
}

int main(void)
{
#define FAKE(test) cmocka_unit_test_setup_teardown(test, make_fake, remove_fake)
	const struct CMUnitTest tests[] = {
		FAKE(nothing_there_is_nothing_known),
		FAKE(version_2_with_limits_on_two_levels),
		FAKE(version_1),
		FAKE(the_least_limit_counts),
		FAKE(files_of_another_kind),
		FAKE(a_server_and_its_connections),
		FAKE(io_that_must_not_be_read),
		FAKE(a_kernel_that_does_not_tell_children),
		cmocka_unit_test(this_machine),
		cmocka_unit_test(files_of_what_is_gone_are_closed),
		cmocka_unit_test(threads_that_come_and_go),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
