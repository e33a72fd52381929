/* The report as the body of a comment on GitHub, which takes a limited number of characters.
 *
 *     CLEANUP(strbuf) struct strbuf body = STRBUF_INIT(REPORT_MAX_BYTES);
 *     if (report_comment(&r, "https://…/report.html", REPORT_COMMENT_MAX_CHARS, &body, err) < 0) …
 *
 * What fits is report_markdown's text, byte for byte. Where that is too long, whole parts are left out, those that
 * matter least first: transactions by class, what was compared and how, remarks, then rows of the table (tests that are
 * the same before undecided ones, and those before changed and failed ones). A last line says what was left out, and
 * where it is. Pure.
 */
#ifndef BENCHMARKER_REPORT_COMMENT_H
#define BENCHMARKER_REPORT_COMMENT_H

#include "benchmarker/report.h"

#define REPORT_COMMENT_MAX_CHARS 65536 /* GitHub: "body is too long (maximum is 65536 characters)" */
#define REPORT_COMMENT_MIN_CHARS 8192  /* the headline, a failure's reason and the last line always fit in this */

/* Characters as UTF-16 counts them, the largest of the ways to count: one beyond U+FFFF counts as two. */
size_t report_comment_chars(const char *s);

/* url: where the whole report is; NULL: the last line names the run. Appends to out; max_chars counts what is appended,
 * at least REPORT_COMMENT_MIN_CHARS. -1: ERROR_USAGE for a smaller one, or as report.h. */
int report_comment(const struct report *r, const char *url, size_t max_chars, struct strbuf *out, struct error *err);

#endif
