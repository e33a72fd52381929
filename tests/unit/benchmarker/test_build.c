/* The build room on real git and real Go, with a tiny module without dependencies. One cache of compiled packages is
 * shared, so that the standard library is compiled once; each test that looks at a cache has a dbdyno cache of its own.
 */
#include "base/clock.h"
#include "base/fs.h"
#include "base/proc.h"
#include "base/stop.h"
#include "benchmarker/build.h"
#include "build_room.h"
#include "check.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static char go_cache[512];
static char one[65], two[65], broken[65], library[65], outside[65], tag_object[65];
static struct engine engine = {
	.name = (char *)"tiny", .module_dir = (char *)"mod", .package = (char *)"./cmd", .binary = (char *)"tiny"
};

static const char main_go[] = "package main\n\nfunc main() {\n\tprintln(\"number\", number())\n}\n";

static void make_history(void)
{
	GIT(NULL, "init", "-q", repository);
	put("module example.com/tiny\n\ngo 1.21\n", "%s/mod/go.mod", repository);
	put(main_go, "%s/mod/cmd/main.go", repository);
	put("package main\n\nfunc number() int { return 1 }\n", "%s/mod/cmd/number.go", repository);
	put("package other\n", "%s/mod/other/other.go", repository);
	/* Things that run code where git is careless: a filter, a link out of the tree. */
	put("* filter=evil\n", "%s/.gitattributes", repository);
	assert_int_equal(symlink("/", "link-out"), 0);
	char link[600];
	snprintf(link, sizeof link, "%s/link-out", repository);
	assert_int_equal(rename("link-out", link), 0);
	commit(one, "one");
	GIT(NULL, "tag", "light");
	GIT(NULL, "tag", "-a", "-m", "x", "v1.2.3");
	GIT(tag_object, "rev-parse", "v1.2.3");
	put("package main\n\nfunc number() int { return 2 }\n", "%s/mod/cmd/number.go", repository);
	commit(two, "two");
	GIT(NULL, "branch", "feature/x");
	put("package main\n\nfunc number() int { return missing }\n", "%s/mod/cmd/number.go", repository);
	commit(broken, "broken");
	put("package cmd\n", "%s/mod/cmd/main.go", repository);
	put("package cmd\n\nfunc number() int { return 1 }\n", "%s/mod/cmd/number.go", repository);
	commit(library, "library");
	GIT(NULL, "rm", "-q", "-r", "mod");
	assert_int_equal(chdir(repository), 0);
	assert_int_equal(symlink("../elsewhere", "mod"), 0);
	assert_int_equal(chdir("/"), 0);
	put("module example.com/elsewhere\n", "%s/elsewhere/go.mod", root);
	commit(outside, "outside");
	GIT(NULL, "reset", "-q", "--hard", two);
	/* The repository's own configuration and hooks. */
	char smudge[600];
	snprintf(smudge, sizeof smudge, "touch %s/evil-smudge; cat", root);
	GIT(NULL, "config", "filter.evil.smudge", smudge);
	put("#!/bin/sh\ntouch \"$(dirname \"$0\")/ran\"\n", "%s/.git/hooks/post-checkout", repository);
}

static int set_up(void **state)
{
	(void)state;
	char cwd[512];
	root = fs_make_temp_dir("test-build", NULL);
	if (!root || chdir(root) < 0 || !getcwd(cwd, sizeof cwd))
		return -1;
	snprintf(repository, sizeof repository, "%.400s/repository", cwd);
	snprintf(go_cache, sizeof go_cache, "%.400s/go-build", cwd);
	/* Canaries: no child may see them. */
	setenv("AWS_SECRET_ACCESS_KEY", "canary-aws", 1);
	setenv("REPO_ACCESS_TOKEN", "canary-token", 1);
	setenv("SSH_AUTH_SOCK", "canary-agent", 1);
	setenv("GOFLAGS", "-canary-flags", 1);
	setenv("GOEXPERIMENT", "", 1);
	unsetenv("GOTOOLCHAIN");
	unsetenv("GOCACHE");
	unsetenv("GOMODCACHE");
	make_history();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	int failed = fs_remove_tree(root, NULL);
	free(root);
	return failed;
}

static struct build_spec spec_of(const char *version, const char *cache)
{
	static char paths[8][600]; /* those of the specs in use */
	static unsigned next;
	char *path = paths[next++ % ARRAY_SIZE(paths)];
	snprintf(path, sizeof paths[0], "%s/%s", root, cache);
	return (struct build_spec){
		.engine = &engine, .repository = repository, .version = version, .cache = path, .go_cache = go_cache
	};
}

static size_t count_entries(const char *cache, const char *sub)
{
	char path[700];
	size_t n = 0;
	snprintf(path, sizeof path, "%s/%s/%s", root, cache, sub);
	DIR *dir = opendir(path);
	for (struct dirent *e; dir && (e = readdir(dir));)
		n += e->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return n;
}

