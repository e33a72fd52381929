#include "check.h"
#include "maker.h"
#include "profiler/pprof.h"

#include <math.h>

#define LIMIT (1 << 20)

static void decode(const struct strbuf *b, struct pprof *ret)
{
	check_ok(pprof_read(ret, b->data, b->len, err));
}

static void sums_equal_stacks(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf a = STRBUF_INIT(LIMIT), b = STRBUF_INIT(LIMIT);
	make_base(&a);
	make_sample(&a, 3);
	make_sample(&a, 4); /* twice in one profile */
	make_int(&a, 9, 2000);
	make_int(&a, 10, 50);
	make_int(&a, 13, S_KEY);
	make_base(&b);
	MAKE(&b, 2, 1, 1, 2, 1, 2, 1);
	make_sample(&b, 5);
	make_sample(&b, 0);
	make_int(&b, 9, 1000);
	make_int(&b, 10, 70);
	make_int(&b, 13, S_KEY);
	make_int(&b, 13, S_VALUE);
	CLEANUP(pprof) struct pprof p = PPROF_INIT, q = PPROF_INIT, sum = PPROF_INIT;
	decode(&a, &p);
	decode(&b, &q);
	const struct pprof *both[] = { &p, &q };
	check_ok(pprof_merge(&sum, both, 2, err));
	pprof_release(&p); /* the sum does not refer to them */
	pprof_release(&q);
	assert_int_equal(sum.n_samples, 2);
	assert_int_equal(sum.values[0], 12);
	assert_int_equal(sum.values[1], 120000000);
	assert_int_equal(sum.values[2], 1);
	assert_int_equal(sum.n_functions, 2);
	assert_int_equal(sum.n_locations, 2);
	assert_int_equal(sum.n_mappings, 1);
	assert_int_equal(sum.time_ns, 1000);
	assert_int_equal(sum.duration_ns, 120);
	assert_int_equal(sum.period, 10000000);
	assert_int_equal(sum.n_comments, 2);
	assert_true(pprof_string_is(&sum, sum.comments[1], "value"));
	assert_true(pprof_string_is(&sum, sum.functions[0].name, "db.leaf"));
	assert_int_equal(sum.functions[0].start_line, 17);
	struct pprof_facts f;
	check_ok(pprof_check_cpu(&sum, &f, err));
	assert_int_equal(f.samples, 13);
}

/* Whatever their order; and the sum of a sum alone is the same again. */
static void labels_are_part_of_the_stack(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf a = STRBUF_INIT(LIMIT);
	make_base(&a);
	MAKE_BYTES(&a, 2, "\x0a\x01\x01\x12\x02\x01\x01\x1a\x04\x08\x08\x10\x09\x1a\x04\x08\x05\x10\x06");
	MAKE_BYTES(&a, 2, "\x0a\x01\x01\x12\x02\x02\x02\x1a\x04\x08\x05\x10\x06\x1a\x04\x08\x08\x10\x09");
	MAKE_BYTES(&a, 2, "\x0a\x01\x01\x12\x02\x04\x04\x1a\x04\x08\x08\x18\x09");
	MAKE_BYTES(&a, 2, "\x0a\x01\x01\x12\x02\x08\x08");
	CLEANUP(pprof) struct pprof p = PPROF_INIT, sum = PPROF_INIT, again = PPROF_INIT;
	decode(&a, &p);
	const struct pprof *one[] = { &p };
	check_ok(pprof_merge(&sum, one, 1, err));
	assert_int_equal(sum.n_samples, 3);
	assert_int_equal(sum.values[0], 3);
	assert_int_equal(sum.values[2], 4);
	assert_int_equal(sum.values[4], 8);

	one[0] = &sum;
	check_ok(pprof_merge(&again, one, 1, err));
	assert_int_equal(again.n_samples, 3);
	assert_memory_equal(again.values, sum.values, 6 * sizeof *sum.values);
}

