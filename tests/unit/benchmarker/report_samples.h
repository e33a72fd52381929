/* Reports for the tests of the report: an everyday one, and those that no eye should ever see. All figures are made
 * up; they are computed with exact arithmetic, so that every machine prints the same bytes. */
#ifndef TESTS_REPORT_SAMPLES_H
#define TESTS_REPORT_SAMPLES_H

#include "benchmarker/report.h"

#include <math.h>

#define SAMPLE_PAIRS 48
#define MANY_TESTS 40

/* Log-ratios around center that wander a little, and slope from first to last. */
static inline void sample_pairs(double pairs[static SAMPLE_PAIRS], double center, double slope, uint32_t seed)
{
	for (int i = 0; i < SAMPLE_PAIRS; i++) {
		seed = seed * 1664525u + 1013904223u;
		double noise = (double)(seed >> 16) / 65536 - 0.5;
		pairs[i] = center + slope * (i - SAMPLE_PAIRS / 2) / SAMPLE_PAIRS + noise / 16;
	}
}

static inline struct report_test sample_test(const char *name, double from_tps, double ratio, double half,
					     enum verdict verdict)
{
	struct report_test t = {
		.name = name,
		.from_tps = from_tps,
		.to_tps = from_tps * ratio,
		.from_mean_ms = 1000 / from_tps,
		.to_mean_ms = 1000 / from_tps / ratio,
		.from_p95_ms = 1750 / from_tps,
		.to_p95_ms = 1750 / from_tps / ratio,
		.from_seconds = 20,
		.to_seconds = 20,
	};
	t.comparison.verdict = verdict;
	t.comparison.metrics[METRIC_THROUGHPUT] =
		(struct estimate){ ratio, ratio - half, ratio + half, SAMPLE_PAIRS, 12 };
	t.comparison.metrics[METRIC_LATENCY_MEAN] =
		(struct estimate){ 1 / ratio, 1 / (ratio + half), 1 / (ratio - half), SAMPLE_PAIRS, 12 };
	t.comparison.metrics[METRIC_LATENCY_P95] = (struct estimate){ 1 / ratio, 1 / (ratio + half) - 0.03125,
								      1 / (ratio - half) + 0.03125, SAMPLE_PAIRS, 12 };
	t.comparison.metrics[METRIC_LATENCY_P50] = t.comparison.metrics[METRIC_LATENCY_MEAN];
	t.comparison.metrics[METRIC_LATENCY_P99] = (struct estimate){ .ratio = NAN, .high = INFINITY };
	return t;
}

