#include "k8s/render.h"

#include "k8s/document.h"
#include "k8s/name.h"
#include "k8s/placeholder.h"

#include <limits.h>
#include <string.h>

#define MAX_NODES 100000 /* written in one manifest: nested !each multiply */

/* A variable that !each has bound to one element of its list. */
struct binding {
	const char *name;
	const char *value;
	const struct binding *outer;
};

/* Where a node stands: the keys above it, and what is bound there. */
struct scope {
	const char *key;
	const yaml_node_t *mapping; /* that has the key */
	const struct scope *outer;
	const struct binding *bindings;
};

struct render {
	yaml_document_t *doc;
	const struct render_value *values;
	yaml_emitter_t *emitter;
	unsigned documents;
	unsigned nodes;
	struct strbuf *out;
	struct error *err;
};

/* ---- values ---- */

static int find_value(struct render *r, const struct scope *scope, const char *name, struct render_value *ret)
{
	for (const struct binding *b = scope->bindings; b; b = b->outer)
		if (strcmp(b->name, name) == 0) {
			*ret = (struct render_value){ name, b->value, NULL };
			return 0;
		}
	for (const struct render_value *v = r->values; v->name; v++)
		if (strcmp(v->name, name) == 0) {
			*ret = *v;
			return 0;
		}
	return error_set(r->err, ERROR_USAGE, "the template asks for %s, which is not known", name);
}

static bool has_value(const struct render_value *v)
{
	return v->value || (v->list && v->list->len);
}

static int bad_value(struct render *r, const struct placeholder *p, const char *value, const char *wanted)
{
	return error_set(r->err, ERROR_USAGE, "%s: \"%.100s\" is not %s", p->name, value, wanted);
}

static bool is_text(const char *s)
{
	for (const char *p = s; *p; p++)
		if (((unsigned char)*p < 0x20 && *p != '\n' && *p != '\t') || *p == 0x7f)
			return false;
	return str_is_utf8(s, strlen(s));
}

static int check_value(struct render *r, const struct placeholder *p, const char *value)
{
	long long number;
	switch (p->type) {
	case PLACEHOLDER_INT:
		return str_to_i64(value, LLONG_MIN, LLONG_MAX, &number) < 0 ? bad_value(r, p, value, "a whole number")
									    : 0;
	case PLACEHOLDER_NAME:
		return k8s_is_name(value)
			       ? 0
			       : bad_value(r, p, value,
					   "a Kubernetes name (at most 63 of a-z, 0-9 and -, no - at an end)");
	case PLACEHOLDER_SUBDOMAIN:
		return k8s_is_subdomain(value) ? 0 : bad_value(r, p, value, "the name of a Kubernetes object");
	case PLACEHOLDER_LABEL:
		return k8s_is_label_value(value)
			       ? 0
			       : bad_value(r, p, value, "a label's value (at most 63 of a-z, A-Z, 0-9, -, _ and .)");
	case PLACEHOLDER_QUANTITY:
		return k8s_is_quantity(value) ? 0 : bad_value(r, p, value, "a quantity such as 7500m or 16Gi");
	default:
		return is_text(value) ? 0 : bad_value(r, p, value, "UTF-8 text without control characters");
	}
}

/* The kubelet expands $(VAR) here (Container.args, .command and .env[].value in the API reference). */
static bool is_expanded(const struct scope *s)
{
	const struct scope *container = str_eq(s->key, "value") ? s->outer : s;
	bool env = container != s && container && str_eq(container->key, "env");
	if (!env && !str_eq(s->key, "args") && !str_eq(s->key, "command"))
		return false;
	const char *above = container->outer ? container->outer->key : NULL;
	return str_eq(above, "containers") || str_eq(above, "initContainers");
}

static void add_value(struct strbuf *text, const char *value, bool expanded)
{
	for (; expanded && *value; value++) {
		if (*value == '$')
			strbuf_addc(text, '$');
		strbuf_addc(text, *value);
	}
	if (!expanded)
		strbuf_adds(text, value);
}

/* ---- what is there ---- */

