/* "Please stop": how SIGTERM and SIGINT reach every wait in the program.
 *
 * stop_install() once, early in main: SIGTERM, SIGINT and SIGHUP then make stop_fd() readable until
 * stop_acknowledge, and wake every poll that includes it. Every blocking function of this program polls stop_fd()
 * beside what it waits for and returns stop_error() when it fires. Teardown (stopping servers, sealing results) does
 * not look at it. stop_fd() is -1 before stop_install (poll ignores it), so library tests need no set-up.
 *
 *     struct pollfd fds[] = { { .fd = what, .events = POLLIN }, { .fd = stop_fd(), .events = POLLIN } };
 *     if (poll(fds, 2, clock_left_ms(deadline)) …           // EINTR is not an error: the next poll sees stop_fd
 *     if (fds[1].revents)
 *             return stop_error(err);
 *
 * The first signal counts; later ones change nothing (but see stop_acknowledge). Calls are not restarted after these
 * signals (EINTR). SIGPIPE is ignored. SIGHUP stays ignored if it was (nohup). Safe from any thread; nobody else reads
 * from stop_fd().
 */
#ifndef BASE_STOP_H
#define BASE_STOP_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* Failure: ERROR_INTERNAL, no descriptors left. */
int stop_install(struct error *err);
int stop_fd(void);
bool stop_requested(void);
/* ERROR_INTERRUPTED with the signal, if stop was requested: "stopped by SIGTERM". Returns -1. */
int stop_error(struct error *err);
/* 0, or -1 and stop_error when a stop was requested. For loops between two steps. */
int stop_check(struct error *err);
/* For the end of a job: forgets the request that was heard, so that what is finished can still be published by
 * functions that observe stop requests; limit_ns later, or at the next signal, the request stands again. */
void stop_acknowledge(uint64_t limit_ns);

#endif
