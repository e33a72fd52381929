/* dbdyno pprof top: where a profile's weight lies. */
#include "base/log.h"
#include "pprof_command.h"
#include "profile_store.h"
#include "profiler/top.h"

#include <stdio.h>

struct top_options {
	struct opt_seen seen;
	struct profile_store store;
	char *type, *focus, *ignore, *config;
	int by, sort; /* enum pprof_by, enum top_sort */
	long long rows;
	bool json;
};

#define AT(member) offsetof(struct top_options, member)

static const struct opt top_table[] = {
	{ "by", OPT_CHOICE, AT(by), .choices = "function|file|package|line", .def = "function", .group = "Options",
	  .help = "what a row stands for" },
	{ "sort", OPT_CHOICE, AT(sort), .choices = "flat|cum", .def = "flat",
	  .help = "by what lies in it alone, or with what it calls" },
	{ "focus", OPT_STRING, AT(focus), .value = "REGEX",
	  .help = "only stacks with a function whose name matches (POSIX extended)" },
	{ "ignore", OPT_STRING, AT(ignore), .value = "REGEX", .help = "no stacks with such a function" },
	{ "type", OPT_STRING, AT(type), .value = "NAME",
	  .help = "which of the profile's sample types: cpu, samples, inuse_space, … (the profile's default)" },
	{ "rows", OPT_INT, AT(rows), .aliases = "n", .value = "N", .def = "20", .min = 1, .max = 1000000,
	  .help = "how many" },
	{ "json", OPT_BOOL, AT(json), .help = "as JSON" },
	{ "config", OPT_STRING, AT(config), .value = "FILE", .help = "JSON file with options, by flag name" },
	PROFILE_STORE_OPTIONS(top_options, store),
	{ 0 },
};

static int top(struct top_options *o, const char *name, struct error *err)
{
	CLEANUP(pprof) struct pprof p = PPROF_INIT;
	CLEANUP(top) struct top t = TOP_INIT;
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(PPROF_MAX_MEMORY_BYTES);
	struct top_spec spec = { .by = (enum pprof_by)o->by,
				 .sort = (enum top_sort)o->sort,
				 .type = o->type,
				 .focus = o->focus,
				 .ignore = o->ignore };
	if (profile_store_read(&o->store, name, &p, err) < 0)
		return -1;
	if (top_make(&p, &spec, &t, err) < 0)
		return error_wrap(err, "%s", name);
	(o->json ? top_json : top_text)(&t, (uint32_t)o->rows, &out);
	return pprof_print(&out, err);
}

static int run(int argc, const char *const *argv, struct error *err)
{
	struct top_options o = { 0 };
	bool done = false;
	CLEANUP(strlist) struct strlist names = STRLIST_INIT;
	CLEANUP(strlist) struct strlist problems = STRLIST_INIT;
	int result = command_parse(&pprof_top_command, &o, argc, argv, &names, &problems, &done, err);
	if (result == 0 && !done) {
		pprof_check_names(&names, 1, &problems);
		pprof_check_expressions(o.focus, o.ignore, &problems);
		result = command_problems(&problems, err) < 0 ? -1 : top(&o, names.items[0], err);
	}
	profile_store_release(&o.store);
	opt_release(top_table, &o);
	return result;
}

const struct command pprof_top_command = {
	.name = "pprof top",
	.usage = "PROFILE [flags]",
	.summary = "Where a profile's weight lies, by function, file, package or line.",
	.table = top_table,
	.run = run,
};
