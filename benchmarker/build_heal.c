/* Damaged Go caches: found by their own check sums after a build failed, and cured, so that it can be tried again. */
#include "base/fs.h"
#include "base/proc.h"
#include "benchmarker/build_parts.h"

#include <dirent.h>
#include <string.h>

/* Go's build cache keeps an output under the SHA-256 of its content: <first two digits>/<64 digits>-d. */
static size_t heal_folder(const char *path)
{
	size_t removed = 0;
	DIR *dir = opendir(path);
	for (struct dirent *e; dir && (e = readdir(dir));) {
		char hex[65];
		if (strspn(e->d_name, "0123456789abcdef") != 64 || strcmp(e->d_name + 64, "-d") != 0)
			continue;
		AUTO_FREE char *file = str_printf(NULL, "%s/%s", path, e->d_name);
		if (file && fs_sha256(file, hex, NULL) == 0 && memcmp(hex, e->d_name, 64) != 0 &&
		    unlinkat(dirfd(dir), e->d_name, 0) == 0)
			removed++;
	}
	if (dir)
		closedir(dir);
	return removed;
}

size_t build_heal_go_cache(const char *dir)
{
	size_t removed = 0;
	for (unsigned i = 0; i < 256; i++) {
		AUTO_FREE char *path = str_printf(NULL, "%s/%02x", dir, i);
		if (path)
			removed += heal_folder(path);
	}
	return removed;
}

/* Are the modules what go.sum says? Only a folder of ours may be thrown away. */
static bool heal_mod_cache(const struct build_recipe *r, const struct build_place *p, const char *module,
			   const struct strlist *env)
{
	CLEANUP(strlist) struct strlist argv = STRLIST_INIT;
	struct error said = ERROR_INIT;
	strlist_add_all(&argv, (const char *const[]){ r->go, "mod", "verify", NULL });
	if (!p->owns_mod_cache || build_child(p, &argv, env, module, NULL, &said) == 0 || said.kind != ERROR_BUILD)
		return false;
	return strstr(said.detail, "has been modified") && fs_remove_tree(p->mod_cache, NULL) == 0;
}

bool build_heal(const struct build_recipe *r, const struct build_place *p, const char *module,
		const struct strlist *env, const struct error *failed)
{
	if (build_heal_go_cache(p->go_cache))
		return true;
	/* An error in the commit's own code names no module with a version: nothing to verify then. */
	return strstr(failed->detail, "@v") && heal_mod_cache(r, p, module, env);
}
