/* The tests: names, scripts, what they do. */
#ifndef BENCHMARKER_WORKLOAD_H
#define BENCHMARKER_WORKLOAD_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>

struct workload {
	const char *name;   /* "oltp_read_only" */
	const char *script; /* Lua module that sysbench ships: "oltp_read_only"; or a script's path, with a '/' */
	bool writes;        /* changes data */
	const char *const *classes; /* names of its kinds of events, the last NULL; NULL: all are of one kind */
	bool table_per_thread;      /* prepare makes one empty table a thread, whatever tables and table_size say */
};

/* All, in the order in which they run by default; the array ends with a NULL name. */
const struct workload *workload_all(void);
/* ERROR_USAGE for an unknown name, with the nearest one. */
int workload_find(const char *name, const struct workload **ret, struct error *err);

#endif
