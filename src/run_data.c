#include "run_data.h"

#include "benchmarker/server.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

void run_data_release(struct run_data *d)
{
	results_run_row_release(&d->run);
	results_servers_release(&d->servers);
	results_tests_release(&d->listed);
	results_comparisons_release(&d->comparisons);
	results_profiles_release(&d->profiles);
	results_events_release(&d->events);
	results_cells_release(&d->cells);
	for (size_t i = 0; i < d->log_ratios_len; i++)
		free(d->log_ratios[i]);
	free(d->log_ratios);
	for (size_t i = 0; i < d->classes_len; i++)
		free(d->classes[i]);
	free(d->classes);
	results_machine_release(&d->machine);
	free(d->steal);
	free(d->others);
	free(d->contaminated);
	free(d->reasons);
	free(d->tests);
	free(d->notes);
	free(d->validation_tests);
	free(d->validation_rows);
	free(d->validation_cells);
	free(d->report_profiles);
	strlist_release(&d->owned);
	why_data_release(&d->why);
	*d = (struct run_data)RUN_DATA_INIT;
}

const char *run_data_test_error(const struct results_events *events, const char *test)
{
	for (size_t i = 0; i < events->len; i++)
		if (events->items[i].test && strcmp(events->items[i].test, test) == 0 &&
		    strcmp(events->items[i].level, "error") == 0)
			return events->items[i].message;
	return NULL;
}

/* log(to/from) of each pair, by the metric that the verdict rests on; pairs without events on a side are left out. */
static int load_log_ratios(struct run_data *d, struct results *r, struct report_test *t, struct error *err)
{
	CLEANUP(results_pairs) struct results_pairs pairs = { 0 };
	if (results_load_pairs(r, t->name, &pairs, err) < 0)
		return -1;
	double *values = calloc(pairs.pairs_len + 1, sizeof *values);
	if (!values)
		return error_oom(err);
	d->log_ratios[d->log_ratios_len++] = values;
	for (size_t i = 0; i < pairs.pairs_len; i++) {
		double ratio = statistics_log_ratio(&pairs.pairs[i], t->comparison.metric);
		if (!isnan(ratio))
			values[t->pair_log_ratios_len++] = ratio;
	}
	t->pair_log_ratios = values;
	return 0;
}

static struct report_class_side class_side(const struct results_class *c, double seconds)
{
	return (struct report_class_side){
		.events = c->events,
		.rollbacks = c->rollbacks,
		.per_minute = 60 * (double)c->events / seconds,
		.mean_ms = c->mean_ms,
		.p50_ms = c->p50_ms,
		.p90_ms = c->p90_ms,
		.p95_ms = c->p95_ms,
		.p99_ms = c->p99_ms,
	};
}

/* The classes that had events on either side; the test has the same on both. */
static int load_classes(struct run_data *d, struct results *r, struct report_test *t, struct error *err)
{
	CLEANUP(results_classes) struct results_classes from = { 0 }, to = { 0 };
	if (results_read_classes(r, t->name, SIDE_FROM, &from, err) < 0 ||
	    results_read_classes(r, t->name, SIDE_TO, &to, err) < 0)
		return -1;
	if (from.len == 0 || from.len != to.len)
		return 0;
	struct report_class *classes = calloc(from.len, sizeof *classes);
	if (!classes)
		return error_oom(err);
	d->classes[d->classes_len++] = classes;
	t->classes = classes;
	for (size_t i = 0; i < from.len; i++) {
		if (from.items[i].events + to.items[i].events == 0)
			continue;
		if (strlist_add(&d->owned, from.items[i].name ? from.items[i].name : "?") < 0)
			return error_oom(err);
		classes[t->classes_len++] = (struct report_class){
			.name = d->owned.items[d->owned.len - 1],
			.from = class_side(&from.items[i], t->from_seconds),
			.to = class_side(&to.items[i], t->to_seconds),
		};
	}
	return 0;
}

static struct report_latency latency_of(const struct results_latency *l)
{
	struct report_latency r = {
		.events = l->events,
		.max_ms = l->max_ms,
		.over_timeout = l->over_timeout,
		.over_range = l->over_range,
		.ignored_errors = l->ignored_errors,
		.reconnects = l->reconnects,
		.backlog = l->backlog,
		.unserved = l->unserved,
		.lag_max_ms = l->lag_max_ms,
	};
	_Static_assert(REPORT_PERCENTILES == RESULTS_PERCENTILES, "the same percentiles");
	for (size_t i = 0; i < REPORT_PERCENTILES; i++)
		r.percentiles[i] = (struct report_percentile){ l->percentiles[i].value_ms, l->percentiles[i].low_ms,
							       l->percentiles[i].high_ms };
	return r;
}

