/* Errors with context.
 *
 *     int f(…, struct error *err)                       // 0, or -1 with *err set
 *     {
 *         if (open(…) < 0)
 *             return error_errno(err, ERROR_INTERNAL, "open %s", path);
 *         if (g(…, err) < 0)
 *             return error_wrap(err, "build %s", sha);   // "build 1a2b…: <what g said>"
 *         error_hint(err, "is the disk full?");
 *     }
 *
 * Setting and wrapping return -1, so they can be returned directly. An error owns no memory: it can be made when
 * there is none left, and needs no release. Text that does not fit is cut with "…". Line breaks and other control
 * characters in a message become spaces: a message is one line. Only src/main.c prints an error or picks an exit code.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdarg.h>
#include <stddef.h>

/* What failed, as far as a caller acts on it. The values are the process's exit codes (docs: exit codes). */
enum error_kind {
	ERROR_NONE = 0,
	ERROR_INTERNAL = 1,    /* a bug, or this machine: memory, disk, descriptors */
	ERROR_USAGE = 2,       /* flags, configuration, input files */
	ERROR_BUILD = 3,       /* git or go */
	ERROR_SERVER = 4,      /* a database server did not start, or died */
	ERROR_LOAD = 5,        /* sysbench, or the data it loads */
	ERROR_PUBLISH = 6,     /* S3, GitHub, mail; results are kept locally */
	ERROR_REGRESSION = 7,  /* a regression was found and --fail-on-regression asked */
	ERROR_UNDECIDED = 8,   /* a test is undecided and --fail-on-undecided asked */
	ERROR_INTERRUPTED = 9, /* a signal asked to stop; exit code is 128 + error.signal */
};

struct error {
	enum error_kind kind;
	int signal;         /* of ERROR_INTERRUPTED: SIGTERM or SIGINT */
	char message[2048]; /* one line, no trailing newline */
	char hint[512];     /* what the user can do; "" if nothing */
	char detail[8192];  /* a tool's own lines (compiler, server log), printed as they are before the message; "" if
			       none */
};

#define ERROR_INIT                 \
	{                          \
		.kind = ERROR_NONE \
	}

/* Sets kind and message; drops hint and detail. err may be NULL (the caller does not care). Returns -1. */
int error_set(struct error *err, enum error_kind kind, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int error_vset(struct error *err, enum error_kind kind, const char *fmt, va_list ap);

/* As error_set, with ": <strerror(errno)>" appended. */
int error_errno(struct error *err, enum error_kind kind, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* ERROR_INTERNAL "out of memory". */
int error_oom(struct error *err);

/* Puts "<context>: " before the message. Returns -1. */
int error_wrap(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Sets the hint, unless one is there (the innermost knows best). Returns -1. */
int error_hint(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Keeps the last bytes of text as detail, cut at a line start. Returns -1. */
int error_detail(struct error *err, const char *text, size_t len);

/* Process exit code of an error: kind, or 128 + signal. */
int error_exit_code(const struct error *err);

#endif
