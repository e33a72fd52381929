#include "profiler/judge.h"

#include <stdlib.h>
#include <string.h>

/* What a function says about a sample with it on the stack. */
enum kind { KIND_PROGRAM = 0, KIND_RUNTIME, KIND_IDLE, KIND_GC };

static bool is_one_of(const struct pprof_string *name, const char *const *list)
{
	for (; *list; list++)
		if (name->len == strlen(*list) && memcmp(name->data, *list, name->len) == 0)
			return true;
	return false;
}

static bool begins(const struct pprof_string *name, const char *prefix)
{
	return name->len >= strlen(prefix) && memcmp(name->data, prefix, strlen(prefix)) == 0;
}

static enum kind kind_of(const struct pprof_string *name)
{
	static const char *const gc[] = { "runtime.gcBgMarkWorker",
					  "runtime.gcAssistAlloc",
					  "runtime.gcAssistAlloc1",
					  "runtime.gcDrain",
					  "runtime.gcDrainN",
					  "runtime.gcStart",
					  "runtime.gcMarkDone",
					  "runtime.gcMarkTermination",
					  "runtime.bgsweep",
					  "runtime.bgscavenge",
					  "runtime.GC",
					  "runtime.sweepone",
					  "runtime.wbBufFlush",
					  NULL };
	static const char *const idle[] = { "runtime.findRunnable", "runtime.findrunnable",
					    "runtime.stopm",        "runtime.sysmon",
					    "runtime.mPark",        "runtime.notesleep",
					    "runtime.stealWork",    NULL };
	if (!begins(name, "runtime.") && !begins(name, "runtime/internal/") && !begins(name, "internal/runtime/"))
		return KIND_PROGRAM;
	return is_one_of(name, gc) ? KIND_GC : is_one_of(name, idle) ? KIND_IDLE : KIND_RUNTIME;
}

/* Of each function; owned. NULL without memory. */
static uint8_t *all_kinds(const struct pprof *p)
{
	uint8_t *kinds = malloc(p->n_functions + 1);
	for (uint32_t i = 0; kinds && i < p->n_functions; i++)
		kinds[i] = (uint8_t)kind_of(&p->strings[p->functions[i].name]);
	return kinds;
}

static double weight_of(const struct pprof *p, uint32_t sample)
{
	int count = pprof_find_type(p, "samples", "count"), cpu = pprof_find_type(p, "cpu", "nanoseconds");
	const int64_t *values = p->values + (size_t)sample * p->n_types;
	if (count >= 0)
		return (double)values[count];
	return cpu >= 0 ? (double)values[cpu] / (double)(p->period > 0 ? p->period : 1) : 0;
}

/* A walk over the frames of a stack, leaf first; frames without a function are passed over. */
struct walk {
	const struct pprof *p;
	const struct pprof_sample *s;
	uint32_t ref, line;
};

static const struct pprof_line *next_frame(struct walk *w)
{
	while (w->ref < w->s->n_refs) {
		const struct pprof_location *l = &w->p->locations[w->p->refs[w->s->first_ref + w->ref]];
		if (w->line == l->n_lines) {
			w->ref++;
			w->line = 0;
			continue;
		}
		const struct pprof_line *line = &w->p->lines[l->first_line + w->line++];
		if (line->function)
			return line;
	}
	return NULL;
}

/* What the sample was spent on: the strongest kind on the stack, but runtime only as the leaf. */
static enum kind kind_of_sample(const struct pprof *p, const struct pprof_sample *s, const uint8_t *kinds)
{
	struct walk w = { .p = p, .s = s };
	enum kind found = KIND_PROGRAM;
	bool leaf = true;
	for (const struct pprof_line *l; (l = next_frame(&w)); leaf = false) {
		enum kind k = (enum kind)kinds[l->function - 1];
		if (k > found && (leaf || k != KIND_RUNTIME))
			found = k;
	}
	return found;
}

static void count_calls(const struct pprof *p, const struct pprof_sample *s, double weight, struct pprof_spent *ret)
{
	struct walk w = { .p = p, .s = s };
	next_frame(&w);
	for (const struct pprof_line *caller; (caller = next_frame(&w));) {
		ret->calls += weight;
		if (p->functions[caller->function - 1].start_line <= 0)
			ret->calls_without_start += weight;
	}
}

