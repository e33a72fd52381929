#include "benchmarker/query_table.h"

#include "base/cleanup.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define TAB_COLUMNS 8
#define LINE_COLUMNS 1000000 /* sqlite3 wraps longer lines (tabs can make some) */

void query_table_release(struct query_table *t)
{
	strlist_release(&t->columns);
	free(t->cells);
	t->cells = NULL;
	t->cells_len = t->cells_cap = 0;
	strbuf_release(&t->bytes);
}

static const char *cell_text(const struct query_table *t, const struct cell *c)
{
	return t->bytes.data + c->at;
}

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xC0) == 0x80;
}

/* Characters as sqlite3 counts them: bytes that continue none. */
static size_t count_characters(const char *s, size_t len)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++)
		n += !is_continuation(s[i]);
	return n;
}

static void add_repeated(struct strbuf *out, char c, size_t n)
{
	if (strbuf_grow(out, n) == 0) {
		memset(out->data + out->len, c, n);
		out->len += n;
		out->data[out->len] = 0;
	}
}

/* html: no header row, a cell a line. */

static void add_html(struct strbuf *out, const char *s)
{
	for (; *s; s++) {
		size_t plain = strcspn(s, "<>&\"'");
		strbuf_add(out, s, plain);
		s += plain;
		if (!*s)
			break;
		strbuf_adds(out, *s == '<'   ? "&lt;"
				 : *s == '>' ? "&gt;"
				 : *s == '&' ? "&amp;"
				 : *s == '"' ? "&quot;"
					     : "&#39;");
	}
}

static void print_html(const struct query_table *t, struct strbuf *out)
{
	size_t columns = t->columns.len;
	for (size_t i = 0; i < t->cells_len && !out->failed; i++) {
		strbuf_adds(out, i % columns == 0 ? "<TR><TD>" : "<TD>");
		add_html(out, cell_text(t, &t->cells[i]));
		strbuf_adds(out, "</TD>\n");
		if (i % columns == columns - 1)
			strbuf_adds(out, "</TR>\n");
	}
}

/* markdown: a cell may take several lines, since every control character but a tab ends one. */

/* Appends the next line of *s, its tabs as spaces, and moves *s past it: NULL after the last. */
static void next_line(const char **s, struct strbuf *line)
{
	const char *p = *s;
	size_t column = 0;
	for (; column < LINE_COLUMNS && ((unsigned char)*p >= ' ' || *p == '\t'); p++) {
		if (*p == '\t') { /* LINE_COLUMNS is a multiple of TAB_COLUMNS */
			size_t spaces = TAB_COLUMNS - column % TAB_COLUMNS;
			add_repeated(line, ' ', spaces);
			column += spaces;
			continue;
		}
		strbuf_addc(line, *p);
		while (is_continuation(p[1]))
			strbuf_addc(line, *++p);
		column++;
	}
	if ((unsigned char)*p >= ' ') {
		*s = p; /* wrapped */
		return;
	}
	if (*p == '\r' && p[1] == '\n')
		p++;
	*s = *p && p[1] ? p + 1 : NULL;
}

/* What is printed row by row: the cells of a result line by line. A NULL rest is an empty cell. */
struct line_cursor {
	const char **rests; /* owned; of each column */
	size_t columns;
	struct strbuf line; /* the cell's line that is looked at */
};

static void line_cursor_release(struct line_cursor *c)
{
	free(c->rests);
	strbuf_release(&c->line);
}

static void start_row(struct line_cursor *c, const struct query_table *t, size_t row)
{
	for (size_t i = 0; i < c->columns; i++)
		c->rests[i] = cell_text(t, &t->cells[row * c->columns + i]);
}

static bool row_goes_on(const struct line_cursor *c)
{
	for (size_t i = 0; i < c->columns; i++)
		if (c->rests[i])
			return true;
	return false;
}

/* The next line of column i, into c->line; its width. */
static size_t take_line(struct line_cursor *c, size_t i)
{
	strbuf_reset(&c->line);
	if (c->rests[i])
		next_line(&c->rests[i], &c->line);
	return count_characters(c->line.data, c->line.len);
}

static void add_markdown_header(struct line_cursor *c, const struct query_table *t, const size_t *widths,
				struct strbuf *out)
{
	for (size_t i = 0; i < c->columns; i++) { /* centred; of a name of several lines only the first is shown */
		c->rests[i] = t->columns.items[i];
		size_t spare = widths[i] - take_line(c, i);
		strbuf_adds(out, i ? " | " : "| ");
		add_repeated(out, ' ', spare / 2);
		strbuf_add(out, c->line.data, c->line.len);
		add_repeated(out, ' ', spare - spare / 2);
	}
	strbuf_adds(out, " |\n|");
	for (size_t i = 0; i < c->columns; i++) {
		add_repeated(out, '-', widths[i] + 2);
		strbuf_addc(out, '|');
	}
	strbuf_addc(out, '\n');
}

