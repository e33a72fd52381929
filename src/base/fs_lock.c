#include "base/clock.h"
#include "base/fs.h"
#include "base/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>

enum { FIRST_PAUSE_MS = 5, LONGEST_PAUSE_MS = 200 };

/* True if path still names the file that fd is: else its holder has removed it, and a lock on it excludes nobody. */
static bool is_current(int fd, const char *path)
{
	struct stat mine, named;
	return fstat(fd, &mine) == 0 && stat(path, &named) == 0 && mine.st_dev == named.st_dev &&
	       mine.st_ino == named.st_ino;
}

/* The locked descriptor, -1 and *err, or -1 and *ret_held when another holds it. */
static int try_lock(const char *path, bool *ret_held, struct error *err)
{
	*ret_held = false;
	AUTO_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return error_errno(err, ERROR_INTERNAL, "open lock file %s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		*ret_held = errno == EWOULDBLOCK || errno == EINTR;
		return *ret_held ? -1 : error_errno(err, ERROR_INTERNAL, "lock %s", path);
	}
	if (!is_current(fd, path)) {
		*ret_held = true;
		return -1;
	}
	return TAKE_FD(fd);
}

int fs_lock(const char *path, uint64_t deadline_ns, int *ret_fd, struct error *err)
{
	/* flock(2) can be neither polled nor given a deadline, and a helper thread blocked in it could not be ended
	 * without a signal. So tries are spaced by a timer, which a stop request cuts short. */
	for (int pause_ms = FIRST_PAUSE_MS;; pause_ms = pause_ms < LONGEST_PAUSE_MS ? 2 * pause_ms : LONGEST_PAUSE_MS) {
		bool held;
		int fd = try_lock(path, &held, err);
		if (fd >= 0) {
			*ret_fd = fd;
			return 0;
		}
		if (!held)
			return -1;
		int left_ms = clock_left_ms(deadline_ns);
		if (left_ms == 0) {
			error_set(err, ERROR_INTERNAL, "lock %s: another process holds it", path);
			return error_hint(err, "is another dbdyno at work there? Wait for it, or stop it");
		}
		struct pollfd stop = { .fd = stop_fd(), .events = POLLIN };
		if (poll(&stop, 1, left_ms > 0 && left_ms < pause_ms ? left_ms : pause_ms) > 0) {
			stop_error(err);
			return error_wrap(err, "wait for lock %s", path);
		}
	}
}
