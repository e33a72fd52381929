/* The history as one page that needs nothing else; charts are benchmarker/history_svg.c's. Well-formed as XML too. */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/embed.h"
#include "base/text.h"
#include "benchmarker/history_report.h"
#include "benchmarker/history_svg.h"
#include "benchmarker/report_format.h"

#include <math.h>

extern const struct embedded_file report_files[];

static const struct report_style *const style = &report_fine;

void history_add_text(struct strbuf *out, const char *s)
{
	char c[5];
	size_t len;
	while (s && (len = report_next_char(&s, c)) > 0)
		text_add_xml_char(out, c, len);
}

/* What one of the parts of text makes, escaped. */
static void add_part(struct strbuf *out, void (*part)(struct strbuf *, const struct history_series *),
		     const struct history_series *s)
{
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(64 << 10);
	part(&text, s);
	history_add_text(out, text.data);
}

static void add_css(struct strbuf *out, const char *name)
{
	const struct embedded_file *css = embedded_find(report_files, name);
	strbuf_add(out, css->data, css->len);
}

static void add_head(struct strbuf *out)
{
	strbuf_adds(out,
		    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
		    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		    "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\"/>\n"
		    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
		    "<meta name=\"referrer\" content=\"no-referrer\"/>\n<title>History – dbdyno</title>\n<style>\n");
	add_css(out, "report.css");
	add_css(out, "history.css");
	strbuf_adds(out, "</style>\n</head>\n<body>\n<main>\n");
}

/* The latest of all changes, with its series. */
static const struct changepoint *latest(const struct history *h, const struct history_series **ret)
{
	const struct changepoint *best = NULL;
	int64_t when = INT64_MIN;
	for (size_t i = 0; i < h->len; i++)
		for (size_t k = 0; k < h->series[i].changes.len; k++) {
			const struct changepoint *c = &h->series[i].changes.items[k];
			int64_t at = history_point_unix(&h->series[i], c->at);
			if (at >= when) {
				when = at;
				best = c;
				*ret = &h->series[i];
			}
		}
	return best;
}

static void add_headline(const struct history_report *r, struct strbuf *out)
{
	const struct history_series *s = NULL;
	const struct changepoint *c = latest(r->history, &s);
	size_t n = history_changes(r->history);
	strbuf_addf(out, "<header class=\"%s\">\n<h1><span class=\"claim\">",
		    !c                        ? "same"
		    : history_is_faster(s, c) ? "faster"
					      : "slower");
	if (!c)
		strbuf_adds(out, "No change found</span>");
	else
		strbuf_addf(out, "%zu change%s found</span>", n, n == 1 ? "" : "s");
	if (c) {
		strbuf_adds(out, " <span class=\"evidence\">The latest: ");
		history_add_text(out, s->test->name);
		strbuf_addf(out, ", %s ", history_metric(s));
		report_add_change(out, style, exp(c->change));
		strbuf_adds(out, " since ");
		history_add_name(out, s->points[c->at].build);
		strbuf_adds(out, ".</span>");
	}
	strbuf_addf(out, "</h1>\n<p class=\"about\"><span>%zu run%s</span> <span>%zu series</span> <span>",
		    r->history->runs, r->history->runs == 1 ? "" : "s", r->history->len);
	history_add_text(out, r->store);
	strbuf_adds(out, "</span></p>\n</header>\n");
}

void history_add_name(struct strbuf *out, const struct history_build *b)
{
	CLEANUP(strbuf) struct strbuf name = STRBUF_INIT(64 << 10), cut = STRBUF_INIT(1024);
	history_add_build(&name, b);
	report_add_cut(&cut, name.data, 40);
	history_add_text(out, cut.data);
}

static void add_change_row(const struct history_series *s, const struct changepoint *c, struct strbuf *out)
{
	char day[21];
	CLEANUP(strbuf) struct strbuf range = STRBUF_INIT(4096);
	bool faster = history_is_faster(s, c);
	clock_format_utc(history_point_unix(s, c->at), day);
	history_add_range(&range, s, c);
	strbuf_addf(out, "<tr><td><span class=\"verdict %s\">%s ", faster ? "faster" : "slower", faster ? "▲" : "▼");
	report_add_change(out, style, exp(c->change));
	strbuf_adds(out, "</span></td><td class=\"n\">");
	report_add_change(out, style, exp(c->low));
	strbuf_adds(out, " to ");
	report_add_change(out, style, exp(c->high));
	strbuf_adds(out, "</td><td class=\"hash\">");
	history_add_name(out, s->points[c->at].build);
	strbuf_addf(out, "</td><td>%.10s</td><td class=\"hash\">", day);
	history_add_text(out, range.data);
	strbuf_addf(out, "</td><td class=\"n\">%zu</td></tr>\n", c->last - c->first + 1);
}

