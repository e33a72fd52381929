#include "check.h"
#include "k8s/render.h"

#define LIMIT (1 << 20)

static int render(const char *text, const struct render_value *values, struct strbuf *out, struct error *err)
{
	return render_manifest(text, strlen(text), values, out, err);
}

static void check_render(const char *text, const struct render_value *values, const char *expected)
{
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(LIMIT);
	check_ok(render(text, values, &out, err));
	check_str(out.data, expected);
}

static void text_is_always_quoted(void **state)
{
	(void)state;
	static const struct {
		const char *value, *line;
	} cases[] = {
		{ "plain", "a: \"plain\"\n" },
		{ "yes", "a: \"yes\"\n" },
		{ "1e3", "a: \"1e3\"\n" },
		{ "null", "a: \"null\"\n" },
		{ "-1", "a: \"-1\"\n" },
		{ "", "a: \"\"\n" },
		{ "~", "a: \"~\"\n" },
		{ "0x10", "a: \"0x10\"\n" },
		{ "2026-01-01", "a: \"2026-01-01\"\n" },
		{ "x\nb: injected", "a: \"x\\nb: injected\"\n" },
		{ "\"}], b: [", "a: \"\\\"}], b: [\"\n" },
		{ "- x", "a: \"- x\"\n" },
		{ "!each:A &x *y", "a: \"!each:A &x *y\"\n" },
		{ "${A}${B?}", "a: \"${A}${B?}\"\n" }, /* not looked at again */
		{ "# no comment", "a: \"# no comment\"\n" },
		{ "tab\there", "a: \"tab\\there\"\n" },
		{ "back\\slash 'quoted'", "a: \"back\\\\slash 'quoted'\"\n" },
		{ "J\xc3\xbcrgen \xf0\x9f\x98\x80", "a: \"J\xc3\xbcrgen \\U0001F600\"\n" },
		{ "\xe2\x80\xa8line separator", "a: \"\\Lline separator\"\n" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_render("a: ${A}", (struct render_value[]){ { "A", cases[i].value }, { 0 } }, cases[i].line);
}

static void template_text_stays(void **state)
{
	(void)state;
	const struct render_value values[] = { { "A", "x" }, { "N", "12" }, { "ABSENT" }, { 0 } };
	check_render("a: no\nb: 1\nc: 'yes'\nd: \"2\"\ne: # comment\nf: [1, two]\ng: {}\n", values,
		     "a: no\nb: 1\nc: 'yes'\nd: \"2\"\ne:\nf: [1, two]\ng: {}\n");
	check_render("a: pre-${A}-${A}-post\nb: ${N:int}\n${A}: $${A} $5\n", values,
		     "a: \"pre-x-x-post\"\nb: 12\n\"x\": \"${A} $5\"\n");
	check_render("a: 1\n---\nb: ${A}\n", values, "a: 1\n---\nb: \"x\"\n");
	check_render("", values, "");
}

static void absent_values_vanish(void **state)
{
	(void)state;
	const struct render_value values[] = {
		{ "A", "x" }, { "ABSENT" }, { "NONE", .list = &(struct strlist){ 0 } }, { 0 }
	};
	check_render("a: ${ABSENT?}\nb: ${A?}\nc: [1, \"${ABSENT?}\", \"-${A}-${ABSENT?}\"]\nd: ${ABSENT:int?}\n",
		     values, "b: \"x\"\nc: [1]\n");
	check_render("a: !when:ABSENT {x: 1}\nb: !when:A {y: \"${A}\"}\nc:\n- !unless:A 1\n- !unless:ABSENT 2\n"
		     "- !when:ABSENT\n  n: 1\nd: !when:NONE 4\n",
		     values, "b: {y: \"x\"}\nc:\n- 2\n");
	check_render("a: 1\n--- !when:ABSENT\nb: 2\n--- !when:A\nc: 3\n", values, "a: 1\n---\nc: 3\n");
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(LIMIT);
	check_fails(render("a: ${ABSENT}", values, &out, err), ERROR_USAGE, "needs a value for ABSENT");
	check_fails(render("a: ${TYPO?}", values, &out, err), ERROR_USAGE, "asks for TYPO, which is not known");
	check_fails(render("a: !when:TYPO 1", values, &out, err), ERROR_USAGE, "asks for TYPO");
}

static void lists(void **state)
{
	(void)state;
	CLEANUP(strlist) struct strlist args = STRLIST_INIT, labels = STRLIST_INIT, none = STRLIST_INIT;
	strlist_add(&args, "--a=1");
	strlist_add(&args, "x: y");
	strlist_add(&labels, "pool=bench");
	strlist_add(&labels, "example.org/disk=");
	const struct render_value values[] = {
		{ "ARGS", .list = &args }, { "L", .list = &labels }, { "NONE", .list = &none }, { "V", "v" }, { 0 }
	};
	check_render("a:\n- first\n- !each:ARGS ${ARGS}\n- !each:NONE ${NONE}\n- last\n", values,
		     "a:\n- first\n- \"--a=1\"\n- \"x: y\"\n- last\n");
	check_render("a:\n- !each:ARGS\n  name: ${ARGS}\n  v: ${V}\n", values,
		     "a:\n- name: \"--a=1\"\n  v: \"v\"\n- name: \"x: y\"\n  v: \"v\"\n");
	check_render("a: ${L:labels}\nb: ${NONE:labels}\nc: ${NONE:labels?}\n", values,
		     "a:\n  \"pool\": \"bench\"\n  \"example.org/disk\": \"\"\nb: {}\n");
	check_render("a:\n  k: 1\n  <<: ${L:labels}\n  <<: ${NONE:labels}\n", values,
		     "a:\n  k: 1\n  \"pool\": \"bench\"\n  \"example.org/disk\": \"\"\n");
	static const struct {
		const char *text, *reason;
	} cases[] = {
		{ "a: ${ARGS}", "ARGS is a list" },
		{ "a: ${V:labels}", "V is one value" },
		{ "a: [!each:V 1]", "V is one value" },
		{ "a: !each:ARGS 1", "!each belongs to a list item" },
		{ "!each:ARGS 1", "!each belongs to a list item" },
		{ "a: ${ARGS:labels}", "ARGS: \"--a=1\" is not a label as key=value" },
		{ "<<: {a: 1}", "<< takes ${NAME:labels} alone" },
		{ "a: {<<: \"${L:labels}\", pool: x}", "L: pool is set by the template" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(LIMIT);
		check_fails(render(cases[i].text, values, &out, err), ERROR_USAGE, cases[i].reason);
	}
	strlist_add(&labels, "pool=other");
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(LIMIT);
	check_fails(render("a: ${L:labels}", values, &out, err), ERROR_USAGE, "L: pool is given twice");
}

static void values_are_checked(void **state)
{
	(void)state;
	static const struct {
		const char *text, *value, *reason;
	} cases[] = {
		{ "a: ${A:int}", "12x", "A: \"12x\" is not a whole number" },
		{ "a: ${A:int}", "1\n", "not a whole number" },
		{ "a: ${A:name}", "bot[bot]", "not a Kubernetes name" },
		{ "a: ${A:name}", "a\nb: c", "not a Kubernetes name" },
		{ "a: ${A:subdomain}", "../x", "not the name of a Kubernetes object" },
		{ "a: ${A:label}", "a b", "not a label's value" },
		{ "a: ${A:quantity}", "lots", "not a quantity" },
		{ "a: ${A}", "\x1b[31m", "not UTF-8 text without control characters" },
		{ "a: ${A}", "\xff", "not UTF-8" },
		{ "a: ${A}", "a\rb", "not UTF-8" },
		{ "a: x${A:int}", "1", "must stand alone" },
		{ "a: ${A:name}-x", "a", "must stand alone" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct render_value values[] = { { "A", cases[i].value }, { 0 } };
		CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(LIMIT);
		check_fails(render(cases[i].text, values, &out, err), ERROR_USAGE, cases[i].reason);
	}
}

static void templates_are_checked(void **state)
{
	(void)state;
	static const struct {
		const char *text, *reason;
	} cases[] = {
		{ "a: [", "not YAML" },
		{ "a: b: c", "line 1: not YAML" },
		{ "a: 1\nb: @x", "line 2: not YAML" },
		{ "a: &x 1\nb: *x", "aliases are not supported" },
		{ "&x a: *x", "aliases are not supported" },
		{ "a: !!python/object 1", "unknown tag" },
		{ "a: !other 1", "line 1: unknown tag !other" },
		{ "a: !when:lower 1", "names no variable" },
		{ "? [1]\n: 2", "a key must be plain text" },
		{ "a: ${A", "malformed placeholder" },
		{ "a: ${a}", "malformed placeholder" },
		{ "a: ${A:number}", "malformed placeholder" },
		{ "a: ${A??}", "malformed placeholder" },
		{ "a: ${}", "malformed placeholder" },
		{ "\xff\xfe\xfd", "not YAML" },
	};
	const struct render_value values[] = { { "A", "1" }, { 0 } };
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(LIMIT);
		check_fails(render(cases[i].text, values, &out, err), ERROR_USAGE, cases[i].reason);
	}
	CLEANUP(strbuf) struct strbuf deep = STRBUF_INIT(LIMIT), out = STRBUF_INIT(LIMIT), big = STRBUF_INIT(4 * LIMIT);
	for (int i = 0; i < 100; i++)
		strbuf_addc(&deep, '[');
	for (int i = 0; i < 100; i++)
		strbuf_addc(&deep, ']');
	check_fails(render(deep.data, values, &out, err), ERROR_USAGE, "more than 64 levels");
	while (big.len <= RENDER_MAX_TEMPLATE_BYTES)
		strbuf_adds(&big, "# a long comment\n");
	check_fails(render(big.data, values, &out, err), ERROR_USAGE, "the limit is 1048576");
	CLEANUP(strbuf) struct strbuf small = STRBUF_INIT(4);
	check_fails(render("a: 12345678", values, &small, err), ERROR_INTERNAL, "limit of 4 bytes");
}

static void nested_lists_are_bounded(void **state)
{
	(void)state;
	CLEANUP(strlist) struct strlist many = STRLIST_INIT;
	for (int i = 0; i < 100; i++)
		strlist_add(&many, "x");
	const struct render_value values[] = {
		{ "A", .list = &many }, { "B", .list = &many }, { "C", .list = &many }, { 0 }
	};
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(16 * LIMIT);
	check_fails(render("[!each:A [!each:B [!each:C \"${C}\"]]]", values, &out, err), ERROR_USAGE,
		    "more than 100000 nodes");
}

/* A value must not make the kubelet put a secret of the environment into an argument. */
static void dollars_for_the_kubelet(void **state)
{
	(void)state;
	const struct render_value values[] = { { "A", "$(TOKEN) $x $$" }, { 0 } };
	check_render(
		"containers:\n- args: [\"${A}\", $(MINE)]\n  command: [\"${A}\"]\n  env:\n  - name: ${A}\n"
		"    value: ${A}\n  other: ${A}\nargs: [\"${A}\"]\nvalue: ${A}\n",
		values,
		"containers:\n- args: [\"$$(TOKEN) $$x $$$$\", $(MINE)]\n  command: [\"$$(TOKEN) $$x $$$$\"]\n  env:\n"
		"  - name: \"$(TOKEN) $x $$\"\n    value: \"$$(TOKEN) $$x $$$$\"\n  other: \"$(TOKEN) $x $$\"\n"
		"args: [\"$(TOKEN) $x $$\"]\nvalue: \"$(TOKEN) $x $$\"\n");
}

static void check_variable(const struct render_variables *v, const char *name, bool required, bool list)
{
	for (size_t i = 0; i < v->len; i++)
		if (strcmp(v->items[i].name, name) == 0) {
			if (v->items[i].required != required || v->items[i].list != list)
				fail_msg("%s: required %d, list %d", name, v->items[i].required, v->items[i].list);
			return;
		}
	fail_msg("no variable %s", name);
}

static void variables(void **state)
{
	(void)state;
	static const char text[] = "${K}: ${A} ${B?}\nb: !when:C [\"${C}\", \"${D}\"]\nc: [!each:E \"${E}${A?}\"]\n"
				   "d: ${F:labels}\ne: !unless:G 1\nf: $${H}\n--- ${B}\n";
	CLEANUP(render_variables) struct render_variables v = { 0 };
	check_ok(render_variables(text, strlen(text), &v, err));
	check_variable(&v, "K", true, false);
	check_variable(&v, "A", true, false);
	check_variable(&v, "B", true, false);
	check_variable(&v, "C", false, false);
	check_variable(&v, "D", true, false);
	check_variable(&v, "E", false, true);
	check_variable(&v, "F", true, true);
	check_variable(&v, "G", false, false);
	assert_int_equal(v.len, 8);
	CLEANUP(render_variables) struct render_variables none = { 0 };
	check_fails(render_variables("a: ${", 5, &none, err), ERROR_USAGE, "malformed placeholder");
	assert_null(none.items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_always_quoted),
		cmocka_unit_test(template_text_stays),
		cmocka_unit_test(absent_values_vanish),
		cmocka_unit_test(lists),
		cmocka_unit_test(values_are_checked),
		cmocka_unit_test(templates_are_checked),
		cmocka_unit_test(nested_lists_are_bounded),
		cmocka_unit_test(dollars_for_the_kubelet),
		cmocka_unit_test(variables),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
