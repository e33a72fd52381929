#include "machine.h"

#include "base/fs.h"

#include <cjson/cJSON.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

static void read_cpu_model(char *ret, size_t size)
{
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(8 << 20);
	if (fs_read("/proc/cpuinfo", &text, NULL) < 0)
		return;
	const char *line = strstr(text.data, "model name");
	const char *colon = line ? strchr(line, ':') : NULL;
	if (!colon)
		return;
	colon += 1 + strspn(colon + 1, " \t");
	size_t n = strcspn(colon, "\n");
	snprintf(ret, size, "%.*s", (int)(n < size ? n : size - 1), colon);
}

/* The cgroup's memory limit, v2 then v1; 0: none. */
static unsigned long long cgroup_memory(void)
{
	static const char *const paths[] = { "/sys/fs/cgroup/memory.max",
					     "/sys/fs/cgroup/memory/memory.limit_in_bytes" };
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(64);
		long long v;
		if (fs_read(paths[i], &text, NULL) < 0)
			continue;
		text.data[strcspn(text.data, "\n")] = 0;
		if (str_to_i64(text.data, 1, 1LL << 60, &v) == 0)
			return (unsigned long long)v;
	}
	return 0;
}

void machine_read(struct machine *ret)
{
	*ret = (struct machine){ 0 };
	struct utsname u;
	struct sysinfo info;
	cpu_set_t set;
	if (uname(&u) == 0) {
		snprintf(ret->os, sizeof ret->os, "%.63s", strcmp(u.sysname, "Linux") == 0 ? "linux" : u.sysname);
		snprintf(ret->kernel, sizeof ret->kernel, "%.127s", u.release);
		const char *arch = strcmp(u.machine, "x86_64") == 0    ? "amd64"
				   : strcmp(u.machine, "aarch64") == 0 ? "arm64"
								       : u.machine;
		snprintf(ret->arch, sizeof ret->arch, "%.31s", arch);
	}
	if (sched_getaffinity(0, sizeof set, &set) == 0)
		ret->cpus = (unsigned)CPU_COUNT(&set);
	if (sysinfo(&info) == 0)
		ret->memory_bytes = (unsigned long long)info.totalram * info.mem_unit;
	unsigned long long limit = cgroup_memory();
	if (limit && limit < ret->memory_bytes)
		ret->memory_bytes = limit;
	read_cpu_model(ret->cpu_model, sizeof ret->cpu_model);
}

/* The hyper-threads of a CPU's core, itself among them. */
static void read_siblings(size_t cpu, cpu_set_t *ret)
{
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(4096);
	char path[96];
	snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%zu/topology/thread_siblings_list", cpu);
	bool known = fs_read(path, &text, NULL) == 0;
	if (known)
		text.data[strcspn(text.data, "\n")] = 0;
	if (!known || cpu_sets_parse(text.data, ret) < 0)
		CPU_ZERO(ret);
	CPU_SET(cpu, ret);
}

size_t machine_cores(struct cpu_core *ret)
{
	cpu_set_t left;
	size_t n = 0;
	if (sched_getaffinity(0, sizeof left, &left) < 0)
		return 0;
	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &left))
			continue;
		read_siblings(cpu, &ret[n].cpus);
		CPU_AND(&ret[n].cpus, &ret[n].cpus, &left);
		CPU_XOR(&left, &left, &ret[n].cpus);
		n++;
	}
	return n;
}

void machine_describe(const struct machine *m, struct strbuf *out)
{
	strbuf_addf(out, "%u CPU%s%s%s, %.1f GiB, %s %s (%s)", m->cpus, m->cpus == 1 ? "" : "s",
		    m->cpu_model[0] ? " of " : "", m->cpu_model, (double)m->memory_bytes / (1 << 30), m->os, m->kernel,
		    m->arch);
}

char *machine_json(const struct machine *m, struct error *err)
{
	cJSON *o = cJSON_CreateObject();
	CLEANUP(strbuf) struct strbuf text_line = STRBUF_INIT(1024);
	machine_describe(m, &text_line);
	bool ok = cJSON_AddStringToObject(o, "text", text_line.data) && cJSON_AddStringToObject(o, "os", m->os) &&
		  cJSON_AddStringToObject(o, "arch", m->arch) && cJSON_AddStringToObject(o, "kernel", m->kernel) &&
		  cJSON_AddStringToObject(o, "cpu_model", m->cpu_model) &&
		  cJSON_AddNumberToObject(o, "cpus", m->cpus) &&
		  cJSON_AddNumberToObject(o, "memory_bytes", (double)m->memory_bytes);
	char *text = ok ? cJSON_PrintUnformatted(o) : NULL;
	cJSON_Delete(o);
	if (!text)
		error_oom(err);
	return text;
}
