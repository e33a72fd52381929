/* Builds for other platforms, and several at once, on real git and a program in place of Go: it notes how it was called
 * and writes a line in place of a binary. What real Go makes of it is tests/integration/test_release.py's.
 */
#include "base/fs.h"
#include "benchmarker/build.h"
#include "build_room.h"
#include "check.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char one[65], two[65], later[65];
static char go[600];
static struct engine engine;

static const char engine_json[] =
	"{\"name\":\"tiny\",\"protocol\":\"mysql\",\"build\":{\"package\":\".\",\"binary\":\"tiny\","
	"\"module_dir\":\"mod\",\"env\":[\"CGO_ENABLED=0\",\"A=all\"],\"flags\":[\"-tags=x\"],\"targets\":{"
	"\"linux/arm64\":{\"env\":[\"CGO_ENABLED=1\",\"CC=aarch64-linux-gnu-gcc -g0\",\"CXX=oa64-clang++\"],"
	"\"flags\":[\"-tags=y\",\"-ldflags=-s -w\"]},"
	"\"windows/amd64\":{},\"plan9/amd64\":{\"env\":[\"CGO_ENABLED=1\"]}}},"
	"\"start\":[\"${exec}\",\"${port}\"],\"admin\":{\"user\":\"a\"},\"load\":{\"user\":\"u\",\"database\":\"d\"}}";

/* "leak" in the repository makes its binary name the folder that it was built in. */
static const char go_script[] =
	"#!/bin/sh\n"
	"if [ $1 = version ]; then\n"
	"  if [ $# = 1 ]; then echo go version go1.99.0 linux/amd64; else echo \"$2: go1.99.0\"; fi\n"
	"  exit\n"
	"fi\n"
	"for a; do [ \"$before\" != -o ] || out=$a; before=$a; done\n"
	"echo \"$@\" >>\"${0%/*}/calls\"\n"
	"{ echo; env; } >>\"${0%/*}/environment\"\n"
	"echo \"for $GOOS $GOARCH\" >\"$out\"\n"
	"[ ! -e leak ] || pwd >>\"$out\"\n"
	"chmod 755 \"$out\"\n";

static int set_up(void **state)
{
	(void)state;
	char cwd[400];
	root = fs_make_temp_dir("test-build-target", NULL);
	if (!root || chdir(root) < 0 || !getcwd(cwd, sizeof cwd))
		return -1;
	snprintf(repository, sizeof repository, "%s/repository", cwd);
	snprintf(go, sizeof go, "%s/go", cwd);
	unsetenv("GOCACHE");
	unsetenv("GOMODCACHE");
	put(go_script, "%s", go);
	GIT(NULL, "init", "-q", repository);
	put("module example.com/tiny\n", "%s/mod/go.mod", repository);
	put("use it\n", "%s/LICENSE", repository);
	commit(one, "one");
	put("/etc/passwd", "%s/mod/leak", repository);
	assert_int_equal(unlink("repository/LICENSE"), 0);
	assert_int_equal(symlink("/etc/passwd", "repository/LICENSE"), 0); /* out of the tree: no licence of its own */
	commit(two, "two");
	assert_int_equal(unlink("repository/mod/leak"), 0);
	put("later\n", "%s/mod/LICENSES", repository);
	commit(later, "later");
	check_ok(engine_parse(engine_json, strlen(engine_json), "tiny", &engine, err));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	engine_release(&engine);
	int failed = fs_remove_tree(root, NULL);
	free(root);
	return failed;
}

static struct build_spec spec_of(const char *version, const char *target, const char *cache)
{
	return (struct build_spec){
		.engine = &engine,
		.repository = repository,
		.version = version,
		.target = target,
		.cache = cache, /* relative: the test runs in root */
		.go = go,
	};
}

static void read_file(const char *path, struct strbuf *out)
{
	strbuf_reset(out);
	check_ok(fs_read(path, out, err));
}

static void targets_get_their_settings(void **state)
{
	(void)state;
	CLEANUP(build) struct build arm = BUILD_INIT, windows = BUILD_INIT, plain = BUILD_INIT;
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(1 << 20);
	setenv("CXX_FOR_linux_arm64", "other-g++", 1);
	setenv("CXX_FOR_windows_amd64", "canary-of-another-target", 1);
	struct build_spec spec = spec_of(one, "linux/arm64", "cache");
	check_ok(build_run(&arm, &spec, err));
	read_file("environment", &text);
	check_contains(text.data, "\nCGO_ENABLED=1\n");
	check_contains(text.data, "\nA=all\n");
	check_contains(text.data, "\nCC=aarch64-linux-gnu-gcc -g0\n");
	check_contains(text.data, "\nCXX=other-g++\n");
	check_contains(text.data, "\nGOARCH=arm64\n");
	assert_null(strstr(text.data, "canary"));
	check_str(arm.flags, "-trimpath -buildvcs=false -pgo=off -tags=x -tags=y -ldflags=-s -w .");
	check_str(arm.target, "linux/arm64");
	read_file(arm.exec, &text);
	check_str(text.data, "for linux arm64\n");
	unsetenv("CXX_FOR_linux_arm64");
	unsetenv("CXX_FOR_windows_amd64");

	spec = spec_of(one, "windows/amd64", "cache");
	check_ok(build_run(&windows, &spec, err));
	assert_true(str_ends(windows.exec, "/tiny.exe"));
	spec = spec_of(one, NULL, "cache");
	check_ok(build_run(&plain, &spec, err));
	assert_true(str_ends(plain.exec, "/tiny"));
	assert_null(plain.target);
	assert_null(plain.licenses);
	read_file(plain.exec, &text);
	check_str(text.data, "for  \n");
}

