#include "profiler/value.h"

#include <math.h>
#include <string.h>

int value_column(const struct pprof *p, const char *type, uint32_t *ret, struct error *err)
{
	if (!p->n_types)
		return error_set(err, ERROR_USAGE, "the profile has no sample type");
	uint32_t column = p->n_types - 1;
	bool named = type && *type, found = !named;
	for (uint32_t i = 0; i < p->n_types; i++) {
		bool wanted = named ? pprof_string_is(p, p->types[i].type, type)
				    : p->default_type && p->types[i].type == p->default_type;
		if (wanted) {
			column = i;
			found = true;
			break;
		}
	}
	if (!found) {
		CLEANUP(strbuf) struct strbuf types = STRBUF_INIT(1024);
		pprof_describe_types(p, &types);
		error_set(err, ERROR_USAGE, "the profile has no sample type \"%.40s\"", type);
		return error_hint(err, "its sample types are %s", types.data);
	}
	*ret = column;
	return 0;
}

bool value_same_text(const struct pprof_string *a, const struct pprof_string *b)
{
	return a->len == b->len && (!a->len || memcmp(a->data, b->data, a->len) == 0);
}

int value_work(const struct pprof *p, enum diff_per per, double work, double total, double *ret, struct error *err)
{
	static const char *const missing[] = { "the work is not a number above 0",
					       "the profile does not say how long it was taken",
					       "the profile is empty" };
	double w = per == DIFF_PER_WORK ? work : per == DIFF_PER_SECOND ? (double)p->duration_ns / 1e9 : total;
	if (!(w > 0) || !isfinite(w))
		return error_set(err, ERROR_USAGE, "%s", missing[per]);
	*ret = w;
	return 0;
}

double value_of_sample(const struct pprof *p, uint32_t column, double total, double count)
{
	/* Only CPU profiles count samples; in others samples/count is an estimate of events. */
	if (count > 0 && total > 0 && pprof_find_type(p, "cpu", "nanoseconds") >= 0)
		return total / count;
	const struct pprof_string *type = &p->strings[p->types[column].type];
	bool is_period = type->len && value_same_text(type, &p->strings[p->period_type.type]);
	return is_period && p->period > 0 ? (double)p->period : NAN;
}

struct scale {
	const char *name;
	double factor;
};
static const struct scale times[] = { { "s", 1e9 }, { "ms", 1e6 }, { "µs", 1e3 }, { "ns", 1 }, { 0 } };
static const struct scale sizes[] = { { "TB", 0x1p40 }, { "GB", 0x1p30 }, { "MB", 0x1p20 },
				      { "kB", 0x1p10 }, { "B", 1 },       { 0 } };

static bool is(struct pprof_string s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.data, text, s.len) == 0;
}

void value_add(struct strbuf *out, double value, struct pprof_string unit)
{
	const struct scale *scale = is(unit, "nanoseconds") ? times : is(unit, "bytes") ? sizes : NULL;
	while (scale && scale[1].name && fabs(value) < scale->factor)
		scale++;
	char text[400]; /* the largest double has 309 digits */
	int len = snprintf(text, sizeof text, "%.2f", value / (scale ? scale->factor : 1));
	if (len > 3 && strcmp(text + len - 3, ".00") == 0)
		text[len -= 3] = 0;
	if (strcmp(text, "0") == 0 || strcmp(text, "-0") == 0)
		strbuf_addc(out, '0');
	else
		strbuf_addf(out, "%s%s", text, scale ? scale->name : "");
}

void value_add_right(struct strbuf *out, double value, struct pprof_string unit, int width)
{
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(500);
	value_add(&text, value, unit);
	int columns = 0;
	for (const char *s = text.data; *s; s++)
		columns += (*s & 0xC0) != 0x80;
	strbuf_addf(out, "%*s%s", columns < width ? width - columns : 0, "", text.data);
}

void value_add_share(struct strbuf *out, double share)
{
	strbuf_addf(out, "%7.2f%%", 100 * share);
}
