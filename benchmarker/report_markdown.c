/* The report as GitHub markdown: what a comment on a pull request needs, details folded away. */
#include "benchmarker/report_markdown.h"
#include "benchmarker/report_classes.h"
#include "benchmarker/report_latency.h"
#include "benchmarker/report_machine.h"
#include "benchmarker/report_noise.h"
#include "benchmarker/report_pgo.h"
#include "benchmarker/report_summary.h"
#include "benchmarker/report_validation.h"
#include "benchmarker/report_why.h"

#include <string.h>

static const struct report_style *const style = &report_fine;

/* Text in which nothing is markup, a table cell's end, or a mention of a person. */
void report_markdown_text(struct strbuf *out, const char *s)
{
	char c[5];
	size_t len;
	while (s && (len = report_next_char(&s, c)) > 0) {
		if (*c == '\n' || *c == '\t')
			strbuf_addc(out, ' ');
		else if (*c == '&')
			strbuf_adds(out, "&amp;");
		else if (*c == '<')
			strbuf_adds(out, "&lt;");
		else if (*c == '>')
			strbuf_adds(out, "&gt;");
		else if (*c == '@')
			strbuf_adds(out, "@<!-- -->"); /* GitHub mails whom "@name" names */
		else if (len == 1 && strchr("\\`*_[]|~$", *c))
			strbuf_addf(out, "\\%c", *c);
		else
			strbuf_add(out, c, len);
	}
}

void report_markdown_name(struct strbuf *out, const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:+=, ";
	if (s && *s && *s != ' ' && s[strspn(s, plain)] == 0 && !str_ends(s, " "))
		strbuf_addf(out, "`%s`", s);
	else
		report_markdown_text(out, s);
}

void report_markdown_row(const struct report_test *t, struct strbuf *out)
{
	const struct estimate *e = report_deciding(&t->comparison);
	strbuf_adds(out, "| ");
	report_markdown_name(out, t->name);
	strbuf_adds(out, " | ");
	if (t->error) {
		strbuf_adds(out, "– | – | – | – | – | – | ✕ failed |\n");
		return;
	}
	report_add_rate(out, style, t->from_tps);
	strbuf_adds(out, " | ");
	report_add_rate(out, style, t->to_tps);
	strbuf_adds(out, " | ");
	report_add_ratio(out, style, e->ratio);
	strbuf_adds(out, " | ");
	report_add_interval(out, style, e->low, e->high);
	strbuf_adds(out, " | ");
	bool by_latency = report_more_is_slower(t->comparison.metric);
	report_add_ratio(out, style,
			 t->comparison.metrics[by_latency ? METRIC_LATENCY_P95 : METRIC_LATENCY_MEAN].ratio);
	strbuf_adds(out, " | ");
	report_add_ms(out, style, t->from_p95_ms);
	strbuf_adds(out, " → ");
	report_add_ms(out, style, t->to_p95_ms);
	bool loud = t->comparison.verdict == VERDICT_FASTER || t->comparison.verdict == VERDICT_SLOWER;
	const char *strong = loud ? "**" : "";
	strbuf_addf(out, " | %s %s%s%s |\n", report_mark(t->comparison.verdict), strong,
		    verdict_name(t->comparison.verdict), strong);
}

void report_markdown_table_head(const struct report *r, struct strbuf *out)
{
	bool by_latency = report_more_is_slower(report_metric(r));
	strbuf_addf(out,
		    "\n| test | from tx/s | to tx/s | %s | 95 %% interval | %s latency ratio | p95 ms | verdict |\n"
		    "|:--|--:|--:|--:|:-:|--:|:-:|:--|\n",
		    by_latency ? "mean latency ratio" : "ratio", by_latency ? "p95" : "mean");
}

void report_markdown_table_end(const struct report *r, struct strbuf *out)
{
	enum metric m = report_metric(r);
	strbuf_addf(out, "\nRatio: to ÷ from; a %s ratio above 1 is %s. Same: the interval lies within ±",
		    report_metric_words(m), report_more_is_slower(m) ? "slower" : "faster");
	report_add_percent(out, style, r->margin);
	strbuf_adds(out, ". Verdicts hold for all tests together, with at most 5 % risk of any false alarm.\n");
}

static void add_class_row(const struct report_class *c, bool to, struct strbuf *out)
{
	strbuf_adds(out, "| ");
	report_markdown_name(out, c->name);
	strbuf_adds(out, to ? " | to" : " | from");
	for (int i = 0; i < CLASS_COLUMNS; i++) {
		strbuf_adds(out, " | ");
		report_add_class_cell(out, style, to ? &c->to : &c->from, i);
	}
	strbuf_adds(out, " |\n");
}

bool report_markdown_has_classes(const struct report_test *t)
{
	return !t->error && t->classes_len;
}

