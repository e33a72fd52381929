/* The report: one struct of plain data in, text out. Pure: no files, no clock, no database.
 *
 *     struct report r = { .title = …, .status = "done", .from = { … }, .to = { … }, .tests = tests, .tests_len = n };
 *     CLEANUP(strbuf) struct strbuf page = STRBUF_INIT(REPORT_MAX_BYTES);
 *     if (report_html(&r, &page, err) < 0) …
 *
 * What each part means to a reader, and the JSON shape: docs/report.md. Any string may be NULL (not known) or hostile:
 * broken UTF-8 and control characters are replaced, everything else is escaped as the output needs. Numbers that
 * cannot be said (NAN, an endless interval) print as a dash, in JSON as null. Every function appends to out and fails
 * only as strbuf does: out of memory, or larger than out->max.
 */
#ifndef BENCHMARKER_REPORT_H
#define BENCHMARKER_REPORT_H

#include "base/error.h"
#include "base/str.h"
#include "benchmarker/machine_summary.h"
#include "benchmarker/pgo.h"
#include "benchmarker/statistics.h"

#include <stdbool.h>
#include <stdint.h>

#define REPORT_MAX_BYTES ((size_t)32 << 20) /* a sensible out->max */

struct report_server {
	const char *label; /* "from" */
	const char *engine, *version, *commit, *reported_version, *binary_sha256, *profile_sha256, *go_version;
	const char *program;   /* path, where none was built */
	double build_seconds;  /* 0: not built in this run, or not known */
	uint64_t binary_bytes; /* 0: not known */
};

/* Events of one class on one side: a kind of transaction. */
struct report_class_side {
	uint64_t events, rollbacks;
	double per_minute;
	double mean_ms, p50_ms, p90_ms, p95_ms, p99_ms;
};

struct report_class {
	const char *name;
	struct report_class_side from, to;
};

/* Latencies of a test on one side, over all its slices, and what qualifies them; all 0 where nothing is known. */
#define REPORT_PERCENTILES 4 /* 50, 95, 99, 99.9 */
struct report_latency {
	uint64_t events;
	struct report_percentile {
		double ms;              /* NAN: cannot be said */
		double low_ms, high_ms; /* 95 % interval; 0 and INFINITY where it has no end */
	} percentiles[REPORT_PERCENTILES];
	double max_ms;
	uint64_t over_timeout, over_range, ignored_errors, reconnects;
	uint64_t backlog, unserved; /* load at a given rate: sample.h */
	double lag_max_ms;
};

struct report_test {
	const char *name;
	const char *error; /* not NULL: the test failed with this; the rest is empty */
	double from_tps, to_tps;
	double from_mean_ms, to_mean_ms, from_p95_ms, to_p95_ms;
	double from_seconds, to_seconds; /* load measured */
	const double *pair_log_ratios;   /* of each pair by the comparison's metric, in time order */
	size_t pair_log_ratios_len;
	struct comparison comparison;
	struct report_latency from_latency, to_latency;
	bool has_cost; /* the two below are known */
	struct machine_cost from_cost, to_cost;
	const struct report_class *classes; /* of TPC-C-like load, the first is new-order; NULL: none */
	size_t classes_len;
};

/* What the machine did in the run's slices. */
struct report_usage {
	struct machine_summary machine; /* .slices 0: nothing is known, also below */
	const double *steal, *others;   /* of each slice in time order, shares of the CPUs' time; NAN: not known */
	const bool *contaminated;       /* of each slice */
	size_t slices_len;
	size_t blocks, contaminated_blocks, replaced_blocks;
	const struct report_reason {
		const char *text;
		size_t blocks;
	} * reasons; /* for contaminated blocks */
	size_t reasons_len;
};

/* Something that happened and that a reader should know. */
struct report_note {
	const char *level; /* "info", "warning", "error": as results_add_event's */
	const char *test;  /* NULL: the whole run */
	const char *text;
};

/* What a user's --query gave. */
struct report_query {
	const char *sql;
	const char *csv;   /* as query_run prints it with QUERY_CSV: a line of names, then the rows */
	const char *error; /* not NULL: the query failed with this */
};

