/* Classes of events under the hook, without a server: the script's events do nothing. */
#include "benchmarker/load.h"

#include "base/clock.h"
#include "base/fs.h"
#include "check.h"

#include <math.h>

#define THREADS 2

static const char *const names[] = { "a", "b", "c", "never", NULL };
static const struct workload with_classes = { .name = "classes",
					      .script = DATA_DIR "/lua/classes.lua",
					      .classes = names };

static int setup(void **state)
{
	*state = fs_make_temp_dir("dbdyno-test-classes", NULL);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	fs_remove_tree(*state, NULL);
	free(*state);
	return 0;
}

static struct load_spec make_spec(const char *dir, const struct workload *w, unsigned long long way)
{
	return (struct load_spec){
		.dir = dir,
		.workload = w,
		.address = { .protocol = PROTOCOL_MYSQL, .host = "127.0.0.1", .port = 1 },
		.threads = THREADS,
		.tables = 1,
		.table_size = way,
		.seed = 1,
		.server_fd = -1,
		.event_timeout_ns = 20 * NS_PER_SECOND,
	};
}

/* Each window has its own counts, and the classes share them without a rest. */
static void check_classes(const char *dir, double rate)
{
	struct load_spec spec = make_spec(dir, &with_classes, 0);
	spec.rate = rate;
	CLEANUP(load) struct load l = LOAD_INIT;
	check_ok(load_open(&l, &spec, err));
	for (int i = 0; i < 3; i++) {
		CLEANUP(sample) struct sample s = SAMPLE_INIT;
		CLEANUP(histogram) struct histogram all = HISTOGRAM_INIT;
		uint64_t rollbacks = 0;
		check_ok(load_slice(&l, 20 * NS_PER_MS, &s, err));
		assert_int_equal(s.classes_len, 4);
		for (size_t c = 0; c < 4; c++) {
			const struct sample_class *class = &s.classes[c];
			check_str(class->name, names[c]);
			assert_int_equal(class->latency.total, class->events);
			check_ok(histogram_merge(&all, &class->latency, err));
			rollbacks += class->rollbacks;
			if (c == 3) {
				assert_int_equal(class->events, 0);
				continue;
			}
			/* In turn, in each thread. */
			assert_true(class->events + THREADS >= s.events / 3 && class->events <= s.events / 3 + THREADS);
			assert_true(class->latency_min_ns >= s.latency_min_ns &&
				    class->latency_max_ns <= s.latency_max_ns &&
				    class->latency_min_ns <= class->latency_max_ns);
		}
		assert_int_equal(all.total, s.latency.total);
		assert_int_equal(all.len, s.latency.len);
		for (size_t b = 0; b < all.len; b++) {
			assert_int_equal(all.entries[b].bucket, s.latency.entries[b].bucket);
			assert_int_equal(all.entries[b].count, s.latency.entries[b].count);
		}
		assert_true(rollbacks + THREADS >= s.events / 10 && rollbacks <= s.events / 10 + THREADS);
	}
	check_ok(load_close(&l, err));
}

static void each_class_is_counted(void **state)
{
	check_classes(*state, 0);
	check_classes(*state, 20000); /* load at a given rate */
}

static void other_tests_have_none(void **state)
{
	static const struct workload plain = { .name = "plain", .script = DATA_DIR "/lua/classes.lua" };
	struct load_spec spec = make_spec(*state, &plain, 0);
	CLEANUP(load) struct load l = LOAD_INIT;
	CLEANUP(sample) struct sample s = SAMPLE_INIT;
	check_ok(load_open(&l, &spec, err));
	check_ok(load_slice(&l, 20 * NS_PER_MS, &s, err));
	assert_true(s.events > 0);
	assert_null(s.classes);
	check_ok(load_close(&l, err));
}

/* Scripts of the shape of Percona's: their transactions are told apart, and their rollbacks from their errors. */
static void scripts_of_percona(void **state)
{
	/* Of seven events two are new-orders, and one is of no class of TPC-C. */
	static const struct {
		const char *name;
		unsigned of_seven;
	} classes[] = { { "new-order", 2 }, { "payment", 1 },     { "order-status", 1 },
			{ "delivery", 1 },  { "stock-level", 1 }, { "other", 1 } };
	const struct tpcc tpcc = {
		.scale = 3, .tables = 2, .isolation = "RC", .density = 1, .script_dir = DATA_DIR "/lua/team_tpcc"
	};
	struct load_spec spec = make_spec(*state, tpcc_workload(&tpcc), 0);
	spec.tpcc = &tpcc;
	CLEANUP(load) struct load l = LOAD_INIT;
	CLEANUP(sample) struct sample s = SAMPLE_INIT;
	check_ok(load_open(&l, &spec, err));
	check_ok(load_slice(&l, 20 * NS_PER_MS, &s, err));
	check_ok(load_close(&l, err));
	assert_int_equal(s.classes_len, ARRAY_SIZE(classes));
	for (size_t c = 0; c < ARRAY_SIZE(classes); c++) {
		check_str(s.classes[c].name, classes[c].name);
		uint64_t expected = s.events * classes[c].of_seven / 7, slack = 2 * THREADS;
		assert_true(s.classes[c].events + slack >= expected && s.classes[c].events <= expected + slack);
		assert_true(c == 0 || s.classes[c].rollbacks == 0);
	}
	assert_true(s.classes[0].rollbacks + THREADS >= s.classes[0].events / 4 &&
		    s.classes[0].rollbacks <= s.classes[0].events / 4 + THREADS);
	assert_int_equal(s.ignored_errors, s.classes[0].rollbacks);
}

static void numbers_that_cannot_be(void **state)
{
	static const char *const messages[] = {
		[1] = "the test named no class of its event: dbdyno.class is 7",
		[2] = "numbers for c that cannot be",
		[3] = "nan for c, which is no count",
		[4] = "the histogram of c holds",
		[5] = "the classes hold",
		[6] = "numbers for c that cannot be",
	};
	for (size_t way = 1; way < ARRAY_SIZE(messages); way++) {
		struct load_spec spec = make_spec(*state, &with_classes, way);
		CLEANUP(load) struct load l = LOAD_INIT;
		CLEANUP(sample) struct sample s = SAMPLE_INIT;
		check_ok(load_open(&l, &spec, err));
		check_fails(load_slice(&l, 20 * NS_PER_MS, &s, err), ERROR_LOAD, messages[way]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_class_is_counted),
		cmocka_unit_test(other_tests_have_none),
		cmocka_unit_test(scripts_of_percona),
		cmocka_unit_test(numbers_that_cannot_be),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
