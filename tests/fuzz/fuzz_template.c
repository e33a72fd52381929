/* Any bytes as a template, with hostile values for what it asks for: refused with a reason, or YAML comes out. */
#include "k8s/render.h"

#include <stdint.h>
#include <stdlib.h>
#include <yaml.h>

#define LIMIT (8u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require_yaml(const struct strbuf *text)
{
	yaml_parser_t parser;
	if (!yaml_parser_initialize(&parser))
		return;
	yaml_parser_set_input_string(&parser, (const unsigned char *)text->data, text->len);
	for (bool more = true; more;) {
		yaml_document_t doc;
		if (!yaml_parser_load(&parser, &doc))
			abort();
		more = yaml_document_get_root_node(&doc) != NULL;
		yaml_document_delete(&doc);
	}
	yaml_parser_delete(&parser);
}

static void render(const char *text, size_t size, const struct render_variables *v)
{
	static const char *const texts[] = { "x", "1", "8Gi", "a: \"b\"\n- c #", NULL };
	CLEANUP(strlist) struct strlist list = STRLIST_INIT;
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(LIMIT);
	AUTO_FREE struct render_value *values = calloc(v->len + 1, sizeof *values);
	if (!values || strlist_add(&list, "k=v") < 0 || strlist_add(&list, "a.b/c=") < 0)
		return;
	for (size_t i = 0; i < v->len; i++)
		values[i] = (struct render_value){ v->items[i].name,
						   v->items[i].list ? NULL : texts[(size + i) % ARRAY_SIZE(texts)],
						   v->items[i].list ? &list : NULL };
	struct error err = ERROR_INIT;
	if (render_manifest(text, size, values, &out, &err) == 0)
		require_yaml(&out);
	else if (!err.message[0])
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(render_variables) struct render_variables v = { 0 };
	struct error err = ERROR_INIT;
	if (render_variables((const char *)data, size, &v, &err) == 0)
		render((const char *)data, size, &v);
	return 0;
}
