/* dbdyno pprof diff: which functions grew or shrank between two profiles of equal work. */
#include "pprof_command.h"
#include "profile_store.h"
#include "profiler/diff.h"

#include <stdio.h>

struct diff_options {
	struct opt_seen seen;
	struct profile_store store;
	struct pprof_work work;
	char *type, *focus, *ignore, *config;
	int by, sort; /* enum pprof_by, enum top_sort */
	long long rows;
	bool own, json;
};

#define AT(member) offsetof(struct diff_options, member)

static const struct opt diff_table[] = {
	PPROF_WORK_OPTIONS(diff_options, work),
	{ "by", OPT_CHOICE, AT(by), .choices = "function|file|package|line", .def = "function",
	  .help = "what a row stands for" },
	{ "sort", OPT_CHOICE, AT(sort), .choices = "flat|cum", .def = "flat",
	  .help = "by what lies in it alone, or with what it calls" },
	{ "own", OPT_BOOL, AT(own),
	  .help = "flat: what Go's runtime and library take counts for the function that calls them" },
	{ "focus", OPT_STRING, AT(focus), .value = "REGEX",
	  .help = "only stacks with a function whose name matches (POSIX extended)" },
	{ "ignore", OPT_STRING, AT(ignore), .value = "REGEX", .help = "no stacks with such a function" },
	{ "type", OPT_STRING, AT(type), .value = "NAME",
	  .help = "which of the profiles' sample types (the profile's default)" },
	{ "rows", OPT_INT, AT(rows), .aliases = "n", .value = "N", .def = "20", .min = 1, .max = 1000000,
	  .help = "how many" },
	{ "json", OPT_BOOL, AT(json), .help = "as JSON" },
	{ "config", OPT_STRING, AT(config), .value = "FILE", .help = "JSON file with options, by flag name" },
	PROFILE_STORE_OPTIONS(diff_options, store),
	{ 0 },
};

static int diff(struct diff_options *o, const struct strlist *names, struct error *err)
{
	CLEANUP(pprof) struct pprof from = PPROF_INIT, to = PPROF_INIT;
	CLEANUP(diff) struct diff d = DIFF_INIT;
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(PPROF_MAX_MEMORY_BYTES);
	struct diff_spec spec = { .per = pprof_work_per(&o->work),
				  .from_work = o->work.from,
				  .to_work = o->work.to,
				  .by = (enum pprof_by)o->by,
				  .sort = (enum top_sort)o->sort,
				  .own = o->own,
				  .type = o->type,
				  .focus = o->focus,
				  .ignore = o->ignore };
	if (o->own && spec.by != PPROF_BY_FUNCTION && spec.by != PPROF_BY_LINE)
		return error_set(err, ERROR_USAGE, "--own needs --by function or line");
	if (profile_store_read(&o->store, names->items[0], &from, err) < 0 ||
	    profile_store_read(&o->store, names->items[1], &to, err) < 0)
		return -1;
	if (diff_make(&from, &to, &spec, &d, err) < 0)
		return error_wrap(err, "compare %s and %s", names->items[0], names->items[1]);
	(o->json ? diff_json : diff_text)(&d, (uint32_t)o->rows, &out);
	return pprof_print(&out, err);
}

static int run(int argc, const char *const *argv, struct error *err)
{
	struct diff_options o = { 0 };
	bool done = false;
	CLEANUP(strlist) struct strlist names = STRLIST_INIT;
	CLEANUP(strlist) struct strlist problems = STRLIST_INIT;
	int result = command_parse(&pprof_diff_command, &o, argc, argv, &names, &problems, &done, err);
	if (result == 0 && !done) {
		pprof_check_names(&names, 2, &problems);
		pprof_check_expressions(o.focus, o.ignore, &problems);
		pprof_check_work(&o.work, &problems);
		result = command_problems(&problems, err) < 0 ? -1 : diff(&o, &names, err);
	}
	profile_store_release(&o.store);
	opt_release(diff_table, &o);
	return result;
}

const struct command pprof_diff_command = {
	.name = "pprof diff",
	.usage = "FROM TO [flags]",
	.summary = "Functions that grew or shrank between two profiles of equal work.",
	.table = diff_table,
	.run = run,
};
