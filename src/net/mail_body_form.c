/* The two forms of a mail's body. */
#include "net/mail_body.h"

#include "base/text.h"

#include <string.h>

#define FONT "font-family:-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;"
#define CELL "padding:5px 10px;border-bottom:1px solid #d9dee4;vertical-align:top;"
#define REPLACEMENT "\xef\xbf\xbd"

/* The next character as valid UTF-8; control characters but tab and newline, and those that turn the direction of text
 * around, become U+FFFD. Returns its bytes, 0 at the end. */
static size_t next_char(const char **s, char ret[static 5])
{
	const unsigned char *p = (const unsigned char *)*s;
	if (!*p)
		return 0;
	size_t n = *p < 0x80 ? 1 : *p >= 0xF0 ? 4 : *p >= 0xE0 ? 3 : 2;
	bool good = strnlen(*s, n) == n && str_is_utf8(*s, n);
	bool control = (n == 1 && ((*p < 0x20 && *p != '\t' && *p != '\n') || *p == 0x7f)) ||
		       (n == 2 && *p == 0xC2 && p[1] < 0xA0);
	bool turns = n == 3 && p[0] == 0xE2 &&
		     ((p[1] == 0x80 && (p[2] == 0x8E || p[2] == 0x8F || (p[2] >= 0xAA && p[2] <= 0xAE))) ||
		      (p[1] == 0x81 && p[2] >= 0xA6 && p[2] <= 0xA9));
	*s += good ? n : 1;
	memcpy(ret, good && !control && !turns ? (const char *)p : REPLACEMENT, good && !control && !turns ? n : 3);
	n = good && !control && !turns ? n : 3;
	ret[n] = 0;
	return n;
}

/* As an element's or an attribute's content. */
static void add_escaped(struct strbuf *out, const char *s)
{
	char c[5];
	for (size_t n; (n = next_char(&s, c)) > 0;)
		text_add_xml_char(out, c, n);
}

/* On one line of text, unless lines are kept. */
static void add_plain(struct strbuf *out, const char *s, bool keep_lines)
{
	char c[5];
	for (size_t n; (n = next_char(&s, c)) > 0;)
		strbuf_add(out, (*c == '\n' || *c == '\t') && !keep_lines ? " " : c, n);
}

static size_t count_columns(const char *s)
{
	char c[5];
	size_t columns = 0;
	while (next_char(&s, c) > 0)
		columns++;
	return columns;
}

static const char *color_of(enum mail_tone tone)
{
	static const char *const colors[] = { [MAIL_TONE_PLAIN] = "#1c2128",
					      [MAIL_TONE_GOOD] = "#0b5cad",
					      [MAIL_TONE_BAD] = "#b34700",
					      [MAIL_TONE_FAILED] = "#a11d33",
					      [MAIL_TONE_SOFT] = "#5b6673" };
	return colors[tone];
}

/* Looks like a number with or without a sign and a unit: stands to the right. */
static bool is_number(const char *s)
{
	static const char *const signs[] = { "−", "≥ ", "≤ ", "×", "±", "+", "-" };
	for (size_t i = 0; i < ARRAY_SIZE(signs); i++)
		if (str_starts(s, signs[i]))
			return s[strlen(signs[i])] >= '0' && s[strlen(signs[i])] <= '9';
	return (*s >= '0' && *s <= '9') || strcmp(s, "–") == 0;
}

/* The columns in which every cell but the head's is a number or empty. */
static bool is_number_column(const struct mail_block *k, size_t column)
{
	bool any = false;
	for (size_t r = k->head; r < k->rows_len; r++) {
		const struct strlist *cells = &k->rows[r].cells;
		const char *cell = column < cells->len ? cells->items[column] : "";
		if (*cell && !is_number(cell))
			return false;
		any |= *cell != 0;
	}
	return any;
}

#define COLUMNS_MAX 64 /* further ones stand to the left */

/* Which columns stand to the right, and how wide each is in text. */
struct columns {
	bool number[COLUMNS_MAX];
	size_t width[COLUMNS_MAX];
};

static void measure(const struct mail_block *k, struct columns *ret)
{
	*ret = (struct columns){ 0 };
	for (size_t c = 0; c < COLUMNS_MAX; c++)
		ret->number[c] = is_number_column(k, c);
	for (size_t r = 0; r < k->rows_len; r++)
		for (size_t c = 0; c < k->rows[r].cells.len && c < COLUMNS_MAX; c++) {
			size_t n = count_columns(k->rows[r].cells.items[c]);
			ret->width[c] = n > ret->width[c] ? n : ret->width[c];
		}
}

