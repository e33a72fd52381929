#include "net/encode.h"

#include <openssl/evp.h>
#include <string.h>
#include <time.h>

void encode_hex(const void *data, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *p = data;
	for (size_t i = 0; i < len; i++) {
		*out++ = digits[p[i] >> 4];
		*out++ = digits[p[i] & 15];
	}
	*out = 0;
}

void encode_base64(const void *data, size_t len, char *out)
{
	EVP_EncodeBlock((unsigned char *)out, data, (int)len);
}

void encode_percent(struct strbuf *out, const char *s, size_t len, const char *keep)
{
	static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	for (size_t i = 0; i < len; i++) {
		if (s[i] && (strchr(unreserved, s[i]) || strchr(keep, s[i])))
			strbuf_addc(out, s[i]);
		else
			strbuf_addf(out, "%%%02X", (unsigned char)s[i]);
	}
}

int decode_http_date(const char *s, int64_t *ret_unix)
{
	struct tm tm = { 0 };
	const char *end = strptime(s, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	if (!end || *end)
		return -1;
	*ret_unix = timegm(&tm);
	return 0;
}

int decode_rfc3339(const char *s, int64_t *ret_unix)
{
	struct tm tm = { 0 };
	const char *end = strptime(s, "%Y-%m-%dT%H:%M:%S", &tm);
	if (end && *end == '.')
		end += 1 + strspn(end + 1, "0123456789");
	if (!end || strcmp(end, "Z") != 0)
		return -1;
	*ret_unix = timegm(&tm);
	return 0;
}
