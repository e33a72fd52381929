/* Load on the servers by the plan. */
#include "measure.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/stop.h"
#include "benchmarker/load.h"
#include "benchmarker/server.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* What a Job's environment says about the servers themselves. */
static const char *const passed_on[] = { "GOMAXPROCS", NULL };

int measure_start_server(struct job *j, size_t side, bool profiled, struct server *ret, struct error *err)
{
	struct job_side *s = &j->sides[side];
	static unsigned starts; /* a server that is started again gets a fresh folder */
	AUTO_FREE char *dir = str_printf(err, "%s/%s-%u", j->work, s->label, ++starts);
	if (!dir)
		return -1;
	struct server_spec spec = {
		.engine = &s->engine,
		.exec = s->exec,
		.dir = dir,
		.label = s->label,
		.profiled = profiled,
		.transport = (enum server_transport)s->programs.transport,
		.socket_path = s->programs.socket_path,
		.setup_exec = s->setup_exec,
		.big_repository = s->programs.big_repository,
		.format = s->programs.format,
	};
	CLEANUP(strlist) struct strlist env = STRLIST_INIT;
	if (proc_env_pass(&env, passed_on, err) < 0)
		return -1;
	spec.extra_env = env;
	if (server_start(ret, &spec, err) < 0)
		return -1;
	log_verbose("%s server is ready after %.2f s", s->label, (double)ret->ready_ns / 1e9);
	if (ret->note[0])
		job_event(j, "warning", NULL, "%s", ret->note);
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
		.binary_sha256 = s->build.binary_sha256,
		.profile = s->profile_name,
		.profile_sha256 = s->build.profile_sha256,
		.go_version = s->build.go_version,
		.build_flags = s->build.flags,
		.address_kind = server->load_by_socket ? "socket" : "tcp",
		.params = params.data,
	};
	return results_add_server(j->results, &row, err);
}

/* The server's log is kept with the results: it is what explains a failure. */
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
	AUTO_FREE char *logs = str_printf(NULL, "%s/logs", j->out);
	AUTO_FREE char *path = str_printf(NULL, "%s/logs/%s-server.log", j->out, server->label);
	if (logs && path && server->log_path && fs_exists(server->log_path) &&
	    (fs_mkdirs(logs, 0700, &e) < 0 || fs_copy_atomic(server->log_path, path, 0600, &e) < 0))
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

/* One test on one server, as long as it is open. */
struct client {
	char *dir;
	struct workload_script script;
	struct load_spec spec;
	struct load load;
};
#define CLIENT_INIT               \
	{                         \
		.load = LOAD_INIT \
	}

static void client_release(struct client *c)
{
	load_release(&c->load);
	free(c->dir);
	workload_script_release(&c->script);
	*c = (struct client)CLIENT_INIT;
}

static int client_prepare(const struct job *j, size_t side, struct client *c, struct error *err)
{
	return load_prepare(&c->spec, err) < 0 ? error_wrap(err, "prepare on the %s server", j->sides[side].label) : 0;
}

struct prepare_task {
	const struct job *j;
	struct client *client;
	struct error err;
	int result;
};

static void *prepare_in_thread(void *data)
{
	struct prepare_task *t = data;
	t->result = client_prepare(t->j, SIDE_TO, t->client, &t->err);
	return NULL;
}

/* The tables of both servers at once: nothing is measured yet, and there is a core for each. */
static int prepare_both(const struct job *j, struct client *from, struct client *to, struct error *err)
{
	pthread_t thread;
	struct prepare_task task = { .j = j, .client = to, .err = ERROR_INIT };
	int e = pthread_create(&thread, NULL, prepare_in_thread, &task);
	if (e) {
		errno = e;
		return error_errno(err, ERROR_INTERNAL, "start a thread");
	}
	int result = client_prepare(j, SIDE_FROM, from, err);
	pthread_join(thread, NULL);
	if (result == 0 && task.result < 0)
		*err = task.err;
	return result < 0 ? -1 : task.result;
}

/* Load that is not counted, on both servers at once. */
static int warm_up(const struct job *j, struct client *const *clients, const bool *active, struct error *err)
{
	for (size_t s = 0; s < j->sides_len; s++)
		if (active[s] && load_begin(&clients[s]->load, 0, j->o->warmup_ns, err) < 0)
			return -1;
	for (size_t s = 0; s < j->sides_len; s++) {
		CLEANUP(sample) struct sample warm = SAMPLE_INIT;
		if (active[s] && load_await(&clients[s]->load, &warm, err) < 0)
			return error_wrap(err, "warm-up on the %s server", j->sides[s].label);
	}
	return 0;
}

