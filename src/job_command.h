/* What compare, profile and pgo have in common: parse, check everything, then the stages in order, then job_finish. */
#ifndef SRC_JOB_COMMAND_H
#define SRC_JOB_COMMAND_H

#include "command.h"
#include "job.h"

typedef int job_stage(struct job *j, struct error *err);

/* Ends with NULL. */
extern job_stage *const job_compare_stages[], *const job_profile_stages[], *const job_pgo_stages[];

int job_command_run(const struct command *c, job_stage *const *stages, int argc, const char *const *argv,
		    struct error *err);

/* The stages with options that are already checked. ret_out (may be NULL): the results folder, owned. */
int job_run(const char *command, job_stage *const *stages, const struct options *o, char **ret_out, struct error *err);

#endif
