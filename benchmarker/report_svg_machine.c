/* The picture of what others took of the CPUs. */
#include "benchmarker/report_svg.h"

#include <math.h>

#define HEIGHT 64
#define MARKS 5 /* room below the bars */
#define BARS 120
#define LEAST_TOP 0.05 /* a quiet run shall look quiet */

struct bar {
	double steal, others; /* NAN: not known */
	bool contaminated;
};

/* One bar for each slice, or for neighbours the one with the most: a burst must not be averaged away. */
static struct bar pick(const struct report_usage *u, size_t begin, size_t end)
{
	struct bar bar = { NAN, NAN, false };
	double most = -1;
	for (size_t i = begin; i < end; i++) {
		double sum = fmax(u->steal[i], 0) + fmax(u->others[i], 0);
		bar.contaminated |= u->contaminated[i];
		if (sum <= most || (isnan(u->steal[i]) && isnan(u->others[i])))
			continue;
		most = sum;
		bar.steal = u->steal[i];
		bar.others = u->others[i];
	}
	return bar;
}

static void add_rect(struct strbuf *out, const char *class, size_t i, size_t n, double y, double height)
{
	if (height > 0)
		strbuf_addf(out, "<rect class=\"%s\" x=\"%.2f%%\" width=\"%.2f%%\" y=\"%.1f\" height=\"%.1f\"/>", class,
			    100.0 * (double)i / (double)n, 100.0 / (double)n, y, height);
}

void report_svg_machine(const struct report_usage *u, struct strbuf *out)
{
	struct bar bars[BARS];
	size_t n = u->slices_len < BARS ? u->slices_len : BARS;
	double top = 0;
	bool known = false;
	for (size_t i = 0; i < n; i++) {
		bars[i] = pick(u, i * u->slices_len / n, (i + 1) * u->slices_len / n);
		top = fmax(top, fmax(bars[i].steal, 0) + fmax(bars[i].others, 0));
		known |= !isnan(bars[i].steal) || !isnan(bars[i].others);
	}
	if (!known)
		return;
	double scale = (HEIGHT - MARKS) / fmax(top, LEAST_TOP), base = HEIGHT - MARKS;
	strbuf_addf(
		out,
		"<svg class=\"plot machine\" width=\"100%%\" height=\"%d\" role=\"img\"><title>taken from the CPUs' "
		"time, over %zu slices: at most %.0f\u202f%%</title>",
		HEIGHT, u->slices_len, 100 * top);
	for (size_t i = 0; i < n; i++) {
		double steal = fmax(bars[i].steal, 0) * scale, others = fmax(bars[i].others, 0) * scale;
		add_rect(out, "steal", i, n, base - steal, steal);
		add_rect(out, "others", i, n, base - steal - others, others);
		if (bars[i].contaminated)
			add_rect(out, "contaminated", i, n, base + 1, MARKS - 1);
	}
	strbuf_addf(out, "<line class=\"one\" x1=\"0\" x2=\"100%%\" y1=\"%.1f\" y2=\"%.1f\"/></svg>\n", base, base);
	strbuf_addf(
		out,
		"<p class=\"legend\">Slices in time order: <b class=\"steal\">steal</b> (other virtual machines) and, "
		"above it, <b class=\"others\">other processes</b>, as parts of the CPUs' time; the highest is "
		"%.0f\u202f%%. A <b class=\"contaminated\">mark</b> below: disturbed.</p>\n",
		100 * top);
}
