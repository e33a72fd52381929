/* The commits between two, for looking which of them changed something.
 *
 *     struct build_spec spec = { .engine = &e, .repository = url, .cache = dir };      // its version is not looked at
 *     CLEANUP(build_history) struct build_history h = BUILD_HISTORY_INIT;
 *     build_history_read(&h, &spec, "v1.2.0", "main", NULL, err)
 *     // h.commits[0] is v1.2.0, h.commits[h.len - 1] is main
 *
 * A line, not a graph: from bad back along first parents, as far as the commits hold good. Each state of that line is
 * one that the branch was in, so each should build; what a merge brought in counts as one change, the merge's. Of a
 * remote repository the commits are fetched once, without trees and files (with paths: without files), into a store of
 * the cache; a folder is read where it is. The two names are resolved as a build's version is.
 */
#ifndef BENCHMARKER_BUILD_HISTORY_H
#define BENCHMARKER_BUILD_HISTORY_H

#include "benchmarker/build.h"

struct build_commit {
	char *sha;       /* full; owned */
	int64_t seconds; /* when it was committed, as it says itself */
	unsigned parents;
	char *subject; /* first line of its message: UTF-8, no control characters, at most 200 bytes; owned */
};

struct build_history {
	struct build_commit *commits; /* owned */
	size_t len;                   /* at least 2 */
	size_t in_all; /* commits after good that bad holds and that hold good, those within merges too */
};
#define BUILD_HISTORY_INIT \
	{                  \
		0          \
	}
void build_history_release(struct build_history *h);

/* paths (NULL or empty: all): only commits that change a file of these, and always good and bad themselves; relative to
 * the repository's top, taken literally. ERROR_USAGE: both are one commit, good is no ancestor of bad (with a hint
 * where they part), no commit touches the paths. ERROR_BUILD: git's own failures, a commit that is not there. */
int build_history_read(struct build_history *ret, const struct build_spec *spec, const char *good, const char *bad,
		       const struct strlist *paths, struct error *err);

#endif