/* One binary at two addresses (ASLR): the same code. */
static void addresses_are_relative(void **state)
{
	(void)state;
	struct pprof p[2] = { PPROF_INIT, PPROF_INIT };
	CLEANUP(pprof) struct pprof sum = PPROF_INIT;
	for (uint64_t i = 0; i < 2; i++) {
		CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(LIMIT);
		MAKE(&b, 1, 1, S_SAMPLES, 2, S_COUNT);
		MAKE(&b, 3, 1, 1, 2, 0x10000 * (i + 1), 3, 0x10000 * (i + 1) + 0x5000 - i, 5, S_BINARY);
		MAKE(&b, 4, 1, 9, 2, 1, 3, 0x10000 * (i + 1) + 0x123);
		MAKE(&b, 2, 1, 9, 2, 10);
		make_strings(&b);
		decode(&b, &p[i]);
	}
	const struct pprof *both[] = { &p[0], &p[1] };
	check_ok(pprof_merge(&sum, both, 2, err));
	pprof_release(&p[0]);
	pprof_release(&p[1]);
	assert_int_equal(sum.n_samples, 1);
	assert_int_equal(sum.values[0], 20);
	assert_int_equal(sum.locations[0].address, 0x10123);
}

static void zeros_vanish(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf a = STRBUF_INIT(LIMIT), b = STRBUF_INIT(LIMIT);
	make_base(&a);
	make_sample(&a, 3);
	MAKE(&a, 2, 1, 1, 2, 5, 2, 5);
	make_base(&b);
	make_sample(&b, (uint64_t)-3);
	CLEANUP(pprof) struct pprof p = PPROF_INIT, q = PPROF_INIT, sum = PPROF_INIT;
	decode(&a, &p);
	decode(&b, &q);
	const struct pprof *both[] = { &p, &q };
	check_ok(pprof_merge(&sum, both, 2, err));
	assert_int_equal(sum.n_samples, 1);
	assert_int_equal(sum.n_locations, 1);
	assert_int_equal(sum.n_functions, 1);
	assert_int_equal(sum.values[0], 5);
}

static void refused(void **state)
{
	(void)state;
	CLEANUP(strbuf)
	struct strbuf a = STRBUF_INIT(LIMIT), b = STRBUF_INIT(LIMIT), c = STRBUF_INIT(LIMIT), d = STRBUF_INIT(LIMIT);
	make_base(&a);
	MAKE(&a, 2, 1, 1, 2, INT64_MAX, 2, 1);
	make_int(&a, 10, 1);
	MAKE(&b, 1, 1, S_SAMPLES, 2, S_COUNT);
	make_strings(&b);
	MAKE(&b, 11, 1, S_CPU, 2, S_NANOSECONDS);
	make_base(&c);
	make_int(&c, 10, INT64_MAX);
	make_base(&d);
	MAKE(&d, 11, 1, S_KEY);
	CLEANUP(pprof) struct pprof p = PPROF_INIT, q = PPROF_INIT, r = PPROF_INIT, s = PPROF_INIT, sum = PPROF_INIT;
	decode(&a, &p);
	decode(&b, &q);
	decode(&c, &r);
	decode(&d, &s);
	const struct pprof *two[] = { &p, &q };
	check_fails(pprof_merge(&sum, two, 2, err), ERROR_USAGE,
		    "profile 2: its sample types are samples/count; the first profile's are samples/count, "
		    "cpu/nanoseconds");
	two[1] = &p;
	check_fails(pprof_merge(&sum, two, 2, err), ERROR_USAGE, "profile 2: the sum of a stack's values exceeds");
	two[1] = &r;
	check_fails(pprof_merge(&sum, two, 2, err), ERROR_USAGE, "profile 2: the sum of the durations exceeds");
	two[1] = &s;
	check_fails(pprof_merge(&sum, two, 2, err), ERROR_USAGE, "period type differs");
	r.period = 20000000;
	two[1] = &r;
	check_fails(pprof_merge(&sum, two, 2, err), ERROR_USAGE,
		    "profile 2: its period is 20000000; the first profile's is 10000000");
	check_fails(pprof_merge(&sum, two, 0, err), ERROR_USAGE, "no profile to merge");
	assert_null(sum.samples);
}

