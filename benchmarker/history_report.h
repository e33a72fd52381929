/* A history as text, JSON, and a page. Pure; failures and strings from outside as in report.h.
 *
 *     struct history_report r = { .history = &h, .store = "s3://bucket/history", .problems = &problems };
 *     if (history_text(&r, width, color, &out, err) < 0) …
 */
#ifndef BENCHMARKER_HISTORY_REPORT_H
#define BENCHMARKER_HISTORY_REPORT_H

#include "benchmarker/history_series.h"
#include "benchmarker/report_format.h"

struct history_report {
	const struct history *history;
	const char *store;              /* its name */
	const struct strlist *problems; /* objects that are not used */
};

int history_text(const struct history_report *r, bool color, struct strbuf *out, struct error *err);
int history_json(const struct history_report *r, struct strbuf *out, struct error *err);
/* One self-contained page, without script: charts with points, intervals and changes. */
int history_html(const struct history_report *r, struct strbuf *out, struct error *err);

/* Parts that the forms share. */
size_t history_changes(const struct history *h);
/* True if the change is for the better: more throughput, or less latency. */
bool history_is_faster(const struct history_series *s, const struct changepoint *c);
/* "gms, against 1a2b3c4d5e", "gms, each against the one before", "gms, gain of PGO". */
void history_add_subject(struct strbuf *out, const struct history_series *s);
/* "1a2b3c4d5e..5d6e7f8091": the last build before the change for sure, and the first one after it for sure. */
void history_add_range(struct strbuf *out, const struct history_series *s, const struct changepoint *c);
/* "interleaved, 1 thread, 2 CPUs of AMD EPYC, 24.0 GiB, Linux 6.1 (amd64)": what all points have in common. */
void history_add_identity(struct strbuf *out, const struct history_series *s);
/* When the point's commit was made, or where that is not what orders the points, when it was first measured. */
int64_t history_point_unix(const struct history_series *s, size_t point);
/* What size of change the past noise lets one see; nothing where there is no telling. */
void history_add_sight(struct strbuf *out, const struct report_style *style, const struct history *h,
		       const struct history_series *s);
/* "throughput", "mean latency", "95th percentile of latency". */
const char *history_metric(const struct history_series *s);

#endif
