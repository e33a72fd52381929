#include "history_record.h"

#include "base/fs.h"
#include "base/log.h"
#include "benchmarker/history_series.h"
#include "history_store.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

#define UNUSUAL 1.5 /* times the half-width that nine of ten past runs did not exceed */

static const char *keep(struct history_runs *runs, const char *text)
{
	return text && strlist_add(&runs->owned, text) == 0 ? runs->owned.items[runs->owned.len - 1] : NULL;
}

static const char *json_text(struct history_runs *runs, const cJSON *o, const char *key)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, key);
	return cJSON_IsString(v) && *v->valuestring ? keep(runs, v->valuestring) : NULL;
}

static double json_number(const cJSON *o, const char *key)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, key);
	return cJSON_IsNumber(v) ? v->valuedouble : NAN;
}

/* Parameters without the seed, which differs from run to run. */
static const char *without_seed(struct history_runs *runs, const char *params)
{
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(4096);
	while (params && *params) {
		size_t n = strcspn(params, " ");
		if (n && !str_starts(params, "--rand-seed="))
			strbuf_addf(&out, "%s%.*s", out.len ? " " : "", (int)n, params);
		params += n + strspn(params + n, " ");
	}
	return keep(runs, out.data);
}

/* What changes the load and stands in no test's parameters. */
static const char *load_of(struct history_runs *runs, const cJSON *config)
{
	static const char *const keys[] = { "rate", "scripts_sha256", "sysbench-option", "warmup" };
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(64 << 10);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const cJSON *v = cJSON_GetObjectItemCaseSensitive(config, keys[i]);
		AUTO_FREE char *text = v ? cJSON_PrintUnformatted(v) : NULL;
		if (text)
			strbuf_addf(&out, "%s%s=%s", out.len ? " " : "", keys[i], text);
	}
	return keep(runs, out.data);
}

static struct history_build build_of(struct history_runs *runs, const struct results_server *s)
{
	return (struct history_build){ .engine = keep(runs, s->engine),
				       .version = keep(runs, s->asked_version ? s->asked_version : s->reported_version),
				       .commit = keep(runs, s->commit),
				       .binary_sha256 = keep(runs, s->binary_sha256),
				       .profile_sha256 = keep(runs, s->profile_sha256) };
}

static int add_test(struct history_runs *runs, struct history_run *run, struct results *r,
		    const struct results_comparison *c, const struct results_tests *tests, struct error *err)
{
	struct results_summary from, to;
	if (results_read_summary(r, c->test, SIDE_FROM, &from, err) < 0 ||
	    results_read_summary(r, c->test, SIDE_TO, &to, err) < 0)
		return -1;
	struct history_test *t = &run->tests[run->tests_len++];
	*t = (struct history_test){ .name = keep(runs, c->test),
				    .verdict = keep(runs, verdict_name(c->comparison.verdict)),
				    .threads = NAN,
				    .from_per_second = from.found ? from.events_per_second : NAN,
				    .to_per_second = to.found ? to.events_per_second : NAN,
				    .from_p95_ms = from.latency_p95_ms,
				    .to_p95_ms = to.latency_p95_ms,
				    .metric = c->comparison.metric };
	for (enum metric m = 0; m < METRIC_COUNT; m++) {
		const struct estimate *e = &c->comparison.metrics[m];
		bool bounded = e->low > 0 && isfinite(e->high);
		t->ratio[m] = e->ratio > 0 ? e->ratio : NAN;
		t->low[m] = bounded ? e->low : NAN;
		t->high[m] = bounded ? e->high : NAN;
	}
	for (size_t i = 0; i < tests->len; i++)
		if (strcmp(tests->tests[i].name, c->test) == 0) {
			t->params = without_seed(runs, tests->tests[i].params);
			t->threads = tests->tests[i].threads;
		}
	return 0;
}

/* What is known of the run without its tests. */
static int describe(struct results *r, struct history_runs *runs, struct history_run *run, struct error *err)
{
	CLEANUP(results_run_row) struct results_run_row row = { 0 };
	CLEANUP(results_servers) struct results_servers servers = { 0 };
	if (results_read_run(r, &row, err) < 0 || results_read_servers(r, &servers, err) < 0)
		return -1;
	cJSON *config = cJSON_Parse(row.run.config_json), *machine = cJSON_Parse(row.run.machine_json);
	*run = (struct history_run){
		.id = keep(runs, row.run.id),
		.command = keep(runs, row.run.command),
		.status = keep(runs, row.status),
		.dbdyno_version = keep(runs, row.run.dbdyno_version),
		.pairing = keep(runs, row.run.pairing),
		.pinning = json_text(runs, machine, "pinning"),
		.method = HISTORY_METHOD,
		.load = load_of(runs, config),
		.started_unix = row.run.started_unix,
		.machine = { .cpu_model = json_text(runs, machine, "cpu_model"),
			     .os = json_text(runs, machine, "os"),
			     .arch = json_text(runs, machine, "arch"),
			     .kernel = json_text(runs, machine, "kernel"),
			     .cpus = json_number(machine, "cpus"),
			     .memory_bytes = json_number(machine, "memory_bytes") },
	};
	cJSON_Delete(config);
	cJSON_Delete(machine);
	for (size_t i = 0; i < servers.len; i++)
		*(servers.servers[i].side == SIDE_FROM ? &run->from : &run->to) = build_of(runs, &servers.servers[i]);
	return strlist_check(&runs->owned, err);
}