static void add_scaled(struct pprof_merger *m, const struct pprof *p, double factor)
{
	check_ok(pprof_merger_add_scaled(m, p, factor, err));
}

static void shares_are_as_the_weights(void **state)
{
	(void)state;
	static const uint64_t value_ns[] = { 1000, 3000, 4000 };
	static const double equal[] = { 1, 1, 1 }, unequal[] = { 2, 1, 1 };
	double factors[3];
	pprof_balance(value_ns, equal, 3, factors);
	for (int i = 0; i < 3; i++)
		assert_true(fabs(factors[i] * (double)value_ns[i] - 8000.0 / 3) < 1e-9);
	pprof_balance(value_ns, unequal, 3, factors);
	assert_true(factors[0] == 4 && fabs(factors[1] * 3000 - 2000) < 1e-9 && factors[2] == 0.5);
	pprof_balance(value_ns, unequal, 1, factors);
	assert_true(factors[0] == 1); /* exactly: nothing is rounded */
}

/* Factors apply to values and durations; what rounding takes from one stack the next gets. */
static void factors_weigh(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf a = STRBUF_INIT(LIMIT), b = STRBUF_INIT(LIMIT);
	make_base(&a);
	make_sample(&a, 3);
	make_int(&a, 10, 1000);
	make_base(&b);
	MAKE(&b, 2, 1, 1, 2, 1, 2, 10000000);
	make_sample(&b, 1);
	MAKE(&b, 2, 1, 2, 2, 1, 2, 10000000);
	make_int(&b, 10, 2000);
	CLEANUP(pprof) struct pprof p = PPROF_INIT, q = PPROF_INIT, sum = PPROF_INIT, half = PPROF_INIT;
	decode(&a, &p);
	decode(&b, &q);
	CLEANUP(pprof_merger) struct pprof_merger m = PPROF_MERGER_INIT;
	add_scaled(&m, &p, 1); /* becomes doubles at the next */
	add_scaled(&m, &q, 2.5);
	check_ok(pprof_merger_finish_scaled(&m, 2, &sum, err));
	assert_int_equal(sum.n_samples, 3);
	assert_int_equal(sum.values[0], 11); /* 2 * (3 + 2.5) */
	assert_int_equal(sum.values[1], 110000000);
	assert_int_equal(sum.values[2], 5);
	assert_int_equal(sum.values[4], 5);
	assert_int_equal(sum.duration_ns, 12000);

	add_scaled(&m, &q, 0.4); /* 0.4, 0.4 and 0.4 samples: one stays, the whole time does */
	check_ok(pprof_merger_finish(&m, &half, err));
	assert_int_equal(half.n_samples, 3);
	assert_int_equal(half.values[0] + half.values[2] + half.values[4], 1);
	assert_int_equal(half.values[1] + half.values[3] + half.values[5], 12000000);
	assert_int_equal(half.duration_ns, 800);
}

static void factors_can_leave_nothing_or_too_much(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf a = STRBUF_INIT(LIMIT);
	make_base(&a);
	make_sample(&a, 3);
	CLEANUP(pprof) struct pprof p = PPROF_INIT, sum = PPROF_INIT;
	decode(&a, &p);
	CLEANUP(pprof_merger) struct pprof_merger m = PPROF_MERGER_INIT;
	add_scaled(&m, &p, 1e-9);
	check_ok(pprof_merger_finish(&m, &sum, err));
	assert_int_equal(sum.n_samples, 0);
	assert_int_equal(sum.n_locations, 0);
	pprof_release(&sum);
	add_scaled(&m, &p, 1e300);
	check_fails(pprof_merger_finish(&m, &sum, err), ERROR_USAGE, "exceeds 2^63 - 1");
	pprof_merger_release(&m);
	p.duration_ns = 1000;
	add_scaled(&m, &p, 1e9);
	check_fails(pprof_merger_finish_scaled(&m, 1e9, &sum, err), ERROR_USAGE, "exceeds 2^63 - 1");
}

