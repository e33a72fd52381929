/* The gate of a build with a profile, and how reports tell it. */
#include "benchmarker/pgo.h"
#include "benchmarker/report.h"
#include "benchmarker/report_pgo.h"
#include "check.h"

#include <cjson/cJSON.h>
#include <math.h>

static struct estimate interval(double low, double high)
{
	return (struct estimate){ .ratio = sqrt(low * high), .low = low, .high = high, .starts = 5 };
}

static void decides_by_the_mean_and_every_test(void **state)
{
	(void)state;
	static const struct {
		double low, high;
		enum metric metric;
		size_t slower, failed;
		bool partial, previous;
		enum pgo_decision expected;
	} cases[] = {
		{ 1.01, 1.05, METRIC_THROUGHPUT, 0, 0, false, false, PGO_SHIP },
		{ 1.00, 1.05, METRIC_THROUGHPUT, 0, 0, false, false, PGO_UNDECIDED }, /* above 1, not at it */
		{ 0.99, 1.05, METRIC_THROUGHPUT, 0, 0, false, false, PGO_UNDECIDED },
		{ 0.995, 1.005, METRIC_THROUGHPUT, 0, 0, false, false, PGO_UNDECIDED },
		{ 0.95, 0.99, METRIC_THROUGHPUT, 0, 0, false, false, PGO_DONT_SHIP },
		{ 1.01, 1.05, METRIC_THROUGHPUT, 1, 0, false, false, PGO_DONT_SHIP }, /* faster in all, slower in one */
		{ 0.99, 1.05, METRIC_THROUGHPUT, 1, 0, false, false, PGO_DONT_SHIP },
		{ 1.01, 1.05, METRIC_THROUGHPUT, 0, 1, false, false, PGO_UNDECIDED },
		{ 1.01, 1.05, METRIC_THROUGHPUT, 0, 0, true, false, PGO_UNDECIDED },
		{ 0.95, 0.99, METRIC_THROUGHPUT, 0, 0, true, false, PGO_DONT_SHIP },
		{ 0, INFINITY, METRIC_THROUGHPUT, 0, 0, false, false, PGO_UNDECIDED },
		{ 0.95, 0.99, METRIC_LATENCY_MEAN, 0, 0, false, false, PGO_SHIP },
		{ 1.01, 1.05, METRIC_LATENCY_MEAN, 0, 0, false, false, PGO_DONT_SHIP },
		{ 0.99, 1.01, METRIC_THROUGHPUT, 0, 0, false, true, PGO_KEEP },
		{ 0.99, 1.01, METRIC_LATENCY_P95, 0, 0, false, true, PGO_KEEP },
		{ 0.97, 1.01, METRIC_THROUGHPUT, 0, 0, false, true, PGO_UNDECIDED }, /* past the margin of 2 % */
		{ 1.005, 1.01, METRIC_THROUGHPUT, 0, 0, false, true, PGO_SHIP },
		{ 0.99, 1.01, METRIC_THROUGHPUT, 0, 0, true, true, PGO_UNDECIDED },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct estimate mean = interval(cases[i].low, cases[i].high);
		struct pgo_facts f = { .mean = &mean,
				       .metric = cases[i].metric,
				       .margin = 0.02,
				       .tests = 3,
				       .slower = cases[i].slower,
				       .failed = cases[i].failed,
				       .complete = !cases[i].partial,
				       .carried = true,
				       .previous = cases[i].previous };
		if (pgo_decide(&f) != cases[i].expected)
			fail_msg("case %zu: %s, expected %s", i, pgo_decision_name(pgo_decide(&f)),
				 pgo_decision_name(cases[i].expected));
	}
	struct estimate none = { .ratio = NAN };
	assert_int_equal(pgo_decide(&(struct pgo_facts){ .mean = &none, .complete = true, .carried = true }),
			 PGO_UNDECIDED);
}

