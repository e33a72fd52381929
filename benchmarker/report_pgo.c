#include "benchmarker/report_pgo.h"

#include "benchmarker/report_summary.h"

#include <math.h>

#define NAMES_SHOWN 3
#define TEST_COLUMNS 60

static bool has_previous(const struct report *r)
{
	return r->from.profile_sha256 != NULL;
}

const char *report_pgo_words(const struct report *r)
{
	switch (r->decision) {
	case PGO_SHIP:
		return has_previous(r) ? "ship the fresh profile" : "ship";
	case PGO_DONT_SHIP:
		return has_previous(r) ? "don't ship the fresh profile" : "don't ship";
	case PGO_KEEP:
		return "keep the previous profile";
	case PGO_UNDECIDED:
		return "undecided";
	case PGO_NONE:
		break;
	}
	return NULL;
}

static void add_mean(const struct report *r, const struct report_style *style, size_t compared, struct strbuf *out)
{
	const char *metric = report_metric_words(report_metric(r));
	if (compared == 1)
		strbuf_addf(out, "the %s ratio of its one test is ", metric);
	else
		strbuf_addf(out, "the geometric mean of %zu tests' %s ratios is ", compared, metric);
	report_add_ratio(out, style, r->mean.ratio);
	strbuf_addf(out, " (95%s%% interval ", style->space);
	report_add_interval(out, style, r->mean.low, r->mean.high);
	strbuf_adds(out, report_more_is_slower(report_metric(r)) ? ", less is faster)" : ")");
}

/* "2 tests are slower (a, b)" */
static void add_slower(const struct report *r, size_t slower, struct strbuf *out)
{
	size_t shown = 0;
	strbuf_addf(out, "%zu test%s slower (", slower, slower == 1 ? " is" : "s are");
	for (size_t i = 0; i < r->tests_len && shown < NAMES_SHOWN; i++) {
		const struct report_test *t = &r->tests[i];
		if (t->error || t->comparison.verdict != VERDICT_SLOWER)
			continue;
		strbuf_adds(out, shown++ ? ", " : "");
		report_add_cut(out, t->name, TEST_COLUMNS);
	}
	strbuf_adds(out, slower > shown ? ", …)" : ")");
}

static void add_why_undecided(const struct report *r, const struct report_summary *s, struct strbuf *out)
{
	if (!report_is_done(r) && !s->failed)
		strbuf_adds(out, "; the run did not end");
	else if (s->failed)
		strbuf_addf(out, "; %zu test%s gave no result", s->failed, s->failed == 1 ? "" : "s");
	else
		strbuf_adds(out, "; no test is slower, and whether it is faster is open");
}

void report_add_pgo_reason(const struct report *r, const struct report_style *style, struct strbuf *out)
{
	struct report_summary s;
	report_summarise(r, &s);
	size_t slower = s.count[VERDICT_SLOWER];
	if (r->decision == PGO_NONE)
		return;
	if (slower) {
		add_slower(r, slower, out);
		strbuf_adds(out, "; ");
	}
	if (!s.compared)
		strbuf_adds(out, "nothing was compared");
	else if (r->mean.starts == 0 || isnan(r->mean.ratio))
		strbuf_adds(out, "too little was measured to say anything of all tests together");
	else
		add_mean(r, style, s.compared, out);
	if (r->decision == PGO_SHIP)
		strbuf_adds(out, ", and no test is slower");
	else if (r->decision == PGO_UNDECIDED)
		add_why_undecided(r, &s, out);
	else if (r->decision == PGO_KEEP) {
		strbuf_adds(out, ": within ±");
		report_add_percent(out, style, r->margin);
		strbuf_adds(out, " the previous profile is as good as a fresh one");
	} else if (!slower)
		strbuf_adds(out, ": slower on the whole");
}

double report_peak_bytes(const struct report *r, bool to)
{
	double peak = NAN;
	for (size_t i = 0; i < r->tests_len; i++) {
		const struct report_test *t = &r->tests[i];
		double bytes = to ? t->to_cost.peak_bytes : t->from_cost.peak_bytes;
		if (t->has_cost && !t->error)
			peak = fmax(peak, bytes); /* the number, if the other is NAN */
	}
	return peak;
}

/* start: where the line begins in out. */
static void add_bytes_pair(const struct report_style *style, const char *name, double from, double to, size_t start,
			   struct strbuf *out)
{
	if (!(from > 0) || !(to > 0))
		return;
	strbuf_addf(out, "%s%s %.1f%sMB → %.1f%sMB (", out->len > start ? "; " : "", name, from / 1e6, style->space,
		    to / 1e6, style->space);
	report_add_change(out, style, to / from);
	strbuf_adds(out, ")");
}

static void add_build_time(const struct report_style *style, const struct report_server *s, struct strbuf *out)
{
	if (s->build_seconds > 0)
		report_add_seconds(out, style, s->build_seconds);
	else
		strbuf_adds(out, s->commit ? "from the cache" : "not built here");
}

void report_add_pgo_costs(const struct report *r, const struct report_style *style, struct strbuf *out)
{
	size_t start = out->len;
	if (r->decision == PGO_NONE)
		return;
	if (r->from.build_seconds > 0 || r->to.build_seconds > 0) {
		strbuf_adds(out, "build ");
		add_build_time(style, &r->from, out);
		strbuf_adds(out, " → ");
		add_build_time(style, &r->to, out);
	}
	add_bytes_pair(style, "binary", (double)r->from.binary_bytes, (double)r->to.binary_bytes, start, out);
	add_bytes_pair(style, "peak memory", report_peak_bytes(r, false), report_peak_bytes(r, true), start, out);
}
