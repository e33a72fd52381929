/* What a report says of which test's profile helps which test. Private to report*.c. */
#ifndef BENCHMARKER_REPORT_VALIDATION_H
#define BENCHMARKER_REPORT_VALIDATION_H

#include "benchmarker/report.h"
#include "benchmarker/report_format.h"

extern const char report_validation_title[];
/* "all tests" for the sum. */
const char *report_validation_profile(const struct report_validation_row *row);
/* "failed", "profile not fit", "not measured" */
const char *report_cell_words(enum pgo_cell state);
/* What the ratios are, and how sure the verdicts. */
void report_add_validation_legend(const struct report *r, const struct report_style *style, struct strbuf *out);
/* A sentence for each reason why cells have no result. */
int report_validation_remarks(const struct report_validation *v, struct strlist *ret, struct error *err);

/* The matrix; nothing if nothing was validated. */
int report_validation_text(const struct report *r, size_t width, bool color, struct strbuf *out, struct error *err);
int report_validation_markdown(const struct report *r, struct strbuf *out, struct error *err);
int report_validation_html(const struct report *r, struct strbuf *out, struct error *err);

#endif
