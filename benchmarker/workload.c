#include "benchmarker/workload.h"

#include "base/fs.h"

#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#define SUFFIX "_postgres"
#define LONGEST_NAME 100

/* Sysbench's own tests in the order in which the latency benchmark has always run them, then ours. */
static const struct workload workloads[] = {
	{ "oltp_read_only", "oltp_read_only", .writes = false },
	{ "oltp_insert", "oltp_insert", .writes = true },
	{ "bulk_insert", "bulk_insert", .writes = true, .table_per_thread = true },
	{ "oltp_point_select", "oltp_point_select", .writes = false },
	{ "select_random_points", "select_random_points", .writes = false },
	{ "select_random_ranges", "select_random_ranges", .writes = false },
	{ "oltp_write_only", "oltp_write_only", .writes = true },
	{ "oltp_read_write", "oltp_read_write", .writes = true },
	{ "oltp_update_index", "oltp_update_index", .writes = true },
	{ "oltp_update_non_index", "oltp_update_non_index", .writes = true },
	{ "covering_index_scan", "./covering_index_scan.lua", .fixed_tables = 2, .by_protocol = true },
	{ "groupby_scan", "./groupby_scan.lua", .fixed_tables = 2, .by_protocol = true },
	{ "index_join", "./index_join.lua", .fixed_tables = 2, .by_protocol = true },
	{ "index_join_scan", "./index_join_scan.lua", .fixed_tables = 2, .by_protocol = true },
	{ "index_scan", "./index_scan.lua", .fixed_tables = 2, .by_protocol = true },
	{ "oltp_delete_insert", "./oltp_delete_insert.lua", .writes = true, .fixed_tables = 1, .by_protocol = true },
	{ "table_scan", "./table_scan.lua", .fixed_tables = 2, .by_protocol = true },
	{ "types_delete_insert", "./types_delete_insert.lua", .writes = true, .fixed_tables = 1, .by_protocol = true },
	{ "types_table_scan", "./types_table_scan.lua", .fixed_tables = 1, .by_protocol = true },
	{ 0 },
};

const struct workload *workload_all(void)
{
	return workloads;
}

static size_t base_length(const char *name)
{
	return strlen(name) - (str_ends(name, SUFFIX) ? strlen(SUFFIX) : 0);
}

static const struct workload *find(const char *name)
{
	size_t base = base_length(name);
	for (const struct workload *w = workloads; w->name; w++)
		if (strcmp(w->name, name) == 0 ||
		    (w->by_protocol && strlen(w->name) == base && memcmp(w->name, name, base) == 0))
			return w;
	return NULL;
}

static const struct workload *nearest(const char *name)
{
	const struct workload *found = NULL;
	size_t least = SIZE_MAX;
	for (const struct workload *w = workloads; w->name; w++) {
		size_t distance = str_distance(w->name, name);
		if (distance < least) {
			least = distance;
			found = w;
		}
	}
	/* A name that differs in half of its letters is no slip of the finger. */
	return found && least <= strlen(found->name) / 2 ? found : NULL;
}

int workload_find(const char *name, const struct workload **ret, struct error *err)
{
	size_t len = strlen(name);
	const struct workload *w = find(name), *near;
	if (w) {
		*ret = w;
		return 0;
	}
	error_set(err, ERROR_USAGE, "unknown test \"%.100s\"%s", name, len > LONGEST_NAME ? ", cut here" : "");
	AUTO_FREE char *plain = strndup(name, base_length(name));
	if (plain && (near = nearest(plain)))
		return error_hint(err, "did you mean %s?", near->name);
	return error_hint(err, "docs/tests.md lists the tests; --script-dir takes scripts of your own");
}

char *workload_default_name(const struct workload *w, bool all_postgres, struct error *err)
{
	return str_printf(err, "%s%s", w->name, all_postgres && w->by_protocol ? SUFFIX : "");
}

