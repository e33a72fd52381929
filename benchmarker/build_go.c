/* Go, called so that its result depends on nothing but what stands in the key. */
#include "base/clock.h"
#include "base/fs.h"
#include "base/proc.h"
#include "benchmarker/build_parts.h"

#include <string.h>
#include <sys/stat.h>

enum { MAX_LINE_BYTES = 4096 };

/* All that go gets of our environment beside proc_base_env(). Where modules come from is configuration, and a GOPROXY
 * with a password in it is passed on, since private modules need it; of credentials nothing else is. */
static const char *const passed[] = { "GOPROXY",    "GONOPROXY",    "GOSUMDB",        "GONOSUMDB", "GOPRIVATE",
				      "GOINSECURE", "GOVCS",        "GOAMD64",        "GOARM64",   "GOTOOLCHAIN",
				      "GOMAXPROCS", "GOEXPERIMENT", "GIT_SSL_CAINFO", NULL };

/* Those that decide what comes out. */
static const char *const decisive[] = { "GOAMD64", "GOARM64", "GOTOOLCHAIN", "GOEXPERIMENT" };

void build_recipe_release(struct build_recipe *r)
{
	free(r->go);
	free(r->local_version);
	free(r->flags);
	free(r->profile_sha256);
	strlist_release(&r->env);
	strlist_release(&r->key_env);
	*r = (struct build_recipe)BUILD_RECIPE_INIT;
}

static const char *env_get(const struct strlist *env, const char *name)
{
	size_t len = strlen(name);
	for (size_t i = 0; i < env->len; i++)
		if (strncmp(env->items[i], name, len) == 0 && env->items[i][len] == '=')
			return env->items[i] + len + 1;
	return NULL;
}

/* The engine file's lines, and the platform's on top. */
static int add_engine_env(struct build_recipe *r, const struct build_place *p, const struct build_spec *spec,
			  struct error *err)
{
	CLEANUP(strlist) struct strlist lines = STRLIST_INIT;
	strlist_add_all(&lines, strlist_array(&spec->engine->build_env));
	if (p->target && build_target_env(p->target, &lines, err) < 0)
		return -1;
	for (size_t i = 0; i < lines.len; i++) {
		const char *line = lines.items[i], *equals = strchr(line, '=');
		AUTO_FREE char *name = equals ? strndup(line, (size_t)(equals - line)) : NULL;
		if (!name)
			return error_set(err, ERROR_USAGE, "engine %s: build_env \"%s\" is not NAME=value",
					 spec->engine->name, line);
		proc_env_set(&r->env, name, equals + 1);
		strlist_add(&r->key_env, line);
	}
	return strlist_check(&lines, err);
}

