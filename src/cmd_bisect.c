/* dbdyno bisect: which commit between a good and a bad one made a test slower. */
#include "base/fs.h"
#include "base/log.h"
#include "base/stop.h"
#include "benchmarker/report_bisect.h"
#include "bisect.h"
#include "command.h"
#include "job.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void add_problem(struct strlist *problems, const char *flag, const struct error *e)
{
	strlist_addf(problems, "%s: %s%s%s", flag, e->message, e->hint[0] ? "; " : "", e->hint);
}

static bool check_version(const char *flag, const char *version, struct strlist *problems)
{
	struct error e = ERROR_INIT;
	if (!version)
		strlist_addf(problems, "%s: which commit?", flag);
	else if (build_check_version(version, &e) == 0)
		return true;
	else
		add_problem(problems, flag, &e);
	return false;
}

/* The server, and what it is built from. */
static bool check_server(const struct bisect_options *o, struct engine *engine, struct strlist *problems)
{
	struct error e = ERROR_INIT;
	const struct side_options *side = &o->common.from;
	size_t before = problems->len;
	if (options_engine(&o->common, side->server, engine, &e) < 0)
		add_problem(problems, "--server", &e);
	else if (!engine->package)
		strlist_addf(problems, "--server: %s is not built from a commit", side->server);
	else if (!side->repository && !engine->repository)
		strlist_addf(problems, "--repository: engine %s has no repository of its own", side->server);
	if (side->repository && build_check_repository(side->repository, &e) < 0)
		add_problem(problems, "--repository", &e);
	return problems->len == before;
}

static void check_paths(const struct bisect_options *o, struct strlist *problems)
{
	for (size_t i = 0; i < o->paths.len; i++) {
		const char *path = o->paths.items[i];
		if (path[0] == '/' || !*path || strstr(path, ".."))
			strlist_addf(problems, "--path: \"%.100s\" is not relative to the repository's top", path);
	}
}

/* A step is a comparison of two commits of one server: what that needs is checked by the same rules. */
static int check(const struct bisect_options *o, struct bisect_job *b, struct strlist *problems, struct error *err)
{
	CLEANUP(strlist) struct strlist tests = STRLIST_INIT;
	bool good = check_version("--good", o->good, problems), bad = check_version("--bad", o->bad, problems);
	check_paths(o, problems);
	if (options_tests(&o->common, &tests, err) < 0)
		return -1;
	if (tests.len != 1 || !(o->common.tests.len || o->common.with_tpcc))
		strlist_add(problems, "--test: which one? A bisection is about one test");
	else if (!(b->test = str_dup(tests.items[0], err)))
		return -1;
	if (o->metric == METRIC_THROUGHPUT && o->common.rate && strcmp(o->common.rate, "max") != 0)
		strlist_add(problems, "--metric: with --rate both servers have the throughput that was asked for: "
				      "give latency_mean, or a percentile such as latency_p95");
	if (check_server(o, &b->engine, problems)) {
		struct options compare = o->common;
		compare.from.version = good ? o->good : (char *)"HEAD";
		compare.to = compare.from;
		compare.to.version = bad ? o->bad : (char *)"HEAD";
		options_check(&compare, "compare", problems);
	}
	return strlist_check(problems, err);
}

/* A folder that the same command finds again. */
static int make_out(struct bisect_job *b, struct error *err)
{
	const char *asked = b->o->common.out;
	AUTO_FREE char *name = str_printf(err, "bisect-%s-%s-%s", b->o->good, b->o->bad, b->test);
	if (!name)
		return -1;
	for (char *c = name; *c; c++)
		*c = *c == '/' ? '_' : *c;
	AUTO_FREE char *path = asked ? str_dup(asked, err) : str_printf(err, "out/%s", name);
	AUTO_FREE char *steps = path ? str_printf(err, "%s/steps", path) : NULL;
	if (!steps || fs_mkdirs(steps, 0700, err) < 0)
		return -1;
	return (b->out = fs_absolute(path, err)) ? 0 : -1;
}

