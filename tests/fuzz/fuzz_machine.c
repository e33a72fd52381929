/* Any bytes as a file of /proc or of a control group: numbers, or nothing known; never beyond the bytes. */
#include "base/cleanup.h"
#include "base/proc_table.h"
#include "benchmarker/machine_parse.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const keys[] = { "nr_throttled", "throttled_usec", "oom_kill", "VmHWM:", "" };
	char *text = malloc(size + 1); /* of this very size, so that a step beyond is seen */
	char path[MACHINE_PATH_BYTES], root[MACHINE_PATH_BYTES], folder[MACHINE_PATH_BYTES];
	struct proc_stat process;
	uint64_t busy, steal;
	unsigned cpus;
	cpu_set_t set;
	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = 0;
	memset(&set, 0x55, sizeof set);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		machine_parse_key(text, keys[i]);
	machine_parse_cpus(text, &set, &cpus, &busy, &steal);
	require(cpus || (busy == MACHINE_UNKNOWN && steal == MACHINE_UNKNOWN));
	machine_parse_pressure(text);
	proc_stat_parse(text, &process);
	static const char *const controllers[] = { "cpu", NULL };
	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++) {
		if (machine_parse_cgroup(text, controllers[i], path))
			require(*path && strstr(text, path));
		if (machine_parse_mount(text, controllers[i], root, folder))
			require(*root && *folder && strstr(text, root) && strstr(text, folder));
	}
	free(text);
	return 0;
}
