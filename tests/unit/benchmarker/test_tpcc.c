/* TPC-C-like: names and sizes; data and consistency conditions on gms, with a hundredth of the rows. */
#include "benchmarker/tpcc.h"

#include "base/clock.h"
#include "base/fs.h"
#include "benchmarker/load.h"
#include "benchmarker/server.h"
#include "check.h"

static struct engine engine;
static struct server server = SERVER_INIT;
static struct database *db;
static char *folder;

static const struct tpcc small = { .scale = 2, .tables = 1, .isolation = "RR", .density = 0.01 };

static int start(void **state)
{
	(void)state;
	struct error err = ERROR_INIT;
	folder = fs_make_temp_dir("dbdyno-test-tpcc", &err);
	AUTO_FREE char *dir = str_printf(&err, "%s/server", folder);
	struct server_spec spec = { .engine = &engine, .exec = GMS_PROGRAM, .dir = dir, .label = "gms" };
	if (!folder || !dir || engine_find("gms", &engine, &err) < 0 || server_start(&server, &spec, &err) < 0) {
		print_error("%s\n%s\n", err.message, err.detail);
		return -1;
	}
	struct database_address a = server_address(&server, false);
	if (database_connect(&a, 20 * NS_PER_SECOND, &db, &err) < 0) {
		print_error("%s\n", err.message);
		return -1;
	}
	return 0;
}

static int stop(void **state)
{
	(void)state;
	database_close(db);
	server_release(&server);
	engine_release(&engine);
	fs_remove_tree(folder, NULL);
	free(folder);
	return 0;
}

static struct load_spec make_spec(const struct tpcc *t)
{
	return (struct load_spec){
		.dir = folder,
		.workload = tpcc_workload(t),
		.tpcc = t,
		.address = server_address(&server, false),
		.threads = 1,
		.seed = 7,
		.options = &engine.load_options,
		.server_fd = server.proc.pidfd,
	};
}

static double number(const char *sql)
{
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(100);
	double value = 0;
	check_ok(database_query_value(db, sql, &out, err));
	if (str_to_double(out.data, -1e18, 1e18, &value) < 0)
		fail_msg("%s gives \"%s\"", sql, out.data);
	return value;
}

static void between(const char *sql, double least, double most)
{
	double n = number(sql);
	if (n < least || n > most)
		fail_msg("%s gives %g, expected %g to %g", sql, n, least, most);
}

static void names_of_tests(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		unsigned scale; /* 0: no such name */
	} cases[] = {
		{ "tpcc-scale-factor-1", 1 },
		{ "tpcc-scale-factor-250", 250 },
		{ "tpcc-scale-factor-10000", 10000 },
		{ "tpcc-scale-factor-10001", 0 },
		{ "tpcc-scale-factor-0", 0 },
		{ "tpcc-scale-factor-01", 0 },
		{ "tpcc-scale-factor-+1", 0 },
		{ "tpcc-scale-factor- 1", 0 },
		{ "tpcc-scale-factor-1x", 0 },
		{ "tpcc-scale-factor-", 0 },
		{ "tpcc", 0 },
		{ "oltp_insert", 0 },
		{ "tpcc-scale-factor-99999999999999999999", 0 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned scale = 0;
		bool is = tpcc_parse_name(cases[i].name, &scale);
		if (is != (cases[i].scale > 0) || scale != cases[i].scale)
			fail_msg("%s: %d, scale %u", cases[i].name, is, scale);
	}
}

static void sizes_and_options(void **state)
{
	(void)state;
	const struct tpcc full = { .scale = 3, .tables = 2, .isolation = "SER", .density = 1 };
	const struct tpcc tiny = { .scale = 1, .tables = 1, .isolation = "RC", .density = 0.001 };
	const struct tpcc theirs = { .scale = 3, .tables = 2, .isolation = "RR", .density = 0.5, .script_dir = "/x" };
	assert_int_equal(tpcc_items(&full), 100000);
	assert_int_equal(tpcc_customers(&full), 3000);
	assert_int_equal(tpcc_waiting_orders(&full), 900);
	assert_int_equal(tpcc_items(&tiny), 100);
	assert_int_equal(tpcc_customers(&tiny), 10);
	assert_int_equal(tpcc_waiting_orders(&tiny), 3);
	assert_int_equal(tpcc_items(&theirs), 100000); /* they know no density */
	assert_int_equal(tpcc_command_threads(&full, "fill", 64), 20);
	assert_int_equal(tpcc_command_threads(&full, "fill", 4), 4);
	assert_int_equal(tpcc_command_threads(&full, "index", 64), 1);
	assert_int_equal(tpcc_command_threads(&theirs, "prepare", 64), 3);
	CLEANUP(strlist) struct strlist ours = STRLIST_INIT, percona = STRLIST_INIT;
	tpcc_add_options(&full, &ours);
	tpcc_add_options(&theirs, &percona);
	static const char *const expected[] = { "--scale=3", "--tables=2", "--trx_level=SER", "--items=100000",
						"--customers=3000" };
	assert_int_equal(ours.len, 5);
	for (size_t i = 0; i < 5; i++)
		check_str(ours.items[i], expected[i]);
	assert_int_equal(percona.len, 3);
	check_str(percona.items[2], "--trx_level=RR");
}

