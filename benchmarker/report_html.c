/* The report as one page that needs nothing else: style and pictures inside, no script, nothing loaded. The page is
 * well-formed XML as well as HTML, which its tests use. */
#include "base/clock.h"
#include "base/embed.h"
#include "benchmarker/report_classes.h"
#include "benchmarker/report_html_parts.h"
#include "benchmarker/report_noise.h"
#include "benchmarker/report_summary.h"
#include "benchmarker/report_svg.h"
#include "benchmarker/report_validation.h"
#include "benchmarker/report_why.h"

#include <math.h>
#include <string.h>

extern const struct embedded_file report_files[];

static const struct report_style *const style = &report_fine;

static void add_element(struct strbuf *out, const char *name, const char *text)
{
	strbuf_addf(out, "<%s>", name);
	report_html_text(out, text);
	strbuf_addf(out, "</%s>", name);
}

static void add_headline(const struct report *r, const struct report_summary *s, struct strbuf *out)
{
	CLEANUP(strbuf) struct strbuf claim = STRBUF_INIT(64 << 10), evidence = STRBUF_INIT(64 << 10);
	report_add_claim(r, &claim);
	report_add_evidence(r, style, &evidence);
	strbuf_addf(out, "<header class=\"%s\">\n<h1><span class=\"claim\">", verdict_name(report_verdict(s)));
	report_html_text(out, claim.data);
	strbuf_adds(out, ":</span> <span class=\"evidence\">");
	report_html_text(out, evidence.data);
	strbuf_adds(out, ".</span></h1>\n");
}

static void add_about(const struct report *r, const struct report_summary *s, struct strbuf *out)
{
	strbuf_adds(out, "<p class=\"about\">");
	if (r->title) {
		add_element(out, "span", r->title);
		strbuf_addc(out, ' ');
	}
	strbuf_addf(out, "<span>%zu test%s</span> ", r->tests_len, r->tests_len == 1 ? "" : "s");
	if (r->pairing) {
		add_element(out, "span", r->pairing);
		strbuf_addc(out, ' ');
	}
	if (r->started_unix) {
		char utc[21];
		clock_format_utc(r->started_unix, utc);
		strbuf_addf(out, "<time datetime=\"%s\">%.10s</time> ", utc, utc);
	}
	if (s->warnings)
		strbuf_addf(out, "<a class=\"warn\" href=\"#notes\">%zu warning%s</a>", s->warnings,
			    s->warnings == 1 ? "" : "s");
	strbuf_adds(out, "</p>\n");
	if (!report_is_done(r)) {
		strbuf_adds(out, "<p class=\"banner\"><strong>This run is not complete: ");
		report_html_text(out, r->status);
		strbuf_adds(out, ".</strong> ");
		report_html_text(out, r->error);
		strbuf_adds(out, "</p>\n");
	}
	strbuf_adds(out, "</header>\n");
}

static void add_verdict(enum verdict v, struct strbuf *out)
{
	strbuf_addf(out, "<span class=\"verdict %s\">", verdict_name(v));
	report_svg_mark(v, out);
	strbuf_addf(out, "%s</span>", verdict_name(v));
}

static void add_chart_row(const struct report_axis *axis, const struct report_test *t, struct strbuf *out)
{
	strbuf_adds(out, "<li><span class=\"name\">");
	report_html_name(out, t->name);
	strbuf_adds(out, "</span>");
	if (t->error) {
		strbuf_adds(out, "<span class=\"none\">not measured</span>"
				 "<span class=\"value\"><span class=\"verdict failed\">✕ failed</span></span></li>\n");
		return;
	}
	report_svg_row(axis, &t->comparison, out);
	strbuf_adds(out, "<span class=\"value\"><b>");
	report_add_change(out, style, report_deciding(&t->comparison)->ratio);
	strbuf_adds(out, "</b> ");
	add_verdict(t->comparison.verdict, out);
	strbuf_adds(out, "</span></li>\n");
}

