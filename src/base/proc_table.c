#include "base/proc_table.h"

#include "base/cleanup.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Parses proc(5)'s stat line: "pid (name) state ppid pgrp …"; a name may hold anything, so the last ')' ends it. */
static bool read_entry(int proc_dir, const char *name, struct proc_entry *ret)
{
	char path[32], text[512];
	if (!isdigit((unsigned char)*name) || snprintf(path, sizeof path, "%s/stat", name) >= (int)sizeof path)
		return false;
	AUTO_CLOSE int fd = openat(proc_dir, path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (n <= 0)
		return false;
	text[n] = 0;
	const char *after = strrchr(text, ')');
	ret->pid = atoi(name);
	return after && sscanf(after, ") %*c %d %d", &ret->parent, &ret->group) == 2;
}

bool proc_table_find(bool (*visit)(const struct proc_entry *p, void *data), void *data)
{
	DIR *dir = opendir("/proc");
	bool found = false;
	for (struct dirent *e; dir && !found && (e = readdir(dir));) {
		struct proc_entry p;
		found = read_entry(dirfd(dir), e->d_name, &p) && visit(&p, data);
	}
	if (dir)
		closedir(dir);
	return found;
}
