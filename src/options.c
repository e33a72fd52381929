#include "options.h"

#include "base/fs.h"
#include "benchmarker/build.h"
#include "benchmarker/engine.h"
#include "benchmarker/workload.h"
#include "net/s3.h"

#include <string.h>

/* clang-format off */
#define AT(member) offsetof(struct options, member)

#define SIDE(side, text, first_group)                                                                                                   \
	{ #side "-server", OPT_STRING, AT(side.server), .value = "ENGINE", .def = "gms", .group = first_group, .help = text ": engine (gms, mariadb, postgres, dolt)" }, \
	{ #side "-version", OPT_STRING, AT(side.version), .value = "SHA|TAG|BRANCH", .help = text ": commit to build" },                     \
	{ #side "-repository", OPT_STRING, AT(side.repository), .value = "URL|PATH", .help = text ": git repository to build from (default: the engine's own)" }, \
	{ #side "-exec", OPT_STRING, AT(side.exec), .value = "PROGRAM", .help = text ": server program that is already there; nothing is built" }, \
	{ #side "-profile", OPT_STRING, AT(side.profile), .value = "FILE|S3URL", .help = text ": CPU profile to build with (go build -pgo)" }, \
	{ #side "-profile-key", OPT_STRING, AT(side.profile_key), .value = "KEY", .help = text ": the same as a key in --bucket" }

#define ONE_SERVER                                                                                                                      \
	{ "server", OPT_STRING, AT(from.server), .value = "ENGINE", .def = "gms", .group = "Server", .help = "engine (gms, dolt)" },          \
	{ "version", OPT_STRING, AT(from.version), .value = "SHA|TAG|BRANCH", .help = "commit to build" },                                    \
	{ "repository", OPT_STRING, AT(from.repository), .value = "URL|PATH", .help = "git repository to build from (default: the engine's own)" }

#define LOAD                                                                                                                            \
	{ "engine-file", OPT_STRING, AT(engine_file), .value = "FILE", .help = "engine of your own (docs/engines.md); name it in --*-server" }, \
	{ "test", OPT_LIST, AT(tests), .value = "NAME", .group = "Load", .help = "test to run, repeatable (default: all of sysbench's own)" }, \
	{ "sysbench-test-time", OPT_DURATION, AT(test_time_ns), .aliases = "test-time", .min = 0.1, .max = 86400, .def = "30", .help = "total load per server and test" }, \
	{ "threads", OPT_INT, AT(threads), .min = 1, .max = 256, .def = "1", .help = "client threads" },                                     \
	{ "tables", OPT_INT, AT(tables), .min = 1, .max = 1000, .def = "1", .help = "tables" },                                              \
	{ "table-size", OPT_INT, AT(table_size), .min = 1, .max = 100000000, .def = "10000", .help = "rows a table" },                       \
	{ "seed", OPT_INT, AT(seed), .min = 0, .max = 2147483647, .def = "0", .help = "seed of order and data; 0: a random one, which is recorded" }, \
	{ "warmup", OPT_DURATION, AT(warmup_ns), .min = 0, .max = 3600, .def = "500ms", .help = "load before counting, per server and test" }, \
	{ "sysbench", OPT_STRING, AT(sysbench), .value = "PROGRAM", .def = "sysbench", .help = "the load generator" }

#define PAIRS                                                                                                                           \
	{ "pairing", OPT_CHOICE, AT(pairing), .choices = "interleaved|sequential", .def = "interleaved", .help = "how the two servers share the time" }, \
	{ "slice", OPT_DURATION, AT(slice_ns), .min = 0, .max = 3600, .def = "0", .help = "length of one slice of load; 0: chosen from the test time" }, \
	{ "margin", OPT_DOUBLE, AT(margin), .min = 0.0001, .max = 0.5, .def = "0.02", .help = "ratios within 1 ± this are called the same" }

#define BUILD                                                                                                                           \
	{ "cache", OPT_STRING, AT(cache), .value = "DIR", .group = "Build", .help = "build cache (default: $XDG_CACHE_HOME/dbdyno)" },         \
	{ "jobs", OPT_INT, AT(jobs), .min = 0, .max = 1024, .def = "0", .help = "cores for builds; 0: all" }

#define STORE                                                                                                                           \
	{ "out", OPT_STRING, AT(out), .value = "DIR", .group = "Results", .help = "folder for results (default: out/<run-id>)" },              \
	{ "query", OPT_LIST, AT(queries), .aliases = "sysbenchQueries", .value = "SQL", .flags = OPT_MULTILINE, .help = "query on results.db for the report, repeatable" }, \
	{ "output", OPT_CHOICE, AT(query_output), .choices = "text|markdown|html", .def = "text", .help = "form of the queries' results" },    \
	{ "bucket", OPT_STRING, AT(bucket), .value = "NAME", .help = "S3 bucket for the results" },                                           \
	{ "region", OPT_STRING, AT(region), .value = "NAME", .env = "AWS_REGION", .def = "us-west-2", .help = "its region" },                 \
	{ "endpoint", OPT_STRING, AT(endpoint), .value = "URL", .help = "S3 server of your own (path style)" },                               \
	{ "results-dir", OPT_STRING, AT(results_dir), .value = "KEY", .help = "first part of the keys (default: YYYY/MM/DD)" },               \
	{ "results-prefix", OPT_STRING, AT(results_prefix), .value = "KEY", .help = "second part of the keys (default: the run's id)" },      \
	{ "ca-file", OPT_STRING, AT(ca_file), .value = "FILE", .help = "further certificate authorities (PEM) for S3 and GitHub" }

#define GATE                                                                                                                            \
	{ "fail-on-regression", OPT_BOOL, AT(fail_on_regression), .help = "exit 7 if a test is slower" },                                     \
	{ "fail-on-undecided", OPT_BOOL, AT(fail_on_undecided), .help = "exit 8 if a test is undecided" }

#define DISPATCH                                                                                                                        \
	{ "dispatch-repository", OPT_STRING, AT(dispatch_repository), .value = "OWNER/NAME", .group = "GitHub", .help = "send a repository_dispatch event there at the end" }, \
	{ "dispatch-event", OPT_STRING, AT(dispatch_event), .value = "TYPE", .def = "email-report", .help = "its event type" },               \
	{ "dispatch-field", OPT_LIST, AT(dispatch_fields), .value = "NAME=VALUE", .help = "field of its payload, repeatable; version, bucket, key, run_id, verdict are there" }, \
	{ "github-api", OPT_STRING, AT(github_api), .value = "URL", .env = "GITHUB_API_URL", .def = "https://api.github.com", .help = "API address" }, \
	{ "token", OPT_STRING, AT(token), .env = "REPO_ACCESS_TOKEN", .flags = OPT_SECRET, .help = "GitHub token: DBDYNO_TOKEN or REPO_ACCESS_TOKEN" }, \
	{ "token-file", OPT_STRING, AT(token_file), .value = "FILE", .help = "file with the GitHub token, read when it is sent" }

#define TALK                                                                                                                            \
	{ "config", OPT_STRING, AT(config), .value = "FILE", .group = "Other", .help = "JSON file with options, by flag name" },               \
	{ "json", OPT_BOOL, AT(json), .help = "result as JSON on standard output" },                                                          \
	{ "quiet", OPT_BOOL, AT(quiet), .help = "errors only on standard error" },                                                            \
	{ "verbose", OPT_BOOL, AT(verbose), .help = "more on standard error" }

#define DRY_RUN                                                                                                                         \
	{ "dry-run", OPT_BOOL, AT(dry_run), .help = "check everything, print the plan with a time estimate, start nothing" }

const struct opt compare_table[] = {
	SIDE(from, "baseline", "From"), SIDE(to, "candidate", "To"),
	LOAD, PAIRS, BUILD, STORE, GATE, DISPATCH, TALK, DRY_RUN, { 0 },
};

const struct opt profile_table[] = {
	ONE_SERVER,
	{ "exec", OPT_STRING, AT(from.exec), .value = "PROGRAM", .help = "server program that is already there; nothing is built" },
	{ "with-profile", OPT_STRING, AT(from.profile), .value = "FILE|S3URL", .help = "build the server with this profile" },
	{ "seconds", OPT_INT, AT(profile_seconds), .min = 1, .max = 3600, .def = "10", .help = "length of each test's profile" },
	LOAD, BUILD, STORE, DISPATCH, TALK, DRY_RUN, { 0 },
};

const struct opt pgo_table[] = {
	ONE_SERVER,
	{ "seconds", OPT_INT, AT(profile_seconds), .min = 1, .max = 3600, .def = "10", .help = "length of each test's profile" },
	LOAD, PAIRS, BUILD, STORE, GATE, DISPATCH, TALK, DRY_RUN, { 0 },
};

const struct opt demo_table[] = {
	{ "out", OPT_STRING, AT(out), .value = "DIR", .group = "Options", .help = "folder for results (default: out/<run-id>)" },
	{ "sysbench-test-time", OPT_DURATION, AT(test_time_ns), .aliases = "test-time", .min = 0.1, .max = 86400, .def = "8", .help = "load per server and test" },
	{ "seconds", OPT_INT, AT(profile_seconds), .min = 1, .max = 3600, .def = "4", .help = "length of each test's profile" },
	{ "seed", OPT_INT, AT(seed), .min = 0, .max = 2147483647, .def = "0", .help = "seed of order and data; 0: a random one" },
	{ "sysbench", OPT_STRING, AT(sysbench), .value = "PROGRAM", .def = "sysbench", .help = "the load generator" },
	{ "cache", OPT_STRING, AT(cache), .value = "DIR", .help = "build cache (default: $XDG_CACHE_HOME/dbdyno)" },
	TALK, { 0 },
};

const struct opt notify_table[] = {
	{ "run", OPT_STRING, AT(out), .value = "DIR", .flags = OPT_REQUIRED, .group = "Run", .help = "folder of a finished run" },
	{ "bucket", OPT_STRING, AT(bucket), .value = "NAME", .help = "bucket that holds its results" },
	{ "results-dir", OPT_STRING, AT(results_dir), .value = "KEY", .help = "first part of the keys (default: the run's day)" },
	{ "results-prefix", OPT_STRING, AT(results_prefix), .value = "KEY", .help = "second part of the keys (default: the run's id)" },
	{ "ca-file", OPT_STRING, AT(ca_file), .value = "FILE", .help = "further certificate authorities (PEM)" },
	DISPATCH, TALK, { 0 },
};
/* clang-format on */

void options_log_init(const struct options *o)
{
	struct opt_source source = opt_default_source();
	const char *no_color = source.getenv("NO_COLOR", source.data);
	log_init(o->quiet ? LOG_QUIET : o->verbose ? LOG_VERBOSE : LOG_NORMAL, !no_color || !*no_color);
}

void options_release(const struct opt *table, struct options *o)
{
	opt_release(table, o);
	free(o->command_line);
	o->command_line = NULL;
}

int options_record(struct options *o, const char *command, int argc, const char *const *argv, struct error *err)
{
	CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(8 << 20); /* the kernel takes less */
	strbuf_addf(&b, "dbdyno %s", command);
	for (int i = 0; i < argc; i++) {
		bool plain =
			argv[i][0] &&
			strspn(argv[i], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-=./:,+@%") ==
				strlen(argv[i]);
		strbuf_adds(&b, plain ? " " : " '");
		for (const char *p = argv[i]; *p; p++)
			strbuf_adds(&b, *p == '\'' ? "'\\''" : (char[]){ *p, 0 });
		strbuf_adds(&b, plain ? "" : "'");
	}
	return (o->command_line = strbuf_take(&b, err)) ? 0 : -1;
}

static void add_problem(struct strlist *problems, const char *flag, const struct error *err)
{
	strlist_addf(problems, "%s: %s%s%s", flag, err->message, err->hint[0] ? "; " : "", err->hint);
}

static void check_side(const struct options *o, const struct side_options *s, const char *name, bool file_is_good,
		       struct strlist *problems)
{
	struct error e = ERROR_INIT;
	char flag[48];
	bool alone = !*name; /* profile, pgo: --version rather than --from-version */
	const char *dash = alone ? "" : "-";
	struct engine engine = { 0 };
	snprintf(flag, sizeof flag, "--%s%sserver", name, dash);
	bool known = options_engine(o, s->server, &engine, &e) == 0;
	if (!known && file_is_good)
		add_problem(problems, flag, &e);
	snprintf(flag, sizeof flag, "--%s%sversion", name, dash);
	if (s->version && build_check_version(s->version, &e) < 0)
		add_problem(problems, flag, &e);
	snprintf(flag, sizeof flag, "--%s%srepository", name, dash);
	if (s->repository && build_check_repository(s->repository, &e) < 0)
		add_problem(problems, flag, &e);
	if (known && !s->exec && engine.package) {
		if (!s->version)
			strlist_addf(problems, "--%s%sversion: which commit of %s? (or give a program with --%s%sexec)",
				     name, dash, s->server, name, dash);
		if (!s->repository && !engine.repository)
			strlist_addf(problems, "--%s%srepository: engine %s has no repository of its own", name, dash,
				     s->server);
	}
	if (known && alone && !engine.profile_path)
		strlist_addf(problems, "--server: engine %s gives no CPU profile (its engine file has no \"profile\")",
			     s->server);
	bool with_profile = s->profile || s->profile_key;
	if (with_profile && (s->exec || (known && !engine.package)))
		strlist_addf(problems, "--%s%sprofile: a profile needs a build, and %s", name, dash,
			     s->exec ? "a program is given" : "this engine is not built from a commit");
	if (s->profile && s->profile_key)
		strlist_addf(problems, "--%s%sprofile and --%s%sprofile-key contradict each other", name, dash, name,
			     dash);
	if (s->profile_key && !o->bucket)
		strlist_addf(problems, "--%s%sprofile-key needs --bucket", name, dash);
	if (s->profile && !str_starts(s->profile, "s3://") && (!fs_exists(s->profile) || fs_is_dir(s->profile)))
		strlist_addf(problems, "--%s%sprofile: there is no file %s", name, dash, s->profile);
	engine_release(&engine);
}

/* Told once, not for each side. */
static bool check_engine_file(const struct options *o, struct strlist *problems)
{
	struct error e = ERROR_INIT;
	struct engine engine = { 0 };
	bool good = !o->engine_file || engine_load_file(o->engine_file, &engine, &e) == 0;
	if (!good)
		add_problem(problems, "--engine-file", &e);
	engine_release(&engine);
	return good;
}

static void check_tests(const struct options *o, struct strlist *problems)
{
	for (size_t i = 0; i < o->tests.len; i++) {
		struct error e = ERROR_INIT;
		const struct workload *w;
		if (workload_find(o->tests.items[i], &w, &e) < 0)
			add_problem(problems, "--test", &e);
		for (size_t j = 0; j < i; j++)
			if (strcmp(o->tests.items[i], o->tests.items[j]) == 0)
				strlist_addf(problems, "--test: %s is given twice", o->tests.items[i]);
	}
}

static void check_store(const struct options *o, struct strlist *problems)
{
	struct error e = ERROR_INIT;
	CLEANUP(strbuf) struct strbuf key = STRBUF_INIT(8192);
	strbuf_addf(&key, "%s/%s/results.db", o->results_dir ? o->results_dir : "2000/01/01",
		    o->results_prefix ? o->results_prefix : "20000101-000000-00000000");
	if (o->bucket && s3_check_names(o->bucket, key.data, &e) < 0)
		add_problem(problems, "--bucket, --results-dir and --results-prefix", &e);
	if (o->endpoint && !o->bucket)
		strlist_add(problems, "--endpoint needs --bucket");
}

void options_check(const struct options *o, const char *command, struct strlist *problems)
{
	struct error e = ERROR_INIT;
	bool two = strcmp(command, "compare") == 0;
	bool one = strcmp(command, "profile") == 0 || strcmp(command, "pgo") == 0;
	bool file_is_good = check_engine_file(o, problems);
	if (two) {
		check_side(o, &o->from, "from", file_is_good, problems);
		check_side(o, &o->to, "to", file_is_good, problems);
	}
	if (one)
		check_side(o, &o->from, "", file_is_good, problems);
	if (two || one)
		check_tests(o, problems);
	check_store(o, problems);
	if (two || strcmp(command, "pgo") == 0) {
		struct plan plan = { 0 };
		if (plan_make((enum pairing)o->pairing, o->test_time_ns, o->slice_ns, 1, &plan, &e) < 0)
			add_problem(problems, "--sysbench-test-time and --slice", &e);
		plan_release(&plan);
	}
	for (size_t i = 0; i < o->dispatch_fields.len; i++)
		if (!strchr(o->dispatch_fields.items[i], '=') || o->dispatch_fields.items[i][0] == '=')
			strlist_addf(problems, "--dispatch-field: \"%.100s\" is not NAME=VALUE",
				     o->dispatch_fields.items[i]);
}

int options_engine(const struct options *o, const char *name, struct engine *ret, struct error *err)
{
	if (o->engine_file) {
		if (engine_load_file(o->engine_file, ret, err) < 0)
			return -1;
		if (strcmp(ret->name, name) == 0)
			return 0;
		engine_release(ret);
		*ret = (struct engine){ 0 };
	}
	return engine_find(name, ret, err);
}

int options_tests(const struct options *o, struct strlist *ret, struct error *err)
{
	if (o->tests.len)
		strlist_add_all(ret, strlist_array(&o->tests));
	else
		for (const struct workload *w = workload_all(); w->name; w++)
			strlist_add(ret, w->name);
	return strlist_check(ret, err);
}

char *options_cache(const char *cache, struct error *err)
{
	struct opt_source source = opt_default_source();
	const char *xdg = source.getenv("XDG_CACHE_HOME", source.data), *home = source.getenv("HOME", source.data);
	AUTO_FREE char *path = NULL;
	if (cache)
		path = str_dup(cache, err);
	else if (xdg && xdg[0] == '/')
		path = str_printf(err, "%s/dbdyno", xdg);
	else if (home && home[0] == '/' && home[1])
		path = str_printf(err, "%s/.cache/dbdyno", home);
	else
		path = str_printf(err, "/tmp/dbdyno-cache-%u", (unsigned)getuid());
	if (!path || fs_mkdirs(path, 0700, err) < 0)
		return NULL;
	return fs_absolute(path, err);
}
