#include "benchmarker/machine_parse.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "check.h"

#include <math.h>
#include <stdlib.h>

/* A machine of two CPUs, Linux 6.18; the long list of interrupts is cut. */
static const char stat_text[] = "cpu  78869 118479 33647 141240 1022 0 487 186 0 0\n"
				"cpu0 32715 59750 16343 77699 284 0 86 99 0 0\n"
				"cpu1 46153 58729 17304 63541 738 7 400 87 0 0\n"
				"intr 2644396 0 0 0\n"
				"ctxt 4368044\n"
				"btime 1795405918\n";

static cpu_set_t cpus(unsigned mask)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	for (unsigned i = 0; i < 32; i++)
		if (mask & (1u << i))
			CPU_SET(i, &set);
	return set;
}

static void time_of_the_own_cpus(void **state)
{
	(void)state;
	static const struct {
		unsigned mask, cpus;
		uint64_t busy_ticks, steal_ticks;
	} cases[] = {
		{ 1, 1, 32715 + 59750 + 16343 + 86, 99 },
		{ 2, 1, 46153 + 58729 + 17304 + 7 + 400, 87 },
		{ 3, 2, 108894 + 122593, 186 },
		{ 7, 2, 108894 + 122593, 186 }, /* one that is switched off */
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cpu_set_t set = cpus(cases[i].mask);
		unsigned n;
		uint64_t busy, steal;
		machine_parse_cpus(stat_text, &set, &n, &busy, &steal);
		assert_int_equal(n, cases[i].cpus);
		assert_int_equal(busy, cases[i].busy_ticks * MACHINE_TICK_NS);
		assert_int_equal(steal, cases[i].steal_ticks * MACHINE_TICK_NS);
	}
}

static void a_damaged_list_of_cpus_is_not_known(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"",
		"cpu",
		"cpu0",
		"cpu0 1 2 3 4 5 6 7\n", /* before Linux 2.6.11: no steal */
		"cpu0 1 2 3 4 5 6 7 8", /* cut: more digits may follow */
		"cpu0 1 2 x 4 5 6 7 8 9 10\n",
		"cpu0 -1 2 3 4 5 6 7 8 9 10\n",
		"cpu0 18446744073709551615 2 3 4 5 6 7 8 9 10\n",
		"cpu0 99999999999999999999999 2 3 4 5 6 7 8 9 10\n",
		"cpu99999 1 2 3 4 5 6 7 8 9 10\n",
		"ctxt 12\ncpu0 1 2 3 4 5 6 7 8 9 10\n",
	};
	cpu_set_t set = cpus(3);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		unsigned n;
		uint64_t busy, steal;
		machine_parse_cpus(texts[i], &set, &n, &busy, &steal);
		if (n != 0 && busy != MACHINE_UNKNOWN && steal != MACHINE_UNKNOWN)
			fail_msg("\"%s\" was taken for the times of CPUs", texts[i]);
	}
}

static void keys(void **state)
{
	(void)state;
	static const char v2[] =
		"usage_usec 123456\nuser_usec 100000\nsystem_usec 23456\nnr_periods 90\nnr_throttled 12\n"
		"throttled_usec 345678\nnr_bursts 0\nburst_usec 0\n";
	static const char v1[] = "nr_periods 90\nnr_throttled 12\nthrottled_time 345678901\n";
	static const char status[] = "Name:\tmariadbd\nVmHWM:\t  119456 kB\nRssShmem:\t       0 kB\nThreads:\t13\n"
				     "voluntary_ctxt_switches:\t131933\nnonvoluntary_ctxt_switches:\t50321\n";
	static const struct {
		const char *text, *key;
		uint64_t value;
	} cases[] = {
		{ v2, "throttled_usec", 345678 },
		{ v2, "nr_throttled", 12 },
		{ v2, "burst_usec", 0 },
		{ v2, "usage", MACHINE_UNKNOWN },
		{ v2, "throttled_time", MACHINE_UNKNOWN },
		{ v1, "throttled_time", 345678901 },
		{ stat_text, "ctxt", 4368044 },
		{ status, "VmHWM:", 119456 },
		{ status, "RssShmem:", 0 },
		{ status, "voluntary_ctxt_switches:", 131933 },
		{ status, "nonvoluntary_ctxt_switches:", 50321 },
		{ "low 0\nhigh 0\nmax 3\noom 1\noom_kill 1\noom_group_kill 0\n", "oom_kill", 1 },
		{ "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n", "oom_kill", 2 },
		{ "oom_kill 2", "oom_kill", MACHINE_UNKNOWN }, /* cut: could be 20 */
		{ "oom_kill\n", "oom_kill", MACHINE_UNKNOWN },
		{ "oom_kill two\n", "oom_kill", MACHINE_UNKNOWN },
		{ "oom_kill 18446744073709551615\n", "oom_kill", MACHINE_UNKNOWN },
		{ "oom_kill 18446744073709551614\n", "oom_kill", 18446744073709551614u },
		{ "oom_kill 18446744073709551616\n", "oom_kill", MACHINE_UNKNOWN },
		{ "", "oom_kill", MACHINE_UNKNOWN },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (machine_parse_key(cases[i].text, cases[i].key) != cases[i].value)
			fail_msg("%s in \"%s\"", cases[i].key, cases[i].text);
}

static void pressure(void **state)
{
	(void)state;
	assert_int_equal(machine_parse_pressure("some avg10=0.22 avg60=1.74 avg300=17.98 total=698742094\n"
						"full avg10=0.00 avg60=0.00 avg300=0.00 total=17\n"),
			 698742094000u);
	static const char *const damaged[] = { "",
					       "some",
					       "some avg10=0.22",
					       "some avg10=0.22 total=\n",
					       "some avg10=0.22 total=12",
					       "some avg10=0.22 total=x\n",
					       "some avg10=0.22\nfull avg10=0.00 total=17\n",
					       "full avg10=0.00 total=17\n",
					       "some avg10=0.22 total=18446744073709552\n" };
	for (size_t i = 0; i < ARRAY_SIZE(damaged); i++)
		if (machine_parse_pressure(damaged[i]) != MACHINE_UNKNOWN)
			fail_msg("\"%s\" was taken for a pressure", damaged[i]);
}

static void a_cpu_limit(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		double cpus; /* NAN: none */
	} cases[] = {
		{ "max 100000\n", INFINITY }, { "150000 100000\n", 1.5 }, { "-1 100000\n", INFINITY },
		{ "0 100000\n", 0 },          { "max\n", NAN },           { "max 0\n", NAN },
		{ "150000\n", NAN },          { "150000 \n", NAN },       { "x 100000\n", NAN },
		{ "150000 100000", NAN },     /* cut */ { "", NAN },      { "-5 100000\n", NAN },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		double cpus = machine_parse_cpu_limit(cases[i].text);
		if (isnan(cpus) != isnan(cases[i].cpus) || (!isnan(cpus) && cpus != cases[i].cpus))
			fail_msg("\"%s\" gives %g", cases[i].text, cpus);
	}
}