static void add_chart(const struct report *r, struct strbuf *out)
{
	struct report_axis axis;
	enum metric metric = report_metric(r);
	report_axis_make(r, &axis);
	strbuf_addf(out, "<section>\n<h2>Change of %s</h2>\n<ul class=\"forest\">\n<li class=\"head\">",
		    report_metric_words(metric));
	report_svg_directions(&axis, report_more_is_slower(metric), out);
	strbuf_adds(out, "</li>\n");
	for (size_t i = 0; i < r->tests_len; i++)
		add_chart_row(&axis, &r->tests[i], out);
	strbuf_adds(out, "<li class=\"foot\">");
	report_svg_scale(&axis, out);
	strbuf_addf(out,
		    "</li>\n</ul>\n<p class=\"legend\">Ratio of %s, to ÷ from, on a logarithmic axis. "
		    "The thick line is the 95\u202f%% interval",
		    report_metric_words(metric));
	if (axis.band_low > 0) {
		strbuf_adds(out, "; the shaded band is the margin of ±");
		report_add_percent(out, style, r->margin);
		strbuf_adds(out, " that counts as the same");
	}
	strbuf_adds(out, ". Verdicts hold for all tests together, at 5\u202f% risk.</p>\n</section>\n");
}

static void add_estimate_cell(const struct estimate *e, struct strbuf *out)
{
	strbuf_adds(out, "<td class=\"n\">");
	report_add_ratio(out, style, e->ratio);
	strbuf_adds(out, "<small>");
	report_add_interval(out, style, e->low, e->high);
	strbuf_adds(out, "</small></td>");
}

static void add_number_cell(void (*add)(struct strbuf *, const struct report_style *, double), double value,
			    struct strbuf *out)
{
	strbuf_adds(out, "<td class=\"n\">");
	add(out, style, value);
	strbuf_adds(out, "</td>");
}

static void add_test_row(const struct report_test *t, struct strbuf *out)
{
	const struct estimate *metrics = t->comparison.metrics;
	strbuf_adds(out, "<tr><th scope=\"row\">");
	report_html_name(out, t->name);
	strbuf_adds(out, "</th><td>");
	if (t->error) {
		strbuf_adds(out,
			    "<span class=\"verdict failed\">✕ failed</span></td><td colspan=\"8\" class=\"error\">");
		report_html_text(out, t->error);
		strbuf_adds(out, "</td></tr>\n");
		return;
	}
	add_verdict(t->comparison.verdict, out);
	strbuf_adds(out, "</td>");
	add_number_cell(report_add_rate, t->from_tps, out);
	add_number_cell(report_add_rate, t->to_tps, out);
	add_estimate_cell(&metrics[METRIC_THROUGHPUT], out);
	add_estimate_cell(&metrics[METRIC_LATENCY_MEAN], out);
	add_number_cell(report_add_ms, t->from_p95_ms, out);
	add_number_cell(report_add_ms, t->to_p95_ms, out);
	add_estimate_cell(&metrics[METRIC_LATENCY_P95], out);
	strbuf_adds(out, "<td class=\"pairs\">");
	report_svg_spark(t->pair_log_ratios, t->pair_log_ratios_len, out);
	strbuf_adds(out, "</td></tr>\n");
}

static void add_reasons(const struct report *r, struct strbuf *out)
{
	bool any = false;
	for (size_t i = 0; i < r->tests_len; i++) {
		const struct report_test *t = &r->tests[i];
		CLEANUP(strbuf) struct strbuf reason = STRBUF_INIT(64 << 10);
		report_add_reason(&reason, style, r, t);
		if (t->error || !reason.len)
			continue;
		strbuf_adds(out, any ? "" : "<ul class=\"reasons\">\n");
		any = true;
		strbuf_adds(out, "<li><b>");
		report_html_text(out, t->name);
		strbuf_addf(out, "</b> is %s: ", verdict_name(t->comparison.verdict));
		report_html_text(out, reason.data);
		strbuf_adds(out, "</li>\n");
	}
	strbuf_adds(out, any ? "</ul>\n" : "");
}

static void add_noise(const struct report *r, struct strbuf *out)
{
	CLEANUP(strlist) struct strlist lines = STRLIST_INIT;
	if (report_noise_lines(r, style, &lines, NULL) < 0)
		out->failed = STRBUF_NO_MEMORY;
	report_html_list(out, "noise", &lines);
}

