/* Latencies on the page. */
#include "benchmarker/report_html_parts.h"
#include "benchmarker/report_latency.h"

static const struct report_style *const style = &report_fine;

static void add_row(const struct report_test *t, int line, struct strbuf *out)
{
	strbuf_adds(out, "<tr>");
	if (line == 0) {
		strbuf_addf(out, "<th rowspan=\"%d\" scope=\"rowgroup\">", LATENCY_LINES);
		report_html_name(out, t->name);
		strbuf_adds(out, "</th>");
	}
	strbuf_addf(out, "<th scope=\"row\" class=\"server\">%s</th>", report_latency_lines[line]);
	for (int c = 0; c < REPORT_LATENCY_COLUMNS; c++) {
		strbuf_adds(out, "<td class=\"n\">");
		report_add_latency(out, style, t, line, c);
		strbuf_adds(out, "<small>");
		report_add_latency_interval(out, style, t, line, c);
		strbuf_adds(out, "</small></td>");
	}
	strbuf_adds(out, "</tr>\n");
}

static int add_flags(const struct report *r, struct strbuf *out, struct error *err)
{
	bool any = false;
	for (size_t i = 0; i < r->tests_len; i++) {
		CLEANUP(strlist) struct strlist flags = STRLIST_INIT;
		if (report_latency_flags(r, &r->tests[i], style, &flags, err) < 0)
			return -1;
		for (size_t f = 0; f < flags.len; f++) {
			strbuf_adds(out, any ? "<li><b>" : "<ul class=\"reasons\">\n<li><b>");
			any = true;
			report_html_text(out, r->tests[i].name);
			strbuf_adds(out, "</b>, ");
			report_html_text(out, flags.items[f]);
			strbuf_adds(out, "</li>\n");
		}
	}
	strbuf_adds(out, any ? "</ul>\n" : "");
	return 0;
}

int report_html_latency(const struct report *r, struct strbuf *out, struct error *err)
{
	if (!report_has_latencies(r))
		return 0;
	strbuf_adds(out, "<section>\n<h2>Latency</h2>\n"
			 "<div class=\"scroll\" role=\"region\" aria-label=\"Latency\" tabindex=\"0\">\n<table>\n"
			 "<thead><tr><th scope=\"col\">test</th><th scope=\"col\">server</th>");
	for (int c = 0; c < REPORT_LATENCY_COLUMNS; c++)
		strbuf_addf(out, "<th scope=\"col\" class=\"n\">%s</th>", report_latency_columns[c]);
	strbuf_adds(out, "</tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < r->tests_len; i++) {
		if (!report_has_latency(&r->tests[i]))
			continue;
		for (int line = 0; line < LATENCY_LINES; line++)
			add_row(&r->tests[i], line, out);
	}
	strbuf_adds(out, "</tbody>\n</table>\n</div>\n");
	if (add_flags(r, out, err) < 0)
		return -1;
	strbuf_addf(out, "<p class=\"legend\">%s.%s</p>\n</section>\n", report_latency_note,
		    r->rate > 0 ? " Latencies count from when an event was due." : "");
	return 0;
}
