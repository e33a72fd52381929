#include "benchmarker/history.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT_NAME "dbdyno-history"

void history_runs_release(struct history_runs *runs)
{
	for (size_t i = 0; i < runs->len; i++)
		free(runs->items[i].tests);
	free(runs->items);
	strlist_release(&runs->owned);
	*runs = (struct history_runs){ 0 };
}

static bool add_text(cJSON *o, const char *key, const char *text)
{
	return !text || cJSON_AddStringToObject(o, key, text);
}

static bool add_number(cJSON *o, const char *key, double value)
{
	return !isfinite(value) || cJSON_AddNumberToObject(o, key, value);
}

static bool add_build(cJSON *o, const char *key, const struct history_build *b)
{
	cJSON *side = cJSON_AddObjectToObject(o, key);
	return side && add_text(side, "engine", b->engine) && add_text(side, "version", b->version) &&
	       add_text(side, "commit", b->commit) && add_text(side, "binary_sha256", b->binary_sha256) &&
	       add_text(side, "profile_sha256", b->profile_sha256) &&
	       add_number(side, "committed_unix", b->committed_unix ? (double)b->committed_unix : NAN);
}

static bool add_machine(cJSON *o, const struct history_machine *m)
{
	cJSON *machine = cJSON_AddObjectToObject(o, "machine");
	return machine && add_text(machine, "cpu_model", m->cpu_model) && add_text(machine, "os", m->os) &&
	       add_text(machine, "arch", m->arch) && add_text(machine, "kernel", m->kernel) &&
	       add_number(machine, "cpus", m->cpus) && add_number(machine, "memory_bytes", m->memory_bytes);
}

static bool add_test(cJSON *tests, const struct history_test *t)
{
	cJSON *o = cJSON_CreateObject();
	if (!o || !cJSON_AddItemToArray(tests, o))
		return false;
	bool ok = add_text(o, "name", t->name) && add_text(o, "params", t->params) &&
		  add_number(o, "threads", t->threads) && add_text(o, "verdict", t->verdict) &&
		  add_text(o, "metric", metric_name(t->metric)) &&
		  add_number(o, "from_per_second", t->from_per_second) &&
		  add_number(o, "to_per_second", t->to_per_second) && add_number(o, "from_p95_ms", t->from_p95_ms) &&
		  add_number(o, "to_p95_ms", t->to_p95_ms);
	for (enum metric m = 0; ok && m < METRIC_COUNT; m++) {
		cJSON *e = cJSON_AddObjectToObject(o, metric_name(m));
		ok = e && add_number(e, "ratio", t->ratio[m]) && add_number(e, "low_95", t->low[m]) &&
		     add_number(e, "high_95", t->high[m]);
	}
	return ok;
}

int history_write(const struct history_run *r, struct strbuf *out, struct error *err)
{
	cJSON *o = cJSON_CreateObject();
	bool ok = o && add_text(o, "format", FORMAT_NAME) && add_number(o, "format_version", HISTORY_FORMAT_VERSION) &&
		  add_text(o, "run", r->id) && add_text(o, "command", r->command) && add_text(o, "status", r->status) &&
		  add_text(o, "dbdyno_version", r->dbdyno_version) && add_number(o, "method", r->method) &&
		  add_text(o, "pairing", r->pairing) && add_text(o, "pinning", r->pinning) &&
		  add_text(o, "load", r->load) && add_number(o, "started_unix", (double)r->started_unix) &&
		  add_machine(o, &r->machine) && add_build(o, "from", &r->from) &&
		  (!r->to.engine || add_build(o, "to", &r->to));
	cJSON *tests = ok ? cJSON_AddArrayToObject(o, "tests") : NULL;
	for (size_t i = 0; tests && ok && i < r->tests_len; i++)
		ok = add_test(tests, &r->tests[i]);
	char *text = ok && tests ? cJSON_Print(o) : NULL;
	cJSON_Delete(o);
	if (!text)
		return error_oom(err);
	strbuf_addf(out, "%s\n", text);
	free(text);
	return strbuf_check(out, err);
}

