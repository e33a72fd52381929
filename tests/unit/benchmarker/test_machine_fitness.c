#include "benchmarker/machine_fitness.h"

#include "check.h"

#include <math.h>

static struct strlist servers, none;

static struct machine_facts good(void)
{
	return (struct machine_facts){ .system = "Linux 6.1 (amd64)",
				       .cpus = 4,
				       .cpu_limit = INFINITY,
				       .memory_bytes = 8ULL << 30,
				       .now = { .slices = 1, .cpus = 4 },
				       .governor = "performance",
				       .clock_source = "tsc",
				       .children_known = true,
				       .disk_free_bytes = 50ULL << 30,
				       .core_pattern = "core",
				       .sysbench = "/usr/bin/sysbench",
				       .git = "/usr/bin/git",
				       .go = "/usr/bin/go",
				       .servers = &servers };
}

static const struct machine_finding *find(const struct machine_findings *f, const char *about)
{
	for (size_t i = 0; i < f->len; i++)
		if (strcmp(f->items[i].about, about) == 0)
			return &f->items[i];
	return NULL;
}

/* The facts give this finding, and no other that is not fine. */
static void check_finding(const struct machine_facts *facts, const char *about, enum machine_level level,
			  const char *text)
{
	CLEANUP(machine_findings) struct machine_findings f = { 0 };
	check_ok(machine_judge(facts, &f, err));
	const struct machine_finding *found = find(&f, about);
	if (!found || found->level != level || !strstr(found->text, text))
		fail_msg("%s: %s \"%s\"; expected %s \"%s\"", about, found ? machine_level_name(found->level) : "none",
			 found ? found->text : "", machine_level_name(level), text);
	assert_int_equal(found->help != NULL, level != MACHINE_FINE);
	assert_int_equal(machine_worst(&f), level);
	for (size_t i = 0; i < f.len; i++)
		if (&f.items[i] != found)
			assert_int_equal(f.items[i].level, MACHINE_FINE);
}

static void a_good_machine(void **state)
{
	(void)state;
	struct machine_facts m = good();
	check_finding(&m, "CPUs", MACHINE_FINE, "4, without a limit");
	check_finding(&m, "servers", MACHINE_FINE, "mariadb: /usr/sbin/mariadbd");
	check_finding(&m, "throttling", MACHINE_FINE, "none so far");
	check_finding(&m, "core dumps", MACHINE_FINE, "none");
}

static void what_to_know(void **state)
{
	(void)state;
	struct machine_facts m = good();
	m.cpus = 1;
	check_finding(&m, "CPUs", MACHINE_NOTE, "1, without");
	m = good();
	m.cpu_limit = 1.5;
	check_finding(&m, "CPUs", MACHINE_NOTE, "4, with a limit of 1.50 CPUs' time");
	m.cpu_limit = 4;
	check_finding(&m, "CPUs", MACHINE_FINE, "limit of 4.00");
	m = good();
	m.throttled_periods = 7;
	check_finding(&m, "throttling", MACHINE_NOTE, "in 7 periods");
	m = good();
	m.now.steal_median = 0.051;
	check_finding(&m, "steal", MACHINE_NOTE, "5.1 %");
	m.now.steal_median = 0.049;
	check_finding(&m, "steal", MACHINE_FINE, "4.9 %");
	m = good();
	m.now.others_median = 0.5;
	check_finding(&m, "others", MACHINE_NOTE, "50.0 %");
	m = good();
	m.governor = "powersave";
	check_finding(&m, "frequency", MACHINE_NOTE, "powersave");
	m = good();
	m.clock_source = "hpet";
	check_finding(&m, "clock", MACHINE_NOTE, "hpet");
	m = good();
	m.core_limit_bytes = UINT64_MAX;
	check_finding(&m, "core dumps", MACHINE_NOTE, "core");
	m.core_pattern = "|/usr/lib/systemd/systemd-coredump";
	check_finding(&m, "core dumps", MACHINE_FINE, "systemd-coredump");
	m = good();
	m.now.pressure_cpu = NAN;
	check_finding(&m, "readings", MACHINE_NOTE, "pressure stall information is not told");
	m = good();
	m.go = NULL;
	check_finding(&m, "builds", MACHINE_NOTE, "go is missing");
	m = good();
	m.memory_bytes = 1ULL << 30;
	check_finding(&m, "memory", MACHINE_NOTE, "1.0 GiB");
}

static void what_is_unfit(void **state)
{
	(void)state;
	struct machine_facts m = good();
	m.sysbench = NULL;
	check_finding(&m, "sysbench", MACHINE_UNFIT, "missing");
	m = good();
	m.memory_bytes = 256ULL << 20;
	check_finding(&m, "memory", MACHINE_UNFIT, "0.2 GiB");
	m = good();
	m.disk_free_bytes = 100ULL << 20;
	check_finding(&m, "disk", MACHINE_UNFIT, "0.1 GiB");
	CLEANUP(machine_findings) struct machine_findings f = { 0 };
	m = good();
	m.servers = &none;
	check_finding(&m, "servers", MACHINE_FINE, "they can be built");
	m.git = m.go = NULL;
	check_ok(machine_judge(&m, &f, err));
	assert_int_equal(find(&f, "servers")->level, MACHINE_UNFIT);
	check_str(find(&f, "builds")->text, "git and go are missing");
}

/* A container that tells little: no finding of what is not known. */
static void what_is_not_known(void **state)
{
	(void)state;
	CLEANUP(machine_findings) struct machine_findings f = { 0 };
	struct machine_facts m = good();
	m.governor = m.clock_source = m.core_pattern = NULL;
	m.cpu_limit = m.now.steal_median = m.now.others_median = NAN;
	m.throttled_periods = m.disk_free_bytes = MACHINE_UNKNOWN;
	check_ok(machine_judge(&m, &f, err));
	assert_int_equal(machine_worst(&f), MACHINE_FINE);
	assert_null(find(&f, "frequency"));
	assert_null(find(&f, "throttling"));
	assert_null(find(&f, "disk"));
	check_str(find(&f, "CPUs")->text, "4");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_machine),
		cmocka_unit_test(what_to_know),
		cmocka_unit_test(what_is_unfit),
		cmocka_unit_test(what_is_not_known),
	};
	strlist_add(&servers, "mariadb: /usr/sbin/mariadbd");
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	strlist_release(&servers);
	return failed;
}
