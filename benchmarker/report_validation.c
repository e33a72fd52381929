/* Which test's profile helps which test: on a terminal and in markdown. */
#include "benchmarker/report_validation.h"

#include "benchmarker/report_markdown.h"
#include "benchmarker/report_summary.h"

#define GAP 2
#define NAME_COLUMNS 24
#define CELL_COLUMNS 24 /* "▲ 1.046 (1.031 to 1.061)" */
#define LEAST_COLUMNS 4

const char report_validation_title[] = "Which test's profile helps which test";

const char *report_validation_profile(const struct report_validation_row *row)
{
	return row->profile ? row->profile : "all tests";
}

const char *report_cell_words(enum pgo_cell state)
{
	static const char *const words[] = {
		[PGO_CELL_MEASURED] = "measured",
		[PGO_CELL_FAILED] = "failed",
		[PGO_CELL_UNFIT] = "profile not fit",
		[PGO_CELL_INTERRUPTED] = "not measured",
	};
	return words[state];
}

void report_add_validation_legend(const struct report *r, const struct report_style *style, struct strbuf *out)
{
	const struct report_validation *v = &r->validation;
	enum metric metric = report_metric(r);
	strbuf_addf(out, "ratio of %s: the build with that row's profile ÷ the one with %s; same: within ±",
		    report_metric_words(metric), r->from.profile_sha256 ? "the previous profile" : "none");
	report_add_percent(out, style, r->margin);
	if (report_more_is_slower(metric))
		strbuf_adds(out, "; more is slower");
	strbuf_addf(out,
		    "; verdicts at 5%s%% risk over all %zu cells together; what is decided rests on the table of tests "
		    "alone",
		    style->space, v->rows_len * v->tests_len);
}

/* " on a, b": the tests of a row whose cells have this error; nothing if all have it. */
static void add_tests(const struct report_validation *v, const struct report_validation_row *row, const char *error,
		      struct strbuf *out)
{
	size_t shown = 0, with = 0;
	for (size_t c = 0; c < v->tests_len; c++)
		with += str_eq(row->cells[c].error, error);
	for (size_t c = 0; c < v->tests_len && with < v->tests_len; c++) {
		if (!str_eq(row->cells[c].error, error))
			continue;
		strbuf_adds(out, shown++ ? ", " : " on ");
		report_add_line(out, v->tests[c]);
	}
}

static bool said_before(const struct report_validation_row *row, size_t cell)
{
	for (size_t c = 0; c < cell; c++)
		if (str_eq(row->cells[c].error, row->cells[cell].error))
			return true;
	return false;
}

int report_validation_remarks(const struct report_validation *v, struct strlist *ret, struct error *err)
{
	for (size_t i = 0; i < v->rows_len; i++) {
		const struct report_validation_row *row = &v->rows[i];
		for (size_t c = 0; c < v->tests_len; c++) {
			const struct report_cell *cell = &row->cells[c];
			CLEANUP(strbuf) struct strbuf line = STRBUF_INIT(REPORT_MAX_BYTES);
			if (!cell->error || said_before(row, c))
				continue;
			strbuf_adds(&line, "profile of ");
			report_add_line(&line, report_validation_profile(row));
			add_tests(v, row, cell->error, &line);
			strbuf_addf(&line, ": %s: ", report_cell_words(cell->state));
			report_add_line(&line, cell->error);
			if (strbuf_check(&line, err) < 0)
				return -1;
			strlist_add(ret, line.data);
		}
	}
	return strlist_check(ret, err);
}

/* ---- terminal ---- */

static void add_cell(struct strbuf *out, const struct report_cell *cell)
{
	if (cell->state != PGO_CELL_MEASURED) {
		strbuf_addf(out, "✕ %s", report_cell_words(cell->state));
		return;
	}
	const struct estimate *e = report_deciding(&cell->comparison);
	strbuf_addf(out, "%s ", report_mark(cell->comparison.verdict));
	report_add_ratio(out, &report_plain, e->ratio);
	strbuf_adds(out, " (");
	report_add_interval(out, &report_plain, e->low, e->high);
	strbuf_adds(out, ")");
}

/* Cut or padded to its width. */
static void add_field(struct strbuf *out, const char *text, size_t width, const char *escape, bool last)
{
	CLEANUP(strbuf) struct strbuf cut = STRBUF_INIT(64 << 10);
	report_add_cut(&cut, text, width);
	strbuf_addf(out, "%s%s%s", escape, cut.data, *escape ? "\033[0m" : "");
	for (size_t used = report_columns(cut.data); used < width + GAP && !last; used++)
		strbuf_addc(out, ' ');
}

static size_t name_width(const struct report_validation *v, size_t width)
{
	size_t widest = sizeof "profile of" - 1;
	for (size_t i = 0; i < v->rows_len; i++) {
		size_t n = report_columns(report_validation_profile(&v->rows[i]));
		widest = n > widest ? n : widest;
	}
	size_t room = width > CELL_COLUMNS + GAP + LEAST_COLUMNS ? width - CELL_COLUMNS - GAP : LEAST_COLUMNS;
	widest = widest > NAME_COLUMNS ? NAME_COLUMNS : widest;
	return widest > room ? room : widest;
}

