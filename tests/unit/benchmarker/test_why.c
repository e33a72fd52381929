#include "benchmarker/why.h"
#include "check.h"

#include <math.h>

static struct comparison of(enum verdict verdict, enum metric metric, double ratio)
{
	struct comparison c = { .verdict = verdict, .metric = metric };
	for (enum metric m = 0; m < METRIC_COUNT; m++)
		c.metrics[m].ratio = 1;
	c.metrics[metric].ratio = ratio;
	return c;
}

/* "0 2 5", the indexes. */
static void check_chosen(const struct comparison *c, size_t len, enum why why, const char *expected)
{
	size_t chosen[16];
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(1024);
	size_t n = why_choose(c, len, why, chosen);
	for (size_t i = 0; i < n; i++)
		strbuf_addf(&text, "%s%zu", i ? " " : "", chosen[i]);
	check_str(text.data, expected);
}

static void the_largest_differences_are_chosen(void **state)
{
	(void)state;
	const struct comparison c[] = {
		of(VERDICT_SAME, METRIC_THROUGHPUT, 0.99),     of(VERDICT_SLOWER, METRIC_THROUGHPUT, 0.9),
		of(VERDICT_UNDECIDED, METRIC_THROUGHPUT, 0.1), of(VERDICT_FASTER, METRIC_THROUGHPUT, 1.5),
		of(VERDICT_SLOWER, METRIC_THROUGHPUT, 0.5),    of(VERDICT_SLOWER, METRIC_LATENCY_MEAN, 3),
		of(VERDICT_SLOWER, METRIC_THROUGHPUT, 0.8),    of(VERDICT_SLOWER, METRIC_THROUGHPUT, 0.8),
	};
	check_chosen(c, ARRAY_SIZE(c), WHY_NEVER, "");
	check_chosen(c, ARRAY_SIZE(c), WHY_AUTO, "3 4 5 6 7"); /* 0.9 is the smallest of six */
	check_chosen(c, ARRAY_SIZE(c), WHY_ALWAYS, "0 1 2 3 4 5 6 7");
	check_chosen(c, 3, WHY_AUTO, "1");
	check_chosen(c, 1, WHY_AUTO, "");
	check_chosen(c, 0, WHY_ALWAYS, "");
}

/* Which of the tests that differ alike are left out does not depend on chance. */
static void ties_and_ratios_that_cannot_be_said(void **state)
{
	(void)state;
	struct comparison c[7];
	for (size_t i = 0; i < 7; i++)
		c[i] = of(VERDICT_SLOWER, METRIC_THROUGHPUT, 0.5);
	check_chosen(c, 7, WHY_AUTO, "0 1 2 3 4");
	c[0].metrics[METRIC_THROUGHPUT].ratio = 0;
	c[3].metrics[METRIC_THROUGHPUT].ratio = NAN;
	check_chosen(c, 7, WHY_AUTO, "1 2 4 5 6");
}

static void what_cannot_be_compared(void **state)
{
	(void)state;
	static const struct {
		const char *from, *to, *reason; /* NULL: it can */
	} cases[] = {
		{ "gms", "gms", NULL },
		{ "dolt", "dolt", NULL },
		{ "doltgres", "doltgres", NULL },
		{ "mariadb", "mariadb", "engine mariadb gives no CPU profile" },
		{ "postgres", "postgres", "engine postgres gives no CPU profile" },
		{ "mysql", "dolt", "mysql and dolt do not share functions to compare" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(engine) struct engine from = { 0 }, to = { 0 };
		CLEANUP(strbuf) struct strbuf reason = STRBUF_INIT(1024);
		check_ok(engine_find(cases[i].from, &from, err));
		check_ok(engine_find(cases[i].to, &to, err));
		assert_int_equal(why_available(&from, &to, &reason), !cases[i].reason);
		check_str(reason.len ? reason.data : "", cases[i].reason ? cases[i].reason : "");
	}
}

static void work_is_that_of_the_profile_alone(void **state)
{
	(void)state;
	assert_true(why_work(3100, 3.1, 3) == 3000);
	assert_true(why_work(1000, 0, 3) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_largest_differences_are_chosen),
		cmocka_unit_test(ties_and_ratios_that_cannot_be_said),
		cmocka_unit_test(what_cannot_be_compared),
		cmocka_unit_test(work_is_that_of_the_profile_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
