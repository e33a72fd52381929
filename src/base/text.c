#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static const char replacement[] = "\uFFFD";

/* Marks, embeddings, overrides and isolates of direction: U+061C, U+200E-F, U+202A-E, U+2066-9. */
static bool turns_direction(uint32_t c)
{
	return c == 0x61C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

static bool is_harmless(uint32_t c)
{
	if (c < 0x20)
		return c == '\n' || c == '\t';
	/* XML has no U+FFFE and U+FFFF; U+2028 and U+2029 break lines where nobody expects it. */
	return !(c >= 0x7F && c < 0xA0) && (c & 0xFFFE) != 0xFFFE && c != 0x2028 && c != 0x2029 && !turns_direction(c);
}

size_t text_next(const char **at, const char *end, char ret[static 5])
{
	if (*at >= end)
		return 0;
	const unsigned char *p = (const unsigned char *)*at;
	size_t len = *p < 0x80 ? 1 : *p < 0xE0 ? 2 : *p < 0xF0 ? 3 : 4;
	bool valid = (size_t)(end - *at) >= len && str_is_utf8(*at, len);
	uint32_t c = len == 1 ? *p : *p & (0xFFu >> (len + 1));
	for (size_t i = 1; valid && i < len; i++)
		c = c << 6 | (p[i] & 0x3F);
	*at += valid ? len : 1;
	if (!valid || !is_harmless(c)) {
		memcpy(ret, replacement, sizeof replacement);
		return sizeof replacement - 1;
	}
	memcpy(ret, p, len);
	ret[len] = 0;
	return len;
}

static void add_plain(struct strbuf *out, const char *c, size_t len)
{
	strbuf_add(out, c, len);
}

void text_add_xml_char(struct strbuf *out, const char *c, size_t len)
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

static void add_cut(struct strbuf *out, const char *s, size_t len, size_t columns,
		    void (*add)(struct strbuf *, const char *, size_t))
{
	const char *at = s, *end = s + len;
	size_t before = out->len, done = 0;
	char c[5];
	for (size_t n; (n = text_next(&at, end, c)) > 0; done++) {
		if (done + 1 == columns)
			before = out->len;
		if (done == columns) { /* one too many: the last that fitted makes room for the mark */
			out->len = before;
			strbuf_adds(out, columns ? "…" : "");
			return;
		}
		if (*c == '\n' || *c == '\t')
			*c = ' ';
		add(out, c, n);
	}
}

void text_add_line(struct strbuf *out, const char *s, size_t len, size_t columns)
{
	add_cut(out, s, len, columns, add_plain);
}

void text_add_xml(struct strbuf *out, const char *s, size_t len, size_t columns)
{
	add_cut(out, s, len, columns, text_add_xml_char);
}

void text_add_json(struct strbuf *out, const char *s, size_t len)
{
	const char *at = s, *end = s + len;
	char c[5];
	strbuf_addc(out, '"');
	for (size_t n; (n = text_next(&at, end, c)) > 0;) {
		if (*c == '"' || *c == '\\')
			strbuf_addf(out, "\\%c", *c);
		else if (*c == '\n' || *c == '\t')
			strbuf_adds(out, *c == '\n' ? "\\n" : "\\t");
		else
			strbuf_add(out, c, n);
	}
	strbuf_addc(out, '"');
}
