#include "benchmarker/query.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/proc.h"
#include "base/stop.h"
#include "check.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>

/* A folder with a small database, made anew for each test. */
struct fixture {
	char *dir, *db;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	assert_non_null(f);
	f->dir = fs_make_temp_dir("test-query", NULL);
	assert_non_null(f->dir);
	f->db = str_printf(NULL, "%s/results.db", f->dir);
	sqlite3 *db = NULL;
	assert_int_equal(sqlite3_open(f->db, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db,
				      "create table t(a integer, b real, c text, d);"
				      "insert into t values (1, 1.5, 'one', null), (-22, 1e300, 'two <&>', x'00ff'),"
				      " (333, -0.25, 'naïve 日本語 😀', 'x');"
				      "create table empty(a, b);"
				      "create view v as select a from t;",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	check_ok(fs_remove_tree(f->dir, err));
	free(f->dir);
	free(f->db);
	free(f);
	return 0;
}

/* What sqlite3 itself prints. */
static void sqlite3_prints(const struct fixture *f, const char *mode, const char *sql, struct strbuf *out)
{
	CLEANUP(strlist) struct strlist argv = STRLIST_INIT;
	strlist_add(&argv, "sqlite3");
	strlist_add(&argv, "-batch");
	strlist_add(&argv, mode);
	strlist_add(&argv, f->db);
	strlist_add(&argv, sql);
	struct proc_spec spec = PROC_SPEC_INIT;
	spec.argv = strlist_array(&argv);
	CLEANUP(strbuf) struct strbuf tail = STRBUF_INIT(4096);
	check_ok(proc_run(&spec, 60 * NS_PER_SECOND, out, &tail, err));
}

static void prints_as_sqlite3(void **state)
{
	const struct fixture *f = *state;
	static const char *const queries[] = {
		"select * from t",
		"select a, b as \"<b> & 'c' | \"\"d\"\"\", c from t order by a",
		"select * from empty",
		"select null, null as n",
		"select 1.0, 1e100, 3.14159265358979312, -0.0, 9e999, -9e999, 1/3.0, 1e15, 1e16, 123456789012345678",
		"select 9223372036854775807 as \"max\", -9223372036854775808, 0",
		"select x'414243' as b, x'00ff' as zero, x'c3' as cut, x'80c3a9' as stray, x'' as none",
		"select 'x<y>&\"z\"''q''' as \"<>&\"\"'\", '&amp;' as b",
		"select 'é…😀', '日本語', 'e'||char(769), 'abc'||char(8203)||'d' as \"日本\", char(128), char(133)",
		"select 'line1'||char(10)||'line2' as a, 'tab'||char(9)||'x' as b, 'cr'||char(13)||char(10)||'z' as c",
		"select 'bel'||char(7) as d, char(27)||'[31m' as e, char(127) as f, 'a'||char(13)||'b', char(1,2,3)",
		"select 'x'||char(10), char(10)||'y', char(10)||char(10), 'q' union all select 'more', 'of', 'the', "
		"'same'",
		"select char(13,10), 'a'||char(13,10), char(13), char(10,13,10,13) as \"x\"",
		"select char(9) as t, char(9,9)||'x', '1234567'||char(9)||'8', '12345678'||char(9)||'9', "
		"'é'||char(9)||'é'",
		"select 'a' as \"h\nh2\", 1 as \"t\tt\", 2 as \"\"",
		"select 'a'||char(0)||'b' as x, '' as y",
		"select printf('%.*c', 3000, 'x') as long, 'w w' as \"a very long name of a column indeed\"",
		"select replace(hex(zeroblob(70000)), '0', char(9)) || 'end' as tabs, 1 as b",
		"with recursive n(i) as (select 1 union all select i + 1 from n where i < 300)"
		" select i, i * 1.1 as x, printf('%d', i) as s, case when i % 3 then i end as maybe from n",
		"select * from v -- and a comment",
		"select 1; /* nothing more */ ; -- here\n  ",
		"  ;; values (1, 'a'), (2, 'b')",
	};
	for (size_t i = 0; i < ARRAY_SIZE(queries); i++)
		for (int html = 0; html < 2; html++) {
			CLEANUP(strbuf) struct strbuf expected = STRBUF_INIT(16 << 20), out = STRBUF_INIT(16 << 20);
			sqlite3_prints(f, html ? "-html" : "-markdown", queries[i], &expected);
			check_ok(query_run(f->db, queries[i], html ? QUERY_HTML : QUERY_MARKDOWN, 0, &out, err));
			if (out.len != expected.len || memcmp(out.data, expected.data, out.len) != 0)
				fail_msg("%s as %s gave\n%.2000s\nexpected\n%.2000s", queries[i],
					 html ? "html" : "markdown", out.data, expected.data);
		}
}

static void own_formats(void **state)
{
	const struct fixture *f = *state;
	static const struct {
		enum query_output output;
		const char *sql, *expected;
	} cases[] = {
		{ QUERY_TEXT, "select a, b, c, d as last from t",
		  "a    b         c            last\n"
		  "---  --------  -----------  ----\n"
		  "  1       1.5  one          NULL\n"
		  "-22  1.0e+300  two <&>      00ff\n"
		  "333     -0.25  naïve 日本語 😀  x\n" },
		{ QUERY_TEXT, "select * from empty", "a  b\n-  -\n" },
		{ QUERY_TEXT,
		  "select char(27)||'[2J'||char(10)||char(155)||'é' as x, x'c3'||'' as bad, cast(x'80' as text)",
		  "x                 bad  cast(x'80' as text)\n"
		  "----------------  ---  -------------------\n"
		  "\\x1b[2J\\n\\u009bé  �    �\n" },
		{ QUERY_CSV, "select a, c, d, 'say \"hi\", you' as \"q,q\", ' x' as s, char(10) as n from t limit 2",
		  "a,c,d,\"q,q\",s,n\n"
		  "1,one,,\"say \"\"hi\"\", you\",\" x\",\"\n\"\n"
		  "-22,two <&>,00ff,\"say \"\"hi\"\", you\",\" x\",\"\n\"\n" },
		{ QUERY_CSV, "select * from empty", "a,b\n" },
		{ QUERY_JSON, "select a, b, c, d, 9e999 as i from t limit 2",
		  "[\n{\"a\":1,\"b\":1.5,\"c\":\"one\",\"d\":null,\"i\":null},\n"
		  "{\"a\":-22,\"b\":1.0e+300,\"c\":\"two <&>\",\"d\":\"00ff\",\"i\":null}\n]\n" },
		{ QUERY_JSON, "select 'a\"\\'||char(10)||char(127)||'é'||cast(x'ff' as text) as \"k\"\"\"",
		  "[\n{\"k\\\"\":\"a\\\"\\\\\\u000a\\u007fé�\"}\n]\n" },
		{ QUERY_JSON, "select * from empty", "[]\n" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(1 << 20);
		check_ok(query_run(f->db, cases[i].sql, cases[i].output, 0, &out, err));
		check_str(out.data, cases[i].expected);
	}
}

static void only_reads(void **state)
{
	const struct fixture *f = *state;
	static const struct {
		const char *sql, *text;
	} cases[] = {
		{ "insert into t(a) values (1)", "not authorized" },
		{ "delete from t", "not authorized" },
		{ "update t set a = 1", "not authorized" },
		{ "drop table t", "not authorized" },
		{ "create temp table x(a)", "not authorized" },
		{ "attach 'other.db' as o", "not authorized" },
		{ "detach main", "not authorized" },
		{ "pragma journal_mode = delete", "not authorized" },
		{ "pragma table_info(t)", "not authorized" },
		{ "select * from pragma_table_info('t')", "not authorized" },
		{ "vacuum", "authorization denied" },
		{ "vacuum into 'copy.db'", "authorization denied" },
		{ "begin", "not authorized" },
		{ "select load_extension('x')", "not authorized" },
		{ "select fts3_tokenizer('simple')", "not authorized" },
		{ "selec 1", "near \"selec\": syntax error" },
		{ "select * from nothere", "no such table: nothere" },
		{ "select readfile('/etc/passwd')", "no such function: readfile" },
		{ "", "there is no statement" },
		{ " -- only this", "there is no statement" },
		{ "select 1; select 2", "something follows the first statement" },
		{ "select 1; drop table t", "something follows the first statement" },
		{ "select 1; '", "something follows the first statement" },
		{ "select zeroblob(1000001)", "string or blob too big" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(1 << 20);
		check_fails(query_run(f->db, cases[i].sql, QUERY_TEXT, 0, &out, err), ERROR_USAGE, cases[i].text);
		check_str(out.data, "");
	}
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(1 << 20);
	check_ok(query_run(f->db, "select count(*) as n from t", QUERY_CSV, 0, &out, err));
	check_str(out.data, "n\n3\n");
}

static void is_bounded(void **state)
{
	const struct fixture *f = *state;
	static const struct {
		const char *sql, *text;
		size_t max;
		uint64_t timeout_ns;
	} cases[] = {
		/* Too much to print, as many rows, as one wide column, as cells without text. */
		{ "with recursive n(i) as (select 1 union all select i + 1 from n) select i from n",
		  "larger than 10000 bytes", 10000, 60 * NS_PER_SECOND },
		{ "with recursive n(i) as (select 1 union all select i + 1 from n) select null from n",
		  "larger than 10000 bytes", 10000, 60 * NS_PER_SECOND },
		{ "with recursive n(i) as (select 1 union all select i + 1 from n) select hex(zeroblob(400000)) from n",
		  "larger than 1000000 bytes", 1000000, 60 * NS_PER_SECOND },
		{ "select printf('%.*c', 9000, 'x') as a union all select 'y'", "larger than 10000 bytes", 10000,
		  60 * NS_PER_SECOND },
		/* Never ends. */
		{ "with recursive n(i) as (select 1 union all select 1 from n) select i from n where i > 1",
		  "ran longer than 0.01 s", 10000, 10 * NS_PER_MS },
		{ "with recursive n(i) as (select 1 union all select 1 from n) select count(*) from n",
		  "ran longer than 0.01 s", 10000, 10 * NS_PER_MS },
		/* Fills the memory. */
		{ "with recursive n(i) as (select 1 union all select i + 1 from n)"
		  " select count(*) from (select i, zeroblob(900000) as z from n order by z)",
		  "takes more than 64 MiB of memory", 10000, 600 * NS_PER_SECOND },
		{ "with recursive n(i) as (select 1 union select i + 1 from n), big(s) as"
		  " (select i || printf('%.*c', 99999, 'x') from n union select '') select count(*) from big",
		  "takes more than 64 MiB of memory", 10000, 600 * NS_PER_SECOND },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(cases[i].max);
		check_fails(query_run(f->db, cases[i].sql, QUERY_MARKDOWN, cases[i].timeout_ns, &out, err), ERROR_USAGE,
			    cases[i].text);
		check_str(out.data, "");
	}
}

static void keeps_what_was_there(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(100);
	strbuf_adds(&out, "before\n");
	check_fails(query_run(f->db, "select printf('%.*c', 45, 'x') as a", QUERY_TEXT, 0, &out, err), ERROR_USAGE,
		    "larger than 100 bytes");
	check_ok(query_run(f->db, "select 1 as one", QUERY_CSV, 0, &out, err));
	check_str(out.data, "before\none\n1\n");
}

static void names_the_query(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(100), sql = STRBUF_INIT(1000);
	strbuf_adds(&sql, "select a from nothere where c = '");
	for (int i = 0; i < 100; i++)
		strbuf_adds(&sql, "é");
	strbuf_adds(&sql, "'");
	struct error e = ERROR_INIT;
	assert_int_equal(query_run(f->db, sql.data, QUERY_TEXT, 0, &out, &e), -1);
	check_contains(e.message, "query \"select a from nothere where c = 'ééé");
	check_contains(e.message, "é…\": no such table: nothere");
	assert_true(str_is_utf8(e.message, strlen(e.message)));
}

static void bad_databases(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(100);
	AUTO_FREE char *path = str_printf(NULL, "%s/none.db", f->dir);
	check_fails(query_run(path, "select 1", QUERY_TEXT, 0, &out, err), ERROR_INTERNAL, "none.db: unable to open");
	assert_false(fs_exists(path));
	check_ok(fs_write_atomic(path, "this is no database, but it is long enough to look", 50, 0600, err));
	check_fails(query_run(path, "select 1", QUERY_TEXT, 0, &out, err), ERROR_INTERNAL, "not a database");
}

/* The last test: the request stands until the process ends. */
static void stops_on_request(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(1000);
	check_ok(stop_install(err));
	assert_int_equal(raise(SIGTERM), 0);
	check_fails(query_run(f->db,
			      "with recursive n(i) as (select 1 union all select 1 from n) select count(*) from n",
			      QUERY_TEXT, 600 * NS_PER_SECOND, &out, err),
		    ERROR_INTERRUPTED, "SIGTERM");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(prints_as_sqlite3, setup, teardown),
		cmocka_unit_test_setup_teardown(own_formats, setup, teardown),
		cmocka_unit_test_setup_teardown(only_reads, setup, teardown),
		cmocka_unit_test_setup_teardown(is_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(keeps_what_was_there, setup, teardown),
		cmocka_unit_test_setup_teardown(names_the_query, setup, teardown),
		cmocka_unit_test_setup_teardown(bad_databases, setup, teardown),
		cmocka_unit_test_setup_teardown(stops_on_request, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
