/* The servers of a job: start, record, stop. */
#include "base/fs.h"
#include "base/log.h"
#include "measure.h"

#include <string.h>
#include <sys/stat.h>

/* What a Job's environment says about the servers themselves. */
static const char *const passed_on[] = { "GOMAXPROCS", NULL };

static struct server_spec spec_of(const struct job_side *s, bool profiled)
{
	return (struct server_spec){
		.engine = &s->engine,
		.exec = s->exec,
		.label = s->label,
		.profiled = profiled,
		.transport = (enum server_transport)s->programs.transport,
		.socket_path = s->programs.socket_path,
		.setup_exec = s->setup_exec,
		.big_repository = s->programs.big_repository,
		.format = s->programs.format,
	};
}

int measure_start_server(struct job *j, size_t side, bool profiled, const cpu_set_t *cpus, struct server *ret,
			 struct error *err)
{
	struct job_side *s = &j->sides[side];
	struct server_spec spec = spec_of(s, profiled);
	static unsigned starts; /* a server that is started anew gets a fresh folder */
	AUTO_FREE char *dir = str_printf(err, "%s/%s-%u", j->work, s->label, ++starts);
	CLEANUP(strlist) struct strlist env = STRLIST_INIT;
	if (!dir || proc_env_pass(&env, passed_on, err) < 0)
		return -1;
	spec.dir = dir;
	spec.cpus = cpus;
	spec.extra_env = env;
	if (server_start(ret, &spec, err) < 0)
		return -1;
	log_verbose("%s server is ready after %.2f s", s->label, (double)ret->ready_ns / 1e9);
	if (ret->note[0])
		job_event(j, "warning", NULL, "%s", ret->note);
	return 0;
}

int measure_restart_server(struct job *j, size_t side, bool profiled, struct server *server, struct error *err)
{
	struct job_side *s = &j->sides[side];
	struct server_spec spec = spec_of(s, profiled);
	CLEANUP(strlist) struct strlist env = STRLIST_INIT;
	if (proc_env_pass(&env, passed_on, err) < 0)
		return -1;
	spec.extra_env = env;
	if (server_restart(server, &spec, err) < 0)
		return -1;
	log_verbose("%s server is ready again after %.2f s", s->label, (double)server->ready_ns / 1e9);
	return 0;
}

/* As the engine file has them, so that they are the same in every run, and what was asked for beside them. */
static void add_params(const struct job_side *s, const struct server *server, struct strbuf *out)
{
	const struct engine *e = &s->engine;
	for (size_t i = 0; server->profiled && i < e->profile_flags.len; i++)
		strbuf_addf(out, "%s%s", out->len ? " " : "", e->profile_flags.items[i]);
	for (size_t i = 1; i < e->start.argv.len; i++)
		strbuf_addf(out, "%s%s", out->len ? " " : "", e->start.argv.items[i]);
	for (size_t i = 0; server->load_by_socket && i < e->socket_flags.len; i++)
		strbuf_addf(out, " %s", e->socket_flags.items[i]);
	if (s->programs.format)
		strbuf_addf(out, "; storage format %s", s->programs.format);
	if (s->programs.big_repository)
		strbuf_addf(out, "; on a copy of %s",
			    *s->programs.big_repository ? s->programs.big_repository : e->big_repository);
}

/* What was asked for is what people will think was measured: an installed program that says otherwise is told, and goes
 * under its own version. A program that could have been built may be called what its user likes. */
static const char *version_asked(struct job *j, const struct job_side *s, const struct server *server)
{
	const char *asked = s->asked->version, *reported = server->reported_version;
	if (s->engine.package || !asked || !reported || server_version_fits(asked, reported))
		return asked;
	job_event(j, "warning", NULL,
		  "the %s server was asked for as version %s, but %s says that it is %s: that is what was measured",
		  s->label, asked, s->exec, reported);
	return NULL;
}

