/* CPU profiles in profile.proto form (github.com/google/pprof, proto/profile.proto), gzip or not.
 *
 *     CLEANUP(pprof) struct pprof p = PPROF_INIT;
 *     pprof_read(&p, bytes, len, err)      // hostile input: bounded memory, every id checked
 *     pprof_check_cpu(&p, &facts, err)     // fit for -pgo: samples, symbols, the right value types
 *     pprof_merge(&out, profiles, n, err)  // sum of samples with equal stacks, as `go tool pprof -proto` does
 *     pprof_write(&out, true, &bytes, err)
 *
 * Pure: bytes in, bytes out. Errors: ERROR_USAGE with the reason (what is wrong with the profile), or ERROR_INTERNAL.
 */
#ifndef PROFILER_PPROF_H
#define PROFILER_PPROF_H

#include "base/error.h"
#include "base/str.h"

#include <stdint.h>

#define PPROF_MAX_BYTES (256ULL << 20)           /* a profile as stored, gzip */
#define PPROF_MAX_INFLATED_BYTES (1024ULL << 20) /* and inflated */

struct pprof; /* defined below by the room: arena-held arrays of samples, locations, functions, mappings, strings */

struct pprof_facts {
	uint64_t samples;  /* sum of the sample count column */
	uint64_t stacks;   /* distinct Sample messages */
	uint64_t value_ns; /* sum of cpu nanoseconds */
	uint64_t duration_ns;
	int64_t time_unix_ns;
	uint64_t functions;
};

#endif
