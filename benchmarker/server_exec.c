/* Finding a server's program, and asking it for its version. */
#include "base/clock.h"
#include "base/fs.h"
#include "benchmarker/server.h"

#include <string.h>

static const uint64_t version_timeout_ns = 30 * NS_PER_SECOND;

/* PATH of our own allow-listed environment. */
static const char *path_of(const struct strlist *env)
{
	for (size_t i = 0; i < env->len; i++)
		if (str_starts(env->items[i], "PATH="))
			return env->items[i] + strlen("PATH=");
	return "/usr/local/bin:/usr/bin:/bin";
}

static char *find_given(const char *given, const char *path, struct error *err)
{
	AUTO_FREE char *found = fs_find_program(given, path);
	if (!found || !fs_is_executable(found)) {
		error_set(err, ERROR_USAGE, "%s is not a program that can be run", given);
		error_hint(err, strchr(given, '/') ? "is the path right, and the file executable?"
						   : "no folder of PATH has it: give its path");
		return NULL;
	}
	return fs_absolute(found, err);
}

char *server_find_exec(const struct engine *e, const char *given, struct error *err)
{
	CLEANUP(strlist) struct strlist env = STRLIST_INIT;
	CLEANUP(strbuf) struct strbuf path = STRBUF_INIT(64 << 10);
	if (proc_base_env(&env, err) < 0)
		return NULL;
	strbuf_adds(&path, path_of(&env));
	for (size_t i = 0; i < e->exec_path.len; i++)
		strbuf_addf(&path, ":%s", e->exec_path.items[i]);
	if (strbuf_check(&path, err) < 0)
		return NULL;
	if (given)
		return find_given(given, path.data, err);

	CLEANUP(strbuf) struct strbuf names = STRBUF_INIT(4096);
	for (size_t i = 0; i < e->exec_candidates.len; i++) {
		AUTO_FREE char *found = fs_find_program(e->exec_candidates.items[i], path.data);
		if (found && fs_is_executable(found))
			return fs_absolute(found, err);
		strbuf_addf(&names, "%s%s", i ? ", " : "", e->exec_candidates.items[i]);
	}
	error_set(err, ERROR_USAGE, "no server program of engine %s: looked for %s in %s", e->name,
		  names.len ? names.data : "(the engine file names none)", path.data);
	error_hint(err, e->package ? "give a version to build, or the program itself with --from-exec or --to-exec"
				   : "install it, or give the program with --from-exec or --to-exec");
	return NULL;
}

static int run_version(const struct engine *e, const char *exec, const char *home, struct strbuf *out,
		       struct error *err)
{
	const struct engine_variable variables[] = { { "exec", exec }, { "home", home }, { NULL, NULL } };
	CLEANUP(strlist) struct strlist argv = STRLIST_INIT, env = STRLIST_INIT;
	CLEANUP(strbuf) struct strbuf tail = STRBUF_INIT(4096);
	for (size_t i = 0; i < e->version.argv.len; i++) {
		AUTO_FREE char *arg = engine_expand(e->version.argv.items[i], variables, err);
		if (!arg)
			return -1;
		strlist_add(&argv, arg);
	}
	if (proc_base_env(&env, err) < 0)
		return -1;
	proc_env_set(&env, "HOME", home);
	if (strlist_check(&argv, err) < 0 || strlist_check(&env, err) < 0)
		return -1;
	struct proc_spec spec = PROC_SPEC_INIT;
	spec.argv = strlist_array(&argv);
	spec.env = strlist_array(&env);
	spec.dir = home;
	return proc_run(&spec, version_timeout_ns, out, &tail, err);
}

char *server_exec_version(const struct engine *e, const char *exec, struct error *err)
{
	if (!e->version.argv.len)
		return str_dup("", err);
	AUTO_FREE char *home = fs_make_temp_dir("dbdyno-version", err); /* some write a cache there */
	if (!home)
		return NULL;
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(64 << 10);
	int result = run_version(e, exec, home, &out, err);
	fs_remove_tree(home, NULL);
	if (result < 0) {
		if (err && err->kind == ERROR_INTERNAL)
			err->kind = ERROR_SERVER;
		error_wrap(err, "ask %s for its version", exec);
		return NULL;
	}
	CLEANUP(strbuf) struct strbuf line = STRBUF_INIT(256);
	size_t len = strcspn(out.data, "\r\n");
	strbuf_add(&line, out.data, len > 200 ? 200 : len);
	return strbuf_take(&line, err);
}
