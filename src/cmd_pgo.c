/* dbdyno pgo: baseline → profile → rebuild with it → compare. */
#include "job_command.h"

static int run(int argc, const char *const *argv, struct error *err)
{
	return job_command_run(&command_pgo, job_pgo_stages, argc, argv, err);
}

const struct command command_pgo = {
	.name = "pgo",
	.usage = "--version V [flags]",
	.summary = "Profile a commit, rebuild it with the profile, and compare the two builds.",
	.table = pgo_table,
	.run = run,
};
