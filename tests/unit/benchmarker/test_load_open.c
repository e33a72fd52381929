/* Load at a given rate under the hook, without a server: the script's events sleep, or do nothing. What is expected is
 * counted from the schedule, so that it holds on a machine of any speed. */
#include "benchmarker/arrivals.h"
#include "benchmarker/gate.h"
#include "benchmarker/load.h"

#include "base/clock.h"
#include "base/fs.h"
#include "check.h"

#include <math.h>

#define SEED 11

static const struct workload paced = { .name = "paced", .script = DATA_DIR "/lua/paced.lua" };

static int setup(void **state)
{
	*state = fs_make_temp_dir("dbdyno-test-open", NULL);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	fs_remove_tree(*state, NULL);
	free(*state);
	return 0;
}

/* only: 0 if all events last event_us, else the number of the one that does. */
static struct load_spec make_spec(const char *dir, double rate, unsigned threads, unsigned event_us, unsigned only)
{
	return (struct load_spec){
		.dir = dir,
		.workload = &paced,
		.address = { .protocol = PROTOCOL_MYSQL, .host = "127.0.0.1", .port = 1 },
		.threads = threads,
		.tables = only + 1,
		.table_size = event_us,
		.seed = SEED,
		.rate = rate,
		.server_fd = -1,
		.event_timeout_ns = 20 * NS_PER_SECOND,
	};
}

static uint64_t due_before(double rate, uint32_t window, double end_ns)
{
	struct arrivals a;
	arrivals_start(&a, rate, SEED, window);
	return arrivals_count(&a, end_ns);
}

static uint64_t count_above(const struct histogram *h, uint64_t ns)
{
	uint64_t n = 0;
	for (size_t i = 0; i < h->len; i++)
		if (h->entries[i].bucket > histogram_bucket(ns))
			n += h->entries[i].count;
	return n;
}

/* What must hold for any slice of an open loop. */
static void check_slice(const struct sample *s, const struct load_spec *spec, uint32_t window, uint64_t duration_ns)
{
	assert_true(s->rate == spec->rate);
	assert_int_equal(s->events + s->unserved, due_before(spec->rate, window, (double)duration_ns));
	assert_int_equal(s->latency.total, s->events);
	assert_true(s->unserved <= s->backlog && s->backlog <= s->events + s->unserved);
	assert_true(s->end_ns >= s->begin_ns + duration_ns);
	assert_true(s->busy_ns >= spec->threads * duration_ns);
	assert_true(s->latency_max_ns <= s->end_ns - s->begin_ns);
}

/* All threads together draw what C draws: the same number of arrivals, and the state is the same to the last bit. */
static void hook_keeps_the_schedule(void **state)
{
	struct load_spec spec = make_spec(*state, 2000, 3, 0, 0);
	CLEANUP(load) struct load l = LOAD_INIT;
	check_ok(load_open(&l, &spec, err));
	for (uint32_t window = 0; window < 3; window++) {
		uint64_t duration_ns = (100 + 50 * window) * NS_PER_MS;
		CLEANUP(sample) struct sample s = SAMPLE_INIT;
		check_ok(load_slice(&l, duration_ns, &s, err));
		check_slice(&s, &spec, window, duration_ns);
		struct arrivals a;
		arrivals_start(&a, spec.rate, SEED, window);
		while (s.unserved == 0 && a.next_ns < (double)duration_ns)
			arrivals_next(&a);
		if (s.unserved == 0)
			assert_memory_equal(&a, &l.gate->arrivals, sizeof a);
		else
			print_message("window %u: the machine stood still, not compared\n", window);
	}
	check_ok(load_close(&l, err));
}

/* A number names a schedule, whatever ran before. */
static void schedules_are_chosen(void **state)
{
	struct load_spec spec = make_spec(*state, 2000, 2, 0, 0);
	static const uint32_t numbers[] = { 7, 3, 7 };
	CLEANUP(load) struct load l = LOAD_INIT;
	check_ok(load_open(&l, &spec, err));
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		CLEANUP(sample) struct sample s = SAMPLE_INIT;
		load_set_schedule(&l, numbers[i]);
		check_ok(load_slice(&l, 60 * NS_PER_MS, &s, err));
		check_slice(&s, &spec, numbers[i], 60 * NS_PER_MS);
	}
	check_ok(load_close(&l, err));
	assert_int_not_equal(due_before(2000, 7, 60e6), due_before(2000, 3, 60e6));
}

/* One event that lasts 300 ms. In a closed loop one latency shows it; in an open one every event that was due meanwhile
 * waited, and says how long. */
