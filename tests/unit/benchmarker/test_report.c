/* The headline, and the text, markdown and JSON reports byte for byte against tests/data/report.
 * After a deliberate change, UPDATE_GOLDEN=1 in the environment writes those files anew; read the difference. */
#include "benchmarker/report.h"
#include "benchmarker/report_format.h"
#include "check.h"
#include "report_samples.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

static void headline_is(const struct report *r, const char *expected)
{
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(4096);
	check_ok(report_headline(r, &out, err));
	check_str(out.data, expected);
}

static void golden_path(const char *name, char path[static 512])
{
	const char *folder = getenv("TEST_DATA");
	if (!folder)
		fail_msg("TEST_DATA is not set: run by meson test");
	snprintf(path, 512, "%s/report/%s", folder, name);
}

static void golden(const char *name, const struct strbuf *actual)
{
	char path[512];
	static char expected[1 << 20];
	golden_path(name, path);
	if (getenv("UPDATE_GOLDEN")) {
		AUTO_FCLOSE FILE *f = fopen(path, "we");
		assert_non_null(f);
		assert_int_equal(fwrite(actual->data, 1, actual->len, f), actual->len);
		return;
	}
	AUTO_FCLOSE FILE *f = fopen(path, "re");
	if (!f)
		fail_msg("no file %s", path);
	size_t len = fread(expected, 1, sizeof expected - 1, f);
	expected[len] = 0;
	if (len != actual->len || memcmp(expected, actual->data, len) != 0)
		fail_msg("%s differs; it is now:\n%s", path, actual->data);
}

/* A report of n tests, each with this verdict and interval. */
struct outcome {
	enum verdict verdict;
	double low, high;
};

static const struct report *of_outcomes(const struct outcome *outcomes, size_t n)
{
	static struct report_test tests[8];
	static struct report r;
	for (size_t i = 0; i < n; i++) {
		tests[i] = sample_test("bulk_insert", 100, 1, 0, outcomes[i].verdict);
		tests[i].comparison.metrics[METRIC_THROUGHPUT].low = outcomes[i].low;
		tests[i].comparison.metrics[METRIC_THROUGHPUT].high = outcomes[i].high;
	}
	r = (struct report){ .margin = 0.05, .tests = tests, .tests_len = n };
	r.from = (struct report_server){ .label = "from", .engine = "gms", .version = "v1" };
	r.to = (struct report_server){ .label = "to", .engine = "gms", .version = "v2" };
	return &r;
}

