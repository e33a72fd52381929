/* results.db: everything that a run measured, in SQLite (docs/results.md is the schema).
 *
 *     struct results *r;
 *     if (results_open("out/…/results.db", &r, err) < 0) …
 *     results_add_run(r, &run, err);
 *     results_add_server(r, &from, err); …                       // each side once, before its slices are sealed
 *     for each slice of the plan: results_add_slice(r, &test, slice, index, wall, &sample, err);   // durable now
 *     results_seal_test(r, &test, err);                          // its rows in from_results and to_results
 *     results_load_pairs(r, test.name, &pairs, err); statistics_compare(…); results_add_comparison(…);
 *     results_end_run(r, "done", now, err);
 *     results_close(r);
 *
 * Tables from_results and to_results (today's 29 columns, one row a test), and run, server, test, slice, histogram,
 * slice_class, slice_rate, slice_machine, replaced_block, comparison, validation, profile, event behind them. WAL,
 * synchronous=FULL: when results_add_slice returns, the slice is durable; every call is one transaction, which happened
 * or did not. While open, results.db-wal and -shm stand beside the file; after results_close it is one file again. File
 * mode 0600. A struct results belongs to one thread.
 *
 * Failures are ERROR_INTERNAL with the file's path; a full disk, a damaged file, one of another program and one of a
 * newer dbdyno each say so, with a hint.
 */
#ifndef BENCHMARKER_RESULTS_H
#define BENCHMARKER_RESULTS_H

#include "base/error.h"
#include "base/str.h"
#include "benchmarker/percentile.h"
#include "benchmarker/pgo.h"
#include "benchmarker/plan.h"
#include "benchmarker/sample.h"
#include "benchmarker/statistics.h"

#include <stdbool.h>
#include <stdint.h>

#define RESULTS_SCHEMA_VERSION 3 /* PRAGMA user_version */

struct results;

struct results_run {
	const char *id;      /* "20261122-210139-1a2b3c4d" */
	const char *command; /* "compare", … */
	const char *dbdyno_version;
	const char *pairing; /* pairing_name */
	int64_t started_unix;
	uint64_t seed;
	const char *config_json;  /* without secrets */
	const char *machine_json; /* cpus, model, memory, kernel; pinning once it is known */
};

/* Any string but engine may be NULL: not known. */
struct results_server {
	enum side side;
	const char *engine, *asked_version, *commit, *reported_version, *repository, *exec, *binary_sha256, *profile,
		*profile_sha256, *go_version, *build_flags, *address_kind /* "tcp" or "socket" */;
	const char *params;              /* server_params column: start arguments, one line */
	uint64_t build_ns, binary_bytes; /* 0: not known; build_ns also 0 if it came from the cache */
};

struct results_test {
	const char *name;
	const char *params; /* test_params column: sysbench options, one line; may be NULL */
	uint32_t threads;
};

/* Creates the file (its folder must be there), or opens one that is there, whose latest run is then the current one. */
int results_open(const char *path, struct results **ret, struct error *err);
/* Opens for reading alone: no file is made, nothing is changed. ERROR_USAGE when there is none. One of an older schema
 * is read through a copy in memory; results_open refuses it. */
int results_open_read(const char *path, struct results **ret, struct error *err);
void results_close(struct results *r); /* NULL is fine */

/* Puts the tables of a user's SQL in the place of from_results and to_results, which are still empty. The SQL may drop
 * and create tables, and create indexes and views; nothing else. ERROR_USAGE, and all as it was: what SQLite says of
 * it, what it may not do, a column that is missing, or one of its own that cannot be left out of a row. */
int results_use_schema(struct results *r, const char *sql, struct error *err);

/* Writing. All but the first belong to the current run, which results_add_run makes. */
int results_add_run(struct results *r, const struct results_run *run, struct error *err);
/* What a trial chose, before the first slice. */
int results_set_pairing(struct results *r, const char *pairing, struct error *err);
/* How the machine's CPUs were divided, into the run's machine_json. */
int results_set_pinning(struct results *r, const char *pinning, struct error *err);
int results_end_run(struct results *r, const char *status /* done, failed, interrupted */, int64_t ended_unix,
		    struct error *err);
