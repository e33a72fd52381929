/* What a process and its descendants have used so far. Private to machine_watch.c, which says how it is to be used. */
#ifndef BENCHMARKER_MACHINE_PROCESS_H
#define BENCHMARKER_MACHINE_PROCESS_H

#include "benchmarker/machine_usage.h"

#include <sys/types.h>

/* root: see machine_watch_open. pid 0, or one that is gone: all MACHINE_UNKNOWN. */
void machine_process_read(const char *root, pid_t pid, struct machine_process *ret);

#endif