/* What the program prints (to standard error). */
static void check_runs(const struct build *b, const char *printed)
{
	CLEANUP(strbuf) struct strbuf tail = STRBUF_INIT(4096);
	const char *const argv[] = { b->exec, NULL };
	struct proc_spec spec = PROC_SPEC_INIT;
	spec.argv = argv;
	check_ok(proc_run(&spec, 60 * NS_PER_SECOND, NULL, &tail, err));
	check_str(tail.data, printed);
}

static void versions_are_checked(void **state)
{
	(void)state;
	static const char *const good[] = { "v1.2.3", "1.2.3", "main",         "feature/x",
					    "HEAD",   "abcd",  "refs/tags/v1", "a+b_c-d" };
	static const char *const bad[] = { "",     "-x",    "--upload-pack=x", "a..b", "a b", "a\nb",
					   "$(x)", "a@{1}", "HEAD~1",          "a^",   "a:b", "*",
					   "'",    "é" };
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		check_ok(build_check_version(good[i], err));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		check_fails(build_check_version(bad[i], err), ERROR_USAGE, "version");
	char longest[302];
	memset(longest, 'a', sizeof longest);
	longest[200] = 0;
	check_ok(build_check_version(longest, err));
	longest[200] = 'a';
	longest[300] = 0;
	check_fails(build_check_version(longest, err), ERROR_USAGE, "longer than 200");
}

