#include "check.h"

#include <errno.h>
#include <signal.h>

static void message_is_one_line(void **state)
{
	(void)state;
	struct error e = ERROR_INIT;
	assert_int_equal(error_set(&e, ERROR_BUILD, "go\nfailed\twith %d\n", 3), -1);
	check_str(e.message, "go failed with 3");
	assert_int_equal(e.kind, ERROR_BUILD);
}

static void wrap_puts_context_first(void **state)
{
	(void)state;
	struct error e = ERROR_INIT;
	errno = ENOENT;
	error_errno(&e, ERROR_INTERNAL, "open %s", "x");
	error_hint(&e, "first");
	error_hint(&e, "second");
	error_wrap(&e, "build %s", "abc");
	check_str(e.message, "build abc: open x: No such file or directory");
	check_str(e.hint, "first");
}

static void long_text_is_cut(void **state)
{
	(void)state;
	static char big[10000];
	memset(big, 'x', sizeof big - 1);
	struct error e = ERROR_INIT;
	error_set(&e, ERROR_USAGE, "%s", big);
	assert_int_equal(strlen(e.message), sizeof e.message - 1);
	check_contains(e.message, "x…");
	error_wrap(&e, "%s", big);
	assert_int_equal(strlen(e.message), sizeof e.message - 1);
}

static void detail_keeps_last_lines(void **state)
{
	(void)state;
	static char text[20000];
	for (size_t i = 0; i < sizeof text; i += 10)
		memcpy(text + i, i == sizeof text - 10 ? "last line\n" : "a line...\n", 10);
	struct error e = ERROR_INIT;
	error_detail(&e, text, sizeof text);
	assert_true(strncmp(e.detail, "a line...\n", 10) == 0);
	check_str(e.detail + strlen(e.detail) - 9, "last line");
	error_detail(&e, "", 0);
	check_str(e.detail, "");
}

static void exit_codes(void **state)
{
	(void)state;
	struct error e = ERROR_INIT;
	error_set(&e, ERROR_PUBLISH, "x");
	assert_int_equal(error_exit_code(&e), 6);
	error_set(&e, ERROR_INTERRUPTED, "x");
	e.signal = SIGINT;
	assert_int_equal(error_exit_code(&e), 130);
	e.signal = SIGTERM;
	assert_int_equal(error_exit_code(&e), 143);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(message_is_one_line), cmocka_unit_test(wrap_puts_context_first),
		cmocka_unit_test(long_text_is_cut),    cmocka_unit_test(detail_keeps_last_lines),
		cmocka_unit_test(exit_codes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
