/* dbdyno demo: the whole round on the small embedded database. Two commits, the second with a real slowdown of a known
 * size: compare them; then profile the first, rebuild it with the profile, and compare again. */
#include "base/fs.h"
#include "base/log.h"
#include "demo_repository.h"
#include "job_command.h"

/* One job with the demo's choices; args are further flags, NULL-terminated. */
static int run_job(const struct command *c, job_stage *const *stages, const struct options *demo, const char *out,
		   const char *const *args, struct error *err)
{
	CLEANUP(strlist) struct strlist argv = STRLIST_INIT, problems = STRLIST_INIT;
	struct options o = { 0 };
	struct opt_source source = { .getenv = opt_no_environment };
	strlist_addf(&argv, "--sysbench-test-time=%.3f", (double)demo->test_time_ns / 1e9);
	strlist_addf(&argv, "--seed=%lld", demo->seed);
	strlist_addf(&argv, "--sysbench=%s", demo->sysbench);
	strlist_addf(&argv, "--out=%s", out);
	if (demo->cache)
		strlist_addf(&argv, "--cache=%s", demo->cache);
	strlist_add_all(&argv, args);
	if (strlist_check(&argv, err) < 0)
		return -1;
	int result = opt_parse(c->table, &o, (int)argv.len, strlist_array(&argv), &source, NULL, &problems);
	if (result == 0)
		options_check(&o, c->name, &problems);
	result = command_problems(&problems, err);
	o.json = demo->json;
	if (result == 0)
		result = options_record(&o, c->name, (int)argv.len, strlist_array(&argv), err);
	if (result == 0)
		result = job_run(c->name, stages, &o, NULL, err);
	options_release(c->table, &o);
	return result;
}

static int run_demo(const struct options *o, struct error *err)
{
	char id[40];
	if (job_new_id(id, err) < 0)
		return -1;
	AUTO_FREE char *asked = o->out ? str_dup(o->out, err) : str_printf(err, "out/%s", id);
	if (!asked || fs_mkdirs(asked, 0700, err) < 0)
		return -1;
	AUTO_FREE char *out = fs_absolute(asked, err);
	AUTO_FREE char *repository = out ? str_printf(err, "%s/repository", out) : NULL;
	AUTO_FREE char *compare_out = out ? str_printf(err, "%s/compare", out) : NULL;
	AUTO_FREE char *pgo_out = out ? str_printf(err, "%s/pgo", out) : NULL;
	AUTO_FREE char *good = NULL, *slow = NULL;
	if (!repository || !compare_out || !pgo_out)
		return -1;
	log_info("demo 1/3: a git repository with two commits of gms; the second burns %d %% of each statement's time "
		 "once more",
		 DEMO_WASTE_PERCENT);
	if (demo_repository_make(repository, &good, &slow, err) < 0)
		return error_wrap(err, "make the demo's repository");
	AUTO_FREE char *repo_flag = str_printf(err, "--from-repository=%s", repository),
		       *to_repo = str_printf(err, "--to-repository=%s", repository);
	AUTO_FREE char *from = str_printf(err, "--from-version=%s", good),
		       *to = str_printf(err, "--to-version=%s", slow);
	AUTO_FREE char *one_repo = str_printf(err, "--repository=%s", repository),
		       *version = str_printf(err, "--version=%s", good);
	AUTO_FREE char *seconds = str_printf(err, "--seconds=%lld", o->profile_seconds);
	if (!repo_flag || !to_repo || !from || !to || !one_repo || !version || !seconds)
		return -1;
	log_info("demo 2/3: compare the two commits");
	if (run_job(&command_compare, job_compare_stages, o, compare_out,
		    (const char *const[]){ repo_flag, to_repo, from, to, "--test=oltp_point_select",
					   "--test=oltp_read_only", NULL },
		    err) < 0)
		return -1;
	log_info("demo 3/3: profile the first commit under scans, rebuild it with the profile, compare");
	/* Under point selects gms gains too little from a profile to be seen in seconds, under scans enough
	 * (docs/benchmarks.md, pgo-gain), if the starts are more than the three that so short a test would get. */
	if (run_job(&command_pgo, job_pgo_stages, o, pgo_out,
		    (const char *const[]){ one_repo, version, seconds, "--min-samples=1", "--starts=6",
					   "--test=groupby_scan", "--test=table_scan", NULL },
		    err) < 0)
		return -1;
	log_info("\nreports: %s/report.html\n         %s/report.html", compare_out, pgo_out);
	return 0;
}

static int run(int argc, const char *const *argv, struct error *err)
{
	struct options o = { 0 };
	bool done = false;
	CLEANUP(strlist) struct strlist problems = STRLIST_INIT;
	int result = command_parse(&command_demo, &o, argc, argv, NULL, &problems, &done, err);
	if (result == 0 && !done) {
		options_log_init(&o);
		result = command_problems(&problems, err) < 0 ? -1 : run_demo(&o, err);
	}
	opt_release(demo_table, &o);
	return result;
}

const struct command command_demo = {
	.name = "demo",
	.usage = "[flags]",
	.summary = "The whole round on the small embedded database, in a few minutes.",
	.table = demo_table,
	.run = run,
};
