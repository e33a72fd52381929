/* Finding a server's program, and its version in what it says. */
#include "base/fs.h"
#include "benchmarker/server.h"

#include <ctype.h>
#include <string.h>

enum { VERSION_BYTES = 200 };

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