/* Three of four tests slower: the report of the README. */
static inline const struct report *sample_slower(void)
{
	static double pairs[4][SAMPLE_PAIRS];
	static struct report_test tests[4];
	static const struct report_note notes[] = {
		{ "info", NULL, "gms 1a2b3c4 came from the build cache" },
		{ "warning", NULL, "steal time was 11 % during the run: other machines share these CPUs" },
		{ "info", "oltp_insert", "went on after an interruption at block 7" },
	};
	static const struct report_query queries[] = {
		{ "select f.test_name, f.latency_percentile as f_p95, t.latency_percentile as t_p95\n"
		  "from from_results f join to_results t on f.test_name = t.test_name",
		  "test_name,f_p95,t_p95\noltp_insert,1.42,1.69\n\"a \"\"quoted\"\", name\",0.56,\n", NULL },
		{ "select * from form_results", NULL, "no such table: form_results" },
	};
	static const struct report_profile profiles[] = {
		{ "oltp_point_select", "profiles/oltp_point_select.pprof", 1987, 20.02 },
		{ "merged", "profiles/merged.pprof", 7904, 80.1 },
	};
	static struct report r;

	tests[0] = sample_test("oltp_insert", 1234.5, 0.8375, 0.03125, VERDICT_SLOWER);
	tests[1] = sample_test("oltp_point_select", 3125.25, 0.84375, 0.0390625, VERDICT_SLOWER);
	tests[2] = sample_test("oltp_read_only", 187.5, 0.859375, 0.015625, VERDICT_SLOWER);
	tests[3] = sample_test("oltp_update_index", 812.75, 0.9765625, 0.0546875, VERDICT_UNDECIDED);
	tests[3].comparison.reason = "the 95 % interval holds 1 and reaches past the margin";
	for (int i = 0; i < 4; i++) {
		sample_pairs(pairs[i], tests[i].comparison.metrics[METRIC_THROUGHPUT].ratio - 1, i == 2 ? 0.125 : 0,
			     (uint32_t)i + 7);
		tests[i].pair_log_ratios = pairs[i];
		tests[i].pair_log_ratios_len = SAMPLE_PAIRS;
	}
	r = (struct report){
		.title = "gms 1a2b3c4 → 5d6e7f8",
		.run_id = "20261122-210139-1a2b3c4d",
		.dbdyno_version = "0.1.0",
		.status = "done",
		.pairing = "interleaved",
		.command_line = "dbdyno compare --from-server=gms --from-version=1a2b3c4 --to-server=gms "
				"--to-version=5d6e7f8 --sysbench-test-time=20",
		.started_unix = 1795381299,
		.ended_unix = 1795381482,
		.machine = "Intel Xeon Platinum 8375C, 2 CPUs, 8 GB, Linux 6.1.0, x86-64",
		.threads = 1,
		.table_size = 10000,
		.seed = 18446744073709551557u,
		.margin = 0.05,
		.from = { "from", "gms", "1a2b3c4", "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d", "gms 0.1 (go1.26.1)",
			  "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", NULL, "go1.26.1" },
		.to = { "to", "gms", "5d6e7f8", "5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f80", "gms 0.2 (go1.26.1)",
			"60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752", NULL, "go1.26.1" },
		.tests = tests,
		.tests_len = ARRAY_SIZE(tests),
		.notes = notes,
		.notes_len = ARRAY_SIZE(notes),
		.queries = queries,
		.queries_len = ARRAY_SIZE(queries),
		.profiles = profiles,
		.profiles_len = ARRAY_SIZE(profiles),
	};
	return &r;
}

/* TPC-C-like load: transactions by class. */
static inline const struct report *sample_tpcc(void)
{
	static const char *const names[] = { "new-order", "payment", "order-status", "delivery", "stock-level" };
	static const double shares[] = { 45, 43, 4, 4, 4 };
	static struct report_class classes[5];
	static struct report_test test;
	static struct report r;
	for (int i = 0; i < 5; i++) {
		struct report_class_side from = {
			(uint64_t)shares[i] * 100, i == 0 ? 45 : 0, 128 * shares[i], 2.5, 2, 4, 5, 8 + i
		};
		classes[i] = (struct report_class){ names[i], from, from };
		classes[i].to.per_minute *= 1.125;
		classes[i].to.p95_ms = 4.5;
	}
	classes[4].to = (struct report_class_side){ 0, 0, 0, NAN, NAN, NAN, NAN, NAN };
	test = sample_test("tpcc-scale-factor-1", 200, 1.125, 0.03125, VERDICT_FASTER);
	test.classes = classes;
	test.classes_len = 5;
	r = *sample_slower();
	r.tests = &test;
	r.tests_len = 1;
	r.queries_len = r.profiles_len = r.notes_len = 0;
	return &r;
}

