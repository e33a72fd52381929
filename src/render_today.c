#include "render_today.h"

#include "base/clock.h"
#include "base/embed.h"
#include "benchmarker/build.h"
#include "benchmarker/engine.h"
#include "k8s/name.h"
#include "k8s/render.h"
#include "net/s3.h"

#include <string.h>
#include <time.h>

#define AT(member) offsetof(struct today, member)
#define VARIABLE(variable, flag, member)                                  \
	{                                                                 \
		flag, OPT_STRING, AT(member), .env = variable, .help = "" \
	}

/* The names are never seen: there is no command line here, and each has its variable. */
/* clang-format off */
static const struct opt today_table[] = {
	VARIABLE("FROM_SERVER", "today-from-server", from_server),
	VARIABLE("FROM_VERSION", "today-from-version", from_version),
	VARIABLE("FROM_PROFILE_KEY", "today-from-profile-key", from_profile_key),
	VARIABLE("TO_SERVER", "today-to-server", to_server),
	VARIABLE("TO_VERSION", "today-to-version", to_version),
	VARIABLE("TO_PROFILE_KEY", "today-to-profile-key", to_profile_key),
	VARIABLE("MODE", "today-mode", mode),
	VARIABLE("ACTOR_EMAIL", "today-actor-email", actor_email),
	VARIABLE("TEMPLATE_SCRIPT", "today-template-script", template_script),
	VARIABLE("FUTURE_VERSION", "today-future-version", future_version),
	VARIABLE("BRANCH", "today-branch", branch),
	{ "today-token", OPT_STRING, AT(token), .env = "REPO_ACCESS_TOKEN", .flags = OPT_SECRET, .help = "" },
	{ "today-noms-bin-format", OPT_STRING, AT(noms_bin_format), .env = "NOMS_BIN_FORMAT", .def = "__DOLT__", .help = "" },
	{ "today-issue-number", OPT_INT, AT(issue_number), .env = "ISSUE_NUMBER", .min = -1, .max = 1e12, .def = "-1", .help = "" },
	{ "today-test-time", OPT_DOUBLE, AT(test_time), .env = "SYSBENCH_TEST_TIME", .min = 0.1, .max = 86400, .def = "0.1", .help = "" },
	{ "today-init-big-repo", OPT_CHOICE, AT(init_big_repo), .env = "INIT_BIG_REPO", .choices = "unset|true|false", .def = "unset", .help = "" },
	{ "today-with-tpcc", OPT_BOOL, AT(with_tpcc), .env = "WITH_TPCC", .help = "" },
	{ "today-profile", OPT_BOOL, AT(profile), .env = "PROFILE", .help = "" },
	{ 0 },
};
/* clang-format on */

enum today_report { REPORT_MULTIPLIER, REPORT_CHANGE, REPORT_PROFILE };

/* TEMPLATE_SCRIPT is a path of one of the shell scripts that made manifests, or the name in it. It says which queries
 * are asked; it is never opened. */
static const struct {
	const char *name;
	enum today_report report;
} reports[] = {
	{ "mysql-dolt", REPORT_MULTIPLIER }, { "postgres-doltgres", REPORT_MULTIPLIER },
	{ "dolt-dolt", REPORT_CHANGE },      { "doltgres-doltgres", REPORT_CHANGE },
	{ "dolt-profile", REPORT_PROFILE },  { "doltgres-profile", REPORT_PROFILE },
};

static const struct {
	enum today_report report;
	const char *flag, *file;
} queries[] = {
	{ REPORT_MULTIPLIER, "sysbenchQueries", "multiplier-reads.sql" },
	{ REPORT_MULTIPLIER, "sysbenchQueries", "multiplier-reads-mean.sql" },
	{ REPORT_MULTIPLIER, "sysbenchQueries", "multiplier-writes.sql" },
	{ REPORT_MULTIPLIER, "sysbenchQueries", "multiplier-writes-mean.sql" },
	{ REPORT_MULTIPLIER, "sysbenchQueries", "multiplier-mean.sql" },
	{ REPORT_MULTIPLIER, "tpccQueries", "multiplier-tpcc-latency.sql" },
	{ REPORT_MULTIPLIER, "tpccQueries", "multiplier-tpcc-throughput.sql" },
	{ REPORT_MULTIPLIER, "tpccQueries", "multiplier-tpcc-throughput-ratio.sql" },
	{ REPORT_CHANGE, "perf-regression-query", "change-regression.sql" },
	{ REPORT_CHANGE, "sysbenchQueries", "change-reads.sql" },
	{ REPORT_CHANGE, "sysbenchQueries", "change-writes.sql" },
	{ REPORT_CHANGE, "tpccQueries", "change-tpcc-latency.sql" },
	{ REPORT_CHANGE, "tpccQueries", "change-tpcc-throughput.sql" },
};

