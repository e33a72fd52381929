#include "benchmarker/report_svg.h"

#include "benchmarker/report_format.h"
#include "benchmarker/report_summary.h"

#include <math.h>

#define ROW_HEIGHT 30
#define WIDEST_RATIO 1000.0 /* further out, the picture says no more than the table */
#define EDGE 0.2            /* least part of the axis on either side of 1: room for the words there */
#define SPARK_WIDTH 120
#define SPARK_HEIGHT 30
#define SPARK_PAD 3
#define SPARK_POINTS 60

static bool is_ratio(double r)
{
	return isfinite(r) && r > 0;
}

/* Log of a ratio, kept within what an axis shows. */
static double bounded_log(double ratio, double limit)
{
	return fmax(-limit, fmin(limit, log(ratio)));
}

static void add_ticks(struct report_axis *a)
{
	static const double steps[] = { 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.25 };
	static const double decades[] = { 0.001, 0.01, 0.1, 1, 10, 100, 1000 };
	static const double coarse[] = { 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1,
					 2,     5,     10,    20,   50,   100,  200, 500, 1000 };
	const size_t most = 7;
	if (a->high / a->low < 2.5)
		for (size_t s = 0; s < ARRAY_SIZE(steps); s++) {
			double first = ceil((a->low - 1) / steps[s]), last = floor((a->high - 1) / steps[s]);
			if (last - first + 1 > (double)most)
				continue;
			for (double k = first; k <= last; k++)
				a->ticks[a->ticks_len++] = 1 + k * steps[s];
			return;
		}
	size_t fits = 0;
	for (size_t i = 0; i < ARRAY_SIZE(coarse); i++)
		fits += coarse[i] >= a->low && coarse[i] <= a->high;
	const double *values = fits <= most ? coarse : decades;
	size_t len = fits <= most ? ARRAY_SIZE(coarse) : ARRAY_SIZE(decades);
	for (size_t i = 0; i < len; i++)
		if (values[i] >= a->low && values[i] <= a->high)
			a->ticks[a->ticks_len++] = values[i];
}

void report_axis_make(const struct report *r, struct report_axis *ret)
{
	bool band = r->margin > 0 && r->margin < 0.9;
	struct report_axis a = { .band_low = band ? 1 - r->margin : NAN,
				 .band_high = band ? 1 / (1 - r->margin) : NAN };
	double low = band ? log(a.band_low) * 1.4 : -0.02, high = -low, points = 0;
	for (size_t i = 0; i < r->tests_len; i++) {
		double ratio = report_deciding(&r->tests[i].comparison)->ratio;
		if (r->tests[i].error || !is_ratio(ratio))
			continue;
		double x = bounded_log(ratio, log(WIDEST_RATIO));
		low = fmin(low, x);
		high = fmax(high, x);
		points = fmax(points, fabs(x));
	}
	double limit = fmax(3 * points, log(2));
	for (size_t i = 0; i < r->tests_len; i++) {
		const struct estimate *e = report_deciding(&r->tests[i].comparison);
		if (r->tests[i].error || !is_ratio(e->ratio))
			continue;
		if (is_ratio(e->low))
			low = fmin(low, bounded_log(e->low, limit));
		if (is_ratio(e->high))
			high = fmax(high, bounded_log(e->high, limit));
	}
	double pad = (high - low) * 0.05;
	low -= pad;
	high += pad;
	low = fmin(low, -EDGE / (1 - EDGE) * high);
	high = fmax(high, -EDGE / (1 - EDGE) * low);
	a.low = exp(low);
	a.high = exp(high);
	add_ticks(&a);
	*ret = a;
}

/* Place of a ratio in percent of the width; beyond the axis, its edge. */
static double place(const struct report_axis *a, double ratio)
{
	double x = (log(ratio) - log(a->low)) / (log(a->high) - log(a->low)) * 100;
	return ratio <= 0 ? 0 : fmax(0, fmin(100, x));
}