/* Strings that try to be markup, escapes or commands, and numbers that are none. */
#define HOSTILE "<script>alert(1)</script>\"'&|`**x**`\033[31m\n](javascript:x)@someone\xff\xe2\x80\xae&#60;"
static inline const struct report *sample_hostile(void)
{
	static const double pairs[] = { NAN, INFINITY, -INFINITY, 1e300, 0 };
	static struct report_test tests[3];
	static const struct report_class class = { HOSTILE,
						   { UINT64_MAX, UINT64_MAX, INFINITY, NAN, NAN, NAN, NAN, NAN },
						   { 0, 0, NAN, -1, 1e300, 0, INFINITY, -INFINITY } };
	static const struct report_note notes[] = {
		{ HOSTILE, HOSTILE, HOSTILE },
		{ "warning", HOSTILE, HOSTILE },
		{ NULL, NULL, NULL },
	};
	static const struct report_query queries[] = {
		{ HOSTILE,
		  HOSTILE ",x\n\""
			  "unclosed " HOSTILE,
		  HOSTILE },
		{ NULL, NULL, NULL },
		{ "", "", NULL },
	};
	static const struct report_profile profiles[] = {
		{ HOSTILE, "javascript:" HOSTILE, UINT64_MAX, NAN },
		{ NULL, NULL, 0, INFINITY },
	};
	static const struct report_function functions[] = {
		{ HOSTILE, { NAN, INFINITY, -INFINITY, NAN, true }, { -1e300, 1e300, 0, -1, false } },
		{ NULL, { 0, 0, 0, 0, false }, { 0, 0, 0, 0, false } },
	};
	static const struct report_why whys[] = {
		{ .test = HOSTILE, .error = HOSTILE },
		{ .test = HOSTILE,
		  .all = { NAN, NAN, NAN, NAN, true },
		  .from_samples = UINT64_MAX,
		  .functions = functions,
		  .functions_len = ARRAY_SIZE(functions),
		  .from_file = HOSTILE },
		{ 0 },
	};
	static const char *const columns[] = { HOSTILE, NULL };
	static struct report_cell cells[4];
	static const struct report_validation_row rows[] = { { HOSTILE, "javascript:" HOSTILE, cells },
							     { NULL, "/../" HOSTILE, cells + 2 } };
	static struct report r;

	cells[0] = (struct report_cell){ PGO_CELL_FAILED, HOSTILE };
	cells[1].comparison.verdict = VERDICT_SLOWER;
	cells[1].comparison.reason = HOSTILE;
	cells[1].comparison.metrics[METRIC_THROUGHPUT] = (struct estimate){ NAN, NAN, NAN, NAN };
	cells[2].comparison.metrics[METRIC_THROUGHPUT] = (struct estimate){ INFINITY, 0, INFINITY, -1 };
	cells[3] = (struct report_cell){ PGO_CELL_INTERRUPTED, NULL };
	tests[0] = sample_test(HOSTILE, NAN, NAN, NAN, VERDICT_SLOWER);
	tests[0].comparison.reason = HOSTILE;
	tests[0].pair_log_ratios = pairs;
	tests[0].pair_log_ratios_len = ARRAY_SIZE(pairs);
	tests[0].classes = &class;
	tests[0].classes_len = 1;
	tests[1] = sample_test(NULL, 0, 1.5, 0, VERDICT_UNDECIDED);
	tests[1].comparison.metrics[METRIC_THROUGHPUT] = (struct estimate){ 1.5, 0, INFINITY, 1, 1 };
	tests[2] = (struct report_test){ .name = HOSTILE, .error = HOSTILE };
	struct report_server server = { HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE };
	r = (struct report){
		.title = HOSTILE,
		.run_id = HOSTILE,
		.dbdyno_version = HOSTILE,
		.status = HOSTILE,
		.error = HOSTILE,
		.pairing = HOSTILE,
		.command_line = HOSTILE,
		.machine = HOSTILE,
		.margin = NAN,
		.from = server,
		.to = server,
		.tests = tests,
		.tests_len = ARRAY_SIZE(tests),
		.notes = notes,
		.notes_len = ARRAY_SIZE(notes),
		.queries = queries,
		.queries_len = ARRAY_SIZE(queries),
		.profiles = profiles,
		.profiles_len = ARRAY_SIZE(profiles),
		.whys = whys,
		.whys_len = ARRAY_SIZE(whys),
		.decision = PGO_UNDECIDED,
		.validation = { columns, ARRAY_SIZE(columns), rows, ARRAY_SIZE(rows) },
	};
	return &r;
}

