/* cmocka with its required includes, and assertions that print both sides. Each file is one cmocka group. */
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"

/* The call succeeded; else its error is the test's message. */
#define check_ok(expr)                                                                                  \
	do {                                                                                            \
		struct error err_ = ERROR_INIT, *err = &err_;                                           \
		if ((expr) < 0)                                                                         \
			fail_msg("%s: %s (hint: %s)\n%s", #expr, err->message, err->hint, err->detail); \
	} while (0)

/* The call failed with this kind, and its message holds text. */
#define check_fails(expr, wanted_kind, text)                                                                         \
	do {                                                                                                         \
		struct error err_ = ERROR_INIT, *err = &err_;                                                        \
		if ((expr) >= 0)                                                                                     \
			fail_msg("%s succeeded; expected an error with \"%s\"", #expr, text);                        \
		if (err->kind != (wanted_kind) || !strstr(err->message, text))                                       \
			fail_msg("%s: kind %d \"%s\"; expected kind %d with \"%s\"", #expr, err->kind, err->message, \
				 (int)(wanted_kind), text);                                                          \
	} while (0)

#define check_str(actual, expected)                                                                 \
	do {                                                                                        \
		const char *a_ = (actual), *e_ = (expected);                                        \
		if (!a_ || strcmp(a_, e_) != 0)                                                     \
			fail_msg("%s is \"%s\"; expected \"%s\"", #actual, a_ ? a_ : "(null)", e_); \
	} while (0)

#define check_contains(actual, part)                                                                              \
	do {                                                                                                      \
		const char *a_ = (actual), *p_ = (part);                                                          \
		if (!a_ || !strstr(a_, p_))                                                                       \
			fail_msg("%s is \"%s\"; expected it to contain \"%s\"", #actual, a_ ? a_ : "(null)", p_); \
	} while (0)

#endif
