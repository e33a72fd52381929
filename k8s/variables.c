#include "k8s/document.h"
#include "k8s/placeholder.h"
#include "k8s/render.h"

#include <string.h>

#define MAX_VARIABLES 1000

/* Variables that are known to have a value where we are. */
struct guard {
	const char *name;
	const struct guard *outer;
};

struct listing {
	yaml_document_t *doc;
	struct render_variables *out;
	struct error *err;
};

void render_variables_release(struct render_variables *v)
{
	free(v->items);
	*v = (struct render_variables){ 0 };
}

static bool is_guarded(const struct guard *g, const char *name)
{
	for (; g; g = g->outer)
		if (strcmp(g->name, name) == 0)
			return true;
	return false;
}

static int add(struct listing *l, const char *name, bool required, bool list)
{
	struct render_variables *v = l->out;
	for (size_t i = 0; i < v->len; i++)
		if (strcmp(v->items[i].name, name) == 0) {
			v->items[i].required |= required;
			v->items[i].list |= list;
			return 0;
		}
	if (v->len == MAX_VARIABLES)
		return error_set(l->err, ERROR_USAGE, "the template has more than %d variables", MAX_VARIABLES);
	struct render_variable *items = reallocarray(v->items, v->len + 1, sizeof *items);
	if (!items)
		return error_oom(l->err);
	v->items = items;
	struct render_variable *added = &items[v->len++];
	*added = (struct render_variable){ .required = required, .list = list };
	memcpy(added->name, name, strlen(name) + 1); /* checked to be at most 63 */
	return 0;
}

static int list_scalar(struct listing *l, const yaml_node_t *node, const struct guard *guard)
{
	const char *text = (const char *)node->data.scalar.value;
	size_t len = node->data.scalar.length;
	struct placeholder p = { 0 };
	int r;
	while ((r = placeholder_next(text, len, p.end, &p, l->err)) > 0)
		if (p.type != PLACEHOLDER_DOLLAR &&
		    add(l, p.name, !p.optional && !is_guarded(guard, p.name), p.type == PLACEHOLDER_LABELS) < 0)
			return -1;
	return r;
}

static int list_node(struct listing *l, int index, const struct guard *guard)
{
	const yaml_node_t *node = yaml_document_get_node(l->doc, index);
	struct directive d = document_directive(node);
	struct guard inner = { d.name, guard };
	if (d.kind != DIRECTIVE_NONE && add(l, d.name, false, d.kind == DIRECTIVE_EACH) < 0)
		return -1;
	if (d.kind == DIRECTIVE_WHEN || d.kind == DIRECTIVE_EACH)
		guard = &inner;
	if (node->type == YAML_SCALAR_NODE)
		return list_scalar(l, node, guard);
	if (node->type == YAML_SEQUENCE_NODE)
		for (yaml_node_item_t *i = node->data.sequence.items.start; i < node->data.sequence.items.top; i++)
			if (list_node(l, *i, guard) < 0)
				return -1;
	if (node->type == YAML_MAPPING_NODE)
		for (yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top; p++)
			if (list_node(l, p->key, guard) < 0 || list_node(l, p->value, guard) < 0)
				return -1;
	return 0;
}

static int list_document(yaml_document_t *doc, void *data, struct error *err)
{
	struct listing l = { doc, data, err };
	return list_node(&l, 1, NULL);
}

int render_variables(const char *template_text, size_t len, struct render_variables *ret, struct error *err)
{
	CLEANUP(render_variables) struct render_variables found = { 0 };
	if (document_each(template_text, len, list_document, &found, err) < 0)
		return error_wrap(err, "read the template");
	*ret = found;
	found = (struct render_variables){ 0 };
	return 0;
}
