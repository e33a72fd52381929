/* Files: whole, bounded, atomic.
 *
 * fs_write_atomic is the only way a result gets its final name: temporary in the same folder, write, fsync, rename,
 * fsync of the folder. After a failure nothing stands under the final name that was not there before, and no
 * temporary is left. Error kind: ERROR_INTERNAL, with the path and a hint where one helps (full disk, read-only).
 */
#ifndef BASE_FS_H
#define BASE_FS_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

int fs_write_atomic(const char *path, const void *data, size_t len, mode_t mode, struct error *err);
/* Streams an open file to its final name the same way. */
int fs_copy_atomic(const char *from, const char *to, mode_t mode, struct error *err);
/* fsync of tmp, rename to path, fsync of the folder. tmp must be in the same file system; it is removed on failure. */
int fs_commit(const char *tmp, const char *path, struct error *err);
/* Whole file appended to out; a file larger than out->max is an error that names the limit. */
int fs_read(const char *path, struct strbuf *out, struct error *err);
/* mkdir -p with mode for the folders it makes. */
int fs_mkdirs(const char *path, mode_t mode, struct error *err);
/* rm -rf that does not follow links and does not leave the tree; a path that is absent is fine. Makes read-only
 * folders (Go's module cache) writable as it goes. */
int fs_remove_tree(const char *path, struct error *err);
bool fs_exists(const char *path);
bool fs_is_dir(const char *path);
bool fs_is_executable(const char *path);
/* The last whole lines of a file, at most max_bytes; "" when it is absent or empty. */
void fs_tail(const char *path, size_t max_bytes, struct strbuf *out);
/* A new folder below $TMPDIR or /tmp with mode 0700: prefix-XXXXXX. Owned string. */
char *fs_make_temp_dir(const char *prefix, struct error *err);
/* Full path of a program: name itself if it has a '/', else its first executable match in path_list ("a:b:c").
 * Owned string, NULL when there is none. */
char *fs_find_program(const char *name, const char *path_list);
/* Absolute path with symbolic links resolved; owned. */
char *fs_absolute(const char *path, struct error *err);
/* SHA-256 of a file in lower-case hex. */
int fs_sha256(const char *path, char ret_hex[static 65], struct error *err);
/* Advisory exclusive lock on path (created with 0600): *ret_fd, closed to unlock. Waits until deadline_ns, observing
 * stop requests. */
int fs_lock(const char *path, uint64_t deadline_ns, int *ret_fd, struct error *err);

#endif