/* Of a pgo run: "ship", … (pgo.h). */
int results_decide(struct results *r, const char *decision, struct error *err);
/* A side's server; added again, the new one replaces it. */
int results_add_server(struct results *r, const struct results_server *s, struct error *err);
/* index: the slice's place in the plan of its test. An index, or a pair and side, that is there already is an error. */
int results_add_slice(struct results *r, const struct results_test *t, const struct plan_slice *slice, uint32_t index,
		      int64_t wall_unix_ns, const struct sample *s, struct error *err);
/* Why the slice of that index is not to be trusted (machine_usage.h); NULL: it is. Nothing if its machine was not read.
 */
int results_contaminate(struct results *r, const char *test, uint32_t index, const char *reason, struct error *err);
/* Both slices of each pair of block `by` are there, measured in place of those of `block`, which are contaminated: the
 * comparison takes the new ones, the old ones are kept. A block is replaced once, and replaces one. */
int results_replace_block(struct results *r, const char *test, uint32_t block, uint32_t by, struct error *err);
/* Sums the slices of each repetition of a test into a row of from_results and to_results (id, suite_id and test_id are
 * UUIDs made from run id, side and test, so that the same run gives the same rows). Percentile 95. A side without
 * slices gets no row. Sealing again replaces the rows. */
int results_seal_test(struct results *r, const struct results_test *t, struct error *err);
/* Replaces the one that is there. */
int results_add_comparison(struct results *r, const char *test, const struct comparison *c, struct error *err);
/* Geometric mean over tests of a metric. Replaces the one that is there. */
int results_add_mean(struct results *r, enum metric metric, const struct estimate *e, struct error *err);
/* One cell of a pgo run's validation. */
struct results_cell {
	const char *profile; /* test with whose profile it was built; NULL: the sum of all */
	const char *test;    /* that was measured */
	const char *folder;  /* of the comparison, relative to the run's; NULL: the run itself, or none */
	enum pgo_cell state;
	const char *error;            /* why it is not measured; NULL if it is */
	struct comparison comparison; /* if it is, of the metric that its verdict rests on alone */
};
/* All of them, row after row, in one transaction; they replace those that are there. */
int results_add_cells(struct results *r, const struct results_cell *cells, size_t len, struct error *err);
struct results_profile {
	enum side side;
	const char *test; /* NULL: the merge */
	const char *file; /* relative to the run's folder */
	const char *sha256;
	uint64_t samples, duration_ns, bytes;
	uint64_t transactions; /* while it was taken; 0: not counted */
};
int results_add_profile(struct results *r, const struct results_profile *p, struct error *err);
/* level: "info", "warning", "error". test may be NULL. */
int results_add_event(struct results *r, const char *level, const char *test, const char *message, struct error *err);

/* Reads the pairs of a test both of whose slices are there, without those of replaced blocks, in order of time. Owned
 * arrays. */
struct results_pairs {
	struct sample *samples;
	struct sample_pair *pairs; /* point into samples */
	size_t samples_len, pairs_len;
};
void results_pairs_release(struct results_pairs *p);
int results_load_pairs(struct results *r, const char *test, struct results_pairs *ret, struct error *err);

/* Reading the current run back, all that a report needs. Each struct is to be zeroed before, owns its strings and is
 * released by its _release. Nothing there: len 0; but a file without any run is an error for results_read_run. */
struct results_run_row {
	struct results_run run;
	const char *status;   /* "running" before results_end_run */
	int64_t ended_unix;   /* 0 before */
	const char *decision; /* NULL: none */
	struct strlist owned; /* the strings */
};
void results_run_row_release(struct results_run_row *row);
int results_read_run(struct results *r, struct results_run_row *ret, struct error *err);

struct results_servers {
	struct results_server servers[2]; /* from before to */
	size_t len;
	struct strlist owned;
};
void results_servers_release(struct results_servers *s);
int results_read_servers(struct results *r, struct results_servers *ret, struct error *err);

/* The tests that have slices, in the order of their first ones. */
struct results_tests {
	struct results_test *tests;
	size_t len;
	struct strlist owned;
};
void results_tests_release(struct results_tests *t);
int results_list_tests(struct results *r, struct results_tests *ret, struct error *err);

/* A sealed test's rows in from_results or to_results: sums, and means weighted by events; the percentile is the mean of
 * the rows', as users' queries have it. */
struct results_summary {
	bool found; /* false: this side has no row, the rest is 0 */
	uint64_t events;
	double seconds, events_per_second;
	double latency_mean_ms, latency_p95_ms; /* NAN without events */
};
int results_read_summary(struct results *r, const char *test, enum side side, struct results_summary *ret,
			 struct error *err);

