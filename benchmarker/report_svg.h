/* The pictures in a report: inline SVG that follows the page's width and colours. Private to report_html.c.
 *
 * Horizontal places are percentages of a picture's width and vertical ones are pixels, so that text and strokes keep
 * their size on a telephone and on a wall. Colours are classes of report.css. Nothing here is text from outside.
 */
#ifndef BENCHMARKER_REPORT_SVG_H
#define BENCHMARKER_REPORT_SVG_H

#include "benchmarker/report.h"

#define REPORT_TICKS_MAX 9

/* A logarithmic axis of ratios that all rows of the chart share. */
struct report_axis {
	double low, high; /* ratios at the left and at the right edge */
	double ticks[REPORT_TICKS_MAX];
	size_t ticks_len;
	double band_low, band_high; /* what counts as the same; NAN: no band */
};

/* Holds 1 with room on both sides, the margin, all points and as much of the intervals as does not dwarf them. */
void report_axis_make(const struct report *r, struct report_axis *ret);

/* Which way is faster, above the rows; the figures, below them. */
void report_svg_directions(const struct report_axis *a, bool more_is_slower, struct strbuf *out);
void report_svg_scale(const struct report_axis *a, struct strbuf *out);
/* One test: margin band, 95 % interval as a thick line (with an arrow where it leaves the axis), point. */
void report_svg_row(const struct report_axis *a, const struct comparison *c, struct strbuf *out);
/* Log-ratios in time order, on a scale of their own, with a line at ratio 1. Nothing for fewer than two pairs. */
void report_svg_spark(const double *log_ratios, size_t len, struct strbuf *out);
/* Shares of the CPUs' time that others took, slice by slice: steal below, other processes above it, and a mark under
 * slices that are contaminated. Nothing where none is known. */
void report_svg_machine(const struct report_usage *u, struct strbuf *out);
/* The mark of a verdict as a small picture; class names of the verdicts are verdict_name's. */
void report_svg_mark(enum verdict v, struct strbuf *out);

#endif
