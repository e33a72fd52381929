/* SQLite inside the results module: statements with values bound and read in order.
 *
 *     CLEANUP(statement) struct statement s = { 0 };
 *     if (statement_prepare(r, "insert into t values (?, ?)", &s, err) < 0) …
 *     bind_text(&s, name);
 *     bind_u64(&s, count);
 *     if (statement_run(&s, err) < 0) …          // also says if a bind failed
 */
#ifndef BENCHMARKER_RESULTS_DB_H
#define BENCHMARKER_RESULTS_DB_H

#include "base/str.h"
#include "benchmarker/results.h"

#include <sqlite3.h>

struct results {
	sqlite3 *db;
	char *path;
	char *run; /* id of the current run, NULL: none yet */
	bool read_only;
};

/* SQLite's state as an error, with path and hint. Returns -1. */
int results_error(struct results *r, struct error *err);
/* A value in the file that dbdyno cannot have written. Returns -1. */
int results_damaged(struct results *r, const char *what, struct error *err);
/* -1 and an error if there is no run yet. */
int results_need_run(struct results *r, struct error *err);

/* The columns of from_results and to_results, in today's order. */
#define RESULTS_COLUMNS 29
extern const char *const results_columns[RESULTS_COLUMNS];
/* Makes from_results and to_results by the SQL given, NULL: by our own. Within the caller's transaction. */
int results_make_summaries(struct results *r, const char *sql, struct error *err);

/* Statements without values. */
int results_exec(struct results *r, const char *sql, struct error *err);
/* One transaction: results_begin, …, results_commit; rolled back if that is not reached, or fails. */
int results_begin(struct results *r, struct error *err);
int results_commit(struct results *r, struct error *err);
void results_rollback(struct results **r); /* if one is open; a cleanup */

struct statement {
	struct results *r;
	sqlite3_stmt *handle;
	int bound;  /* values bound so far */
	int column; /* next column to read */
	int rc;     /* the first bind that failed */
	bool damaged;
};
int statement_prepare(struct results *r, const char *sql, struct statement *ret, struct error *err);
/* One whose first value is the current run. */
int results_prepare_for_run(struct results *r, const char *sql, struct statement *ret, struct error *err);
void statement_release(struct statement *s);

void bind_text(struct statement *s, const char *text); /* NULL binds NULL; the text must live until the step */
void bind_i64(struct statement *s, int64_t value);
void bind_u64(struct statement *s, uint64_t value);  /* above INT64_MAX: fails */
void bind_double(struct statement *s, double value); /* not finite: NULL */
void bind_blob(struct statement *s, const void *data, size_t len);

/* 1 and a row, whose columns are then read in order; 0 after the last; -1. */
int statement_step(struct statement *s, struct error *err);
/* A statement without rows. */
int statement_run(struct statement *s, struct error *err);
/* After the columns of a row are read: -1 if one had a value that cannot be. */
int statement_check(struct statement *s, struct error *err);

/* A copy in owned; NULL for NULL. Memory failure shows in owned. */
const char *column_text(struct statement *s, struct strlist *owned);
int64_t column_i64(struct statement *s);
uint64_t column_u64(struct statement *s, uint64_t max);
double column_double(struct statement *s); /* NULL: NAN */
enum side column_side(struct statement *s);

/* An array of len elements of size bytes with a zeroed one after the last, perhaps moved; NULL without memory, items is
 * as it was then. All growth of the array goes through here. */
void *results_grow(void *items, size_t len, size_t size);

/* "xxxxxxxx-xxxx-5xxx-xxxx-xxxxxxxxxxxx": a UUID of version 5 (RFC 9562, 5.5) in a name space of our own. A row's id
 * has all parts, a suite's "" as test, a test's "" as side. They are joined by line breaks, which none of them holds.
 */
#define RESULTS_UUID_SIZE 37
int results_uuid(const char *run, const char *side, const char *test, char ret[static RESULTS_UUID_SIZE],
		 struct error *err);

