#include "benchmarker/results.h"

#include "base/cleanup.h"
#include "benchmarker/results_db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define APPLICATION_ID 1684172398 /* "dbdn": tells file(1), and us, whose file it is */
#define BUSY_TIMEOUT_MS 5000

#define COMPARISON_TABLE                                                                                            \
	"create table comparison (run text not null references run (id), test text not null, metric text not null," \
	" ratio real, low real, high real, p_value real, pairs integer not null, batches integer not null,"         \
	" verdict text, reason text, starts integer not null, error real, df real, within_sd real, start_sd real,"  \
	" family_low real, family_high real, detectable_80 real, detectable_90 real, needed_starts real,"           \
	" anytime integer, primary key (run, test, metric)) strict;"

/* What stands behind from_results and to_results (schema.sql); docs/results.md explains every column. */
static const char schema[] =
	"create table run (id text primary key, command text not null, dbdyno_version text not null,"
	" pairing text not null check (pairing in ('interleaved', 'duet', 'sequential')), started_unix integer not "
	"null,"
	" ended_unix integer, status text not null check (status in ('running', 'done', 'failed', 'interrupted')),"
	" seed text not null, config_json text, machine_json text, decision text) strict;"
	"create table server (run text not null references run (id), side text not null check (side in ('from', 'to')),"
	" engine text not null, asked_version text, commit_sha text, reported_version text, repository text, exec text,"
	" binary_sha256 text, profile text, profile_sha256 text, go_version text, build_flags text, address_kind text,"
	" params text, build_ns integer, binary_bytes integer, primary key (run, side)) strict;"
	"create table test (id integer primary key, run text not null references run (id), name text not null,"
	" params text, threads integer not null, unique (run, name)) strict;"
	"create table slice (id integer primary key, run text not null, test text not null,"
	" slice_index integer not null, side text not null check (side in ('from', 'to')), repetition integer not null,"
	" start integer not null, block integer not null, pair integer not null, planned_ns integer not null, "
	"wall_unix_ns integer not null, "
	"begin_ns integer not null,"
	" end_ns integer not null, threads integer not null, busy_ns integer not null, events integer not null,"
	" reads integer not null, writes integer not null, others integer not null, ignored_errors integer not null,"
	" reconnects integer not null, latency_sum_ns integer not null, latency_min_ns integer not null,"
	" latency_max_ns integer not null, unique (run, test, slice_index), unique (run, test, pair, side),"
	" foreign key (run, test) references test (run, name)) strict;"
	"create table histogram (slice integer primary key references slice (id), data blob not null) "
	"strict;" COMPARISON_TABLE
	"create table profile (id integer primary key, run text not null references run (id),"
	" side text not null check (side in ('from', 'to')), test text, file text not null, sha256 text,"
	" samples integer not null, duration_ns integer not null, bytes integer not null,"
	" transactions integer) strict;"
	"create table event (id integer primary key, run text not null references run (id), at_unix_ns integer not "
	"null,"
	" level text not null check (level in ('info', 'warning', 'error')), test text, message text not null) "
	"strict;" RESULTS_CLASS_TABLE RESULTS_RATE_TABLE RESULTS_MACHINE_TABLE RESULTS_MEAN_TABLE
		RESULTS_VALIDATION_TABLE;

/* What a file of schema 1 lacks, or lacked when it was young. */
static const char upgrade_1[] =
	"alter table slice add column start integer not null default 0;"
	"alter table run add column decision text;"
	"alter table server add column build_ns integer; alter table server add column binary_bytes integer;"
	"alter table profile add column transactions integer;"
	"alter table comparison rename to comparison_1;" COMPARISON_TABLE
	"insert into comparison (run, test, metric, ratio, low, high, p_value, pairs, batches, verdict, reason, starts)"
	" select run, test, metric, ratio, low, high, p_value, pairs, batches, verdict, reason, 1 from comparison_1;"
	"drop table comparison_1;" RESULTS_CLASS_TABLE RESULTS_RATE_TABLE RESULTS_MACHINE_TABLE RESULTS_MEAN_TABLE;

/* What makes each schema the next one. */
static const char *const upgrades[RESULTS_SCHEMA_VERSION] = { [1] = upgrade_1, [2] = RESULTS_VALIDATION_TABLE };

static int read_number(struct results *r, const char *sql, int64_t *ret, struct error *err)
{
	CLEANUP(statement) struct statement s = { 0 };
	if (statement_prepare(r, sql, &s, err) < 0 || statement_step(&s, err) < 0)
		return -1;
	*ret = column_i64(&s);
	return 0;
}

/* The version of the schema, 0 if it is to be made; an error if the file is not ours to use. */
static int check_schema(struct results *r, int64_t *ret, struct error *err)
{
	int64_t application = 0, version = 0, tables = 0;
	if (read_number(r, "pragma application_id", &application, err) < 0 ||
	    read_number(r, "pragma user_version", &version, err) < 0 ||
	    read_number(r, "select count(*) from sqlite_schema", &tables, err) < 0)
		return -1;
	*ret = 0;
	if (tables == 0 && version == 0 && application == 0)
		return 0;
	if (application != APPLICATION_ID) {
		error_set(err, ERROR_INTERNAL, "%s: a database of another program", r->path);
		return error_hint(err, "name another file or folder for the results");
	}
	if (version > RESULTS_SCHEMA_VERSION) {
		error_set(err, ERROR_INTERNAL, "%s: written by a newer dbdyno (schema %lld, this one knows %d)",
			  r->path, (long long)version, RESULTS_SCHEMA_VERSION);
		return error_hint(err, "use the dbdyno that wrote it, or a newer one");
	}
	*ret = version;
	return version < 1 ? results_damaged(r, "it has no schema", err) : 0;
}

