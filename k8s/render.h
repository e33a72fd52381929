/* Kubernetes manifests from YAML templates.
 *
 * A template is YAML (one or more documents), parsed before anything else happens; values go into parsed scalars, and
 * what comes out is written by a YAML emitter. No value can become structure, and a text value is always quoted, so
 * that "yes", "1e3", "null" and "-1" stay text. The language:
 *
 * - ${NAME}: the value as text; may stand inside other text: "--from-version=${FROM}"
 * - ${NAME?}: the same; without a value the mapping entry or list item that holds it vanishes
 * - ${NAME:int}: a whole number, not quoted. This and what follows must be the whole scalar; '?' may follow
 * - ${NAME:name}: a DNS-1123 label (at most 63 characters): Job, namespace
 * - ${NAME:subdomain}: a DNS-1123 subdomain: Secret, ServiceAccount
 * - ${NAME:label}: a label's value
 * - ${NAME:quantity}: an amount of a resource: 7500m, 16Gi
 * - ${NAME:labels}: a mapping, from a list of "key=value": nodeSelector. As `<<: ${NAME:labels}` its entries join the
 *   mapping that it stands in, whose own keys they must not repeat
 * - !when:NAME …: the node is there only if NAME has a value; !unless:NAME …: only if it has none
 * - !each:NAME …: this list item once for each element of the list NAME; in it ${NAME} is the element
 * - $${: the text "${"
 *
 *     args: [ compare, !each:ARGS "${ARGS}" ]
 *
 * The kubelet expands $(VAR) in args, command and env values: there a '$' in a value is doubled, so that a value cannot
 * read a secret of the container's environment. Anchors and aliases are refused. Comments are not kept.
 */
#ifndef K8S_RENDER_H
#define K8S_RENDER_H

#include "base/embed.h"
#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>

#define RENDER_MAX_TEMPLATE_BYTES (1u << 20)

/* The shipped template: "job.yaml". */
extern const struct embedded_file template_files[];

/* The shipped reports' SQL (k8s/queries): "multiplier-reads.sql". Lines that begin with "--" say what it asks. */
extern const struct embedded_file query_files[];

struct render_value {
	const char *name;
	const char *value;          /* UTF-8 without control characters but tab and newline; NULL: absent */
	const struct strlist *list; /* of a list variable; NULL or empty: absent */
};

/* Appends the manifest to out. values ends with a NULL name. ERROR_USAGE: not YAML, a variable that values does not
 * name, a missing value, a value that is not what its placeholder asks for. ERROR_INTERNAL: memory, or out's max. */
int render_manifest(const char *template_text, size_t len, const struct render_value *values, struct strbuf *out,
		    struct error *err);

/* What a template asks for, in the order in which it asks. */
struct render_variable {
	char name[64];
	bool required; /* somewhere it stands without '?' and outside of its own !when and !each */
	bool list;
};
struct render_variables {
	struct render_variable *items; /* owned */
	size_t len;
};
void render_variables_release(struct render_variables *v);
int render_variables(const char *template_text, size_t len, struct render_variables *ret, struct error *err);

#endif
