#include "net/mail_import.h"

#include <ctype.h>
#include <string.h>

#define TEXT_MAX_BYTES ((size_t)10 << 20)
#define ENTITY_MAX_CHARS 10

/* What is being read: the text of a paragraph or heading, or the rows of a table. */
struct reader {
	struct mail_body *body;
	struct strbuf text;   /* of the cell, paragraph or heading under way */
	struct strlist cells; /* of the row under way */
	bool in_row, in_cell, in_table, heading, head_row, lines;
};

static void reader_release(struct reader *r)
{
	strbuf_release(&r->text);
	strlist_release(&r->cells);
}

/* Cuts white space off the end. */
static void trim(struct strbuf *b)
{
	while (b->len && isspace((unsigned char)b->data[b->len - 1]))
		b->data[--b->len] = 0;
}

static void end_text(struct reader *r)
{
	trim(&r->text);
	r->body->failed |= r->text.failed != STRBUF_OK;
	r->in_table &= !r->text.len; /* what comes after text is another table */
	if (r->text.len)
		mail_body_add(r->body,
			      r->heading ? MAIL_HEADING
			      : r->lines ? MAIL_LINES
					 : MAIL_PARAGRAPH,
			      MAIL_TONE_PLAIN, r->text.data);
	strbuf_reset(&r->text);
	r->heading = false;
}

static void end_cell(struct reader *r)
{
	if (!r->in_cell)
		return;
	trim(&r->text);
	r->body->failed |= r->text.failed != STRBUF_OK || strlist_add(&r->cells, r->text.data) < 0;
	strbuf_reset(&r->text);
	r->in_cell = false;
}

/* A row opens the table that it stands in: sqlite3 prints rows alone. */
static void end_row(struct reader *r)
{
	end_cell(r);
	if (r->in_row && r->cells.len) {
		if (!r->in_table)
			mail_body_table(r->body, r->head_row);
		r->in_table = true;
		mail_body_row(r->body, MAIL_TONE_PLAIN, strlist_array(&r->cells));
	}
	strlist_release(&r->cells);
	r->in_row = r->head_row = false;
}

static void end_table(struct reader *r)
{
	end_row(r);
	r->in_table = false;
}

static void begin_text(struct reader *r)
{
	if (r->in_table && !r->in_row)
		end_table(r);
}

/* A character's bytes of "&lt;", "&#39;", "&#x2192;"; returns what follows it, or NULL if it is none. */
static const char *read_entity(const char *s, struct strbuf *out)
{
	static const struct {
		const char *name, *text;
	} named[] = { { "amp", "&" },    { "lt", "<" },   { "gt", ">" },    { "quot", "\"" },
		      { "apos", "'" },   { "nbsp", " " }, { "ndash", "–" }, { "mdash", "—" },
		      { "hellip", "…" }, { "rarr", "→" }, { "minus", "−" }, { "times", "×" } };
	size_t n = strcspn(++s, ";");
	if (n == 0 || n > ENTITY_MAX_CHARS || s[n] != ';')
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(named); i++)
		if (strlen(named[i].name) == n && memcmp(s, named[i].name, n) == 0) {
			strbuf_adds(out, named[i].text);
			return s + n + 1;
		}
	bool hex = n > 1 && (s[1] == 'x' || s[1] == 'X');
	char *end;
	unsigned long c =
		*s == '#' && isxdigit((unsigned char)s[1 + hex]) ? strtoul(s + 1 + hex, &end, hex ? 16 : 10) : 0;
	if (!c || end != s + n || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
		return NULL;
	if (c < 0x80)
		strbuf_addc(out, (char)c);
	else if (c < 0x800)
		strbuf_addf(out, "%c%c", (int)(0xC0 | c >> 6), (int)(0x80 | (c & 63)));
	else if (c < 0x10000)
		strbuf_addf(out, "%c%c%c", (int)(0xE0 | c >> 12), (int)(0x80 | (c >> 6 & 63)), (int)(0x80 | (c & 63)));
	else
		strbuf_addf(out, "%c%c%c%c", (int)(0xF0 | c >> 18), (int)(0x80 | (c >> 12 & 63)),
			    (int)(0x80 | (c >> 6 & 63)), (int)(0x80 | (c & 63)));
	return s + n + 1;
}

/* One space between words, none at the beginning of a line. */
static void add_space(struct strbuf *out)
{
	if (out->len && out->data[out->len - 1] != ' ' && out->data[out->len - 1] != '\n')
		strbuf_addc(out, ' ');
}

