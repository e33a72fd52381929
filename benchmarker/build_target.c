/* Builds for other platforms: their settings, their compilers, and what a release must not hold. */
#include "base/fs.h"
#include "base/proc.h"
#include "benchmarker/build_parts.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>

enum { MAX_LICENSES_BYTES = 16 << 20 };

const struct engine_target *build_target_find(const struct engine *e, const char *name)
{
	for (size_t i = 0; i < e->targets_len; i++)
		if (str_eq(e->targets[i].name, name))
			return &e->targets[i];
	return NULL;
}

char *build_target_here(struct error *err)
{
	struct utsname machine;
	if (uname(&machine) < 0) {
		error_errno(err, ERROR_INTERNAL, "uname");
		return NULL;
	}
	const char *arch = str_eq(machine.machine, "x86_64")    ? "amd64"
			   : str_eq(machine.machine, "aarch64") ? "arm64"
								: machine.machine;
	return str_printf(err, "linux/%s", arch);
}

/* The last value that lines give NAME, or NULL. */
static const char *last_value(const struct strlist *lines, const char *name)
{
	size_t len = strlen(name);
	for (size_t i = lines->len; i-- > 0;)
		if (strncmp(lines->items[i], name, len) == 0 && lines->items[i][len] == '=')
			return lines->items[i] + len + 1;
	return NULL;
}

/* What a user may set for one platform, as Go's own build does: CC_FOR_linux_arm64. */
static const char *const overridable[] = { "CC",         "CXX",          "AR",           "PKG_CONFIG",
					   "CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS", "CGO_LDFLAGS" };

static int add_override(const struct engine_target *t, const char *name, struct strlist *ret, struct error *err)
{
	CLEANUP(strlist) struct strlist found = STRLIST_INIT;
	AUTO_FREE char *variable = str_printf(err, "%s_FOR_%s", name, t->name);
	if (!variable)
		return -1;
	*strrchr(variable, '/') = '_';
	if (proc_env_pass(&found, (const char *const[]){ variable, NULL }, err) < 0)
		return -1;
	if (found.len == 0)
		return 0;
	return strlist_addf(ret, "%s=%s", name, found.items[0] + strlen(variable) + 1) < 0 ? error_oom(err) : 0;
}

int build_target_env(const struct engine_target *t, struct strlist *ret, struct error *err)
{
	strlist_add_all(ret, strlist_array(&t->env));
	for (size_t i = 0; i < ARRAY_SIZE(overridable); i++)
		if (add_override(t, overridable[i], ret, err) < 0)
			return -1;
	size_t os = strcspn(t->name, "/");
	strlist_addf(ret, "GOOS=%.*s", (int)os, t->name);
	strlist_addf(ret, "GOARCH=%s", t->name + os + 1);
	return strlist_check(ret, err);
}

/* Who has a compiler, into line. Debian names its cross compilers by their triplet: aarch64-linux-gnu-g++ is in
 * g++-aarch64-linux-gnu. */
static void say_where(const char *program, char line[static 120])
{
	static const struct {
		const char *program, *package;
	} known[] = {
		{ "x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64" },
		{ "x86_64-w64-mingw32-g++", "g++-mingw-w64-x86-64" },
		{ "musl-gcc", "musl-tools" },
		{ "gcc", "gcc" },
		{ "g++", "g++" },
		{ "clang", "clang" },
		{ "clang++", "clang" },
	};
	snprintf(line, 120, "install it");
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (str_eq(known[i].program, program))
			snprintf(line, 120, "Debian's package %s has it", known[i].package);
	if (str_starts(program, "o64-") || str_starts(program, "oa64-"))
		snprintf(line, 120, "osxcross makes it, no package has it");
	size_t len = strlen(program);
	if (len < 60 && strstr(program, "-linux-gnu") && (str_ends(program, "-gcc") || str_ends(program, "-g++"))) {
		snprintf(line, 120, "Debian's package %s-%.*s has it", program + len - 3, (int)len - 4, program);
		for (char *c = line; *c; c++)
			if (*c == '_')
				*c = '-';
	}
}

static int check_compiler(const struct engine_target *t, const struct strlist *lines, const char *variable,
			  const char *path, struct strlist *problems, struct error *err)
{
	const char *command = last_value(lines, variable);
	char name[64];
	snprintf(name, sizeof name, "%s_FOR_%.40s", variable, t->name);
	*strrchr(name, '/') = '_';
	if (!command || !*command) {
		AUTO_FREE char *here = build_target_here(err);
		if (!here)
			return -1;
		if (!str_eq(variable, "CC") || str_eq(here, t->name))
			return 0; /* go's own default; few packages hold C++ */
		return strlist_addf(problems, "--target: %s needs a C compiler (CGO_ENABLED=1): name one in %s",
				    t->name, name);
	}
	AUTO_FREE char *program = strndup(command, strcspn(command, " \t"));
	AUTO_FREE char *found = program ? fs_find_program(program, path) : NULL;
	if (!program)
		return error_oom(err);
	if (found && fs_is_executable(found))
		return 0;
	char where[120];
	say_where(program, where);
	return strlist_addf(problems,
			    "--target: %s needs the compiler %s, which is not here: %s, or name another in %s", t->name,
			    program, where, name);
}

