#include "profiler/sum.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define WORDS_MAX_COLUMNS 200

static void kind_release(struct pprof_kind *k)
{
	pprof_merger_release(&k->merger);
	free(k->program);
	free(k->words);
	strlist_release(&k->names);
}

void pprof_sum_release(struct pprof_sum *s)
{
	for (size_t i = 0; i < s->kinds_len; i++)
		kind_release(&s->kinds[i]);
	strlist_release(&s->left_out);
	strlist_release(&s->reasons);
	strlist_release(&s->warnings);
	*s = (struct pprof_sum){ 0 };
}

/* The last part of the main binary's path, "" where the profile does not say; owned. */
static char *program_of(const struct pprof *p, struct error *err)
{
	const struct pprof_string *path = &p->strings[p->n_mappings ? p->mappings[0].filename : 0];
	size_t from = path->len;
	while (from && path->data[from - 1] != '/')
		from--;
	CLEANUP(strbuf) struct strbuf name = STRBUF_INIT(path->len * 4 + 1);
	text_add_line(&name, path->data + from, path->len - from, SIZE_MAX);
	return strbuf_take(&name, err);
}

static char *describe(const struct pprof *p, const char *program, struct error *err)
{
	CLEANUP(strbuf) struct strbuf raw = STRBUF_INIT(64 << 10), words = STRBUF_INIT(4096);
	pprof_describe_types(p, &raw);
	if (p->period)
		strbuf_addf(&raw, " every %lld", (long long)p->period);
	if (*program)
		strbuf_addf(&raw, " of %s", program);
	if (strbuf_check(&raw, err) < 0)
		return NULL;
	text_add_line(&words, raw.data, raw.len, WORDS_MAX_COLUMNS);
	return strbuf_take(&words, err);
}

/* ERROR_USAGE: why not. */
static int check_fit(struct pprof_sum *s, struct pprof_kind *k, const char *name, const struct pprof *p,
		     const char *program, struct error *err)
{
	uint32_t own, known;
	if (pprof_merger_check(&k->merger, p, &own, &known, err) < 0)
		return error_wrap(err, "add %s", name);
	if (!*program || !*k->program || strcmp(program, k->program) == 0 || s->any_program)
		return 0;
	if (!own || known) {
		strlist_addf(&s->warnings, "%s is a profile of %s, the first one of %s; they share %u functions", name,
			     program, k->program, known);
		return strlist_check(&s->warnings, err);
	}
	error_set(err, ERROR_USAGE,
		  "%s is the profile of another program: of %s, the first one of %s; they share no function of their "
		  "own packages",
		  name, program, k->program);
	return error_hint(err, "--any-program merges them all the same");
}

static int add_to(const struct pprof_sum *s, struct pprof_kind *k, const char *name, const struct pprof *p,
		  double weight, bool must, struct error *err)
{
	double window_s = (double)p->duration_ns / 1e9;
	if (pprof_merger_add_scaled(&k->merger, p, s->normalize ? weight / window_s : weight, err) < 0)
		return error_wrap(err, "add %s", name);
	if (window_s > k->longest_s)
		k->longest_s = window_s;
	k->must |= must;
	k->has_samples |= p->n_samples > 0;
	return strlist_add(&k->names, name) < 0 ? error_oom(err) : 0;
}

static struct pprof_kind *find_must(struct pprof_sum *s)
{
	for (size_t i = 0; i < s->kinds_len; i++)
		if (s->kinds[i].must)
			return &s->kinds[i];
	return NULL;
}

/* The kind that it fits, NULL if there is none. What must be in the sum fits those that must, or nothing. */
static int find_kind(struct pprof_sum *s, const char *name, const struct pprof *p, const char *program, bool must,
		     struct pprof_kind **ret, struct error *err)
{
	struct pprof_kind *only = must ? find_must(s) : NULL;
	*ret = NULL;
	for (size_t i = 0; i < s->kinds_len && !*ret; i++) {
		struct pprof_kind *k = &s->kinds[i];
		struct error why = ERROR_INIT;
		if (only && k != only)
			continue;
		if (check_fit(s, k, name, p, program, &why) == 0) {
			*ret = k;
		} else if (only || why.kind != ERROR_USAGE) {
			*err = why;
			return -1;
		}
	}
	return 0;
}

