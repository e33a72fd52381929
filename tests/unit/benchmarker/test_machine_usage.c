#include "benchmarker/machine_usage.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "check.h"

#include <math.h>

#define MS NS_PER_MS

/* A quiet slice of one second on two CPUs. */
static struct machine_usage quiet(void)
{
	struct machine_usage u = machine_usage_unknown();
	u.window_ns = NS_PER_SECOND;
	u.cpus = 2;
	u.suspended_ns = u.steal_ns = u.others_ns = u.throttled_ns = u.throttled_periods = u.oom_kills = 0;
	u.pressure_cpu_ns = u.pressure_io_ns = u.pressure_memory_ns = 0;
	u.busy_ns = 1800 * MS;
	u.server.cpu_ns = 1000 * MS;
	u.client.cpu_ns = 700 * MS;
	return u;
}

static void a_difference(void **state)
{
	(void)state;
	struct machine_usage begin = quiet(), end = quiet();
	begin.window_ns = 5000;
	end.window_ns = 1005000;
	begin.steal_ns = 10;
	end.steal_ns = 40;
	begin.server.voluntary_switches = 9; /* a thread ended: its switches are in no count any more */
	end.server.voluntary_switches = 8;
	end.server.minor_faults = 3; /* it could not be read at the beginning */
	begin.client.written_bytes = 100;
	end.client.written_bytes = 100;
	begin.server.peak_bytes = 5000;
	end.server.peak_bytes = 4000; /* a process ended; a level, not a count */
	begin.cpus = 1;
	struct machine_usage u = machine_usage_between(&begin, &end);
	assert_int_equal(u.window_ns, 1000000);
	assert_int_equal(u.steal_ns, 30);
	assert_true(u.server.voluntary_switches == MACHINE_UNKNOWN);
	assert_true(u.server.minor_faults == MACHINE_UNKNOWN);
	assert_int_equal(u.client.written_bytes, 0);
	assert_int_equal(u.server.peak_bytes, 4000);
	assert_int_equal(u.cpus, 2);
}

static void others_are_what_the_load_did_not_use(void **state)
{
	(void)state;
	struct machine_usage one[] = { quiet() };
	machine_usage_others(one, 1);
	assert_int_equal(one[0].others_ns, 100 * MS);
	one[0].busy_ns = 1600 * MS; /* by ticks */
	machine_usage_others(one, 1);
	assert_int_equal(one[0].others_ns, 0);
	one[0].client.cpu_ns = MACHINE_UNKNOWN;
	machine_usage_others(one, 1);
	assert_true(one[0].others_ns == MACHINE_UNKNOWN);
	/* A duet: both servers and clients work at once, on the same CPUs. */
	struct machine_usage duet[] = { quiet(), quiet() };
	duet[0].server.cpu_ns = 400 * MS;
	duet[1].server.cpu_ns = 300 * MS;
	duet[0].client.cpu_ns = duet[1].client.cpu_ns = 500 * MS;
	machine_usage_others(duet, 2);
	assert_int_equal(duet[0].others_ns, 100 * MS);
	assert_int_equal(duet[1].others_ns, 100 * MS);
}

static void shares(void **state)
{
	(void)state;
	struct machine_usage u = quiet();
	assert_true(fabs(machine_usage_cpu_share(&u, 500 * MS) - 0.25) < 1e-12);
	assert_true(fabs(machine_usage_window_share(&u, 500 * MS) - 0.5) < 1e-12);
	assert_true(machine_usage_window_share(&u, 5000 * MS) == 1);
	assert_true(isnan(machine_usage_cpu_share(&u, MACHINE_UNKNOWN)));
	u.cpus = MACHINE_UNKNOWN;
	assert_true(isnan(machine_usage_cpu_share(&u, 0)));
	u = machine_usage_unknown();
	assert_true(isnan(machine_usage_window_share(&u, 0)));
	u.window_ns = 0;
	assert_true(isnan(machine_usage_window_share(&u, 0)));
}

static void the_usual_level_is_a_median(void **state)
{
	(void)state;
	struct machine_usage u[5] = { quiet(), quiet(), quiet(), quiet(), quiet() };
	struct machine_typical t;
	u[0].steal_ns = 1900 * MS; /* one burst does not move it */
	u[1].steal_ns = 100 * MS;
	u[2].steal_ns = 300 * MS;
	u[3].steal_ns = 200 * MS;
	u[4].steal_ns = MACHINE_UNKNOWN;
	u[0].throttled_ns = 30 * MS;
	u[1].throttled_ns = 20 * MS;
	u[2].throttled_ns = 10 * MS;
	check_ok(machine_usage_typical(u, 5, &t, err));
	assert_true(fabs(t.steal - 0.125) < 1e-12);
	assert_true(fabs(t.throttled - 0.010) < 1e-12);
	assert_true(t.others == 0 && t.memory_pressure == 0);
	check_ok(machine_usage_typical(u, 0, &t, err));
	assert_true(t.steal == 0 && t.throttled == 0);
}

