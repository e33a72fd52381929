/* The files of one commit.
 *
 *     struct source_spec spec = { .repository = url, .version = "v1", .cache = cache };
 *     source_fetch(&spec, folder, &commit, err)
 *
 * One commit is fetched, never a history, by the code that fetches what is built (docs/build.md): into the same stores
 * in the cache, so that a full SHA that was fetched once needs no network. The files are written anew each time.
 * Errors: ERROR_USAGE for a repository or version that cannot be one; ERROR_BUILD with git's lines; ERROR_INTERRUPTED.
 */
#ifndef BENCHMARKER_SOURCE_H
#define BENCHMARKER_SOURCE_H

#include "base/error.h"

struct source_spec {
	const char *repository; /* URL or path */
	const char *version;    /* SHA (full or short), tag, branch, or HEAD */
	const char *cache;      /* cache folder, created */
};

/* Writes the commit's files to the folder dir, which must not exist, and on failure does not; *ret_commit is its full
 * SHA, owned. */
int source_fetch(const struct source_spec *spec, const char *dir, char **ret_commit, struct error *err);

#endif