static void print_markdown(const struct query_table *t, struct strbuf *out)
{
	size_t columns = t->columns.len, rows = t->cells_len / columns;
	if (rows == 0)
		return;
	CLEANUP(line_cursor)
	struct line_cursor c = { .rests = calloc(columns, sizeof *c.rests),
				 .columns = columns,
				 .line = STRBUF_INIT(LINE_COLUMNS + (size_t)QUERY_VALUE_MAX_BYTES) };
	AUTO_FREE size_t *widths = calloc(columns, sizeof *widths);
	if (!c.rests || !widths) {
		out->failed = STRBUF_NO_MEMORY;
		return;
	}
	for (size_t i = 0; i < columns; i++) {
		c.rests[i] = t->columns.items[i];
		widths[i] = take_line(&c, i);
	}
	for (size_t row = 0; row < rows; row++)
		for (start_row(&c, t, row); row_goes_on(&c);)
			for (size_t i = 0; i < columns; i++) {
				size_t width = take_line(&c, i);
				if (width > widths[i])
					widths[i] = width;
			}
	add_markdown_header(&c, t, widths, out);
	for (size_t row = 0; row < rows; row++)
		for (start_row(&c, t, row); row_goes_on(&c) && !out->failed;) {
			for (size_t i = 0; i < columns; i++) {
				size_t width = take_line(&c, i);
				strbuf_adds(out, i ? " | " : "| ");
				strbuf_add(out, c.line.data, c.line.len);
				add_repeated(out, ' ', widths[i] - width);
			}
			strbuf_adds(out, " |\n");
		}
	if (c.line.failed && !out->failed)
		out->failed = c.line.failed;
}

/* text, csv and json: a value as this program prints it. */

static void add_hex(struct strbuf *out, const struct query_table *t, const struct cell *c)
{
	const unsigned char *data = (const unsigned char *)cell_text(t, c);
	for (size_t i = 0; i < c->len; i++)
		strbuf_addf(out, "%02x", data[i]);
}

/* Bytes of the UTF-8 character at s, 0 if it is none. */
static size_t character_len(const char *s)
{
	size_t n = 1;
	while (n < 4 && is_continuation(s[n]))
		n++;
	unsigned char c = (unsigned char)*s;
	size_t want = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
	return want <= n && str_is_utf8(s, want) ? want : 0;
}

