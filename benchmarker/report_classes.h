/* Transactions by class in a report: what TPC-C-like load adds to a test. Private to report*.c. */
#ifndef BENCHMARKER_REPORT_CLASSES_H
#define BENCHMARKER_REPORT_CLASSES_H

#include "benchmarker/report.h"
#include "benchmarker/report_format.h"

/* Columns of numbers, behind those of the transaction and the server. */
enum { CLASS_PER_MINUTE, CLASS_MEAN, CLASS_P50, CLASS_P90, CLASS_P95, CLASS_P99, CLASS_ROLLBACKS, CLASS_COLUMNS };
extern const char *const report_class_columns[CLASS_COLUMNS];

extern const char report_classes_note[]; /* that this is no audited result */

bool report_has_classes(const struct report *r);

/* "new-order transactions per minute: 1,234 → 1,300" */
void report_add_new_order_rate(struct strbuf *out, const struct report_style *style, const struct report_test *t);

void report_add_class_cell(struct strbuf *out, const struct report_style *style, const struct report_class_side *s,
			   int column);

/* The section on a terminal; nothing if no test has classes. */
int report_classes_text(const struct report *r, size_t width, struct strbuf *out, struct error *err);

#endif