static void add_html_row(const struct mail_block *k, size_t r, const struct columns *columns, struct strbuf *out)
{
	const struct mail_row *row = &k->rows[r];
	bool head = k->head && r == 0;
	strbuf_adds(out, "<tr>");
	for (size_t c = 0; c < row->cells.len; c++) {
		bool toned = !head && row->tone != MAIL_TONE_PLAIN && c + 1 == row->cells.len;
		strbuf_addf(out, "<%s style=\"%stext-align:%s;%s", head ? "th" : "td", CELL,
			    c < COLUMNS_MAX && columns->number[c] ? "right" : "left",
			    head ? "background:#f3f5f7;" : "");
		if (toned)
			strbuf_addf(out, "font-weight:600;color:%s;", color_of(row->tone));
		strbuf_adds(out, "\">");
		add_escaped(out, row->cells.items[c]);
		strbuf_adds(out, head ? "</th>" : "</td>");
	}
	strbuf_adds(out, "</tr>\n");
}

static void add_html_table(const struct mail_block *k, struct strbuf *out)
{
	struct columns columns;
	measure(k, &columns);
	strbuf_adds(out, "<table cellspacing=\"0\" cellpadding=\"0\" style=\"border-collapse:collapse;"
			 "margin:0 0 16px;font-size:13px\">\n");
	for (size_t r = 0; r < k->rows_len; r++)
		add_html_row(k, r, &columns, out);
	strbuf_adds(out, "</table>\n");
}

static void add_html_block(const struct mail_block *k, struct strbuf *out)
{
	static const struct {
		const char *name, *style;
	} elements[] = {
		[MAIL_HEADLINE] = { "h1", "margin:0 0 16px;font-size:20px;line-height:1.35" },
		[MAIL_HEADING] = { "h2", "margin:24px 0 8px;font-size:16px" },
		[MAIL_PARAGRAPH] = { "p", "margin:0 0 12px" },
		[MAIL_LINES] = { "pre", "margin:0 0 "
					"12px;padding:10px;background:#f3f5f7;font-size:12px;white-space:pre-wrap" },
		[MAIL_LINK] = { "p", "margin:0 0 12px" },
	};
	if (k->kind == MAIL_TABLE) {
		add_html_table(k, out);
		return;
	}
	strbuf_addf(out, "<%s style=\"%s;color:%s\">", elements[k->kind].name, elements[k->kind].style,
		    color_of(k->tone));
	if (k->url) {
		strbuf_adds(out, "<a style=\"color:#0b5cad\" href=\"");
		add_escaped(out, k->url);
		strbuf_adds(out, "\">");
	}
	add_escaped(out, k->text);
	strbuf_addf(out, "%s</%s>\n", k->url ? "</a>" : "", elements[k->kind].name);
}

int mail_body_html(const struct mail_body *b, const char *title, struct strbuf *out, struct error *err)
{
	if (title) {
		strbuf_adds(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
				 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
		add_escaped(out, title);
		strbuf_adds(out, "</title>\n</head>\n<body style=\"margin:0;padding:24px;background:#ffffff\">\n");
	}
	strbuf_adds(out, "<div style=\"max-width:960px;color:#1c2128;font-size:14px;line-height:1.5;" FONT "\">\n");
	for (size_t i = 0; i < b->len; i++)
		add_html_block(&b->blocks[i], out);
	strbuf_adds(out, title ? "</div>\n</body>\n</html>\n" : "</div>\n");
	return b->failed ? error_oom(err) : strbuf_check(out, err);
}

static void add_spaces(struct strbuf *out, size_t n)
{
	while (n--)
		strbuf_addc(out, ' ');
}

static void add_text_table(const struct mail_block *k, struct strbuf *out)
{
	struct columns columns;
	measure(k, &columns);
	for (size_t r = 0; r < k->rows_len; r++) {
		const struct strlist *cells = &k->rows[r].cells;
		for (size_t c = 0; c < cells->len; c++) {
			size_t room = c < COLUMNS_MAX ? columns.width[c] - count_columns(cells->items[c]) : 0;
			bool right = c < COLUMNS_MAX && columns.number[c];
			add_spaces(out, (c ? 2 : 0) + (right ? room : 0));
			add_plain(out, cells->items[c], false);
			if (!right && c + 1 < cells->len)
				add_spaces(out, room);
		}
		while (out->len && out->data[out->len - 1] == ' ')
			out->data[--out->len] = 0;
		strbuf_addc(out, '\n');
	}
}

static void add_text_block(const struct mail_block *k, struct strbuf *out)
{
	if (k->kind == MAIL_TABLE) {
		add_text_table(k, out);
		return;
	}
	add_plain(out, k->text, k->kind == MAIL_LINES || k->kind == MAIL_PARAGRAPH);
	if (k->kind == MAIL_HEADING) {
		strbuf_addc(out, '\n');
		for (size_t n = count_columns(k->text); n; n--)
			strbuf_addc(out, '-');
	}
	if (k->url && strcmp(k->url, k->text) != 0)
		strbuf_addf(out, "%s%s", *k->text ? ":\n" : "", k->url);
	strbuf_addc(out, '\n');
}

int mail_body_text(const struct mail_body *b, struct strbuf *out, struct error *err)
{
	for (size_t i = 0; i < b->len; i++) {
		strbuf_adds(out, i ? "\n" : "");
		add_text_block(&b->blocks[i], out);
	}
	return b->failed ? error_oom(err) : strbuf_check(out, err);
}
