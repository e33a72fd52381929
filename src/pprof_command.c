#include "pprof_command.h"

#include "profiler/filter.h"

#include <stdio.h>

void pprof_check_names(const struct strlist *names, size_t wanted, struct strlist *problems)
{
	if (names->len < wanted)
		strlist_addf(problems, wanted == 1 ? "no profile is named" : "two profiles are needed: FROM and TO");
	else if (names->len > wanted)
		strlist_addf(problems, "one profile too many: %.200s", names->items[wanted]);
}

static void check_expression(const char *flag, const char *expression, struct strlist *problems)
{
	struct error e = ERROR_INIT;
	if (expression && filter_check(expression, &e) < 0)
		strlist_addf(problems, "--%s: %s", flag, e.message);
}

void pprof_check_expressions(const char *focus, const char *ignore, struct strlist *problems)
{
	check_expression("focus", focus, problems);
	check_expression("ignore", ignore, problems);
}

enum diff_per pprof_work_per(const struct pprof_work *w)
{
	if (w->normalize)
		return (enum diff_per)(w->normalize - 1);
	return w->from > 0 ? DIFF_PER_WORK : DIFF_PER_TOTAL;
}

void pprof_check_work(const struct pprof_work *w, struct strlist *problems)
{
	bool needed = w->normalize == DIFF_PER_WORK + 1 || w->from > 0 || w->to > 0;
	if (needed && !(w->from > 0))
		strlist_add(problems, "--from-work is needed, above 0");
	if (needed && !(w->to > 0))
		strlist_add(problems, "--to-work is needed, above 0");
}

int pprof_print(const struct strbuf *out, struct error *err)
{
	if (strbuf_check(out, err) < 0)
		return -1;
	if (fwrite(out->data, 1, out->len, stdout) != out->len || fflush(stdout))
		return error_errno(err, ERROR_INTERNAL, "write the result");
	return 0;
}