/* A compiler that somebody names makes another binary. */
static void overrides_are_part_of_the_key(void **state)
{
	(void)state;
	CLEANUP(build) struct build own = BUILD_INIT, other = BUILD_INIT;
	struct build_spec spec = spec_of(one, "linux/arm64", "cache-key");
	check_ok(build_run(&own, &spec, err));
	setenv("CC_FOR_linux_arm64", "other-gcc", 1);
	check_ok(build_run(&other, &spec, err));
	unsetenv("CC_FOR_linux_arm64");
	assert_false(other.cached);
	assert_string_not_equal(own.exec, other.exec);
}

static void release_keeps_licences_and_time(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(4096);
	for (int i = 0; i < 4; i++) {
		CLEANUP(build) struct build b = BUILD_INIT;
		struct build_spec spec = spec_of(one, "windows/amd64", "cache-licences");
		check_ok(build_run(&b, &spec, err));
		assert_int_equal(b.cached, i % 2); /* what is damaged is made anew */
		check_str(b.licenses_name, "LICENSE");
		read_file(b.licenses, &text);
		check_str(text.data, "use it\n");
		assert_int_equal(b.commit_seconds, 1767225600); /* as build_room.h says */
		if (i == 1)
			put("damaged", "%s", b.licenses);
	}
	CLEANUP(build) struct build b = BUILD_INIT;
	struct build_spec spec = spec_of(later, "windows/amd64", "cache-licences");
	check_ok(build_run(&b, &spec, err));
	check_str(b.licenses_name, "LICENSES"); /* beside go.mod comes first */
}

static void named_licences_must_be_there(void **state)
{
	(void)state;
	static char named[] = "mod/NOTICE";
	struct engine strict = engine;
	struct build b = BUILD_INIT;
	struct build_spec spec = spec_of(one, "windows/amd64", "cache-strict");
	strict.licenses = named;
	spec.engine = &strict;
	check_fails(build_run(&b, &spec, err), ERROR_BUILD, "the commit has no mod/NOTICE");
	assert_false(fs_exists(b.exec ? b.exec : "/nonexistent"));
}

static void paths_of_this_machine_are_refused(void **state)
{
	(void)state;
	struct build b = BUILD_INIT;
	CLEANUP(build) struct build mine = BUILD_INIT;
	struct build_spec spec = spec_of(two, "windows/amd64", "cache-leak");
	check_fails(build_run(&b, &spec, err), ERROR_BUILD,
		    "the binary for windows/amd64 holds a path of this machine, /");
	assert_null(b.exec);
	spec.target = NULL;
	check_ok(build_run(&mine, &spec, err)); /* not released: no harm */
}

static void link_out_of_the_tree_is_no_licence(void **state)
{
	(void)state;
	CLEANUP(build) struct build b = BUILD_INIT;
	char tree[65], sha[65];
	GIT(NULL, "rm", "-q", "--cached", "mod/LICENSES");
	GIT(tree, "write-tree");
	GIT(sha, "commit-tree", "-m", "x", "-p", two, tree);
	GIT(NULL, "branch", "-f", "linked", sha);
	GIT(NULL, "reset", "-q", "--hard", later);
	struct build_spec spec = spec_of(sha, "windows/amd64", "cache-linked");
	check_ok(build_run(&b, &spec, err));
	assert_null(b.licenses);
}

/* Nobody's clock: what archives cannot hold is brought to what they can. */
static void strange_times_are_bounded(void **state)
{
	(void)state;
	static const struct {
		const char *date;
		int64_t seconds;
	} cases[] = { { "committer a <a> 1 +0000", 315619200 }, { "committer a <a> 99999999999 +0000", 4102444799 } };
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(build) struct build b = BUILD_INIT;
		CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(4096);
		char tree[65], sha[65], path[700];
		GIT(tree, "rev-parse", "HEAD^{tree}");
		strbuf_addf(&text, "tree %s\nauthor a <a> 1 +0000\n%s\n\nx\n", tree, cases[i].date);
		snprintf(path, sizeof path, "%s/commit", repository);
		put(text.data, "%s", path);
		GIT(sha, "hash-object", "-t", "commit", "-w", path);
		unlink(path);
		GIT(NULL, "branch", "-f", "strange", sha);
		struct build_spec spec = spec_of(sha, "windows/amd64", "cache-times");
		check_ok(build_run(&b, &spec, err));
		assert_int_equal(b.commit_seconds, cases[i].seconds);
	}
}

