/* The data of a test: made, verified and dropped by sysbench's own commands. */
#include "base/clock.h"
#include "base/fs.h"
#include "benchmarker/load_client.h"

#define PREPARE_TIMEOUT_NS (3600 * NS_PER_SECOND)
#define QUERY_TIMEOUT_NS (300 * NS_PER_SECOND) /* counting the rows of a large table */

static uint64_t prepare_timeout(const struct load_spec *spec)
{
	return spec->prepare_timeout_ns ? spec->prepare_timeout_ns : PREPARE_TIMEOUT_NS;
}

/* Threads for prepare and clean-up. Each thread makes its own tables; with one table a second thread has nothing to do,
 * and with one thread the seed decides every row. Tests whose tables are given make them all in one. */
static unsigned data_threads(const struct load_spec *spec)
{
	if (spec->workload->table_per_thread)
		return spec->threads;
	if (spec->workload->fixed_tables)
		return 1;
	return spec->tables < spec->threads ? spec->tables : spec->threads;
}

static int run_to_end(struct proc *p, const struct load_spec *spec, const char *command, struct error *err)
{
	enum load_event event;
	if (load_client_wait(p, -1, spec->server_fd, clock_deadline(prepare_timeout(spec)), &event, err) < 0)
		return -1;
	if (event == LOAD_SERVER_ENDED)
		return load_server_error(spec, err);
	if (event == LOAD_TIMEOUT)
		return error_set(err, ERROR_LOAD, "sysbench %s did not end within %.3g s", command,
				 (double)prepare_timeout(spec) / 1e9);
	struct proc_exit e;
	if (!proc_poll(p, &e))
		return error_set(err, ERROR_INTERNAL, "sysbench %s ended, but cannot be waited for", command);
	if (e.exited && e.status == 0)
		return 0;
	if (load_server_gone(spec))
		return load_server_error(spec, err);
	char how[64], said[LOAD_REASON_BYTES];
	proc_exit_describe(&e, how);
	return error_set(err, ERROR_LOAD, "sysbench %s failed: %s%s%s", command, how,
			 load_client_said(spec, false, said) ? ": " : "", said);
}

static int run_command(const struct load_spec *spec, const char *command, unsigned threads, struct error *err)
{
	CLEANUP(proc) struct proc p = PROC_INIT;
	if (load_client_start(&p, spec, command, threads, -1, err) < 0 || run_to_end(&p, spec, command, err) < 0) {
		load_client_detail(spec, err);
		return error_wrap(err, "%s", spec->workload->name);
	}
	return 0;
}

static int run_prepare(const struct load_spec *spec, struct error *err)
{
	if (!spec->tpcc)
		return run_command(spec, "prepare", data_threads(spec), err);
	for (const char *const *c = tpcc_prepare_commands(spec->tpcc); *c; c++)
		if (run_command(spec, *c, tpcc_command_threads(spec->tpcc, *c, spec->threads), err) < 0)
			return -1;
	return 0;
}

static int verify_table(struct database *d, unsigned number, unsigned long long expected, struct error *err)
{
	CLEANUP(strbuf) struct strbuf count = STRBUF_INIT(64);
	AUTO_FREE char *sql = str_printf(err, "SELECT COUNT(*) FROM sbtest%u", number);
	if (!sql || database_query_value(d, sql, &count, err) < 0)
		return -1;
	AUTO_FREE char *wanted = str_printf(err, "%llu", expected);
	if (!wanted)
		return -1;
	if (!str_eq(count.data, wanted))
		return error_set(err, ERROR_LOAD, "table sbtest%u has %s rows instead of %s", number, count.data,
				 wanted);
	return 0;
}

static int verify_tables(struct database *d, const struct load_spec *spec, struct error *err)
{
	const struct workload *w = spec->workload;
	unsigned tables = w->table_per_thread ? spec->threads : w->fixed_tables ? w->fixed_tables : spec->tables;
	unsigned long long rows = w->table_per_thread ? 0 : spec->table_size;
	for (unsigned i = 1; i <= tables; i++)
		if (verify_table(d, i, rows, err) < 0)
			return -1;
	return 0;
}

/* All that can be told of tables that are not known: a thread of sysbench that fails prints a line for that, though
 * sysbench then exits with 0. */
static int verify_log(const struct load_spec *spec, struct error *err)
{
	char said[LOAD_REASON_BYTES];
	if (!load_client_said(spec, true, said))
		return 0;
	return error_set(err, ERROR_LOAD, "sysbench said: %s", said);
}

/* rows: as prepare leaves them; else only what always holds. */
static int verify(const struct load_spec *spec, bool rows, const char *when, struct error *err)
{
	struct database *d = NULL;
	if (spec->workload->unknown_tables)
		return verify_log(spec, err);
	if (database_connect(&spec->address, QUERY_TIMEOUT_NS, &d, err) < 0)
		return -1;
	int result = 0;
	if (rows)
		result = spec->tpcc ? tpcc_check_rows(d, spec->tpcc, err) : verify_tables(d, spec, err);
	if (result == 0 && spec->tpcc)
		result = tpcc_check_conditions(d, spec->tpcc, when, err);
	database_close(d);
	return result;
}

/* The error of a check: of the server if it has ended, else of the load. Returns -1. */
static int check_failed(const struct load_spec *spec, struct error *err)
{
	if (load_server_gone(spec))
		return load_server_error(spec, err);
	if (err && err->kind != ERROR_INTERRUPTED)
		err->kind = ERROR_LOAD;
	return -1;
}

int load_prepare(const struct load_spec *spec, struct error *err)
{
	if (run_prepare(spec, err) < 0)
		return -1;
	if (verify(spec, true, "after the load", err) == 0)
		return 0;
	if (check_failed(spec, err) < 0 && err && err->kind == ERROR_SERVER)
		return -1;
	load_client_detail(spec, err);
	if (err && !err->hint[0])
		error_hint(err, "sysbench's prepare failed without saying so");
	return error_wrap(err, "%s: check of the prepared data", spec->workload->name);
}

int load_check_data(const struct load_spec *spec, const char *when, struct error *err)
{
	if (!spec->tpcc || verify(spec, false, when, err) == 0)
		return 0;
	check_failed(spec, err);
	return error_wrap(err, "%s", spec->workload->name);
}

int load_cleanup(const struct load_spec *spec, struct error *err)
{
	return run_command(spec, "cleanup", spec->tpcc ? 1 : data_threads(spec), err);
}
