#include "benchmarker/server.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/stop.h"
#include "benchmarker/server_command.h"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

static const uint64_t setup_timeout_ns = 120 * NS_PER_SECOND;
static const uint64_t version_timeout_ns = 30 * NS_PER_SECOND;
static const uint64_t statement_timeout_ns = 60 * NS_PER_SECOND;
static const unsigned most_backoff_ms = 20;
static const int most_tries = 3; /* of a free port */

static void start_release(struct start *st)
{
	strlist_release(&st->env);
	if (st->log_fd >= 0)
		close(st->log_fd);
	st->log_fd = -1;
	proc_release(&st->version);
	if (st->version_fd >= 0)
		close(st->version_fd);
	st->version_fd = -1;
}

void server_release(struct server *s)
{
	proc_release(&s->proc);
	if (s->own_socket)
		server_remove_socket(s->socket);
	if (s->private_dir)
		fs_remove_tree(s->private_dir, NULL);
	char *strings[] = {
		s->label,    s->exec,   s->dir,         s->data_dir,         s->home_dir,    s->tmp_dir,
		s->log_path, s->socket, s->private_dir, s->reported_version, s->config_path, s->profile_dir
	};
	for (size_t i = 0; i < ARRAY_SIZE(strings); i++)
		free(strings[i]);
	*s = (struct server)SERVER_INIT;
}

/* ---- errors ---- */

/* Makes the last lines of the log the error's detail; false if there are none. */
static bool add_log_lines(const struct server *s, struct error *err)
{
	CLEANUP(strbuf) struct strbuf tail = STRBUF_INIT(SERVER_LOG_TAIL_BYTES);
	fs_tail(s->log_path, SERVER_LOG_TAIL_BYTES, &tail);
	error_detail(err, tail.data, tail.len);
	return tail.len > 0;
}