/* What is known of a server once it runs, recorded before its first slice. */
int measure_record_server(struct job *j, size_t side, const struct server *server, struct error *err)
{
	struct job_side *s = &j->sides[side];
	CLEANUP(strbuf)
	struct strbuf params = STRBUF_INIT(1 << 16);
	struct stat st;
	add_params(s, server, &params);
	if (strbuf_check(&params, err) < 0)
		return -1;
	struct results_server row = {
		.side = (enum side)side,
		.engine = s->engine.name,
		.asked_version = version_asked(j, s, server),
		.commit = s->build.commit,
		.reported_version = server->reported_version,
		.repository = s->build.repository,
		.exec = s->exec,
		.binary_sha256 = s->exec_sha256,
		.profile = s->profile_name,
		.profile_sha256 = s->build.profile_sha256,
		.go_version = s->build.go_version,
		.build_flags = s->build.flags,
		.address_kind = server->load_by_socket ? "socket" : "tcp",
		.params = params.data,
		.build_ns = s->build.build_ns,
		.binary_bytes = (uint64_t)(stat(s->exec, &st) == 0 ? st.st_size : 0),
	};
	return results_add_server(j->results, &row, err);
}

/* The server's log is kept with the results, that of each start behind those before: it is what explains a failure. */
static int keep_log(const struct job *j, const struct server *server, struct error *err)
{
	AUTO_FREE char *logs = str_printf(err, "%s/logs", j->out);
	AUTO_FREE char *path = str_printf(err, "%s/logs/%s-server.log", j->out, server->label);
	if (!logs || !path || fs_mkdirs(logs, 0700, err) < 0)
		return -1;
	return fs_append(server->log_path, path, 0600, err);
}

void measure_stop_server(struct job *j, struct server *server)
{
	struct error e = ERROR_INIT;
	if (!server->proc.pid && !server->dir)
		return;
	if (server_stop(server, &e) < 0)
		job_event(j, "warning", NULL, "%s", e.message);
	if (server->killed)
		job_event(j, "warning", NULL, "the %s server did not end on its stop signal and was killed",
			  server->label);
	if (server->log_path && fs_exists(server->log_path) && keep_log(j, server, &e) < 0)
		job_event(j, "warning", NULL, "the log of the %s server is not kept: %s", server->label, e.message);
	server_release(server);
}

char *measure_client_dir(struct job *j, size_t side, struct error *err)
{
	AUTO_FREE char *dir = str_printf(err, "%s/client-%s", j->work, j->sides[side].label);
	return dir && fs_mkdirs(dir, 0700, err) == 0 ? TAKE(dir) : NULL;
}

int measure_open_test(const struct job *j, size_t side, const char *test, struct workload_script *ret,
		      struct error *err)
{
	struct tpcc tpcc;
	if (options_tpcc(j->o, test, j->scripts, &tpcc)) {
		*ret = (struct workload_script){ .workload = *tpcc_workload(&tpcc) };
		return 0;
	}
	return workload_open(ret, test, j->scripts, j->sides[side].engine.protocol == PROTOCOL_POSTGRES, err);
}

struct load_spec measure_load_spec(const struct job *j, size_t side, const struct server *server,
				   const struct workload *w, const struct tpcc *tpcc, const char *dir)
{
	return (struct load_spec){
		.sysbench = j->o->sysbench,
		.dir = dir,
		.workload = w,
		.tpcc = tpcc,
		.address = server_address(server, false),
		.threads = (unsigned)j->o->threads,
		.tables = (unsigned)j->o->tables,
		.table_size = (unsigned long long)j->o->table_size,
		.seed = j->seed,
		.rate = j->o->rate_per_second,
		.options = &j->sides[side].engine.load_options,
		.server_fd = server->proc.pidfd,
		.event_timeout_ns = j->o->event_timeout_ns,
	};
}

void measure_test_failed(struct job *j, const char *test, const struct error *err)
{
	strlist_addf(&j->failed, "%s: %s", test, err->message);
	job_event(j, "error", test, "%s", err->message);
	if (!j->first_failure.kind) {
		j->first_failure = *err;
		error_wrap(&j->first_failure, "%s", test);
	}
}

const char *measure_failure(const struct job *j, const char *test)
{
	size_t n = strlen(test);
	for (size_t i = 0; i < j->failed.len; i++)
		if (strncmp(j->failed.items[i], test, n) == 0 && str_starts(j->failed.items[i] + n, ": "))
			return j->failed.items[i] + n + strlen(": ");
	return NULL;
}

bool measure_has_failed(const struct job *j, const char *test)
{
	return measure_failure(j, test) != NULL;
}
