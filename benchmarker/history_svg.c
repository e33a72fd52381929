#include "benchmarker/history_svg.h"

#include "base/clock.h"
#include "benchmarker/history_report.h"
#include "benchmarker/report_format.h"

#include <math.h>
#include <stdlib.h>

#define HEIGHT 264.0
#define TOP 42.0    /* room for a build's words, and below them the labels of changes */
#define BOTTOM 26.0 /* for dates */
#define LEFT 7.0    /* percent, for the axis' figures */
#define RIGHT 99.0
#define Z95 1.959963984540054

static const struct report_style *const style = &report_fine;

struct axes {
	double low, high; /* of values */
	size_t len;
};

static double x_of(const struct axes *a, double index)
{
	return a->len > 1 ? LEFT + 1 + (RIGHT - LEFT - 2) * index / (double)(a->len - 1) : (LEFT + RIGHT) / 2;
}

static double y_of(const struct axes *a, double value)
{
	double y = TOP + (HEIGHT - TOP - BOTTOM) * (a->high - value) / (a->high - a->low);
	return fmax(TOP - 6, fmin(HEIGHT - BOTTOM + 6, y));
}

static double level_of(const struct history_series *s, size_t i)
{
	return s->kind == HISTORY_CHAIN ? s->points[i].value : s->changes.levels[i];
}

/* All points, and as much of their intervals as does not dwarf them. */
static struct axes make_axes(const struct history_series *s)
{
	struct axes a = { INFINITY, -INFINITY, s->len };
	for (size_t i = 0; i < s->len; i++) {
		a.low = fmin(a.low, s->points[i].value);
		a.high = fmax(a.high, s->points[i].value);
	}
	double room = fmax(0.5 * (a.high - a.low), 0.01), low = a.low - room, high = a.high + room;
	for (size_t i = 0; i < s->len; i++) {
		double half = isfinite(s->points[i].error) ? Z95 * s->points[i].error : 0;
		a.low = fmin(a.low, fmax(low, s->points[i].value - half));
		a.high = fmax(a.high, fmin(high, s->points[i].value + half));
	}
	double pad = fmax(0.04 * (a.high - a.low), 0.002);
	a.low -= pad;
	a.high += pad;
	return a;
}

static void add_grid(const struct axes *a, struct strbuf *out)
{
	static const double steps[] = {
		0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 50, 100, 1000
	};
	double low = exp(a->low), high = exp(a->high), step = steps[ARRAY_SIZE(steps) - 1];
	for (size_t i = ARRAY_SIZE(steps); i-- > 0;)
		if ((high - low) / steps[i] <= 6)
			step = steps[i];
	int decimals = step < 0.01 ? 3 : step < 0.1 ? 2 : step < 1 ? 1 : 0;
	for (double v = ceil(low / step); v * step <= high; v++) {
		double y = y_of(a, log(v * step));
		strbuf_addf(out, "<line class=\"%s\" x1=\"%.1f%%\" x2=\"%.1f%%\" y1=\"%.1f\" y2=\"%.1f\"/>",
			    fabs(v * step - 1) < 1e-9 ? "one" : "grid", LEFT, RIGHT, y, y);
		strbuf_addf(out, "<text x=\"%.1f%%\" dx=\"-8\" y=\"%.1f\" text-anchor=\"end\"%s>%.*f</text>", LEFT,
			    y + 4, fabs(v * step - 1) < 1e-9 ? " class=\"one\"" : "", decimals, v * step);
	}
}

static void add_dates(const struct history_series *s, const struct axes *a, struct strbuf *out)
{
	size_t last = s->len - 1, marks = s->len < 3 ? s->len : s->len < 12 ? 3 : 4;
	for (size_t k = 0; k < marks; k++) {
		size_t i = marks > 1 ? k * last / (marks - 1) : 0;
		char day[21];
		clock_format_utc(history_point_unix(s, i), day);
		strbuf_addf(out, "<line class=\"tick\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"%.1f\" y2=\"%.1f\"/>",
			    x_of(a, (double)i), x_of(a, (double)i), HEIGHT - BOTTOM, HEIGHT - BOTTOM + 4);
		strbuf_addf(out, "<text x=\"%.2f%%\" y=\"%.1f\" text-anchor=\"%s\">%.10s</text>", x_of(a, (double)i),
			    HEIGHT - 6,
			    k == 0 && marks > 1           ? "start"
			    : k + 1 == marks && marks > 1 ? "end"
							  : "middle",
			    day);
	}
}

