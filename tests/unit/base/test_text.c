#include "base/text.h"
#include "check.h"

#include <stdint.h>

#define LIMIT 4096
#define BAD "\xEF\xBF\xBD"

static void forms(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t len;
		const char *line, *xml, *json;
	} cases[] = {
		{ "", 0, "", "", "\"\"" },
		{ "a.(*B[int]).c", 13, "a.(*B[int]).c", "a.(*B[int]).c", "\"a.(*B[int]).c\"" },
		{ "<a b=\"'&\">\\", 11, "<a b=\"'&\">\\", "&lt;a b=&quot;&#39;&amp;&quot;&gt;\\",
		  "\"<a b=\\\"'&\\\">\\\\\"" },
		{ "a\tb\nc\r", 6, "a b c" BAD, "a b c" BAD, "\"a\\tb\\nc" BAD "\"" },
		{ "nul\0esc\x1b[31m", 12, "nul" BAD "esc" BAD "[31m", "nul" BAD "esc" BAD "[31m",
		  "\"nul" BAD "esc" BAD "[31m\"" },
		{ "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9, "ä€😀", "ä€😀", "\"ä€😀\"" },
		{ "\xc3", 1, BAD, BAD, "\"" BAD "\"" },                           /* cut at the end */
		{ "\xe2\x82x", 3, BAD BAD "x", BAD BAD "x", "\"" BAD BAD "x\"" }, /* cut in the middle */
		{ "\xc0\x80\xed\xa0\x80", 5, BAD BAD BAD BAD BAD, BAD BAD BAD BAD BAD,
		  "\"" BAD BAD BAD BAD BAD "\"" }, /* overlong, surrogate */
		{ "\xe2\x80\xae\xc2\x85\xef\xbf\xbf\xe2\x80\xa8", 11, BAD BAD BAD BAD, BAD BAD BAD BAD,
		  "\"" BAD BAD BAD BAD "\"" }, /* U+202E, U+0085, U+FFFF, U+2028 */
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strbuf)
		struct strbuf line = STRBUF_INIT(LIMIT), xml = STRBUF_INIT(LIMIT), json = STRBUF_INIT(LIMIT);
		text_add_line(&line, cases[i].bytes, cases[i].len, SIZE_MAX);
		text_add_xml(&xml, cases[i].bytes, cases[i].len, SIZE_MAX);
		text_add_json(&json, cases[i].bytes, cases[i].len);
		check_str(line.data, cases[i].line);
		check_str(xml.data, cases[i].xml);
		check_str(json.data, cases[i].json);
	}
}

static void cuts(void **state)
{
	(void)state;
	static const struct {
		size_t columns;
		const char *line, *xml;
	} cases[] = { { 0, "", "" },
		      { 1, "…", "…" },
		      { 3, "<ä…", "&lt;ä…" },
		      { 4, "<ä>b", "&lt;ä&gt;b" },
		      { 5, "<ä>b", "&lt;ä&gt;b" } };
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strbuf) struct strbuf line = STRBUF_INIT(LIMIT), xml = STRBUF_INIT(LIMIT);
		text_add_line(&line, "<ä>b", 5, cases[i].columns);
		text_add_xml(&xml, "<ä>b", 5, cases[i].columns);
		check_str(line.data, cases[i].line);
		check_str(xml.data, cases[i].xml);
	}
}

/* Cutting leaves what stood there before. */
static void appends(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(LIMIT);
	strbuf_adds(&b, "x: ");
	text_add_line(&b, "abc", 3, 2);
	check_str(b.data, "x: a…");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms),
		cmocka_unit_test(cuts),
		cmocka_unit_test(appends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