static void repositories_are_checked(void **state)
{
	(void)state;
	static const char *const good[] = { "https://example.com/a/b",
					    "http://127.0.0.1:80/x",
					    "ssh://git@example.com/a",
					    "git://example.com/a",
					    "file:///a/b",
					    "git@example.com:a/b.git",
					    "example.com:a",
					    "/",
					    "." };
	static const struct {
		const char *s, *message;
	} bad[] = {
		{ "", "1 to 1,000 bytes" },
		{ "a\nb", "1 to 1,000 bytes" },
		{ "\xff", "1 to 1,000 bytes" },
		{ "--upload-pack=x", "starts with '-'" },
		{ "ext::sh -c x", "neither a folder" },
		{ "fd::3", "neither a folder" },
		{ "ext://x", "the scheme \"ext\"" },
		{ "HTTPS://example.com", "the scheme" },
		{ "https://user:secret@example.com/a", "holds a user" },
		{ "https://token@example.com/a", "holds a user" },
		{ "ssh://u:secret@example.com/a", "holds a user" },
		{ "ssh://-oProxyCommand=x/a", "proper host" },
		{ "ssh://a@-oProxyCommand=x/a", "proper host" },
		{ "https:///a", "proper host" },
		{ "-oProxyCommand=x:a", "starts with '-'" },
		{ "a@-oProxyCommand=x:a", "neither" },
		{ "host:-x", "neither" },
		{ "/does/not/exist", "neither" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		check_ok(build_check_repository(good[i], err));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		check_fails(build_check_repository(bad[i].s, err), ERROR_USAGE, bad[i].message);
		struct error e = ERROR_INIT;
		build_check_repository(bad[i].s, &e);
		assert_null(strstr(e.message, "secret"));
	}
	char *huge = malloc(5000);
	memset(huge, 'a', 4999);
	huge[4999] = 0;
	check_fails(build_check_repository(huge, err), ERROR_USAGE, "1 to 1,000 bytes");
	free(huge);
}

static void unbuildable_engines_are_refused(void **state)
{
	(void)state;
	struct build b = BUILD_INIT;
	struct build_spec spec = spec_of(one, "unused");
	struct engine none = engine;
	spec.engine = &none;
	none.package = NULL;
	check_fails(build_run(&b, &spec, err), ERROR_USAGE, "engine tiny cannot be built");
	none = engine;
	none.binary = (char *)"../x";
	check_fails(build_run(&b, &spec, err), ERROR_USAGE, "binary is no file name");
	none = engine;
	none.package = (char *)"-toolexec=x";
	check_fails(build_run(&b, &spec, err), ERROR_USAGE, "starts with '-'");
	none = engine;
	spec.repository = NULL;
	check_fails(build_run(&b, &spec, err), ERROR_USAGE, "no repository of its own");
	assert_false(fs_exists(spec.cache));
}

/* A script that notes each call with its environment and arguments, and then is the real program. */
static const char *wrapper(const char *name, const char *before)
{
	static char paths[4][600];
	static size_t next;
	char *path = paths[next++ % 4];
	snprintf(path, sizeof paths[0], "%s/wrap-%zu/%s", root, next, name);
	AUTO_FREE char *real = fs_find_program(name, getenv("PATH"));
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(8192);
	strbuf_addf(&text, "#!/bin/sh\necho \"$@\" >>%s/calls\nenv >>%s/environment\n%s\nexec %s \"$@\"\n", root, root,
		    before, real);
	put(text.data, "%s", path);
	return path;
}

static void read_note(const char *name, struct strbuf *out)
{
	char path[600];
	snprintf(path, sizeof path, "%s/%s", root, name);
	strbuf_reset(out);
	if (fs_exists(path))
		check_ok(fs_read(path, out, err));
}

static void count_steps(const char *step, void *data)
{
	strbuf_addf(data, "%s ", step);
}

static void builds_then_answers_from_the_cache(void **state)
{
	(void)state;
	CLEANUP(build) struct build first = BUILD_INIT, again = BUILD_INIT;
	CLEANUP(strbuf)
	struct strbuf before = STRBUF_INIT(1 << 20), after = STRBUF_INIT(1 << 20), steps = STRBUF_INIT(100);
	struct build_spec spec = spec_of(one, "cache");
	spec.go = wrapper("go", "");
	spec.git = wrapper("git", "");
	spec.on_step = count_steps;
	spec.on_step_data = &steps;
	check_ok(build_run(&first, &spec, err));
	check_str(steps.data, "resolve fetch build ");
	assert_false(first.cached);
	check_str(first.commit, one);
	check_str(first.flags, "-trimpath -buildvcs=false -pgo=off ./cmd");
	check_contains(first.go_version, "go1.");
	assert_null(first.profile_sha256);
	assert_true(first.build_ns > 0 && first.fetch_ns > 0);
	check_runs(&first, "number 1\n");
	assert_int_equal(count_entries("cache", "building"), 0);
	assert_false(fs_exists("evil-smudge"));

	read_note("calls", &before);
	check_ok(build_run(&again, &spec, err));
	read_note("calls", &after);
	check_str(after.data, before.data); /* neither git nor go was called */
	assert_true(again.cached);
	check_str(again.exec, first.exec);
	check_str(again.binary_sha256, first.binary_sha256);
	check_str(again.go_version, first.go_version);
	check_str(again.flags, first.flags);
	assert_true(first.commit_seconds > 0 && again.commit_seconds == first.commit_seconds);
	assert_true(again.fetch_ns == 0 && again.build_ns == 0);
}

static void children_see_no_secret(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf seen = STRBUF_INIT(1 << 20);
	read_note("environment", &seen); /* of the test before: git and go */
	check_contains(seen.data, "GIT_TERMINAL_PROMPT=0");
	check_contains(seen.data, "GOCACHE=");
	assert_null(strstr(seen.data, "canary"));
}

static void module_cache_of_the_environment_is_used(void **state)
{
	(void)state;
	CLEANUP(build) struct build b = BUILD_INIT;
	CLEANUP(strbuf) struct strbuf seen = STRBUF_INIT(1 << 20);
	char line[600];
	struct build_spec spec = spec_of(one, "cache-modules");
	spec.go = wrapper("go", "");
	snprintf(line, sizeof line, "%s/modules", root);
	setenv("GOMODCACHE", line, 1);
	check_ok(build_run(&b, &spec, err));
	unsetenv("GOMODCACHE");
	read_note("environment", &seen);
	snprintf(line, sizeof line, "\nGOMODCACHE=%s/modules\n", root);
	check_contains(seen.data, line);
	assert_false(fs_exists("cache-modules/go-mod"));
}

static void names_resolve_to_commits(void **state)
{
	(void)state;
	char upper[65], file_url[600];
	for (size_t i = 0; i <= 40; i++)
		upper[i] = one[i] >= 'a' && one[i] <= 'f' ? (char)(one[i] - 'a' + 'A') : one[i];
	char short_one[8], short_two[5 + 8];
	snprintf(short_one, sizeof short_one, "%.7s", one);
	snprintf(short_two, sizeof short_two, "%.9s", two);
	snprintf(file_url, sizeof file_url, "file://%s", repository);
	const struct {
		const char *version, *commit;
	} cases[] = {
		{ "light", one },
		{ "v1.2.3", one },
		{ "1.2.3", one },
		{ "refs/tags/v1.2.3", one },
		{ upper, one },
		{ short_one, one },
		{ short_two, two },
		{ "feature/x", two },
		{ "refs/heads/main", two },
		{ "HEAD", two },
		{ "main", two },
	};
	for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		CLEANUP(build) struct build b = BUILD_INIT;
		struct build_spec spec = spec_of(cases[i / 2].version, "cache");
		spec.repository = i % 2 ? file_url : repository;
		check_ok(build_run(&b, &spec, err));
		check_str(b.commit, cases[i / 2].commit);
	}
}

