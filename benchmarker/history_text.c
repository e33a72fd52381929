#include "base/cleanup.h"
#include "base/clock.h"
#include "benchmarker/history_report.h"
#include "benchmarker/report_format.h"

#include <math.h>

static const struct report_style *const style = &report_plain;

size_t history_changes(const struct history *h)
{
	size_t n = 0;
	for (size_t i = 0; i < h->len; i++)
		n += h->series[i].changes.len;
	return n;
}

const char *history_metric(const struct history_series *s)
{
	static const char *const names[] = { "throughput", "mean latency", "95th percentile of latency" };
	return names[s->test->metric];
}

bool history_is_faster(const struct history_series *s, const struct changepoint *c)
{
	return (c->change > 0) == (s->test->metric == METRIC_THROUGHPUT);
}

static void add_build(struct strbuf *out, const struct history_build *b)
{
	CLEANUP(strbuf) struct strbuf name = STRBUF_INIT(64 << 10);
	history_add_build(&name, b);
	report_add_cut(out, name.data, 40);
}

void history_add_subject(struct strbuf *out, const struct history_series *s)
{
	report_add_cut(out, s->run->to.engine, 40);
	if (s->kind == HISTORY_BASELINE) {
		strbuf_adds(out, " against ");
		if (!str_eq(s->run->from.engine, s->run->to.engine)) {
			report_add_cut(out, s->run->from.engine, 40);
			strbuf_addc(out, ' ');
		}
		add_build(out, s->baseline);
	} else {
		strbuf_adds(out, s->kind == HISTORY_CHAIN ? ", each against the one before" : ", gain of PGO");
	}
}

void history_add_range(struct strbuf *out, const struct history_series *s, const struct changepoint *c)
{
	add_build(out, s->points[c->first - 1].build);
	strbuf_adds(out, "..");
	add_build(out, s->points[c->last].build);
}

void history_add_identity(struct strbuf *out, const struct history_series *s)
{
	const struct history_machine *m = &s->run->machine;
	report_add_cut(out, s->run->pairing ? s->run->pairing : "?", 40);
	if (s->run->pinning) {
		strbuf_adds(out, ", pinning ");
		report_add_cut(out, s->run->pinning, 60);
	}
	if (s->test->threads > 0)
		strbuf_addf(out, ", %.0f thread%s", s->test->threads, s->test->threads > 1 ? "s" : "");
	if (m->cpus > 0)
		strbuf_addf(out, ", %.0f CPU%s", m->cpus, m->cpus > 1 ? "s" : "");
	if (m->cpu_model) {
		strbuf_adds(out, m->cpus > 0 ? " of " : ", ");
		report_add_cut(out, m->cpu_model, 80);
	}
	if (m->memory_bytes > 0)
		strbuf_addf(out, ", %.1f GiB", m->memory_bytes / (1 << 30));
	strbuf_adds(out, ", ");
	report_add_cut(out, m->os ? m->os : "?", 40);
	strbuf_addc(out, ' ');
	report_add_cut(out, m->kernel ? m->kernel : "?", 80);
}

int64_t history_point_unix(const struct history_series *s, size_t point)
{
	const struct history_point *p = &s->points[point];
	return s->by_commit ? p->build->committed_unix : p->run->started_unix;
}

void history_add_sight(struct strbuf *out, const struct report_style *how, const struct history *h,
		       const struct history_series *s)
{
	const struct history_noise *n = &h->noises[s->noise];
	if (!isfinite(n->visible))
		return;
	strbuf_adds(out, "a single run shows a change of ");
	report_add_percent(out, how, expm1(n->visible));
	strbuf_adds(out, " 8 times in 10");
	if (!isfinite(n->spread))
		return;
	strbuf_adds(out, "; runs scatter by ");
	report_add_percent(out, how, expm1(n->spread));
	strbuf_addf(out, " (%zu figures, %zu of a build with itself)", n->scattered, n->same);
}

static void add_change(struct strbuf *out, const struct history_series *s, const struct changepoint *c, bool color)
{
	char day[21];
	bool faster = history_is_faster(s, c);
	clock_format_utc(history_point_unix(s, c->at), day);
	strbuf_addf(out, "  %s%s ", color ? (faster ? "\033[34m" : "\033[33m") : "", faster ? "▲" : "▼");
	report_add_change(out, style, exp(c->change));
	strbuf_addf(out, "%s (", color ? "\033[0m" : "");
	report_add_change(out, style, exp(c->low));
	strbuf_adds(out, " to ");
	report_add_change(out, style, exp(c->high));
	strbuf_addf(out, ") since ");
	add_build(out, s->points[c->at].build);
	strbuf_addf(out, " of %.10s; the commit is in ", day);
	history_add_range(out, s, c);
	strbuf_addc(out, '\n');
}

static void add_series(struct strbuf *out, const struct history *h, const struct history_series *s, bool color)
{
	char first[21], last[21];
	CLEANUP(strbuf) struct strbuf sight = STRBUF_INIT(4096);
	clock_format_utc(history_point_unix(s, 0), first);
	clock_format_utc(history_point_unix(s, s->len - 1), last);
	strbuf_addf(out, "\n%s", color ? "\033[1m" : "");
	report_add_cut(out, s->test->name, 80);
	strbuf_addf(out, "%s  %s of ", color ? "\033[0m" : "", history_metric(s));
	history_add_subject(out, s);
	strbuf_addf(out, ": %zu builds, %.10s to %.10s", s->len, first, last);
	if (isfinite(s->changes.spread)) {
		strbuf_adds(out, ", spread ");
		report_add_percent(out, style, s->changes.spread);
	}
	strbuf_adds(out, "\n  (");
	history_add_identity(out, s);
	strbuf_adds(out, ")\n");
	history_add_sight(&sight, style, h, s);
	if (sight.len)
		strbuf_addf(out, "  %s\n", sight.data);
	for (size_t i = 0; i < s->changes.len; i++)
		add_change(out, s, &s->changes.items[i], color);
	if (s->changes.len == 0)
		strbuf_adds(out, s->kind != HISTORY_CHAIN && s->len < CHANGEPOINT_LEVELS_MIN
					 ? "  ○ too few builds to tell a change\n"
					 : "  ● no change found\n");
}

int history_text(const struct history_report *r, bool color, struct strbuf *out, struct error *err)
{
	const struct history *h = r->history;
	size_t changes = history_changes(h);
	strbuf_adds(out, "History ");
	report_add_line(out, r->store);
	strbuf_addf(out, ": %zu run%s, %zu series, %zu change%s\n", h->runs, h->runs == 1 ? "" : "s", h->len, changes,
		    changes == 1 ? "" : "s");
	for (size_t i = 0; i < h->len; i++)
		add_series(out, h, &h->series[i], color);
	if (h->alone)
		strbuf_addf(out, "\n%zu comparison%s no series: no build in common with another of the same kind\n",
			    h->alone, h->alone == 1 ? " is in" : "s are in");
	return strbuf_check(out, err);
}
