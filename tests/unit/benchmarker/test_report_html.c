/* The HTML report: well-formed, complete, closed to what comes from outside. */
#include "benchmarker/report.h"
#include "check.h"
#include "report_samples.h"

#include <expat.h>

static const struct {
	const char *name;
	const struct report *(*make)(void);
} samples[] = {
	{ "slower", sample_slower }, { "hostile", sample_hostile }, { "empty", sample_empty },
	{ "failed", sample_failed }, { "pgo", sample_pgo },         { "many", sample_many },
	{ "tpcc", sample_tpcc },     { "rate", sample_rate },       { "machine", sample_machine },
	{ "noise", sample_noise },   { "why", sample_why },         { "validation", sample_validation },
};

/* What a parser saw of a page. */
struct seen {
	int rows, h1, scripts, links_away;
	char foreign[64]; /* an element or attribute that no report has */
};

static bool is_one_of(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (strcmp(name, *names) == 0)
			return true;
	return false;
}

static void on_element(void *data, const char *name, const char **attributes)
{
	static const char *const elements[] = {
		"html",  "head", "meta", "title",    "style",  "body",    "main",  "header", "h1", "h2",  "h3",
		"span",  "p",    "time", "a",        "strong", "section", "ul",    "li",     "b",  "svg", "path",
		"line",  "rect", "text", "polyline", "div",    "table",   "thead", "tbody",  "tr", "th",  "td",
		"small", "dl",   "dt",   "dd",       "pre",    "code",    "wbr",   NULL,
	};
	struct seen *seen = data;
	if (!is_one_of(name, elements))
		snprintf(seen->foreign, sizeof seen->foreign, "<%s>", name);
	seen->rows += strcmp(name, "tr") == 0;
	seen->h1 += strcmp(name, "h1") == 0;
	for (; *attributes; attributes += 2) {
		if (str_starts(attributes[0], "on") || strcmp(attributes[0], "style") == 0 ||
		    strcmp(attributes[0], "src") == 0)
			snprintf(seen->foreign, sizeof seen->foreign, "attribute %s", attributes[0]);
		if (strcmp(attributes[0], "href") == 0)
			seen->links_away += strchr(attributes[1], ':') != NULL || *attributes[1] == '/';
	}
}

static struct seen parse(const char *name, const struct strbuf *page)
{
	struct seen seen = { 0 };
	XML_Parser parser = XML_ParserCreate("UTF-8");
	assert_non_null(parser);
	XML_SetUserData(parser, &seen);
	XML_SetStartElementHandler(parser, on_element);
	enum XML_Status status = XML_Parse(parser, page->data, (int)page->len, 1);
	unsigned long line = XML_GetCurrentLineNumber(parser);
	const char *error = XML_ErrorString(XML_GetErrorCode(parser));
	XML_ParserFree(parser);
	if (status != XML_STATUS_OK)
		fail_msg("%s: line %lu: %s", name, line, error);
	return seen;
}

static void every_page_is_well_formed_and_closed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		CLEANUP(strbuf) struct strbuf page = STRBUF_INIT(REPORT_MAX_BYTES);
		check_ok(report_html(samples[i].make(), &page, err));
		struct seen seen = parse(samples[i].name, &page);
		if (*seen.foreign || seen.h1 != 1 || seen.links_away)
			fail_msg("%s: %s, %d h1, %d links away", samples[i].name, seen.foreign, seen.h1,
				 seen.links_away);
		assert_null(strstr(page.data, "://")); /* nothing to load, nothing to follow */
		assert_null(strstr(page.data, "url("));
		assert_null(strstr(page.data, "nan"));
		assert_null(strstr(page.data, "inf%"));
		check_contains(page.data, "default-src 'none'");
	}
}

static void page_opens_with_the_answer(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf page = STRBUF_INIT(REPORT_MAX_BYTES);
	check_ok(report_html(sample_slower(), &page, err));
	check_contains(page.data,
		       "<main>\n<header class=\"slower\">\n<h1><span class=\"claim\">gms 5d6e7f8 is slower than "
		       "1a2b3c4:</span> <span class=\"evidence\">3 of 4 tests slower, by 12\u202f% to 20\u202f%");
}

