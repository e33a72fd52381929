/* --dry-run: what a job would do and about how long, without doing it. */
#ifndef SRC_DRY_RUN_H
#define SRC_DRY_RUN_H

#include "options.h"

/* On stdout. command: "compare", "profile", "pgo". */
int dry_run_print(const struct options *o, const char *command, struct error *err);

/* "3 more builds, and 3 tests compared on each: about 372 s more, and the time of these builds": what --validate of
 * that many tests adds. *ret_seconds (may be NULL): that time. */
void dry_run_validation(const struct options *o, const struct strlist *tests, double *ret_seconds, struct strbuf *out);

#endif
