/* What the machine did, on the page. */
#include "benchmarker/report_html_parts.h"
#include "benchmarker/report_machine.h"
#include "benchmarker/report_svg.h"

static const struct report_style *const style = &report_fine;

static void add_row(const struct report_test *t, bool to, struct strbuf *out)
{
	strbuf_adds(out, to ? "<tr>" : "<tr><th rowspan=\"2\" scope=\"rowgroup\">");
	report_html_name(out, to ? NULL : t->name);
	strbuf_addf(out, "%s<th scope=\"row\" class=\"server\">%s</th>", to ? "" : "</th>", to ? "to" : "from");
	for (int c = 0; c < COST_COLUMNS; c++) {
		strbuf_adds(out, "<td class=\"n\">");
		report_add_cost(out, style, to ? &t->to_cost : &t->from_cost, c);
		strbuf_adds(out, "</td>");
	}
	strbuf_adds(out, "</tr>\n");
}

static void add_costs(const struct report *r, struct strbuf *out)
{
	strbuf_adds(out, "<section>\n<h2>What a transaction cost</h2>\n"
			 "<div class=\"scroll\" role=\"region\" aria-label=\"Cost\" tabindex=\"0\">\n<table>\n"
			 "<thead><tr><th scope=\"col\">test</th><th scope=\"col\">server</th>");
	for (int c = 0; c < COST_COLUMNS; c++)
		strbuf_addf(out, "<th scope=\"col\" class=\"n\">%s</th>", report_cost_columns[c]);
	strbuf_adds(out, "</tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < r->tests_len; i++) {
		if (!report_has_cost(&r->tests[i]))
			continue;
		add_row(&r->tests[i], false, out);
		add_row(&r->tests[i], true, out);
	}
	strbuf_addf(out, "</tbody>\n</table>\n</div>\n<p class=\"legend\">%s.</p>\n</section>\n", report_cost_note);
}

int report_html_machine(const struct report *r, struct strbuf *out, struct error *err)
{
	CLEANUP(strlist) struct strlist remarks = STRLIST_INIT;
	if (report_has_costs(r))
		add_costs(r, out);
	if (!report_has_machine(r))
		return 0;
	if (report_machine_remarks(r, &remarks, err) < 0)
		return -1;
	strbuf_adds(out, "<section>\n<h2>What the machine did</h2>\n<p>");
	report_add_machine(out, style, r);
	strbuf_adds(out, ".</p>\n");
	report_svg_machine(&r->usage, out);
	report_html_list(out, NULL, &remarks);
	strbuf_adds(out, "</section>\n");
	return 0;
}
