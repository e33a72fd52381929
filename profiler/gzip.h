/* gzip (RFC 1952) with stated limits, over zlib.
 *
 * Inflating stops at the limit, whatever the stream claims: a bomb costs at most the limit. One member only; anything
 * after it, a cut stream and a wrong checksum are errors.
 */
#ifndef PROFILER_GZIP_H
#define PROFILER_GZIP_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>

bool gzip_is(const void *bytes, size_t len); /* starts as a gzip stream does */

/* Appends the inflated bytes to out, at most out->max. ERROR_USAGE with the reason, or ERROR_INTERNAL (memory). */
int gzip_inflate(const void *bytes, size_t len, struct strbuf *out, struct error *err);

/* Compresses as bytes come, into out. The same bytes in the same pieces give the same result (no time, no name). */
struct gzip_writer; /* opaque */
int gzip_writer_new(struct gzip_writer **ret, struct strbuf *out, struct error *err);
int gzip_writer_add(struct gzip_writer *w, const void *bytes, size_t len, struct error *err);
int gzip_writer_finish(struct gzip_writer *w, struct error *err);
void gzip_writer_free(struct gzip_writer *w); /* NULL is fine */

#endif
