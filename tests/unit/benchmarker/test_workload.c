#include "benchmarker/workload.h"

#include "base/cleanup.h"
#include "base/fs.h"
#include "check.h"

#include <sys/stat.h>
#include <unistd.h>

#define TEN                                                                                                   \
	"oltp_read_only oltp_insert bulk_insert oltp_point_select select_random_points select_random_ranges " \
	"oltp_write_only oltp_read_write oltp_update_index oltp_update_non_index "
#define NINE(suffix)                                                                                         \
	"covering_index_scan" suffix " groupby_scan" suffix " index_join" suffix " index_join_scan" suffix   \
	" index_scan" suffix " oltp_delete_insert" suffix " table_scan" suffix " types_delete_insert" suffix \
	" types_table_scan" suffix " "

static void check_default_names(bool all_postgres, const char *expected)
{
	CLEANUP(strbuf) struct strbuf names = STRBUF_INIT(4096);
	for (const struct workload *w = workload_all(); w->name; w++) {
		AUTO_FREE char *name = workload_default_name(w, all_postgres, NULL);
		const struct workload *found = NULL;
		check_ok(workload_find(name, &found, err));
		assert_ptr_equal(found, w);
		strbuf_addf(&names, "%s ", name);
	}
	check_str(names.data, expected);
}

static void all_nineteen_in_order(void **state)
{
	(void)state;
	check_default_names(false, TEN NINE(""));
	check_default_names(true, TEN NINE("_postgres"));
}

static void unknown_names_get_a_hint(void **state)
{
	(void)state;
	static const struct {
		const char *name, *hint;
	} cases[] = {
		{ "oltp_readonly", "did you mean oltp_read_only?" },
		{ "oltp_point_selects", "did you mean oltp_point_select?" },
		{ "tablescan", "did you mean table_scan?" },
		{ "tablescan_postgres", "did you mean table_scan?" },
		{ "oltp_read_only_postgres", "did you mean oltp_read_only?" },
		{ "tpcc", "docs/tests.md" },
		{ "", "docs/tests.md" },
		{ "_postgres", "docs/tests.md" },
		{ "a name of more than sixty-three characters, which is longer than any test's name", "docs/tests.md" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct workload *found = NULL;
		struct error err = ERROR_INIT;
		assert_int_equal(workload_find(cases[i].name, &found, &err), -1);
		assert_int_equal(err.kind, ERROR_USAGE);
		check_contains(err.message, "unknown test");
		check_contains(err.hint, cases[i].hint);
		assert_null(found);
	}
}

static void hostile_names_are_refused(void **state)
{
	(void)state;
	char longest[102], too_long[302];
	memset(longest, 'a', 100);
	memset(too_long, 'a', 300);
	longest[100] = too_long[300] = 0;
	static const char *const bad[] = { "",     "../x", "..",  "a/b",  "/etc/passwd", "$(id)", "`id`",   "a b",
					   "a\nb", "a;b",  "-rf", ".lua", "_x",          "a\"b",  "x\x80y", "%s%n" };
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CLEANUP(workload_script) struct workload_script s = WORKLOAD_SCRIPT_INIT;
		check_fails(workload_check_name(bad[i], err), ERROR_USAGE, "is no name of a test");
		check_fails(workload_open(&s, bad[i], "/tmp", false, err), ERROR_USAGE, "is no name of a test");
	}
	check_ok(workload_check_name(longest, err));
	struct error e = ERROR_INIT;
	assert_int_equal(workload_check_name(too_long, &e), -1);
	check_contains(e.message, "cut here");
	assert_true(strlen(e.message) < 200);
	check_ok(workload_check_name("tpcc-scale-factor-1", err));
	check_ok(workload_check_name("my.test_2", err));
}

static void spellings_of_one_test(void **state)
{
	(void)state;
	assert_true(workload_same("table_scan", "table_scan_postgres"));
	assert_true(workload_same("table_scan", "table_scan"));
	assert_false(workload_same("table_scan", "index_scan"));
	assert_false(workload_same("table", "table_scan_postgres"));
}

