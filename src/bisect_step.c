/* One step of a bisection: a commit is built, and compared with good by a job of its own. Nothing is built while
 * something is measured: that would disturb it. */
#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "benchmarker/results.h"
#include "bisect.h"
#include "job_command.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
	ATTEMPTS = 2,     /* of a commit under load */
	FAILURES_MAX = 3, /* commits in a row: then it is not the commits */
};

struct building {
	const char *label, *sha;
	bool compiling;
};

static void note_step(const char *name, void *data)
{
	struct building *at = data;
	at->compiling = strcmp(name, "build") == 0;
	log_progress(-1, "%s %.12s: %s", at->label, at->sha, name);
}

/* Go said no, and not because of the network, the disk or the memory: for those a hint was found. A Go that the commit
 * asks for and cannot be had is the commit's own trouble. */
static bool is_fault_of_commit(const struct building *at, const struct error *e)
{
	return e->kind == ERROR_BUILD && at->compiling && (!e->hint[0] || str_starts(e->hint, "go.mod asks"));
}

static int build(struct bisect_job *b, size_t k, const char *label, double *ret_seconds, bool *ret_fault,
		 struct error *err)
{
	struct building at = { .label = label, .sha = b->history.commits[k].sha };
	const struct options *o = &b->o->common;
	CLEANUP(build) struct build made = BUILD_INIT;
	struct build_spec spec = {
		.engine = &b->engine,
		.repository = o->from.repository,
		.version = at.sha,
		.cache = b->cache,
		.jobs = (unsigned)o->jobs,
		.on_step = note_step,
		.on_step_data = &at,
	};
	struct error e = ERROR_INIT;
	uint64_t start = clock_mono_ns();
	int result = build_run(&made, &spec, &e);
	log_progress_end();
	*ret_seconds = (double)(clock_mono_ns() - start) / 1e9;
	*ret_fault = result < 0 && is_fault_of_commit(&at, &e);
	if (result < 0)
		*err = e;
	return result;
}

int bisect_step_prepare(struct bisect_job *b, struct error *err)
{
	double seconds;
	bool fault;
	if (build(b, 0, "good", &seconds, &fault, err) == 0)
		return 0;
	error_wrap(err, "good, %.12s", b->history.commits[0].sha);
	return fault ? error_hint(err, "name a good commit that builds") : -1;
}

/* Student's t with 4 degrees of freedom is what the search expects (bisect.h): an interval that rests on fewer starts
 * is wider than its error says. */
static double error_of(const struct estimate *e)
{
	double half = log(e->high / e->low) / 2;
	return fmax(e->error, half / student_quantile(0.975, 4));
}

/* A comparison assumes how far apart two starts of the servers are where it has too few of them to see it. The search
 * has many, one step after the other, and learns it from them: what it needs is the noise without that. */
static int read_error(const struct bisect_job *b, struct results *r, struct bisect_step *step, struct error *err)
{
	CLEANUP(results_pairs) struct results_pairs pairs = { 0 };
	struct statistics_spec spec = { .pairing = options_pairing(&b->o->common),
					.metric = (enum metric)b->o->metric,
					.start_sd = 1e-6,
					.start_df = 1e6 };
	struct comparison c;
	if (results_load_pairs(r, b->test, &pairs, err) < 0 ||
	    statistics_compare(pairs.pairs, pairs.pairs_len, &spec, &c, err) < 0)
		return -1;
	step->error = error_of(&c.metrics[b->o->metric]);
	return 0;
}

/* Numbers of the test from a finished step's results. */
static int read_ratio(const struct bisect_job *b, const char *folder, struct bisect_step *step, bool *ret_done,
		      struct error *err)
{
	AUTO_FREE char *path = str_printf(err, "%s/%s/results.db", b->out, folder);
	CLEANUP(results_run_row) struct results_run_row run = { 0 };
	CLEANUP(results_comparisons) struct results_comparisons found = { 0 };
	struct results *r = NULL;
	*ret_done = false;
	if (!path)
		return -1;
	if (!fs_exists(path))
		return 0;
	if (results_open_read(path, &r, err) < 0)
		return -1;
	int result = results_read_run(r, &run, err);
	if (result == 0)
		result = results_read_comparisons(r, &found, err);
	if (result == 0)
		result = read_error(b, r, step, err);
	results_close(r);
	if (result < 0 || !str_eq(run.status, "done") || found.len != 1)
		return result;
	const struct estimate *e = &found.items[0].comparison.metrics[b->o->metric];
	step->ratio = e->ratio;
	step->low = e->low;
	step->high = e->high;
	*ret_done = true;
	return 0;
}

static int check_ratio(const struct bisect_job *b, const struct bisect_step *s, struct error *err)
{
	if (s->ratio > 0 && s->low > 0 && isfinite(s->ratio) && isfinite(s->high) && isfinite(s->error))
		return 0;
	error_set(err, ERROR_UNDECIDED, "%s: the load was too short for an interval of the %s", b->test,
		  metric_name((enum metric)b->o->metric));
	return error_hint(err, "give more --sysbench-test-time, and an --out of its own");
}

