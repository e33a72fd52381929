/* Latencies of a test on one side, over all its slices, from results.db. */
#include "benchmarker/results.h"

#include "base/cleanup.h"
#include "benchmarker/results_db.h"

#include <math.h>
#include <stdlib.h>

const double results_latency_percentiles[RESULTS_PERCENTILES] = { 0.5, 0.95, 0.99, 0.999 };

int results_insert_rate(struct results *r, const struct sample *sample, struct error *err)
{
	CLEANUP(statement) struct statement s = { 0 };
	if (!(sample->rate > 0))
		return 0;
	if (statement_prepare(r,
			      "insert into slice_rate (slice, rate_asked, backlog, unserved, lag_max_ns)"
			      " values (last_insert_rowid(), ?, ?, ?, ?)",
			      &s, err) < 0)
		return -1;
	bind_double(&s, sample->rate);
	bind_u64(&s, sample->backlog);
	bind_u64(&s, sample->unserved);
	bind_u64(&s, sample->lag_max_ns);
	return statement_run(&s, err);
}

/* The slices of a test and side, one after another. */
struct slices {
	struct sample *samples;
	uint32_t *clusters;
	size_t len;
};

static void slices_release(struct slices *s)
{
	for (size_t i = 0; i < s->len; i++)
		sample_release(&s->samples[i]);
	free(s->samples);
	free(s->clusters);
}

/* A cluster is what was measured on one start of the servers and on one set of tables. */
static int read_slices(struct statement *s, struct slices *all, struct error *err)
{
	uint64_t repetition = 0, start = 0;
	uint32_t cluster = 0;
	int row;
	while ((row = statement_step(s, err)) > 0) {
		uint32_t *clusters = results_grow(all->clusters, all->len, sizeof *clusters);
		if (clusters)
			all->clusters = clusters;
		struct sample *samples = clusters ? results_grow(all->samples, all->len, sizeof *samples) : NULL;
		if (!samples)
			return error_oom(err);
		all->samples = samples;
		uint64_t last_repetition = repetition, last_start = start;
		repetition = column_u64(s, UINT32_MAX);
		start = column_u64(s, UINT32_MAX);
		cluster += all->len > 0 && (repetition != last_repetition || start != last_start);
		all->clusters[all->len] = cluster;
		if (results_column_sample(s, &samples[all->len++], err) < 0)
			return -1;
	}
	return row;
}

static int bind_side(struct results *r, struct statement *s, const char *sql, const char *test, enum side side,
		     struct error *err)
{
	if (statement_prepare(r, sql, s, err) < 0)
		return -1;
	bind_text(s, r->run);
	bind_text(s, test);
	bind_text(s, side_name(side));
	return 0;
}

static int read_rate(struct results *r, const char *test, enum side side, struct results_latency *l, struct error *err)
{
	CLEANUP(statement) struct statement s = { 0 };
	if (bind_side(r, &s,
		      "select coalesce(max(rate_asked), 0), coalesce(sum(backlog), 0), coalesce(sum(unserved), 0),"
		      " coalesce(max(lag_max_ns), 0) from slice_rate join slice on slice.id = slice_rate.slice"
		      " where run = ? and test = ? and side = ?",
		      test, side, err) < 0 ||
	    statement_step(&s, err) < 0)
		return -1;
	l->rate_asked = column_double(&s);
	l->backlog = column_u64(&s, INT64_MAX);
	l->unserved = column_u64(&s, INT64_MAX);
	l->lag_max_ms = (double)column_u64(&s, INT64_MAX) / 1e6;
	return statement_check(&s, err);
}

static double clamp_ms(double ns, uint64_t least_ns, uint64_t most_ns)
{
	/* The middle of a bucket may lie a little outside of what was measured exactly. NAN stays. */
	ns = ns < (double)least_ns ? (double)least_ns : ns;
	return (ns > (double)most_ns ? (double)most_ns : ns) / 1e6;
}

static int summarise(const struct slices *all, uint64_t timeout_ns, struct results_latency *l, struct error *err)
{
	CLEANUP(percentiles) struct percentiles p = { 0 };
	uint64_t least_ns = UINT64_MAX, most_ns = 0;
	AUTO_FREE struct percentile_slice *slices = calloc(all->len + 1, sizeof *slices);
	if (!slices)
		return error_oom(err);
	for (size_t i = 0; i < all->len; i++) {
		const struct sample *s = &all->samples[i];
		slices[i] = (struct percentile_slice){ &s->latency, all->clusters[i] };
		l->events += s->events;
		l->ignored_errors += s->ignored_errors;
		l->reconnects += s->reconnects;
		l->seconds += sample_seconds(s);
		if (s->events && s->latency_min_ns < least_ns)
			least_ns = s->latency_min_ns;
		if (s->latency_max_ns > most_ns)
			most_ns = s->latency_max_ns;
	}
	if (percentiles_make(slices, all->len, &p, err) < 0)
		return -1;
	for (size_t i = 0; i < RESULTS_PERCENTILES; i++) {
		struct percentile x = percentiles_at(&p, results_latency_percentiles[i]);
		l->percentiles[i].value_ms = clamp_ms(x.value_ns, least_ns, most_ns);
		l->percentiles[i].low_ms = x.low_ns > 0 ? clamp_ms(x.low_ns, least_ns, most_ns) : 0;
		l->percentiles[i].high_ms = isinf(x.high_ns) ? INFINITY : clamp_ms(x.high_ns, least_ns, most_ns);
	}
	l->max_ms = l->events ? (double)most_ns / 1e6 : NAN;
	for (size_t i = 0; i < p.all.len; i++) {
		const struct histogram_entry *e = &p.all.entries[i];
		l->over_range += e->bucket == HISTOGRAM_BUCKETS - 1 ? e->count : 0;
		l->over_timeout += timeout_ns && e->bucket > histogram_bucket(timeout_ns) ? e->count : 0;
	}
	return 0;
}

int results_read_latency(struct results *r, const char *test, enum side side, uint64_t timeout_ns,
			 struct results_latency *ret, struct error *err)
{
	CLEANUP(slices) struct slices all = { 0 };
	CLEANUP(statement) struct statement s = { 0 };
	struct results_latency l = { 0 };
	if (results_need_run(r, err) < 0 || bind_side(r, &s,
						      "select repetition, start, " RESULTS_SAMPLE_COLUMNS
						      " from slice join histogram on histogram.slice = slice.id"
						      " where run = ? and test = ? and side = ? order by slice_index",
						      test, side, err) < 0)
		return -1;
	if (read_slices(&s, &all, err) < 0 || summarise(&all, timeout_ns, &l, err) < 0 ||
	    read_rate(r, test, side, &l, err) < 0)
		return error_wrap(err, "read the latencies of %s", test);
	*ret = l;
	return 0;
}