/* Clients of the active servers: tables made, connected, warm. */
static int open_clients(struct job *j, struct server *servers, const bool *active, const char *test,
			const struct tpcc *tpcc, struct client *const *clients, struct error *err)
{
	for (size_t s = 0; s < j->sides_len; s++) {
		if (!active[s])
			continue;
		if (!(clients[s]->dir = measure_client_dir(j, s, err)))
			return -1;
		if (measure_open_test(j, s, test, &clients[s]->script, err) < 0)
			return -1;
		clients[s]->spec =
			measure_load_spec(j, s, &servers[s], &clients[s]->script.workload, tpcc, clients[s]->dir);
	}
	if (active[SIDE_FROM] && active[SIDE_TO]) {
		if (prepare_both(j, clients[SIDE_FROM], clients[SIDE_TO], err) < 0)
			return -1;
	} else {
		size_t only = active[SIDE_FROM] ? SIDE_FROM : SIDE_TO;
		if (client_prepare(j, only, clients[only], err) < 0)
			return -1;
	}
	for (size_t s = 0; s < j->sides_len; s++)
		if (active[s] && load_open(&clients[s]->load, &clients[s]->spec, err) < 0)
			return error_wrap(err, "load on the %s server", j->sides[s].label);
	return j->o->warmup_ns ? warm_up(j, clients, active, err) : 0;
}

static int client_close(struct client *c, struct error *err)
{
	if (load_close(&c->load, err) < 0 || load_check_data(&c->spec, "after the run", err) < 0)
		return -1;
	return load_cleanup(&c->spec, err);
}

static int run_slice(struct job *j, struct client *c, const struct results_test *t, uint32_t repetition, size_t place,
		     struct error *err)
{
	uint32_t index;
	const struct plan_slice slice = plan_repeat(job_plan(j, t->name), repetition, place, &index);
	CLEANUP(sample) struct sample s = SAMPLE_INIT;
	int64_t wall_ns = clock_wall_ns();
	load_set_schedule(&c->load, slice.pair);
	if (load_slice(&c->load, slice.duration_ns, &s, err) < 0)
		return error_wrap(err, "load on the %s server", j->sides[slice.side].label);
	return results_add_slice(j->results, t, &slice, index, wall_ns, &s, err);
}

/* The options that sysbench has, for the record; owned. */
static char *test_params(const struct job *j, const struct tpcc *tpcc, struct error *err)
{
	const struct options *o = j->o;
	unsigned long long seed = j->seed;
	if (!tpcc)
		return str_printf(err,
				  "--threads=%lld --tables=%lld --table-size=%lld --rand-type=uniform "
				  "--db-ps-mode=disable --rand-seed=%llu",
				  o->threads, o->tables, o->table_size, seed);
	return tpcc->density < 1
		       ? str_printf(err,
				    "--threads=%lld --scale=%u --tables=%u --trx_level=%s --rand-seed=%llu"
				    " --density=%g (not comparable)",
				    o->threads, tpcc->scale, tpcc->tables, tpcc->isolation, seed, tpcc->density)
		       : str_printf(err, "--threads=%lld --scale=%u --tables=%u --trx_level=%s --rand-seed=%llu",
				    o->threads, tpcc->scale, tpcc->tables, tpcc->isolation, seed);
}

