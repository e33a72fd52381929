/* Which commit a name means. */
#include "base/fs.h"
#include "benchmarker/build_parts.h"

#include <stdio.h>
#include <string.h>

enum {
	MAX_REFS_BYTES = 64 << 20, /* ls-remote of a repository with half a million refs */
	MIN_SHORT_SHA = 4,         /* git's own least */
	SAFE_SHORT_SHA = 7,        /* from here on, one match among the tips is taken as the one */
	MAX_CANDIDATES = 10,
};

/* One line of ls-remote: "<sha>\t<ref>\n". False at the end or when it is something else. */
struct remote_ref {
	const char *sha, *name;
	size_t sha_len, name_len;
};

static bool next_ref(const char **at, struct remote_ref *ret)
{
	const char *tab = strchr(*at, '\t'), *end = tab ? strchr(tab, '\n') : NULL;
	if (!end)
		return false;
	*ret = (struct remote_ref){ *at, tab + 1, (size_t)(tab - *at), (size_t)(end - tab - 1) };
	*at = end + 1;
	return strspn(ret->sha, "0123456789abcdef") == ret->sha_len && (ret->sha_len == 40 || ret->sha_len == 64);
}

static bool is_peeled(const struct remote_ref *r)
{
	return r->name_len > 3 && memcmp(r->name + r->name_len - 3, "^{}", 3) == 0;
}

/* Names that version may mean, the first that exists wins: tags (peeled to their commit) before branches; with and
 * without the v that releases put before a number. */
static int candidate_refs(const char *version, struct strlist *refs, struct error *err)
{
	bool number = *version >= '0' && *version <= '9';
	bool v_number = *version == 'v' && version[1] >= '0' && version[1] <= '9';
	if (strcmp(version, "HEAD") == 0) {
		strlist_add(refs, "HEAD");
		return strlist_check(refs, err);
	}
	strlist_addf(refs, "refs/tags/%s^{}", version);
	strlist_addf(refs, "refs/tags/%s", version);
	strlist_addf(refs, "refs/heads/%s", version);
	if (number || v_number) {
		const char *other = number ? version : version + 1;
		strlist_addf(refs, "refs/tags/%s%s^{}", number ? "v" : "", other);
		strlist_addf(refs, "refs/tags/%s%s", number ? "v" : "", other);
	}
	if (str_starts(version, "refs/")) {
		strlist_addf(refs, "%s^{}", version);
		strlist_add(refs, version);
	}
	return strlist_check(refs, err);
}

static int list_remote(const struct build_place *p, const struct build_spec *spec, const struct strlist *patterns,
		       struct strbuf *out, struct error *err)
{
	CLEANUP(strlist) struct strlist args = STRLIST_INIT;
	strlist_add_all(&args, (const char *const[]){ "ls-remote", "--quiet", "--", p->repository, NULL });
	if (patterns)
		strlist_add_all(&args, strlist_array(patterns));
	if (strlist_check(&args, err) < 0)
		return -1;
	return build_git(p, spec, NULL, strlist_array(&args), NULL, out, err);
}

/* Looks the version up as a ref. 0 with *ret NULL when there is none. */
static int resolve_ref(const struct build_place *p, const struct build_spec *spec, char **ret, struct error *err)
{
	CLEANUP(strlist) struct strlist refs = STRLIST_INIT;
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(MAX_REFS_BYTES);
	if (candidate_refs(spec->version, &refs, err) < 0 || list_remote(p, spec, &refs, &out, err) < 0)
		return -1;
	for (size_t i = 0; i < refs.len; i++) {
		struct remote_ref r;
		for (const char *at = out.data; next_ref(&at, &r);)
			if (strlen(refs.items[i]) == r.name_len && memcmp(refs.items[i], r.name, r.name_len) == 0) {
				*ret = strndup(r.sha, r.sha_len);
				return *ret ? 0 : error_oom(err);
			}
	}
	return 0;
}

static int error_ambiguous(const char *shown, const struct strlist *found, struct error *err)
{
	CLEANUP(strbuf) struct strbuf list = STRBUF_INIT(2048);
	for (size_t i = 0; i < found->len && i < MAX_CANDIDATES; i++)
		strbuf_addf(&list, "%s%.16s", i ? ", " : "", found->items[i]);
	if (found->len > MAX_CANDIDATES)
		strbuf_adds(&list, ", …");
	error_set(err, ERROR_BUILD, "the short SHA %s is ambiguous: %s", shown, list.data);
	return error_hint(err, "give more of its digits");
}

/* Commits among the remote's tips that start with prefix. An annotated tag's own object is none. */
static int tips_with_prefix(const char *refs, const char *prefix, struct strlist *found, struct error *err)
{
	struct remote_ref r, following;
	size_t len = strlen(prefix);
	for (const char *at = refs; next_ref(&at, &r);) {
		const char *peek = at;
		bool is_tag_object = next_ref(&peek, &following) && is_peeled(&following) &&
				     following.name_len == r.name_len + 3 &&
				     memcmp(following.name, r.name, r.name_len) == 0;
		char sha[65];
		snprintf(sha, sizeof sha, "%.*s", (int)r.sha_len, r.sha);
		if (!is_tag_object && strncmp(sha, prefix, len) == 0 && !strlist_has(found, sha))
			strlist_add(found, sha);
	}
	return strlist_check(found, err);
}

