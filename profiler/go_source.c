#include "profiler/go_source.h"

#include <stdlib.h>
#include <string.h>

void go_sources_release(struct go_sources *g)
{
	free(g->functions);
	strlist_release(&g->folders);
	strlist_release(&g->modules);
	strlist_release(&g->packages);
	strlist_release(&g->texts);
	strlist_release(&g->names);
	*g = (struct go_sources)GO_SOURCES_INIT;
}

/* The word after `keyword` where a line begins with it: "module path", "package name"; empty if there is none. */
static const char *word_after(const char *text, const char *keyword, size_t *ret_len)
{
	size_t n = strlen(keyword);
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, keyword, n) != 0 || (line[n] != ' ' && line[n] != '\t'))
			continue;
		const char *word = line + n + strspn(line + n, " \t\"");
		*ret_len = strcspn(word, " \t\r\n\"/;");
		if (strcmp(keyword, "module") == 0)
			*ret_len = strcspn(word, " \t\r\n\"");
		return word;
	}
	*ret_len = 0;
	return "";
}

int go_sources_add_module(struct go_sources *g, const char *folder, const char *text, size_t len, struct error *err)
{
	AUTO_FREE char *copy = strndup(text, len);
	size_t n;
	if (!copy)
		return error_oom(err);
	const char *path = word_after(copy, "module", &n);
	if (!n)
		return 0;
	strlist_add(&g->folders, folder);
	strlist_addn(&g->modules, path, n);
	return g->folders.failed || g->modules.failed ? error_oom(err) : 0;
}

/* Is path in folder ("" is the root), and what is left of it? */
static const char *below(const char *path, const char *folder)
{
	size_t n = strlen(folder);
	if (!n)
		return path;
	if (strncmp(path, folder, n) != 0 || (path[n] != '/' && path[n]))
		return NULL;
	return path[n] ? path + n + 1 : path + n;
}

/* Import path of a folder: that of the innermost module around it. Empty where there is none. */
static void import_path(const struct go_sources *g, const char *folder, struct strbuf *out)
{
	static const char vendor[] = "vendor/";
	for (const char *v = folder; (v = strstr(v, vendor)); v++) {
		if (v != folder && v[-1] != '/')
			continue;
		strbuf_adds(out, v + strlen(vendor));
		return;
	}
	size_t best = 0;
	bool found = false;
	for (size_t i = 0; i < g->folders.len; i++) {
		bool inside = below(folder, g->folders.items[i]) != NULL;
		if (inside && (!found || strlen(g->folders.items[i]) > strlen(g->folders.items[best])))
			best = i;
		found = found || inside;
	}
	if (!found)
		return;
	const char *rest = below(folder, g->folders.items[best]);
	strbuf_addf(out, "%s%s%s", g->modules.items[best], *rest ? "/" : "", rest);
}

/* ---- declarations ---- */

static bool is_name(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || (c & 0x80);
}

/* The type of "(r *Tree[K, V]) …": its last name before '[' or ')'; *at is behind the ')'. False: no receiver's form.
 */
static bool receiver(const char **at, const char **ret_type, size_t *ret_len)
{
	const char *s = *at + 1;
	*ret_len = 0;
	for (; *s && *s != ')' && *s != '[' && *s != '\n'; s++) {
		if (!is_name(*s))
			continue;
		*ret_type = s;
		while (is_name(*s))
			s++;
		*ret_len = (size_t)(s-- - *ret_type);
	}
	for (int depth = 0; *s && *s != '\n'; s++) {
		depth += (*s == '[') - (*s == ']');
		if (*s == ')' && depth == 0)
			break;
	}
	if (*s != ')' || !*ret_len)
		return false;
	*at = s + 1;
	return true;
}

/* "func (t *Tree) Get(" as "Tree.Get"; false: not a declaration. */
static bool declared_name(const char *line, struct strbuf *out)
{
	const char *at = line + strlen("func "), *type = NULL;
	size_t type_len = 0;
	strbuf_reset(out);
	at += strspn(at, " ");
	if (*at == '(' && !receiver(&at, &type, &type_len))
		return false;
	at += strspn(at, " ");
	size_t n = 0;
	while (is_name(at[n]))
		n++;
	if (!n || (at[n] != '(' && at[n] != '['))
		return false;
	if (type)
		strbuf_addf(out, "%.*s.", (int)type_len, type);
	strbuf_add(out, at, n);
	return !out->failed;
}

/* Up to the line that begins with '}', or the line itself where the body ends in it. */
static size_t declaration_length(const char *text)
{
	const char *end = strchrnul(text, '\n');
	if (end > text && end[-1] == '}')
		return (size_t)(end - text);
	const char *next = strstr(text, "\nfunc ");
	size_t room = next ? (size_t)(next - text) : strlen(text);
	const char *close = memmem(text, room, "\n}", 2);
	return close ? (size_t)(close + 2 - text) : (size_t)(end - text); /* a function without a body */
}

