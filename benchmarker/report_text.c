/* The report on a terminal: headline, table within the given width, legend, what to know. */
#include "benchmarker/report_classes.h"
#include "benchmarker/report_latency.h"
#include "benchmarker/report_machine.h"
#include "benchmarker/report_noise.h"
#include "benchmarker/report_pgo.h"
#include "benchmarker/report_summary.h"
#include "benchmarker/report_validation.h"
#include "benchmarker/report_why.h"

#include <string.h>

#define MIN_WIDTH 30
#define DEFAULT_WIDTH 80
#define GAP 2

enum column { COLUMN_TEST, COLUMN_FROM, COLUMN_TO, COLUMN_RATIO, COLUMN_INTERVAL, COLUMN_P95, COLUMN_VERDICT, COLUMNS };

static const struct {
	const char *head;
	bool right;
} columns[COLUMNS] = {
	[COLUMN_TEST] = { "test", false },
	[COLUMN_FROM] = { "from tx/s", true },
	[COLUMN_TO] = { "to tx/s", true },
	[COLUMN_RATIO] = { "ratio", true },
	[COLUMN_INTERVAL] = { "95 % interval", false },
	[COLUMN_P95] = { "p95 ms", false },
	[COLUMN_VERDICT] = { "verdict", false },
};

/* The table as text cells, row after row, and how it is to be laid out. */
struct layout {
	struct strlist cells;
	size_t width[COLUMNS]; /* 0: left out */
};

static void layout_release(struct layout *l)
{
	strlist_release(&l->cells);
}

static void add_cell(struct layout *l, struct strbuf *cell)
{
	if (cell->failed)
		l->cells.failed = true;
	strlist_add(&l->cells, cell->data);
	strbuf_reset(cell);
}

static void add_row(struct layout *l, const struct report_test *t)
{
	CLEANUP(strbuf) struct strbuf cell = STRBUF_INIT(64 << 10);
	report_add_line(&cell, t->name);
	add_cell(l, &cell);
	if (t->error) {
		for (enum column c = COLUMN_FROM; c < COLUMN_VERDICT; c++) {
			strbuf_adds(&cell, REPORT_DASH);
			add_cell(l, &cell);
		}
		strbuf_adds(&cell, "✕ failed");
		add_cell(l, &cell);
		return;
	}
	const struct estimate *e = report_deciding(&t->comparison);
	report_add_rate(&cell, &report_plain, t->from_tps);
	add_cell(l, &cell);
	report_add_rate(&cell, &report_plain, t->to_tps);
	add_cell(l, &cell);
	report_add_ratio(&cell, &report_plain, e->ratio);
	add_cell(l, &cell);
	report_add_interval(&cell, &report_plain, e->low, e->high);
	add_cell(l, &cell);
	report_add_ms(&cell, &report_plain, t->from_p95_ms);
	strbuf_adds(&cell, " → ");
	report_add_ms(&cell, &report_plain, t->to_p95_ms);
	add_cell(l, &cell);
	strbuf_addf(&cell, "%s %s", report_mark(t->comparison.verdict), verdict_name(t->comparison.verdict));
	add_cell(l, &cell);
}

static size_t total_width(const struct layout *l)
{
	size_t total = 0;
	for (int c = 0; c < COLUMNS; c++)
		total += l->width[c] ? l->width[c] + GAP : 0;
	return total - GAP;
}

/* Measures the cells, then gives up columns, least needed first, until the rest fits; names are cut last. */
static void fit(struct layout *l, size_t width)
{
	static const enum column spare[] = { COLUMN_P95, COLUMN_FROM, COLUMN_TO, COLUMN_INTERVAL };
	for (size_t i = 0; i < l->cells.len; i++) {
		size_t n = report_columns(l->cells.items[i]);
		if (n > l->width[i % COLUMNS])
			l->width[i % COLUMNS] = n;
	}
	/* One endless name must not cost the others their numbers. */
	size_t name = l->width[COLUMN_TEST] > 24 ? 24 : l->width[COLUMN_TEST], cut = l->width[COLUMN_TEST] - name;
	for (size_t i = 0; i < ARRAY_SIZE(spare) && total_width(l) - cut > width; i++) {
		l->width[spare[i]] = 0;
		if (spare[i] == COLUMN_FROM)
			l->width[COLUMN_TO] = 0;
	}
	size_t total = total_width(l);
	if (total > width) {
		size_t over = total - width;
		l->width[COLUMN_TEST] = over + 4 < l->width[COLUMN_TEST] ? l->width[COLUMN_TEST] - over : 4;
	}
}

