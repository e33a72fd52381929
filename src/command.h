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
	int (*run)(int argc, const char *const *argv, struct error *err);
};

extern const struct command command_compare, command_profile, command_pgo, command_build, command_report,
	command_render, command_notify, command_demo;

/* opt_parse with the process's environment; all problems become one ERROR_USAGE (each a line of its detail when there
 * are several). --help prints the command's help on stdout: then *ret_done is true and there is nothing more to do. */
int command_parse(const struct command *c, void *options, int argc, const char *const *argv, struct strlist *positional,
		  bool *ret_done, struct error *err);

/* 0 if there are none; else ERROR_USAGE as above. */
int command_problems(const struct strlist *problems, struct error *err);

#endif
