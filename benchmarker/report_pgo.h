/* What a report says of a build with a profile: whether to ship it and why, and what it costs. Private to report*.c. */
#ifndef BENCHMARKER_REPORT_PGO_H
#define BENCHMARKER_REPORT_PGO_H

#include "benchmarker/report.h"
#include "benchmarker/report_format.h"

/* "ship", "don't ship", …, as a label before the reason; NULL: the run decides nothing of the kind. */
const char *report_pgo_words(const struct report *r);
/* Why, with the numbers. Nothing if there is no decision. */
void report_add_pgo_reason(const struct report *r, const struct report_style *style, struct strbuf *out);
/* "build 12 s → 31 s; binary 17.9 MB → 18.4 MB (+2.8 %); peak memory 40.1 MB → 40.4 MB (+0.7 %)". Nothing if there is
 * no decision, or if nothing is known. */
void report_add_pgo_costs(const struct report *r, const struct report_style *style, struct strbuf *out);
/* The server's largest memory in any test, bytes; NAN: not known. to: of the second server. */
double report_peak_bytes(const struct report *r, bool to);

#endif
