/* The body of a comment: whole where it fits, and never longer than it may be. */
#include "benchmarker/report_comment.h"
#include "check.h"
#include "report_samples.h"

#define LONG_TESTS 600

static void characters_are_counted_as_utf16_does(void **state)
{
	(void)state;
	assert_int_equal(report_comment_chars(""), 0);
	assert_int_equal(report_comment_chars("abc\n"), 4);
	assert_int_equal(report_comment_chars("\u00e9\u202f\u2192"), 3);
	assert_int_equal(report_comment_chars("\U0001F600x"), 3);
}

static void what_fits_is_the_markdown(void **state)
{
	(void)state;
	const struct report *all[] = { sample_slower(), sample_hostile(), sample_empty(),
				       sample_failed(), sample_pgo(),     sample_many(),
				       sample_tpcc(),   sample_rate(),    sample_validation() };
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		CLEANUP(strbuf)
		struct strbuf whole = STRBUF_INIT(REPORT_MAX_BYTES), body = STRBUF_INIT(REPORT_MAX_BYTES);
		check_ok(report_markdown(all[i], &whole, err));
		check_ok(report_comment(all[i], NULL, REPORT_COMMENT_MAX_CHARS, &body, err));
		check_str(body.data, whole.data);
	}
}

/* More tests than fit, in turn slower, the same, undecided, failed; the names hold characters of 2, 3 and 4 bytes. */
static const struct report *sample_long(size_t tests_len)
{
	static struct report_test tests[LONG_TESTS];
	static char names[LONG_TESTS][96];
	static struct report r;
	static const enum verdict verdicts[] = { VERDICT_SLOWER, VERDICT_SAME, VERDICT_UNDECIDED, VERDICT_FASTER };
	static const char *const kinds[] = { "slower", "same", "undecided", "faster" };
	for (size_t i = 0; i < tests_len; i++) {
		snprintf(names[i], sizeof names[i], "%s %zu \u00fc\u20ac\U0001F600", kinds[i % 4], i);
		tests[i] = sample_test(names[i], 1000, i % 4 == 0 ? 0.5 : i % 4 == 3 ? 2 : 1, 0.03125, verdicts[i % 4]);
	}
	r = *sample_slower();
	r.tests = tests;
	r.tests_len = tests_len;
	return &r;
}

static size_t count(const char *text, const char *part)
{
	size_t n = 0;
	for (const char *p = text; (p = strstr(p, part)); p += strlen(part))
		n++;
	return n;
}

static void a_report_one_character_too_long_loses_a_part(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf whole = STRBUF_INIT(REPORT_MAX_BYTES);
	const struct report *r = sample_long(100);
	check_ok(report_markdown(r, &whole, err));
	size_t chars = report_comment_chars(whole.data);
	assert_true(chars > REPORT_COMMENT_MIN_CHARS);
	for (int more = -1; more <= 1; more++) {
		CLEANUP(strbuf) struct strbuf body = STRBUF_INIT(REPORT_MAX_BYTES);
		check_ok(report_comment(r, NULL, chars + (size_t)more, &body, err));
		assert_true(report_comment_chars(body.data) <= chars + (size_t)more);
		if (more >= 0)
			check_str(body.data, whole.data);
		else
			check_contains(body.data, "characters: what was compared, and how. The whole report is "
						  "`report.html` of run 20261122-210139-1a2b3c4d.\n");
	}
}

static void rows_that_matter_most_stay(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf body = STRBUF_INIT(REPORT_MAX_BYTES);
	struct report r = *sample_long(LONG_TESTS);
	r.notes_len = 0;
	check_ok(report_comment(&r, "https://example.org/run/report.html", 20000, &body, err));
	assert_true(report_comment_chars(body.data) <= 20000);
	assert_true(report_comment_chars(body.data) > 19000);
	assert_true(str_is_utf8(body.data, body.len));
	assert_int_equal(count(body.data, "| slower "), LONG_TESTS / 4);
	size_t rows = count(body.data, "\U0001F600");
	assert_true(rows > LONG_TESTS / 4 && rows < LONG_TESTS / 2); /* faster ones as far as they fit */
	assert_int_equal(count(body.data, "| same "), 0);
	assert_int_equal(count(body.data, "<details>"), count(body.data, "</details>"));
	char expected[200];
	snprintf(expected, sizeof expected,
		 "characters: %zu of %d tests; what was compared, and how. The whole report is at "
		 "<https://example.org/run/report.html>.\n",
		 LONG_TESTS - rows, LONG_TESTS);
	check_contains(body.data, expected);
	check_contains(body.data, "**gms 5d6e7f8 is faster than 1a2b3c4 in some tests and slower in others:**");
}

