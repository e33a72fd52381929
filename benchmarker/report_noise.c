#include "benchmarker/report_noise.h"

#include "base/cleanup.h"
#include "benchmarker/report_summary.h"

#include <math.h>

#define TEST_COLUMNS 60
#define SEVERAL 2

static void add_starts(struct strbuf *out, size_t starts)
{
	strbuf_addf(out, "%zu start%s of the servers", starts, starts == 1 ? "" : "s");
}

static void add_mean(const struct report *r, const struct report_style *style, struct strlist *ret)
{
	CLEANUP(strbuf) struct strbuf line = STRBUF_INIT(4096);
	if (r->mean.starts == 0 || isnan(r->mean.ratio) || r->tests_len < SEVERAL)
		return;
	strbuf_addf(&line, "over all tests the geometric mean of the %s ratios is ",
		    report_metric_words(report_metric(r)));
	report_add_ratio(&line, style, r->mean.ratio);
	if (isfinite(r->mean.high)) {
		strbuf_addf(&line, ", 95%s%% interval ", style->space);
		report_add_interval(&line, style, r->mean.low, r->mean.high);
	}
	strbuf_adds(&line, ", in ");
	add_starts(&line, r->mean.starts);
	if (line.failed)
		ret->failed = true;
	strlist_add(ret, line.data);
}

/* The tests with the least and the greatest slowdown that would have been found; NULL: none is known. */
static void add_detectable(const struct report *r, const struct report_style *style, struct strlist *ret)
{
	const struct report_test *least = NULL, *most = NULL;
	for (size_t i = 0; i < r->tests_len; i++) {
		const struct report_test *t = &r->tests[i];
		double d = t->comparison.detectable_90;
		if (t->error || t->comparison.metrics[t->comparison.metric].starts == 0 || !isfinite(d))
			continue;
		if (!least || d < least->comparison.detectable_90)
			least = t;
		if (!most || d > most->comparison.detectable_90)
			most = t;
	}
	if (!least)
		return;
	CLEANUP(strbuf) struct strbuf line = STRBUF_INIT(4096);
	strbuf_adds(&line, "a slowdown of ");
	report_add_percent(&line, style, least->comparison.detectable_90);
	if (most != least) {
		strbuf_adds(&line, " (");
		report_add_cut(&line, least->name, TEST_COLUMNS);
		strbuf_adds(&line, ") to ");
		report_add_percent(&line, style, most->comparison.detectable_90);
		strbuf_adds(&line, " (");
		report_add_cut(&line, most->name, TEST_COLUMNS);
		strbuf_adds(&line, ")");
	}
	strbuf_adds(&line, " would have been found 9 times in 10");
	if (line.failed)
		ret->failed = true;
	strlist_add(ret, line.data);
}

int report_noise_lines(const struct report *r, const struct report_style *style, struct strlist *ret, struct error *err)
{
	add_mean(r, style, ret);
	add_detectable(r, style, ret);
	return strlist_check(ret, err);
}

void report_add_reason(struct strbuf *out, const struct report_style *style, const struct report *r,
		       const struct report_test *t)
{
	const struct comparison *c = &t->comparison;
	const struct estimate *e = report_deciding(c);
	double half = statistics_half_width(e);
	if (!c->reason)
		return;
	strbuf_adds(out, c->reason);
	if (c->verdict != VERDICT_UNDECIDED || e->starts == 0 || !isfinite(half) || !isfinite(c->needed_starts))
		return;
	strbuf_adds(out, "; known to ±");
	report_add_percent(out, style, half);
	strbuf_adds(out, " by ");
	add_starts(out, e->starts);
	if (c->needed_starts <= (double)e->starts)
		return;
	if (c->needed_starts >= STATISTICS_NEEDED_MAX) {
		strbuf_adds(out, "; with this noise no number of starts would do");
	} else {
		strbuf_addf(out, "; about %.0f would tell within ±", c->needed_starts);
		report_add_percent(out, style, r->margin);
	}
}