static int load_latencies(struct run_data *d, struct results *r, struct report_test *t, struct error *err)
{
	struct results_latency from, to;
	uint64_t timeout_ns = (uint64_t)(d->report.event_timeout_seconds * 1e9);
	if (results_read_latency(r, t->name, SIDE_FROM, timeout_ns, &from, err) < 0 ||
	    results_read_latency(r, t->name, SIDE_TO, timeout_ns, &to, err) < 0)
		return -1;
	t->from_latency = latency_of(&from);
	t->to_latency = latency_of(&to);
	return 0;
}

/* The slices of a test on one side. */
static int load_cost(const struct run_data *d, const char *test, enum side side, struct machine_cost *ret,
		     bool *ret_any, struct error *err)
{
	size_t n = 0;
	AUTO_FREE struct machine_usage *slices = calloc(d->machine.len + 1, sizeof *slices);
	AUTO_FREE uint64_t *events = calloc(d->machine.len + 1, sizeof *events);
	if (!slices || !events)
		return error_oom(err);
	for (size_t i = 0; i < d->machine.len; i++) {
		const struct results_machine_slice *s = &d->machine.items[i];
		if (s->side != side || strcmp(s->test, test) != 0)
			continue;
		slices[n] = s->usage;
		events[n++] = s->events;
	}
	machine_cost(slices, events, n, ret);
	*ret_any |= n > 0;
	return 0;
}

static int load_test(struct run_data *d, struct results *r, const char *name, struct report_test *t, struct error *err)
{
	struct results_summary from, to;
	*t = (struct report_test){ .name = name, .error = run_data_test_error(&d->events, name) };
	if (t->error)
		return 0;
	for (size_t i = 0; i < d->comparisons.len; i++)
		if (strcmp(d->comparisons.items[i].test, name) == 0)
			t->comparison = d->comparisons.items[i].comparison;
	if (results_read_summary(r, name, SIDE_FROM, &from, err) < 0 ||
	    results_read_summary(r, name, SIDE_TO, &to, err) < 0 || load_log_ratios(d, r, t, err) < 0)
		return -1;
	t->from_tps = from.events_per_second;
	t->to_tps = to.events_per_second;
	t->from_mean_ms = from.latency_mean_ms;
	t->to_mean_ms = to.latency_mean_ms;
	t->from_p95_ms = from.latency_p95_ms;
	t->to_p95_ms = to.latency_p95_ms;
	if (load_cost(d, name, SIDE_FROM, &t->from_cost, &t->has_cost, err) < 0 ||
	    load_cost(d, name, SIDE_TO, &t->to_cost, &t->has_cost, err) < 0)
		return -1;
	t->from_seconds = from.seconds;
	t->to_seconds = to.seconds;
	return load_latencies(d, r, t, err) < 0 ? -1 : load_classes(d, r, t, err);
}

static bool has_test(const struct run_data *d, const char *name)
{
	for (size_t i = 0; i < d->report.tests_len; i++)
		if (strcmp(d->tests[i].name, name) == 0)
			return true;
	return false;
}

/* The tests that have slices, then those that failed before their first one. */
static int load_tests(struct run_data *d, struct results *r, struct error *err)
{
	size_t most = d->listed.len + d->events.len;
	d->tests = calloc(most + 1, sizeof *d->tests);
	d->log_ratios = calloc(most + 1, sizeof *d->log_ratios);
	d->classes = calloc(most + 1, sizeof *d->classes);
	if (!d->tests || !d->log_ratios || !d->classes)
		return error_oom(err);
	for (size_t i = 0; i < d->listed.len; i++)
		if (load_test(d, r, d->listed.tests[i].name, &d->tests[d->report.tests_len++], err) < 0)
			return -1;
	for (size_t i = 0; i < d->events.len; i++) {
		const char *name = d->events.items[i].test;
		if (name && strcmp(d->events.items[i].level, "error") == 0 && !has_test(d, name) &&
		    load_test(d, r, name, &d->tests[d->report.tests_len++], err) < 0)
			return -1;
	}
	d->report.tests = d->tests;
	return 0;
}

/* Counts the blocks, those that are contaminated, and why: by the first reason of each. */
static void count_blocks(struct run_data *d, struct report_usage *u)
{
	for (size_t i = 0; i < d->machine.len;) {
		const struct results_machine_slice *first = &d->machine.items[i];
		const char *reason = NULL;
		size_t end = i;
		for (; end < d->machine.len && d->machine.items[end].block == first->block &&
		       strcmp(d->machine.items[end].test, first->test) == 0;
		     end++)
			reason = reason ? reason : d->machine.items[end].contaminated;
		i = end;
		u->blocks++;
		if (!reason)
			continue;
		u->contaminated_blocks++;
		u->replaced_blocks += first->replaced;
		size_t k = 0;
		while (k < u->reasons_len && strcmp(d->reasons[k].text, reason) != 0)
			k++;
		if (k == u->reasons_len)
			d->reasons[u->reasons_len++].text = reason;
		d->reasons[k].blocks++;
	}
	u->reasons = d->reasons;
}

