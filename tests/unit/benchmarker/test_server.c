#include "base/clock.h"
#include "base/stop.h"
#include "servers.h"

#include <arpa/inet.h>
#include <elf.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PYTHON "/usr/bin/python3"
static const char fake[] = FAKES_DIR "/fake_mysql.py";
static const char canary[] = "canary-5f1c-do-not-leak";

/* An engine whose start argv is the given JSON strings, and which has little patience. */
static void make_engine(struct engine *e, const char *start, const char *more)
{
	AUTO_FREE char *json =
		str_printf(NULL,
			   "{\"name\":\"fake\",\"protocol\":\"mysql\",\"start\":[%s],"
			   "\"admin\":{\"user\":\"root\"},\"load\":{\"user\":\"u\",\"database\":\"d\"}%s}",
			   start, more);
	check_ok(engine_parse(json, strlen(json), "fake.json", e, err));
}

static void make_fake(struct engine *e, const char *arguments, const char *more)
{
	AUTO_FREE char *start = str_printf(NULL, "\"${exec}\",\"%s\",\"--port\",\"${port}\"%s", fake, arguments);
	make_engine(e, start, more);
}

static unsigned bind_a_port(int *ret_fd)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	*ret_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(*ret_fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(*ret_fd, 1), 0);
	assert_int_equal(getsockname(*ret_fd, (struct sockaddr *)&a, &len), 0);
	return ntohs(a.sin_port);
}

/* The first value that sql gives the load's user. */
static void ask(const struct server *s, bool over_tcp, const char *sql, struct strbuf *out)
{
	struct database_address a = server_address(s, false);
	struct database *d = NULL;
	if (over_tcp)
		a.socket = NULL;
	check_ok(database_connect(&a, 120 * NS_PER_SECOND, &d, err));
	check_ok(database_query_value(d, sql, out, err));
	database_close(d);
}

static void check_answer(const struct server *s, bool over_tcp, const char *sql, const char *expected)
{
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(4096);
	ask(s, over_tcp, sql, &out);
	check_str(out.data, expected);
}

/* Its version command and its SELECT VERSION() agree. */
static void check_version(const struct server *s, const char *part)
{
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(4096);
	ask(s, false, "SELECT VERSION()", &out);
	check_contains(out.data, part);
	check_contains(out.data, s->reported_version);
	assert_true(strlen(s->reported_version) >= strlen("1.0"));
}

static void check_environment(const struct server *s)
{
	AUTO_FREE char *path = str_printf(NULL, "/proc/%d/environ", (int)s->proc.pid);
	AUTO_FREE char *home = str_printf(NULL, "HOME=%s", s->home_dir);
	CLEANUP(strbuf) struct strbuf environ_text = STRBUF_INIT(1 << 20);
	check_ok(fs_read(path, &environ_text, err));
	assert_true(environ_text.len > 0);
	assert_null(memmem(environ_text.data, environ_text.len, canary, strlen(canary)));
	assert_non_null(memmem(environ_text.data, environ_text.len, home, strlen(home)));
}

static void check_shipped_engine(const char *name, const char *version_part)
{
	CLEANUP(engine) struct engine e = { 0 };
	AUTO_FREE char *exec = NULL;
	find_server_or_skip(name, &e, &exec);
	AUTO_FREE char *dir = make_server_dir();
	AUTO_FREE char *from = str_printf(NULL, "%s/from", dir), *to = str_printf(NULL, "%s/to", dir);
	struct server_spec specs[2] = { { .engine = &e, .exec = exec, .dir = from, .label = "from" },
					{ .engine = &e, .exec = exec, .dir = to, .label = "to" } };
	CLEANUP(server) struct server a = SERVER_INIT, b = SERVER_INIT;
	check_ok(server_start(&a, &specs[0], err));
	check_ok(server_start(&b, &specs[1], err)); /* side by side */
	assert_int_not_equal(a.port, b.port);
	assert_string_not_equal(a.socket, b.socket);
	assert_true(a.ready_ns > 0);
	check_version(&a, version_part);
	check_environment(&a);
	check_answer(&a, false, "SELECT 1", "1");
	check_answer(&a, true, "SELECT 2", "2");
	check_answer(&b, false, "SELECT 3", "3");
	check_ok(server_check(&a, err));
	check_ok(server_stop(&a, err));
	check_ok(server_check(&a, err));
	check_answer(&b, false, "SELECT 4", "4");
	check_ok(server_stop(&b, err));
	assert_false(a.killed || b.killed);
	remove_server_dir(dir);
}

static void mariadb_twice(void **state)
{
	(void)state;
	check_shipped_engine("mariadb", "MariaDB");
}

static void postgres_twice(void **state)
{
	(void)state;
	check_shipped_engine("postgres", "PostgreSQL");
}

/* What was there before a clean stop is there after it. */
static void check_restart(const char *name)
{
	CLEANUP(engine) struct engine e = { 0 };
	AUTO_FREE char *exec = NULL;
	find_server_or_skip(name, &e, &exec);
	AUTO_FREE char *dir = make_server_dir();
	struct server_spec spec = { .engine = &e, .exec = exec, .dir = dir, .label = "from" };
	CLEANUP(server) struct server s = SERVER_INIT;
	check_ok(server_start(&s, &spec, err));
	struct database_address a = server_address(&s, false);
	struct database *d = NULL;
	check_ok(database_connect(&a, 120 * NS_PER_SECOND, &d, err));
	check_ok(database_execute(d, "CREATE TABLE kept (id INT PRIMARY KEY)", err));
	check_ok(database_execute(d, "INSERT INTO kept VALUES (7)", err));
	database_close(d);
	check_ok(server_stop_cleanly(&s, err));
	check_ok(server_restart(&s, &spec, err));
	check_answer(&s, false, "SELECT id FROM kept", "7");
	check_ok(server_stop_cleanly(&s, err));
	remove_server_dir(dir);
}

