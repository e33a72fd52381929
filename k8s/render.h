/* Kubernetes manifests from YAML templates.
 *
 * A template is a YAML document whose scalars may hold ${NAME}. It is parsed first; values go into the parsed scalars
 * and the document is emitted again, so that no value can become structure. A scalar that is exactly ${NAME?} makes its
 * list item or mapping entry vanish when NAME has no value; ${NAME:int} emits a number, everything else a string.
 */
#ifndef K8S_RENDER_H
#define K8S_RENDER_H

#include "base/error.h"
#include "base/str.h"

struct render_value {
	const char *name;
	const char *value;          /* NULL: absent */
	const struct strlist *list; /* a list value: a list item ${NAME*} becomes one item each; NULL: none */
};

/* values ends with a NULL name. ERROR_USAGE: unknown variable, missing value, not YAML, a name that is no DNS-1123
 * label. */
int render_manifest(const char *template_text, size_t len, const struct render_value *values, struct strbuf *out,
		    struct error *err);

#endif