/* Columns [first, end) of the matrix. */
static void add_block(const struct report_validation *v, size_t name, size_t first, size_t end, bool color,
		      struct strbuf *out)
{
	const char *dim = color ? "\033[2m" : "";
	add_field(out, "profile of", name, dim, false);
	for (size_t c = first; c < end; c++)
		add_field(out, v->tests[c], CELL_COLUMNS, dim, c + 1 == end);
	strbuf_addc(out, '\n');
	for (size_t i = 0; i < v->rows_len; i++) {
		add_field(out, report_validation_profile(&v->rows[i]), name, "", false);
		for (size_t c = first; c < end; c++) {
			const struct report_cell *cell = &v->rows[i].cells[c];
			CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(64 << 10);
			add_cell(&text, cell);
			add_field(out, text.data, CELL_COLUMNS,
				  !color                             ? ""
				  : cell->state == PGO_CELL_MEASURED ? report_escape(cell->comparison.verdict)
								     : REPORT_ESCAPE_FAILED,
				  c + 1 == end);
		}
		strbuf_addc(out, '\n');
	}
}

int report_validation_text(const struct report *r, size_t width, bool color, struct strbuf *out, struct error *err)
{
	const struct report_validation *v = &r->validation;
	CLEANUP(strlist) struct strlist remarks = STRLIST_INIT;
	CLEANUP(strbuf) struct strbuf legend = STRBUF_INIT(1024);
	if (!v->rows_len)
		return 0;
	size_t name = name_width(v, width), cells = (width - name) / (CELL_COLUMNS + GAP);
	cells = cells ? cells : 1;
	strbuf_addc(out, '\n');
	report_add_wrapped(out, report_validation_title, width, 2);
	strbuf_addc(out, '\n');
	for (size_t first = 0; first < v->tests_len; first += cells)
		add_block(v, name, first, first + cells < v->tests_len ? first + cells : v->tests_len, color, out);
	report_add_validation_legend(r, &report_plain, &legend);
	if (strbuf_check(&legend, err) < 0 || report_validation_remarks(v, &remarks, err) < 0)
		return -1;
	report_add_wrapped(out, legend.data, width, 2);
	strbuf_addc(out, '\n');
	for (size_t i = 0; i < remarks.len; i++) {
		report_add_wrapped(out, remarks.items[i], width, 2);
		strbuf_addc(out, '\n');
	}
	strbuf_addc(out, '\n');
	return 0;
}

/* ---- markdown ---- */

static void markdown_cell(const struct report_cell *cell, struct strbuf *out)
{
	if (cell->state != PGO_CELL_MEASURED) {
		strbuf_addf(out, " ✕ %s |", report_cell_words(cell->state));
		return;
	}
	const struct estimate *e = report_deciding(&cell->comparison);
	bool loud = cell->comparison.verdict == VERDICT_FASTER || cell->comparison.verdict == VERDICT_SLOWER;
	const char *strong = loud ? "**" : "";
	strbuf_addf(out, " %s %s", report_mark(cell->comparison.verdict), strong);
	report_add_ratio(out, &report_fine, e->ratio);
	strbuf_addf(out, "%s (", strong);
	report_add_interval(out, &report_fine, e->low, e->high);
	strbuf_adds(out, ") |");
}

int report_validation_markdown(const struct report *r, struct strbuf *out, struct error *err)
{
	const struct report_validation *v = &r->validation;
	CLEANUP(strlist) struct strlist remarks = STRLIST_INIT;
	if (!v->rows_len)
		return 0;
	if (report_validation_remarks(v, &remarks, err) < 0)
		return -1;
	strbuf_addf(out, "\n**%s**\n\n| profile of |", report_validation_title);
	for (size_t c = 0; c < v->tests_len; c++) {
		strbuf_addc(out, ' ');
		report_markdown_name(out, v->tests[c]);
		strbuf_adds(out, " |");
	}
	strbuf_adds(out, "\n|:--|");
	for (size_t c = 0; c < v->tests_len; c++)
		strbuf_adds(out, ":--|");
	for (size_t i = 0; i < v->rows_len; i++) {
		strbuf_adds(out, "\n| ");
		if (v->rows[i].profile)
			report_markdown_name(out, v->rows[i].profile);
		else
			strbuf_adds(out, report_validation_profile(&v->rows[i]));
		strbuf_adds(out, " |");
		for (size_t c = 0; c < v->tests_len; c++)
			markdown_cell(&v->rows[i].cells[c], out);
	}
	strbuf_adds(out, "\n\n");
	report_add_validation_legend(r, &report_fine, out);
	strbuf_adds(out, remarks.len ? ".\n\n" : ".\n");
	for (size_t i = 0; i < remarks.len; i++) {
		strbuf_adds(out, "- ");
		report_markdown_text(out, remarks.items[i]);
		strbuf_addc(out, '\n');
	}
	return 0;
}
