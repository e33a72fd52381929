#include "benchmarker/machine_summary.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "check.h"

#include <math.h>

#define MS NS_PER_MS

static void check_near(double actual, double expected)
{
	if (!(fabs(actual - expected) <= 1e-9 * fmax(1, fabs(expected))))
		fail_msg("%.12g; expected %.12g", actual, expected);
}

/* One second on two CPUs, of which others took as much as is said. */
static struct machine_usage slice(uint64_t steal_ms, uint64_t throttled_ms)
{
	struct machine_usage u = machine_usage_unknown();
	u.window_ns = NS_PER_SECOND;
	u.cpus = 2;
	u.steal_ns = steal_ms * MS;
	u.throttled_ns = throttled_ms * MS;
	return u;
}

static void a_run(void **state)
{
	(void)state;
	struct machine_usage u[] = { slice(100, 0), slice(900, 30), slice(200, 0), slice(400, 10) };
	struct machine_summary s;
	u[1].pressure_io_ns = 250 * MS; /* known in two slices only */
	u[2].pressure_io_ns = 50 * MS;
	u[3].window_ns = 2 * NS_PER_SECOND;
	u[3].cpus = 1;
	u[3].oom_kills = 0;
	u[0].suspended_ns = 1500 * MS;
	check_ok(machine_summarise(u, ARRAY_SIZE(u), &s, err));
	assert_int_equal(s.slices, 4);
	assert_int_equal(s.cpus, 1);
	check_near(s.steal_median, 0.15); /* of 5, 10, 20, 45 % */
	check_near(s.steal_worst, 0.45);
	assert_true(isnan(s.others_median) && isnan(s.others_worst));
	check_near(s.throttled, 0.040 / 5);
	check_near(s.throttled_seconds, 0.040);
	check_near(s.pressure_io, 0.15);
	assert_true(isnan(s.pressure_cpu) && isnan(s.pressure_memory));
	check_near(s.suspended_seconds, 1.5);
	check_near(s.oom_kills, 0);
}

static void no_slices(void **state)
{
	(void)state;
	struct machine_summary s;
	CLEANUP(strlist) struct strlist advice = STRLIST_INIT;
	check_ok(machine_summarise(NULL, 0, &s, err));
	assert_int_equal(s.slices, 0);
	assert_int_equal(s.cpus, 0);
	assert_true(isnan(s.steal_median) && isnan(s.throttled) && isnan(s.oom_kills));
	check_ok(machine_advice(&s, &advice, err));
	assert_int_equal(advice.len, 0);
}

static struct machine_summary fine(void)
{
	return (struct machine_summary){ .slices = 10,
					 .cpus = 2,
					 .steal_median = 0.05,
					 .others_median = 0.05,
					 .throttled = 0.01,
					 .pressure_cpu = 1,
					 .pressure_io = 0.25,
					 .pressure_memory = 0.05 };
}

static void what_would_help(void **state)
{
	(void)state;
	static const struct {
		size_t field;
		double value;
		const char *says;
	} cases[] = {
#define AT(member) offsetof(struct machine_summary, member)
		{ AT(steal_median), 0.144, "Other virtual machines took 14 %" },
		{ AT(others_median), 0.06, "Other processes used 6 %" },
		{ AT(throttled), 0.25, "The CPU limit stopped the servers and clients for 25 %" },
		{ AT(pressure_memory), 0.07, "waited for memory for 7 %" },
		{ AT(pressure_io), 0.5, "waited for storage for 50 %" },
		{ AT(suspended_seconds), 12, "slept for 12.0 s" },
		{ AT(oom_kills), 1, "killed for lack of memory" },
		{ AT(steal_worst), 0.9, NULL },
		{ AT(steal_median), NAN, NULL },
		{ AT(throttled), NAN, NULL },
		{ AT(oom_kills), NAN, NULL },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strlist) struct strlist advice = STRLIST_INIT;
		struct machine_summary s = fine();
		memcpy((char *)&s + cases[i].field, &cases[i].value, sizeof cases[i].value);
		check_ok(machine_advice(&s, &advice, err));
		assert_int_equal(advice.len, cases[i].says != NULL);
		if (cases[i].says)
			check_contains(advice.items[0], cases[i].says);
	}
	CLEANUP(strlist) struct strlist advice = STRLIST_INIT;
	struct machine_summary s = fine();
	s.cpus = 1;
	check_ok(machine_advice(&s, &advice, err));
	assert_int_equal(advice.len, 1);
	check_contains(advice.items[0], "There is one CPU");
}

static void what_a_transaction_costs(void **state)
{
	(void)state;
	struct machine_usage u[] = { slice(0, 0), slice(0, 0), slice(0, 0) };
	static const uint64_t events[] = { 100, 300, 1000 };
	struct machine_cost c;
	u[0].server.cpu_ns = 50 * MS;
	u[1].server.cpu_ns = 150 * MS; /* the third is not known, and its events do not count */
	u[0].client.cpu_ns = u[1].client.cpu_ns = u[2].client.cpu_ns = 14 * MS;
	u[0].server.voluntary_switches = 90;
	u[0].server.involuntary_switches = 10;
	u[1].server.voluntary_switches = 700; /* half of it is not known */
	u[2].server.written_bytes = 8192000;
	u[0].server.peak_bytes = 3000;
	u[1].server.peak_bytes = 5000;
	machine_cost(u, events, ARRAY_SIZE(u), &c);
	check_near(c.server_cpu_us, 500);
	check_near(c.client_cpu_us, 30);
	check_near(c.switches, 1);
	check_near(c.written_bytes, 8192);
	assert_true(isnan(c.read_bytes) && isnan(c.major_faults));
	check_near(c.peak_bytes, 5000);
	static const uint64_t none[] = { 0, 0, 0 };
	machine_cost(u, none, ARRAY_SIZE(u), &c);
	assert_true(isnan(c.server_cpu_us));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run),
		cmocka_unit_test(no_slices),
		cmocka_unit_test(what_would_help),
		cmocka_unit_test(what_a_transaction_costs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
