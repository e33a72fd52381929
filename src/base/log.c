#include "base/log.h"

#include "base/str.h"

#include <pthread.h>
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

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Called with the lock held. */
static void close_line(void)
{
	if (state.line_open)
		fputs("\r\033[K", stderr);
	state.line_open = false;
}

static void print(const char *prefix, const char *color, const char *fmt, va_list ap)
{
	pthread_mutex_lock(&lock);
	close_line();
	fprintf(stderr, "%s%s%s", state.color ? color : "", prefix, state.color && *color ? "\033[0m" : "");
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	fflush(stderr);
	pthread_mutex_unlock(&lock);
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
	pthread_mutex_lock(&lock);
	close_line();
	if (err->detail[0])
		fprintf(stderr, "%s\n", err->detail);
	fprintf(stderr, "%sdbdyno: %s%s%s%s\n", state.color ? "\033[31m" : "", err->message,
		state.color ? "\033[0m" : "", err->hint[0] ? "; hint: " : "", err->hint);
	fflush(stderr);
	pthread_mutex_unlock(&lock);
}

static int terminal_width(void)
{
	struct winsize size;
	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

static void draw_bar(double fraction, const char *text)
{
	enum { BAR = 20 };
	int filled = fraction < 0 ? 0 : (int)(fraction * BAR);
	char bar[BAR * 3 + 1] = "";
	for (int i = 0; i < BAR; i++)
		memcpy(bar + i * 3, i < filled ? "█" : "░", 4);
	int room = terminal_width() - BAR - 3;
	fprintf(stderr, "\r\033[K%s %.*s", bar, room > 0 ? room : 0, text);
	fflush(stderr);
	state.line_open = true;
}

void log_progress(double fraction, const char *fmt, ...)
{
	if (state.level < LOG_NORMAL)
		return;
	char text[sizeof state.last];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	pthread_mutex_lock(&lock);
	if (state.terminal)
		draw_bar(fraction, text);
	else if (strcmp(text, state.last) != 0)
		fprintf(stderr, "%s\n", text);
	memcpy(state.last, text, sizeof text);
	pthread_mutex_unlock(&lock);
}

void log_progress_end(void)
{
	pthread_mutex_lock(&lock);
	close_line();
	state.last[0] = 0;
	pthread_mutex_unlock(&lock);
}
