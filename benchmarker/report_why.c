#include "benchmarker/report_why.h"

#include "benchmarker/report_markdown.h"

#include <math.h>
#include <stdio.h>

const char report_why_note[] =
	"CPU time of the server per transaction, by profiles of both under the same load, taken in turn. What Go's "
	"runtime "
	"and library take counts for the function that calls them. ±: half of the 95 % interval, of sampling alone; "
	"beyond: "
	"for all functions together, at 5 % risk";

void report_add_cpu(struct strbuf *out, const struct report_style *style, double us, bool sign)
{
	static const struct {
		const char *unit;
		double us;
	} units[] = { { "s", 1e6 }, { "ms", 1e3 }, { "µs", 1 }, { "ns", 1e-3 } };
	double size = fabs(us);
	if (!isfinite(us)) {
		strbuf_adds(out, REPORT_DASH);
		return;
	}
	size_t i = 0;
	while (i + 1 < ARRAY_SIZE(units) && size < 0.9995 * units[i].us)
		i++;
	double value = size / units[i].us;
	strbuf_adds(out, us < 0 ? REPORT_MINUS : sign && us > 0 ? "+" : "");
	if (size == 0)
		strbuf_addf(out, "0%sµs", style->space);
	else
		strbuf_addf(out, "%.*f%s%s",
			    value < 9.995   ? 2
			    : value < 99.95 ? 1
					    : 0,
			    value, style->space, units[i].unit);
}

const char *report_why_certainty(const struct report_cpu *c)
{
	return isnan(c->error_us) ? REPORT_DASH : c->significant ? "beyond" : "within";
}

static void add_change(struct strbuf *out, const struct report_style *style, const struct report_cpu *c)
{
	report_add_cpu(out, style, c->delta_us, true);
	if (isnan(c->error_us))
		return;
	strbuf_adds(out, " ± ");
	report_add_cpu(out, style, c->error_us, false);
}

void report_add_why_sum(struct strbuf *out, const struct report_style *style, const struct report_why *w)
{
	strbuf_adds(out, "CPU a transaction ");
	report_add_cpu(out, style, w->all.from_us, false);
	strbuf_adds(out, " → ");
	report_add_cpu(out, style, w->all.to_us, false);
	strbuf_adds(out, ": ");
	add_change(out, style, &w->all);
	if (!isnan(w->all.error_us))
		strbuf_addf(out, ", %s sampling error", report_why_certainty(&w->all));
}

static int add_wrapped(struct strbuf *out, struct strbuf *line, size_t width, struct error *err)
{
	if (strbuf_check(line, err) < 0)
		return -1;
	report_add_wrapped(out, line->data, width, 4);
	strbuf_addc(out, '\n');
	return 0;
}

/* "  grew: main.waste +344 µs; main.scan +8.1 µs (within sampling error)" */
static int text_functions(const struct report_why *w, bool grew, size_t width, struct strbuf *out, struct error *err)
{
	CLEANUP(strbuf) struct strbuf line = STRBUF_INIT(64 << 10);
	size_t n = 0;
	strbuf_adds(&line, grew ? "grew: " : "shrank: ");
	for (size_t i = 0; i < w->functions_len && n < REPORT_WHY_LINE; i++) {
		const struct report_function *f = &w->functions[i];
		if (grew != (f->own.delta_us > 0) || (n && !f->own.significant))
			continue;
		strbuf_adds(&line, n++ ? "; " : "");
		report_add_cut(&line, f->name, width < 110 ? width - 10 : 100);
		strbuf_addc(&line, ' ');
		report_add_cpu(&line, &report_plain, f->own.delta_us, true);
		strbuf_adds(&line, f->own.significant ? "" : " (within sampling error)");
	}
	strbuf_adds(&line, n ? "" : "nothing");
	strbuf_adds(out, "  ");
	return add_wrapped(out, &line, width - 2, err);
}

int report_why_text(const struct report *r, size_t width, struct strbuf *out, struct error *err)
{
	for (size_t i = 0; i < r->whys_len; i++) {
		const struct report_why *w = &r->whys[i];
		CLEANUP(strbuf) struct strbuf line = STRBUF_INIT(64 << 10);
		strbuf_adds(&line, "why: ");
		report_add_line(&line, w->test);
		strbuf_adds(&line, ": ");
		if (w->error)
			report_add_line(&line, w->error);
		else
			report_add_why_sum(&line, &report_plain, w);
		strbuf_adds(out, i ? "" : "\n");
		if (add_wrapped(out, &line, width, err) < 0)
			return -1;
		if (!w->error &&
		    (text_functions(w, true, width, out, err) < 0 || text_functions(w, false, width, out, err) < 0))
			return -1;
	}
	return 0;
}

static void markdown_row(const struct report_function *f, struct strbuf *out)
{
	CLEANUP(strbuf) struct strbuf name = STRBUF_INIT(4096);
	report_add_cut(&name, f->name, 200);
	strbuf_adds(out, "| ");
	report_markdown_text(out, name.data);
	strbuf_adds(out, " | ");
	report_add_cpu(out, &report_fine, f->own.from_us, false);
	strbuf_adds(out, " | ");
	report_add_cpu(out, &report_fine, f->own.to_us, false);
	strbuf_adds(out, " | ");
	add_change(out, &report_fine, &f->own);
	strbuf_addf(out, " | %s |\n", report_why_certainty(&f->own));
}

static void markdown_test(const struct report_why *w, struct strbuf *out)
{
	strbuf_adds(out, "\n**");
	report_markdown_text(out, w->test);
	strbuf_adds(out, "**: ");
	if (w->error) {
		report_markdown_text(out, w->error);
		strbuf_addc(out, '\n');
		return;
	}
	report_add_why_sum(out, &report_fine, w);
	strbuf_adds(out, "\n");
	if (!w->functions_len)
		return;
	strbuf_adds(out, "\n| function | from | to | change | sampling error |\n|:--|--:|--:|--:|:--|\n");
	for (size_t i = 0; i < w->functions_len && i < REPORT_WHY_TOP; i++)
		markdown_row(&w->functions[i], out);
}

void report_why_markdown(const struct report *r, struct strbuf *out)
{
	if (!r->whys_len)
		return;
	strbuf_adds(out, "\n<details><summary>Why: the functions that grew or shrank</summary>\n");
	for (size_t i = 0; i < r->whys_len; i++)
		markdown_test(&r->whys[i], out);
	strbuf_addf(out, "\n%s.\n\n</details>\n", report_why_note);
}
