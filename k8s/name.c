#include "k8s/name.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Not ctype.h: the locale must not decide what is a letter. */
static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
	return (c >= 'a' && c <= 'z') || is_digit(c);
}

static bool is_alnum(char c)
{
	return is_lower(c) || (c >= 'A' && c <= 'Z');
}

/* A DNS-1123 label in [s, s + len). */
static bool is_dns_label(const char *s, size_t len, size_t max)
{
	if (len == 0 || len > max || !is_lower(s[0]) || !is_lower(s[len - 1]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_lower(s[i]) && s[i] != '-')
			return false;
	return true;
}

bool k8s_is_name(const char *s)
{
	return is_dns_label(s, strlen(s), 63);
}

static bool is_subdomain(const char *s, size_t len)
{
	if (len > 253)
		return false;
	for (const char *end = s + len;;) {
		const char *dot = memchr(s, '.', (size_t)(end - s));
		const char *stop = dot ? dot : end;
		if (!is_dns_label(s, (size_t)(stop - s), 253))
			return false;
		if (!dot)
			return true;
		s = dot + 1;
	}
}

bool k8s_is_subdomain(const char *s)
{
	return is_subdomain(s, strlen(s));
}

bool k8s_is_label_value(const char *s)
{
	size_t len = strlen(s);
	if (len == 0)
		return true;
	if (len > 63 || !is_alnum(s[0]) || !is_alnum(s[len - 1]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_alnum(s[i]) && s[i] != '-' && s[i] != '_' && s[i] != '.')
			return false;
	return true;
}

bool k8s_is_label_key(const char *s)
{
	const char *slash = strchr(s, '/');
	if (slash && !is_subdomain(s, (size_t)(slash - s)))
		return false;
	const char *name = slash ? slash + 1 : s;
	return *name && k8s_is_label_value(name);
}

bool k8s_is_quantity(const char *s)
{
	static const char *const suffixes[] = { "", "m", "k", "M", "G", "T", "Ki", "Mi", "Gi", "Ti" };
	const char *p = s;
	bool positive = false;
	for (; is_digit(*p); p++)
		positive = positive || *p != '0';
	if (p == s)
		return false;
	if (*p == '.') {
		if (!is_digit(*++p))
			return false;
		for (; is_digit(*p); p++)
			positive = positive || *p != '0';
	}
	if (!positive || p - s > 18)
		return false;
	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
		if (strcmp(p, suffixes[i]) == 0)
			return true;
	return false;
}

/* Appends at most max bytes of s that a name may hold, other bytes as one '-', none at either end; returns the new
 * length. */
static size_t add_part(char *name, size_t len, const char *s, size_t max)
{
	size_t start = len ? len + 1 : 0, at = start;
	for (; *s && at - start < max; s++) {
		char c = *s >= 'A' && *s <= 'Z' ? (char)(*s - 'A' + 'a') : *s;
		if (is_lower(c))
			name[at++] = c;
		else if (at > start && name[at - 1] != '-')
			name[at++] = '-';
	}
	while (at > start && name[at - 1] == '-')
		at--;
	if (at == start)
		return len;
	if (len)
		name[len] = '-';
	return at;
}

void k8s_clean(const char *s, char ret[static K8S_NAME_SIZE])
{
	ret[add_part(ret, 0, s, K8S_NAME_SIZE - 1)] = 0;
}

void k8s_job_name(const char *actor, const char *version, const char *suffix, uint64_t timestamp_ns,
		  char ret[static K8S_NAME_SIZE])
{
	char tail[K8S_NAME_SIZE] = "", stamp[24];
	size_t len = add_part(tail, 0, version, 8);
	len = add_part(tail, len, suffix ? suffix : "", 20);
	snprintf(stamp, sizeof stamp, "%" PRIu64, timestamp_ns);
	len = add_part(tail, len, stamp, 20);
	tail[len] = 0;
	size_t n = add_part(ret, 0, actor, K8S_NAME_SIZE - 2 - len);
	if (n)
		ret[n++] = '-';
	memcpy(ret + n, tail, len + 1);
}