void report_svg_directions(const struct report_axis *a, bool more_is_slower, struct strbuf *out)
{
	double one = place(a, 1);
	const char *left = more_is_slower ? "faster" : "slower", *right = more_is_slower ? "slower" : "faster";
	strbuf_addf(out,
		    "<svg class=\"plot directions\" height=\"22\" aria-hidden=\"true\">"
		    "<text x=\"%.2f%%\" y=\"14\" dx=\"-10\" text-anchor=\"end\" class=\"%s\">← %s</text>"
		    "<text x=\"%.2f%%\" y=\"14\" dx=\"10\" class=\"%s\">%s →</text></svg>",
		    one, left, left, one, right, right);
}

/* Decimals that tell all ticks apart: 0.80 beside 0.85. */
static int tick_decimals(const struct report_axis *a)
{
	int decimals = 0;
	for (size_t i = 0; i < a->ticks_len; i++)
		for (double scaled = a->ticks[i] * pow(10, decimals); fabs(scaled - round(scaled)) > 1e-6; scaled *= 10)
			decimals++;
	return decimals;
}

void report_svg_scale(const struct report_axis *a, struct strbuf *out)
{
	strbuf_adds(out, "<svg class=\"plot scale\" height=\"24\" aria-hidden=\"true\">");
	/* Wide axes have round figures of all sizes, which read best as they are. */
	int decimals = a->high / a->low < 2.5 ? tick_decimals(a) : -1;
	for (size_t i = 0; i < a->ticks_len; i++) {
		double x = place(a, a->ticks[i]);
		strbuf_addf(out, "<line x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"0\" y2=\"5\" class=\"tick\"/>", x, x);
		strbuf_addf(out, "<text x=\"%.2f%%\" y=\"19\" text-anchor=\"middle\"%s>", x,
			    fabs(a->ticks[i] - 1) < 1e-9 ? " class=\"one\"" : "");
		if (decimals < 0)
			strbuf_addf(out, "%g", a->ticks[i]);
		else
			strbuf_addf(out, "%.*f", decimals, a->ticks[i]);
		strbuf_adds(out, "</text>");
	}
	strbuf_adds(out, "</svg>");
}

static void add_background(const struct report_axis *a, struct strbuf *out)
{
	if (is_ratio(a->band_low)) {
		double left = place(a, a->band_low), right = place(a, a->band_high);
		strbuf_addf(out, "<rect class=\"band\" x=\"%.2f%%\" width=\"%.2f%%\" y=\"0\" height=\"100%%\"/>", left,
			    right - left);
	}
	for (size_t i = 0; i < a->ticks_len; i++) {
		double x = place(a, a->ticks[i]);
		strbuf_addf(out, "<line class=\"%s\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"0\" y2=\"100%%\"/>",
			    fabs(a->ticks[i] - 1) < 1e-9 ? "one" : "grid", x, x);
	}
}

/* A shape drawn around (0, 0), put at x percent of the width in the middle of a row. */
static void add_shape(double x, const char *path, const char *class, struct strbuf *out)
{
	strbuf_addf(out, "<svg x=\"%.2f%%\" y=\"%d\" overflow=\"visible\"><path class=\"%s\" d=\"%s\"/></svg>", x,
		    ROW_HEIGHT / 2, class, path);
}

static const char *mark_path(enum verdict v)
{
	switch (v) {
	case VERDICT_FASTER:
		return "M0 -7 7 5.5 -7 5.5Z";
	case VERDICT_SLOWER:
		return "M0 7 7 -5.5 -7 -5.5Z";
	case VERDICT_SAME:
	case VERDICT_UNDECIDED:
		break;
	}
	return "M-5.5 0a5.5 5.5 0 1 1 11 0a5.5 5.5 0 1 1 -11 0Z";
}