static void mariadb_again(void **state)
{
	(void)state;
	check_restart("mariadb");
}

static void postgres_again(void **state)
{
	(void)state;
	check_restart("postgres");
}

/* A folder that its user cannot enter, or that is too long for a socket: both move out of the way and are removed. */
static void awkward_folders(void **state)
{
	(void)state;
	CLEANUP(engine) struct engine e = { 0 };
	AUTO_FREE char *exec = NULL;
	find_server_or_skip("postgres", &e, &exec);
	AUTO_FREE char *dir = make_server_dir();
	assert_int_equal(chmod(dir, 0700), 0);
	AUTO_FREE char *deep = str_printf(NULL, "%s/%0100d", dir, 1);
	CLEANUP(server) struct server s = SERVER_INIT;
	struct server_spec spec = { .engine = &e, .exec = exec, .dir = deep, .label = "to" };
	check_ok(server_start(&s, &spec, err));
	assert_non_null(s.private_dir);
	AUTO_FREE char *private = str_dup(s.private_dir, NULL);
	check_answer(&s, false, "SELECT 1", "1");
	check_ok(server_stop(&s, err));
	server_release(&s);
	assert_false(fs_exists(private));
	remove_server_dir(dir);
}

/* What an earlier start left is not taken over. */
static void each_start_is_fresh(void **state)
{
	(void)state;
	CLEANUP(engine) struct engine e = { 0 };
	AUTO_FREE char *exec = NULL;
	find_server_or_skip("mariadb", &e, &exec);
	AUTO_FREE char *dir = make_server_dir();
	struct server_spec spec = { .engine = &e, .exec = exec, .dir = dir, .label = "from" };
	for (int i = 0; i < 2; i++) {
		CLEANUP(server) struct server s = SERVER_INIT;
		check_ok(server_start(&s, &spec, err));
		check_answer(&s, false, "SELECT count(*) FROM information_schema.tables WHERE table_schema='sbtest'",
			     "0");
		check_answer(&s, false, "CREATE TABLE t (a INT)", "");
		server_release(&s); /* killed without grace: aria and InnoDB logs are left behind */
	}
	remove_server_dir(dir);
}

/* A start that fails: *ret_err is its error, and nothing is left. */
static void check_start_fails(const struct engine *e, const char *exec, unsigned port, struct error *ret_err)
{
	AUTO_FREE char *dir = make_server_dir();
	struct server_spec spec = { .engine = e, .exec = exec, .dir = dir, .label = "from", .port = port };
	struct server s;
	*ret_err = (struct error)ERROR_INIT;
	if (server_start(&s, &spec, ret_err) == 0)
		fail_msg("the server started");
	assert_int_equal(s.proc.pid, 0);
	assert_null(s.dir);
	remove_server_dir(dir);
}

static void exits_at_once(void **state)
{
	(void)state;
	CLEANUP(engine) struct engine e = { 0 };
	struct error got;
	make_engine(&e, "\"${exec}\",\"${port}\"", "");
	check_start_fails(&e, "/bin/false", 0, &got);
	assert_int_equal(got.kind, ERROR_SERVER);
	check_contains(got.message, "from server (fake) exited with status 1 before it was ready");
	check_contains(got.hint, "it wrote nothing to ");
}

static void last_lines_are_shown(void **state)
{
	(void)state;
	CLEANUP(engine) struct engine e = { 0 };
	struct error got;
	make_engine(&e, "\"${exec}\",\"--no-such-flag\",\"${port}\"", "");
	check_start_fails(&e, PYTHON, 0, &got);
	check_contains(got.detail, "no-such-flag");
	check_contains(got.hint, "server.log");
}

static void never_listens(void **state)
{
	(void)state;
	CLEANUP(engine) struct engine e = { 0 };
	struct error got;
	make_engine(&e, "\"${exec}\",\"1000\",\"${port}\"", ",\"ready_timeout_seconds\":0.2");
	check_start_fails(&e, "/bin/sleep", 0, &got);
	assert_int_equal(got.kind, ERROR_SERVER);
	check_contains(got.message, "from server (fake) was not ready within 0.2 s: connect to 127.0.0.1:");
}

static void never_speaks(void **state)
{
	(void)state;
	struct error got;
	CLEANUP(engine) struct engine mysql = { 0 };
	make_fake(&mysql, ",\"--silent\"", ",\"ready_timeout_seconds\":1");
	check_start_fails(&mysql, PYTHON, 0, &got);
	assert_int_equal(got.kind, ERROR_SERVER);
	check_contains(got.message, "was not ready within 1 s");
	check_contains(got.detail, "fake: listening");
	mysql.protocol = PROTOCOL_POSTGRES;
	check_start_fails(&mysql, PYTHON, 0, &got);
	check_contains(got.message, "was not ready within 1 s");
}

