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
		struct history_run run = { .id = id,
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
					   .to = { .engine = hostile,
						   .version = hostile,
						   .commit = i ? commits[i] : NULL,
						   .committed_unix = i == 3 ? 1767225600 : 0 },
					   .tests = &tests[i],
					   .tests_len = 1 };
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
	assert_true(r->to.committed_unix == 1767225600 && r->from.committed_unix == 0);
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
	CLEANUP(history) struct history h = { 0 };
	add_runs(&runs, "x");
	series_of(&runs, &h);
	const struct history_noise *n = history_noise(&h, &runs.items[0], &runs.items[0].tests[0]);
	assert_non_null(n);
	assert_int_equal(n->runs, BUILDS);
	assert_true(fabs(n->half_width - 0.0625) < 0.001 && n->largest >= n->half_width && n->largest < 0.064);
	/* Builds are 0.01 from their level, and eleven such distances are free. */
	assert_true(n->same == 0 && n->scattered == BUILDS);
	assert_true(fabs(n->spread - 1.4826 * 0.01 * sqrt(12.0 / 11)) < 0.0003);
	/* Their intervals say more: a half-width of 0.0625 is a standard error of 0.032. */
	assert_true(fabs(n->visible - (1.96 + 0.84) * 0.0625 / 1.96) < 0.002);
	struct history_run other = runs.items[0];
	other.machine.cpus = 3;
	assert_null(history_noise(&h, &other, &other.tests[0]));
}

/* A comparison of a build with itself says what noise is, whatever build it was; four such say nothing yet. */
static void a_build_with_itself_shows_the_noise(void **state)
{
	(void)state;
	for (int count = 4; count <= 40; count += 9) {
		CLEANUP(history_runs) struct history_runs runs = { 0 };
		CLEANUP(history) struct history h = { 0 };
		for (int i = 0; i < count; i++) {
			char id[32], commit[48];
			double ratio = i % 2 ? exp(0.02) : exp(-0.02);
			snprintf(id, sizeof id, "run-%02d", i);
			snprintf(commit, sizeof commit, "%040d", i);
			struct history_test test = { .name = "t",
						     .ratio = { ratio, NAN, NAN, NAN, NAN },
						     .low = { ratio * 0.99, NAN, NAN, NAN, NAN },
						     .high = { ratio * 1.01, NAN, NAN, NAN, NAN } };
			struct history_run run = { .id = id,
						   .method = HISTORY_METHOD,
						   .from = { .engine = "gms", .commit = commit },
						   .to = { .engine = "gms", .commit = commit },
						   .tests = &test,
						   .tests_len = 1 };
			CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(HISTORY_RUN_MAX_BYTES);
			check_ok(history_write(&run, &text, err));
			check_ok(history_parse(text.data, text.len, &runs, err));
		}
		series_of(&runs, &h);
		assert_true(h.len == 0 && h.same == (size_t)count && h.noises_len == 1);
		const struct history_noise *n = &h.noises[0];
		assert_true(n->same == (size_t)count && n->scattered == n->same);
		if (count < HISTORY_NOISE_MIN) {
			assert_true(isnan(n->spread) && isnan(n->visible));
			continue;
		}
		assert_true(fabs(n->spread - 1.4826 * 0.02) < 0.0001);
		/* The fewer figures, the less the spread is known. */
		assert_true(n->visible > (1.96 + 0.84) * n->spread && n->visible < (count < 20 ? 7 : 3.5) * n->spread);
	}
}

/* Measured newest first; with a commit whose time is not known, that is the order. */
static void points_are_in_the_order_of_commits(void **state)
{
	(void)state;
	for (int known = 0; known < 2; known++) {
		CLEANUP(history_runs) struct history_runs runs = { 0 };
		CLEANUP(history) struct history h = { 0 };
		add_runs(&runs, "x");
		for (size_t i = 0; i < runs.len; i++)
			runs.items[i].to.committed_unix = known || i ? 1000 - (int64_t)i : 0;
		series_of(&runs, &h);
		assert_int_equal(h.len, 1);
		const struct history_series *s = &h.series[0];
		assert_true(s->by_commit == (known == 1));
		for (size_t i = 0; i < s->len; i++)
			assert_ptr_equal(s->points[i].run, &runs.items[known ? s->len - 1 - i : i]);
		assert_true(history_point_unix(s, 0) == (known ? 1000 - BUILDS + 1 : 1788220800));
	}
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(a_run_comes_back_as_it_was),
		cmocka_unit_test(every_form_holds_hostile_names),
		cmocka_unit_test(past_noise_is_of_the_same_kind_alone),
		cmocka_unit_test(a_build_with_itself_shows_the_noise),
		cmocka_unit_test(points_are_in_the_order_of_commits),
	};
	return cmocka_run_group_tests(all, NULL, NULL);
}
