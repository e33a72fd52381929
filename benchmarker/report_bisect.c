#include "benchmarker/report_bisect.h"

#include "base/clock.h"
#include "benchmarker/report_markdown.h"
#include "benchmarker/report_summary.h"

#include <math.h>
#include <string.h>

#define SURE 0.95
enum { SKIPPED_TOLD = 5 }; /* in the answer; the table has all */

struct estimate report_bisect_ratio(const struct bisect_level *l, enum metric metric)
{
	if (report_more_is_slower(metric))
		return (struct estimate){ .ratio = exp(l->mean), .low = exp(l->low), .high = exp(l->high) };
	return (struct estimate){ .ratio = exp(-l->mean), .low = exp(-l->high), .high = exp(-l->low) };
}

void report_bisect_add_state(double slow, struct strbuf *out)
{
	if (slow >= SURE)
		strbuf_adds(out, "slow");
	else if (slow <= 1 - SURE)
		strbuf_adds(out, "not slow");
	else
		strbuf_addf(out, "slow with %.0f %%", 100 * slow);
}

static const struct build_commit *commit_of(const struct report_bisect *r, size_t i)
{
	return &r->history->commits[i];
}

static void add_estimate(struct strbuf *out, const struct estimate *e)
{
	report_add_ratio(out, &report_plain, e->ratio);
	strbuf_adds(out, " (");
	report_add_interval(out, &report_plain, e->low, e->high);
	strbuf_adds(out, ")");
}

static void add_level(struct strbuf *out, const struct report_bisect *r, const struct bisect_level *l)
{
	struct estimate e = report_bisect_ratio(l, r->metric);
	strbuf_addf(out, "%s ", report_metric_words(r->metric));
	add_estimate(out, &e);
}

/* "99.7", never "100.0": nothing here is certain. */
static double percent(double probability)
{
	return fmin(99.9, floor(1000 * probability) / 10);
}

/* Why the commits between could not be measured: what stands before the colon of each reason. */
static void add_skipped(const struct report_bisect *r, struct strbuf *out)
{
	size_t told = 0, more = 0;
	strbuf_adds(out, " Those between could not be measured");
	for (size_t k = r->decision->low + 1; k < r->decision->high; k++)
		for (size_t i = 0; i < r->steps_len; i++) {
			const char *why = r->steps[i].commit == k ? r->steps[i].skipped : NULL;
			if (!why)
				continue;
			if (told == SKIPPED_TOLD) {
				more++;
				continue;
			}
			strbuf_addf(out, "%s %.12s %.*s", told++ ? "," : ":", commit_of(r, k)->sha,
				    (int)strcspn(why, ":"), why);
		}
	if (more)
		strbuf_addf(out, ", and %zu more", more);
	strbuf_addc(out, '.');
}

static void add_found(const struct report_bisect *r, struct strbuf *out)
{
	const struct bisect_decision *d = r->decision;
	size_t n = d->high - d->low;
	if (n == 1)
		strbuf_addf(out, "%.12s made %s slower", commit_of(r, d->high)->sha, r->test);
	else
		strbuf_addf(out, "One of %zu commits, from %.12s to %.12s, made %s slower", n,
			    commit_of(r, d->low + 1)->sha, commit_of(r, d->high)->sha, r->test);
	strbuf_adds(out, ": ");
	add_level(out, r, &d->step);
	strbuf_addf(out, " of what it was before, probability %.1f %%.", percent(d->probability));
	if (n > 1)
		add_skipped(r, out);
	if (n == 1 && commit_of(r, d->high)->parents > 1)
		strbuf_adds(out, " It is a merge: all that it brought in counts as its change.");
}

static void add_nothing(const struct report_bisect *r, struct strbuf *out)
{
	const struct bisect_level *bad = &r->decision->bad;
	if (bad->high < 0)
		strbuf_adds(out, "Bad is faster than good: ");
	else
		strbuf_adds(out, "Bad was not found to be slower than good: ");
	add_level(out, r, bad);
	strbuf_adds(out, " of good's.");
}

