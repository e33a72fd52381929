/* The figures of why, and what each output shows of a list that is longer than it needs. */
#include "benchmarker/report_comment.h"
#include "benchmarker/report_why.h"
#include "check.h"
#include "report_samples.h"

static void figures(void **state)
{
	(void)state;
	static const struct {
		double us;
		bool sign;
		const char *expected;
	} cases[] = {
		{ 0, false, "0 µs" },        { 0, true, "0 µs" },          { 94.24, false, "94.2 µs" },
		{ 94.24, true, "+94.2 µs" }, { -5.756, true, "−5.76 µs" }, { 999.9, false, "1.00 ms" },
		{ 1234, false, "1.23 ms" },  { 0.6, false, "600 ns" },     { 9.996, false, "10.0 µs" },
		{ 99.96, false, "100 µs" },  { 3e6, false, "3.00 s" },     { 0.0001, false, "0.10 ns" },
		{ NAN, true, "–" },          { INFINITY, false, "–" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(1024);
		report_add_cpu(&out, &report_plain, cases[i].us, cases[i].sign);
		check_str(out.data, cases[i].expected);
	}
}

static int count(const char *text, const char *word)
{
	int n = 0;
	for (; (text = strstr(text, word)); text++)
		n++;
	return n;
}

/* 40 functions, the first 30 of which are sure. */
static const struct report *many_functions(void)
{
	static struct report_function functions[40];
	static struct report_why why = { .test = "t", .functions = functions, .functions_len = 40 };
	static struct report r = { .whys = &why, .whys_len = 1 };
	for (size_t i = 0; i < 40; i++)
		functions[i] = (struct report_function){ .name = "a.F", .own = { 0, 1, 1, 0.5, i < 30 } };
	return &r;
}

static void each_output_takes_its_part(void **state)
{
	(void)state;
	CLEANUP(strbuf)
	struct strbuf html = STRBUF_INIT(REPORT_MAX_BYTES), markdown = STRBUF_INIT(REPORT_MAX_BYTES),
		      text = STRBUF_INIT(REPORT_MAX_BYTES);
	report_why_html(many_functions(), &html);
	report_why_markdown(many_functions(), &markdown);
	check_ok(report_why_text(many_functions(), 100, &text, err));
	assert_int_equal(count(html.data, ">a.F<"), REPORT_WHY_PAGE);
	assert_int_equal(count(markdown.data, "| a.F |"), REPORT_WHY_TOP);
	assert_int_equal(count(text.data, "a.F"), REPORT_WHY_LINE);
}

/* What may be chance is not listed at length. */
static void few_unsure_functions(void **state)
{
	(void)state;
	struct report_function functions[40];
	for (size_t i = 0; i < 40; i++)
		functions[i] = (struct report_function){ .name = "a.F", .own = { 0, 1, 1, 2, i < 3 } };
	struct report_why why = { .test = "t", .functions = functions, .functions_len = 40 };
	struct report r = { .whys = &why, .whys_len = 1 };
	CLEANUP(strbuf) struct strbuf html = STRBUF_INIT(REPORT_MAX_BYTES), text = STRBUF_INIT(REPORT_MAX_BYTES);
	report_why_html(&r, &html);
	assert_int_equal(count(html.data, ">a.F<"), REPORT_WHY_UNSURE);
	assert_int_equal(count(html.data, "class=\"sure\""), 3);
	for (size_t i = 0; i < 3; i++)
		functions[i].own.significant = false;
	check_ok(report_why_text(&r, 100, &text, err));
	check_contains(text.data, "  grew: a.F +1.00 µs (within sampling error)\n  shrank: nothing\n");
}

static void a_comment_goes_without_it_and_says_so(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf whole = STRBUF_INIT(REPORT_MAX_BYTES), cut = STRBUF_INIT(REPORT_MAX_BYTES);
	static struct report r;
	static char name[6000];
	memset(name, 'x', sizeof name - 1);
	static struct report_why whys[2];
	whys[0] = whys[1] = (struct report_why){ .test = "t", .error = name };
	r = *sample_slower();
	r.whys = whys;
	r.whys_len = 2;
	check_ok(report_comment(&r, NULL, 100000, &whole, err));
	check_contains(whole.data, "Why: the functions that grew or shrank");
	check_ok(report_comment(&r, NULL, REPORT_COMMENT_MIN_CHARS, &cut, err));
	assert_null(strstr(cut.data, "Why: the functions"));
	check_contains(cut.data, "the functions that grew or shrank");
	assert_true(report_comment_chars(cut.data) <= REPORT_COMMENT_MIN_CHARS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(figures),
		cmocka_unit_test(each_output_takes_its_part),
		cmocka_unit_test(few_unsure_functions),
		cmocka_unit_test(a_comment_goes_without_it_and_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
