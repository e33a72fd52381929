#include "benchmarker/machine_fitness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MIB (1ULL << 20)
#define GIB (1ULL << 30)
#define MEMORY_MIN_BYTES (512 * MIB)
#define MEMORY_NOTE_BYTES (2 * GIB)
#define DISK_MIN_BYTES (256 * MIB)
#define DISK_NOTE_BYTES (5 * GIB)
#define SHARE_NOTE 0.05

const char *machine_level_name(enum machine_level l)
{
	static const char *const names[] = { "ok", "note", "unfit" };
	return names[l];
}

void machine_findings_release(struct machine_findings *f)
{
	for (size_t i = 0; i < f->len; i++) {
		free(f->items[i].text);
		free(f->items[i].help);
	}
	*f = (struct machine_findings){ 0 };
}

enum machine_level machine_worst(const struct machine_findings *f)
{
	enum machine_level worst = MACHINE_FINE;
	for (size_t i = 0; i < f->len; i++)
		worst = f->items[i].level > worst ? f->items[i].level : worst;
	return worst;
}

/* help is kept where there is something to help with. */
static void add(struct machine_findings *f, enum machine_level level, const char *about, char *text, const char *help)
{
	f->items[f->len++] = (struct machine_finding){ level, about, text, level ? str_dup(help, NULL) : NULL };
}

static void judge_cpus(const struct machine_facts *m, struct machine_findings *f)
{
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(256);
	strbuf_addf(&text, "%u", m->cpus);
	bool limited = isfinite(m->cpu_limit);
	if (limited)
		strbuf_addf(&text, ", with a limit of %.2f CPUs' time", m->cpu_limit);
	else if (isinf(m->cpu_limit))
		strbuf_adds(&text, ", without a limit of their time");
	bool cut = limited && m->cpu_limit < m->cpus;
	const char *help = m->cpus == 1
				   ? "two or more, so that clients and servers need not share one"
				   : "a limit of as many CPUs as there are, or none: a limit stops servers in bursts";
	add(f, m->cpus == 1 || cut ? MACHINE_NOTE : MACHINE_FINE, "CPUs", strbuf_take(&text, NULL), help);
}

static void judge_throttling(const struct machine_facts *m, struct machine_findings *f)
{
	if (m->throttled_periods != MACHINE_UNKNOWN)
		add(f, m->throttled_periods ? MACHINE_NOTE : MACHINE_FINE, "throttling",
		    m->throttled_periods
			    ? str_printf(NULL, "the CPU limit has stopped this container in %llu periods so far",
					 (unsigned long long)m->throttled_periods)
			    : str_dup("none so far", NULL),
		    "a higher CPU limit");
}

static void judge_now(const struct machine_facts *m, struct machine_findings *f)
{
	if (!isnan(m->now.steal_median))
		add(f, m->now.steal_median > SHARE_NOTE ? MACHINE_NOTE : MACHINE_FINE, "steal",
		    str_printf(NULL, "other virtual machines take %.1f %% of the CPUs' time now",
			       100 * m->now.steal_median),
		    "a machine or node of its own; comparisons work, and take longer");
	if (!isnan(m->now.others_median))
		add(f, m->now.others_median > SHARE_NOTE ? MACHINE_NOTE : MACHINE_FINE, "others",
		    str_printf(NULL, "other processes use %.1f %% of the CPUs' time now", 100 * m->now.others_median),
		    "a node where nothing else runs; comparisons work, and take longer");
}

static void judge_memory(const struct machine_facts *m, struct machine_findings *f)
{
	enum machine_level level = m->memory_bytes < MEMORY_MIN_BYTES    ? MACHINE_UNFIT
				   : m->memory_bytes < MEMORY_NOTE_BYTES ? MACHINE_NOTE
									 : MACHINE_FINE;
	add(f, level, "memory", str_printf(NULL, "%.1f GiB", (double)m->memory_bytes / GIB),
	    "two servers at once and their builds want 2 GiB");
}

static void judge_disk(const struct machine_facts *m, struct machine_findings *f)
{
	if (m->disk_free_bytes == MACHINE_UNKNOWN)
		return;
	enum machine_level level = m->disk_free_bytes < DISK_MIN_BYTES    ? MACHINE_UNFIT
				   : m->disk_free_bytes < DISK_NOTE_BYTES ? MACHINE_NOTE
									  : MACHINE_FINE;
	add(f, level, "disk", str_printf(NULL, "%.1f GiB free for temporary files", (double)m->disk_free_bytes / GIB),
	    "data, builds and their caches want 5 GiB; --dir and --cache name other folders");
}

