#include "benchmarker/build_history.h"

#include "base/fs.h"
#include "benchmarker/build_parts.h"

#include <stdio.h>
#include <string.h>

enum {
	MAX_LIST_BYTES = 512 << 20, /* some millions of commits */
	MAX_SUBJECT = 200,
};

void build_history_release(struct build_history *h)
{
	for (size_t i = 0; i < h->len; i++) {
		free(h->commits[i].sha);
		free(h->commits[i].subject);
	}
	free(h->commits);
	*h = (struct build_history)BUILD_HISTORY_INIT;
}

/* Where the commits are, and between which two. */
struct range {
	const struct build_place *p;
	const struct build_spec *spec;
	const char *store; /* NULL: the repository is a folder here */
	const char *good, *bad;
};

/* What git prints, in the store or the folder; what a repository's replace references say is not what is built. */
static int ask(const struct range *r, const char *const *args, struct strbuf *out, struct error *err)
{
	CLEANUP(strlist) struct strlist all = STRLIST_INIT;
	if (!r->store)
		strlist_add_all(&all, (const char *const[]){ "-C", r->p->repository, NULL });
	strlist_add_all(&all, (const char *const[]){ "--no-replace-objects", "--literal-pathspecs", NULL });
	strlist_add_all(&all, args);
	if (strlist_check(&all, err) < 0)
		return -1;
	return build_git(r->p, r->spec, r->store, strlist_array(&all), NULL, out, err);
}

static int fetch_one(const struct range *r, const char *sha, bool trees, struct error *err)
{
	AUTO_FREE char *ref = str_printf(err, "%s/refs/dbdyno/%s", r->store, sha);
	AUTO_FREE char *refspec = str_printf(err, "+%s:refs/dbdyno/%s", sha, sha);
	if (!ref || !refspec)
		return -1;
	if (fs_exists(ref))
		return 0;
	const char *args[] = { "fetch",
			       "--quiet",
			       trees ? "--filter=blob:none" : "--filter=tree:0",
			       "--no-write-fetch-head",
			       "--no-tags",
			       "--end-of-options",
			       r->p->repository,
			       refspec,
			       NULL };
	return build_git(r->p, r->spec, r->store, args, NULL, NULL, err);
}

/* Bad first: mostly it brings good along. A store that a killed fetch damaged is made anew. */
static int fetch(const struct range *r, bool trees, struct error *err)
{
	for (int attempt = 0;; attempt++) {
		bool fresh = !fs_is_dir(r->store);
		if ((!fresh || build_store_init(r->p, r->spec, r->store, strlen(r->bad) == 64, err) == 0) &&
		    fetch_one(r, r->bad, trees, err) == 0 && fetch_one(r, r->good, trees, err) == 0)
			return 0;
		if (fresh)
			fs_remove_tree(r->store, NULL);
		if (fresh || attempt || (err && err->kind != ERROR_BUILD))
			return -1;
		if (fs_remove_tree(r->store, err) < 0)
			return -1;
	}
}

static int check_is_commit(const struct range *r, const char *name, const char *sha, struct error *err)
{
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(256);
	const char *args[] = { "cat-file", "-t", sha, NULL };
	struct error why = ERROR_INIT;
	if (ask(r, args, &out, &why) < 0) {
		if (why.kind == ERROR_BUILD)
			return error_set(err, ERROR_BUILD, "there is no commit %s in %s (%s)", sha, r->p->repository,
					 name);
		if (err)
			*err = why;
		return -1;
	}
	out.data[strcspn(out.data, "\n")] = 0;
	return strcmp(out.data, "commit") == 0
		       ? 0
		       : error_set(err, ERROR_BUILD, "%s is a %s, not a commit (%s)", sha, out.data, name);
}

/* Good is no ancestor of bad: what is it then? */
static int error_apart(const struct range *r, struct error *err)
{
	CLEANUP(strbuf) struct strbuf base = STRBUF_INIT(256), shallow = STRBUF_INIT(256);
	const char *base_args[] = { "merge-base", r->good, r->bad, NULL };
	const char *shallow_args[] = { "rev-parse", "--is-shallow-repository", NULL };
	bool have_base = ask(r, base_args, &base, NULL) == 0 && base.len;
	bool is_shallow = ask(r, shallow_args, &shallow, NULL) == 0 && str_starts(shallow.data, "true");
	base.data[strcspn(base.data, "\n")] = 0;
	if (have_base && strcmp(base.data, r->bad) == 0) {
		error_set(err, ERROR_USAGE, "bad, %.12s, is older than good, %.12s", r->bad, r->good);
		return error_hint(err, "bad must hold good: are the two swapped?");
	}
	error_set(err, ERROR_USAGE, "good, %.12s, is no ancestor of bad, %.12s", r->good, r->bad);
	if (is_shallow)
		return error_hint(err, "%s is a shallow clone: git fetch --unshallow gets the history",
				  r->p->repository);
	if (have_base)
		return error_hint(err, "they part at %.12s: is that one good?", base.data);
	return error_hint(err, "they have no commit in common");
}