static void pad(struct strbuf *out, size_t n)
{
	for (; n; n--)
		strbuf_addc(out, ' ');
}

static const char *verdict_escape(const struct report_test *t)
{
	return t->error ? REPORT_ESCAPE_FAILED : report_escape(t->comparison.verdict);
}

static void add_line_of_cells(const struct layout *l, size_t row, const char *escape, struct strbuf *out)
{
	for (int c = 0; c < COLUMNS; c++) {
		CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(64 << 10);
		if (!l->width[c])
			continue;
		report_add_cut(&text, l->cells.items[row * COLUMNS + (size_t)c], l->width[c]);
		size_t space = l->width[c] - report_columns(text.data);
		if (columns[c].right)
			pad(out, space);
		if (*escape && (c == COLUMN_VERDICT || row == 0))
			strbuf_addf(out, "%s%s\033[0m", escape, text.data);
		else
			strbuf_add(out, text.data, text.len);
		if (c + 1 < COLUMNS)
			pad(out, GAP + (columns[c].right ? 0 : space));
	}
	strbuf_addc(out, '\n');
}

static int add_table(const struct report *r, size_t width, bool color, struct strbuf *out, struct error *err)
{
	CLEANUP(layout) struct layout l = { .cells = STRLIST_INIT };
	for (int c = 0; c < COLUMNS; c++)
		strlist_add(&l.cells, columns[c].head);
	for (size_t i = 0; i < r->tests_len; i++)
		add_row(&l, &r->tests[i]);
	if (strlist_check(&l.cells, err) < 0)
		return -1;
	fit(&l, width);
	add_line_of_cells(&l, 0, color ? "\033[2m" : "", out);
	for (size_t i = 0; i < r->tests_len; i++)
		add_line_of_cells(&l, i + 1, color ? verdict_escape(&r->tests[i]) : "", out);
	return 0;
}

/* "label: about: text", wrapped. about may be NULL. */
static int add_remark(struct strbuf *out, size_t width, const char *label, const char *about, const char *text,
		      struct error *err)
{
	CLEANUP(strbuf) struct strbuf line = STRBUF_INIT(REPORT_MAX_BYTES);
	report_add_line(&line, label);
	strbuf_adds(&line, ": ");
	report_add_line(&line, about);
	strbuf_adds(&line, about ? ": " : "");
	report_add_line(&line, text);
	if (strbuf_check(&line, err) < 0)
		return -1;
	report_add_wrapped(out, line.data, width, 2);
	strbuf_addc(out, '\n');
	return 0;
}

