/* Load on real servers: MariaDB, PostgreSQL and gms run for the whole group. */
#include "benchmarker/load.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/stop.h"
#include "benchmarker/server.h"
#include "check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define THREADS 2
#define ROWS 300
#define SLICE_NS (40 * NS_PER_MS)

enum { MARIADB, POSTGRES, GMS, SERVERS };
static const char *const engine_name[SERVERS] = { "mariadb", "postgres", "gms" };

static struct engine engines[SERVERS];
static struct server servers[SERVERS];
static char *folder;

static int start_server(int i, struct error *err)
{
	if (engine_find(engine_name[i], &engines[i], err) < 0)
		return -1;
	AUTO_FREE char *exec = server_find_exec(&engines[i], i == GMS ? GMS_PROGRAM : NULL, err);
	AUTO_FREE char *dir = str_printf(err, "%s/%s", folder, engine_name[i]);
	if (!exec || !dir)
		return -1;
	struct server_spec spec = { .engine = &engines[i], .exec = exec, .dir = dir, .label = engine_name[i] };
	return server_start(&servers[i], &spec, err);
}

static int start_servers(void **state)
{
	(void)state;
	struct error err = ERROR_INIT;
	folder = fs_make_temp_dir("dbdyno-test-load", &err);
	for (int i = 0; i < SERVERS; i++) {
		servers[i] = (struct server)SERVER_INIT;
		if (folder && start_server(i, &err) == 0)
			continue;
		print_error("%s\n%s\n", err.message, err.detail);
		return -1;
	}
	return 0;
}

static int stop_servers(void **state)
{
	(void)state;
	for (int i = 0; i < SERVERS; i++) {
		server_release(&servers[i]);
		engine_release(&engines[i]);
	}
	fs_remove_tree(folder, NULL);
	free(folder);
	return 0;
}

static struct load_spec make_spec(int server, const struct workload *w)
{
	return (struct load_spec){
		.dir = folder,
		.workload = w,
		.address = server_address(&servers[server], false),
		.threads = THREADS,
		.tables = 1,
		.table_size = ROWS,
		.seed = 1,
		.options = &engines[server].load_options,
		.server_fd = servers[server].proc.pidfd,
		.event_timeout_ns = 20 * NS_PER_SECOND,
	};
}

/* A workload of a script under tests/data/lua. */
#define SCRIPT(file) (&(const struct workload){ .name = file, .script = DATA_DIR "/lua/" file ".lua" })

static unsigned long long query_number(int server, const char *sql)
{
	struct database_address a = server_address(&servers[server], false);
	struct database *d = NULL;
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(100);
	check_ok(database_connect(&a, 20 * NS_PER_SECOND, &d, err));
	check_ok(database_query_value(d, sql, &out, err));
	database_close(d);
	return strtoull(out.data, NULL, 10);
}

/* What must hold for any sample. */
static void check_sample(const struct sample *s, uint64_t duration_ns)
{
	assert_int_equal(s->threads, THREADS);
	assert_true(s->events >= THREADS);
	assert_int_equal(s->latency.total, s->events);
	assert_true(s->latency_min_ns > 0 && s->latency_min_ns <= s->latency_max_ns);
	assert_true(s->latency_sum_ns >= s->latency_max_ns && s->latency_sum_ns <= s->busy_ns);
	assert_true(s->end_ns >= s->begin_ns + duration_ns);
	assert_true(s->busy_ns >= THREADS * duration_ns);
	assert_true(s->busy_ns <= THREADS * (s->end_ns - s->begin_ns));
	double middle = histogram_quantile_ns(&s->latency, 1);
	assert_true(middle > 0.999 * (double)s->latency_max_ns && middle < 1.001 * (double)s->latency_max_ns);
	middle = histogram_quantile_ns(&s->latency, 0);
	assert_true(middle > 0.999 * (double)s->latency_min_ns && middle < 1.001 * (double)s->latency_min_ns);
}

