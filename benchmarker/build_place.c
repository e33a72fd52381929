#include "base/clock.h"
#include "base/fs.h"
#include "base/proc.h"
#include "benchmarker/build_parts.h"

#include <string.h>

enum { DEFAULT_TIMEOUT_HOURS = 2, MAX_TAIL_BYTES = 64 << 10 };

void build_place_release(struct build_place *p)
{
	free(p->cache);
	free(p->home);
	free(p->git_config);
	free(p->go_cache);
	free(p->mod_cache);
	free(p->repository);
	free(p->binary);
	*p = (struct build_place)BUILD_PLACE_INIT;
}

/* git_config: no hooks; no clean-up in the background, which would outlive us; a named folder may belong to somebody
 * else (a mounted volume), and its owner's code is about to be compiled and run anyway. One pack a fetch, because
 * hundreds of loose objects cost more than a few packs. Files are written by as many workers as there are cores. The
 * window is for a repository on this machine, which packs under this configuration too: its objects are sent as they
 * are stored, for half the time and a hundredth more bytes. */
static const char git_config[] = "[core]\n\thooksPath = /dev/null\n"
				 "[safe]\n\tdirectory = *\n"
				 "[gc]\n\tauto = 0\n"
				 "[maintenance]\n\tauto = false\n"
				 "[fetch]\n\trecurseSubmodules = false\n\tunpackLimit = 1\n"
				 "[checkout]\n\tworkers = 0\n"
				 "[pack]\n\twindow = 0\n"
				 "[credential]\n\thelper =\n";

/* Unless the file holds just that: builds at once share it. */
static int write_file(const char *dir, const char *name, const char *text, struct error *err)
{
	AUTO_FREE char *path = str_printf(err, "%s/%s", dir, name);
	CLEANUP(strbuf) struct strbuf there = STRBUF_INIT(4096);
	if (!path || fs_mkdirs(dir, 0755, err) < 0)
		return -1;
	if (fs_exists(path) && fs_read(path, &there, NULL) == 0 && strcmp(there.data, text) == 0)
		return 0;
	return fs_write_atomic(path, text, strlen(text), 0644, err);
}

static int make_home(struct build_place *p, struct error *err)
{
	/* Go's telemetry would leave files and, now and then, a process behind. */
	AUTO_FREE char *telemetry = str_printf(err, "%s/.config/go/telemetry", p->home);
	if (!telemetry || write_file(telemetry, "mode", "off\n", err) < 0)
		return -1;
	return write_file(p->home, "gitconfig", git_config, err);
}

static int make_folders(const struct build_place *p, struct error *err)
{
	static const char *const names[] = { "store", "lock", "building", "bin" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		AUTO_FREE char *path = str_printf(err, "%s/%s", p->cache, names[i]);
		if (!path || fs_mkdirs(path, 0755, err) < 0)
			return -1;
	}
	return 0;
}

/* A folder that was named by the caller or the environment, or one of the cache's; absolute. An image may bring the
 * modules along, a team may share a folder. */
static char *go_folder(const char *named, const char *variable, const char *own, bool *ret_owns, struct error *err)
{
	CLEANUP(strlist) struct strlist env = STRLIST_INIT;
	if (proc_env_pass(&env, (const char *const[]){ variable, NULL }, err) < 0)
		return NULL;
	if (!named && env.len && env.items[0][strlen(variable) + 1] == '/')
		named = env.items[0] + strlen(variable) + 1;
	*ret_owns = !named;
	if (!named)
		named = own;
	return fs_mkdirs(named, 0755, err) == 0 ? fs_absolute(named, err) : NULL;
}

static int find_go_caches(struct build_place *p, const struct build_spec *spec, struct error *err)
{
	bool owns_go_cache;
	AUTO_FREE char *go_cache = str_printf(err, "%s/go-build", p->cache);
	AUTO_FREE char *mod_cache = str_printf(err, "%s/go-mod", p->cache);
	if (!go_cache || !mod_cache)
		return -1;
	p->go_cache = go_folder(spec->go_cache, "GOCACHE", go_cache, &owns_go_cache, err);
	if (!p->go_cache)
		return -1;
	p->mod_cache = go_folder(spec->mod_cache, "GOMODCACHE", mod_cache, &p->owns_mod_cache, err);
	return p->mod_cache ? 0 : -1;
}