/* "from server (gms) <message>", with the last lines of its log. */
static int server_error(const struct server *s, struct error *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static int server_error(const struct server *s, struct error *err, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	error_set(err, ERROR_SERVER, "%s server (%s) %s", s->label, s->engine->name, text);
	return error_hint(err,
			  add_log_lines(s, err) ? "its last log lines are above; all of them are in %s"
						: "it wrote nothing to %s",
			  s->log_path);
}

/* What failed while something was done for the server counts as the server's, unless it is a request to stop. */
static int as_server_error(const struct server *s, struct error *err, const char *doing)
{
	if (err && err->kind == ERROR_INTERNAL)
		err->kind = ERROR_SERVER;
	if (err && err->kind == ERROR_SERVER)
		add_log_lines(s, err);
	return error_wrap(err, "%s server (%s): %s", s->label, s->engine->name, doing);
}

/* True if it has ended by itself; s->end says how. */
static bool has_ended(struct server *s)
{
	struct proc_exit e;
	if (!s->end[0] && s->proc.pid && proc_poll(&s->proc, &e)) {
		char how[64];
		proc_exit_describe(&e, how);
		if (e.exited)
			snprintf(s->end, sizeof s->end, "exited with status %d", e.status);
		else
			snprintf(s->end, sizeof s->end, "was %.50s", how);
	}
	return s->end[0];
}

/* ---- commands ---- */

static int run_setup(struct start *st, struct error *err)
{
	struct server *s = st->s;
	bool big = st->spec->big_repository;
	const struct engine_commands *setup = big ? &s->engine->big_setup : &s->engine->setup;
	if (big && !setup->len)
		return error_set(err, ERROR_USAGE, "engine %s has no set-up with a big repository", s->engine->name);
	for (size_t i = 0; i < setup->len; i++) {
		CLEANUP(strlist) struct strlist argv = STRLIST_INIT;
		if (server_expand(st, &setup->items[i].argv, &argv, err) < 0)
			return -1;
		struct proc_spec spec = server_command_spec(st, &argv);
		const char *const *words = spec.argv;
		CLEANUP(strlist) struct strlist other = STRLIST_INIT;
		if (i == 0 && st->spec->setup_exec) {
			strlist_add(&other, st->spec->setup_exec);
			strlist_add_all(&other, words + 1);
			if (strlist_check(&other, err) < 0)
				return -1;
			spec.argv = strlist_array(&other);
		}
		spec.cpus = NULL;
		if (proc_run(&spec, setup_timeout_ns, NULL, NULL, err) < 0)
			return as_server_error(s, err, "set-up");
	}
	return 0;
}

/* Asks the program what it is. After set-up, because some look for a newer version of themselves in the network unless
 * they are configured not to; beside the server's own start, because some take as long for it. For the record only: a
 * program that has no such command is not wrong. */
static int ask_version(struct start *st, struct error *err)
{
	struct server *s = st->s;
	CLEANUP(strlist) struct strlist argv = STRLIST_INIT;
	if (s->engine->version.argv.len == 0)
		return 0;
	if (server_expand(st, &s->engine->version.argv, &argv, err) < 0)
		return -1;
	AUTO_FREE char *path = str_printf(err, "%s/version", s->dir);
	if (!path)
		return -1;
	st->version_fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (st->version_fd < 0)
		return error_errno(err, ERROR_INTERNAL, "create %s", path);
	struct proc_spec spec = server_command_spec(st, &argv);
	spec.cpus = NULL;
	spec.stdout_fd = st->version_fd;
	spec.stderr_fd = -1;
	if (proc_start(&st->version, &spec, NULL) < 0)
		st->version = (struct proc)PROC_INIT;
	return 0;
}

static int take_version(struct start *st, struct error *err)
{
	struct server *s = st->s;
	struct proc_exit e;
	char text[4096];
	if (!st->version.pid)
		return 0;
	if (proc_wait(&st->version, clock_deadline(version_timeout_ns), &e, NULL) < 0)
		return stop_check(err);
	ssize_t n = e.exited && e.status == 0 ? pread(st->version_fd, text, sizeof text - 1, 0) : 0;
	if (n <= 0)
		return 0;
	text[n] = 0;
	size_t len = 0;
	const char *version = server_pick_version(text, &len);
	if (len == 0)
		return 0;
	s->reported_version = str_printf(err, "%.*s", (int)len, version);
	return s->reported_version ? 0 : -1;
}

static int launch(struct start *st, struct error *err)
{
	struct server *s = st->s;
	CLEANUP(strlist) struct strlist argv = STRLIST_INIT;
	if (server_write_config(st, err) < 0 || server_start_command(st, &argv, err) < 0)
		return -1;
	if (!st->again && ftruncate(st->log_fd, 0) < 0)
		return error_errno(err, ERROR_INTERNAL, "empty %s", s->log_path);
	struct proc_spec spec = server_command_spec(st, &argv);
	s->end[0] = 0;
	return proc_start(&s->proc, &spec, err) < 0 ? as_server_error(s, err, "start") : 0;
}

/* ---- ready ---- */

/* Connects and runs SELECT 1. */
static int try_client(const struct server *s, uint64_t timeout_ns, struct error *err)
{
	struct database *d = NULL;
	struct database_address a = server_address(s, true);
	CLEANUP(strbuf) struct strbuf one = STRBUF_INIT(64);
	if (database_connect(&a, timeout_ns, &d, err) < 0)
		return -1;
	int answered = database_query_value(d, "SELECT 1", &one, err);
	database_close(d);
	if (answered == 0 && !str_eq(one.data, "1"))
		return error_set(err, ERROR_SERVER, "SELECT 1 answered \"%s\"", one.data);
	return answered;
}

/* Returns when the server ends, a stop is requested, or ms are over. */
static void pause_for(const struct server *s, int ms)
{
	struct pollfd fds[] = { { .fd = s->proc.pidfd, .events = POLLIN }, { .fd = stop_fd(), .events = POLLIN } };
	poll(fds, ARRAY_SIZE(fds), ms); /* too short a pause does no harm */
}

static int wait_until_ready(struct server *s, struct error *err)
{
	uint64_t begin = clock_mono_ns(), deadline = clock_deadline(s->engine->ready_timeout_ns);
	for (unsigned backoff_ms = 1;;
	     backoff_ms = backoff_ms * 2 < most_backoff_ms ? backoff_ms * 2 : most_backoff_ms) {
		struct error why = ERROR_INIT;
		uint64_t now = clock_mono_ns();
		int answered = try_client(s, now < deadline ? deadline - now : 0, &why);
		if (has_ended(s)) /* then whoever answered was not this server */
			return server_error(s, err, "%s before it was ready", s->end);
		s->ready_ns = clock_mono_ns() - begin;
		if (answered == 0)
			return 0;
		if (stop_check(err) < 0)
			return -1;
		int left = clock_left_ms(deadline);
		if (left == 0)
			return server_error(s, err, "was not ready within %g s: %s",
					    (double)s->engine->ready_timeout_ns / 1e9, why.message);
		pause_for(s, left < (int)backoff_ms ? left : (int)backoff_ms);
	}
}

/* Starts it, on other ports if the chosen ones are lost meanwhile. */
static int start_until_ready(struct start *st, struct error *err)
{
	struct server *s = st->s;
	for (int try = 1;; try++) {
		bool first = try == 1 && !st->again;
		if (server_choose_ports(s, st->spec->port, err) < 0 || server_make_env(st, err) < 0 ||
		    server_empty_profile_dir(s, &st->owner, err) < 0)
			return -1;
		if (first && run_setup(st, err) < 0)
			return -1;
		if (launch(st, err) < 0 || (first && ask_version(st, err) < 0))
			return -1;
		if (wait_until_ready(s, err) == 0)
			return take_version(st, err);
		if (try == most_tries || st->spec->port || !s->end[0] || !server_lost_port(s))
			return -1;
	}
}

static int run_init_sql(struct start *st, struct database *d, struct error *err)
{
	struct server *s = st->s;
	CLEANUP(strlist) struct strlist statements = STRLIST_INIT;
	if (server_expand(st, &s->engine->init_sql, &statements, err) < 0)
		return -1;
	for (size_t i = 0; i < statements.len; i++)
		if (database_execute(d, statements.items[i], err) < 0)
			return error_wrap(err, "init_sql[%zu]", i);
	if (s->reported_version)
		return 0;
	CLEANUP(strbuf) struct strbuf version = STRBUF_INIT(4096);
	/* For the record only: an engine that has no such function is not wrong. */
	if (database_query_value(d, "SELECT VERSION()", &version, NULL) < 0)
		strbuf_reset(&version);
	s->reported_version = strbuf_take(&version, err);
	return s->reported_version ? 0 : -1;
}

static int initialize(struct start *st, struct error *err)
{
	struct database_address a = server_address(st->s, true);
	struct database *d = NULL;
	if (database_connect(&a, statement_timeout_ns, &d, err) < 0)
		return as_server_error(st->s, err, "set-up");
	int result = run_init_sql(st, d, err);
	database_close(d);
	return result < 0 ? as_server_error(st->s, err, "set-up") : 0;
}

/* The format that was asked for is not what some programs make: that must not pass as a result of it. */
static int check_format(struct start *st, struct database *d, struct error *err)
{
	const char *format = st->spec->format, *query = st->s->engine->format_query;
	CLEANUP(strbuf) struct strbuf answer = STRBUF_INIT(4096);
	if (!format || !query)
		return 0;
	if (database_query_value(d, query, &answer, err) < 0)
		return error_wrap(err, "ask for the storage format");
	if (strstr(answer.data, format))
		return 0;
	error_set(err, ERROR_SERVER, "its storage format is \"%.100s\", not %s as asked", answer.data, format);
	return error_hint(err,
			  "this version of the program cannot make it: ask for another format, or another version");
}

/* As the load will connect. */
static int check_load_user(struct start *st, struct error *err)
{
	struct database_address a = server_address(st->s, false);
	struct database *d = NULL;
	if (database_connect(&a, statement_timeout_ns, &d, err) < 0)
		return as_server_error(st->s, err, "the load's user");
	int result = database_execute(d, "SELECT 1", err);
	if (result == 0)
		result = check_format(st, d, err);
	database_close(d);
	return result < 0 ? as_server_error(st->s, err, "the load's user") : 0;
}

/* ---- the header's functions ---- */

static int open_log(struct start *st, struct error *err)
{
	int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | (st->again ? 0 : O_TRUNC);
	st->log_fd = open(st->s->log_path, flags, 0600);
	return st->log_fd < 0 ? error_errno(err, ERROR_INTERNAL, "open %s", st->s->log_path) : 0;
}

static int start(struct start *st, struct error *err)
{
	const struct server_spec *spec = st->spec;
	struct server *s = st->s;
	s->engine = spec->engine;
	s->profiled = spec->profiled;
	if (!(s->label = str_dup(spec->label, err)) || !(s->exec = str_dup(spec->exec, err)))
		return -1;
	if (s->exec[0] != '/')
		return error_set(err, ERROR_INTERNAL, "%s is not an absolute path", s->exec);
	if (spec->port > 65535)
		return error_set(err, ERROR_USAGE, "port %u is not from 1 to 65535", spec->port);
	if (server_choose_owner(s, &st->owner, err) < 0 || server_make_folders(s, &st->owner, spec, err) < 0)
		return -1;
	if (open_log(st, err) < 0 || start_until_ready(st, err) < 0)
		return -1;
	return initialize(st, err) < 0 ? -1 : check_load_user(st, err);
}

int server_start(struct server *ret, const struct server_spec *spec, struct error *err)
{
	CLEANUP(start)
	struct start st = { .spec = spec, .s = ret, .log_fd = -1, .version = PROC_INIT, .version_fd = -1 };
	*ret = (struct server)SERVER_INIT;
	int result = start(&st, err);
	if (result < 0)
		server_release(ret);
	return result;
}

int server_restart(struct server *s, const struct server_spec *spec, struct error *err)
{
	CLEANUP(start)
	struct start st = { .spec = spec, .s = s, .again = true, .log_fd = -1, .version = PROC_INIT, .version_fd = -1 };
	s->profiled = spec->profiled;
	int result = server_choose_owner(s, &st.owner, err);
	if (result == 0)
		result = open_log(&st, err);
	if (result == 0)
		result = start_until_ready(&st, err);
	if (result == 0)
		result = check_load_user(&st, err);
	if (result < 0)
		server_release(s);
	return result;
}

int server_check(struct server *s, struct error *err)
{
	if (!has_ended(s))
		return 0;
	return server_error(s, err, "%s while it was needed", s->end);
}

int server_stop(struct server *s, struct error *err)
{
	if (server_check(s, err) < 0)
		return -1;
	if (s->proc.pid)
		s->killed = proc_stop(&s->proc, s->engine->stop_signal, s->engine->stop_grace_ns, &s->exit);
	return 0;
}

int server_stop_cleanly(struct server *s, struct error *err)
{
	if (server_stop(s, err) < 0)
		return -1;
	if (s->killed)
		return server_error(s, err, "had to be killed: it did not end within %g s of its stop signal",
				    (double)s->engine->stop_grace_ns / 1e9);
	char how[64];
	proc_exit_describe(&s->exit, how);
	if (!s->exit.exited && s->exit.status != s->engine->stop_signal)
		return server_error(s, err, "was %s when it was to stop", how);
	return 0;
}

struct database_address server_address(const struct server *s, bool admin)
{
	const struct engine *e = s->engine;
	return (struct database_address){
		.protocol = e->protocol,
		.host = server_host,
		.port = s->port,
		.socket = (admin ? s->admin_by_socket : s->load_by_socket) ? s->socket : NULL,
		.user = admin ? e->admin_user : e->user,
		.password = admin ? e->admin_password : e->password,
		.database = admin ? e->admin_database : e->database,
	};
}

char *server_profile_url(const struct server *s, struct error *err)
{
	if (!s->engine->profile_path) {
		error_set(err, ERROR_USAGE, "engine %s has no HTTP CPU profile", s->engine->name);
		error_hint(err, "its engine file would name one under \"profile\"");
		return NULL;
	}
	return str_printf(err, "http://%s:%u%s", server_host, s->pprof_port, s->engine->profile_path);
}

char *server_profile_file(const struct server *s, struct error *err)
{
	const char *pattern = s->engine->profile_file;
	char how[64];
	size_t found = 0;
	AUTO_FREE char *path = NULL;
	DIR *folder = opendir(s->profile_dir);
	if (!folder) {
		error_errno(err, ERROR_INTERNAL, "open %s", s->profile_dir);
		return NULL;
	}
	for (struct dirent *e; (e = readdir(folder));) {
		if (fnmatch(pattern, e->d_name, FNM_PERIOD) != 0)
			continue;
		found++;
		free(path);
		path = str_printf(err, "%s/%s", s->profile_dir, e->d_name);
	}
	closedir(folder);
	if (found == 1)
		return TAKE(path);
	proc_exit_describe(&s->exit, how);
	if (found)
		server_error(s, err, "wrote %zu CPU profiles %s: one is wanted", found, pattern);
	else
		server_error(s, err, "wrote no CPU profile %s before it ended (%s)", pattern, how);
	return NULL;
}