/* Statements that one event of each test sends; an ignored error repeats some. sysbench counts a statement that meant
 * to change a row and found none (another thread had just deleted it) under others. */
static const struct {
	unsigned reads, writes_and_others;
} statements[] = {
	{ 14, 2 }, { 0, 1 }, { 0, 0 }, { 1, 0 }, { 1, 0 }, { 1, 0 }, { 0, 6 }, { 14, 6 }, { 0, 1 }, { 0, 1 },
	{ 1, 0 },  { 1, 0 }, { 1, 0 }, { 1, 0 }, { 1, 0 }, { 0, 2 }, { 1, 0 }, { 0, 2 },  { 1, 0 },
};

static void check_statements(const struct sample *s, size_t test)
{
	const struct workload *w = &workload_all()[test];
	if (w->table_per_thread)
		return; /* sends a statement when it has gathered half a megabyte of rows */
	uint64_t reads = statements[test].reads * s->events;
	uint64_t others = statements[test].writes_and_others * s->events;
	bool exact = s->ignored_errors == 0;
	if (s->reads < reads || s->writes + s->others < others || (exact && s->reads != reads) ||
	    (exact && s->writes + s->others != others))
		fail_msg("%llu events, %llu reads, %llu writes, %llu others", (unsigned long long)s->events,
			 (unsigned long long)s->reads, (unsigned long long)s->writes, (unsigned long long)s->others);
	if (!w->writes)
		assert_int_equal(s->writes, 0);
	else
		assert_true(s->writes > 0);
}

static void check_rows(int server, const struct workload *w, unsigned long long events)
{
	if (strcmp(w->name, "oltp_insert") == 0)
		assert_int_equal(query_number(server, "SELECT COUNT(*) FROM sbtest1"), ROWS + events);
	else if (w->table_per_thread)
		assert_int_equal(query_number(server, "SELECT COUNT(*) FROM sbtest1") +
					 query_number(server, "SELECT COUNT(*) FROM sbtest2"),
				 events);
	else
		assert_int_equal(query_number(server, "SELECT COUNT(*) FROM sbtest1"), ROWS);
}

/* Two slices on one client, between prepare and clean-up; the server's own rows agree with what was counted. */
static void check_test(int server, size_t test)
{
	const struct workload *w = &workload_all()[test];
	struct load_spec spec = make_spec(server, w);
	check_ok(load_cleanup(&spec, err));
	check_ok(load_prepare(&spec, err));
	CLEANUP(load) struct load l = LOAD_INIT;
	check_ok(load_open(&l, &spec, err));
	unsigned long long events = 0;
	for (int i = 0; i < 2; i++) {
		CLEANUP(sample) struct sample s = SAMPLE_INIT;
		check_ok(load_slice(&l, SLICE_NS, &s, err));
		check_sample(&s, SLICE_NS);
		check_statements(&s, test);
		assert_int_equal(s.reconnects, 0);
		events += s.events;
	}
	check_ok(load_close(&l, err));
	check_rows(server, w, events);
	check_ok(load_cleanup(&spec, err));
}

static void run_all_tests(int server)
{
	for (size_t i = 0; workload_all()[i].name; i++) {
		print_message("%s on %s\n", workload_all()[i].name, engine_name[server]);
		check_test(server, i);
	}
	check_ok(server_check(&servers[server], err));
}

static void all_tests_on_mariadb(void **state)
{
	(void)state;
	run_all_tests(MARIADB);
}

static void all_tests_on_postgres(void **state)
{
	(void)state;
	run_all_tests(POSTGRES);
}

static void all_tests_on_gms(void **state)
{
	(void)state;
	run_all_tests(GMS);
}

