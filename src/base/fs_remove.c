#include "base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* A tree can be deeper than there are descriptors or stack. A folder this far down is moved up to the root of the tree
 * and removed from there. */
enum { MAX_DEPTH = 64, MAX_EMPTYING_PASSES = 16 };

struct removal {
	int root_fd;
	dev_t dev;        /* other file systems mounted inside are not entered */
	unsigned moved;   /* names used for folders that were moved up */
	int first_reason; /* errno of the first failure, 0: none */
	char first_name[NAME_MAX + 1];
};

static void note_failure(struct removal *r, const char *name)
{
	if (r->first_reason)
		return;
	r->first_reason = errno;
	snprintf(r->first_name, sizeof r->first_name, "%s", name);
}

/* Opens a folder for emptying; one that may not be read, searched or written becomes so first. */
static int open_folder(int parent, const char *name, struct stat *ret_st)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	AUTO_CLOSE int fd = openat(parent, name, flags);
	if (fd < 0 && errno == EACCES && fchmodat(parent, name, 0700, AT_SYMLINK_NOFOLLOW) == 0)
		fd = openat(parent, name, flags);
	if (fd < 0 || fstat(fd, ret_st) < 0)
		return -1;
	if ((ret_st->st_mode & 0700) != 0700 && fchmod(fd, 0700) < 0)
		return -1;
	return TAKE_FD(fd);
}

static bool is_dot(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static unsigned empty_folder(struct removal *r, int fd, unsigned depth);

static void remove_folder(struct removal *r, int parent, const char *name, unsigned depth)
{
	struct stat st;
	AUTO_CLOSE int fd = open_folder(parent, name, &st);
	if (fd < 0) {
		note_failure(r, name);
		return;
	}
	if (st.st_dev != r->dev) {
		errno = EXDEV;
		note_failure(r, name);
		return;
	}
	if (depth >= MAX_DEPTH) {
		char moved[32];
		snprintf(moved, sizeof moved, ".removed-%d-%u", (int)getpid(), r->moved++);
		if (renameat(parent, name, r->root_fd, moved) < 0 && errno != EEXIST && errno != ENOTEMPTY)
			note_failure(r, name);
		return;
	}
	empty_folder(r, fd, depth);
	if (unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT && errno != ENOTEMPTY && errno != EEXIST)
		note_failure(r, name);
}

/* One pass over a folder. Returns how many entries it saw: some may have come, or come back, since. */
static unsigned empty_folder(struct removal *r, int fd, unsigned depth)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	if (!dir) {
		note_failure(r, "a folder");
		if (copy >= 0)
			close(copy);
		return 0;
	}
	rewinddir(dir);
	unsigned seen = 0;
	for (struct dirent *e; (e = readdir(dir));) {
		if (is_dot(e->d_name))
			continue;
		seen++;
		if (unlinkat(fd, e->d_name, 0) == 0 || errno == ENOENT)
			continue;
		if (errno == EISDIR)
			remove_folder(r, fd, e->d_name, depth + 1);
		else
			note_failure(r, e->d_name);
	}
	closedir(dir);
	return seen;
}

/* Empties the root until nothing is left, or a failure shows that nothing will help. */
static void empty_root(struct removal *r)
{
	for (unsigned passes = 0; !r->first_reason;) {
		unsigned moved = r->moved;
		if (empty_folder(r, r->root_fd, 0) == 0)
			return;
		if (moved != r->moved)
			continue;
		if (++passes > MAX_EMPTYING_PASSES) {
			errno = ENOTEMPTY; /* somebody still writes into it */
			note_failure(r, ".");
		}
	}
}

int fs_remove_tree(const char *path, struct error *err)
{
	AUTO_FREE char *plain = strdup(path);
	if (!plain)
		return error_oom(err);
	for (size_t n = strlen(plain); n && plain[n - 1] == '/';)
		plain[--n] = 0; /* "link/" would follow the link */
	if (!*plain || is_dot(plain))
		return error_set(err, ERROR_INTERNAL, "remove \"%s\": refused", path);

	struct stat st;
	AUTO_CLOSE int fd = open_folder(AT_FDCWD, plain, &st);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
		return unlink(plain) == 0 || errno == ENOENT ? 0 : error_errno(err, ERROR_INTERNAL, "remove %s", plain);
	if (fd < 0)
		return error_errno(err, ERROR_INTERNAL, "remove %s", plain);
	struct removal r = { .root_fd = fd, .dev = st.st_dev };
	empty_root(&r);
	if (r.first_reason) {
		errno = r.first_reason;
		return error_errno(err, ERROR_INTERNAL, "remove %s: %s", plain, r.first_name);
	}
	return rmdir(plain) == 0 || errno == ENOENT ? 0 : error_errno(err, ERROR_INTERNAL, "remove %s", plain);
}
