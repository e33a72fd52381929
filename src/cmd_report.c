/* dbdyno report: a finished run's report again, or queries on its results. */
#include "base/fs.h"
#include "base/log.h"
#include "benchmarker/formats.h"
#include "benchmarker/query.h"
#include "benchmarker/report_comment.h"
#include "command.h"
#include "conclude.h"
#include "history_report.h"
#include "run_data.h"

#include <stdio.h>

struct report_options {
	struct opt_seen seen;
	char *run, *config;
	struct strlist queries;
	int output; /* enum query_output */
	int format; /* enum report_format */
	bool json;
	long long comment_size;
	char *report_url;
	char *history, *test, *engine, *out, *region, *endpoint, *ca_file;
};

/* --format; the others stand for enum format. */
enum report_format { REPORT_PAGES, REPORT_SLICES, REPORT_COMPARISONS, REPORT_COMMENT, REPORT_FORMATS };

#define AT(member) offsetof(struct report_options, member)

static const struct opt report_table[] = {
	{ "run", OPT_STRING, AT(run), .value = "DIR", .group = "Options", .help = "folder of the run" },
	{ "query", OPT_LIST, AT(queries), .value = "SQL", .flags = OPT_MULTILINE,
	  .help = "print this query's result instead, repeatable" },
	{ "output", OPT_CHOICE, AT(output), .choices = "text|markdown|html|csv|json", .def = "text",
	  .help = "form of the queries' results" },
	{ "format", OPT_CHOICE, AT(format),
	  .choices = "pages|slices|comparisons|comment|go-benchmark|bencher|github-action|openmetrics", .def = "pages",
	  .help = "print the results for another tool: every slice, or every ratio with its interval, as CSV, the body "
		  "of a "
		  "comment on GitHub, benchstat, Bencher, github-action-benchmark, OpenMetrics" },
	{ "comment-size", OPT_INT, AT(comment_size), .min = REPORT_COMMENT_MIN_CHARS, .max = 1000000, .def = "65536",
	  .help = "characters that the comment may have; parts that do not fit are left out and named" },
	{ "report-url", OPT_STRING, AT(report_url), .value = "URL",
	  .help = "where the whole report is: such a comment names it" },
	{ "json", OPT_BOOL, AT(json), .help = "the report as JSON instead of a table" },
	{ "history", OPT_STRING, AT(history), .value = "DIR|S3URL", .group = "History",
	  .help = "tests over commits, and where they changed, of the runs in this history instead of one run" },
	{ "test", OPT_STRING, AT(test), .value = "NAME", .help = "this test alone" },
	{ "engine", OPT_STRING, AT(engine), .value = "NAME", .help = "this engine alone" },
	{ "out", OPT_STRING, AT(out), .value = "FILE", .help = "write a page with charts there" },
	{ "region", OPT_STRING, AT(region), .value = "NAME", .env = "AWS_REGION", .def = "us-west-2",
	  .help = "region of its bucket" },
	{ "endpoint", OPT_STRING, AT(endpoint), .value = "URL", .help = "S3 server of your own (path style)" },
	{ "ca-file", OPT_STRING, AT(ca_file), .value = "FILE", .help = "further certificate authorities (PEM)" },
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

static int write_comment(const struct report_options *o, struct results *r, struct strbuf *out, struct error *err)
{
	CLEANUP(run_data) struct run_data d = RUN_DATA_INIT;
	if (run_data_load(&d, r, o->run, err) < 0)
		return -1;
	return report_comment(&d.report, o->report_url, (size_t)o->comment_size, out, err);
}

static int print_format(const struct report_options *o, const char *db, struct error *err)
{
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(FORMATS_MAX_BYTES);
	struct results *r = NULL;
	int result;
	if (results_open_read(db, &r, err) < 0)
		return -1;
	if (o->format == REPORT_SLICES)
		result = results_write_slices(r, &out, err);
	else if (o->format == REPORT_COMPARISONS)
		result = results_write_comparisons(r, &out, err);
	else if (o->format == REPORT_COMMENT)
		result = write_comment(o, r, &out, err);
	else
		result = formats_write(r, (enum format)(o->format - REPORT_FORMATS), &out, err);
	results_close(r);
	if (result < 0)
		return -1;
	return fputs(out.data, stdout) < 0 || fflush(stdout) ? error_errno(err, ERROR_INTERNAL, "write the result") : 0;
}

/* Both may be there: DBDYNO_HISTORY is set where jobs run. */
static void check(const struct report_options *o, struct strlist *problems)
{
	if (!o->run && !o->history)
		strlist_add(problems, "--run DIR is missing, or --history STORE");
	if (o->run && o->history)
		log_warn("the report is of --run %s; --history is not used", o->run);
}

static int report_history(const struct report_options *o, struct error *err)
{
	const struct history_report_spec spec = {
		.store = o->history,
		.settings = { o->region, o->endpoint, o->ca_file },
		.test = o->test,
		.engine = o->engine,
		.out = o->out,
		.json = o->json,
	};
	return history_report(&spec, err);
}

static int report(const struct report_options *o, struct error *err)
{
	if (!o->run)
		return report_history(o, err);
	AUTO_FREE char *db = str_printf(err, "%s/results.db", o->run);
	if (!db)
		return -1;
	if (!fs_exists(db)) {
		error_set(err, ERROR_USAGE, "there is no results.db in %s", o->run);
		return error_hint(err, "--run names the folder of a run, as its last lines told");
	}
	if (o->queries.len)
		return print_queries(o, db, err);
	if (o->format != REPORT_PAGES)
		return print_format(o, db, err);
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
		check(&o, &problems);
	if (result == 0 && !done)
		result = command_problems(&problems, err) < 0 ? -1 : report(&o, err);
	opt_release(report_table, &o);
	return result;
}

const struct command command_report = {
	.name = "report",
	.usage = "--run DIR | --history STORE [flags]",
	.summary = "Make a finished run's report again, query its results, or draw the history of many.",
	.table = report_table,
	.run = run,
};
