/* CPU profiles in profile.proto form (github.com/google/pprof, proto/profile.proto), gzip or not.
 *
 *     CLEANUP(pprof) struct pprof p = PPROF_INIT;
 *     pprof_read(&p, bytes, len, err)           // hostile input: bounded memory, every id checked
 *     pprof_check_cpu(&p, &facts, err)          // fit for -pgo: samples, symbols, the right value types
 *     pprof_write(&p, true, &bytes, err)        // gzip
 *
 *     CLEANUP(pprof_merger) struct pprof_merger m = PPROF_MERGER_INIT;
 *     for each profile: pprof_merger_add(&m, &p, err), pprof_release(&p)   // holds no reference to p
 *     pprof_merger_finish(&m, &sum, err)        // sum of equal stacks, as `go tool pprof -proto` does
 *
 * Pure: bytes in, bytes out. Errors: ERROR_USAGE with the reason (what is wrong with the profile), or ERROR_INTERNAL
 * (memory). A profile that was read keeps its ids, its string table and, in their messages, the fields that this
 * program does not know: writing it, reading that and writing again gives the same bytes.
 *
 * Cost: reading holds the inflated bytes (strings point into them) and beside them at most 16 times their size, never
 * more than PPROF_MAX_MEMORY_BYTES. Reading, merging and writing take time linear in the input; only ids that are
 * far from dense are sorted. profile.proto has no message that can refer to itself, so ids cannot form a cycle.
 */
#ifndef PROFILER_PPROF_H
#define PROFILER_PPROF_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PPROF_MAX_BYTES (64ULL << 20)           /* a profile as stored */
#define PPROF_MAX_INFLATED_BYTES (256ULL << 20) /* and inflated */
#define PPROF_MAX_MEMORY_BYTES (1ULL << 30)     /* of decoded arrays */

/* Bytes as they stand in the profile: not NUL-terminated, not checked for UTF-8 or control characters. */
struct pprof_string {
	const char *data;
	size_t len;
};

/* Names are indexes into strings. `extra` leads to fields unknown to this program (pprof_extra). */
struct pprof_value_type {
	uint32_t type;
	uint32_t unit;
	uint32_t extra;
};

struct pprof_label {
	int64_t num;
	uint32_t key;
	uint32_t str; /* 0: the label is num, of num_unit */
	uint32_t num_unit;
	uint32_t extra;
};

/* Its values are values[index * n_types] and on, one for each type. */
struct pprof_sample {
	uint32_t first_ref; /* into refs: the stack, leaf first */
	uint32_t n_refs;
	uint32_t first_label;
	uint32_t n_labels;
	uint32_t extra;
};

struct pprof_mapping {
	uint64_t id; /* not 0, unique; so with locations and functions */
	uint64_t start;
	uint64_t limit;
	uint64_t offset;
	uint32_t filename;
	uint32_t build_id;
	uint32_t extra;
	bool has_functions;
	bool has_filenames;
	bool has_line_numbers;
	bool has_inline_frames;
};

struct pprof_location {
	uint64_t id;
	uint64_t address;
	uint32_t mapping; /* index + 1; 0: none */
	uint32_t first_line;
	uint32_t n_lines; /* more than one: inlined frames, innermost first */
	uint32_t extra;
	bool folded;
};

struct pprof_line {
	int64_t line;
	int64_t column;
	uint32_t function; /* index + 1; 0: none */
	uint32_t extra;
};

struct pprof_function {
	uint64_t id;
	int64_t start_line; /* 0: unknown */
	uint32_t name;
	uint32_t system_name;
	uint32_t filename;
	uint32_t extra;
};

struct pprof_block; /* memory that strings of a merged profile point into */

/* A decoded profile. Read-only for users; all arrays are owned. */
struct pprof {
	struct pprof_value_type *types;
	struct pprof_sample *samples;
	int64_t *values;
	uint32_t *refs; /* indexes into locations */
	struct pprof_label *labels;
	struct pprof_mapping *mappings; /* the first is the main binary */
	struct pprof_location *locations;
	struct pprof_line *lines;
	struct pprof_function *functions;
	struct pprof_string *strings; /* strings[0] is "" */
	uint32_t *comments;
	uint32_t n_types, n_samples, n_values, n_refs, n_labels, n_mappings, n_locations, n_lines, n_functions,
		n_strings, n_comments;

	struct pprof_value_type period_type;
	bool has_period_type;
	int64_t period;
	int64_t time_ns; /* since 1970 UTC */
	int64_t duration_ns;
	uint32_t drop_frames, keep_frames, default_type, doc_url; /* strings */
	uint32_t extra;

