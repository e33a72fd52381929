/* dbdyno demo: the whole round on the small embedded database. Two commits, the second with a real slowdown of a known
 * size: compare them; then profile the first, rebuild it with the profile, and compare again. */
#include "base/clock.h"
#include "base/embed.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/proc.h"
#include "job_command.h"

#include <stdio.h>
#include <string.h>

/* What the second commit wastes: this share of each statement's time once more. */
#define WASTE_PERCENT 100
#define WASTE_NONE "const wastePercent = 0\n"
#define GIT_TIMEOUT_NS (60 * NS_PER_SECOND)

extern const struct embedded_file engine_source_files[];

static int git(const char *dir, struct strbuf *out, struct error *err, const char *const *args)
{
	CLEANUP(strlist) struct strlist argv = STRLIST_INIT, env = STRLIST_INIT;
	CLEANUP(strbuf) struct strbuf ignored = STRBUF_INIT(1 << 16), tail = STRBUF_INIT(2048);
	static const char *const settings[][2] = {
		{ "HOME", "/nonexistent" },
		{ "GIT_CONFIG_NOSYSTEM", "1" },
		{ "GIT_CONFIG_GLOBAL", "/dev/null" },
		{ "GIT_AUTHOR_NAME", "dbdyno" },
		{ "GIT_AUTHOR_EMAIL", "dbdyno@localhost" },
		{ "GIT_COMMITTER_NAME", "dbdyno" },
		{ "GIT_COMMITTER_EMAIL", "dbdyno@localhost" },
		/* Fixed dates: the same sources give the same commits, so a second demo finds its builds in the cache.
		 */
		{ "GIT_AUTHOR_DATE", "2026-01-01T00:00:00Z" },
		{ "GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z" },
	};
	if (proc_base_env(&env, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		if (proc_env_set(&env, settings[i][0], settings[i][1]) < 0)
			return error_oom(err);
	strlist_add(&argv, "git");
	strlist_add_all(&argv, args);
	if (strlist_check(&argv, err) < 0)
		return -1;
	struct proc_spec spec = PROC_SPEC_INIT;
	spec.argv = strlist_array(&argv);
	spec.env = strlist_array(&env);
	spec.dir = dir;
	return proc_run(&spec, GIT_TIMEOUT_NS, out ? out : &ignored, &tail, err);
}

#define GIT(dir, out, err, ...) git(dir, out, err, (const char *const[]){ __VA_ARGS__, NULL })

static int write_sources(const char *dir, struct error *err)
{
	for (const struct embedded_file *f = engine_source_files; f->name; f++) {
		AUTO_FREE char *path = str_printf(err, "%s/%s", dir, f->name);
		if (!path || fs_write_atomic(path, f->data, f->len, 0600, err) < 0)
			return -1;
	}
	return 0;
}

/* waste.go with the constant set. */
static int write_waste(const char *dir, struct error *err)
{
	const struct embedded_file *f = embedded_find(engine_source_files, "waste.go");
	const char *at = f ? strstr(f->data, WASTE_NONE) : NULL;
	AUTO_FREE char *path = str_printf(err, "%s/waste.go", dir);
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(1 << 16);
	if (!path)
		return -1;
	if (!at)
		return error_set(err, ERROR_INTERNAL, "the demo's waste.go has no line \"%.*s\"",
				 (int)strlen(WASTE_NONE) - 1, WASTE_NONE);
	strbuf_add(&text, f->data, (size_t)(at - f->data));
	strbuf_addf(&text, "const wastePercent = %d\n", WASTE_PERCENT);
	strbuf_adds(&text, at + strlen(WASTE_NONE));
	return strbuf_check(&text, err) < 0 ? -1 : fs_write_atomic(path, text.data, text.len, 0600, err);
}

static char *commit(const char *dir, const char *message, struct error *err)
{
	CLEANUP(strbuf) struct strbuf sha = STRBUF_INIT(128);
	if (GIT(dir, NULL, err, "add", "--all") < 0 ||
	    GIT(dir, NULL, err, "commit", "--quiet", "--no-verify", "--message", message) < 0 ||
	    GIT(dir, &sha, err, "rev-parse", "HEAD") < 0)
		return NULL;
	sha.data[strcspn(sha.data, "\n")] = 0;
	return strbuf_take(&sha, err);
}

static int make_repository(const char *dir, char **ret_good, char **ret_slow, struct error *err)
{
	char message[128];
	snprintf(message, sizeof message, "Burn %d %% of each statement's time once more", WASTE_PERCENT);
	if (fs_mkdirs(dir, 0700, err) < 0 ||
	    GIT(dir, NULL, err, "init", "--quiet", "--initial-branch=main", "--template=") < 0 ||
	    write_sources(dir, err) < 0)
		return -1;
	AUTO_FREE char *good = commit(dir, "Add the small database", err);
	if (!good || write_waste(dir, err) < 0)
		return -1;
	AUTO_FREE char *slow = commit(dir, message, err);
	if (!slow)
		return -1;
	*ret_good = TAKE(good);
	*ret_slow = TAKE(slow);
	return 0;
}

/* One job with the demo's choices; args are further flags, NULL-terminated. */
static int run_job(const struct command *c, job_stage *const *stages, const struct options *demo, const char *out,
		   const char *const *args, struct error *err)
{
	static const char *const tests[] = { "oltp_point_select", "oltp_read_only" };
	CLEANUP(strlist) struct strlist argv = STRLIST_INIT, problems = STRLIST_INIT;
	struct options o = { 0 };
	struct opt_source source = { .getenv = opt_no_environment };
	for (size_t i = 0; i < ARRAY_SIZE(tests); i++)
		strlist_addf(&argv, "--test=%s", tests[i]);
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
		 WASTE_PERCENT);
	if (make_repository(repository, &good, &slow, err) < 0)
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
		    (const char *const[]){ repo_flag, to_repo, from, to, NULL }, err) < 0)
		return -1;
	log_info("demo 3/3: profile the first commit, rebuild it with the profile, compare");
	if (run_job(&command_pgo, job_pgo_stages, o, pgo_out, (const char *const[]){ one_repo, version, seconds, NULL },
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
