#include "check.h"
#include "maker.h"
#include "profiler/pprof.h"

#define LIMIT (1 << 20)

static int check(const struct strbuf *b, struct pprof_facts *ret, struct error *err)
{
	CLEANUP(pprof) struct pprof p = PPROF_INIT;
	if (pprof_read(&p, b->data, b->len, err) < 0)
		return -1;
	return pprof_check_cpu(&p, ret, err);
}

static void facts(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(LIMIT);
	make_base(&b);
	make_sample(&b, 3);
	MAKE(&b, 2, 1, 1, 2, 4, 2, 40000000);
	make_int(&b, 9, 1700000000000000000);
	make_int(&b, 10, 5000000000);
	struct pprof_facts f;
	check_ok(check(&b, &f, err));
	assert_int_equal(f.samples, 7);
	assert_int_equal(f.stacks, 2);
	assert_int_equal(f.value_ns, 70000000);
	assert_int_equal(f.duration_ns, 5000000000);
	assert_int_equal(f.time_unix_ns, 1700000000000000000);
	assert_int_equal(f.functions, 2);
	assert_int_equal(f.start_lines, 2);
}

/* One column is enough; the other follows from the period. */
static void one_column(void **state)
{
	(void)state;
	static const uint64_t columns[][2] = { { S_SAMPLES, S_COUNT }, { S_CPU, S_NANOSECONDS } };
	static const uint64_t values[] = { 8, 80000000 };
	for (size_t i = 0; i < 2; i++) {
		CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(LIMIT);
		MAKE(&b, 1, 1, columns[i][0], 2, columns[i][1]);
		MAKE(&b, 5, 1, 1, 2, S_MAIN);
		MAKE_BYTES(&b, 4, "\x08\x01\x22\x02\x08\x01");
		MAKE(&b, 2, 1, 1, 2, values[i]);
		make_strings(&b);
		make_int(&b, 12, 10000000);
		struct pprof_facts f;
		check_ok(check(&b, &f, err));
		assert_int_equal(f.samples, 8);
		assert_int_equal(f.value_ns, 80000000);
		assert_int_equal(f.start_lines, 0);
	}
}

static void refused(void **state)
{
	(void)state;
	struct pprof_facts f = { .samples = 99 };
	CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(LIMIT);
	make_base(&b);
	check_fails(check(&b, &f, err), ERROR_USAGE, "the profile has no samples");
	size_t len = b.len;

	make_sample(&b, 0);
	check_fails(check(&b, &f, err), ERROR_USAGE, "the profile has no samples");

	b.len = len;
	MAKE(&b, 2, 2, 5, 2, 5); /* no stack */
	check_fails(check(&b, &f, err), ERROR_USAGE, "no symbols");

	b.len = len;
	make_sample(&b, (uint64_t)-1);
	check_fails(check(&b, &f, err), ERROR_USAGE, "sample 1 has a negative value (-1)");

	b.len = len;
	MAKE(&b, 2, 1, 1, 2, INT64_MAX, 2, 1);
	MAKE(&b, 2, 1, 2, 2, 1, 2, 1);
	check_fails(check(&b, &f, err), ERROR_USAGE, "exceeds 2^63 - 1");

	strbuf_reset(&b);
	MAKE(&b, 1, 1, S_KEY, 2, S_COUNT);
	MAKE(&b, 1, 1, S_CPU, 2, S_COUNT);
	make_strings(&b);
	check_fails(check(&b, &f, err), ERROR_USAGE, "not a CPU profile: its sample types are key/count, cpu/count");
	assert_int_equal(f.samples, 99); /* untouched */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts),
		cmocka_unit_test(one_column),
		cmocka_unit_test(refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
