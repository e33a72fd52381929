/* The functions that a tree of Go sources declares.
 *
 *     CLEANUP(go_sources) struct go_sources g = GO_SOURCES_INIT;
 *     go_sources_add_module(&g, "go", "module github.com/a/b/go\n…", len, err)   // each go.mod, before any .go file
 *     go_sources_add(&g, "go/store/tree.go", text, len, err)                     // each .go file; keeps a copy
 *     go_sources_sort(&g)                                                        // then they can be found
 *     const struct go_function *f = go_sources_find(&g, "github.com/a/b/go/store", "Tree.Get", NULL)
 *
 * Reads declarations as gofmt writes them: "func" in the first column up to the "}" there. Paths are relative, with
 * slashes. Pure. Text may be anything: what is no declaration is passed over.
 */
#ifndef PROFILER_GO_SOURCE_H
#define PROFILER_GO_SOURCE_H

#include "base/str.h"

#include <stdbool.h>

#define GO_SOURCES_MAX_BYTES ((size_t)512 << 20) /* all text */

struct go_function {
	const char *name;    /* "Function" or "Type.Method" */
	const char *package; /* import path, or "main" */
	const char *file;    /* last part of its path */
	const char *text;    /* from its "func" */
	size_t len;          /* to the end of its last line */
};

struct go_sources {
	struct go_function *functions;
	size_t n, cap;
	struct strlist folders, modules; /* of each go.mod: its folder, and the path that it names */
	struct strlist packages;         /* import paths of all files */
	struct strlist texts;            /* that functions point into */
	struct strlist names;
	size_t bytes;
};
#define GO_SOURCES_INIT \
	{               \
		0       \
	}
void go_sources_release(struct go_sources *g);

/* ERROR_INTERNAL: memory; ERROR_USAGE: over GO_SOURCES_MAX_BYTES. */
int go_sources_add_module(struct go_sources *g, const char *folder, const char *text, size_t len, struct error *err);
int go_sources_add(struct go_sources *g, const char *path, const char *text, size_t len, struct error *err);

void go_sources_sort(struct go_sources *g);

/* NULL: there is none. file: the last part of its path, for "main", of which a tree may hold several; NULL: any. */
const struct go_function *go_sources_find(const struct go_sources *g, const char *package, const char *name,
					  const char *file);
bool go_sources_has_package(const struct go_sources *g, const char *package);
/* Does the package's path lie in one of the modules, or is it vendored? "main" does. */
bool go_sources_covers(const struct go_sources *g, const char *package);

/* Line `offset` of the function, 0 its first, without the line break; len 0 and NULL past its end. */
const char *go_function_line(const struct go_function *f, size_t offset, size_t *ret_len);

#endif
