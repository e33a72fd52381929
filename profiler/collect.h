/* Takes a CPU profile of a running server over HTTP (net/http/pprof) while load runs; or one that it has written.
 *
 * The request is made in a thread, so that the caller drives the load meanwhile. The profile lies inside the load if
 * the load starts before and ends after: … start the load … collect_start(&c,
 * "http://127.0.0.1:6061/debug/pprof/profile", seconds, path, err) … poll collect_poll_fd(c) beside the load, the
 * server's pidfd and stop_fd() … collect_finish(c, &facts, err)       // joins; the file is at path, or an error
 *     collect_free(c)
 *     … end the load …
 *
 * The file appears under its name only when it is whole and passed pprof_check_cpu; it holds the bytes as the server
 * sent them.
 */
#ifndef PROFILER_COLLECT_H
#define PROFILER_COLLECT_H

#include "base/error.h"
#include "profiler/pprof.h"

#define COLLECT_MAX_SECONDS 3600

struct collect; /* opaque */

/* seconds: 1 to 3600 whole seconds, as the Go handler takes them. *ret is owned: collect_free. ERROR_USAGE: seconds;
 * ERROR_INTERNAL: memory, descriptors, threads. */
int collect_start(struct collect **ret, const char *url, unsigned seconds, const char *path, struct error *err);

/* Readable once collect_finish will not wait any more. Belongs to c. */
int collect_poll_fd(const struct collect *c);

/* Waits for the profile, checks it and puts it at path. ERROR_SERVER: the server cannot be reached, goes away, refuses,
 * or sends what is no CPU profile with samples (an idle server, too); ERROR_INTERRUPTED on a stop request;
 * ERROR_INTERNAL: path cannot be written. Call once. */
int collect_finish(struct collect *c, struct pprof_facts *ret_facts, struct error *err);

/* Of a server that wrote its profile to a file when it ended: checks it and puts a copy of the bytes at path.
 * ERROR_SERVER: it is not there, no regular file, too large, or no CPU profile with samples; ERROR_INTERNAL as above.
 */
int collect_file(const char *file, const char *path, struct pprof_facts *ret_facts, struct error *err);

/* Gives the request up if it is still under way. NULL is fine. */
void collect_free(struct collect *c);

#endif
