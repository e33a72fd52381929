#include "benchmarker/report_classes.h"

#define GAP 2
#define NAME_COLUMNS 24

const char *const report_class_columns[CLASS_COLUMNS] = {
	[CLASS_PER_MINUTE] = "per minute",
	[CLASS_MEAN] = "mean ms",
	[CLASS_P50] = "p50 ms",
	[CLASS_P90] = "p90 ms",
	[CLASS_P95] = "p95 ms",
	[CLASS_P99] = "p99 ms",
	[CLASS_ROLLBACKS] = "rolled back",
};

const char report_classes_note[] = "TPC-C-like load: not an audited TPC-C result, and not comparable with one";

bool report_has_classes(const struct report *r)
{
	for (size_t i = 0; i < r->tests_len; i++)
		if (!r->tests[i].error && r->tests[i].classes_len)
			return true;
	return false;
}

void report_add_new_order_rate(struct strbuf *out, const struct report_style *style, const struct report_test *t)
{
	report_add_line(out, t->classes[0].name);
	strbuf_adds(out, " transactions per minute: ");
	report_add_rate(out, style, t->classes[0].from.per_minute);
	strbuf_adds(out, " → ");
	report_add_rate(out, style, t->classes[0].to.per_minute);
}

void report_add_class_cell(struct strbuf *out, const struct report_style *style, const struct report_class_side *s,
			   int column)
{
	const double ms[] = { [CLASS_MEAN] = s->mean_ms,
			      [CLASS_P50] = s->p50_ms,
			      [CLASS_P90] = s->p90_ms,
			      [CLASS_P95] = s->p95_ms,
			      [CLASS_P99] = s->p99_ms };
	if (column == CLASS_PER_MINUTE)
		report_add_rate(out, style, s->per_minute);
	else if (column == CLASS_ROLLBACKS)
		report_add_count(out, style, s->rollbacks);
	else
		report_add_ms(out, style, ms[column]);
}

/* ---- terminal ---- */

static void pad(struct strbuf *out, size_t n)
{
	for (; n; n--)
		strbuf_addc(out, ' ');
}

/* Columns that fit beside name and server, least needed left out first. */
struct layout {
	size_t name;
	size_t width[CLASS_COLUMNS]; /* 0: left out */
};

static void measure(const struct report_test *t, struct layout *l)
{
	for (int c = 0; c < CLASS_COLUMNS; c++)
		l->width[c] = report_columns(report_class_columns[c]);
	for (size_t i = 0; i < t->classes_len; i++) {
		CLEANUP(strbuf) struct strbuf name = STRBUF_INIT(64 << 10);
		report_add_cut(&name, t->classes[i].name, NAME_COLUMNS);
		if (report_columns(name.data) > l->name)
			l->name = report_columns(name.data);
		for (int c = 0; c < 2 * CLASS_COLUMNS; c++) {
			CLEANUP(strbuf) struct strbuf cell = STRBUF_INIT(1024);
			report_add_class_cell(&cell, &report_plain, c % 2 ? &t->classes[i].to : &t->classes[i].from,
					      c / 2);
			if (report_columns(cell.data) > l->width[c / 2])
				l->width[c / 2] = report_columns(cell.data);
		}
	}
}

static void fit(struct layout *l, size_t width)
{
	static const int spare[] = { CLASS_MEAN, CLASS_P90, CLASS_P50, CLASS_P99, CLASS_ROLLBACKS, CLASS_P95 };
	size_t total = l->name + GAP + 4;
	for (int c = 0; c < CLASS_COLUMNS; c++)
		total += GAP + l->width[c];
	for (size_t i = 0; i < ARRAY_SIZE(spare) && total > width; i++) {
		total -= GAP + l->width[spare[i]];
		l->width[spare[i]] = 0;
	}
	if (total > width)
		l->name = total - width + 4 < l->name ? l->name - (total - width) : 4;
}

static void add_cell(struct strbuf *out, const struct layout *l, int column, const char *text)
{
	if (l->width[column] == 0)
		return;
	pad(out, GAP + l->width[column] - report_columns(text));
	strbuf_adds(out, text);
}

static void add_row(struct strbuf *out, const struct layout *l, const struct report_class *c, bool to)
{
	CLEANUP(strbuf) struct strbuf name = STRBUF_INIT(64 << 10);
	if (!to) /* once for both sides */
		report_add_cut(&name, c->name, l->name);
	strbuf_adds(out, name.data);
	pad(out, l->name - report_columns(name.data) + GAP);
	strbuf_adds(out, to ? "to  " : "from");
	for (int i = 0; i < CLASS_COLUMNS; i++) {
		CLEANUP(strbuf) struct strbuf cell = STRBUF_INIT(1024);
		report_add_class_cell(&cell, &report_plain, to ? &c->to : &c->from, i);
		add_cell(out, l, i, cell.data);
	}
	strbuf_addc(out, '\n');
}

static int add_test(struct strbuf *out, const struct report_test *t, size_t width, struct error *err)
{
	struct layout l = { 0 };
	CLEANUP(strbuf) struct strbuf rate = STRBUF_INIT(64 << 10);
	report_add_cut(&rate, t->name, NAME_COLUMNS);
	strbuf_adds(&rate, ": ");
	report_add_new_order_rate(&rate, &report_plain, t);
	if (strbuf_check(&rate, err) < 0)
		return -1;
	measure(t, &l);
	fit(&l, width);
	strbuf_addc(out, '\n');
	report_add_wrapped(out, rate.data, width, 2);
	strbuf_addc(out, '\n');
	pad(out, l.name + GAP + 4);
	for (int i = 0; i < CLASS_COLUMNS; i++)
		add_cell(out, &l, i, report_class_columns[i]);
	strbuf_addc(out, '\n');
	for (size_t i = 0; i < t->classes_len; i++) {
		add_row(out, &l, &t->classes[i], false);
		add_row(out, &l, &t->classes[i], true);
	}
	return 0;
}

int report_classes_text(const struct report *r, size_t width, struct strbuf *out, struct error *err)
{
	if (!report_has_classes(r))
		return 0;
	for (size_t i = 0; i < r->tests_len; i++)
		if (!r->tests[i].error && r->tests[i].classes_len && add_test(out, &r->tests[i], width, err) < 0)
			return -1;
	report_add_wrapped(out, report_classes_note, width, 2);
	strbuf_addc(out, '\n');
	return strbuf_check(out, err);
}
