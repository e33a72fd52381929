/* The tests: names, scripts, what they do.
 *
 * A test is known by name. Sysbench ships ten; nine are dbdyno's own Lua (lua/), in which the names, tables and
 * statements are those of the public scripts; a folder of scripts can replace any of them and add others.
 *
 *     CLEANUP(workload_script) struct workload_script s = WORKLOAD_SCRIPT_INIT;
 *     workload_open(&s, "table_scan", folder, is_postgres, err)      // the test as one server gets it
 *     load_prepare(&(struct load_spec){ .workload = &s.workload, … }, err)
 */
#ifndef BENCHMARKER_WORKLOAD_H
#define BENCHMARKER_WORKLOAD_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>

struct workload {
	const char *name;   /* "oltp_read_only" */
	const char *script; /* Lua module that sysbench ships: "oltp_read_only"; or a script's path, with a '/': our own
			       begin with "./" and are written to the client's folder */
	bool writes;        /* changes data */
	const char *const *classes; /* names of its kinds of events, the last NULL; NULL: all are of one kind */
	bool table_per_thread;      /* prepare makes one empty table a thread, whatever tables and table_size say */
	unsigned fixed_tables; /* prepare makes this many, sbtest1 …, in one thread, whatever tables says; 0: tables */
	bool by_protocol;      /* known by two names: with PostgreSQL's protocol also as NAME_postgres */
	bool unknown_tables;   /* a script that is not ours: what its prepare makes is not known */
};

/* All, in the order in which they run by default; the array ends with a NULL name. */
const struct workload *workload_all(void);

/* The known test of that name, in either spelling. ERROR_USAGE for an unknown one, with the nearest. */
int workload_find(const char *name, const struct workload **ret, struct error *err);

/* The name that the test's rows have by default: all_postgres (every server of the run speaks that protocol) adds the
 * suffix to the nine that have one. Owned. */
char *workload_default_name(const struct workload *w, bool all_postgres, struct error *err);

/* Is s something that may be a test's name, and so part of a path: 1 to 100 of [A-Za-z0-9._-], first a letter or a
 * digit. ERROR_USAGE else. */
int workload_check_name(const char *s, struct error *err);
/* The same test under two spellings? */
bool workload_same(const char *a, const char *b);

/* Is s a folder that scripts can be taken from? ERROR_USAGE else. */
int workload_check_folder(const char *s, struct error *err);

/* A test as it is run on one server. */
struct workload_script {
	struct workload workload; /* name and script point to the strings below */
	char *name, *script;      /* owned */
};
#define WORKLOAD_SCRIPT_INIT \
	{                    \
		{            \
			0    \
		}            \
	}
void workload_script_release(struct workload_script *s);

/* Finds the test: in the folder (absolute; NULL: none) as NAME.lua, else among the known ones. On PostgreSQL's protocol
 * both spellings of a name mean the folder's NAME_postgres.lua, or its NAME.lua if it has no other; on another protocol
 * the one with the suffix is refused if there is a test without it. ERROR_USAGE, also for what is no regular file. */
int workload_open(struct workload_script *ret, const char *name, const char *folder, bool is_postgres,
		  struct error *err);

#endif
