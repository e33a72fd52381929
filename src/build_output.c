#include "build_output.h"

#include "base/fs.h"
#include "benchmarker/package.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

void built_release(struct built *b)
{
	build_release(&b->build);
	free(b->installed);
	strlist_release(&b->archives);
}

static const char *base_name(const char *path)
{
	return strrchr(path, '/') + 1;
}

/* Whatever mask this process has for its results. */
int build_output_folder(const char *path, struct error *err)
{
	if (fs_is_dir(path))
		return 0;
	if (fs_mkdirs(path, 0755, err) < 0)
		return -1;
	return chmod(path, 0755) < 0 ? error_errno(err, ERROR_INTERNAL, "chmod %s", path) : 0;
}

static int copy_into(const struct build *b, const char *folder, const char *name, char **ret_path, struct error *err)
{
	AUTO_FREE char *dir = str_printf(err, "%s/%s", folder, name);
	AUTO_FREE char *path = str_printf(err, "%s/%s/%s", folder, name, base_name(b->exec));
	if (!dir || !path || build_output_folder(dir, err) < 0 || fs_copy_atomic(b->exec, path, 0755, err) < 0)
		return -1;
	if (ret_path)
		*ret_path = TAKE(path);
	return 0;
}

/* By a rename, so that the name always leads somewhere. */
static int put_link(const char *folder, const char *name, const char *to, struct error *err)
{
	AUTO_FREE char *path = str_printf(err, "%s/%s", folder, name);
	AUTO_FREE char *tmp = str_printf(err, "%s/.dbdyno-%s-%d", folder, name, (int)getpid());
	if (!path || !tmp)
		return -1;
	unlink(tmp);
	if (symlink(to, tmp) < 0 || rename(tmp, path) < 0) {
		error_errno(err, ERROR_INTERNAL, "link %s to %s", path, to);
		unlink(tmp);
		return -1;
	}
	return 0;
}

int build_output_install(struct built *b, const char *folder, struct error *err)
{
	const char *commit = b->build.commit;
	AUTO_FREE char *root = build_output_folder(folder, err) == 0 ? fs_absolute(folder, err) : NULL;
	if (!root || copy_into(&b->build, root, commit, &b->installed, err) < 0)
		return -1;
	if (str_eq(b->version, commit) || strchr(b->version, '/'))
		return 0;
	AUTO_FREE char *named = str_printf(err, "%s/%s", root, b->version);
	struct stat st;
	if (!named)
		return -1;
	if (lstat(named, &st) == 0 && S_ISDIR(st.st_mode))
		return copy_into(&b->build, root, b->version, NULL, err);
	return put_link(root, b->version, commit, err);
}

static int add_archive(struct built *b, const struct engine *e, const char *folder, enum package_kind kind,
		       struct strlist *names, struct error *err)
{
	AUTO_FREE char *name = str_printf(err, "%s-%s", e->name, b->build.target);
	if (!name)
		return -1;
	*strchr(name + strlen(e->name), '/') = '-';
	AUTO_FREE char *path = str_printf(err, "%s/%s.%s", folder, name, package_extension(kind));
	struct package p = {
		.folder = name,
		.binary = b->build.exec,
		.binary_name = base_name(b->build.exec),
		.licenses = b->build.licenses,
		.licenses_name = b->build.licenses_name,
		.mtime = b->build.commit_seconds,
	};
	if (!path || package_write(path, kind, &p, err) < 0)
		return -1;
	return strlist_add(names, base_name(path)) < 0 || strlist_add(&b->archives, path) < 0 ? error_oom(err) : 0;
}

static int add_archives(struct built *b, const struct engine *e, const char *folder, const struct strlist *kinds,
			struct strlist *names, struct error *err)
{
	CLEANUP(strlist) struct strlist wanted = STRLIST_INIT;
	const struct engine_target *t = build_target_find(e, b->build.target);
	for (size_t i = 0; i == 0 || i < kinds->len; i++) {
		if (kinds->len && !str_eq(kinds->items[i], "auto"))
			strlist_add(&wanted, kinds->items[i]);
		else if (t && t->packages.len)
			strlist_add_all(&wanted, strlist_array(&t->packages));
		else
			strlist_add(&wanted, str_starts(b->build.target, "windows/") ? "zip" : "tar.gz");
	}
	if (strlist_check(&wanted, err) < 0)
		return -1;
	for (size_t i = 0; i < wanted.len; i++) {
		enum package_kind kind;
		bool again = false; /* auto may mean what is named too */
		for (size_t j = 0; j < i; j++)
			again |= str_eq(wanted.items[i], wanted.items[j]);
		if (!again && package_kind_of(wanted.items[i], &kind) == 0 &&
		    add_archive(b, e, folder, kind, names, err) < 0)
			return -1;
	}
	return 0;
}

int build_output_package(struct built *all, size_t n, const struct engine *e, const char *folder,
			 const struct strlist *kinds, struct error *err)
{
	CLEANUP(strlist) struct strlist names = STRLIST_INIT;
	AUTO_FREE char *root = build_output_folder(folder, err) == 0 ? fs_absolute(folder, err) : NULL;
	if (!root)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (add_archives(&all[i], e, root, kinds, &names, err) < 0)
			return -1;
	return package_write_sums(root, &names, err);
}

static cJSON *describe(const struct built *b)
{
	cJSON *o = cJSON_CreateObject(), *archives = NULL;
	bool ok = o && cJSON_AddStringToObject(o, "commit", b->build.commit) &&
		  (!b->build.target || cJSON_AddStringToObject(o, "target", b->build.target)) &&
		  cJSON_AddStringToObject(o, "exec", b->build.exec) &&
		  (!b->installed || cJSON_AddStringToObject(o, "installed", b->installed)) &&
		  cJSON_AddStringToObject(o, "sha256", b->build.binary_sha256) &&
		  cJSON_AddStringToObject(o, "go_version", b->build.go_version) &&
		  cJSON_AddBoolToObject(o, "cached", b->build.cached) &&
		  cJSON_AddNumberToObject(o, "fetch_seconds", (double)b->build.fetch_ns / 1e9) &&
		  cJSON_AddNumberToObject(o, "build_seconds", (double)b->build.build_ns / 1e9) &&
		  (!b->archives.len || (archives = cJSON_AddArrayToObject(o, "archives")));
	for (size_t i = 0; ok && i < b->archives.len; i++)
		ok = cJSON_AddItemToArray(archives, cJSON_CreateString(b->archives.items[i]));
	if (ok)
		return o;
	cJSON_Delete(o);
	return NULL;
}

static int print_json(const struct built *all, size_t n, struct error *err)
{
	cJSON *list = cJSON_CreateArray();
	bool ok = list;
	for (size_t i = 0; ok && i < n; i++)
		ok = cJSON_AddItemToArray(list, describe(&all[i]));
	char *text = ok ? cJSON_Print(list) : NULL;
	cJSON_Delete(list);
	if (!text)
		return error_oom(err);
	printf("%s\n", text);
	free(text);
	return 0;
}

int build_output_print(const struct built *all, size_t n, bool json, struct error *err)
{
	if (json && print_json(all, n, err) < 0)
		return -1;
	for (size_t i = 0; i < n && !json; i++) {
		for (size_t j = 0; j < all[i].archives.len; j++)
			printf("%s\n", all[i].archives.items[j]);
		if (!all[i].archives.len)
			printf("%s\n", all[i].installed ? all[i].installed : all[i].build.exec);
	}
	return fflush(stdout) ? error_errno(err, ERROR_INTERNAL, "write the result") : 0;
}
