/* The sub-commands of `dbdyno pprof`: a file each (pprof_NAME.c), listed in cmd_pprof.c.
 *
 * Each is a struct command whose name is "pprof NAME", so that command_parse and --help serve it as they serve any
 * other. Profiles are named as profile_store.h says.
 */
#ifndef SRC_PPROF_COMMAND_H
#define SRC_PPROF_COMMAND_H

#include "command.h"

extern const struct command pprof_merge_command;

#endif
