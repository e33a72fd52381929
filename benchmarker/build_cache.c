/* Finished binaries by key: <cache>/bin/<key>/{<binary>,build.json}. */
#include "base/clock.h"
#include "base/fs.h"
#include "benchmarker/build_parts.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

enum { FORMAT = 1, MAX_JSON_BYTES = 256 << 10 };

/* Each part with its length, so that no two lists of parts read the same. */
static void add_part(struct strbuf *text, const char *name, const char *value)
{
	strbuf_addf(text, "%s %zu:%s\n", name, value ? strlen(value) : 0, value ? value : "");
}

int build_key(const struct build_recipe *r, const struct build_place *p, const struct build_spec *spec,
	      const char *commit, char ret_hex[static 65], struct error *err)
{
	struct utsname machine;
	if (uname(&machine) < 0)
		return error_errno(err, ERROR_INTERNAL, "uname");
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(1 << 20);
	strbuf_addf(&text, "dbdyno build %d\n", FORMAT);
	add_part(&text, "machine", machine.machine);
	add_part(&text, "repository", p->repository);
	add_part(&text, "commit", commit);
	add_part(&text, "profile", r->profile_sha256);
	add_part(&text, "go", r->local_version);
	add_part(&text, "flags", r->flags);
	add_part(&text, "module", spec->engine->module_dir);
	add_part(&text, "binary", p->binary);
	if (p->target) /* its settings are among the env */
		add_part(&text, "licenses", spec->engine->licenses);
	for (size_t i = 0; i < r->key_env.len; i++)
		add_part(&text, "env", r->key_env.items[i]);
	if (strbuf_check(&text, err) < 0)
		return -1;
	unsigned char hash[32];
	if (EVP_Digest(text.data, text.len, hash, NULL, EVP_sha256(), NULL) != 1)
		return error_set(err, ERROR_INTERNAL, "cannot hash a build's key");
	for (size_t i = 0; i < sizeof hash; i++)
		snprintf(ret_hex + 2 * i, 3, "%02x", hash[i]);
	return 0;
}

static char *json_string(const cJSON *json, const char *name)
{
	const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));
	return value ? strdup(value) : NULL;
}

static bool has_sha256(const char *path, const char *sha256)
{
	char hex[65];
	return sha256 && fs_sha256(path, hex, NULL) == 0 && str_eq(hex, sha256);
}

/* What an entry of a release holds beside the others. */
static bool fill_release(const cJSON *json, const char *dir, struct build *b)
{
	b->target = json_string(json, "target");
	b->licenses_name = json_string(json, "licenses");
	b->licenses = b->licenses_name ? str_printf(NULL, "%s/licenses", dir) : NULL;
	if (!b->target)
		return true;
	AUTO_FREE char *sha256 = json_string(json, "licenses_sha256");
	return b->commit_seconds && (!b->licenses_name || (b->licenses && has_sha256(b->licenses, sha256)));
}

static bool fill(const cJSON *json, const char *dir, const char *key, struct build *b)
{
	AUTO_FREE char *written_key = json_string(json, "key");
	AUTO_FREE char *binary = json_string(json, "binary");
	const cJSON *bytes = cJSON_GetObjectItemCaseSensitive(json, "binary_bytes"),
		    *seconds = cJSON_GetObjectItemCaseSensitive(json, "commit_seconds");
	if (!str_eq(written_key, key) || !binary || strchr(binary, '/') || !cJSON_IsNumber(bytes))
		return false;
	b->exec = str_printf(NULL, "%s/%s", dir, binary);
	b->commit = json_string(json, "commit");
	b->repository = json_string(json, "repository");
	b->binary_sha256 = json_string(json, "binary_sha256");
	b->profile_sha256 = json_string(json, "profile_sha256");
	b->go_version = json_string(json, "go_version");
	b->flags = json_string(json, "flags");
	b->commit_seconds = cJSON_IsNumber(seconds) ? (int64_t)seconds->valuedouble : 0;
	b->cached = true;
	if (!b->exec || !b->commit || !b->repository || !b->binary_sha256 || !b->go_version || !b->flags)
		return false;
	struct stat st;
	return stat(b->exec, &st) == 0 && S_ISREG(st.st_mode) && (double)st.st_size == bytes->valuedouble &&
	       fs_is_executable(b->exec) && has_sha256(b->exec, b->binary_sha256) && fill_release(json, dir, b);
}

