#include "benchmarker/load_client.h"

#include "base/clock.h"
#include "base/embed.h"
#include "base/fs.h"
#include "base/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

extern const struct embedded_file lua_files[];

#define TAIL_BYTES 4096
#define SERVER_GRACE_NS (250 * NS_PER_MS)

static int write_script(const struct load_spec *spec, const struct embedded_file *script, struct error *err)
{
	AUTO_FREE char *path = str_printf(err, "%s/%s", spec->dir, script->name);
	if (!path)
		return -1;
	CLEANUP(strbuf) struct strbuf there = STRBUF_INIT(script->len);
	if (fs_exists(path) && fs_read(path, &there, NULL) == 0 && there.len == script->len &&
	    memcmp(there.data, script->data, script->len) == 0)
		return 0;
	return fs_write_atomic(path, script->data, script->len, 0600, err);
}

/* The hook, and all of our tests when one of them is run. */
static int write_scripts(const struct load_spec *spec, struct error *err)
{
	bool ours = str_starts(spec->workload->script, "./");
	for (const struct embedded_file *f = lua_files; f->name; f++)
		if ((ours || strcmp(f->name, LOAD_HOOK) == 0) && write_script(spec, f, err) < 0)
			return -1;
	return 0;
}

static void add_address(struct strlist *argv, const struct database_address *a)
{
	const char *driver = a->protocol == PROTOCOL_MYSQL ? "mysql" : "pgsql";
	strlist_addf(argv, "--db-driver=%s", driver);
	if (a->protocol == PROTOCOL_MYSQL && a->socket)
		strlist_addf(argv, "--mysql-socket=%s", a->socket);
	else
		/* libpq takes the folder of a socket as host. */
		strlist_addf(argv, "--%s-host=%s", driver, a->socket ? a->socket : a->host);
	if (a->protocol != PROTOCOL_MYSQL || !a->socket)
		strlist_addf(argv, "--%s-port=%u", driver, a->port);
	strlist_addf(argv, "--%s-user=%s", driver, a->user ? a->user : "");
	strlist_addf(argv, "--%s-password=%s", driver, a->password ? a->password : "");
	strlist_addf(argv, "--%s-db=%s", driver, a->database ? a->database : "");
}

static int make_argv(const struct load_spec *spec, const char *command, unsigned threads, struct strlist *argv,
		     struct error *err)
{
	strlist_add(argv, spec->sysbench ? spec->sysbench : "sysbench");
	add_address(argv, &spec->address);
	/* Prepared statements are off, values uniform: what the latency benchmark has always measured. --time and
	 * --events of 0: until told. --percentile=0 and the report: the hook does its own counting. */
	static const char *const fixed[] = {
		"--db-ps-mode=disable", "--rand-type=uniform", "--time=0",      "--events=0",
		"--report-interval=0",  "--percentile=0",      "--verbosity=1", NULL
	};
	strlist_add_all(argv, fixed);
	strlist_addf(argv, "--rand-seed=%llu", spec->seed);
	strlist_addf(argv, "--threads=%u", threads);
	if (spec->tpcc) {
		tpcc_add_options(spec->tpcc, argv);
	} else {
		strlist_addf(argv, "--tables=%u", spec->tables);
		strlist_addf(argv, "--table-size=%llu", spec->table_size);
	}
	for (size_t i = 0; spec->options && i < spec->options->len; i++) {
		/* A word of its own would be taken for the test's name. */
		if (!str_starts(spec->options->items[i], "--"))
			return error_set(err, ERROR_USAGE, "sysbench option \"%s\" does not begin with --",
					 spec->options->items[i]);
		strlist_add(argv, spec->options->items[i]);
	}
	strlist_add(argv, LOAD_HOOK);
	strlist_add(argv, command);
	return strlist_check(argv, err);
}

static int make_env(const struct load_spec *spec, struct strlist *env, struct error *err)
{
	if (proc_base_env(env, err) < 0)
		return -1;
	const char *script = spec->workload->script;
	if (proc_env_set(env, "DBDYNO_TEST", script) < 0 || proc_env_set(env, "DBDYNO_GATE", LOAD_GATE) < 0)
		return error_oom(err);
	/* A script of the user's own finds its modules beside it. */
	AUTO_FREE char *folder = NULL;
	if (spec->tpcc && spec->tpcc->script_dir)
		folder = str_dup(spec->tpcc->script_dir, err);
	else if (*script == '/')
		folder = str_printf(err, "%.*s", (int)(strrchr(script, '/') - script), script);
	else
		return 0;
	return folder && proc_env_set(env, "DBDYNO_SCRIPT_DIR", folder) == 0 ? 0 : error_oom(err);
}