static void branch_that_moved_is_followed(void **state)
{
	(void)state;
	CLEANUP(build) struct build before = BUILD_INIT, after = BUILD_INIT;
	struct build_spec spec = spec_of("moving", "cache");
	GIT(NULL, "branch", "-f", "moving", two);
	check_ok(build_run(&before, &spec, err));
	GIT(NULL, "branch", "-f", "moving", one); /* a forced push */
	check_ok(build_run(&after, &spec, err));
	check_str(before.commit, two);
	check_str(after.commit, one);
}

static void unknown_versions_are_errors(void **state)
{
	(void)state;
	char file_url[600];
	snprintf(file_url, sizeof file_url, "file://%s", repository);
	static const char absent[] = "1111111111111111111111111111111111111111";
	const struct {
		const char *version, *message;
	} cases[] = {
		{ absent, "not our ref" },
		{ "1111111", "there is no tag, branch or commit 1111111" },
		{ "no-such-branch", "there is no tag or branch no-such-branch" },
		{ tag_object, "is a tag, not a commit" },
	};
	for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		struct build b = BUILD_INIT;
		struct build_spec spec = spec_of(cases[i / 2].version, i % 4 < 2 ? "cache" : "cache-empty");
		spec.repository = i % 2 ? file_url : repository;
		check_fails(build_run(&b, &spec, err), ERROR_BUILD, cases[i / 2].message);
		assert_null(b.exec);
	}
	assert_int_equal(count_entries("cache-empty", "bin"), 0);
	assert_int_equal(count_entries("cache-empty", "building"), 0);
}

/* Two commits of the empty tree, whose messages were searched for so that seven digits of their SHAs are alike. */
static void ambiguous_short_sha_is_an_error(void **state)
{
	(void)state;
	static const char prefix[] = "296bc8d";
	char tree[65], a[65], b[65], file_url[600];
	GIT(tree, "mktree");
	GIT(a, "commit-tree", "-m", "m18153", tree);
	GIT(b, "commit-tree", "-m", "m24891", tree);
	GIT(NULL, "branch", "twin-a", a);
	GIT(NULL, "branch", "twin-b", b);
	assert_memory_equal(a, prefix, 7);
	assert_memory_equal(b, prefix, 7);
	assert_string_not_equal(a, b);
	snprintf(file_url, sizeof file_url, "file://%s", repository);
	const char *const repositories[] = { repository, file_url };
	for (size_t i = 0; i < 2; i++) {
		struct build none = BUILD_INIT;
		struct build_spec spec = spec_of(prefix, "cache");
		spec.repository = repositories[i];
		struct error e = ERROR_INIT;
		assert_int_equal(build_run(&none, &spec, &e), -1);
		assert_int_equal(e.kind, ERROR_BUILD);
		check_contains(e.message, "the short SHA 296bc8d is ambiguous");
		check_contains(i ? e.message : e.detail, "296bc8da"); /* the candidates */
		check_contains(e.hint, "more of its digits");
	}
}

static void compile_errors_reach_the_user(void **state)
{
	(void)state;
	struct build b = BUILD_INIT;
	struct build_spec spec = spec_of(broken, "cache-failing");
	struct error e = ERROR_INIT;
	assert_int_equal(build_run(&b, &spec, &e), -1);
	assert_int_equal(e.kind, ERROR_BUILD);
	check_contains(e.detail, "cmd/number.go:3:28: undefined: missing");
	check_contains(e.message, "build tiny at ");
	check_contains(e.message, "exited with status 1");
	spec.version = library;
	check_fails(build_run(&b, &spec, err), ERROR_BUILD, "is the package a \"main\"?");
	spec.version = outside; /* its module folder is a link out of the tree */
	check_fails(build_run(&b, &spec, err), ERROR_BUILD, "the commit has no mod/go.mod");
	assert_int_equal(count_entries("cache-failing", "bin"), 0);
	assert_int_equal(count_entries("cache-failing", "building"), 0);
}

/* Go asks nothing of the folders around the cache. */
static void surroundings_do_not_matter(void **state)
{
	(void)state;
	put("go 1.21\n\nuse ./elsewhere\n", "%s/around/go.work", root);
	put("module example.com/around\n", "%s/around/go.mod", root);
	put("[url \"https://example.com/\"]\n\tinsteadOf = /\n[core]\n\trepositoryformatversion = 0\n",
	    "%s/around/.git/config", root);
	put("ref: refs/heads/main\n", "%s/around/.git/HEAD", root);
	CLEANUP(build) struct build b = BUILD_INIT;
	struct build_spec spec = spec_of("main", "around/cache");
	check_ok(build_run(&b, &spec, err));
	check_runs(&b, "number 2\n");
}