static void a_mean_that_the_machine_did_not_carry(void **state)
{
	(void)state;
	struct estimate faster = interval(1.01, 1.05), slower = interval(0.95, 0.99);
	struct pgo_facts f = { .mean = &faster, .margin = 0.02, .tests = 3, .complete = true, .carried = true };
	assert_int_equal(pgo_decide(&f), PGO_SHIP);
	f.carried = false;
	assert_int_equal(pgo_decide(&f), PGO_UNDECIDED);
	f.mean = &slower;
	assert_int_equal(pgo_decide(&f), PGO_UNDECIDED);
	f.slower = 1; /* that test was carried, else it would be undecided */
	assert_int_equal(pgo_decide(&f), PGO_DONT_SHIP);
}

static void decisions_have_names(void **state)
{
	(void)state;
	for (enum pgo_decision d = PGO_UNDECIDED; d <= PGO_KEEP; d++)
		assert_int_equal(pgo_decision_parse(pgo_decision_name(d)), d);
	assert_null(pgo_decision_name(PGO_NONE));
	assert_int_equal(pgo_decision_parse(NULL), PGO_NONE);
	assert_int_equal(pgo_decision_parse("shipped"), PGO_NONE);
}

/* Two tests; verdicts are the caller's. */
static struct report *sample(enum pgo_decision decision, enum verdict first, enum verdict second)
{
	static struct report_test tests[2];
	static struct report r;
	tests[0] = (struct report_test){ .name = "oltp_point_select", .has_cost = true };
	tests[1] = (struct report_test){ .name = "oltp_read_only", .has_cost = true };
	tests[0].comparison.verdict = first;
	tests[1].comparison.verdict = second;
	tests[0].from_cost.peak_bytes = 40e6;
	tests[1].from_cost.peak_bytes = NAN;
	tests[0].to_cost.peak_bytes = 42e6;
	tests[1].to_cost.peak_bytes = 44e6;
	r = (struct report){ .status = "done", .margin = 0.02, .tests = tests, .tests_len = 2, .decision = decision };
	r.from = (struct report_server){ .engine = "gms", .commit = "1a2b3c4", .binary_bytes = 20000000 };
	r.to = (struct report_server){ .engine = "gms", .commit = "1a2b3c4", .binary_bytes = 21000000 };
	r.to.build_seconds = 31;
	r.mean = interval(1.02, 1.08);
	return &r;
}

static void reason_is(const struct report *r, const char *words, const char *expected)
{
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(4096);
	check_str(report_pgo_words(r), words);
	report_add_pgo_reason(r, &report_plain, &out);
	check_str(out.data, expected);
}

static void the_reason_has_the_numbers(void **state)
{
	(void)state;
	struct report *r = sample(PGO_SHIP, VERDICT_FASTER, VERDICT_UNDECIDED);
	reason_is(r, "ship",
		  "the geometric mean of 2 tests' throughput ratios is 1.050 (95 % interval 1.020 to 1.080), and no "
		  "test is slower");
	r = sample(PGO_DONT_SHIP, VERDICT_FASTER, VERDICT_SLOWER);
	reason_is(r, "don't ship",
		  "1 test is slower (oltp_read_only); the geometric mean of 2 tests' throughput ratios is 1.050 (95 % "
		  "interval 1.020 to 1.080)");
	r = sample(PGO_DONT_SHIP, VERDICT_SAME, VERDICT_UNDECIDED);
	r->mean = interval(0.9, 0.98);
	reason_is(r, "don't ship",
		  "the geometric mean of 2 tests' throughput ratios is 0.939 (95 % interval 0.900 to 0.980): slower on "
		  "the whole");
	r = sample(PGO_UNDECIDED, VERDICT_SAME, VERDICT_UNDECIDED);
	r->mean = interval(0.98, 1.02);
	reason_is(
		r, "undecided",
		"the geometric mean of 2 tests' throughput ratios is 1.000 (95 % interval 0.980 to 1.020); no test is "
		"slower, and whether it is faster is open");
	r->status = "interrupted";
	r->tests_len = 1;
	reason_is(r, "undecided",
		  "the throughput ratio of its one test is 1.000 (95 % interval 0.980 to 1.020); the run did not end");
	r->tests_len = 0;
	r->mean = (struct estimate){ .ratio = NAN };
	reason_is(r, "undecided", "nothing was compared; the run did not end");
	r = sample(PGO_KEEP, VERDICT_SAME, VERDICT_SAME);
	r->from.profile_sha256 = "aa";
	r->mean = interval(0.99, 1.01);
	reason_is(
		r, "keep the previous profile",
		"the geometric mean of 2 tests' throughput ratios is 1.000 (95 % interval 0.990 to 1.010): within ±2 % "
		"the previous profile is as good as a fresh one");
}

