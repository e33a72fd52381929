#include "base/str.h"
#include "check.h"

static void strbuf_bounds(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(8);
	check_str(b.data, "");
	assert_int_equal(strbuf_adds(&b, "12345678"), 0);
	assert_int_equal(strbuf_addc(&b, '9'), -1);
	assert_int_equal(strbuf_addf(&b, "%s", ""), -1); /* sticky */
	check_str(b.data, "12345678");
	check_fails(strbuf_check(&b, err), ERROR_INTERNAL, "limit of 8 bytes");
	strbuf_reset(&b);
	check_ok(strbuf_addf(&b, "%d-%s", 12, "ab"));
	check_ok(strbuf_check(&b, err));
	check_str(b.data, "12-ab");
	AUTO_FREE char *taken = strbuf_take(&b, NULL);
	check_str(taken, "12-ab");
	check_str(b.data, "");
}

static void release_accepts_zeroed(void **state)
{
	(void)state;
	struct strbuf b = { 0 };
	strbuf_release(&b);
	strbuf_reset(&b);
	struct strlist l = { 0 };
	strlist_release(&l);
	assert_null(strlist_array(&l)[0]);
}

static void strlist_is_argv(void **state)
{
	(void)state;
	CLEANUP(strlist) struct strlist l = STRLIST_INIT;
	for (int i = 0; i < 100; i++)
		strlist_addf(&l, "--n=%d", i);
	strlist_addn(&l, "cut here", 3);
	check_ok(strlist_check(&l, err));
	assert_int_equal(l.len, 101);
	check_str(strlist_array(&l)[99], "--n=99");
	check_str(l.items[100], "cut");
	assert_null(l.items[101]);
	assert_true(strlist_has(&l, "cut"));
	assert_false(strlist_has(&l, "cut "));
}

static void utf8(void **state)
{
	(void)state;
	static const struct {
		const char *s;
		bool valid;
	} cases[] = {
		{ "", true },
		{ "abc", true },
		{ "é…😀", true },
		{ "\xff", false },
		{ "\xc3", false },
		{ "\xc0\x80", false },
		{ "\xed\xa0\x80", false },
		{ "\xf4\x90\x80\x80", false },
		{ "\xe0\x80\x80", false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (str_is_utf8(cases[i].s, strlen(cases[i].s)) != cases[i].valid)
			fail_msg("case %zu: expected %d", i, cases[i].valid);
	assert_false(str_is_utf8("a\0b", 3));
}

static void numbers(void **state)
{
	(void)state;
	static const struct {
		const char *s;
		int result;
		long long value;
	} cases[] = {
		{ "0", 0, 0 },     { "-5", 0, -5 },
		{ "100", 0, 100 }, { "101", -1, 0 },
		{ "", -1, 0 },     { " 1", -1, 0 },
		{ "1 ", -1, 0 },   { "+1", -1, 0 },
		{ "0x10", -1, 0 }, { "99999999999999999999", -1, 0 },
		{ "-", -1, 0 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		long long v = 0;
		if (str_to_i64(cases[i].s, -10, 100, &v) != cases[i].result || v != cases[i].value)
			fail_msg("\"%s\" gave %lld", cases[i].s, v);
	}
	double d = 0;
	assert_int_equal(str_to_double("1.5e1", 0, 100, &d), 0);
	assert_true(d == 15);
	assert_int_equal(str_to_double("nan", -1, 1, &d), -1);
	assert_int_equal(str_to_double("inf", -1, 1, &d), -1);
	assert_int_equal(str_to_double("1,5", 0, 9, &d), -1);
}

static void distance(void **state)
{
	(void)state;
	assert_int_equal(str_distance("kitten", "sitting"), 3);
	assert_int_equal(str_distance("", "abc"), 3);
	assert_int_equal(str_distance("same", "same"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strbuf_bounds),   cmocka_unit_test(release_accepts_zeroed),
		cmocka_unit_test(strlist_is_argv), cmocka_unit_test(utf8),
		cmocka_unit_test(numbers),         cmocka_unit_test(distance),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