static void a_stall_shows_in_all_that_it_delays(void **state)
{
	uint64_t duration_ns = 800 * NS_PER_MS;
	struct load_spec spec = make_spec(*state, 1000, 1, 300000, 100);
	CLEANUP(load) struct load l = LOAD_INIT;
	CLEANUP(sample) struct sample open = SAMPLE_INIT, closed = SAMPLE_INIT;
	check_ok(load_open(&l, &spec, err));
	check_ok(load_slice(&l, duration_ns, &open, err));
	check_ok(load_close(&l, err));
	check_slice(&open, &spec, 0, duration_ns);
	/* The stall begins when the hundredth is due, or later: who is due in its first 100 ms waits 200 ms or more. */
	struct arrivals a;
	arrivals_start(&a, spec.rate, SEED, 0);
	for (int i = 1; i < 100; i++)
		arrivals_next(&a);
	uint64_t delayed = arrivals_count(&a, a.next_ns + 100e6);
	assert_true(delayed > 60);
	if (open.unserved == 0)
		assert_true(count_above(&open.latency, 199 * NS_PER_MS) >= delayed);
	assert_true(histogram_quantile_ns(&open.latency, 0.99) > 199e6);
	assert_true(open.lag_max_ns > 199 * NS_PER_MS);

	spec.rate = 0;
	check_ok(load_open(&l, &spec, err));
	check_ok(load_slice(&l, duration_ns, &closed, err));
	check_ok(load_close(&l, err));
	uint64_t seen = count_above(&closed.latency, 199 * NS_PER_MS);
	assert_true(seen >= 1 && seen <= closed.busy_ns / (199 * NS_PER_MS)); /* one after the other */
	assert_true(closed.rate == 0 && closed.backlog == 0 && closed.unserved == 0 && closed.lag_max_ns == 0);
}

/* 1,000 events a second for a thread that can do 200 at most. */
static void overload_is_counted_and_left_behind(void **state)
{
	uint64_t duration_ns = 200 * NS_PER_MS;
	struct load_spec spec = make_spec(*state, 1000, 1, 5000, 0);
	CLEANUP(load) struct load l = LOAD_INIT;
	check_ok(load_open(&l, &spec, err));
	for (uint32_t window = 0; window < 2; window++) {
		CLEANUP(sample) struct sample s = SAMPLE_INIT;
		check_ok(load_slice(&l, duration_ns, &s, err));
		check_slice(&s, &spec, window, duration_ns);
		/* In the window 40 are begun at most, as many in the time after it, and one at its very end. */
		assert_true(s.events <= 82);
		uint64_t due = s.events + s.unserved;
		assert_true(due > 150 && s.unserved >= due - 82 && s.backlog >= due - 41);
		assert_true(s.lag_max_ns > 100 * NS_PER_MS);
	}
	check_ok(load_close(&l, err));
}

/* One queue for all: while one thread hangs, the other takes what is due. Queues of their own would leave half behind.
 */
static void threads_share_one_queue(void **state)
{
	uint64_t duration_ns = 200 * NS_PER_MS;
	struct load_spec spec = make_spec(*state, 1000, 2, 1000000, 1);
	CLEANUP(load) struct load l = LOAD_INIT;
	CLEANUP(sample) struct sample s = SAMPLE_INIT;
	check_ok(load_open(&l, &spec, err));
	check_ok(load_slice(&l, duration_ns, &s, err));
	check_slice(&s, &spec, 0, duration_ns);
	assert_true(count_above(&s.latency, 999 * NS_PER_MS) >= 1);
	assert_true(s.events > 3 * (s.events + s.unserved) / 4);
	check_ok(load_close(&l, err));
}

/* Nobody comes: the threads wait for the end, also for one that is moved. */
static void slices_without_arrivals(void **state)
{
	struct load_spec spec = make_spec(*state, 0.01, 2, 0, 0);
	CLEANUP(load) struct load l = LOAD_INIT;
	CLEANUP(sample) struct sample s = SAMPLE_INIT, early = SAMPLE_INIT;
	assert_int_equal(due_before(0.01, 0, 60e6), 0);
	check_ok(load_open(&l, &spec, err));
	check_ok(load_slice(&l, 60 * NS_PER_MS, &s, err));
	check_slice(&s, &spec, 0, 60 * NS_PER_MS);
	assert_int_equal(s.events, 0);
	assert_int_equal(s.latency_min_ns, 0);
	check_ok(load_begin(&l, 0, 3600 * NS_PER_SECOND, err));
	while (clock_mono_ns() < l.begin_ns + 10 * NS_PER_MS)
		sched_yield();
	load_end_window(&l);
	check_ok(load_await(&l, &early, err));
	assert_int_equal(early.events, 0);
	assert_true(early.end_ns - early.begin_ns < 3000 * NS_PER_SECOND);
	check_ok(load_close(&l, err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hook_keeps_the_schedule),
		cmocka_unit_test(schedules_are_chosen),
		cmocka_unit_test(a_stall_shows_in_all_that_it_delays),
		cmocka_unit_test(overload_is_counted_and_left_behind),
		cmocka_unit_test(threads_share_one_queue),
		cmocka_unit_test(slices_without_arrivals),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
