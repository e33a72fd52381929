/* Finding a server's program, and its version in what it says. */
#include "base/clock.h"
#include "base/fs.h"
#include "benchmarker/server.h"

#include <ctype.h>
#include <string.h>

enum { VERSION_BYTES = 200, VERSION_OUTPUT_BYTES = 64 << 10 };

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

/* Lines of the first kilobytes, on one line for a message. */
static void flatten(char *text)
{
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20)
			*c = ' ';
	for (size_t n = strlen(text); n && text[n - 1] == ' ';)
		text[--n] = 0;
}

static int run_version(const struct engine *e, const char *exec, const char *home, struct strbuf *out,
		       struct error *err)
{
	CLEANUP(strlist) struct strlist argv = STRLIST_INIT, env = STRLIST_INIT;
	const struct engine_variable variables[] = { { "exec", exec }, { "home", home }, { NULL, NULL } };
	for (size_t i = 0; i < e->version.argv.len; i++) {
		AUTO_FREE char *word = engine_expand(e->version.argv.items[i], variables, err);
		if (!word)
			return -1;
		strlist_add(&argv, word);
	}
	if (strlist_check(&argv, err) < 0 || proc_base_env(&env, err) < 0 || proc_env_set(&env, "HOME", home) < 0)
		return -1;
	struct proc_spec spec = PROC_SPEC_INIT;
	CLEANUP(strbuf) struct strbuf tail = STRBUF_INIT(4096);
	spec.argv = strlist_array(&argv);
	spec.env = strlist_array(&env);
	spec.dir = home;
	return proc_run(&spec, version_timeout_ns, out, &tail, err);
}

int server_check_exec(const struct engine *e, const char *exec, struct error *err)
{
	if (!e->version_contains && !e->version_excludes)
		return 0;
	AUTO_FREE char *home = fs_make_temp_dir("dbdyno", err);
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(VERSION_OUTPUT_BYTES);
	if (!home)
		return -1;
	int ran = run_version(e, exec, home, &out, err);
	fs_remove_tree(home, NULL);
	if (ran < 0) {
		if (err && err->kind == ERROR_INTERNAL)
			err->kind = ERROR_USAGE;
		return error_wrap(err, "ask %s for its version", exec);
	}
	flatten(out.data);
	if ((!e->version_contains || strstr(out.data, e->version_contains)) &&
	    (!e->version_excludes || !strstr(out.data, e->version_excludes)))
		return 0;
	error_set(err, ERROR_USAGE, "%s is not a program of engine %s: its version is \"%.200s\"", exec, e->name,
		  out.data);
	if (e->mistaken_for)
		error_hint(err, "the engine for it may be %s: --from-server, --to-server, --server", e->mistaken_for);
	return -1;
}

bool server_version_fits(const char *asked, const char *reported)
{
	asked += *asked == 'v';
	reported += *reported == 'v';
	size_t n = strspn(asked, "0123456789.");
	if (!memchr(asked, '.', n) || asked[n] != 0)
		return true;
	return strncmp(asked, reported, n) == 0 && !isdigit((unsigned char)reported[n]);
}

static bool is_version(const char *word, size_t len)
{
	size_t v = *word == 'v';
	return len > v && isdigit((unsigned char)word[v]) && memchr(word, '.', len);
}

const char *server_pick_version(const char *text, size_t *ret_len)
{
	static const char blanks[] = " \t(),;";
	const char *picked = text;
	size_t line = strcspn(text, "\r\n"), len = line;
	for (size_t at = 0; at < line;) {
		at += strspn(text + at, blanks);
		size_t word = strcspn(text + at, " \t(),;\r\n");
		if (is_version(text + at, word)) {
			picked = text + at;
			len = word;
			break;
		}
		at += word;
	}
	*ret_len = len > VERSION_BYTES ? VERSION_BYTES : len;
	return picked;
}
