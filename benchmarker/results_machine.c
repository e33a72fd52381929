/* What the machine did, in results.db: a row a slice, and which blocks were measured again. */
#include "benchmarker/results.h"

#include "base/cleanup.h"
#include "benchmarker/results_db.h"

#include <stdlib.h>
#include <string.h>

int results_insert_machine(struct results *r, const struct sample *sample, struct error *err)
{
	CLEANUP(statement) struct statement s = { 0 };
	CLEANUP(strbuf) struct strbuf sql = STRBUF_INIT(4096);
	if (sample->machine.window_ns == 0)
		return 0;
	strbuf_adds(&sql, "insert into slice_machine (slice");
	for (size_t i = 0; i < machine_fields_len; i++)
		strbuf_addf(&sql, ", %s", machine_fields[i].name);
	strbuf_adds(&sql, ") values (last_insert_rowid()");
	for (size_t i = 0; i < machine_fields_len; i++)
		strbuf_adds(&sql, ", ?");
	strbuf_addc(&sql, ')');
	if (strbuf_check(&sql, err) < 0 || statement_prepare(r, sql.data, &s, err) < 0)
		return -1;
	for (size_t i = 0; i < machine_fields_len; i++) {
		uint64_t value = machine_field_get(&sample->machine, &machine_fields[i]);
		if (value > INT64_MAX)
			bind_text(&s, NULL);
		else
			bind_u64(&s, value);
	}
	return statement_run(&s, err);
}

int results_contaminate(struct results *r, const char *test, uint32_t index, const char *reason, struct error *err)
{
	CLEANUP(statement) struct statement s = { 0 };
	if (results_need_run(r, err) < 0 ||
	    statement_prepare(r,
			      "update slice_machine set contaminated = ? where slice = (select id from slice"
			      " where run = ? and test = ? and slice_index = ?)",
			      &s, err) < 0)
		return -1;
	bind_text(&s, reason);
	bind_text(&s, r->run);
	bind_text(&s, test);
	bind_u64(&s, index);
	return statement_run(&s, err);
}

int results_replace_block(struct results *r, const char *test, uint32_t block, uint32_t by, struct error *err)
{
	CLEANUP(statement) struct statement s = { 0 };
	if (results_need_run(r, err) < 0 ||
	    statement_prepare(r, "insert into replaced_block (run, test, block, replaced_by) values (?, ?, ?, ?)", &s,
			      err) < 0)
		return -1;
	bind_text(&s, r->run);
	bind_text(&s, test);
	bind_u64(&s, block);
	bind_u64(&s, by);
	return statement_run(&s, err);
}

void results_machine_release(struct results_machine *m)
{
	free(m->items);
	strlist_release(&m->owned);
	*m = (struct results_machine){ .owned = STRLIST_INIT };
}

/* The text of the next column, with one copy for rows in a row that have the same. */
static const char *shared_text(struct statement *s, const char *last, struct strlist *owned)
{
	const char *text = (const char *)sqlite3_column_text(s->handle, s->column);
	if (text && last && strcmp(text, last) == 0) {
		s->column++;
		return last;
	}
	return column_text(s, owned);
}

static uint64_t column_or_unknown(struct statement *s)
{
	if (sqlite3_column_type(s->handle, s->column) != SQLITE_NULL)
		return column_u64(s, INT64_MAX);
	s->column++;
	return MACHINE_UNKNOWN;
}

static int read_slices(struct statement *s, struct results_machine *all, struct error *err)
{
	int row;
	const char *reason = NULL;
	while ((row = statement_step(s, err)) > 0) {
		struct results_machine_slice *items = results_grow(all->items, all->len, sizeof *items);
		if (!items)
			return error_oom(err);
		all->items = items;
		struct results_machine_slice *slice = &items[all->len];
		slice->test = shared_text(s, all->len ? items[all->len - 1].test : NULL, &all->owned);
		slice->side = column_side(s);
		slice->block = (uint32_t)column_u64(s, UINT32_MAX);
		slice->events = column_u64(s, INT64_MAX);
		slice->wall_unix_ns = column_i64(s);
		slice->replaced = column_i64(s) != 0;
		slice->contaminated = shared_text(s, reason, &all->owned);
		if (slice->contaminated)
			reason = slice->contaminated;
		for (size_t i = 0; i < machine_fields_len; i++)
			machine_field_set(&slice->usage, &machine_fields[i], column_or_unknown(s));
		all->len++;
	}
	return row;
}

int results_read_machine(struct results *r, struct results_machine *ret, struct error *err)
{
	CLEANUP(statement) struct statement s = { 0 };
	CLEANUP(results_machine) struct results_machine all = { .owned = STRLIST_INIT };
	CLEANUP(strbuf) struct strbuf sql = STRBUF_INIT(4096);
	strbuf_adds(&sql, "select s.test, s.side, s.block, s.events, s.wall_unix_ns, exists (select 1 from"
			  " replaced_block x where x.run = s.run and x.test = s.test and x.block = s.block),"
			  " m.contaminated");
	for (size_t i = 0; i < machine_fields_len; i++)
		strbuf_addf(&sql, ", m.%s", machine_fields[i].name);
	strbuf_adds(&sql, " from slice s join slice_machine m on m.slice = s.id where s.run = ? order by s.id");
	if (strbuf_check(&sql, err) < 0 || results_need_run(r, err) < 0 || statement_prepare(r, sql.data, &s, err) < 0)
		return -1;
	bind_text(&s, r->run);
	if (read_slices(&s, &all, err) < 0 || statement_check(&s, err) < 0 || strlist_check(&all.owned, err) < 0)
		return -1;
	*ret = all;
	all = (struct results_machine){ .owned = STRLIST_INIT };
	return 0;
}