static void add_open(const struct report_bisect *r, struct strbuf *out)
{
	const struct bisect_decision *d = r->decision;
	strbuf_addf(out, "Not certain yet: with %g %% it is one of %zu commits, from %.12s to %.12s",
		    100 * r->confidence, d->range_high - d->range_low, commit_of(r, d->range_low + 1)->sha,
		    commit_of(r, d->range_high)->sha);
	if (d->high == d->low + 1)
		strbuf_addf(out, "; likeliest %.12s (%.0f %%)", commit_of(r, d->high)->sha, 100 * d->probability);
	strbuf_adds(out, ".");
}

static void add_bend(const struct report_bisect *r, const struct bisect_bend *b, struct strbuf *out)
{
	static const char *const words[] = {
		[BISECT_BEND_PART] = "lies between what is before and after it: more than one commit changed the speed",
		[BISECT_BEND_FASTER] = "is faster than what is before and after it: another commit made it faster",
		[BISECT_BEND_SLOWER] = "is slower than what is before and after it: another commit made up for a part",
		[BISECT_BEND_REVERSED] = "is not as its neighbours are: the speed went back and forth",
	};
	struct bisect_level level = { b->level, b->level, b->level };
	strbuf_addf(out, " %.12s, with a ratio of ", commit_of(r, b->commit)->sha);
	report_add_ratio(out, &report_plain, report_bisect_ratio(&level, r->metric).ratio);
	strbuf_addf(out, " to good, %s; the larger slowdown was looked for, %s it.", words[b->kind],
		    b->high == b->commit ? "before" : "after");
}

void report_bisect_add_answer(const struct report_bisect *r, struct strbuf *out)
{
	const struct bisect_decision *d = r->decision;
	if (d->action == BISECT_FOUND)
		add_found(r, out);
	else if (d->action == BISECT_NO_DIFFERENCE)
		add_nothing(r, out);
	else
		add_open(r, out);
	for (size_t i = 0; i < d->bends_len; i++)
		add_bend(r, &d->bends[i], out);
}

static bool is_suspect(const struct report_bisect *r, size_t commit)
{
	return r->decision->action == BISECT_FOUND && commit > r->decision->low && commit <= r->decision->high;
}

static void add_date(struct strbuf *out, int64_t seconds)
{
	char text[21];
	clock_format_utc(seconds, text);
	strbuf_add(out, text, strcspn(text, "T"));
}

/* One row of the table: a step of a commit, or none for good. */
struct row {
	const struct build_commit *commit;
	const struct report_bisect_step *step; /* NULL: not measured */
	size_t at;
};

/* In the order of history: good, each step, the culprits that were not measured. */
static size_t make_rows(const struct report_bisect *r, struct row *rows)
{
	size_t n = 0;
	for (size_t k = 0; k < r->history->len; k++) {
		size_t before = n;
		for (size_t i = 0; i < r->steps_len; i++)
			if (r->steps[i].commit == k)
				rows[n++] = (struct row){ commit_of(r, k), &r->steps[i], k };
		if (n == before && (k == 0 || is_suspect(r, k)))
			rows[n++] = (struct row){ commit_of(r, k), NULL, k };
	}
	return n;
}

static struct row *rows_of(const struct report_bisect *r, size_t *ret_len, struct error *err)
{
	size_t suspects = r->decision->action == BISECT_FOUND ? r->decision->high - r->decision->low : 0;
	struct row *rows = calloc(r->steps_len + suspects + 2, sizeof *rows);
	if (!rows)
		error_oom(err);
	else
		*ret_len = make_rows(r, rows);
	return rows;
}

static void add_result(const struct report_bisect *r, const struct row *row, struct strbuf *out)
{
	if (row->at == 0)
		strbuf_adds(out, "good");
	else if (!row->step)
		strbuf_adds(out, "not measured");
	else if (row->step->skipped)
		strbuf_adds(out, "skipped");
	else {
		struct estimate e = { .ratio = row->step->ratio, .low = row->step->low, .high = row->step->high };
		add_estimate(out, &e);
	}
	if (row->at && row->step && !row->step->skipped) {
		strbuf_adds(out, "  ");
		report_bisect_add_state(r->slow[row->at], out);
	}
}

