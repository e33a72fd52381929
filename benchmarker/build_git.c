/* Git, called without a shell, without prompts and without the user's or the machine's configuration; a repository's
 * own configuration and hooks are never those of the store. */
#include "base/proc.h"
#include "benchmarker/build_parts.h"

#include <openssl/evp.h>
#include <string.h>

static int git_env(const struct build_place *p, struct strlist *env, struct error *err)
{
	static const char *const passed[] = { "GIT_SSL_CAINFO", "GIT_SSL_CAPATH", NULL };
	static const struct {
		const char *name, *value;
	} fixed[] = {
		{ "GIT_CONFIG_NOSYSTEM", "1" },
		{ "GIT_ATTR_NOSYSTEM", "1" },
		{ "GIT_TERMINAL_PROMPT", "0" },
		{ "GIT_ALLOW_PROTOCOL", "file:git:http:https:ssh" },
		{ "GIT_SSH_COMMAND", "ssh -o BatchMode=yes" },
		{ "LC_ALL", "C" }, /* messages are looked up */
	};
	if (proc_base_env(env, err) < 0 || proc_env_pass(env, passed, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		proc_env_set(env, fixed[i].name, fixed[i].value);
	proc_env_set(env, "HOME", p->home);
	proc_env_set(env, "GIT_CONFIG_GLOBAL", p->git_config);
	/* A repository around the cache must not lend its configuration. */
	CLEANUP(strbuf) struct strbuf ceiling = STRBUF_INIT(8192);
	strbuf_add(&ceiling, p->cache, (size_t)(strrchr(p->cache, '/') - p->cache));
	proc_env_set(env, "GIT_CEILING_DIRECTORIES", ceiling.len ? ceiling.data : "/");
	return strbuf_check(&ceiling, err) < 0 ? -1 : strlist_check(env, err);
}

int build_git(const struct build_place *p, const struct build_spec *spec, const char *store, const char *const *args,
	      const char *index, struct strbuf *out, struct error *err)
{
	CLEANUP(strlist) struct strlist argv = STRLIST_INIT, env = STRLIST_INIT;
	strlist_add(&argv, spec->git ? spec->git : "git");
	if (store)
		strlist_addf(&argv, "--git-dir=%s", store);
	strlist_add_all(&argv, args);
	if (git_env(p, &env, err) < 0)
		return -1;
	if (index)
		proc_env_set(&env, "GIT_INDEX_FILE", index);
	return build_child(p, &argv, &env, p->cache, out, err);
}

char *build_store_path(const struct build_place *p, const char *suffix, struct error *err)
{
	unsigned char hash[32];
	if (EVP_Digest(p->repository, strlen(p->repository), hash, NULL, EVP_sha256(), NULL) != 1) {
		error_set(err, ERROR_INTERNAL, "cannot hash a name");
		return NULL;
	}
	char hex[33];
	for (size_t i = 0; i < 16; i++)
		snprintf(hex + 2 * i, 3, "%02x", hash[i]);
	return str_printf(err, "%s/store/%s%s.git", p->cache, hex, suffix);
}

int build_store_lock(const struct build_place *p, const char *store, int *ret_fd, struct error *err)
{
	return build_lock(p, strrchr(store, '/') + 1, ret_fd, err);
}

int build_store_init(const struct build_place *p, const struct build_spec *spec, const char *store, bool sha256,
		     struct error *err)
{
	const char *args[] = {
		"init", "--bare", "--quiet", "--template=", sha256 ? "--object-format=sha256" : "--object-format=sha1",
		"--",   store,    NULL
	};
	return build_git(p, spec, NULL, args, NULL, NULL, err);
}