/* One repetition of a test on the active servers, on tables of its own. tpcc: NULL if it is another one. */
static int measure_repetition(struct job *j, struct server *servers, const bool *active, size_t test,
			      const struct tpcc *tpcc, uint32_t repetition, struct error *err)
{
	CLEANUP(client) struct client from = CLIENT_INIT;
	CLEANUP(client) struct client to = CLIENT_INIT;
	struct client *const clients[] = { &from, &to };
	const char *name = j->tests.items[test];
	const struct plan *plan = job_plan(j, name);
	AUTO_FREE char *params = test_params(j, tpcc, err);
	if (!params)
		return -1;
	struct results_test t = { .name = name, .params = params, .threads = (uint32_t)j->o->threads };
	size_t n = j->tests.len, runs = (size_t)j->o->repetitions;
	double at = (double)test + (double)repetition / (double)runs;
	log_progress(at / (double)n, "[%zu/%zu] %s: prepare", test + 1, n, name);
	if (open_clients(j, servers, active, name, tpcc, clients, err) < 0)
		return -1;
	for (size_t i = 0; i < plan->len; i++) {
		enum side side = plan->slices[i].side;
		log_progress((at + (double)i / (double)(plan->len * runs)) / (double)n, "[%zu/%zu] %s: measure",
			     test + 1, n, name);
		if (active[side] && run_slice(j, clients[side], &t, repetition, i, err) < 0)
			return -1;
	}
	for (size_t s = 0; s < j->sides_len; s++)
		if (active[s] && client_close(clients[s], err) < 0)
			return error_wrap(err, "end of the load on the %s server", j->sides[s].label);
	return 0;
}

static int measure_test(struct job *j, struct server *servers, const bool *active, size_t test, struct error *err)
{
	const char *name = j->tests.items[test];
	struct tpcc tpcc;
	bool is_tpcc = options_tpcc(j->o, name, j->scripts, &tpcc);
	if (is_tpcc && tpcc.density < 1 && active[SIDE_FROM])
		job_event(j, "warning", name,
			  "only %g of the rows that TPC-C has: nothing here compares with other figures", tpcc.density);
	for (uint32_t i = 0; i < (uint32_t)j->o->repetitions; i++)
		if (measure_repetition(j, servers, active, test, is_tpcc ? &tpcc : NULL, i, err) < 0)
			return -1;
	return 0;
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

bool measure_has_failed(const struct job *j, const char *test)
{
	size_t n = strlen(test);
	for (size_t i = 0; i < j->failed.len; i++)
		if (strncmp(j->failed.items[i], test, n) == 0 && j->failed.items[i][n] == ':')
			return true;
	return false;
}

static int start_servers(struct job *j, struct server *servers, const bool *active, bool record, struct error *err)
{
	for (size_t s = 0; s < j->sides_len; s++) {
		if (!active[s] || servers[s].proc.pid)
			continue;
		log_progress(-1, "start the %s server", j->sides[s].label);
		if (measure_start_server(j, s, false, &servers[s], err) < 0)
			return -1;
		if (record && measure_record_server(j, s, &servers[s], err) < 0)
			return -1;
	}
	return 0;
}

/* A failed test's error decides: it ends the run (-1), or the run goes on with servers that work. */
static int recover(struct job *j, struct server *servers, const bool *active, const char *test, struct error *err)
{
	if (err->kind != ERROR_LOAD && err->kind != ERROR_SERVER)
		return -1;
	measure_test_failed(j, test, err);
	*err = (struct error)ERROR_INIT;
	for (size_t s = 0; s < j->sides_len; s++) /* also one that lives: its tables are in an unknown state */
		measure_stop_server(j, &servers[s]);
	return start_servers(j, servers, active, false, err);
}

/* All tests with the active servers up. */
static int measure_pass(struct job *j, struct server *servers, const bool *active, struct error *err)
{
	if (start_servers(j, servers, active, true, err) < 0)
		return -1;
	for (size_t t = 0; t < j->tests.len; t++) {
		const char *test = j->tests.items[t];
		if (measure_has_failed(j, test))
			continue;
		if (measure_test(j, servers, active, t, err) < 0 && recover(j, servers, active, test, err) < 0)
			return -1;
		if (stop_check(err) < 0)
			return -1;
	}
	return 0;
}

int job_measure(struct job *j, struct error *err)
{
	struct server servers[2] = { SERVER_INIT, SERVER_INIT };
	static const bool both[] = { true, true }, one_by_one[2][2] = { { true, false }, { false, true } };
	int result;
	if (j->o->pairing == PAIRING_SEQUENTIAL) {
		result = measure_pass(j, servers, one_by_one[SIDE_FROM], err);
		measure_stop_server(j, &servers[SIDE_FROM]);
		if (result == 0)
			result = measure_pass(j, servers, one_by_one[SIDE_TO], err);
	} else {
		result = measure_pass(j, servers, both, err);
	}
	log_progress_end();
	for (size_t s = 0; s < ARRAY_SIZE(servers); s++)
		measure_stop_server(j, &servers[s]);
	return result;
}
