#include "benchmarker/report_latency.h"

#include "benchmarker/arrivals.h"

#include <math.h>

#define GAP 2
#define NAME_COLUMNS 60
#define LINE_COLUMNS 7 /* "  ratio" */

const char *const report_latency_columns[REPORT_LATENCY_COLUMNS] = { "p50 ms", "p95 ms", "p99 ms", "p99.9 ms",
								     "max ms" };
const char *const report_percentile_keys[REPORT_PERCENTILES] = { "p50", "p95", "p99", "p99_9" };

const char *const report_latency_lines[LATENCY_LINES] = { "from", "to", "ratio" };

const char report_latency_note[] =
	"Latency with its 95 % interval; a dash: fewer than 10 events lie beyond it; max: the longest event seen; "
	"ratio: to ÷ from, above 1 is slower";

bool report_has_latency(const struct report_test *t)
{
	return !t->error && t->from_latency.events + t->to_latency.events > 0;
}

bool report_has_latencies(const struct report *r)
{
	for (size_t i = 0; i < r->tests_len; i++)
		if (report_has_latency(&r->tests[i]))
			return true;
	return false;
}

static const struct report_latency *side_of(const struct report_test *t, int line)
{
	return line == LATENCY_TO ? &t->to_latency : &t->from_latency;
}

/* NULL: the column is not compared. */
static const struct estimate *ratio_of(const struct report_test *t, int column)
{
	static const enum metric metrics[] = { METRIC_LATENCY_P50, METRIC_LATENCY_P95, METRIC_LATENCY_P99 };
	return column < (int)ARRAY_SIZE(metrics) ? &t->comparison.metrics[metrics[column]] : NULL;
}

void report_add_latency(struct strbuf *out, const struct report_style *style, const struct report_test *t, int line,
			int column)
{
	const struct report_latency *l = side_of(t, line);
	const struct estimate *ratio = ratio_of(t, column);
	if (line != LATENCY_RATIO)
		report_add_ms(out, style, column < REPORT_PERCENTILES ? l->percentiles[column].ms : l->max_ms);
	else if (ratio)
		report_add_ratio(out, style, ratio->ratio);
}

static void add_ms_interval(struct strbuf *out, const struct report_style *style, const struct report_percentile *p)
{
	if (isnan(p->ms) || (p->low_ms <= 0 && isinf(p->high_ms)))
		return;
	if (isinf(p->high_ms)) {
		strbuf_adds(out, "≥ ");
		report_add_ms(out, style, p->low_ms);
		return;
	}
	if (p->low_ms <= 0) {
		strbuf_adds(out, "≤ ");
	} else {
		report_add_ms(out, style, p->low_ms);
		strbuf_adds(out, " to ");
	}
	report_add_ms(out, style, p->high_ms);
}

void report_add_latency_interval(struct strbuf *out, const struct report_style *style, const struct report_test *t,
				 int line, int column)
{
	const struct estimate *ratio = ratio_of(t, column);
	if (line != LATENCY_RATIO && column < REPORT_PERCENTILES)
		add_ms_interval(out, style, &side_of(t, line)->percentiles[column]);
	else if (line == LATENCY_RATIO && ratio && isfinite(statistics_half_width(ratio)))
		report_add_interval(out, style, ratio->low, ratio->high);
}

bool report_is_overloaded(const struct report_latency *l)
{
	return arrivals_overloaded(l->events + l->unserved, l->backlog, l->unserved);
}

/* ---- what to know ---- */

/* "3 events", "1 event". */
static void add_counted(struct strbuf *out, const struct report_style *style, uint64_t n, const char *what)
{
	report_add_count(out, style, n);
	strbuf_addf(out, " %s%s", what, n == 1 ? "" : "s");
}

static void add_flag(struct strlist *ret, struct strbuf *line)
{
	if (line->failed)
		ret->failed = true;
	strlist_add(ret, line->data);
	strbuf_reset(line);
}

static void flag_overload(const struct report *r, const struct report_latency *l, const char *side, double achieved,
			  const struct report_style *style, struct strlist *ret)
{
	CLEANUP(strbuf) struct strbuf line = STRBUF_INIT(4096);
	if (!(r->rate > 0) || !report_is_overloaded(l))
		return;
	strbuf_addf(&line, "%s: achieved ", side);
	report_add_rate(&line, style, achieved);
	strbuf_adds(&line, " of ");
	report_add_rate(&line, style, r->rate);
	strbuf_adds(&line, " events/s: its latencies are those of an overloaded system; ");
	add_counted(&line, style, l->backlog, "event");
	strbuf_adds(&line, " had not begun at the end of their slices, ");
	if (l->unserved) {
		report_add_count(&line, style, l->unserved);
		strbuf_adds(&line, " of them never did and are in no percentile, ");
	}
	strbuf_adds(&line, "the longest wait was ");
	report_add_ms(&line, style, l->lag_max_ms);
	strbuf_addf(&line, "%sms", style->space);
	add_flag(ret, &line);
}