static void what_contaminates(void **state)
{
	(void)state;
	static const struct machine_typical none = { 0 }, noisy = {
		.steal = 0.10, .others = 0.05, .throttled = 0.10, .memory_pressure = 0.08
	};
	static const char vms[] = "other virtual machines took the CPUs", limit[] = "the CPU limit throttled it",
			  others[] = "other processes took the CPUs", memory[] = "memory was short",
			  oom[] = "a process was killed for lack of memory", slept[] = "the machine was suspended";
	/* field, value in ms (or a count), usual level, reason */
	static const struct {
		size_t field;
		uint64_t value;
		const struct machine_typical *typical;
		const char *reason;
	} cases[] = {
#define AT(member) offsetof(struct machine_usage, member)
		{ AT(steal_ns), 0, &none, NULL },
		{ AT(steal_ns), 220 * MS, &none, NULL }, /* 10 %, and one tick of each CPU */
		{ AT(steal_ns), 221 * MS, &none, vms },
		{ AT(steal_ns), 221 * MS, &noisy, NULL }, /* usual here */
		{ AT(steal_ns), 620 * MS, &noisy, NULL },
		{ AT(steal_ns), 621 * MS, &noisy, vms },
		{ AT(others_ns), 220 * MS, &none, NULL },
		{ AT(others_ns), 221 * MS, &none, others },
		{ AT(others_ns), 321 * MS, &noisy, others },
		{ AT(others_ns), 320 * MS, &noisy, NULL },
		{ AT(throttled_ns), 10 * MS, &none, NULL },
		{ AT(throttled_ns), 11 * MS, &none, limit },
		{ AT(throttled_ns), 300 * MS, &noisy, NULL },
		{ AT(throttled_ns), 301 * MS, &noisy, limit },
		{ AT(pressure_memory_ns), 100 * MS, &none, NULL },
		{ AT(pressure_memory_ns), 101 * MS, &none, memory },
		{ AT(pressure_memory_ns), 239 * MS, &noisy, NULL },
		{ AT(pressure_memory_ns), 241 * MS, &noisy, memory },
		{ AT(oom_kills), 1, &noisy, oom },
		{ AT(suspended_ns), 100 * MS - 1, &none, NULL },
		{ AT(suspended_ns), 100 * MS, &noisy, slept },
		/* What a slower server itself brings about must never take its slices out. */
		{ AT(pressure_cpu_ns), 1000 * MS, &none, NULL },
		{ AT(pressure_io_ns), 1000 * MS, &none, NULL },
		{ AT(busy_ns), 2000 * MS, &none, NULL },
		{ AT(server.cpu_ns), 2000 * MS, &none, NULL },
		{ AT(server.major_faults), 1000000, &none, NULL },
		{ AT(server.written_bytes), UINT64_MAX - 1, &none, NULL },
		/* Not known is not a reason. */
		{ AT(steal_ns), MACHINE_UNKNOWN, &none, NULL },
		{ AT(others_ns), MACHINE_UNKNOWN, &none, NULL },
		{ AT(throttled_ns), MACHINE_UNKNOWN, &none, NULL },
		{ AT(pressure_memory_ns), MACHINE_UNKNOWN, &none, NULL },
		{ AT(oom_kills), MACHINE_UNKNOWN, &none, NULL },
		{ AT(suspended_ns), MACHINE_UNKNOWN, &none, NULL },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct machine_usage u = quiet();
		const char *reason = "not set";
		memcpy((char *)&u + cases[i].field, &cases[i].value, sizeof cases[i].value);
		bool contaminated = machine_usage_contaminated(&u, cases[i].typical, &reason);
		if (contaminated != (cases[i].reason != NULL) || reason != (contaminated ? reason : NULL) ||
		    (contaminated && strcmp(reason, cases[i].reason) != 0))
			fail_msg("case %zu: %s; expected %s", i, reason ? reason : "fine",
				 cases[i].reason ? cases[i].reason : "fine");
	}
}

static void without_readings_nothing_is_contaminated(void **state)
{
	(void)state;
	static const struct machine_typical none = { 0 };
	struct machine_usage all_unknown = machine_usage_unknown(), empty = { 0 };
	const char *reason;
	assert_false(machine_usage_contaminated(&all_unknown, &none, &reason));
	empty.oom_kills = 1;
	assert_false(machine_usage_contaminated(&empty, &none, &reason));
}

static void a_short_slice_is_not_blamed_for_a_tick(void **state)
{
	(void)state;
	static const struct machine_typical none = { 0 };
	struct machine_usage u = quiet();
	const char *reason;
	u.window_ns = 50 * MS; /* two CPUs: one tick is 10 % */
	u.steal_ns = 20 * MS;
	assert_false(machine_usage_contaminated(&u, &none, &reason));
	u.steal_ns = 40 * MS;
	assert_true(machine_usage_contaminated(&u, &none, &reason));
}

static void every_number_has_a_name_of_its_own(void **state)
{
	(void)state;
	struct machine_usage u = machine_usage_unknown();
	for (size_t i = 0; i < machine_fields_len; i++) {
		machine_field_set(&u, &machine_fields[i], i);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(machine_fields[i].name, machine_fields[k].name);
	}
	for (size_t i = 0; i < machine_fields_len; i++)
		assert_int_equal(machine_field_get(&u, &machine_fields[i]), i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_difference),
		cmocka_unit_test(others_are_what_the_load_did_not_use),
		cmocka_unit_test(shares),
		cmocka_unit_test(the_usual_level_is_a_median),
		cmocka_unit_test(what_contaminates),
		cmocka_unit_test(without_readings_nothing_is_contaminated),
		cmocka_unit_test(a_short_slice_is_not_blamed_for_a_tick),
		cmocka_unit_test(every_number_has_a_name_of_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
