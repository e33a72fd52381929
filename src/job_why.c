/* Why tests became faster or slower: CPU profiles of both servers under each such test, after everything is measured.
 *
 * The two servers are profiled in turn, A B B A, so that a drift of the machine meets both alike. Over HTTP, sampling
 * lasts a whole number of seconds from the request on, and the load a little longer, so that it lies inside the load.
 * Servers that write a profile of their whole life are started for each part of it (profile_life.h). What goes wrong
 * here is told, and changes neither verdicts nor how the job ends. */
#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/stop.h"
#include "benchmarker/why.h"
#include "conclude.h"
#include "measure.h"
#include "profile_files.h"
#include "profile_life.h"
#include "profiler/collect.h"

#include <stdio.h>
#include <stdlib.h>

#define WARM_UP_NS NS_PER_SECOND      /* of a new server, if --warmup does not say */
#define MARGIN_NS (100 * NS_PER_MS)   /* that the load outlasts the sampling: the request must arrive within it */
#define GRACE_NS (60 * NS_PER_SECOND) /* longest that a profile may take to arrive after its load */
#define HALVES 2

/* One server, and its client if a test is open. */
struct why_side {
	struct server server;
	bool up;
	char *dir;
	struct workload_script script;
	struct load_spec spec;
	struct load load;
	bool open;
};

struct why_job {
	struct job *j;
	bool by_file; /* engines with profile.file: lives, else sides */
	bool alone; /* both servers would want the same port for profiles, or write them at their end: one at a time */
	struct why_side sides[2];
	struct profile_life lives[2];
};

/* One test's profiles. */
struct why_test {
	const char *name;
	struct tpcc tpcc;
	bool is_tpcc;
	struct strlist files[2]; /* a part each half */
	double work[2];
};

static void why_test_release(struct why_test *t)
{
	strlist_release(&t->files[0]);
	strlist_release(&t->files[1]);
}

static void forget_client(struct why_side *s)
{
	load_release(&s->load);
	workload_script_release(&s->script);
	free(s->dir);
	s->load = (struct load)LOAD_INIT;
	s->script = (struct workload_script)WORKLOAD_SCRIPT_INIT;
	s->dir = NULL;
	s->open = false;
}

static void stop_side(struct why_job *w, size_t side)
{
	struct why_side *s = &w->sides[side];
	forget_client(s);
	measure_stop_server(w->j, &s->server);
	s->up = false;
	profile_life_release(&w->lives[side]);
}

static void stop_sides(struct why_job *w)
{
	for (size_t side = 0; side < 2; side++)
		stop_side(w, side);
}

static int open_client(struct why_job *w, size_t side, struct why_test *t, struct error *err)
{
	struct why_side *s = &w->sides[side];
	const struct options *o = w->j->o;
	uint64_t warm_ns = o->warmup_auto ? WARM_UP_NS : o->warmup_ns;
	CLEANUP(sample) struct sample warm = SAMPLE_INIT;
	s->open = true;
	if (!(s->dir = measure_client_dir(w->j, side, err)) ||
	    measure_open_test(w->j, side, t->name, &s->script, err) < 0)
		return -1;
	s->spec = measure_load_spec(w->j, side, &s->server, &s->script.workload, t->is_tpcc ? &t->tpcc : NULL, s->dir);
	if (load_prepare(&s->spec, err) < 0 || load_open(&s->load, &s->spec, err) < 0)
		return -1;
	return warm_ns ? load_slice(&s->load, warm_ns, &warm, err) : 0;
}

/* The side's server runs, with the test's tables and a client that is warm. */
static int get_ready(struct why_job *w, size_t side, struct why_test *t, struct error *err)
{
	struct why_side *s = &w->sides[side];
	if (!s->up && w->alone)
		stop_side(w, 1 - side);
	if (!s->up && measure_start_server(w->j, side, true, NULL, &s->server, err) < 0)
		return -1;
	s->up = true;
	return s->open ? 0 : open_client(w, side, t, err);
}