static void costs_are_those_of_both_builds(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(4096);
	struct report *r = sample(PGO_SHIP, VERDICT_FASTER, VERDICT_SAME);
	report_add_pgo_costs(r, &report_plain, &out);
	check_str(out.data,
		  "build from the cache → 31 s; binary 20.0 MB → 21.0 MB (+5.0 %); peak memory 40.0 MB → 44.0 "
		  "MB (+10 %)");
	strbuf_reset(&out);
	r->decision = PGO_NONE;
	report_add_pgo_costs(r, &report_plain, &out);
	report_add_pgo_reason(r, &report_plain, &out);
	assert_int_equal(out.len, 0);
}

static void cells_have_names(void **state)
{
	(void)state;
	for (enum pgo_cell c = PGO_CELL_MEASURED; c <= PGO_CELL_INTERRUPTED; c++)
		assert_int_equal(pgo_cell_parse(pgo_cell_name(c)), c);
	assert_int_equal(pgo_cell_parse("sideways"), PGO_CELL_FAILED);
	assert_int_equal(pgo_cell_parse(NULL), PGO_CELL_FAILED);
}

static void every_report_tells_the_decision(void **state)
{
	(void)state;
	CLEANUP(strbuf)
	struct strbuf text = STRBUF_INIT(REPORT_MAX_BYTES), md = STRBUF_INIT(REPORT_MAX_BYTES),
		      html = STRBUF_INIT(REPORT_MAX_BYTES), json = STRBUF_INIT(REPORT_MAX_BYTES);
	const struct report *r = sample(PGO_DONT_SHIP, VERDICT_FASTER, VERDICT_SLOWER);
	check_ok(report_text(r, 400, false, &text, err));
	check_contains(text.data, "\ndon't ship: 1 test is slower (oltp_read_only);");
	check_contains(text.data, "\ncost: build from the cache → 31 s; binary");
	check_ok(report_markdown(r, &md, err));
	check_contains(md.data, "- **don't ship**: 1 test is slower (oltp\\_read\\_only);");
	check_ok(report_html(r, &html, err));
	check_contains(html.data, "<p class=\"decision\"><strong>don&#39;t ship</strong>: 1 test is slower");
	check_ok(report_json(r, &json, err));
	cJSON *root = cJSON_Parse(json.data), *pgo = cJSON_GetObjectItem(root, "pgo");
	check_str(cJSON_GetStringValue(cJSON_GetObjectItem(pgo, "decision")), "dont_ship");
	cJSON *from = cJSON_GetObjectItem(pgo, "from"), *to = cJSON_GetObjectItem(pgo, "to");
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(from, "build_seconds")));
	assert_true(cJSON_GetNumberValue(cJSON_GetObjectItem(to, "build_seconds")) == 31);
	assert_true(cJSON_GetNumberValue(cJSON_GetObjectItem(to, "binary_bytes")) == 21000000);
	assert_true(cJSON_GetNumberValue(cJSON_GetObjectItem(to, "peak_memory_bytes")) == 44e6);
	cJSON_Delete(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decides_by_the_mean_and_every_test),
		cmocka_unit_test(a_mean_that_the_machine_did_not_carry),
		cmocka_unit_test(decisions_have_names),
		cmocka_unit_test(the_reason_has_the_numbers),
		cmocka_unit_test(costs_are_those_of_both_builds),
		cmocka_unit_test(every_report_tells_the_decision),
		cmocka_unit_test(cells_have_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