static void add_changes(const struct history_series *s, struct strbuf *out)
{
	if (!s->changes.len) {
		strbuf_addf(out, "<p class=\"legend\">%s</p>\n",
			    s->kind != HISTORY_CHAIN && s->len < CHANGEPOINT_LEVELS_MIN
				    ? "○ Too few builds to tell a change."
				    : "● No change found.");
		return;
	}
	strbuf_adds(out, "<div class=\"scroll\" role=\"region\" aria-label=\"Changes\" tabindex=\"0\">\n<table "
			 "class=\"changes\">\n"
			 "<thead><tr><th scope=\"col\">change</th><th scope=\"col\" class=\"n\">95\u202f% interval</th>"
			 "<th scope=\"col\">most likely since</th>");
	strbuf_addf(out,
		    "<th scope=\"col\">%s</th><th scope=\"col\">the commit is in (95\u202f%%)</th><th scope=\"col\" "
		    "class=\"n\">builds to look at</th></tr></thead>\n<tbody>\n",
		    s->by_commit ? "committed" : "measured");
	for (size_t i = 0; i < s->changes.len; i++)
		add_change_row(s, &s->changes.items[i], out);
	strbuf_adds(out, "</tbody>\n</table>\n</div>\n");
}

static void add_series(const struct history *h, const struct history_series *s, size_t number, struct strbuf *out)
{
	CLEANUP(strbuf) struct strbuf sight = STRBUF_INIT(4096);
	strbuf_addf(out, "<section class=\"series\" id=\"s%zu\">\n<h2>", number);
	history_add_text(out, s->test->name);
	strbuf_addf(out, " <small>%s of ", history_metric(s));
	add_part(out, history_add_subject, s);
	strbuf_adds(out, "</small></h2>\n<p class=\"identity\">");
	add_part(out, history_add_identity, s);
	if (isfinite(s->changes.spread)) {
		strbuf_adds(out, "; spread of one build ");
		report_add_percent(out, style, s->changes.spread);
	}
	strbuf_adds(out, "</p>\n");
	history_add_sight(&sight, style, h, s);
	if (sight.len)
		strbuf_addf(out, "<p class=\"identity\">%s</p>\n", sight.data);
	history_svg(s, out);
	add_changes(s, out);
	strbuf_adds(out, "</section>\n");
}

static void add_contents(const struct history *h, struct strbuf *out)
{
	if (h->len < 2)
		return;
	strbuf_adds(out, "<section>\n<h2>Tests</h2>\n<nav><ul>\n");
	for (size_t i = 0; i < h->len; i++) {
		size_t n = h->series[i].changes.len;
		strbuf_addf(out, "<li><a href=\"#s%zu\">", i + 1);
		history_add_text(out, h->series[i].test->name);
		strbuf_adds(out, "</a>");
		if (n)
			strbuf_addf(out, " <small>%zu change%s</small>", n, n == 1 ? "" : "s");
		strbuf_adds(out, "</li>\n");
	}
	strbuf_adds(out, "</ul></nav>\n</section>\n");
}

static void add_notes(const struct history_report *r, struct strbuf *out)
{
	strbuf_adds(out, "<section id=\"notes\">\n<h2>How to read it</h2>\n<p>Each point is a build, with the "
			 "95\u202f% interval of its "
			 "run; the line is the level between changes, the shaded part where a change may lie. Runs on "
			 "other machines, "
			 "or of other settings, are other series. A change is found with a risk of 5\u202f% for any "
			 "false alarm on "
			 "this page. Point at a build, or go through them with the tabulator key, for its name.</p>\n");
	if (r->history->alone || r->problems->len)
		strbuf_adds(out, "<ul class=\"notes\">\n");
	if (r->history->alone)
		strbuf_addf(out,
			    "<li class=\"info\"><b>info</b><span>%zu comparisons stand alone: no build in common with "
			    "another of "
			    "the same kind</span></li>\n",
			    r->history->alone);
	for (size_t i = 0; i < r->problems->len; i++) {
		strbuf_adds(out, "<li class=\"warn\"><b>not used</b><span>");
		history_add_text(out, r->problems->items[i]);
		strbuf_adds(out, "</span></li>\n");
	}
	if (r->history->alone || r->problems->len)
		strbuf_adds(out, "</ul>\n");
	strbuf_adds(out, "</section>\n");
}

int history_html(const struct history_report *r, struct strbuf *out, struct error *err)
{
	add_head(out);
	add_headline(r, out);
	add_contents(r->history, out);
	for (size_t i = 0; i < r->history->len; i++)
		add_series(r->history, &r->history->series[i], i + 1, out);
	add_notes(r, out);
	strbuf_adds(out, "</main>\n</body>\n</html>\n");
	return strbuf_check(out, err);
}