/* Text between tags: runs of white space are one space, but in <pre>. */
static const char *read_text(struct reader *r, const char *s)
{
	bool blank = s[strspn(s, " \t\r\n")] == '<' || !s[strspn(s, " \t\r\n")];
	if (!blank)
		begin_text(r);
	while (*s && *s != '<') {
		const char *after = *s == '&' ? read_entity(s, &r->text) : NULL;
		bool space = isspace((unsigned char)*s) && !r->lines;
		if (after) {
			s = after;
			continue;
		}
		if (space)
			add_space(&r->text);
		else
			strbuf_addc(&r->text, *s);
		s++;
	}
	return s;
}

static bool is_one_of(const char *name, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(name, *list) == 0)
			return true;
	return false;
}

static void take_row_tag(struct reader *r, const char *name, bool closing)
{
	if (strcmp(name, "tr") == 0) {
		end_row(r);
		if (!closing && !r->in_table)
			end_text(r);
		r->in_row = !closing;
	} else {
		end_cell(r);
		if (closing)
			return;
		if (!r->in_row)
			end_text(r);
		if (!r->cells.len)
			r->head_row = strcmp(name, "th") == 0;
		else
			r->head_row &= strcmp(name, "th") == 0;
		r->in_row = r->in_cell = true;
	}
}

static void take_tag(struct reader *r, const char *name, bool closing)
{
	static const char *const rows[] = { "tr", "td", "th", NULL };
	static const char *const headings[] = { "h1", "h2", "h3", "h4", "h5", "h6", NULL };
	static const char *const blocks[] = { "p",       "div",  "ul",   "ol",      "section", "header",
					      "footer",  "main", "hr",   "article", "caption", "details",
					      "summary", "dl",   "body", "html",    NULL };
	static const char *const items[] = { "br", "li", "dt", "dd", NULL };
	if (is_one_of(name, rows)) {
		take_row_tag(r, name, closing);
	} else if (strcmp(name, "table") == 0) {
		end_table(r);
		end_text(r);
	} else if (r->in_cell) {
		if (is_one_of(name, items) || is_one_of(name, blocks) || strcmp(name, "small") == 0)
			add_space(&r->text);
	} else if (is_one_of(name, headings)) {
		end_table(r);
		end_text(r);
		r->heading = !closing;
	} else if (strcmp(name, "pre") == 0) {
		end_table(r);
		end_text(r);
		r->lines = !closing;
	} else if (is_one_of(name, blocks)) {
		end_text(r);
	} else if (is_one_of(name, items) && r->text.len) {
		trim(&r->text);
		strbuf_addc(&r->text, '\n');
	}
}

/* Where a tag ends: behind its '>', quoted ones passed over. */
static const char *end_of_tag(const char *s)
{
	char quote = 0;
	for (; *s && (*s != '>' || quote); s++)
		if (quote ? *s == quote : *s == '"' || *s == '\'')
			quote = quote ? 0 : *s;
	return *s ? s + 1 : s;
}

/* Behind "</name>". */
static const char *skip_element(const char *s, const char *name)
{
	size_t n = strlen(name);
	for (const char *p = s; (p = strstr(p, "</")); p += 2)
		if (strncasecmp(p + 2, name, n) == 0)
			return end_of_tag(p);
	return s + strlen(s);
}

static const char *read_tag(struct reader *r, const char *s)
{
	static const char *const unseen[] = { "head", "style", "script", "svg", "title", "template", NULL };
	char name[16];
	bool closing = s[1] == '/';
	const char *p = s + 1 + closing;
	if (str_starts(s, "<!--")) {
		const char *end = strstr(s + 4, "-->");
		return end ? end + 3 : s + strlen(s);
	}
	if (!isalpha((unsigned char)*p) && *p != '!') { /* "a < b" */
		begin_text(r);
		strbuf_addc(&r->text, '<');
		return s + 1;
	}
	size_t n = 0;
	while (n + 1 < sizeof name && isalnum((unsigned char)p[n])) {
		name[n] = (char)tolower((unsigned char)p[n]);
		n++;
	}
	name[n] = 0;
	const char *end = end_of_tag(p);
	if (!closing && is_one_of(name, unseen))
		return end[-1] == '>' && end[-2] == '/' ? end : skip_element(end, name);
	take_tag(r, name, closing);
	return end;
}

