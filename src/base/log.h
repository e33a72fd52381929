/* Messages for people, on stderr. For src/ alone: libraries return errors and call a progress callback.
 *
 * On a terminal, log_progress redraws one line; elsewhere it prints one line a step. NO_COLOR and --quiet respected.
 * Thread-safe: builds tell their steps from threads.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/error.h"

#include <stdbool.h>

enum log_level { LOG_QUIET, LOG_NORMAL, LOG_VERBOSE };

void log_init(enum log_level level, bool color); /* color is only used on a terminal */
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_verbose(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The detail's lines as they are, then one line "dbdyno: message; hint: …". Printed at every level. */
void log_error(const struct error *err);
/* What is going on, and how much of the whole is done: 0 to 1, or below 0 if that is not known. A text that was just
 * printed is not printed again off a terminal. */
void log_progress(double fraction, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_progress_end(void);

#endif
