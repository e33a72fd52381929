#include "benchmarker/formats.h"

#include "base/cleanup.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

/* What all formats are made of. */
struct facts {
	struct results_run_row run;
	struct results_servers servers;
	struct results_comparisons comparisons;
};

static void facts_release(struct facts *f)
{
	results_run_row_release(&f->run);
	results_servers_release(&f->servers);
	results_comparisons_release(&f->comparisons);
}

static int facts_read(struct facts *f, struct results *r, struct error *err)
{
	return results_read_run(r, &f->run, err) < 0 || results_read_servers(r, &f->servers, err) < 0 ||
			       results_read_comparisons(r, &f->comparisons, err) < 0
		       ? -1
		       : 0;
}

static const char *server_version(const struct results_server *s)
{
	return s->commit ? s->commit : s->asked_version ? s->asked_version : s->reported_version;
}

/* "key: value"; the format has no way to write a line break, and none of these values holds one. */
static void add_key(struct strbuf *out, const char *key, const char *value)
{
	if (value && *value)
		strbuf_addf(out, "%s: %s\n", key, value);
}

/* Keys that differ between the sides would make tables of their own in benchstat: so each side has its names. */
static void add_go_servers(struct strbuf *out, const struct facts *f)
{
	for (size_t i = 0; i < f->servers.len; i++) {
		const struct results_server *s = &f->servers.servers[i];
		bool to = s->side == SIDE_TO;
		add_key(out, to ? "to-engine" : "from-engine", s->engine);
		add_key(out, to ? "to-version" : "from-version", server_version(s));
		add_key(out, to ? "to-profile" : "from-profile", s->profile_sha256);
	}
}

static void add_go_slice(struct strbuf *out, const char *test, const struct sample *s)
{
	double seconds = (double)s->busy_ns / s->threads / 1e9;
	if (s->events == 0 || !(seconds > 0))
		return;
	strbuf_addf(out, "BenchmarkLoad/test=%s/threads=%u %llu %.17g ns/op", test, s->threads,
		    (unsigned long long)s->events, (double)s->latency_sum_ns / (double)s->events);
	double p95 = histogram_quantile_ns(&s->latency, 0.95);
	if (isfinite(p95))
		strbuf_addf(out, " %.17g p95-ns/op", p95);
	strbuf_addf(out, " %.17g tx/s\n", (double)s->events / seconds);
}

static int write_go_benchmark(struct results *r, const struct facts *f, struct strbuf *out, struct error *err)
{
	add_key(out, "run", f->run.run.id);
	add_key(out, "pairing", f->run.run.pairing);
	add_go_servers(out, f);
	strbuf_adds(out, "Unit ns/op better=lower\nUnit p95-ns/op better=lower\nUnit tx/s better=higher\n");
	for (enum side side = SIDE_FROM; side <= SIDE_TO; side++) {
		add_key(out, "side", side_name(side));
		for (size_t i = 0; i < f->comparisons.len; i++) {
			CLEANUP(results_pairs) struct results_pairs pairs = { 0 };
			if (results_load_pairs(r, f->comparisons.items[i].test, &pairs, err) < 0)
				return -1;
			for (size_t p = 0; p < pairs.pairs_len; p++)
				add_go_slice(out, f->comparisons.items[i].test,
					     side == SIDE_FROM ? pairs.pairs[p].from : pairs.pairs[p].to);
		}
	}
	return 0;
}

static bool add_number(cJSON *o, const char *name, double value)
{
	return !isfinite(value) || cJSON_AddNumberToObject(o, name, value);
}

static bool add_measure(cJSON *bench, const char *name, double value, double low, double high)
{
	if (!isfinite(value))
		return true;
	cJSON *m = cJSON_AddObjectToObject(bench, name);
	return m && add_number(m, "value", value) && (isinf(high) || add_number(m, "lower_value", low)) &&
	       add_number(m, "upper_value", high);
}

