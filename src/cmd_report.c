/* dbdyno report: a finished run's report again, or queries on its results. */
#include "base/fs.h"
#include "benchmarker/query.h"
#include "command.h"
#include "conclude.h"

#include <stdio.h>

struct report_options {
	struct opt_seen seen;
	char *run, *config;
	struct strlist queries;
	int output; /* enum query_output */
	bool json;
};

#define AT(member) offsetof(struct report_options, member)

static const struct opt report_table[] = {
	{ "run", OPT_STRING, AT(run), .value = "DIR", .flags = OPT_REQUIRED, .group = "Options",
	  .help = "folder of the run" },
	{ "query", OPT_LIST, AT(queries), .value = "SQL", .flags = OPT_MULTILINE,
	  .help = "print this query's result instead, repeatable" },
	{ "output", OPT_CHOICE, AT(output), .choices = "text|markdown|html|csv|json", .def = "text",
	  .help = "form of the queries' results" },
	{ "json", OPT_BOOL, AT(json), .help = "the report as JSON instead of a table" },
	{ "config", OPT_STRING, AT(config), .value = "FILE", .help = "JSON file with options, by flag name" },
	{ 0 },
};

static int print_queries(const struct report_options *o, const char *db, struct error *err)
{
	for (size_t i = 0; i < o->queries.len; i++) {
		CLEANUP(strbuf) struct strbuf out = STRBUF_INIT((size_t)64 << 20);
		if (query_run(db, o->queries.items[i], (enum query_output)o->output, 0, &out, err) < 0)
			return error_wrap(err, "query %zu", i + 1);
		fputs(out.data, stdout);
	}
	return fflush(stdout) ? error_errno(err, ERROR_INTERNAL, "write the result") : 0;
}

static int report(const struct report_options *o, struct error *err)
{
	AUTO_FREE char *db = str_printf(err, "%s/results.db", o->run);
	if (!db)
		return -1;
	if (!fs_exists(db)) {
		error_set(err, ERROR_USAGE, "there is no results.db in %s", o->run);
		return error_hint(err, "--run names the folder of a run, as its last lines told");
	}
	if (o->queries.len)
		return print_queries(o, db, err);
	struct results *r = NULL;
	struct strlist none = STRLIST_INIT;
	if (results_open_read(db, &r, err) < 0)
		return -1;
	struct conclude_spec spec = {
		.results = r, .out = o->run, .queries = &none, .write_rows = true, .json = o->json
	};
	int result = conclude_write(&spec, err);
	results_close(r);
	return result;
}

static int run(int argc, const char *const *argv, struct error *err)
{
	struct report_options o = { 0 };
	bool done = false;
	CLEANUP(strlist) struct strlist problems = STRLIST_INIT;
	int result = command_parse(&command_report, &o, argc, argv, NULL, &problems, &done, err);
	if (result == 0 && !done)
		result = command_problems(&problems, err) < 0 ? -1 : report(&o, err);
	opt_release(report_table, &o);
	return result;
}

const struct command command_report = {
	.name = "report",
	.usage = "--run DIR [flags]",
	.summary = "Make a finished run's report again, or query its results.",
	.table = report_table,
	.run = run,
};