/* Threads that delete and insert the same few rows; gms has to hold its transactions apart. */
static void writers_collide_on_gms(void **state)
{
	(void)state;
	const struct workload *w = NULL;
	check_ok(workload_find("oltp_write_only", &w, err));
	struct load_spec spec = make_spec(GMS, w);
	spec.threads = 4;
	spec.table_size = 5;
	check_ok(load_prepare(&spec, err));
	CLEANUP(load) struct load l = LOAD_INIT;
	CLEANUP(sample) struct sample s = SAMPLE_INIT;
	check_ok(load_open(&l, &spec, err));
	check_ok(load_slice(&l, 5 * SLICE_NS, &s, err));
	assert_int_equal(s.ignored_errors, 0);
	check_ok(load_close(&l, err));
	assert_int_equal(query_number(GMS, "SELECT COUNT(*) FROM sbtest1"), 5);
	check_ok(load_cleanup(&spec, err));
}

static void two_servers_share_a_window(void **state)
{
	(void)state;
	const struct workload *w = NULL;
	check_ok(workload_find("oltp_point_select", &w, err));
	CLEANUP(load) struct load a = LOAD_INIT;
	CLEANUP(load) struct load b = LOAD_INIT;
	struct load *const loads[] = { &a, &b };
	struct load_spec specs[2];
	AUTO_FREE char *other = str_printf(NULL, "%s/other", folder);
	check_ok(fs_mkdirs(other, 0700, err));
	for (int i = 0; i < 2; i++) {
		specs[i] = make_spec(i == 0 ? MARIADB : GMS, w);
		specs[i].tables = 2;
		specs[i].dir = i == 0 ? folder : other;
		check_ok(load_prepare(&specs[i], err));
		check_ok(load_open(loads[i], &specs[i], err));
	}
	uint64_t start = clock_mono_ns() + 20 * NS_PER_MS;
	for (int i = 0; i < 2; i++)
		check_ok(load_begin(loads[i], start, SLICE_NS, err));
	for (int i = 0; i < 2; i++) {
		CLEANUP(sample) struct sample s = SAMPLE_INIT;
		check_ok(load_await(loads[i], &s, err));
		check_sample(&s, SLICE_NS);
		assert_int_equal(s.begin_ns, start);
	}
	for (int i = 0; i < 2; i++) {
		check_ok(load_close(loads[i], err));
		check_ok(load_cleanup(&specs[i], err));
	}
}

static void hook_counts_in_the_same_buckets(void **state)
{
	(void)state;
	struct load_spec spec = make_spec(GMS, SCRIPT("buckets"));
	spec.threads = 1;
	CLEANUP(load) struct load l = LOAD_INIT;
	check_ok(load_open(&l, &spec, err));
	check_ok(load_close(&l, err));
	AUTO_FREE char *path = str_printf(NULL, "%s/buckets.txt", folder);
	AUTO_FCLOSE FILE *f = fopen(path, "r");
	assert_non_null(f);
	unsigned long long value;
	unsigned bucket, lines = 0;
	for (; fscanf(f, "%llu %u", &value, &bucket) == 2; lines++)
		if (histogram_bucket(value) != bucket)
			fail_msg("%llu is in bucket %u for Lua and %u for C", value, bucket, histogram_bucket(value));
	assert_int_equal(lines, 4201 + 41 * 7 * 3);
}

/* An event of nothing, so that the whole loop is one compiled trace, which must still look at the gate. */
static void window_ends_early(void **state)
{
	(void)state;
	struct load_spec spec = make_spec(GMS, SCRIPT("buckets"));
	CLEANUP(load) struct load l = LOAD_INIT;
	check_ok(load_open(&l, &spec, err));
	for (int i = 0; i < 2; i++) {
		CLEANUP(sample) struct sample s = SAMPLE_INIT;
		check_ok(load_begin(&l, 0, 3600 * NS_PER_SECOND, err));
		while (clock_mono_ns() < l.begin_ns + SLICE_NS)
			sched_yield();
		load_end_window(&l);
		check_ok(load_await(&l, &s, err));
		check_sample(&s, SLICE_NS);
		assert_true(s.events > 1000);
	}
	check_ok(load_begin(&l, clock_mono_ns() + 3600 * NS_PER_SECOND, NS_PER_SECOND, err));
	load_release(&l);
}