static bool add_bencher_test(cJSON *all, const struct results_comparison *c, const struct results_summary *to)
{
	static const char *const ratios[METRIC_COUNT] = { "throughput-ratio", "latency-mean-ratio", "latency-p50-ratio",
							  "latency-p95-ratio", "latency-p99-ratio" };
	cJSON *bench = cJSON_AddObjectToObject(all, c->test);
	bool ok = bench && add_measure(bench, "throughput", to->events_per_second, NAN, NAN) &&
		  add_measure(bench, "latency-mean", to->latency_mean_ms * 1e6, NAN, NAN) &&
		  add_measure(bench, "latency-p95", to->latency_p95_ms * 1e6, NAN, NAN);
	for (int m = 0; ok && m < METRIC_COUNT; m++) {
		const struct estimate *e = &c->comparison.metrics[m];
		ok = add_measure(bench, ratios[m], e->ratio, e->low, e->high);
	}
	return ok;
}

/* One entry of github-action-benchmark. */
static bool add_entry(cJSON *all, const char *test, const char *what, const char *unit, double value,
		      const struct results_comparison *c)
{
	const struct estimate *e = &c->comparison.metrics[METRIC_THROUGHPUT];
	const struct estimate *deciding = &c->comparison.metrics[c->comparison.metric];
	if (!isfinite(value))
		return true;
	cJSON *entry = cJSON_CreateObject();
	AUTO_FREE char *name = str_printf(NULL, "%s %s", test, what);
	AUTO_FREE char *extra = str_printf(NULL, "%sratio %.4g, 95 %% interval %.4g to %.4g: %s",
					   c->comparison.metric == METRIC_THROUGHPUT ? "" : "latency ", deciding->ratio,
					   deciding->low, deciding->high, verdict_name(c->comparison.verdict));
	AUTO_FREE char *range = str_printf(NULL, "%.4g to %.4g of the baseline", e->low, e->high);
	if (!cJSON_AddItemToArray(all, entry)) {
		cJSON_Delete(entry);
		return false;
	}
	return name && extra && range && cJSON_AddStringToObject(entry, "name", name) &&
	       cJSON_AddStringToObject(entry, "unit", unit) && cJSON_AddNumberToObject(entry, "value", value) &&
	       cJSON_AddStringToObject(entry, "range", range) && cJSON_AddStringToObject(entry, "extra", extra);
}

/* Bencher's object or the action's array. */
static int write_json(struct results *r, const struct facts *f, enum format format, struct strbuf *out,
		      struct error *err)
{
	cJSON *all = format == FORMAT_BENCHER ? cJSON_CreateObject() : cJSON_CreateArray();
	bool ok = all;
	for (size_t i = 0; ok && i < f->comparisons.len; i++) {
		const struct results_comparison *c = &f->comparisons.items[i];
		struct results_summary to;
		if (results_read_summary(r, c->test, SIDE_TO, &to, err) < 0) {
			cJSON_Delete(all);
			return -1;
		}
		ok = format == FORMAT_BENCHER
			     ? add_bencher_test(all, c, &to)
			     : add_entry(all, c->test, "throughput", "tx/s", to.events_per_second, c) &&
				       add_entry(all, c->test, "throughput ratio", "to/from",
						 c->comparison.metrics[METRIC_THROUGHPUT].ratio, c);
	}
	char *text = ok ? cJSON_Print(all) : NULL;
	cJSON_Delete(all);
	if (!text)
		return error_oom(err);
	strbuf_addf(out, "%s\n", text);
	cJSON_free(text);
	return 0;
}

/* A label's value: backslash, quote and line break are escaped. */
static void add_label(struct strbuf *out, const char *name, const char *value)
{
	strbuf_addf(out, "%s%s=\"", out->data[out->len - 1] == '{' ? "" : ",", name);
	for (const char *p = value ? value : ""; *p; p++)
		strbuf_addf(out, *p == '\n' ? "\\n" : *p == '"' || *p == '\\' ? "\\%c" : "%c", *p);
	strbuf_adds(out, "\"");
}

static void begin_metric(struct strbuf *out, const struct facts *f, const char *name, const char *test)
{
	strbuf_addf(out, "%s{", name);
	add_label(out, "run", f->run.run.id);
	add_label(out, "test", test);
}

static void end_metric(struct strbuf *out, double value)
{
	strbuf_addf(out, "} %.17g\n", value);
}

static void add_family(struct strbuf *out, const char *name, const char *type, const char *unit, const char *help)
{
	strbuf_addf(out, "# TYPE %s %s\n", name, type);
	if (unit)
		strbuf_addf(out, "# UNIT %s %s\n", name, unit);
	strbuf_addf(out, "# HELP %s %s\n", name, help);
}

