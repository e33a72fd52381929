#include "profile_files.h"

#include "base/fs.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { MAX_LOOKED_FOR = 64 };

int profile_read_file(const char *path, struct pprof *ret, struct error *err)
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
	if (profile_read_file(path, &p, err) < 0)
		return -1;
	return pprof_check_cpu(&p, ret, err) < 0 ? error_wrap(err, "%s", path) : 0;
}

static int find_factors(const char *const *paths, const double *weights, size_t n, double *factors, struct error *err)
{
	AUTO_FREE uint64_t *value_ns = calloc(n, sizeof *value_ns);
	if (!value_ns)
		return error_oom(err);
	for (size_t i = 0; i < n; i++) {
		struct pprof_facts facts;
		if (profile_check_file(paths[i], &facts, err) < 0)
			return -1;
		value_ns[i] = facts.value_ns;
		if (!facts.value_ns)
			return error_set(err, ERROR_USAGE, "%s: its samples have no CPU time", paths[i]);
	}
	pprof_balance(value_ns, weights, n, factors);
	return 0;
}

int profile_merge_files(const char *const *paths, const double *weights, size_t n, const char *path,
			struct pprof_facts *ret, struct error *err)
{
	CLEANUP(pprof_merger) struct pprof_merger merger = PPROF_MERGER_INIT;
	CLEANUP(pprof) struct pprof sum = PPROF_INIT;
	CLEANUP(strbuf) struct strbuf bytes = STRBUF_INIT(PPROF_MAX_BYTES);
	AUTO_FREE double *factors = calloc(n, sizeof *factors);
	if (!factors)
		return error_oom(err);
	for (size_t i = 0; i < n; i++)
		factors[i] = 1;
	if (weights && find_factors(paths, weights, n, factors, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		CLEANUP(pprof) struct pprof p = PPROF_INIT;
		if (profile_read_file(paths[i], &p, err) < 0)
			return -1;
		if (pprof_merger_add_scaled(&merger, &p, factors[i], err) < 0)
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
	if (profile_read_file(path, &p, err) < 0)
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
