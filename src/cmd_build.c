/* dbdyno build: commits to binaries, several at once; for other platforms and in archives if asked. And dolt-builder:
 * the same with the settings of the program of that name. */
#include "base/log.h"
#include "benchmarker/build.h"
#include "benchmarker/package.h"
#include "build_output.h"
#include "command.h"
#include "options.h"
#include "profile_files.h"

#include <string.h>

struct build_options {
	struct options common; /* first: holds opt_seen */
	struct strlist versions, targets, packages;
	char *bin_dir, *package_dir;
};

enum { MAX_BUILDS = 1000 };

/* clang-format off */
#define AT(member) offsetof(struct build_options, member)

#define WHAT(repository_env, engine_default)                                                                                            \
	{ "repository", OPT_STRING, AT(common.from.repository), .value = "URL|PATH", .env = repository_env, .group = "What",                 \
	  .help = "git repository (default: the engine's own)" },                                                                            \
	{ "version", OPT_LIST, AT(versions), .value = "SHA|TAG|BRANCH", .help = "commit to build, repeatable; also as plain arguments" },     \
	{ "profile", OPT_STRING, AT(common.from.profile), .value = "FILE", .help = "CPU profile to build with (go build -pgo)" },             \
	{ "engine", OPT_STRING, AT(common.from.server), .aliases = "server", .value = "ENGINE", .def = engine_default,                       \
	  .help = "engine, which says what to build" },                                                                                      \
	{ "engine-file", OPT_STRING, AT(common.engine_file), .value = "FILE", .help = "engine of your own (docs/engines.md)" }

#define HOW                                                                                                                             \
	{ "cache", OPT_STRING, AT(common.cache), .value = "DIR", .group = "How", .help = "build cache (default: $XDG_CACHE_HOME/dbdyno)" },    \
	{ "jobs", OPT_INT, AT(common.jobs), .min = 0, .max = 1024, .def = "0", .help = "cores; 0: all" },                                     \
	{ "config", OPT_STRING, AT(common.config), .value = "FILE", .group = "Other", .help = "JSON file with options, by flag name" },       \
	{ "json", OPT_BOOL, AT(common.json), .help = "result as JSON" },                                                                      \
	{ "quiet", OPT_BOOL, AT(common.quiet), .help = "errors only on standard error" },                                                     \
	{ "verbose", OPT_BOOL, AT(common.verbose), .help = "more on standard error" }

#define BIN_DIR(folder) \
	{ "bin-dir", OPT_STRING, AT(bin_dir), .value = "DIR", .env = "DOLT_BIN", .def = folder, .help = "also put each binary at DIR/<full SHA>/<binary>" }

static const struct opt build_table[] = {
	WHAT(NULL, "gms"),
	BIN_DIR(NULL),
	{ "target", OPT_LIST, AT(targets), .value = "TARGETS", .group = "Release", .help = "build for these platforms of the engine file: linux/arm64,windows/amd64 or all" },
	{ "package", OPT_LIST, AT(packages), .value = "KINDS", .help = "make archives: tar.gz,zip,7z or auto, what is usual on the platform" },
	{ "package-dir", OPT_STRING, AT(package_dir), .value = "DIR", .help = "folder for them and SHA256SUMS (default: out/release)" },
	HOW, { 0 },
};

static const struct opt dolt_builder_table[] = {
	WHAT("DOLT_REPOSITORY_URL", "dolt"),
	BIN_DIR("doltBin"),
	HOW, { 0 },
};
/* clang-format on */

static void add_problem(struct strlist *problems, const char *flag, const struct error *e)
{
	strlist_addf(problems, "%s: %s%s%s", flag, e->message, e->hint[0] ? "; " : "", e->hint);
}

/* "a,b" among the items becomes two. */
static int split_commas(struct strlist *list, struct error *err)
{
	CLEANUP(strlist) struct strlist parts = STRLIST_INIT;
	for (size_t i = 0; i < list->len; i++)
		for (const char *s = list->items[i]; *s; s += strcspn(s, ",") + (s[strcspn(s, ",")] == ','))
			if (*s != ',')
				strlist_addn(&parts, s, strcspn(s, ","));
	if (strlist_check(&parts, err) < 0)
		return -1;
	struct strlist old = *list;
	*list = parts;
	parts = old;
	return 0;
}

