#include "benchmarker/scripts.h"

#include "base/fs.h"
#include "benchmarker/source.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

int scripts_fetch(const struct scripts_spec *spec, const char *dir, char **ret_commit, struct error *err)
{
	const struct source_spec source = { .repository = spec->repository,
					    .version = spec->version,
					    .cache = spec->cache };
	return source_fetch(&source, dir, ret_commit, err);
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
