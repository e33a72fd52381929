#include "benchmarker/report_mail.h"

#include "base/clock.h"
#include "benchmarker/report_latency.h"
#include "benchmarker/report_machine.h"
#include "benchmarker/report_noise.h"
#include "benchmarker/report_summary.h"
#include "benchmarker/report_why.h"

#include <string.h>

#define TEXT_MAX_BYTES ((size_t)1 << 20)
#define CELLS_MAX_BYTES 4096

static const struct report_style *const style = &report_plain;

static enum mail_tone tone_of(enum verdict v)
{
	return v == VERDICT_SLOWER ? MAIL_TONE_BAD : v == VERDICT_FASTER ? MAIL_TONE_GOOD : MAIL_TONE_PLAIN;
}

int report_mail_subject(const struct report *r, size_t columns, struct strbuf *out, struct error *err)
{
	CLEANUP(strbuf) struct strbuf claim = STRBUF_INIT(TEXT_MAX_BYTES);
	struct report_summary s;
	report_summarise(r, &s);
	if (!report_is_done(r)) {
		strbuf_adds(&claim, "✕ ");
		report_add_line(&claim, r->status);
		strbuf_adds(&claim, ": ");
	} else if (!report_is_single(r)) {
		strbuf_addf(&claim, "%s ", report_mark(report_verdict(&s)));
	}
	report_add_claim(r, &claim);
	if (strbuf_check(&claim, err) < 0)
		return -1;
	report_add_cut(out, claim.data, columns);
	return strbuf_check(out, err);
}

/* The cells of a row, made one after the other in one buffer with NULs between. */
struct row {
	struct strbuf text;
	size_t starts[8], len;
};

static void row_release(struct row *row)
{
	strbuf_release(&row->text);
}

static struct strbuf *next_cell(struct row *row)
{
	if (row->len)
		strbuf_addc(&row->text, 0);
	row->starts[row->len++] = row->text.len;
	return &row->text;
}

static void add_row(struct mail_body *b, const struct row *row, enum mail_tone tone)
{
	const char *cells[ARRAY_SIZE(row->starts) + 1];
	for (size_t i = 0; i < row->len; i++)
		cells[i] = row->text.failed ? "" : row->text.data + row->starts[i];
	cells[row->len] = NULL;
	b->failed |= row->text.failed != STRBUF_OK;
	mail_body_row(b, tone, cells);
}

static void add_test(const struct report_test *t, struct mail_body *b)
{
	CLEANUP(row) struct row row = { .text = STRBUF_INIT(CELLS_MAX_BYTES) };
	const struct estimate *e = report_deciding(&t->comparison);
	report_add_cut(next_cell(&row), t->name, 60);
	if (t->error) {
		for (size_t i = 0; i < 5; i++)
			strbuf_adds(next_cell(&row), REPORT_DASH);
		strbuf_adds(next_cell(&row), "✕ failed");
		add_row(b, &row, MAIL_TONE_FAILED);
		return;
	}
	report_add_rate(next_cell(&row), style, t->from_tps);
	report_add_rate(next_cell(&row), style, t->to_tps);
	report_add_change(next_cell(&row), style, e->ratio);
	report_add_interval(next_cell(&row), style, e->low, e->high);
	struct strbuf *p95 = next_cell(&row);
	report_add_ms(p95, style, t->from_p95_ms);
	strbuf_adds(p95, " → ");
	report_add_ms(p95, style, t->to_p95_ms);
	strbuf_addf(next_cell(&row), "%s %s", report_mark(t->comparison.verdict), verdict_name(t->comparison.verdict));
	add_row(b, &row, tone_of(t->comparison.verdict));
}