static void add_tests(const struct report *r, struct strbuf *out)
{
	strbuf_adds(out, "<section>\n<h2>Tests</h2>\n"
			 "<div class=\"scroll\" role=\"region\" aria-label=\"Tests\" tabindex=\"0\">\n"
			 "<table class=\"tests\">\n<thead>\n"
			 "<tr><th rowspan=\"2\" scope=\"col\">test</th>"
			 "<th rowspan=\"2\" scope=\"col\">verdict</th>"
			 "<th colspan=\"3\" scope=\"colgroup\">transactions per second</th>"
			 "<th scope=\"colgroup\">mean latency</th>"
			 "<th colspan=\"3\" scope=\"colgroup\">95th percentile latency, ms</th>"
			 "<th rowspan=\"2\" scope=\"col\" class=\"pairs\">pairs over time</th></tr>\n"
			 "<tr><th scope=\"col\" class=\"n\">from</th><th scope=\"col\" class=\"n\">to</th>"
			 "<th scope=\"col\" class=\"n\">ratio</th><th scope=\"col\" class=\"n\">ratio</th>"
			 "<th scope=\"col\" class=\"n\">from</th><th scope=\"col\" class=\"n\">to</th>"
			 "<th scope=\"col\" class=\"n\">ratio</th></tr>\n</thead>\n<tbody>\n");
	for (size_t i = 0; i < r->tests_len; i++)
		add_test_row(&r->tests[i], out);
	strbuf_adds(out, "</tbody>\n</table>\n</div>\n");
	add_reasons(r, out);
	add_noise(r, out);
	strbuf_addf(out,
		    "<p class=\"legend\">Small figures are 95\u202f%% intervals. A latency ratio above 1 is slower. "
		    "Pairs over time: the %s ratio of each pair of slices, on a scale of its own; "
		    "the grey line is a ratio of 1.</p>\n</section>\n",
		    report_metric_words(report_metric(r)));
}

static void add_class_row(const struct report_class *c, bool to, struct strbuf *out)
{
	strbuf_adds(out, to ? "<tr>" : "<tr><th rowspan=\"2\" scope=\"rowgroup\">");
	report_html_text(out, to ? NULL : c->name);
	strbuf_addf(out, "%s<th scope=\"row\" class=\"server\">%s</th>", to ? "" : "</th>", to ? "to" : "from");
	for (int i = 0; i < CLASS_COLUMNS; i++) {
		strbuf_adds(out, "<td class=\"n\">");
		report_add_class_cell(out, style, to ? &c->to : &c->from, i);
		strbuf_adds(out, "</td>");
	}
	strbuf_adds(out, "</tr>\n");
}

/* Transactions by class, where a test has classes. */
static int add_classes(const struct report_test *t, struct strbuf *out, struct error *err)
{
	CLEANUP(strbuf) struct strbuf rate = STRBUF_INIT(64 << 10);
	report_add_new_order_rate(&rate, style, t);
	if (strbuf_check(&rate, err) < 0)
		return -1;
	strbuf_adds(out, "<section>\n<h2>Transactions of ");
	report_html_text(out, t->name);
	strbuf_adds(out, "</h2>\n");
	add_element(out, "p", rate.data);
	strbuf_adds(out,
		    "\n<div class=\"scroll\" role=\"region\" aria-label=\"Transactions\" tabindex=\"0\">\n<table>\n"
		    "<thead><tr><th scope=\"col\">transaction</th><th scope=\"col\">server</th>");
	for (int i = 0; i < CLASS_COLUMNS; i++)
		strbuf_addf(out, "<th scope=\"col\" class=\"n\">%s</th>", report_class_columns[i]);
	strbuf_adds(out, "</tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < t->classes_len; i++) {
		add_class_row(&t->classes[i], false, out);
		add_class_row(&t->classes[i], true, out);
	}
	strbuf_addf(out, "</tbody>\n</table>\n</div>\n<p class=\"legend\">%s.</p>\n</section>\n", report_classes_note);
	return 0;
}

static void add_value_cell(const char *value, bool hash, struct strbuf *out)
{
	strbuf_adds(out, hash ? "<td class=\"hash\">" : "<td>");
	report_html_text(out, value && *value ? value : REPORT_DASH);
	strbuf_adds(out, "</td>");
}