static void judge_clock(const struct machine_facts *m, struct machine_findings *f)
{
	static const char *const good[] = { "tsc", "kvm-clock", "arch_sys_counter", "hyperv_clocksource_tsc_page",
					    "xen" };
	bool fast = false;
	if (!m->clock_source)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		fast |= strcmp(m->clock_source, good[i]) == 0;
	add(f, fast ? MACHINE_FINE : MACHINE_NOTE, "clock", str_dup(m->clock_source, NULL),
	    "a clock that is read without a system call (tsc): this one costs a microsecond each time");
}

static void judge_governor(const struct machine_facts *m, struct machine_findings *f)
{
	if (m->governor)
		add(f, strcmp(m->governor, "performance") == 0 ? MACHINE_FINE : MACHINE_NOTE, "frequency",
		    str_printf(NULL, "governor %s", m->governor),
		    "governor performance: others change the CPUs' speed with their load");
}

static void judge_cores(const struct machine_facts *m, struct machine_findings *f)
{
	if (!m->core_pattern)
		return;
	bool piped = m->core_pattern[0] == '|';
	add(f, m->core_limit_bytes && !piped ? MACHINE_NOTE : MACHINE_FINE, "core dumps",
	    m->core_limit_bytes == 0 && !piped ? str_dup("none", NULL)
					       : str_printf(NULL, "of a server that crashes go to %s", m->core_pattern),
	    "ulimit -c 0, unless you want them: one can be as large as a server's memory, and hold its data");
}

static void judge_programs(const struct machine_facts *m, struct machine_findings *f)
{
	CLEANUP(strbuf) struct strbuf list = STRBUF_INIT(16 << 10);
	bool builds = m->git && m->go;
	for (size_t i = 0; i < m->servers->len; i++)
		strbuf_addf(&list, "%s%s", i ? ", " : "", m->servers->items[i]);
	add(f, m->sysbench ? MACHINE_FINE : MACHINE_UNFIT, "sysbench",
	    str_dup(m->sysbench ? m->sysbench : "missing", NULL),
	    "install sysbench 1.0.20, or name it with --sysbench");
	add(f, builds ? MACHINE_FINE : MACHINE_NOTE, "builds",
	    builds ? str_printf(NULL, "%s, %s", m->git, m->go)
		   : str_printf(NULL, "%s missing",
				m->git  ? "go is"
				: m->go ? "git is"
					: "git and go are"),
	    "commits can be built with git and go alone");
	bool any = m->servers->len || builds;
	add(f, any ? MACHINE_FINE : MACHINE_UNFIT, "servers",
	    list.len ? strbuf_take(&list, NULL)
		     : str_dup(any ? "none installed; they can be built" : "none installed", NULL),
	    "install a database server, or git and go to build one");
}

static void judge_readings(const struct machine_facts *m, struct machine_findings *f)
{
	bool pressure = !isnan(m->now.pressure_cpu), all = pressure && m->children_known;
	add(f, all ? MACHINE_FINE : MACHINE_NOTE, "readings",
	    str_dup(all                 ? "pressure and processes can be read"
		    : pressure          ? "the children of a process are not told"
		    : m->children_known ? "pressure stall information is not told"
					: "neither pressure nor the children of a process are told",
		    NULL),
	    "a kernel with PSI and PROC_CHILDREN: reports say less without them");
}

int machine_judge(const struct machine_facts *m, struct machine_findings *ret, struct error *err)
{
	CLEANUP(machine_findings) struct machine_findings f = { 0 };
	add(&f, MACHINE_FINE, "system", str_dup(m->system, NULL), NULL);
	judge_cpus(m, &f);
	judge_throttling(m, &f);
	judge_now(m, &f);
	judge_memory(m, &f);
	judge_disk(m, &f);
	judge_clock(m, &f);
	judge_governor(m, &f);
	judge_cores(m, &f);
	judge_readings(m, &f);
	judge_programs(m, &f);
	for (size_t i = 0; i < f.len; i++)
		if (!f.items[i].text || (f.items[i].level && !f.items[i].help))
			return error_oom(err);
	*ret = f;
	f = (struct machine_findings){ 0 };
	return 0;
}