static void headline_says_what_came_out(void **state)
{
	(void)state;
	headline_is(sample_slower(), "gms 5d6e7f8 is slower than 1a2b3c4: 3 of 4 tests slower, by 12 % to 20 % "
				     "(95 % intervals); none faster; 1 undecided");
	headline_is(sample_failed(),
		    "gms 5d6e7f8 was not compared with 1a2b3c4: the only test failed; partial: the run "
		    "failed");
	headline_is(sample_rate(),
		    "gms 5d6e7f8 is slower than 1a2b3c4: 2 of 3 tests slower, mean latency up by 19 % to "
		    "9500 % (95 % intervals); none faster; 1 undecided");
	headline_is(sample_empty(), "server was not compared with server: no test was measured");

	static const struct {
		struct outcome outcomes[8];
		size_t n;
		const char *headline;
	} cases[] = {
		{ { { VERDICT_FASTER, 1.021, 1.034 } },
		  1,
		  "gms v2 is faster than v1 in bulk_insert: by 2.1 % to 3.4 % (95 % interval)" },
		{ { { VERDICT_FASTER, 1.2, INFINITY } },
		  1,
		  "gms v2 is faster than v1 in bulk_insert: by at least 20 % (95 % interval)" },
		{ { { VERDICT_SLOWER, 0, 0.75 } },
		  1,
		  "gms v2 is slower than v1 in bulk_insert: by at least 25 % (95 % interval)" },
		{ { { VERDICT_SLOWER, NAN, NAN } },
		  1,
		  "gms v2 is slower than v1 in bulk_insert: by an unknown amount (95 % interval)" },
		{ { { VERDICT_FASTER, 0.99, 1.2 } },
		  1,
		  "gms v2 is faster than v1 in bulk_insert: from −1.0 % to +20 % (95 % interval)" },
		{ { { VERDICT_SAME, 0.99, 1.01 } },
		  1,
		  "gms v2 is as fast as v1 in bulk_insert: within ±5 % (95 % interval)" },
		{ { { VERDICT_UNDECIDED, 0.92, 1.08 } },
		  1,
		  "Undecided whether gms v2 is faster or slower than v1 in bulk_insert: from −8.0 % to +8.0 % (95 % "
		  "interval)" },
		{ { { VERDICT_UNDECIDED, 0, INFINITY } },
		  1,
		  "Undecided whether gms v2 is faster or slower than v1 in bulk_insert: no interval could be found" },
		{ { { VERDICT_SAME, 1, 1 }, { VERDICT_SAME, 1, 1 } },
		  2,
		  "gms v2 is as fast as v1: both tests within ±5 % (95 % intervals)" },
		{ { { VERDICT_SAME, 1, 1 }, { VERDICT_UNDECIDED, 0.9, 1.1 }, { VERDICT_UNDECIDED, 0.9, 1.1 } },
		  3,
		  "No difference found between gms v2 and v1: 1 of 3 tests within ±5 % (95 % interval); 2 undecided" },
		{ { { VERDICT_UNDECIDED, 0.9, 1.1 }, { VERDICT_UNDECIDED, 0.75, 1.1 } },
		  2,
		  "Undecided whether gms v2 is faster or slower than v1: both tests undecided, from −25 % to +10 % "
		  "(95 % "
		  "intervals)" },
		{ { { VERDICT_FASTER, 1.5, 2 }, { VERDICT_SLOWER, 0.5, 0.75 }, { VERDICT_SLOWER, 0.75, 0.87 } },
		  3,
		  "gms v2 is faster than v1 in some tests and slower in others: 2 of 3 tests slower, by 13 % to 50 % "
		  "(95 % "
		  "intervals); 1 faster, by 50 % to 100 % (95 % interval)" },
		{ { { VERDICT_FASTER, 1.5, 2 }, { VERDICT_FASTER, 1.25, 1.5 } },
		  2,
		  "gms v2 is faster than v1: both tests faster, by 25 % to 100 % (95 % intervals); none slower" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		headline_is(of_outcomes(cases[i].outcomes, cases[i].n), cases[i].headline);
}

static void headline_tells_servers_apart(void **state)
{
	(void)state;
	static const char one[] = "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d";
	static const char two[] = "5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f80";
	static const struct {
		struct report_server from, to;
		const char *start;
	} cases[] = {
		{ { "from", "mysql", "8.0" }, { "to", "dolt", "8.0" }, "dolt 8.0 was not compared with mysql 8.0:" },
		{ { "from", "gms", one }, { "to", "gms", two }, "gms 5d6e7f8 was not compared with 1a2b3c4:" },
		{ { "from", "gms", "1a2b3c4d5e", one },
		  { "to", "gms", "main", two },
		  "gms main was not compared with 1a2b3c4:" },
		{ { "from", "gms", "main", one },
		  { "to", "gms", "main", two },
		  "gms main at 5d6e7f8 was not compared with main at 1a2b3c4:" },
		{ { "from", "gms", "v1", one },
		  { "to", "gms", "v1", one, .profile_sha256 = two },
		  "gms v1 with profile was not compared with v1 without profile:" },
		{ { "from", "gms", "v1", one, .profile_sha256 = one },
		  { "to", "gms", "v1", one, .profile_sha256 = two },
		  "gms v1 with profile 5d6e7f8 was not compared with v1 with profile 1a2b3c4:" },
		{ { "from", "gms", "v1", one },
		  { "to", "gms", "v1", one },
		  "gms v1 (to) was not compared with v1 (from):" },
		{ { "from", "gms" }, { "to", "gms" }, "gms (to) was not compared with gms (from):" },
		{ { "from", "gms", .reported_version = "gms 3" },
		  { "to", "gms", "v1" },
		  "gms v1 was not compared with gms 3:" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(4096);
		struct report r = { .from = cases[i].from, .to = cases[i].to };
		check_ok(report_headline(&r, &out, err));
		if (!str_starts(out.data, cases[i].start))
			fail_msg("case %zu: \"%s\" does not start with \"%s\"", i, out.data, cases[i].start);
	}
}

static const struct {
	const char *name;
	const struct report *(*make)(void);
} samples[] = {
	{ "slower", sample_slower }, { "hostile", sample_hostile }, { "empty", sample_empty },
	{ "failed", sample_failed }, { "pgo", sample_pgo },         { "many", sample_many },
	{ "tpcc", sample_tpcc },     { "rate", sample_rate },       { "machine", sample_machine },
	{ "noise", sample_noise },   { "why", sample_why },         { "validation", sample_validation },
};

static void text_golden(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		const struct report *(*make)(void);
		int width;
		bool color;
	} cases[] = {
		{ "slower.100.txt", sample_slower, 100, false },
		{ "slower.80.txt", sample_slower, 80, false },
		{ "slower.40.txt", sample_slower, 40, false },
		{ "slower.color.txt", sample_slower, 100, true },
		{ "failed.txt", sample_failed, 0, true },
		{ "many.txt", sample_many, 120, false },
		{ "hostile.txt", sample_hostile, 80, false },
		{ "empty.txt", sample_empty, 80, false },
		{ "pgo.txt", sample_pgo, 80, false },
		{ "tpcc.txt", sample_tpcc, 100, false },
		{ "tpcc.60.txt", sample_tpcc, 60, false },
		{ "rate.txt", sample_rate, 110, false },
		{ "rate.60.txt", sample_rate, 60, false },
		{ "machine.txt", sample_machine, 100, false },
		{ "noise.txt", sample_noise, 100, false },
		{ "why.txt", sample_why, 100, false },
		{ "validation.txt", sample_validation, 110, false },
		{ "validation.60.txt", sample_validation, 60, false },
		{ "validation.color.txt", sample_validation, 80, true },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(REPORT_MAX_BYTES);
		check_ok(report_text(cases[i].make(), cases[i].width, cases[i].color, &out, err));
		golden(cases[i].name, &out);
	}
}

/* A sample whose tests had so many starts that the luck of one was measured in all but the first. */
static const struct report *few_starts(size_t others)
{
	static struct report_test tests[3];
	static struct report r;
	r = *sample_noise();
	for (size_t i = 0; i < 3; i++) {
		tests[i] = r.tests[i];
		struct estimate *e = &tests[i].comparison.metrics[METRIC_THROUGHPUT];
		e->starts = i ? others : 1;
		e->within_sd = 0.06;
		e->start_sd = e->starts < STATISTICS_STARTS_MIN ? 0.1 : 0.0625;
	}
	r.tests = tests;
	return &r;
}

static void few_starts_rest_on_an_assumption(void **state)
{
	(void)state;
	static const struct {
		size_t others;
		const char *says, *json;
	} cases[] = {
		{ 2,
		  "the intervals rest on an assumption: with fewer than 3 starts of the servers, the luck of a start "
		  "is "
		  "not seen, and is taken to be 8 % (standard deviation); --starts=3 or more measures it",
		  "\"assuming_tests\":\t3" },
		{ 5, "the interval of 1 of 3 tests rests on an assumption", "\"assuming_tests\":\t1" },
		{ 5,
		  "ratios differed by 6.2 % (standard deviation) between starts of the servers, as 5 starts of the "
		  "servers tell",
		  "\"starts\":\t5" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strbuf)
		struct strbuf text = STRBUF_INIT(REPORT_MAX_BYTES), json = STRBUF_INIT(REPORT_MAX_BYTES);
		check_ok(report_text(few_starts(cases[i].others), 1000, false, &text, err));
		check_contains(text.data, cases[i].says);
		check_ok(report_json(few_starts(cases[i].others), &json, err));
		check_contains(json.data, cases[i].json);
	}
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(REPORT_MAX_BYTES);
	check_ok(report_text(sample_noise(), 1000, false, &text, err)); /* ten starts */
	if (strstr(text.data, "assumption"))
		fail_msg("%s", text.data);
}

/* No line of the table, legend or prose is wider than asked, whatever the width. */
static void text_fits(void **state)
{
	(void)state;
	for (int width = 30; width <= 200; width += 7) {
		CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(REPORT_MAX_BYTES);
		check_ok(report_text(sample_many(), width, false, &out, err));
		check_ok(report_text(sample_tpcc(), width, false, &out, err));
		check_ok(report_text(sample_why(), width, false, &out, err));
		check_ok(report_text(sample_validation(), width, false, &out, err));
		for (char *save, *line = strtok_r(out.data, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
			if (report_columns(line) > (size_t)width)
				fail_msg("width %d: %s", width, line);
	}
}

static void text_has_no_control_characters(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(REPORT_MAX_BYTES);
	check_ok(report_text(sample_hostile(), 80, false, &out, err));
	assert_true(str_is_utf8(out.data, out.len));
	for (size_t i = 0; i < out.len; i++)
		if ((unsigned char)out.data[i] < ' ' && out.data[i] != '\n')
			fail_msg("control character %d in %s", out.data[i], out.data);
}

static void markdown_golden(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		char name[64];
		CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(REPORT_MAX_BYTES);
		check_ok(report_markdown(samples[i].make(), &out, err));
		snprintf(name, sizeof name, "%s.md", samples[i].name);
		golden(name, &out);
	}
}

static void json_golden(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		char name[64];
		CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(REPORT_MAX_BYTES);
		check_ok(report_json(samples[i].make(), &out, err));
		cJSON *parsed = cJSON_Parse(out.data);
		if (!parsed)
			fail_msg("not JSON: %s", out.data);
		cJSON_Delete(parsed);
		snprintf(name, sizeof name, "%s.json", samples[i].name);
		if (strcmp(samples[i].name, "many") != 0)
			golden(name, &out);
	}
}

static void outputs_say_when_they_do_not_fit(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(300);
	check_fails(report_text(sample_slower(), 80, true, &out, err), ERROR_INTERNAL, "limit of 300 bytes");
	strbuf_reset(&out);
	check_fails(report_markdown(sample_slower(), &out, err), ERROR_INTERNAL, "limit of 300 bytes");
	strbuf_reset(&out);
	check_fails(report_json(sample_slower(), &out, err), ERROR_INTERNAL, "limit of 300 bytes");
}

static void numbers(void **state)
{
	(void)state;
	static const struct {
		void (*add)(struct strbuf *, const struct report_style *, double);
		double value;
		const char *expected;
	} cases[] = {
		{ report_add_ratio, 0.83812, "0.838" },   { report_add_ratio, 9.9996, "10.0" },
		{ report_add_ratio, 123.4, "123" },       { report_add_ratio, 0, "0.000" },
		{ report_add_ratio, NAN, "–" },           { report_add_ratio, INFINITY, "–" },
		{ report_add_percent, 0.1619, "16 %" },   { report_add_percent, 0.0162, "1.6 %" },
		{ report_add_percent, 0.05, "5 %" },      { report_add_percent, 0.0004, "0.04 %" },
		{ report_add_percent, 0.09996, "10 %" },  { report_add_change, 0.8381, "−16 %" },
		{ report_add_change, 1.0123, "+1.2 %" },  { report_add_change, 1, "0.0 %" },
		{ report_add_change, INFINITY, "–" },     { report_add_change, 0.99999, "0.00 %" },
		{ report_add_change, 1.00001, "0.00 %" }, { report_add_change, 12, "×12.0" },
		{ report_add_rate, 123456.7, "123457" },  { report_add_rate, 1234.56, "1235" },
		{ report_add_rate, 12.3456, "12.35" },    { report_add_rate, 0.123456, "0.123" },
		{ report_add_rate, 0, "0.000" },          { report_add_rate, 1e300, "–" },
		{ report_add_ms, 0.012345, "0.0123" },    { report_add_ms, 1.2345, "1.23" },
		{ report_add_ms, 123456, "123456" },      { report_add_ms, 9.9999, "10.0" },
		{ report_add_seconds, 40, "40 s" },       { report_add_seconds, 1.25, "1.2 s" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(64);
		cases[i].add(&out, &report_plain, cases[i].value);
		if (strcmp(out.data, cases[i].expected) != 0)
			fail_msg("case %zu: \"%s\", expected \"%s\"", i, out.data, cases[i].expected);
	}
	static const struct {
		double low, high;
		const char *expected;
	} intervals[] = {
		{ 0.8, 1.1, "0.800 to 1.100" },
		{ 1.2, INFINITY, "≥ 1.200" },
		{ 0, 0.75, "≤ 0.750" },
		{ 0, INFINITY, "–" },
		{ NAN, 1, "–" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(intervals); i++) {
		CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(64);
		report_add_interval(&out, &report_plain, intervals[i].low, intervals[i].high);
		check_str(out.data, intervals[i].expected);
	}
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(64);
	report_add_rate(&out, &report_fine, 1234567);
	check_str(out.data, "1\u202f234\u202f567");
}

static void foreign_text(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t columns;
		const char *expected;
	} cases[] = {
		{ "abc", 3, "abc" },
		{ "abcd", 3, "ab…" },
		{ "äöü", 2, "ä…" },
		{ "ab", 1, "…" },
		{ "ab", 0, "" },
		{ "", 5, "" },
		{ NULL, 5, "" },
		{ "a\tb\nc", 9, "a b c" },
		{ "\033[31m", 9, "\uFFFD[31m" },
		{ "\x7f\xc2\x85", 9, "\uFFFD\uFFFD" },
		{ "\xff\xc3", 9, "\uFFFD\uFFFD" },
		{ "\xe2\x80\xae"
		  "x",
		  9, "\uFFFDx" },
		{ "\xef\xbf\xbe", 9, "\uFFFD" },
		{ "😀", 9, "😀" },
		{ "\xe2\x82", 9, "\uFFFD\uFFFD" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(64);
		report_add_cut(&out, cases[i].text, cases[i].columns);
		if (strcmp(out.data, cases[i].expected) != 0)
			fail_msg("case %zu: \"%s\", expected \"%s\"", i, out.data, cases[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headline_says_what_came_out),
		cmocka_unit_test(headline_tells_servers_apart),
		cmocka_unit_test(few_starts_rest_on_an_assumption),
		cmocka_unit_test(text_golden),
		cmocka_unit_test(text_fits),
		cmocka_unit_test(text_has_no_control_characters),
		cmocka_unit_test(markdown_golden),
		cmocka_unit_test(json_golden),
		cmocka_unit_test(outputs_say_when_they_do_not_fit),
		cmocka_unit_test(numbers),
		cmocka_unit_test(foreign_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
