/* Takes a CPU profile of a running server over HTTP (net/http/pprof) while load runs.
 *
 * The request is made in a thread, so that the caller drives the load meanwhile:
 *     collect_start(&c, "http://127.0.0.1:6061/debug/pprof/profile", seconds, path, err)
 *     … run the load for a little longer than seconds …
 *     collect_finish(&c, &facts, err)       // joins; checks gzip, parses, has samples; file is at path, or an error
 * The file appears under its name only when it passed the check.
 */
#ifndef PROFILER_COLLECT_H
#define PROFILER_COLLECT_H

#include "base/error.h"
#include "profiler/pprof.h"

struct collect; /* opaque */

/* seconds: 1 to 3600 whole seconds, as the Go handler takes them. *ret is owned; free with collect_free (which
 * cancels). */
int collect_start(struct collect **ret, const char *url, unsigned seconds, const char *path, struct error *err);
/* True once the server has accepted the request (the profile's window has begun) or it failed. */
int collect_finish(struct collect *c, struct pprof_facts *ret_facts, struct error *err);
void collect_free(struct collect *c);

#endif