static void wrong_architecture(void **state)
{
	(void)state;
	AUTO_FREE char *dir = make_server_dir();
	AUTO_FREE char *path = str_printf(NULL, "%s/server", dir);
	Elf64_Ehdr header = {
		.e_type = ET_EXEC, .e_machine = 0xBEEF, .e_version = EV_CURRENT, .e_ehsize = sizeof header
	};
	memcpy(header.e_ident, ELFMAG, SELFMAG);
	header.e_ident[EI_CLASS] = ELFCLASS64;
	header.e_ident[EI_DATA] = ELFDATA2LSB;
	check_ok(fs_write_atomic(path, &header, sizeof header, 0755, err));
	CLEANUP(engine) struct engine e = { 0 };
	struct error got;
	make_engine(&e, "\"${exec}\",\"${port}\"", "");
	AUTO_FREE char *run = str_printf(NULL, "%s/run", dir);
	struct server_spec spec = { .engine = &e, .exec = path, .dir = run, .label = "to" };
	struct server s;
	assert_int_equal(server_start(&s, &spec, &got), -1);
	assert_int_equal(got.kind, ERROR_SERVER);
	check_contains(got.message, "to server (fake): start: ");
	check_contains(got.message, "is not a program for this machine");
	remove_server_dir(dir);
}

static void taken_port(void **state)
{
	(void)state;
	CLEANUP(engine) struct engine e = { 0 };
	struct error got;
	int fd;
	unsigned port = bind_a_port(&fd);
	make_fake(&e, "", "");
	check_start_fails(&e, PYTHON, port, &got);
	close(fd);
	assert_int_equal(got.kind, ERROR_SERVER);
	check_contains(got.message, "of 127.0.0.1 is taken");
	check_start_fails(&e, PYTHON, 65536, &got);
	assert_int_equal(got.kind, ERROR_USAGE);
}

static void given_port_is_used(void **state)
{
	(void)state;
	CLEANUP(engine) struct engine e = { 0 };
	int fd;
	unsigned port = bind_a_port(&fd);
	close(fd);
	make_fake(&e, "", "");
	AUTO_FREE char *dir = make_server_dir();
	CLEANUP(server) struct server s = SERVER_INIT;
	struct server_spec spec = { .engine = &e, .exec = PYTHON, .dir = dir, .label = "from", .port = port };
	check_ok(server_start(&s, &spec, err));
	assert_int_equal(s.port, port);
	check_environment(&s);
	server_release(&s);
	remove_server_dir(dir);
}

/* Two starts lose their port to somebody else, the third one keeps it. */
static void lost_port_is_answered_by_another(void **state)
{
	(void)state;
	CLEANUP(engine) struct engine e = { 0 };
	AUTO_FREE char *dir = make_server_dir();
	make_fake(&e, ",\"--no-such-port\",\"${tmp}/starts\",\"2\"", "");
	CLEANUP(server) struct server s = SERVER_INIT;
	struct server_spec spec = { .engine = &e, .exec = PYTHON, .dir = dir, .label = "from" };
	check_ok(server_start(&s, &spec, err));
	check_answer(&s, false, "SELECT 1", "1");
	check_ok(server_stop(&s, err));
	remove_server_dir(dir);
}

static void port_lost_again_and_again(void **state)
{
	(void)state;
	CLEANUP(engine) struct engine e = { 0 };
	struct error got;
	make_fake(&e, ",\"--no-such-port\",\"${tmp}/starts\",\"3\"", "");
	check_start_fails(&e, PYTHON, 0, &got);
	check_contains(got.message, "before it was ready");
	check_contains(got.detail, "address already in use");
}

static void ignores_sigterm(void **state)
{
	(void)state;
	CLEANUP(engine) struct engine e = { 0 };
	AUTO_FREE char *dir = make_server_dir();
	make_fake(&e, ",\"--ignore-sigterm\"", ",\"stop\":{\"grace_seconds\":0.2}");
	CLEANUP(server) struct server s = SERVER_INIT;
	struct server_spec spec = { .engine = &e, .exec = PYTHON, .dir = dir, .label = "from" };
	check_ok(server_start(&s, &spec, err));
	check_ok(server_stop(&s, err));
	assert_true(s.killed);
	remove_server_dir(dir);
}

static void dies_in_mid_run(void **state)
{
	(void)state;
	CLEANUP(engine) struct engine e = { 0 };
	AUTO_FREE char *dir = make_server_dir();
	make_fake(&e, ",\"--log\",\"panic: the disk is a teapot\"", "");
	CLEANUP(server) struct server s = SERVER_INIT;
	struct server_spec spec = { .engine = &e, .exec = PYTHON, .dir = dir, .label = "to" };
	check_ok(server_start(&s, &spec, err));
	check_ok(server_check(&s, err));
	assert_int_equal(kill(s.proc.pid, SIGKILL), 0);
	struct pollfd death = { .fd = s.proc.pidfd, .events = POLLIN };
	assert_int_equal(poll(&death, 1, 10000), 1);
	for (int i = 0; i < 2; i++) { /* it stays dead */
		struct error got = ERROR_INIT;
		assert_int_equal(server_check(&s, &got), -1);
		assert_int_equal(got.kind, ERROR_SERVER);
		check_contains(got.message, "to server (fake) was killed by SIGKILL while it was needed");
		check_contains(got.detail, "panic: the disk is a teapot");
	}
	check_fails(server_stop(&s, err), ERROR_SERVER, "killed by SIGKILL");
	remove_server_dir(dir);
}

static void failing_setup(void **state)
{
	(void)state;
	struct error got;
	CLEANUP(engine) struct engine setup = { 0 };
	make_fake(&setup, "", ",\"setup\":[[\"true\"],[\"ls\",\"${data}/not-there\"]]");
	check_start_fails(&setup, PYTHON, 0, &got);
	assert_int_equal(got.kind, ERROR_SERVER);
	check_contains(got.message, "from server (fake): set-up: ls exited with status 2");
	check_contains(got.detail, "not-there");
	CLEANUP(engine) struct engine absent = { 0 };
	make_fake(&absent, "", ",\"setup\":[[\"no-such-program-anywhere\"]]");
	check_start_fails(&absent, PYTHON, 0, &got);
	check_contains(got.message, "no-such-program-anywhere");
}