/* The commit that a short SHA means, asked of a repository that holds all commits: dir. */
static char *expand_in(const struct build_place *p, const struct build_spec *spec, const char *dir, const char *prefix,
		       struct error *err)
{
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(4096);
	AUTO_FREE char *what = str_printf(err, "%s^{commit}", prefix);
	if (!what)
		return NULL;
	const char *args[] = { "-C", dir, "rev-parse", "--verify", "--end-of-options", what, NULL };
	if (build_git(p, spec, NULL, args, NULL, &out, err) < 0) {
		if (!err || err->kind != ERROR_BUILD)
			return NULL;
		char lines[sizeof err->detail];
		memcpy(lines, err->detail, sizeof lines);
		if (strstr(lines, "is ambiguous")) {
			error_set(err, ERROR_BUILD, "the short SHA %s is ambiguous", prefix);
			error_hint(err, "give more of its digits");
			error_detail(err, lines, strlen(lines)); /* git lists the candidates */
		} else {
			error_set(err, ERROR_BUILD, "there is no tag, branch or commit %s", prefix);
		}
		return NULL;
	}
	out.data[strcspn(out.data, "\n")] = 0;
	if (!build_is_full_sha(out.data)) {
		error_set(err, ERROR_BUILD, "git said \"%.80s\" where a commit was asked for", out.data);
		return NULL;
	}
	return str_dup(out.data, err);
}

/* The same of a remote: its commits without trees and files are fetched once, and what is new later. */
static char *expand_remotely(const struct build_place *p, const struct build_spec *spec, const char *prefix,
			     bool sha256, struct error *err)
{
	AUTO_FREE char *store = build_store_path(p, sha256 ? "-sha256-commits" : "-commits", err);
	AUTO_CLOSE int lock = -1;
	if (!store || build_store_lock(p, store, &lock, err) < 0)
		return NULL;
	const char *args[] = { "fetch",
			       "--quiet",
			       "--filter=tree:0",
			       "--no-write-fetch-head",
			       "--no-tags",
			       "--end-of-options",
			       p->repository,
			       "+refs/heads/*:refs/heads/*",
			       "+refs/tags/*:refs/tags/*",
			       NULL };
	for (int attempt = 0;; attempt++) {
		bool fresh = !fs_is_dir(store);
		if ((!fresh || build_store_init(p, spec, store, sha256, err) == 0) &&
		    build_git(p, spec, store, args, NULL, NULL, err) == 0)
			return expand_in(p, spec, store, prefix, err);
		fs_remove_tree(store, NULL);
		if (fresh || attempt || (err && err->kind != ERROR_BUILD))
			return NULL;
	}
}

static bool looks_like_short_sha(const char *s)
{
	size_t n = strspn(s, "0123456789abcdefABCDEF");
	return s[n] == 0 && n >= MIN_SHORT_SHA && n < 64;
}

static char *lower_case(const char *s, struct error *err)
{
	char *copy = str_dup(s, err);
	for (char *c = copy; c && *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	return copy;
}

static char *resolve_short(const struct build_place *p, const struct build_spec *spec, struct error *err)
{
	AUTO_FREE char *prefix = lower_case(spec->version, err);
	if (!prefix)
		return NULL;
	if (p->is_local)
		return expand_in(p, spec, p->repository, prefix, err);
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(MAX_REFS_BYTES);
	CLEANUP(strlist) struct strlist found = STRLIST_INIT;
	if (list_remote(p, spec, NULL, &out, err) < 0 || tips_with_prefix(out.data, prefix, &found, err) < 0)
		return NULL;
	if (found.len > 1) {
		error_ambiguous(prefix, &found, err);
		return NULL;
	}
	if (found.len == 1 && strlen(prefix) >= SAFE_SHORT_SHA)
		return TAKE(found.items[0]);
	struct remote_ref first;
	const char *at = out.data;
	bool sha256 = next_ref(&at, &first) && first.sha_len == 64;
	return expand_remotely(p, spec, prefix, sha256, err);
}

char *build_resolve(const struct build_place *p, const struct build_spec *spec, struct error *err)
{
	AUTO_FREE char *lower = lower_case(spec->version, err);
	if (!lower)
		return NULL;
	if (build_is_full_sha(lower))
		return TAKE(lower);
	AUTO_FREE char *sha = NULL;
	if (resolve_ref(p, spec, &sha, err) < 0)
		return NULL;
	if (sha)
		return TAKE(sha);
	if (looks_like_short_sha(spec->version))
		return resolve_short(p, spec, err);
	error_set(err, ERROR_BUILD, "there is no tag or branch %s", spec->version);
	return NULL;
}
