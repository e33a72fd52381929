#include "conclude.h"

#include "base/fs.h"
#include "base/log.h"
#include "benchmarker/query.h"
#include "benchmarker/report.h"
#include "measure.h"
#include "run_data.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define QUERY_OUTPUT_MAX_BYTES ((size_t)8 << 20)

/* The worst verdict stands for the run. */
static const char *overall(const struct comparison *c, size_t n)
{
	size_t count[4] = { 0 };
	for (size_t i = 0; i < n; i++)
		count[c[i].verdict]++;
	if (count[VERDICT_SLOWER])
		return verdict_name(VERDICT_SLOWER);
	if (n == 0 || count[VERDICT_UNDECIDED])
		return verdict_name(VERDICT_UNDECIDED);
	return verdict_name(count[VERDICT_FASTER] ? VERDICT_FASTER : VERDICT_SAME);
}

int conclude_compare(struct job *j, struct error *err)
{
	CLEANUP(results_tests) struct results_tests tests = { 0 };
	if (results_list_tests(j->results, &tests, err) < 0)
		return -1;
	AUTO_FREE struct comparison *comparisons = calloc(tests.len + 1, sizeof *comparisons);
	AUTO_FREE const char **names = calloc(tests.len + 1, sizeof *names);
	size_t n = 0;
	if (!comparisons || !names)
		return error_oom(err);
	for (size_t i = 0; i < tests.len; i++) {
		CLEANUP(results_pairs) struct results_pairs pairs = { 0 };
		if (measure_has_failed(j, tests.tests[i].name))
			continue;
		names[n] = tests.tests[i].name;
		if (results_seal_test(j->results, &tests.tests[i], err) < 0 ||
		    results_load_pairs(j->results, names[n], &pairs, err) < 0 ||
		    statistics_compare(pairs.pairs, pairs.pairs_len, (enum pairing)j->o->pairing, &comparisons[n],
				       err) < 0)
			return -1;
		n++;
	}
	statistics_decide(comparisons, n, j->o->margin);
	for (size_t i = 0; i < n; i++) {
		if (results_add_comparison(j->results, names[i], &comparisons[i], err) < 0)
			return -1;
		j->regression |= comparisons[i].verdict == VERDICT_SLOWER;
		j->undecided |= comparisons[i].verdict == VERDICT_UNDECIDED;
	}
	j->verdict = str_dup(overall(comparisons, n), err);
	return j->verdict ? 0 : -1;
}

static int write_file(const char *out, const char *name, const struct strbuf *text, struct error *err)
{
	AUTO_FREE char *path = str_printf(err, "%s/%s", out, name);
	return path ? fs_write_atomic(path, text->data, text->len, 0600, err) : -1;
}

static int write_rows(const struct conclude_spec *spec, struct error *err)
{
	for (enum side side = SIDE_FROM; side <= SIDE_TO; side++) {
		CLEANUP(strbuf) struct strbuf csv = STRBUF_INIT(REPORT_MAX_BYTES), json = STRBUF_INIT(REPORT_MAX_BYTES);
		if (results_write_csv(spec->results, side, &csv, err) < 0 ||
		    results_write_json(spec->results, side, &json, err) < 0 ||
		    write_file(spec->out, side == SIDE_FROM ? "from_results.csv" : "to_results.csv", &csv, err) < 0 ||
		    write_file(spec->out, side == SIDE_FROM ? "from_results.json" : "to_results.json", &json, err) < 0)
			return -1;
	}
	return 0;
}