static int add_remarks(const struct report *r, size_t width, struct strbuf *out, struct error *err)
{
	for (size_t i = 0; i < r->tests_len; i++) {
		const struct report_test *t = &r->tests[i];
		if (t->error && add_remark(out, width, "failed", t->name, t->error, err) < 0)
			return -1;
		CLEANUP(strbuf) struct strbuf reason = STRBUF_INIT(64 << 10);
		report_add_reason(&reason, &report_plain, r, t);
		if (!t->error && reason.len &&
		    add_remark(out, width, verdict_name(t->comparison.verdict), t->name, reason.data, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < r->tests_len; i++) {
		CLEANUP(strlist) struct strlist flags = STRLIST_INIT;
		if (report_latency_flags(r, &r->tests[i], &report_plain, &flags, err) < 0)
			return -1;
		for (size_t f = 0; f < flags.len; f++)
			if (add_remark(out, width, "latency", r->tests[i].name, flags.items[f], err) < 0)
				return -1;
	}
	for (size_t i = 0; i < r->notes_len; i++) {
		const struct report_note *n = &r->notes[i];
		if (report_is_warning(n) && add_remark(out, width, n->level, n->test, n->text, err) < 0)
			return -1;
	}
	return 0;
}

static int add_machine(const struct report *r, size_t width, struct strbuf *out, struct error *err)
{
	CLEANUP(strlist) struct strlist remarks = STRLIST_INIT;
	CLEANUP(strbuf) struct strbuf line = STRBUF_INIT(64 << 10);
	if (!report_has_machine(r))
		return 0;
	report_add_machine(&line, &report_plain, r);
	if (strbuf_check(&line, err) < 0 || add_remark(out, width, "machine", NULL, line.data, err) < 0 ||
	    report_machine_remarks(r, &remarks, err) < 0)
		return -1;
	for (size_t i = 0; i < remarks.len; i++)
		if (add_remark(out, width, "machine", NULL, remarks.items[i], err) < 0)
			return -1;
	return 0;
}

static int add_noise(const struct report *r, size_t width, struct strbuf *out, struct error *err)
{
	CLEANUP(strlist) struct strlist lines = STRLIST_INIT;
	if (report_noise_lines(r, &report_plain, &lines, err) < 0)
		return -1;
	for (size_t i = 0; i < lines.len; i++)
		if (add_remark(out, width, "noise", NULL, lines.items[i], err) < 0)
			return -1;
	return 0;
}

/* The gate of a pgo run: the answer first, then what it costs. */
static int add_decision(const struct report *r, size_t width, struct strbuf *out, struct error *err)
{
	const char *words = report_pgo_words(r);
	CLEANUP(strbuf) struct strbuf reason = STRBUF_INIT(64 << 10), costs = STRBUF_INIT(4096);
	if (!words)
		return 0;
	report_add_pgo_reason(r, &report_plain, &reason);
	report_add_pgo_costs(r, &report_plain, &costs);
	if (strbuf_check(&reason, err) < 0 || strbuf_check(&costs, err) < 0 ||
	    add_remark(out, width, words, NULL, reason.data, err) < 0)
		return -1;
	return costs.len ? add_remark(out, width, "cost", NULL, costs.data, err) : 0;
}

static int add_headline(const struct report *r, size_t width, bool color, struct strbuf *out, struct error *err)
{
	CLEANUP(strbuf) struct strbuf headline = STRBUF_INIT(64 << 10);
	if (report_headline(r, &headline, err) < 0)
		return -1;
	strbuf_addc(&headline, '.');
	strbuf_adds(out, color ? "\033[1m" : "");
	report_add_wrapped(out, headline.data, width, 0);
	strbuf_adds(out, color ? "\033[0m\n" : "\n");
	return report_is_done(r) || !r->error ? 0 : add_remark(out, width, r->status, NULL, r->error, err);
}

int report_text(const struct report *r, int width, bool color, struct strbuf *out, struct error *err)
{
	size_t columns_wide = width <= 0 ? DEFAULT_WIDTH : width < MIN_WIDTH ? MIN_WIDTH : (size_t)width;
	if (add_headline(r, columns_wide, color, out, err) < 0 || add_decision(r, columns_wide, out, err) < 0)
		return -1;
	if (r->tests_len) {
		CLEANUP(strbuf) struct strbuf legend = STRBUF_INIT(1024);
		strbuf_addc(out, '\n');
		if (add_table(r, columns_wide, color, out, err) < 0)
			return -1;
		strbuf_adds(&legend, "ratio: to ÷ from");
		if (report_more_is_slower(report_metric(r)))
			strbuf_addf(&legend, " of %s, where more is slower", report_metric_words(report_metric(r)));
		strbuf_adds(&legend, "; same: within ±");
		report_add_percent(&legend, &report_plain, r->margin);
		strbuf_adds(&legend, "; verdicts at 5 % risk over all tests");
		strbuf_addc(out, '\n');
		report_add_wrapped(out, legend.data, columns_wide, 2);
		strbuf_addc(out, '\n');
	}
	if (report_validation_text(r, columns_wide, color, out, err) < 0)
		return -1;
	if (add_remarks(r, columns_wide, out, err) < 0 || add_noise(r, columns_wide, out, err) < 0 ||
	    add_machine(r, columns_wide, out, err) < 0 || report_why_text(r, columns_wide, out, err) < 0 ||
	    report_latency_text(r, columns_wide, out, err) < 0 || report_classes_text(r, columns_wide, out, err) < 0)
		return -1;
	return strbuf_check(out, err);
}