static void failing_sql(void **state)
{
	(void)state;
	struct error got;
	CLEANUP(engine) struct engine sql = { 0 };
	AUTO_FREE char *exec = NULL;
	find_server_or_skip("mariadb", &sql, &exec);
	strlist_add(&sql.init_sql, "CREATE NONSENSE");
	check_start_fails(&sql, exec, 0, &got);
	assert_int_equal(got.kind, ERROR_SERVER);
	check_contains(got.message, "set-up: init_sql[3]: ");
}

static void extra_environment(void **state)
{
	(void)state;
	CLEANUP(engine) struct engine e = { 0 };
	AUTO_FREE char *dir = make_server_dir();
	make_fake(&e, "", ",\"env\":[\"OWN=${data}\",\"BOTH=engine\"]");
	CLEANUP(server) struct server s = SERVER_INIT;
	struct server_spec spec = { .engine = &e, .exec = PYTHON, .dir = dir, .label = "to" };
	strlist_add(&spec.extra_env, "GOMAXPROCS=3");
	strlist_add(&spec.extra_env, "BOTH=caller");
	check_ok(server_start(&s, &spec, err));
	strlist_release(&spec.extra_env);
	AUTO_FREE char *path = str_printf(NULL, "/proc/%d/environ", (int)s.proc.pid);
	CLEANUP(strbuf) struct strbuf got = STRBUF_INIT(1 << 20);
	check_ok(fs_read(path, &got, err));
	for (size_t i = 0; i < got.len; i++)
		if (!got.data[i])
			got.data[i] = '\n';
	AUTO_FREE char *own = str_printf(NULL, "\nOWN=%s\n", s.data_dir);
	check_contains(got.data, own);
	check_contains(got.data, "GOMAXPROCS=3");
	check_contains(got.data, "BOTH=caller");
	server_release(&s);
	remove_server_dir(dir);
}

/* ---- sockets ---- */

static void make_mariadb(struct server_spec *spec, const char *dir, const char *path)
{
	*spec = (struct server_spec){ .dir = dir, .label = "from", .socket_path = path };
}

/* A socket that nobody listens on, and a lock file with the number of a process that lives. */
static void leave_behind(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	AUTO_FREE char *lock = str_printf(NULL, "%s.lock", path);
	char pid[32];
	snprintf(pid, sizeof pid, "%d\n", (int)getpid());
	snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	close(fd);
	check_ok(fs_write_atomic(lock, pid, strlen(pid), 0600, err));
}

/* The socket is where it was asked for, whatever a dead server left there, and gone afterwards; a second server, of the
 * same path, gets another one and says so. */
static void socket_at_a_given_path(void **state)
{
	(void)state;
	CLEANUP(engine) struct engine e = { 0 };
	AUTO_FREE char *exec = NULL;
	find_server_or_skip("mariadb", &e, &exec);
	AUTO_FREE char *dir = make_server_dir();
	AUTO_FREE char *path = str_printf(NULL, "%s/run/mysqld.sock", dir);
	AUTO_FREE char *from = str_printf(NULL, "%s/from", dir), *to = str_printf(NULL, "%s/to", dir);
	struct server_spec specs[2];
	for (int i = 0; i < 2; i++) {
		make_mariadb(&specs[i], i ? to : from, path);
		specs[i].engine = &e;
		specs[i].exec = exec;
	}
	specs[1].transport = SERVER_TRANSPORT_TCP;
	CLEANUP(server) struct server a = SERVER_INIT, b = SERVER_INIT;
	AUTO_FREE char *run = str_printf(NULL, "%s/run", dir);
	check_ok(fs_mkdirs(run, 0755, err));
	leave_behind(path);
	check_ok(server_start(&a, &specs[0], err));
	check_str(a.socket, path);
	check_str(a.note, "");
	assert_true(a.load_by_socket);
	check_answer(&a, false, "SELECT 1", "1");
	check_ok(server_start(&b, &specs[1], err));
	assert_string_not_equal(b.socket, path);
	check_contains(b.note, "another server listens there");
	assert_false(b.load_by_socket);
	assert_null(server_address(&b, false).socket);
	assert_non_null(server_address(&b, true).socket);
	check_answer(&b, false, "SELECT @@port > 0", "1");
	server_release(&b);
	assert_true(fs_exists(path));
	server_release(&a); /* killed: it cannot remove its socket itself */
	assert_false(fs_exists(path));
	remove_server_dir(dir);
}

static void socket_path_that_cannot_be_used(void **state)
{
	(void)state;
	CLEANUP(engine) struct engine e = { 0 };
	make_fake(&e, "", ",\"socket_flags\":[\"--log=${socket}\"]");
	AUTO_FREE char *dir = make_server_dir();
	AUTO_FREE char *file = str_printf(NULL, "%s/file", dir), *below = str_printf(NULL, "%s/file/socket", dir);
	AUTO_FREE char *deep = str_printf(NULL, "%s/%0100d", dir, 1), *run = str_printf(NULL, "%s/run", dir);
	check_ok(fs_write_atomic(file, "x", 1, 0600, err));
	const char *const paths[] = { file, below, deep };
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct server s = SERVER_INIT;
		struct server_spec spec = { .engine = &e, .exec = PYTHON, .dir = run, .label = "from" };
		spec.socket_path = paths[i];
		spec.transport = SERVER_TRANSPORT_SOCKET;
		/* The fake listens on no socket: what it was told is what counts. */
		struct error got = ERROR_INIT;
		assert_int_equal(server_start(&s, &spec, &got), -1);
		check_contains(got.detail, "/run/tmp/mysql.sock");
	}
	assert_true(fs_exists(file));
	remove_server_dir(dir);
}

