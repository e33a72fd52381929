#include "base/clock.h"
#include "base/stop.h"
#include "servers.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

/* A server of the engine for one test, and a connection of the load's user. */
struct fixture {
	struct engine engine;
	struct server server;
	char *dir, *exec;
	struct database *d;
};

static const uint64_t patience_ns = 120 * NS_PER_SECOND; /* for what has to work, on a busy machine too */

static void fixture_open(struct fixture *f)
{
	f->dir = make_server_dir();
	struct server_spec spec = { .engine = &f->engine, .exec = f->exec, .dir = f->dir, .label = "from" };
	check_ok(server_start(&f->server, &spec, err));
	struct database_address a = server_address(&f->server, false);
	check_ok(database_connect(&a, patience_ns, &f->d, err));
}

static void fixture_close(struct fixture *f)
{
	database_close(f->d);
	check_ok(server_stop(&f->server, err));
	server_release(&f->server);
	engine_release(&f->engine);
	remove_server_dir(f->dir);
	free(f->dir);
	free(f->exec);
}

static void check_value(struct database *d, const char *sql, const char *expected)
{
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(64 << 10);
	check_ok(database_query_value(d, sql, &out, err));
	check_str(out.data, expected);
}

/* What both protocols have in common; rows is a query of a million rows, wait one that takes an hour. */
static void check_database(struct fixture *f, const char *rows, const char *wait)
{
	struct database *d = f->d;
	check_value(d, "SELECT 1", "1");
	check_ok(database_execute(d, "CREATE TABLE t (id INT PRIMARY KEY, s VARCHAR(40))", err));
	check_ok(database_execute(d, "INSERT INTO t VALUES (1, 'one é'), (2, NULL)", err));
	check_value(d, "SELECT count(*) FROM t", "2");
	check_value(d, "SELECT s FROM t ORDER BY id", "one é");
	check_value(d, "SELECT s FROM t WHERE id = 2", "");
	check_value(d, "SELECT s FROM t WHERE id = 3", "");
	check_value(d, "UPDATE t SET s = 'x' WHERE id = 3", "");
	check_value(d, rows, "1"); /* the rest is read and dropped */
	check_ok(database_execute(d, rows, err));

	check_fails(database_execute(d, "SELEKT 'secret'", err), ERROR_SERVER, "SELEKT");
	check_fails(database_execute(d, "SELECT * FROM absent", err), ERROR_SERVER, "absent");
	check_value(d, "SELECT 2", "2"); /* an error of a statement leaves the connection usable */

	CLEANUP(strbuf) struct strbuf small = STRBUF_INIT(8);
	check_fails(database_query_value(d, "SELECT 'longer than eight bytes'", &small, err), ERROR_INTERNAL,
		    "limit of 8 bytes");
	check_value(d, "SELECT 3", "3");

	database_set_timeout(d, 50 * NS_PER_MS);
	check_fails(database_execute(d, wait, err), ERROR_SERVER, "no answer in time");
	check_fails(database_execute(d, "SELECT 1", err), ERROR_SERVER, "the connection is lost");

	struct database_address a = server_address(&f->server, false);
	struct database *none = NULL;
	a.database = "no_such_database";
	check_fails(database_connect(&a, patience_ns, &none, err), ERROR_SERVER, "no_such_database");
	assert_null(none);
	a = server_address(&f->server, false);
	a.user = "nobody_here";
	check_fails(database_connect(&a, patience_ns, &none, err), ERROR_SERVER, "nobody_here");
}

static void mariadb(void **state)
{
	(void)state;
	struct fixture f = { .server = SERVER_INIT };
	find_server_or_skip("mariadb", &f.engine, &f.exec);
	fixture_open(&f);
	check_ok(database_execute(f.d, "CREATE TABLE local (line TEXT)", err));
	check_fails(database_execute(f.d, "LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE local", err), ERROR_SERVER,
		    "local infile");
	check_database(&f, "SELECT seq FROM seq_1_to_1000000", "SELECT SLEEP(3600)");
	fixture_close(&f);
}

