/* Tables comparison, geometric_mean and validation of results.db. */
#include "benchmarker/results.h"

#include "base/cleanup.h"
#include "benchmarker/results_db.h"

#include <math.h>
#include <stdlib.h>

void results_comparisons_release(struct results_comparisons *c)
{
	free(c->items);
	strlist_release(&c->owned);
	*c = (struct results_comparisons){ .owned = STRLIST_INIT };
}

/* An unbounded interval is NULL, NULL. */
static void bind_interval(struct statement *s, double low, double high)
{
	bind_double(s, isinf(high) ? NAN : low);
	bind_double(s, high);
}

static void column_interval(struct statement *s, double *ret_low, double *ret_high)
{
	double low = column_double(s), high = column_double(s);
	bool bounded = !isnan(low) && !isnan(high);
	*ret_low = bounded ? low : 0;
	*ret_high = bounded ? high : INFINITY;
}

#define SPREAD_COLUMNS "starts, error, df, within_sd, start_sd"
static void bind_spread(struct statement *s, const struct estimate *e)
{
	bind_u64(s, e->starts);
	bind_double(s, e->error);
	bind_double(s, e->df);
	bind_double(s, e->within_sd);
	bind_double(s, e->start_sd);
}

static void column_spread(struct statement *s, struct estimate *e)
{
	e->starts = column_u64(s, INT64_MAX);
	e->error = column_double(s);
	e->df = column_double(s);
	e->within_sd = column_double(s);
	e->start_sd = column_double(s);
}