struct report_profile {
	const char *name, *file; /* file: relative to the report's folder */
	uint64_t samples;
	double seconds;
};

/* CPU time of the server per transaction, µs, by profiles of both sides under the same load. */
struct report_cpu {
	double from_us, to_us, delta_us;
	double error_us;  /* half of the 95 % interval of delta, of sampling alone; NAN: not known */
	bool significant; /* differs by more than that, among all functions */
};

struct report_function {
	const char *name;
	struct report_cpu own, with_callees;
};

/* Why a test became faster or slower. */
struct report_why {
	const char *test;
	const char *error; /* not NULL: this is why nothing can be said, and the rest is empty */
	struct report_cpu all;
	uint64_t from_samples, to_samples, from_transactions, to_transactions;
	const struct report_function *functions; /* those that differ most, by what is their own; the sure ones first */
	size_t functions_len;
	const char *from_file, *to_file; /* the profiles, relative to the report's folder */
	const char *svg;                 /* flame graph of the difference: an element that is well-formed; NULL: none */
};

/* Which test's profile helps which test: builds with the profile of one test each, compared with the first build. */
struct report_cell {
	enum pgo_cell state;
	const char *error;            /* why it is not measured; NULL if it is */
	struct comparison comparison; /* if it is, of the metric that its verdict rests on alone */
};

struct report_validation_row {
	const char *profile;             /* test; NULL: the sum of all */
	const char *folder;              /* of the comparison, relative to the report's; NULL: none */
	const struct report_cell *cells; /* one a column */
};

struct report_validation {
	const char *const *tests; /* columns */
	size_t tests_len;
	const struct report_validation_row *rows; /* that of the sum is the last */
	size_t rows_len;                          /* 0: nothing was validated */
};

struct report {
	const char *title; /* "gms 1a2b3c4 → 5d6e7f8" */
	const char *run_id, *dbdyno_version, *status, *pairing, *command_line;
	const char *error;                /* why status is "failed" or "interrupted"; NULL: not known */
	int64_t started_unix, ended_unix; /* 0: not known */
	const char *machine;              /* one line */
	unsigned threads;
	unsigned long long table_size, seed;
	double rate;                  /* events a second that were asked for; 0: as many as the threads could do */
	double event_timeout_seconds; /* 0: not known */
	double margin;                /* 0.05: ratios within 5 % count as the same */
	struct report_server from, to;
	const struct report_test *tests;
	size_t tests_len;
	struct estimate mean; /* geometric mean over tests of the metric that verdicts rest on; 0 starts: not known */
	enum pgo_decision decision; /* PGO_NONE: the run is no pgo, or was not decided */
	struct report_validation validation;
	struct report_usage usage;
	const struct report_note *notes; /* in time order; errors and warnings are shown first */
	size_t notes_len;
	const struct report_query *queries;
	size_t queries_len;
	const struct report_profile *profiles;
	size_t profiles_len;
	const struct report_why *whys; /* of the tests that were profiled on both sides, in order */
	size_t whys_len;
};

/* The answer in one sentence, without a final full stop: "gms 5d6e7f8 is slower than 1a2b3c4: 3 of 4 tests slower, by
 * 12 % to 21 % (95 % intervals); none faster; 1 undecided". The two figures are the least and the greatest end of the
 * tests' 95 % intervals, as change of throughput, or of the metric that the verdicts rest on: "slower, mean latency up
 * 12 % to 21 %". It opens every output below. */
int report_headline(const struct report *r, struct strbuf *out, struct error *err);

/* Table for a terminal of width columns; color uses ANSI escapes. */
int report_text(const struct report *r, int width, bool color, struct strbuf *out, struct error *err);
/* GitHub markdown that suits a comment on a pull request. */
int report_markdown(const struct report *r, struct strbuf *out, struct error *err);
/* One self-contained page: nothing is loaded from elsewhere, no script. Well-formed as XML too. */
int report_html(const struct report *r, struct strbuf *out, struct error *err);
int report_json(const struct report *r, struct strbuf *out, struct error *err);

#endif