/* 1: the node stays; 0: it vanishes; -1: error. */
static int is_present(struct render *r, const yaml_node_t *node, const struct scope *scope)
{
	struct directive d = document_directive(node);
	struct render_value v;
	if (d.kind == DIRECTIVE_WHEN || d.kind == DIRECTIVE_UNLESS) {
		if (find_value(r, scope, d.name, &v) < 0)
			return -1;
		if (has_value(&v) != (d.kind == DIRECTIVE_WHEN))
			return 0;
	}
	if (node->type != YAML_SCALAR_NODE)
		return 1;
	struct placeholder p = { 0 };
	int more;
	while ((more = placeholder_next((const char *)node->data.scalar.value, node->data.scalar.length, p.end, &p,
					r->err)) > 0) {
		if (!p.optional)
			continue;
		if (find_value(r, scope, p.name, &v) < 0)
			return -1;
		if (!has_value(&v))
			return 0;
	}
	return more < 0 ? -1 : 1;
}

/* ---- events ---- */

static int emit(struct render *r, int initialized, yaml_event_t *event)
{
	if (!initialized)
		return error_oom(r->err);
	if (yaml_emitter_emit(r->emitter, event))
		return 0;
	if (strbuf_check(r->out, r->err) < 0)
		return -1;
	if (r->emitter->error == YAML_MEMORY_ERROR)
		return error_oom(r->err);
	return error_set(r->err, ERROR_INTERNAL, "cannot write YAML: %s",
			 r->emitter->problem ? r->emitter->problem : "unknown reason");
}

static int emit_text(struct render *r, const char *text, size_t len, yaml_scalar_style_t style)
{
	yaml_event_t e;
	return emit(r, yaml_scalar_event_initialize(&e, NULL, NULL, (const yaml_char_t *)text, (int)len, 1, 1, style),
		    &e);
}

/* True if the mapping that is being written has the key anyway. Strict readers refuse a key that stands there twice. */
static bool is_key_of(struct render *r, const yaml_node_t *mapping, const char *key)
{
	for (yaml_node_pair_t *p = mapping ? mapping->data.mapping.pairs.start : NULL;
	     p && p < mapping->data.mapping.pairs.top; p++)
		if (str_eq((const char *)yaml_document_get_node(r->doc, p->key)->data.scalar.value, key))
			return true;
	return false;
}

/* "key=value" items as entries of the mapping that is being written: of its own if merged is NULL. */
static int emit_labels(struct render *r, const struct placeholder *p, const struct strlist *list,
		       const yaml_node_t *merged)
{
	CLEANUP(strlist) struct strlist keys = STRLIST_INIT;
	for (size_t i = 0; i < list->len; i++) {
		const char *item = list->items[i], *equals = strchr(item, '=');
		AUTO_FREE char *key = equals ? strndup(item, (size_t)(equals - item)) : NULL;
		if (equals && !key)
			return error_oom(r->err);
		if (!equals || !k8s_is_label_key(key) || !k8s_is_label_value(equals + 1))
			return bad_value(r, p, item, "a label as key=value");
		if (strlist_has(&keys, key))
			return error_set(r->err, ERROR_USAGE, "%s: %s is given twice", p->name, key);
		if (is_key_of(r, merged, key))
			return error_set(r->err, ERROR_USAGE, "%s: %s is set by the template", p->name, key);
		if (strlist_add(&keys, key) < 0)
			return error_oom(r->err);
		if (emit_text(r, key, strlen(key), YAML_DOUBLE_QUOTED_SCALAR_STYLE) < 0 ||
		    emit_text(r, equals + 1, strlen(equals + 1), YAML_DOUBLE_QUOTED_SCALAR_STYLE) < 0)
			return -1;
	}
	return 0;
}

/* ---- scalars ---- */

/* The placeholder's value into text. */
static int substitute(struct render *r, const struct placeholder *p, const struct scope *scope, struct strbuf *text)
{
	if (p->type == PLACEHOLDER_DOLLAR) {
		strbuf_adds(text, "${");
		return 0;
	}
	struct render_value v;
	if (find_value(r, scope, p->name, &v) < 0)
		return -1;
	if (v.list)
		return error_set(r->err, ERROR_USAGE, "%s is a list; the template uses it as one value", p->name);
	if (!v.value)
		return error_set(r->err, ERROR_USAGE, "the template needs a value for %s", p->name);
	if (check_value(r, p, v.value) < 0)
		return -1;
	add_value(text, v.value, is_expanded(scope));
	return 0;
}