static void add_servers(const struct report *r, struct strbuf *out)
{
	bool any = false;
	for (const struct report_server_fact *f = report_server_facts; f->name; f++)
		any |= report_server_value(&r->from, f) || report_server_value(&r->to, f);
	if (!any)
		return;
	strbuf_adds(out,
		    report_is_single(r)
			    ? "<section>\n<h2>What was profiled</h2>\n<table class=\"servers\">\n"
			      "<thead><tr><td></td><th scope=\"col\">server</th></tr></thead>\n<tbody>\n"
			    : "<section>\n<h2>What was compared</h2>\n<table class=\"servers\">\n"
			      "<thead><tr><td></td><th scope=\"col\">from</th><th scope=\"col\">to</th></tr></thead>\n"
			      "<tbody>\n");
	for (const struct report_server_fact *f = report_server_facts; f->name; f++) {
		const char *from = report_server_value(&r->from, f), *to = report_server_value(&r->to, f);
		if (!from && !to)
			continue;
		strbuf_addf(out, "<tr><th scope=\"row\">%s</th>", f->name);
		add_value_cell(from, f->hash, out);
		if (!report_is_single(r))
			add_value_cell(to, f->hash, out);
		strbuf_adds(out, "</tr>\n");
	}
	strbuf_adds(out, "</tbody>\n</table>\n</section>\n");
}

static int add_facts(const struct report *r, struct strbuf *out, struct error *err)
{
	CLEANUP(strlist) struct strlist facts = STRLIST_INIT;
	if (report_add_facts(r, style, &facts, err) < 0)
		return -1;
	strbuf_adds(out, "<section>\n<h2>How it was measured</h2>\n<dl>\n");
	for (size_t i = 0; i + 1 < facts.len; i += 2) {
		strbuf_adds(out, "<div>");
		add_element(out, "dt", facts.items[i]);
		add_element(out, "dd", facts.items[i + 1]);
		strbuf_adds(out, "</div>\n");
	}
	strbuf_adds(out, "</dl>\n");
	if (r->command_line) {
		strbuf_adds(out, "<pre><code>");
		report_html_text(out, r->command_line);
		strbuf_adds(out, "</code></pre>\n");
	}
	strbuf_adds(out, "</section>\n");
	return 0;
}

static void add_note(const struct report_note *n, struct strbuf *out)
{
	strbuf_addf(out, "<li class=\"%s\"><b>", report_is_warning(n) ? "warn" : "info");
	report_html_text(out, n->level ? n->level : "note");
	strbuf_adds(out, "</b><span>");
	if (n->test) {
		report_html_text(out, n->test);
		strbuf_adds(out, ": ");
	}
	report_html_text(out, n->text);
	strbuf_adds(out, "</span></li>\n");
}

static void add_notes(const struct report *r, struct strbuf *out)
{
	if (!r->notes_len)
		return;
	strbuf_adds(out, "<section id=\"notes\">\n<h2>Notes</h2>\n<ul class=\"notes\">\n");
	for (int warnings = 1; warnings >= 0; warnings--)
		for (size_t i = 0; i < r->notes_len; i++)
			if (report_is_warning(&r->notes[i]) == warnings)
				add_note(&r->notes[i], out);
	strbuf_adds(out, "</ul>\n</section>\n");
}

/* One field of CSV (RFC 4180) into cell; returns what follows it and its separator. *ret_last: it ended its line. */
static const char *next_field(const char *s, struct strbuf *cell, bool *ret_last)
{
	bool quoted = *s == '"';
	strbuf_reset(cell);
	for (s += quoted; *s; s++) {
		if (quoted && *s == '"' && *++s != '"')
			quoted = false;
		if (!*s || (!quoted && (*s == ',' || *s == '\n')))
			break;
		if (*s != '\r' || quoted)
			strbuf_addc(cell, *s);
	}
	*ret_last = *s != ',';
	return *s ? s + 1 : s;
}

