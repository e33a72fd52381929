/* from_results and to_results: a test's slices, summed. */
#include "benchmarker/results.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "benchmarker/results_db.h"

#include <math.h>
#include <openssl/evp.h>

#if defined(__x86_64__)
#define GOARCH "amd64"
#elif defined(__aarch64__)
#define GOARCH "arm64"
#elif defined(__riscv)
#define GOARCH "riscv64"
#else
#error "name this machine as Go does"
#endif

int results_uuid(const char *run, const char *side, const char *test, char ret[static RESULTS_UUID_SIZE],
		 struct error *err)
{
	static const unsigned char name_space[16] = { 0x6a, 0x0f, 0x2d, 0x51, 0x0c, 0x9e, 0x4b, 0x7a,
						      0x8f, 0x33, 0x64, 0x62, 0x64, 0x79, 0x6e, 0x6f };
	CLEANUP(strbuf) struct strbuf name = STRBUF_INIT(8192);
	strbuf_add(&name, name_space, sizeof name_space);
	strbuf_addf(&name, "%s\n%s\n%s", run, side, test);
	if (strbuf_check(&name, err) < 0)
		return -1;
	unsigned char hash[EVP_MAX_MD_SIZE];
	if (!EVP_Digest(name.data, name.len, hash, NULL, EVP_sha1(), NULL))
		return error_set(err, ERROR_INTERNAL, "SHA-1 is not available");
	hash[6] = (hash[6] & 0x0F) | 0x50;
	hash[8] = (hash[8] & 0x3F) | 0x80;
	char *p = ret;
	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*p++ = '-';
		*p++ = "0123456789abcdef"[hash[i] >> 4];
		*p++ = "0123456789abcdef"[hash[i] & 15];
	}
	*p = 0;
	return 0;
}

/* All slices of a test and side. */
struct sums {
	struct sample total; /* counts, sums, minimum, maximum, merged histogram */
	double seconds;
	size_t slices;
	int64_t last_wall_ns; /* when the last one began */
};

static void sums_release(struct sums *s)
{
	sample_release(&s->total);
}

static int add_sample(struct sums *sums, const struct sample *s, struct error *err)
{
	struct sample *t = &sums->total;
	t->reads += s->reads;
	t->writes += s->writes;
	t->others += s->others;
	t->ignored_errors += s->ignored_errors;
	t->reconnects += s->reconnects;
	t->latency_sum_ns += s->latency_sum_ns;
	if (s->events && (t->events == 0 || s->latency_min_ns < t->latency_min_ns))
		t->latency_min_ns = s->latency_min_ns;
	if (s->latency_max_ns > t->latency_max_ns)
		t->latency_max_ns = s->latency_max_ns;
	t->events += s->events;
	sums->seconds += sample_seconds(s);
	sums->slices++;
	return histogram_merge(&t->latency, &s->latency, err);
}

static int sum_slices(struct results *r, const char *test, enum side side, uint32_t repetition, struct sums *ret,
		      struct error *err)
{
	CLEANUP(statement) struct statement s = { 0 };
	if (statement_prepare(r,
			      "select wall_unix_ns, " RESULTS_SAMPLE_COLUMNS
			      " from slice join histogram on histogram.slice = slice.id"
			      " where run = ? and test = ? and side = ? and repetition = ? order by slice_index",
			      &s, err) < 0)
		return -1;
	bind_text(&s, r->run);
	bind_text(&s, test);
	bind_text(&s, side_name(side));
	bind_u64(&s, repetition);
	int row;
	while ((row = statement_step(&s, err)) > 0) {
		CLEANUP(sample) struct sample sample = SAMPLE_INIT;
		ret->last_wall_ns = column_i64(&s);
		if (results_column_sample(&s, &sample, err) < 0 || add_sample(ret, &sample, err) < 0)
			return -1;
	}
	return row;
}

/* Binds what the server row says: server_name, server_version, server_params. strings keeps them alive. */
static int bind_server(struct results *r, enum side side, struct statement *into, struct strlist *strings,
		       struct error *err)
{
	CLEANUP(statement) struct statement s = { 0 };
	if (statement_prepare(
		    r,
		    "select engine, coalesce(commit_sha, asked_version, reported_version, ''), coalesce(params, '')"
		    " from server where run = ? and side = ?",
		    &s, err) < 0)
		return -1;
	bind_text(&s, r->run);
	bind_text(&s, side_name(side));
	int row = statement_step(&s, err);
	if (row < 0)
		return -1;
	if (row == 0)
		return error_set(err, ERROR_INTERNAL, "%s: the %s server is not recorded", r->path, side_name(side));
	for (int i = 0; i < 3; i++)
		bind_text(into, column_text(&s, strings));
	return strlist_check(strings, err);
}

static void bind_rate(struct statement *s, uint64_t count, double seconds)
{
	bind_u64(s, count);
	bind_double(s, (double)count / seconds); /* NULL when nothing was timed */
}