static void ignored_errors_are_retried_and_counted(void **state)
{
	(void)state;
	struct load_spec spec = make_spec(MARIADB, SCRIPT("restart"));
	CLEANUP(strlist) struct strlist options = STRLIST_INIT;
	strlist_add(&options, "--mysql-ignore-errors=1146");
	spec.options = &options;
	CLEANUP(load) struct load l = LOAD_INIT;
	CLEANUP(sample) struct sample s = SAMPLE_INIT;
	check_ok(load_open(&l, &spec, err));
	check_ok(load_slice(&l, SLICE_NS, &s, err));
	check_sample(&s, SLICE_NS);
	assert_true(s.ignored_errors > 0);
	/* Of three tries of a thread one fails, so two events meet one error. */
	assert_true(s.ignored_errors + THREADS >= s.events / 2 && s.ignored_errors <= s.events / 2 + THREADS);
	assert_int_equal(s.reads, s.events);
	check_ok(load_close(&l, err));
}

/* Opens a broken script and runs a slice; the error of whatever fails. */
static void run_broken(const struct load_spec *spec, struct error *err)
{
	CLEANUP(load) struct load l = LOAD_INIT;
	CLEANUP(sample) struct sample s = SAMPLE_INIT;
	if (load_open(&l, spec, err) < 0 || load_slice(&l, SLICE_NS, &s, err) < 0) {
		assert_int_equal(l.proc.pid, 0);
		assert_int_equal(load_slice(&l, SLICE_NS, &s, NULL), -1);
		return;
	}
	fail_msg("way %llu was not noticed", spec->table_size);
}

