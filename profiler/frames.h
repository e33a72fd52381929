/* What a stack is made of, once functions, files, packages or lines with the same name are one. For profiler/ alone.
 *
 *     CLEANUP(frames) struct frames f = FRAMES_INIT;
 *     CLEANUP(frame_map) struct frame_map m = { 0 };
 *     frames_add(&f, &p, PPROF_BY_FUNCTION, &m, err)   // several profiles may share f
 *     m.keys[m.first[location]] …                      // indexes into f.keys, innermost (inlined) frame first
 *
 * Names are not copied: the profiles must outlive the frames. A location without symbols is its mapping (its binary).
 * Linear in the profile; memory: a key a distinct name, 4 bytes a line and a location.
 */
#ifndef PROFILER_FRAMES_H
#define PROFILER_FRAMES_H

#include "profiler/pprof.h"
#include "profiler/table.h"

enum pprof_by { PPROF_BY_FUNCTION, PPROF_BY_FILE, PPROF_BY_PACKAGE, PPROF_BY_LINE };

struct frame_key {
	struct pprof_string
		name; /* of a function, file or package; of the binary if there is no symbol; may be empty */
	struct pprof_string file; /* with PPROF_BY_LINE, else empty */
	int64_t line;             /* likewise, else 0 */
	bool no_symbol;
};

struct frames {
	struct frame_key *keys;
	uint32_t n, cap;
	struct table table;
	uint64_t seed;
};
#define FRAMES_INIT \
	{           \
		0   \
	}
void frames_release(struct frames *f);

/* The frames of location l are keys[first[l]] to keys[first[l + 1] - 1]: at least one. */
struct frame_map {
	uint32_t *first;
	uint32_t *keys;
};
void frame_map_release(struct frame_map *m);

int frames_add(struct frames *f, const struct pprof *p, enum pprof_by by, struct frame_map *ret, struct error *err);

/* The import path in the name of a Go function ("a.org/b/c" of "a.org/b/c.(*T[d/e.F]).m-fm"); empty if the name has
 * none. Part of name. */
struct pprof_string frame_package(struct pprof_string name);

/* Order by name, file, line. */
int frame_compare(const struct frame_key *a, const struct frame_key *b);

/* The name to show: a function's own, "[binary]" without symbol, "<unknown>" without either. */
void frame_describe(const struct frame_key *k, struct strbuf *out);

#endif
