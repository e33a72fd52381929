/* ${…} in a template's scalars. For k8s/ alone. The language is in render.h. */
#ifndef K8S_PLACEHOLDER_H
#define K8S_PLACEHOLDER_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum placeholder_type {
	PLACEHOLDER_TEXT, /* no type: any text */
	PLACEHOLDER_INT,
	PLACEHOLDER_NAME,
	PLACEHOLDER_SUBDOMAIN,
	PLACEHOLDER_LABEL,
	PLACEHOLDER_LABELS,
	PLACEHOLDER_QUANTITY,
	PLACEHOLDER_DOLLAR, /* $${: the text "${" */
};

struct placeholder {
	size_t start, end; /* in the scalar */
	char name[64];
	enum placeholder_type type;
	bool optional;
};

/* The next placeholder at or after byte `from` of a scalar: 1, or 0 if there is none. -1: malformed. */
int placeholder_next(const char *text, size_t len, size_t from, struct placeholder *ret, struct error *err);

/* The only placeholder of a scalar that is nothing else. As above. */
bool placeholder_is_whole(const struct placeholder *p, size_t len);

/* The name after !when: and the like: [A-Z][A-Z0-9_]*, at most 63 characters. */
bool placeholder_is_name(const char *name, size_t len);

#endif