static int load_machine(struct run_data *d, struct error *err)
{
	size_t n = d->machine.len;
	struct report_usage *u = &d->report.usage;
	AUTO_FREE struct machine_usage *slices = calloc(n + 1, sizeof *slices);
	d->steal = calloc(n + 1, sizeof *d->steal);
	d->others = calloc(n + 1, sizeof *d->others);
	d->contaminated = calloc(n + 1, sizeof *d->contaminated);
	d->reasons = calloc(n + 1, sizeof *d->reasons);
	if (!slices || !d->steal || !d->others || !d->contaminated || !d->reasons)
		return error_oom(err);
	for (size_t i = 0; i < n; i++) {
		slices[i] = d->machine.items[i].usage;
		d->steal[i] = machine_usage_cpu_share(&slices[i], slices[i].steal_ns);
		d->others[i] = machine_usage_cpu_share(&slices[i], slices[i].others_ns);
		d->contaminated[i] = d->machine.items[i].contaminated != NULL;
	}
	u->steal = d->steal;
	u->others = d->others;
	u->contaminated = d->contaminated;
	u->slices_len = n;
	count_blocks(d, u);
	return machine_summarise(slices, n, &u->machine, err);
}

static int load_notes(struct run_data *d, struct error *err)
{
	d->notes = calloc(d->events.len + 1, sizeof *d->notes);
	d->report_profiles = calloc(d->profiles.len + 1, sizeof *d->report_profiles);
	if (!d->notes || !d->report_profiles)
		return error_oom(err);
	for (size_t i = 0; i < d->events.len; i++) {
		const struct results_event *e = &d->events.items[i];
		if (e->test && strcmp(e->level, "error") == 0)
			continue; /* stands with its test */
		d->notes[d->report.notes_len++] =
			(struct report_note){ .level = e->level, .test = e->test, .text = e->message };
	}
	for (size_t i = 0; i < d->profiles.len; i++) {
		const struct results_profile *p = &d->profiles.items[i];
		d->report_profiles[d->report.profiles_len++] = (struct report_profile){
			.name = p->test ? p->test : "all tests",
			.file = p->file,
			.samples = p->samples,
			.seconds = (double)p->duration_ns / 1e9,
		};
	}
	d->report.notes = d->notes;
	d->report.profiles = d->report_profiles;
	return 0;
}

static struct report_server server_of(const struct results_server *s, const char *label)
{
	return (struct report_server){
		.label = label,
		.engine = s->engine,
		.version = s->asked_version,
		.commit = s->commit,
		.program = s->commit ? NULL : s->exec,
		.reported_version = s->reported_version,
		.binary_sha256 = s->binary_sha256,
		.profile_sha256 = s->profile_sha256,
		.go_version = s->go_version,
		.build_seconds = (double)s->build_ns / 1e9,
		.binary_bytes = s->binary_bytes,
	};
}

/* A name for people: commit cut to 7, else version, and whether it was built with a profile. */
static void add_name(struct strbuf *out, const struct report_server *s)
{
	if (s->commit)
		strbuf_addf(out, "%.7s", s->commit);
	else if (s->version && (!s->reported_version || server_version_fits(s->version, s->reported_version)))
		strbuf_adds(out, s->version);
	else
		strbuf_adds(out, s->reported_version ? s->reported_version : "?");
	if (s->profile_sha256)
		strbuf_adds(out, " with PGO");
}

static int load_title(struct run_data *d, struct error *err)
{
	CLEANUP(strbuf) struct strbuf title = STRBUF_INIT(1024);
	struct report *r = &d->report;
	for (size_t i = 0; i < d->servers.len; i++) {
		const struct results_server *s = &d->servers.servers[i];
		*(s->side == SIDE_FROM ? &r->from : &r->to) = server_of(s, s->side == SIDE_FROM ? "from" : "to");
	}
	strbuf_addf(&title, "%s ", r->from.engine ? r->from.engine : "");
	add_name(&title, &r->from);
	if (r->to.engine) {
		strbuf_adds(&title, " → ");
		if (!str_eq(r->from.engine, r->to.engine))
			strbuf_addf(&title, "%s ", r->to.engine);
		add_name(&title, &r->to);
	}
	if (strbuf_check(&title, err) < 0 || strlist_add(&d->owned, title.data) < 0)
		return error_oom(err);
	r->title = d->owned.items[d->owned.len - 1];
	return 0;
}

static double number(const cJSON *o, const char *key)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, key);
	return cJSON_IsNumber(v) ? v->valuedouble : 0;
}

