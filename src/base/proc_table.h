/* The processes of this machine, as /proc shows them. Private to src/base/proc*.c. */
#ifndef BASE_PROC_TABLE_H
#define BASE_PROC_TABLE_H

#include <stdbool.h>
#include <sys/types.h>

struct proc_entry {
	pid_t pid, parent, group;
};

/* Calls visit for every process; stops at the first that returns true, and returns it. */
bool proc_table_find(bool (*visit)(const struct proc_entry *p, void *data), void *data);

#endif
