/* A run's results in the formats that other tools read. The run is the file's current one (results.h).
 *
 *     CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(FORMATS_MAX_BYTES);
 *     if (formats_write(results, FORMAT_GO_BENCHMARK, &out, err) < 0) …
 *
 * FORMAT_GO_BENCHMARK    the Go benchmark format (golang.org/design/14313-benchmark-format): one line a slice, with
 * time an event in ns/op, its 95th percentile in p95-ns/op, and events a second in tx/s; the sides are told apart by
 * the configuration key "side": benchstat -col side FILE. benchstat takes slices for independent, which neighbours in
 * time are not: our intervals are the wider and the truer ones. FORMAT_BENCHER         Bencher Metric Format
 * (bencher.dev), JSON: the candidate's throughput and latencies (ns), and the ratios with their 95 % intervals as
 * lower_value and upper_value. FORMAT_GITHUB_ACTION   github-action-benchmark's customBiggerIsBetter, JSON: the
 * candidate's throughput and its ratio. FORMAT_OPENMETRICS     OpenMetrics 1.0 text: throughput and latency of both
 * sides, ratios, intervals, verdicts.
 *
 * A test without a comparison (a profile run, a test that failed) has no line in any of them; a number that is not
 * known is left out. Errors: ERROR_INTERNAL when the file cannot be read or out is full.
 */
#ifndef BENCHMARKER_FORMATS_H
#define BENCHMARKER_FORMATS_H

#include "benchmarker/results.h"

enum format { FORMAT_GO_BENCHMARK, FORMAT_BENCHER, FORMAT_GITHUB_ACTION, FORMAT_OPENMETRICS };
#define FORMATS_MAX_BYTES ((size_t)64 << 20)

int formats_write(struct results *r, enum format format, struct strbuf *out, struct error *err);

#endif
