#include "base/fs.h"

#include "base/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { CHUNK = 64 << 10 };

/* "<what> <path>: <strerror(errno)>", with a hint where the reason has a usual cure. */
static int fail(struct error *err, const char *what, const char *path)
{
	int reason = errno;
	error_errno(err, ERROR_INTERNAL, "%s %s", what, path);
	switch (reason) {
	case ENOSPC:
	case EDQUOT:
		return error_hint(err, "the disk is full: free some space, or choose a folder on another disk");
	case EROFS:
		return error_hint(err, "that file system is read-only: choose another folder, or mount a writable one");
	case EACCES:
	case EPERM:
		return error_hint(err, "this process runs as user %u: check owner and mode", (unsigned)geteuid());
	case EMFILE:
	case ENFILE:
		return error_hint(err, "raise the limit of open files (ulimit -n)");
	default:
		return -1;
	}
}

/* The folder that holds path, as a new string; NULL without memory. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	if (!slash)
		return strdup(".");
	return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

static int sync_folder_of(const char *path, struct error *err)
{
	AUTO_FREE char *folder = folder_of(path);
	if (!folder)
		return error_oom(err);
	AUTO_CLOSE int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail(err, "open folder", folder);
	if (fsync(fd) < 0 && errno != EINVAL) /* EINVAL: this kind of file system has nothing to sync there */
		return fail(err, "sync folder", folder);
	return 0;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Bytes read, 0 at the end, -1 and errno. */
static ssize_t read_some(int fd, void *data, size_t len)
{
	for (;;) {
		ssize_t n = read(fd, data, len);
		if (n >= 0 || errno != EINTR)
			return n;
	}
}

/* A temporary in the folder of path, open for writing. The name does not depend on that of the file, which may be as
 * long as names can be. */
static int open_temporary(const char *path, mode_t mode, char **ret_tmp, struct error *err)
{
	AUTO_FREE char *folder = folder_of(path);
	if (!folder)
		return error_oom(err);
	AUTO_FREE char *tmp = str_printf(err, "%s/.dbdyno-XXXXXX", folder);
	if (!tmp)
		return -1;
	AUTO_CLOSE int fd = mkostemp(tmp, O_CLOEXEC);
	if (fd < 0)
		return fail(err, "write", path);
	if (fchmod(fd, mode) < 0) {
		fail(err, "set the mode of", tmp);
		unlink(tmp);
		return -1;
	}
	*ret_tmp = TAKE(tmp);
	return TAKE_FD(fd);
}

/* Syncs and closes fd, which is tmp, and gives it its name; removes tmp on failure. */
static int finish(int fd, const char *tmp, const char *path, struct error *err)
{
	int synced = fsync(fd);
	int reason = errno;
	int closed = close(fd); /* network file systems report a full disk here */
	if (synced < 0)
		errno = reason;
	if (synced < 0 || closed < 0 || rename(tmp, path) < 0) {
		fail(err, "write", path);
		unlink(tmp);
		return -1;
	}
	return sync_folder_of(path, err);
}

int fs_write_atomic(const char *path, const void *data, size_t len, mode_t mode, struct error *err)
{
	AUTO_FREE char *tmp = NULL;
	AUTO_CLOSE int fd = open_temporary(path, mode, &tmp, err);
	if (fd < 0)
		return -1;
	if (write_all(fd, data, len) < 0) {
		fail(err, "write", path);
		unlink(tmp);
		return -1;
	}
	return finish(TAKE_FD(fd), tmp, path, err);
}

/* Bytes from in to out: in the kernel (shared blocks where the file system can), else through memory. */
static int copy_bytes(int in, int out, const char *from, const char *to, struct error *err)
{
	for (bool any = false;; any = true) {
		ssize_t n = copy_file_range(in, NULL, out, NULL, 1 << 30, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && !any)
			break; /* not between these two: the loop below reports what is really wrong */
		if (n < 0)
			return fail(err, "write", to);
		if (n == 0 && !any)
			break; /* some special files say 0 here, and have bytes for read */
		if (n == 0)
			return 0;
	}
	AUTO_FREE char *buffer = malloc(CHUNK);
	if (!buffer)
		return error_oom(err);
	for (;;) {
		ssize_t n = read_some(in, buffer, CHUNK);
		if (n < 0)
			return fail(err, "read", from);
		if (n == 0)
			return 0;
		if (write_all(out, buffer, (size_t)n) < 0)
			return fail(err, "write", to);
	}
}

