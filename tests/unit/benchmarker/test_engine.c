#include "base/fs.h"
#include "benchmarker/engine.h"
#include "check.h"

#include <signal.h>
#include <unistd.h>

#define ADMIN "\"admin\":{\"user\":\"a\"}"
#define LOAD "\"load\":{\"user\":\"u\",\"database\":\"d\"}"
#define START "\"start\":[\"${exec}\",\"${port}\"]"
#define HEAD "\"name\":\"x\",\"protocol\":\"mysql\""
/* A complete engine file, with more keys. */
#define WITH(more) "{" HEAD "," START "," ADMIN "," LOAD more "}"

static int parse(const char *json, struct engine *ret, struct error *err)
{
	return engine_parse(json, strlen(json), "x.json", ret, err);
}

static void least_file_gets_defaults(void **state)
{
	(void)state;
	CLEANUP(engine) struct engine e = { 0 };
	check_ok(parse(WITH(""), &e, err));
	check_str(e.name, "x");
	assert_int_equal(e.protocol, PROTOCOL_MYSQL);
	assert_null(e.package);
	check_str(e.module_dir, ".");
	assert_int_equal(e.stop_signal, SIGTERM);
	assert_int_equal(e.stop_grace_ns, 10000000000ULL);
	assert_int_equal(e.ready_timeout_ns, 60000000000ULL);
	assert_false(e.has_socket);
	check_str(e.admin_user, "a");
	check_str(e.admin_password, "");
	check_str(e.admin_database, "");
	check_str(e.password, "");
	assert_null(e.profile_path);
	assert_int_equal(e.profile_port, 0);
	assert_int_equal(e.profile_flags.len, 0);
	assert_null(e.profile_file);
	assert_false(engine_gives_profile(&e));
	assert_null(e.run_as);
	assert_true(e.start_sd == 0 && e.start_sd_from == 0);
}

