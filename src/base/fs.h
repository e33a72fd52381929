/* Files: whole, bounded, atomic.
 *
 * fs_write_atomic is the only way a result gets its final name: temporary in the same folder, write, fsync, rename,
 * fsync of the folder. After a failure nothing stands under the final name that was not there before, and no
 * temporary is left; only where the very last step, the fsync of the folder, is what fails, the whole new file may
 * stand there. (SIGKILL in the middle can leave a temporary, .dbdyno-XXXXXX.) mode is exact (no umask). Error kind:
 * ERROR_INTERNAL, with the path and a hint where one helps (full disk, read-only). Thread-safe. Nothing here looks at
 * stop requests, so that teardown can use it, but waiting for a pipe in fs_read and for a lock in fs_lock.
 *
 *     if (fs_mkdirs("out/1", 0700, err) < 0 || fs_write_atomic("out/1/report.json", b.data, b.len, 0600, err) < 0)
 *             return error_wrap(err, "write the report");
 *
 *     AUTO_CLOSE int lock = -1;                                    // unlocked when it is closed
 *     if (fs_lock("cache/lock", clock_deadline(60 * NS_PER_SECOND), &lock, err) < 0)
 *             return -1;
 */
#ifndef BASE_FS_H
#define BASE_FS_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

int fs_write_atomic(const char *path, const void *data, size_t len, mode_t mode, struct error *err);
/* Copies a regular file to its final name the same way (in the kernel where the file system can). */
int fs_copy_atomic(const char *from, const char *to, mode_t mode, struct error *err);
/* Copies from behind what is in to, which is made if it is not there. For logs: what was there stays, a part of from
 * may stand behind it after a failure. */
int fs_append(const char *from, const char *to, mode_t mode, struct error *err);
/* fsync of tmp, rename to path, fsync of the folder. tmp must be in the same file system; it is removed on failure. */
int fs_commit(const char *tmp, const char *path, struct error *err);
/* Whole file appended to out; more than fits below out->max is an error that names the limit, and leaves out as it
 * was. Pipes (a shell's <(…)) are read to their end, or until a stop is requested (ERROR_INTERRUPTED). */
int fs_read(const char *path, struct strbuf *out, struct error *err);
/* mkdir -p with mode (less umask) for the folders it makes. */
int fs_mkdirs(const char *path, mode_t mode, struct error *err);
/* rm -rf that does not follow links and does not leave the tree; a path that is absent is fine. Makes read-only
 * folders (Go's module cache) writable as it goes. Any depth; does not enter other file systems mounted inside. */
int fs_remove_tree(const char *path, struct error *err);
bool fs_exists(const char *path);
bool fs_is_dir(const char *path);
bool fs_is_executable(const char *path);
/* Appends the last whole lines of a file, at most max_bytes (the end of the last line, where that alone is longer);
 * nothing when it is absent or empty. */
void fs_tail(const char *path, size_t max_bytes, struct strbuf *out);
/* A new folder with mode 0700 below parent (NULL: $TMPDIR or /tmp): prefix-XXXXXX. Absolute; owned string. */
char *fs_make_temp_dir_in(const char *parent, const char *prefix, struct error *err);
char *fs_make_temp_dir(const char *prefix, struct error *err); /* below $TMPDIR or /tmp */
/* Full path of a program: name itself, looked at or not, if it has a '/'; else its first executable match in path_list
 * ("a:b:c"). Empty elements do not mean the current folder. Owned string, NULL when there is none or no memory. */
char *fs_find_program(const char *name, const char *path_list);
/* Absolute path with symbolic links resolved; owned. */
char *fs_absolute(const char *path, struct error *err);
/* SHA-256 of a file in lower-case hex. */
int fs_sha256(const char *path, char ret_hex[static 65], struct error *err);
/* Advisory exclusive lock on path (created with 0600): *ret_fd, closed to unlock. Waits until deadline_ns, observing
 * stop requests. deadline_ns 0 tries once. A lock file may be
 * removed while it is held: whoever waits for it then takes the new one. Children do not inherit the lock. */
int fs_lock(const char *path, uint64_t deadline_ns, int *ret_fd, struct error *err);

#endif