/* Clause 4.3.3.1, as far as counting can tell. */
static void first_data(void **state)
{
	(void)state;
	struct load_spec spec = make_spec(&small);
	check_ok(load_prepare(&spec, err));
	assert_int_equal(number("SELECT COUNT(*) FROM stock1"), 2000);
	assert_int_equal(number("SELECT COUNT(DISTINCT i_id) FROM item1 WHERE i_id BETWEEN 1 AND 1000"), 1000);
	between("SELECT MIN(i_price) FROM item1", 1, 3);
	between("SELECT MAX(i_price) FROM item1", 98, 100);
	between("SELECT COUNT(*) FROM item1 WHERE i_data LIKE '%ORIGINAL%'", 70, 130);
	between("SELECT COUNT(*) FROM stock1 WHERE s_data LIKE '%ORIGINAL%'", 150, 250);
	between("SELECT MIN(LENGTH(s_data)) FROM stock1", 26, 26);
	between("SELECT MAX(LENGTH(s_data)) FROM stock1", 50, 50);
	between("SELECT MIN(LENGTH(s_dist_07)) FROM stock1", 24, 24);
	between("SELECT MIN(LENGTH(c_data)) FROM customer1", 300, 305);
	between("SELECT MAX(LENGTH(c_data)) FROM customer1", 495, 500);
	between("SELECT COUNT(*) FROM customer1 WHERE c_credit = 'BC'", 30, 90);
	between("SELECT COUNT(*) FROM customer1 WHERE c_credit = 'GC'", 510, 570);
	assert_int_equal(number("SELECT COUNT(*) FROM customer1 WHERE c_last = 'BARBARBAR' AND c_id = 1"), 20);
	assert_int_equal(number("SELECT COUNT(*) FROM customer1 WHERE c_last = 'BARABLEEING' AND c_id = 30"), 20);
	assert_int_equal(number("SELECT COUNT(*) FROM warehouse1 WHERE w_zip LIKE '____11111'"), 2);
	assert_int_equal(number("SELECT COUNT(*) FROM orders1 WHERE o_carrier_id IS NULL AND o_id > 21"), 180);
	assert_int_equal(number("SELECT COUNT(*) FROM orders1 WHERE o_carrier_id IS NULL"), 180);
	assert_int_equal(number("SELECT COUNT(DISTINCT o_c_id) FROM orders1 WHERE o_w_id = 2 AND o_d_id = 4"), 30);
	assert_int_equal(number("SELECT MIN(o_ol_cnt) FROM orders1"), 5);
	assert_int_equal(number("SELECT MAX(o_ol_cnt) FROM orders1"), 15);
	assert_int_equal(number("SELECT COUNT(*) FROM order_line1 WHERE ol_o_id <= 21 AND ol_amount <> 0"), 0);
	assert_int_equal(number("SELECT COUNT(*) FROM order_line1 WHERE ol_o_id > 21 AND ol_delivery_d IS NOT NULL"),
			 0);
	check_ok(load_cleanup(&spec, err));
	check_fails(database_execute(db, "SELECT 1 FROM history1", err), ERROR_SERVER, "history1");
}

/* The seed decides every row, in however many threads they are made. */
static void same_seed_same_rows(void **state)
{
	(void)state;
	static const char *const queries[] = {
		"SELECT SUM(ol_i_id * ol_number) FROM order_line1", "SELECT SUM(ol_amount) FROM order_line2",
		"SELECT SUM(s_quantity * s_i_id) FROM stock1",      "SELECT SUM(c_discount * c_id) FROM customer2",
		"SELECT SUM(o_c_id * o_id * o_d_id) FROM orders1",  "SELECT SUM(i_price * i_id) FROM item2",
		"SELECT SUM(LENGTH(c_data) * c_id) FROM customer1", "SELECT SUM(LENGTH(h_data)) FROM history1",
		"SELECT SUM(LENGTH(s_data) * s_i_id) FROM stock2",  "SELECT SUM(w_tax) FROM warehouse1",
	};
	struct tpcc t = small;
	t.tables = 2;
	struct load_spec spec = make_spec(&t);
	double values[3][ARRAY_SIZE(queries)];
	for (int i = 0; i < 3; i++) {
		spec.threads = i == 1 ? 3 : 1;
		spec.seed = i == 2 ? 8 : 7;
		check_ok(load_prepare(&spec, err));
		for (size_t q = 0; q < ARRAY_SIZE(queries); q++)
			values[i][q] = number(queries[q]);
		check_ok(load_cleanup(&spec, err));
	}
	for (size_t q = 0; q < ARRAY_SIZE(queries); q++)
		if (values[0][q] != values[1][q] || values[0][q] == values[2][q])
			fail_msg("%s: %g, in three threads %g, with another seed %g", queries[q], values[0][q],
				 values[1][q], values[2][q]);
}

