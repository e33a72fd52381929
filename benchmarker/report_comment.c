#include "benchmarker/report_comment.h"

#include "benchmarker/report_format.h"
#include "benchmarker/report_markdown.h"
#include "benchmarker/report_validation.h"
#include "benchmarker/report_why.h"

#include <stdlib.h>
#include <string.h>

#define URL_MAX_CHARS 1024

size_t report_comment_chars(const char *s)
{
	size_t n = 0;
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		n += (c & 0xc0) != 0x80; /* a character's first byte */
		n += c >= 0xf0;          /* a surrogate pair */
	}
	return n;
}

/* A part of the report that is kept or left out as a whole. */
struct part {
	struct strbuf text;
	size_t chars;
	bool kept;
};

static void part_release(struct part *p)
{
	strbuf_release(&p->text);
}

static void part_measure(struct part *p)
{
	p->chars = report_comment_chars(p->text.data);
}

#define PART_INIT                                     \
	{                                             \
		.text = STRBUF_INIT(REPORT_MAX_BYTES) \
	}

/* Keeps it if there is room. */
static void part_keep(struct part *p, size_t *room)
{
	p->kept = p->chars <= *room;
	*room -= p->kept ? p->chars : 0;
}

struct comment {
	const struct report *r;
	struct part head, table_head, table_end, validation, remarks, why, latencies, details;
	struct part *rows, *classes; /* one a test; classes of a test that has none is empty */
	size_t rows_kept, classes_len, classes_kept;
};

#define COMMENT_INIT(report)                                                                             \
	{                                                                                                \
		.r = (report), .head = PART_INIT, .table_head = PART_INIT, .table_end = PART_INIT,       \
		.validation = PART_INIT, .remarks = PART_INIT, .why = PART_INIT, .latencies = PART_INIT, \
		.details = PART_INIT                                                                     \
	}

static void comment_release(struct comment *c)
{
	part_release(&c->head);
	part_release(&c->table_head);
	part_release(&c->table_end);
	part_release(&c->validation);
	part_release(&c->remarks);
	part_release(&c->why);
	part_release(&c->latencies);
	part_release(&c->details);
	for (size_t i = 0; i < c->r->tests_len; i++) {
		if (c->rows)
			part_release(&c->rows[i]);
		if (c->classes)
			part_release(&c->classes[i]);
	}
	free(c->rows);
	free(c->classes);
}

static int make_tests(struct comment *c, struct error *err)
{
	const struct report *r = c->r;
	c->rows = calloc(r->tests_len + 1, sizeof *c->rows);
	c->classes = calloc(r->tests_len + 1, sizeof *c->classes);
	if (!c->rows || !c->classes)
		return error_oom(err);
	for (size_t i = 0; i < r->tests_len; i++)
		c->rows[i] = c->classes[i] = (struct part)PART_INIT;
	for (size_t i = 0; i < r->tests_len; i++) {
		report_markdown_row(&r->tests[i], &c->rows[i].text);
		if (report_markdown_has_classes(&r->tests[i])) {
			c->classes_len++;
			if (report_markdown_classes(&r->tests[i], &c->classes[i].text, err) < 0)
				return -1;
		}
		if (strbuf_check(&c->rows[i].text, err) < 0 || strbuf_check(&c->classes[i].text, err) < 0)
			return -1;
		part_measure(&c->rows[i]);
		part_measure(&c->classes[i]);
	}
	return 0;
}

static int make_parts(struct comment *c, struct error *err)
{
	struct part *parts[] = { &c->head,    &c->table_head, &c->table_end, &c->validation,
				 &c->remarks, &c->why,        &c->latencies, &c->details };
	if (report_markdown_head(c->r, &c->head.text, err) < 0 ||
	    report_validation_markdown(c->r, &c->validation.text, err) < 0 ||
	    report_markdown_remarks(c->r, &c->remarks.text, err) < 0 ||
	    report_markdown_details(c->r, &c->details.text, err) < 0)
		return -1;
	if (c->r->tests_len) {
		report_markdown_table_head(c->r, &c->table_head.text);
		report_markdown_table_end(c->r, &c->table_end.text);
	}
	report_why_markdown(c->r, &c->why.text);
	report_markdown_latencies(c->r, &c->latencies.text);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (strbuf_check(&parts[i]->text, err) < 0)
			return -1;
		part_measure(parts[i]);
	}
	return make_tests(c, err);
}

/* The lower, the more a reader needs the row. */
static int row_rank(const struct report_test *t)
{
	if (t->error || t->comparison.verdict == VERDICT_SLOWER)
		return 0;
	if (t->comparison.verdict == VERDICT_FASTER)
		return 1;
	return t->comparison.verdict == VERDICT_UNDECIDED ? 2 : 3;
}

