#include "benchmarker/package.h"

#include "base/fs.h"
#include "base/proc.h"
#include "base/stop.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { CHUNK = 256 << 10, MAX_SUMS_BYTES = 1 << 20 };

static const char *const extensions[] = { "tar.gz", "zip", "7z" };

int package_kind_of(const char *name, enum package_kind *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(extensions); i++)
		if (str_eq(extensions[i], name)) {
			*ret = (enum package_kind)i;
			return 0;
		}
	return -1;
}

const char *package_extension(enum package_kind kind)
{
	return extensions[kind];
}

static int fail(struct archive *a, struct error *err)
{
	const char *why = archive_error_string(a);
	errno = archive_errno(a);
	if (errno <= 0) /* one of its own */
		return error_set(err, ERROR_INTERNAL, "libarchive: %s", why ? why : "unknown error");
	bool full = errno == ENOSPC || errno == EDQUOT;
	error_errno(err, ERROR_INTERNAL, "libarchive: %s", why ? why : "error");
	return full ? error_hint(err, "the disk is full: free some space, or choose a folder on another disk") : -1;
}

/* Level 9 takes twice to three times as long for a third of a percent. */
static int set_kind(struct archive *a, enum package_kind kind, struct error *err)
{
	static const struct {
		int (*format)(struct archive *a);
		int (*filter)(struct archive *a);
		const char *options;
	} kinds[] = {
		[PACKAGE_TAR_GZ] = { archive_write_set_format_ustar, archive_write_add_filter_gzip,
				     "gzip:!timestamp,gzip:compression-level=6" },
		[PACKAGE_ZIP] = { archive_write_set_format_zip, archive_write_add_filter_none,
				  "zip:compression=deflate,zip:compression-level=6" },
		[PACKAGE_7Z] = { archive_write_set_format_7zip, archive_write_add_filter_none,
				 "7zip:compression=lzma2,7zip:compression-level=6" },
	};
	if (kinds[kind].format(a) != ARCHIVE_OK || kinds[kind].filter(a) != ARCHIVE_OK ||
	    archive_write_set_options(a, kinds[kind].options) != ARCHIVE_OK)
		return fail(a, err);
	return 0;
}

static int add_bytes(struct archive *a, int fd, const char *path, struct error *err)
{
	AUTO_FREE char *chunk = malloc(CHUNK);
	if (!chunk)
		return error_oom(err);
	for (;;) {
		ssize_t n = read(fd, chunk, CHUNK);
		if (n < 0)
			return error_errno(err, ERROR_INTERNAL, "read %s", path);
		if (n == 0)
			return 0;
		if (archive_write_data(a, chunk, (size_t)n) != n)
			return fail(a, err);
		if (stop_check(err) < 0)
			return -1;
	}
}

/* A file from path, or a folder if that is NULL. */
static int add_entry(struct archive *a, const struct package *p, const char *name, const char *path, mode_t mode,
		     struct error *err)
{
	AUTO_CLOSE int fd = -1;
	struct stat st = { 0 };
	if (path && ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0 || fstat(fd, &st) < 0))
		return error_errno(err, ERROR_INTERNAL, "open %s", path);
	struct archive_entry *e = archive_entry_new();
	if (!e)
		return error_oom(err);
	archive_entry_set_pathname(e, name);
	archive_entry_set_filetype(e, path ? AE_IFREG : AE_IFDIR);
	archive_entry_set_perm(e, mode);
	archive_entry_set_uid(e, 0);
	archive_entry_set_gid(e, 0);
	archive_entry_set_mtime(e, (time_t)p->mtime, 0);
	archive_entry_set_size(e, path ? st.st_size : 0);
	int result = archive_write_header(a, e) == ARCHIVE_OK ? 0 : fail(a, err);
	archive_entry_free(e);
	if (result == 0 && path)
		result = add_bytes(a, fd, path, err);
	return result;
}

static int add_all(struct archive *a, const struct package *p, struct error *err)
{
	AUTO_FREE char *top = str_printf(err, "%s/", p->folder);
	AUTO_FREE char *bin = str_printf(err, "%s/bin/", p->folder);
	AUTO_FREE char *binary = str_printf(err, "%s/bin/%s", p->folder, p->binary_name);
	AUTO_FREE char *licenses = str_printf(err, "%s/%s", p->folder, p->licenses ? p->licenses_name : "");
	if (!top || !bin || !binary || !licenses)
		return -1;
	if (add_entry(a, p, top, NULL, 0755, err) < 0 || add_entry(a, p, bin, NULL, 0755, err) < 0 ||
	    add_entry(a, p, binary, p->binary, 0755, err) < 0)
		return -1;
	return p->licenses ? add_entry(a, p, licenses, p->licenses, 0644, err) : 0;
}

static int write_to(int fd, enum package_kind kind, const struct package *p, struct error *err)
{
	struct archive *a = archive_write_new();
	if (!a)
		return error_oom(err);
	int result = set_kind(a, kind, err);
	if (result == 0 && archive_write_open_fd(a, fd) != ARCHIVE_OK)
		result = fail(a, err);
	if (result == 0)
		result = add_all(a, p, err);
	if (result == 0 && archive_write_close(a) != ARCHIVE_OK)
		result = fail(a, err);
	archive_write_free(a);
	return result;
}

/* zip keeps local time: everybody's shall be UTC. The old zone comes back. */
static int write_in_utc(int fd, enum package_kind kind, const struct package *p, struct error *err)
{
	CLEANUP(strlist) struct strlist zone = STRLIST_INIT;
	if (proc_env_pass(&zone, (const char *const[]){ "TZ", NULL }, err) < 0)
		return -1;
	setenv("TZ", "UTC0", 1);
	tzset();
	int result = write_to(fd, kind, p, err);
	if (zone.len)
		setenv("TZ", zone.items[0] + strlen("TZ="), 1);
	else
		unsetenv("TZ");
	tzset();
	return result;
}

int package_write(const char *path, enum package_kind kind, const struct package *p, struct error *err)
{
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *tmp =
		str_printf(err, "%.*s/.dbdyno-XXXXXX", slash ? (int)(slash - path) : 1, slash ? path : ".");
	if (!tmp)
		return -1;
	AUTO_CLOSE int fd = mkostemp(tmp, O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, ERROR_INTERNAL, "make a file beside %s", path);
	if (write_in_utc(fd, kind, p, err) < 0 ||
	    (fchmod(fd, 0644) < 0 && error_errno(err, ERROR_INTERNAL, "chmod %s", tmp) < 0)) {
		unlink(tmp);
		return error_wrap(err, "write %s", path);
	}
	return fs_commit(tmp, path, err);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int package_write_sums(const char *folder, const struct strlist *names, struct error *err)
{
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(MAX_SUMS_BYTES);
	CLEANUP(strlist) struct strlist sorted = STRLIST_INIT;
	if (strlist_add_all(&sorted, strlist_array(names)) < 0)
		return error_oom(err);
	if (sorted.len)
		qsort(sorted.items, sorted.len, sizeof *sorted.items, by_name);
	for (size_t i = 0; i < sorted.len; i++) {
		char hex[65];
		AUTO_FREE char *path = str_printf(err, "%s/%s", folder, sorted.items[i]);
		if (!path || fs_sha256(path, hex, err) < 0)
			return -1;
		strbuf_addf(&text, "%s  %s\n", hex, sorted.items[i]);
	}
	AUTO_FREE char *sums = str_printf(err, "%s/SHA256SUMS", folder);
	if (!sums || strbuf_check(&text, err) < 0)
		return -1;
	return fs_write_atomic(sums, text.data, text.len, 0644, err);
}
