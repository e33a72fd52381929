/* Profiles in files: the edge around profiler/pprof.h. */
#ifndef SRC_PROFILE_FILES_H
#define SRC_PROFILE_FILES_H

#include "profiler/pprof.h"

/* Reads one; ERROR_USAGE with path and reason. ret must be PPROF_INIT or released. */
int profile_read_file(const char *path, struct pprof *ret, struct error *err);

/* Reads and checks that it is fit for -pgo. ERROR_USAGE with path and reason. */
int profile_check_file(const char *path, struct pprof_facts *ret, struct error *err);

/* ERROR_BUILD if the profile is of another program than the Go binary, which the compiler would not say: it names
 * functions of the program's own packages, and none of those looked for is in the binary. Up to 64 are looked for;
 * names of Go's own library, which every program holds, say nothing. */
int profile_check_program(const char *path, const char *binary, struct error *err);

/* Sum of n files, checked, written atomically to path. Their shares of its CPU time are as weights (pprof_balance):
 * however much each of them found to do, in as long a window as it had. NULL: a plain sum, of parts of one profile. */
int profile_merge_files(const char *const *paths, const double *weights, size_t n, const char *path,
			struct pprof_facts *ret, struct error *err);

#endif