int build_place_open(struct build_place *ret, const struct build_spec *spec, struct error *err)
{
	CLEANUP(build_place) struct build_place p = BUILD_PLACE_INIT;
	const char *repository = spec->repository ? spec->repository : spec->engine->repository;
	p.deadline_ns =
		clock_deadline(spec->timeout_ns ? spec->timeout_ns : DEFAULT_TIMEOUT_HOURS * 3600 * NS_PER_SECOND);
	p.target = spec->target ? build_target_find(spec->engine, spec->target) : NULL;
	if (spec->target && !p.target)
		return error_set(err, ERROR_USAGE, "engine %s is not built for %s", spec->engine->name, spec->target);
	p.binary = str_printf(err, "%s%s", spec->engine->binary,
			      p.target && str_starts(p.target->name, "windows/") ? ".exe" : "");
	p.is_local = fs_is_dir(repository);
	p.repository = p.is_local ? fs_absolute(repository, err) : str_dup(repository, err);
	if (!p.binary || !p.repository || fs_mkdirs(spec->cache, 0755, err) < 0)
		return -1;
	p.cache = fs_absolute(spec->cache, err);
	if (!p.cache)
		return -1;
	p.home = str_printf(err, "%s/home", p.cache);
	p.git_config = str_printf(err, "%s/home/gitconfig", p.cache);
	if (!p.home || !p.git_config || find_go_caches(&p, spec, err) < 0)
		return -1;
	if (make_folders(&p, err) < 0 || make_home(&p, err) < 0)
		return -1;
	*ret = p;
	p = (struct build_place)BUILD_PLACE_INIT;
	return 0;
}

uint64_t build_time_left(const struct build_place *p)
{
	uint64_t now = clock_mono_ns();
	return p->deadline_ns > now ? p->deadline_ns - now : 1;
}

int build_lock(const struct build_place *p, const char *name, int *ret_fd, struct error *err)
{
	AUTO_FREE char *path = str_printf(err, "%s/lock/%s", p->cache, name);
	return path ? fs_lock(path, p->deadline_ns, ret_fd, err) : -1;
}

static const struct {
	const char *said, *hint;
} hints[] = {
	{ "cannot run", "git and go must be installed and in PATH" },
	{ "not our ref", "the commit is not in this repository, or its server gives out none but tips" },
	{ "does not appear to be a git repository", "is the path or URL that of a git repository?" },
	{ "not a git repository", "is the path or URL that of a git repository?" },
	{ "terminal prompts disabled", "it wants a password: clone it first and give the folder" },
	{ "Authentication failed", "it wants a password: clone it first and give the folder" },
	{ "Permission denied (publickey", "it wants a key: clone it first and give the folder" },
	{ "Host key verification failed", "the host's key is unknown: clone it first and give the folder" },
	{ "Could not resolve host", "is there a network, and is the name right?" },
	{ "early EOF", "the connection was cut: try again" },
	{ "unexpected disconnect", "the connection was cut: try again" },
	{ "RPC failed", "the connection was cut: try again" },
	{ "No space left on device", "the disk is full: free some, or name another cache folder" },
	{ "no space left on device", "the disk is full: free some, or name another cache folder" },
	{ "signal: killed", "killed from outside: is there enough memory? fewer jobs at once need less" },
	{ "killed by SIGKILL", "killed from outside: is there enough memory? fewer jobs at once need less" },
	{ "requires go >=", "go.mod asks for a newer Go: install it, or let GOTOOLCHAIN=auto fetch it" },
	{ "toolchain not available", "go.mod asks for a Go that could not be fetched: install it, or see GOPROXY" },
	{ "dial tcp", "a module could not be fetched: is there a network? see GOPROXY" },
	{ "read-only file system", "a module is missing in a module cache that cannot be written: see GOMODCACHE" },
	{ "no such host", "a module could not be fetched: is there a network? see GOPROXY" },
	{ "module lookup disabled", "a module is missing and GOPROXY=off forbids fetching it" },
};

static void add_hint(struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(hints); i++)
		if (strstr(err->detail, hints[i].said) || strstr(err->message, hints[i].said)) {
			error_hint(err, "%s", hints[i].hint);
			return;
		}
}

/* Git's first "fatal: …" line is the reason; "exited with status 128" says nothing. */
static void take_reason(struct error *err)
{
	static const char mark[] = "fatal: ";
	char detail[sizeof err->detail];
	memcpy(detail, err->detail, sizeof detail);
	const char *line = str_starts(detail, mark) ? detail : strstr(detail, "\nfatal: ");
	if (!line)
		return;
	line += (*line == '\n') + strlen(mark);
	error_set(err, err->kind, "git: %.*s", (int)strcspn(line, "\n"), line);
	error_detail(err, detail, strlen(detail));
}

int build_child(const struct build_place *p, const struct strlist *argv, const struct strlist *env, const char *dir,
		struct strbuf *out, struct error *err)
{
	if (strlist_check(argv, err) < 0 || strlist_check(env, err) < 0)
		return -1;
	CLEANUP(strbuf) struct strbuf tail = STRBUF_INIT(MAX_TAIL_BYTES);
	struct proc_spec spec = PROC_SPEC_INIT;
	spec.argv = strlist_array(argv);
	spec.env = strlist_array(env);
	spec.dir = dir;
	struct error why = ERROR_INIT;
	if (proc_run(&spec, build_time_left(p), out, &tail, &why) == 0)
		return 0;
	if (why.kind == ERROR_INTERNAL)
		why.kind = ERROR_BUILD;
	take_reason(&why);
	add_hint(&why);
	if (err)
		*err = why;
	return -1;
}