/* What the run recorded of its options and its machine. */
static int load_settings(struct run_data *d, struct error *err)
{
	struct report *r = &d->report;
	cJSON *config = cJSON_Parse(d->run.run.config_json), *machine = cJSON_Parse(d->run.run.machine_json);
	r->threads = (unsigned)number(config, "threads");
	r->table_size = (unsigned long long)number(config, "table-size");
	r->margin = number(config, "margin");
	r->rate = number(config, "rate");
	double timeout = number(config, "event-timeout");
	r->event_timeout_seconds = timeout > 0 && timeout <= 86400 ? timeout : 0;
	const cJSON *line = cJSON_GetObjectItemCaseSensitive(config, "command_line"),
		    *text = cJSON_GetObjectItemCaseSensitive(machine, "text");
	if (cJSON_IsString(line) && strlist_add(&d->owned, line->valuestring) == 0)
		r->command_line = d->owned.items[d->owned.len - 1];
	if (cJSON_IsString(text) && strlist_add(&d->owned, text->valuestring) == 0)
		r->machine = d->owned.items[d->owned.len - 1];
	cJSON_Delete(config);
	cJSON_Delete(machine);
	return strlist_check(&d->owned, err);
}

/* The stored cells stand row after row; the first row says which tests are the columns. */
static size_t count_columns(const struct results_cells *c)
{
	size_t n = 0;
	while (n < c->len && str_eq(c->items[n].profile, c->items[0].profile))
		n++;
	return n;
}

static int load_validation(struct run_data *d, struct error *err)
{
	const struct results_cells *all = &d->cells;
	size_t columns = count_columns(all), rows = columns ? all->len / columns : 0;
	d->validation_tests = calloc(columns + 1, sizeof *d->validation_tests);
	d->validation_rows = calloc(rows + 1, sizeof *d->validation_rows);
	d->validation_cells = calloc(all->len + 1, sizeof *d->validation_cells);
	if (!d->validation_tests || !d->validation_rows || !d->validation_cells)
		return error_oom(err);
	for (size_t i = 0; i < rows * columns; i++) {
		const struct results_cell *c = &all->items[i];
		if (i < columns)
			d->validation_tests[i] = c->test;
		if (i % columns == 0)
			d->validation_rows[i / columns] = (struct report_validation_row){
				.profile = c->profile, .folder = c->folder, .cells = &d->validation_cells[i]
			};
		d->validation_cells[i] =
			(struct report_cell){ .state = c->state, .error = c->error, .comparison = c->comparison };
	}
	d->report.validation = (struct report_validation){
		.tests = d->validation_tests, .tests_len = columns, .rows = d->validation_rows, .rows_len = rows
	};
	return 0;
}

static int load_why(struct run_data *d, const char *folder, struct error *err)
{
	if (folder && why_data_load(&d->why, folder, d->profiles.items, d->profiles.len, err) < 0)
		return -1;
	d->report.whys = d->why.whys;
	d->report.whys_len = d->why.len;
	return 0;
}

int run_data_load(struct run_data *ret, struct results *r, const char *folder, struct error *err)
{
	struct run_data *d = ret;
	if (results_read_run(r, &d->run, err) < 0 || results_read_servers(r, &d->servers, err) < 0 ||
	    results_list_tests(r, &d->listed, err) < 0 || results_read_comparisons(r, &d->comparisons, err) < 0 ||
	    results_read_profiles(r, &d->profiles, err) < 0 || results_read_events(r, &d->events, err) < 0 ||
	    results_read_machine(r, &d->machine, err) < 0 || results_read_cells(r, &d->cells, err) < 0)
		return -1;
	const struct results_run *run = &d->run.run;
	d->report.run_id = run->id;
	d->report.dbdyno_version = run->dbdyno_version;
	d->report.status = d->run.status;
	d->report.pairing = run->pairing;
	d->report.seed = run->seed;
	d->report.started_unix = run->started_unix;
	d->report.ended_unix = d->run.ended_unix;
	d->report.decision = pgo_decision_parse(d->run.decision);
	for (size_t i = 0; i < d->events.len; i++)
		if (!d->events.items[i].test && strcmp(d->events.items[i].level, "error") == 0)
			d->report.error = d->events.items[i].message;
	enum metric metric = d->comparisons.len ? d->comparisons.items[0].comparison.metric : METRIC_THROUGHPUT;
	return load_settings(d, err) < 0 || load_title(d, err) < 0 || load_tests(d, r, err) < 0 ||
			       results_read_mean(r, metric, &d->report.mean, err) < 0 || load_notes(d, err) < 0 ||
			       load_machine(d, err) < 0 || load_validation(d, err) < 0 || load_why(d, folder, err) < 0
		       ? -1
		       : 0;
}