/* A program in place of go that answers "version" as go does, and compiles by a copy of a finished binary. */
static const char *quick_go(const struct build *finished)
{
	static char path[600];
	AUTO_FREE char *real = fs_find_program("go", getenv("PATH"));
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(8192);
	strbuf_addf(&text,
		    "#!/bin/sh\n[ \"$1\" = build ] || exec %s \"$@\"\n"
		    "for a; do\n  case $a in -pgo=/*) cp \"${a#-pgo=}\" %s/profile-seen ;; esac\n"
		    "  [ \"$before\" != -o ] || out=$a\n  before=$a\ndone\ncp %s \"$out\"\n",
		    real, root, finished->exec);
	snprintf(path, sizeof path, "%s/quick/go", root);
	put(text.data, "%s", path);
	return path;
}

static void profile_is_part_of_the_build(void **state)
{
	(void)state;
	char path[600];
	CLEANUP(build) struct build plain = BUILD_INIT, with = BUILD_INIT, again = BUILD_INIT, other = BUILD_INIT;
	CLEANUP(strbuf) struct strbuf seen = STRBUF_INIT(1 << 20);
	struct build_spec spec = spec_of(one, "cache");
	check_ok(build_run(&plain, &spec, err));
	spec.go = quick_go(&plain);
	snprintf(path, sizeof path, "%s/cpu.pprof", root);
	put("a profile", "%s", path);
	spec.profile = path;
	check_ok(build_run(&with, &spec, err));
	read_note("profile-seen", &seen);
	check_str(seen.data, "a profile");
	check_str(with.profile_sha256, "4913b3ed7ccad0513efe87ff54c719305f11f29c1203124041a2aeaf30c14494");
	check_contains(with.flags, "-pgo=profile.pprof");
	assert_string_not_equal(with.exec, plain.exec);
	check_ok(build_run(&again, &spec, err));
	assert_true(again.cached);
	put("another profile", "%s", path);
	check_ok(build_run(&other, &spec, err));
	assert_false(other.cached);
	assert_string_not_equal(other.exec, with.exec);
	spec.profile = "/does/not/exist.pprof";
	struct build none = BUILD_INIT;
	check_fails(build_run(&none, &spec, err), ERROR_INTERNAL, "profile: ");
}

static void write_over(const char *path, off_t at)
{
	AUTO_CLOSE int fd = open(path, O_WRONLY);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "damaged", 7, at), 7);
}

static void damaged_binaries_are_built_anew(void **state)
{
	(void)state;
	char json[800];
	CLEANUP(build) struct build first = BUILD_INIT;
	struct build_spec spec = spec_of(one, "cache");
	check_ok(build_run(&first, &spec, err));
	snprintf(json, sizeof json, "%.*s/build.json", (int)(strrchr(first.exec, '/') - first.exec), first.exec);
	for (int damage = 0; damage < 4; damage++) {
		CLEANUP(build) struct build healed = BUILD_INIT;
		if (damage == 0)
			write_over(first.exec, 1000); /* the size stays */
		else if (damage == 1)
			assert_int_equal(truncate(first.exec, 100), 0);
		else if (damage == 2)
			assert_int_equal(unlink(first.exec), 0);
		else
			write_over(json, 0);
		check_ok(build_run(&healed, &spec, err));
		assert_false(healed.cached);
		check_str(healed.binary_sha256, first.binary_sha256); /* the same bytes again */
		check_runs(&healed, "number 1\n");
	}
}

/* Calls damage for each regular file below path. */
static void each_file(const char *path, void (*damage)(const char *path))
{
	DIR *dir = opendir(path);
	for (struct dirent *e; dir && (e = readdir(dir));) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		AUTO_FREE char *sub = str_printf(NULL, "%s/%s", path, e->d_name);
		struct stat st;
		assert_int_equal(lstat(sub, &st), 0);
		if (S_ISDIR(st.st_mode))
			each_file(sub, damage);
		else if (S_ISREG(st.st_mode))
			damage(sub);
	}
	if (dir)
		closedir(dir);
}

static void damage_pack(const char *path)
{
	chmod(path, 0600);
	if (str_ends(path, ".pack") || str_ends(path, ".idx"))
		write_over(path, 20);
}

static void forget_ref(const char *path)
{
	if (strstr(path, "/refs/dbdyno/"))
		unlink(path);
}

static void damaged_store_is_fetched_anew(void **state)
{
	(void)state;
	char store[700];
	struct build_spec spec = spec_of(one, "cache-store");
	snprintf(store, sizeof store, "%s/%s/store", root, "cache-store");
	for (int round = 0; round < 3; round++) {
		CLEANUP(build) struct build b = BUILD_INIT;
		check_ok(build_run(&b, &spec, err));
		check_runs(&b, "number 1\n");
		assert_int_equal(count_entries("cache-store", "store"), 1);
		each_file(store, round == 0 ? damage_pack : forget_ref);
		/* What a fetch leaves that was killed. */
		char left[1000];
		DIR *dir = opendir(store);
		for (struct dirent *e; (e = readdir(dir));)
			if (e->d_name[0] != '.')
				snprintf(left, sizeof left, "%s/%.200s", store, e->d_name);
		closedir(dir);
		put("", "%s/shallow.lock", left);
		put("", "%s/refs/dbdyno/%s.lock", left, one);
		put("", "%s/objects/pack/tmp_pack_x", left);
		char bin[700];
		snprintf(bin, sizeof bin, "%s/cache-store/bin", root);
		check_ok(fs_remove_tree(bin, err));
	}
}