static void flag_side(const struct report *r, const struct report_latency *l, const char *side, double achieved,
		      const struct report_style *style, struct strlist *ret)
{
	CLEANUP(strbuf) struct strbuf line = STRBUF_INIT(4096);
	flag_overload(r, l, side, achieved, style, ret);
	if (l->over_timeout) {
		strbuf_addf(&line, "%s: ", side);
		add_counted(&line, style, l->over_timeout, "event");
		strbuf_adds(&line, " took longer than the time-out of ");
		report_add_seconds(&line, style, r->event_timeout_seconds);
		add_flag(ret, &line);
	}
	if (l->over_range) {
		strbuf_addf(&line, "%s: ", side);
		add_counted(&line, style, l->over_range, "event");
		strbuf_addf(&line, " took more than 2.4%sh: percentiles that fall there are too low", style->space);
		add_flag(ret, &line);
	}
	if (l->ignored_errors || l->reconnects) {
		strbuf_addf(&line, "%s: ", side);
		if (l->ignored_errors)
			add_counted(&line, style, l->ignored_errors, "ignored error");
		strbuf_adds(&line, l->ignored_errors && l->reconnects ? " and " : "");
		if (l->reconnects)
			add_counted(&line, style, l->reconnects, "reconnect");
		strbuf_adds(&line, ": the time of what was tried again is in its latencies");
		add_flag(ret, &line);
	}
}

int report_latency_flags(const struct report *r, const struct report_test *t, const struct report_style *style,
			 struct strlist *ret, struct error *err)
{
	if (!t->error) {
		flag_side(r, &t->from_latency, "from", t->from_tps, style, ret);
		flag_side(r, &t->to_latency, "to", t->to_tps, style, ret);
	}
	return strlist_check(ret, err);
}

/* ---- terminal ---- */

static void pad(struct strbuf *out, size_t n)
{
	for (; n; n--)
		strbuf_addc(out, ' ');
}

/* Columns that fit beside the line's name, least needed left out first: their widths, 0 for none; and whether intervals
 * do.
 */
struct layout {
	size_t width[REPORT_LATENCY_COLUMNS];
	bool intervals;
};

static void add_cell(struct strbuf *out, const struct layout *l, const struct report_test *t, int line, int column)
{
	CLEANUP(strbuf) struct strbuf interval = STRBUF_INIT(256);
	report_add_latency(out, &report_plain, t, line, column);
	report_add_latency_interval(&interval, &report_plain, t, line, column);
	if (l->intervals && interval.len)
		strbuf_addf(out, " (%s)", interval.data);
}

static size_t measure(const struct report *r, struct layout *l)
{
	size_t total = LINE_COLUMNS;
	for (int c = 0; c < REPORT_LATENCY_COLUMNS; c++) {
		l->width[c] = report_columns(report_latency_columns[c]);
		for (size_t i = 0; i < LATENCY_LINES * r->tests_len; i++) {
			const struct report_test *t = &r->tests[i / LATENCY_LINES];
			CLEANUP(strbuf) struct strbuf cell = STRBUF_INIT(256);
			if (!report_has_latency(t))
				continue;
			add_cell(&cell, l, t, (int)(i % LATENCY_LINES), c);
			if (report_columns(cell.data) > l->width[c])
				l->width[c] = report_columns(cell.data);
		}
		total += GAP + l->width[c];
	}
	return total;
}

static void fit(const struct report *r, size_t width, struct layout *l)
{
	static const int spare[] = { 0, 3, 1, 4 }; /* p50, p99.9, p95, max */
	l->intervals = true;
	size_t total = measure(r, l);
	if (total - GAP - l->width[0] > width) { /* better all columns than all intervals */
		l->intervals = false;
		total = measure(r, l);
	}
	for (size_t i = 0; i < ARRAY_SIZE(spare) && total > width; i++) {
		total -= GAP + l->width[spare[i]];
		l->width[spare[i]] = 0;
	}
}

/* t NULL: the heads of the columns. */
static void add_row(struct strbuf *out, const struct layout *l, const struct report_test *t, int line)
{
	const char *name = t ? report_latency_lines[line] : "";
	pad(out, GAP);
	strbuf_adds(out, name);
	pad(out, LINE_COLUMNS - GAP - report_columns(name));
	size_t gap = 0;
	for (int c = 0; c < REPORT_LATENCY_COLUMNS; c++) {
		CLEANUP(strbuf) struct strbuf cell = STRBUF_INIT(256);
		if (!l->width[c])
			continue;
		gap += GAP + l->width[c];
		if (t)
			add_cell(&cell, l, t, line, c);
		else
			strbuf_adds(&cell, report_latency_columns[c]);
		if (!cell.len) /* the next one's gap, if there is one */
			continue;
		pad(out, gap - report_columns(cell.data));
		strbuf_adds(out, cell.data);
		gap = 0;
	}
	strbuf_addc(out, '\n');
}

int report_latency_text(const struct report *r, size_t width, struct strbuf *out, struct error *err)
{
	struct layout l;
	if (!report_has_latencies(r))
		return 0;
	fit(r, width, &l);
	strbuf_addc(out, '\n');
	add_row(out, &l, NULL, 0);
	for (size_t i = 0; i < r->tests_len; i++) {
		const struct report_test *t = &r->tests[i];
		if (!report_has_latency(t))
			continue;
		report_add_cut(out, t->name, width < NAME_COLUMNS ? width : NAME_COLUMNS);
		strbuf_addc(out, '\n');
		for (int line = 0; line < LATENCY_LINES; line++)
			add_row(out, &l, t, line);
	}
	report_add_wrapped(out, report_latency_note, width, 2);
	strbuf_addc(out, '\n');
	return strbuf_check(out, err);
}