/* YAML's merge key (yaml.org/type/merge.html), of which only this use is known here. */
static bool is_merge(const char *key)
{
	return str_eq(key, "<<");
}

/* Entries from a list; as a mapping of their own, or as part of the one that is being written. */
static int emit_labels_of(struct render *r, const struct placeholder *p, const struct scope *scope)
{
	bool merge = is_merge(scope->key);
	static const struct strlist none = STRLIST_INIT;
	struct render_value v;
	yaml_event_t e;
	if (find_value(r, scope, p->name, &v) < 0)
		return -1;
	if (v.value)
		return error_set(r->err, ERROR_USAGE, "%s is one value; the template uses it as a list", p->name);
	if (!merge && emit(r, yaml_mapping_start_event_initialize(&e, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE), &e) < 0)
		return -1;
	if (emit_labels(r, p, v.list ? v.list : &none, merge ? scope->mapping : NULL) < 0)
		return -1;
	return merge ? 0 : emit(r, yaml_mapping_end_event_initialize(&e), &e);
}

static int emit_scalar(struct render *r, const yaml_node_t *node, const struct scope *scope)
{
	const char *in = (const char *)node->data.scalar.value;
	size_t len = node->data.scalar.length, at = 0;
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(r->out->max);
	struct placeholder p = { 0 };
	bool any = false, number = false;
	int more;
	while ((more = placeholder_next(in, len, at, &p, r->err)) > 0) {
		bool typed = p.type != PLACEHOLDER_TEXT && p.type != PLACEHOLDER_DOLLAR;
		if (typed && !placeholder_is_whole(&p, len))
			return error_set(r->err, ERROR_USAGE, "${%s:…} must stand alone, not in \"%.100s\"", p.name,
					 in);
		if (p.type == PLACEHOLDER_LABELS)
			return emit_labels_of(r, &p, scope);
		strbuf_add(&text, in + at, p.start - at);
		if (substitute(r, &p, scope, &text) < 0)
			return -1;
		any = true;
		number = p.type == PLACEHOLDER_INT;
		at = p.end;
	}
	if (more < 0)
		return -1;
	strbuf_add(&text, in + at, len - at);
	if (strbuf_check(&text, r->err) < 0)
		return -1;
	yaml_scalar_style_t style = !any     ? node->data.scalar.style
				    : number ? YAML_PLAIN_SCALAR_STYLE
					     : YAML_DOUBLE_QUOTED_SCALAR_STYLE;
	return emit_text(r, text.data, text.len, style);
}

/* ---- collections ---- */

static int emit_node(struct render *r, int index, const struct scope *scope);

static int emit_each(struct render *r, int index, const char *name, const struct scope *scope)
{
	struct render_value v;
	if (find_value(r, scope, name, &v) < 0)
		return -1;
	if (v.value)
		return error_set(r->err, ERROR_USAGE, "%s is one value; the template uses it as a list", name);
	for (size_t i = 0; v.list && i < v.list->len; i++) {
		struct binding b = { name, v.list->items[i], scope->bindings };
		struct scope inner = { scope->key, scope->mapping, scope->outer, &b };
		if (emit_node(r, index, &inner) < 0)
			return -1;
	}
	return 0;
}

static int emit_sequence(struct render *r, const yaml_node_t *node, const struct scope *scope)
{
	yaml_event_t e;
	yaml_sequence_style_t style = node->data.sequence.style;
	if (emit(r, yaml_sequence_start_event_initialize(&e, NULL, NULL, 1, style), &e) < 0)
		return -1;
	for (yaml_node_item_t *i = node->data.sequence.items.start; i < node->data.sequence.items.top; i++) {
		const yaml_node_t *item = yaml_document_get_node(r->doc, *i);
		struct directive d = document_directive(item);
		int present = d.kind == DIRECTIVE_EACH ? 1 : is_present(r, item, scope);
		if (present < 0)
			return -1;
		if (present &&
		    (d.kind == DIRECTIVE_EACH ? emit_each(r, *i, d.name, scope) : emit_node(r, *i, scope)) < 0)
			return -1;
	}
	return emit(r, yaml_sequence_end_event_initialize(&e), &e);
}