static void add_tests(const struct report *r, struct mail_body *b)
{
	mail_body_table(b, true);
	mail_body_row(b, MAIL_TONE_PLAIN,
		      (const char *[]){ "test", "from tx/s", "to tx/s", "change", "ratio, 95 % interval", "p95 ms",
					"verdict", NULL });
	for (size_t i = 0; i < r->tests_len; i++)
		add_test(&r->tests[i], b);
	CLEANUP(strbuf) struct strbuf legend = STRBUF_INIT(CELLS_MAX_BYTES);
	strbuf_addf(&legend, "Change of %s, to against from. Same: the interval lies within ±",
		    report_metric_words(report_metric(r)));
	report_add_percent(&legend, style, r->margin);
	strbuf_adds(&legend, ". Verdicts hold for all tests together, at 5 % risk.");
	b->failed |= legend.failed != STRBUF_OK;
	mail_body_add(b, MAIL_PARAGRAPH, MAIL_TONE_SOFT, legend.data);
}

/* "failed, oltp_read_only: why" */
static void add_remark(struct mail_body *b, enum mail_tone tone, const char *what, const char *test, const char *text)
{
	CLEANUP(strbuf) struct strbuf line = STRBUF_INIT(TEXT_MAX_BYTES);
	report_add_line(&line, what);
	strbuf_adds(&line, test ? ", " : "");
	report_add_line(&line, test);
	strbuf_adds(&line, ": ");
	report_add_line(&line, text);
	b->failed |= line.failed != STRBUF_OK;
	mail_body_add(b, MAIL_PARAGRAPH, tone, line.data);
}

static void add_remarks(const struct report *r, struct mail_body *b)
{
	for (size_t i = 0; i < r->tests_len; i++) {
		const struct report_test *t = &r->tests[i];
		CLEANUP(strbuf) struct strbuf reason = STRBUF_INIT(TEXT_MAX_BYTES);
		report_add_reason(&reason, style, r, t);
		if (t->error)
			add_remark(b, MAIL_TONE_FAILED, "failed", t->name, t->error);
		else if (reason.len)
			add_remark(b, MAIL_TONE_PLAIN, verdict_name(t->comparison.verdict), t->name, reason.data);
	}
	CLEANUP(strlist) struct strlist noise = STRLIST_INIT;
	b->failed |= report_noise_lines(r, style, &noise, NULL) < 0;
	for (size_t i = 0; i < noise.len; i++)
		add_remark(b, MAIL_TONE_PLAIN, "noise", NULL, noise.items[i]);
	for (size_t i = 0; i < r->tests_len; i++) {
		CLEANUP(strlist) struct strlist flags = STRLIST_INIT;
		b->failed |= report_latency_flags(r, &r->tests[i], style, &flags, NULL) < 0;
		for (size_t f = 0; f < flags.len; f++)
			add_remark(b, MAIL_TONE_PLAIN, "latency", r->tests[i].name, flags.items[f]);
	}
	CLEANUP(strlist) struct strlist machine = STRLIST_INIT;
	b->failed |= report_machine_remarks(r, &machine, NULL) < 0;
	for (size_t i = 0; i < machine.len; i++)
		add_remark(b, MAIL_TONE_PLAIN, "machine", NULL, machine.items[i]);
	for (size_t i = 0; i < r->notes_len; i++)
		if (report_is_warning(&r->notes[i]))
			add_remark(b, MAIL_TONE_PLAIN, r->notes[i].level, r->notes[i].test, r->notes[i].text);
}

static void add_function(const struct report_function *f, struct mail_body *b)
{
	CLEANUP(row) struct row row = { .text = STRBUF_INIT(CELLS_MAX_BYTES) };
	report_add_cut(next_cell(&row), f->name, 120);
	report_add_cpu(next_cell(&row), style, f->own.from_us, false);
	report_add_cpu(next_cell(&row), style, f->own.to_us, false);
	report_add_cpu(next_cell(&row), style, f->own.delta_us, true);
	strbuf_adds(next_cell(&row), report_why_certainty(&f->own));
	add_row(b, &row, MAIL_TONE_PLAIN);
}