static int read_history(struct bisect_job *b, struct error *err)
{
	struct build_spec spec = { .engine = &b->engine,
				   .repository = b->o->common.from.repository,
				   .cache = b->cache };
	log_progress(-1, "read the history");
	int result = build_history_read(&b->history, &spec, b->o->good, b->o->bad, &b->o->paths, err);
	log_progress_end();
	return result;
}

/* Seconds: a commit that is built already costs its measurement alone. From the steps so far, so that a run that goes
 * on decides as one that was never stopped. */
static double *costs_of(const struct bisect_job *b, struct error *err)
{
	double *cost = calloc(b->history.len, sizeof *cost), build = 0, measure = 0;
	size_t measured = 0;
	if (!cost) {
		error_oom(err);
		return NULL;
	}
	for (size_t i = 0; i < b->steps_len; i++)
		if (!b->steps[i].skipped) {
			build += fmax(0, b->steps[i].build_seconds);
			measure += fmax(0, b->steps[i].seconds);
			measured++;
		}
	double extra = measured && measure > 0 ? build / measure : 0;
	for (size_t k = 0; k < b->history.len; k++)
		cost[k] = 1 + extra;
	for (size_t i = 0; i < b->steps_len; i++)
		cost[b->steps[i].commit] = 1;
	return cost;
}

size_t bisect_job_bad_measured(const struct bisect_job *b)
{
	size_t n = 0;
	for (size_t i = 0; i < b->steps_len; i++)
		n += b->steps[i].commit == b->history.len - 1 && !b->steps[i].skipped;
	return n;
}

int bisect_job_decide(struct bisect_job *b, struct error *err)
{
	AUTO_FREE struct bisect_measurement *m = calloc(b->steps_len + 1, sizeof *m);
	AUTO_FREE double *cost = costs_of(b, err);
	size_t n = 0;
	if (!b->slow)
		b->slow = calloc(b->history.len, sizeof *b->slow);
	if (!m || !b->slow)
		return error_oom(err);
	if (!cost)
		return -1;
	for (size_t i = 0; i < b->steps_len; i++) {
		const struct bisect_step *s = &b->steps[i];
		double sign = b->o->metric == METRIC_THROUGHPUT ? -1 : 1;
		if (!s->skipped)
			m[n++] = (struct bisect_measurement){ s->commit, sign * log(s->ratio), s->error };
	}
	struct bisect_search search = { .commits = b->history.len - 1,
					.skipped = b->skipped,
					.cost = cost,
					.measurements = m,
					.len = n,
					.first_max = b->first_max,
					.confidence = b->o->confidence };
	return bisect_decide(&search, &b->decision, err) < 0 ? -1 : bisect_probabilities(&search, b->slow, err);
}

/* Enough for a noisy machine; a search that needs more would not end. */
static size_t max_steps(const struct bisect_job *b)
{
	if (b->o->max_steps)
		return (size_t)b->o->max_steps;
	return 16 + 4 * (size_t)ceil(log2((double)b->history.len));
}

static int search(struct bisect_job *b, struct error *err)
{
	bool prepared = false;
	while (b->decision.action == BISECT_MEASURE && b->steps_len < max_steps(b)) {
		struct bisect_step step;
		size_t k = b->decision.next;
		if (!prepared && bisect_step_prepare(b, err) < 0)
			return -1;
		prepared = true;
		bisect_say_next(b);
		if (bisect_step_run(b, k, &step, err) < 0 || bisect_job_add(b, &step, err) < 0 ||
		    bisect_job_decide(b, err) < 0 || bisect_state_write(b, err) < 0)
			return -1;
		bisect_say_step(b, &b->steps[b->steps_len - 1]);
		if (stop_check(err) < 0)
			return -1;
	}
	return 0;
}

