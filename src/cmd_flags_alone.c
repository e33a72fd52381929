/* Flags without a command: today's system, whose Job manifests run unchanged. --profile-version means a profile,
 * anything else a comparison. */
#include "job_command.h"

#include <string.h>

static const struct command compare = {
	.name = "compare",
	.usage = "--from-version V --to-version V [flags]",
	.summary = "Compare two servers under the same workload: tables, report, verdict.",
	.table = compare_table,
	.flags_alone = true,
};

static const struct command profile = {
	.name = "profile",
	.usage = "--profile-version V [flags]",
	.summary = "Take a CPU profile of one server under load, one a test and their merge.",
	.table = flags_profile_table,
	.flags_alone = true,
};

static bool asks_for_profile(int argc, const char *const *argv)
{
	static const char flag[] = "--profile-version";
	for (int i = 0; i < argc; i++)
		if (str_starts(argv[i], flag) && (argv[i][strlen(flag)] == '=' || !argv[i][strlen(flag)]))
			return true;
	return false;
}

static int run(int argc, const char *const *argv, struct error *err)
{
	if (asks_for_profile(argc, argv))
		return job_command_run(&profile, job_profile_stages, argc, argv, err);
	return job_command_run(&compare, job_compare_stages, argc, argv, err);
}

const struct command command_flags_alone = {
	.name = "compare",
	.usage = "[flags]",
	.summary = "Today's system: a comparison, or with --profile-version a profile.",
	.table = compare_table,
	.flags_alone = true,
	.run = run,
};
