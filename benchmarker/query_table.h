/* A query's result and its printing: inside the query module, and for results.db's own tables. */
#ifndef BENCHMARKER_QUERY_TABLE_H
#define BENCHMARKER_QUERY_TABLE_H

#include "base/str.h"
#include "benchmarker/query.h"

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

enum cell_type { CELL_NULL, CELL_INTEGER, CELL_REAL, CELL_TEXT, CELL_BLOB };

struct cell {
	enum cell_type type;
	size_t at, len; /* into bytes; text as SQLite converts a value to text, NUL-terminated there */
};

struct query_table {
	struct strlist columns;
	struct cell *cells; /* owned; row after row */
	size_t cells_len, cells_cap;
	struct strbuf bytes;
};
#define QUERY_TABLE_INIT(max_bytes)                \
	{                                          \
		.bytes = STRBUF_INIT((max_bytes)), \
	}
void query_table_release(struct query_table *t);

/* All rows of a statement into t, as long as they could be printed in max bytes: else ERROR_USAGE. */
int query_table_fetch(struct query_table *t, sqlite3 *db, sqlite3_stmt *statement, size_t max, struct error *err);

/* Appends the table to out, whose own state tells about failure. */
void query_table_print(const struct query_table *t, enum query_output output, struct strbuf *out);

#endif
