#include "benchmarker/report_noise.h"

#include "base/cleanup.h"
#include "benchmarker/report_summary.h"

#include <math.h>
#include <stdlib.h>

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

int report_start_variation(const struct report *r, struct start_variation *ret, struct error *err)
{
	size_t n = 0;
	AUTO_FREE const struct comparison **compared = calloc(r->tests_len + 1, sizeof *compared);
	if (!compared)
		return error_oom(err);
	for (size_t i = 0; i < r->tests_len; i++)
		if (!r->tests[i].error)
			compared[n++] = &r->tests[i].comparison;
	*ret = statistics_start_variation(compared, n);
	return 0;
}

static void add_start_variation(const struct start_variation *v, const struct report_style *style, struct strlist *ret)
{
	CLEANUP(strbuf) struct strbuf line = STRBUF_INIT(4096);
	if (isnan(v->sd))
		return;
	strbuf_adds(&line, "beyond the noise of slices, ratios differed by ");
	report_add_percent(&line, style, v->sd);
	strbuf_adds(&line, " (standard deviation) between starts of the servers, as ");
	add_starts(&line, v->starts);
	strbuf_adds(&line, " tell");
	if (line.failed)
		ret->failed = true;
	strlist_add(ret, line.data);
}

static void add_assumption(const struct report *r, const struct start_variation *v, size_t tests,
			   const struct report_style *style, struct strlist *ret)
{
	CLEANUP(strbuf) struct strbuf line = STRBUF_INIT(4096);
	if (!v->assuming)
		return;
	if (v->assuming < tests)
		strbuf_addf(&line, "the interval%s of %zu of %zu tests rest%s", v->assuming == 1 ? "" : "s",
			    v->assuming, tests, v->assuming == 1 ? "s" : "");
	else
		strbuf_adds(&line, tests == 1 ? "the interval rests" : "the intervals rest");
	strbuf_addf(&line,
		    " on an assumption: with fewer than %d starts of the servers, the luck of a start is not seen, "
		    "and is taken to be ",
		    STATISTICS_STARTS_MIN);
	report_add_percent(&line, style, v->assumed);
	strbuf_adds(&line, " (standard deviation)");
	if (!str_eq(r->pairing, "sequential"))
		strbuf_addf(&line, "; --starts=%d or more measures it", STATISTICS_STARTS_MIN);
	if (line.failed)
		ret->failed = true;
	strlist_add(ret, line.data);
}

int report_noise_lines(const struct report *r, const struct report_style *style, struct strlist *ret, struct error *err)
{
	struct report_summary s;
	struct start_variation v;
	if (report_start_variation(r, &v, err) < 0)
		return -1;
	report_summarise(r, &s);
	add_mean(r, style, ret);
	add_detectable(r, style, ret);
	add_start_variation(&v, style, ret);
	add_assumption(r, &v, s.compared, style, ret);
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
