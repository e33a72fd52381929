/* The sub-commands of `dbdyno pprof`: a file each (pprof_NAME.c), listed in cmd_pprof.c.
 *
 * Each is a struct command whose name is "pprof NAME", so that command_parse and --help serve it as they serve any
 * other. Profiles are named as profile_store.h says.
 */
#ifndef SRC_PPROF_COMMAND_H
#define SRC_PPROF_COMMAND_H

#include "command.h"

extern const struct command pprof_merge_command, pprof_top_command;

/* Problems: fewer or more profiles than wanted (1, or 2: FROM and TO). */
void pprof_check_names(const struct strlist *names, size_t wanted, struct strlist *problems);
/* Problems of the options --focus and --ignore; NULL: not given. */
void pprof_check_expressions(const char *focus, const char *ignore, struct strlist *problems);
/* To standard output, after strbuf_check. */
int pprof_print(const struct strbuf *out, struct error *err);

#endif
