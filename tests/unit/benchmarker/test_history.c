/* A history's runs as text and back, as series, and in every form, also with what no one should name a build. */
#include "base/cleanup.h"
#include "benchmarker/history_report.h"
#include "check.h"

#include <expat.h>
#include <math.h>

#define MAX ((size_t)8 << 20)
#define BUILDS 12

static char commits[BUILDS + 1][48];
static struct history_test tests[BUILDS];

/* Runs of one test against commit 0; the text stands where names do. */
static void add_runs(struct history_runs *runs, const char *hostile)
{
	for (int i = 0; i < BUILDS; i++) {
		char id[32];
		double ratio = i % 2 ? 1.01 : 0.99;
		snprintf(commits[i], sizeof commits[i], "%040d", i);
		snprintf(commits[BUILDS], sizeof commits[BUILDS], "base");
		snprintf(id, sizeof id, "run-%02d", i);
		tests[i] = (struct history_test){ .name = hostile,
						  .params = hostile,
						  .verdict = "same",
						  .threads = 2,
						  .from_per_second = 100,
						  .to_per_second = NAN,
						  .from_p95_ms = 1.5,
						  .to_p95_ms = 1.25,
						  .ratio = { ratio, 1 / ratio, NAN, NAN, NAN },
						  .low = { ratio - 0.0625, NAN, NAN, NAN, NAN },
						  .high = { ratio + 0.0625, NAN, NAN, NAN, NAN } };
		struct history_run run = {
			.id = id,
			.command = "compare",
			.status = "done",
			.dbdyno_version = "0.1.0",
			.pairing = hostile,
			.pinning = hostile,
			.method = HISTORY_METHOD,
			.load = hostile,
			.started_unix = 1788220800 + i * 86400,
			.machine = { hostile, "linux", "amd64", hostile, 2, 8e9 },
			.from = { .engine = "gms", .commit = commits[BUILDS] },
			.to = { .engine = hostile, .version = hostile, .commit = i ? commits[i] : NULL },
			.tests = &tests[i],
			.tests_len = 1
		};
		CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(HISTORY_RUN_MAX_BYTES);
		check_ok(history_write(&run, &text, err));
		check_ok(history_parse(text.data, text.len, runs, err));
	}
}

static void a_run_comes_back_as_it_was(void **state)
{
	(void)state;
	CLEANUP(history_runs) struct history_runs runs = { 0 };
	add_runs(&runs, "a \"quoted\"\nname");
	assert_int_equal(runs.len, BUILDS);
	const struct history_run *r = &runs.items[3];
	check_str(r->id, "run-03");
	check_str(r->machine.kernel, "a \"quoted\"\nname");
	check_str(r->to.commit, commits[3]);
	assert_null(r->to.binary_sha256);
	assert_int_equal(r->started_unix, 1788220800 + 3 * 86400);
	assert_int_equal(r->tests_len, 1);
	assert_true(r->tests[0].ratio[0] == 1.01 && r->tests[0].low[0] == 1.01 - 0.0625 && isnan(r->tests[0].low[1]));
	assert_true(isnan(r->tests[0].to_per_second) && r->tests[0].threads == 2);
	assert_true(r->tests[0].metric == METRIC_THROUGHPUT);
}

static void series_of(struct history_runs *runs, struct history *h)
{
	const struct history_filter all = { NULL, NULL };
	check_ok(history_make(runs, &all, h, err));
}

static void every_form_holds_hostile_names(void **state)
{
	(void)state;
	static const char *const names[] = { "plain", "<script>&\"'", "\xe2\x80\xae]]>\x1b[31m", "", "ü😀" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		CLEANUP(history_runs) struct history_runs runs = { 0 };
		CLEANUP(history) struct history h = { 0 };
		CLEANUP(strlist) struct strlist problems = STRLIST_INIT;
		CLEANUP(strbuf) struct strbuf page = STRBUF_INIT(MAX), text = STRBUF_INIT(MAX), json = STRBUF_INIT(MAX);
		add_runs(&runs, names[i]);
		series_of(&runs, &h);
		assert_int_equal(h.len, 1);
		assert_int_equal(h.series[0].len, BUILDS);
		strlist_add(&problems, names[i]);
		const struct history_report r = { &h, names[i], &problems };
		check_ok(history_html(&r, &page, err));
		check_ok(history_text(&r, false, &text, err));
		check_ok(history_json(&r, &json, err));
		XML_Parser parser = XML_ParserCreate("UTF-8");
		if (XML_Parse(parser, page.data, (int)page.len, 1) != XML_STATUS_OK)
			fail_msg("%s: line %lu: %s", names[i], (unsigned long)XML_GetCurrentLineNumber(parser),
				 XML_ErrorString(XML_GetErrorCode(parser)));
		XML_ParserFree(parser);
		assert_null(strstr(page.data, "<script"));
		assert_null(strstr(page.data, "nan"));
		assert_null(strchr(text.data, '\x1b'));
	}
}

static void past_noise_is_of_the_same_kind_alone(void **state)
{
	(void)state;
	CLEANUP(history_runs) struct history_runs runs = { 0 };
	add_runs(&runs, "x");
	struct history_noise n = history_noise(&runs, &runs.items[0], &runs.items[0].tests[0]);
	assert_int_equal(n.runs, BUILDS - 1); /* without itself */
	assert_true(fabs(n.half_width - 0.0625) < 0.001 && n.largest >= n.half_width && n.largest < 0.064);
	struct history_run other = runs.items[0];
	other.machine.cpus = 3;
	assert_int_equal(history_noise(&runs, &other, &other.tests[0]).runs, 0);
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(a_run_comes_back_as_it_was),
		cmocka_unit_test(every_form_holds_hostile_names),
		cmocka_unit_test(past_noise_is_of_the_same_kind_alone),
	};
	return cmocka_run_group_tests(all, NULL, NULL);
}
