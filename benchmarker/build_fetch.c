/* One commit's files. A bare store a repository collects single commits (depth 1), each kept by a ref of ours, so that
 * a second commit travels as a delta. */
#include "base/fs.h"
#include "benchmarker/build_parts.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* Removes what a failed or killed fetch leaves: git would refuse to go on, or never look at it again. */
static void tidy_store(const char *store, const char *commit)
{
	CLEANUP(strbuf) struct strbuf path = STRBUF_INIT(8192);
	strbuf_addf(&path, "%s/shallow.lock", store);
	unlink(path.data);
	strbuf_reset(&path);
	strbuf_addf(&path, "%s/refs/dbdyno/%s.lock", store, commit);
	unlink(path.data);
	strbuf_reset(&path);
	strbuf_addf(&path, "%s/objects/pack", store);
	DIR *dir = opendir(path.data);
	for (struct dirent *e; dir && (e = readdir(dir));)
		if (str_starts(e->d_name, "tmp_"))
			unlinkat(dirfd(dir), e->d_name, 0);
	if (dir)
		closedir(dir);
}

/* Fetches one commit into the store unless its ref says that it is there. */
static int fetch_commit(const struct build_place *p, const struct build_spec *spec, const char *store,
			const char *commit, struct error *err)
{
	AUTO_FREE char *ref = str_printf(err, "%s/refs/dbdyno/%s", store, commit);
	AUTO_FREE char *refspec = str_printf(err, "%s:refs/dbdyno/%s", commit, commit);
	if (!ref || !refspec)
		return -1;
	if (fs_exists(ref))
		return 0;
	tidy_store(store, commit);
	const char *args[] = {
		"fetch",       "--quiet", "--depth=1", "--no-tags", "--no-write-fetch-head", "--end-of-options",
		p->repository, refspec,   NULL
	};
	if (build_git(p, spec, store, args, NULL, NULL, err) == 0)
		return 0;
	tidy_store(store, commit); /* a fetch that was cut leaves the start of its pack */
	return -1;
}

/* The object may be a tag or a file: then what would be built is not what was named. */
static int check_is_commit(const struct build_place *p, const struct build_spec *spec, const char *store,
			   const char *commit, struct error *err)
{
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(256);
	const char *args[] = { "cat-file", "-t", commit, NULL };
	if (build_git(p, spec, store, args, NULL, &out, err) < 0)
		return -1;
	out.data[strcspn(out.data, "\n")] = 0;
	if (strcmp(out.data, "commit") == 0)
		return 0;
	return error_set(err, ERROR_BUILD, "%s is a %s, not a commit", commit, out.data);
}

static int write_tree(const struct build_place *p, const struct build_spec *spec, const char *store, const char *commit,
		      const char *tree, struct error *err)
{
	AUTO_FREE char *work_tree = str_printf(err, "--work-tree=%s", tree);
	AUTO_FREE char *index = str_printf(err, "%s.index", tree);
	if (!work_tree || !index || fs_mkdirs(tree, 0755, err) < 0)
		return -1;
	const char *args[] = { work_tree, "read-tree", "--reset", "-u", commit, NULL };
	return build_git(p, spec, store, args, index, NULL, err);
}

/* The commit's time: anybody's number, so it is brought to what every archive format can hold. */
static int read_time(const struct build_place *p, const struct build_spec *spec, const char *store, const char *commit,
		     int64_t *ret, struct error *err)
{
	static const long long from = 315619200, to = 4102444799; /* 1980-01-02, 2099-12-31 */
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(256);
	const char *args[] = { "log", "-1", "--no-show-signature", "--format=%ct", commit, NULL };
	if (build_git(p, spec, store, args, NULL, &out, err) < 0)
		return -1;
	out.data[strcspn(out.data, "\n")] = 0;
	long long seconds;
	if (str_to_i64(out.data, LLONG_MIN, LLONG_MAX, &seconds) < 0)
		return error_set(err, ERROR_BUILD, "git said \"%.80s\" where a time was asked for", out.data);
	*ret = seconds < from ? from : seconds > to ? to : seconds;
	return 0;
}

static int fetch_with(const struct build_place *p, const struct build_spec *spec, const char *store, const char *commit,
		      const char *tree, int64_t *ret_seconds, struct error *err)
{
	if (!fs_is_dir(store) && build_store_init(p, spec, store, strlen(commit) == 64, err) < 0)
		return -1;
	if (fetch_commit(p, spec, store, commit, err) < 0 || check_is_commit(p, spec, store, commit, err) < 0)
		return -1;
	if (ret_seconds && read_time(p, spec, store, commit, ret_seconds, err) < 0)
		return -1;
	return write_tree(p, spec, store, commit, tree, err);
}

/* A store that was here may be damaged, so a failure with it decides nothing: a fresh one does, and takes its place
 * if it works. The old one stays otherwise: a network that is down must not cost what is here. */
static int fetch_afresh(const struct build_place *p, const struct build_spec *spec, const char *store,
			const char *commit, const char *tree, int64_t *ret_seconds, struct error *err)
{
	AUTO_FREE char *fresh = str_printf(err, "%s.fresh", store);
	if (!fresh || fs_remove_tree(fresh, err) < 0 || fs_remove_tree(tree, err) < 0)
		return -1;
	if (fetch_with(p, spec, fresh, commit, tree, ret_seconds, err) < 0) {
		fs_remove_tree(fresh, NULL);
		return -1;
	}
	if (fs_remove_tree(store, err) < 0)
		return -1;
	return rename(fresh, store) < 0 ? error_errno(err, ERROR_INTERNAL, "rename %s", fresh) : 0;
}

int build_fetch(const struct build_place *p, const struct build_spec *spec, const char *commit, const char *tree,
		int64_t *ret_seconds, struct error *err)
{
	AUTO_FREE char *store = build_store_path(p, strlen(commit) == 64 ? "-sha256" : "", err);
	AUTO_CLOSE int lock = -1;
	if (!store || build_store_lock(p, store, &lock, err) < 0)
		return -1;
	bool was_here = fs_is_dir(store);
	struct error first = ERROR_INIT;
	if (fetch_with(p, spec, store, commit, tree, ret_seconds, &first) == 0)
		return 0;
	if (was_here && first.kind == ERROR_BUILD)
		return fetch_afresh(p, spec, store, commit, tree, ret_seconds, err);
	if (!was_here)
		fs_remove_tree(store, NULL);
	if (err)
		*err = first;
	return -1;
}
