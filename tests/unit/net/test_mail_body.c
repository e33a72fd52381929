/* What a mail says: its two forms, and files that become one. */
#include "check.h"
#include "net/mail_import.h"

static void check_text(const struct mail_body *b, const char *expected)
{
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(1 << 20);
	check_ok(mail_body_text(b, &out, err));
	check_str(out.data, expected);
}

static void both_forms(void **state)
{
	(void)state;
	CLEANUP(mail_body) struct mail_body b = MAIL_BODY_INIT;
	mail_body_add(&b, MAIL_HEADLINE, MAIL_TONE_BAD, "to is <slower>");
	mail_body_table(&b, true);
	mail_body_row(&b, MAIL_TONE_PLAIN, (const char *[]){ "test", "change", "verdict", NULL });
	mail_body_row(&b, MAIL_TONE_BAD, (const char *[]){ "oltp_read_only", "−16 %", "▼ slower", NULL });
	mail_body_row(&b, MAIL_TONE_PLAIN, (const char *[]){ "short", "+1.5 %", "● same", NULL });
	mail_body_add(&b, MAIL_HEADING, MAIL_TONE_PLAIN, "Why");
	mail_body_add(&b, MAIL_LINES, MAIL_TONE_SOFT, "a\n  b");
	mail_body_link(&b, "Report", "https://example.org/a?b=1&c=2");
	check_text(&b, "to is <slower>\n\n"
		       "test            change  verdict\n"
		       "oltp_read_only   −16 %  ▼ slower\n"
		       "short           +1.5 %  ● same\n\n"
		       "Why\n---\n\n"
		       "a\n  b\n\n"
		       "Report:\nhttps://example.org/a?b=1&c=2\n");
	CLEANUP(strbuf) struct strbuf html = STRBUF_INIT(1 << 20), fragment = STRBUF_INIT(1 << 20);
	check_ok(mail_body_html(&b, "a \"title\"", &html, err));
	check_ok(mail_body_html(&b, NULL, &fragment, err));
	check_contains(html.data, "<title>a &quot;title&quot;</title>");
	check_contains(html.data, ";color:#b34700\">to is &lt;slower&gt;</h1>");
	check_contains(html.data, "text-align:right;\">−16 %</td>");
	check_contains(html.data, "text-align:left;font-weight:600;color:#b34700;\">▼ slower</td>");
	check_contains(html.data, "href=\"https://example.org/a?b=1&amp;c=2\">Report</a>");
	check_contains(html.data, fragment.data);
	assert_true(str_starts(fragment.data, "<div "));
	assert_null(strstr(html.data, "<script"));
}

static void links_that_are_none(void **state)
{
	(void)state;
	static const char *const urls[] = { "javascript:alert(1)", "https://a\" onclick=\"x", "https://a b", "http",
					    NULL };
	for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
		CLEANUP(mail_body) struct mail_body b = MAIL_BODY_INIT;
		CLEANUP(strbuf) struct strbuf html = STRBUF_INIT(1 << 20);
		mail_body_link(&b, "Report", urls[i]);
		check_ok(mail_body_html(&b, NULL, &html, err));
		assert_null(strstr(html.data, "href"));
		check_text(&b, "Report\n");
	}
}

static void hostile_text(void **state)
{
	(void)state;
	CLEANUP(mail_body) struct mail_body b = MAIL_BODY_INIT;
	CLEANUP(strbuf) struct strbuf html = STRBUF_INIT(1 << 20);
	mail_body_table(&b, false);
	mail_body_row(&b, MAIL_TONE_PLAIN,
		      (const char *[]){ "<img src=x onerror=y>", "a\nb\x1b[2J", "\xff\xc3", "\xe2\x80\xae", "\xc2\x9b",
					NULL });
	check_ok(mail_body_html(&b, NULL, &html, err));
	check_contains(html.data, "&lt;img src=x onerror=y&gt;");
	assert_null(strchr(html.data, 0x1b));
	assert_true(str_is_utf8(html.data, html.len));
	check_text(&b,
		   "<img src=x onerror=y>  a b\xef\xbf\xbd[2J  \xef\xbf\xbd\xef\xbf\xbd  \xef\xbf\xbd  \xef\xbf\xbd\n");
}

static void many_rows(void **state)
{
	(void)state;
	CLEANUP(mail_body) struct mail_body b = MAIL_BODY_INIT;
	CLEANUP(strbuf) struct strbuf html = STRBUF_INIT(64 << 20), text = STRBUF_INIT(64 << 20);
	const char *cells[101] = { 0 };
	for (int i = 0; i < 100; i++)
		cells[i] = i % 2 ? "1" : "x";
	mail_body_table(&b, false);
	for (int i = 0; i < 2000; i++)
		mail_body_row(&b, MAIL_TONE_PLAIN, cells);
	check_ok(mail_body_html(&b, NULL, &html, err));
	check_ok(mail_body_text(&b, &text, err));
	assert_int_equal(text.len, 2000 * (100 + 2 * 99 + 1));
}

