/* The processes of this machine, as /proc shows them. */
#ifndef BASE_PROC_TABLE_H
#define BASE_PROC_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct proc_entry {
	pid_t pid, parent, group;
};

/* Calls visit for every process; stops at the first that returns true, and returns it. */
bool proc_table_find(bool (*visit)(const struct proc_entry *p, void *data), void *data);

/* What /proc/PID/stat says (proc_pid_stat(5)). */
struct proc_stat {
	pid_t parent, group;
	uint64_t minor_faults, major_faults; /* with those of children that ended and were waited for */
	uint64_t ticks;                      /* of CPU time; 100 a second */
	uint64_t children_ticks;             /* of children that ended and were waited for */
	uint64_t threads;
};
/* Any text that ends with a NUL byte. False, and nothing in *ret, if it is no such line, or is cut before the last of
 * these numbers ends. */
bool proc_stat_parse(const char *text, struct proc_stat *ret);

#endif
