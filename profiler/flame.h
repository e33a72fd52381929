/* A flame graph as SVG: width is CPU time, a frame stands below its caller.
 *
 *     struct flame_spec spec = { .title = "oltp_read_only", .interactive = true };
 *     flame_svg(NULL, &p, &spec, &out, err)       // one profile: colours tell packages apart
 *     spec.per = DIFF_PER_WORK, spec.from_work = 120000, spec.to_work = 97000;
 *     flame_svg(&from, &to, &spec, &out, err)     // two: red grew, blue shrank, per unit of work; width by to
 *
 * interactive: a file that stands alone, with its script (search, zoom, details, keyboard) and nothing from elsewhere.
 * Else an <svg> element for a page: no script and no ids, so that many fit in one page, and a page whose
 * Content-Security-Policy allows inline styles alone shows all of it; details are tooltips. Well-formed XML, whatever
 * bytes names hold.
 *
 * To open smoothly whatever the profile, at most max_frames frames are drawn, the widest, none narrower than
 * FLAME_MIN_SHARE of the whole or deeper than FLAME_MAX_DEPTH; the picture says what it leaves out. In two profiles a
 * frame has a colour where it differs by more than sampling error (p ≤ 0.01, profiler/diff.h), by how much; where the
 * type does not count samples, all have. Pure; linear in the stacks.
 */
#ifndef PROFILER_FLAME_H
#define PROFILER_FLAME_H

#include "profiler/diff.h"

#define FLAME_MAX_FRAMES 10000
#define FLAME_MIN_SHARE (1 / 12000.0) /* 0.1 px of 1,200 */
#define FLAME_MAX_DEPTH 250
#define FLAME_MAX_BYTES (64U << 20)

struct flame_spec {
	const char *title; /* NULL: "Flame graph" */
	const char *type;  /* as in struct top_spec */
	enum diff_per per; /* of two profiles */
	double from_work, to_work;
	uint32_t max_frames; /* 0: FLAME_MAX_FRAMES; fewer for a page that holds many */
	bool interactive;
};

/* Appends to out. from: NULL for one profile. ERROR_USAGE: as diff_make, no samples, or negative values. */
int flame_svg(const struct pprof *from, const struct pprof *to, const struct flame_spec *spec, struct strbuf *out,
	      struct error *err);

#endif