/* db.leaf is neither of Go's library nor of a module; names of modules and of main count. */
static void tells_what_it_shares(void **state)
{
	(void)state;
	static const char *const names[] = { "example.com/db.(*T).Scan", "net/http.Get", "main.main", "main.serve" };
	static const bool own[] = { true, false, false, true };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct pprof_string s = { names[i], strlen(names[i]) };
		assert_int_equal(pprof_is_own_function(&s), own[i]);
	}
	CLEANUP(strbuf) struct strbuf a = STRBUF_INIT(LIMIT);
	make_base(&a);
	make_sample(&a, 3);
	make_text(&a, 6, "main.scan");
	MAKE(&a, 5, 1, 3, 2, S_END);
	MAKE_BYTES(&a, 4, "\x08\x03\x22\x02\x08\x03");
	MAKE(&a, 2, 1, 3, 2, 1, 2, 10000000);
	CLEANUP(pprof) struct pprof p = PPROF_INIT;
	decode(&a, &p);
	CLEANUP(pprof_merger) struct pprof_merger m = PPROF_MERGER_INIT;
	uint32_t functions, known;
	check_ok(pprof_merger_check(&m, &p, &functions, &known, err));
	assert_true(functions == 0 && known == 0);
	add_scaled(&m, &p, 1);
	check_ok(pprof_merger_check(&m, &p, &functions, &known, err));
	assert_true(functions == 1 && known == 1);
	CLEANUP(pprof_merger) struct pprof_merger other = PPROF_MERGER_INIT;
	CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(LIMIT);
	CLEANUP(pprof) struct pprof q = PPROF_INIT;
	make_base(&b);
	make_sample(&b, 3);
	decode(&b, &q);
	add_scaled(&other, &q, 1);
	check_ok(pprof_merger_check(&other, &p, &functions, &known, err));
	assert_true(functions == 1 && known == 0);
	p.period++;
	check_fails(pprof_merger_check(&m, &p, &functions, &known, err), ERROR_USAGE, "its period is");
}

/* Enough different stacks that every array and table grows. */
static void many_stacks(void **state)
{
	(void)state;
	enum { N = 5000 };
	CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(4 * LIMIT);
	MAKE(&b, 1, 1, S_SAMPLES, 2, S_COUNT);
	make_strings(&b);
	for (uint64_t i = 1; i <= N; i++) {
		AUTO_FREE char *name = str_printf(NULL, "db.function_with_a_long_name_%d", (int)i);
		make_text(&b, 6, name);
		MAKE(&b, 5, 1, i, 2, S_END + i - 1);
		CLEANUP(strbuf) struct strbuf l = STRBUF_INIT(100);
		make_int(&l, 1, i);
		MAKE(&l, 4, 1, i, 2, i * 3);
		make_message(&b, 4, l.data, l.len);
		MAKE(&b, 2, 1, i, 1, N + 1 - i, 2, i);
	}
	CLEANUP(pprof) struct pprof p = PPROF_INIT, sum = PPROF_INIT;
	decode(&b, &p);
	const struct pprof *four[] = { &p, &p, &p, &p };
	check_ok(pprof_merge(&sum, four, 4, err));
	assert_int_equal(sum.n_samples, N);
	assert_int_equal(sum.n_functions, N);
	assert_int_equal(sum.n_lines, N);
	for (uint32_t i = 0; i < N; i++) {
		assert_int_equal(sum.values[i], 4 * (i + 1));
		const struct pprof_location *l = &sum.locations[sum.refs[sum.samples[i].first_ref]];
		assert_int_equal(sum.lines[l->first_line].line, 3 * (i + 1));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_equal_stacks),
		cmocka_unit_test(labels_are_part_of_the_stack),
		cmocka_unit_test(addresses_are_relative),
		cmocka_unit_test(zeros_vanish),
		cmocka_unit_test(refused),
		cmocka_unit_test(factors_weigh),
		cmocka_unit_test(shares_are_as_the_weights),
		cmocka_unit_test(factors_can_leave_nothing_or_too_much),
		cmocka_unit_test(tells_what_it_shares),
		cmocka_unit_test(many_stacks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
