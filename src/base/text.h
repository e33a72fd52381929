/* Text from outside (names in a profile, in a database, in a reply) on its way to a terminal, a page or JSON.
 *
 *     const char *at = s->data, *end = at + s->len;
 *     char c[5];
 *     for (size_t n; (n = text_next(&at, end, c)) > 0;)   // valid, harmless UTF-8, whatever the bytes were
 *         strbuf_add(out, c, n);
 *
 * Broken UTF-8, control characters but tab and newline, NUL, what XML cannot hold, and characters that turn the
 * direction of text around (Unicode UAX 9) become U+FFFD. Failures stay in the strbuf.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/str.h"

#include <stddef.h>

/* The next character before end, NUL-terminated in ret; returns its bytes, 0 at the end. */
size_t text_next(const char **at, const char *end, char ret[static 5]);

/* On one line: tabs and line breaks become spaces. Cut with "…" after at most columns characters (SIZE_MAX: never). */
void text_add_line(struct strbuf *out, const char *s, size_t len, size_t columns);
/* The same as the content of an element or a quoted attribute (XML 1.0, HTML). */
void text_add_xml(struct strbuf *out, const char *s, size_t len, size_t columns);
/* One character of len bytes, as text_next gives it, as such content. */
void text_add_xml_char(struct strbuf *out, const char *c, size_t len);
/* As a JSON string with its quotes (RFC 8259). */
void text_add_json(struct strbuf *out, const char *s, size_t len);

#endif
