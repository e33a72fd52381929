/* Strings and string lists with bounds.
 *
 * strbuf: a growing byte string that is always NUL-terminated and never exceeds its stated largest size.
 * Appending after a failure does nothing, so a chain of appends is checked once:
 *
 *     CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(4096);
 *     strbuf_addf(&b, "%s/%s", dir, name);
 *     strbuf_add(&b, "\n", 1);
 *     if (strbuf_check(&b, err) < 0)          // out of memory, or larger than 4096
 *         return -1;
 *
 * strlist: a growing NULL-terminated array of owned strings, usable as argv and envp; same sticky failure.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "base/cleanup.h"
#include "base/error.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct strbuf {
	char *data; /* owned; "" while empty, never NULL after STRBUF_INIT */
	size_t len; /* bytes without the NUL */
	size_t cap;
	size_t max; /* largest len in bytes */
	enum { STRBUF_OK, STRBUF_NO_MEMORY, STRBUF_TOO_LARGE } failed;
};

extern char strbuf_empty[1];
#define STRBUF_INIT(max_bytes)                           \
	{                                                \
		.data = strbuf_empty, .max = (max_bytes) \
	}

void strbuf_release(struct strbuf *b);
void strbuf_reset(struct strbuf *b); /* empties, keeps the memory, forgets a failure */

/* Each returns 0, or -1 and marks b as failed; nothing is appended then. */
int strbuf_add(struct strbuf *b, const void *data, size_t len);
int strbuf_adds(struct strbuf *b, const char *s);
int strbuf_addc(struct strbuf *b, char c);
int strbuf_addf(struct strbuf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int strbuf_vaddf(struct strbuf *b, const char *fmt, va_list ap);

/* Makes room for extra bytes past len (for read(2) into data + len). */
int strbuf_grow(struct strbuf *b, size_t extra);

/* 0 if every append succeeded; else -1 and ERROR_INTERNAL. */
int strbuf_check(const struct strbuf *b, struct error *err);

/* The string, owned by the caller (free), or NULL and *err if an append failed. b is empty afterwards. */
char *strbuf_take(struct strbuf *b, struct error *err);

struct strlist {
	char **items; /* owned, each owned; items[len] is NULL; NULL while empty */
	size_t len;
	size_t cap;
	bool failed;
};

#define STRLIST_INIT \
	{            \
		0    \
	}

void strlist_release(struct strlist *l);
int strlist_add(struct strlist *l, const char *s);
int strlist_addn(struct strlist *l, const char *s, size_t len);
int strlist_addf(struct strlist *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int strlist_add_all(struct strlist *l, const char *const *items); /* a NULL-terminated array */
int strlist_check(const struct strlist *l, struct error *err);
bool strlist_has(const struct strlist *l, const char *s);
/* The list as argv or envp: never NULL, NULL-terminated, valid until the next add. */
const char *const *strlist_array(const struct strlist *l);

/* printf into new memory; NULL and *err when there is none. */
char *str_printf(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* strdup that sets an error; NULL in gives NULL out. */
char *str_dup(const char *s, struct error *err);

bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
/* NULL-safe equality. */
bool str_eq(const char *a, const char *b);
/* Valid UTF-8 without NUL in [s, s+len). */
bool str_is_utf8(const char *s, size_t len);
/* Edit distance (Levenshtein) of two short names, for "did you mean". Names over 63 bytes: SIZE_MAX. */
size_t str_distance(const char *a, const char *b);

/* Whole-string numbers: 0, or -1 when s is empty, has other characters, or is outside [min, max]. No error text. */
int str_to_i64(const char *s, long long min, long long max, long long *ret);
int str_to_double(const char *s, double min, double max, double *ret); /* finite, C locale */

#endif
