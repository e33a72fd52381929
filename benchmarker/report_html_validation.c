/* Which test's profile helps which test, on the page. */
#include "benchmarker/report_html_parts.h"
#include "benchmarker/report_summary.h"
#include "benchmarker/report_svg.h"
#include "benchmarker/report_validation.h"

static const struct report_style *const style = &report_fine;

static void add_cell(const struct report_cell *cell, bool own, struct strbuf *out)
{
	strbuf_addf(out, "<td class=\"n%s\">", own ? " own" : "");
	if (cell->state != PGO_CELL_MEASURED) {
		strbuf_addf(out, "<span class=\"verdict failed\">✕ %s</span></td>", report_cell_words(cell->state));
		return;
	}
	const struct estimate *e = report_deciding(&cell->comparison);
	const char *verdict = verdict_name(cell->comparison.verdict);
	strbuf_addf(out, "<span class=\"verdict %s\">", verdict);
	report_svg_mark(cell->comparison.verdict, out);
	report_add_ratio(out, style, e->ratio);
	strbuf_adds(out, "</span><small>");
	report_add_interval(out, style, e->low, e->high);
	strbuf_addf(out, "</small><small>%s</small></td>", verdict);
}

static void add_row(const struct report_validation *v, const struct report_validation_row *row, struct strbuf *out)
{
	CLEANUP(strbuf) struct strbuf file = STRBUF_INIT(REPORT_MAX_BYTES);
	strbuf_adds(out, "<tr><th scope=\"row\">");
	if (row->folder)
		strbuf_addf(&file, "%s/report.html", row->folder);
	bool link = report_html_begin_link(out, file.data);
	report_html_name(out, report_validation_profile(row));
	strbuf_adds(out, link ? "</a></th>" : "</th>");
	for (size_t c = 0; c < v->tests_len; c++)
		add_cell(&row->cells[c], str_eq(row->profile, v->tests[c]), out);
	strbuf_adds(out, "</tr>\n");
}

static int add_remarks(const struct report_validation *v, struct strbuf *out, struct error *err)
{
	CLEANUP(strlist) struct strlist remarks = STRLIST_INIT;
	if (report_validation_remarks(v, &remarks, err) < 0)
		return -1;
	report_html_list(out, NULL, &remarks);
	return 0;
}

int report_validation_html(const struct report *r, struct strbuf *out, struct error *err)
{
	const struct report_validation *v = &r->validation;
	if (!v->rows_len)
		return 0;
	strbuf_adds(out, "<section>\n<h2>");
	report_html_text(out, report_validation_title);
	strbuf_adds(out, "</h2>\n<div class=\"scroll\" role=\"region\" aria-label=\"Validation\" tabindex=\"0\">\n"
			 "<table class=\"matrix\">\n<thead><tr><th scope=\"col\">profile of</th>");
	for (size_t c = 0; c < v->tests_len; c++) {
		strbuf_adds(out, "<th scope=\"col\" class=\"n\">");
		report_html_name(out, v->tests[c]);
		strbuf_adds(out, "</th>");
	}
	strbuf_adds(out, "</tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < v->rows_len; i++)
		add_row(v, &v->rows[i], out);
	strbuf_adds(out, "</tbody>\n</table>\n</div>\n");
	if (add_remarks(v, out, err) < 0)
		return -1;
	strbuf_adds(out, "<p class=\"legend\">Columns are the tests that were measured; ");
	report_add_validation_legend(r, style, out);
	strbuf_adds(out, ".</p>\n</section>\n");
	return 0;
}