/* Commits by their SHA. */
struct node {
	const char *line; /* "<sha>[ <parent>]…\n" */
	size_t sha_len;
};

static int compare_nodes(const void *a, const void *b)
{
	const struct node *x = a, *y = b;
	return memcmp(x->line, y->line, x->sha_len);
}

static const struct node *find_node(const struct node *nodes, size_t len, const char *sha, size_t sha_len)
{
	struct node key = { sha, sha_len };
	return len ? bsearch(&key, nodes, len, sizeof *nodes, compare_nodes) : NULL;
}

/* Lines that start with a SHA, sorted by it; NULL: no memory. */
static struct node *index_lines(const char *text, size_t sha_len, size_t *ret_len, struct error *err)
{
	size_t lines = 0, n = 0;
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		lines++;
	struct node *nodes = calloc(lines + 1, sizeof *nodes);
	if (!nodes) {
		error_oom(err);
		return NULL;
	}
	for (const char *at = text; *at;) {
		const char *end = strchr(at, '\n');
		if (strspn(at, "0123456789abcdef") == sha_len)
			nodes[n++] = (struct node){ at, sha_len };
		if (!end)
			break;
		at = end + 1;
	}
	qsort(nodes, n, sizeof *nodes, compare_nodes);
	*ret_len = n;
	return nodes;
}

/* The line's text after its SHA, printable. */
static char *clean_subject(const char *s, size_t len, struct error *err)
{
	bool utf8 = str_is_utf8(s, len);
	if (len > MAX_SUBJECT)
		for (len = MAX_SUBJECT; utf8 && len && ((unsigned char)s[len] & 0xc0) == 0x80;)
			len--;
	char *copy = strndup(s, len);
	if (!copy) {
		error_oom(err);
		return NULL;
	}
	for (char *c = copy; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f || (!utf8 && (unsigned char)*c >= 0x80))
			*c = '?';
	for (unsigned char *c = (unsigned char *)copy; utf8 && *c; c++)
		if (c[0] == 0xc2 && c[1] < 0xa0) /* U+0080 to U+009F: control characters of terminals too */
			c[0] = c[1] = '?';
	return copy;
}

static unsigned count_parents(const char *line)
{
	unsigned n = 0;
	for (; *line && *line != '\n'; line++)
		n += *line == ' ';
	return n;
}

/* facts: lines "<sha> <seconds> <subject>", NULL if unknown. */
static int add(struct build_history *h, const struct node *facts, const char *line, size_t sha_len, struct error *err)
{
	struct build_commit *c = &h->commits[h->len];
	const char *at = facts ? facts->line + sha_len : "";
	const char *end = at + strcspn(at, "\n");
	char *after = NULL;
	c->seconds = *at ? strtoll(at, &after, 10) : 0;
	at = after && *after == ' ' && after < end ? after + 1 : end;
	c->parents = count_parents(line);
	c->sha = strndup(line, sha_len);
	c->subject = clean_subject(at, (size_t)(end - at), err);
	h->len++;
	return c->sha && c->subject ? 0 : error_oom(err);
}

/* Of the commits that hold good, from bad back along first parents; good; turned round. touched: the SHAs that count;
 * NULL: all. */
static int walk(const struct range *r, const struct strbuf *graph, const struct strbuf *texts,
		const struct strbuf *touched, struct build_history *h, struct error *err)
{
	size_t sha_len = strlen(r->bad), nodes_len = 0, facts_len = 0, touched_len = 0;
	AUTO_FREE struct node *nodes = index_lines(graph->data, sha_len, &nodes_len, err);
	AUTO_FREE struct node *facts = index_lines(texts->data, sha_len, &facts_len, err);
	AUTO_FREE struct node *wanted = touched ? index_lines(touched->data, sha_len, &touched_len, err) : NULL;
	h->commits = calloc(nodes_len + 1, sizeof *h->commits);
	if (!nodes || !facts || (touched && !wanted) || !h->commits)
		return error_oom(err);
	h->in_all = nodes_len;
	const struct node *n = find_node(nodes, nodes_len, r->bad, sha_len);
	for (const char *sha = r->bad; n && h->len <= nodes_len; n = find_node(nodes, nodes_len, sha, sha_len)) {
		bool counts = !touched || h->len == 0 || find_node(wanted, touched_len, n->line, sha_len);
		if (counts && add(h, find_node(facts, facts_len, n->line, sha_len), n->line, sha_len, err) < 0)
			return -1;
		if (n->line[sha_len] != ' ')
			break;
		sha = n->line + sha_len + 1;
	}
	if (add(h, find_node(facts, facts_len, r->good, sha_len), r->good, sha_len, err) < 0)
		return -1;
	for (size_t i = 0, j = h->len - 1; i < j; i++, j--) {
		struct build_commit c = h->commits[i];
		h->commits[i] = h->commits[j];
		h->commits[j] = c;
	}
	return 0;
}

