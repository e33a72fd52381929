/* A folder with a git repository, for the tests that build from one. */
#ifndef TESTS_BUILD_ROOM_H
#define TESTS_BUILD_ROOM_H

#include "base/clock.h"
#include "base/fs.h"
#include "base/proc.h"
#include "check.h"

static char *root; /* the temporary folder that holds all */
static char repository[512];

static void put(const char *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Writes a file, executable if it is a script, and the folders above it. */
static void put(const char *text, const char *fmt, ...)
{
	char path[1024], folder[1024];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(path, sizeof path, fmt, ap);
	va_end(ap);
	snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
	check_ok(fs_mkdirs(folder, 0755, err));
	check_ok(fs_write_atomic(path, text, strlen(text), strncmp(text, "#!", 2) == 0 ? 0755 : 0644, err));
}

/* Runs git in the repository; the first line of what it prints, into line (65 bytes, may be NULL). */
static void run_git(char *line, const char *const *args)
{
	CLEANUP(strlist) struct strlist argv = STRLIST_INIT, env = STRLIST_INIT;
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(1 << 20), tail = STRBUF_INIT(1 << 16);
	const char *const start[] = { "git",
				      "-c",
				      "user.name=A",
				      "-c",
				      "user.email=a@example.com",
				      "-c",
				      "init.defaultBranch=main",
				      "-c",
				      "uploadpack.allowFilter=true",
				      NULL };
	strlist_add_all(&argv, start);
	strlist_add_all(&argv, args);
	check_ok(proc_base_env(&env, err));
	proc_env_set(&env, "HOME", root);
	proc_env_set(&env, "GIT_CONFIG_NOSYSTEM", "1");
	proc_env_set(&env, "GIT_AUTHOR_DATE", "2026-01-01T00:00:00Z"); /* the same SHAs every time */
	proc_env_set(&env, "GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z");
	struct proc_spec spec = PROC_SPEC_INIT;
	spec.argv = strlist_array(&argv);
	spec.env = strlist_array(&env);
	spec.dir = fs_is_dir(repository) ? repository : root;
	check_ok(proc_run(&spec, 60 * NS_PER_SECOND, &out, &tail, err));
	if (line)
		snprintf(line, 65, "%.*s", (int)strcspn(out.data, "\n"), out.data);
}
#define GIT(line, ...) run_git(line, (const char *const[]){ __VA_ARGS__, NULL })

static void commit(char *sha, const char *message)
{
	GIT(NULL, "add", "-A");
	GIT(NULL, "commit", "-q", "-m", message);
	GIT(sha, "rev-parse", "HEAD");
}

#endif