int report_markdown_classes(const struct report_test *t, struct strbuf *out, struct error *err)
{
	CLEANUP(strbuf) struct strbuf rate = STRBUF_INIT(64 << 10);
	report_add_new_order_rate(&rate, style, t);
	if (strbuf_check(&rate, err) < 0)
		return -1;
	strbuf_addc(out, '\n');
	report_markdown_name(out, t->name);
	strbuf_adds(out, ": ");
	report_markdown_text(out, rate.data);
	strbuf_adds(out, "\n\n| transaction | server |");
	for (int i = 0; i < CLASS_COLUMNS; i++)
		strbuf_addf(out, " %s |", report_class_columns[i]);
	strbuf_adds(out, "\n|:--|:--|--:|--:|--:|--:|--:|--:|--:|\n");
	for (size_t i = 0; i < t->classes_len; i++) {
		add_class_row(&t->classes[i], false, out);
		add_class_row(&t->classes[i], true, out);
	}
	strbuf_addf(out, "\n%s.\n", report_classes_note);
	return 0;
}

static void add_item(struct strbuf *out, const char *label, const char *about, const char *text)
{
	strbuf_adds(out, "- **");
	report_markdown_text(out, label);
	strbuf_adds(out, "**: ");
	if (about) {
		report_markdown_name(out, about);
		strbuf_adds(out, ": ");
	}
	report_markdown_text(out, text);
	strbuf_addc(out, '\n');
}

/* Folded away: the comment is about the verdicts. */
void report_markdown_latencies(const struct report *r, struct strbuf *out)
{
	if (!report_has_latencies(r))
		return;
	strbuf_adds(out, "\n<details><summary>Latency</summary>\n\n| test | server |");
	for (int c = 0; c < REPORT_LATENCY_COLUMNS; c++)
		strbuf_addf(out, " %s |", report_latency_columns[c]);
	strbuf_adds(out, "\n|:--|:--|--:|--:|--:|--:|--:|\n");
	for (size_t i = 0; i < LATENCY_LINES * r->tests_len; i++) {
		const struct report_test *t = &r->tests[i / LATENCY_LINES];
		int line = (int)(i % LATENCY_LINES);
		if (!report_has_latency(t))
			continue;
		strbuf_adds(out, "| ");
		report_markdown_name(out, t->name);
		strbuf_addf(out, " | %s", report_latency_lines[line]);
		for (int c = 0; c < REPORT_LATENCY_COLUMNS; c++) {
			CLEANUP(strbuf) struct strbuf interval = STRBUF_INIT(256);
			strbuf_adds(out, " | ");
			report_add_latency(out, style, t, line, c);
			report_add_latency_interval(&interval, style, t, line, c);
			if (interval.len)
				strbuf_addf(out, " (%s)", interval.data);
		}
		strbuf_adds(out, " |\n");
	}
	strbuf_addf(out, "\n%s.\n\n</details>\n", report_latency_note);
}

static int add_flags(const struct report *r, struct strbuf *out, struct error *err)
{
	for (size_t i = 0; i < r->tests_len; i++) {
		CLEANUP(strlist) struct strlist flags = STRLIST_INIT;
		if (report_latency_flags(r, &r->tests[i], style, &flags, err) < 0)
			return -1;
		for (size_t f = 0; f < flags.len; f++)
			add_item(out, "latency", r->tests[i].name, flags.items[f]);
	}
	return 0;
}

static int add_noise(const struct report *r, struct strbuf *out, struct error *err)
{
	CLEANUP(strlist) struct strlist lines = STRLIST_INIT;
	if (report_noise_lines(r, style, &lines, err) < 0)
		return -1;
	for (size_t i = 0; i < lines.len; i++)
		add_item(out, "noise", NULL, lines.items[i]);
	return 0;
}

static int add_machine(const struct report *r, struct strbuf *out, struct error *err)
{
	CLEANUP(strlist) struct strlist remarks = STRLIST_INIT;
	if (report_machine_remarks(r, &remarks, err) < 0)
		return -1;
	for (size_t i = 0; i < remarks.len; i++)
		add_item(out, "machine", NULL, remarks.items[i]);
	return 0;
}

int report_markdown_remarks(const struct report *r, struct strbuf *out, struct error *err)
{
	size_t start = out->len;
	strbuf_addc(out, '\n');
	for (size_t i = 0; i < r->tests_len; i++)
		if (r->tests[i].error)
			add_item(out, "failed", r->tests[i].name, r->tests[i].error);
	for (size_t i = 0; i < r->tests_len; i++) {
		const struct report_test *t = &r->tests[i];
		CLEANUP(strbuf) struct strbuf reason = STRBUF_INIT(64 << 10);
		report_add_reason(&reason, style, r, t);
		if (!t->error && reason.len)
			add_item(out, verdict_name(t->comparison.verdict), t->name, reason.data);
	}
	if (add_flags(r, out, err) < 0 || add_noise(r, out, err) < 0 || add_machine(r, out, err) < 0)
		return -1;
	for (size_t i = 0; i < r->notes_len; i++)
		if (report_is_warning(&r->notes[i]))
			add_item(out, r->notes[i].level, r->notes[i].test, r->notes[i].text);
	if (out->len == start + 1 && !out->failed) {
		out->len = start; /* there was none: no empty line either */
		out->data[start] = 0;
	}
	return 0;
}