/* One query: its own file, its lines on stdout, its place in the report. A bad one is told and the others run. */
static int run_query(const struct conclude_spec *spec, size_t i, struct report_query *ret, struct strlist *owned,
		     struct error *err)
{
	static const char *const extensions[] = { "txt", "md", "html", "csv", "json" };
	AUTO_FREE char *db = str_printf(err, "%s/results.db", spec->out);
	AUTO_FREE char *name = str_printf(err, "query-%zu.%s", i + 1, extensions[spec->output]);
	CLEANUP(strbuf)
	struct strbuf text = STRBUF_INIT(QUERY_OUTPUT_MAX_BYTES), csv = STRBUF_INIT(QUERY_OUTPUT_MAX_BYTES);
	struct error e = ERROR_INIT;
	const char *sql = spec->queries->items[i];
	if (!db || !name)
		return -1;
	*ret = (struct report_query){ .sql = sql };
	if (query_run(db, sql, spec->output, 0, &text, &e) < 0 || query_run(db, sql, QUERY_CSV, 0, &csv, &e) < 0) {
		if (e.kind != ERROR_USAGE) {
			*err = e;
			return error_wrap(err, "query %zu", i + 1);
		}
		log_warn("query %zu: %s", i + 1, e.message);
		if (strlist_add(owned, e.message) < 0)
			return error_oom(err);
		ret->error = owned->items[owned->len - 1];
		return 0;
	}
	if (!spec->json)
		printf("\n%s", text.data);
	if (strlist_add(owned, csv.data) < 0)
		return error_oom(err);
	ret->csv = owned->items[owned->len - 1];
	return write_file(spec->out, name, &text, err);
}

static int terminal_width(void)
{
	struct winsize size;
	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40 ? size.ws_col : 110;
}

static int print_summary(const struct conclude_spec *spec, const struct report *r, const struct strbuf *json,
			 struct error *err)
{
	struct opt_source source = opt_default_source();
	const char *no_color = source.getenv("NO_COLOR", source.data);
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(REPORT_MAX_BYTES);
	if (spec->json)
		return fputs(json->data, stdout) < 0 || fflush(stdout)
			       ? error_errno(err, ERROR_INTERNAL, "write the report")
			       : 0;
	if (report_text(r, terminal_width(), isatty(STDOUT_FILENO) && (!no_color || !*no_color), &text, err) < 0)
		return -1;
	return fputs(text.data, stdout) < 0 || fflush(stdout) ? error_errno(err, ERROR_INTERNAL, "write the report")
							      : 0;
}

int conclude_write(const struct conclude_spec *spec, struct error *err)
{
	CLEANUP(run_data) struct run_data d = RUN_DATA_INIT;
	CLEANUP(strlist) struct strlist owned = STRLIST_INIT;
	CLEANUP(strbuf)
	struct strbuf html = STRBUF_INIT(REPORT_MAX_BYTES), json = STRBUF_INIT(REPORT_MAX_BYTES),
		      markdown = STRBUF_INIT(REPORT_MAX_BYTES);
	AUTO_FREE struct report_query *queries = calloc(spec->queries->len + 1, sizeof *queries);
	if (!queries)
		return error_oom(err);
	if (run_data_load(&d, spec->results, err) < 0)
		return -1;
	if (report_json(&d.report, &json, err) < 0)
		return -1;
	bool anything = d.report.tests_len || d.report.profiles_len; /* else the error says it all */
	if (anything && print_summary(spec, &d.report, &json, err) < 0)
		return -1;
	for (size_t i = 0; i < spec->queries->len; i++)
		if (run_query(spec, i, &queries[i], &owned, err) < 0)
			return -1;
	d.report.queries = queries;
	d.report.queries_len = spec->queries->len;
	if (report_html(&d.report, &html, err) < 0 || report_markdown(&d.report, &markdown, err) < 0 ||
	    write_file(spec->out, "report.json", &json, err) < 0 ||
	    write_file(spec->out, "report.md", &markdown, err) < 0 ||
	    write_file(spec->out, "report.html", &html, err) < 0)
		return -1;
	if (fflush(stdout))
		return error_errno(err, ERROR_INTERNAL, "write the results");
	return d.listed.len ? write_rows(spec, err) : 0;
}

int conclude_check_queries(const char *db_path, const struct strlist *queries, struct error *err)
{
	for (size_t i = 0; i < queries->len; i++) {
		CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(QUERY_OUTPUT_MAX_BYTES);
		if (query_run(db_path, queries->items[i], QUERY_TEXT, 0, &out, err) < 0)
			return error_wrap(err, "--query %zu", i + 1);
	}
	return 0;
}
