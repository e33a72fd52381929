#include "profiler/top.h"
#include "stacks.h"

#include <cjson/cJSON.h>

#define LIMIT (8 << 20)
#define MS 1000000LL

static const struct stack sample_stacks[] = {
	{ "main.main;a.org/db.(*Scan).Next;a.org/db.(*Scan).Next;b.org/x/mem.Read@mem/read.go:10", 4 }, /* recursion */
	{ "main.main;a.org/db.(*Scan).Next|b.org/x/mem.Read@mem/read.go:12", 3 },                       /* inlined */
	{ "main.main;slices.Sort[go.shape.struct { b.org/x/mem.T }]", 2 },
	{ "main.main;?", 1 },
	{ "", 5 }, /* no stack: only part of the total */
	{ 0 },
};

/* "name flat cum" a row, in counts (a sample of 10 ms each). */
static void check_rows(const struct top_spec *spec, const char *expected)
{
	CLEANUP(pprof) struct pprof p = PPROF_INIT;
	CLEANUP(top) struct top t = TOP_INIT;
	CLEANUP(strbuf) struct strbuf rows = STRBUF_INIT(LIMIT);
	make_stacks(&p, sample_stacks);
	check_ok(top_make(&p, spec, &t, err));
	for (uint32_t i = 0; i < t.n; i++) {
		const struct top_row *r = &t.rows[i];
		frame_describe(&r->key, &rows);
		if (r->key.line)
			strbuf_addf(&rows, "@%.*s:%d", (int)r->key.file.len, r->key.file.data, (int)r->key.line);
		strbuf_addf(&rows, " %d %d\n", (int)(r->flat / (10 * MS)), (int)(r->cum / (10 * MS)));
	}
	assert_int_equal(t.total, 150 * MS);
	assert_int_equal(t.count, 15);
	check_str(rows.data, expected);
}

static void by_everything(void **state)
{
	(void)state;
	check_rows(&(struct top_spec){ .by = PPROF_BY_FUNCTION }, "b.org/x/mem.Read 7 7\n"
								  "slices.Sort[go.shape.struct { b.org/x/mem.T }] 2 2\n"
								  "[db] 1 1\n"
								  "main.main 0 10\n"
								  "a.org/db.(*Scan).Next 0 7\n");
	check_rows(&(struct top_spec){ .by = PPROF_BY_FILE }, "mem/read.go 7 7\nmain.go 2 10\n[db] 1 1\n");
	check_rows(&(struct top_spec){ .by = PPROF_BY_PACKAGE },
		   "b.org/x/mem 7 7\nslices 2 2\n[db] 1 1\nmain 0 10\na.org/db 0 7\n");
	check_rows(&(struct top_spec){ .by = PPROF_BY_LINE, .sort = TOP_BY_CUM },
		   "main.main@main.go:1 0 10\n"
		   "a.org/db.(*Scan).Next@main.go:1 0 7\n"
		   "b.org/x/mem.Read@mem/read.go:10 4 4\n"
		   "b.org/x/mem.Read@mem/read.go:12 3 3\n"
		   "slices.Sort[go.shape.struct { b.org/x/mem.T }]@main.go:1 2 2\n"
		   "[db] 1 1\n");
}

/* What Go's library takes is its caller's, also where it is inlined; cum does not change. */
static void own(void **state)
{
	(void)state;
	check_rows(&(struct top_spec){ .by = PPROF_BY_FUNCTION, .own = true },
		   "b.org/x/mem.Read 7 7\n"
		   "main.main 3 10\n"
		   "a.org/db.(*Scan).Next 0 7\n"
		   "slices.Sort[go.shape.struct { b.org/x/mem.T }] 0 2\n"
		   "[db] 0 1\n");
	static const struct stack stacks[] = {
		{ "main.main;a.org/db.waste;time.Now|time.now;runtime.nanotime", 5 },
		{ "main.main;a.org/db.get|strings.ToLower", 3 },
		{ "main.main;main.(*T).handle;internal/poll.(*FD).Read;syscall.Read", 2 },
		{ "runtime.gcBgMarkWorker;runtime.scanobject", 1 }, /* nobody's */
		{ 0 },
	};
	static const struct {
		const char *name;
		int64_t flat, cum;
	} expected[] = { { "a.org/db.waste", 5, 5 },
			 { "a.org/db.get", 3, 3 },
			 { "main.(*T).handle", 2, 2 },
			 { "runtime.gcBgMarkWorker", 1, 1 },
			 { "main.main", 0, 10 } };
	CLEANUP(pprof) struct pprof p = PPROF_INIT;
	CLEANUP(top) struct top t = TOP_INIT;
	make_stacks(&p, stacks);
	check_ok(top_make(&p, &(struct top_spec){ .own = true }, &t, err));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		const struct top_row *r = &t.rows[i];
		if (r->key.name.len != strlen(expected[i].name) ||
		    memcmp(r->key.name.data, expected[i].name, r->key.name.len) != 0 ||
		    r->flat != expected[i].flat * 10 * MS || r->cum != expected[i].cum * 10 * MS)
			fail_msg("row %zu: %.*s %lld %lld", i, (int)r->key.name.len, r->key.name.data,
				 (long long)r->flat, (long long)r->cum);
	}
}