static void add_csv(const char *csv, struct strbuf *out)
{
	CLEANUP(strbuf) struct strbuf cell = STRBUF_INIT(REPORT_MAX_BYTES);
	bool head = true;
	strbuf_adds(out, "<div class=\"scroll\" role=\"region\" aria-label=\"Result\" tabindex=\"0\">\n<table>\n");
	while (*csv) {
		bool last = false;
		strbuf_adds(out, "<tr>");
		while (!last) {
			double number;
			csv = next_field(csv, &cell, &last);
			bool is_number = str_to_double(cell.data, -INFINITY, INFINITY, &number) == 0;
			strbuf_adds(out, head ? "<th scope=\"col\">" : is_number ? "<td class=\"n\">" : "<td>");
			report_html_text(out, cell.data);
			strbuf_adds(out, head ? "</th>" : "</td>");
			if (cell.failed)
				out->failed = cell.failed;
		}
		strbuf_adds(out, "</tr>\n");
		head = false;
	}
	strbuf_adds(out, "</table>\n</div>\n");
}

static void add_queries(const struct report *r, struct strbuf *out)
{
	if (!r->queries_len)
		return;
	strbuf_adds(out, "<section>\n<h2>Queries</h2>\n");
	for (size_t i = 0; i < r->queries_len; i++) {
		const struct report_query *q = &r->queries[i];
		strbuf_adds(out, "<pre><code>");
		report_html_text(out, q->sql);
		strbuf_adds(out, "</code></pre>\n");
		if (q->error) {
			strbuf_adds(out, "<p class=\"error\">✕ ");
			report_html_text(out, q->error);
			strbuf_adds(out, "</p>\n");
		} else if (q->csv && *q->csv) {
			add_csv(q->csv, out);
		} else {
			strbuf_adds(out, "<p class=\"legend\">No rows.</p>\n");
		}
	}
	strbuf_adds(out, "</section>\n");
}

static void add_profiles(const struct report *r, struct strbuf *out)
{
	if (!r->profiles_len)
		return;
	strbuf_adds(out, "<section>\n<h2>CPU profiles</h2>\n<table>\n<thead><tr><th scope=\"col\">of</th>"
			 "<th scope=\"col\" class=\"n\">samples</th><th scope=\"col\" class=\"n\">time</th>"
			 "<th scope=\"col\">file</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < r->profiles_len; i++) {
		const struct report_profile *p = &r->profiles[i];
		strbuf_adds(out, "<tr><th scope=\"row\">");
		report_html_text(out, p->name);
		strbuf_adds(out, "</th><td class=\"n\">");
		report_add_count(out, style, p->samples);
		strbuf_adds(out, "</td><td class=\"n\">");
		report_add_seconds(out, style, p->seconds);
		strbuf_adds(out, "</td><td>");
		bool link = report_html_begin_link(out, p->file);
		report_html_text(out, p->file);
		strbuf_adds(out, link ? "</a></td></tr>\n" : "</td></tr>\n");
	}
	strbuf_adds(out, "</tbody>\n</table>\n</section>\n");
}

static void add_head(const struct report *r, struct strbuf *out)
{
	const struct embedded_file *css = embedded_find(report_files, "report.css");
	strbuf_adds(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
			 "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
			 "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\"/>\n"
			 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
			 "<meta name=\"referrer\" content=\"no-referrer\"/>\n<title>");
	report_html_text(out, r->title && *r->title ? r->title : "Report");
	strbuf_adds(out, " – dbdyno</title>\n<style>\n");
	strbuf_add(out, css->data, css->len);
	strbuf_adds(out, "</style>\n</head>\n<body>\n<main>\n");
}

int report_html(const struct report *r, struct strbuf *out, struct error *err)
{
	struct report_summary s;
	report_summarise(r, &s);
	add_head(r, out);
	add_headline(r, &s, out);
	report_html_decision(r, out);
	add_about(r, &s, out);
	if (s.compared)
		add_chart(r, out);
	if (r->tests_len)
		add_tests(r, out);
	if (report_validation_html(r, out, err) < 0)
		return -1;
	report_why_html(r, out);
	if (report_html_latency(r, out, err) < 0)
		return -1;
	for (size_t i = 0; i < r->tests_len; i++)
		if (!r->tests[i].error && r->tests[i].classes_len && add_classes(&r->tests[i], out, err) < 0)
			return -1;
	if (report_html_machine(r, out, err) < 0)
		return -1;
	add_servers(r, out);
	if (add_facts(r, out, err) < 0)
		return -1;
	add_notes(r, out);
	add_queries(r, out);
	add_profiles(r, out);
	strbuf_adds(out, "</main>\n</body>\n</html>\n");
	return strbuf_check(out, err);
}
