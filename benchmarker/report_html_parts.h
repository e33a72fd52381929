/* What the files that write the page share. Private to report_html*.c. */
#ifndef BENCHMARKER_REPORT_HTML_PARTS_H
#define BENCHMARKER_REPORT_HTML_PARTS_H

#include "benchmarker/report.h"

/* Text from outside, as an element's or an attribute's content. NULL adds nothing. */
void report_html_text(struct strbuf *out, const char *s);
/* A test's name, which may break after its underscores. */
void report_html_name(struct strbuf *out, const char *s);

/* Begins a link to a file below the report's folder, which "</a>" ends; false, and nothing, for any other name. */
bool report_html_begin_link(struct strbuf *out, const char *file);

/* A list of remarks, each behind the label, if there is one; nothing of none. */
void report_html_list(struct strbuf *out, const char *label, const struct strlist *lines);

/* The section of latencies; nothing if no test has any. */
int report_html_latency(const struct report *r, struct strbuf *out, struct error *err);

/* The sections of what a transaction cost and what the machine did; nothing of what is not known. */
int report_html_machine(const struct report *r, struct strbuf *out, struct error *err);
/* The gate of a pgo run, and what its build costs; nothing of other runs. */
void report_html_decision(const struct report *r, struct strbuf *out);

#endif
