#include "base/proc_table.h"

#include "base/cleanup.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A number that a blank or a line break ends: one that is cut off could lack digits. */
static bool read_number(const char **s, int64_t *ret)
{
	char *end;
	errno = 0;
	*ret = strtoll(*s, &end, 10);
	bool whole = end > *s && errno == 0 && *end && strchr(" \n", *end);
	*s = end;
	return whole;
}

bool proc_stat_parse(const char *text, struct proc_stat *ret)
{
	/* Fields 3 to 20; the second is the program's name in brackets, which may hold anything, brackets too. */
	enum {
		STATE = 3,
		PARENT,
		GROUP,
		MINOR = 10,
		CHILDREN_MINOR,
		MAJOR,
		CHILDREN_MAJOR,
		USER,
		SYSTEM,
		CHILDREN_USER,
		CHILDREN_SYSTEM,
		THREADS = 20
	};
	int64_t v[THREADS + 1];
	const char *s = strrchr(text, ')');
	if (!s || s[1] != ' ' || !s[2] || s[3] != ' ')
		return false;
	s += 4;
	for (int i = STATE + 1; i <= THREADS; i++)
		if (!read_number(&s, &v[i]) || (v[i] < 0 && i >= MINOR && i <= CHILDREN_SYSTEM))
			return false;
	*ret = (struct proc_stat){
		.parent = (pid_t)v[PARENT],
		.group = (pid_t)v[GROUP],
		.minor_faults = (uint64_t)v[MINOR] + (uint64_t)v[CHILDREN_MINOR],
		.major_faults = (uint64_t)v[MAJOR] + (uint64_t)v[CHILDREN_MAJOR],
		.ticks = (uint64_t)v[USER] + (uint64_t)v[SYSTEM],
		.children_ticks = (uint64_t)v[CHILDREN_USER] + (uint64_t)v[CHILDREN_SYSTEM],
		.threads = (uint64_t)v[THREADS],
	};
	return true;
}

static bool read_entry(int proc_dir, const char *name, struct proc_entry *ret)
{
	char path[32], text[512]; /* holds what is parsed: some 100 bytes, and a name of at most 64 */
	struct proc_stat stat;
	if (!isdigit((unsigned char)*name) || snprintf(path, sizeof path, "%s/stat", name) >= (int)sizeof path)
		return false;
	AUTO_CLOSE int fd = openat(proc_dir, path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (n <= 0)
		return false;
	text[n] = 0;
	if (!proc_stat_parse(text, &stat))
		return false;
	*ret = (struct proc_entry){ atoi(name), stat.parent, stat.group };
	return true;
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