static bool wants_archives(const struct build_options *o)
{
	return o->packages.len || o->package_dir;
}

/* Lists as they are meant: commas, "all", and this machine where archives are asked for and no platform. */
static int complete(struct build_options *o, const struct engine *engine, struct error *err)
{
	if (split_commas(&o->targets, err) < 0 || split_commas(&o->packages, err) < 0)
		return -1;
	if (strlist_has(&o->targets, "all")) {
		strlist_release(&o->targets);
		o->targets = (struct strlist)STRLIST_INIT;
		for (size_t i = 0; i < engine->targets_len; i++)
			strlist_add(&o->targets, engine->targets[i].name);
	}
	if (wants_archives(o) && o->targets.len == 0) {
		AUTO_FREE char *here = build_target_here(err);
		if (!here)
			return -1;
		strlist_add(&o->targets, here);
	}
	return strlist_check(&o->targets, err);
}

static int check_release(const struct build_options *o, const struct engine *engine, struct strlist *problems,
			 struct error *err)
{
	enum package_kind kind;
	for (size_t i = 0; i < o->packages.len; i++)
		if (!str_eq(o->packages.items[i], "auto") && package_kind_of(o->packages.items[i], &kind) < 0)
			strlist_addf(problems, "--package: \"%.40s\" is not auto, tar.gz, zip or 7z",
				     o->packages.items[i]);
	if (wants_archives(o) && o->versions.len > 1)
		strlist_add(problems, "--package: an archive's name holds no version: give one version");
	if (o->targets.len && o->bin_dir)
		strlist_add(problems, "--bin-dir is for binaries of this machine, --target for releases: give one "
				      "of them");
	for (size_t i = 0; i < o->targets.len; i++) {
		bool again = false;
		for (size_t j = 0; j < i; j++)
			again |= str_eq(o->targets.items[i], o->targets.items[j]);
		if (again)
			strlist_addf(problems, "--target: %s is given twice", o->targets.items[i]);
		else if (build_check_target(engine, o->targets.items[i], problems, err) < 0)
			return -1;
	}
	return 0;
}

static int check(struct build_options *o, struct engine *engine, struct strlist *problems, struct error *err)
{
	struct error e = ERROR_INIT;
	const struct side_options *side = &o->common.from;
	if (options_engine(&o->common, side->server, engine, &e) < 0)
		add_problem(problems, "--engine", &e);
	else if (!engine->package)
		strlist_addf(problems, "--engine: %s is not built from a commit", side->server);
	else if (!side->repository && !engine->repository)
		strlist_addf(problems, "--repository: engine %s has no repository of its own", side->server);
	if (side->repository && build_check_repository(side->repository, &e) < 0)
		add_problem(problems, "--repository", &e);
	if (o->versions.len == 0)
		strlist_add(problems, "--version: which commit?");
	for (size_t i = 0; i < o->versions.len; i++)
		if (build_check_version(o->versions.items[i], &e) < 0)
			add_problem(problems, "--version", &e);
	struct pprof_facts facts;
	if (side->profile && profile_check_file(side->profile, &facts, &e) < 0)
		strlist_addf(problems, "--profile: %s", e.message);
	if (complete(o, engine, err) < 0)
		return -1;
	if (o->versions.len * (o->targets.len ? o->targets.len : 1) > MAX_BUILDS)
		strlist_addf(problems, "--version: more than %d builds at once", MAX_BUILDS);
	return engine->package ? check_release(o, engine, problems, err) : 0;
}

struct step {
	const char *version, *target;
};

static void say_step(const char *name, void *data)
{
	const struct step *s = data;
	log_progress(-1, "%s%s%s: %s", s->version, s->target ? " " : "", s->target ? s->target : "", name);
}

/* Every version for every target. */
static void make_specs(const struct build_options *o, const struct engine *engine, const char *cache,
		       struct step *steps, struct build_spec *specs, struct built *all)
{
	size_t targets = o->targets.len ? o->targets.len : 1;
	for (size_t i = 0; i < o->versions.len * targets; i++) {
		const char *version = o->versions.items[i / targets];
		const char *target = o->targets.len ? o->targets.items[i % targets] : NULL;
		all[i].version = version;
		steps[i] = (struct step){ version, target };
		specs[i] = (struct build_spec){
			.engine = engine,
			.repository = o->common.from.repository,
			.version = version,
			.profile = o->common.from.profile,
			.target = target,
			.cache = cache,
			.jobs = (unsigned)o->common.jobs,
			.on_step = say_step,
			.on_step_data = &steps[i],
		};
	}
}