/* Added to schema 1 after its first files. A table without rowids leaves last_insert_rowid() at the slice. */
#define RESULTS_CLASS_TABLE                                                                              \
	"create table if not exists slice_class (slice integer not null references slice (id),"          \
	" number integer not null, class text not null, events integer not null,"                        \
	" rollbacks integer not null, latency_sum_ns integer not null, latency_min_ns integer not null," \
	" latency_max_ns integer not null, data blob not null, primary key (slice, number)) strict,"     \
	" without rowid;"
/* Of all tests together. */
#define RESULTS_MEAN_TABLE                                                                                        \
	"create table if not exists geometric_mean (run text not null references run (id), metric text not null," \
	" ratio real, low real, high real, p_value real, starts integer not null, error real, df real,"           \
	" within_sd real, start_sd real, primary key (run, metric)) strict;"
/* Schema 3. */
#define RESULTS_VALIDATION_TABLE                                                                                 \
	"create table validation (run text not null references run (id), number integer not null, profile text," \
	" test text not null, folder text,"                                                                      \
	" state text not null check (state in ('measured', 'failed', 'unfit', 'interrupted')), error text,"      \
	" metric text, ratio real, low real, high real, p_value real, pairs integer, starts integer,"            \
	" family_low real, family_high real, verdict text, reason text, primary key (run, number)) strict;"
/* Its rowid is the slice: last_insert_rowid() stays there. */
#define RESULTS_RATE_TABLE                                                                        \
	"create table if not exists slice_rate (slice integer primary key references slice (id)," \
	" rate_asked real not null, backlog integer not null, unserved integer not null,"         \
	" lag_max_ns integer not null) strict;"
/* The numbers are machine_fields', in their order. */
#define RESULTS_MACHINE_TABLE                                                                                         \
	"create table if not exists slice_machine (slice integer primary key references slice (id),"                  \
	" contaminated text,"                                                                                         \
	" window_ns integer, suspended_ns integer, cpus integer, busy_ns integer, steal_ns integer,"                  \
	" others_ns integer, throttled_periods integer, throttled_ns integer, oom_kills integer,"                     \
	" pressure_cpu_ns integer, pressure_io_ns integer, pressure_memory_ns integer, switches integer,"             \
	" server_cpu_ns integer, server_voluntary_switches integer, server_involuntary_switches integer,"             \
	" server_minor_faults integer, server_major_faults integer, server_read_bytes integer, server_written_bytes " \
	"integer,"                                                                                                    \
	" server_peak_bytes integer, client_cpu_ns integer, client_voluntary_switches integer, "                      \
	"client_involuntary_switches integer,"                                                                        \
	" client_minor_faults integer, client_major_faults integer, client_read_bytes integer, client_written_bytes " \
	"integer,"                                                                                                    \
	" client_peak_bytes integer) strict;"                                                                         \
	"create table if not exists replaced_block (run text not null, test text not null, block integer not null,"   \
	" replaced_by integer not null, primary key (run, test, block), unique (run, test, replaced_by),"             \
	" foreign key (run, test) references test (run, name)) strict;"
/* What the machine did while the slice ran that was inserted last; nothing if nobody looked. In the caller's
 * transaction. */
int results_insert_machine(struct results *r, const struct sample *s, struct error *err);
/* What an open loop adds to the slice that was inserted last, in the caller's transaction; nothing for a closed one. */
int results_insert_rate(struct results *r, const struct sample *s, struct error *err);
/* The classes of the slice that was inserted last, in the caller's transaction. */
int results_insert_classes(struct results *r, const struct sample *s, struct error *err);

/* The columns of slice and histogram that make a sample, in the order in which results_column_sample reads them. */
#define RESULTS_SAMPLE_COLUMNS                                                                            \
	"begin_ns, end_ns, threads, busy_ns, events, reads, writes, others, ignored_errors, reconnects, " \
	"latency_sum_ns, latency_min_ns, latency_max_ns, data"
int results_column_sample(struct statement *s, struct sample *ret, struct error *err);

#endif
