#include "base/clock.h"
#include "base/opt.h"
#include "check.h"

struct greet {
	struct opt_seen seen;
	char *name, *token, *config;
	struct strlist to;
	long long times;
	double factor;
	bool loud;
	uint64_t pause_ns;
	int style;
};

static const struct opt table[] = {
	{ "name", OPT_STRING, offsetof(struct greet, name), .aliases = "n|userName|who", .def = "world",
	  .group = "Greeting", .help = "whom to greet" },
	{ "token", OPT_STRING, offsetof(struct greet, token), .env = "GREET_TOKEN", .flags = OPT_SECRET,
	  .help = "a secret" },
	{ "config", OPT_STRING, offsetof(struct greet, config), .help = "file with options" },
	{ "to", OPT_LIST, offsetof(struct greet, to), .flags = OPT_MULTILINE, .help = "more names" },
	{ "times", OPT_INT, offsetof(struct greet, times), .min = 1, .max = 9, .def = "1", .help = "how often" },
	{ "factor", OPT_DOUBLE, offsetof(struct greet, factor), .def = "0.5", .help = "a factor" },
	{ "loud", OPT_BOOL, offsetof(struct greet, loud), .help = "shout" },
	{ "pause", OPT_DURATION, offsetof(struct greet, pause_ns), .min = 0, .max = 3600, .def = "1.5s",
	  .help = "between greetings" },
	{ "style", OPT_CHOICE, offsetof(struct greet, style), .choices = "plain|fancy", .def = "plain", .help = "how" },
	{ 0 },
};

/* data: { name, value, name, value, …, NULL }, or NULL: empty */
static const char *list_environment(const char *name, void *data)
{
	for (const char **kv = data; kv && *kv; kv += 2)
		if (strcmp(kv[0], name) == 0)
			return kv[1];
	return NULL;
}

#define PARSE(options, problems, env, ...)                                                              \
	({                                                                                              \
		const char *argv_[] = { __VA_ARGS__ __VA_OPT__(, ) NULL };                              \
		struct opt_source source_ = { .getenv = list_environment, .data = (env) };              \
		opt_parse(table, options, (int)ARRAY_SIZE(argv_) - 1, argv_, &source_, NULL, problems); \
	})

static void defaults_and_forms(void **state)
{
	(void)state;
	CLEANUP(strlist) struct strlist problems = STRLIST_INIT;
	struct greet g = { 0 };
	assert_int_equal(PARSE(&g, &problems, (void *)NULL), 0);
	check_str(g.name, "world");
	assert_int_equal(g.times, 1);
	assert_true(g.factor == 0.5 && !g.loud && g.pause_ns == 1500 * NS_PER_MS && g.style == 0);
	assert_false(opt_was_set(table, &g.seen, "name"));
	opt_release(table, &g);

	g = (struct greet){ 0 };
	assert_int_equal(PARSE(&g, &problems, (void *)NULL, "--userName", "a b", "--times=3", "--loud", "--to=x",
			       "--to", "y\nz", "--pause=0.025d", "--style=fancy"),
			 0);
	check_str(g.name, "a b");
	assert_int_equal(g.times, 3);
	assert_true(g.loud);
	assert_int_equal(g.to.len, 2);
	check_str(g.to.items[1], "y\nz");
	assert_true(g.pause_ns == 2160 * NS_PER_SECOND);
	assert_int_equal(g.style, 1);
	assert_true(opt_was_set(table, &g.seen, "name"));
	opt_release(table, &g);

	g = (struct greet){ 0 };
	assert_int_equal(PARSE(&g, &problems, (void *)NULL, "--loud=true", "--name="), 0);
	assert_true(g.loud);
	check_str(g.name, "world"); /* empty counts as not given */
	opt_release(table, &g);

	g = (struct greet){ 0 };
	assert_int_equal(PARSE(&g, &problems, (void *)NULL, "-n", "short", "--times=2"), 0);
	check_str(g.name, "short");
	opt_release(table, &g);

	g = (struct greet){ 0 };
	assert_int_equal(PARSE(&g, &problems, (void *)NULL, "-n=with=this"), 0);
	check_str(g.name, "with=this");
	opt_release(table, &g);
	assert_int_equal(problems.len, 0);
}

