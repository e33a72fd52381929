/* Which of the objects under a prefix are the profiles to take. */
#include "net/encode.h"
#include "profile_store.h"

#include "base/clock.h"

#include <string.h>

struct candidate {
	const char *key;
	int64_t written_unix;
};

/* "a/run" of "a/run/profiles/x.pprof" as a length; 0: it is no part of a run. */
static size_t run_of(const char *key)
{
	static const char parts[] = "/profiles/";
	const char *slash = strrchr(key, '/');
	size_t n = slash ? (size_t)(slash + 1 - key) : 0;
	return n > strlen(parts) && strncmp(key + n - strlen(parts), parts, strlen(parts)) == 0 ? n - strlen(parts) : 0;
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* keys are sorted by bytes, as the server sorts them. */
static bool is_part_of_a_sum(const struct strlist *keys, const char *key, struct strbuf *name)
{
	size_t run = run_of(key);
	strbuf_reset(name);
	strbuf_addf(name, "%.*s/profile.pprof", (int)run, key);
	const char *wanted = name->data;
	return run && !name->failed && bsearch(&wanted, keys->items, keys->len, sizeof *keys->items, compare_keys);
}

static bool is_profile(const char *key)
{
	return str_ends(key, ".pprof") || str_ends(key, ".prof") || str_ends(key, ".pb.gz");
}

/* The newest first; of those written in the same second the one that is last by name. */
static int newest_first(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	if (x->written_unix != y->written_unix)
		return x->written_unix > y->written_unix ? -1 : 1;
	return strcmp(y->key, x->key);
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct candidate *)a)->key, ((const struct candidate *)b)->key);
}

static int find(const struct s3_listing *l, const struct profile_choice *choice, struct candidate *found,
		size_t *ret_len, struct error *err)
{
	CLEANUP(strbuf) struct strbuf name = STRBUF_INIT(4096);
	int64_t oldest =
		choice->max_age_ns ? choice->now_unix - (int64_t)(choice->max_age_ns / NS_PER_SECOND) : INT64_MIN;
	*ret_len = 0;
	for (size_t i = 0; i < l->keys.len; i++) {
		struct candidate c = { .key = l->keys.items[i] };
		if (decode_rfc3339(l->times.items[i], &c.written_unix) < 0)
			return error_set(err, ERROR_PUBLISH, "the server says of %s that it was written at \"%.60s\"",
					 c.key, l->times.items[i]);
		if (is_profile(c.key) && c.written_unix >= oldest && !is_part_of_a_sum(&l->keys, c.key, &name))
			found[(*ret_len)++] = c;
	}
	return 0;
}

int profile_choose(const struct s3_listing *l, const struct profile_choice *choice, struct strlist *ret,
		   struct error *err)
{
	AUTO_FREE struct candidate *found = calloc(l->keys.len + 1, sizeof *found);
	size_t n;
	if (!found)
		return error_oom(err);
	if (find(l, choice, found, &n, err) < 0)
		return -1;
	if (choice->last && n > choice->last) {
		qsort(found, n, sizeof *found, newest_first);
		n = choice->last;
		qsort(found, n, sizeof *found, by_key);
	}
	for (size_t i = 0; i < n; i++)
		strlist_add(ret, found[i].key);
	return strlist_check(ret, err);
}