static unsigned damaged_outputs;

static void damage_output(const char *path)
{
	struct stat st;
	if (!str_ends(path, "-d") || stat(path, &st) < 0 || st.st_size < 2000)
		return;
	write_over(path, 0);
	damaged_outputs++;
}

static void count_damaged(const char *path)
{
	char hex[65];
	check_ok(fs_sha256(path, hex, err));
	damaged_outputs += str_ends(path, "-d") && !strstr(path, hex);
}

static void damaged_go_cache_is_healed(void **state)
{
	(void)state;
	CLEANUP(build) struct build b = BUILD_INIT;
	struct build_spec spec = spec_of(two, "cache-healed");
	each_file(go_cache, damage_output);
	assert_true(damaged_outputs > 10);
	check_ok(build_run(&b, &spec, err));
	check_runs(&b, "number 2\n");
	damaged_outputs = 0;
	each_file(go_cache, count_damaged);
	assert_int_equal(damaged_outputs, 0);
}

/* A module proxy in a folder, with one module, and a branch "dependent" that uses it. */
static void make_dependent(char proxy[static 600])
{
	char path[700];
	snprintf(proxy, 600, "file://%.500s/proxy", root);
	const char *at = proxy + strlen("file://");
	GIT(NULL, "checkout", "-q", "--orphan", "dep");
	GIT(NULL, "rm", "-q", "-r", "-f", ".");
	put("module example.com/dep\n\ngo 1.21\n", "%s/go.mod", repository);
	put("package dep\n\nfunc Number() int { return 7 }\n", "%s/dep.go", repository);
	commit(NULL, "dep");
	put("{\"Version\":\"v1.0.0\"}", "%s/example.com/dep/@v/v1.0.0.info", at);
	put("module example.com/dep\n\ngo 1.21\n", "%s/example.com/dep/@v/v1.0.0.mod", at);
	snprintf(path, sizeof path, "%s/example.com/dep/@v/v1.0.0.zip", at);
	GIT(NULL, "archive", "--format=zip", "--prefix=example.com/dep@v1.0.0/", "-o", path, "HEAD");
	GIT(NULL, "checkout", "-q", "-b", "dependent", two);
	put("module example.com/tiny\n\ngo 1.21\n\nrequire example.com/dep v1.0.0\n", "%s/mod/go.mod", repository);
	put("package main\n\nimport \"example.com/dep\"\n\nfunc number() int { return dep.Number() }\n",
	    "%s/mod/cmd/number.go", repository);
	CLEANUP(strlist) struct strlist env = STRLIST_INIT;
	CLEANUP(strbuf) struct strbuf tail = STRBUF_INIT(1 << 16);
	check_ok(proc_base_env(&env, err));
	proc_env_set(&env, "HOME", root);
	proc_env_set(&env, "GOPATH", root);
	proc_env_set(&env, "GOCACHE", go_cache);
	proc_env_set(&env, "GOPROXY", proxy);
	proc_env_set(&env, "GONOSUMDB", "example.com");
	proc_env_set(&env, "GOFLAGS", "-modcacherw");
	snprintf(path, sizeof path, "%s/mod", repository);
	const char *const argv[] = { "go", "mod", "tidy", NULL }; /* writes go.sum */
	struct proc_spec spec = PROC_SPEC_INIT;
	spec.argv = argv;
	spec.env = strlist_array(&env);
	spec.dir = path;
	check_ok(proc_run(&spec, 60 * NS_PER_SECOND, NULL, &tail, err));
	commit(NULL, "dependent");
	GIT(NULL, "checkout", "-q", "main");
}

static void damaged_module_cache_is_healed(void **state)
{
	(void)state;
	char proxy[600], bin[700];
	make_dependent(proxy);
	setenv("GOPROXY", proxy, 1);
	setenv("GONOSUMDB", "example.com", 1);
	struct build_spec spec = spec_of("dependent", "cache-dependent");
	CLEANUP(strbuf) struct strbuf source = STRBUF_INIT(4096);
	char file[700];
	snprintf(file, sizeof file, "%s/cache-dependent/go-mod/example.com/dep@v1.0.0/dep.go", root);
	for (int i = 0; i < 2; i++) {
		CLEANUP(build) struct build b = BUILD_INIT;
		check_ok(build_run(&b, &spec, err));
		check_runs(&b, "number 7\n");
		strbuf_reset(&source);
		check_ok(fs_read(file, &source, err));
		check_contains(source.data, "return 7");
		put("package dep\n\nfunc Number() int { return damaged }\n", "%s", file);
		snprintf(bin, sizeof bin, "%s/cache-dependent/bin", root);
		check_ok(fs_remove_tree(bin, err));
	}
	unsetenv("GOPROXY");
	unsetenv("GONOSUMDB");
}

