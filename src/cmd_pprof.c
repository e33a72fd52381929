/* dbdyno pprof: what can be done with profiles that are there. A table of sub-commands. */
#include "pprof_command.h"

#include <stdio.h>
#include <string.h>

static const struct command *const subcommands[] = {
	&pprof_check_command, &pprof_merge_command, &pprof_top_command, &pprof_diff_command, &pprof_flame_command,
};

/* "merge" of "pprof merge". */
static const char *short_name(const struct command *c)
{
	return c->name + strlen("pprof ");
}

static int print_overview(struct error *err)
{
	printf("%s\n\nUsage: dbdyno pprof %s\n\n", command_pprof.summary, command_pprof.usage);
	for (size_t i = 0; i < ARRAY_SIZE(subcommands); i++)
		printf("  %-8s %s\n", short_name(subcommands[i]), subcommands[i]->summary);
	printf("\nA profile is a file in profile.proto form, gzip or not; \"-\" is standard input; or "
	       "s3://bucket/key.\n"
	       "Help on one: dbdyno pprof COMMAND --help\n");
	return fflush(stdout) ? error_errno(err, ERROR_INTERNAL, "write help") : 0;
}

static int unknown(const char *name, struct error *err)
{
	const char *near = NULL;
	size_t best = 3;
	for (size_t i = 0; i < ARRAY_SIZE(subcommands); i++) {
		size_t d = str_distance(short_name(subcommands[i]), name);
		if (d < best) {
			best = d;
			near = short_name(subcommands[i]);
		}
	}
	error_set(err, ERROR_USAGE, "unknown command \"pprof %.100s\"", name);
	return near ? error_hint(err, "did you mean dbdyno pprof %s?", near)
		    : error_hint(err, "see dbdyno pprof --help");
}

static int run(int argc, const char *const *argv, struct error *err)
{
	if (!argc) {
		error_set(err, ERROR_USAGE, "pprof needs a command");
		return error_hint(err, "see dbdyno pprof --help");
	}
	if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0 || strcmp(argv[0], "help") == 0)
		return print_overview(err);
	for (size_t i = 0; i < ARRAY_SIZE(subcommands); i++)
		if (strcmp(argv[0], short_name(subcommands[i])) == 0)
			return subcommands[i]->run(argc - 1, argv + 1, err);
	return unknown(argv[0], err);
}

const struct command command_pprof = {
	.name = "pprof",
	.usage = "COMMAND PROFILE… [flags]",
	.summary = "Merge, check and look at profiles.",
	.run = run,
};