/* Reading. What is missing is not known; what is there and of another type is damage. */
struct reader {
	struct strlist *owned;
	const char *bad; /* key of the first value that cannot be */
};

static const char *get_text(struct reader *r, const cJSON *o, const char *key)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, key);
	if (!v)
		return NULL;
	if (!cJSON_IsString(v) || !str_is_utf8(v->valuestring, strlen(v->valuestring))) {
		r->bad = key;
		return NULL;
	}
	return strlist_add(r->owned, v->valuestring) < 0 ? NULL : r->owned->items[r->owned->len - 1];
}

static double get_number(struct reader *r, const cJSON *o, const char *key, double min, double max)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, key);
	if (!v)
		return NAN;
	if (!cJSON_IsNumber(v) || !(v->valuedouble >= min && v->valuedouble <= max)) {
		r->bad = key;
		return NAN;
	}
	return v->valuedouble;
}

static const cJSON *get_object(struct reader *r, const cJSON *o, const char *key)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, key);
	if (v && !cJSON_IsObject(v))
		r->bad = key;
	return v;
}

static struct history_build get_build(struct reader *r, const cJSON *o, const char *key)
{
	const cJSON *b = get_object(r, o, key);
	double committed = get_number(r, b, "committed_unix", 1, 1e11);
	return (struct history_build){ .engine = get_text(r, b, "engine"),
				       .version = get_text(r, b, "version"),
				       .commit = get_text(r, b, "commit"),
				       .binary_sha256 = get_text(r, b, "binary_sha256"),
				       .profile_sha256 = get_text(r, b, "profile_sha256"),
				       .committed_unix = isfinite(committed) ? (int64_t)committed : 0 };
}

static struct history_machine get_machine(struct reader *r, const cJSON *o)
{
	const cJSON *m = get_object(r, o, "machine");
	return (struct history_machine){ .cpu_model = get_text(r, m, "cpu_model"),
					 .os = get_text(r, m, "os"),
					 .arch = get_text(r, m, "arch"),
					 .kernel = get_text(r, m, "kernel"),
					 .cpus = get_number(r, m, "cpus", 0, 1e6),
					 .memory_bytes = get_number(r, m, "memory_bytes", 0, 1e18) };
}

static struct history_test get_test(struct reader *r, const cJSON *o)
{
	struct history_test t = { .name = get_text(r, o, "name"),
				  .params = get_text(r, o, "params"),
				  .verdict = get_text(r, o, "verdict"),
				  .threads = get_number(r, o, "threads", 0, 1e6),
				  .from_per_second = get_number(r, o, "from_per_second", 0, 1e18),
				  .to_per_second = get_number(r, o, "to_per_second", 0, 1e18),
				  .from_p95_ms = get_number(r, o, "from_p95_ms", 0, 1e18),
				  .to_p95_ms = get_number(r, o, "to_p95_ms", 0, 1e18) };
	const char *metric = get_text(r, o, "metric");
	for (enum metric m = 0; m < METRIC_COUNT; m++) {
		const cJSON *e = get_object(r, o, metric_name(m));
		t.metric = str_eq(metric, metric_name(m)) ? m : t.metric;
		t.ratio[m] = get_number(r, e, "ratio", 1e-12, 1e12);
		t.low[m] = get_number(r, e, "low_95", 0, 1e12);
		t.high[m] = get_number(r, e, "high_95", 0, 1e15);
	}
	if (!t.name)
		r->bad = "name";
	return t;
}

