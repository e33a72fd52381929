/* dbdyno build: commits to binaries, several at once. */
#include "base/clock.h"
#include "base/log.h"
#include "benchmarker/build.h"
#include "command.h"
#include "options.h"
#include "profile_files.h"

#include <cjson/cJSON.h>
#include <stdio.h>

struct build_options {
	struct options common; /* first: holds opt_seen */
	struct strlist versions;
	char *go;
};

#define AT(member) offsetof(struct build_options, member)

static const struct opt build_table[] = {
	{ "repository", OPT_STRING, AT(common.from.repository), .value = "URL|PATH", .group = "What",
	  .help = "git repository (default: the engine's own)" },
	{ "version", OPT_LIST, AT(versions), .value = "SHA|TAG|BRANCH",
	  .help = "commit to build, repeatable; also as plain arguments" },
	{ "profile", OPT_STRING, AT(common.from.profile), .value = "FILE",
	  .help = "CPU profile to build with (go build -pgo)" },
	{ "engine", OPT_STRING, AT(common.from.server), .aliases = "server", .value = "ENGINE", .def = "gms",
	  .help = "engine, which says what to build" },
	{ "engine-file", OPT_STRING, AT(common.engine_file), .value = "FILE",
	  .help = "engine of your own (docs/engines.md)" },
	{ "cache", OPT_STRING, AT(common.cache), .value = "DIR", .group = "How",
	  .help = "build cache (default: $XDG_CACHE_HOME/dbdyno)" },
	{ "jobs", OPT_INT, AT(common.jobs), .min = 0, .max = 1024, .def = "0", .help = "cores; 0: all" },
	{ "config", OPT_STRING, AT(common.config), .value = "FILE", .group = "Other",
	  .help = "JSON file with options, by flag name" },
	{ "json", OPT_BOOL, AT(common.json), .help = "result as JSON" },
	{ "quiet", OPT_BOOL, AT(common.quiet), .help = "errors only on standard error" },
	{ "verbose", OPT_BOOL, AT(common.verbose), .help = "more on standard error" },
	{ 0 },
};

static void check(const struct build_options *o, struct engine *engine, struct strlist *problems)
{
	struct error e = ERROR_INIT;
	const struct side_options *side = &o->common.from;
	if (options_engine(&o->common, side->server, engine, &e) < 0)
		strlist_addf(problems, "--engine: %s%s%s", e.message, e.hint[0] ? "; " : "", e.hint);
	else if (!engine->package)
		strlist_addf(problems, "--engine: %s is not built from a commit", side->server);
	else if (!side->repository && !engine->repository)
		strlist_addf(problems, "--repository: engine %s has no repository of its own", side->server);
	if (side->repository && build_check_repository(side->repository, &e) < 0)
		strlist_addf(problems, "--repository: %s%s%s", e.message, e.hint[0] ? "; " : "", e.hint);
	if (o->versions.len == 0)
		strlist_add(problems, "--version: which commit?");
	for (size_t i = 0; i < o->versions.len; i++)
		if (build_check_version(o->versions.items[i], &e) < 0)
			strlist_addf(problems, "--version: %s%s%s", e.message, e.hint[0] ? "; " : "", e.hint);
	struct pprof_facts facts;
	if (side->profile && profile_check_file(side->profile, &facts, &e) < 0)
		strlist_addf(problems, "--profile: %s", e.message);
}

static int print_json(const struct build *builds, size_t len, struct error *err)
{
	cJSON *list = cJSON_CreateArray();
	bool ok = list;
	for (size_t i = 0; ok && i < len; i++) {
		cJSON *o = cJSON_CreateObject();
		ok = o && cJSON_AddStringToObject(o, "commit", builds[i].commit) &&
		     cJSON_AddStringToObject(o, "exec", builds[i].exec) &&
		     cJSON_AddStringToObject(o, "sha256", builds[i].binary_sha256) &&
		     cJSON_AddStringToObject(o, "go_version", builds[i].go_version) &&
		     cJSON_AddBoolToObject(o, "cached", builds[i].cached) &&
		     cJSON_AddNumberToObject(o, "fetch_seconds", (double)builds[i].fetch_ns / 1e9) &&
		     cJSON_AddNumberToObject(o, "build_seconds", (double)builds[i].build_ns / 1e9);
		if (!cJSON_AddItemToArray(list, o))
			cJSON_Delete(o);
	}
	char *text = ok ? cJSON_Print(list) : NULL;
	cJSON_Delete(list);
	if (!text)
		return error_oom(err);
	printf("%s\n", text);
	free(text);
	return fflush(stdout) ? error_errno(err, ERROR_INTERNAL, "write the result") : 0;
}

static void say_step(const char *step, void *data)
{
	log_progress(-1, "%s: %s", (const char *)data, step);
}

static int build_versions(const struct build_options *o, const struct engine *engine, struct error *err)
{
	size_t n = o->versions.len;
	AUTO_FREE char *cache = options_cache(o->common.cache, err);
	AUTO_FREE struct build_spec *specs = calloc(n, sizeof *specs);
	AUTO_FREE struct build *builds = calloc(n, sizeof *builds);
	if (!cache)
		return -1;
	if (!specs || !builds)
		return error_oom(err);
	for (size_t i = 0; i < n; i++)
		specs[i] = (struct build_spec){
			.engine = engine,
			.repository = o->common.from.repository,
			.version = o->versions.items[i],
			.profile = o->common.from.profile,
			.cache = cache,
			.jobs = (unsigned)o->common.jobs,
			.on_step = say_step,
			.on_step_data = o->versions.items[i],
		};
	int result = build_many(builds, specs, n, err);
	log_progress_end();
	if (result == 0 && o->common.json)
		result = print_json(builds, n, err);
	for (size_t i = 0; i < n; i++) {
		if (result == 0 && !o->common.json)
			printf("%s\n", builds[i].exec);
		build_release(&builds[i]);
	}
	if (result == 0 && fflush(stdout))
		return error_errno(err, ERROR_INTERNAL, "write the result");
	return result;
}

static int run(int argc, const char *const *argv, struct error *err)
{
	struct build_options o = { 0 };
	struct engine engine = { 0 };
	bool done = false;
	CLEANUP(strlist) struct strlist problems = STRLIST_INIT, positional = STRLIST_INIT;
	int result = command_parse(&command_build, &o, argc, argv, &positional, &problems, &done, err);
	if (result == 0 && !done) {
		options_log_init(&o.common);
		strlist_add_all(&o.versions, strlist_array(&positional));
		check(&o, &engine, &problems);
		result = command_problems(&problems, err);
		if (result == 0)
			result = build_versions(&o, &engine, err);
	}
	engine_release(&engine);
	opt_release(build_table, &o);
	return result;
}

const struct command command_build = {
	.name = "build",
	.usage = "--repository URL|PATH --version V… [flags]",
	.summary = "Build commits, optionally with a profile; prints the binaries' paths.",
	.table = build_table,
	.run = run,
};