static void every_key_is_read(void **state)
{
	(void)state;
	CLEANUP(engine) struct engine e = { 0 };
	check_ok(parse(
		"{\"name\":\"my-db_2\",\"protocol\":\"postgres\","
		"\"build\":{\"repository\":\"https://example.org/x\",\"module_dir\":\"go\",\"package\":\"./cmd/x\","
		"\"binary\":\"x\",\"env\":[\"CGO_ENABLED=1\"],\"flags\":[\"-tags=x\"],\"licenses\":\"go/LICENSES\","
		"\"targets\":{\"linux/arm64\":{},\"windows/amd64\":{\"env\":[\"CC=cc "
		"-m64\"],\"flags\":[\"-ldflags=-s\"],"
		"\"package\":[\"zip\",\"7z\"]}}},"
		"\"exec\":{\"names\":[\"x\",\"xd\"],\"folders\":[\"/opt/x/bin\"]},"
		"\"version\":[\"${exec}\",\"version\"],"
		"\"setup\":[[\"${exec}\",\"init\",\"${data}\"],[\"touch\",\"${tmp}/x\"]],"
		"\"env\":[\"ROOT=${home}\",\"EMPTY=\"],\"run_as\":\"someone\","
		"\"start\":[\"${exec}\",\"-k\",\"${socket}\",\"${pprof_port}${host}${port}\"],"
		"\"stop\":{\"signal\":\"SIGINT\",\"grace_seconds\":2.5},\"ready_timeout_seconds\":0.25,"
		"\"admin\":{\"user\":\"a\",\"password\":\"b\",\"database\":\"c\"},"
		"\"init_sql\":[\"CREATE USER ${user}\\n\\tPASSWORD '${password}'\",\"CREATE DATABASE ${database}\"],"
		"\"load\":{\"user\":\"u\",\"password\":\"p\",\"database\":\"d\",\"options\":[\"--x=y\"]},"
		"\"profile\":{\"path\":\"/debug/pprof/profile\",\"port\":6060,\"flags\":[\"--pprof\"]},"
		"\"identity\":{\"contains\":\"X\",\"excludes\":\"Y\",\"mistaken_for\":\"y\"},"
		"\"big\":{\"repository\":\"a/b\",\"setup\":[[\"x\"],[\"clone\",\"${big_repository}\",\"${data}/"
		"${database}\"]]},"
		"\"start_variation\":{\"fraction\":0.025,\"starts\":12},"
		"\"format\":{\"env\":[\"FORMAT=${format}\"],\"query\":\"SELECT format()\"}}",
		&e, err));
	assert_true(e.start_sd == 0.025 && e.start_sd_from == 12);
	check_str(e.version_contains, "X");
	check_str(e.version_excludes, "Y");
	check_str(e.mistaken_for, "y");
	check_str(e.big_repository, "a/b");
	assert_int_equal(e.big_setup.len, 2);
	check_str(e.big_setup.items[1].argv.items[1], "${big_repository}");
	check_str(e.format_env.items[0], "FORMAT=${format}");
	check_str(e.format_query, "SELECT format()");
	check_str(e.name, "my-db_2");
	assert_int_equal(e.protocol, PROTOCOL_POSTGRES);
	check_str(e.repository, "https://example.org/x");
	check_str(e.module_dir, "go");
	check_str(e.package, "./cmd/x");
	check_str(e.binary, "x");
	check_str(e.build_env.items[0], "CGO_ENABLED=1");
	check_str(e.build_flags.items[0], "-tags=x");
	check_str(e.licenses, "go/LICENSES");
	assert_int_equal(e.targets_len, 2);
	check_str(e.targets[0].name, "linux/arm64");
	assert_int_equal(e.targets[0].env.len, 0);
	check_str(e.targets[1].name, "windows/amd64");
	check_str(e.targets[1].env.items[0], "CC=cc -m64");
	check_str(e.targets[1].flags.items[0], "-ldflags=-s");
	check_str(e.targets[1].packages.items[1], "7z");
	check_str(e.exec_candidates.items[1], "xd");
	check_str(e.exec_path.items[0], "/opt/x/bin");
	check_str(e.version.argv.items[1], "version");
	assert_int_equal(e.setup.len, 2);
	check_str(e.setup.items[0].argv.items[2], "${data}");
	check_str(e.setup.items[1].argv.items[0], "touch");
	assert_int_equal(e.setup_env.len, 2);
	check_str(e.run_as, "someone");
	assert_int_equal(e.start.argv.len, 4);
	assert_true(e.has_socket);
	assert_int_equal(e.stop_signal, SIGINT);
	assert_int_equal(e.stop_grace_ns, 2500000000ULL);
	assert_int_equal(e.ready_timeout_ns, 250000000ULL);
	check_str(e.admin_password, "b");
	check_str(e.admin_database, "c");
	assert_int_equal(e.init_sql.len, 2);
	check_str(e.password, "p");
	check_str(e.load_options.items[0], "--x=y");
	check_str(e.profile_path, "/debug/pprof/profile");
	assert_int_equal(e.profile_port, 6060);
	check_str(e.profile_flags.items[0], "--pprof");
	assert_true(engine_gives_profile(&e));
}

static void profile_by_file(void **state)
{
	(void)state;
	CLEANUP(engine) struct engine e = { 0 };
	check_ok(parse("{" HEAD ",\"config\":[\"x\"],\"start\":[\"${exec}\",\"${config}\",\"${port}\"]," ADMIN "," LOAD
		       ",\"profile\":{\"file\":\"cpu-*.pprof\","
		       "\"flags\":[\"--prof\",\"cpu\",\"${profile_dir}\",\"${config}\",\"${data}\"]}}",
		       &e, err));
	check_str(e.profile_file, "cpu-*.pprof");
	assert_null(e.profile_path);
	assert_int_equal(e.profile_flags.len, 5);
	check_str(e.profile_flags.items[2], "${profile_dir}");
	assert_true(engine_gives_profile(&e));
}

static void config_and_socket_flags(void **state)
{
	(void)state;
	CLEANUP(engine) struct engine e = { 0 };
	check_ok(parse("{" HEAD ",\"config\":[\"port: ${port}\",\"x\"],\"start\":[\"${exec}\",\"${config}\"],"
		       "\"socket_flags\":[\"--socket=${socket}\"]," ADMIN "," LOAD "}",
		       &e, err));
	assert_int_equal(e.config.len, 2);
	assert_true(e.has_port);
	assert_false(e.has_socket);
	check_str(e.socket_flags.items[0], "--socket=${socket}");
}

