#include "profile_files.h"

#include "base/fs.h"

static int read_file(const char *path, struct pprof *ret, struct error *err)
{
	CLEANUP(strbuf) struct strbuf bytes = STRBUF_INIT(PPROF_MAX_BYTES);
	if (fs_is_dir(path))
		return error_set(err, ERROR_USAGE, "%s is a folder, not a profile", path);
	if (fs_read(path, &bytes, err) < 0)
		return -1;
	if (pprof_read(ret, bytes.data, bytes.len, err) < 0)
		return error_wrap(err, "%s is not a profile", path);
	return 0;
}

int profile_check_file(const char *path, struct pprof_facts *ret, struct error *err)
{
	CLEANUP(pprof) struct pprof p = PPROF_INIT;
	if (read_file(path, &p, err) < 0)
		return -1;
	return pprof_check_cpu(&p, ret, err) < 0 ? error_wrap(err, "%s", path) : 0;
}

int profile_merge_files(const char *const *paths, size_t n, const char *path, struct pprof_facts *ret,
			struct error *err)
{
	CLEANUP(pprof_merger) struct pprof_merger merger = PPROF_MERGER_INIT;
	CLEANUP(pprof) struct pprof sum = PPROF_INIT;
	CLEANUP(strbuf) struct strbuf bytes = STRBUF_INIT(PPROF_MAX_BYTES);
	for (size_t i = 0; i < n; i++) {
		CLEANUP(pprof) struct pprof p = PPROF_INIT;
		if (read_file(paths[i], &p, err) < 0)
			return -1;
		if (pprof_merger_add(&merger, &p, err) < 0)
			return error_wrap(err, "add %s", paths[i]);
	}
	if (pprof_merger_finish(&merger, &sum, err) < 0 || pprof_check_cpu(&sum, ret, err) < 0)
		return -1;
	if (pprof_write(&sum, true, &bytes, err) < 0)
		return error_wrap(err, "write %s", path);
	return fs_write_atomic(path, bytes.data, bytes.len, 0600, err);
}