static void tools_that_fail(void **state)
{
	(void)state;
	char script[600];
	static const struct {
		const char *text, *message, *hint;
	} go[] = {
		{ "#!/bin/sh\n[ $1 = build ] || exec go \"$@\"\nkill -KILL $$\n", "killed by SIGKILL", "memory" },
		{ "#!/bin/sh\n[ $1 = build ] || exec go \"$@\"\necho 'a: signal: killed' >&2\nexit 1\n", "status 1",
		  "memory" },
		{ "#!/bin/sh\n[ $1 = build ] || exec go \"$@\"\necho 'go: go.mod requires go >= 9.9' >&2\nexit 1\n",
		  "status 1", "newer Go" },
		{ "#!/bin/sh\necho hello\n", "is it Go?", "" },
		{ "#!/bin/sh\nexit 3\n", "exited with status 3", "" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(go); i++) {
		struct build b = BUILD_INIT;
		struct error e = ERROR_INIT;
		struct build_spec spec = spec_of(one, "cache-tools");
		snprintf(script, sizeof script, "%s/bad-%zu/go", root, i);
		put(go[i].text, "%s", script);
		spec.go = script;
		assert_int_equal(build_run(&b, &spec, &e), -1);
		assert_int_equal(e.kind, ERROR_BUILD);
		check_contains(e.message, go[i].message);
		check_contains(e.hint, go[i].hint);
	}
	struct build b = BUILD_INIT;
	struct build_spec spec = spec_of("main", "cache-tools");
	spec.go = "/does/not/exist/go";
	check_fails(build_run(&b, &spec, err), ERROR_BUILD, "cannot run /does/not/exist/go");
	spec.go = NULL;
	spec.git = "/does/not/exist/git";
	check_fails(build_run(&b, &spec, err), ERROR_BUILD, "cannot run");
	spec.git = NULL;
	spec.repository = root;
	check_fails(build_run(&b, &spec, err), ERROR_BUILD, "does not appear to be a git repository");
	assert_int_equal(count_entries("cache-tools", "bin"), 0);
	assert_int_equal(count_entries("cache-tools", "building"), 0);
}

/* A server of one answer: accepts, reads a little, writes the answer, closes, until the listening socket closes. */
struct answering {
	int fd;
	const char *answer;
	pthread_t thread;
	char url[64];
};

static void *answer_main(void *data)
{
	struct answering *s = data;
	for (int fd; (fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0; close(fd)) {
		char request[4096];
		if (read(fd, request, sizeof request) > 0 && *s->answer)
			(void)!write(fd, s->answer, strlen(s->answer));
		shutdown(fd, SHUT_WR);
	}
	return NULL;
}

static void answering_start(struct answering *s, const char *scheme, const char *answer)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof address;
	s->answer = answer;
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(s->fd, 8), 0);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *)&address, &len), 0);
	snprintf(s->url, sizeof s->url, "%s://127.0.0.1:%d/x", scheme, ntohs(address.sin_port));
	assert_int_equal(pthread_create(&s->thread, NULL, answer_main, s), 0);
}

static void answering_stop(struct answering *s)
{
	shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->fd);
}