/* The middle of a histogram's bucket may lie a little outside of what was measured exactly. */
static double p95_ns(const struct sample *t)
{
	double value = histogram_quantile_ns(&t->latency, 0.95); /* NAN when empty, and stays so */
	if (value < (double)t->latency_min_ns)
		value = (double)t->latency_min_ns;
	if (value > (double)t->latency_max_ns)
		value = (double)t->latency_max_ns;
	return value;
}

static void bind_sums(struct statement *s, const struct sums *sums)
{
	const struct sample *t = &sums->total;
	double events = (double)t->events; /* 0: latencies are NULL */
	bind_u64(s, t->reads);
	bind_u64(s, t->writes);
	bind_u64(s, t->others);
	bind_rate(s, t->reads + t->writes + t->others, sums->seconds);
	bind_rate(s, t->events, sums->seconds);
	bind_rate(s, t->ignored_errors, sums->seconds);
	bind_rate(s, t->reconnects, sums->seconds);
	bind_double(s, sums->seconds);
	bind_u64(s, t->events);
	bind_double(s, t->events ? (double)t->latency_min_ns / 1e6 : NAN);
	bind_double(s, (double)t->latency_sum_ns / 1e6 / events);
	bind_double(s, t->events ? (double)t->latency_max_ns / 1e6 : NAN);
	bind_double(s, p95_ns(t) / 1e6);
	bind_double(s, (double)t->latency_sum_ns / 1e6);
}

/* insert or replace into <side>_results (…) values (?, …): columns by name, since a user's schema may order them
 * otherwise. */
static char *insert_sql(enum side side, struct error *err)
{
	CLEANUP(strbuf) struct strbuf sql = STRBUF_INIT(4096);
	strbuf_addf(&sql, "insert or replace into %s_results (", side_name(side));
	for (size_t i = 0; i < RESULTS_COLUMNS; i++)
		strbuf_addf(&sql, "%s%s", i ? ", " : "", results_columns[i]);
	strbuf_adds(&sql, ") values (");
	for (size_t i = 0; i < RESULTS_COLUMNS; i++)
		strbuf_adds(&sql, i ? ", ?" : "?");
	strbuf_adds(&sql, ")");
	return strbuf_take(&sql, err);
}

/* id, suite_id, test_id. The first repetition's id has no number, so that it is what it was without repetitions. */
static int make_ids(struct results *r, enum side side, const char *test, uint32_t repetition,
		    char ret[static 3][RESULTS_UUID_SIZE], struct error *err)
{
	AUTO_FREE char *row = repetition ? str_printf(err, "%s\n%u", test, repetition) : str_dup(test, err);
	return !row || results_uuid(r->run, side_name(side), row, ret[0], err) < 0 ||
			       results_uuid(r->run, side_name(side), "", ret[1], err) < 0 ||
			       results_uuid(r->run, "", test, ret[2], err) < 0
		       ? -1
		       : 0;
}

/* *ret_found: whether this repetition has slices, and so a row. */
static int seal_side(struct results *r, const struct results_test *t, enum side side, uint32_t repetition,
		     bool *ret_found, struct error *err)
{
	CLEANUP(sums) struct sums sums = { 0 };
	if (sum_slices(r, t->name, side, repetition, &sums, err) < 0)
		return -1;
	*ret_found = sums.slices > 0;
	if (!*ret_found)
		return 0;
	char ids[3][RESULTS_UUID_SIZE], created[21];
	AUTO_FREE char *sql = insert_sql(side, err);
	if (!sql || make_ids(r, side, t->name, repetition, ids, err) < 0)
		return -1;
	clock_format_utc(sums.last_wall_ns / (int64_t)NS_PER_SECOND, created);
	CLEANUP(strlist) struct strlist strings = STRLIST_INIT;
	CLEANUP(statement) struct statement s = { 0 };
	if (statement_prepare(r, sql, &s, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		bind_text(&s, ids[i]);
	bind_text(&s, "linux");
	bind_text(&s, GOARCH);
	if (bind_server(r, side, &s, &strings, err) < 0)
		return -1;
	bind_text(&s, t->name);
	bind_text(&s, t->params ? t->params : "");
	bind_text(&s, created);
	bind_sums(&s, &sums);
	return statement_run(&s, err);
}

static int seal_repetitions(struct results *r, const struct results_test *t, struct error *err)
{
	bool from = true, to = true;
	for (uint32_t i = 0; from || to; i++)
		if (seal_side(r, t, SIDE_FROM, i, &from, err) < 0 || seal_side(r, t, SIDE_TO, i, &to, err) < 0)
			return -1;
	return 0;
}

int results_seal_test(struct results *r, const struct results_test *t, struct error *err)
{
	__attribute__((cleanup(results_rollback))) struct results *transaction = r;
	if (results_need_run(r, err) < 0 || results_begin(transaction, err) < 0)
		return -1;
	if (seal_repetitions(r, t, err) < 0 || results_commit(r, err) < 0)
		return error_wrap(err, "sum up %s", t->name);
	return 0;
}
