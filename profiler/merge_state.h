/* What a merge keeps while it goes on. For profiler/merge*.c alone.
 *
 * Elements of the sum are interned: a candidate is written behind the last one of its array, and counted only if the
 * table knows no equal one.
 */
#ifndef PROFILER_MERGE_STATE_H
#define PROFILER_MERGE_STATE_H

#include "profiler/pprof.h"
#include "profiler/table.h"

/* From indexes of the profile being added to index + 1 in the sum; 0: not yet. */
struct index_map {
	uint32_t *to;
	uint32_t cap;
};

struct capacities {
	uint32_t types, samples, values, refs, labels, mappings, locations, lines, functions, strings, comments;
};

struct pprof_merge_state {
	struct pprof out;
	struct capacities cap;
	struct table strings, functions, mappings, locations, samples, comments;
	struct index_map string_map, function_map, mapping_map, location_map;
	const struct pprof *src;
	double factor;  /* of src */
	double *scaled; /* the values, while there are factors; NULL: out.values holds them */
	uint32_t scaled_cap;
	double scaled_duration_ns;
	uint64_t seed;
	size_t added;  /* profiles */
	bool has_zero; /* a sample of the sum may be all zero */
	struct error *err;
};

/* Room for extra elements of size bytes behind n in the array at array_at. */
int merge_reserve(struct pprof_merge_state *m, void *array_at, uint32_t *cap, uint32_t n, uint32_t extra, size_t size);

#define RESERVE(m, array, extra) \
	merge_reserve(m, &(m)->out.array, &(m)->cap.array, (m)->out.n_##array, extra, sizeof *(m)->out.array)

/* The candidate stands at [*n]. 1: it is new and counted; 0: *ret is an equal one; -1: no memory. */
int merge_intern(struct pprof_merge_state *m, struct table *t, uint64_t hash, table_equal *equal, uint32_t *n,
		 uint32_t *ret);

/* Sums with factors: merge_scale.c. Begins to keep them in scaled. */
int merge_begin_scaled(struct pprof_merge_state *m);
int merge_add_scaled(struct pprof_merge_state *m, uint32_t index, const int64_t *values);
/* Rounds them into out. */
int merge_round_scaled(struct pprof_merge_state *m, double factor);

/* Does the sum have the string? -1 without memory. */
int merge_has_string(struct pprof_merge_state *m, struct pprof_string s);
/* A string of the sum. */
int merge_add_string(struct pprof_merge_state *m, struct pprof_string s, uint32_t *ret);
/* A string of the profile being added, by index. */
int merge_map_string(struct pprof_merge_state *m, uint32_t from, uint32_t *ret);
/* From an index to index + 1, as users hold them. */
int merge_map_mapping(struct pprof_merge_state *m, uint32_t from, uint32_t *ret);
int merge_map_location(struct pprof_merge_state *m, uint32_t from, uint32_t *ret);

#endif
