/* Text forms that AWS's protocols use: hexadecimal, base64, percent-encoding, dates. Pure. */
#ifndef NET_ENCODE_H
#define NET_ENCODE_H

#include "base/str.h"

#include <stdint.h>

#define SHA256_BYTES 32
#define SHA256_HEX_CHARS 64
#define SHA256_BASE64_CHARS 44

void encode_hex(const void *data, size_t len, char *out);    /* 2 * len characters and a NUL */
void encode_base64(const void *data, size_t len, char *out); /* 4 * ceil(len / 3) characters and a NUL */
/* Appends s with every byte as %XX except A-Z a-z 0-9 - . _ ~ and those in keep (RFC 3986, upper-case digits). */
void encode_percent(struct strbuf *out, const char *s, size_t len, const char *keep);

/* Unix seconds of "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110) or "2026-01-31T23:59:59[.999]Z" (RFC 3339); 0 and *ret,
 * or -1. */
int decode_http_date(const char *s, int64_t *ret_unix);
int decode_rfc3339(const char *s, int64_t *ret_unix);

#endif
