#include "benchmarker/report_bisect.h"

#include "base/cleanup.h"
#include "check.h"

#include <math.h>

static struct build_commit commits[] = {
	{ (char *)"a000000000000000000000000000000000000000", 1767225600, 1, (char *)"Good" },
	{ (char *)"b111111111111111111111111111111111111111", 1767312000, 1, (char *)"Rename | things" },
	{ (char *)"c222222222222222222222222222222222222222", 1767398400, 1, (char *)"<b>Break</b> the build" },
	{ (char *)"d333333333333333333333333333333333333333", 1767484800, 2, (char *)"Merge \x1b[31mred" },
	{ (char *)"e444444444444444444444444444444444444444", 1767571200, 1, (char *)"Bad" },
};
static const struct build_history history = { .commits = commits, .len = 5, .in_all = 7 };
static const struct report_bisect_step steps[] = {
	{ 4, 0.8, 0.75, 0.85, NULL },
	{ 2, NAN, NAN, NAN, "does not build: x.go:1: no" },
	{ 1, 1.0, 0.96, 1.04, NULL },
	{ 3, 0.81, 0.78, 0.84, NULL },
};
static const double slow[] = { 0, 0.01, 0.5, 0.99, 1 };

static struct report_bisect report_of(const struct bisect_decision *d)
{
	return (struct report_bisect){ .test = "oltp_read_only",
				       .metric = METRIC_THROUGHPUT,
				       .confidence = 0.99,
				       .history = &history,
				       .decision = d,
				       .steps = steps,
				       .steps_len = ARRAY_SIZE(steps),
				       .slow = slow };
}

static void check_answer(const struct report_bisect *r, const char *expected)
{
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(1 << 16);
	report_bisect_add_answer(r, &out);
	check_str(out.data, expected);
}

static const struct bisect_level step = { 0.2, 0.15, 0.25 };

static void names_one_commit(void **state)
{
	(void)state;
	struct bisect_decision d = {
		.action = BISECT_FOUND, .low = 2, .high = 3, .probability = 0.99999, .step = step
	};
	struct report_bisect r = report_of(&d);
	check_answer(
		&r, "d33333333333 made oltp_read_only slower: throughput 0.819 (0.779 to 0.861) of what it was before, "
		    "probability 99.9 %. It is a merge: all that it brought in counts as its change.");
	r.metric = METRIC_LATENCY_P95;
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(1 << 16);
	report_bisect_add_answer(&r, &out);
	check_contains(out.data, "95th percentile latency 1.221 (1.162 to 1.284)");
}

static void names_a_range(void **state)
{
	(void)state;
	struct bisect_decision d = { .action = BISECT_FOUND, .low = 1, .high = 3, .probability = 0.995, .step = step };
	struct report_bisect r = report_of(&d);
	check_answer(
		&r, "One of 2 commits, from c22222222222 to d33333333333, made oltp_read_only slower: throughput 0.819 "
		    "(0.779 to 0.861) of what it was before, probability 99.5 %. Those between could not be measured: "
		    "c22222222222 does not build.");
}

static void says_what_is_open(void **state)
{
	(void)state;
	struct bisect_decision d = {
		.action = BISECT_MEASURE, .low = 2, .high = 3, .probability = 0.9, .range_low = 1, .range_high = 4
	};
	struct report_bisect r = report_of(&d);
	check_answer(&r,
		     "Not certain yet: with 99 % it is one of 3 commits, from c22222222222 to e44444444444; likeliest "
		     "d33333333333 (90 %).");
	d = (struct bisect_decision){ .action = BISECT_NO_DIFFERENCE, .bad = { 0, -0.1, 0.1 } };
	check_answer(&r, "Bad was not found to be slower than good: throughput 1.000 (0.905 to 1.105) of good's.");
	d.bad = (struct bisect_level){ -0.2, -0.3, -0.1 };
	check_answer(&r, "Bad is faster than good: throughput 1.221 (1.105 to 1.350) of good's.");
}

static void says_what_does_not_fit(void **state)
{
	(void)state;
	struct bisect_decision d = { .action = BISECT_FOUND, .low = 0, .high = 1, .probability = 0.99, .step = step };
	d.bends[0] = (struct bisect_bend){ 3, BISECT_BEND_PART, 0.1, 0, 3 };
	d.bends_len = 1;
	struct report_bisect r = report_of(&d);
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(1 << 16);
	report_bisect_add_answer(&r, &out);
	check_contains(out.data,
		       "d33333333333, with a ratio of 0.905 to good, lies between what is before and after it: more "
		       "than one commit changed the speed; the larger slowdown was looked for, before it.");
}

/* In the order of history, with foreign text made harmless. */
static void shows_all_that_was_measured(void **state)
{
	(void)state;
	struct bisect_decision d = { .action = BISECT_FOUND, .low = 1, .high = 3, .probability = 0.995, .step = step };
	struct report_bisect r = report_of(&d);
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(1 << 16), markdown = STRBUF_INIT(1 << 16);
	check_ok(report_bisect_text(&r, &text, err));
	check_contains(text.data, "  a00000000000  2026-01-01  good ");
	check_contains(text.data, "→ d33333333333  2026-01-04  0.810 (0.780 to 0.840)  slow ");
	check_contains(text.data, "→ c22222222222  2026-01-03  skipped ");
	check_contains(text.data, "does not build: x.go:1: no");
	check_contains(text.data, "4 commits after good, 3 measurements, 1 skipped");
	assert_null(strchr(text.data, 0x1b));
	assert_true(strstr(text.data, "b11111111111") < strstr(text.data, "e44444444444"));
	check_ok(report_bisect_markdown(&r, &markdown, err));
	check_contains(markdown.data,
		       "| `b111111111111111111111111111111111111111` | 2026-01-02 | 1.000 (0.960 to 1.040)  not slow "
		       "| Rename \\| things |");
	check_contains(markdown.data,
		       "| → | `c222222222222222222222222222222222222222` | 2026-01-03 | skipped: does not build: "
		       "x.go:1: no | &lt;b&gt;Break&lt;/b&gt; the build |");
	assert_null(strchr(markdown.data, 0x1b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_one_commit),
		cmocka_unit_test(names_a_range),
		cmocka_unit_test(says_what_is_open),
		cmocka_unit_test(says_what_does_not_fit),
		cmocka_unit_test(shows_all_that_was_measured),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