static void add_change(const struct history_series *s, const struct axes *a, const struct changepoint *c,
		       struct strbuf *out)
{
	double left = x_of(a, (double)c->first - 0.9), right = x_of(a, (double)c->last - 0.1),
	       x = x_of(a, (double)c->at - 0.5);
	strbuf_addf(out,
		    "<g class=\"%s\"><rect class=\"range\" x=\"%.2f%%\" width=\"%.2f%%\" y=\"%.1f\" height=\"%.1f\"/>",
		    history_is_faster(s, c) ? "faster" : "slower", left, right - left, TOP, HEIGHT - TOP - BOTTOM);
	strbuf_addf(out, "<line class=\"cut\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"%.1f\" y2=\"%.1f\"/>", x, x, TOP - 6,
		    HEIGHT - BOTTOM);
	strbuf_addf(out, "<text class=\"label\" x=\"%.2f%%\" y=\"30\" text-anchor=\"%s\">%s ", x,
		    x < 12   ? "start"
		    : x > 90 ? "end"
			     : "middle",
		    history_is_faster(s, c) ? "▲" : "▼");
	report_add_change(out, style, exp(c->change));
	strbuf_adds(out, "</text></g>");
}

static void add_levels(const struct history_series *s, const struct axes *a, struct strbuf *out)
{
	for (size_t begin = 0, end; s->kind != HISTORY_CHAIN && begin < s->len; begin = end) {
		for (end = begin + 1; end < s->len && level_of(s, end) == level_of(s, begin);)
			end++;
		double y = y_of(a, level_of(s, begin));
		strbuf_addf(out, "<line class=\"level\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"%.1f\" y2=\"%.1f\"/>",
			    fmax(LEFT, x_of(a, (double)begin - 0.4)), fmin(RIGHT, x_of(a, (double)end - 0.6)), y, y);
	}
	for (size_t i = 0; s->kind == HISTORY_CHAIN && i + 1 < s->len; i++)
		strbuf_addf(out, "<line class=\"level\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"%.1f\" y2=\"%.1f\"/>",
			    x_of(a, (double)i), x_of(a, (double)i + 1), y_of(a, s->points[i].value),
			    y_of(a, s->points[i + 1].value));
}

/* What a point says of itself: its build, its day, its ratio. */
static void add_words(const struct history_series *s, size_t i, struct strbuf *out)
{
	const struct history_point *p = &s->points[i];
	char day[21];
	clock_format_utc(history_point_unix(s, i), day);
	history_add_name(out, p->build);
	strbuf_addf(out, ", %.10s: ", day);
	report_add_ratio(out, style, exp(p->value));
	if (isfinite(p->error) && p->error > 0) {
		strbuf_adds(out, " (");
		report_add_interval(out, style, exp(p->value - Z95 * p->error), exp(p->value + Z95 * p->error));
		strbuf_addc(out, ')');
	}
	if (p->runs > 1)
		strbuf_addf(out, ", %zu runs", p->runs);
}

static void add_point(const struct history_series *s, const struct axes *a, size_t i, struct strbuf *out)
{
	const struct history_point *p = &s->points[i];
	double x = x_of(a, (double)i), y = y_of(a, p->value), width = (RIGHT - LEFT) / (double)a->len;
	strbuf_adds(out, "<g class=\"commit\" tabindex=\"0\" role=\"img\"><title>");
	add_words(s, i, out);
	strbuf_addf(out, "</title><rect class=\"hit\" x=\"%.2f%%\" width=\"%.2f%%\" y=\"%.1f\" height=\"%.1f\"/>",
		    x - width / 2, width, TOP, HEIGHT - TOP - BOTTOM);
	if (isfinite(p->error) && p->error > 0)
		strbuf_addf(out, "<line class=\"bar\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"%.1f\" y2=\"%.1f\"/>", x, x,
			    y_of(a, p->value + Z95 * p->error), y_of(a, p->value - Z95 * p->error));
	strbuf_addf(out, "<circle class=\"dot\" cx=\"%.2f%%\" cy=\"%.1f\" r=\"3.5\"/>", x, y);
	strbuf_addf(out, "<g class=\"tip\" aria-hidden=\"true\"><text x=\"%.2f%%\" y=\"12\" text-anchor=\"%s\">", x,
		    x < 35   ? "start"
		    : x > 65 ? "end"
			     : "middle");
	add_words(s, i, out);
	strbuf_adds(out, "</text></g></g>");
}

void history_svg(const struct history_series *s, struct strbuf *out)
{
	struct axes a = make_axes(s);
	strbuf_addf(out, "<svg class=\"history\" height=\"%.0f\" role=\"group\" aria-label=\"", HEIGHT);
	history_add_text(out, s->test->name);
	strbuf_addf(out, ": %zu builds, %zu changes\">", s->len, s->changes.len);
	add_grid(&a, out);
	add_dates(s, &a, out);
	for (size_t i = 0; i < s->changes.len; i++)
		add_change(s, &a, &s->changes.items[i], out);
	add_levels(s, &a, out);
	for (size_t i = 0; i < s->len; i++)
		add_point(s, &a, i, out);
	strbuf_adds(out, "</svg>\n");
}
