/* Users' SQL on results.db: read-only under an authorizer, bounded in time and size.
 *
 *     CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(1 << 20);
 *     if (query_run("out/…/results.db", "select test_name from to_results", QUERY_HTML, 0, &out, err) < 0) …
 *
 * html and markdown print byte for byte what sqlite3 3.40 prints with -html (without header row) and -markdown; an
 * empty result is empty text there. text is an aligned table for people, numbers to the right, control characters
 * escaped. csv has a header row, quotes as RFC 4180 says, and ends lines with \n. json is an array of objects. In these
 * three a blob is its bytes in hexadecimal, and NULL is "NULL", nothing, or null. Text ends at a NUL character in all
 * five.
 *
 * The SQL is hostile input, and so may the database be: the connection is read-only; an authorizer lets SELECT (also
 * recursive), reading of columns and functions through, and nothing else; functions that load code are refused; the
 * schema is not trusted; lengths, depths and the memory that sorting and recursion may take are limited.
 */
#ifndef BENCHMARKER_QUERY_H
#define BENCHMARKER_QUERY_H

#include "base/error.h"
#include "base/str.h"

#include <stdint.h>

enum query_output { QUERY_TEXT, QUERY_MARKDOWN, QUERY_HTML, QUERY_CSV, QUERY_JSON };

#define QUERY_TIMEOUT_NS 10000000000ULL     /* the default */
#define QUERY_VALUE_MAX_BYTES 1000000       /* one string or blob */
#define QUERY_MEMORY_MAX_BYTES (64LL << 20) /* what one query may make SQLite allocate */

/* One statement (white space and comments may follow its ';'), its result appended to out; on failure out is as it was.
 * Time limit timeout_ns (0: 10 s). ERROR_USAGE with SQLite's own words for bad SQL, writes, ATTACH, PRAGMA; "ran longer
 * than …"; "its result is larger than …" (out->max); "takes more than … of memory". ERROR_INTERNAL when the database
 * cannot be read. ERROR_INTERRUPTED when a stop was requested. */
int query_run(const char *db_path, const char *sql, enum query_output output, uint64_t timeout_ns, struct strbuf *out,
	      struct error *err);

#endif