void pprof_spent(const struct pprof *p, struct pprof_spent *ret)
{
	*ret = (struct pprof_spent){ 0 };
	AUTO_FREE uint8_t *kinds = all_kinds(p);
	for (uint32_t i = 0; kinds && i < p->n_samples; i++) {
		double weight = weight_of(p, i);
		enum kind k = kind_of_sample(p, &p->samples[i], kinds);
		ret->total += weight;
		ret->gc += k == KIND_GC ? weight : 0;
		ret->idle += k == KIND_IDLE ? weight : 0;
		ret->runtime += k == KIND_RUNTIME ? weight : 0;
		count_calls(p, &p->samples[i], weight, ret);
	}
}

static void add_flat(enum pprof_presence presence, double weight, struct pprof_kept *ret)
{
	*(presence == PPROF_KEPT ? &ret->kept : presence == PPROF_GONE ? &ret->gone : &ret->outside) += weight;
}

static void add_calls(const struct pprof *p, const struct pprof_sample *s, const uint8_t *presence,
		      const struct pprof_judge *judge, double weight, struct pprof_kept *ret)
{
	struct walk w = { .p = p, .s = s };
	const struct pprof_line *callee = next_frame(&w);
	for (const struct pprof_line *caller; (caller = next_frame(&w)); callee = caller) {
		const struct pprof_call call = { caller->function - 1, callee->function - 1, caller->line };
		if (presence[call.caller] == PPROF_OUTSIDE)
			continue;
		bool there = presence[call.caller] == PPROF_KEPT && presence[call.callee] != PPROF_GONE &&
			     (!judge->call || judge->call(p, &call, judge->data));
		*(there ? &ret->calls_kept : &ret->calls_gone) += weight;
	}
}

static bool is_heavier(const struct pprof *p, const struct pprof_gone *a, const struct pprof_gone *b)
{
	const struct pprof_string *x = &p->strings[a->name], *y = &p->strings[b->name];
	if (a->weight != b->weight)
		return a->weight > b->weight;
	int order = memcmp(x->data, y->data, x->len < y->len ? x->len : y->len);
	return order ? order < 0 : x->len < y->len;
}

/* gone: samples by name. */
static void find_heaviest(const struct pprof *p, const double *gone, struct pprof_kept *ret)
{
	for (uint32_t i = 0; i < p->n_strings; i++) {
		const struct pprof_gone one = { i, gone[i] };
		if (!(one.weight > 0))
			continue;
		ret->gone_names++;
		size_t at = ret->heaviest_len;
		while (at && is_heavier(p, &one, &ret->heaviest[at - 1]))
			at--;
		if (at == PPROF_GONE_MAX)
			continue;
		ret->heaviest_len += ret->heaviest_len < PPROF_GONE_MAX;
		for (size_t k = ret->heaviest_len - 1; k > at; k--)
			ret->heaviest[k] = ret->heaviest[k - 1];
		ret->heaviest[at] = one;
	}
}

int pprof_kept(const struct pprof *p, const struct pprof_judge *judge, struct pprof_kept *ret, struct error *err)
{
	AUTO_FREE uint8_t *kinds = all_kinds(p), *presence = malloc(p->n_functions + 1);
	AUTO_FREE double *gone = calloc(p->n_strings + 1, sizeof *gone);
	if (!kinds || !presence || !gone)
		return error_oom(err);
	for (uint32_t i = 0; i < p->n_functions; i++)
		presence[i] = (uint8_t)judge->function(p, i, judge->data);
	*ret = (struct pprof_kept){ 0 };
	for (uint32_t i = 0; i < p->n_samples; i++) {
		const struct pprof_sample *s = &p->samples[i];
		struct walk w = { .p = p, .s = s };
		const struct pprof_line *leaf = next_frame(&w);
		double weight = weight_of(p, i);
		if (!leaf || kind_of_sample(p, s, kinds) >= KIND_IDLE)
			continue;
		if (presence[leaf->function - 1] == PPROF_GONE)
			gone[p->functions[leaf->function - 1].name] += weight;
		add_flat((enum pprof_presence)presence[leaf->function - 1], weight, ret);
		add_calls(p, s, presence, judge, weight, ret);
	}
	find_heaviest(p, gone, ret);
	return 0;
}
