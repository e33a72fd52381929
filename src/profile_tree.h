/* Is a profile's hot code still there? Looked up in the Go sources of a commit, or in a binary.
 *
 *     CLEANUP(profile_tree) struct profile_tree t = PROFILE_TREE_INIT;
 *     profile_tree_fetch(&t, repository, "v1.2.3", cache, err)          // or profile_tree_binary(&t, path, err)
 *     profile_tree_kept(&t, &p, &kept, err)
 *
 * In sources a function is there if its package declares one of that name, whatever its body became; functions of
 * packages that the tree does not hold are not judged. A call is there if both functions are and, as the compiler
 * matches it, the line as far below the caller's first line as it was in the profile names the callee. What a line
 * cannot tell counts as there: a call by another name or a deferred one, if there is still a call, and any inside of a
 * closure. In a binary a function of no Go library is there if it names it.
 */
#ifndef SRC_PROFILE_TREE_H
#define SRC_PROFILE_TREE_H

#include "profiler/go_source.h"
#include "profiler/judge.h"

struct profile_tree {
	struct go_sources sources;
	char *commit; /* full SHA; NULL: a binary; owned */
	void *binary; /* mapped */
	size_t binary_len;
};
#define PROFILE_TREE_INIT \
	{                 \
		0         \
	}
void profile_tree_release(struct profile_tree *t);

int profile_tree_fetch(struct profile_tree *t, const char *repository, const char *version, const char *cache,
		       struct error *err);
int profile_tree_binary(struct profile_tree *t, const char *path, struct error *err);
int profile_tree_kept(const struct profile_tree *t, const struct pprof *p, struct pprof_kept *ret, struct error *err);

#endif