static bool is_labels(struct render *r, const yaml_node_t *node)
{
	struct placeholder p;
	return node->type == YAML_SCALAR_NODE &&
	       placeholder_next((const char *)node->data.scalar.value, node->data.scalar.length, 0, &p, r->err) > 0 &&
	       p.type == PLACEHOLDER_LABELS && placeholder_is_whole(&p, node->data.scalar.length);
}

static int emit_mapping(struct render *r, const yaml_node_t *node, const struct scope *scope)
{
	yaml_event_t e;
	if (emit(r, yaml_mapping_start_event_initialize(&e, NULL, NULL, 1, node->data.mapping.style), &e) < 0)
		return -1;
	for (yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top; p++) {
		const yaml_node_t *key = yaml_document_get_node(r->doc, p->key);
		const yaml_node_t *value = yaml_document_get_node(r->doc, p->value);
		struct scope inner = { (const char *)key->data.scalar.value, node, scope, scope->bindings };
		if (is_merge(inner.key) && !is_labels(r, value))
			return error_set(r->err, ERROR_USAGE, "line %zu: << takes ${NAME:labels} alone",
					 value->start_mark.line + 1);
		if (document_directive(value).kind == DIRECTIVE_EACH)
			return error_set(r->err, ERROR_USAGE, "line %zu: !each belongs to a list item",
					 value->start_mark.line + 1);
		int present = is_present(r, value, &inner);
		if (present < 0)
			return -1;
		if (present && !is_merge(inner.key) && emit_scalar(r, key, scope) < 0)
			return -1;
		if (present && emit_node(r, p->value, &inner) < 0)
			return -1;
	}
	return emit(r, yaml_mapping_end_event_initialize(&e), &e);
}

static int emit_node(struct render *r, int index, const struct scope *scope)
{
	const yaml_node_t *node = yaml_document_get_node(r->doc, index);
	if (r->nodes++ == MAX_NODES)
		return error_set(r->err, ERROR_USAGE, "the manifest would have more than %d nodes", MAX_NODES);
	switch (node->type) {
	case YAML_SEQUENCE_NODE:
		return emit_sequence(r, node, scope);
	case YAML_MAPPING_NODE:
		return emit_mapping(r, node, scope);
	default:
		return emit_scalar(r, node, scope);
	}
}

/* ---- documents ---- */

static int render_document(yaml_document_t *doc, void *data, struct error *err)
{
	struct render *r = data;
	struct scope top = { 0 };
	yaml_event_t e;
	r->doc = doc;
	r->err = err;
	const yaml_node_t *root = yaml_document_get_root_node(doc);
	if (document_directive(root).kind == DIRECTIVE_EACH)
		return error_set(err, ERROR_USAGE, "!each belongs to a list item");
	int present = is_present(r, root, &top);
	if (present <= 0)
		return present;
	if (emit(r, yaml_document_start_event_initialize(&e, NULL, NULL, NULL, r->documents++ == 0), &e) < 0 ||
	    emit_node(r, 1, &top) < 0)
		return -1;
	return emit(r, yaml_document_end_event_initialize(&e, 1), &e);
}

static int write_out(void *data, unsigned char *bytes, size_t len)
{
	return strbuf_add(data, bytes, len) == 0;
}

int render_manifest(const char *template_text, size_t len, const struct render_value *values, struct strbuf *out,
		    struct error *err)
{
	__attribute__((cleanup(yaml_emitter_delete))) yaml_emitter_t emitter;
	if (!yaml_emitter_initialize(&emitter))
		return error_oom(err);
	struct render r = { .values = values, .emitter = &emitter, .out = out, .err = err };
	yaml_emitter_set_output(&emitter, write_out, out);
	yaml_emitter_set_unicode(&emitter, 1);
	yaml_emitter_set_width(&emitter, -1);
	yaml_event_t e;
	if (emit(&r, yaml_stream_start_event_initialize(&e, YAML_UTF8_ENCODING), &e) < 0 ||
	    document_each(template_text, len, render_document, &r, err) < 0 ||
	    emit(&r, yaml_stream_end_event_initialize(&e), &e) < 0)
		return error_wrap(err, "render the template");
	return 0;
}