/* Latencies of a test on one side, over all its slices (percentile.h), and what qualifies them. */
#define RESULTS_PERCENTILES 4
extern const double results_latency_percentiles[RESULTS_PERCENTILES]; /* 0.5, 0.95, 0.99, 0.999 */
struct results_latency {
	uint64_t events;
	double seconds; /* of load, as in results_summary */
	struct results_percentile {
		double value_ms;        /* NAN: too few events beyond it */
		double low_ms, high_ms; /* 95 % interval; 0 and INFINITY where it has no end */
	} percentiles[RESULTS_PERCENTILES];
	double max_ms;         /* exact; NAN without events */
	uint64_t over_timeout; /* events longer than timeout_ns, to 0.1 % */
	uint64_t over_range;   /* of more than 2.4 h: in the histogram's last bucket */
	uint64_t ignored_errors, reconnects;
	double rate_asked;          /* 0: closed loop, and 0 below */
	uint64_t backlog, unserved; /* as in sample.h, sums */
	double lag_max_ms;
};
/* timeout_ns 0: none. A test without slices: all is 0, and NAN. */
int results_read_latency(struct results *r, const char *test, enum side side, uint64_t timeout_ns,
			 struct results_latency *ret, struct error *err);

/* Events of a test on one side by class, over all its slices; none for a test that has no classes. */
struct results_classes {
	struct results_class {
		const char *name;
		uint64_t events, rollbacks;
		double mean_ms, p50_ms, p90_ms, p95_ms, p99_ms; /* NAN without events */
	} * items;                                              /* in the order of the workload's classes */
	size_t len;
	struct strlist owned;
};
void results_classes_release(struct results_classes *c);
int results_read_classes(struct results *r, const char *test, enum side side, struct results_classes *ret,
			 struct error *err);

/* What the machine did in each slice of the run for which it was read, in order of time. */
struct results_machine {
	struct results_machine_slice {
		const char *test;
		enum side side;
		uint32_t block;
		uint64_t events;
		int64_t wall_unix_ns;
		bool replaced; /* its block was measured again */
		const char *contaminated;
		struct machine_usage usage;
	} * items;
	size_t len;
	struct strlist owned;
};
void results_machine_release(struct results_machine *m);
int results_read_machine(struct results *r, struct results_machine *ret, struct error *err);

struct results_comparisons {
	struct results_comparison {
		const char *test;
		struct comparison comparison; /* its reason is owned here, not static */
	} * items;
	size_t len;
	struct strlist owned;
};
void results_comparisons_release(struct results_comparisons *c);
int results_read_comparisons(struct results *r, struct results_comparisons *ret, struct error *err);
/* NAN and unbounded where there is none, as in older files. */
int results_read_mean(struct results *r, enum metric metric, struct estimate *ret, struct error *err);

/* As they were added. */
struct results_cells {
	struct results_cell *items; /* owned */
	size_t len;
	struct strlist owned; /* their texts */
};
void results_cells_release(struct results_cells *c);
int results_read_cells(struct results *r, struct results_cells *ret, struct error *err);

struct results_profiles {
	struct results_profile *items;
	size_t len;
	struct strlist owned;
};
void results_profiles_release(struct results_profiles *p);
int results_read_profiles(struct results *r, struct results_profiles *ret, struct error *err);

struct results_events {
	struct results_event {
		int64_t at_unix_ns;
		const char *level, *test /* or NULL */, *message;
	} * items;
	size_t len;
	struct strlist owned;
};
void results_events_release(struct results_events *e);
int results_read_events(struct results *r, struct results_events *ret, struct error *err);

/* Today's CSV and JSON of from_results or to_results: header and keys are the 29 column names. */
int results_write_csv(struct results *r, enum side side, struct strbuf *out, struct error *err);
int results_write_json(struct results *r, enum side side, struct strbuf *out, struct error *err);
/* Every slice as CSV, in order of time: columns of slice, events_per_second, and those of slice_rate, which are empty
 * where no rate was asked for. */
int results_write_slices(struct results *r, struct strbuf *out, struct error *err);
/* Every test and metric as CSV: the columns of comparison. */
int results_write_comparisons(struct results *r, struct strbuf *out, struct error *err);

#endif