static void imports(void **state)
{
	(void)state;
	static const struct {
		const char *name, *text, *says;
	} cases[] = {
		{ "rows of sqlite3 -html",
		  "<TR><TD>a &lt;b&gt; &amp; &quot;c&quot; "
		  "&#39;d&#39;</TD>\n<TD>1.5</TD>\n</TR>\n<TR><TD>e</TD>\n<TD></TD>\n</TR>\n",
		  "a <b> & \"c\" 'd'  1.5\ne\n" },
		{ "a head row", "<TR><TH>name</TH>\n<TH>n</TH>\n</TR>\n<TR><TD>a</TD>\n<TD>10</TD>\n</TR>\n",
		  "name   n\na     10\n" },
		{ "sections",
		  "<h2>One</h2><table><tr><td>a</td></tr></table>\n<h2>Two</h2><table><tr><td>b</td></tr></table>",
		  "One\n---\n\na\n\nTwo\n---\n\nb\n" },
		{ "rows, a break, rows", "<TR><TD>a</TD></TR><br><TR><TD>b</TD></TR>", "a\nb\n" },
		{ "rows, text, rows", "<TR><TD>a</TD></TR><p>between</p><TR><TD>b</TD></TR>", "a\n\nbetween\n\nb\n" },
		{ "a page",
		  "<!DOCTYPE html><html><head><title>t</title><style>p { x: y }</style></head><body><p>one  "
		  "two\nthree<br>four</p>"
		  "<script>alert('</p>')</script><svg><text>no</text></svg><p>five</p></body></html>",
		  "one two three\nfour\n\nfive\n" },
		{ "attributes with a bracket", "<p title=\"a>b\" onclick='x>y'>text</p>", "text\n" },
		{ "no closing tags", "<table><tr><td>a<td>b<tr><td>c<td>d", "a  b\nc  d\n" },
		{ "a comparison", "<p>1 < 2 &lt; 3 & 4 &unknown; &#0; &#x2192; &#8594; &#xD800;</p>",
		  "1 < 2 < 3 & 4 &unknown; &#0; → → &#xD800;\n" },
		{ "an unclosed tag", "<p>a</p><script>b", "a\n" },
		{ "a comment", "<!-- <p>no</p> --><p>yes</p><!-- open", "yes\n" },
		{ "preformatted", "<pre>a\n  b</pre>", "a\n  b\n" },
		{ "nested blocks in a cell", "<table><tr><td><div>a</div><div>b</div></td></tr></table>", "a b\n" },
		{ "a block between cells", "<table><tr>x<div><td>a</td></tr><tr><td>b</td></tr></table>",
		  "x\n\na\nb\n" },
		{ "sqlite3 -markdown", "| name | n |\n|------|---|\n| a    | 1 |\n| b\\|c | 2 |\n",
		  "name  n\na     1\nb|c   2\n" },
		{ "two markdown tables", "| a |\n|---|\n| 1 |\n\n| b |\n|---|\n| 2 |\n", "a\n1\n\nb\n2\n" },
		{ "markdown text", "# Title\n\n**gms is slower:** `a_b` by 3 &lt; 5\nsecond line\n\n- **item**: x\n",
		  "Title\n-----\n\ngms is slower: a_b by 3 < 5\nsecond line\n\n- item: x\n" },
		{ "markdown with html", "| a |\n|---|\n| 1 |\n<details><summary>More</summary>\n\ntext\n</details>\n",
		  "a\n1\n\nMore\n\ntext\n" },
		{ "markdown without a rule", "| a | b |\n", "a  b\n" },
		{ "a star in a name", "| count(*) | a*b |\n|---|---|\n| 1 | 2 |\n", "count(*)  a*b\n       1    2\n" },
		{ "other text", "a: 1\nb:  2\n", "a: 1\nb:  2\n\n" },
		{ "nothing", " \n", "" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(mail_body) struct mail_body b = MAIL_BODY_INIT;
		CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(1 << 20);
		mail_import(&b, cases[i].text);
		check_ok(mail_body_text(&b, &out, err));
		if (strcmp(out.data, cases[i].says) != 0)
			fail_msg("%s: \"%s\"; expected \"%s\"", cases[i].name, out.data, cases[i].says);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_forms),   cmocka_unit_test(links_that_are_none),
		cmocka_unit_test(hostile_text), cmocka_unit_test(many_rows),
		cmocka_unit_test(imports),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
