#include "benchmarker/report_html_parts.h"

#include "benchmarker/report_format.h"

static void add_char(struct strbuf *out, const char *c, size_t len)
{
	switch (*c) {
	case '&':
		strbuf_adds(out, "&amp;");
		break;
	case '<':
		strbuf_adds(out, "&lt;");
		break;
	case '>':
		strbuf_adds(out, "&gt;");
		break;
	case '"':
		strbuf_adds(out, "&quot;");
		break;
	case '\'':
		strbuf_adds(out, "&#39;");
		break;
	default:
		strbuf_add(out, c, len);
	}
}

void report_html_text(struct strbuf *out, const char *s)
{
	char c[5];
	size_t len;
	while (s && (len = report_next_char(&s, c)) > 0)
		add_char(out, c, len);
}

void report_html_name(struct strbuf *out, const char *s)
{
	char c[5];
	size_t len;
	while (s && (len = report_next_char(&s, c)) > 0) {
		add_char(out, c, len);
		if (*c == '_' && *s && *s != '_')
			strbuf_adds(out, "<wbr/>");
	}
}
