#include "k8s/document.h"

#include "base/cleanup.h"
#include "base/str.h"
#include "k8s/placeholder.h"
#include "k8s/render.h"

#include <string.h>

#define MAX_DEPTH 64

static const struct {
	const char *prefix;
	enum directive_kind kind;
} directives[] = {
	{ "!when:", DIRECTIVE_WHEN },
	{ "!unless:", DIRECTIVE_UNLESS },
	{ "!each:", DIRECTIVE_EACH },
};

struct directive document_directive(const yaml_node_t *node)
{
	const char *tag = (const char *)node->tag;
	for (size_t i = 0; tag && i < ARRAY_SIZE(directives); i++)
		if (str_starts(tag, directives[i].prefix))
			return (struct directive){ directives[i].kind, tag + strlen(directives[i].prefix) };
	return (struct directive){ DIRECTIVE_NONE, NULL };
}

static const char *default_tag(const yaml_node_t *node)
{
	return node->type == YAML_SCALAR_NODE     ? YAML_DEFAULT_SCALAR_TAG
	       : node->type == YAML_SEQUENCE_NODE ? YAML_DEFAULT_SEQUENCE_TAG
						  : YAML_DEFAULT_MAPPING_TAG;
}

struct check {
	yaml_document_t *doc;
	bool *seen; /* by node index */
	struct error *err;
};

static int check_tag(struct check *c, const yaml_node_t *node)
{
	size_t line = node->start_mark.line + 1;
	const char *tag = (const char *)node->tag;
	struct directive d = document_directive(node);
	if (d.kind == DIRECTIVE_NONE && !str_eq(tag, default_tag(node)) && !str_eq(tag, "!"))
		return error_set(c->err, ERROR_USAGE, "line %zu: unknown tag %s", line, tag ? tag : "");
	if (d.kind != DIRECTIVE_NONE && !placeholder_is_name(d.name, strlen(d.name)))
		return error_set(c->err, ERROR_USAGE, "line %zu: %s names no variable", line, tag);
	return 0;
}

static int check_node(struct check *c, int index, unsigned depth)
{
	yaml_node_t *node = yaml_document_get_node(c->doc, index);
	size_t line = node->start_mark.line + 1;
	if (c->seen[index])
		return error_set(c->err, ERROR_USAGE, "line %zu: aliases are not supported in a template", line);
	if (depth > MAX_DEPTH)
		return error_set(c->err, ERROR_USAGE, "line %zu: more than %d levels", line, MAX_DEPTH);
	c->seen[index] = true;
	if (check_tag(c, node) < 0)
		return -1;
	if (node->type == YAML_SEQUENCE_NODE)
		for (yaml_node_item_t *i = node->data.sequence.items.start; i < node->data.sequence.items.top; i++)
			if (check_node(c, *i, depth + 1) < 0)
				return -1;
	if (node->type == YAML_MAPPING_NODE)
		for (yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top; p++) {
			const yaml_node_t *key = yaml_document_get_node(c->doc, p->key);
			if (key->type != YAML_SCALAR_NODE || document_directive(key).kind != DIRECTIVE_NONE)
				return error_set(c->err, ERROR_USAGE, "line %zu: a key must be plain text", line);
			if (check_node(c, p->key, depth + 1) < 0 || check_node(c, p->value, depth + 1) < 0)
				return -1;
		}
	return 0;
}

static int check_document(yaml_document_t *doc, struct error *err)
{
	size_t nodes = (size_t)(doc->nodes.top - doc->nodes.start);
	AUTO_FREE bool *seen = calloc(nodes + 1, sizeof *seen);
	if (!seen)
		return error_oom(err);
	struct check c = { doc, seen, err };
	return check_node(&c, 1, 0);
}

static int parse_error(const yaml_parser_t *parser, struct error *err)
{
	if (parser->error == YAML_MEMORY_ERROR)
		return error_oom(err);
	return error_set(err, ERROR_USAGE, "line %zu: not YAML: %s%s%s", parser->problem_mark.line + 1,
			 parser->context ? parser->context : "", parser->context ? ": " : "",
			 parser->problem ? parser->problem : "damaged");
}

int document_each(const char *text, size_t len, int (*visit)(yaml_document_t *doc, void *data, struct error *err),
		  void *data, struct error *err)
{
	if (len > RENDER_MAX_TEMPLATE_BYTES)
		return error_set(err, ERROR_USAGE, "the template has %zu bytes; the limit is %u", len,
				 RENDER_MAX_TEMPLATE_BYTES);
	__attribute__((cleanup(yaml_parser_delete))) yaml_parser_t parser;
	if (!yaml_parser_initialize(&parser))
		return error_oom(err);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	for (;;) {
		__attribute__((cleanup(yaml_document_delete))) yaml_document_t doc = { 0 };
		if (!yaml_parser_load(&parser, &doc))
			return parse_error(&parser, err);
		if (!yaml_document_get_root_node(&doc))
			return 0;
		if (check_document(&doc, err) < 0 || visit(&doc, data, err) < 0)
			return -1;
	}
}