static void transport_that_an_engine_lacks(void **state)
{
	(void)state;
	CLEANUP(engine) struct engine e = { 0 };
	make_fake(&e, "", "");
	AUTO_FREE char *dir = make_server_dir();
	struct server_spec spec = { .engine = &e, .exec = PYTHON, .dir = dir, .label = "from" };
	struct server s;
	spec.transport = SERVER_TRANSPORT_SOCKET;
	check_fails(server_start(&s, &spec, err), ERROR_USAGE, "engine fake listens on no Unix socket");
	CLEANUP(engine) struct engine socket_only = { 0 };
	make_engine(&socket_only, "\"${socket}\"", "");
	spec.engine = &socket_only;
	spec.transport = SERVER_TRANSPORT_TCP;
	check_fails(server_start(&s, &spec, err), ERROR_USAGE, "engine fake listens on no TCP port");
	remove_server_dir(dir);
}

/* ---- what is asked for beside the usual ---- */

static void big_repository_and_setup_program(void **state)
{
	(void)state;
	CLEANUP(engine) struct engine e = { 0 };
	make_fake(
		&e, "",
		",\"setup\":[[\"no-such-program\",\"${home}/usual\"]],"
		"\"big\":{\"repository\":\"own\",\"setup\":[[\"sh\",\"-c\",\"echo $0 >got\",\"${big_repository}\"]]}");
	static const char *const asked[] = { "", "file:///other" }, *const expected[] = { "own\n", "file:///other\n" };
	AUTO_FREE char *dir = make_server_dir();
	struct server_spec spec = { .engine = &e, .exec = PYTHON, .dir = dir, .label = "from" };
	for (size_t i = 0; i < ARRAY_SIZE(asked); i++) {
		CLEANUP(server) struct server s = SERVER_INIT;
		CLEANUP(strbuf) struct strbuf got = STRBUF_INIT(4096);
		spec.big_repository = asked[i];
		check_ok(server_start(&s, &spec, err));
		AUTO_FREE char *path = str_printf(NULL, "%s/got", s.data_dir);
		check_ok(fs_read(path, &got, err));
		check_str(got.data, expected[i]);
	}
	spec.big_repository = NULL;
	spec.setup_exec = "/usr/bin/touch";
	CLEANUP(server) struct server s = SERVER_INIT;
	check_ok(server_start(&s, &spec, err));
	AUTO_FREE char *usual = str_printf(NULL, "%s/usual", s.home_dir);
	assert_true(fs_exists(usual));
	server_release(&s);
	CLEANUP(engine) struct engine without = { 0 };
	make_fake(&without, "", "");
	spec.engine = &without;
	spec.big_repository = "";
	check_fails(server_start(&s, &spec, err), ERROR_USAGE, "engine fake has no set-up with a big repository");
	remove_server_dir(dir);
}

static void format_is_passed_on_and_checked(void **state)
{
	(void)state;
	CLEANUP(engine) struct engine e = { 0 };
	/* The fake answers every query with 1. */
	make_fake(&e, "",
		  ",\"setup\":[[\"sh\",\"-c\",\"echo $FORMAT >got\"]],"
		  "\"format\":{\"env\":[\"FORMAT=${format}\"],\"query\":\"SELECT format()\"}");
	AUTO_FREE char *dir = make_server_dir();
	struct server_spec spec = { .engine = &e, .exec = PYTHON, .dir = dir, .label = "from", .format = "1" };
	CLEANUP(server) struct server s = SERVER_INIT;
	CLEANUP(strbuf) struct strbuf got = STRBUF_INIT(4096);
	check_ok(server_start(&s, &spec, err));
	AUTO_FREE char *path = str_printf(NULL, "%s/got", s.data_dir);
	check_ok(fs_read(path, &got, err));
	check_str(got.data, "1\n");
	server_release(&s);
	spec.format = "__LD_1__";
	check_fails(server_start(&s, &spec, err), ERROR_SERVER, "its storage format is \"1\", not __LD_1__ as asked");
	remove_server_dir(dir);
}

static void config_file_holds_the_port(void **state)
{
	(void)state;
	CLEANUP(engine) struct engine e = { 0 };
	static const char json[] =
		"{\"name\":\"fake\",\"protocol\":\"mysql\",\"config\":[\"port=${port}\",\"data=${data}\"],"
		"\"start\":[\"sh\",\"-c\",\". \\\"$1\\\"; exec \\\"$0\\\" \\\"$2\\\" --port "
		"\\\"$port\\\"\",\"${exec}\",\"${config}\",\"" FAKES_DIR
		"/fake_mysql.py\"],\"admin\":{\"user\":\"root\"},\"load\":{\"user\":\"u\",\"database\":\"d\"}}";
	check_ok(engine_parse(json, strlen(json), "fake.json", &e, err));
	AUTO_FREE char *dir = make_server_dir();
	struct server_spec spec = { .engine = &e, .exec = PYTHON, .dir = dir, .label = "from" };
	CLEANUP(server) struct server s = SERVER_INIT;
	check_ok(server_start(&s, &spec, err));
	check_answer(&s, false, "SELECT 1", "1");
	server_release(&s);
	remove_server_dir(dir);
}

/* ---- programs ---- */