static void every_problem_is_told(void **state)
{
	(void)state;
	static const struct {
		const char *arg, *problem;
	} cases[] = {
		{ "--tims=3", "unknown flag --tims; did you mean --times?" },
		{ "--zzzzzz", "unknown flag --zzzzzz; see --help" },
		{ "--times=0", "--times: \"0\" is not a whole number from 1 to 9" },
		{ "--times=x", "--times: \"x\" is not a whole number from 1 to 9" },
		{ "--times=99999999999999999999", "is not a whole number from 1 to 9" },
		{ "--factor=nan", "--factor: \"nan\" is not a number" },
		{ "--loud=maybe", "--loud: \"maybe\" is not true or false" },
		{ "--pause=-1", "--pause: \"-1\" is not a duration" },
		{ "--pause=2h", "from 0 to 3600 seconds" },
		{ "--style=odd", "--style: \"odd\" is not one of plain, fancy" },
		{ "--name=a\nb", "--name: the value is not UTF-8 text without control characters" },
		{ "--name=\xff", "--name: the value is not UTF-8 text" },
		{ "--token=canary", "--token is not taken from the command line" },
		{ "-x", "flags begin with two dashes: \"-x\"" },
		{ "stray", "unexpected argument \"stray\"" },
		{ "--no-name", "unknown flag --no-name" },
		{ "--name", "--name needs a value" },
		{ "-n", "--name needs a value" },
		{ "-nx", "flags begin with two dashes: \"-nx\"" },
	};
	CLEANUP(strlist) struct strlist all = STRLIST_INIT;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strlist) struct strlist problems = STRLIST_INIT;
		struct greet g = { 0 };
		assert_int_equal(PARSE(&g, &problems, (void *)NULL, cases[i].arg), -1);
		assert_int_equal(problems.len, 1);
		check_contains(problems.items[0], cases[i].problem);
		assert_null(strstr(problems.items[0], "canary"));
		opt_release(table, &g);
	}
	struct greet g = { 0 };
	assert_int_equal(PARSE(&g, &all, (void *)NULL, "--times=0", "--style=odd", "--name=a", "--name=b", "--nope"),
			 -1);
	assert_int_equal(all.len, 4);
	opt_release(table, &g);
}

static void flag_beats_environment_beats_file(void **state)
{
	(void)state;
	char path[] = "/tmp/test_opt_XXXXXX";
	int fd = mkstemp(path);
	static const char json[] = "{\"times\": 2, \"name\": \"file\", \"to\": [\"f1\", \"f2\"], \"loud\": true, "
				   "\"pause\": 7, \"token\": \"s\"}";
	assert_int_equal(write(fd, json, sizeof json - 1), sizeof json - 1);
	close(fd);
	const char *env[] = { "DBDYNO_TIMES", "4", "DBDYNO_NAME", "env", "GREET_TOKEN", "secret",
			      "DBDYNO_LOUD",  "",  NULL };
	CLEANUP(strlist) struct strlist problems = STRLIST_INIT;
	struct greet g = { 0 };
	assert_int_equal(PARSE(&g, &problems, env, "--config", path, "--name=flag"), 0);
	check_str(g.name, "flag");
	assert_int_equal(g.times, 4);
	check_str(g.token, "secret");
	assert_int_equal(g.to.len, 2);
	assert_true(g.loud && g.pause_ns == 7 * NS_PER_SECOND);
	opt_release(table, &g);
	unlink(path);
}

static void bad_files(void **state)
{
	(void)state;
	static const struct {
		const char *json, *problem;
	} cases[] = {
		{ "", "is not a JSON object" },
		{ "[1]", "is not a JSON object" },
		{ "{\"tims\": 1}", "unknown key \"tims\"; did you mean \"times\"?" },
		{ "{\"times\": \"1\"}", "config key \"times\"" },
		{ "{\"times\": 1.5}", "config key \"times\"" },
		{ "{\"loud\": 1}", "config key \"loud\"" },
		{ "{\"to\": [1]}", "every item must be a string" },
		{ "{\"config\": \"x\"}", "unknown key \"config\"" },
		{ "{} trailing", "is not a JSON object" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char path[] = "/tmp/test_opt_XXXXXX";
		int fd = mkstemp(path);
		ssize_t n = (ssize_t)strlen(cases[i].json);
		assert_int_equal(write(fd, cases[i].json, (size_t)n), n);
		close(fd);
		CLEANUP(strlist) struct strlist problems = STRLIST_INIT;
		struct greet g = { 0 };
		assert_int_equal(PARSE(&g, &problems, (void *)NULL, "--config", path), -1);
		check_contains(problems.items[0], cases[i].problem);
		opt_release(table, &g);
		unlink(path);
	}
	CLEANUP(strlist) struct strlist problems = STRLIST_INIT;
	struct greet g = { 0 };
	assert_int_equal(PARSE(&g, &problems, (void *)NULL, "--config=/nonexistent/x.json"), -1);
	check_contains(problems.items[0], "/nonexistent/x.json");
	opt_release(table, &g);
}

static void help_is_aligned(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(1 << 16);
	opt_help(table, 70, &out);
	check_contains(out.data, "Greeting:\n  --name TEXT                 whom to greet [world]\n");
	check_contains(out.data, "  --style WORD                how (plain|fancy) [plain]\n");
	for (const char *line = out.data; *line;) {
		size_t n = strcspn(line, "\n");
		assert_true(n <= 70);
		line += n + 1;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_and_forms),
		cmocka_unit_test(every_problem_is_told),
		cmocka_unit_test(flag_beats_environment_beats_file),
		cmocka_unit_test(bad_files),
		cmocka_unit_test(help_is_aligned),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
