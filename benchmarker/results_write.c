/* What a run adds to results.db. */
#include "benchmarker/results.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "benchmarker/results_db.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

int results_add_run(struct results *r, const struct results_run *run, struct error *err)
{
	char seed[24];
	snprintf(seed, sizeof seed, "%" PRIu64, run->seed);
	CLEANUP(statement) struct statement s = { 0 };
	if (statement_prepare(r,
			      "insert into run (id, command, dbdyno_version, pairing, started_unix, status, seed,"
			      " config_json, machine_json) values (?, ?, ?, ?, ?, 'running', ?, ?, ?)",
			      &s, err) < 0)
		return -1;
	bind_text(&s, run->id);
	bind_text(&s, run->command);
	bind_text(&s, run->dbdyno_version);
	bind_text(&s, run->pairing);
	bind_i64(&s, run->started_unix);
	bind_text(&s, seed);
	bind_text(&s, run->config_json);
	bind_text(&s, run->machine_json);
	AUTO_FREE char *id = str_dup(run->id, err);
	if (!id || statement_run(&s, err) < 0)
		return -1;
	free(r->run);
	r->run = TAKE(id);
	return 0;
}

static int update_run(struct results *r, const char *sql, const char *value, struct error *err)
{
	CLEANUP(statement) struct statement s = { 0 };
	if (results_need_run(r, err) < 0 || statement_prepare(r, sql, &s, err) < 0)
		return -1;
	bind_text(&s, value);
	bind_text(&s, r->run);
	return statement_run(&s, err);
}

int results_set_pairing(struct results *r, const char *pairing, struct error *err)
{
	return update_run(r, "update run set pairing = ? where id = ?", pairing, err);
}

int results_set_pinning(struct results *r, const char *pinning, struct error *err)
{
	return update_run(r, "update run set machine_json = json_set(machine_json, '$.pinning', ?) where id = ?",
			  pinning, err);
}

int results_end_run(struct results *r, const char *status, int64_t ended_unix, struct error *err)
{
	CLEANUP(statement) struct statement s = { 0 };
	if (results_need_run(r, err) < 0 ||
	    statement_prepare(r, "update run set status = ?, ended_unix = ? where id = ?", &s, err) < 0)
		return -1;
	bind_text(&s, status);
	bind_i64(&s, ended_unix);
	bind_text(&s, r->run);
	return statement_run(&s, err);
}

int results_decide(struct results *r, const char *decision, struct error *err)
{
	return update_run(r, "update run set decision = ? where id = ?", decision, err);
}

/* 0 stands for what is not known. */
static void bind_known(struct statement *s, uint64_t value)
{
	if (value)
		bind_u64(s, value);
	else
		bind_double(s, NAN); /* NULL */
}

int results_add_server(struct results *r, const struct results_server *server, struct error *err)
{
	const char *const texts[] = {
		server->engine,         server->asked_version, server->commit,        server->reported_version,
		server->repository,     server->exec,          server->binary_sha256, server->profile,
		server->profile_sha256, server->go_version,    server->build_flags,   server->address_kind,
		server->params
	};
	CLEANUP(statement) struct statement s = { 0 };
	if (results_need_run(r, err) < 0 ||
	    statement_prepare(
		    r,
		    "insert or replace into server (run, side, engine, asked_version, commit_sha,"
		    " reported_version, repository, exec, binary_sha256, profile, profile_sha256, go_version,"
		    " build_flags, address_kind, params, build_ns, binary_bytes) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
		    " ?, ?, ?, ?, ?, ?, ?)",
		    &s, err) < 0)
		return -1;
	bind_text(&s, r->run);
	bind_text(&s, side_name(server->side));
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		bind_text(&s, texts[i]);
	bind_known(&s, server->build_ns);
	bind_known(&s, server->binary_bytes);
	return statement_run(&s, err);
}

static int insert_test(struct results *r, const struct results_test *t, struct error *err)
{
	CLEANUP(statement) struct statement s = { 0 };
	if (statement_prepare(r,
			      "insert into test (run, name, params, threads) values (?, ?, ?, ?)"
			      " on conflict (run, name) do nothing",
			      &s, err) < 0)
		return -1;
	bind_text(&s, r->run);
	bind_text(&s, t->name);
	bind_text(&s, t->params);
	bind_u64(&s, t->threads);
	return statement_run(&s, err);
}