int workload_check_name(const char *s, struct error *err)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t len = strlen(s);
	if (len >= 1 && len <= LONGEST_NAME && strspn(s, letters) == len && !strchr("._-", *s))
		return 0;
	error_set(err, ERROR_USAGE, "\"%.*s\"%s is no name of a test", LONGEST_NAME, s,
		  len > LONGEST_NAME ? ", cut here," : "");
	return error_hint(err, "1 to %d letters, digits and . _ -, of which the first is a letter or a digit",
			  LONGEST_NAME);
}

bool workload_same(const char *a, const char *b)
{
	size_t n = base_length(a);
	return n == base_length(b) && memcmp(a, b, n) == 0;
}

int workload_check_folder(const char *s, struct error *err)
{
	if (!fs_is_dir(s))
		return error_set(err, ERROR_USAGE, "there is no folder %s", s);
	/* Both have a meaning in the path that Lua searches. */
	if (strpbrk(s, ";?"))
		return error_set(err, ERROR_USAGE, "the name of the folder %s holds a ';' or a '?'", s);
	return 0;
}

void workload_script_release(struct workload_script *s)
{
	free(s->name);
	free(s->script);
	*s = (struct workload_script)WORKLOAD_SCRIPT_INIT;
}

/* <folder>/<the first len bytes of name><suffix>.lua; *ret stays NULL if it is not there. -1: it is no file, or no
 * memory. */
static int look_in(const char *folder, const char *name, size_t len, const char *suffix, char **ret, struct error *err)
{
	struct stat st;
	AUTO_FREE char *path = str_printf(err, "%s/%.*s%s.lua", folder, (int)len, name, suffix);
	if (!path)
		return -1;
	if (*ret || stat(path, &st) < 0)
		return 0;
	if (!S_ISREG(st.st_mode))
		return error_set(err, ERROR_USAGE, "%s is no file", path);
	*ret = TAKE(path);
	return 0;
}

static int find_in_folder(struct workload_script *s, const char *folder, const char *name, bool is_postgres,
			  struct error *err)
{
	const struct workload *known = find(name);
	size_t base = base_length(name);
	if (is_postgres && look_in(folder, name, base, SUFFIX, &s->script, err) < 0)
		return -1;
	if (look_in(folder, name, is_postgres ? base : strlen(name), "", &s->script, err) < 0)
		return -1;
	s->workload = (struct workload){ .writes = true, .unknown_tables = true };
	if (known)
		s->workload.fixed_tables = known->fixed_tables;
	return 0;
}

/* The names of a pair differ in the suffix alone, and the one with it has PostgreSQL's SQL. */
static int check_protocol(const char *name, const char *folder, struct error *err)
{
	size_t base = base_length(name);
	const struct workload *known = find(name);
	AUTO_FREE char *pair = NULL;
	if (!name[base])
		return 0;
	if (folder && look_in(folder, name, base, "", &pair, err) < 0)
		return -1;
	if (!pair && !(known && known->by_protocol))
		return 0;
	error_set(err, ERROR_USAGE, "%s is for servers with PostgreSQL's protocol", name);
	return error_hint(err, "the same test is known to all servers as %.*s", (int)base, name);
}

int workload_open(struct workload_script *ret, const char *name, const char *folder, bool is_postgres,
		  struct error *err)
{
	CLEANUP(workload_script) struct workload_script s = WORKLOAD_SCRIPT_INIT;
	const struct workload *known;
	if (workload_check_name(name, err) < 0 || (!is_postgres && check_protocol(name, folder, err) < 0))
		return -1;
	if (folder && find_in_folder(&s, folder, name, is_postgres, err) < 0)
		return -1;
	if (!s.script) {
		if (workload_find(name, &known, err) < 0)
			return folder ? error_wrap(err, "%s has no such script", folder) : -1;
		s.workload = *known;
		if (!(s.script = str_dup(known->script, err)))
			return -1;
	}
	if (!(s.name = str_dup(name, err)))
		return -1;
	s.workload.name = s.name;
	s.workload.script = s.script;
	*ret = s;
	s = (struct workload_script)WORKLOAD_SCRIPT_INIT;
	return 0;
}