static void remotes_that_fail(void **state)
{
	(void)state;
	static const struct {
		const char *scheme, *answer, *message, *hint;
	} cases[] = {
		{ "http", "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n",
		  "terminal prompts disabled", "clone it first" },
		{ "http", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "not found", "" },
		{ "git", "", "", "" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct answering s;
		struct build b = BUILD_INIT;
		answering_start(&s, cases[i].scheme, cases[i].answer);
		struct build_spec spec = spec_of(i ? one : "main", "cache-remote");
		spec.repository = s.url;
		struct error e = ERROR_INIT;
		assert_int_equal(build_run(&b, &spec, &e), -1);
		answering_stop(&s);
		assert_int_equal(e.kind, ERROR_BUILD);
		check_contains(e.message, cases[i].message);
		check_contains(e.hint, cases[i].hint);
	}
	assert_int_equal(count_entries("cache-remote", "store"), 0);
	assert_int_equal(count_entries("cache-remote", "building"), 0);
}

static void several_builds_run_at_once(void **state)
{
	(void)state;
	struct build b[4] = { 0 };
	struct build_spec specs[4];
	for (size_t i = 0; i < 4; i++)
		specs[i] = spec_of(i % 2 ? one : two, "cache-many");
	check_ok(build_many(b, specs, 4, err));
	for (size_t i = 0; i < 4; i++) {
		check_str(b[i].commit, i % 2 ? one : two);
		check_runs(&b[i], i % 2 ? "number 1\n" : "number 2\n");
	}
	check_str(b[0].exec, b[2].exec);
	assert_true(b[0].cached != b[2].cached); /* the same twice is built once */
	for (size_t i = 0; i < 4; i++)
		build_release(&b[i]);
	assert_int_equal(count_entries("cache-many", "bin"), 2);
	assert_int_equal(count_entries("cache-many", "building"), 0);
}

static void one_failing_build_of_several(void **state)
{
	(void)state;
	struct build b[3] = { 0 };
	struct build_spec specs[3] = { spec_of(one, "cache-some"), spec_of(broken, "cache-some"),
				       spec_of("nowhere", "cache-some") };
	check_fails(build_many(b, specs, 3, err), ERROR_BUILD, "build tiny at");
	for (size_t i = 0; i < 3; i++)
		assert_null(b[i].exec);
	assert_int_equal(count_entries("cache-some", "bin"), 1); /* the good one stays */
	check_ok(build_run(&b[0], &specs[0], err));
	assert_true(b[0].cached);
	build_release(&b[0]);
}

static void work_of_a_killed_build_goes_away(void **state)
{
	(void)state;
	CLEANUP(build) struct build b = BUILD_INIT;
	struct build_spec spec = spec_of(one, "cache-swept");
	put("left", "%s/cache-swept/building/0123456789abcdef/src/x", root);
	check_ok(build_run(&b, &spec, err));
	assert_int_equal(count_entries("cache-swept", "building"), 0);
}

static void repository_of_another_owner(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip(); /* only root can give files away */
	CLEANUP(build) struct build b = BUILD_INIT;
	struct build_spec spec = spec_of("main", "cache-owner");
	char git_dir[600];
	snprintf(git_dir, sizeof git_dir, "%s/.git", repository);
	assert_int_equal(chown(repository, 65534, 65534), 0);
	assert_int_equal(chown(git_dir, 65534, 65534), 0);
	check_ok(build_run(&b, &spec, err));
	assert_int_equal(chown(repository, 0, 0), 0);
	assert_int_equal(chown(git_dir, 0, 0), 0);
}

/* The last test: a stop request stays for the rest of the process. */
static void stop_request_leaves_nothing(void **state)
{
	(void)state;
	char script[600];
	struct build b[2] = { 0 };
	struct error e = ERROR_INIT;
	struct build_spec specs[2] = { spec_of(one, "cache-stopped"), spec_of(two, "cache-stopped") };
	snprintf(script, sizeof script, "%s/endless/go", root);
	put("#!/bin/sh\n[ $1 = build ] || exec go \"$@\"\nkill -TERM $PPID\nexec tail -f /dev/null\n", "%s", script);
	specs[0].go = specs[1].go = script;
	check_ok(stop_install(err));
	uint64_t start = clock_mono_ns();
	assert_int_equal(build_many(b, specs, 2, &e), -1);
	assert_int_equal(e.kind, ERROR_INTERRUPTED);
	assert_int_equal(e.signal, SIGTERM);
	assert_true(clock_mono_ns() - start < 60 * NS_PER_SECOND); /* it ended: tail would not */
	assert_int_equal(count_entries("cache-stopped", "bin"), 0);
	assert_int_equal(count_entries("cache-stopped", "building"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_are_checked),
		cmocka_unit_test(repositories_are_checked),
		cmocka_unit_test(unbuildable_engines_are_refused),
		cmocka_unit_test(builds_then_answers_from_the_cache),
		cmocka_unit_test(children_see_no_secret),
		cmocka_unit_test(module_cache_of_the_environment_is_used),
		cmocka_unit_test(names_resolve_to_commits),
		cmocka_unit_test(branch_that_moved_is_followed),
		cmocka_unit_test(unknown_versions_are_errors),
		cmocka_unit_test(ambiguous_short_sha_is_an_error),
		cmocka_unit_test(compile_errors_reach_the_user),
		cmocka_unit_test(surroundings_do_not_matter),
		cmocka_unit_test(profile_is_part_of_the_build),
		cmocka_unit_test(damaged_binaries_are_built_anew),
		cmocka_unit_test(damaged_store_is_fetched_anew),
		cmocka_unit_test(damaged_go_cache_is_healed),
		cmocka_unit_test(damaged_module_cache_is_healed),
		cmocka_unit_test(tools_that_fail),
		cmocka_unit_test(remotes_that_fail),
		cmocka_unit_test(several_builds_run_at_once),
		cmocka_unit_test(one_failing_build_of_several),
		cmocka_unit_test(work_of_a_killed_build_goes_away),
		cmocka_unit_test(repository_of_another_owner),
		cmocka_unit_test(stop_request_leaves_nothing),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