static void every_size_is_kept_to(void **state)
{
	(void)state;
	for (size_t max = REPORT_COMMENT_MIN_CHARS; max < 9000; max += 7) {
		CLEANUP(strbuf) struct strbuf body = STRBUF_INIT(REPORT_MAX_BYTES);
		check_ok(report_comment(sample_long(300), NULL, max, &body, err));
		if (report_comment_chars(body.data) > max)
			fail_msg("%zu characters of at most %zu", report_comment_chars(body.data), max);
	}
}

static void transactions_go_first(void **state)
{
	(void)state;
	struct report_test tests[40];
	struct report r = *sample_tpcc();
	for (size_t i = 0; i < ARRAY_SIZE(tests); i++)
		tests[i] = r.tests[0];
	r.tests = tests;
	r.tests_len = ARRAY_SIZE(tests);
	CLEANUP(strbuf) struct strbuf body = STRBUF_INIT(REPORT_MAX_BYTES);
	check_ok(report_comment(&r, NULL, 20000, &body, err));
	size_t kept = count(body.data, "| transaction | server |");
	assert_true(kept > 0 && kept < ARRAY_SIZE(tests));
	assert_int_equal(count(body.data, "<summary>"), 1);
	char expected[100];
	snprintf(expected, sizeof expected, "characters: the transactions of %zu tests. ", ARRAY_SIZE(tests) - kept);
	check_contains(body.data, expected);
}

static void latencies_go_before_what_was_compared(void **state)
{
	(void)state;
	struct report_test tests[100];
	struct report r = *sample_rate();
	CLEANUP(strbuf)
	struct strbuf whole = STRBUF_INIT(REPORT_MAX_BYTES), body = STRBUF_INIT(REPORT_MAX_BYTES);
	for (size_t i = 0; i < ARRAY_SIZE(tests); i++)
		tests[i] = r.tests[0];
	r.tests = tests;
	r.tests_len = ARRAY_SIZE(tests);
	check_ok(report_markdown(&r, &whole, err));
	check_ok(report_comment(&r, NULL, report_comment_chars(whole.data) - 1, &body, err));
	assert_int_equal(count(body.data, "<summary>"), 1);
	check_contains(body.data, "<summary>What was compared, and how</summary>");
	check_contains(body.data, "characters: latencies. The whole report is ");
	check_contains(body.data,
		       "- **latency**: `oltp_point_select`: from: 1 event took longer than the time-out of 60");
}

/* The table of tests is what is decided on. */
static void the_matrix_goes_before_the_tests(void **state)
{
	(void)state;
	struct report r = *sample_validation();
	struct report_cell cells[12];
	static char endless[REPORT_COMMENT_MIN_CHARS];
	memset(endless, 'x', sizeof endless - 1);
	CLEANUP(strbuf) struct strbuf body = STRBUF_INIT(REPORT_MAX_BYTES);
	struct report_validation_row rows[4];
	for (size_t i = 0; i < 4; i++) {
		rows[i] = r.validation.rows[i];
		memcpy(&cells[3 * i], rows[i].cells, 3 * sizeof *cells);
		rows[i].cells = &cells[3 * i];
	}
	cells[2].error = endless;
	r.validation.rows = rows;
	check_ok(report_comment(&r, NULL, REPORT_COMMENT_MIN_CHARS, &body, err));
	assert_int_equal(count(body.data, "profile of"), 0);
	check_contains(body.data, "| `oltp_point_select` |");
	check_contains(body.data, " characters: which test's profile helps which test. The whole report is ");
}

static void what_cannot_fit_is_an_error(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf body = STRBUF_INIT(REPORT_MAX_BYTES);
	check_fails(report_comment(sample_slower(), NULL, REPORT_COMMENT_MIN_CHARS - 1, &body, err), ERROR_USAGE,
		    "needs 8192 at least");
	static char endless[9000];
	memset(endless, 'x', sizeof endless - 1);
	struct report r = *sample_failed();
	r.status = "failed";
	r.error = endless;
	check_fails(report_comment(&r, NULL, REPORT_COMMENT_MIN_CHARS, &body, err), ERROR_USAGE, "headline alone");
	assert_int_equal(body.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(characters_are_counted_as_utf16_does),
		cmocka_unit_test(what_fits_is_the_markdown),
		cmocka_unit_test(a_report_one_character_too_long_loses_a_part),
		cmocka_unit_test(rows_that_matter_most_stay),
		cmocka_unit_test(every_size_is_kept_to),
		cmocka_unit_test(transactions_go_first),
		cmocka_unit_test(latencies_go_before_what_was_compared),
		cmocka_unit_test(the_matrix_goes_before_the_tests),
		cmocka_unit_test(what_cannot_fit_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