void mail_import_html(struct mail_body *b, const char *text)
{
	CLEANUP(reader) struct reader r = { .body = b, .text = STRBUF_INIT(TEXT_MAX_BYTES) };
	for (const char *s = text; *s && !b->failed;)
		s = *s == '<' ? read_tag(&r, s) : read_text(&r, s);
	end_table(&r);
	end_text(&r);
}

/* One line's text without marks of emphasis: backslashes before punctuation, ** and ` in pairs. */
static void add_inline(struct strbuf *out, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\\' && i + 1 < len && ispunct((unsigned char)s[i + 1]))
			strbuf_addc(out, s[++i]);
		else if (s[i] == '*' && i + 1 < len && s[i + 1] == '*')
			i++;
		else if (s[i] == '<' && len - i >= 8 && strncmp(s + i, "<!-- -->", 8) == 0)
			i += 7; /* how dbdyno keeps "@name" from being a mention */
		else if (s[i] == '&') {
			const char *after = read_entity(s + i, out);
			if (after && after <= s + len)
				i += (size_t)(after - (s + i)) - 1;
			else
				strbuf_addc(out, '&');
		} else if (s[i] != '`')
			strbuf_addc(out, s[i]);
	}
}

/* "| a | b |" */
static void read_table_line(struct reader *r, const char *s, size_t len)
{
	r->in_row = true;
	while (len && isspace((unsigned char)s[len - 1]))
		len--;
	for (size_t i = 1; i < len;) {
		size_t n = 0;
		while (i + n < len && s[i + n] != '|')
			n += s[i + n] == '\\' && i + n + 1 < len ? 2 : 1;
		size_t from = i, to = i + n < len ? i + n : len;
		while (from < to && isspace((unsigned char)s[from]))
			from++;
		while (to > from && isspace((unsigned char)s[to - 1]))
			to--;
		r->in_cell = true;
		add_inline(&r->text, s + from, to - from);
		end_cell(r);
		i += n + 1;
	}
}

/* "|---|:-:|", below the row of names. */
static bool is_rule(const char *s, size_t len)
{
	size_t n = strspn(s, "|-: \t\r");
	return n >= len && memchr(s, '-', len);
}

static void read_markdown_line(struct reader *r, const char *s, size_t len)
{
	const char *next = s + len + (s[len] == '\n');
	size_t hashes = strspn(s, "#");
	if (*s == '|') {
		end_text(r);
		if (r->in_table && is_rule(s, len))
			return;
		r->head_row = !r->in_table && *next == '|' && is_rule(next, strcspn(next, "\n"));
		read_table_line(r, s, len);
		end_row(r);
		return;
	}
	end_table(r);
	if (strspn(s, " \t\r") >= len) {
		end_text(r);
	} else if (hashes && hashes <= 6 && s[hashes] == ' ') {
		end_text(r);
		r->heading = true;
		add_inline(&r->text, s + hashes + 1, len - hashes - 1);
		end_text(r);
	} else if (*s == '<' && (isalpha((unsigned char)s[1]) || s[1] == '/') && !str_starts(s, "<http")) {
		end_text(r); /* html inside markdown: what it says */
		CLEANUP(strbuf) struct strbuf line = STRBUF_INIT(TEXT_MAX_BYTES);
		r->body->failed |= strbuf_add(&line, s, len) < 0;
		mail_import_html(r->body, line.data);
	} else {
		strbuf_adds(&r->text, r->text.len ? "\n" : "");
		add_inline(&r->text, s, len);
	}
}

void mail_import_markdown(struct mail_body *b, const char *text)
{
	CLEANUP(reader) struct reader r = { .body = b, .text = STRBUF_INIT(TEXT_MAX_BYTES) };
	for (const char *s = text; *s && !b->failed;) {
		size_t n = strcspn(s, "\n");
		read_markdown_line(&r, s, n);
		s += n + (s[n] == '\n');
	}
	end_table(&r);
	end_text(&r);
}

static bool looks_like_markdown(const char *text)
{
	for (const char *s = text; s && *s; s = strchr(s, '\n') ? strchr(s, '\n') + 1 : NULL)
		if (*s == '|' || str_starts(s, "# ") || str_starts(s, "## ") || str_starts(s, "**"))
			return true;
	return false;
}

void mail_import(struct mail_body *b, const char *text)
{
	if (text[strspn(text, " \t\r\n")] == '<')
		mail_import_html(b, text);
	else if (looks_like_markdown(text))
		mail_import_markdown(b, text);
	else if (text[strspn(text, " \t\r\n")])
		mail_body_add(b, MAIL_LINES, MAIL_TONE_PLAIN, text);
}
