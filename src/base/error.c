#include "base/error.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const char ellipsis[] = "…";

/* Makes buf one printable line; marks it as cut when wanted did not fit into size. */
static void make_line(char *buf, size_t size, int wanted)
{
	if (wanted < 0)
		snprintf(buf, size, "(a message that cannot be formatted)");
	if (wanted >= 0 && (size_t)wanted >= size) {
		size_t at = size - sizeof ellipsis;
		while (at && ((unsigned char)buf[at] & 0xC0) == 0x80)
			at--; /* not in the middle of a character */
		memcpy(buf + at, ellipsis, sizeof ellipsis);
	}
	for (char *p = buf; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
	for (size_t n = strlen(buf); n && buf[n - 1] == ' ';)
		buf[--n] = 0;
}

int error_vset(struct error *err, enum error_kind kind, const char *fmt, va_list ap)
{
	if (!err)
		return -1;
	char text[sizeof err->message]; /* an argument may point into err */
	int n = vsnprintf(text, sizeof text, fmt, ap);
	make_line(text, sizeof text, n);
	memcpy(err->message, text, strlen(text) + 1);
	err->kind = kind;
	err->signal = 0;
	err->hint[0] = err->detail[0] = 0;
	return -1;
}

int error_set(struct error *err, enum error_kind kind, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	error_vset(err, kind, fmt, ap);
	va_end(ap);
	return -1;
}

int error_errno(struct error *err, enum error_kind kind, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;
	va_start(ap, fmt);
	error_vset(err, kind, fmt, ap);
	va_end(ap);
	if (err) {
		char text[sizeof err->message];
		int n = snprintf(text, sizeof text, "%s: %s", err->message, strerror(saved));
		make_line(text, sizeof text, n);
		memcpy(err->message, text, strlen(text) + 1);
	}
	errno = saved;
	return -1;
}

int error_oom(struct error *err)
{
	return error_set(err, ERROR_INTERNAL, "out of memory");
}

int error_wrap(struct error *err, const char *fmt, ...)
{
	if (!err)
		return -1;
	char text[sizeof err->message];
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof text)
		n += snprintf(text + n, sizeof text - (size_t)n, ": %s", err->message);
	make_line(text, sizeof text, n);
	memcpy(err->message, text, strlen(text) + 1);
	return -1;
}

int error_hint(struct error *err, const char *fmt, ...)
{
	if (!err || err->hint[0])
		return -1;
	char text[sizeof err->hint];
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	make_line(text, sizeof text, n);
	memcpy(err->hint, text, strlen(text) + 1);
	return -1;
}

int error_detail(struct error *err, const char *text, size_t len)
{
	if (!err)
		return -1;
	size_t start = len < sizeof err->detail ? 0 : len - (sizeof err->detail - 1);
	if (start) {
		const char *line = memchr(text + start, '\n', len - start);
		if (line && (size_t)(line + 1 - text) < len)
			start = (size_t)(line + 1 - text);
	}
	size_t n = len - start;
	memcpy(err->detail, text + start, n);
	while (n && (err->detail[n - 1] == '\n' || err->detail[n - 1] == '\r'))
		n--;
	err->detail[n] = 0;
	for (char *p = err->detail; p < err->detail + n; p++)
		if (((unsigned char)*p < 0x20 && *p != '\n' && *p != '\t') || *p == 0x7f)
			*p = ' ';
	return -1;
}

int error_exit_code(const struct error *err)
{
	if (err->kind == ERROR_INTERRUPTED)
		return 128 + (err->signal ? err->signal : SIGTERM);
	return (int)err->kind;
}