static void page_holds_every_part(void **state)
{
	(void)state;
	static const char *const parts[] = {
		">oltp_<wbr/>point_<wbr/>select</span>",
		"<title>ratio 0.838, 95\u202f% interval 0.806 to 0.869: slower</title>",
		"</span></td><td class=\"n\">3125</td><td class=\"n\">2637</td>",
		"<title>48 pairs in time order",
		"<b>oltp_update_index</b> is undecided: the 95 % interval holds 1",
		"5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f80",
		"60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
		"<dt>pairing</dt><dd>interleaved</dd>",
		"<dt>seed</dt><dd>18446744073709551557</dd>",
		"--sysbench-test-time=20</code>",
		"<th scope=\"col\">f_p95</th>",
		"<td>a &quot;quoted&quot;, name</td><td class=\"n\">0.56</td><td></td></tr>",
		"no such table: form_results",
		"<a href=\"profiles/merged.pprof\">profiles/merged.pprof</a>",
		"<a class=\"warn\" href=\"#notes\">1 warning</a>",
	};
	CLEANUP(strbuf) struct strbuf page = STRBUF_INIT(REPORT_MAX_BYTES);
	check_ok(report_html(sample_slower(), &page, err));
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		check_contains(page.data, parts[i]);
	const char *warning = strstr(page.data, "steal time"), *info = strstr(page.data, "build cache");
	assert_true(warning && info && warning < info);
}

static void page_shows_transactions(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf page = STRBUF_INIT(REPORT_MAX_BYTES);
	check_ok(report_html(sample_tpcc(), &page, err));
	check_contains(page.data, "<p>new-order transactions per minute: 5760 → 6480</p>");
	check_contains(
		page.data,
		"<th rowspan=\"2\" scope=\"rowgroup\">new-order</th><th scope=\"row\" class=\"server\">from</th>");
	check_contains(page.data, "not an audited TPC-C result");
}

static void page_shows_latencies(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf page = STRBUF_INIT(REPORT_MAX_BYTES);
	check_ok(report_html(sample_rate(), &page, err));
	check_contains(page.data, "<h2>Change of mean latency</h2>");
	check_contains(page.data, "class=\"faster\">← faster</text>");
	check_contains(page.data, "class=\"slower\">slower →</text>");
	check_contains(page.data, "<title>ratio 1.250, 95\u202f% interval 1.188 to 1.312: slower</title>");
	check_contains(page.data,
		       "<td class=\"n\">4.00<small>3.75 to 4.25</small></td><td class=\"n\">10.0<small></small>");
	check_contains(page.data, "<td class=\"n\">–<small></small></td>"); /* too few events */
	check_contains(page.data,
		       "<b>oltp_read_write</b>, to: achieved 812.5 of 1000 events/s: its latencies are those of "
		       "an overloaded system");
	check_contains(page.data, "<b>oltp_point_select</b>, from: 1 event took longer than the time-out of 60\u202fs");
	assert_null(strstr(page.data, "from: achieved")); /* a twentieth late is no overload */
	strbuf_reset(&page);
	check_ok(report_html(sample_slower(), &page, err));
	assert_null(strstr(page.data, "<h2>Latency</h2>"));
	check_contains(page.data, "class=\"slower\">← slower</text>");
}

/* The thin line is wider than the thick one, which it goes through; an endless one ends at the axis. */
static void page_shows_both_intervals(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(REPORT_MAX_BYTES);
	check_ok(report_html(sample_noise(), &out, err));
	const char *row = out.data;
	for (int i = 0; i < 3; i++) {
		double thin[2], thick[2];
		char thin_class[16], thick_class[16];
		row = strstr(row, "<line class=\"family ");
		assert_non_null(row);
		assert_int_equal(sscanf(row,
					"<line class=\"family %15[a-z]\" x1=\"%lf%%\" x2=\"%lf%%\" y1=\"%*d\" "
					"y2=\"%*d\"/><line class=\"interval %15[a-z]\" x1=\"%lf%%\" x2=\"%lf%%\"",
					thin_class, &thin[0], &thin[1], thick_class, &thick[0], &thick[1]),
				 6);
		check_str(thin_class, thick_class);
		assert_true(thin[0] <= thick[0] && thin[1] >= thick[1]);
		assert_true(i == 2 ? thin[1] == 100 : thin[0] < thick[0]);
		row++;
	}
	check_contains(out.data, "would have been found 9 times in 10");
	check_contains(out.data, "geometric mean of the throughput ratios is 0.938");
}

