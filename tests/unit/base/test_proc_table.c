#include "base/proc_table.h"

#include "base/cleanup.h"
#include "check.h"

#include <stdlib.h>
#include <unistd.h>

static void a_process(void **state)
{
	(void)state;
	static const char line[] = "5113 (a) S (b) S 4913 5114 5113 0 -1 4194560 20612 7 3 2 150 90 4 1 20 -5 13 0 100 "
				   "2147483648 25000 18446744073709551615\n";
	struct proc_stat s;
	assert_true(proc_stat_parse(line, &s));
	assert_int_equal(s.parent, 4913);
	assert_int_equal(s.group, 5114);
	assert_int_equal(s.threads, 13);
	assert_int_equal(s.minor_faults, 20619);
	assert_int_equal(s.major_faults, 5);
	assert_int_equal(s.ticks, 240);
	assert_int_equal(s.children_ticks, 5);
	/* Cut before the number of threads is complete, it is no such line. */
	size_t needed = (size_t)(strstr(line, " 13 0 100") + 4 - line);
	for (size_t n = 0; n < needed; n++) {
		AUTO_FREE char *cut = strndup(line, n);
		s = (struct proc_stat){ .threads = 77 };
		assert_non_null(cut);
		if (proc_stat_parse(cut, &s) || s.threads != 77)
			fail_msg("\"%s\" was taken for a process", cut);
	}
}

static void lines_of_another_kind(void **state)
{
	(void)state;
	static const char *const lines[] = {
		"",
		")",
		"1 (x) S\n",
		"1 (x)  S 1 1 1 0 -1 0 1 1 1 1 1 1 1 1 20 0 1 0\n",
		"1 (x) S 1 1 1 0 -1 0 -1 1 1 1 1 1 1 1 20 0 1 0\n", /* fewer than no faults */
		"1 (x) S 1 1 1 0 -1 0 1 1 1 1 99999999999999999999 1 1 1 20 0 1 0\n",
		"1 (x) S 1 1 1 0 -1 0 1 1 1 1 1x 1 1 1 20 0 1 0\n",
	};
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct proc_stat s;
		if (proc_stat_parse(lines[i], &s))
			fail_msg("\"%s\" was taken for a process", lines[i]);
	}
}

static bool is_this(const struct proc_entry *p, void *data)
{
	*(struct proc_entry *)data = *p;
	return p->pid == getpid();
}

static void this_process_is_found(void **state)
{
	(void)state;
	struct proc_entry p;
	assert_true(proc_table_find(is_this, &p));
	assert_int_equal(p.parent, getppid());
	assert_int_equal(p.group, getpgrp());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process),
		cmocka_unit_test(lines_of_another_kind),
		cmocka_unit_test(this_process_is_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
