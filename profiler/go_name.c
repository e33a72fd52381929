#include "profiler/go_name.h"

#include <string.h>

void go_name_release(struct go_name *n)
{
	strbuf_release(&n->package);
	strbuf_release(&n->declared);
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "%2e" is a dot, and so on. */
static void add_unescaped(struct strbuf *out, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		int high = s[i] == '%' && i + 2 < len ? hex_digit(s[i + 1]) : -1;
		int low = high >= 0 ? hex_digit(s[i + 2]) : -1;
		if (low >= 0) {
			strbuf_addc(out, (char)(high * 16 + low));
			i += 2;
		} else {
			strbuf_addc(out, s[i]);
		}
	}
}

/* Where the package ends: the first dot after the last slash outside of type arguments, which may hold paths too. */
static size_t package_length(const char *name, size_t len)
{
	size_t end = 0, from = 0;
	while (end < len && name[end] != '[')
		end++;
	for (size_t i = 0; i < end; i++)
		if (name[i] == '/')
			from = i + 1;
	const char *dot = memchr(name + from, '.', end - from);
	return dot ? (size_t)(dot - name) : 0;
}

/* The rest without type arguments, pointers and parentheses: "Tree.Get.func1". */
static void add_plain(struct strbuf *out, const char *s, size_t len)
{
	int depth = 0;
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '[')
			depth++;
		else if (s[i] == ']' && depth)
			depth--;
		else if (!depth && !strchr("(*)", s[i]))
			strbuf_addc(out, s[i]);
	}
}

static bool is_made_up(const char *s, size_t len)
{
	static const char *const prefixes[] = { "func", "gowrap", "deferwrap", "" };
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		size_t n = strlen(prefixes[i]);
		if (len <= n || memcmp(s, prefixes[i], n) != 0)
			continue;
		while (n < len && s[n] >= '0' && s[n] <= '9')
			n++;
		if (n == len)
			return true;
	}
	return len == 0;
}

/* Cuts "Tree.Get.func1.2" to "Tree.Get", and "F-range1" to "F". */
static bool cut_inner(struct strbuf *s)
{
	size_t dash = strcspn(s->data, "-");
	bool inner = dash < s->len;
	size_t end = dash, parts = 0, at = 0;
	while (at < end) {
		size_t n = 0;
		while (at + n < end && s->data[at + n] != '.')
			n++;
		if (parts == 2 || (parts && is_made_up(s->data + at, n))) {
			inner = true;
			end = at - 1;
			break;
		}
		parts++;
		at += n + 1;
	}
	if (s->len) {
		s->len = end;
		s->data[end] = 0;
	}
	return inner;
}

int go_name_parse(const char *name, size_t len, struct go_name *n)
{
	strbuf_reset(&n->package);
	strbuf_reset(&n->declared);
	size_t package = package_length(name, len);
	if (!package || package + 1 == len)
		return -1;
	add_unescaped(&n->package, name, package);
	add_plain(&n->declared, name + package + 1, len - package - 1);
	if (n->package.failed || n->declared.failed || !n->declared.len)
		return -1;
	n->inner = cut_inner(&n->declared);
	if (strcmp(n->declared.data, "glob") == 0 || strcmp(n->declared.data, "init") == 0)
		strbuf_reset(&n->declared);
	return 0;
}
