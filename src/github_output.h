/* What a GitHub Actions job shows of a run: its step summary and annotations (docs.github.com, "Workflow commands"). */
#ifndef SRC_GITHUB_OUTPUT_H
#define SRC_GITHUB_OUTPUT_H

#include "benchmarker/report.h"

/* A step's summary may hold 1 MiB; GitHub drops what is longer as a whole. */
#define GITHUB_SUMMARY_MAX_BYTES ((size_t)1 << 20)

/* Appends the report in markdown to the step's summary file. ERROR_PUBLISH, with nothing written, when the file cannot
 * be written, or would be longer than GitHub takes. */
int github_output_summary(const char *path, const struct strbuf *markdown, struct error *err);

/* One line a test that is slower, failed or undecided, as a workflow command on standard error. */
void github_output_annotate(const struct report *r);

#endif