static inline void sample_latency(struct report_latency *l, double p50_ms, double half)
{
	static const double times[REPORT_PERCENTILES] = { 1, 2, 4, 16 };
	*l = (struct report_latency){ .events = 20000, .max_ms = 40 * p50_ms };
	for (int i = 0; i < REPORT_PERCENTILES; i++) {
		double ms = times[i] * p50_ms;
		l->percentiles[i] = (struct report_percentile){ ms, ms * (1 - half), ms * (1 + half) };
	}
}

/* Load at a given rate, where latency decides: one test slower, one that a server could not keep up with, one short. */
static inline const struct report *sample_rate(void)
{
	static double pairs[SAMPLE_PAIRS];
	static struct report_test tests[3];
	static struct report r;
	tests[0] = sample_test("oltp_point_select", 1000, 1, 0.00390625, VERDICT_SLOWER);
	tests[0].comparison.metrics[METRIC_LATENCY_MEAN] =
		(struct estimate){ 1.25, 1.1875, 1.3125, 0.001, SAMPLE_PAIRS, 12 };
	tests[1] = sample_test("oltp_read_write", 1000, 0.8125, 0.00390625, VERDICT_SLOWER);
	tests[1].comparison.metrics[METRIC_LATENCY_MEAN] = (struct estimate){ 64, 48, 96, 0.001, SAMPLE_PAIRS, 12 };
	tests[2] = sample_test("oltp_insert", 1000, 1, 0.00390625, VERDICT_UNDECIDED);
	tests[2].comparison.metrics[METRIC_LATENCY_MEAN] = (struct estimate){ 1, 0.875, 1.125, 0.9, SAMPLE_PAIRS, 12 };
	tests[2].comparison.reason = "the interval holds 1 and is wider than the margin";
	for (int i = 0; i < 3; i++) {
		tests[i].comparison.metric = METRIC_LATENCY_MEAN;
		sample_latency(&tests[i].from_latency, 0.25 * (i + 1), 0.0625);
		sample_latency(&tests[i].to_latency, 0.3125 * (i + 1), 0.125);
	}
	sample_pairs(pairs, 0.25, 0, 3);
	tests[0].comparison.metrics[METRIC_LATENCY_P99] =
		(struct estimate){ 1.25, 1.125, 1.375, 0.001, SAMPLE_PAIRS, 12 };
	tests[1].comparison.metrics[METRIC_LATENCY_P99] = (struct estimate){ 1.25, 0, INFINITY, NAN, 2, 1 };
	tests[0].pair_log_ratios = pairs;
	tests[0].pair_log_ratios_len = SAMPLE_PAIRS;
	tests[0].from_latency.over_timeout = 1;
	tests[1].to_latency.backlog = 4312;
	tests[1].to_latency.unserved = 201;
	tests[1].to_latency.lag_max_ms = 812.5;
	tests[1].to_latency.ignored_errors = 1234;
	tests[1].to_latency.reconnects = 1;
	tests[1].to_latency.over_range = 2;
	tests[2].from_latency.backlog = 1000; /* a twentieth, and no more */
	tests[2].from_latency.percentiles[3] = (struct report_percentile){ NAN, 0, INFINITY };
	tests[2].to_latency.percentiles[3] = (struct report_percentile){ 16, 8, INFINITY };
	tests[2].to_latency.percentiles[0] = (struct report_percentile){ 0.5, 0, INFINITY };
	r = *sample_slower();
	r.rate = 1000;
	r.event_timeout_seconds = 60;
	r.threads = 4;
	r.tests = tests;
	r.tests_len = ARRAY_SIZE(tests);
	r.queries_len = r.profiles_len = r.notes_len = 0;
	return &r;
}

