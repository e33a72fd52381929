#include "benchmarker/scripts.h"

#include "base/fs.h"
#include "benchmarker/build_parts.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

static int fetch(const struct build_place *p, const struct build_spec *spec, const char *dir, char **ret_commit,
		 struct error *err)
{
	AUTO_FREE char *commit = build_resolve(p, spec, err);
	if (!commit)
		return error_wrap(err, "version %s of %s", spec->version, p->repository);
	if (build_fetch(p, spec, commit, dir, NULL, err) < 0)
		return error_wrap(err, "fetch %.12s of %s", commit, p->repository);
	AUTO_FREE char *index = str_printf(err, "%s.index", dir);
	if (!index)
		return -1;
	unlink(index);
	*ret_commit = TAKE(commit);
	return 0;
}

int scripts_fetch(const struct scripts_spec *spec, const char *dir, char **ret_commit, struct error *err)
{
	CLEANUP(build_place) struct build_place p = BUILD_PLACE_INIT;
	char name[] = "scripts"; /* nothing is compiled, but a place is made for an engine */
	const struct engine none = { .name = name, .binary = name };
	struct build_spec build = {
		.engine = &none, .repository = spec->repository, .version = spec->version, .cache = spec->cache
	};
	if (build_check_repository(spec->repository, err) < 0 || build_check_version(spec->version, err) < 0)
		return -1;
	if (build_place_open(&p, &build, err) < 0 || fetch(&p, &build, dir, ret_commit, err) < 0) {
		fs_remove_tree(dir, NULL);
		return -1;
	}
	return 0;
}

static int is_script(const struct dirent *e)
{
	return e->d_name[0] != '.' && str_ends(e->d_name, ".lua");
}

/* Bytes, not the locale's order. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* "<hash> <name>\n" for each script, as sha256sum prints them. */
static int list_scripts(const char *dir, struct strbuf *out, struct error *err)
{
	struct dirent **found = NULL;
	int n = scandir(dir, &found, is_script, by_name);
	if (n < 0)
		return error_errno(err, ERROR_USAGE, "read the folder %s", dir);
	int result = 0;
	for (int i = 0; i < n; i++) {
		char hex[65];
		AUTO_FREE char *path = str_printf(err, "%s/%s", dir, found[i]->d_name);
		if (result == 0 && !path)
			result = -1;
		if (result == 0 && fs_exists(path) && !fs_is_dir(path) && (result = fs_sha256(path, hex, err)) == 0)
			strbuf_addf(out, "%s %s\n", hex, found[i]->d_name);
		free(found[i]);
	}
	free(found);
	return result < 0 ? -1 : strbuf_check(out, err);
}

int scripts_hash(const char *dir, char ret_hex[static 65], struct error *err)
{
	CLEANUP(strbuf) struct strbuf list = STRBUF_INIT(16 << 20);
	unsigned char hash[32];
	if (list_scripts(dir, &list, err) < 0)
		return -1;
	if (EVP_Digest(list.data, list.len, hash, NULL, EVP_sha256(), NULL) != 1)
		return error_set(err, ERROR_INTERNAL, "cannot hash the names of scripts");
	for (size_t i = 0; i < sizeof hash; i++)
		snprintf(ret_hex + 2 * i, 3, "%02x", hash[i]);
	return 0;
}
