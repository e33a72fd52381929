/* The report for machines; docs/report.md documents the shape. */
#include "base/clock.h"
#include "benchmarker/report_classes.h"
#include "benchmarker/report_latency.h"
#include "benchmarker/report_machine.h"
#include "benchmarker/report_noise.h"
#include "benchmarker/report_pgo.h"
#include "benchmarker/report_summary.h"

#include <cjson/cJSON.h>
#include <math.h>

/* A document under construction: the first failure to add anything stays. */
struct json {
	cJSON *root;
	bool failed;
};

static void json_release(struct json *j)
{
	cJSON_Delete(j->root);
	j->root = NULL;
}

/* Puts item under name, or at the end of an array if name is NULL. Returns it, NULL after a failure. */
static cJSON *put(struct json *j, cJSON *to, const char *name, cJSON *item)
{
	if (item && to && (name ? cJSON_AddItemToObject(to, name, item) : cJSON_AddItemToArray(to, item)))
		return item;
	cJSON_Delete(item);
	j->failed = true;
	return NULL;
}

static void put_string(struct json *j, cJSON *to, const char *name, const char *s)
{
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(REPORT_MAX_BYTES);
	char c[5];
	size_t len;
	if (!s) {
		put(j, to, name, cJSON_CreateNull());
		return;
	}
	while ((len = report_next_char(&s, c)) > 0)
		strbuf_add(&text, c, len);
	if (text.failed)
		j->failed = true;
	put(j, to, name, cJSON_CreateString(text.data));
}

static void put_number(struct json *j, cJSON *to, const char *name, double value)
{
	put(j, to, name, isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull());
}

/* 64 bits do not fit a JSON reader's double. */
static void put_u64(struct json *j, cJSON *to, const char *name, unsigned long long value)
{
	char text[32];
	snprintf(text, sizeof text, "%llu", value);
	put_string(j, to, name, text);
}

static void put_time(struct json *j, cJSON *to, const char *name, int64_t unix_seconds)
{
	char utc[21];
	if (unix_seconds)
		clock_format_utc(unix_seconds, utc);
	put_string(j, to, name, unix_seconds ? utc : NULL);
}

static void put_run(struct json *j, const struct report *r)
{
	cJSON *run = put(j, j->root, "run", cJSON_CreateObject());
	put_string(j, run, "id", r->run_id);
	put_string(j, run, "title", r->title);
	put_string(j, run, "dbdyno_version", r->dbdyno_version);
	put_string(j, run, "command_line", r->command_line);
	put_time(j, run, "started_utc", r->started_unix);
	put_time(j, run, "ended_utc", r->ended_unix);
	put_string(j, run, "machine", r->machine);
	put_string(j, run, "pairing", r->pairing);
	put_number(j, run, "threads", r->threads);
	put_number(j, run, "rate_per_second", r->rate > 0 ? r->rate : NAN);
	put_number(j, run, "table_size_rows", (double)r->table_size);
	put_u64(j, run, "seed", r->seed);
	put_number(j, run, "margin_fraction", r->margin);
}

static void put_server(struct json *j, const char *name, const struct report_server *s)
{
	cJSON *server = put(j, j->root, name, cJSON_CreateObject());
	put_string(j, server, "label", s->label);
	put_string(j, server, "engine", s->engine);
	put_string(j, server, "version", s->version);
	put_string(j, server, "commit", s->commit);
	put_string(j, server, "reported_version", s->reported_version);
	put_string(j, server, "binary_sha256", s->binary_sha256);
	put_string(j, server, "profile_sha256", s->profile_sha256);
	put_string(j, server, "go_version", s->go_version);
}

static void put_latency(struct json *j, cJSON *side, const struct report *r, const struct report_latency *l)
{
	cJSON *latency = put(j, side, "latency", cJSON_CreateObject());
	for (int i = 0; i < REPORT_PERCENTILES; i++) {
		const struct report_percentile *p = &l->percentiles[i];
		cJSON *percentile = put(j, latency, report_percentile_keys[i], cJSON_CreateObject());
		put_number(j, percentile, "ms", p->ms);
		put_number(j, percentile, "low_95_ms", p->low_ms);
		put_number(j, percentile, "high_95_ms", p->high_ms);
	}
	put_number(j, latency, "max_ms", l->max_ms);
	put_number(j, latency, "events", (double)l->events);
	put_number(j, latency, "events_over_timeout", (double)l->over_timeout);
	put_number(j, latency, "events_over_range", (double)l->over_range);
	put_number(j, latency, "ignored_errors", (double)l->ignored_errors);
	put_number(j, latency, "reconnects", (double)l->reconnects);
	if (!(r->rate > 0))
		return;
	put_number(j, latency, "backlog_events", (double)l->backlog);
	put_number(j, latency, "unserved_events", (double)l->unserved);
	put_number(j, latency, "lag_max_ms", l->lag_max_ms);
	put(j, latency, "overloaded", cJSON_CreateBool(report_is_overloaded(l)));
}

