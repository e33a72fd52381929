#include "benchmarker/report_summary.h"
#include "base/clock.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define VERSION_COLUMNS 40
#define TEST_COLUMNS 60
#define SHORT_HASH 7

bool report_is_done(const struct report *r)
{
	return !r->status || strcmp(r->status, "done") == 0;
}

bool report_is_warning(const struct report_note *n)
{
	return str_eq(n->level, "warning") || str_eq(n->level, "error");
}

const struct estimate *report_deciding(const struct comparison *c)
{
	return &c->metrics[c->metric];
}

enum metric report_metric(const struct report *r)
{
	for (size_t i = 0; i < r->tests_len; i++)
		if (!r->tests[i].error)
			return r->tests[i].comparison.metric;
	return METRIC_THROUGHPUT;
}

bool report_more_is_slower(enum metric m)
{
	return m != METRIC_THROUGHPUT;
}

const char *report_metric_words(enum metric m)
{
	static const char *const words[METRIC_COUNT] = { "throughput", "mean latency", "median latency",
							 "95th percentile latency", "99th percentile latency" };
	return words[m];
}

const char *report_mark(enum verdict v)
{
	switch (v) {
	case VERDICT_FASTER:
		return "▲";
	case VERDICT_SLOWER:
		return "▼";
	case VERDICT_SAME:
		return "●";
	case VERDICT_UNDECIDED:
		break;
	}
	return "○";
}

const char *report_escape(enum verdict v)
{
	switch (v) {
	case VERDICT_FASTER:
		return "\033[36m";
	case VERDICT_SLOWER:
		return "\033[1;33m";
	case VERDICT_SAME:
		return "\033[32m";
	case VERDICT_UNDECIDED:
		break;
	}
	return "\033[2m";
}

void report_summarise(const struct report *r, struct report_summary *ret)
{
	struct report_summary s = { 0 };
	for (size_t v = 0; v < REPORT_VERDICTS; v++)
		s.low[v] = s.high[v] = NAN;
	for (size_t i = 0; i < r->tests_len; i++) {
		const struct report_test *t = &r->tests[i];
		if (t->error) {
			s.failed++;
			continue;
		}
		const struct estimate *e = report_deciding(&t->comparison);
		enum verdict v = t->comparison.verdict;
		s.only = s.compared++ ? NULL : t;
		s.count[v]++;
		s.low[v] = fmin(s.low[v], e->low); /* fmin and fmax pass over NAN */
		s.high[v] = fmax(s.high[v], e->high);
	}
	for (size_t i = 0; i < r->notes_len; i++)
		s.warnings += report_is_warning(&r->notes[i]);
	*ret = s;
}

enum verdict report_verdict(const struct report_summary *s)
{
	if (s->count[VERDICT_SLOWER])
		return VERDICT_SLOWER;
	if (s->count[VERDICT_FASTER])
		return VERDICT_FASTER;
	return s->compared && s->count[VERDICT_SAME] == s->compared ? VERDICT_SAME : VERDICT_UNDECIDED;
}

static bool is_set(const char *s)
{
	return s && *s;
}

static void add_short_hash(const char *hash, struct strbuf *out)
{
	char text[SHORT_HASH + 1];
	snprintf(text, sizeof text, "%s", hash);
	report_add_line(out, text);
}

/* What a person calls this version: a tag or branch as it was asked for, a commit by its first digits. */
static void add_version(const struct report_server *s, struct strbuf *out)
{
	const char *version = is_set(s->version) ? s->version : s->commit;
	if (!is_set(version)) {
		report_add_cut(out, s->reported_version, VERSION_COLUMNS);
		return;
	}
	bool hash = strlen(version) > SHORT_HASH && version[strspn(version, "0123456789abcdefABCDEF")] == 0;
	if (hash && (strlen(version) == 40 || (s->commit && str_starts(s->commit, version))))
		add_short_hash(version, out);
	else
		report_add_cut(out, version, VERSION_COLUMNS);
}

