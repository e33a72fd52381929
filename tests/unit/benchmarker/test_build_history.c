/* The commits between two, on real git: in a folder, and of a remote. */
#include "benchmarker/build_history.h"

#include "build_room.h"

#include <unistd.h>

static struct engine engine = { .name = (char *)"tiny", .package = (char *)"./cmd", .binary = (char *)"tiny" };

/* one ── two ── three ─────── merge ── six     side: branched off at two; apart: off at one
 *         └──── side, deep ────┘                                                          */
static char one[65], two[65], three[65], side[65], deep[65], merge[65], six[65], apart[65];
static char remote[600];

static void change(char *sha, const char *file, const char *message)
{
	put(message, "%s/%s", repository, file);
	commit(sha, message);
}

static int set_up(void **state)
{
	(void)state;
	root = fs_make_temp_dir("dbdyno-test", NULL);
	assert_non_null(root);
	snprintf(repository, sizeof repository, "%s/repository", root);
	GIT(NULL, "init", "-q", repository);
	GIT(NULL, "config", "uploadpack.allowFilter", "true");
	change(one, "a", "one");
	GIT(NULL, "tag", "v1.0.0");
	change(two, "go/b", "two: changes go/");
	change(three, "a", "three \xc2\x9b");
	GIT(NULL, "checkout", "-q", "-b", "side", two);
	change(side, "c", "side");
	change(deep, "go/d", "deep");
	GIT(NULL, "checkout", "-q", "main");
	GIT(NULL, "merge", "-q", "--no-ff", "-m", "merge", "side");
	GIT(merge, "rev-parse", "HEAD");
	change(six, "a", "six \x1b[31m\xff\n\nAnd more.");
	GIT(NULL, "checkout", "-q", "-b", "apart", one);
	change(apart, "a", "apart");
	GIT(NULL, "checkout", "-q", "main");
	snprintf(remote, sizeof remote, "file://%s", repository);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fs_remove_tree(root, NULL);
	free(root);
	return 0;
}

static struct build_spec spec_of(const char *where)
{
	static char cache[600];
	snprintf(cache, sizeof cache, "%s/cache", root);
	return (struct build_spec){ .engine = &engine, .repository = where, .cache = cache };
}

static void check_line(const struct build_history *h, size_t len, const char *const *shas)
{
	assert_int_equal(h->len, len);
	for (size_t i = 0; i < len; i++)
		check_str(h->commits[i].sha, shas[i]);
}

static void follows_first_parents(void **state)
{
	(void)state;
	const char *places[] = { repository, remote };
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		CLEANUP(build_history) struct build_history h = BUILD_HISTORY_INIT;
		struct build_spec spec = spec_of(places[i]);
		check_ok(build_history_read(&h, &spec, "v1.0.0", "main", NULL, err));
		check_line(&h, 5, (const char *[]){ one, two, three, merge, six });
		assert_int_equal(h.in_all, 6);
		assert_int_equal(h.commits[3].parents, 2);
		assert_int_equal(h.commits[2].parents, 1);
		assert_int_equal(h.commits[0].seconds, 1767225600);
		check_str(h.commits[0].subject, "one");
		check_str(h.commits[1].subject, "two: changes go/");
		check_str(h.commits[2].subject, "three ??");
		assert_true(str_starts(h.commits[4].subject, "six ?[31m"));
	}
}

/* Good is not on bad's own line: what holds it begins with the merge that brought it. */
static void starts_where_good_came_in(void **state)
{
	(void)state;
	CLEANUP(build_history) struct build_history h = BUILD_HISTORY_INIT;
	struct build_spec spec = spec_of(remote);
	check_ok(build_history_read(&h, &spec, side, six, NULL, err));
	check_line(&h, 3, (const char *[]){ side, merge, six });
	assert_int_equal(h.in_all, 3);
}

static void takes_commits_that_no_branch_has(void **state)
{
	(void)state;
	CLEANUP(build_history) struct build_history h = BUILD_HISTORY_INIT;
	struct build_spec spec = spec_of(remote);
	check_ok(build_history_read(&h, &spec, two, three, NULL, err));
	check_line(&h, 2, (const char *[]){ two, three });
	build_history_release(&h);
	char moved[600]; /* what was fetched once is not asked for again */
	snprintf(moved, sizeof moved, "%s/moved", root);
	assert_int_equal(rename(repository, moved), 0);
	check_ok(build_history_read(&h, &spec, two, three, NULL, err));
	assert_int_equal(rename(moved, repository), 0);
	check_line(&h, 2, (const char *[]){ two, three });
}

static void keeps_to_paths(void **state)
{
	(void)state;
	const char *places[] = { repository, remote };
	CLEANUP(strlist) struct strlist go = STRLIST_INIT, none = STRLIST_INIT;
	strlist_add(&go, "go/");
	strlist_add(&none, ":(glob)**");
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		CLEANUP(build_history) struct build_history h = BUILD_HISTORY_INIT;
		struct build_spec spec = spec_of(places[i]);
		check_ok(build_history_read(&h, &spec, one, six, &go, err));
		check_line(&h, 4, (const char *[]){ one, two, merge, six });
		check_fails(build_history_read(&h, &spec, one, six, &none, err), ERROR_USAGE, "touches :(glob)**");
	}
}

