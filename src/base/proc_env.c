#include "base/proc.h"

#include <string.h>

extern char **environ;

/* What a program needs to find its tools, its language, and its way through a proxy. Nothing that is a secret of ours:
 * children run foreign code. */
static const char *const allowed[] = {
	"PATH",     "LANG",      "LC_ALL",     "TZ",          "TMPDIR",   "HOME",      "http_proxy",    "https_proxy",
	"no_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR",
};

static const char default_path[] = "PATH=/usr/local/bin:/usr/bin:/bin";

/* True if item is "name=…". */
static bool is_named(const char *item, const char *name, size_t len)
{
	return strncmp(item, name, len) == 0 && item[len] == '=';
}

static bool is_allowed(const char *item)
{
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++)
		if (is_named(item, allowed[i], strlen(allowed[i])))
			return true;
	return false;
}

int proc_base_env(struct strlist *ret, struct error *err)
{
	bool has_path = false;
	for (char **item = environ; item && *item; item++)
		if (is_allowed(*item)) {
			strlist_add(ret, *item);
			has_path |= str_starts(*item, "PATH=");
		}
	if (!has_path)
		strlist_add(ret, default_path);
	return strlist_check(ret, err);
}

int proc_env_set(struct strlist *env, const char *name, const char *value)
{
	size_t len = strlen(name), last = env->len;
	if (strlist_addf(env, "%s=%s", name, value) < 0)
		return -1;
	for (size_t i = 0; i < last; i++)
		if (is_named(env->items[i], name, len)) {
			free(env->items[i]);
			env->items[i] = env->items[last];
			env->items[last] = NULL;
			env->len = last;
			return 0;
		}
	return 0;
}

int proc_env_pass(struct strlist *env, const char *const *names, struct error *err)
{
	for (; *names; names++) {
		size_t len = strlen(*names);
		for (char **item = environ; item && *item; item++)
			if (is_named(*item, *names, len)) {
				proc_env_set(env, *names, *item + len + 1);
				break;
			}
	}
	return strlist_check(env, err);
}
