/* The sub-commands of `dbdyno pprof`: a file each (pprof_NAME.c), listed in cmd_pprof.c.
 *
 * Each is a struct command whose name is "pprof NAME", so that command_parse and --help serve it as they serve any
 * other. Profiles are named as profile_store.h says.
 */
#ifndef SRC_PPROF_COMMAND_H
#define SRC_PPROF_COMMAND_H

#include "command.h"
#include "profiler/diff.h"

extern const struct command pprof_check_command, pprof_merge_command, pprof_top_command, pprof_diff_command,
	pprof_flame_command;

/* How two profiles are made comparable: options of diff and flame. */
struct pprof_work {
	double from, to; /* 0: not given */
	int normalize;   /* 0: by work if it is given, else by total; else enum diff_per + 1 */
};
#define PPROF_WORK_OPTIONS(S, member)                                                                             \
	{ "from-work",                                                                                            \
	  OPT_DOUBLE,                                                                                             \
	  offsetof(struct S, member.from),                                                                        \
	  .value = "N",                                                                                           \
	  .min = 1e-9,                                                                                            \
	  .max = 1e18,                                                                                            \
	  .group = "Options",                                                                                     \
	  .help = "work done while FROM was taken (transactions), so that figures are per transaction" },         \
		{ "to-work",   OPT_DOUBLE,  offsetof(struct S, member.to),   .value = "N",                        \
		  .min = 1e-9, .max = 1e18, .help = "and while TO was taken" },                                   \
	{                                                                                                         \
		"normalize", OPT_CHOICE, offsetof(struct S, member.normalize),                                    \
			.choices = "auto|work|second|total", .def = "auto",                                       \
			.help = "compare per unit of work, per second of profile, or as share of each profile's " \
				"total; auto: work if it is given, else total"                                    \
	}
enum diff_per pprof_work_per(const struct pprof_work *w);
/* Problems: one work without the other, or none where it is needed. */
void pprof_check_work(const struct pprof_work *w, struct strlist *problems);

/* Problems: fewer or more profiles than wanted (1, or 2: FROM and TO). */
void pprof_check_names(const struct strlist *names, size_t wanted, struct strlist *problems);
/* Problems of the options --focus and --ignore; NULL: not given. */
void pprof_check_expressions(const char *focus, const char *ignore, struct strlist *problems);
/* To standard output, after strbuf_check. */
int pprof_print(const struct strbuf *out, struct error *err);

#endif