static void add_text_row(const struct report_bisect *r, const struct row *row, struct strbuf *out)
{
	CLEANUP(strbuf) struct strbuf result = STRBUF_INIT(1024);
	add_result(r, row, &result);
	strbuf_addf(out, "%s %.12s  ", is_suspect(r, row->at) ? "→" : " ", row->commit->sha);
	add_date(out, row->commit->seconds);
	strbuf_addf(out, "  %s", result.data);
	for (size_t pad = report_columns(result.data); pad < 36; pad++)
		strbuf_addc(out, ' ');
	strbuf_adds(out, "  ");
	report_add_cut(out, row->commit->subject, 60);
	strbuf_addc(out, '\n');
	if (row->step && row->step->skipped) {
		strbuf_adds(out, "      ");
		report_add_cut(out, row->step->skipped, 100);
		strbuf_addc(out, '\n');
	}
}

static void add_numbers(const struct report_bisect *r, struct strbuf *out)
{
	size_t measured = 0;
	for (size_t i = 0; i < r->steps_len; i++)
		measured += !r->steps[i].skipped;
	strbuf_addf(out, "%zu commits after good, %zu measurements, %zu skipped; ratios to good of %s, 95 %% intervals",
		    r->history->len - 1, measured, r->steps_len - measured, report_metric_words(r->metric));
}

int report_bisect_text(const struct report_bisect *r, struct strbuf *out, struct error *err)
{
	size_t len = 0;
	AUTO_FREE struct row *rows = rows_of(r, &len, err);
	CLEANUP(strbuf) struct strbuf answer = STRBUF_INIT(1 << 16);
	if (!rows)
		return -1;
	report_bisect_add_answer(r, &answer);
	report_add_wrapped(out, answer.data, 110, 0);
	strbuf_adds(out, "\n\n");
	if (r->decision->action == BISECT_FOUND) {
		const struct build_commit *c = commit_of(r, r->decision->high);
		strbuf_addf(out, "%s ", c->sha);
		add_date(out, c->seconds);
		strbuf_addc(out, ' ');
		report_add_line(out, c->subject);
		strbuf_adds(out, "\n\n");
	}
	for (size_t i = 0; i < len; i++)
		add_text_row(r, &rows[i], out);
	strbuf_addc(out, '\n');
	add_numbers(r, out);
	strbuf_addc(out, '\n');
	return strbuf_check(out, err);
}

int report_bisect_markdown(const struct report_bisect *r, struct strbuf *out, struct error *err)
{
	size_t len = 0;
	AUTO_FREE struct row *rows = rows_of(r, &len, err);
	CLEANUP(strbuf) struct strbuf answer = STRBUF_INIT(1 << 16);
	if (!rows)
		return -1;
	report_bisect_add_answer(r, &answer);
	report_markdown_text(out, answer.data);
	strbuf_adds(out, "\n\n| | commit | date | ratio to good | subject |\n|---|---|---|---|---|\n");
	for (size_t i = 0; i < len; i++) {
		strbuf_addf(out, "| %s | `%s` | ", is_suspect(r, rows[i].at) ? "→" : "", rows[i].commit->sha);
		add_date(out, rows[i].commit->seconds);
		strbuf_adds(out, " | ");
		add_result(r, &rows[i], out);
		if (rows[i].step && rows[i].step->skipped) {
			strbuf_adds(out, ": ");
			report_markdown_text(out, rows[i].step->skipped);
		}
		strbuf_adds(out, " | ");
		report_markdown_text(out, rows[i].commit->subject);
		strbuf_adds(out, " |\n");
	}
	strbuf_addc(out, '\n');
	add_numbers(r, out);
	strbuf_adds(out, ".\n");
	return strbuf_check(out, err);
}
