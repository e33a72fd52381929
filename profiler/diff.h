/* Which functions grew or shrank between two profiles of equal work.
 *
 *     CLEANUP(diff) struct diff d = DIFF_INIT;
 *     struct diff_spec spec = { .per = DIFF_PER_WORK, .from_work = 120000, .to_work = 97000 };  // transactions
 *     diff_make(&from, &to, &spec, &d, err)
 *     for (uint32_t i = 0; i < d.n && i < 5; i++) …   // the largest first: d.rows[i].flat.from, .to, .delta, .error
 *
 * Figures are values (nanoseconds of CPU time) per unit of work, so that a server that did more work in the same time
 * does not seem to have grown; or per second of profile; or as a share of the profile's total.
 *
 * Sampling error: CPU profiles count samples, and a count of n has a standard deviation of √n (Poisson). error is half
 * of the 95 % interval of a delta, 1.96 · √(n₁ s₁² + n₂ s₂²), with s what one sample is worth per unit of work. p is
 * exact: given n₁ + n₂ samples, n₁ is binomial if both do the same (Przyborowski and Wilenski, Biometrika 31, 1940,
 * pages 313 to 323); from a million samples on, normal. A row is significant if it passes Holm's test over all rows at
 * 5 % (Holm, Scandinavian Journal of Statistics 6, 1979): so the risk that any row of a table is marked without cause
 * is 5 %. It says that the two profiles differ, not why: what else differed between the two runs is in it too. For
 * types without samples/count or a period (heap) there is no error: error and p are NAN, nothing is significant.
 *
 * Names point into the profiles, which must outlive d. Linear but for sorting the rows. Pure.
 */
#ifndef PROFILER_DIFF_H
#define PROFILER_DIFF_H

#include "profiler/top.h"

enum diff_per { DIFF_PER_WORK, DIFF_PER_SECOND, DIFF_PER_TOTAL };

struct diff_spec {
	enum diff_per per;
	double from_work, to_work; /* with DIFF_PER_WORK: above 0 */
	enum pprof_by by;
	enum top_sort sort;                /* TOP_BY_FLAT or TOP_BY_CUM: by size of its delta */
	bool own;                          /* as in struct top_spec */
	const char *type, *focus, *ignore; /* likewise */
};

/* Per unit of work, in the type's unit. */
struct diff_figure {
	double from, to, delta;
	double error; /* half of the 95 % interval of delta */
	double p;
	bool significant;
};

struct diff_row {
	struct frame_key key;
	struct pprof_string package; /* of a Go function; may be empty */
	struct diff_figure flat, cum;
};

struct diff {
	struct diff_row *rows; /* owned, largest delta first */
	uint32_t n;
	enum diff_per per;
	enum pprof_by by;
	enum top_sort sort;
	struct diff_figure total;        /* of what focus and ignore leave; alone in its test */
	double from_samples, to_samples; /* NAN: unknown */
	struct pprof_string type, unit;
};
#define DIFF_INIT         \
	{                 \
		.rows = 0 \
	}
void diff_release(struct diff *d);

/* ERROR_USAGE: as top_make; types or units that differ; a work, duration or total that is not above 0. *ret must be
 * DIFF_INIT or released. */
int diff_make(const struct pprof *from, const struct pprof *to, const struct diff_spec *spec, struct diff *ret,
	      struct error *err);

/* The first n rows, as a table for a terminal and as JSON (docs/pprof.md). */
void diff_text(const struct diff *d, uint32_t n, struct strbuf *out);
void diff_json(const struct diff *d, uint32_t n, struct strbuf *out);
/* A figure with its unit: "1.20µs", "3.4%". */
void diff_add_value(const struct diff *d, double value, struct strbuf *out);

/* Two-sided p of n₁ of n₁ + n₂ events when a share q of them is expected on the first side. */
double diff_p(double n1, double n2, double q);

#endif
