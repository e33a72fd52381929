/* results.db: everything that a run measured, in SQLite (docs/results.md is the schema).
 *
 * Tables from_results and to_results (today's 29 columns, one row a test), and run, server, slice, histogram,
 * comparison, profile, event behind them. WAL, synchronous=FULL: when results_add_slice returns, the slice is durable.
 * File mode 0600. Error kind: ERROR_INTERNAL (disk full has its hint).
 */
#ifndef BENCHMARKER_RESULTS_H
#define BENCHMARKER_RESULTS_H

#include "base/error.h"
#include "benchmarker/plan.h"
#include "benchmarker/sample.h"
#include "benchmarker/statistics.h"

#include <stdint.h>

struct results;

struct results_run {
	const char *id;      /* "20261122-210139-1a2b3c4d" */
	const char *command; /* "compare", … */
	const char *dbdyno_version;
	const char *pairing; /* "interleaved", "sequential" */
	int64_t started_unix;
	uint64_t seed;
	const char *config_json;  /* without secrets */
	const char *machine_json; /* cpus, model, memory, kernel */
};

struct results_server {
	enum side side;
	const char *engine, *asked_version, *commit, *reported_version, *repository, *exec, *binary_sha256, *profile,
		*profile_sha256, *go_version, *build_flags, *address_kind /* "tcp" or "socket" */;
	const char *params; /* server_params column: start arguments, one line */
};

struct results_test {
	const char *name;
	const char *params; /* test_params column: sysbench options, one line */
	uint32_t threads;
};

int results_open(const char *path, struct results **ret, struct error *err); /* creates or opens */
void results_close(struct results *r);                                       /* checkpoints; NULL is fine */

int results_add_run(struct results *r, const struct results_run *run, struct error *err);
int results_end_run(struct results *r, const char *status /* done, failed, interrupted */, int64_t ended_unix,
		    struct error *err);
int results_add_server(struct results *r, const struct results_server *s, struct error *err);
int results_add_slice(struct results *r, const struct results_test *t, const struct plan_slice *slice, uint32_t index,
		      int64_t wall_unix_ns, const struct sample *s, struct error *err);
/* Sums the slices of a test into from_results and to_results (id, suite_id and test_id are UUIDs made from run id, side
 * and test, so that the same run gives the same rows). Percentile 95. */
int results_seal_test(struct results *r, const struct results_test *t, struct error *err);
int results_add_comparison(struct results *r, const char *test, const struct comparison *c, struct error *err);
struct results_profile {
	enum side side;
	const char *test; /* NULL: the merge */
	const char *file; /* relative to the run's folder */
	const char *sha256;
	uint64_t samples, duration_ns, bytes;
};
int results_add_profile(struct results *r, const struct results_profile *p, struct error *err);
/* level: "info", "warning", "error". */
int results_add_event(struct results *r, const char *level, const char *test, const char *message, struct error *err);

/* Reads the slices of a test back as pairs (resumable, and what `report` uses). Owned arrays. */
struct results_pairs {
	struct sample *samples;
	struct sample_pair *pairs;
	size_t samples_len, pairs_len;
};
void results_pairs_release(struct results_pairs *p);
int results_load_pairs(struct results *r, const char *test, struct results_pairs *ret, struct error *err);

/* Today's CSV and JSON of from_results or to_results. */
int results_write_csv(struct results *r, enum side side, struct strbuf *out, struct error *err);
int results_write_json(struct results *r, enum side side, struct strbuf *out, struct error *err);

#endif
