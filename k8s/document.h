/* A template as libyaml parsed it. For k8s/ alone. */
#ifndef K8S_DOCUMENT_H
#define K8S_DOCUMENT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

enum directive_kind { DIRECTIVE_NONE, DIRECTIVE_WHEN, DIRECTIVE_UNLESS, DIRECTIVE_EACH };

struct directive {
	enum directive_kind kind;
	const char *name;
};

/* Calls visit for each document, which it has checked: a tree (no aliases) at most 64 levels deep, with known tags. */
int document_each(const char *text, size_t len, int (*visit)(yaml_document_t *doc, void *data, struct error *err),
		  void *data, struct error *err);

/* The directive in a node's tag. */
struct directive document_directive(const yaml_node_t *node);

#endif