int history_record(struct results *r, struct history_runs *runs, struct error *err)
{
	CLEANUP(results_tests) struct results_tests tests = { 0 };
	CLEANUP(results_comparisons) struct results_comparisons comparisons = { 0 };
	struct history_run run, *grown;
	if (describe(r, runs, &run, err) < 0 || results_list_tests(r, &tests, err) < 0 ||
	    results_read_comparisons(r, &comparisons, err) < 0)
		return -1;
	run.tests = calloc(comparisons.len + 1, sizeof *run.tests);
	int result = run.tests ? 0 : error_oom(err);
	for (size_t i = 0; result == 0 && i < comparisons.len; i++)
		result = add_test(runs, &run, r, &comparisons.items[i], &tests, err);
	if (result == 0)
		result = strlist_check(&runs->owned, err);
	grown = result == 0 ? realloc(runs->items, (runs->len + 1) * sizeof *grown) : NULL;
	if (!grown) {
		free(run.tests);
		return result < 0 ? -1 : error_oom(err);
	}
	runs->items = grown;
	runs->items[runs->len++] = run;
	return 0;
}

/* When a commit was made; and programs that were given have none, and often all the same version: their bytes tell them
 * apart. */
static int add_origin(const struct job *j, struct history_runs *runs, struct error *err)
{
	for (size_t i = 0; i < j->sides_len; i++) {
		struct history_build *b = i ? &runs->items[0].to : &runs->items[0].from;
		char hex[65];
		if (b->commit)
			b->committed_unix = j->sides[i].build.commit_seconds;
		if (!b->engine || b->commit || b->binary_sha256 || !j->sides[i].exec)
			continue;
		if (fs_sha256(j->sides[i].exec, hex, err) < 0)
			return -1;
		b->binary_sha256 = keep(runs, hex);
	}
	return strlist_check(&runs->owned, err);
}

static int open_store(struct job *j, struct history_store *s, struct error *err)
{
	const struct options *o = j->o;
	const struct history_store_settings settings = { o->region, o->endpoint, o->ca_file };
	return history_store_open(s, o->history, &settings, err);
}

/* What the past says of one test: how far its runs scatter, what one shows, and whether this one is unusual. */
static void tell_test(struct job *j, const struct history_noise *n, const struct history_test *t)
{
	double low = t->low[t->metric], high = t->high[t->metric];
	double half = low > 0 && high > low ? log(high / low) / 2 : NAN;
	if (isfinite(n->spread) && isfinite(n->visible))
		job_event(j, "info", t->name,
			  "%zu earlier figures of this kind on this machine, %zu of one build with itself, scatter by "
			  "%.2g %%: one run shows a change of %.2g %% 8 times in 10",
			  n->scattered, n->same, 100 * expm1(n->spread), 100 * expm1(n->visible));
	if (n->runs < HISTORY_NOISE_MIN || isnan(half))
		return;
	bool unusual = half > UNUSUAL * n->largest;
	job_event(j, unusual ? "warning" : "info", t->name,
		  "the 95 %% interval is ±%.2g %%; %zu earlier runs of this kind on this machine had ±%.2g %%, nine of "
		  "ten at most ±%.2g %%%s",
		  100 * half, n->runs, 100 * n->half_width, 100 * n->largest,
		  unusual ? ": this run is unusually noisy" : "");
}

static int tell_noise(struct job *j, struct history_runs *past, const struct history_run *run, struct error *err)
{
	CLEANUP(history) struct history h = { 0 };
	const struct history_filter filter = { NULL, run->to.engine };
	if (history_make(past, &filter, &h, err) < 0)
		return -1;
	for (size_t i = 0; i < run->tests_len; i++) {
		const struct history_noise *n = history_noise(&h, run, &run->tests[i]);
		if (n)
			tell_test(j, n, &run->tests[i]);
	}
	return 0;
}

int history_prepare(struct job *j, char **ret_text, struct error *err)
{
	CLEANUP(history_store) struct history_store store = HISTORY_STORE_INIT;
	CLEANUP(history_runs) struct history_runs run = { 0 }, past = { 0 };
	CLEANUP(strlist) struct strlist problems = STRLIST_INIT;
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(HISTORY_RUN_MAX_BYTES);
	struct error e = ERROR_INIT;
	if (!j->o->history)
		return 0;
	if (open_store(j, &store, err) < 0 || history_record(j->results, &run, err) < 0 ||
	    add_origin(j, &run, err) < 0 || history_write(&run.items[0], &text, err) < 0)
		return error_wrap(err, "the history");
	if (history_store_read(&store, &past, &problems, &e) < 0 || tell_noise(j, &past, &run.items[0], &e) < 0)
		job_event(j, "warning", NULL, "the history says nothing of this run's noise: %s", e.message);
	for (size_t i = 0; i < problems.len && i < 3; i++)
		job_event(j, "warning", NULL, "of the history is not used: %s", problems.items[i]);
	return (*ret_text = strbuf_take(&text, err)) ? 0 : -1;
}

int history_append(struct job *j, const char *text, struct error *err)
{
	CLEANUP(history_store) struct history_store store = HISTORY_STORE_INIT;
	if (!j->o->history)
		return 0;
	if (!text)
		return error_set(err, ERROR_PUBLISH,
				 "the run could not be written for the history (the events tell why)");
	if (open_store(j, &store, err) < 0 || history_store_append(&store, j->id, text, strlen(text), err) < 0)
		return -1;
	log_info("history: %s", j->o->history);
	return 0;
}

int history_check(struct job *j, struct error *err)
{
	CLEANUP(history_store) struct history_store store = HISTORY_STORE_INIT;
	if (!j->o->history)
		return 0;
	return open_store(j, &store, err) < 0 ? -1 : history_store_check(&store, err);
}