static int get_tests(struct reader *r, const cJSON *o, struct history_run *run, struct error *err)
{
	const cJSON *tests = cJSON_GetObjectItemCaseSensitive(o, "tests"), *t;
	if (!cJSON_IsArray(tests)) {
		r->bad = "tests";
		return 0;
	}
	run->tests = calloc((size_t)cJSON_GetArraySize(tests) + 1, sizeof *run->tests);
	if (!run->tests)
		return error_oom(err);
	cJSON_ArrayForEach(t, tests) run->tests[run->tests_len++] = get_test(r, t);
	return 0;
}

static int get_run(const cJSON *o, struct strlist *owned, struct history_run *ret, struct error *err)
{
	struct reader r = { .owned = owned };
	double started = get_number(&r, o, "started_unix", 0, 1e11);
	*ret = (struct history_run){ .id = get_text(&r, o, "run"),
				     .command = get_text(&r, o, "command"),
				     .status = get_text(&r, o, "status"),
				     .dbdyno_version = get_text(&r, o, "dbdyno_version"),
				     .pairing = get_text(&r, o, "pairing"),
				     .pinning = get_text(&r, o, "pinning"),
				     .method = get_number(&r, o, "method", 0, 1e6),
				     .load = get_text(&r, o, "load"),
				     .started_unix = isfinite(started) ? (int64_t)started : 0,
				     .machine = get_machine(&r, o),
				     .from = get_build(&r, o, "from"),
				     .to = get_build(&r, o, "to") };
	if (get_tests(&r, o, ret, err) < 0)
		return -1;
	if (!ret->id)
		r.bad = "run";
	if (r.bad) {
		free(ret->tests);
		return error_set(err, ERROR_USAGE, "\"%s\" is missing, or not what it should be", r.bad);
	}
	return strlist_check(owned, err);
}

static int check_format(const cJSON *o, struct error *err)
{
	const cJSON *format = cJSON_GetObjectItemCaseSensitive(o, "format"),
		    *version = cJSON_GetObjectItemCaseSensitive(o, "format_version");
	if (!cJSON_IsString(format) || strcmp(format->valuestring, FORMAT_NAME) != 0 || !cJSON_IsNumber(version))
		return error_set(err, ERROR_USAGE, "not a run of a history");
	if (version->valuedouble != HISTORY_FORMAT_VERSION)
		return error_set(err, ERROR_USAGE, "version %g of the format, and this dbdyno reads %d",
				 version->valuedouble, HISTORY_FORMAT_VERSION);
	return 0;
}

int history_parse(const char *text, size_t len, struct history_runs *runs, struct error *err)
{
	cJSON *o = cJSON_ParseWithLength(text, len);
	struct history_run run = { 0 };
	if (!o)
		return error_set(err, ERROR_USAGE, "not JSON");
	int result = check_format(o, err) < 0 ? -1 : get_run(o, &runs->owned, &run, err);
	cJSON_Delete(o);
	if (result < 0)
		return -1;
	struct history_run *grown = realloc(runs->items, (runs->len + 1) * sizeof *grown);
	if (!grown) {
		free(run.tests);
		return error_oom(err);
	}
	runs->items = grown;
	runs->items[runs->len++] = run;
	return 0;
}

void history_add_build(struct strbuf *out, const struct history_build *b)
{
	if (b->commit)
		strbuf_addf(out, "%.10s", b->commit);
	else if (b->version)
		strbuf_adds(out, b->version);
	else
		strbuf_addf(out, "%.10s", b->binary_sha256 ? b->binary_sha256 : "?");
	if (b->profile_sha256)
		strbuf_adds(out, " with PGO");
}

bool history_same_build(const struct history_build *a, const struct history_build *b)
{
	if (!str_eq(a->engine, b->engine) || !str_eq(a->profile_sha256, b->profile_sha256))
		return false;
	if (a->commit || b->commit)
		return str_eq(a->commit, b->commit);
	if (a->binary_sha256 || b->binary_sha256)
		return str_eq(a->binary_sha256, b->binary_sha256);
	return str_eq(a->version, b->version);
}