static void says_what_is_wrong(void **state)
{
	(void)state;
	static const char absent[] = "0123456789012345678901234567890123456789";
	const char *places[] = { repository, remote };
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		CLEANUP(build_history) struct build_history h = BUILD_HISTORY_INIT;
		struct build_spec spec = spec_of(places[i]);
		struct error e = ERROR_INIT;
		check_fails(build_history_read(&h, &spec, six, "main", NULL, err), ERROR_USAGE, "are one commit");
		check_fails(build_history_read(&h, &spec, six, one, NULL, err), ERROR_USAGE, "older than good");
		assert_int_equal(build_history_read(&h, &spec, apart, six, NULL, &e), -1);
		assert_int_equal(e.kind, ERROR_USAGE);
		check_contains(e.message, "is no ancestor of bad");
		char hint[100];
		snprintf(hint, sizeof hint, "they part at %.12s", one);
		check_contains(e.hint, hint);
		assert_int_equal(build_history_read(&h, &spec, one, absent, NULL, &e), -1);
		assert_int_equal(e.kind, ERROR_BUILD);
		check_fails(build_history_read(&h, &spec, "--upload-pack=x", six, NULL, err), ERROR_USAGE, "starts");
		check_fails(build_history_read(&h, &spec, one, "nowhere", NULL, err), ERROR_BUILD, "nowhere");
		assert_int_equal(h.len, 0);
	}
}

static void tells_a_shallow_clone(void **state)
{
	(void)state;
	char clone[600];
	snprintf(clone, sizeof clone, "%s/shallow", root);
	GIT(NULL, "clone", "-q", "--depth=1", "--no-single-branch", remote, clone);
	CLEANUP(build_history) struct build_history h = BUILD_HISTORY_INIT;
	struct build_spec spec = spec_of(clone);
	struct error e = ERROR_INIT;
	assert_int_equal(build_history_read(&h, &spec, "origin/side", "main", NULL, &e), -1);
	assert_int_equal(build_history_read(&h, &spec, deep, six, NULL, &e), -1);
	check_contains(e.hint, "shallow");
}

static void damaged_store_is_fetched_anew(void **state)
{
	(void)state;
	CLEANUP(build_history) struct build_history h = BUILD_HISTORY_INIT;
	struct build_spec spec = spec_of(remote);
	char command[1400];
	check_ok(build_history_read(&h, &spec, one, six, NULL, err));
	build_history_release(&h);
	snprintf(command, sizeof command, "%s/store", spec.cache);
	CLEANUP(strlist) struct strlist argv = STRLIST_INIT;
	strlist_add_all(&argv, (const char *const[]){ "find", command, "-path", "*-commits.git/objects/pack/*",
						      "-delete", NULL });
	struct proc_spec find = PROC_SPEC_INIT;
	find.argv = strlist_array(&argv);
	check_ok(proc_run(&find, 60 * NS_PER_SECOND, NULL, NULL, err));
	check_ok(build_history_read(&h, &spec, one, six, NULL, err));
	assert_int_equal(h.len, 5);
}

/* 12,000 commits, by fast-import. */
static void reads_a_long_history(void **state)
{
	(void)state;
	enum { N = 12000 };
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(16 << 20);
	for (int i = 1; i <= N; i++)
		strbuf_addf(&text, "commit refs/heads/long\ncommitter A <a@example.com> %d +0000\ndata 6\nc%05d\n",
			    1767225600 + i, i);
	strbuf_adds(&text, "done\n");
	assert_int_equal(text.failed, STRBUF_OK);
	char path[600], bash[1300];
	snprintf(path, sizeof path, "%s/stream", root);
	check_ok(fs_write_atomic(path, text.data, text.len, 0600, err));
	snprintf(bash, sizeof bash, "git -C '%s' fast-import --quiet --done < '%s'", repository, path);
	const char *const argv[] = { "sh", "-c", bash, NULL };
	struct proc_spec import = PROC_SPEC_INIT;
	import.argv = argv;
	check_ok(proc_run(&import, 60 * NS_PER_SECOND, NULL, NULL, err));
	char first[65];
	GIT(first, "rev-list", "--max-parents=0", "long");
	CLEANUP(build_history) struct build_history h = BUILD_HISTORY_INIT;
	struct build_spec spec = spec_of(remote);
	check_ok(build_history_read(&h, &spec, first, "long", NULL, err));
	assert_int_equal(h.len, N);
	check_str(h.commits[0].subject, "c00001");
	check_str(h.commits[N - 1].subject, "c12000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_first_parents),
		cmocka_unit_test(starts_where_good_came_in),
		cmocka_unit_test(takes_commits_that_no_branch_has),
		cmocka_unit_test(keeps_to_paths),
		cmocka_unit_test(says_what_is_wrong),
		cmocka_unit_test(tells_a_shallow_clone),
		cmocka_unit_test(damaged_store_is_fetched_anew),
		cmocka_unit_test(reads_a_long_history),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
