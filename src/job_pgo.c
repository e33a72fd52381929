/* What pgo does beyond profile and compare: the profile is judged before anything is built with it, and there is a
 * second side. */
#include "base/fs.h"
#include "base/log.h"
#include "job.h"
#include "profile_files.h"
#include "profile_findings.h"
#include "profile_tree.h"

/* What it lacks is told, and what it lacks too much of is an error: of kind, with the text before the reasons. */
static int judge(struct job *j, const struct profile_findings *f, const char *what, enum error_kind kind,
		 struct error *err)
{
	for (size_t i = 0; i < f->warnings.len; i++)
		job_event(j, "warning", NULL, "%s: %s", what, f->warnings.items[i]);
	for (size_t i = 1; i < f->unfit.len; i++)
		job_event(j, "warning", NULL, "%s: %s", what, f->unfit.items[i]);
	return f->unfit.len ? error_set(err, kind, "%s is not fit to build with: %s", what, f->unfit.items[0]) : 0;
}

/* The profile that the first build was made with: is it of this program as it is now? */
static int judge_previous(struct job *j, struct error *err)
{
	const struct job_side *from = &j->sides[SIDE_FROM];
	CLEANUP(profile_findings) struct profile_findings f = { 0 };
	CLEANUP(profile_tree) struct profile_tree tree = PROFILE_TREE_INIT;
	CLEANUP(pprof) struct pprof p = PPROF_INIT;
	struct pprof_kept kept;
	if (profile_read_file(from->profile, &p, err) < 0 || profile_examine(&p, 0, &f, err) < 0)
		return -1;
	if (f.is_cpu &&
	    (profile_tree_binary(&tree, from->exec, err) < 0 || profile_tree_kept(&tree, &p, &kept, err) < 0 ||
	     profile_judge_kept(&p, &kept, "the program", &f, err) < 0))
		return -1;
	return judge(j, &f, "the previous profile", ERROR_USAGE, err);
}

static int judge_fresh(struct job *j, struct error *err)
{
	CLEANUP(profile_findings) struct profile_findings f = { 0 };
	CLEANUP(pprof) struct pprof p = PPROF_INIT;
	AUTO_FREE char *path = str_printf(err, "%s/profile.pprof", j->out);
	if (!path || profile_read_file(path, &p, err) < 0 ||
	    profile_examine(&p, j->o->profile_min_samples, &f, err) < 0)
		return -1;
	return judge(j, &f, "the profile", ERROR_LOAD, err) < 0
		       ? error_hint(err, "take it for longer (--seconds), or under more load (--threads)")
		       : 0;
}

int job_pgo_profile(struct job *j, struct error *err)
{
	if (j->sides[SIDE_FROM].profile && judge_previous(j, err) < 0)
		return -1;
	if (j->o->to.exec)
		return 0;
	return job_profile(j, err) < 0 ? -1 : judge_fresh(j, err);
}

int job_add_pgo_side(struct job *j, struct error *err)
{
	struct job_side *from = &j->sides[SIDE_FROM], *to = &j->sides[SIDE_TO];
	if (options_engine(j->o, from->asked->server, &to->engine, err) < 0 || job_add_load_options(j, to, err) < 0)
		return -1;
	j->sides_len = 2;
	to->programs = from->programs;
	if (j->o->to.exec) {
		to->asked = &j->o->to;
		to->programs.exec = j->o->to.exec;
		return 0;
	}
	to->asked = from->asked;
	to->profile_name = "profile.pprof";
	return (to->profile = str_printf(err, "%s/profile.pprof", j->out)) ? 0 : -1;
}
