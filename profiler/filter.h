/* Which samples count: focus keeps those with a function whose name matches, ignore drops them.
 *
 * POSIX extended regular expressions, anywhere in the name. Those that could take a matcher very long or much memory
 * are refused: over 500 bytes, back references, repetitions that multiply to more than 1,000. Of a name the first 1,000
 * bytes are looked at. Each name is matched once, not once a sample.
 */
#ifndef PROFILER_FILTER_H
#define PROFILER_FILTER_H

#include "profiler/pprof.h"

struct filter {
	bool *kept; /* by sample; NULL: all */
};
void filter_release(struct filter *f);

/* NULL or "": no such condition. ERROR_USAGE: a bad expression. */
int filter_make(const struct pprof *p, const char *focus, const char *ignore, struct filter *ret, struct error *err);

/* Whether the expression would be accepted: ERROR_USAGE with the reason if not. */
int filter_check(const char *expression, struct error *err);

#endif