static cJSON *put_side(struct json *j, cJSON *test, const char *name, double tps, double mean_ms, double p95_ms,
		       double seconds)
{
	cJSON *side = put(j, test, name, cJSON_CreateObject());
	put_number(j, side, "transactions_per_second", tps);
	put_number(j, side, "latency_mean_ms", mean_ms);
	put_number(j, side, "latency_p95_ms", p95_ms);
	put_number(j, side, "load_seconds", seconds);
	return side;
}

static void put_class_side(struct json *j, cJSON *class, const char *name, const struct report_class_side *s)
{
	cJSON *side = put(j, class, name, cJSON_CreateObject());
	put_number(j, side, "events", (double)s->events);
	put_number(j, side, "rollbacks", (double)s->rollbacks);
	put_number(j, side, "per_minute", s->per_minute);
	put_number(j, side, "latency_mean_ms", s->mean_ms);
	put_number(j, side, "latency_p50_ms", s->p50_ms);
	put_number(j, side, "latency_p90_ms", s->p90_ms);
	put_number(j, side, "latency_p95_ms", s->p95_ms);
	put_number(j, side, "latency_p99_ms", s->p99_ms);
}

static void put_classes(struct json *j, cJSON *test, const struct report_test *t)
{
	if (!t->classes_len)
		return;
	put_string(j, test, "transactions_note", report_classes_note);
	cJSON *classes = put(j, test, "transactions", cJSON_CreateArray());
	for (size_t i = 0; i < t->classes_len; i++) {
		cJSON *class = put(j, classes, NULL, cJSON_CreateObject());
		put_string(j, class, "name", t->classes[i].name);
		put_class_side(j, class, "from", &t->classes[i].from);
		put_class_side(j, class, "to", &t->classes[i].to);
	}
}

static void put_cost(struct json *j, cJSON *side, const struct machine_cost *c)
{
	cJSON *cost = put(j, side, "cost", cJSON_CreateObject());
	put_number(j, cost, "server_cpu_us_per_transaction", c->server_cpu_us);
	put_number(j, cost, "client_cpu_us_per_transaction", c->client_cpu_us);
	put_number(j, cost, "switches_per_transaction", c->switches);
	put_number(j, cost, "written_bytes_per_transaction", c->written_bytes);
	put_number(j, cost, "read_bytes_per_transaction", c->read_bytes);
	put_number(j, cost, "minor_faults_per_transaction", c->minor_faults);
	put_number(j, cost, "major_faults_per_transaction", c->major_faults);
	put_number(j, cost, "peak_memory_bytes", c->peak_bytes);
}

/* Of runs that did not record starts nothing is known. */
static void put_spread(struct json *j, cJSON *ratio, const struct estimate *e)
{
	if (!e->starts)
		return;
	put_number(j, ratio, "starts", (double)e->starts);
	put_number(j, ratio, "standard_error", e->error);
	put_number(j, ratio, "degrees_of_freedom", e->df);
	put_number(j, ratio, "within_start_sd", e->within_sd);
	put_number(j, ratio, "between_starts_sd", e->start_sd);
}

static void put_noise(struct json *j, cJSON *test, const struct comparison *c)
{
	const struct estimate *e = report_deciding(c);
	if (!e->starts)
		return;
	cJSON *noise = put(j, test, "noise", cJSON_CreateObject());
	put_number(j, noise, "low_all_tests", isinf(e->family_high) ? NAN : e->family_low);
	put_number(j, noise, "high_all_tests", e->family_high);
	put_number(j, noise, "detectable_slowdown_80", c->detectable_80);
	put_number(j, noise, "detectable_slowdown_90", c->detectable_90);
	put_number(j, noise, "needed_starts", c->needed_starts);
}

static void put_mean(struct json *j, const struct report *r)
{
	const struct estimate *e = &r->mean;
	if (!e->starts)
		return;
	cJSON *mean = put(j, j->root, "geometric_mean", cJSON_CreateObject());
	put_string(j, mean, "metric", metric_name(report_metric(r)));
	put_number(j, mean, "ratio", e->ratio);
	put_number(j, mean, "low_95", isinf(e->high) ? NAN : e->low);
	put_number(j, mean, "high_95", e->high);
	put_spread(j, mean, e);
}