static void the_own_group(void **state)
{
	(void)state;
	static const char hybrid[] = "9:name=systemd:/\n4:memory:/task/1\n2:cpu,cpuacct:/docker/12:34\n0::/unified\n";
	static const struct {
		const char *text, *controller, *path;
	} cases[] = {
		{ hybrid, "cpu", "/docker/12:34" },
		{ hybrid, "cpuacct", "/docker/12:34" },
		{ hybrid, "memory", "/task/1" },
		{ hybrid, NULL, "/unified" },
		{ hybrid, "systemd", NULL },
		{ hybrid, "mem", NULL },
		{ "0::/\n", NULL, "/" },
		{ "0::/\n", "cpu", NULL },
		{ "0::/a", NULL, "/a" },
		{ "0::\n", NULL, NULL },
		{ "0:\n:::\n", "cpu", NULL },
		{ "", NULL, NULL },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char group[MACHINE_PATH_BYTES] = "";
		bool found = machine_parse_cgroup(cases[i].text, cases[i].controller, group);
		if (found != (cases[i].path != NULL) || (found && strcmp(group, cases[i].path) != 0))
			fail_msg("%s in \"%s\": \"%s\"", cases[i].controller ? cases[i].controller : "version 2",
				 cases[i].text, group);
	}
	char path[MACHINE_PATH_BYTES] = "", text[MACHINE_PATH_BYTES + 8];
	snprintf(text, sizeof text, "0::/%0*d\n", MACHINE_PATH_BYTES - 2, 0);
	assert_true(machine_parse_cgroup(text, NULL, path));
	assert_int_equal(strlen(path), MACHINE_PATH_BYTES - 1);
	snprintf(text, sizeof text, "0::/%0*d\n", MACHINE_PATH_BYTES - 1, 0);
	assert_false(machine_parse_cgroup(text, NULL, path));
}

static void where_groups_are_mounted(void **state)
{
	(void)state;
	static const char mounts[] = "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
				     "32 31 0:29 /docker/12 /sys/fs/cgroup/cpu rw,relatime shared:9 master:2 - cgroup "
				     "cgroup rw,cpu,cpuacct\n"
				     "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
				     "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";
	static const struct {
		const char *controller, *root, *folder;
	} cases[] = {
		{ "cpu", "/docker/12", "/sys/fs/cgroup/cpu" },
		{ "memory", "/", "/sys/fs/cgroup/memory" },
		{ NULL, "/", "/sys/fs/cgroup/unified" },
		{ "pids", NULL, NULL },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char root[MACHINE_PATH_BYTES] = "", folder[MACHINE_PATH_BYTES] = "";
		bool found = machine_parse_mount(mounts, cases[i].controller, root, folder);
		assert_int_equal(found, cases[i].root != NULL);
		if (found) {
			check_str(root, cases[i].root);
			check_str(folder, cases[i].folder);
		}
	}
	static const char *const damaged[] = { "", "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup",
					       "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime cgroup cgroup rw,cpu\n",
					       "32 31 0:29 / /sys/fs/cgroup/cpu - cgroup cgroup rw,cpux\n",
					       "32 31 0:29\n- - - - - - - - - - - - - - - - - - - - - - - - - - -\n" };
	for (size_t i = 0; i < ARRAY_SIZE(damaged); i++) {
		char root[MACHINE_PATH_BYTES], folder[MACHINE_PATH_BYTES];
		assert_false(machine_parse_mount(damaged[i], "cpu", root, folder));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_of_the_own_cpus),
		cmocka_unit_test(a_damaged_list_of_cpus_is_not_known),
		cmocka_unit_test(keys),
		cmocka_unit_test(pressure),
		cmocka_unit_test(a_cpu_limit),
		cmocka_unit_test(the_own_group),
		cmocka_unit_test(where_groups_are_mounted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