/* A noisy machine of two CPUs: bursts of steal, a throttled slice, blocks measured again. */
static inline const struct report *sample_machine(void)
{
	static double steal[64], others[64];
	static bool contaminated[64];
	static struct report_test tests[4];
	static struct report r;
	static const struct report_reason reasons[] = { { "other virtual machines took the CPUs", 2 },
							{ "the CPU limit throttled it", 1 } };
	r = *sample_slower();
	for (int i = 0; i < 4; i++) {
		tests[i] = r.tests[i];
		tests[i].has_cost = true;
		tests[i].from_cost = (struct machine_cost){ .server_cpu_us = 312.5 * (i + 1),
							    .client_cpu_us = 62.5,
							    .switches = 4.25,
							    .written_bytes = i == 0 ? 4096 : 0,
							    .read_bytes = 0,
							    .minor_faults = 0.125,
							    .major_faults = 0,
							    .peak_bytes = 58.5 * (1 << 20) };
		tests[i].to_cost = tests[i].from_cost;
		tests[i].to_cost.server_cpu_us *= 1.25;
		tests[i].to_cost.written_bytes = NAN;
	}
	for (int i = 0; i < 64; i++) {
		steal[i] = i % 16 == 5 ? 0.375 : 0.015625 * (i % 4);
		others[i] = i == 40 ? NAN : 0.03125;
		contaminated[i] = i % 16 == 5;
	}
	r.tests = tests;
	r.usage = (struct report_usage){ .machine = { .slices = 64,
						      .cpus = 2,
						      .steal_median = 0.0625,
						      .steal_worst = 0.375,
						      .others_median = 0.03125,
						      .others_worst = 0.03125,
						      .throttled = 0.125,
						      .throttled_seconds = 4,
						      .pressure_cpu = 0.5,
						      .pressure_io = 0,
						      .pressure_memory = NAN,
						      .suspended_seconds = 0,
						      .oom_kills = NAN },
					 .steal = steal,
					 .others = others,
					 .contaminated = contaminated,
					 .slices_len = 64,
					 .blocks = 16,
					 .contaminated_blocks = 3,
					 .replaced_blocks = 2,
					 .reasons = reasons,
					 .reasons_len = 2 };
	return &r;
}

/* Starts of the servers, the intervals of all tests together, and what the noise let the run see. */
static inline const struct report *sample_noise(void)
{
	static struct report_test tests[3];
	static struct report r;
	static const double errors[] = { 0.0078125, 0.03125, 0.25 }, detectable[] = { 0.03125, 0.125, 0.625 },
			    needed[] = { 7, 52, STATISTICS_NEEDED_MAX };
	tests[0] = sample_test("oltp_insert", 1234.5, 0.8375, 0.03125, VERDICT_SLOWER);
	tests[1] = sample_test("oltp_read_only", 187.5, 1.015625, 0.0546875, VERDICT_UNDECIDED);
	tests[2] = sample_test("oltp_update_index", 812.75, 0.9765625, 0.5, VERDICT_UNDECIDED);
	for (size_t i = 0; i < 3; i++) {
		struct comparison *c = &tests[i].comparison;
		struct estimate *e = &c->metrics[METRIC_THROUGHPUT];
		e->starts = 10;
		e->error = errors[i];
		e->df = 9;
		e->within_sd = errors[i] * 2;
		e->start_sd = errors[i] * 3;
		e->family_low = e->low - 0.0625;
		e->family_high = e->high + 0.0625;
		c->detectable_80 = detectable[i] * 0.75;
		c->detectable_90 = detectable[i];
		c->needed_starts = needed[i];
		c->reason = i ? "the interval holds 1 and is wider than the margin" : NULL;
	}
	tests[2].comparison.metrics[METRIC_THROUGHPUT].family_high = INFINITY;
	r = *sample_slower();
	r.tests = tests;
	r.tests_len = 3;
	r.notes_len = r.queries_len = r.profiles_len = 0;
	r.mean = (struct estimate){ .ratio = 0.9375,
				    .low = 0.90625,
				    .high = 0.96875,
				    .starts = 10,
				    .error = 0.015625,
				    .df = 9,
				    .within_sd = 0.03125,
				    .start_sd = 0.046875 };
	return &r;
}

