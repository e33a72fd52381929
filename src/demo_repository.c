#include "demo_repository.h"

#include "base/clock.h"
#include "base/embed.h"
#include "base/fs.h"
#include "base/proc.h"

#include <stdio.h>
#include <string.h>

#define WASTE_NONE "const wastePercent = 0\n"
#define GIT_TIMEOUT_NS (60 * NS_PER_SECOND)

extern const struct embedded_file engine_source_files[];

static int git(const char *dir, struct strbuf *out, struct error *err, const char *const *args)
{
	CLEANUP(strlist) struct strlist argv = STRLIST_INIT, env = STRLIST_INIT;
	CLEANUP(strbuf) struct strbuf ignored = STRBUF_INIT(1 << 16), tail = STRBUF_INIT(2048);
	static const char *const settings[][2] = {
		{ "HOME", "/nonexistent" },
		{ "GIT_CONFIG_NOSYSTEM", "1" },
		{ "GIT_CONFIG_GLOBAL", "/dev/null" },
		{ "GIT_AUTHOR_NAME", "dbdyno" },
		{ "GIT_AUTHOR_EMAIL", "dbdyno@localhost" },
		{ "GIT_COMMITTER_NAME", "dbdyno" },
		{ "GIT_COMMITTER_EMAIL", "dbdyno@localhost" },
		/* Fixed dates: the same sources give the same commits, so a second demo finds its builds in the cache.
		 */
		{ "GIT_AUTHOR_DATE", "2026-01-01T00:00:00Z" },
		{ "GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z" },
	};
	if (proc_base_env(&env, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		if (proc_env_set(&env, settings[i][0], settings[i][1]) < 0)
			return error_oom(err);
	strlist_add(&argv, "git");
	strlist_add_all(&argv, args);
	if (strlist_check(&argv, err) < 0)
		return -1;
	struct proc_spec spec = PROC_SPEC_INIT;
	spec.argv = strlist_array(&argv);
	spec.env = strlist_array(&env);
	spec.dir = dir;
	return proc_run(&spec, GIT_TIMEOUT_NS, out ? out : &ignored, &tail, err);
}

#define GIT(dir, out, err, ...) git(dir, out, err, (const char *const[]){ __VA_ARGS__, NULL })

static int write_sources(const char *dir, struct error *err)
{
	for (const struct embedded_file *f = engine_source_files; f->name; f++) {
		AUTO_FREE char *path = str_printf(err, "%s/%s", dir, f->name);
		if (!path || fs_write_atomic(path, f->data, f->len, 0600, err) < 0)
			return -1;
	}
	return 0;
}

/* waste.go with the constant set. */
static int write_waste(const char *dir, struct error *err)
{
	const struct embedded_file *f = embedded_find(engine_source_files, "waste.go");
	const char *at = f ? strstr(f->data, WASTE_NONE) : NULL;
	AUTO_FREE char *path = str_printf(err, "%s/waste.go", dir);
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(1 << 16);
	if (!path)
		return -1;
	if (!at)
		return error_set(err, ERROR_INTERNAL, "the demo's waste.go has no line \"%.*s\"",
				 (int)strlen(WASTE_NONE) - 1, WASTE_NONE);
	strbuf_add(&text, f->data, (size_t)(at - f->data));
	strbuf_addf(&text, "const wastePercent = %d\n", DEMO_WASTE_PERCENT);
	strbuf_adds(&text, at + strlen(WASTE_NONE));
	return strbuf_check(&text, err) < 0 ? -1 : fs_write_atomic(path, text.data, text.len, 0600, err);
}

static char *commit(const char *dir, const char *message, struct error *err)
{
	CLEANUP(strbuf) struct strbuf sha = STRBUF_INIT(128);
	if (GIT(dir, NULL, err, "add", "--all") < 0 ||
	    GIT(dir, NULL, err, "commit", "--quiet", "--no-verify", "--message", message) < 0 ||
	    GIT(dir, &sha, err, "rev-parse", "HEAD") < 0)
		return NULL;
	sha.data[strcspn(sha.data, "\n")] = 0;
	return strbuf_take(&sha, err);
}

int demo_repository_make(const char *dir, char **ret_good, char **ret_slow, struct error *err)
{
	char message[128];
	snprintf(message, sizeof message, "Burn %d %% of each statement's time once more", DEMO_WASTE_PERCENT);
	if (fs_mkdirs(dir, 0700, err) < 0 ||
	    GIT(dir, NULL, err, "init", "--quiet", "--initial-branch=main", "--template=") < 0 ||
	    write_sources(dir, err) < 0)
		return -1;
	AUTO_FREE char *good = commit(dir, "Add the small database", err);
	if (!good || write_waste(dir, err) < 0)
		return -1;
	AUTO_FREE char *slow = commit(dir, message, err);
	if (!slow)
		return -1;
	*ret_good = TAKE(good);
	*ret_slow = TAKE(slow);
	return 0;
}