static void add_of_side(struct strbuf *out, const struct facts *f, const char *name, const char *test, enum side side,
			const char *label, const char *label_value, double value)
{
	if (!isfinite(value))
		return;
	begin_metric(out, f, name, test);
	add_label(out, "side", side_name(side));
	for (size_t i = 0; i < f->servers.len; i++) {
		if (f->servers.servers[i].side != side)
			continue;
		add_label(out, "engine", f->servers.servers[i].engine);
		add_label(out, "version", server_version(&f->servers.servers[i]));
	}
	if (label)
		add_label(out, label, label_value);
	end_metric(out, value);
}

/* The two families that each side has. */
static int add_sides(struct results *r, const struct facts *f, bool latency, struct strbuf *out, struct error *err)
{
	for (size_t i = 0; i < f->comparisons.len; i++)
		for (enum side side = SIDE_FROM; side <= SIDE_TO; side++) {
			const char *test = f->comparisons.items[i].test;
			struct results_summary s;
			if (results_read_summary(r, test, side, &s, err) < 0)
				return -1;
			if (!latency) {
				add_of_side(out, f, "dbdyno_throughput", test, side, NULL, NULL, s.events_per_second);
				continue;
			}
			add_of_side(out, f, "dbdyno_latency_seconds", test, side, "stat", "mean",
				    s.latency_mean_ms / 1e3);
			add_of_side(out, f, "dbdyno_latency_seconds", test, side, "stat", "p95",
				    s.latency_p95_ms / 1e3);
		}
	return 0;
}

static void add_ratios(const struct facts *f, struct strbuf *out)
{
	for (size_t i = 0; i < f->comparisons.len; i++)
		for (int m = 0; m < METRIC_COUNT; m++) {
			const struct estimate *e = &f->comparisons.items[i].comparison.metrics[m];
			const struct {
				const char *name;
				double value;
			} values[] = { { "estimate", e->ratio }, { "low", e->low }, { "high", e->high } };
			for (size_t v = 0; v < ARRAY_SIZE(values); v++) {
				if (!isfinite(values[v].value) || (isinf(e->high) && v > 0))
					continue;
				begin_metric(out, f, "dbdyno_ratio", f->comparisons.items[i].test);
				add_label(out, "metric", metric_name((enum metric)m));
				add_label(out, "bound", values[v].name);
				end_metric(out, values[v].value);
			}
		}
}

static void add_verdicts(const struct facts *f, struct strbuf *out)
{
	for (size_t i = 0; i < f->comparisons.len; i++)
		for (enum verdict v = VERDICT_UNDECIDED; v <= VERDICT_SLOWER; v++) {
			begin_metric(out, f, "dbdyno_verdict", f->comparisons.items[i].test);
			add_label(out, "dbdyno_verdict", verdict_name(v));
			end_metric(out, f->comparisons.items[i].comparison.verdict == v);
		}
}

static int write_openmetrics(struct results *r, const struct facts *f, struct strbuf *out, struct error *err)
{
	add_family(out, "dbdyno_throughput", "gauge", NULL, "Transactions per second under load.");
	if (add_sides(r, f, false, out, err) < 0)
		return -1;
	add_family(out, "dbdyno_latency_seconds", "gauge", "seconds", "Latency of a transaction.");
	if (add_sides(r, f, true, out, err) < 0)
		return -1;
	add_family(out, "dbdyno_ratio", "gauge", NULL, "Candidate to baseline, with its 95 % interval.");
	add_ratios(f, out);
	add_family(out, "dbdyno_verdict", "stateset", NULL,
		   "What the comparison says of throughput, or of latency at a given rate.");
	add_verdicts(f, out);
	strbuf_adds(out, "# EOF\n");
	return 0;
}

int formats_write(struct results *r, enum format format, struct strbuf *out, struct error *err)
{
	CLEANUP(facts) struct facts f = { 0 };
	int result = facts_read(&f, r, err);
	if (result == 0 && format == FORMAT_GO_BENCHMARK)
		result = write_go_benchmark(r, &f, out, err);
	else if (result == 0 && format == FORMAT_OPENMETRICS)
		result = write_openmetrics(r, &f, out, err);
	else if (result == 0)
		result = write_json(r, &f, format, out, err);
	return result < 0 ? -1 : strbuf_check(out, err);
}