static int compare(const struct bisect_job *b, size_t k, const char *folder, struct error *err)
{
	struct options o = b->o->common; /* strings stay those of b */
	AUTO_FREE char *out = str_printf(err, "%s/%s", b->out, folder);
	if (!out)
		return -1;
	o.from.version = b->history.commits[0].sha;
	o.to = o.from;
	o.to.version = b->history.commits[k].sha;
	o.out = out;
	o.cache = b->cache;
	o.json = false;
	o.is_part = true;
	return job_run("compare", job_compare_stages, &o, NULL, err);
}

/* What a failed or killed try left: logs of a failure are kept beside. */
static int move_away(const struct bisect_job *b, const char *folder, bool failed, struct error *err)
{
	AUTO_FREE char *from = str_printf(err, "%s/%s", b->out, folder);
	AUTO_FREE char *to = from ? str_printf(err, "%s-failed", from) : NULL;
	if (!to || !fs_exists(from))
		return to ? 0 : -1;
	if (!failed)
		return fs_remove_tree(from, err);
	if (fs_remove_tree(to, err) < 0)
		return -1;
	return rename(from, to) < 0 ? error_errno(err, ERROR_INTERNAL, "rename %s", from) : 0;
}

/* A commit that cannot carry the load is tried twice: one death may be the machine's. */
static int measure(struct bisect_job *b, size_t k, struct bisect_step *step, struct error *err)
{
	bool done;
	struct error e = ERROR_INIT;
	if (read_ratio(b, step->folder, step, &done, err) < 0)
		return -1;
	for (int attempt = 1; !done; attempt++) {
		e = (struct error)ERROR_INIT;
		if (move_away(b, step->folder, attempt > 1, err) < 0)
			return -1;
		if (compare(b, k, step->folder, &e) == 0) {
			if (read_ratio(b, step->folder, step, &done, err) < 0)
				return -1;
			if (!done)
				error_set(&e, ERROR_LOAD, "no comparison came out");
		}
		bool again = e.kind == ERROR_SERVER || e.kind == ERROR_LOAD;
		if (!done && (!again || attempt == ATTEMPTS)) {
			*err = e;
			return -1;
		}
		if (!done)
			log_warn("%.12s: %s; tried once more", b->history.commits[k].sha, e.message);
	}
	return check_ratio(b, step, err);
}

/* A compiler's first complaint says more than that there is one. */
static const char *first_complaint(const struct error *e, char *line, size_t size)
{
	const char *at = e->detail;
	while (*at == '#' || *at == '\n')
		at += strcspn(at, "\n") + (at[strcspn(at, "\n")] == '\n');
	snprintf(line, size, "%.*s", (int)strcspn(at, "\n"), at);
	return *line ? line : e->message;
}

/* With what the server or the load said first of all that was kept. */
static int skip(struct bisect_step *step, const char *why, const struct error *e, struct error *err)
{
	char line[300];
	const char *said = first_complaint(e, line, sizeof line);
	step->skipped = said == e->message ? str_printf(err, "%s: %s", why, said)
					   : str_printf(err, "%s: %s: %s", why, e->message, said);
	return step->skipped ? 0 : -1;
}

static int run_step(struct bisect_job *b, size_t k, struct bisect_step *step, struct error *err)
{
	const char *sha = b->history.commits[k].sha;
	bool is_bad = k == b->history.len - 1, fault;
	char line[300];
	struct error e = ERROR_INIT;
	step->folder = str_printf(err, "steps/%02zu-%.12s", b->steps_len + 1, sha);
	if (!step->folder)
		return -1;
	if (build(b, k, is_bad ? "bad" : "commit", &step->build_seconds, &fault, &e) < 0) {
		if (fault && !is_bad) {
			free(TAKE(step->folder));
			step->skipped = str_printf(err, "does not build: %s", first_complaint(&e, line, sizeof line));
			return step->skipped ? 0 : -1;
		}
		*err = e;
		return error_wrap(err, "%s%.12s", is_bad ? "bad, " : "", sha);
	}
	uint64_t start = clock_mono_ns();
	int result = measure(b, k, step, &e);
	step->seconds = (double)(clock_mono_ns() - start) / 1e9;
	if (result == 0) {
		b->failures = 0;
		return 0;
	}
	bool of_commit = e.kind == ERROR_SERVER || e.kind == ERROR_LOAD;
	if (of_commit && !is_bad && ++b->failures < FAILURES_MAX)
		return skip(step, e.kind == ERROR_SERVER ? "server failed" : "load failed", &e, err);
	*err = e;
	error_wrap(err, "%.12s", sha);
	return of_commit && !is_bad ? error_hint(err, "%d commits in a row failed: is it the machine?", FAILURES_MAX)
				    : -1;
}

int bisect_step_run(struct bisect_job *b, size_t k, struct bisect_step *ret_step, struct error *err)
{
	struct bisect_step step = { .commit = k, .ratio = NAN, .low = NAN, .high = NAN };
	if (run_step(b, k, &step, err) < 0) {
		free(step.folder);
		free(step.skipped);
		return -1;
	}
	*ret_step = step;
	return 0;
}
