/* --dry-run: what a job would do and about how long, without doing it. */
#ifndef SRC_DRY_RUN_H
#define SRC_DRY_RUN_H

#include "options.h"

/* On stdout. command: "compare", "profile", "pgo". */
int dry_run_print(const struct options *o, const char *command, struct error *err);

#endif
