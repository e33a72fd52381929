#include "benchmarker/report_html_parts.h"
#include "benchmarker/report_pgo.h"

#include "base/text.h"
#include "benchmarker/report_format.h"

#include <string.h>

void report_html_text(struct strbuf *out, const char *s)
{
	char c[5];
	size_t len;
	while (s && (len = report_next_char(&s, c)) > 0)
		text_add_xml_char(out, c, len);
}

void report_html_name(struct strbuf *out, const char *s)
{
	char c[5];
	size_t len;
	while (s && (len = report_next_char(&s, c)) > 0) {
		text_add_xml_char(out, c, len);
		if (*c == '_' && *s && *s != '_')
			strbuf_adds(out, "<wbr/>");
	}
}

void report_html_list(struct strbuf *out, const char *label, const struct strlist *lines)
{
	strbuf_adds(out, lines->len ? "<ul class=\"reasons\">\n" : "");
	for (size_t i = 0; i < lines->len; i++) {
		strbuf_adds(out, "<li>");
		if (label)
			strbuf_addf(out, "<b>%s</b>: ", label);
		report_html_text(out, lines->items[i]);
		strbuf_adds(out, "</li>\n");
	}
	strbuf_adds(out, lines->len ? "</ul>\n" : "");
}

bool report_html_begin_link(struct strbuf *out, const char *file)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
	if (!file || !*file || *file == '/' || strstr(file, ".."))
		return false;
	strbuf_adds(out, "<a href=\"");
	for (const char *p = file; *p; p++)
		strbuf_addf(out, strchr(plain, *p) ? "%c" : "%%%02X", (unsigned char)*p);
	strbuf_adds(out, "\">");
	return true;
}

void report_html_decision(const struct report *r, struct strbuf *out)
{
	const char *words = report_pgo_words(r);
	CLEANUP(strbuf) struct strbuf reason = STRBUF_INIT(64 << 10), costs = STRBUF_INIT(4096);
	if (!words)
		return;
	report_add_pgo_reason(r, &report_fine, &reason);
	report_add_pgo_costs(r, &report_fine, &costs);
	strbuf_adds(out, "<p class=\"decision\"><strong>");
	report_html_text(out, words);
	strbuf_adds(out, "</strong>: ");
	report_html_text(out, reason.data);
	strbuf_adds(out, costs.len ? ". Cost: " : ".");
	report_html_text(out, costs.data);
	strbuf_adds(out, costs.len ? ".</p>\n" : "</p>\n");
}