void report_svg_row(const struct report_axis *a, const struct comparison *c, struct strbuf *out)
{
	const struct estimate *e = report_deciding(c);
	const char *class = verdict_name(c->verdict);
	strbuf_addf(out, "<svg class=\"plot\" height=\"%d\" role=\"img\"><title>ratio ", ROW_HEIGHT);
	report_add_ratio(out, &report_fine, e->ratio);
	strbuf_adds(out, ", 95\u202f% interval ");
	report_add_interval(out, &report_fine, e->low, e->high);
	strbuf_addf(out, ": %s</title>", class);
	add_background(a, out);
	if (is_ratio(e->ratio)) {
		double low = isnan(e->low) ? e->ratio : e->low, high = isnan(e->high) ? e->ratio : e->high;
		double left = place(a, low), right = isinf(high) ? 100 : place(a, high);
		if (e->family_high > 0) /* 0: not known, as of older runs */
			strbuf_addf(out, "<line class=\"family %s\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"%d\" y2=\"%d\"/>",
				    class, place(a, e->family_low), place(a, e->family_high), ROW_HEIGHT / 2,
				    ROW_HEIGHT / 2);
		strbuf_addf(out, "<line class=\"interval %s\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"%d\" y2=\"%d\"/>", class,
			    left, right, ROW_HEIGHT / 2, ROW_HEIGHT / 2);
		CLEANUP(strbuf) struct strbuf arrow = STRBUF_INIT(64);
		strbuf_addf(&arrow, "arrow %s", class);
		if (low < a->low)
			add_shape(0, "M-1 0 7 -6.5 7 6.5Z", arrow.data, out);
		if (high > a->high)
			add_shape(100, "M1 0 -7 -6.5 -7 6.5Z", arrow.data, out);
		strbuf_reset(&arrow);
		strbuf_addf(&arrow, "point %s", class);
		add_shape(place(a, e->ratio), mark_path(c->verdict), arrow.data, out);
	}
	strbuf_adds(out, "</svg>");
}

void report_svg_mark(enum verdict v, struct strbuf *out)
{
	strbuf_addf(out,
		    "<svg class=\"mark\" width=\"14\" height=\"14\" viewBox=\"-8 -8 16 16\" aria-hidden=\"true\">"
		    "<path class=\"point %s\" d=\"%s\"/></svg>",
		    verdict_name(v), mark_path(v));
}

/* Means of neighbours, so that at most SPARK_POINTS remain; values that are no numbers are left out. Returns how many.
 */
static size_t thin_out(const double *values, size_t len, double points[static SPARK_POINTS])
{
	size_t bins = len < SPARK_POINTS ? len : SPARK_POINTS, n = 0;
	for (size_t b = 0; b < bins; b++) {
		double sum = 0;
		size_t used = 0;
		for (size_t i = b * len / bins; i < (b + 1) * len / bins; i++)
			if (isfinite(values[i]) && fabs(values[i]) < log(WIDEST_RATIO)) {
				sum += values[i];
				used++;
			}
		if (used)
			points[n++] = sum / (double)used;
	}
	return n;
}

void report_svg_spark(const double *log_ratios, size_t len, struct strbuf *out)
{
	double points[SPARK_POINTS], low = 0, high = 0;
	size_t n = thin_out(log_ratios, len, points);
	if (n < 2)
		return;
	for (size_t i = 0; i < n; i++) {
		low = fmin(low, points[i]);
		high = fmax(high, points[i]);
	}
	double scale = (SPARK_HEIGHT - 2 * SPARK_PAD) / fmax(high - low, 1e-6);
	double one = SPARK_PAD + high * scale;
	strbuf_addf(out, "<svg class=\"spark\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\">",
		    SPARK_WIDTH, SPARK_HEIGHT, SPARK_WIDTH, SPARK_HEIGHT);
	strbuf_addf(out, "<title>%zu pairs in time order: ratios from %.3f to %.3f in this picture</title>", len,
		    exp(low), exp(high));
	strbuf_addf(out, "<line class=\"one\" x1=\"0\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/><polyline points=\"",
		    SPARK_WIDTH, one, one);
	for (size_t i = 0; i < n; i++)
		strbuf_addf(out, "%s%.1f,%.1f", i ? " " : "",
			    SPARK_PAD + (double)i * (SPARK_WIDTH - 2 * SPARK_PAD) / (double)(n - 1),
			    SPARK_PAD + (high - points[i]) * scale);
	strbuf_adds(out, "\"/></svg>");
}