static void known_tests_by_protocol(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		bool postgres;
		const char *script; /* NULL: refused */
	} cases[] = {
		{ "table_scan", false, "./table_scan.lua" },
		{ "table_scan", true, "./table_scan.lua" },
		{ "table_scan_postgres", true, "./table_scan.lua" },
		{ "table_scan_postgres", false, NULL },
		{ "oltp_insert", true, "oltp_insert" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(workload_script) struct workload_script s = WORKLOAD_SCRIPT_INIT;
		if (!cases[i].script) {
			struct error err = ERROR_INIT;
			assert_int_equal(workload_open(&s, cases[i].name, NULL, cases[i].postgres, &err), -1);
			assert_int_equal(err.kind, ERROR_USAGE);
			check_str(err.message, "table_scan_postgres is for servers with PostgreSQL's protocol");
			check_str(err.hint, "the same test is known to all servers as table_scan");
			continue;
		}
		check_ok(workload_open(&s, cases[i].name, NULL, cases[i].postgres, err));
		check_str(s.workload.name, cases[i].name);
		check_str(s.workload.script, cases[i].script);
		assert_false(s.workload.unknown_tables);
	}
}

static char *folder;

static void touch(const char *name)
{
	AUTO_FREE char *path = str_printf(NULL, "%s/%s", folder, name);
	check_ok(fs_write_atomic(path, "", 0, 0600, err));
}

/* What the folder serves for a name, without the folder: "" for what is known otherwise. */
static void check_served(const char *name, bool postgres, const char *expected)
{
	CLEANUP(workload_script) struct workload_script s = WORKLOAD_SCRIPT_INIT;
	check_ok(workload_open(&s, name, folder, postgres, err));
	check_str(s.workload.name, name);
	assert_true(s.workload.unknown_tables == (*expected != 0));
	if (*expected) {
		assert_true(str_starts(s.workload.script, folder));
		check_str(s.workload.script + strlen(folder) + 1, expected);
	}
}

static void scripts_of_a_folder(void **state)
{
	(void)state;
	folder = fs_make_temp_dir("dbdyno-test-workload", NULL);
	static const char *const files[] = { "table_scan.lua",          "table_scan_postgres.lua", "index_scan.lua",
					     "index_join_postgres.lua", "oltp_insert.lua",         "mine.lua",
					     "to_postgres.lua" };
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		touch(files[i]);
	AUTO_FREE char *sub = str_printf(NULL, "%s/folder.lua", folder);
	assert_int_equal(mkdir(sub, 0700), 0);

	check_served("table_scan", false, "table_scan.lua");
	check_served("table_scan", true, "table_scan_postgres.lua");
	check_served("table_scan_postgres", true, "table_scan_postgres.lua");
	check_served("index_scan", true, "index_scan.lua");
	check_served("index_scan_postgres", true, "index_scan.lua");
	check_served("index_join", false, ""); /* only PostgreSQL's is there */
	check_served("index_join", true, "index_join_postgres.lua");
	check_served("oltp_insert", false, "oltp_insert.lua");
	check_served("oltp_read_only", false, "");
	check_served("mine", true, "mine.lua");
	check_served("mine", false, "mine.lua");
	check_served("to_postgres", false, "to_postgres.lua"); /* no pair: the name is only a name */
	check_served("to_postgres", true, "to_postgres.lua");

	CLEANUP(workload_script) struct workload_script s = WORKLOAD_SCRIPT_INIT;
	check_fails(workload_open(&s, "table_scan_postgres", folder, false, err), ERROR_USAGE, "PostgreSQL's protocol");
	check_fails(workload_open(&s, "index_join_postgres", folder, false, err), ERROR_USAGE, "PostgreSQL's protocol");
	check_fails(workload_open(&s, "folder", folder, false, err), ERROR_USAGE, "folder.lua is no file");
	check_fails(workload_open(&s, "absent", folder, false, err), ERROR_USAGE, "has no such script: unknown test");
	assert_null(s.script);
	check_ok(fs_remove_tree(folder, err));
	free(folder);
}

static void folders(void **state)
{
	(void)state;
	check_ok(workload_check_folder("/tmp", err));
	check_fails(workload_check_folder("/nonexistent", err), ERROR_USAGE, "no folder /nonexistent");
	check_fails(workload_check_folder("/etc/passwd", err), ERROR_USAGE, "no folder");
	AUTO_FREE char *dir = fs_make_temp_dir("dbdyno-test;odd", NULL);
	assert_non_null(dir);
	check_fails(workload_check_folder(dir, err), ERROR_USAGE, "holds a ';'");
	check_ok(fs_remove_tree(dir, err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_nineteen_in_order),
		cmocka_unit_test(unknown_names_get_a_hint),
		cmocka_unit_test(hostile_names_are_refused),
		cmocka_unit_test(spellings_of_one_test),
		cmocka_unit_test(known_tests_by_protocol),
		cmocka_unit_test(scripts_of_a_folder),
		cmocka_unit_test(folders),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