/* Profiles of both servers under two tests; those of a third are damaged. */
static inline const struct report *sample_why(void)
{
	static const struct report_function functions[] = {
		{ "main.waste.func1", { 0, 343.75, 343.75, 52, true }, { 0, 343.75, 343.75, 52, true } },
		{ "a.org/db.(*Scan[go.shape.int]).Next",
		  { 12.5, 2.25, -10.25, 3.5, true },
		  { 50, 40, -10, 12, false } },
		{ "a.org/db.hash", { 0.5, 3, 2.5, 4, false }, { 0.5, 3, 2.5, 4, false } },
		{ "runtime.mcall", { 7.75, 6, -1.75, 3, false }, { 7.75, 6, -1.75, 3, false } },
		{ "a.org/db.open", { 0, 0.125, 0.125, 0.25, false }, { 0, 2500000, 2500000, NAN, false } },
		{ "a.org/db.sixth", { 0.125, 0, -0.125, 0.25, false }, { 0.125, 0, -0.125, 0.25, false } },
	};
	static const struct report_why whys[] = {
		{ .test = "oltp_insert",
		  .all = { 94.25, 472.5, 378.25, 62.5, true },
		  .from_samples = 157,
		  .to_samples = 231,
		  .from_transactions = 16659,
		  .to_transactions = 4889,
		  .functions = functions,
		  .functions_len = ARRAY_SIZE(functions),
		  .from_file = "profiles/oltp_insert-from.pprof",
		  .to_file = "profiles/oltp_insert-to.pprof",
		  .svg = "<svg class=\"flame\"><title>picture</title></svg>\n" },
		{ .test = "oltp_point_select", .all = { 1500, 1250, -250, NAN, false } },
		{ .test = "oltp_read_only", .error = "the profiles cannot be compared: x-to.pprof is not there" },
	};
	static struct report r;
	r = *sample_slower();
	r.notes_len = r.queries_len = r.profiles_len = 0;
	r.whys = whys;
	r.whys_len = ARRAY_SIZE(whys);
	return &r;
}

/* Nothing known at all. */
static inline const struct report *sample_empty(void)
{
	static const struct report r;
	return &r;
}

/* The run ended early: one test failed, nothing else was measured. */
static inline const struct report *sample_failed(void)
{
	static struct report_test test;
	static struct report r;
	test = (struct report_test){ .name = "oltp_read_write",
				     .error = "server \"to\" (gms 5d6e7f8) was killed by SIGKILL after 3.1 s of load" };
	r = *sample_slower();
	r.status = "failed";
	r.error = "server \"to\" (gms 5d6e7f8) was killed by SIGKILL";
	r.tests = &test;
	r.tests_len = 1;
	r.queries_len = r.profiles_len = 0;
	return &r;
}

/* The same commit with and without a profile, in one test; stopped by a signal. */
static inline const struct report *sample_pgo(void)
{
	static struct report_test test;
	static struct report r;
	test = sample_test("oltp_point_select", 12345.5, 1.0625, 0.015625, VERDICT_FASTER);
	r = *sample_slower();
	r.title = "gms 5d6e7f8 → 5d6e7f8 with profile";
	r.from = r.to;
	r.from.label = "from";
	r.to.profile_sha256 = "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c";
	r.status = "interrupted";
	r.error = "stopped by SIGTERM";
	r.tests = &test;
	r.tests_len = 1;
	r.queries_len = r.notes_len = 0;
	return &r;
}