static int add_metric(struct results *r, const char *test, const struct comparison *c, enum metric m, struct error *err)
{
	const struct estimate *e = &c->metrics[m];
	bool decides = m == c->metric;
	CLEANUP(statement) struct statement s = { 0 };
	if (statement_prepare(r,
			      "insert or replace into comparison (run, test, metric, ratio, low, high, p_value, pairs,"
			      " batches, " SPREAD_COLUMNS ", verdict, reason, family_low, family_high, detectable_80,"
			      " detectable_90, needed_starts, anytime)"
			      " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			      &s, err) < 0)
		return -1;
	bind_text(&s, r->run);
	bind_text(&s, test);
	bind_text(&s, metric_name(m));
	bind_double(&s, e->ratio);
	bind_interval(&s, e->low, e->high);
	bind_double(&s, e->p_value);
	bind_u64(&s, e->pairs);
	bind_u64(&s, e->batches);
	bind_spread(&s, e);
	bind_text(&s, decides ? verdict_name(c->verdict) : NULL);
	bind_text(&s, decides ? c->reason : NULL);
	bind_interval(&s, decides ? e->family_low : 0, decides ? e->family_high : INFINITY);
	bind_double(&s, decides ? c->detectable_80 : NAN);
	bind_double(&s, decides ? c->detectable_90 : NAN);
	bind_double(&s, decides ? c->needed_starts : NAN);
	bind_i64(&s, c->anytime);
	return statement_run(&s, err);
}

int results_add_comparison(struct results *r, const char *test, const struct comparison *c, struct error *err)
{
	__attribute__((cleanup(results_rollback))) struct results *transaction = r;
	if (results_need_run(r, err) < 0 || results_begin(transaction, err) < 0)
		return -1;
	for (enum metric m = 0; m < METRIC_COUNT; m++)
		if (add_metric(r, test, c, m, err) < 0)
			return -1;
	return results_commit(r, err);
}

int results_add_mean(struct results *r, enum metric metric, const struct estimate *e, struct error *err)
{
	CLEANUP(statement) struct statement s = { 0 };
	if (results_need_run(r, err) < 0 ||
	    statement_prepare(r,
			      "insert or replace into geometric_mean (run, metric, ratio, low, high, p_value,"
			      " " SPREAD_COLUMNS ") values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			      &s, err) < 0)
		return -1;
	bind_text(&s, r->run);
	bind_text(&s, metric_name(metric));
	bind_double(&s, e->ratio);
	bind_interval(&s, e->low, e->high);
	bind_double(&s, e->p_value);
	bind_spread(&s, e);
	return statement_run(&s, err);
}

static int read_metric(const char *name, enum metric *ret)
{
	for (enum metric m = 0; m < METRIC_COUNT; m++)
		if (str_eq(name, metric_name(m))) {
			*ret = m;
			return 0;
		}
	return -1;
}

static enum verdict read_verdict(const char *name)
{
	for (int v = VERDICT_SAME; v <= VERDICT_SLOWER; v++)
		if (str_eq(name, verdict_name((enum verdict)v)))
			return (enum verdict)v;
	return VERDICT_UNDECIDED;
}

static const struct estimate unknown = { .ratio = NAN,
					 .high = INFINITY,
					 .p_value = NAN,
					 .error = NAN,
					 .df = NAN,
					 .within_sd = NAN,
					 .start_sd = NAN,
					 .family_high = INFINITY };

/* The comparison of a row's test: the last one, or a new one after it. */
static struct comparison *comparison_of(struct results_comparisons *all, const char *test)
{
	if (all->len && str_eq(all->items[all->len - 1].test, test))
		return &all->items[all->len - 1].comparison;
	struct results_comparison *items = results_grow(all->items, all->len, sizeof *items);
	if (!items)
		return NULL;
	all->items = items;
	struct results_comparison *c = &items[all->len++];
	c->test = test;
	c->comparison.detectable_80 = c->comparison.detectable_90 = c->comparison.needed_starts = NAN;
	for (int m = 0; m < METRIC_COUNT; m++)
		c->comparison.metrics[m] = unknown;
	return &c->comparison;
}

static struct estimate column_estimate(struct statement *s)
{
	struct estimate e = unknown;
	e.ratio = column_double(s);
	column_interval(s, &e.low, &e.high);
	e.p_value = column_double(s);
	return e;
}

/* One row: of a test and metric. */
static int read_comparison(struct statement *s, struct results_comparisons *all, struct error *err)
{
	const char *test = column_text(s, &all->owned), *name = column_text(s, &all->owned);
	struct estimate e = column_estimate(s);
	e.pairs = column_u64(s, INT64_MAX);
	e.batches = column_u64(s, INT64_MAX);
	column_spread(s, &e);
	const char *verdict = column_text(s, &all->owned), *reason = column_text(s, &all->owned);
	column_interval(s, &e.family_low, &e.family_high);
	double detectable_80 = column_double(s), detectable_90 = column_double(s), needed = column_double(s);
	bool anytime = column_i64(s), sequential = column_i64(s);
	enum metric metric;
	if (strlist_check(&all->owned, err) < 0)
		return -1;
	if (read_metric(name, &metric) < 0)
		return 0; /* one that a later dbdyno added within this schema */
	struct comparison *c = comparison_of(all, test);
	if (!c)
		return error_oom(err);
	c->metrics[metric] = e;
	c->sequential = sequential;
	c->anytime = anytime;
	if (verdict) { /* the row of the metric that it rests on */
		c->metric = metric;
		c->verdict = read_verdict(verdict);
		c->reason = reason;
		c->detectable_80 = detectable_80;
		c->detectable_90 = detectable_90;
		c->needed_starts = needed;
	}
	return 0;
}

int results_read_comparisons(struct results *r, struct results_comparisons *ret, struct error *err)
{
	CLEANUP(statement) struct statement s = { 0 };
	CLEANUP(results_comparisons) struct results_comparisons all = { .owned = STRLIST_INIT };
	if (results_prepare_for_run(
		    r,
		    "select c.test, c.metric, c.ratio, c.low, c.high, c.p_value, c.pairs, c.batches, c.starts, c.error,"
		    " c.df, c.within_sd, c.start_sd, c.verdict, c.reason, c.family_low, c.family_high,"
		    " c.detectable_80, c.detectable_90, c.needed_starts, coalesce(c.anytime, 0),"
		    " run.pairing = 'sequential' from comparison c join run on run.id = c.run"
		    " left join test on test.run = c.run and test.name = c.test"
		    " where c.run = ? order by test.id, c.test, c.rowid",
		    &s, err) < 0)
		return -1;
	int row;
	while ((row = statement_step(&s, err)) > 0)
		if (read_comparison(&s, &all, err) < 0)
			return -1;
	if (row < 0 || statement_check(&s, err) < 0)
		return -1;
	*ret = all;
	all = (struct results_comparisons){ .owned = STRLIST_INIT };
	return 0;
}

int results_read_mean(struct results *r, enum metric metric, struct estimate *ret, struct error *err)
{
	CLEANUP(statement) struct statement s = { 0 };
	struct estimate e = unknown;
	if (results_prepare_for_run(r,
				    "select ratio, low, high, p_value, " SPREAD_COLUMNS
				    " from geometric_mean where run = ? and metric = ?",
				    &s, err) < 0)
		return -1;
	bind_text(&s, metric_name(metric));
	int row = statement_step(&s, err);
	if (row < 0)
		return -1;
	if (row > 0) {
		e = column_estimate(&s);
		column_spread(&s, &e);
		if (statement_check(&s, err) < 0)
			return -1;
	}
	*ret = e;
	return 0;
}

/* ---- validation ---- */

void results_cells_release(struct results_cells *c)
{
	free(c->items);
	strlist_release(&c->owned);
	*c = (struct results_cells){ .owned = STRLIST_INIT };
}

static int add_cell(struct results *r, const struct results_cell *c, size_t number, struct error *err)
{
	bool measured = c->state == PGO_CELL_MEASURED;
	const struct estimate *e = measured ? &c->comparison.metrics[c->comparison.metric] : &unknown;
	CLEANUP(statement) struct statement s = { 0 };
	if (statement_prepare(r,
			      "insert into validation (run, number, profile, test, folder, state, error, metric, ratio,"
			      " low, high, p_value, pairs, starts, family_low, family_high, verdict, reason)"
			      " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			      &s, err) < 0)
		return -1;
	bind_text(&s, r->run);
	bind_u64(&s, number);
	bind_text(&s, c->profile);
	bind_text(&s, c->test);
	bind_text(&s, c->folder);
	bind_text(&s, pgo_cell_name(c->state));
	bind_text(&s, c->error);
	bind_text(&s, measured ? metric_name(c->comparison.metric) : NULL);
	bind_double(&s, e->ratio);
	bind_interval(&s, e->low, e->high);
	bind_double(&s, e->p_value);
	bind_u64(&s, e->pairs);
	bind_u64(&s, e->starts);
	bind_interval(&s, e->family_low, e->family_high);
	bind_text(&s, measured ? verdict_name(c->comparison.verdict) : NULL);
	bind_text(&s, measured ? c->comparison.reason : NULL);
	return statement_run(&s, err);
}

static int drop_cells(struct results *r, struct error *err)
{
	CLEANUP(statement) struct statement s = { 0 };
	return results_prepare_for_run(r, "delete from validation where run = ?", &s, err) < 0 ? -1
											       : statement_run(&s, err);
}

int results_add_cells(struct results *r, const struct results_cell *cells, size_t len, struct error *err)
{
	__attribute__((cleanup(results_rollback))) struct results *transaction = r;
	if (results_need_run(r, err) < 0 || results_begin(transaction, err) < 0 || drop_cells(r, err) < 0)
		return -1;
	for (size_t i = 0; i < len; i++)
		if (add_cell(r, &cells[i], i, err) < 0)
			return -1;
	return results_commit(r, err);
}

static int read_cell(struct statement *s, struct results_cells *all, struct error *err)
{
	struct results_cell *items = results_grow(all->items, all->len, sizeof *items);
	if (!items)
		return error_oom(err);
	all->items = items;
	struct results_cell *c = &items[all->len++];
	c->profile = column_text(s, &all->owned);
	c->test = column_text(s, &all->owned);
	c->folder = column_text(s, &all->owned);
	c->state = pgo_cell_parse(column_text(s, &all->owned));
	c->error = column_text(s, &all->owned);
	for (int m = 0; m < METRIC_COUNT; m++)
		c->comparison.metrics[m] = unknown;
	c->comparison.detectable_80 = c->comparison.detectable_90 = c->comparison.needed_starts = NAN;
	const char *metric = column_text(s, &all->owned);
	if (metric && read_metric(metric, &c->comparison.metric) < 0)
		return results_damaged(s->r, "a validated test has an unknown metric", err);
	struct estimate e = column_estimate(s);
	e.pairs = column_u64(s, INT64_MAX);
	e.starts = column_u64(s, INT64_MAX);
	column_interval(s, &e.family_low, &e.family_high);
	c->comparison.metrics[c->comparison.metric] = e;
	c->comparison.verdict = read_verdict(column_text(s, &all->owned));
	c->comparison.reason = column_text(s, &all->owned);
	return strlist_check(&all->owned, err) < 0 ? -1 : statement_check(s, err);
}

int results_read_cells(struct results *r, struct results_cells *ret, struct error *err)
{
	CLEANUP(statement) struct statement s = { 0 };
	CLEANUP(results_cells) struct results_cells all = { .owned = STRLIST_INIT };
	if (results_prepare_for_run(
		    r,
		    "select profile, test, folder, state, error, metric, ratio, low, high, p_value, pairs,"
		    " starts, family_low, family_high, verdict, reason from validation where run = ?"
		    " order by number",
		    &s, err) < 0)
		return -1;
	int row;
	while ((row = statement_step(&s, err)) > 0)
		if (read_cell(&s, &all, err) < 0)
			return -1;
	if (row < 0)
		return -1;
	*ret = all;
	all = (struct results_cells){ .owned = STRLIST_INIT };
	return 0;
}
