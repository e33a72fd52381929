/* Percentiles of latency in a report, and what qualifies them: overload, time-outs, errors. Private to report*.c. */
#ifndef BENCHMARKER_REPORT_LATENCY_H
#define BENCHMARKER_REPORT_LATENCY_H

#include "benchmarker/report.h"
#include "benchmarker/report_format.h"

/* Lines of a test, and columns of numbers behind those of the test and the line. */
enum { LATENCY_FROM, LATENCY_TO, LATENCY_RATIO, LATENCY_LINES };
extern const char *const report_latency_lines[LATENCY_LINES]; /* "from", "to", "ratio" */
#define REPORT_LATENCY_COLUMNS (REPORT_PERCENTILES + 1)
extern const char *const report_latency_columns[REPORT_LATENCY_COLUMNS]; /* "p50 ms", …, "max ms" */
extern const char *const report_percentile_keys[REPORT_PERCENTILES];     /* "p50", …: for machines */
extern const char report_latency_note[];                                 /* what a dash and the maximum mean */

/* Has the test latencies, and is there a test that has? */
bool report_has_latency(const struct report_test *t);
bool report_has_latencies(const struct report *r);

/* "1.42", the value of a cell alone, and its interval "1.31 to 1.58"; nothing for one without ends. Ratios are those of
 * the comparison: nothing where there is none. */
void report_add_latency(struct strbuf *out, const struct report_style *style, const struct report_test *t, int line,
			int column);
void report_add_latency_interval(struct strbuf *out, const struct report_style *style, const struct report_test *t,
				 int line, int column);

/* Could the server not keep the rate that was asked for (arrivals.h)? */
bool report_is_overloaded(const struct report_latency *l);

/* What a reader must know of a test's latencies, a line each: "to: 3 events took longer than the time-out of 60 s". */
int report_latency_flags(const struct report *r, const struct report_test *t, const struct report_style *style,
			 struct strlist *ret, struct error *err);

/* The section on a terminal; nothing if no test has latencies. */
int report_latency_text(const struct report *r, size_t width, struct strbuf *out, struct error *err);

#endif
