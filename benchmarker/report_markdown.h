/* The parts of the report in markdown, in their order. Private to report_markdown.c and report_comment.c. */
#ifndef BENCHMARKER_REPORT_MARKDOWN_H
#define BENCHMARKER_REPORT_MARKDOWN_H

#include "benchmarker/report.h"

/* The headline, and why the run is not complete. */
int report_markdown_head(const struct report *r, struct strbuf *out, struct error *err);
/* The table of tests: its head, a row a test, what its columns mean. */
void report_markdown_table_head(const struct report *r, struct strbuf *out);
void report_markdown_row(const struct report_test *t, struct strbuf *out);
void report_markdown_table_end(const struct report *r, struct strbuf *out);
/* What failed, what is undecided and why, what qualifies latencies, warnings; nothing if there are none. */
int report_markdown_remarks(const struct report *r, struct strbuf *out, struct error *err);
/* Percentiles of latency, folded away; nothing if there are none. */
void report_markdown_latencies(const struct report *r, struct strbuf *out);
/* The transactions of a test that has classes. */
bool report_markdown_has_classes(const struct report_test *t);
int report_markdown_classes(const struct report_test *t, struct strbuf *out, struct error *err);
/* What was compared, and how, folded away. */
int report_markdown_details(const struct report *r, struct strbuf *out, struct error *err);

/* Text from outside, in which nothing is markup. */
void report_markdown_text(struct strbuf *out, const char *s);
/* A plain name as code, so that it needs no escapes; any other as text. */
void report_markdown_name(struct strbuf *out, const char *s);

#endif
