/* The chart of a series: inline SVG that follows the page's width and colours. Private to history_*.c. */
#ifndef BENCHMARKER_HISTORY_SVG_H
#define BENCHMARKER_HISTORY_SVG_H

#include "benchmarker/history_series.h"

void history_svg(const struct history_series *s, struct strbuf *out);

/* Text from outside and a build's name, escaped for a page. */
void history_add_text(struct strbuf *out, const char *s);
void history_add_name(struct strbuf *out, const struct history_build *b);

#endif
