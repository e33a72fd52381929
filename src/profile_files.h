/* Profiles in files: the edge around profiler/pprof.h. */
#ifndef SRC_PROFILE_FILES_H
#define SRC_PROFILE_FILES_H

#include "profiler/pprof.h"

/* Reads and checks that it is fit for -pgo. ERROR_USAGE with path and reason. */
int profile_check_file(const char *path, struct pprof_facts *ret, struct error *err);

/* Sum of n files, checked, written atomically to path. */
int profile_merge_files(const char *const *paths, size_t n, const char *path, struct pprof_facts *ret,
			struct error *err);

#endif
