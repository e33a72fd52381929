/* Makes profiles from stacks as text: root first, ';' between frames, '|' before a frame that is inlined, "@FILE:LINE"
 * after a name ("main.go:1" without); "?" is a location without symbols.
 *
 *     CLEANUP(pprof) struct pprof p = PPROF_INIT;
 *     make_stacks(&p, (const struct stack[]){ { "main.main;db.scan|db.mix@mix.go:7", 3 }, { 0 } });
 *
 * A sample has its count and count * 10 ms of CPU time.
 */
#ifndef TESTS_STACKS_H
#define TESTS_STACKS_H

#include "check.h"
#include "maker.h"
#include "profiler/pprof.h"

struct stack {
	const char *frames; /* NULL ends the array; "": no stack */
	int64_t count;
};

struct stacks {
	struct strlist strings, functions, locations; /* by index; functions are "NAME\nFILE" */
	struct strbuf *out;
};

static inline uint64_t stacks_index(struct strlist *l, const char *s, size_t len, bool *ret_new)
{
	for (size_t i = 0; i < l->len; i++)
		if (strlen(l->items[i]) == len && memcmp(l->items[i], s, len) == 0)
			return i;
	*ret_new = true;
	strlist_addn(l, s, len);
	return l->len - 1;
}

static inline uint64_t stacks_string(struct stacks *s, const char *text, size_t len)
{
	bool is_new = false;
	return stacks_index(&s->strings, text, len, &is_new);
}

static inline uint64_t stacks_function(struct stacks *s, const char *name, size_t len, const char *file,
				       size_t file_len)
{
	CLEANUP(strbuf) struct strbuf key = STRBUF_INIT(1 << 20);
	bool is_new = false;
	strbuf_add(&key, name, len);
	strbuf_addc(&key, '\n');
	strbuf_add(&key, file, file_len);
	uint64_t id = stacks_index(&s->functions, key.data, key.len, &is_new) + 1;
	uint64_t named = stacks_string(s, name, len);
	if (is_new)
		MAKE(s->out, 5, 1, id, 2, named, 3, named, 4, stacks_string(s, file, file_len), 5, 1);
	return id;
}

/* One frame of a location as its Line message, innermost first: the text's last one. */
static inline void stacks_line(struct stacks *s, const char *frame, size_t len, struct strbuf *location)
{
	const char *at = memchr(frame, '@', len), *colon = at ? memrchr(at, ':', len - (size_t)(at - frame)) : NULL;
	uint64_t function = at ? stacks_function(s, frame, (size_t)(at - frame), at + 1, (size_t)(colon - at - 1))
			       : stacks_function(s, frame, len, "main.go", 7);
	MAKE(location, 4, 1, function, 2, at ? strtoull(colon + 1, NULL, 10) : 1);
}

static inline uint64_t stacks_location(struct stacks *s, const char *text, size_t len)
{
	bool is_new = false;
	uint64_t id = stacks_index(&s->locations, text, len, &is_new) + 1;
	if (!is_new)
		return id;
	CLEANUP(strbuf) struct strbuf l = STRBUF_INIT(1 << 20);
	make_int(&l, 1, id);
	make_int(&l, 2, 1);
	for (size_t end = len, begin; len != 1 || *text != '?'; end = begin - 1) {
		for (begin = end; begin && text[begin - 1] != '|'; begin--)
			;
		stacks_line(s, text + begin, end - begin, &l);
		if (!begin)
			break;
	}
	make_message(s->out, 4, l.data, l.len);
	return id;
}

static inline void stacks_sample(struct stacks *s, const struct stack *stack)
{
	CLEANUP(strbuf) struct strbuf m = STRBUF_INIT(4 << 20);
	size_t end = strlen(stack->frames);
	while (end) {
		size_t begin = end;
		while (begin && stack->frames[begin - 1] != ';')
			begin--;
		make_int(&m, 1, stacks_location(s, stack->frames + begin, end - begin));
		end = begin ? begin - 1 : 0;
	}
	make_int(&m, 2, (uint64_t)stack->count);
	make_int(&m, 2, (uint64_t)stack->count * 10000000);
	make_message(s->out, 2, m.data, m.len);
}

static inline void make_stacks(struct pprof *ret, const struct stack *stacks)
{
	CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(16 << 20);
	struct stacks s = { .out = &b };
	for (const char *const *n =
		     (const char *const[]){ "", "samples", "count", "cpu", "nanoseconds", "/bin/db", NULL };
	     *n; n++)
		strlist_add(&s.strings, *n);
	MAKE(&b, 1, 1, 1, 2, 2);
	MAKE(&b, 1, 1, 3, 2, 4);
	MAKE(&b, 3, 1, 1, 5, 5);
	for (; stacks->frames; stacks++)
		stacks_sample(&s, stacks);
	for (size_t i = 0; i < s.strings.len; i++)
		make_text(&b, 6, s.strings.items[i]);
	MAKE(&b, 11, 1, 3, 2, 4);
	make_int(&b, 12, 10000000);
	make_int(&b, 10, 5000000000);
	check_ok(pprof_read(ret, b.data, b.len, err));
	strlist_release(&s.strings);
	strlist_release(&s.functions);
	strlist_release(&s.locations);
}

#endif