static void postgres(void **state)
{
	(void)state;
	struct fixture f = { .server = SERVER_INIT };
	find_server_or_skip("postgres", &f.engine, &f.exec);
	fixture_open(&f);
	check_fails(database_execute(f.d, "COPY (SELECT 1) TO STDOUT", err), ERROR_SERVER, "copies data");
	database_close(TAKE(f.d));
	struct database_address a = server_address(&f.server, false);
	check_ok(database_connect(&a, patience_ns, &f.d, err));
	check_database(&f, "SELECT generate_series(1, 1000000)", "SELECT pg_sleep(3600)");
	fixture_close(&f);
}

/* The server goes away between two statements. */
static void server_goes_away(void **state)
{
	(void)state;
	struct fixture f = { .server = SERVER_INIT };
	find_server_or_skip("mariadb", &f.engine, &f.exec);
	fixture_open(&f);
	check_value(f.d, "SELECT 1", "1");
	check_ok(server_stop(&f.server, err));
	check_fails(database_execute(f.d, "SELECT 1", err), ERROR_SERVER, "");
	check_fails(database_execute(f.d, "SELECT 1", err), ERROR_SERVER, "the connection is lost");
	fixture_close(&f);
}

/* A port of the loopback address whose connections nobody accepts. */
static int listen_in_silence(unsigned *ret_port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	*ret_port = ntohs(a.sin_port);
	return fd;
}

static const enum protocol protocols[] = { PROTOCOL_MYSQL, PROTOCOL_POSTGRES };

static void silence_meets_the_deadline(void **state)
{
	(void)state;
	unsigned port;
	AUTO_CLOSE int fd = listen_in_silence(&port);
	assert_true(fd >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		struct database_address a = { protocols[i], "127.0.0.1", port, NULL, "u", "hidden", "d" };
		struct database *d = NULL;
		struct error got = ERROR_INIT;
		assert_int_equal(database_connect(&a, 50 * NS_PER_MS, &d, &got), -1);
		assert_int_equal(got.kind, ERROR_SERVER);
		check_contains(got.message, "connect to 127.0.0.1:");
		check_contains(got.message, " as u: no answer in time");
		assert_null(strstr(got.message, "hidden"));
		assert_null(d);
	}
}

static void nobody_listens(void **state)
{
	(void)state;
	unsigned port;
	int fd = listen_in_silence(&port);
	close(fd);
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		struct database_address a = { protocols[i], "127.0.0.1", port, NULL, "u", NULL, NULL };
		struct database *d = NULL;
		check_fails(database_connect(&a, patience_ns, &d, err), ERROR_SERVER, "connect to 127.0.0.1:");
		a.socket = "/nonexistent/socket";
		check_fails(database_connect(&a, patience_ns, &d, err), ERROR_SERVER,
			    "connect to /nonexistent/socket as u: ");
	}
	database_close(NULL);
}

/* The last test: a request to stop stays. */
static void stop_ends_every_wait(void **state)
{
	(void)state;
	unsigned port;
	AUTO_CLOSE int fd = listen_in_silence(&port);
	assert_true(fd >= 0);
	check_ok(stop_install(err));
	raise(SIGINT);
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		struct database_address a = { protocols[i], "127.0.0.1", port, NULL, "u", NULL, NULL };
		struct database *d = NULL;
		check_fails(database_connect(&a, 3600 * NS_PER_SECOND, &d, err), ERROR_INTERRUPTED, "SIGINT");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mariadb),          cmocka_unit_test(postgres),
		cmocka_unit_test(server_goes_away), cmocka_unit_test(silence_meets_the_deadline),
		cmocka_unit_test(nobody_listens),   cmocka_unit_test(stop_ends_every_wait),
	};
	struct error got = ERROR_INIT;
	if (proc_become_reaper(&got) < 0) {
		print_error("%s\n", got.message);
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