/* Control characters of either range, which could command a terminal, as escapes. */
static void add_escaped(struct strbuf *out, const char *s)
{
	while (*s) {
		size_t n = character_len(s);
		unsigned char c = (unsigned char)*s, second = n == 2 ? (unsigned char)s[1] : 0;
		if (n == 0)
			strbuf_adds(out, "\xEF\xBF\xBD"); /* U+FFFD */
		else if (c == '\n' || c == '\t' || c == '\r')
			strbuf_adds(out, c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r");
		else if (c < 0x20 || c == 0x7F)
			strbuf_addf(out, "\\x%02x", c);
		else if (c == 0xC2 && second < 0xA0)
			strbuf_addf(out, "\\u%04x", second);
		else
			strbuf_add(out, s, n);
		s += n ? n : 1;
	}
}

static void add_text_cell(struct strbuf *out, const struct query_table *t, const struct cell *c)
{
	if (c->type == CELL_NULL)
		strbuf_adds(out, "NULL");
	else if (c->type == CELL_BLOB)
		add_hex(out, t, c);
	else
		add_escaped(out, cell_text(t, c));
}

/* Appends what stands between *from and the end again, to the left or right in width columns. */
static void align(struct strbuf *out, size_t from, size_t width, bool right)
{
	if (out->failed)
		return;
	size_t len = out->len - from, spare = width - count_characters(out->data + from, len);
	add_repeated(out, ' ', spare);
	if (right && !out->failed) {
		memmove(out->data + from + spare, out->data + from, len);
		memset(out->data + from, ' ', spare);
	}
}

static void end_line(struct strbuf *out)
{
	while (!out->failed && out->len && out->data[out->len - 1] == ' ')
		out->data[--out->len] = 0;
	strbuf_addc(out, '\n');
}

static void measure_text(const struct query_table *t, size_t *widths, struct strbuf *out)
{
	size_t columns = t->columns.len, start = out->len;
	for (size_t i = 0; i < columns + t->cells_len && !out->failed; i++) {
		if (i < columns)
			add_escaped(out, t->columns.items[i]);
		else
			add_text_cell(out, t, &t->cells[i - columns]);
		size_t width = count_characters(out->data + start, out->len - start);
		if (width > widths[i % columns])
			widths[i % columns] = width;
		if (!out->failed) {
			out->len = start;
			out->data[start] = 0;
		}
	}
}

static void print_text(const struct query_table *t, struct strbuf *out)
{
	size_t columns = t->columns.len;
	AUTO_FREE size_t *widths = calloc(columns, sizeof *widths);
	if (!widths) {
		out->failed = STRBUF_NO_MEMORY;
		return;
	}
	measure_text(t, widths, out);
	for (size_t i = 0; i < 2 * columns; i++) {
		size_t from = out->len;
		if (i < columns)
			add_escaped(out, t->columns.items[i]);
		else
			add_repeated(out, '-', widths[i % columns]);
		align(out, from, widths[i % columns], false);
		if (i % columns == columns - 1)
			end_line(out);
		else
			strbuf_adds(out, "  ");
	}
	for (size_t i = 0; i < t->cells_len && !out->failed; i++) {
		const struct cell *c = &t->cells[i];
		size_t from = out->len;
		add_text_cell(out, t, c);
		align(out, from, widths[i % columns], c->type == CELL_INTEGER || c->type == CELL_REAL);
		if (i % columns == columns - 1)
			end_line(out);
		else
			strbuf_adds(out, "  ");
	}
}

static void add_csv(struct strbuf *out, const char *s)
{
	if (!s[strcspn(s, ",\"\r\n")] && *s != ' ') {
		strbuf_adds(out, s);
		return;
	}
	strbuf_addc(out, '"');
	for (; *s; s++) {
		if (*s == '"')
			strbuf_addc(out, '"');
		strbuf_addc(out, *s);
	}
	strbuf_addc(out, '"');
}

static void print_csv(const struct query_table *t, struct strbuf *out)
{
	size_t columns = t->columns.len;
	for (size_t i = 0; i < columns + t->cells_len && !out->failed; i++) {
		if (i < columns)
			add_csv(out, t->columns.items[i]);
		else if (t->cells[i - columns].type == CELL_BLOB)
			add_hex(out, t, &t->cells[i - columns]);
		else
			add_csv(out, cell_text(t, &t->cells[i - columns]));
		strbuf_addc(out, i % columns == columns - 1 ? '\n' : ',');
	}
}

static void add_json_string(struct strbuf *out, const char *s)
{
	strbuf_addc(out, '"');
	while (*s) {
		size_t n = character_len(s);
		unsigned char c = (unsigned char)*s;
		if (n == 0)
			strbuf_adds(out, "\xEF\xBF\xBD");
		else if (c < 0x20 || c == 0x7F)
			strbuf_addf(out, "\\u%04x", c);
		else if (c == '"' || c == '\\')
			strbuf_addf(out, "\\%c", c);
		else
			strbuf_add(out, s, n);
		s += n ? n : 1;
	}
	strbuf_addc(out, '"');
}

static void add_json_cell(struct strbuf *out, const struct query_table *t, const struct cell *c)
{
	const char *text = cell_text(t, c);
	/* JSON has no infinity. */
	if (c->type == CELL_NULL || (c->type == CELL_REAL && strstr(text, "Inf"))) {
		strbuf_adds(out, "null");
	} else if (c->type == CELL_INTEGER || c->type == CELL_REAL) {
		strbuf_adds(out, text);
	} else if (c->type == CELL_BLOB) {
		strbuf_addc(out, '"');
		add_hex(out, t, c);
		strbuf_addc(out, '"');
	} else {
		add_json_string(out, text);
	}
}

static void print_json(const struct query_table *t, struct strbuf *out)
{
	size_t columns = t->columns.len;
	strbuf_addc(out, '[');
	for (size_t i = 0; i < t->cells_len && !out->failed; i++) {
		size_t column = i % columns;
		strbuf_adds(out, column ? "," : i ? ",\n{" : "\n{");
		add_json_string(out, t->columns.items[column]);
		strbuf_addc(out, ':');
		add_json_cell(out, t, &t->cells[i]);
		if (column == columns - 1)
			strbuf_addc(out, '}');
	}
	strbuf_adds(out, t->cells_len ? "\n]\n" : "]\n");
}

void query_table_print(const struct query_table *t, enum query_output output, struct strbuf *out)
{
	switch (output) {
	case QUERY_TEXT:
		print_text(t, out);
		break;
	case QUERY_MARKDOWN:
		print_markdown(t, out);
		break;
	case QUERY_HTML:
		print_html(t, out);
		break;
	case QUERY_CSV:
		print_csv(t, out);
		break;
	case QUERY_JSON:
		print_json(t, out);
		break;
	}
}
