#include "base/str.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

char strbuf_empty[1];

void strbuf_release(struct strbuf *b)
{
	if (b->data != strbuf_empty)
		free(b->data);
	*b = (struct strbuf)STRBUF_INIT(b->max);
}

void strbuf_reset(struct strbuf *b)
{
	b->len = 0;
	b->failed = STRBUF_OK;
	if (b->cap)
		b->data[0] = 0;
	else
		b->data = strbuf_empty;
}

int strbuf_grow(struct strbuf *b, size_t extra)
{
	if (b->failed)
		return -1;
	if (extra > b->max || b->len > b->max - extra) {
		b->failed = STRBUF_TOO_LARGE;
		return -1;
	}
	size_t need = b->len + extra + 1;
	if (need <= b->cap)
		return 0;
	size_t cap = b->cap ? b->cap : 64;
	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	char *data = realloc(b->cap ? b->data : NULL, cap);
	if (!data) {
		b->failed = STRBUF_NO_MEMORY;
		return -1;
	}
	b->data = data;
	b->cap = cap;
	b->data[b->len] = 0;
	return 0;
}

int strbuf_add(struct strbuf *b, const void *data, size_t len)
{
	if (strbuf_grow(b, len) < 0)
		return -1;
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = 0;
	return 0;
}

int strbuf_adds(struct strbuf *b, const char *s)
{
	return strbuf_add(b, s, strlen(s));
}

int strbuf_addc(struct strbuf *b, char c)
{
	return strbuf_add(b, &c, 1);
}

int strbuf_vaddf(struct strbuf *b, const char *fmt, va_list ap)
{
	va_list again;
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0) {
		b->failed = STRBUF_TOO_LARGE;
		return -1;
	}
	if (strbuf_grow(b, (size_t)n) < 0)
		return -1;
	vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
	b->len += (size_t)n;
	return 0;
}

int strbuf_addf(struct strbuf *b, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int r = strbuf_vaddf(b, fmt, ap);
	va_end(ap);
	return r;
}

int strbuf_check(const struct strbuf *b, struct error *err)
{
	if (b->failed == STRBUF_NO_MEMORY)
		return error_oom(err);
	if (b->failed == STRBUF_TOO_LARGE)
		return error_set(err, ERROR_INTERNAL, "a text is larger than its limit of %zu bytes", b->max);
	return 0;
}

char *strbuf_take(struct strbuf *b, struct error *err)
{
	if (strbuf_grow(b, 0) < 0) {
		strbuf_check(b, err);
		return NULL;
	}
	char *data = b->data;
	*b = (struct strbuf)STRBUF_INIT(b->max);
	return data;
}

void strlist_release(struct strlist *l)
{
	for (size_t i = 0; i < l->len; i++)
		free(l->items[i]);
	free(l->items);
	*l = (struct strlist)STRLIST_INIT;
}

/* Takes ownership of s, also on failure. */
static int strlist_push(struct strlist *l, char *s)
{
	if (!s)
		l->failed = true;
	if (!l->failed && l->len + 2 > l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 8;
		char **items = reallocarray(l->items, cap, sizeof *items);
		if (items) {
			l->items = items;
			l->cap = cap;
		} else {
			l->failed = true;
		}
	}
	if (l->failed) {
		free(s);
		return -1;
	}
	l->items[l->len++] = s;
	l->items[l->len] = NULL;
	return 0;
}

int strlist_add(struct strlist *l, const char *s)
{
	return strlist_push(l, strdup(s));
}

int strlist_addn(struct strlist *l, const char *s, size_t len)
{
	return strlist_push(l, strndup(s, len));
}

int strlist_addf(struct strlist *l, const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;
	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		s = NULL;
	va_end(ap);
	return strlist_push(l, s);
}

int strlist_add_all(struct strlist *l, const char *const *items)
{
	for (; *items; items++)
		if (strlist_add(l, *items) < 0)
			return -1;
	return 0;
}

int strlist_check(const struct strlist *l, struct error *err)
{
	return l->failed ? error_oom(err) : 0;
}

bool strlist_has(const struct strlist *l, const char *s)
{
	for (size_t i = 0; i < l->len; i++)
		if (strcmp(l->items[i], s) == 0)
			return true;
	return false;
}

const char *const *strlist_array(const struct strlist *l)
{
	static const char *const none[] = { NULL };
	return l->items ? (const char *const *)l->items : none;
}

char *str_printf(struct error *err, const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;
	va_start(ap, fmt);
	int n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0) {
		error_oom(err);
		return NULL;
	}
	return s;
}

char *str_dup(const char *s, struct error *err)
{
	char *copy = s ? strdup(s) : NULL;
	if (s && !copy)
		error_oom(err);
	return copy;
}

bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);
	return n >= m && strcmp(s + n - m, suffix) == 0;
}

bool str_eq(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool str_is_utf8(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s, *end = p + len;
	while (p < end) {
		unsigned c = *p++;
		int more = c < 0x80                ? 0
			   : c >= 0xC2 && c < 0xE0 ? 1
			   : c >= 0xE0 && c < 0xF0 ? 2
			   : c >= 0xF0 && c < 0xF5 ? 3
						   : -1;
		if (c == 0 || more < 0 || end - p < more)
			return false;
		if ((c == 0xE0 && *p < 0xA0) || (c == 0xED && *p > 0x9F) || (c == 0xF0 && *p < 0x90) ||
		    (c == 0xF4 && *p > 0x8F))
			return false; /* overlong, surrogate, past U+10FFFF */
		for (; more; more--)
			if ((*p++ & 0xC0) != 0x80)
				return false;
	}
	return true;
}

size_t str_distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b), row[64];
	if (n > 63 || m > 63)
		return SIZE_MAX;
	for (size_t j = 0; j <= m; j++)
		row[j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);
			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[m];
}

int str_to_i64(const char *s, long long min, long long max, long long *ret)
{
	if (!((*s >= '0' && *s <= '9') || (*s == '-' && s[1] >= '0' && s[1] <= '9')))
		return -1;
	char *end;
	errno = 0;
	long long v = strtoll(s, &end, 10);
	if (errno || *end || v < min || v > max)
		return -1;
	*ret = v;
	return 0;
}

int str_to_double(const char *s, double min, double max, double *ret)
{
	if (!*s || strspn(s, "0123456789.+-eE") != strlen(s))
		return -1;
	char *end;
	errno = 0;
	double v = strtod(s, &end);
	if (errno || *end || !isfinite(v) || v < min || v > max)
		return -1;
	*ret = v;
	return 0;
}
