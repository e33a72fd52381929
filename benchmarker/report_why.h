/* Why a test became faster or slower, in a report: what both servers' CPU profiles say. Private to report*.c. */
#ifndef BENCHMARKER_REPORT_WHY_H
#define BENCHMARKER_REPORT_WHY_H

#include "benchmarker/report.h"
#include "benchmarker/report_format.h"

#define REPORT_WHY_TOP 5     /* functions in markdown, comment and mail */
#define REPORT_WHY_PAGE 20   /* and on the page, where those that can be chance */
#define REPORT_WHY_UNSURE 10 /* stand among the first only */
#define REPORT_WHY_LINE 3    /* and in a line on a terminal */

extern const char report_why_note[]; /* what the figures are */

/* "118 µs", "1.23 ms"; with sign for a difference: "+12.4 µs". */
void report_add_cpu(struct strbuf *out, const struct report_style *style, double us, bool sign);
/* "CPU a transaction 94.2 µs → 472 µs: +378 µs ± 62.7 µs, beyond sampling error". */
void report_add_why_sum(struct strbuf *out, const struct report_style *style, const struct report_why *w);
/* "beyond", "within", or "–": sampling error. */
const char *report_why_certainty(const struct report_cpu *c);

/* The section of a test on a terminal: three lines. */
int report_why_text(const struct report *r, size_t width, struct strbuf *out, struct error *err);
/* In markdown, folded away; nothing if no test was profiled on both sides. */
void report_why_markdown(const struct report *r, struct strbuf *out);
/* The section of the page. */
void report_why_html(const struct report *r, struct strbuf *out);

#endif
