#include "benchmarker/results_db.h"

#include "base/cleanup.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int results_error(struct results *r, struct error *err)
{
	int rc = sqlite3_errcode(r->db);
	/* A full disk also shows as an I/O error, where the -shm file cannot grow. */
	bool full = rc == SQLITE_FULL || (rc == SQLITE_IOERR && sqlite3_system_errno(r->db) == ENOSPC);
	error_set(err, ERROR_INTERNAL, "%s: %s", r->path, full ? "the disk is full" : sqlite3_errmsg(r->db));
	if (full)
		error_hint(err, "free some space; what was finished before is kept");
	else if (rc == SQLITE_NOTADB || rc == SQLITE_CORRUPT)
		error_hint(err, "the file is damaged, or no results of dbdyno: move it away");
	else if (rc == SQLITE_BUSY)
		error_hint(err, "another process is writing to it");
	else if (rc == SQLITE_READONLY || rc == SQLITE_CANTOPEN)
		error_hint(err, "are the file and its folder there, and writable?");
	return -1;
}

int results_damaged(struct results *r, const char *what, struct error *err)
{
	error_set(err, ERROR_INTERNAL, "%s: %s", r->path, what);
	return error_hint(err, "the file is damaged, or was changed by another program");
}

int results_need_run(struct results *r, struct error *err)
{
	return r->run ? 0 : error_set(err, ERROR_INTERNAL, "%s: there is no run in it", r->path);
}

int results_exec(struct results *r, const char *sql, struct error *err)
{
	return sqlite3_exec(r->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : results_error(r, err);
}

int results_begin(struct results *r, struct error *err)
{
	return results_exec(r, "begin immediate", err);
}

int results_commit(struct results *r, struct error *err)
{
	return results_exec(r, "commit", err);
}

void results_rollback(struct results **r)
{
	if (!sqlite3_get_autocommit((*r)->db))
		sqlite3_exec((*r)->db, "rollback", NULL, NULL, NULL);
}

int statement_prepare(struct results *r, const char *sql, struct statement *ret, struct error *err)
{
	*ret = (struct statement){ .r = r };
	return sqlite3_prepare_v2(r->db, sql, -1, &ret->handle, NULL) == SQLITE_OK ? 0 : results_error(r, err);
}

void statement_release(struct statement *s)
{
	sqlite3_finalize(s->handle);
	*s = (struct statement){ 0 };
}

static void bound(struct statement *s, int rc)
{
	if (s->rc == SQLITE_OK)
		s->rc = rc;
}

void bind_text(struct statement *s, const char *text)
{
	bound(s, sqlite3_bind_text(s->handle, ++s->bound, text, -1, SQLITE_STATIC));
}

void bind_i64(struct statement *s, int64_t value)
{
	bound(s, sqlite3_bind_int64(s->handle, ++s->bound, value));
}

void bind_u64(struct statement *s, uint64_t value)
{
	if (value > INT64_MAX)
		bound(s, SQLITE_TOOBIG);
	bind_i64(s, (int64_t)(value & INT64_MAX));
}

void bind_double(struct statement *s, double value)
{
	bound(s, isfinite(value) ? sqlite3_bind_double(s->handle, ++s->bound, value)
				 : sqlite3_bind_null(s->handle, ++s->bound));
}

void bind_blob(struct statement *s, const void *data, size_t len)
{
	/* An empty blob, not NULL, of no bytes. */
	bound(s, len ? sqlite3_bind_blob64(s->handle, ++s->bound, data, len, SQLITE_STATIC)
		     : sqlite3_bind_zeroblob(s->handle, ++s->bound, 0));
}

int statement_step(struct statement *s, struct error *err)
{
	if (s->rc != SQLITE_OK)
		return error_set(err, ERROR_INTERNAL, "%s: a value cannot be stored: %s", s->r->path,
				 sqlite3_errstr(s->rc));
	s->column = 0;
	int rc = sqlite3_step(s->handle);
	return rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : results_error(s->r, err);
}

int statement_run(struct statement *s, struct error *err)
{
	return statement_step(s, err) < 0 ? -1 : 0;
}

int statement_check(struct statement *s, struct error *err)
{
	return s->damaged ? results_damaged(s->r, "a value in it is out of range", err) : 0;
}

const char *column_text(struct statement *s, struct strlist *owned)
{
	int column = s->column++;
	if (sqlite3_column_type(s->handle, column) == SQLITE_NULL)
		return NULL;
	const char *text = (const char *)sqlite3_column_text(s->handle, column);
	if (!text || strlist_add(owned, text) < 0) {
		owned->failed = true;
		return NULL;
	}
	return owned->items[owned->len - 1];
}

int64_t column_i64(struct statement *s)
{
	return sqlite3_column_int64(s->handle, s->column++);
}

uint64_t column_u64(struct statement *s, uint64_t max)
{
	int64_t value = column_i64(s);
	if (value >= 0 && (uint64_t)value <= max)
		return (uint64_t)value;
	s->damaged = true;
	return 0;
}

double column_double(struct statement *s)
{
	int column = s->column++;
	return sqlite3_column_type(s->handle, column) == SQLITE_NULL ? NAN : sqlite3_column_double(s->handle, column);
}

enum side column_side(struct statement *s)
{
	const char *text = (const char *)sqlite3_column_text(s->handle, s->column++);
	if (!text || (strcmp(text, "from") != 0 && strcmp(text, "to") != 0)) {
		s->damaged = true;
		return SIDE_FROM;
	}
	return text[0] == 't' ? SIDE_TO : SIDE_FROM;
}

void *results_grow(void *items, size_t len, size_t size)
{
	if ((len & (len - 1)) == 0) { /* full: 0 or a power of two */
		items = reallocarray(items, len ? 2 * len : 1, size);
		if (!items)
			return NULL;
	}
	memset((char *)items + len * size, 0, size);
	return items;
}

int results_column_sample(struct statement *s, struct sample *ret, struct error *err)
{
	*ret = (struct sample)SAMPLE_INIT;
	ret->begin_ns = column_u64(s, INT64_MAX);
	ret->end_ns = column_u64(s, INT64_MAX);
	ret->threads = (uint32_t)column_u64(s, UINT32_MAX);
	ret->busy_ns = column_u64(s, INT64_MAX);
	ret->events = column_u64(s, INT64_MAX);
	ret->reads = column_u64(s, INT64_MAX);
	ret->writes = column_u64(s, INT64_MAX);
	ret->others = column_u64(s, INT64_MAX);
	ret->ignored_errors = column_u64(s, INT64_MAX);
	ret->reconnects = column_u64(s, INT64_MAX);
	ret->latency_sum_ns = column_u64(s, INT64_MAX);
	ret->latency_min_ns = column_u64(s, INT64_MAX);
	ret->latency_max_ns = column_u64(s, INT64_MAX);
	const void *data = sqlite3_column_blob(s->handle, s->column);
	int len = sqlite3_column_bytes(s->handle, s->column++);
	if (statement_check(s, err) < 0)
		return -1;
	if (histogram_decode(data, (size_t)len, &ret->latency, err) < 0)
		return error_wrap(err, "%s", s->r->path);
	return 0;
}
