/* What the noise of a run let it see, in a report: the mean over its tests, the slowdown that would have been found,
 * and for an undecided test how much more it would take. Private to report*.c. */
#ifndef BENCHMARKER_REPORT_NOISE_H
#define BENCHMARKER_REPORT_NOISE_H

#include "benchmarker/report.h"
#include "benchmarker/report_format.h"

/* Sentences about the run, a line each; none where nothing is known, as of older runs. */
int report_noise_lines(const struct report *r, const struct report_style *style, struct strlist *ret,
		       struct error *err);

/* Of the tests that were compared. */
int report_start_variation(const struct report *r, struct start_variation *ret, struct error *err);

/* The test's reason, and if it is undecided and starts can tell: how wide its interval is, on how many starts it rests,
 * and how many would do. Nothing if it has no reason. */
void report_add_reason(struct strbuf *out, const struct report_style *style, const struct report *r,
		       const struct report_test *t);

#endif
