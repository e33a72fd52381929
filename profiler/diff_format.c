#include "base/text.h"
#include "profiler/diff.h"
#include "profiler/value.h"

#include <inttypes.h>
#include <math.h>

static const char *const per_names[] = { "unit of work", "second", "total" };

/* A share of the total is a figure in per cent, whatever the type's unit. */
static struct pprof_string shown_unit(const struct diff *d)
{
	return d->per == DIFF_PER_TOTAL ? (struct pprof_string){ "", 0 } : d->unit;
}

static double shown(const struct diff *d, double value)
{
	return d->per == DIFF_PER_TOTAL ? 100 * value : value;
}

void diff_add_value(const struct diff *d, double value, struct strbuf *out)
{
	if (isnan(value)) {
		strbuf_adds(out, "–");
		return;
	}
	value_add(out, shown(d, value), shown_unit(d));
	strbuf_adds(out, d->per == DIFF_PER_TOTAL ? "%" : "");
}

static void add_right(const struct diff *d, double value, bool sign, struct strbuf *out)
{
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(500);
	if (sign && value > 0)
		strbuf_addc(&text, '+');
	diff_add_value(d, value, &text);
	int columns = 0;
	for (const char *s = text.data; *s; s++)
		columns += (*s & 0xC0) != 0x80;
	strbuf_addf(out, "%*s%s", columns < 11 ? 11 - columns : 1, "", text.data);
}

static void text_figure(const struct diff *d, const struct diff_figure *f, struct strbuf *out)
{
	add_right(d, f->from, false, out);
	add_right(d, f->to, false, out);
	add_right(d, f->delta, true, out);
	add_right(d, f->error, false, out);
	if (f->from > 0 && f->to > 0 && f->to / f->from < 1000)
		strbuf_addf(out, "%+9.1f%%", 100 * (f->to / f->from - 1));
	else
		strbuf_addf(out, "%10s", f->from == f->to ? "" : f->from == 0 ? "new" : f->to == 0 ? "gone" : "–");
	strbuf_adds(out, f->significant ? " *  " : "    ");
}

static void text_name(const struct frame_key *k, struct strbuf *out)
{
	CLEANUP(strbuf) struct strbuf name = STRBUF_INIT(PPROF_MAX_INFLATED_BYTES);
	frame_describe(k, &name);
	text_add_line(out, name.data, name.len, 300);
	if (k->file.len || k->line) {
		strbuf_addc(out, ' ');
		text_add_line(out, k->file.data, k->file.len, 300);
		strbuf_addf(out, ":%" PRId64, k->line);
	}
	strbuf_addc(out, '\n');
	if (name.failed)
		out->failed = name.failed;
}

void diff_text(const struct diff *d, uint32_t n, struct strbuf *out)
{
	n = n < d->n ? n : d->n;
	text_add_line(out, d->type.data, d->type.len, 40);
	strbuf_addf(out, d->per == DIFF_PER_TOTAL ? " as share of each profile's %s" : " per %s", per_names[d->per]);
	strbuf_addf(out, ", %s; %" PRIu32 " of %" PRIu32 " rows", d->sort == TOP_BY_CUM ? "cumulative" : "flat", n,
		    d->n);
	if (!isnan(d->from_samples) && !isnan(d->to_samples))
		strbuf_addf(out, "; %.0f and %.0f samples", d->from_samples, d->to_samples);
	strbuf_addf(out, "\n%11s%11s%11s%12s%10s    %s\n", "from", "to", "delta", "± 95%", "change",
		    (const char *const[]){ "function", "file", "package", "line" }[d->by]);
	text_figure(d, &d->total, out);
	strbuf_adds(out, "(all)\n");
	for (uint32_t i = 0; i < n; i++) {
		text_figure(d, d->sort == TOP_BY_CUM ? &d->rows[i].cum : &d->rows[i].flat, out);
		text_name(&d->rows[i].key, out);
	}
	if (isnan(d->from_samples) || isnan(d->to_samples))
		strbuf_adds(out,
			    "This type does not tell how many samples it rests on: no sampling error can be given.\n");
	else
		strbuf_adds(out,
			    "* more than sampling error (exact test of Poisson counts, Holm over all rows, 5% risk); "
			    "± 95% is of the row alone.\n");
}

static void json_text(struct strbuf *out, const char *key, const struct pprof_string *s)
{
	strbuf_addf(out, "\"%s\":", key);
	text_add_json(out, s->data, s->len);
}

static void json_number(struct strbuf *out, const char *key, double value)
{
	if (isfinite(value))
		strbuf_addf(out, "\"%s\":%.10g,", key, value);
	else
		strbuf_addf(out, "\"%s\":null,", key);
}

static void json_figure(struct strbuf *out, const char *key, const struct diff_figure *f)
{
	strbuf_addf(out, "\"%s\":{", key);
	json_number(out, "from", f->from);
	json_number(out, "to", f->to);
	json_number(out, "delta", f->delta);
	json_number(out, "error_95", f->error);
	json_number(out, "p", f->p);
	strbuf_addf(out, "\"significant\":%s}", f->significant ? "true" : "false");
}

static void json_row(const struct diff *d, const struct diff_row *row, struct strbuf *out)
{
	static const char *const names[] = { "function", "file", "package", "function" };
	CLEANUP(strbuf) struct strbuf name = STRBUF_INIT(PPROF_MAX_INFLATED_BYTES);
	frame_describe(&row->key, &name);
	strbuf_addc(out, '{');
	json_text(out, names[d->by], &(struct pprof_string){ name.data, name.len });
	strbuf_addc(out, ',');
	if (d->by == PPROF_BY_FUNCTION || d->by == PPROF_BY_LINE) {
		json_text(out, "package", &row->package);
		strbuf_addc(out, ',');
	}
	if (d->by == PPROF_BY_LINE) {
		json_text(out, "file", &row->key.file);
		strbuf_addf(out, ",\"line\":%" PRId64 ",", row->key.line);
	}
	json_figure(out, "flat", &row->flat);
	strbuf_addc(out, ',');
	json_figure(out, "cum", &row->cum);
	strbuf_addc(out, '}');
	if (name.failed)
		out->failed = name.failed;
}

void diff_json(const struct diff *d, uint32_t n, struct strbuf *out)
{
	n = n < d->n ? n : d->n;
	strbuf_adds(out, "{\"format\":\"dbdyno-pprof-diff\",\"format_version\":1,");
	json_text(out, "type", &d->type);
	strbuf_addc(out, ',');
	json_text(out, "unit", &d->unit);
	strbuf_addf(out, ",\"per\":\"%s\",", (const char *const[]){ "work", "second", "total" }[d->per]);
	json_number(out, "from_samples", d->from_samples);
	json_number(out, "to_samples", d->to_samples);
	json_figure(out, "total", &d->total);
	strbuf_addf(out, ",\"rows_of\":%" PRIu32 ",\"rows\":[", d->n);
	for (uint32_t i = 0; i < n; i++) {
		strbuf_adds(out, i ? ",\n" : "\n");
		json_row(d, &d->rows[i], out);
	}
	strbuf_adds(out, "\n]}\n");
}
