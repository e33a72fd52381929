/* A team's own sysbench scripts: from a git repository, and what a folder of them is.
 *
 *     struct scripts_spec spec = { .repository = url, .version = "v1", .cache = cache };
 *     scripts_fetch(&spec, folder, &commit, err)
 *
 * Fetched, and errors, as source.h says.
 */
#ifndef BENCHMARKER_SCRIPTS_H
#define BENCHMARKER_SCRIPTS_H

#include "base/error.h"

#define SCRIPTS_REPOSITORY "https://github.com/dolthub/sysbench-lua-scripts"
/* Not a branch, so that two runs measure the same. */
#define SCRIPTS_VERSION "d297075a90d762e2e4f7c7e56049952cfcfa8ac5"

struct scripts_spec {
	const char *repository; /* URL or path */
	const char *version;    /* SHA (full or short), tag, branch, or HEAD */
	const char *cache;      /* cache folder, created */
};

/* Writes the commit's files to the folder dir, which must not exist; *ret_commit is its full SHA, owned. */
int scripts_fetch(const struct scripts_spec *spec, const char *dir, char **ret_commit, struct error *err);

/* SHA-256 over the names and contents of the *.lua files in dir itself, in lower-case hex: two runs with the same one
 * ran the same scripts. */
int scripts_hash(const char *dir, char ret_hex[static 65], struct error *err);

#endif