/* Opens a regular file for reading; a pipe or device would block, or never end. */
static int open_regular(const char *path, struct stat *ret_st, struct error *err)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, ret_st) < 0)
		return fail(err, "read", path);
	if (!S_ISREG(ret_st->st_mode))
		return error_set(err, ERROR_INTERNAL, "read %s: not a regular file", path);
	return TAKE_FD(fd);
}

int fs_copy_atomic(const char *from, const char *to, mode_t mode, struct error *err)
{
	struct stat st;
	AUTO_CLOSE int in = open_regular(from, &st, err);
	if (in < 0)
		return -1;
	AUTO_FREE char *tmp = NULL;
	AUTO_CLOSE int out = open_temporary(to, mode, &tmp, err);
	if (out < 0)
		return -1;
	if (copy_bytes(in, out, from, to, err) < 0) {
		unlink(tmp);
		return -1;
	}
	return finish(TAKE_FD(out), tmp, to, err);
}

int fs_append(const char *from, const char *to, mode_t mode, struct error *err)
{
	struct stat st;
	AUTO_CLOSE int in = open_regular(from, &st, err);
	if (in < 0)
		return -1;
	AUTO_CLOSE int out = open(to, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, mode);
	return out < 0 ? fail(err, "open", to) : copy_bytes(in, out, from, to, err);
}

int fs_commit(const char *tmp, const char *path, struct error *err)
{
	int fd = open(tmp, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		fail(err, "open", tmp);
		unlink(tmp);
		return -1;
	}
	return finish(fd, tmp, path, err);
}

/* Waits until fd has something to read: at once for a file. Only a pipe can be waited for, and a stop request with it.
 */
static int wait_readable(int fd, struct error *err)
{
	for (;;) {
		struct pollfd fds[] = { { .fd = fd, .events = POLLIN }, { .fd = stop_fd(), .events = POLLIN } };
		int n = poll(fds, 2, -1);
		if (n < 0 && errno != EINTR)
			return error_errno(err, ERROR_INTERNAL, "poll");
		if (n > 0 && fds[0].revents)
			return 0;
		if (n > 0)
			return stop_error(err);
	}
}

/* Reads to the end into out; out->len is restored by the caller on failure. */
static int read_whole(int fd, const char *path, struct strbuf *out, struct error *err)
{
	for (;;) {
		char extra;
		size_t room = out->max - out->len;
		size_t want = room < CHUNK ? room : CHUNK;
		if (strbuf_grow(out, want) < 0)
			return strbuf_check(out, err);
		if (wait_readable(fd, err) < 0)
			return error_wrap(err, "read %s", path);
		ssize_t n = read_some(fd, room ? out->data + out->len : &extra, room ? want : 1);
		if (n < 0 && errno == EAGAIN)
			continue;
		if (n < 0)
			return fail(err, "read", path);
		if (n == 0)
			return 0;
		if (!room)
			return error_set(err, ERROR_INTERNAL, "read %s: larger than the limit of %zu bytes", path,
					 out->max);
		out->len += (size_t)n;
		out->data[out->len] = 0;
	}
}

int fs_read(const char *path, struct strbuf *out, struct error *err)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return fail(err, "read", path);
	size_t before = out->len;
	if (read_whole(fd, path, out, err) < 0) {
		out->len = before;
		if (out->cap)
			out->data[before] = 0;
		return -1;
	}
	return 0;
}

int fs_mkdirs(const char *path, mode_t mode, struct error *err)
{
	AUTO_FREE char *partial = strdup(path);
	if (!partial)
		return error_oom(err);
	for (char *p = partial; *p;) {
		p += strspn(p, "/");
		p += strcspn(p, "/");
		char keep = *p;
		*p = 0;
		/* What is there is judged at the end: a link to a folder is a folder. */
		if (mkdir(partial, mode) < 0 && errno != EEXIST) {
			int reason = errno;
			if (!fs_is_dir(partial)) { /* a read-only file system may say so first */
				errno = reason;
				return fail(err, "make folder", partial);
			}
		}
		*p = keep;
	}
	if (!fs_is_dir(path)) {
		errno = *path ? ENOTDIR : ENOENT;
		return fail(err, "make folder", path);
	}
	return 0;
}

