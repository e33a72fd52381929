#include "profiler/filter.h"

#include <ctype.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#define MAX_EXPRESSION_BYTES 500
#define MAX_REPETITIONS 1000
#define MAX_NAME_BYTES 1000

void filter_release(struct filter *f)
{
	free(f->kept);
	f->kept = NULL;
}

/* The largest number in "{1,200}" after its brace; 1 for what is no repetition. */
static unsigned long repetitions(const char *s)
{
	unsigned long largest = 1;
	for (; isdigit((unsigned char)*s) || *s == ','; s++)
		if (isdigit((unsigned char)*s)) {
			unsigned long n = strtoul(s, (char **)&s, 10);
			largest = n > largest ? n : largest;
			s--;
		}
	return largest;
}

static int check_cost(const char *expression, struct error *err)
{
	unsigned long product = 1;
	if (strlen(expression) > MAX_EXPRESSION_BYTES)
		return error_set(err, ERROR_USAGE, "the regular expression is longer than %d bytes",
				 MAX_EXPRESSION_BYTES);
	for (const char *s = expression; *s; s++) {
		if (*s == '\\' && s[1]) {
			if (isdigit((unsigned char)*++s))
				return error_set(err, ERROR_USAGE, "the regular expression has a back reference (\\%c)",
						 *s);
		} else if (*s == '{') {
			product *= repetitions(s + 1);
			if (product > MAX_REPETITIONS)
				return error_set(err, ERROR_USAGE, "the regular expression repeats more than %d times",
						 MAX_REPETITIONS);
		}
	}
	return 0;
}

static int compile(const char *expression, regex_t *ret, struct error *err)
{
	if (check_cost(expression, err) < 0)
		return -1;
	int r = regcomp(ret, expression, REG_EXTENDED | REG_NOSUB);
	if (r == 0)
		return 0;
	char reason[200];
	regerror(r, NULL, reason, sizeof reason);
	return error_set(err, ERROR_USAGE, "the regular expression \"%s\" is malformed: %s", expression, reason);
}

int filter_check(const char *expression, struct error *err)
{
	regex_t re;
	if (compile(expression, &re, err) < 0)
		return -1;
	regfree(&re);
	return 0;
}

static bool matches(const regex_t *re, const struct pprof_string *s)
{
	regmatch_t range = { .rm_so = 0, .rm_eo = (regoff_t)(s->len < MAX_NAME_BYTES ? s->len : MAX_NAME_BYTES) };
	return regexec(re, s->len ? s->data : "", 1, &range, REG_STARTEND) == 0;
}

static bool stack_has(const struct pprof *p, const struct pprof_sample *s, const bool *matched)
{
	for (uint32_t r = 0; r < s->n_refs; r++) {
		const struct pprof_location *l = &p->locations[p->refs[s->first_ref + r]];
		for (uint32_t i = 0; i < l->n_lines; i++) {
			uint32_t function = p->lines[l->first_line + i].function;
			if (function && matched[function - 1])
				return true;
		}
	}
	return false;
}

/* Keeps of those kept so far the samples for which "some function matches" is as wanted. */
static int apply(const struct pprof *p, const char *expression, bool wanted, bool *kept, struct error *err)
{
	regex_t re;
	if (compile(expression, &re, err) < 0)
		return -1;
	bool *matched = calloc((size_t)p->n_functions + 1, sizeof *matched);
	for (uint32_t i = 0; matched && i < p->n_functions; i++)
		matched[i] = matches(&re, &p->strings[p->functions[i].name]);
	regfree(&re);
	if (!matched)
		return error_oom(err);
	for (uint32_t i = 0; i < p->n_samples; i++)
		kept[i] = kept[i] && stack_has(p, &p->samples[i], matched) == wanted;
	free(matched);
	return 0;
}

int filter_make(const struct pprof *p, const char *focus, const char *ignore, struct filter *ret, struct error *err)
{
	bool focused = focus && *focus, ignored = ignore && *ignore;
	CLEANUP(filter) struct filter f = { 0 };
	if (focused || ignored) {
		f.kept = malloc((size_t)p->n_samples + 1);
		if (!f.kept)
			return error_oom(err);
		memset(f.kept, true, (size_t)p->n_samples + 1);
	}
	if (focused && apply(p, focus, true, f.kept, err) < 0)
		return error_wrap(err, "focus");
	if (ignored && apply(p, ignore, false, f.kept, err) < 0)
		return error_wrap(err, "ignore");
	ret->kept = TAKE(f.kept);
	return 0;
}