static int make_env(struct build_recipe *r, const struct build_place *p, const struct build_spec *spec,
		    struct error *err)
{
	if (proc_base_env(&r->env, err) < 0)
		return -1;
	proc_env_set(&r->env, "GOTOOLCHAIN", "auto");
	if (proc_env_pass(&r->env, passed, err) < 0)
		return -1;
	const struct {
		const char *name, *value;
	} fixed[] = {
		{ "HOME", p->home },
		{ "GOPATH", p->home },
		{ "GOCACHE", p->go_cache },
		{ "GOMODCACHE", p->mod_cache },
		{ "GOENV", "off" },
		/* A folder of ours shall go away with rm -r; one that was given stays as protected as it is. */
		{ "GOFLAGS", p->owns_mod_cache ? "-modcacherw" : "" },
		{ "GIT_CONFIG_NOSYSTEM", "1" }, /* go runs git for modules without a proxy */
		{ "GIT_CONFIG_GLOBAL", p->git_config },
		{ "GIT_TERMINAL_PROMPT", "0" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		proc_env_set(&r->env, fixed[i].name, fixed[i].value);
	if (add_engine_env(r, p, spec, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(decisive); i++) {
		const char *value = env_get(&r->env, decisive[i]);
		strlist_addf(&r->key_env, "%s=%s", decisive[i], value ? value : "");
	}
	return strlist_check(&r->env, err) < 0 ? -1 : strlist_check(&r->key_env, err);
}

static int find_go(struct build_recipe *r, const struct build_spec *spec, struct error *err)
{
	const char *name = spec->go ? spec->go : "go", *path = env_get(&r->env, "PATH");
	AUTO_FREE char *found = fs_find_program(name, path ? path : "/usr/bin:/bin");
	if (!found || !fs_is_executable(found)) {
		error_set(err, ERROR_BUILD, "cannot run %s: there is no such program", name);
		return error_hint(err, "install Go (go.dev/dl) and put it in PATH");
	}
	r->go = fs_absolute(found, err);
	return r->go ? 0 : -1;
}

/* "go version go1.26.8 linux/amd64" → "go1.26.8", in place. */
static const char *parse_version(char *line)
{
	static const char prefix[] = "go version ";
	if (!str_starts(line, prefix))
		return NULL;
	char *version = line + strlen(prefix);
	version[strcspn(version, "\n")] = 0;
	char *platform = strrchr(version, ' ');
	if (!platform)
		return NULL;
	*platform = 0;
	return *version ? version : NULL;
}

static int ask_version(const struct build_recipe *r, const struct build_place *p, struct strbuf *out, struct error *err)
{
	CLEANUP(strlist) struct strlist argv = STRLIST_INIT, env = STRLIST_INIT;
	strlist_add_all(&env, strlist_array(&r->env));
	proc_env_set(&env, "GOTOOLCHAIN", "local"); /* of this program, whatever go.mod stands around the cache */
	strlist_add_all(&argv, (const char *const[]){ r->go, "version", NULL });
	return build_child(p, &argv, &env, p->home, out, err);
}

/* The program's version, remembered by what stat(2) says of it: a cached binary must cost no process. */
static int find_version(struct build_recipe *r, const struct build_place *p, struct error *err)
{
	struct stat st;
	if (stat(r->go, &st) < 0)
		return error_errno(err, ERROR_BUILD, "stat %s", r->go);
	AUTO_FREE char *stamp = str_printf(err, "%s\n%ju %jd %jd.%09ld\n", r->go, (uintmax_t)st.st_ino,
					   (intmax_t)st.st_size, (intmax_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	AUTO_FREE char *memo = str_printf(err, "%s/go-version", p->cache);
	if (!stamp || !memo)
		return -1;
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(2 * MAX_LINE_BYTES);
	size_t stamp_len = strlen(stamp);
	if (fs_exists(memo) && fs_read(memo, &out, NULL) == 0 && str_starts(out.data, stamp))
		memmove(out.data, out.data + stamp_len, out.len - stamp_len + 1);
	else
		strbuf_reset(&out);
	bool known = out.len > 0;
	if (!known && ask_version(r, p, &out, err) < 0)
		return error_wrap(err, "%s version", r->go);
	AUTO_FREE char *line = str_dup(out.data, err);
	if (!line)
		return -1;
	const char *version = parse_version(line);
	if (!version)
		return error_set(err, ERROR_BUILD, "%s version said \"%.80s\": is it Go?", r->go, out.data);
	r->local_version = str_dup(version, err);
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(4 * MAX_LINE_BYTES);
	strbuf_addf(&text, "%s%s", stamp, out.data);
	if (!r->local_version || strbuf_check(&text, err) < 0)
		return -1;
	return known ? 0 : fs_write_atomic(memo, text.data, text.len, 0644, err);
}

/* What decides the result; -o, -p and the profile's place do not. */
static int add_flags(struct strlist *argv, const struct build_place *p, const struct build_spec *spec,
		     const char *profile)
{
	strlist_add(argv, "-trimpath"); /* the folder would be part of every action's id: nothing could be reused */
	strlist_add(argv, "-buildvcs=false"); /* the tree has no .git, and a .git around the cache is not its */
	/* Go's own default would use a committed default.pgo without a word. */
	strlist_addf(argv, "-pgo=%s", profile ? profile : "off");
	strlist_add_all(argv, strlist_array(&spec->engine->build_flags));
	return p->target ? strlist_add_all(argv, strlist_array(&p->target->flags)) : 0;
}

static int make_flags(struct build_recipe *r, const struct build_place *p, const struct build_spec *spec,
		      struct error *err)
{
	CLEANUP(strlist) struct strlist flags = STRLIST_INIT;
	add_flags(&flags, p, spec, spec->profile ? "profile.pprof" : NULL);
	strlist_add(&flags, spec->engine->package);
	CLEANUP(strbuf) struct strbuf line = STRBUF_INIT(16 * MAX_LINE_BYTES);
	for (size_t i = 0; i < flags.len; i++)
		strbuf_addf(&line, "%s%s", i ? " " : "", flags.items[i]);
	if (strlist_check(&flags, err) < 0)
		return -1;
	r->flags = strbuf_take(&line, err);
	return r->flags ? 0 : -1;
}

int build_recipe_make(struct build_recipe *ret, const struct build_place *p, const struct build_spec *spec,
		      struct error *err)
{
	CLEANUP(build_recipe) struct build_recipe r = BUILD_RECIPE_INIT;
	if (make_env(&r, p, spec, err) < 0 || find_go(&r, spec, err) < 0 || find_version(&r, p, err) < 0 ||
	    make_flags(&r, p, spec, err) < 0)
		return -1;
	if (spec->profile) {
		char hex[65];
		if (fs_sha256(spec->profile, hex, err) < 0)
			return error_wrap(err, "profile");
		r.profile_sha256 = str_dup(hex, err);
		if (!r.profile_sha256)
			return -1;
	}
	*ret = r;
	r = (struct build_recipe)BUILD_RECIPE_INIT;
	return 0;
}

/* The module's folder within the source tree: really within it, whatever links the tree holds. */
static char *module_folder(const struct build_spec *spec, const char *src, struct error *err)
{
	const char *dir = spec->engine->module_dir ? spec->engine->module_dir : ".";
	AUTO_FREE char *path = str_printf(err, "%s/%s", src, dir);
	if (!path)
		return NULL;
	AUTO_FREE char *real = fs_is_dir(path) ? fs_absolute(path, err) : NULL;
	size_t len = strlen(src);
	AUTO_FREE char *mod = str_printf(err, "%s/go.mod", real ? real : path);
	bool within = real && strncmp(real, src, len) == 0 && (real[len] == 0 || real[len] == '/');
	if (!within || !mod || !fs_exists(mod)) {
		error_set(err, ERROR_BUILD, "the commit has no %s%sgo.mod", strcmp(dir, ".") == 0 ? "" : dir,
			  strcmp(dir, ".") == 0 ? "" : "/");
		error_hint(err, "is it the repository of engine %s?", spec->engine->name);
		return NULL;
	}
	return TAKE(real);
}

/* A go.work of the source tree counts, one of a folder around the cache does not. */
static int set_workspace(struct strlist *env, const char *src, const char *module, struct error *err)
{
	AUTO_FREE char *dir = str_dup(module, err);
	if (!dir)
		return -1;
	while (strlen(dir) >= strlen(src)) {
		AUTO_FREE char *work = str_printf(err, "%s/go.work", dir);
		if (!work)
			return -1;
		if (fs_exists(work))
			return proc_env_set(env, "GOWORK", work);
		*strrchr(dir, '/') = 0;
	}
	return proc_env_set(env, "GOWORK", "off");
}

/* The profile as Go shall see it: under a fixed name, because that gets into the binary, and unchanging. */
static int copy_profile(const struct build_recipe *r, const struct build_spec *spec, const char *to, struct error *err)
{
	char hex[65];
	if (fs_copy_atomic(spec->profile, to, 0644, err) < 0 || fs_sha256(to, hex, err) < 0)
		return error_wrap(err, "profile");
	if (strcmp(hex, r->profile_sha256) != 0)
		return error_set(err, ERROR_BUILD, "profile %s changed while it was read", spec->profile);
	return 0;
}

/* "<path>: go1.26.8 X:nogreenteagc\n" → what follows the path. */
static int read_version(const struct build_recipe *r, const struct build_place *p, const char *binary,
			const struct strlist *env, char **ret, struct error *err)
{
	CLEANUP(strlist) struct strlist argv = STRLIST_INIT, local = STRLIST_INIT;
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(4 * MAX_LINE_BYTES);
	strlist_add_all(&local, strlist_array(env));
	proc_env_set(&local, "GOTOOLCHAIN", "local");
	strlist_add_all(&argv, (const char *const[]){ r->go, "version", binary, NULL });
	struct error why = ERROR_INIT;
	int failed = build_child(p, &argv, &local, p->home, &out, &why);
	if (failed && why.kind == ERROR_INTERRUPTED) {
		if (err)
			*err = why;
		return -1;
	}
	size_t len = strlen(binary);
	if (failed || !str_starts(out.data, binary) || !str_starts(out.data + len, ": go"))
		return error_set(err, ERROR_BUILD, "what go built is no program: is the package a \"main\"?");
	out.data[len + strcspn(out.data + len, "\n")] = 0;
	*ret = str_dup(out.data + len + 2, err);
	return *ret ? 0 : -1;
}

char *build_group(const struct build_recipe *r, const struct build_place *p, struct error *err)
{
	char *group = str_printf(err, "compile-%.16s%s%s", r->profile_sha256 ? r->profile_sha256 : "plain",
				 p->target ? "-" : "", p->target ? p->target->name : "");
	for (char *c = group; c && *c; c++)
		if (*c == '/')
			*c = '-';
	return group;
}

static int try_build(const struct build_recipe *r, const struct build_place *p, const char *module,
		     const struct strlist *argv, const struct strlist *env, struct error *err)
{
	struct error first = ERROR_INIT;
	if (build_child(p, argv, env, module, NULL, &first) == 0)
		return 0;
	/* Whatever a damaged cache makes go say, a look into the cache tells it from an error in the code. */
	if (first.kind == ERROR_BUILD && build_heal(r, p, module, env, &first))
		return build_child(p, argv, env, module, NULL, err);
	if (err)
		*err = first;
	return -1;
}

static int run_build(const struct build_recipe *r, const struct build_place *p, const struct build_spec *spec,
		     const char *module, const char *binary, const char *profile, const struct strlist *env,
		     struct error *err)
{
	/* Builds of one group compile the same packages: at once each would compile them all, one after the other the
	 * second finds them in Go's cache. */
	AUTO_CLOSE int lock = -1;
	AUTO_FREE char *group = build_group(r, p, err);
	if (!group || build_lock(p, group, &lock, err) < 0)
		return -1;
	unsigned jobs = p->crew ? build_crew_enter(p->crew) : spec->jobs;
	CLEANUP(strlist) struct strlist argv = STRLIST_INIT;
	strlist_add_all(&argv, (const char *const[]){ r->go, "build", NULL });
	add_flags(&argv, p, spec, profile);
	if (jobs)
		strlist_addf(&argv, "-p=%u", jobs);
	strlist_add_all(&argv, (const char *const[]){ "-o", binary, spec->engine->package, NULL });
	int failed = try_build(r, p, module, &argv, env, err);
	if (p->crew)
		build_crew_leave(p->crew);
	return failed;
}

int build_compile(const struct build_recipe *r, const struct build_place *p, const struct build_spec *spec,
		  const char *work, char **ret_version, struct error *err)
{
	CLEANUP(strlist) struct strlist env = STRLIST_INIT;
	AUTO_FREE char *src = str_printf(err, "%s/src", work);
	AUTO_FREE char *tmp = str_printf(err, "%s/tmp", work);
	AUTO_FREE char *bin = str_printf(err, "%s/bin", work);
	AUTO_FREE char *profile = str_printf(err, "%s/profile.pprof", work);
	AUTO_FREE char *binary = str_printf(err, "%s/bin/%s", work, p->binary);
	if (!src || !tmp || !bin || !profile || !binary)
		return -1;
	AUTO_FREE char *module = module_folder(spec, src, err);
	if (!module || fs_mkdirs(tmp, 0755, err) < 0 || fs_mkdirs(bin, 0755, err) < 0)
		return -1;
	if (spec->profile && copy_profile(r, spec, profile, err) < 0)
		return -1;
	strlist_add_all(&env, strlist_array(&r->env));
	proc_env_set(&env, "GOTMPDIR", tmp); /* what a killed go leaves behind goes with the work folder */
	proc_env_set(&env, "TMPDIR", tmp);
	if (set_workspace(&env, src, module, err) < 0 || strlist_check(&env, err) < 0)
		return -1;
	if (run_build(r, p, spec, module, binary, spec->profile ? profile : NULL, &env, err) < 0)
		return -1;
	return read_version(r, p, binary, &r->env, ret_version, err);
}