static const char *package_folder(const struct build_options *o)
{
	return o->package_dir ? o->package_dir : "out/release";
}

static int finish(const struct build_options *o, const struct engine *engine, struct built *all, size_t n,
		  struct error *err)
{
	if (o->common.from.profile && profile_check_program(o->common.from.profile, all[0].build.exec, err) < 0)
		return -1;
	for (size_t i = 0; i < n && o->bin_dir; i++)
		if (build_output_install(&all[i], o->bin_dir, err) < 0)
			return -1;
	if (wants_archives(o) && build_output_package(all, n, engine, o->package_dir ? o->package_dir : "out/release",
						      &o->packages, err) < 0)
		return -1;
	return build_output_print(all, n, o->common.json, err);
}

static int build_versions(const struct build_options *o, const struct engine *engine, struct error *err)
{
	size_t n = o->versions.len * (o->targets.len ? o->targets.len : 1);
	AUTO_FREE char *cache = options_cache(o->common.cache, err);
	AUTO_FREE struct build_spec *specs = calloc(n, sizeof *specs);
	AUTO_FREE struct build *builds = calloc(n, sizeof *builds);
	AUTO_FREE struct built *all = calloc(n, sizeof *all);
	AUTO_FREE struct step *steps = calloc(n, sizeof *steps);
	if (!cache)
		return -1;
	if (!specs || !builds || !all || !steps)
		return error_oom(err);
	/* A folder that cannot be made shall not be noticed after an hour of compiling. */
	const char *folder = o->bin_dir ? o->bin_dir : wants_archives(o) ? package_folder(o) : NULL;
	if (folder && build_output_folder(folder, err) < 0)
		return -1;
	make_specs(o, engine, cache, steps, specs, all);
	int result = build_many(builds, specs, n, err);
	log_progress_end();
	for (size_t i = 0; i < n; i++)
		all[i].build = builds[i];
	if (result == 0)
		result = finish(o, engine, all, n, err);
	for (size_t i = 0; i < n; i++)
		built_release(&all[i]);
	return result;
}

static int run_with(const struct command *c, int argc, const char *const *argv, struct error *err)
{
	struct build_options o = { 0 };
	struct engine engine = { 0 };
	bool done = false;
	CLEANUP(strlist) struct strlist problems = STRLIST_INIT, positional = STRLIST_INIT;
	int result = command_parse(c, &o, argc, argv, &positional, &problems, &done, err);
	if (result == 0 && !done) {
		options_log_init(&o.common);
		strlist_add_all(&o.versions, strlist_array(&positional));
		result = check(&o, &engine, &problems, err);
		if (result == 0)
			result = command_problems(&problems, err);
		if (result == 0)
			result = build_versions(&o, &engine, err);
	}
	engine_release(&engine);
	opt_release(c->table, &o);
	strlist_release(&o.targets); /* may have been filled where the table has no such flag */
	return result;
}

static int run(int argc, const char *const *argv, struct error *err)
{
	return run_with(&command_build, argc, argv, err);
}

/* That program takes its one flag with one dash: -profile FILE. */
static int run_dolt_builder(int argc, const char *const *argv, struct error *err)
{
	CLEANUP(strlist) struct strlist args = STRLIST_INIT;
	for (int i = 0; i < argc; i++)
		strlist_addf(&args, "%s%s", argv[i][0] == '-' && strlen(argv[i]) > 2 && argv[i][1] != '-' ? "-" : "",
			     argv[i]);
	if (strlist_check(&args, err) < 0)
		return -1;
	return run_with(&command_dolt_builder, (int)args.len, strlist_array(&args), err);
}

const struct command command_build = {
	.name = "build",
	.usage = "--repository URL|PATH --version V… [flags]",
	.summary = "Build commits, optionally with a profile; prints the binaries' paths.",
	.table = build_table,
	.run = run,
};

const struct command command_dolt_builder = {
	.name = "dolt-builder",
	.usage = "SHA|TAG|BRANCH… [flags]",
	.summary = "Build commits of Dolt to $DOLT_BIN/<SHA>/dolt (default: ./doltBin).",
	.table = dolt_builder_table,
	.run = run_dolt_builder,
};