/* The functions that changed most. */
static void add_why(const struct report_why *w, struct mail_body *b)
{
	CLEANUP(strbuf) struct strbuf sum = STRBUF_INIT(TEXT_MAX_BYTES);
	if (w->error) {
		add_remark(b, MAIL_TONE_PLAIN, "why", w->test, w->error);
		return;
	}
	report_add_why_sum(&sum, style, w);
	b->failed |= sum.failed != STRBUF_OK;
	add_remark(b, MAIL_TONE_PLAIN, "why", w->test, sum.data);
	if (!w->functions_len)
		return;
	mail_body_table(b, true);
	mail_body_row(b, MAIL_TONE_PLAIN,
		      (const char *[]){ "function", "from", "to", "change", "sampling error", NULL });
	for (size_t i = 0; i < w->functions_len && i < REPORT_WHY_TOP; i++)
		add_function(&w->functions[i], b);
}

int report_mail_begin(const struct report *r, struct mail_body *b, struct error *err)
{
	CLEANUP(strbuf) struct strbuf headline = STRBUF_INIT(TEXT_MAX_BYTES);
	struct report_summary s;
	report_summarise(r, &s);
	if (report_headline(r, &headline, err) < 0)
		return -1;
	strbuf_addc(&headline, '.');
	mail_body_add(b, MAIL_HEADLINE, report_is_done(r) ? tone_of(report_verdict(&s)) : MAIL_TONE_FAILED,
		      headline.data);
	if (!report_is_done(r))
		add_remark(b, MAIL_TONE_FAILED, "this run is not complete", r->status, r->error ? r->error : "");
	if (r->tests_len)
		add_tests(r, b);
	add_remarks(r, b);
	for (size_t i = 0; i < r->whys_len; i++)
		add_why(&r->whys[i], b);
	return b->failed ? error_oom(err) : 0;
}

static void add_servers(const struct report *r, struct mail_body *b)
{
	bool single = report_is_single(r), any = false;
	for (const struct report_server_fact *f = report_server_facts; f->name; f++)
		any |= report_server_value(&r->from, f) || report_server_value(&r->to, f);
	if (!any)
		return;
	mail_body_add(b, MAIL_HEADING, MAIL_TONE_PLAIN, single ? "What was profiled" : "What was compared");
	mail_body_table(b, true);
	mail_body_row(b, MAIL_TONE_PLAIN,
		      single ? (const char *[]){ "", "server", NULL } : (const char *[]){ "", "from", "to", NULL });
	for (const struct report_server_fact *f = report_server_facts; f->name; f++) {
		const char *from = report_server_value(&r->from, f), *to = report_server_value(&r->to, f);
		if (!from && !to)
			continue;
		from = from && *from ? from : REPORT_DASH;
		to = to && *to ? to : REPORT_DASH;
		mail_body_row(b, MAIL_TONE_PLAIN, (const char *[]){ f->name, from, single ? NULL : to, NULL });
	}
}

int report_mail_end(const struct report *r, struct mail_body *b, struct error *err)
{
	CLEANUP(strlist) struct strlist facts = STRLIST_INIT;
	add_servers(r, b);
	if (report_add_facts(r, style, &facts, err) < 0)
		return -1;
	mail_body_add(b, MAIL_HEADING, MAIL_TONE_PLAIN, "How it was measured");
	mail_body_table(b, false);
	for (size_t i = 0; i + 1 < facts.len; i += 2)
		mail_body_row(b, MAIL_TONE_PLAIN, (const char *[]){ facts.items[i], facts.items[i + 1], NULL });
	if (report_has_machine(r)) {
		CLEANUP(strbuf) struct strbuf line = STRBUF_INIT(TEXT_MAX_BYTES);
		report_add_machine(&line, style, r);
		b->failed |= line.failed != STRBUF_OK;
		mail_body_row(b, MAIL_TONE_PLAIN, (const char *[]){ "meanwhile", line.data, NULL });
	}
	if (r->command_line)
		mail_body_add(b, MAIL_LINES, MAIL_TONE_SOFT, r->command_line);
	return b->failed ? error_oom(err) : 0;
}