static void add_costs(const struct report *r, struct strbuf *out)
{
	if (!report_has_costs(r))
		return;
	strbuf_adds(out, "\n| test | server |");
	for (int c = 0; c < COST_COLUMNS; c++)
		strbuf_addf(out, " %s |", report_cost_columns[c]);
	strbuf_adds(out, "\n|:--|:--|--:|--:|--:|--:|--:|\n");
	for (size_t i = 0; i < 2 * r->tests_len; i++) {
		const struct report_test *t = &r->tests[i / 2];
		if (!report_has_cost(t))
			continue;
		strbuf_adds(out, "| ");
		report_markdown_name(out, t->name);
		strbuf_addf(out, " | %s", i % 2 ? "to" : "from");
		for (int c = 0; c < COST_COLUMNS; c++) {
			strbuf_adds(out, " | ");
			report_add_cost(out, style, i % 2 ? &t->to_cost : &t->from_cost, c);
		}
		strbuf_adds(out, " |\n");
	}
	strbuf_addf(out, "\n%s.\n", report_cost_note);
}

int report_markdown_details(const struct report *r, struct strbuf *out, struct error *err)
{
	CLEANUP(strlist) struct strlist facts = STRLIST_INIT;
	if (report_add_facts(r, style, &facts, err) < 0)
		return -1;
	strbuf_adds(out,
		    "\n<details><summary>What was compared, and how</summary>\n\n| | from | to |\n|:--|:--|:--|\n");
	for (const struct report_server_fact *f = report_server_facts; f->name; f++) {
		const char *from = report_server_value(&r->from, f), *to = report_server_value(&r->to, f);
		if (!from && !to)
			continue;
		strbuf_addf(out, "| %s | ", f->name);
		report_markdown_name(out, from ? from : REPORT_DASH);
		strbuf_adds(out, " | ");
		report_markdown_name(out, to ? to : REPORT_DASH);
		strbuf_adds(out, " |\n");
	}
	strbuf_addc(out, '\n');
	for (size_t i = 0; i + 1 < facts.len; i += 2) {
		strbuf_addf(out, "- %s: ", facts.items[i]);
		report_markdown_text(out, facts.items[i + 1]);
		strbuf_addc(out, '\n');
	}
	if (report_has_machine(r)) {
		strbuf_adds(out, "- meanwhile: ");
		report_add_machine(out, style, r);
		strbuf_addc(out, '\n');
	}
	if (r->command_line) {
		strbuf_adds(out, "- command: ");
		report_markdown_name(out, r->command_line);
		strbuf_addc(out, '\n');
	}
	add_costs(r, out);
	strbuf_adds(out, "\n</details>\n");
	return 0;
}

static int add_decision(const struct report *r, struct strbuf *out, struct error *err)
{
	const char *words = report_pgo_words(r);
	CLEANUP(strbuf) struct strbuf reason = STRBUF_INIT(64 << 10), costs = STRBUF_INIT(4096);
	if (!words)
		return 0;
	report_add_pgo_reason(r, style, &reason);
	report_add_pgo_costs(r, style, &costs);
	if (strbuf_check(&reason, err) < 0 || strbuf_check(&costs, err) < 0)
		return -1;
	strbuf_addc(out, '\n');
	add_item(out, words, NULL, reason.data);
	if (costs.len)
		add_item(out, "cost", NULL, costs.data);
	return 0;
}

int report_markdown_head(const struct report *r, struct strbuf *out, struct error *err)
{
	CLEANUP(strbuf) struct strbuf claim = STRBUF_INIT(64 << 10), evidence = STRBUF_INIT(64 << 10);
	report_add_claim(r, &claim);
	report_add_evidence(r, style, &evidence);
	if (strbuf_check(&claim, err) < 0 || strbuf_check(&evidence, err) < 0)
		return -1;
	strbuf_adds(out, "**");
	report_markdown_text(out, claim.data);
	strbuf_adds(out, ":** ");
	report_markdown_text(out, evidence.data);
	strbuf_adds(out, ".\n");
	if (!report_is_done(r) && r->error) {
		strbuf_addc(out, '\n');
		add_item(out, r->status, NULL, r->error);
	}
	return add_decision(r, out, err);
}

int report_markdown(const struct report *r, struct strbuf *out, struct error *err)
{
	if (report_markdown_head(r, out, err) < 0)
		return -1;
	if (r->tests_len)
		report_markdown_table_head(r, out);
	for (size_t i = 0; i < r->tests_len; i++)
		report_markdown_row(&r->tests[i], out);
	if (r->tests_len)
		report_markdown_table_end(r, out);
	if (report_validation_markdown(r, out, err) < 0 || report_markdown_remarks(r, out, err) < 0)
		return -1;
	report_why_markdown(r, out);
	report_markdown_latencies(r, out);
	for (size_t i = 0; i < r->tests_len; i++)
		if (report_markdown_has_classes(&r->tests[i]) && report_markdown_classes(&r->tests[i], out, err) < 0)
			return -1;
	if (report_markdown_details(r, out, err) < 0)
		return -1;
	return strbuf_check(out, err);
}