static void unfinished_runs_say_so(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf page = STRBUF_INIT(REPORT_MAX_BYTES);
	check_ok(report_html(sample_failed(), &page, err));
	check_contains(page.data, "<strong>This run is not complete: failed.</strong> server &quot;to&quot;");
	check_contains(page.data, "✕ failed");
	strbuf_reset(&page);
	check_ok(report_html(sample_pgo(), &page, err));
	check_contains(page.data, "<strong>This run is not complete: interrupted.</strong> stopped by SIGTERM");
}

static void forty_tests_make_forty_rows(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf page = STRBUF_INIT(REPORT_MAX_BYTES);
	check_ok(report_html(sample_many(), &page, err));
	struct seen seen = parse("many", &page);
	assert_in_range(seen.rows, MANY_TESTS, MANY_TESTS + 12);
}

static void page_says_when_it_does_not_fit(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf page = STRBUF_INIT(9000);
	check_fails(report_html(sample_slower(), &page, err), ERROR_INTERNAL, "limit of 9000 bytes");
}

static void page_shows_whose_profile_helps_whom(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf page = STRBUF_INIT(REPORT_MAX_BYTES);
	check_ok(report_html(sample_validation(), &page, err));
	check_contains(page.data, "<h2>Which test&#39;s profile helps which test</h2>");
	check_contains(page.data,
		       "<tr><th scope=\"row\"><a href=\"validate/oltp_point_select/report.html\">"
		       "oltp_<wbr/>point_<wbr/>select</a></th><td class=\"n\"><span class=\"verdict undecided\">");
	check_contains(page.data, "<td class=\"n own\"><span class=\"verdict faster\">"); /* its own profile */
	check_contains(page.data, "1.125</span><small>1.109 to 1.141</small><small>faster</small></td>");
	check_contains(page.data, "<td class=\"n\"><span class=\"verdict failed\">✕ failed</span></td>");
	check_contains(page.data, "<li>profile of oltp_insert on types_table_scan_postgres: failed: the server died: "
				  "signal 9</li>");
	check_contains(page.data, "<li>profile of types_table_scan_postgres: profile not fit: only 12 samples");
	check_contains(page.data, "<tr><th scope=\"row\">all tests</th>");
	check_contains(page.data, "≥\u202f1.234");
}

static void page_says_what_a_profile_costs(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf page = STRBUF_INIT(REPORT_MAX_BYTES);
	struct report r = *sample_validation();
	check_ok(report_html(&r, &page, err));
	check_contains(page.data, "<p class=\"decision\"><strong>ship</strong>: ");
	assert_null(strstr(page.data, "Cost: "));
	r.from.build_seconds = 12;
	r.to.build_seconds = 31;
	strbuf_reset(&page);
	check_ok(report_html(&r, &page, err));
	check_contains(page.data, ". Cost: build 12");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_page_is_well_formed_and_closed),
		cmocka_unit_test(page_opens_with_the_answer),
		cmocka_unit_test(page_holds_every_part),
		cmocka_unit_test(page_shows_transactions),
		cmocka_unit_test(page_shows_latencies),
		cmocka_unit_test(page_shows_both_intervals),
		cmocka_unit_test(unfinished_runs_say_so),
		cmocka_unit_test(forty_tests_make_forty_rows),
		cmocka_unit_test(page_says_when_it_does_not_fit),
		cmocka_unit_test(page_shows_whose_profile_helps_whom),
		cmocka_unit_test(page_says_what_a_profile_costs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
