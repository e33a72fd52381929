#include "job_command.h"

#include "dry_run.h"

job_stage *const job_compare_stages[] = { job_build, job_measure, job_why, NULL };
job_stage *const job_profile_stages[] = { job_build, job_profile, NULL };
job_stage *const job_pgo_stages[] = { job_announce_validation,
				      job_build,
				      job_pgo_profile,
				      job_add_pgo_side,
				      job_build,
				      job_measure,
				      job_why,
				      job_validate,
				      NULL };

int job_run(const char *command, job_stage *const *stages, const struct options *o, char **ret_out, struct error *err)
{
	CLEANUP(job) struct job j = JOB_INIT;
	int result = job_open(&j, o, command, err);
	for (; result == 0 && *stages; stages++)
		result = (*stages)(&j, err);
	result = job_finish(&j, result, err);
	if (ret_out)
		*ret_out = TAKE(j.out);
	return result;
}

/* Jobs pass flags for kinds of server that a run does not have. */
static void say_ignored(const struct options *o, const struct command *c)
{
	CLEANUP(strbuf) struct strbuf ignored = STRBUF_INIT(4096);
	options_list_ignored(o, c->table, str_eq(c->name, "compare"), &ignored);
	if (ignored.len)
		log_info("ignored: %s", ignored.data);
}

int job_command_run(const struct command *c, job_stage *const *stages, int argc, const char *const *argv,
		    struct error *err)
{
	struct options o = { .flags_alone = c->flags_alone };
	bool done = false;
	CLEANUP(strlist) struct strlist problems = STRLIST_INIT;
	int result = command_parse(c, &o, argc, argv, NULL, &problems, &done, err);
	if (result == 0 && !done) {
		options_log_init(&o);
		options_settle(c->table, &o);
		options_check(&o, c->name, &problems);
		result = command_problems(&problems, err);
	}
	if (result == 0 && !done)
		say_ignored(&o, c);
	if (result == 0 && !done)
		result = options_record(&o, c->name, argc, argv, err);
	if (result == 0 && !done)
		result = o.dry_run ? dry_run_print(&o, c->name, err) : job_run(c->name, stages, &o, NULL, err);
	options_release(c->table, &o);
	return result;
}