void today_release(struct today *t)
{
	opt_release(today_table, t);
}

const char *today_kind(const struct today *t)
{
	return t->profile ? "profile" : t->with_tpcc ? "tpcc" : "compare";
}

const char *today_version(const struct today *t)
{
	return t->profile ? t->from_version : t->to_version;
}

int today_retries(const struct today *t)
{
	return t->report == REPORT_MULTIPLIER ? 3 : 1;
}

bool today_has_mysql(const struct today *t)
{
	return !t->profile && (str_eq(t->from_server, "mysql") || str_eq(t->to_server, "mysql"));
}

static bool is_today_server(const char *name)
{
	static const char *const names[] = { "dolt", "doltgres", "mysql", "postgres" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static void check_server(const char *variable, const char *value, struct strlist *problems)
{
	struct error e = ERROR_INIT;
	struct engine engine = { 0 };
	if (!value)
		strlist_addf(problems, "%s is required", variable);
	else if (!is_today_server(value) && engine_find(value, &engine, &e) < 0)
		strlist_addf(problems, "%s: %s%s%s", variable, e.message, e.hint[0] ? "; " : "", e.hint);
	engine_release(&engine);
}

static void check_version(const char *variable, const char *value, bool required, struct strlist *problems)
{
	struct error e = ERROR_INIT;
	if (!value && required)
		strlist_addf(problems, "%s is required", variable);
	if (value && build_check_version(value, &e) < 0)
		strlist_addf(problems, "%s: %s", variable, e.message);
}

/* What becomes part of a key in the bucket. */
static void check_word(const char *variable, const char *value, struct strlist *problems)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
	if (!value)
		strlist_addf(problems, "%s is required", variable);
	else if (strlen(value) > 40 || strspn(value, allowed) != strlen(value))
		strlist_addf(problems, "%s: \"%.100s\" is not a word of at most 40 letters, digits, _ and -", variable,
			     value);
}

static void check_key(const char *variable, const char *key, struct strlist *problems)
{
	struct error e = ERROR_INIT;
	if (key && s3_check_names("any-bucket", key, &e) < 0)
		strlist_addf(problems, "%s: %s", variable, e.message);
}

static void check_email(const char *value, struct strlist *problems)
{
	const char *at = value ? strchr(value, '@') : NULL;
	if (value && (strlen(value) > 254 || !at || at == value || !at[1] || strchr(at + 1, '@') ||
		      strpbrk(value, " \t\"'`<>(),;:\\[]$")))
		strlist_addf(problems, "ACTOR_EMAIL: \"%.100s\" is not an address", value);
}

static int find_report(const char *script)
{
	const char *slash = strrchr(script, '/'), *name = slash ? slash + 1 : script;
	static const char head[] = "get-", tail[] = "-job-json.sh";
	size_t len = strlen(name);
	if (str_starts(name, head) && str_ends(name, tail)) {
		name += strlen(head);
		len -= strlen(head) + strlen(tail);
	}
	for (size_t i = 0; i < ARRAY_SIZE(reports); i++)
		if (strlen(reports[i].name) == len && strncmp(name, reports[i].name, len) == 0)
			return (int)reports[i].report;
	return -1;
}

static void choose_report(struct today *t, struct strlist *problems)
{
	t->report = t->profile                             ? REPORT_PROFILE
		    : str_eq(t->from_server, t->to_server) ? REPORT_CHANGE
							   : REPORT_MULTIPLIER;
	if (!t->template_script)
		return;
	int report = find_report(t->template_script);
	if (report < 0) {
		CLEANUP(strbuf) struct strbuf names = STRBUF_INIT(1024);
		for (size_t i = 0; i < ARRAY_SIZE(reports); i++)
			strbuf_addf(&names, "%s%s", i ? ", " : "", reports[i].name);
		strlist_addf(problems, "TEMPLATE_SCRIPT: there is no template \"%.100s\"; known are %s",
			     t->template_script, names.data);
	} else if ((report == REPORT_PROFILE) != t->profile) {
		strlist_addf(problems, "TEMPLATE_SCRIPT: %.100s contradicts PROFILE=%s", t->template_script,
			     t->profile ? "true" : "");
	} else {
		t->report = report;
	}
}

void today_read(struct today *t, const struct opt_source *source, struct strlist *problems)
{
	opt_parse(today_table, t, 0, NULL, source, NULL, problems);
	check_version("FROM_VERSION", t->from_version, true, problems);
	if (!t->profile) {
		check_server("FROM_SERVER", t->from_server, problems);
		check_server("TO_SERVER", t->to_server, problems);
		check_version("TO_VERSION", t->to_version, true, problems);
	}
	check_version("FUTURE_VERSION", t->future_version, false, problems);
	check_version("BRANCH", t->branch, false, problems);
	check_key("FROM_PROFILE_KEY", t->from_profile_key, problems);
	check_key("TO_PROFILE_KEY", t->to_profile_key, problems);
	check_word("MODE", t->mode, problems);
	check_word("NOMS_BIN_FORMAT", t->noms_bin_format, problems);
	check_email(t->actor_email, problems);
	if (t->profile && t->with_tpcc)
		strlist_add(problems, "PROFILE and WITH_TPCC contradict each other");
	choose_report(t, problems);
}

/* One line of text: comment lines left out, each run of blanks one. No literal in the queries holds such a run. */
static int add_query(struct strlist *args, const char *flag, const char *file, struct error *err)
{
	const struct embedded_file *f = embedded_find(query_files, file);
	CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(1 << 16);
	strbuf_addf(&b, "--%s=", flag);
	size_t start = b.len;
	for (const char *line = f ? f->data : ""; *line;) {
		size_t len = strcspn(line, "\n");
		for (size_t i = 0; i < len && !str_starts(line, "--"); i += strcspn(line + i, " \n")) {
			i += strspn(line + i, " ");
			size_t word = strcspn(line + i, " \n");
			if (word && b.len > start)
				strbuf_addc(&b, ' ');
			strbuf_add(&b, line + i, word);
		}
		line += len + (line[len] == '\n');
	}
	if (!f)
		return error_set(err, ERROR_INTERNAL, "%s is not part of the program", file);
	if (strbuf_check(&b, err) < 0)
		return -1;
	return strlist_add(args, b.data) == 0 ? 0 : error_oom(err);
}

static void add_if(struct strlist *args, const char *flag, const char *value)
{
	if (value)
		strlist_addf(args, "--%s=%s", flag, value);
}

static void add_servers(const struct today *t, struct strlist *args)
{
	if (today_has_mysql(t)) {
		strlist_add(args, "--mysql-exec=/usr/sbin/mysqld");
		strlist_add(args, "--mysql-socket=" TODAY_MYSQL_FOLDER "/mysqld.sock");
		strlist_add(args, "--mysql-protocol=unix");
	}
	add_if(args, "from-server", t->from_server);
	add_if(args, "from-version", t->from_version);
	add_if(args, "from-profile-key", t->from_profile_key);
	add_if(args, "to-server", t->to_server);
	add_if(args, "to-version", t->to_version);
	add_if(args, "to-profile-key", t->to_profile_key);
	if (opt_was_set(today_table, &t->seen, "today-test-time"))
		strlist_addf(args, "--sysbench-test-time=%g", t->test_time);
	if (t->with_tpcc)
		strlist_add(args, "--withTpcc=true");
	if (t->issue_number > 0)
		strlist_addf(args, "--issue-number=%lld", t->issue_number);
}

static void add_results(const struct today *t, const char *actor, const char *job_name, int64_t now_ns,
			struct strlist *args)
{
	char folder[K8S_NAME_SIZE], day[16];
	k8s_clean(actor, folder);
	time_t seconds = (time_t)(now_ns / (int64_t)NS_PER_SECOND);
	struct tm tm;
	gmtime_r(&seconds, &tm);
	strftime(day, sizeof day, "%Y/%m/%d", &tm);
	strlist_addf(args, "--results-dir=%s", day);
	strlist_addf(args, "--results-prefix=%s/%s/%s/%s", t->mode, *folder ? folder : "unknown", job_name,
		     t->noms_bin_format);
	strlist_addf(args, "--noms-bin-format=%s", t->noms_bin_format);
	/* run-benchmarks.sh asked for a big repository in the older formats alone */
	bool current = str_eq(t->noms_bin_format, "__DOLT__");
	if (current || t->init_big_repo)
		strlist_addf(args, "--init-big-repo=%s", !current && t->init_big_repo == 1 ? "true" : "false");
}

int today_args(const struct today *t, const char *actor, const char *job_name, int64_t now_ns, struct strlist *args,
	       struct error *err)
{
	bool html = str_eq(t->mode, "release") || str_eq(t->mode, "nightly");
	strlist_add(args, "--schema=/app/schema.sql");
	strlist_add(args, "--useDoltHubLuaScriptsRepo");
	strlist_addf(args, "--output=%s", html ? "html" : "markdown");
	if (t->profile) {
		add_if(args, "profile-version", t->from_version);
		add_if(args, "future-version", t->future_version ? t->future_version : t->from_version);
	} else {
		add_servers(t, args);
	}
	add_results(t, actor, job_name, now_ns, args);
	for (size_t i = 0; i < ARRAY_SIZE(queries); i++)
		if ((int)queries[i].report == t->report && add_query(args, queries[i].flag, queries[i].file, err) < 0)
			return -1;
	return strlist_check(args, err);
}
