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
 * and with one thread the seed decides every row. */
static unsigned data_threads(const struct load_spec *spec)
{
	if (spec->workload->table_per_thread)
		return spec->threads;
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
	char how[64];
	proc_exit_describe(&e, how);
	return error_set(err, ERROR_LOAD, "sysbench %s failed: %s", command, how);
}

static int run_command(const struct load_spec *spec, const char *command, struct error *err)
{
	CLEANUP(proc) struct proc p = PROC_INIT;
	if (load_client_start(&p, spec, spec->workload->script, command, data_threads(spec), -1, err) < 0 ||
	    run_to_end(&p, spec, command, err) < 0) {
		load_client_detail(spec, err);
		return error_wrap(err, "%s", spec->workload->name);
	}
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

static int verify(const struct load_spec *spec, struct error *err)
{
	unsigned tables = spec->workload->table_per_thread ? spec->threads : spec->tables;
	unsigned long long rows = spec->workload->table_per_thread ? 0 : spec->table_size;
	struct database *d = NULL;
	if (database_connect(&spec->address, QUERY_TIMEOUT_NS, &d, err) < 0)
		return -1;
	int result = 0;
	for (unsigned i = 1; i <= tables && result == 0; i++)
		result = verify_table(d, i, rows, err);
	database_close(d);
	return result;
}

int load_prepare(const struct load_spec *spec, struct error *err)
{
	if (run_command(spec, "prepare", err) < 0)
		return -1;
	if (verify(spec, err) == 0)
		return 0;
	if (load_server_gone(spec))
		return load_server_error(spec, err);
	if (err && err->kind != ERROR_INTERRUPTED)
		err->kind = ERROR_LOAD;
	load_client_detail(spec, err);
	error_hint(err, "sysbench's prepare failed without saying so");
	return error_wrap(err, "%s: check of the prepared data", spec->workload->name);
}

int load_cleanup(const struct load_spec *spec, struct error *err)
{
	return run_command(spec, "cleanup", err);
}