	struct strbuf extras;
	char *raw;                  /* what strings of a profile that was read point into */
	struct pprof_block *blocks; /* and those of a merged one */
};
#define PPROF_INIT         \
	{                  \
		.types = 0 \
	}
void pprof_release(struct pprof *p);

/* Decodes a profile, gzip or plain. *ret must be PPROF_INIT or released; it is untouched on failure. Copies bytes. */
int pprof_read(struct pprof *ret, const void *bytes, size_t len, struct error *err);

/* Appends the encoded profile to out (its max bounds it). The same profile gives the same bytes. */
int pprof_write(const struct pprof *p, bool gzip, struct strbuf *out, struct error *err);

/* What a CPU profile holds. */
struct pprof_facts {
	uint64_t samples;  /* sum of samples/count; without that column: value_ns / period */
	uint64_t stacks;   /* Sample messages */
	uint64_t value_ns; /* sum of cpu/nanoseconds; without that column: samples * period */
	uint64_t duration_ns;
	int64_t time_unix_ns;
	uint64_t functions;
	uint64_t start_lines; /* functions with a start line; 0: -pgo can match no call (worth a warning) */
};

/* Fit for `go build -pgo`: samples/count or cpu/nanoseconds, no negative value, at least one sample, and at least one
 * sample with a named function. ERROR_USAGE with the reason otherwise. */
int pprof_check_cpu(const struct pprof *p, struct pprof_facts *ret, struct error *err);

/* Adds profiles up. Equal stacks (same functions, lines and addresses relative to their mapping, same labels) become
 * one sample; samples that are all zero vanish; duration is the sum, time the earliest; period, mappings,
 * drop_frames and keep_frames as in the first. Unknown fields are dropped, since what they mean for a sum is unknown.
 * ERROR_USAGE: other sample types, period type or period than the first, or a sum over 2^63 - 1.
 * A plain sum: a profile twice as long weighs twice as much (go.dev/doc/pgo). Memory: the output, and what maps the ids
 * of the one profile being added. After a failed add the merger can only be released. */
struct pprof_merger {
	struct pprof_merge_state *state;
};
#define PPROF_MERGER_INIT \
	{                 \
		0         \
	}
int pprof_merger_add(struct pprof_merger *m, const struct pprof *p, struct error *err);
/* The same with its values and its duration times factor, which is finite and above 0. Factors of 1 alone keep sums of
 * whole numbers exact; any other makes them of doubles, rounded once at the end (pprof_merger_finish). */
int pprof_merger_add_scaled(struct pprof_merger *m, const struct pprof *p, double factor, struct error *err);
/* Could it be added, and is it of the same program? Changes nothing. *ret_own: functions of its program's own packages
 * (pprof_is_own_function); *ret_known: how many of their names the sum has; 0 both before the first profile.
 * ERROR_USAGE as pprof_merger_add for other types or another period. */
int pprof_merger_check(struct pprof_merger *m, const struct pprof *p, uint32_t *ret_own, uint32_t *ret_known,
		       struct error *err);
/* *ret as for pprof_read. ERROR_USAGE if nothing was added. m is empty afterwards. Where there were factors, values are
 * rounded such that each column's total is right: what one stack loses, the next gets. */
int pprof_merger_finish(struct pprof_merger *m, struct pprof *ret, struct error *err);
/* All values and the duration times a factor more; 1 is pprof_merger_finish. */
int pprof_merger_finish_scaled(struct pprof_merger *m, double factor, struct pprof *ret, struct error *err);
/* The factors with which n profiles of value_ns CPU time, each above 0, have shares of a sum's CPU time as weights are
 * to each other, in a sum with as much of it as the plain one. 1 for a single profile. */
void pprof_balance(const uint64_t *value_ns, const double *weights, size_t n, double *ret_factors);
void pprof_merger_release(struct pprof_merger *m);

/* All at once. */
int pprof_merge(struct pprof *ret, const struct pprof *const *profiles, size_t n, struct error *err);

/* A function of a program's own packages or modules ("github.com/a/b.(*C).D", "main.serve"), not of Go's library, which
 * every program holds ("net/http.Get", "main.main"). */
bool pprof_is_own_function(const struct pprof_string *name);

/* Unknown fields of a message in wire form; empty if there are none. */
struct pprof_string pprof_extra(const struct pprof *p, uint32_t extra);
bool pprof_string_is(const struct pprof *p, uint32_t string, const char *text);
/* The column of a value type ("cpu", "nanoseconds"), or -1. */
int pprof_find_type(const struct pprof *p, const char *type, const char *unit);
/* "samples/count, cpu/nanoseconds" into out, for messages. */
void pprof_describe_types(const struct pprof *p, struct strbuf *out);

#endif