static void broken_clients_are_noticed(void **state)
{
	(void)state;
	static const struct {
		int way;
		const char *message;
	} cases[] = {
		{ 1, "thread 1: " DATA_DIR "/lua/broken.lua:" },
		{ 1, "deliberate error in one thread" },
		{ 2, "nan, which is no count" },
		{ 3, "reported -1, which is no count" },
		{ 4, "impossible state 77" },
		{ 5, "numbers that cannot be" },
		{ 6, "the histogram holds" },
		{ 7, "sysbench ended too early: exit status 3" },
		{ 8, "deliberate error in thread_init" },
		{ 9, "after a long line" },
		{ 10, "ended by itself" },
		{ 11, "longlonglong" },
		{ 12, "thread" },
		{ 13, "killed by SIGSEGV" },
		{ 14, "numbers that cannot be" },
		{ 15, "0.5, which is no count" },
		{ 16, "numbers that cannot be" },
		{ 17, "numbers that cannot be" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct load_spec spec = make_spec(GMS, SCRIPT("broken"));
		spec.table_size = (unsigned long long)cases[i].way;
		struct error err = ERROR_INIT;
		run_broken(&spec, &err);
		if (err.kind != ERROR_LOAD || !strstr(err.message, cases[i].message) ||
		    !str_starts(err.message, "broken: "))
			fail_msg("way %d: kind %d, \"%s\"; expected \"%s\"\n%s", cases[i].way, err.kind, err.message,
				 cases[i].message, err.detail);
	}
}

static void client_killed_in_a_slice(void **state)
{
	(void)state;
	struct load_spec spec = make_spec(MARIADB, SCRIPT("hang"));
	CLEANUP(load) struct load l = LOAD_INIT;
	CLEANUP(sample) struct sample s = SAMPLE_INIT;
	check_ok(load_open(&l, &spec, err));
	check_ok(load_begin(&l, 0, SLICE_NS, err));
	assert_int_equal(kill(l.proc.pid, SIGKILL), 0);
	check_fails(load_await(&l, &s, err), ERROR_LOAD, "sysbench ended too early: killed by SIGKILL");
	check_fails(load_close(&l, err), ERROR_LOAD, "not open");
}

static void hanging_statement(void **state)
{
	(void)state;
	struct load_spec spec = make_spec(MARIADB, SCRIPT("hang"));
	spec.event_timeout_ns = 300 * NS_PER_MS;
	CLEANUP(load) struct load l = LOAD_INIT;
	CLEANUP(sample) struct sample s = SAMPLE_INIT;
	check_ok(load_open(&l, &spec, err));
	check_fails(load_slice(&l, SLICE_NS, &s, err), ERROR_LOAD,
		    "hang: 2 of 2 threads did not finish the slice within 0.3 s");
	assert_int_equal(l.proc.pid, 0);
}

/* A server that accepts connections and never speaks. */
static void silent_server(void **state)
{
	(void)state;
	AUTO_CLOSE int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	assert_int_equal(bind(fd, (struct sockaddr *)&a, len), 0);
	assert_int_equal(listen(fd, 10), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	struct load_spec spec = make_spec(GMS, SCRIPT("hang"));
	spec.address.port = ntohs(a.sin_port);
	spec.event_timeout_ns = 300 * NS_PER_MS;
	spec.prepare_timeout_ns = 300 * NS_PER_MS;
	CLEANUP(load) struct load l = LOAD_INIT;
	check_fails(load_open(&l, &spec, err), ERROR_LOAD, "hang: 2 of 2 threads did not connect within 0.3 s");
	spec.workload = workload_all();
	check_fails(load_prepare(&spec, err), ERROR_LOAD, "oltp_read_only: sysbench prepare did not end within 0.3 s");
}

static void refused_options_and_calls(void **state)
{
	(void)state;
	struct load_spec spec = make_spec(GMS, SCRIPT("hang"));
	CLEANUP(strlist) struct strlist options = STRLIST_INIT;
	strlist_add(&options, "oltp_insert");
	spec.options = &options;
	CLEANUP(load) struct load l = LOAD_INIT;
	CLEANUP(sample) struct sample s = SAMPLE_INIT;
	check_fails(load_open(&l, &spec, err), ERROR_USAGE, "\"oltp_insert\" does not begin with --");
	spec.options = NULL;
	spec.threads = 0;
	check_fails(load_open(&l, &spec, err), ERROR_USAGE, "threads");
	spec.threads = 1;
	check_fails(load_slice(&l, SLICE_NS, &s, err), ERROR_LOAD, "not open");
	check_ok(load_open(&l, &spec, err));
	check_fails(load_await(&l, &s, err), ERROR_INTERNAL, "no window");
	check_ok(load_begin(&l, 0, SLICE_NS, err));
	check_fails(load_begin(&l, 0, SLICE_NS, err), ERROR_INTERNAL, "open already");
}

static void missing_table(void **state)
{
	(void)state;
	const struct workload *w = NULL;
	check_ok(workload_find("oltp_point_select", &w, err));
	for (int i = 0; i < SERVERS; i++) {
		struct load_spec spec = make_spec(i, w);
		struct error err = ERROR_INIT;
		run_broken(&spec, &err);
		assert_int_equal(err.kind, ERROR_LOAD);
		check_contains(err.message, "oltp_point_select: thread");
		check_contains(err.detail, "sbtest1");
	}
}

static void missing_program(void **state)
{
	(void)state;
	struct load_spec spec = make_spec(GMS, workload_all());
	CLEANUP(load) struct load l = LOAD_INIT;
	spec.sysbench = "/nonexistent/sysbench";
	struct error e = ERROR_INIT;
	assert_int_equal(load_prepare(&spec, &e), -1);
	assert_int_equal(e.kind, ERROR_LOAD);
	check_contains(e.message, "No such file");
	check_contains(e.hint, "sysbench");
	check_fails(load_open(&l, &spec, err), ERROR_LOAD, "oltp_read_only: cannot run sysbench");
}

static void prepare_is_verified(void **state)
{
	(void)state;
	struct load_spec spec = make_spec(MARIADB, SCRIPT("silent_prepare"));
	spec.table_size = 10;
	check_fails(load_prepare(&spec, err), ERROR_LOAD, "table sbtest1 has 5 rows instead of 10");
	/* sysbench's own prepare, in two threads of which one meets a table that is there already. */
	const struct workload *w = NULL;
	check_ok(workload_find("oltp_read_only", &w, err));
	struct load_spec two = make_spec(MARIADB, w);
	two.tables = 2;
	struct error e = ERROR_INIT;
	assert_int_equal(load_prepare(&two, &e), -1);
	assert_int_equal(e.kind, ERROR_LOAD);
	check_contains(e.detail, "already exists");
	check_ok(load_cleanup(&two, err));
	check_ok(load_prepare(&two, err));
	check_ok(load_cleanup(&two, err));
}

static void gate_without_room(void **state)
{
	(void)state;
	struct load_spec spec = make_spec(GMS, workload_all());
	spec.dir = "/dev/null/absent";
	CLEANUP(load) struct load l = LOAD_INIT;
	check_fails(load_open(&l, &spec, err), ERROR_INTERNAL, "/dev/null/absent");
	/* A file size limit stands for a full disk; the hook is there from the tests before. */
	spec.dir = folder;
	struct rlimit before, small;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = (struct rlimit){ .rlim_cur = 8192, .rlim_max = before.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	struct error e = ERROR_INIT;
	int result = load_open(&l, &spec, &e);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(result, -1);
	assert_int_equal(e.kind, ERROR_INTERNAL);
	check_contains(e.message, "oltp_read_only: reserve");
}

/* The last two tests end a server and this process's patience. */
static void server_killed_in_a_slice(void **state)
{
	(void)state;
	struct load_spec spec = make_spec(MARIADB, SCRIPT("hang"));
	CLEANUP(load) struct load l = LOAD_INIT;
	CLEANUP(sample) struct sample s = SAMPLE_INIT;
	check_ok(load_open(&l, &spec, err));
	check_ok(load_begin(&l, 0, SLICE_NS, err));
	assert_int_equal(kill(servers[MARIADB].proc.pid, SIGKILL), 0);
	check_fails(load_await(&l, &s, err), ERROR_SERVER, "the server ended during hang");
	check_fails(load_open(&l, &spec, err), ERROR_SERVER, "the server ended");
	check_fails(load_prepare(&spec, err), ERROR_SERVER, "the server ended");
}

static void stop_request_ends_a_slice(void **state)
{
	(void)state;
	struct load_spec spec = make_spec(GMS, SCRIPT("hang"));
	CLEANUP(load) struct load l = LOAD_INIT;
	CLEANUP(sample) struct sample s = SAMPLE_INIT;
	check_ok(load_open(&l, &spec, err));
	check_ok(load_begin(&l, 0, SLICE_NS, err));
	check_ok(stop_install(err));
	raise(SIGTERM);
	check_fails(load_await(&l, &s, err), ERROR_INTERRUPTED, "SIGTERM");
	assert_int_equal(l.proc.pid, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_tests_on_mariadb),
		cmocka_unit_test(all_tests_on_postgres),
		cmocka_unit_test(all_tests_on_gms),
		cmocka_unit_test(writers_collide_on_gms),
		cmocka_unit_test(two_servers_share_a_window),
		cmocka_unit_test(hook_counts_in_the_same_buckets),
		cmocka_unit_test(window_ends_early),
		cmocka_unit_test(ignored_errors_are_retried_and_counted),
		cmocka_unit_test(broken_clients_are_noticed),
		cmocka_unit_test(client_killed_in_a_slice),
		cmocka_unit_test(hanging_statement),
		cmocka_unit_test(silent_server),
		cmocka_unit_test(refused_options_and_calls),
		cmocka_unit_test(missing_table),
		cmocka_unit_test(missing_program),
		cmocka_unit_test(prepare_is_verified),
		cmocka_unit_test(gate_without_room),
		cmocka_unit_test(server_killed_in_a_slice),
		cmocka_unit_test(stop_request_ends_a_slice),
	};
	return cmocka_run_group_tests(tests, start_servers, stop_servers);
}
