#include "base/str.h"
#include "check.h"
#include "net/xml.h"

static void values(void **state)
{
	(void)state;
	static const struct {
		const char *xml, *code, *message;
	} cases[] = {
		{ "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>SlowDown</Code><Message> "
		  "wait\n</Message></Error>",
		  "SlowDown", "wait" },
		{ "<s:Error xmlns:s=\"urn:x\"><s:Code>A&amp;B &lt;x&gt;</s:Code></s:Error>", "A&B <x>", NULL },
		{ "<Error><Deep><Code>no</Code></Deep><Code>one</Code><Code>two</Code></Error>", "one", NULL },
		{ "<Error><Code/><Message>m<i>x</i></Message></Error>", "", "" },
		{ "<Other><Code>x</Code></Other>", NULL, NULL },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct xml_value v[] = { { .path = "Error/Code" }, { .path = "Error/Message" } };
		check_ok(xml_extract(cases[i].xml, strlen(cases[i].xml), v, ARRAY_SIZE(v), err));
		assert_true(str_eq(v[0].text, cases[i].code));
		assert_true(str_eq(v[1].text, cases[i].message));
		xml_values_release(v, ARRAY_SIZE(v));
		assert_null(v[0].text);
	}
}

static void lists(void **state)
{
	(void)state;
	static const char xml[] =
		"<l:R xmlns:l=\"urn:x\"><l:C><l:K> a&amp;b </l:K></l:C><K>no</K><l:C><l:K>c</l:K><l:K/></l:C></l:R>";
	CLEANUP(strlist) struct strlist list = STRLIST_INIT;
	check_ok(xml_list(xml, strlen(xml), "R/C/K", &list, err));
	assert_int_equal(list.len, 3);
	check_str(list.items[0], "a&b");
	check_str(list.items[1], "c");
	check_str(list.items[2], "");
	check_ok(xml_list("<R/>", 4, "R/C/K", &list, err));
	assert_int_equal(list.len, 3);
	check_fails(xml_list("<R>", 3, "R/C/K", &list, err), ERROR_PUBLISH, "not usable XML");
}

static void refused(const char *xml, size_t len, const char *why)
{
	struct xml_value v = { .path = "a" };
	check_fails(xml_extract(xml, len, &v, 1, err), ERROR_PUBLISH, why);
	assert_null(v.text);
}

static void hostile(void **state)
{
	(void)state;
	static const char *const broken[] = { "", "x", "<a>", "<a></b>", "<a/><b/>", "<a>&unknown;</a>", "{}" };
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++)
		refused(broken[i], strlen(broken[i]), "not usable XML");
	static const char bomb[] = "<!DOCTYPE a [<!ENTITY x \"xxxxxxxx\"><!ENTITY y \"&x;&x;&x;\">]><a>&y;</a>";
	refused(bomb, strlen(bomb), "document type");
	refused("<a>\0</a>", 8, "not usable XML");
	CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	for (int i = 0; i < 17; i++)
		strbuf_adds(&b, "<a>");
	refused(b.data, b.len, "too deep");
	strbuf_reset(&b);
	strbuf_adds(&b, "<a>");
	for (int i = 0; i < 20000; i++)
		strbuf_addc(&b, 'x');
	strbuf_adds(&b, "</a>");
	refused(b.data, b.len, "too long");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(lists),
		cmocka_unit_test(hostile),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