/* Tells s apart from other where engine and version are the same. */
static void add_distinction(const struct report_server *s, const struct report_server *other, struct strbuf *out)
{
	if (!str_eq(s->commit, other->commit) && is_set(s->commit) && is_set(other->commit)) {
		strbuf_adds(out, " at ");
		add_short_hash(s->commit, out);
	} else if (is_set(s->profile_sha256) != is_set(other->profile_sha256)) {
		strbuf_adds(out, is_set(s->profile_sha256) ? " with profile" : " without profile");
	} else if (is_set(s->profile_sha256) && !str_eq(s->profile_sha256, other->profile_sha256)) {
		strbuf_adds(out, " with profile ");
		add_short_hash(s->profile_sha256, out);
	} else if (is_set(s->label)) {
		strbuf_adds(out, " (");
		report_add_cut(out, s->label, VERSION_COLUMNS);
		strbuf_addc(out, ')');
	}
}

static void add_server(const struct report_server *s, const struct report_server *other, bool with_engine,
		       struct strbuf *out)
{
	CLEANUP(strbuf) struct strbuf mine = STRBUF_INIT(1024), theirs = STRBUF_INIT(1024);
	add_version(s, &mine);
	add_version(other, &theirs);
	bool same_engine = str_eq(s->engine, other->engine);
	if (with_engine || !same_engine || !mine.len) {
		report_add_cut(out, is_set(s->engine) ? s->engine : "server", VERSION_COLUMNS);
		strbuf_adds(out, mine.len ? " " : "");
	}
	strbuf_add(out, mine.data, mine.len);
	if (same_engine && strcmp(mine.data, theirs.data) == 0)
		add_distinction(s, other, out);
}

bool report_is_single(const struct report *r)
{
	return r->from.engine && !r->to.engine;
}

void report_add_claim(const struct report *r, struct strbuf *out)
{
	if (report_is_single(r)) {
		strbuf_adds(out, "Profile of ");
		add_server(&r->from, &r->to, true, out);
		return;
	}
	struct report_summary s;
	report_summarise(r, &s);
	bool slower = s.count[VERDICT_SLOWER], faster = s.count[VERDICT_FASTER];
	bool same = s.compared && s.count[VERDICT_SAME] == s.compared;
	bool decided = s.count[VERDICT_UNDECIDED] < s.compared;
	const char *before = "", *between = " was not compared with ", *after = "";
	if (slower && faster) {
		between = " is faster than ";
		after = " in some tests and slower in others";
	} else if (slower || faster || same) {
		between = slower ? " is slower than " : faster ? " is faster than " : " is as fast as ";
	} else if (decided) {
		before = "No difference found between ";
		between = " and ";
	} else if (s.compared) {
		before = "Undecided whether ";
		between = " is faster or slower than ";
	}
	strbuf_adds(out, before);
	add_server(&r->to, &r->from, true, out);
	strbuf_adds(out, between);
	add_server(&r->from, &r->to, false, out);
	strbuf_adds(out, after);
	if (s.only) {
		strbuf_adds(out, " in ");
		report_add_cut(out, s.only->name, TEST_COLUMNS);
	}
}

/* "from −3.1 % to +8.0 %": an interval that says no direction. */
static void add_span(const struct report_style *style, double low, double high, struct strbuf *out)
{
	strbuf_adds(out, "from ");
	report_add_change(out, style, low);
	strbuf_adds(out, " to ");
	report_add_change(out, style, high);
}

/* "by 12 % to 21 %": the ends of the intervals of tests that are all slower, or all faster. */
static void add_amount(const struct report_style *style, double low, double high, struct strbuf *out)
{
	double least = high <= 1 ? 1 - high : low - 1;
	double most = high <= 1 ? 1 - low : high - 1;
	if (low < 1 && high > 1) {
		add_span(style, low, high, out); /* the verdict rests on another interval than this one */
	} else if (!isfinite(least)) {
		strbuf_adds(out, "by an unknown amount");
	} else if (!isfinite(most) || low <= 0) {
		strbuf_adds(out, "by at least ");
		report_add_percent(out, style, least);
	} else {
		strbuf_adds(out, "by ");
		report_add_percent(out, style, least);
		strbuf_adds(out, " to ");
		report_add_percent(out, style, most);
	}
}

/* "3 of 4 tests" in the first clause, "all 4 tests" or "both tests" when it is all, "3" in a later clause; nothing when
 * the claim already names the only test. */