static void put_start_variation(struct json *j, const struct report *r)
{
	struct start_variation v;
	if (report_start_variation(r, &v, NULL) < 0) {
		j->failed = true;
		return;
	}
	if (!v.starts && !v.assuming)
		return;
	cJSON *variation = put(j, j->root, "start_variation", cJSON_CreateObject());
	put_number(j, variation, "fraction", v.sd);
	put_number(j, variation, "starts", (double)v.starts);
	put_number(j, variation, "assumed_fraction", v.assumed);
	put_number(j, variation, "assuming_tests", (double)v.assuming);
}

static void put_test(struct json *j, const struct report *r, cJSON *tests, const struct report_test *t)
{
	cJSON *test = put(j, tests, NULL, cJSON_CreateObject());
	put_string(j, test, "name", t->name);
	put_string(j, test, "error", t->error);
	if (t->error)
		return;
	put_string(j, test, "verdict", verdict_name(t->comparison.verdict));
	put_string(j, test, "reason", t->comparison.reason);
	put_string(j, test, "decided_by", metric_name(t->comparison.metric));
	put_noise(j, test, &t->comparison);
	cJSON *from = put_side(j, test, "from", t->from_tps, t->from_mean_ms, t->from_p95_ms, t->from_seconds);
	cJSON *to = put_side(j, test, "to", t->to_tps, t->to_mean_ms, t->to_p95_ms, t->to_seconds);
	if (report_has_latency(t)) {
		put_latency(j, from, r, &t->from_latency);
		put_latency(j, to, r, &t->to_latency);
	}
	if (report_has_cost(t)) {
		put_cost(j, from, &t->from_cost);
		put_cost(j, to, &t->to_cost);
	}
	cJSON *ratios = put(j, test, "ratios", cJSON_CreateObject());
	for (enum metric m = 0; m < METRIC_COUNT; m++) {
		const struct estimate *e = &t->comparison.metrics[m];
		cJSON *ratio = put(j, ratios, metric_name(m), cJSON_CreateObject());
		put_number(j, ratio, "ratio", e->ratio);
		put_number(j, ratio, "low_95", e->low);
		put_number(j, ratio, "high_95", e->high);
		put_number(j, ratio, "pairs", (double)e->pairs);
		put_number(j, ratio, "batches", (double)e->batches);
		put_spread(j, ratio, e);
	}
	char name[64];
	snprintf(name, sizeof name, "pair_%s_log_ratios", metric_name(t->comparison.metric));
	cJSON *pairs = put(j, test, name, cJSON_CreateArray());
	for (size_t i = 0; i < t->pair_log_ratios_len; i++)
		put_number(j, pairs, NULL, t->pair_log_ratios[i]);
	put_classes(j, test, t);
}

static void put_summary(struct json *j, const struct report *r)
{
	struct report_summary s;
	report_summarise(r, &s);
	cJSON *summary = put(j, j->root, "summary", cJSON_CreateObject());
	put_string(j, summary, "verdict", verdict_name(report_verdict(&s)));
	put_number(j, summary, "tests", (double)r->tests_len);
	for (enum verdict v = 0; v < REPORT_VERDICTS; v++)
		put_number(j, summary, verdict_name(v), (double)s.count[v]);
	put_number(j, summary, "failed", (double)s.failed);
}

static void put_build(struct json *j, cJSON *pgo, const char *name, const struct report_server *s, double peak)
{
	cJSON *build = put(j, pgo, name, cJSON_CreateObject());
	put_number(j, build, "build_seconds", s->build_seconds > 0 ? s->build_seconds : NAN);
	put_number(j, build, "binary_bytes", s->binary_bytes ? (double)s->binary_bytes : NAN);
	put_number(j, build, "peak_memory_bytes", peak);
}

