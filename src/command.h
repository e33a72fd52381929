/* A command: one file, a table of options, a handler.
 *
 * A handler gets the arguments after its name. It prints data on stdout and messages through base/log.h, and returns 0,
 * or -1 with *err, whose kind becomes the exit code. main.c is the only place that prints an error or picks an exit
 * code.
 */
#ifndef SRC_COMMAND_H
#define SRC_COMMAND_H

#include "base/error.h"
#include "base/opt.h"

struct command {
	const char *name;
	const char *usage;   /* after "dbdyno NAME ": "[flags]" */
	const char *summary; /* one line */
	const struct opt *table;
	bool flags_alone; /* today's system: the user named no command */
	int (*run)(int argc, const char *const *argv, struct error *err);
};

extern const struct command command_bisect, command_compare, command_profile, command_pgo, command_build,
	command_report, command_pprof, command_render, command_notify, command_demo, command_doctor,
	command_dolt_builder;

/* What flags without a command mean: today's system. Not in the overview. */
extern const struct command command_flags_alone;

/* opt_parse with the process's environment; what is wrong goes to problems, to which the command adds its own checks,
 * so that all is told at once by command_problems. --help prints the command's help on stdout: then *ret_done is true
 * and there is nothing more to do. */
int command_parse(const struct command *c, void *options, int argc, const char *const *argv, struct strlist *positional,
		  struct strlist *problems, bool *ret_done, struct error *err);

/* 0 if there are none; else ERROR_USAGE: the one, or their number with each as a line of its detail. */
int command_problems(const struct strlist *problems, struct error *err);

#endif
