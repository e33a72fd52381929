/* Scripts from real git repositories. */
#include "benchmarker/scripts.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/proc.h"
#include "check.h"

#include <sys/stat.h>
#include <unistd.h>

static char *folder;

static int make_folder(void **state)
{
	(void)state;
	folder = fs_make_temp_dir("dbdyno-test-scripts", NULL);
	return folder ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	int result = fs_remove_tree(folder, NULL);
	free(folder);
	return result;
}

static char *at(const char *name)
{
	return str_printf(NULL, "%s/%s", folder, name);
}

static void write_file(const char *name, const char *text)
{
	AUTO_FREE char *path = at(name);
	check_ok(fs_write_atomic(path, text, strlen(text), 0644, err));
}

/* git in <folder>/repository, as somebody. */
static void git(const char *const *args, struct strbuf *out)
{
	AUTO_FREE char *dir = at("repository");
	CLEANUP(strlist) struct strlist argv = STRLIST_INIT, env = STRLIST_INIT;
	static const char *const first[] = { "git", "-c", "user.name=t", "-c", "user.email=t@localhost", NULL };
	strlist_add_all(&argv, first);
	strlist_add_all(&argv, args);
	check_ok(proc_base_env(&env, err));
	proc_env_set(&env, "GIT_CONFIG_NOSYSTEM", "1");
	proc_env_set(&env, "HOME", folder);
	struct proc_spec spec = PROC_SPEC_INIT;
	spec.argv = strlist_array(&argv);
	spec.env = strlist_array(&env);
	spec.dir = dir;
	CLEANUP(strbuf) struct strbuf tail = STRBUF_INIT(4096);
	check_ok(proc_run(&spec, 60 * NS_PER_SECOND, out, &tail, err));
}
#define GIT(...) git((const char *const[]){ __VA_ARGS__, NULL }, NULL)

static void fetch_by_commit_and_by_branch(void **state)
{
	(void)state;
	AUTO_FREE char *repository = at("repository");
	AUTO_FREE char *cache = at("cache");
	AUTO_FREE char *one = at("one");
	AUTO_FREE char *two = at("two");
	AUTO_FREE char *three = at("three");
	check_ok(fs_mkdirs(repository, 0700, err));
	GIT("init", "--quiet", "--initial-branch=main");
	write_file("repository/a.lua", "-- first");
	GIT("add", ".");
	GIT("commit", "--quiet", "--message=first");
	CLEANUP(strbuf) struct strbuf first = STRBUF_INIT(100);
	git((const char *const[]){ "rev-parse", "HEAD", NULL }, &first);
	first.data[40] = 0;
	write_file("repository/a.lua", "-- second");
	GIT("commit", "--quiet", "--all", "--message=second");

	struct scripts_spec spec = { .repository = repository, .version = first.data, .cache = cache };
	AUTO_FREE char *commit = NULL;
	AUTO_FREE char *tip = NULL;
	AUTO_FREE char *again = NULL;
	check_ok(scripts_fetch(&spec, one, &commit, err));
	check_str(commit, first.data);
	spec.version = "main";
	check_ok(scripts_fetch(&spec, two, &tip, err));
	assert_string_not_equal(tip, commit);

	/* The same commit again, with nothing to fetch it from: it is in the cache. */
	GIT("checkout", "--quiet", "--orphan=other");
	GIT("update-ref", "-d", "refs/heads/main");
	spec.version = first.data;
	check_ok(scripts_fetch(&spec, three, &again, err));

	char hash[3][65];
	char *const dirs[] = { one, two, three };
	for (int i = 0; i < 3; i++)
		check_ok(scripts_hash(dirs[i], hash[i], err));
	check_str(hash[2], hash[0]);
	assert_string_not_equal(hash[1], hash[0]);
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(100);
	AUTO_FREE char *script = at("three/a.lua");
	check_ok(fs_read(script, &text, err));
	check_str(text.data, "-- first");
}

static void failures_leave_nothing(void **state)
{
	(void)state;
	AUTO_FREE char *cache = at("cache");
	AUTO_FREE char *dir = at("failed");
	AUTO_FREE char *repository = at("repository");
	static const char absent[] = "0123456789012345678901234567890123456789";
	const struct {
		const char *repository, *version;
		enum error_kind kind;
		const char *message;
	} cases[] = {
		{ repository, absent, ERROR_BUILD, "fetch 012345678901 of" },
		{ repository, "no-such-branch", ERROR_BUILD, "no tag or branch no-such-branch" },
		{ folder, absent, ERROR_BUILD, "git repository" },
		{ "/nonexistent", absent, ERROR_USAGE, "neither a folder here nor a URL" },
		{ "ext::sh -c id", absent, ERROR_USAGE, "repository" },
		{ repository, "--upload-pack=id", ERROR_USAGE, "starts with '-'" },
		{ repository, "a\nb", ERROR_USAGE, "is no name that git could have" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct scripts_spec spec = { .repository = cases[i].repository,
					     .version = cases[i].version,
					     .cache = cache };
		char *commit = NULL;
		check_fails(scripts_fetch(&spec, dir, &commit, err), cases[i].kind, cases[i].message);
		assert_null(commit);
		assert_false(fs_exists(dir));
	}
}

static void hash_is_of_scripts_alone(void **state)
{
	(void)state;
	char before[65], after[65];
	AUTO_FREE char *dir = at("hashed");
	AUTO_FREE char *sub = at("hashed/sub.lua");
	AUTO_FREE char *dangling = at("hashed/gone.lua");
	check_ok(fs_mkdirs(dir, 0700, err));
	write_file("hashed/a.lua", "a");
	write_file("hashed/b.lua", "b");
	check_ok(scripts_hash(dir, before, err));
	write_file("hashed/README", "text");
	write_file("hashed/.hidden.lua", "text");
	check_ok(fs_mkdirs(sub, 0700, err));
	assert_int_equal(symlink("/nonexistent", dangling), 0);
	check_ok(scripts_hash(dir, after, err));
	check_str(after, before);
	write_file("hashed/b.lua", "c");
	check_ok(scripts_hash(dir, after, err));
	assert_string_not_equal(after, before);
	check_fails(scripts_hash("/nonexistent", after, err), ERROR_USAGE, "/nonexistent");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fetch_by_commit_and_by_branch),
		cmocka_unit_test(failures_leave_nothing),
		cmocka_unit_test(hash_is_of_scripts_alone),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
