/* Where a profile's weight lies: flat (in itself) and cumulative (with what it calls) by function, file, package or
 * line.
 *
 *     CLEANUP(top) struct top t = TOP_INIT;
 *     struct top_spec spec = { .by = PPROF_BY_FUNCTION, .sort = TOP_BY_FLAT, .focus = "memory", .type = "cpu" };
 *     top_make(&p, &spec, &t, err)
 *     top_text(&t, 20, out)      // a table for a terminal
 *     top_json(&t, 20, out)      // for machines: docs/pprof.md
 *
 * The figures are those of `go tool pprof -top` (functions by name; a recursive function counts once in cum; an inlined
 * function is a frame of its own), but that a file is one row (there it is one a function of it), and that drop_frames
 * and keep_frames are not applied. Linear in the profile
 * but for sorting the rows; memory: a row a distinct name. Names point into p, which must outlive t. Pure.
 *
 * own: flat weight goes to the innermost function that has a name and is of no package of Go's own library, so that a
 * loop around time.Now or an allocation shows under the name of who wrote it; where a stack has none (a worker of the
 * garbage collector) to its outermost one. cum stays as it is.
 */
#ifndef PROFILER_TOP_H
#define PROFILER_TOP_H

#include "profiler/frames.h"

enum top_sort { TOP_BY_FLAT, TOP_BY_CUM, TOP_BY_NAME };

struct top_spec {
	enum pprof_by by;
	enum top_sort sort;
	const char *type; /* of the samples: "cpu"; NULL: the profile's default, else its last */
	bool own; /* flat: what the runtime and Go's own library take is their caller's (top.h); by function or line
		     alone */
	const char *focus, *ignore; /* regular expressions on function names (profiler/filter.h); NULL: none */
};

struct top_row {
	struct frame_key key;
	int64_t flat, cum; /* in the unit of the type */
};

struct top {
	struct top_row *rows; /* owned, sorted; those of the same weight by name */
	uint32_t n;
	enum pprof_by by;
	enum top_sort sort;
	int64_t total; /* of the profile, absolute values (a difference has negative ones) */
	int64_t shown; /* of the samples that focus and ignore leave */
	int64_t count; /* samples, where the profile has samples/count; else 0 */
	struct pprof_string type, unit;
};
#define TOP_INIT          \
	{                 \
		.rows = 0 \
	}
void top_release(struct top *t);

/* ERROR_USAGE: no such type, a bad expression, or a sum over 2^63 - 1. *ret must be TOP_INIT or released. */
int top_make(const struct pprof *p, const struct top_spec *spec, struct top *ret, struct error *err);

/* The first n rows. */
void top_text(const struct top *t, uint32_t n, struct strbuf *out);
void top_json(const struct top *t, uint32_t n, struct strbuf *out);

#endif
