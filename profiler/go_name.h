/* The names that Go's linker gives functions, taken apart.
 *
 *     "github.com/a/b/gopkg%2ev2.(*Tree[...]).Get.func1"
 *      package: "github.com/a/b/gopkg.v2"   declared: "Tree.Get"   closure: true
 *
 * Source: Go's cmd/internal/objabi (PathToPrefix) and cmd/compile (closures ".funcN", ".gowrapN", ".deferwrapN", method
 * values "-fm", bodies of range functions "-rangeN", type arguments "[...]").
 */
#ifndef PROFILER_GO_NAME_H
#define PROFILER_GO_NAME_H

#include "base/str.h"

struct go_name {
	struct strbuf package;  /* import path; "main" for every program's own */
	struct strbuf declared; /* "Function" or "Type.Method" of the declaration that the code stands in; "" for code
				   outside of any (package variables, init) */
	bool inner; /* a closure or something else inside the declaration: its lines are not counted from there */
};
#define GO_NAME_INIT                                        \
	{                                                   \
		STRBUF_INIT(4096), STRBUF_INIT(4096), false \
	}
void go_name_release(struct go_name *n);

/* 0, or -1: not the name of a Go function (or too long). n may have been used before. */
int go_name_parse(const char *name, size_t len, struct go_name *n);

#endif