/* Three tests and their sum: of the third the profile is too small, and one of the first's builds failed in part. */
static inline const struct report *sample_validation(void)
{
	static const char *const tests[] = { "oltp_insert", "oltp_point_select", "types_table_scan_postgres" };
	static const double ratios[] = { 1.0625, 0.9375, 1, 1.03125, 1.125, 1.015625, 1, 1, 1, 1.046875, 1.0625, 1.25 };
	static const enum verdict verdicts[] = { VERDICT_FASTER,    VERDICT_SLOWER,    VERDICT_SAME,
						 VERDICT_UNDECIDED, VERDICT_FASTER,    VERDICT_SAME,
						 VERDICT_UNDECIDED, VERDICT_UNDECIDED, VERDICT_UNDECIDED,
						 VERDICT_FASTER,    VERDICT_FASTER,    VERDICT_UNDECIDED };
	static struct report_cell cells[12];
	static struct report_validation_row rows[4];
	static struct report r;
	for (int i = 0; i < 12; i++) {
		struct estimate e = { ratios[i], ratios[i] - 0.015625, ratios[i] + 0.015625, 0.0078125, 24, 12, 3 };
		e.family_low = ratios[i] - 0.0625;
		e.family_high = ratios[i] + 0.0625;
		cells[i] = (struct report_cell){ .comparison = { .verdict = verdicts[i] } };
		cells[i].comparison.metrics[METRIC_THROUGHPUT] = e;
	}
	cells[2] = (struct report_cell){ PGO_CELL_FAILED, "the server died: signal 9" };
	for (int i = 6; i < 9; i++)
		cells[i] = (struct report_cell){ PGO_CELL_UNFIT, "only 12 samples of the program's own work" };
	cells[11].comparison.metrics[METRIC_THROUGHPUT].high = INFINITY;
	cells[11].comparison.metrics[METRIC_THROUGHPUT].family_high = INFINITY;
	for (int i = 0; i < 4; i++)
		rows[i] = (struct report_validation_row){ i < 3 ? tests[i] : NULL,
							  i == 0   ? "validate/oltp_insert"
							  : i == 1 ? "validate/oltp_point_select"
								   : NULL,
							  &cells[3 * i] };
	r = *sample_pgo();
	r.status = "done";
	r.error = NULL;
	r.decision = PGO_SHIP;
	r.mean = (struct estimate){ 1.0625, 1.03125, 1.09375, 0.001, 24, 12, 3 };
	r.validation = (struct report_validation){ tests, 3, rows, 4 };
	return &r;
}

/* Another engine, every verdict, ratios from a third to twelvefold, forty tests. */
static inline const struct report *sample_many(void)
{
	static const enum verdict verdicts[] = { VERDICT_FASTER, VERDICT_SAME, VERDICT_SLOWER, VERDICT_UNDECIDED };
	static const double ratios[] = { 1.25, 1, 0.75, 1.0625, 2, 0.984375, 0.3125, 0.9375, 12, 1.015625 };
	static char names[MANY_TESTS][32];
	static double pairs[MANY_TESTS][SAMPLE_PAIRS];
	static struct report_test tests[MANY_TESTS];
	static struct report r;
	for (int i = 0; i < MANY_TESTS; i++) {
		enum verdict v = verdicts[i % 2 ? (i % 4 == 1 ? 1 : 3) : (ratios[i % 10] > 1 ? 0 : 2)];
		double ratio = v == VERDICT_SAME ? 1 + (i % 3 - 1) / 128.0 : ratios[i % 10];
		if (v == VERDICT_SLOWER && ratio == 1)
			v = VERDICT_UNDECIDED;
		snprintf(names[i], sizeof names[i], "%s_%d", i % 3 ? "types_table_scan" : "index_join", i);
		tests[i] = sample_test(names[i], 100 + 77 * i, ratio, v == VERDICT_UNDECIDED ? 0.125 : ratio / 64, v);
		sample_pairs(pairs[i], ratio > 1 ? ratio / 8 : 0, 0, (uint32_t)i);
		tests[i].pair_log_ratios = pairs[i];
		tests[i].pair_log_ratios_len = SAMPLE_PAIRS;
	}
	r = *sample_slower();
	r.title = "mysql 8.0.35 → dolt v1.2.3";
	r.from.engine = "mysql";
	r.from.version = "8.0.35";
	r.to.engine = "dolt";
	r.to.version = "v1.2.3";
	r.tests = tests;
	r.tests_len = MANY_TESTS;
	r.queries_len = r.profiles_len = r.notes_len = 0;
	return &r;
}

#endif