static void put_cell(struct json *j, cJSON *cells, const struct report_validation_row *row, const char *test,
		     const struct report_cell *c)
{
	cJSON *cell = put(j, cells, NULL, cJSON_CreateObject());
	put_string(j, cell, "profile", row->profile);
	put_string(j, cell, "test", test);
	put_string(j, cell, "folder", row->folder);
	put_string(j, cell, "state", pgo_cell_name(c->state));
	put_string(j, cell, "error", c->error);
	if (c->state != PGO_CELL_MEASURED)
		return;
	const struct estimate *e = report_deciding(&c->comparison);
	put_string(j, cell, "verdict", verdict_name(c->comparison.verdict));
	put_string(j, cell, "reason", c->comparison.reason);
	put_string(j, cell, "decided_by", metric_name(c->comparison.metric));
	put_number(j, cell, "ratio", e->ratio);
	put_number(j, cell, "low_95", isinf(e->high) ? NAN : e->low);
	put_number(j, cell, "high_95", e->high);
	put_number(j, cell, "low_all_cells", isinf(e->family_high) ? NAN : e->family_low);
	put_number(j, cell, "high_all_cells", e->family_high);
	put_number(j, cell, "p_value", e->p_value);
	put_number(j, cell, "starts", (double)e->starts);
}

static void put_validation(struct json *j, cJSON *pgo, const struct report_validation *v)
{
	if (!v->rows_len)
		return;
	cJSON *cells = put(j, pgo, "validation", cJSON_CreateArray());
	for (size_t i = 0; i < v->rows_len; i++)
		for (size_t c = 0; c < v->tests_len; c++)
			put_cell(j, cells, &v->rows[i], v->tests[c], &v->rows[i].cells[c]);
}

/* Of a pgo run alone. */
static void put_pgo(struct json *j, const struct report *r)
{
	CLEANUP(strbuf) struct strbuf reason = STRBUF_INIT(64 << 10);
	if (r->decision == PGO_NONE)
		return;
	report_add_pgo_reason(r, &report_plain, &reason);
	cJSON *pgo = put(j, j->root, "pgo", cJSON_CreateObject());
	put_string(j, pgo, "decision", pgo_decision_name(r->decision));
	put_string(j, pgo, "reason", reason.data);
	put_build(j, pgo, "from", &r->from, report_peak_bytes(r, false));
	put_build(j, pgo, "to", &r->to, report_peak_bytes(r, true));
	put_validation(j, pgo, &r->validation);
}

static void put_remarks(struct json *j, cJSON *usage, const struct report *r)
{
	CLEANUP(strlist) struct strlist advice = STRLIST_INIT;
	if (machine_advice(&r->usage.machine, &advice, NULL) < 0)
		j->failed = true;
	cJSON *list = put(j, usage, "advice", cJSON_CreateArray());
	for (size_t i = 0; i < advice.len; i++)
		put_string(j, list, NULL, advice.items[i]);
}

static void put_usage(struct json *j, const struct report *r)
{
	const struct report_usage *u = &r->usage;
	const struct machine_summary *m = &u->machine;
	if (!report_has_machine(r))
		return;
	cJSON *usage = put(j, j->root, "machine_usage", cJSON_CreateObject());
	put_number(j, usage, "slices", (double)m->slices);
	put_number(j, usage, "cpus", m->cpus ? m->cpus : (double)NAN);
	put_number(j, usage, "steal_fraction_median", m->steal_median);
	put_number(j, usage, "steal_fraction_worst", m->steal_worst);
	put_number(j, usage, "others_fraction_median", m->others_median);
	put_number(j, usage, "others_fraction_worst", m->others_worst);
	put_number(j, usage, "throttled_fraction", m->throttled);
	put_number(j, usage, "throttled_seconds", m->throttled_seconds);
	put_number(j, usage, "pressure_cpu_fraction", m->pressure_cpu);
	put_number(j, usage, "pressure_io_fraction", m->pressure_io);
	put_number(j, usage, "pressure_memory_fraction", m->pressure_memory);
	put_number(j, usage, "suspended_seconds", m->suspended_seconds);
	put_number(j, usage, "oom_kills", m->oom_kills);
	put_number(j, usage, "blocks", (double)u->blocks);
	put_number(j, usage, "contaminated_blocks", (double)u->contaminated_blocks);
	put_number(j, usage, "replaced_blocks", (double)u->replaced_blocks);
	cJSON *reasons = put(j, usage, "reasons", cJSON_CreateArray());
	for (size_t i = 0; i < u->reasons_len; i++) {
		cJSON *reason = put(j, reasons, NULL, cJSON_CreateObject());
		put_string(j, reason, "text", u->reasons[i].text);
		put_number(j, reason, "blocks", (double)u->reasons[i].blocks);
	}
	put_remarks(j, usage, r);
}

