/* What a report says in words: who is compared, and what came out. Private to report*.c. */
#ifndef BENCHMARKER_REPORT_SUMMARY_H
#define BENCHMARKER_REPORT_SUMMARY_H

#include "benchmarker/report.h"
#include "benchmarker/report_format.h"

#define REPORT_VERDICTS 4

struct report_summary {
	size_t compared, failed;
	size_t count[REPORT_VERDICTS]; /* tests with each verdict */
	/* Least and greatest throughput ratio in the 95 % intervals of the tests with each verdict; NAN: not known */
	double low[REPORT_VERDICTS], high[REPORT_VERDICTS];
	const struct report_test *only; /* the test, when exactly one was compared */
	size_t warnings;                /* notes that are warnings or errors */
};
void report_summarise(const struct report *r, struct report_summary *ret);

/* The two halves of the headline: "gms 5d6e7f8 is slower than 1a2b3c4" and "3 of 4 tests slower, by …". */
/* A run of one server: a profile, nothing compared. */
bool report_is_single(const struct report *r);
void report_add_claim(const struct report *r, struct strbuf *out);
void report_add_evidence(const struct report *r, const struct report_style *style, struct strbuf *out);

/* The verdict of the whole run: SLOWER if any test is, else FASTER if any is, else SAME if all are, else UNDECIDED. */
enum verdict report_verdict(const struct report_summary *s);

/* The ratio that a verdict rests on. */
const struct estimate *report_deciding(const struct comparison *c);
/* The metric that the verdicts of a run rest on; the same in all tests. And whether a ratio above 1 of it is slower. */
enum metric report_metric(const struct report *r);
bool report_more_is_slower(enum metric m);
const char *report_metric_words(enum metric m); /* "throughput", "mean latency", "median latency", … */

/* "▲", "▼", "●", "○": a shape beside the word, for those who see no colour. */
const char *report_mark(enum verdict v);
/* ANSI escape of its colour. */
const char *report_escape(enum verdict v);
#define REPORT_ESCAPE_FAILED "\033[31m"
bool report_is_done(const struct report *r);
bool report_is_warning(const struct report_note *n);

/* The rows of "what was compared": a name and a string of struct report_server; ends with a NULL name. */
struct report_server_fact {
	const char *name;
	size_t offset;
	bool hash; /* a long one */
};
extern const struct report_server_fact report_server_facts[];
const char *report_server_value(const struct report_server *s, const struct report_server_fact *f);

/* How it was measured: name, value, name, value, … in one list. Unknown ones are left out. */
int report_add_facts(const struct report *r, const struct report_style *style, struct strlist *ret, struct error *err);

#endif
