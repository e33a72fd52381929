/* dbdyno profile: a CPU profile of one server under load. */
#include "job_command.h"

static int run(int argc, const char *const *argv, struct error *err)
{
	return job_command_run(&command_profile, job_profile_stages, argc, argv, err);
}

const struct command command_profile = {
	.name = "profile",
	.usage = "--version V [flags]",
	.summary = "Take a CPU profile of one server under load, one a test and their merge.",
	.table = profile_table,
	.run = run,
};
