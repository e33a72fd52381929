#include "base/log.h"

#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static struct {
	enum log_level level;
	bool terminal; /* redraw one line */
	bool color;
	bool line_open; /* a progress line stands unfinished on the terminal */
	char last[160]; /* the step last printed off a terminal */
} state = { .level = LOG_NORMAL };

void log_init(enum log_level level, bool color)
{
	state.level = level;
	state.terminal = isatty(STDERR_FILENO);
	state.color = color && state.terminal;
}

static void close_line(void)
{
	if (state.line_open)
		fputs("\r\033[K", stderr);
	state.line_open = false;
}

static void print(const char *prefix, const char *color, const char *fmt, va_list ap)
{
	close_line();
	fprintf(stderr, "%s%s%s", state.color ? color : "", prefix, state.color && *color ? "\033[0m" : "");
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	fflush(stderr);
}

void log_info(const char *fmt, ...)
{
	if (state.level < LOG_NORMAL)
		return;
	va_list ap;
	va_start(ap, fmt);
	print("", "", fmt, ap);
	va_end(ap);
}

void log_verbose(const char *fmt, ...)
{
	if (state.level < LOG_VERBOSE)
		return;
	va_list ap;
	va_start(ap, fmt);
	print("", "", fmt, ap);
	va_end(ap);
}

void log_warn(const char *fmt, ...)
{
	if (state.level < LOG_NORMAL)
		return;
	va_list ap;
	va_start(ap, fmt);
	print("warning: ", "\033[33m", fmt, ap);
	va_end(ap);
}

void log_error(const struct error *err)
{
	close_line();
	if (err->detail[0])
		fprintf(stderr, "%s\n", err->detail);
	fprintf(stderr, "%sdbdyno: %s%s%s%s\n", state.color ? "\033[31m" : "", err->message,
		state.color ? "\033[0m" : "", err->hint[0] ? "; hint: " : "", err->hint);
	fflush(stderr);
}

static int terminal_width(void)
{
	struct winsize size;
	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

void log_progress(unsigned done, unsigned total, const char *fmt, ...)
{
	if (state.level < LOG_NORMAL)
		return;
	char text[sizeof state.last];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (!state.terminal) {
		if (strcmp(text, state.last) != 0)
			fprintf(stderr, "[%u/%u] %s\n", done, total, text);
		memcpy(state.last, text, sizeof text);
		return;
	}
	enum { BAR = 20 };
	unsigned filled = total ? (unsigned)((unsigned long long)done * BAR / total) : 0;
	char bar[BAR * 3 + 1] = "";
	for (unsigned i = 0; i < BAR; i++)
		memcpy(bar + i * 3, i < filled ? "█" : "░", 4);
	int room = terminal_width() - BAR - 3;
	fprintf(stderr, "\r\033[K%s %.*s", bar, room > 0 ? room : 0, text);
	fflush(stderr);
	state.line_open = true;
}

void log_progress_end(void)
{
	close_line();
	state.last[0] = 0;
}