static void mistakes_name_the_key(void **state)
{
	(void)state;
	static const struct {
		const char *json, *message;
	} cases[] = {
		{ "", "engine file x.json: not valid JSON at line 1" },
		{ "{\n\n  oops", "not valid JSON at line 3" },
		{ "{} {}", "not valid JSON" },
		{ "[]", "expected an object, not a list" },
		{ "{}", "name: the key is missing" },
		{ "{" HEAD "," START "," LOAD "}", "admin: the key is missing" },
		{ "{" HEAD "," START "," ADMIN ",\"load\":{\"user\":\"u\"}}", "load.database: the key is missing" },
		{ WITH(",\"strat\":1"), "strat: unknown key (did you mean \"start\"?)" },
		{ WITH(",\"build\":{\"envv\":1}"), "build.envv: unknown key (did you mean \"env\"?)" },
		{ WITH(",\"something_else\":1"), "something_else: unknown key" },
		{ WITH(",\"run_as\":\"a\",\"run_as\":\"b\""), "run_as: the key occurs twice" },
		{ WITH(",\"run_as\":1"), "run_as: expected a string, not a number" },
		{ WITH(",\"run_as\":\"\""), "run_as: the string is empty" },
		{ WITH(",\"run_as\":null"), "run_as: expected a string, not null" },
		{ WITH(",\"env\":\"A=b\""), "env: expected a list of strings, not a string" },
		{ WITH(",\"env\":[\"A=b\",{}]"), "env[1]: expected a string, not an object" },
		{ WITH(",\"env\":[\"A\"]"), "env[0]: \"A\" is not NAME=value" },
		{ WITH(",\"env\":[\"=b\"]"), "env[0]: \"=b\" is not NAME=value" },
		{ WITH(",\"env\":[\"A B=c\"]"), "is not NAME=value" },
		{ WITH(",\"setup\":[\"x\"]"), "setup[0]: expected a list of strings, not a string" },
		{ WITH(",\"setup\":[[\"x\"],[]]"), "setup[1]: the list is empty" },
		{ WITH(",\"setup\":[[\"x\",\"${nope}\"]]"), "setup[0][1]: unknown variable ${nope}" },
		{ WITH(",\"setup\":[[\"x\",\"${port}\"]]"), "setup[0][1]: unknown variable ${port}" },
		{ WITH(",\"init_sql\":[\"${data\"]"), "init_sql[0]: \"${data\" opens a variable" },
		{ WITH(",\"version\":[\"${exec}\",\"${port}\"]"), "version[1]: unknown variable ${port}" },
		{ WITH(",\"build\":{\"package\":\"${data}\",\"binary\":\"x\"}"), "build.package: unknown variable" },
		{ WITH(",\"build\":{\"package\":\".\"}"), "build.binary: the key is missing" },
		{ WITH(",\"build\":{\"targets\":[]}"), "build.targets: expected an object, not a list" },
		{ WITH(",\"build\":{\"targets\":{\"linux\":{}}}"), "build.targets.linux: the key is no platform" },
		{ WITH(",\"build\":{\"targets\":{\"a/b/c\":{}}}"), "the key is no platform" },
		{ WITH(",\"build\":{\"targets\":{\"../x\":{}}}"), "the key is no platform" },
		{ WITH(",\"build\":{\"targets\":{\"a/b\":{},\"a/b\":{}}}"), "build.targets.a/b: the key occurs twice" },
		{ WITH(",\"build\":{\"targets\":{\"a/b\":{\"envs\":[]}}}"),
		  "build.targets.a/b.envs: unknown key (did you mean \"env\"?)" },
		{ WITH(",\"build\":{\"targets\":{\"a/b\":{\"env\":[\"CC\"]}}}"),
		  "build.targets.a/b.env[0]: \"CC\" is not" },
		{ WITH(",\"build\":{\"targets\":{\"a/b\":{\"flags\":[\"x\"]}}}"), "build.targets.a/b.flags[0]" },
		{ WITH(",\"build\":{\"targets\":{\"a/b\":{\"package\":[\"rar\"]}}}"), "is not tar.gz, zip or 7z" },
		{ WITH(",\"build\":{\"licenses\":\"../x\"}"), "build.licenses" },
		{ WITH(",\"build\":{\"package\":\"-o\",\"binary\":\"x\"}"), "build.package: \"-o\" is not" },
		{ WITH(",\"build\":{\"package\":\".\",\"binary\":\"../x\"}"),
		  "build.binary: \"../x\" is not a file name" },
		{ WITH(",\"build\":{\"package\":\".\",\"binary\":\"x\",\"module_dir\":\"a/../..\"}"),
		  "build.module_dir" },
		{ WITH(",\"stop\":{\"signal\":\"SIGKILL\"}"), "stop.signal: \"SIGKILL\" is not SIGTERM" },
		{ WITH(",\"stop\":{\"signal\":15}"), "stop.signal: expected the name of a signal" },
		{ WITH(",\"ready_timeout_seconds\":0"), "0 is not from 0.001 to 3600" },
		{ WITH(",\"ready_timeout_seconds\":1e99"), "is not from 0.001 to 3600" },
		{ WITH(",\"ready_timeout_seconds\":\"9\""), "expected a number of seconds, not a string" },
		{ WITH(",\"profile\":{\"path\":\"/x\"}"),
		  "start: profile.path is given, but ${pprof_port} is not used, and there is no profile.port" },
		{ WITH(",\"profile\":{\"path\":\"/x\",\"port\":0}"), "profile.port: 0 is not a port from 1 to 65535" },
		{ WITH(",\"profile\":{\"path\":\"/x\",\"port\":80.5}"), "profile.port: 80.5 is not a port" },
		{ WITH(",\"profile\":{\"path\":\"/x\",\"port\":\"80\"}"),
		  "profile.port: expected the number of a port, not a string" },
		{ WITH(",\"profile\":{\"path\":\"/x\",\"port\":80,\"flags\":[\"x\"]}"),
		  "profile.flags[0]: \"x\" is not an option" },
		{ WITH(",\"profile\":{}"), "profile: one of path and file is needed" },
		{ WITH(",\"profile\":{\"port\":80,\"flags\":[\"-x\"]}"), "profile: one of path and file is needed" },
		{ WITH(",\"profile\":{\"path\":\"/x\",\"file\":\"x\"}"), "profile: path and file exclude each other" },
		{ WITH(",\"profile\":{\"file\":\"x\"}"),
		  "profile.flags: profile.file and ${profile_dir} need each other" },
		{ WITH(",\"profile\":{\"file\":\"x\",\"flags\":[\"-x\"]}"),
		  "profile.flags: profile.file and ${profile_dir} need each other" },
		{ WITH(",\"profile\":{\"path\":\"/x\",\"port\":80,\"flags\":[\"-x=${profile_dir}\"]}"),
		  "profile.flags: profile.file and ${profile_dir} need each other" },
		{ WITH(",\"profile\":{\"file\":\"x\",\"port\":80,\"flags\":[\"-x=${profile_dir}\"]}"),
		  "profile: port is for profiles over HTTP" },
		{ WITH(",\"profile\":{\"file\":\"x\",\"flags\":[\"cpu\",\"${profile_dir}\"]}"),
		  "profile.flags[0]: \"cpu\" is not an option" },
		{ WITH(",\"profile\":{\"file\":\"x\",\"flags\":[\"-x\",\"${profile_dir}\",\"${config}\"]}"),
		  "profile.flags: there is no config" },
		{ WITH(",\"profile\":{\"file\":\"\"}"), "profile.file: the string is empty" },
		{ WITH(",\"profile\":{\"file\":\"a/b\"}"), "profile.file: \"a/b\" is not a file name" },
		{ WITH(",\"profile\":{\"file\":\"..\"}"), "profile.file: \"..\" is not a file name" },
		{ WITH(",\"profile\":{\"file\":1}"), "profile.file: expected a string, not a number" },
		{ WITH(",\"env\":[\"A=${profile_dir}\"]"), "env[0]: unknown variable ${profile_dir}" },
		{ WITH(",\"run_as\":\"a\\u0007b\""), "run_as: the string holds a control character" },
		{ WITH(",\"run_as\":\"a\\u0000b\""), "a string holds a NUL" },
		{ WITH(",\"run_as\":\"\xff\""), "not UTF-8" },
		{ "{" HEAD ",\"start\":[\"${exec}\"]," ADMIN "," LOAD "}", "start: neither ${port} nor ${socket}" },
		{ "{\"name\":\"x\",\"protocol\":\"odbc\"}", "protocol: \"odbc\" is not mysql or postgres" },
		{ "{\"name\":\"../x\"}", "name: \"../x\" is not" },
		{ WITH(",\"config\":[\"x\"]"), "start: config and ${config} need each other" },
		{ WITH(",\"config\":[]"), "config: the list is empty" },
		{ WITH(",\"config\":[\"${config}\"]"), "config[0]: unknown variable ${config}" },
		{ "{" HEAD ",\"start\":[\"${config}\",\"${port}\"]," ADMIN "," LOAD "}",
		  "config and ${config} need each other" },
		{ WITH(",\"socket_flags\":[\"--x\"]"), "socket_flags: ${socket} is not used" },
		{ WITH(",\"socket_flags\":[\"${socket}\"]"), "socket_flags[0]: \"${socket}\" is not an option" },
		{ "{" HEAD ",\"start\":[\"${socket}\"],\"socket_flags\":[\"-${socket}\"]," ADMIN "," LOAD "}",
		  "socket_flags: ${socket} is used in start already" },
		{ WITH(",\"identity\":{\"contains\":\"x\"}"), "identity: it needs a version command" },
		{ WITH(",\"version\":[\"x\"],\"identity\":{\"mistaken_for\":\"x\"}"),
		  "mistaken_for needs contains or excludes" },
		{ WITH(",\"big\":{\"setup\":[[\"x\"]]}"), "big.repository: the key is missing" },
		{ WITH(",\"big\":{\"repository\":\"x\",\"setup\":[]}"), "big.setup: the list is empty" },
		{ WITH(",\"setup\":[[\"${big_repository}\"]]"), "setup[0][0]: unknown variable ${big_repository}" },
		{ WITH(",\"env\":[\"A=${format}\"]"), "env[0]: unknown variable ${format}" },
		{ WITH(",\"format\":{\"query\":\"x\"}"), "format.env: the key is missing" },
		{ WITH(",\"start_variation\":0.05"), "start_variation: expected an object, not a number" },
		{ WITH(",\"start_variation\":{\"fraction\":0.05}"), "start_variation.starts: the key is missing" },
		{ WITH(",\"start_variation\":{\"starts\":5}"), "start_variation.fraction: the key is missing" },
		{ WITH(",\"start_variation\":{\"fraction\":\"5 %\",\"starts\":5}"),
		  "start_variation.fraction: expected a number such as 0.05, not a string" },
		{ WITH(",\"start_variation\":{\"fraction\":0,\"starts\":5}"), "0 is not from 0.0001 to 1" },
		{ WITH(",\"start_variation\":{\"fraction\":1.5,\"starts\":5}"), "1.5 is not from 0.0001 to 1" },
		{ WITH(",\"start_variation\":{\"fraction\":0.05,\"starts\":2}"),
		  "start_variation.starts: 2 is not a number of starts from 3 to 10000" },
		{ WITH(",\"start_variation\":{\"fraction\":0.05,\"starts\":3.5}"), "3.5 is not a number of starts" },
		{ WITH(",\"start_variation\":{\"fraction\":0.05,\"starts\":true}"),
		  "expected a number of starts, not" },
		{ WITH(",\"start_variation\":{\"fraction\":0.05,\"starts\":5,\"df\":4}"),
		  "start_variation.df: unknown key" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct engine e;
		check_fails(parse(cases[i].json, &e, err), ERROR_USAGE, cases[i].message);
		assert_null(e.name);
		assert_null(e.start.argv.items);
	}
}

static void size_and_nesting_are_bounded(void **state)
{
	(void)state;
	struct engine e;
	static char big[ENGINE_FILE_MAX + 2];
	memset(big, ' ', sizeof big - 1);
	check_fails(parse(big, &e, err), ERROR_USAGE, "larger than 65536 bytes");
	memset(big, '[', ENGINE_FILE_MAX);
	big[ENGINE_FILE_MAX] = 0;
	check_fails(parse(big, &e, err), ERROR_USAGE, "not valid JSON");
	check_fails(engine_parse("{}\0{}", 5, "x.json", &e, err), ERROR_USAGE, "UTF-8");
}

static void shipped_engines_are_valid(void **state)
{
	(void)state;
	CLEANUP(strlist) struct strlist names = STRLIST_INIT;
	check_ok(engine_names(&names, err));
	assert_true(strlist_has(&names, "gms"));
	assert_true(strlist_has(&names, "mariadb"));
	assert_true(strlist_has(&names, "postgres"));
	assert_true(strlist_has(&names, "dolt"));
	for (size_t i = 0; i < names.len; i++) {
		CLEANUP(engine) struct engine e = { 0 };
		check_ok(engine_find(names.items[i], &e, err));
		check_str(e.name, names.items[i]);
	}
	assert_true(strlist_has(&names, "mysql"));
	assert_true(strlist_has(&names, "doltgres"));
	CLEANUP(engine) struct engine dolt = { 0 };
	check_ok(engine_find("dolt", &dolt, err));
	check_str(dolt.big_repository, "max-hoffman/big-empty");
	assert_false(dolt.has_socket);
	assert_int_equal(dolt.socket_flags.len, 1);
	check_str(dolt.module_dir, "go");
	check_str(dolt.package, "./cmd/dolt");
	CLEANUP(engine) struct engine doltgres = { 0 };
	check_ok(engine_find("doltgres", &doltgres, err));
	check_str(doltgres.profile_file, "cpu.pprof");
	check_str(doltgres.profile_flags.items[0], "--prof");
}

static void unknown_engine_suggests(void **state)
{
	(void)state;
	struct engine e = { 0 };
	struct error err = ERROR_INIT;
	assert_int_equal(engine_find("mariabd", &e, &err), -1);
	assert_int_equal(err.kind, ERROR_USAGE);
	check_str(err.message, "unknown engine \"mariabd\"");
	check_str(err.hint, "did you mean mariadb? There are: dolt, doltgres, gms, mariadb, mysql, postgres; "
			    "--engine-file adds one");
	char longest[300];
	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = 0;
	assert_int_equal(engine_find(longest, &e, &err), -1);
	check_contains(err.hint, "there are: dolt");
	assert_int_equal(engine_find("../../etc/passwd", &e, &err), -1);
	assert_int_equal(engine_find("", &e, &err), -1);
}

static void files_are_loaded(void **state)
{
	(void)state;
	AUTO_FREE char *dir = fs_make_temp_dir("engine", NULL);
	AUTO_FREE char *path = str_printf(NULL, "%s/my.json", dir);
	check_ok(fs_write_atomic(path, WITH(""), strlen(WITH("")), 0600, err));
	CLEANUP(engine) struct engine e = { 0 };
	check_ok(engine_load_file(path, &e, err));
	check_str(e.name, "x");
	unlink(path);
	struct engine none;
	check_fails(engine_load_file(path, &none, err), ERROR_USAGE, "my.json");
	check_ok(fs_remove_tree(dir, err));
}

static void expands_variables(void **state)
{
	(void)state;
	static const struct engine_variable vars[] = { { "a", "1" }, { "ab", "${a}" }, { "e", "" }, { NULL, NULL } };
	static const struct {
		const char *text, *expected, *message;
	} cases[] = {
		{ "", "", NULL },
		{ "plain", "plain", NULL },
		{ "${a}", "1", NULL },
		{ "x${a}${ab}y${e}", "x1${a}y", NULL }, /* values are not expanded again */
		{ "$ $a {a} $$", "$ $a {a} $$", NULL },
		{ "$${a}", "$1", NULL },
		{ "${b}", NULL, "unknown variable ${b}" },
		{ "${}", NULL, "unknown variable ${}" },
		{ "${a", NULL, "does not close" },
		{ "${abc}", NULL, "unknown variable ${abc}" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct error err = ERROR_INIT;
		AUTO_FREE char *s = engine_expand(cases[i].text, vars, &err);
		if (cases[i].expected) {
			check_str(s, cases[i].expected);
		} else {
			assert_null(s);
			check_contains(err.message, cases[i].message);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(least_file_gets_defaults),  cmocka_unit_test(every_key_is_read),
		cmocka_unit_test(profile_by_file),           cmocka_unit_test(config_and_socket_flags),
		cmocka_unit_test(mistakes_name_the_key),     cmocka_unit_test(size_and_nesting_are_bounded),
		cmocka_unit_test(shipped_engines_are_valid), cmocka_unit_test(unknown_engine_suggests),
		cmocka_unit_test(files_are_loaded),          cmocka_unit_test(expands_variables),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