static void add_tests(const struct report_summary *s, enum verdict v, bool first, struct strbuf *out)
{
	if (s->only)
		return;
	if (!first)
		strbuf_addf(out, "%zu ", s->count[v]);
	else if (s->count[v] == s->compared && s->compared == 2)
		strbuf_adds(out, "both tests ");
	else if (s->count[v] == s->compared)
		strbuf_addf(out, "all %zu tests ", s->compared);
	else
		strbuf_addf(out, "%zu of %zu tests ", s->count[v], s->compared);
}

/* One clause: how many tests have this verdict, and by how much. */
static void add_group(const struct report *r, const struct report_summary *s, enum verdict v,
		      const struct report_style *style, size_t start, struct strbuf *out)
{
	bool first = out->len == start, amount = true;
	if (!s->count[v])
		return;
	strbuf_adds(out, first ? "" : "; ");
	add_tests(s, v, first, out);
	const char *word = s->only ? "" : v == VERDICT_SLOWER ? "slower, " : "faster, ";
	/* The change is of throughput unless something else is said. */
	enum metric m = report_metric(r);
	const char *of = m == METRIC_THROUGHPUT ? "" : report_metric_words(m), *space = *of ? " " : "";
	switch (v) {
	case VERDICT_SLOWER:
	case VERDICT_FASTER:
		strbuf_addf(out, "%s%s%s", word, of, *of ? v == VERDICT_SLOWER ? " up " : " down " : "");
		add_amount(style, s->low[v], s->high[v], out);
		break;
	case VERDICT_SAME:
		strbuf_addf(out, "%s%swithin ±", of, space);
		report_add_percent(out, style, r->margin);
		break;
	case VERDICT_UNDECIDED:
		strbuf_adds(out, s->only ? "" : "undecided");
		amount = first && s->low[v] > 0 && isfinite(s->high[v]);
		if (amount) {
			strbuf_addf(out, "%s%s%s", s->only ? "" : ", ", of, space);
			add_span(style, s->low[v], s->high[v], out);
		} else if (s->only) {
			strbuf_adds(out, "no interval could be found");
		}
		break;
	}
	if (amount)
		strbuf_addf(out, " (95%s%% interval%s)", style->space, s->count[v] == 1 ? "" : "s");
}

void report_add_evidence(const struct report *r, const struct report_style *style, struct strbuf *out)
{
	struct report_summary s;
	report_summarise(r, &s);
	size_t start = out->len;
	if (report_is_single(r)) {
		strbuf_adds(out, r->profiles_len ? "" : "no test gave one");
		for (size_t i = 0; i < r->profiles_len; i++) {
			strbuf_addf(out, "%s%s: ", i ? ", " : "", r->profiles[i].name);
			report_add_count(out, style, r->profiles[i].samples);
			strbuf_adds(out, " samples");
		}
		return;
	}
	add_group(r, &s, VERDICT_SLOWER, style, start, out);
	add_group(r, &s, VERDICT_FASTER, style, start, out);
	if (!s.only && !s.count[VERDICT_SLOWER] != !s.count[VERDICT_FASTER])
		strbuf_adds(out, s.count[VERDICT_FASTER] ? "; none slower" : "; none faster");
	add_group(r, &s, VERDICT_SAME, style, start, out);
	add_group(r, &s, VERDICT_UNDECIDED, style, start, out);
	if (!s.compared && s.failed > 1)
		strbuf_addf(out, "all %zu tests failed", s.failed);
	else if (!s.compared)
		strbuf_adds(out, s.failed ? "the only test failed" : "no test was measured");
	else if (s.failed)
		strbuf_addf(out, "; %zu test%s failed", s.failed, s.failed == 1 ? "" : "s");
	if (str_eq(r->status, "failed")) {
		strbuf_adds(out, "; partial: the run failed");
	} else if (!report_is_done(r)) {
		strbuf_adds(out, "; partial: the run was ");
		report_add_cut(out, r->status, VERSION_COLUMNS);
	}
}

int report_headline(const struct report *r, struct strbuf *out, struct error *err)
{
	report_add_claim(r, out);
	strbuf_adds(out, ": ");
	report_add_evidence(r, &report_plain, out);
	return strbuf_check(out, err);
}