int build_check_target(const struct engine *e, const char *name, struct strlist *problems, struct error *err)
{
	const struct engine_target *t = build_target_find(e, name);
	CLEANUP(strlist) struct strlist lines = STRLIST_INIT, base = STRLIST_INIT;
	CLEANUP(strbuf) struct strbuf list = STRBUF_INIT(8192);
	if (!t) {
		for (size_t i = 0; i < e->targets_len; i++)
			strbuf_addf(&list, "%s%s", i ? ", " : "", e->targets[i].name);
		return strlist_addf(problems,
				    "--target: engine %s is not built for \"%.60s\"; its engine file names %s", e->name,
				    name, e->targets_len ? list.data : "no build.targets");
	}
	strlist_add_all(&lines, strlist_array(&e->build_env));
	if (proc_base_env(&base, err) < 0 || build_target_env(t, &lines, err) < 0)
		return -1;
	if (!str_eq(last_value(&lines, "CGO_ENABLED"), "1"))
		return 0;
	const char *path = last_value(&base, "PATH");
	return check_compiler(t, &lines, "CC", path, problems, err) < 0
		       ? -1
		       : check_compiler(t, &lines, "CXX", path, problems, err);
}

int build_check_generic(const struct build_place *p, const char *work, const char *binary, struct error *err)
{
	AUTO_CLOSE int fd = open(binary, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_errno(err, ERROR_INTERNAL, "open %s", binary);
	if (st.st_size <= 0)
		return error_set(err, ERROR_BUILD, "go built an empty file");
	void *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return error_errno(err, ERROR_INTERNAL, "read %s", binary);
	const char *const folders[] = { work, p->home, p->go_cache, p->mod_cache };
	const char *leaked = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(folders) && !leaked; i++) {
		AUTO_FREE char *inside = str_printf(err, "%s/", folders[i]);
		if (!inside) {
			munmap(bytes, (size_t)st.st_size);
			return -1;
		}
		if (memmem(bytes, (size_t)st.st_size, inside, strlen(inside)))
			leaked = folders[i];
	}
	munmap(bytes, (size_t)st.st_size);
	if (!leaked)
		return 0;
	error_set(err, ERROR_BUILD, "the binary for %s holds a path of this machine, %s", p->target->name, leaked);
	return error_hint(err, "a release must not: do build.env or build.flags of the engine file name a folder?");
}

/* The file within the source tree, whatever links the tree holds; NULL without an error if it is not there. */
static char *inner_file(const char *src, const char *folder, const char *name, struct error *err)
{
	AUTO_FREE char *path = str_printf(err, "%s/%s/%s", src, folder, name);
	if (!path || !fs_exists(path) || fs_is_dir(path))
		return NULL;
	AUTO_FREE char *real = fs_absolute(path, err);
	size_t len = strlen(src);
	return real && strncmp(real, src, len) == 0 && real[len] == '/' ? TAKE(real) : NULL;
}

static char *find_licenses(const struct engine *e, const char *src, struct error *err)
{
	static const char *const names[] = { "LICENSES", "LICENSE", "LICENSE.txt", "LICENSE.md", "COPYING" };
	if (e->licenses) {
		char *found = inner_file(src, ".", e->licenses, err);
		if (!found)
			error_set(err, ERROR_BUILD, "the commit has no %s (build.licenses of engine %s)", e->licenses,
				  e->name);
		return found;
	}
	const char *const folders[] = { e->module_dir ? e->module_dir : ".", "." };
	for (size_t f = 0; f < ARRAY_SIZE(folders); f++)
		for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
			char *found = inner_file(src, folders[f], names[i], err);
			if (found)
				return found;
		}
	return NULL;
}

int build_keep_licenses(const struct engine *e, const char *work, char **ret_name, struct error *err)
{
	AUTO_FREE char *src = str_printf(err, "%s/src", work);
	AUTO_FREE char *to = str_printf(err, "%s/bin/licenses", work);
	struct error why = ERROR_INIT;
	if (!src || !to)
		return -1;
	AUTO_FREE char *from = find_licenses(e, src, &why);
	struct stat st;
	if (!from && why.kind == ERROR_NONE)
		return 0;
	if (!from) {
		if (err)
			*err = why;
		return -1;
	}
	if (stat(from, &st) < 0 || st.st_size > MAX_LICENSES_BYTES)
		return error_set(err, ERROR_BUILD, "%s in the commit is larger than 16 MiB", strrchr(from, '/') + 1);
	if (fs_copy_atomic(from, to, 0644, err) < 0)
		return error_wrap(err, "keep the licences");
	*ret_name = str_dup(strrchr(from, '/') + 1, err);
	return *ret_name ? 0 : -1;
}