bool fs_exists(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0;
}

bool fs_is_dir(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool fs_is_executable(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* The first byte of the first whole line of text, whose first byte stands at offset at in fd. */
static size_t line_start(int fd, off_t at, const char *text, size_t len)
{
	char before;
	if (at == 0 || (pread(fd, &before, 1, at - 1) == 1 && before == '\n'))
		return 0;
	const char *newline = memchr(text, '\n', len);
	return newline && (size_t)(newline + 1 - text) < len ? (size_t)(newline + 1 - text) : 0;
}

void fs_tail(const char *path, size_t max_bytes, struct strbuf *out)
{
	struct stat st;
	AUTO_CLOSE int fd = open_regular(path, &st, NULL);
	if (fd < 0 || out->failed)
		return;
	size_t room = out->max - out->len;
	size_t want = max_bytes < room ? max_bytes : room;
	if ((uintmax_t)st.st_size < want)
		want = (size_t)st.st_size;
	if (want == 0 || strbuf_grow(out, want) < 0)
		return;
	char *text = out->data + out->len;
	off_t at = st.st_size - (off_t)want;
	size_t len = 0;
	while (len < want) {
		ssize_t n = pread(fd, text + len, want - len, at + (off_t)len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	size_t start = line_start(fd, at, text, len);
	memmove(text, text + start, len - start);
	out->len += len - start;
	out->data[out->len] = 0;
}

char *fs_make_temp_dir(const char *prefix, struct error *err)
{
	/* TMPDIR is the system's convention for where temporaries go, not an option of this program. */
	const char *base = getenv("TMPDIR");
	return fs_make_temp_dir_in(base && *base ? base : "/tmp", prefix, err);
}

char *fs_make_temp_dir_in(const char *parent, const char *prefix, struct error *err)
{
	if (!parent)
		return fs_make_temp_dir(prefix, err);
	AUTO_FREE char *folder = fs_absolute(parent, err);
	if (!folder)
		return NULL;
	AUTO_FREE char *path = str_printf(err, "%s/%s-XXXXXX", folder, prefix);
	if (!path)
		return NULL;
	if (!mkdtemp(path)) {
		fail(err, "make a temporary folder in", folder);
		return NULL;
	}
	return TAKE(path);
}

char *fs_find_program(const char *name, const char *path_list)
{
	if (strchr(name, '/'))
		return strdup(name);
	if (!*name || !path_list)
		return NULL;
	for (const char *p = path_list; *p; p += strspn(p, ":")) {
		size_t len = strcspn(p, ":");
		AUTO_FREE char *candidate = len ? str_printf(NULL, "%.*s/%s", (int)len, p, name) : NULL;
		if (candidate && fs_is_executable(candidate))
			return TAKE(candidate);
		p += len;
	}
	return NULL;
}

char *fs_absolute(const char *path, struct error *err)
{
	char *full = realpath(path, NULL);
	if (!full)
		fail(err, "find", path);
	return full;
}

static void evp_md_ctx_free(EVP_MD_CTX **ctx)
{
	EVP_MD_CTX_free(*ctx);
}

int fs_sha256(const char *path, char ret_hex[static 65], struct error *err)
{
	struct stat st;
	AUTO_CLOSE int fd = open_regular(path, &st, err);
	if (fd < 0)
		return -1;
	AUTO_FREE unsigned char *buffer = malloc(CHUNK);
	__attribute__((cleanup(evp_md_ctx_free))) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	if (!buffer || !ctx || !EVP_DigestInit_ex(ctx, EVP_sha256(), NULL))
		return error_oom(err);
	for (;;) {
		ssize_t n = read_some(fd, buffer, CHUNK);
		if (n < 0)
			return fail(err, "read", path);
		if (n == 0)
			break;
		if (!EVP_DigestUpdate(ctx, buffer, (size_t)n))
			return error_set(err, ERROR_INTERNAL, "SHA-256 of %s failed in libcrypto", path);
	}
	unsigned char digest[32];
	if (!EVP_DigestFinal_ex(ctx, digest, NULL))
		return error_set(err, ERROR_INTERNAL, "SHA-256 of %s failed in libcrypto", path);
	for (size_t i = 0; i < sizeof digest; i++)
		snprintf(ret_hex + 2 * i, 3, "%02x", digest[i]);
	return 0;
}