const struct report_server_fact report_server_facts[] = {
	{ "engine", offsetof(struct report_server, engine), false },
	{ "version asked for", offsetof(struct report_server, version), false },
	{ "commit", offsetof(struct report_server, commit), true },
	{ "program", offsetof(struct report_server, program), false },
	{ "reports itself as", offsetof(struct report_server, reported_version), false },
	{ "built with", offsetof(struct report_server, go_version), false },
	{ "profile (SHA-256)", offsetof(struct report_server, profile_sha256), true },
	{ "binary (SHA-256)", offsetof(struct report_server, binary_sha256), true },
	{ 0 },
};

const char *report_server_value(const struct report_server *s, const struct report_server_fact *f)
{
	return *(const char *const *)((const char *)s + f->offset);
}

static void add_fact(struct strlist *ret, const char *name, const struct strbuf *value)
{
	if (!value->len)
		return;
	if (value->failed)
		ret->failed = true;
	strlist_add(ret, name);
	strlist_add(ret, value->data);
}

static void add_text_fact(struct strlist *ret, const char *name, const char *text)
{
	CLEANUP(strbuf) struct strbuf value = STRBUF_INIT(REPORT_MAX_BYTES);
	report_add_line(&value, text);
	add_fact(ret, name, &value);
}

static void add_load_fact(const struct report *r, const struct report_style *style, struct strlist *ret)
{
	CLEANUP(strbuf) struct strbuf value = STRBUF_INIT(256);
	double least = NAN, most = NAN;
	for (size_t i = 0; i < r->tests_len; i++) {
		const struct report_test *t = &r->tests[i];
		if (t->error)
			continue;
		least = fmin(fmin(least, t->from_seconds), t->to_seconds);
		most = fmax(fmax(most, t->from_seconds), t->to_seconds);
	}
	if (isnan(least) || most <= 0)
		return;
	report_add_seconds(&value, style, least);
	if (most - least > 0.05 * most) {
		strbuf_adds(&value, " to ");
		report_add_seconds(&value, style, most);
	}
	strbuf_adds(&value, " of load for each server in each test");
	add_fact(ret, "load", &value);
}

static void add_time_facts(const struct report *r, const struct report_style *style, struct strlist *ret)
{
	CLEANUP(strbuf) struct strbuf value = STRBUF_INIT(256);
	char utc[21];
	if (!r->started_unix)
		return;
	clock_format_utc(r->started_unix, utc);
	strbuf_adds(&value, utc);
	add_fact(ret, "started", &value);
	strbuf_reset(&value);
	if (r->ended_unix < r->started_unix)
		return;
	clock_format_utc(r->ended_unix, utc);
	strbuf_addf(&value, "%s, after ", utc);
	long long seconds = r->ended_unix - r->started_unix;
	if (seconds >= 60)
		strbuf_addf(&value, "%lld%smin ", seconds / 60, style->space);
	strbuf_addf(&value, "%lld%ss", seconds % 60, style->space);
	add_fact(ret, "ended", &value);
}

int report_add_facts(const struct report *r, const struct report_style *style, struct strlist *ret, struct error *err)
{
	CLEANUP(strbuf) struct strbuf value = STRBUF_INIT(256);
	add_text_fact(ret, "pairing", r->pairing);
	add_load_fact(r, style, ret);
	if (r->threads) {
		strbuf_addf(&value, "%u", r->threads);
		add_fact(ret, "client threads", &value);
	}
	if (r->rate > 0) {
		strbuf_reset(&value);
		report_add_rate(&value, style, r->rate);
		strbuf_adds(&value, " events a second on each server, timed from when they were due");
		add_fact(ret, "rate", &value);
	}
	if (r->table_size) {
		strbuf_reset(&value);
		report_add_count(&value, style, r->table_size);
		strbuf_adds(&value, " rows");
		add_fact(ret, "table size", &value);
	}
	strbuf_reset(&value);
	strbuf_adds(&value, "±");
	report_add_percent(&value, style, r->margin);
	strbuf_adds(&value, " counts as the same");
	add_fact(ret, "margin", &value);
	strbuf_reset(&value);
	strbuf_addf(&value, "%llu", r->seed);
	add_fact(ret, "seed", &value);
	add_text_fact(ret, "machine", r->machine);
	add_time_facts(r, style, ret);
	add_text_fact(ret, "dbdyno", r->dbdyno_version);
	add_text_fact(ret, "run", r->run_id);
	return strlist_check(ret, err);
}
