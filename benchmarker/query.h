/* Users' SQL on results.db: read-only under an authorizer, bounded in time and size.
 * html and markdown print byte for byte what sqlite3 3.40 prints with -html and -markdown. */
#ifndef BENCHMARKER_QUERY_H
#define BENCHMARKER_QUERY_H

#include "base/error.h"
#include "base/str.h"

enum query_output { QUERY_TEXT, QUERY_MARKDOWN, QUERY_HTML, QUERY_CSV, QUERY_JSON };

/* One statement. Time limit timeout_ns (0: 10 s), output limit out->max. ERROR_USAGE with SQLite's own words for bad
 * SQL, writes, ATTACH, PRAGMA; "query ran longer than …". */
int query_run(const char *db_path, const char *sql, enum query_output output, uint64_t timeout_ns, struct strbuf *out,
	      struct error *err);

#endif
