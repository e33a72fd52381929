/* What a process and its descendants have used so far. Private to machine_watch.c, which says how it is to be used.
 *
 * Files of processes and threads stay open between readings, since to open one costs as much as to read it. A file of a
 * process that is gone reads nothing, whoever has its number by then: so it is found, and another is opened.
 */
#ifndef BENCHMARKER_MACHINE_PROCESS_H
#define BENCHMARKER_MACHINE_PROCESS_H

#include "benchmarker/machine_usage.h"

#include <sys/types.h>

/* A file of /proc or of a control group from its beginning, at most size - 1 bytes of it and a NUL byte. list: the
 * kernel gives it a page at a time; any other comes at once. False: it cannot be read. */
bool machine_read_file(int fd, bool list, size_t size, char *ret);

struct machine_files;
struct machine_processes {
	struct machine_files *items; /* owned */
	size_t len;
	size_t threads; /* whose files are open, of all processes */
};
void machine_processes_release(struct machine_processes *p);

/* root: see machine_watch_open. pid 0, or one that is gone: all MACHINE_UNKNOWN. */
void machine_process_read(struct machine_processes *p, const char *root, pid_t pid, struct machine_process *ret);

#endif