/* The last line for what is not kept; with nothing kept, the longest that it can be. */
static void add_notice(const struct comment *c, const char *url, size_t max_chars, struct strbuf *out)
{
	const char *separator = "";
	strbuf_adds(out, "\nLeft out, so that the comment fits into ");
	report_add_count(out, &report_fine, max_chars);
	strbuf_adds(out, " characters: ");
	if (c->rows_kept < c->r->tests_len) {
		strbuf_addf(out, "%zu of %zu tests", c->r->tests_len - c->rows_kept, c->r->tests_len);
		separator = "; ";
	}
	if (!c->remarks.kept && c->remarks.chars) {
		strbuf_addf(out, "%swarnings and reasons", separator);
		separator = "; ";
	}
	if (!c->validation.kept && c->validation.chars) {
		strbuf_addf(out, "%swhich test's profile helps which test", separator);
		separator = "; ";
	}
	if (!c->why.kept && c->why.chars) {
		strbuf_addf(out, "%sthe functions that grew or shrank", separator);
		separator = "; ";
	}
	if (c->classes_kept < c->classes_len) {
		strbuf_addf(out, "%sthe transactions of %zu test%s", separator, c->classes_len - c->classes_kept,
			    c->classes_len - c->classes_kept == 1 ? "" : "s");
		separator = "; ";
	}
	if (!c->latencies.kept && c->latencies.chars) {
		strbuf_addf(out, "%slatencies", separator);
		separator = "; ";
	}
	if (!c->details.kept)
		strbuf_addf(out, "%swhat was compared, and how", separator);
	strbuf_adds(out, ". The whole report is ");
	if (url && report_comment_chars(url) <= URL_MAX_CHARS) {
		strbuf_addf(out, "at <%s>.\n", url);
	} else {
		strbuf_adds(out, "`report.html` of run ");
		CLEANUP(strbuf) struct strbuf id = STRBUF_INIT(1024);
		report_add_cut(&id, c->r->run_id ? c->r->run_id : "?", 60);
		report_markdown_text(out, id.data);
		strbuf_adds(out, ".\n");
	}
}

static void choose(struct comment *c, size_t room)
{
	room -= c->head.chars;
	c->head.kept = true;
	size_t frame = c->table_head.chars + c->table_end.chars;
	c->table_head.kept = c->table_end.kept = c->r->tests_len && frame <= room;
	if (c->table_head.kept) {
		room -= frame;
		for (int rank = 0; rank <= 3; rank++)
			for (size_t i = 0; i < c->r->tests_len; i++)
				if (row_rank(&c->r->tests[i]) == rank) {
					part_keep(&c->rows[i], &room);
					c->rows_kept += c->rows[i].kept;
				}
	}
	part_keep(&c->remarks, &room);
	part_keep(&c->validation, &room);
	part_keep(&c->why, &room);
	part_keep(&c->details, &room);
	part_keep(&c->latencies, &room);
	for (size_t i = 0; i < c->r->tests_len; i++)
		if (c->classes[i].chars) {
			part_keep(&c->classes[i], &room);
			c->classes_kept += c->classes[i].kept;
		}
}

static void add_part(const struct part *p, struct strbuf *out)
{
	if (p->kept)
		strbuf_add(out, p->text.data, p->text.len);
}

static void add_parts(const struct comment *c, struct strbuf *out)
{
	add_part(&c->head, out);
	add_part(&c->table_head, out);
	for (size_t i = 0; i < c->r->tests_len; i++)
		add_part(&c->rows[i], out);
	add_part(&c->table_end, out);
	add_part(&c->validation, out);
	add_part(&c->remarks, out);
	add_part(&c->why, out);
	add_part(&c->latencies, out);
	for (size_t i = 0; i < c->r->tests_len; i++)
		add_part(&c->classes[i], out);
	add_part(&c->details, out);
}

/* The report that is too long, without what does not fit. */
static int shorten(const struct report *r, const char *url, size_t max_chars, struct strbuf *out, struct error *err)
{
	CLEANUP(comment) struct comment c = COMMENT_INIT(r);
	CLEANUP(strbuf) struct strbuf notice = STRBUF_INIT(64 << 10);
	if (make_parts(&c, err) < 0)
		return -1;
	add_notice(&c, url, max_chars, &notice);
	size_t needed = c.head.chars + report_comment_chars(notice.data);
	if (needed > max_chars)
		return error_set(err, ERROR_USAGE,
				 "the report's headline alone has %zu characters, and %zu are allowed", needed,
				 max_chars);
	choose(&c, max_chars - report_comment_chars(notice.data));
	add_parts(&c, out);
	add_notice(&c, url, max_chars, out);
	return strbuf_check(&notice, err) < 0 ? -1 : strbuf_check(out, err);
}

int report_comment(const struct report *r, const char *url, size_t max_chars, struct strbuf *out, struct error *err)
{
	if (max_chars < REPORT_COMMENT_MIN_CHARS)
		return error_set(err, ERROR_USAGE, "a comment of %zu characters: it needs %d at least", max_chars,
				 REPORT_COMMENT_MIN_CHARS);
	CLEANUP(strbuf) struct strbuf whole = STRBUF_INIT(REPORT_MAX_BYTES);
	if (report_markdown(r, &whole, err) < 0)
		return -1;
	if (report_comment_chars(whole.data) > max_chars)
		return shorten(r, url, max_chars, out, err);
	strbuf_add(out, whole.data, whole.len);
	return strbuf_check(out, err);
}