bool build_cache_find(const struct build_place *p, const char *key, struct build *ret)
{
	AUTO_FREE char *dir = str_printf(NULL, "%s/bin/%s", p->cache, key);
	AUTO_FREE char *path = dir ? str_printf(NULL, "%s/build.json", dir) : NULL;
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(MAX_JSON_BYTES);
	if (!path || !fs_exists(path) || fs_read(path, &text, NULL) < 0)
		return false;
	cJSON *json = cJSON_ParseWithLength(text.data, text.len);
	CLEANUP(build) struct build found = BUILD_INIT;
	bool whole = fill(json, dir, key, &found);
	cJSON_Delete(json);
	if (!whole)
		return false;
	*ret = found;
	found = (struct build)BUILD_INIT;
	return true;
}

static int sync_file(const char *path, struct stat *ret, struct error *err)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, ret) < 0 || fsync(fd) < 0)
		return error_errno(err, ERROR_INTERNAL, "write %s", path);
	return 0;
}

static bool add_release(cJSON *json, const struct build *made, const char *licenses_sha256)
{
	return cJSON_AddStringToObject(json, "target", made->target) &&
	       (!made->licenses_name || (cJSON_AddStringToObject(json, "licenses", made->licenses_name) &&
					 cJSON_AddStringToObject(json, "licenses_sha256", licenses_sha256)));
}

static char *print_json(const struct build_place *p, const struct build_spec *spec, const char *key, off_t bytes,
			const struct build *made, const char *licenses_sha256)
{
	cJSON *json = cJSON_CreateObject();
	char built_at[21];
	clock_format_utc(clock_wall_ns() / (int64_t)NS_PER_SECOND, built_at);
	bool ok = cJSON_AddStringToObject(json, "key", key) &&
		  cJSON_AddStringToObject(json, "engine", spec->engine->name) &&
		  cJSON_AddStringToObject(json, "repository", made->repository) &&
		  cJSON_AddStringToObject(json, "commit", made->commit) &&
		  cJSON_AddNumberToObject(json, "commit_seconds", (double)made->commit_seconds) &&
		  cJSON_AddStringToObject(json, "binary", p->binary) &&
		  cJSON_AddNumberToObject(json, "binary_bytes", (double)bytes) &&
		  cJSON_AddStringToObject(json, "binary_sha256", made->binary_sha256) &&
		  (!made->profile_sha256 || cJSON_AddStringToObject(json, "profile_sha256", made->profile_sha256)) &&
		  cJSON_AddStringToObject(json, "go_version", made->go_version) &&
		  cJSON_AddStringToObject(json, "flags", made->flags) &&
		  cJSON_AddStringToObject(json, "built_at", built_at) &&
		  (!made->target || add_release(json, made, licenses_sha256));
	char *text = ok ? cJSON_Print(json) : NULL;
	cJSON_Delete(json);
	return text;
}

int build_cache_add(const struct build_place *p, const struct build_spec *spec, const char *key, const char *work,
		    const struct build *made, struct error *err)
{
	AUTO_FREE char *from = str_printf(err, "%s/bin", work);
	AUTO_FREE char *to = str_printf(err, "%s/bin/%s", p->cache, key);
	AUTO_FREE char *binary = str_printf(err, "%s/bin/%s", work, p->binary);
	AUTO_FREE char *licenses = str_printf(err, "%s/bin/licenses", work);
	AUTO_FREE char *json = str_printf(err, "%s/bin/build.json", work);
	struct stat st;
	char licenses_sha256[65];
	if (!from || !to || !binary || !licenses || !json || sync_file(binary, &st, err) < 0)
		return -1;
	if (made->licenses_name && fs_sha256(licenses, licenses_sha256, err) < 0)
		return -1;
	AUTO_FREE char *text = print_json(p, spec, key, st.st_size, made, licenses_sha256);
	if (!text)
		return error_oom(err);
	if (fs_write_atomic(json, text, strlen(text), 0644, err) < 0 || fs_remove_tree(to, err) < 0)
		return -1;
	return fs_commit(from, to, err);
}

/* A work folder belongs to whoever holds its key's lock; if nobody does, its owner is gone. */
void build_cache_sweep(const struct build_place *p)
{
	AUTO_FREE char *path = str_printf(NULL, "%s/building", p->cache);
	DIR *dir = path ? opendir(path) : NULL;
	for (struct dirent *e; dir && (e = readdir(dir));) {
		AUTO_CLOSE int lock = -1;
		AUTO_FREE char *left = str_printf(NULL, "%s/%s", path, e->d_name);
		AUTO_FREE char *lock_path = str_printf(NULL, "%s/lock/%s", p->cache, e->d_name);
		if (e->d_name[0] != '.' && left && lock_path && fs_lock(lock_path, 0, &lock, NULL) == 0)
			fs_remove_tree(left, NULL);
	}
	if (dir)
		closedir(dir);
}
