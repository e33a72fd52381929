/* A run as its history keeps it: one small JSON object (docs/history.md is the format). Pure.
 *
 *     CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(HISTORY_RUN_MAX_BYTES);
 *     history_write(&run, &text, err);                              // appended to the store under "<run id>.json"
 *     CLEANUP(history_runs) struct history_runs runs = { 0 };
 *     history_parse(text.data, text.len, &runs, err);               // … and each object of the store read back
 */
#ifndef BENCHMARKER_HISTORY_H
#define BENCHMARKER_HISTORY_H

#include "base/error.h"
#include "base/str.h"
#include "benchmarker/statistics.h"

#include <stdint.h>

#define HISTORY_FORMAT_VERSION 1
#define HISTORY_RUN_MAX_BYTES ((size_t)1 << 20)
/* Raised when figures of the same servers would come out differently: such runs are not compared. */
#define HISTORY_METHOD 1

/* What was measured: strings may be NULL (not known). */
struct history_build {
	const char *engine, *version, *commit, *binary_sha256, *profile_sha256;
	int64_t committed_unix; /* when its commit was made, as that says itself; 0: not known */
};

struct history_machine {
	const char *cpu_model, *os, *arch, *kernel;
	double cpus, memory_bytes;
};

struct history_test {
	const char *name, *params, *verdict;
	double threads;
	double from_per_second, to_per_second, from_p95_ms, to_p95_ms;     /* NAN: not known */
	enum metric metric;                                                /* that the verdict rests on */
	double ratio[METRIC_COUNT], low[METRIC_COUNT], high[METRIC_COUNT]; /* 95 %; NAN: not known or endless */
};

struct history_run {
	const char *id, *command, *status, *dbdyno_version, *pairing, *pinning;
	double method;
	const char *load; /* what of the load is in no test's params: rate, scripts */
	int64_t started_unix;
	struct history_machine machine;
	struct history_build from, to; /* to.engine NULL: one server, nothing compared */
	struct history_test *tests;
	size_t tests_len;
};

struct history_runs {
	struct history_run *items; /* each owns its tests */
	size_t len;
	struct strlist owned; /* their strings */
};
void history_runs_release(struct history_runs *runs);

int history_write(const struct history_run *run, struct strbuf *out, struct error *err);

/* Adds the run of one object. ERROR_USAGE: not JSON, not of this format, a version that a newer dbdyno wrote, or a
 * value that cannot be; runs is then as before. */
int history_parse(const char *text, size_t len, struct history_runs *runs, struct error *err);

/* "1a2b3c4", "v1.2 with PGO": a build's name for people. */
void history_add_build(struct strbuf *out, const struct history_build *b);
/* True if both are the same build: commit and profile, or where there is no commit, the binary, or the version. */
bool history_same_build(const struct history_build *a, const struct history_build *b);

#endif