static int outcome(const struct bisect_job *b, struct error *err)
{
	const struct bisect_decision *d = &b->decision;
	if (d->action == BISECT_FOUND)
		return 0;
	if (d->action == BISECT_NO_DIFFERENCE) {
		struct estimate e = report_bisect_ratio(&d->bad, (enum metric)b->o->metric);
		error_set(err, ERROR_UNDECIDED, "bad %s: %s %.3f (%.3f to %.3f) of good's",
			  d->bad.high < 0 ? "is faster than good" : "was not found to be slower than good",
			  metric_name((enum metric)b->o->metric), e.ratio, e.low, e.high);
		if (d->bad.high < 0)
			return error_hint(err, "are the two swapped, or the test another one?");
		return error_hint(err,
				  "the same command measures it up to %d times more; a longer --sysbench-test-time "
				  "finds smaller differences",
				  BISECT_FIRST_MAX);
	}
	error_set(err, ERROR_UNDECIDED, "not certain after %zu steps: %zu commits are left", b->steps_len,
		  d->range_high - d->range_low);
	return error_hint(err, "the same command with a larger --max-steps goes on");
}

static int print_plan(const struct bisect_job *b, struct error *err)
{
	size_t n = b->history.len - 1;
	double steps = 1 + ceil(log2((double)n)), load = 2 * (double)options_test_time(&b->o->common, b->test) / 1e9;
	printf("%-9s %zu after %.12s until %.12s\n%-9s %s, %s\n", "commits", n, b->history.commits[0].sha,
	       b->history.commits[n].sha, "test", b->test, metric_name((enum metric)b->o->metric));
	printf("%-9s about %.0f, each with %.0f s of load, at most %zu\n", "measured", steps, load, max_steps(b));
	printf("%-9s about %.0f s, and the time of the builds\n", "time", steps * (load + 8));
	return fflush(stdout) ? error_errno(err, ERROR_INTERNAL, "write the plan") : 0;
}

static int bisect(struct bisect_job *b, struct error *err)
{
	AUTO_CLOSE int lock = -1;
	bool again = false;
	if (!(b->cache = options_cache(b->o->common.cache, err)))
		return -1;
	if (b->o->common.dry_run)
		return read_history(b, err) < 0 ? -1 : print_plan(b, err);
	if (make_out(b, err) < 0)
		return -1;
	AUTO_FREE char *lock_path = str_printf(err, "%s/lock", b->out);
	if (!lock_path)
		return -1;
	if (fs_lock(lock_path, 0, &lock, err) < 0) {
		error_set(err, ERROR_USAGE, "another dbdyno is at work in %s", b->out);
		return error_hint(err, "wait for it, or name another folder with --out");
	}
	if (bisect_state_read(b, &again, err) < 0 || (!again && read_history(b, err) < 0))
		return -1;
	/* Who asks again wants to know it better: each call may measure bad as often as the first one. */
	b->first_max = BISECT_FIRST_MAX * (1 + bisect_job_bad_measured(b) / BISECT_FIRST_MAX);
	bisect_say_start(b, again);
	if (bisect_job_decide(b, err) < 0 || bisect_state_write(b, err) < 0 || search(b, err) < 0 ||
	    bisect_say_answer(b, err) < 0)
		return -1;
	return outcome(b, err);
}

static int run(int argc, const char *const *argv, struct error *err)
{
	struct bisect_options o = { 0 };
	CLEANUP(bisect_job) struct bisect_job b = BISECT_JOB_INIT;
	CLEANUP(strlist) struct strlist problems = STRLIST_INIT;
	bool done = false;
	b.o = &o;
	b.table = bisect_table;
	int result = command_parse(&command_bisect, &o, argc, argv, NULL, &problems, &done, err);
	if (result == 0 && !done) {
		options_log_init(&o.common);
		options_settle(bisect_table, &o.common);
		result = check(&o, &b, &problems, err);
		if (result == 0)
			result = command_problems(&problems, err);
		if (result == 0)
			result = options_record(&o.common, "bisect", argc, argv, err);
		if (result == 0)
			result = bisect(&b, err);
	}
	free(o.common.command_line);
	opt_release(bisect_table, &o);
	return result;
}

const struct command command_bisect = {
	.name = "bisect",
	.usage = "--good V --bad V --test NAME [flags]",
	.summary = "The commit between a good and a bad one that made a test slower.",
	.table = bisect_table,
	.run = run,
};