int load_client_start(struct proc *ret, const struct load_spec *spec, const char *command, unsigned threads,
		      int stdin_fd, struct error *err)
{
	CLEANUP(strlist) struct strlist argv = STRLIST_INIT;
	CLEANUP(strlist) struct strlist env = STRLIST_INIT;
	if (make_argv(spec, command, threads, &argv, err) < 0 || make_env(spec, &env, err) < 0 ||
	    write_scripts(spec, err) < 0)
		return -1;
	AUTO_FREE char *path = str_printf(err, "%s/" LOAD_LOG, spec->dir);
	if (!path)
		return -1;
	AUTO_CLOSE int log = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	if (log < 0)
		return error_errno(err, ERROR_INTERNAL, "open %s", path);
	struct proc_spec child = PROC_SPEC_INIT;
	child.argv = strlist_array(&argv);
	child.env = strlist_array(&env);
	child.dir = spec->dir;
	child.stdin_fd = stdin_fd;
	child.stdout_fd = log;
	child.stderr_fd = log;
	child.cpus = spec->cpus;
	if (proc_start(ret, &child, err) < 0) {
		if (err)
			err->kind = ERROR_LOAD;
		return error_hint(err, "dbdyno needs sysbench 1.0.20 (Debian: apt install sysbench)");
	}
	return 0;
}

int load_client_wait(const struct proc *p, int pipe_fd, int server_fd, uint64_t deadline_ns, enum load_event *ret,
		     struct error *err)
{
	struct pollfd fds[] = {
		{ .fd = pipe_fd, .events = POLLIN },
		{ .fd = p->pidfd, .events = POLLIN },
		{ .fd = server_fd, .events = POLLIN },
		{ .fd = stop_fd(), .events = POLLIN },
	};
	for (;;) {
		int n = poll(fds, ARRAY_SIZE(fds), clock_left_ms(deadline_ns));
		if (n < 0 && errno != EINTR)
			return error_errno(err, ERROR_INTERNAL, "poll");
		if (n < 0)
			continue;
		if (fds[3].revents)
			return stop_error(err);
		/* Bytes first: a thread that failed tells more than the end that follows. */
		if (fds[0].revents & POLLIN) {
			*ret = LOAD_BYTES;
			return 0;
		}
		if (fds[2].revents) {
			*ret = LOAD_SERVER_ENDED;
			return 0;
		}
		if (fds[1].revents) {
			*ret = LOAD_CLIENT_ENDED;
			return 0;
		}
		if (clock_left_ms(deadline_ns) == 0) {
			*ret = LOAD_TIMEOUT;
			return 0;
		}
		if (fds[0].revents)
			fds[0].fd = -1; /* its writing end is closed: the client's end is near */
	}
}

bool load_server_gone(const struct load_spec *spec)
{
	if (spec->server_fd < 0)
		return false;
	struct pollfd fd = { .fd = spec->server_fd, .events = POLLIN };
	return poll(&fd, 1, SERVER_GRACE_NS / NS_PER_MS) > 0;
}

bool load_client_said(const struct load_spec *spec, bool fatal_only, char ret[static LOAD_REASON_BYTES])
{
	static const char mark[] = "FATAL: ";
	char piece[LOAD_REASON_BYTES + sizeof mark];
	AUTO_FREE char *path = str_printf(NULL, "%s/" LOAD_LOG, spec->dir);
	AUTO_FCLOSE FILE *log = path ? fopen(path, "re") : NULL;
	bool line_begins = true;
	*ret = 0;
	while (log && fgets(piece, sizeof piece, log)) {
		bool begins = line_begins;
		size_t len = strcspn(piece, "\n");
		line_begins = piece[len] == '\n';
		piece[len] = 0;
		bool fatal = begins && str_starts(piece, mark);
		if (fatal || (begins && len && !fatal_only))
			snprintf(ret, LOAD_REASON_BYTES, "%.*s", LOAD_REASON_BYTES - 1,
				 piece + (fatal ? strlen(mark) : 0));
		if (fatal)
			break;
	}
	return *ret;
}

int load_client_detail(const struct load_spec *spec, struct error *err)
{
	if (!err || err->detail[0])
		return -1;
	AUTO_FREE char *path = str_printf(NULL, "%s/" LOAD_LOG, spec->dir);
	CLEANUP(strbuf) struct strbuf tail = STRBUF_INIT(TAIL_BYTES);
	if (path) {
		fs_tail(path, TAIL_BYTES, &tail);
		error_detail(err, tail.data, tail.len);
	}
	return -1;
}

int load_server_error(const struct load_spec *spec, struct error *err)
{
	return error_set(err, ERROR_SERVER, "the server ended during %s", spec->workload->name);
}
