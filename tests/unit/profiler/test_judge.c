/* What samples were spent on, and how much of them is still there. */
#include "check.h"
#include "maker.h"
#include "profiler/judge.h"

enum { PROGRAM = 1, HELPER, MALLOC, FIND_RUNNABLE, MARK, MCALL, PRINT, FUNCTIONS = PRINT };

static const char *const names[] = { "example.com/db.Scan",  "example.com/db.help",    "runtime.mallocgc",
				     "runtime.findRunnable", "runtime.gcBgMarkWorker", "runtime.mcall",
				     "fmt.Println" };

/* Location i is line 10 * i of function i; the last function has no start line. Samples are leaf first. */
static void make(struct pprof *ret)
{
	CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(1 << 16);
	MAKE(&b, 1, 1, S_SAMPLES, 2, S_COUNT);
	make_strings(&b);
	for (uint64_t i = 1; i <= FUNCTIONS; i++) {
		CLEANUP(strbuf) struct strbuf l = STRBUF_INIT(100);
		make_text(&b, 6, names[i - 1]);
		MAKE(&b, 5, 1, i, 2, S_END + i - 1, 5, i == PRINT ? 0 : i);
		make_int(&l, 1, i);
		MAKE(&l, 4, 1, i, 2, i * 10);
		make_message(&b, 4, l.data, l.len);
	}
	MAKE(&b, 2, 1, PROGRAM, 2, 100);
	MAKE(&b, 2, 1, HELPER, 1, PROGRAM, 2, 40);
	MAKE(&b, 2, 1, MALLOC, 1, HELPER, 1, PROGRAM, 2, 20);
	MAKE(&b, 2, 1, FIND_RUNNABLE, 1, MCALL, 2, 8);
	MAKE(&b, 2, 1, MALLOC, 1, MARK, 1, FIND_RUNNABLE, 2, 4);
	MAKE(&b, 2, 1, MALLOC, 1, PRINT, 1, PROGRAM, 2, 2);
	MAKE(&b, 2, 2, 1); /* no stack at all */
	check_ok(pprof_read(ret, b.data, b.len, err));
}

static void samples_are_spent(void **state)
{
	(void)state;
	CLEANUP(pprof) struct pprof p = PPROF_INIT;
	struct pprof_spent s;
	make(&p);
	pprof_spent(&p, &s);
	assert_true(s.total == 175);
	assert_true(s.gc == 4);
	assert_true(s.idle == 8);
	assert_true(s.runtime == 22);
	assert_true(s.calls == 40 + 2 * 20 + 8 + 2 * 4 + 2 * 2);
	assert_true(s.calls_without_start == 2);
}

static enum pprof_presence presence(const struct pprof *p, uint32_t function, void *data)
{
	(void)p;
	return ((const enum pprof_presence *)data)[function];
}

static struct pprof_call seen[8];
static size_t n_seen;

static bool not_from_line_10(const struct pprof *p, const struct pprof_call *c, void *data)
{
	(void)p, (void)data;
	seen[n_seen++] = *c;
	return c->line != 10;
}

static void weight_is_kept(void **state)
{
	(void)state;
	CLEANUP(pprof) struct pprof p = PPROF_INIT;
	struct pprof_kept k;
	enum pprof_presence there[FUNCTIONS] = { PPROF_KEPT, PPROF_KEPT };
	struct pprof_judge judge = { presence, NULL, there };
	make(&p);
	check_ok(pprof_kept(&p, &judge, &k, err)); /* neither idle nor gc counts */
	assert_true(k.kept == 140 && k.gone == 0 && k.outside == 22);
	assert_true(k.calls_kept == 40 + 40 + 2 && k.calls_gone == 0);
	assert_true(k.heaviest_len == 0 && k.gone_names == 0);

	there[HELPER - 1] = PPROF_GONE;
	check_ok(pprof_kept(&p, &judge, &k, err));
	assert_true(k.kept == 100 && k.gone == 40);
	assert_true(k.calls_kept == 2 && k.calls_gone == 40 + 20 + 20);
	assert_true(k.heaviest_len == 1 && k.gone_names == 1 && k.heaviest[0].weight == 40);
	assert_true(pprof_string_is(&p, k.heaviest[0].name, "example.com/db.help"));

	there[HELPER - 1] = PPROF_KEPT;
	judge.call = not_from_line_10; /* a call of the program's line 10 */
	check_ok(pprof_kept(&p, &judge, &k, err));
	assert_true(k.calls_kept == 20 && k.calls_gone == 40 + 20 + 2);
	assert_int_equal(n_seen, 4);
	assert_int_equal(seen[1].caller, HELPER - 1);
	assert_int_equal(seen[1].callee, MALLOC - 1);
	assert_int_equal(seen[1].line, 20);
}

/* Functions of one name are one; the heaviest come first, and equal ones by name. */
static void the_heaviest_that_are_gone(void **state)
{
	(void)state;
	enum { NAMES = PPROF_GONE_MAX + 3 };
	CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(1 << 16);
	CLEANUP(pprof) struct pprof p = PPROF_INIT;
	enum pprof_presence gone[2 * NAMES];
	struct pprof_judge judge = { presence, NULL, gone };
	struct pprof_kept k;
	MAKE(&b, 1, 1, S_SAMPLES, 2, S_COUNT);
	make_strings(&b);
	for (uint64_t i = 1; i <= 2 * NAMES; i++) { /* each name twice, in another file */
		CLEANUP(strbuf) struct strbuf l = STRBUF_INIT(100);
		AUTO_FREE char *name = str_printf(NULL, "example.com/db.f%02d", (int)i);
		if (i <= NAMES)
			make_text(&b, 6, name);
		MAKE(&b, 5, 1, i, 2, S_END + (i - 1) % NAMES, 4, i <= NAMES ? S_FILE : S_BINARY);
		make_int(&l, 1, i);
		MAKE(&l, 4, 1, i, 2, i);
		make_message(&b, 4, l.data, l.len);
		MAKE(&b, 2, 1, i, 2, i % NAMES == 5 ? 30 : i % NAMES < 3 ? 1 : 10);
		gone[i - 1] = PPROF_GONE;
	}
	check_ok(pprof_read(&p, b.data, b.len, err));
	check_ok(pprof_kept(&p, &judge, &k, err));
	assert_true(k.gone == 2 * (30 + 9 * 10 + 3 * 1));
	assert_true(k.gone_names == NAMES && k.heaviest_len == PPROF_GONE_MAX);
	assert_true(pprof_string_is(&p, k.heaviest[0].name, "example.com/db.f05") && k.heaviest[0].weight == 60);
	assert_true(pprof_string_is(&p, k.heaviest[1].name, "example.com/db.f03") && k.heaviest[1].weight == 20);
	assert_true(pprof_string_is(&p, k.heaviest[9].name, "example.com/db.f12") && k.heaviest[9].weight == 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_are_spent),
		cmocka_unit_test(weight_is_kept),
		cmocka_unit_test(the_heaviest_that_are_gone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
