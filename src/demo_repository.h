/* The small embedded database as a git repository of two commits. */
#ifndef SRC_DEMO_REPOSITORY_H
#define SRC_DEMO_REPOSITORY_H

#include "base/error.h"

/* What the second commit wastes: this share of each statement's time once more. */
#define DEMO_WASTE_PERCENT 100

/* Makes it in dir, which is made. The full SHAs of both commits, owned. */
int demo_repository_make(const char *dir, char **ret_good, char **ret_slow, struct error *err);

#endif