static void focus_and_ignore(void **state)
{
	(void)state;
	check_rows(&(struct top_spec){ .focus = "mem\\.Read$" },
		   "b.org/x/mem.Read 7 7\na.org/db.(*Scan).Next 0 7\nmain.main 0 7\n");
	check_rows(&(struct top_spec){ .ignore = "Scan|slices" }, "[db] 1 1\nmain.main 0 1\n");
	check_rows(&(struct top_spec){ .focus = "main", .ignore = "mem" }, "[db] 1 1\nmain.main 0 1\n");
	check_rows(&(struct top_spec){ .focus = "absent", .ignore = "" }, "");
}

static void packages(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{ "main.main", "main" },
		{ "runtime.mallocgc", "runtime" },
		{ "github.com/a/b.(*T).m", "github.com/a/b" },
		{ "gopkg.in/yaml%2ev3.Marshal", "gopkg.in/yaml%2ev3" },
		{ "slices.SortFunc[go.shape.[]a.org/b/c.T,go.shape.int]", "slices" },
		{ "a.org/b.(*M[c.org/d.T]).Get.func1", "a.org/b" },
		{ "memcpy", "" },
		{ "a/b", "" },
		{ "", "" },
		{ "[", "" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pprof_string s = frame_package((struct pprof_string){ cases[i][0], strlen(cases[i][0]) });
		if (s.len != strlen(cases[i][1]) || memcmp(s.data, cases[i][1], s.len) != 0)
			fail_msg("the package of %s is \"%.*s\"", cases[i][0], (int)s.len, s.data);
	}
}

static void types(void **state)
{
	(void)state;
	CLEANUP(pprof) struct pprof p = PPROF_INIT;
	CLEANUP(top) struct top t = TOP_INIT, d = TOP_INIT;
	make_stacks(&p, sample_stacks);
	check_ok(top_make(&p, &(struct top_spec){ .type = "samples" }, &t, err));
	assert_int_equal(t.total, 15);
	assert_int_equal(t.rows[0].flat, 7);
	check_fails(top_make(&p, &(struct top_spec){ .type = "alloc_space" }, &d, err), ERROR_USAGE,
		    "no sample type \"alloc_space\"");
	p.default_type = p.types[0].type;
	check_ok(top_make(&p, &(struct top_spec){ 0 }, &d, err));
	assert_int_equal(d.total, 15);
}

