/* The report: one struct of plain data in, text out. Pure: no files, no clock, no database. */
#ifndef BENCHMARKER_REPORT_H
#define BENCHMARKER_REPORT_H

#include "base/error.h"
#include "base/str.h"
#include "benchmarker/statistics.h"

#include <stdbool.h>
#include <stdint.h>

struct report_server {
	const char *label; /* "from" */
	const char *engine, *version, *commit, *reported_version, *binary_sha256, *profile_sha256, *go_version;
};

struct report_test {
	const char *name;
	const char *error; /* not NULL: the test failed with this; the rest is empty */
	double from_tps, to_tps;
	double from_mean_ms, to_mean_ms, from_p95_ms, to_p95_ms;
	double from_seconds, to_seconds; /* load measured */
	const double *pair_log_ratios;   /* throughput of each pair, in time order, for the small picture */
	size_t pair_log_ratios_len;
	struct comparison comparison;
};

struct report {
	const char *title; /* "gms 1a2b3c4 → 5d6e7f8" */
	const char *run_id, *dbdyno_version, *status, *pairing, *command_line;
	int64_t started_unix, ended_unix;
	const char *machine; /* one line */
	unsigned threads;
	unsigned long long table_size, seed;
	double margin;
	struct report_server from, to;
	const struct report_test *tests;
	size_t tests_len;
	const char *const *notes; /* events and warnings, NULL-terminated */
	struct report_query {
		const char *sql;
		const char *html;
	} const *queries; /* results of --query, already HTML */
	size_t queries_len;
	struct report_profile {
		const char *name, *file;
		uint64_t samples;
		double seconds;
	} const *profiles;
	size_t profiles_len;
};

/* Table for a terminal of width columns; color uses ANSI escapes. */
int report_text(const struct report *r, int width, bool color, struct strbuf *out, struct error *err);
int report_markdown(const struct report *r, struct strbuf *out, struct error *err);
/* One self-contained page: no script or style from elsewhere; every value escaped. */
int report_html(const struct report *r, struct strbuf *out, struct error *err);
int report_json(const struct report *r, struct strbuf *out, struct error *err);

#endif
