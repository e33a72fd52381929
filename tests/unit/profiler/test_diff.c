#include "profiler/diff.h"
#include "stacks.h"

#include <cjson/cJSON.h>
#include <math.h>

#define LIMIT (1 << 20)
#define SAMPLE_NS 1e7

static void check_near(double actual, double expected)
{
	if (!(fabs(actual - expected) <= 1e-9 * fabs(expected)) && actual != expected)
		fail_msg("%.12g; expected %.12g", actual, expected);
}

/* Against sums of exact fractions: P(X ≤ k) and P(X ≥ k), the smaller one doubled. */
static void p_values(void **state)
{
	(void)state;
	static const struct {
		double n1, n2, q, p;
	} cases[] = {
		{ 0, 5, .5, 0.0625 },
		{ 3, 7, .5, 0.34375 },
		{ 5, 5, .5, 1 },
		{ 10, 30, .5, 0.002221433773 },
		{ 100, 160, .5, 0.0002389419031 },
		{ 2, 40, .25, 0.001252044853 },
		{ 20, 10, 1. / 3, 0.0003875186027 },
		{ 1000, 1100, .5, 0.03072070786 },
		{ 0, 1, .9, 0.2 },
		{ 0, 0, .5, 1 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		double p = diff_p(cases[i].n1, cases[i].n2, cases[i].q);
		if (!(fabs(p - cases[i].p) < 1e-9 * cases[i].p))
			fail_msg("case %zu: %.10g, expected %.10g", i, p, cases[i].p);
	}
	/* 1,000,000 samples exactly and 1,000,002 by the normal distribution: nearly the same. */
	double exact = diff_p(499000, 501000, .5), normal = diff_p(499001, 501001, .5);
	assert_true(fabs(exact / normal - 1) < 0.01 && exact > 0.04 && exact < 0.05);
	assert_true(diff_p(9e17, 1e17, .5) == 0);
	assert_true(isnan(diff_p(NAN, 1, .5)) && isnan(diff_p(1, 1, NAN)));
}

static const struct stack from_stacks[] = {
	{ "main.main;a.org/db.(*T).Scan", 400 }, { "main.main;a.org/db.Old", 50 }, { "main.main;x.Same", 550 }, { 0 }
};
static const struct stack to_stacks[] = {
	{ "main.main;a.org/db.(*T).Scan", 400 }, { "main.main;a.org/db.New", 90 }, { "main.main;x.Same", 290 }, { 0 }
};

static const struct diff_row *find(const struct diff *d, const char *name)
{
	for (uint32_t i = 0; i < d->n; i++)
		if (d->rows[i].key.name.len == strlen(name) &&
		    memcmp(d->rows[i].key.name.data, name, strlen(name)) == 0)
			return &d->rows[i];
	fail_msg("there is no row %s", name);
	return NULL;
}

/* to did half the work: Scan costs twice as much a transaction, Same about as much as before. */
static void per_work(void **state)
{
	(void)state;
	CLEANUP(pprof) struct pprof from = PPROF_INIT, to = PPROF_INIT;
	CLEANUP(diff) struct diff d = DIFF_INIT;
	make_stacks(&from, from_stacks);
	make_stacks(&to, to_stacks);
	check_ok(diff_make(&from, &to, &(struct diff_spec){ .per = DIFF_PER_WORK, .from_work = 2000, .to_work = 1000 },
			   &d, err));
	assert_int_equal(d.n, 5);
	const struct diff_row *scan = &d.rows[0];
	assert_ptr_equal(scan, find(&d, "a.org/db.(*T).Scan"));
	assert_int_equal(scan->package.len, strlen("a.org/db"));
	check_near(scan->flat.from, 400 * SAMPLE_NS / 2000);
	check_near(scan->flat.to, 400 * SAMPLE_NS / 1000);
	check_near(scan->flat.delta, 400 * SAMPLE_NS / 2000);
	check_near(scan->flat.error, 1.959963984540054 * SAMPLE_NS * sqrt(400 / 2000. / 2000 + 400 / 1000. / 1000));
	check_near(scan->flat.p, diff_p(400, 400, 2. / 3));
	assert_true(scan->flat.significant && scan->cum.significant);
	const struct diff_row *same = find(&d, "x.Same");
	assert_false(same->flat.significant); /* 275 000 ns and 290 000 ns: 550 samples against 290 of half the work */
	assert_true(same->flat.p > 0.4 && fabs(same->flat.delta) < same->flat.error);
	const struct diff_row *new = find(&d, "a.org/db.New"), *old = find(&d, "a.org/db.Old");
	assert_true(new->flat.from == 0 && new->flat.significant &&new->flat.delta > 0);
	assert_true(old->flat.to == 0 && old->flat.significant && old->flat.delta < 0);
	const struct diff_row *root = find(&d, "main.main");
	assert_true(root->flat.delta == 0 && !root->flat.significant);
	check_near(root->cum.from, 1000 * SAMPLE_NS / 2000);
	check_near(root->cum.to, 780 * SAMPLE_NS / 1000);
	check_near(d.total.delta, 0.78 * SAMPLE_NS - 0.5 * SAMPLE_NS);
	assert_true(d.from_samples == 1000 && d.to_samples == 780);
}

static void per_total_and_second(void **state)
{
	(void)state;
	CLEANUP(pprof) struct pprof from = PPROF_INIT, to = PPROF_INIT;
	CLEANUP(diff) struct diff share = DIFF_INIT, second = DIFF_INIT, none = DIFF_INIT;
	make_stacks(&from, from_stacks);
	make_stacks(&to, to_stacks);
	check_ok(diff_make(&from, &to, &(struct diff_spec){ .per = DIFF_PER_TOTAL }, &share, err));
	const struct diff_row *scan = find(&share, "a.org/db.(*T).Scan");
	check_near(scan->flat.from, 0.4);
	check_near(scan->flat.to, 400 / 780.);
	check_near(share.total.to, 1);
	assert_true(share.total.error == 0 && !share.total.significant);
	check_ok(
		diff_make(&from, &to, &(struct diff_spec){ .per = DIFF_PER_SECOND, .sort = TOP_BY_CUM }, &second, err));
	check_near(second.rows[0].cum.from, 550 * SAMPLE_NS / 5);
	assert_true(fabs(second.rows[0].cum.delta) >= fabs(second.rows[1].cum.delta));
	to.duration_ns = 0;
	check_fails(diff_make(&from, &to, &(struct diff_spec){ .per = DIFF_PER_SECOND }, &none, err), ERROR_USAGE,
		    "to: the profile does not say how long it was taken");
}

/* 60 functions of 100 samples each, whose counts only scatter: at 5 % each alone, three would be marked. */
static void scatter_is_not_marked(void **state)
{
	(void)state;
	static const int scatter[] = { 0, -4, 9, 13, -8, 22, -25, 3, -17, 6 };
	struct stack a[61] = { 0 }, b[61] = { 0 };
	char names[60][16];
	for (int i = 0; i < 60; i++) {
		snprintf(names[i], sizeof names[i], "p.f%d", i);
		a[i] = (struct stack){ names[i], 100 + scatter[i % 10] };
		b[i] = (struct stack){ names[i], 100 - scatter[(i + 3) % 10] };
	}
	CLEANUP(pprof) struct pprof from = PPROF_INIT, to = PPROF_INIT;
	CLEANUP(diff) struct diff d = DIFF_INIT;
	make_stacks(&from, a);
	make_stacks(&to, b);
	check_ok(diff_make(&from, &to, &(struct diff_spec){ .per = DIFF_PER_WORK, .from_work = 1, .to_work = 1 }, &d,
			   err));
	int beyond = 0, marked = 0;
	for (uint32_t i = 0; i < d.n; i++) {
		beyond += fabs(d.rows[i].flat.delta) > d.rows[i].flat.error;
		marked += d.rows[i].flat.significant;
	}
	assert_true(beyond > 0); /* which is why Holm's test is needed */
	assert_int_equal(marked, 0);
}

/* A type that does not count samples has figures and no error. */
static void no_counts(void **state)
{
	(void)state;
	CLEANUP(pprof) struct pprof p = PPROF_INIT;
	CLEANUP(diff) struct diff d = DIFF_INIT;
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(LIMIT), json = STRBUF_INIT(LIMIT);
	make_stacks(&p, from_stacks);
	p.types[1].type = p.functions[0].name; /* no more cpu */
	check_ok(diff_make(&p, &p, &(struct diff_spec){ .per = DIFF_PER_WORK, .from_work = 1, .to_work = 2 }, &d, err));
	assert_true(isnan(d.rows[0].flat.error) && isnan(d.rows[0].flat.p) && !d.rows[0].flat.significant);
	check_near(d.rows[0].flat.to, d.rows[0].flat.from / 2);
	diff_text(&d, 10, &text);
	check_contains(text.data, "no sampling error can be given");
	diff_json(&d, 10, &json);
	check_contains(json.data, "\"error_95\":null,\"p\":null,\"significant\":false");
}

static void refused(void **state)
{
	(void)state;
	CLEANUP(pprof) struct pprof from = PPROF_INIT, to = PPROF_INIT, empty = PPROF_INIT;
	CLEANUP(diff) struct diff d = DIFF_INIT;
	make_stacks(&from, from_stacks);
	make_stacks(&to, to_stacks);
	make_stacks(&empty, (const struct stack[]){ { 0 } });
	static const double bad[] = { 0, -1, NAN, INFINITY };
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		check_fails(diff_make(&from, &to, &(struct diff_spec){ .from_work = 1, .to_work = bad[i] }, &d, err),
			    ERROR_USAGE, "to: the work is not a number above 0");
	check_fails(diff_make(&empty, &to, &(struct diff_spec){ .per = DIFF_PER_TOTAL }, &d, err), ERROR_USAGE,
		    "from: the profile is empty");
	check_fails(diff_make(&from, &to, &(struct diff_spec){ .per = DIFF_PER_TOTAL, .type = "heap" }, &d, err),
		    ERROR_USAGE, "from: the profile has no sample type \"heap\"");
	to.types[1].unit = to.types[0].unit;
	check_fails(diff_make(&from, &to, &(struct diff_spec){ .per = DIFF_PER_TOTAL }, &d, err), ERROR_USAGE,
		    "the profiles are of different types");
	assert_null(d.rows);
}

static void text_and_json(void **state)
{
	(void)state;
	CLEANUP(pprof) struct pprof from = PPROF_INIT, to = PPROF_INIT;
	CLEANUP(diff) struct diff d = DIFF_INIT;
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(LIMIT), json = STRBUF_INIT(LIMIT);
	make_stacks(&from, from_stacks);
	make_stacks(&to, to_stacks);
	check_ok(diff_make(&from, &to, &(struct diff_spec){ .from_work = 2000, .to_work = 1000 }, &d, err));
	diff_text(&d, 2, &text);
	check_str(text.data, "cpu per unit of work, flat; 2 of 5 rows; 1000 and 780 samples\n"
			     "       from         to      delta      ± 95%    change    function\n"
			     "        5ms     7.80ms    +2.80ms   629.02µs    +56.0% *  (all)\n"
			     "        2ms        4ms       +2ms   438.26µs   +100.0% *  a.org/db.(*T).Scan\n"
			     "          0      900µs     +900µs   185.94µs       new *  a.org/db.New\n"
			     "* more than sampling error (exact test of Poisson counts, Holm over all rows, 5% risk); "
			     "± 95% is of the "
			     "row alone.\n");
	diff_json(&d, 2, &json);
	cJSON *root = cJSON_Parse(json.data);
	assert_non_null(root);
	const cJSON *rows = cJSON_GetObjectItem(root, "rows"), *row = cJSON_GetArrayItem(rows, 0);
	assert_int_equal(cJSON_GetArraySize(rows), 2);
	check_str(cJSON_GetObjectItem(row, "function")->valuestring, "a.org/db.(*T).Scan");
	check_str(cJSON_GetObjectItem(row, "package")->valuestring, "a.org/db");
	const cJSON *flat = cJSON_GetObjectItem(row, "flat");
	check_near(cJSON_GetObjectItem(flat, "delta")->valuedouble, 2e6);
	assert_true(cJSON_IsTrue(cJSON_GetObjectItem(flat, "significant")));
	check_str(cJSON_GetObjectItem(root, "per")->valuestring, "work");
	cJSON_Delete(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(p_values),
		cmocka_unit_test(per_work),
		cmocka_unit_test(per_total_and_second),
		cmocka_unit_test(scatter_is_not_marked),
		cmocka_unit_test(no_counts),
		cmocka_unit_test(refused),
		cmocka_unit_test(text_and_json),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
