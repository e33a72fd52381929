/* Which tests were asked for, and whether they can be run: names, scripts, options of their own. */
#include "options.h"

#include "benchmarker/build.h"
#include "benchmarker/workload.h"

#include <string.h>

static bool is_postgres(const struct options *o, const struct side_options *side)
{
	struct engine e = { 0 };
	bool result = side->server && options_engine(o, side->server, &e, NULL) == 0 && e.protocol == PROTOCOL_POSTGRES;
	engine_release(&e);
	return result;
}

int options_tests(const struct options *o, struct strlist *ret, struct error *err)
{
	if (o->with_tpcc)
		strlist_addf(ret, TPCC_NAME_PREFIX "%lld", o->tpcc_scale);
	for (size_t i = 0; i < o->tests.len && !o->with_tpcc; i++) {
		if (str_eq(o->tests.items[i], "tpcc"))
			strlist_addf(ret, TPCC_NAME_PREFIX "%lld", o->tpcc_scale);
		else
			strlist_add(ret, o->tests.items[i]);
	}
	if (o->tests.len || o->with_tpcc)
		return strlist_check(ret, err);
	bool all_postgres = is_postgres(o, &o->from) && (!o->to.server || is_postgres(o, &o->to));
	for (const struct workload *w = workload_all(); w->name; w++) {
		AUTO_FREE char *name = workload_default_name(w, all_postgres, err);
		if (!name)
			return -1;
		strlist_add(ret, name);
	}
	return strlist_check(ret, err);
}

static void add_problem(struct strlist *problems, const char *flag, const struct error *err)
{
	strlist_addf(problems, "%s: %s%s%s", flag, err->message, err->hint[0] ? "; " : "", err->hint);
}

/* The test on both servers, which may speak different protocols: one problem at most. */
static void check_test(const char *name, const char *folder, const bool *postgres, size_t sides,
		       struct strlist *problems)
{
	unsigned scale;
	for (size_t s = 0; s < sides && !tpcc_parse_name(name, &scale); s++) {
		CLEANUP(workload_script) struct workload_script script = WORKLOAD_SCRIPT_INIT;
		struct error e = ERROR_INIT;
		if (workload_open(&script, name, folder, postgres[s], &e) == 0)
			continue;
		add_problem(problems, "--test", &e);
		return;
	}
}

void options_check_tests(const struct options *o, const char *folder, struct strlist *problems)
{
	const bool postgres[] = { is_postgres(o, &o->from), is_postgres(o, &o->to) };
	CLEANUP(strlist) struct strlist tests = STRLIST_INIT;
	struct error e = ERROR_INIT;
	if (options_tests(o, &tests, &e) < 0)
		add_problem(problems, "--test", &e);
	for (size_t i = 0; i < tests.len; i++)
		check_test(tests.items[i], folder, postgres, o->to.server ? 2 : 1, problems);
}

/* The names alone: before the scripts are there. */
static void check_names(const struct options *o, struct strlist *problems)
{
	for (size_t i = 0; i < o->tests.len; i++) {
		struct error e = ERROR_INIT;
		if (workload_check_name(o->tests.items[i], &e) < 0)
			add_problem(problems, "--test", &e);
	}
}

static void check_twice(const struct options *o, struct strlist *problems)
{
	CLEANUP(strlist) struct strlist tests = STRLIST_INIT;
	if (options_tests(o, &tests, NULL) < 0)
		return;
	for (size_t i = 0; i < tests.len; i++)
		for (size_t j = 0; j < i; j++)
			if (workload_same(tests.items[i], tests.items[j])) {
				strlist_addf(problems, "--test: %.100s is given twice", tests.items[i]);
				break;
			}
}

static void check_repository(const struct options *o, struct strlist *problems)
{
	struct error e = ERROR_INIT;
	if (o->use_scripts_repository && o->script_dir)
		strlist_add(problems, "--script-dir and --use-dolthub-lua-scripts-repo contradict each other");
	if (!o->use_scripts_repository && o->scripts_repository)
		strlist_add(problems, "--lua-scripts-repository needs --use-dolthub-lua-scripts-repo");
	if (!o->use_scripts_repository && o->scripts_version)
		strlist_add(problems, "--lua-scripts-version needs --use-dolthub-lua-scripts-repo");
	if (o->scripts_repository && build_check_repository(o->scripts_repository, &e) < 0)
		add_problem(problems, "--lua-scripts-repository", &e);
	if (o->scripts_version && build_check_version(o->scripts_version, &e) < 0)
		add_problem(problems, "--lua-scripts-version", &e);
}

/* What dbdyno tells sysbench itself, or has another flag for: two values of one option would be a guess. */
static bool is_ours(const char *name)
{
	static const char *const names[] = { "threads",   "tables",    "table-size",      "time",
					     "events",    "rate",      "report-interval", "percentile",
					     "verbosity", "rand-seed", "warmup-time" };
	static const char *const of_drivers[] = { "host", "port", "socket", "user", "password", "db" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	if (str_starts(name, "mysql-") || str_starts(name, "pgsql-"))
		for (size_t i = 0; i < ARRAY_SIZE(of_drivers); i++)
			if (strcmp(name + strlen("mysql-"), of_drivers[i]) == 0)
				return true;
	return strcmp(name, "db-driver") == 0;
}

static void check_sysbench_options(const struct options *o, struct strlist *problems)
{
	for (size_t i = 0; i < o->sysbench_options.len; i++) {
		const char *given = o->sysbench_options.items[i];
		char name[64] = "";
		size_t len = strspn(given, "abcdefghijklmnopqrstuvwxyz0123456789_-");
		if (len == 0 || len >= sizeof name || given[len] != '=' || strchr("_-", *given)) {
			strlist_addf(problems, "--sysbench-option: \"%.100s\" is not name=value", given);
			continue;
		}
		for (size_t c = 0; c < len; c++) /* to sysbench both are the same */
			name[c] = given[c];
		for (char *c = name; *c; c++)
			*c = *c == '_' ? '-' : *c;
		if (is_ours(name))
			strlist_addf(problems, "--sysbench-option: %s is given by dbdyno itself%s", name,
				     str_eq(name, "rate") ? ": use --rate" : "");
	}
}

void options_check_load(const struct options *o, struct strlist *problems)
{
	struct error e = ERROR_INIT;
	if (o->with_tpcc && o->tests.len)
		strlist_add(problems, "--with-tpcc runs TPC-C-like load alone: beside others it is --test tpcc");
	bool folder_is_good = !o->script_dir || workload_check_folder(o->script_dir, &e) == 0;
	if (!folder_is_good)
		add_problem(problems, "--script-dir", &e);
	if (o->use_scripts_repository || !folder_is_good)
		check_names(o, problems);
	else
		options_check_tests(o, o->script_dir, problems);
	check_twice(o, problems);
	check_repository(o, problems);
	check_sysbench_options(o, problems);
}