static int read_touched(const struct range *r, const char *between, const struct strlist *paths, struct strbuf *out,
			struct error *err)
{
	CLEANUP(strlist) struct strlist args = STRLIST_INIT;
	strlist_add_all(&args, (const char *const[]){ "rev-list", "--first-parent", between, "--", NULL });
	strlist_add_all(&args, strlist_array(paths));
	if (strlist_check(&args, err) < 0 || ask(r, strlist_array(&args), out, err) < 0)
		return -1;
	if (out->len)
		return 0;
	error_set(err, ERROR_USAGE, "no commit between good and bad touches %s%s", paths->items[0],
		  paths->len > 1 ? " or the other paths" : "");
	return error_hint(err, "a path is relative to the repository's top, for example go/libraries");
}

static int read_range(const struct range *r, const struct strlist *paths, struct build_history *h, struct error *err)
{
	static const char format[] = "--format=%H %ct %s";
	AUTO_FREE char *between = str_printf(err, "%s..%s", r->good, r->bad);
	CLEANUP(strbuf)
	struct strbuf graph = STRBUF_INIT(MAX_LIST_BYTES), texts = STRBUF_INIT(MAX_LIST_BYTES),
		      touched = STRBUF_INIT(MAX_LIST_BYTES);
	if (!between || check_is_commit(r, "good", r->good, err) < 0 || check_is_commit(r, "bad", r->bad, err) < 0)
		return -1;
	const char *graph_args[] = { "rev-list", "--ancestry-path", "--parents", between, NULL };
	if (ask(r, graph_args, &graph, err) < 0)
		return -1;
	if (!graph.len)
		return error_apart(r, err);
	const char *texts_args[] = { "rev-list", "--first-parent", "--encoding=UTF-8", format, between, NULL };
	const char *good_args[] = { "rev-list", "--max-count=1", "--encoding=UTF-8", format, r->good, NULL };
	if (ask(r, texts_args, &texts, err) < 0 || ask(r, good_args, &texts, err) < 0)
		return -1;
	bool by_path = paths && paths->len;
	if (by_path && read_touched(r, between, paths, &touched, err) < 0)
		return -1;
	return walk(r, &graph, &texts, by_path ? &touched : NULL, h, err);
}

static int read_in(struct range *r, const struct strlist *paths, struct build_history *h, struct error *err)
{
	if (strcmp(r->good, r->bad) == 0)
		return error_set(err, ERROR_USAGE, "good and bad are one commit, %.12s", r->bad);
	if (strlen(r->good) != strlen(r->bad))
		return error_set(err, ERROR_USAGE, "good and bad are names of different kinds: %.16s and %.16s",
				 r->good, r->bad);
	if (r->p->is_local)
		return read_range(r, paths, h, err);
	bool trees = paths && paths->len;
	AUTO_FREE char *suffix =
		str_printf(err, "%s-%s", strlen(r->bad) == 64 ? "-sha256" : "", trees ? "trees" : "commits");
	AUTO_FREE char *store = suffix ? build_store_path(r->p, suffix, err) : NULL;
	AUTO_CLOSE int lock = -1;
	if (!store || build_store_lock(r->p, store, &lock, err) < 0)
		return -1;
	r->store = store;
	int result = fetch(r, trees, err) < 0 ? -1 : read_range(r, paths, h, err);
	r->store = NULL;
	return result;
}

static char *resolve(const struct build_place *p, const struct build_spec *spec, const char *version, struct error *err)
{
	struct build_spec named = *spec;
	named.version = version;
	char *sha = build_resolve(p, &named, err);
	if (!sha)
		error_wrap(err, "version %s of %s", version, p->repository);
	return sha;
}

int build_history_read(struct build_history *ret, const struct build_spec *spec, const char *good, const char *bad,
		       const struct strlist *paths, struct error *err)
{
	CLEANUP(build_place) struct build_place p = BUILD_PLACE_INIT;
	CLEANUP(build_history) struct build_history h = BUILD_HISTORY_INIT;
	if (build_check_spec(spec, good, err) < 0 || build_check_spec(spec, bad, err) < 0 ||
	    build_place_open(&p, spec, err) < 0)
		return -1;
	AUTO_FREE char *good_sha = resolve(&p, spec, good, err);
	AUTO_FREE char *bad_sha = good_sha ? resolve(&p, spec, bad, err) : NULL;
	if (!bad_sha)
		return -1;
	struct range r = { .p = &p, .spec = spec, .good = good_sha, .bad = bad_sha };
	if (read_in(&r, paths, &h, err) < 0)
		return -1;
	*ret = h;
	h = (struct build_history)BUILD_HISTORY_INIT;
	return 0;
}