/* All five transactions run, and leave the data consistent; each condition, broken on purpose, is told. */
static void conditions(void **state)
{
	(void)state;
	static const struct {
		const char *sql, *undo, *message;
	} cases[] = {
		{ "UPDATE district1 SET d_ytd = d_ytd + 0.01 WHERE d_w_id = 2 AND d_id = 5",
		  "UPDATE district1 SET d_ytd = d_ytd - 0.01 WHERE d_w_id = 2 AND d_id = 5",
		  "condition 3.3.2.1 does not hold after the run: warehouse 2 (table set 1): w_ytd is " },
		{ "UPDATE district1 SET d_next_o_id = d_next_o_id + 1 WHERE d_w_id = 1 AND d_id = 7",
		  "UPDATE district1 SET d_next_o_id = d_next_o_id - 1 WHERE d_w_id = 1 AND d_id = 7",
		  "condition 3.3.2.2 does not hold after the run: warehouse 1, district 7 (table set 1): "
		  "d_next_o_id - 1 is " },
		{ "INSERT INTO new_orders1 (no_w_id, no_d_id, no_o_id) VALUES (2, 10, -5)",
		  "DELETE FROM new_orders1 WHERE no_o_id = -5",
		  "condition 3.3.2.3 does not hold after the run: warehouse 2, district 10 (table set 1): no_o_id goes "
		  "from -5 to " },
		{ "UPDATE orders1 SET o_ol_cnt = o_ol_cnt + 1 WHERE o_w_id = 1 AND o_d_id = 2 AND o_id = 3",
		  "UPDATE orders1 SET o_ol_cnt = o_ol_cnt - 1 WHERE o_w_id = 1 AND o_d_id = 2 AND o_id = 3",
		  "condition 3.3.2.4 does not hold after the run: warehouse 1, district 2 (table set 1): the sum of "
		  "o_ol_cnt is " },
	};
	struct load_spec spec = make_spec(&small);
	spec.threads = 3;
	CLEANUP(load) struct load l = LOAD_INIT;
	CLEANUP(sample) struct sample s = SAMPLE_INIT;
	check_ok(load_prepare(&spec, err));
	check_ok(load_open(&l, &spec, err));
	check_ok(load_slice(&l, 800 * NS_PER_MS, &s, err));
	check_ok(load_close(&l, err));
	assert_int_equal(s.classes_len, 5);
	check_str(s.classes[0].name, TPCC_NEW_ORDER);
	assert_true(s.classes[0].events > 0 && s.classes[1].events > 0);
	assert_int_equal(s.ignored_errors, 0);
	check_ok(load_check_data(&spec, "after the run", err));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		check_ok(database_execute(db, cases[i].sql, err));
		check_fails(load_check_data(&spec, "after the run", err), ERROR_LOAD, cases[i].message);
		check_ok(database_execute(db, cases[i].undo, err));
	}
	check_ok(load_check_data(&spec, "after the run", err));
	/* No order waits in a district: nothing of it in new_orders to compare. */
	check_ok(database_execute(db, "DELETE FROM new_orders1 WHERE no_w_id = 1 AND no_d_id = 1", err));
	check_ok(load_check_data(&spec, "after the run", err));
	check_ok(load_cleanup(&spec, err));
	check_fails(load_check_data(&spec, "after the run", err), ERROR_LOAD, "warehouse1");
}

static void failed_loads_are_noticed(void **state)
{
	(void)state;
	struct load_spec spec = make_spec(&small);
	check_ok(database_execute(db, "CREATE TABLE item1 (i_id int NOT NULL PRIMARY KEY)", err));
	check_fails(load_prepare(&spec, err), ERROR_LOAD, "tpcc: sysbench create failed: exit status 1");
	check_ok(load_cleanup(&spec, err));
	struct tpcc more = small;
	check_ok(load_prepare(&spec, err));
	more.scale = 3;
	check_fails(tpcc_check_rows(db, &more, err), ERROR_LOAD, "table warehouse1 has 2 rows instead of 3");
	check_ok(load_cleanup(&spec, err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_tests), cmocka_unit_test(sizes_and_options),
		cmocka_unit_test(first_data),     cmocka_unit_test(same_seed_same_rows),
		cmocka_unit_test(conditions),     cmocka_unit_test(failed_loads_are_noticed),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