static void distrust(sqlite3 *db)
{
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
}

/* A file that is only read stays as it is: what is read is a copy in memory, with what the older schema lacks. */
static int read_old(struct results *r, int64_t version, struct error *err)
{
	sqlite3 *copy = NULL;
	if (sqlite3_open(":memory:", &copy) != SQLITE_OK) {
		sqlite3_close(copy);
		return error_oom(err);
	}
	sqlite3_backup *backup = sqlite3_backup_init(copy, "main", r->db, "main");
	int result = backup ? sqlite3_backup_step(backup, -1) : SQLITE_ERROR;
	sqlite3_backup_finish(backup);
	if (result != SQLITE_DONE) {
		sqlite3_close(copy);
		error_set(err, ERROR_INTERNAL, "%s: it cannot be read whole: %s", r->path, sqlite3_errstr(result));
		return error_hint(err, "is a run still writing it?");
	}
	sqlite3_close(r->db);
	r->db = copy;
	distrust(r->db);
	for (; version < RESULTS_SCHEMA_VERSION; version++)
		if (results_exec(r, upgrades[version], err) < 0)
			return -1;
	return 0;
}

static int make_schema(struct results *r, struct error *err)
{
	__attribute__((cleanup(results_rollback))) struct results *transaction = r;
	int64_t version;
	AUTO_FREE char *marks = str_printf(err, "pragma application_id = %d; pragma user_version = %d", APPLICATION_ID,
					   RESULTS_SCHEMA_VERSION);
	if (!marks || results_begin(transaction, err) < 0 || check_schema(r, &version, err) < 0)
		return -1;
	if (!version && (results_make_summaries(r, NULL, err) < 0 || results_exec(r, schema, err) < 0 ||
			 results_exec(r, marks, err) < 0))
		return -1;
	return results_commit(r, err);
}

/* The run that was added last is the current one. */
static int find_run(struct results *r, struct error *err)
{
	CLEANUP(statement) struct statement s = { 0 };
	CLEANUP(strlist) struct strlist owned = STRLIST_INIT;
	if (statement_prepare(r, "select id from run order by rowid desc limit 1", &s, err) < 0)
		return -1;
	int found = statement_step(&s, err);
	if (found <= 0)
		return found;
	const char *id = column_text(&s, &owned);
	if (strlist_check(&owned, err) < 0)
		return -1;
	if (!id)
		return results_damaged(r, "a run has no id", err);
	r->run = str_dup(id, err);
	return r->run ? 0 : -1;
}

static int set_up(struct results *r, int flags, struct error *err)
{
	if (sqlite3_open_v2(r->path, &r->db, flags, NULL) != SQLITE_OK)
		return r->db ? results_error(r, err) : error_oom(err);
	sqlite3_busy_timeout(r->db, BUSY_TIMEOUT_MS);
	distrust(r->db);
	int64_t version;
	if (check_schema(r, &version, err) < 0)
		return -1;
	bool old = version && version < RESULTS_SCHEMA_VERSION;
	if (r->read_only && !version)
		return results_damaged(r, "there are no results in it", err);
	if (r->read_only)
		return old && read_old(r, version, err) < 0 ? -1 : find_run(r, err);
	if (old) {
		error_set(err, ERROR_USAGE, "%s: written by an older dbdyno: it can be read, but not added to",
			  r->path);
		return error_hint(err, "name another folder for the results");
	}
	if (results_exec(r, "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on", err) <
		    0 ||
	    (!version && make_schema(r, err) < 0))
		return -1;
	return find_run(r, err);
}

static int open_file(const char *path, int flags, struct results **ret, struct error *err)
{
	struct results *r = calloc(1, sizeof *r);
	if (!r)
		return error_oom(err);
	r->read_only = flags & SQLITE_OPEN_READONLY;
	r->path = str_dup(path, err);
	if (!r->path || set_up(r, flags, err) < 0) {
		results_close(r);
		return -1;
	}
	*ret = r;
	return 0;
}

/* Nothing half-made stays. */
static void remove_files(const char *path)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		AUTO_FREE char *file = str_printf(NULL, "%s%s", path, suffixes[i]);
		if (file)
			unlink(file);
	}
}

int results_open(const char *path, struct results **ret, struct error *err)
{
	/* Made here, so that its mode does not depend on the umask; SQLite gives its -wal and -shm the same. */
	AUTO_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool made = fd >= 0;
	if (!made && errno != EEXIST) {
		error_errno(err, ERROR_INTERNAL, "create %s", path);
		return error_hint(err, "is its folder there, and writable?");
	}
	if (made && fchmod(fd, 0600) < 0)
		return error_errno(err, ERROR_INTERNAL, "chmod %s", path);
	if (open_file(path, SQLITE_OPEN_READWRITE, ret, err) < 0) {
		if (made)
			remove_files(path);
		return -1;
	}
	return 0;
}

int results_open_read(const char *path, struct results **ret, struct error *err)
{
	struct stat st;
	if (stat(path, &st) < 0) {
		error_errno(err, ERROR_USAGE, "open %s", path);
		return error_hint(err, "name the results.db, or the folder, of a finished run");
	}
	return open_file(path, SQLITE_OPEN_READONLY, ret, err);
}

void results_close(struct results *r)
{
	if (!r)
		return;
	/* One file again, which can be copied and read from anywhere. If that fails (the disk is full, somebody is
	 * reading), the -wal file stays beside it, and nothing is lost. */
	if (r->db && !r->read_only)
		sqlite3_exec(r->db, "pragma journal_mode = delete", NULL, NULL, NULL);
	sqlite3_close(r->db);
	free(r->path);
	free(r->run);
	free(r);
}