static void programs_of_another_engine(void **state)
{
	(void)state;
	CLEANUP(engine) struct engine mariadb = { 0 }, mysql = { 0 }, postgres = { 0 };
	AUTO_FREE char *exec = NULL;
	check_ok(engine_find("mysql", &mysql, err));
	check_ok(engine_find("postgres", &postgres, err));
	find_server_or_skip("mariadb", &mariadb, &exec);
	check_ok(server_check_exec(&mariadb, exec, err));
	struct error got = ERROR_INIT;
	assert_int_equal(server_check_exec(&mysql, exec, &got), -1);
	assert_int_equal(got.kind, ERROR_USAGE);
	check_contains(got.message, "is not a program of engine mysql: its version is \"");
	check_contains(got.hint, "mariadb");
	got = (struct error)ERROR_INIT;
	assert_int_equal(server_check_exec(&mariadb, "/bin/echo", &got), -1);
	check_contains(got.message, "is not a program of engine mariadb");
	check_contains(got.hint, "mysql");
	check_fails(server_check_exec(&postgres, exec, err), ERROR_USAGE, "not a program of engine postgres");
	check_fails(server_check_exec(&postgres, "/bin/false", err), ERROR_USAGE, "ask /bin/false for its version");
}

static void versions_that_fit(void **state)
{
	(void)state;
	static const struct {
		const char *asked, *reported;
		bool fits;
	} cases[] = {
		{ "8.0.35", "8.0.35", true },   { "8.0.35", "8.0.35-0ubuntu", true },
		{ "v8.0.35", "8.0.35", true },  { "8.0", "8.0.35", true },
		{ "8.0.35", "9.7.4-2", false }, { "8.0.3", "8.0.35", false },
		{ "8.0.35", "8.0", false },     { "1.2.3", "v1.2.3", true },
		{ "abc", "9.7.4", true },       { "0123456789abcdef", "9.7", true },
		{ "8", "9.7", true },           { "10.11", "10.11.6-MariaDB", true },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (server_version_fits(cases[i].asked, cases[i].reported) != cases[i].fits)
			fail_msg("%s and %s", cases[i].asked, cases[i].reported);
}

static void programs_are_found(void **state)
{
	(void)state;
	CLEANUP(engine) struct engine e = { 0 };
	make_engine(&e, "\"${exec}\",\"${port}\"",
		    ",\"exec\":{\"names\":[\"no-such-server\",\"sh\"],\"folders\":[\"/bin\"]}");
	AUTO_FREE char *first = server_find_exec(&e, NULL, NULL);
	assert_non_null(first);
	assert_int_equal(first[0], '/');
	AUTO_FREE char *by_name = server_find_exec(&e, "sh", NULL);
	check_str(by_name, first);
	AUTO_FREE char *by_path = server_find_exec(&e, "/bin/sh", NULL);
	check_str(by_path, first);
	struct error got = ERROR_INIT;
	assert_null(server_find_exec(&e, "/etc/passwd", &got));
	assert_int_equal(got.kind, ERROR_USAGE);
	check_contains(got.message, "/etc/passwd is not a program");
	assert_null(server_find_exec(&e, "no-such-server", &got));
	assert_null(server_find_exec(&e, "", &got));
	strlist_release(&e.exec_candidates);
	strlist_add(&e.exec_candidates, "no-such-server");
	assert_null(server_find_exec(&e, NULL, &got));
	check_contains(got.message, "no server program of engine fake: looked for no-such-server in ");
}

static void versions_are_picked(void **state)
{
	(void)state;
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{ "dolt version 2.3.1\n", "2.3.1" },
		{ "mariadbd  Ver 10.11.6-MariaDB for debian-linux-gnu\n", "10.11.6-MariaDB" },
		{ "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n", "15.14" },
		{ "x 3rd v.1 v2 (v2.0-rc1), 3.0\n4.0", "v2.0-rc1" },
		{ "9.1", "9.1" },
		{ "built from main\r\n1.0", "built from main" },
		{ "", "" },
		{ "\n1.0", "" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t len;
		const char *picked = server_pick_version(cases[i].text, &len);
		AUTO_FREE char *copy = strndup(picked, len);
		check_str(copy, cases[i].expected);
	}
	char longest[400];
	size_t len;
	memset(longest, '1', sizeof longest);
	longest[1] = '.';
	longest[sizeof longest - 1] = 0;
	server_pick_version(longest, &len);
	assert_int_equal(len, 200);
}

/* What a server started from e calls itself. Owned. */
static char *version_of(const struct engine *e)
{
	AUTO_FREE char *dir = make_server_dir();
	CLEANUP(server) struct server s = SERVER_INIT;
	struct server_spec spec = { .engine = e, .exec = PYTHON, .dir = dir, .label = "from" };
	check_ok(server_start(&s, &spec, err));
	char *version = TAKE(s.reported_version);
	server_release(&s);
	remove_server_dir(dir);
	return version;
}

static void version_command(void **state)
{
	(void)state;
	CLEANUP(engine) struct engine none = { 0 }, echo = { 0 }, fails = { 0 }, silent = { 0 };
	make_fake(&none, "", "");
	AUTO_FREE char *by_sql = version_of(&none);
	check_str(by_sql, "1"); /* what the fake answers to everything */
	make_fake(&echo, "", ",\"version\":[\"/bin/echo\",\"fake v1.2.3 in ${home}\\nand more\"]");
	AUTO_FREE char *by_command = version_of(&echo);
	check_str(by_command, "v1.2.3");
	make_fake(&fails, "", ",\"version\":[\"/bin/false\"]");
	AUTO_FREE char *after_failure = version_of(&fails);
	check_str(after_failure, "1");
	make_fake(&silent, "", ",\"version\":[\"/bin/true\"]");
	AUTO_FREE char *after_silence = version_of(&silent);
	check_str(after_silence, "1");
}

/* The engine's flags and its one port belong to profiling only, and the port has to be free then. */
static void flags_for_profiles(void **state)
{
	(void)state;
	CLEANUP(engine) struct engine e = { 0 };
	int fd;
	unsigned port = bind_a_port(&fd);
	AUTO_FREE char *profile =
		str_printf(NULL, ",\"profile\":{\"path\":\"/x\",\"port\":%u,\"flags\":[\"-u\"]}", port);
	make_fake(&e, "", profile);
	AUTO_FREE char *dir = make_server_dir();
	struct server_spec spec = { .engine = &e, .exec = PYTHON, .dir = dir, .label = "from" };
	for (int profiled = 0; profiled < 2; profiled++) {
		CLEANUP(server) struct server s = SERVER_INIT;
		spec.profiled = profiled;
		if (profiled) {
			check_fails(server_start(&s, &spec, err), ERROR_SERVER, "is taken");
			close(fd);
		}
		check_ok(server_start(&s, &spec, err));
		AUTO_FREE char *path = str_printf(NULL, "/proc/%d/cmdline", (int)s.proc.pid);
		CLEANUP(strbuf) struct strbuf argv = STRBUF_INIT(1 << 20);
		check_ok(fs_read(path, &argv, err));
		const char *second = argv.data + strlen(argv.data) + 1;
		if (profiled) {
			check_str(second, "-u");
			assert_int_equal(s.pprof_port, port);
		} else {
			check_contains(second, "fake_mysql");
			assert_int_not_equal(s.pprof_port, port);
		}
	}
	remove_server_dir(dir);
}

static void profile_url(void **state)
{
	(void)state;
	CLEANUP(engine) struct engine gms = { 0 }, mariadb = { 0 };
	check_ok(engine_find("gms", &gms, err));
	check_ok(engine_find("mariadb", &mariadb, err));
	struct server s = { .engine = &gms, .pprof_port = 6061 };
	AUTO_FREE char *url = server_profile_url(&s, NULL);
	check_str(url, "http://127.0.0.1:6061/debug/pprof/profile");
	s.engine = &mariadb;
	struct error got = ERROR_INIT;
	assert_null(server_profile_url(&s, &got));
	assert_int_equal(got.kind, ERROR_USAGE);
}

static void check_log(const struct server *s, const char *expected)
{
	CLEANUP(strbuf) struct strbuf log = STRBUF_INIT(1 << 20);
	check_ok(fs_read(s->log_path, &log, err));
	check_str(log.data, expected);
}

/* Both processes write to one log, set-up ran for the first alone, and the second has the flags for profiles. */
static void restart_on_the_same_data(void **state)
{
	(void)state;
	CLEANUP(engine) struct engine e = { 0 };
	make_fake(&e, ",\"--log\",\"here\"",
		  ",\"setup\":[[\"touch\",\"${data}/made\"]],\"profile\":{\"file\":\"*.pprof\","
		  "\"flags\":[\"-X\",\"to=${profile_dir}\"]}");
	AUTO_FREE char *dir = make_server_dir();
	struct server_spec spec = { .engine = &e, .exec = PYTHON, .dir = dir, .label = "from" };
	CLEANUP(server) struct server s = SERVER_INIT;
	check_ok(server_start(&s, &spec, err));
	AUTO_FREE char *made = str_printf(NULL, "%s/made", s.data_dir), *kept = str_printf(NULL, "%s/kept", s.data_dir);
	assert_int_equal(rename(made, kept), 0);
	check_ok(server_stop_cleanly(&s, err));
	spec.profiled = true;
	check_ok(server_restart(&s, &spec, err));
	check_answer(&s, false, "SELECT 1", "1");
	assert_true(fs_exists(kept));
	assert_false(fs_exists(made));
	AUTO_FREE char *path = str_printf(NULL, "/proc/%d/cmdline", (int)s.proc.pid);
	AUTO_FREE char *flag = str_printf(NULL, "to=%s", s.profile_dir);
	CLEANUP(strbuf) struct strbuf argv = STRBUF_INIT(1 << 20);
	check_ok(fs_read(path, &argv, err));
	check_str(argv.data + strlen(PYTHON) + 1, "-X");
	check_str(argv.data + strlen(PYTHON) + 1 + strlen("-X") + 1, flag);
	check_ok(server_stop_cleanly(&s, err));
	check_log(&s, "here\nhere\n");
	server_release(&s);
	remove_server_dir(dir);
}

static void restart_that_fails(void **state)
{
	(void)state;
	CLEANUP(engine) struct engine e = { 0 };
	int fd;
	unsigned port = bind_a_port(&fd);
	make_fake(&e, "", "");
	AUTO_FREE char *dir = make_server_dir();
	struct server_spec spec = { .engine = &e, .exec = PYTHON, .dir = dir, .label = "from" };
	CLEANUP(server) struct server s = SERVER_INIT;
	check_ok(server_start(&s, &spec, err));
	check_ok(server_stop_cleanly(&s, err));
	spec.port = port;
	check_fails(server_restart(&s, &spec, err), ERROR_SERVER, "is taken");
	assert_null(s.dir);
	close(fd);
	remove_server_dir(dir);
}

static void put_file(const char *folder, const char *name)
{
	AUTO_FREE char *path = str_printf(NULL, "%s/%s", folder, name);
	check_ok(fs_write_atomic(path, "x", 1, 0600, err));
}

/* One file of its last life, by pattern. */
static void profile_that_was_written(void **state)
{
	(void)state;
	CLEANUP(engine) struct engine e = { 0 };
	make_fake(&e, "", ",\"profile\":{\"file\":\"cpu*.pprof\",\"flags\":[\"-X\",\"to=${profile_dir}\"]}");
	AUTO_FREE char *dir = make_server_dir();
	struct server_spec spec = { .engine = &e, .exec = PYTHON, .dir = dir, .label = "to", .profiled = true };
	CLEANUP(server) struct server s = SERVER_INIT;
	check_ok(server_start(&s, &spec, err));
	put_file(s.profile_dir, "cpu.pprof");
	put_file(s.profile_dir, "mem.pprof");
	check_ok(server_stop_cleanly(&s, err));
	AUTO_FREE char *expected = str_printf(NULL, "%s/cpu.pprof", s.profile_dir);
	AUTO_FREE char *path = server_profile_file(&s, NULL);
	check_str(path, expected);
	put_file(s.profile_dir, "cpu2.pprof");
	struct error got = ERROR_INIT;
	assert_null(server_profile_file(&s, &got));
	assert_int_equal(got.kind, ERROR_SERVER);
	check_contains(got.message, "to server (fake) wrote 2 CPU profiles cpu*.pprof");
	check_ok(server_restart(&s, &spec, err));
	check_ok(server_stop_cleanly(&s, err));
	assert_null(server_profile_file(&s, &got));
	check_contains(got.message, "wrote no CPU profile cpu*.pprof before it ended (killed by SIGTERM)");
	server_release(&s);
	remove_server_dir(dir);
}

static void stop_that_is_not_clean(void **state)
{
	(void)state;
	static const struct {
		const char *before, *after, *grace_seconds, *message; /* words of start, around the fake's path */
	} cases[] = {
		{ "\"${exec}\"", ",\"--ignore-sigterm\"", "0.2",
		  "from server (fake) had to be killed: it did not end within 0.2 s of its stop signal" },
		{ "\"/bin/sh\",\"-c\",\"trap 'kill -KILL $$' TERM; \\\"$0\\\" \\\"$@\\\" & wait\",\"${exec}\"", "",
		  "60", "from server (fake) was killed by SIGKILL when it was to stop" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(engine) struct engine e = { 0 };
		AUTO_FREE char *start =
			str_printf(NULL, "%s,\"%s\",\"--port\",\"${port}\"%s", cases[i].before, fake, cases[i].after);
		AUTO_FREE char *stop = str_printf(NULL, ",\"stop\":{\"grace_seconds\":%s}", cases[i].grace_seconds);
		make_engine(&e, start, stop);
		AUTO_FREE char *dir = make_server_dir();
		struct server_spec spec = { .engine = &e, .exec = PYTHON, .dir = dir, .label = "from" };
		CLEANUP(server) struct server s = SERVER_INIT;
		check_ok(server_start(&s, &spec, err));
		check_fails(server_stop_cleanly(&s, err), ERROR_SERVER, cases[i].message);
		server_release(&s);
		remove_server_dir(dir);
	}
}

/* The last test: a request to stop stays. */
static void stop_ends_the_wait(void **state)
{
	(void)state;
	CLEANUP(engine) struct engine e = { 0 };
	struct error got;
	check_ok(stop_install(err));
	raise(SIGTERM);
	make_fake(&e, ",\"--silent\"", "");
	check_start_fails(&e, PYTHON, 0, &got);
	assert_int_equal(got.kind, ERROR_INTERRUPTED);
	assert_int_equal(got.signal, SIGTERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mariadb_twice),
		cmocka_unit_test(postgres_twice),
		cmocka_unit_test(mariadb_again),
		cmocka_unit_test(postgres_again),
		cmocka_unit_test(awkward_folders),
		cmocka_unit_test(each_start_is_fresh),
		cmocka_unit_test(exits_at_once),
		cmocka_unit_test(last_lines_are_shown),
		cmocka_unit_test(never_listens),
		cmocka_unit_test(never_speaks),
		cmocka_unit_test(wrong_architecture),
		cmocka_unit_test(taken_port),
		cmocka_unit_test(given_port_is_used),
		cmocka_unit_test(lost_port_is_answered_by_another),
		cmocka_unit_test(port_lost_again_and_again),
		cmocka_unit_test(ignores_sigterm),
		cmocka_unit_test(dies_in_mid_run),
		cmocka_unit_test(failing_setup),
		cmocka_unit_test(failing_sql),
		cmocka_unit_test(extra_environment),
		cmocka_unit_test(socket_at_a_given_path),
		cmocka_unit_test(socket_path_that_cannot_be_used),
		cmocka_unit_test(transport_that_an_engine_lacks),
		cmocka_unit_test(big_repository_and_setup_program),
		cmocka_unit_test(format_is_passed_on_and_checked),
		cmocka_unit_test(config_file_holds_the_port),
		cmocka_unit_test(programs_of_another_engine),
		cmocka_unit_test(versions_that_fit),
		cmocka_unit_test(programs_are_found),
		cmocka_unit_test(versions_are_picked),
		cmocka_unit_test(version_command),
		cmocka_unit_test(flags_for_profiles),
		cmocka_unit_test(profile_url),
		cmocka_unit_test(restart_on_the_same_data),
		cmocka_unit_test(restart_that_fails),
		cmocka_unit_test(profile_that_was_written),
		cmocka_unit_test(stop_that_is_not_clean),
		cmocka_unit_test(stop_ends_the_wait),
	};
	setenv("REPO_ACCESS_TOKEN", canary, 1);
	setenv("AWS_SECRET_ACCESS_KEY", canary, 1);
	setenv("DBDYNO_TOKEN", canary, 1);
	struct error got = ERROR_INIT;
	if (proc_become_reaper(&got) < 0) {
		print_error("%s\n", got.message);
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
