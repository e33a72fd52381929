#include "profile_files.h"

#include "base/fs.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { MAX_LOOKED_FOR = 64 };

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

/* Looks for some of them, from all over the profile. */
static bool has_any(const struct pprof *p, uint32_t own, const void *bytes, size_t len)
{
	uint32_t seen = 0, step = own / MAX_LOOKED_FOR + 1;
	for (uint32_t i = 0; i < p->n_functions; i++) {
		const struct pprof_string *name = &p->strings[p->functions[i].name];
		if (pprof_is_own_function(name) && seen++ % step == 0 && memmem(bytes, len, name->data, name->len))
			return true;
	}
	return false;
}

static int look_into(const struct pprof *p, uint32_t own, const char *binary, bool *ret_found, struct error *err)
{
	AUTO_CLOSE int fd = open(binary, O_RDONLY | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_errno(err, ERROR_INTERNAL, "open %s", binary);
	if (st.st_size <= 0)
		return 0;
	void *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return error_errno(err, ERROR_INTERNAL, "read %s", binary);
	*ret_found = has_any(p, own, bytes, (size_t)st.st_size);
	munmap(bytes, (size_t)st.st_size);
	return 0;
}

int profile_check_program(const char *path, const char *binary, struct error *err)
{
	CLEANUP(pprof) struct pprof p = PPROF_INIT;
	if (read_file(path, &p, err) < 0)
		return -1;
	uint32_t own = 0;
	for (uint32_t i = 0; i < p.n_functions; i++)
		own += pprof_is_own_function(&p.strings[p.functions[i].name]);
	bool found = own == 0;
	if (!found && look_into(&p, own, binary, &found, err) < 0)
		return -1;
	if (found)
		return 0;
	error_set(err, ERROR_BUILD, "%s is the profile of another program: the functions that it names are not in %s",
		  path, binary);
	return error_hint(err, "take one of the same program: dbdyno profile");
}
