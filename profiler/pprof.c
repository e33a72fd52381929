#include "profiler/pprof.h"

#include "profiler/block.h"

#include <stdlib.h>
#include <string.h>

void pprof_release(struct pprof *p)
{
	free(p->types);
	free(p->samples);
	free(p->values);
	free(p->refs);
	free(p->labels);
	free(p->mappings);
	free(p->locations);
	free(p->lines);
	free(p->functions);
	free(p->strings);
	free(p->comments);
	strbuf_release(&p->extras);
	free(p->raw);
	for (struct pprof_block *b = p->blocks, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	*p = (struct pprof)PPROF_INIT;
}

/* extras holds, after four bytes that make 0 mean none, records of a length and the fields. */
struct pprof_string pprof_extra(const struct pprof *p, uint32_t extra)
{
	if (!extra)
		return (struct pprof_string){ "", 0 };
	uint32_t len;
	memcpy(&len, p->extras.data + extra, sizeof len);
	return (struct pprof_string){ p->extras.data + extra + sizeof len, len };
}

bool pprof_string_is(const struct pprof *p, uint32_t string, const char *text)
{
	const struct pprof_string *s = &p->strings[string];
	return s->len == strlen(text) && memcmp(s->data, text, s->len) == 0;
}

int pprof_find_type(const struct pprof *p, const char *type, const char *unit)
{
	for (uint32_t i = 0; i < p->n_types; i++)
		if (pprof_string_is(p, p->types[i].type, type) && pprof_string_is(p, p->types[i].unit, unit))
			return (int)i;
	return -1;
}

void pprof_describe_types(const struct pprof *p, struct strbuf *out)
{
	for (uint32_t i = 0; i < p->n_types && i < 8; i++) {
		const struct pprof_string *type = &p->strings[p->types[i].type];
		const struct pprof_string *unit = &p->strings[p->types[i].unit];
		strbuf_addf(out, "%s%.*s/%.*s", i ? ", " : "", type->len > 40 ? 40 : (int)type->len, type->data,
			    unit->len > 40 ? 40 : (int)unit->len, unit->data);
	}
	if (!p->n_types)
		strbuf_adds(out, "none");
	else if (p->n_types > 8)
		strbuf_adds(out, ", …");
}

bool pprof_is_own_function(const struct pprof_string *name)
{
	static const char main_package[] = "main.", main_function[] = "main.main", init[] = "main.init";
	size_t first = 0;
	while (first < name->len && name->data[first] != '/')
		first++;
	if (first < name->len)
		return memchr(name->data, '.', first) != NULL;
	return name->len > strlen(main_package) && memcmp(name->data, main_package, strlen(main_package)) == 0 &&
	       (name->len < strlen(main_function) || memcmp(name->data, main_function, strlen(main_function)) != 0) &&
	       (name->len < strlen(init) || memcmp(name->data, init, strlen(init)) != 0);
}
