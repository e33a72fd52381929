/* Events by class in results.db: the transactions of TPC-C. */
#include "benchmarker/results.h"

#include "base/cleanup.h"
#include "benchmarker/results_db.h"

#include <math.h>
#include <stdlib.h>

static int insert_class(struct results *r, const struct sample_class *c, size_t number, struct error *err)
{
	AUTO_FREE unsigned char *data = NULL;
	size_t len = 0;
	CLEANUP(statement) struct statement s = { 0 };
	if (histogram_encode(&c->latency, &data, &len, err) < 0 ||
	    statement_prepare(r,
			      "insert into slice_class (slice, number, class, events, rollbacks, latency_sum_ns,"
			      " latency_min_ns, latency_max_ns, data)"
			      " values (last_insert_rowid(), ?, ?, ?, ?, ?, ?, ?, ?)",
			      &s, err) < 0)
		return -1;
	bind_u64(&s, number);
	bind_text(&s, c->name);
	bind_u64(&s, c->events);
	bind_u64(&s, c->rollbacks);
	bind_u64(&s, c->latency_sum_ns);
	bind_u64(&s, c->latency_min_ns);
	bind_u64(&s, c->latency_max_ns);
	bind_blob(&s, data, len);
	return statement_run(&s, err);
}

int results_insert_classes(struct results *r, const struct sample *s, struct error *err)
{
	for (size_t i = 0; i < s->classes_len; i++)
		if (insert_class(r, &s->classes[i], i + 1, err) < 0)
			return -1;
	return 0;
}

void results_classes_release(struct results_classes *c)
{
	free(c->items);
	strlist_release(&c->owned);
	*c = (struct results_classes){ .owned = STRLIST_INIT };
}

/* One class while its slices are summed. */
struct class_sums {
	uint64_t number, latency_sum_ns, latency_max_ns;
	uint64_t latency_min_ns;
	struct histogram latency;
};

static void class_sums_release(struct class_sums *c)
{
	histogram_release(&c->latency);
}

/* A bucket's middle may lie a little outside of what was measured exactly. */
static double quantile_ms(const struct class_sums *c, double q)
{
	double value = histogram_quantile_ns(&c->latency, q); /* NAN when empty, and stays so */
	if (value < (double)c->latency_min_ns)
		value = (double)c->latency_min_ns;
	if (value > (double)c->latency_max_ns)
		value = (double)c->latency_max_ns;
	return value / 1e6;
}

static void finish_class(struct results_class *c, struct class_sums *sums)
{
	c->mean_ms = (double)sums->latency_sum_ns / 1e6 / (double)c->events; /* NAN for 0 / 0 */
	c->p50_ms = quantile_ms(sums, 0.50);
	c->p90_ms = quantile_ms(sums, 0.90);
	c->p95_ms = quantile_ms(sums, 0.95);
	c->p99_ms = quantile_ms(sums, 0.99);
	histogram_release(&sums->latency);
	*sums = (struct class_sums){ 0 };
}

static int read_slice(struct statement *s, struct results_class *c, struct class_sums *sums, struct error *err)
{
	uint64_t events = column_u64(s, INT64_MAX);
	c->events += events;
	c->rollbacks += column_u64(s, INT64_MAX);
	sums->latency_sum_ns += column_u64(s, INT64_MAX);
	uint64_t least = column_u64(s, INT64_MAX), most = column_u64(s, INT64_MAX);
	if (events && (sums->latency.total == 0 || least < sums->latency_min_ns))
		sums->latency_min_ns = least;
	if (most > sums->latency_max_ns)
		sums->latency_max_ns = most;
	const void *data = sqlite3_column_blob(s->handle, s->column);
	int len = sqlite3_column_bytes(s->handle, s->column++);
	struct histogram h = HISTOGRAM_INIT;
	if (statement_check(s, err) < 0)
		return -1;
	if (histogram_decode(data, (size_t)len, &h, err) < 0)
		return error_wrap(err, "%s", s->r->path);
	int result = histogram_merge(&sums->latency, &h, err);
	histogram_release(&h);
	return result;
}

static int read_classes(struct statement *s, struct results_classes *all, struct class_sums *sums, struct error *err)
{
	int row;
	while ((row = statement_step(s, err)) > 0) {
		uint64_t number = column_u64(s, UINT32_MAX);
		const char *name = column_text(s, &all->owned);
		if (all->len == 0 || number != sums->number) {
			if (all->len)
				finish_class(&all->items[all->len - 1], sums);
			struct results_class *items = results_grow(all->items, all->len, sizeof *items);
			if (!items)
				return error_oom(err);
			all->items = items;
			all->items[all->len++].name = name;
			sums->number = number;
		}
		if (read_slice(s, &all->items[all->len - 1], sums, err) < 0)
			return -1;
	}
	if (row == 0 && all->len)
		finish_class(&all->items[all->len - 1], sums);
	return row;
}

int results_read_classes(struct results *r, const char *test, enum side side, struct results_classes *ret,
			 struct error *err)
{
	CLEANUP(results_classes) struct results_classes all = { .owned = STRLIST_INIT };
	CLEANUP(class_sums) struct class_sums sums = { 0 };
	CLEANUP(statement) struct statement s = { 0 };
	if (results_need_run(r, err) < 0 ||
	    statement_prepare(r,
			      "select c.number, c.class, c.events, c.rollbacks, c.latency_sum_ns,"
			      " c.latency_min_ns, c.latency_max_ns, c.data from slice_class c"
			      " join slice on slice.id = c.slice where run = ? and test = ? and side = ?"
			      " order by c.number, slice_index",
			      &s, err) < 0)
		return -1;
	bind_text(&s, r->run);
	bind_text(&s, test);
	bind_text(&s, side_name(side));
	if (read_classes(&s, &all, &sums, err) < 0 || strlist_check(&all.owned, err) < 0)
		return error_wrap(err, "read the classes of %s", test);
	*ret = all;
	all = (struct results_classes){ .owned = STRLIST_INIT };
	return 0;
}
