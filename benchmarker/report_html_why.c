/* Why tests became faster or slower, on the page. */
#include "benchmarker/report_html_parts.h"
#include "benchmarker/report_why.h"

static const struct report_style *const style = &report_fine;

static void add_cell(double us, bool sign, struct strbuf *out)
{
	strbuf_adds(out, "<td class=\"n\">");
	report_add_cpu(out, style, us, sign);
	strbuf_adds(out, "</td>");
}

static void add_function(const struct report_function *f, struct strbuf *out)
{
	CLEANUP(strbuf) struct strbuf name = STRBUF_INIT(64 << 10);
	report_add_cut(&name, f->name, 300);
	strbuf_addf(out, "<tr%s><th scope=\"row\" class=\"function\">", f->own.significant ? " class=\"sure\"" : "");
	report_html_text(out, name.data);
	strbuf_adds(out, "</th>");
	add_cell(f->own.from_us, false, out);
	add_cell(f->own.to_us, false, out);
	add_cell(f->own.delta_us, true, out);
	add_cell(f->own.error_us, false, out);
	strbuf_addf(out, "<td>%s</td>", report_why_certainty(&f->own));
	add_cell(f->with_callees.delta_us, true, out);
	strbuf_adds(out, "</tr>\n");
}

static void add_functions(const struct report_why *w, struct strbuf *out)
{
	strbuf_adds(out, "<div class=\"scroll\" role=\"region\" aria-label=\"Functions\" tabindex=\"0\">\n<table "
			 "class=\"why\">\n"
			 "<thead><tr><th scope=\"col\">function</th><th scope=\"col\" class=\"n\">from</th>"
			 "<th scope=\"col\" class=\"n\">to</th><th scope=\"col\" class=\"n\">change</th>"
			 "<th scope=\"col\" class=\"n\">±</th><th scope=\"col\">sampling error</th>"
			 "<th scope=\"col\" class=\"n\">with what it calls</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < w->functions_len && i < REPORT_WHY_PAGE; i++)
		if (i < REPORT_WHY_UNSURE || w->functions[i].own.significant)
			add_function(&w->functions[i], out);
	strbuf_adds(out, "</tbody>\n</table>\n</div>\n");
}

static void add_test(const struct report_why *w, struct strbuf *out)
{
	strbuf_adds(out, "<h3>");
	report_html_name(out, w->test);
	strbuf_adds(out, "</h3>\n");
	if (w->error) {
		strbuf_adds(out, "<p class=\"error\">");
		report_html_text(out, w->error);
		strbuf_adds(out, "</p>\n");
		return;
	}
	strbuf_adds(out, "<p>");
	report_add_why_sum(out, style, w);
	strbuf_adds(out, ". <small>");
	report_add_count(out, style, w->from_samples);
	strbuf_adds(out, " and ");
	report_add_count(out, style, w->to_samples);
	strbuf_adds(out, " samples in ");
	report_add_count(out, style, w->from_transactions);
	strbuf_adds(out, " and ");
	report_add_count(out, style, w->to_transactions);
	strbuf_adds(out, " transactions.</small></p>\n");
	if (w->functions_len)
		add_functions(w, out);
	if (w->svg)
		strbuf_addf(
			out,
			"<div class=\"scroll\" role=\"region\" aria-label=\"Flame graph\" tabindex=\"0\">\n%s</div>\n",
			w->svg);
}

void report_why_html(const struct report *r, struct strbuf *out)
{
	if (!r->whys_len)
		return;
	strbuf_adds(out, "<section>\n<h2>Why</h2>\n");
	for (size_t i = 0; i < r->whys_len; i++)
		add_test(&r->whys[i], out);
	strbuf_addf(out, "<p class=\"legend\">%s.</p>\n</section>\n", report_why_note);
}