static void put_lists(struct json *j, const struct report *r)
{
	cJSON *notes = put(j, j->root, "notes", cJSON_CreateArray());
	for (size_t i = 0; i < r->notes_len; i++) {
		cJSON *note = put(j, notes, NULL, cJSON_CreateObject());
		put_string(j, note, "level", r->notes[i].level);
		put_string(j, note, "test", r->notes[i].test);
		put_string(j, note, "text", r->notes[i].text);
	}
	cJSON *queries = put(j, j->root, "queries", cJSON_CreateArray());
	for (size_t i = 0; i < r->queries_len; i++) {
		cJSON *query = put(j, queries, NULL, cJSON_CreateObject());
		put_string(j, query, "sql", r->queries[i].sql);
		put_string(j, query, "error", r->queries[i].error);
		put_string(j, query, "csv", r->queries[i].csv);
	}
	cJSON *profiles = put(j, j->root, "profiles", cJSON_CreateArray());
	for (size_t i = 0; i < r->profiles_len; i++) {
		cJSON *profile = put(j, profiles, NULL, cJSON_CreateObject());
		put_string(j, profile, "name", r->profiles[i].name);
		put_string(j, profile, "file", r->profiles[i].file);
		put_number(j, profile, "samples", (double)r->profiles[i].samples);
		put_number(j, profile, "load_seconds", r->profiles[i].seconds);
	}
}

static void put_cpu(struct json *j, cJSON *parent, const char *name, const struct report_cpu *c)
{
	cJSON *cpu = put(j, parent, name, cJSON_CreateObject());
	put_number(j, cpu, "from_us", c->from_us);
	put_number(j, cpu, "to_us", c->to_us);
	put_number(j, cpu, "delta_us", c->delta_us);
	put_number(j, cpu, "error_us", c->error_us);
	put(j, cpu, "beyond_sampling_error", cJSON_CreateBool(c->significant));
}

static void put_why(struct json *j, cJSON *whys, const struct report_why *w)
{
	cJSON *why = put(j, whys, NULL, cJSON_CreateObject());
	put_string(j, why, "test", w->test);
	put_string(j, why, "error", w->error);
	if (w->error)
		return;
	put_cpu(j, why, "cpu_per_transaction", &w->all);
	put_number(j, why, "from_samples", (double)w->from_samples);
	put_number(j, why, "to_samples", (double)w->to_samples);
	put_number(j, why, "from_transactions", (double)w->from_transactions);
	put_number(j, why, "to_transactions", (double)w->to_transactions);
	put_string(j, why, "from_profile", w->from_file);
	put_string(j, why, "to_profile", w->to_file);
	cJSON *functions = put(j, why, "functions", cJSON_CreateArray());
	for (size_t i = 0; i < w->functions_len; i++) {
		cJSON *function = put(j, functions, NULL, cJSON_CreateObject());
		put_string(j, function, "name", w->functions[i].name);
		put_cpu(j, function, "own", &w->functions[i].own);
		put_cpu(j, function, "with_callees", &w->functions[i].with_callees);
	}
}

static void put_whys(struct json *j, const struct report *r)
{
	if (!r->whys_len)
		return;
	cJSON *whys = put(j, j->root, "why", cJSON_CreateArray());
	for (size_t i = 0; i < r->whys_len; i++)
		put_why(j, whys, &r->whys[i]);
}

int report_json(const struct report *r, struct strbuf *out, struct error *err)
{
	CLEANUP(json) struct json j = { .root = cJSON_CreateObject() };
	CLEANUP(strbuf) struct strbuf headline = STRBUF_INIT(64 << 10);
	if (report_headline(r, &headline, err) < 0)
		return -1;
	put_string(&j, j.root, "format", "dbdyno-report");
	put_number(&j, j.root, "format_version", 1);
	put_string(&j, j.root, "headline", headline.data);
	put_string(&j, j.root, "status", r->status);
	put_string(&j, j.root, "error", r->error);
	put_summary(&j, r);
	put_mean(&j, r);
	put_start_variation(&j, r);
	put_pgo(&j, r);
	put_run(&j, r);
	put_server(&j, "from", &r->from);
	put_server(&j, "to", &r->to);
	cJSON *tests = put(&j, j.root, "tests", cJSON_CreateArray());
	for (size_t i = 0; i < r->tests_len; i++)
		put_test(&j, r, tests, &r->tests[i]);
	put_whys(&j, r);
	put_usage(&j, r);
	put_lists(&j, r);
	AUTO_FREE char *text = j.failed ? NULL : cJSON_Print(j.root);
	if (!text)
		return error_oom(err);
	strbuf_adds(out, text);
	strbuf_addc(out, '\n');
	return strbuf_check(out, err);
}