static int add_function(struct go_sources *g, const struct go_function *f, struct error *err)
{
	if (g->n == g->cap) {
		size_t cap = g->cap ? 2 * g->cap : 1024;
		struct go_function *functions = reallocarray(g->functions, cap, sizeof *functions);
		if (!functions)
			return error_oom(err);
		g->functions = functions;
		g->cap = cap;
	}
	g->functions[g->n++] = *f;
	return 0;
}

static int add_declarations(struct go_sources *g, const char *package, const char *file, const char *text,
			    struct error *err)
{
	CLEANUP(strbuf) struct strbuf name = STRBUF_INIT(1024);
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!str_starts(line, "func ") || !declared_name(line, &name))
			continue;
		if (strlist_add(&g->names, name.data) < 0)
			return error_oom(err);
		const struct go_function f = { .name = g->names.items[g->names.len - 1],
					       .package = package,
					       .file = file,
					       .text = line,
					       .len = declaration_length(line) };
		if (add_function(g, &f, err) < 0)
			return -1;
	}
	return 0;
}

/* The string as the list keeps it; NULL without memory. */
static const char *keep(struct strlist *list, const char *s, size_t len)
{
	return strlist_addn(list, s, len) < 0 ? NULL : list->items[list->len - 1];
}

int go_sources_add(struct go_sources *g, const char *path, const char *text, size_t len, struct error *err)
{
	const char *slash = strrchr(path, '/');
	CLEANUP(strbuf) struct strbuf package = STRBUF_INIT(8192);
	AUTO_FREE char *folder = strndup(path, slash ? (size_t)(slash - path) : 0);
	if (len > GO_SOURCES_MAX_BYTES - g->bytes)
		return error_set(err, ERROR_USAGE, "the Go sources have more than %zu bytes", GO_SOURCES_MAX_BYTES);
	g->bytes += len;
	const char *kept = folder ? keep(&g->texts, text, len) : NULL;
	const char *file = kept ? keep(&g->names, slash ? slash + 1 : path, strlen(slash ? slash + 1 : path)) : NULL;
	if (!file)
		return error_oom(err);
	size_t n;
	const char *word = word_after(kept, "package", &n);
	if (n == strlen("main") && memcmp(word, "main", n) == 0)
		strbuf_adds(&package, "main");
	else
		import_path(g, folder, &package);
	const char *name = keep(&g->packages, package.data, package.len);
	if (!name || package.failed)
		return error_oom(err);
	return package.len ? add_declarations(g, name, file, kept, err) : 0;
}

/* ---- finding ---- */

static int compare(const void *a, const void *b)
{
	const struct go_function *x = a, *y = b;
	int r = strcmp(x->name, y->name);
	r = r ? r : strcmp(x->package, y->package);
	return r ? r : strcmp(x->file, y->file);
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void go_sources_sort(struct go_sources *g)
{
	if (g->n)
		qsort(g->functions, g->n, sizeof *g->functions, compare);
	/* functions point to the strings, not to their places in the list */
	if (g->packages.len)
		qsort(g->packages.items, g->packages.len, sizeof *g->packages.items, compare_strings);
}

const struct go_function *go_sources_find(const struct go_sources *g, const char *package, const char *name,
					  const char *file)
{
	const struct go_function wanted = { .name = name, .package = package, .file = file ? file : "" };
	size_t low = 0, high = g->n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare(&g->functions[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	const struct go_function *f = low < g->n ? &g->functions[low] : NULL;
	if (!f || strcmp(f->name, name) != 0 || strcmp(f->package, package) != 0)
		return NULL;
	return !file || strcmp(f->file, file) == 0 ? f : NULL;
}

bool go_sources_has_package(const struct go_sources *g, const char *package)
{
	return g->packages.len &&
	       bsearch(&package, g->packages.items, g->packages.len, sizeof *g->packages.items, compare_strings);
}

bool go_sources_covers(const struct go_sources *g, const char *package)
{
	if (strcmp(package, "main") == 0)
		return true;
	for (size_t i = 0; i < g->modules.len; i++)
		if (below(package, g->modules.items[i]))
			return true;
	return go_sources_has_package(g, package);
}

const char *go_function_line(const struct go_function *f, size_t offset, size_t *ret_len)
{
	const char *at = f->text, *end = f->text + f->len;
	for (; offset; offset--) {
		at = memchr(at, '\n', (size_t)(end - at));
		if (!at) {
			*ret_len = 0;
			return NULL;
		}
		at++;
	}
	const char *stop = memchr(at, '\n', (size_t)(end - at));
	*ret_len = (size_t)((stop ? stop : end) - at);
	return at;
}