/* A profile of some seconds at path, and the transactions meanwhile. */
static int take_part(struct why_side *s, unsigned seconds, const char *path, double *ret_work, struct error *err)
{
	AUTO_FREE char *url = server_profile_url(&s->server, err);
	CLEANUP(sample) struct sample sample = SAMPLE_INIT;
	struct collect *collect = NULL;
	struct pprof_facts facts;
	if (!url || load_begin(&s->load, 0, seconds * NS_PER_SECOND + MARGIN_NS, err) < 0)
		return -1;
	int result = collect_start(&collect, url, seconds, path, err);
	if (result == 0)
		result = load_await(&s->load, &sample, err);
	if (result == 0)
		result = measure_await_profile(collect, &s->server, clock_deadline(GRACE_NS), err);
	if (result == 0)
		result = collect_finish(collect, &facts, err);
	collect_free(collect);
	if (result == 0)
		*ret_work = why_work(sample.events, sample_seconds(&sample), seconds);
	return result;
}

/* The same of a life of its own. */
static int take_life(struct why_job *w, size_t side, unsigned seconds, const char *test, const char *path,
		     double *ret_work, struct error *err)
{
	struct profile_life *l = &w->lives[side];
	const struct profile_life_time time = { .seconds = seconds, .longest_seconds = seconds };
	struct pprof_facts facts;
	if (!l->j && profile_life_open(l, w->j, side, test, err) < 0)
		return -1;
	return profile_life_take(l, &time, path, &facts, ret_work, err);
}

static int take_half(struct why_job *w, size_t side, size_t half, unsigned seconds, struct why_test *t,
		     struct error *err)
{
	double work = 0;
	AUTO_FREE char *path = str_printf(err, "%s/why-%zu-%zu.pprof", w->j->work, side, half);
	if (!path)
		return -1;
	int result = w->by_file ? take_life(w, side, seconds, t->name, path, &work, err) : get_ready(w, side, t, err);
	if (result == 0 && !w->by_file)
		result = take_part(&w->sides[side], seconds, path, &work, err);
	if (result < 0)
		return error_wrap(err, "the %s server", w->j->sides[side].label);
	t->work[side] += work;
	return strlist_add(&t->files[side], path) < 0 ? error_oom(err) : 0;
}

/* Both halves of a side as one file among the results. */
static int keep_profile(struct job *j, size_t side, const struct why_test *t, struct error *err)
{
	struct pprof_facts facts;
	AUTO_FREE char *file = str_printf(err, "profiles/%s-%s.pprof", t->name, j->sides[side].label);
	AUTO_FREE char *path = file ? str_printf(err, "%s/%s", j->out, file) : NULL;
	if (!path ||
	    profile_merge_files(strlist_array(&t->files[side]), NULL, t->files[side].len, path, &facts, err) < 0)
		return -1;
	return measure_record_profile(j,
				      &(struct results_profile){ .side = (enum side)side,
								 .test = t->name,
								 .file = file,
								 .samples = facts.samples,
								 .duration_ns = facts.duration_ns,
								 .transactions = (uint64_t)(t->work[side] + 0.5) },
				      err);
}

/* first: the side that begins and ends. */
static int take_profiles(struct why_job *w, size_t first, struct why_test *t, struct error *err)
{
	unsigned all = (unsigned)w->j->o->why_seconds;
	const unsigned seconds[HALVES] = { (all + 1) / 2, all / 2 };
	for (size_t side = 0; side < 2 && !w->alone; side++)
		if (get_ready(w, side, t, err) < 0)
			return error_wrap(err, "the %s server", w->j->sides[side].label);
	for (size_t half = 0; half < HALVES; half++)
		for (size_t i = 0; i < 2 && seconds[half]; i++)
			if (take_half(w, half == i ? first : 1 - first, half, seconds[half], t, err) < 0 ||
			    stop_check(err) < 0)
				return -1;
	for (size_t side = 0; side < 2; side++)
		if (keep_profile(w->j, side, t, err) < 0)
			return -1;
	return 0;
}

/* The next test finds the servers that run without tables. */
static int close_test(struct why_job *w, struct error *err)
{
	for (size_t side = 0; side < 2 && w->by_file; side++) {
		profile_life_say(&w->lives[side]);
		profile_life_release(&w->lives[side]);
	}
	for (size_t side = 0; side < 2; side++) {
		struct why_side *s = &w->sides[side];
		if (s->open && (load_close(&s->load, err) < 0 || load_cleanup(&s->spec, err) < 0))
			return error_wrap(err, "end of the load on the %s server", w->j->sides[side].label);
		forget_client(s);
	}
	return 0;
}

