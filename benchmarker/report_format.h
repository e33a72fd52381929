/* How numbers, names and foreign text look in a report. Private to report*.c.
 *
 *     report_add_ratio(out, &report_plain, 0.8381);    // "0.838"
 *     report_add_change(out, &report_plain, 0.8381);   // "−16 %"
 *     report_add_line(out, name);                      // safe on a terminal, in JSON and, once escaped, in HTML
 *
 * Digits say no more than a benchmark can know: three or four significant ones. What cannot be said is "–".
 * Everything appends; failures stay in the strbuf (strbuf_check).
 */
#ifndef BENCHMARKER_REPORT_FORMAT_H
#define BENCHMARKER_REPORT_FORMAT_H

#include "base/str.h"

#include <stdint.h>

struct report_style {
	const char *space; /* between a number and its unit */
	const char *group; /* between groups of three digits; "" for none */
};
extern const struct report_style report_plain; /* for terminals and machines */
extern const struct report_style report_fine;  /* narrow no-break spaces (U+202F) */

#define REPORT_DASH "–"
#define REPORT_MINUS "−"

void report_add_ratio(struct strbuf *out, const struct report_style *style, double ratio); /* "0.838", "12.3" */
/* "0.806 to 0.869"; "≥ 1.200" and "≤ 0.750" where one side is unbounded. */
void report_add_interval(struct strbuf *out, const struct report_style *style, double low, double high);
/* Size of a change: 0.1619 gives "16 %", 0.0162 "1.6 %". */
void report_add_percent(struct strbuf *out, const struct report_style *style, double fraction);
/* The change that a ratio means, with its sign: 0.8381 gives "−16 %"; from tenfold on "×12.0". */
void report_add_change(struct strbuf *out, const struct report_style *style, double ratio);
void report_add_rate(struct strbuf *out, const struct report_style *style, double per_second); /* no unit */
void report_add_ms(struct strbuf *out, const struct report_style *style, double ms);           /* no unit */
void report_add_seconds(struct strbuf *out, const struct report_style *style, double seconds); /* "40 s" */
void report_add_count(struct strbuf *out, const struct report_style *style, unsigned long long n);

/* The next character of a NUL-terminated text as valid, harmless UTF-8 in ret; returns its bytes, 0 at the end.
 * Broken UTF-8, control characters but tab and newline, and characters that turn the direction of text around
 * become U+FFFD. */
size_t report_next_char(const char **s, char ret[static 5]);
/* s on one line: tabs and line breaks become spaces. NULL adds nothing. */
void report_add_line(struct strbuf *out, const char *s);
/* As report_add_line, cut with "…" after at most columns characters. */
void report_add_cut(struct strbuf *out, const char *s, size_t columns);
/* text in lines of at most width columns, broken at spaces; lines after the first are indented. */
void report_add_wrapped(struct strbuf *out, const char *text, size_t width, size_t indent);
/* Characters of a valid UTF-8 text: its columns, as far as names here need. */
size_t report_columns(const char *s);

#endif