static void bad_expressions(void **state)
{
	(void)state;
	CLEANUP(pprof) struct pprof p = PPROF_INIT;
	CLEANUP(top) struct top t = TOP_INIT;
	make_stacks(&p, sample_stacks);
	char long_one[502];
	memset(long_one, 'a', 501);
	long_one[501] = 0;
	const char *const cases[][2] = {
		{ "(", "focus: the regular expression \"(\" is malformed: " },
		{ long_one, "longer than 500 bytes" },
		{ "(a*)\\1", "back reference" },
		{ "((a{1,50}){1,50})", "repeats more than 1000 times" },
		{ "a{1001}", "repeats more than 1000 times" },
		{ "a{99999999999999999999}", "repeats more than 1000 times" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_fails(top_make(&p, &(struct top_spec){ .focus = cases[i][0] }, &t, err), ERROR_USAGE,
			    cases[i][1]);
	check_fails(top_make(&p, &(struct top_spec){ .ignore = "[" }, &t, err), ERROR_USAGE,
		    "ignore: the regular expression");
	check_ok(top_make(&p, &(struct top_spec){ .focus = "a{1,10}\\{(b){2}" }, &t, err));
}

static void overflow_and_negative(void **state)
{
	(void)state;
	CLEANUP(pprof) struct pprof p = PPROF_INIT;
	CLEANUP(top) struct top t = TOP_INIT;
	make_stacks(&p, (const struct stack[]){ { "a;b", -3 }, { "a;c", 2 }, { 0 } });
	check_ok(top_make(&p, &(struct top_spec){ 0 }, &t, err)); /* a difference, as other tools write it */
	assert_int_equal(t.total, 50 * MS);
	assert_int_equal(t.rows[0].flat, -30 * MS);
	assert_int_equal(t.rows[2].cum, -10 * MS);
	for (int64_t *v = p.values; v < p.values + p.n_values; v++)
		*v = INT64_MAX;
	CLEANUP(top) struct top u = TOP_INIT;
	check_fails(top_make(&p, &(struct top_spec){ 0 }, &u, err), ERROR_USAGE, "exceeds 2^63 - 1");
	p.values[1] = INT64_MIN;
	check_fails(top_make(&p, &(struct top_spec){ 0 }, &u, err), ERROR_USAGE, "sample 1 has the value -2^63");
	assert_null(u.rows);
}

static void nothing(void **state)
{
	(void)state;
	CLEANUP(pprof) struct pprof p = PPROF_INIT;
	CLEANUP(top) struct top t = TOP_INIT;
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(LIMIT);
	make_stacks(&p, (const struct stack[]){ { 0 } });
	check_ok(top_make(&p, &(struct top_spec){ 0 }, &t, err));
	top_text(&t, 20, &out);
	check_contains(out.data, "Type: cpu; total 0; 0 of 0 rows\n");
	CLEANUP(strbuf) struct strbuf bytes = STRBUF_INIT(LIMIT);
	CLEANUP(pprof) struct pprof q = PPROF_INIT;
	make_text(&bytes, 6, "");
	check_ok(pprof_read(&q, bytes.data, bytes.len, err));
	check_fails(top_make(&q, &(struct top_spec){ 0 }, &t, err), ERROR_USAGE, "the profile has no sample type");
}

static void text(void **state)
{
	(void)state;
	CLEANUP(pprof) struct pprof p = PPROF_INIT;
	CLEANUP(top) struct top t = TOP_INIT;
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(LIMIT);
	make_stacks(&p, (const struct stack[]){
				{ "main.main;evil\x1b[2J\n@e.go:3", 90 }, { "main.main", 10 }, { "x.y", 1 }, { 0 } });
	check_ok(top_make(&p, &(struct top_spec){ .by = PPROF_BY_LINE, .focus = "main" }, &t, err));
	top_text(&t, 1, &out);
	check_str(out.data, "Type: cpu; total 1.01s, of which 1s (99.01%) are left by focus and ignore; 1 of 2 rows\n"
			    "      flat   flat%    sum%        cum    cum%  line\n"
			    "     900ms  89.11%  89.11%      900ms  89.11%  evil\uFFFD[2J  e.go:3\n");
}

static double number(const cJSON *o, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(o, name);
	assert_true(cJSON_IsNumber(item));
	return item->valuedouble;
}

static void json(void **state)
{
	(void)state;
	CLEANUP(pprof) struct pprof p = PPROF_INIT;
	CLEANUP(top) struct top t = TOP_INIT;
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(LIMIT);
	make_stacks(&p,
		    (const struct stack[]){ { "main.main;\"\\\xff<b>\x01@a\".go:3", 3 }, { "main.main", 1 }, { 0 } });
	check_ok(top_make(&p, &(struct top_spec){ .by = PPROF_BY_LINE }, &t, err));
	top_json(&t, 20, &out);
	cJSON *root = cJSON_Parse(out.data);
	assert_non_null(root);
	assert_true(number(root, "total") == 40 * MS && number(root, "samples") == 4);
	check_str(cJSON_GetObjectItem(root, "unit")->valuestring, "nanoseconds");
	const cJSON *row = cJSON_GetArrayItem(cJSON_GetObjectItem(root, "rows"), 0);
	check_str(cJSON_GetObjectItem(row, "function")->valuestring, "\"\\\uFFFD<b>\uFFFD");
	check_str(cJSON_GetObjectItem(row, "file")->valuestring, "a\".go");
	assert_true(number(row, "line") == 3 && number(row, "flat") == 30 * MS && number(row, "flat_share") == 0.75);
	cJSON_Delete(root);
}

/* A stack of 10,000 frames, one function. */
static void deep(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf frames = STRBUF_INIT(LIMIT);
	for (int i = 0; i < 10000; i++)
		strbuf_adds(&frames, i % 2 ? "r;" : "s;");
	strbuf_adds(&frames, "leaf");
	CLEANUP(pprof) struct pprof p = PPROF_INIT;
	CLEANUP(top) struct top t = TOP_INIT;
	make_stacks(&p, (const struct stack[]){ { frames.data, 7 }, { 0 } });
	check_ok(top_make(&p, &(struct top_spec){ 0 }, &t, err));
	assert_int_equal(t.n, 3);
	assert_int_equal(t.rows[0].flat, 70 * MS);
	assert_int_equal(t.rows[1].cum, 70 * MS);
	assert_int_equal(t.rows[2].cum, 70 * MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_everything),
		cmocka_unit_test(own),
		cmocka_unit_test(focus_and_ignore),
		cmocka_unit_test(packages),
		cmocka_unit_test(types),
		cmocka_unit_test(bad_expressions),
		cmocka_unit_test(overflow_and_negative),
		cmocka_unit_test(nothing),
		cmocka_unit_test(text),
		cmocka_unit_test(json),
		cmocka_unit_test(deep),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
