/* What a bisection found, as text and as markdown. Pure.
 *
 *     struct report_bisect r = { .test = "oltp_read_only", .metric = METRIC_THROUGHPUT, .history = &h, .decision = &d,
 * … }; report_bisect_text(&r, &out, err);
 *
 * Ratios are to good, as a comparison has them: throughput below 1 and latency above 1 are slower. Subjects of commits
 * are foreign text: shown without control characters, and in markdown without markup.
 */
#ifndef BENCHMARKER_REPORT_BISECT_H
#define BENCHMARKER_REPORT_BISECT_H

#include "benchmarker/bisect.h"
#include "benchmarker/build_history.h"
#include "benchmarker/statistics.h"

struct report_bisect_step {
	size_t commit;           /* index into the history */
	double ratio, low, high; /* 95 % interval */
	const char *skipped;     /* why it could not be measured; NULL: it was, and the ratio is there */
};

struct report_bisect {
	const char *test;
	enum metric metric;
	double confidence;
	const struct build_history *history;
	const struct bisect_decision *decision;
	const struct report_bisect_step *steps; /* in the order of time */
	size_t steps_len;
	const double *slow; /* probability of each commit of the history */
};

/* A level of slowdown as a ratio of that metric. */
struct estimate report_bisect_ratio(const struct bisect_level *l, enum metric metric);

/* "slow", "not slow", or how likely it is: "slow with 73 %". */
void report_bisect_add_state(double slow, struct strbuf *out);

/* One paragraph: what was found, or what is left; one line. */
void report_bisect_add_answer(const struct report_bisect *r, struct strbuf *out);

int report_bisect_text(const struct report_bisect *r, struct strbuf *out, struct error *err);
int report_bisect_markdown(const struct report_bisect *r, struct strbuf *out, struct error *err);

#endif