int pprof_sum_add(struct pprof_sum *s, const char *name, const struct pprof *p, double weight, bool must,
		  struct error *err)
{
	struct pprof_kind *k;
	AUTO_FREE char *program = program_of(p, err);
	AUTO_FREE char *words = program ? describe(p, program, err) : NULL;
	if (!words || find_kind(s, name, p, program, must, &k, err) < 0)
		return -1;
	if (!k && s->kinds_len == PPROF_KINDS_MAX) {
		AUTO_FREE char *reason = str_printf(err, "%s is of one more kind than the %d before it: %s", name,
						    PPROF_KINDS_MAX, words);
		if (!reason)
			return -1;
		return must ? error_set(err, ERROR_USAGE, "%s", reason) : pprof_sum_leave_out(s, name, reason, err);
	}
	if (!k) {
		k = &s->kinds[s->kinds_len++];
		*k = (struct pprof_kind){ .merger = PPROF_MERGER_INIT };
		k->program = TAKE(program);
		k->words = TAKE(words);
	}
	return add_to(s, k, name, p, weight, must, err);
}

int pprof_sum_leave_out(struct pprof_sum *s, const char *name, const char *reason, struct error *err)
{
	strlist_add(&s->left_out, name);
	strlist_add(&s->reasons, reason);
	return strlist_check(&s->left_out, err) < 0 ? -1 : strlist_check(&s->reasons, err);
}

/* NULL: two are as large; *ret_rival is the other one then. */
static struct pprof_kind *choose(struct pprof_sum *s, const struct pprof_kind **ret_rival)
{
	struct pprof_kind *best = find_must(s);
	if (best)
		return best;
	*ret_rival = NULL;
	for (size_t i = 0; i < s->kinds_len; i++) {
		struct pprof_kind *k = &s->kinds[i];
		if (best && k->names.len < best->names.len)
			continue;
		*ret_rival = best && k->names.len == best->names.len ? k : NULL;
		best = *ret_rival ? best : k;
	}
	return best;
}

static int leave_out_others(struct pprof_sum *s, const struct pprof_kind *chosen, struct error *err)
{
	for (size_t i = 0; i < s->kinds_len; i++) {
		const struct pprof_kind *k = &s->kinds[i];
		for (size_t n = 0; k != chosen && n < k->names.len; n++) {
			const char *name = k->names.items[n];
			AUTO_FREE char *reason =
				str_printf(err, "%s is a profile of another kind, %s; the sum is of %s", name, k->words,
					   chosen->words);
			if (!reason || pprof_sum_leave_out(s, name, reason, err) < 0)
				return -1;
		}
	}
	return 0;
}

int pprof_sum_finish(struct pprof_sum *s, struct pprof *ret, struct error *err)
{
	const struct pprof_kind *rival = NULL;
	struct pprof_kind *chosen = choose(s, &rival);
	if (!chosen)
		return error_set(err, ERROR_USAGE, "none of %zu profiles can be merged", s->left_out.len);
	if (rival) {
		error_set(err, ERROR_USAGE, "as many profiles (%zu) are %s as %s", rival->names.len, chosen->words,
			  rival->words);
		return error_hint(err, "name one of those that are meant beside the rest");
	}
	if (leave_out_others(s, chosen, err) < 0)
		return -1;
	s->merged = chosen->names.len;
	s->has_samples = chosen->has_samples;
	if (s->left_out.len > s->merged)
		return error_set(err, ERROR_USAGE, "%zu of %zu profiles would be left out: more than are merged",
				 s->left_out.len, s->left_out.len + s->merged);
	return pprof_merger_finish_scaled(&chosen->merger, s->normalize ? chosen->longest_s : 1, ret, err);
}
