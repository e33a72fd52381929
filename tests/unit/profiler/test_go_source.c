/* Go's names and declarations. */
#include "check.h"
#include "profiler/go_name.h"
#include "profiler/go_source.h"

static void names_are_taken_apart(void **state)
{
	(void)state;
	static const struct {
		const char *name, *package, *declared;
		bool inner;
	} cases[] = {
		{ "main.main", "main", "main", false },
		{ "runtime.mallocgc", "runtime", "mallocgc", false },
		{ "github.com/a/b.Get", "github.com/a/b", "Get", false },
		{ "github.com/a/b.(*Tree).Get", "github.com/a/b", "Tree.Get", false },
		{ "github.com/a/b.Tree.Get", "github.com/a/b", "Tree.Get", false },
		{ "github.com/a/b.(*Tree).Get-fm", "github.com/a/b", "Tree.Get", true },
		{ "github.com/a/b.(*Tree).Get.func1.2", "github.com/a/b", "Tree.Get", true },
		{ "github.com/a/b.Get.func1", "github.com/a/b", "Get", true },
		{ "github.com/a/b.Get.func1.gowrap2", "github.com/a/b", "Get", true },
		{ "github.com/a/b.Get-range1", "github.com/a/b", "Get", true },
		{ "github.com/a/b.Get.Set.ForEach.func4", "github.com/a/b", "Get.Set", true },
		{ "github.com/a/b.(*Tree[...]).Get", "github.com/a/b", "Tree.Get", false },
		{ "github.com/a/b.Map[go.shape.struct { x/y.Z }].func1", "github.com/a/b", "Map", true },
		{ "gopkg.in/yaml%2ev3.Unmarshal", "gopkg.in/yaml.v3", "Unmarshal", false },
		{ "github.com/a/b.init.0", "github.com/a/b", "", true },
		{ "github.com/a/b.init", "github.com/a/b", "", false },
		{ "github.com/a/b.glob..func7", "github.com/a/b", "", true },
	};
	CLEANUP(go_name) struct go_name n = GO_NAME_INIT;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(go_name_parse(cases[i].name, strlen(cases[i].name), &n), 0);
		check_str(n.package.data, cases[i].package);
		check_str(n.declared.data, cases[i].declared);
		assert_int_equal(n.inner, cases[i].inner);
	}
	static const char *const none[] = { "", "_start", "memcpy", "a/b", "x.", ".x", "[...].f", "a.[]" };
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		assert_int_equal(go_name_parse(none[i], strlen(none[i]), &n), -1);
}

static void add(struct go_sources *g, const char *path, const char *text)
{
	check_ok(go_sources_add(g, path, text, strlen(text), err));
}

static void add_module(struct go_sources *g, const char *folder, const char *text)
{
	check_ok(go_sources_add_module(g, folder, text, strlen(text), err));
}

static const char store[] = "// Package store …\n"
			    "package store\n\n"
			    "type Tree[K any] struct{}\n\n"
			    "func (t *Tree[K]) Get(k K) K {\n\tx := 1\n\treturn find(k)\n}\n\n"
			    "func (Tree[K]) Size() int { return 1 }\n\n"
			    "func external(x int) int\n\n"
			    "func (tree *Tree[K]) each(f func(K)) (n int) {\n\tn = 1\n\treturn\n}\n"
			    "func Map[K, V any](k K) (v V) {\n\treturn\n}\n"
			    "var f = func(x int) {}\n"
			    "func broken";

static void declarations_are_found(void **state)
{
	(void)state;
	CLEANUP(go_sources) struct go_sources g = GO_SOURCES_INIT;
	add_module(&g, "", "module example.com/db // the root\n\ngo 1.24\n");
	add_module(&g, "go", "module \"example.com/db/go\"\n");
	add_module(&g, "none", "go 1.24\n");
	add(&g, "go/store/tree.go", store);
	add(&g, "store/tree.go", "package other\nfunc Root() {}\n");
	add(&g, "root.go", "package db\nfunc Top() {\n}\n");
	add(&g, "go/vendor/github.com/x/y/y.go", "package y\nfunc Y() {}\n");
	add(&g, "go/cmd/a/main.go", "package main\nfunc run() {\n}\n");
	add(&g, "go/cmd/b/other.go", "package main\r\nfunc run() {\n}\n");
	go_sources_sort(&g);
	static const struct {
		const char *package, *name, *file;
		bool found;
	} cases[] = {
		{ "example.com/db/go/store", "Tree.Get", NULL, true },
		{ "example.com/db/go/store", "Tree.Size", NULL, true },
		{ "example.com/db/go/store", "external", NULL, true },
		{ "example.com/db/go/store", "Tree.each", NULL, true },
		{ "example.com/db/go/store", "Map", NULL, true },
		{ "example.com/db/go/store", "f", NULL, false },
		{ "example.com/db/go/store", "broken", NULL, false },
		{ "example.com/db/go/store", "Get", NULL, false },
		{ "example.com/db/store", "Root", NULL, true },
		{ "example.com/db", "Top", NULL, true },
		{ "example.com/db", "Top", "root.go", true },
		{ "example.com/db", "Top", "other.go", false },
		{ "github.com/x/y", "Y", NULL, true },
		{ "main", "run", "main.go", true },
		{ "main", "run", "other.go", true },
		{ "main", "run", "third.go", false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if ((go_sources_find(&g, cases[i].package, cases[i].name, cases[i].file) != NULL) != cases[i].found)
			fail_msg("%s.%s in %s", cases[i].package, cases[i].name, cases[i].file);
	assert_true(go_sources_covers(&g, "example.com/db/anything"));
	assert_true(go_sources_covers(&g, "github.com/x/y"));
	assert_false(go_sources_covers(&g, "example.com/dbx"));
	assert_false(go_sources_covers(&g, "github.com/x/z"));
	assert_true(go_sources_has_package(&g, "example.com/db/go/store"));
	assert_false(go_sources_has_package(&g, "example.com/db/go"));
}

static void lines_are_counted_from_the_declaration(void **state)
{
	(void)state;
	CLEANUP(go_sources) struct go_sources g = GO_SOURCES_INIT;
	add_module(&g, "", "module m\n");
	add(&g, "store/tree.go", store);
	go_sources_sort(&g);
	const struct go_function *f = go_sources_find(&g, "m/store", "Tree.Get", NULL);
	assert_non_null(f);
	size_t len;
	const char *line = go_function_line(f, 2, &len);
	assert_int_equal(len, strlen("\treturn find(k)"));
	assert_memory_equal(line, "\treturn find(k)", len);
	line = go_function_line(f, 3, &len);
	assert_int_equal(len, 1);
	assert_int_equal(*line, '}');
	assert_null(go_function_line(f, 4, &len));
	assert_null(go_function_line(f, SIZE_MAX, &len));
	f = go_sources_find(&g, "m/store", "Tree.Size", NULL);
	assert_null(go_function_line(f, 1, &len));
	f = go_sources_find(&g, "m/store", "external", NULL);
	assert_null(go_function_line(f, 1, &len));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_taken_apart),
		cmocka_unit_test(declarations_are_found),
		cmocka_unit_test(lines_are_counted_from_the_declaration),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