static int insert_slice(struct results *r, const struct results_test *t, const struct plan_slice *slice, uint32_t index,
			int64_t wall_unix_ns, const struct sample *sample, struct error *err)
{
	const uint64_t numbers[] = {
		slice->repetition,      slice->start,           slice->block,       slice->pair,
		slice->duration_ns,     sample->begin_ns,       sample->end_ns,     sample->threads,
		sample->busy_ns,        sample->events,         sample->reads,      sample->writes,
		sample->others,         sample->ignored_errors, sample->reconnects, sample->latency_sum_ns,
		sample->latency_min_ns, sample->latency_max_ns
	};
	CLEANUP(statement) struct statement s = { 0 };
	if (statement_prepare(
		    r,
		    "insert into slice (run, test, slice_index, side, wall_unix_ns, repetition, start, block, "
		    "pair, planned_ns,"
		    " begin_ns, end_ns, threads, busy_ns, events, reads, writes, others, ignored_errors,"
		    " reconnects, latency_sum_ns, latency_min_ns, latency_max_ns)"
		    " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		    &s, err) < 0)
		return -1;
	bind_text(&s, r->run);
	bind_text(&s, t->name);
	bind_u64(&s, index);
	bind_text(&s, side_name(slice->side));
	bind_i64(&s, wall_unix_ns);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		bind_u64(&s, numbers[i]);
	return statement_run(&s, err);
}

static int insert_histogram(struct results *r, const struct histogram *h, struct error *err)
{
	AUTO_FREE unsigned char *data = NULL;
	size_t len = 0;
	CLEANUP(statement) struct statement s = { 0 };
	if (histogram_encode(h, &data, &len, err) < 0 ||
	    statement_prepare(r, "insert into histogram (slice, data) values (last_insert_rowid(), ?)", &s, err) < 0)
		return -1;
	bind_blob(&s, data, len);
	return statement_run(&s, err);
}

int results_add_slice(struct results *r, const struct results_test *t, const struct plan_slice *slice, uint32_t index,
		      int64_t wall_unix_ns, const struct sample *s, struct error *err)
{
	__attribute__((cleanup(results_rollback))) struct results *transaction = r;
	if (results_need_run(r, err) < 0 || results_begin(transaction, err) < 0)
		return -1;
	if (insert_test(r, t, err) < 0 || insert_slice(r, t, slice, index, wall_unix_ns, s, err) < 0 ||
	    insert_histogram(r, &s->latency, err) < 0 || results_insert_classes(r, s, err) < 0 ||
	    results_insert_rate(r, s, err) < 0 || results_insert_machine(r, s, err) < 0 || results_commit(r, err) < 0)
		return error_wrap(err, "record slice %u of %s", index, t->name);
	return 0;
}

int results_add_profile(struct results *r, const struct results_profile *p, struct error *err)
{
	CLEANUP(statement) struct statement s = { 0 };
	if (results_need_run(r, err) < 0 ||
	    statement_prepare(r,
			      "insert into profile (run, side, test, file, sha256, samples, duration_ns, bytes,"
			      " transactions) values (?, ?, ?, ?, ?, ?, ?, ?, nullif(?, 0))",
			      &s, err) < 0)
		return -1;
	bind_text(&s, r->run);
	bind_text(&s, side_name(p->side));
	bind_text(&s, p->test);
	bind_text(&s, p->file);
	bind_text(&s, p->sha256);
	bind_u64(&s, p->samples);
	bind_u64(&s, p->duration_ns);
	bind_u64(&s, p->bytes);
	bind_u64(&s, p->transactions);
	return statement_run(&s, err);
}

int results_add_event(struct results *r, const char *level, const char *test, const char *message, struct error *err)
{
	CLEANUP(statement) struct statement s = { 0 };
	if (results_need_run(r, err) < 0 ||
	    statement_prepare(r, "insert into event (run, at_unix_ns, level, test, message) values (?, ?, ?, ?, ?)", &s,
			      err) < 0)
		return -1;
	bind_text(&s, r->run);
	bind_i64(&s, clock_wall_ns());
	bind_text(&s, level);
	bind_text(&s, test);
	bind_text(&s, message);
	return statement_run(&s, err);
}
