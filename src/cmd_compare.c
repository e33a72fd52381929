/* dbdyno compare: two servers, the same workload, a verdict. */
#include "job_command.h"

static int run(int argc, const char *const *argv, struct error *err)
{
	return job_command_run(&command_compare, job_compare_stages, argc, argv, err);
}

const struct command command_compare = {
	.name = "compare",
	.usage = "--from-version V --to-version V [flags]",
	.summary = "Compare two servers under the same workload: tables, report, verdict.",
	.table = compare_table,
	.run = run,
};