static int explain_test(struct why_job *w, const char *name, size_t number, struct error *err)
{
	CLEANUP(why_test) struct why_test t = { .name = name, .files = { STRLIST_INIT, STRLIST_INIT } };
	struct error e = ERROR_INIT;
	t.is_tpcc = options_tpcc(w->j->o, name, w->j->scripts, &t.tpcc);
	if (take_profiles(w, number % 2, &t, &e) == 0 && close_test(w, &e) == 0)
		return 0;
	stop_sides(w); /* in an unknown state */
	if (e.kind == ERROR_INTERRUPTED) {
		*err = e;
		return -1;
	}
	job_event(w->j, "warning", name,
		  "what made the difference is not known, there are no profiles of both servers: %s", e.message);
	return 0;
}

static int explain(struct job *j, const struct results_comparisons *c, const size_t *chosen, size_t n,
		   struct error *err)
{
	AUTO_FREE char *folder = str_printf(err, "%s/profiles", j->out);
	AUTO_FREE struct why_job *w = calloc(1, sizeof *w);
	if (!folder || !w || fs_mkdirs(folder, 0700, err) < 0)
		return w ? -1 : error_oom(err);
	w->j = j;
	w->by_file = j->sides[0].engine.profile_file;
	w->alone = w->by_file || (j->sides[0].engine.profile_port &&
				  j->sides[0].engine.profile_port == j->sides[1].engine.profile_port);
	for (size_t side = 0; side < 2; side++) {
		w->sides[side] = (struct why_side){ .server = SERVER_INIT, .load = LOAD_INIT };
		w->lives[side] = (struct profile_life)PROFILE_LIFE_INIT;
	}
	uint64_t begin_ns = clock_mono_ns();
	int result = 0;
	for (size_t i = 0; result == 0 && i < n; i++) {
		log_progress((double)i / (double)n, "[%zu/%zu] %s: profile both servers", i + 1, n,
			     c->items[chosen[i]].test);
		result = explain_test(w, c->items[chosen[i]].test, i, err);
	}
	log_progress_end();
	stop_sides(w);
	job_event(j, "info", NULL, "profiles of both servers under %zu test%s took %.1f s", n, n == 1 ? "" : "s",
		  (double)(clock_mono_ns() - begin_ns) / 1e9);
	return result;
}

/* For people and for the report, at any level of talk. */
static void say_unavailable(struct job *j, const char *reason)
{
	struct error e = ERROR_INIT;
	AUTO_FREE char *line = str_printf(&e, "which functions made the difference is not known: %s", reason);
	if (!line || results_add_event(j->results, "info", NULL, line, &e) < 0)
		log_warn("the event could not be recorded: %s", e.message);
	job_say(j, "%s", line ? line : reason);
}

int job_why(struct job *j, struct error *err)
{
	CLEANUP(results_comparisons) struct results_comparisons all = { 0 };
	CLEANUP(strbuf) struct strbuf reason = STRBUF_INIT(1024);
	if (j->o->why == WHY_NEVER || j->o->is_part)
		return 0;
	if (conclude_compare(j, true, err) < 0 || results_read_comparisons(j->results, &all, err) < 0)
		return -1;
	AUTO_FREE struct comparison *comparisons = calloc(all.len + 1, sizeof *comparisons);
	AUTO_FREE size_t *chosen = calloc(all.len + 1, sizeof *chosen);
	if (!comparisons || !chosen)
		return error_oom(err);
	for (size_t i = 0; i < all.len; i++)
		comparisons[i] = all.items[i].comparison;
	size_t n = why_choose(comparisons, all.len, (enum why)j->o->why, chosen);
	if (n == 0)
		return 0;
	if (!why_available(&j->sides[SIDE_FROM].engine, &j->sides[SIDE_TO].engine, &reason)) {
		say_unavailable(j, reason.data);
		return 0;
	}
	job_say(j, "why: profiles of both servers, 2 × %lld s under %s test%s", j->o->why_seconds,
		n == 1 ? "one" : "each of the largest differences'", n == 1 ? "" : "s");
	return explain(j, &all, chosen, n, err);
}