static void problems_of(const char *target, struct strlist *problems)
{
	strlist_release(problems);
	*problems = (struct strlist)STRLIST_INIT;
	check_ok(build_check_target(&engine, target, problems, err));
}

static void missing_compilers_are_told(void **state)
{
	(void)state;
	CLEANUP(strlist) struct strlist problems = STRLIST_INIT;
	AUTO_FREE char *path = strdup(getenv("PATH"));
	setenv("PATH", "/nonexistent", 1);
	problems_of("windows/amd64", &problems); /* without cgo nothing is needed */
	assert_int_equal(problems.len, 0);
	problems_of("linux/arm64", &problems);
	assert_int_equal(problems.len, 2);
	check_contains(problems.items[0], "aarch64-linux-gnu-gcc, which is not here: Debian's package "
					  "gcc-aarch64-linux-gnu has it, or name another in CC_FOR_linux_arm64");
	check_contains(problems.items[1], "oa64-clang++");
	check_contains(problems.items[1], "osxcross");
	problems_of("plan9/amd64", &problems);
	check_contains(problems.items[0],
		       "plan9/amd64 needs a C compiler (CGO_ENABLED=1): name one in CC_FOR_plan9_amd64");
	problems_of("linux/mips", &problems);
	check_contains(problems.items[0],
		       "engine tiny is not built for \"linux/mips\"; its engine file names linux/arm64, ");
	setenv("PATH", path, 1);
	setenv("CC_FOR_linux_arm64", "/bin/sh -x", 1);
	setenv("CXX_FOR_linux_arm64", "sh", 1);
	problems_of("linux/arm64", &problems);
	assert_int_equal(problems.len, 0);
	unsetenv("CC_FOR_linux_arm64");
	unsetenv("CXX_FOR_linux_arm64");
}

static void unknown_target_is_an_error(void **state)
{
	(void)state;
	struct build b = BUILD_INIT;
	struct build_spec spec = spec_of(one, "linux/mips", "cache");
	check_fails(build_run(&b, &spec, err), ERROR_USAGE, "engine tiny is not built for linux/mips");
}

/* Of the last calls of go: how many had this -p. */
static int calls_with(const char *jobs)
{
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(1 << 20);
	int n = 0;
	read_file("calls", &text);
	for (const char *at = text.data; (at = strstr(at, jobs)); at += strlen(jobs))
		n++;
	assert_int_equal(unlink("calls"), 0);
	return n;
}

/* Only what compiles takes a share of the cores. */
static void cores_are_shared_by_those_that_compile(void **state)
{
	(void)state;
	struct build b[4] = { 0 };
	struct build_spec specs[4];
	put("a profile", "%s/cpu.pprof", root);
	for (size_t i = 0; i < 4; i++)
		specs[i] = spec_of(one, NULL, "cache-shares");
	specs[0].jobs = 6;
	specs[1].profile = "cpu.pprof";
	unlink("calls");
	check_ok(build_many(b, specs, 2, err)); /* both compile */
	assert_int_equal(calls_with(" -p=3 "), 2);
	build_release(&b[1]);
	put("another profile", "%s/cpu.pprof", root);
	build_release(&b[0]);
	check_ok(build_many(b, specs, 2, err)); /* the first is in the cache */
	assert_true(b[0].cached);
	assert_false(b[1].cached);
	assert_int_equal(calls_with(" -p=6 "), 1);
	build_release(&b[0]);
	build_release(&b[1]);

	specs[0].version = specs[1].version = later; /* the same key twice, a failure, a target */
	specs[1].profile = NULL;
	specs[2].version = "nowhere";
	specs[3].target = "windows/amd64";
	check_fails(build_many(b, specs, 4, err), ERROR_BUILD, "nowhere");
	assert_int_equal(calls_with(" -p=3 "), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(targets_get_their_settings),
		cmocka_unit_test(overrides_are_part_of_the_key),
		cmocka_unit_test(release_keeps_licences_and_time),
		cmocka_unit_test(named_licences_must_be_there),
		cmocka_unit_test(paths_of_this_machine_are_refused),
		cmocka_unit_test(link_out_of_the_tree_is_no_licence),
		cmocka_unit_test(strange_times_are_bounded),
		cmocka_unit_test(missing_compilers_are_told),
		cmocka_unit_test(unknown_target_is_an_error),
		cmocka_unit_test(cores_are_shared_by_those_that_compile),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
