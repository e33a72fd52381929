#include "conclude.h"

#include "base/fs.h"
#include "base/log.h"
#include "benchmarker/arrivals.h"
#include "benchmarker/machine_carry.h"
#include "benchmarker/query.h"
#include "benchmarker/report.h"
#include "command.h"
#include "github_output.h"
#include "measure.h"
#include "run_data.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
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

/* How much slower a test is, by its verdict's metric: 0.2 for a fifth less throughput, or a fifth more latency. */
static double slower_by(const struct comparison *c)
{
	double ratio = c->metrics[c->metric].ratio;
	return c->metric == METRIC_THROUGHPUT ? 1 - ratio : ratio - 1;
}

static int is_overloaded(struct results *r, const char *test, enum side side, bool *ret, struct error *err)
{
	struct results_latency l;
	if (results_read_latency(r, test, side, 0, &l, err) < 0)
		return -1;
	*ret = arrivals_overloaded(l.events + l.unserved, l.backlog, l.unserved);
	return 0;
}

/* What keeps the machine from carrying the test's comparison, or that of all tests together (NULL); NULL: nothing. */
static int find_obstacle(const struct results_machine *machine, enum pairing pairing, const char *test,
			 const char **ret, struct error *err)
{
	size_t n = 0;
	AUTO_FREE struct machine_slice *slices = calloc(machine->len + 1, sizeof *slices);
	if (!slices)
		return error_oom(err);
	for (size_t i = 0; i < machine->len; i++) {
		const struct results_machine_slice *s = &machine->items[i];
		if (!s->replaced && (!test || strcmp(s->test, test) == 0))
			slices[n++] = (struct machine_slice){ s->side == SIDE_TO, machine_reason_parse(s->contaminated),
							      s->usage };
	}
	*ret = machine_obstacle(slices, n, pairing == PAIRING_DUET);
	return 0;
}

int conclude_find_doubt(struct results *r, const struct results_machine *machine, enum pairing pairing,
			const char *test, enum metric metric, struct conclude_doubt *ret, struct error *err)
{
	bool from = false, to = false;
	if (metric != METRIC_THROUGHPUT &&
	    (is_overloaded(r, test, SIDE_FROM, &from, err) < 0 || is_overloaded(r, test, SIDE_TO, &to, err) < 0))
		return -1;
	*ret = (struct conclude_doubt){ .rate = from && to };
	return find_obstacle(machine, pairing, test, &ret->obstacle, err);
}

void conclude_apply_doubt(const struct conclude_doubt *d, struct comparison *c)
{
	if (d->rate) {
		c->verdict = VERDICT_UNDECIDED;
		c->reason = "neither server could keep the rate: latencies compare at a lower one, and throughput with "
			    "--rate=max";
	}
	if (d->obstacle) { /* more starts of the servers would not help: none are said to be needed */
		c->verdict = VERDICT_UNDECIDED;
		c->reason = d->obstacle;
		c->needed_starts = NAN;
	}
}

/* The tests that did not fail. */
struct compared {
	struct comparison *comparisons;
	struct start_values *starts; /* of the metric that verdicts rest on */
	const char **names;          /* not owned */
	size_t len;
};

static void compared_release(struct compared *c)
{
	for (size_t i = 0; c->starts && i < c->len; i++)
		start_values_release(&c->starts[i]);
	free(c->starts);
	free(c->comparisons);
	free(c->names);
}

static int compare_test(struct job *j, const struct results_test *test, const struct statistics_spec *spec,
			struct compared *all, struct error *err)
{
	CLEANUP(results_pairs) struct results_pairs pairs = { 0 };
	if (results_seal_test(j->results, test, err) < 0 ||
	    results_load_pairs(j->results, test->name, &pairs, err) < 0 ||
	    statistics_compare(pairs.pairs, pairs.pairs_len, spec, &all->comparisons[all->len], err) < 0 ||
	    statistics_starts(pairs.pairs, pairs.pairs_len, spec->pairing, spec->metric, &all->starts[all->len], err) <
		    0)
		return -1;
	all->names[all->len++] = test->name;
	return 0;
}

/* The gate of pgo: no single test's want of certainty holds up what all of them say together. */
static int decide_pgo(struct job *j, const struct compared *all, const struct results_machine *machine,
		      const struct estimate *mean, bool complete, struct error *err)
{
	const char *obstacle;
	if (find_obstacle(machine, j->pairing, NULL, &obstacle, err) < 0)
		return -1;
	if (obstacle)
		job_event(j, "warning", NULL, "%s", obstacle);
	struct pgo_facts f = {
		.mean = mean,
		.metric = all->len ? all->comparisons[0].metric : METRIC_THROUGHPUT,
		.margin = j->o->margin,
		.tests = all->len,
		.failed = j->failed.len,
		.complete = complete,
		.carried = !obstacle,
		.previous = j->sides[SIDE_FROM].profile != NULL,
	};
	for (size_t i = 0; i < all->len; i++)
		f.slower += all->comparisons[i].verdict == VERDICT_SLOWER;
	j->decision = pgo_decide(&f);
	j->undecided = j->decision == PGO_UNDECIDED;
	j->mean_slower = j->decision == PGO_DONT_SHIP && f.slower == 0;
	j->regression |= j->mean_slower;
	return results_decide(j->results, pgo_decision_name(j->decision), err);
}

/* What the tests say together, and each among the others. */
static int decide(struct job *j, bool complete, const struct statistics_spec *spec, struct compared *all,
		  struct error *err)
{
	struct estimate mean;
	CLEANUP(results_machine) struct results_machine machine = { .owned = STRLIST_INIT };
	statistics_decide(all->comparisons, all->len, j->o->margin);
	if (statistics_geometric_mean(all->starts, all->len, spec, &mean, err) < 0 ||
	    results_add_mean(j->results, spec->metric, &mean, err) < 0 ||
	    results_read_machine(j->results, &machine, err) < 0)
		return -1;
	for (size_t i = 0; i < all->len; i++) {
		struct comparison *c = &all->comparisons[i];
		struct conclude_doubt doubt;
		if (conclude_find_doubt(j->results, &machine, j->pairing, all->names[i], c->metric, &doubt, err) < 0)
			return -1;
		conclude_apply_doubt(&doubt, c);
		if (results_add_comparison(j->results, all->names[i], c, err) < 0)
			return -1;
		j->regression |= c->verdict == VERDICT_SLOWER && slower_by(c) > options_threshold(j->o, all->names[i]);
		j->undecided |= c->verdict == VERDICT_UNDECIDED;
	}
	if (strcmp(j->command, "pgo") == 0)
		return decide_pgo(j, all, &machine, &mean, complete, err);
	return 0;
}

int conclude_compare(struct job *j, bool complete, struct error *err)
{
	CLEANUP(results_tests) struct results_tests tests = { 0 };
	if (j->verdict)
		return 0;
	if (results_list_tests(j->results, &tests, err) < 0)
		return -1;
	CLEANUP(compared)
	struct compared all = { .comparisons = calloc(tests.len + 1, sizeof *all.comparisons),
				.starts = calloc(tests.len + 1, sizeof *all.starts),
				.names = calloc(tests.len + 1, sizeof *all.names) };
	if (!all.comparisons || !all.starts || !all.names)
		return error_oom(err);
	const struct statistics_spec spec = job_statistics(j);
	for (size_t i = 0; i < tests.len; i++)
		if (!measure_has_failed(j, tests.tests[i].name) &&
		    compare_test(j, &tests.tests[i], &spec, &all, err) < 0)
			return -1;
	if (decide(j, complete, &spec, &all, err) < 0)
		return -1;
	j->verdict = str_dup(j->decision ? pgo_decision_name(j->decision) : overall(all.comparisons, all.len), err);
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

static const char *const extensions[] = { "txt", "md", "html", "csv", "json" };

/* One section a query: rows of HTML need their table, and two tables in markdown an empty line between them. */
static void add_section(struct strbuf *sections, enum query_output output, const char *text)
{
	if (output == QUERY_HTML)
		strbuf_addf(sections, "<table>\n%s</table>\n", text);
	else
		strbuf_addf(sections, "%s%s", sections->len ? "\n" : "", text);
}

/* One query: its own file, its section, its lines on stdout, its place in the report. A bad one is told and the others
 * run. */
static int run_query(const struct conclude_spec *spec, size_t i, struct report_query *ret, struct strlist *owned,
		     struct strbuf *sections, struct error *err)
{
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
	add_section(sections, spec->output, text.data);
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

static int run_queries(const struct conclude_spec *spec, struct report_query *queries, struct strlist *owned,
		       struct error *err)
{
	CLEANUP(strbuf) struct strbuf sections = STRBUF_INIT(4 * QUERY_OUTPUT_MAX_BYTES);
	for (size_t i = 0; i < spec->queries->len; i++)
		if (run_query(spec, i, &queries[i], owned, &sections, err) < 0)
			return -1;
	if (strbuf_check(&sections, err) < 0)
		return error_wrap(err, "the queries' results");
	if (!spec->queries->len)
		return 0;
	AUTO_FREE char *name = str_printf(err, "%s.%s", spec->results_filename, extensions[spec->output]);
	return name ? write_file(spec->out, name, &sections, err) : -1;
}

/* A summary that cannot be shown is told, and takes nothing from what is stored and sent. */
static void tell_github(const struct conclude_spec *spec, const struct report *r, const struct strbuf *markdown)
{
	struct error e = ERROR_INIT;
	if (spec->annotations)
		github_output_annotate(r);
	if (spec->step_summary && github_output_summary(spec->step_summary, markdown, &e) < 0)
		log_warn("%s", e.message);
}

static int write_reports(const struct conclude_spec *spec, const struct report *r, const struct strbuf *json,
			 struct error *err)
{
	CLEANUP(strbuf) struct strbuf html = STRBUF_INIT(REPORT_MAX_BYTES), markdown = STRBUF_INIT(REPORT_MAX_BYTES);
	if (report_html(r, &html, err) < 0 || report_markdown(r, &markdown, err) < 0 ||
	    write_file(spec->out, "report.json", json, err) < 0 ||
	    write_file(spec->out, "report.md", &markdown, err) < 0 ||
	    write_file(spec->out, "report.html", &html, err) < 0)
		return -1;
	tell_github(spec, r, &markdown);
	return 0;
}

int conclude_write(const struct conclude_spec *spec, struct error *err)
{
	CLEANUP(run_data) struct run_data d = RUN_DATA_INIT;
	CLEANUP(strlist) struct strlist owned = STRLIST_INIT;
	CLEANUP(strbuf) struct strbuf json = STRBUF_INIT(REPORT_MAX_BYTES);
	AUTO_FREE struct report_query *queries = calloc(spec->queries->len + 1, sizeof *queries);
	if (!queries)
		return error_oom(err);
	if (run_data_load(&d, spec->results, spec->out, err) < 0 || report_json(&d.report, &json, err) < 0)
		return -1;
	bool anything = d.report.tests_len || d.report.profiles_len; /* else the error says it all */
	if (anything && !spec->silent && print_summary(spec, &d.report, &json, err) < 0)
		return -1;
	if (run_queries(spec, queries, &owned, err) < 0)
		return -1;
	d.report.queries = queries;
	d.report.queries_len = spec->queries->len;
	if (write_reports(spec, &d.report, &json, err) < 0)
		return -1;
	if (fflush(stdout))
		return error_errno(err, ERROR_INTERNAL, "write the results");
	return d.listed.len && spec->write_rows ? write_rows(spec, err) : 0;
}

char *conclude_main_file(const struct job *j, struct error *err)
{
	enum query_output output = (enum query_output)j->o->query_output;
	if (j->queries.len)
		return str_printf(err, "%s.%s", j->o->results_filename, extensions[output]);
	return str_dup(output == QUERY_HTML ? "report.html" : "report.md", err);
}

/* The one value that a query gives, as text without its header. */
static int query_number(const char *db, const char *sql, double *ret, struct error *err)
{
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(4096);
	if (query_run(db, sql, QUERY_CSV, 0, &text, err) < 0)
		return -1;
	const char *value = strchr(text.data, '\n');
	value = value ? value + 1 : "";
	char *end = NULL;
	*ret = strtod(value, &end);
	if (end == value || (*end && *end != '\n') || !isfinite(*ret))
		return error_set(err, ERROR_USAGE, "its result is not a number but \"%.*s\"", (int)strcspn(value, "\n"),
				 value);
	return 0;
}

int conclude_regression(struct job *j, struct error *err)
{
	double number = 0;
	AUTO_FREE char *db = str_printf(err, "%s/results.db", j->out);
	if (!j->o->regression_query)
		return 0;
	if (!db || query_number(db, j->o->regression_query, &number, err) < 0)
		return error_wrap(err, "--perf-regression-query");
	bool measured = j->regression;
	j->regression = number > 0;
	if (j->regression != measured)
		job_event(j, "info", NULL, "--perf-regression-query gives %g, which means %s; the statistics found %s",
			  number, j->regression ? "a regression" : "no regression",
			  measured ? "a test that is slower" : "no test that is slower");
	return 0;
}

int conclude_check_queries(const char *db_path, const struct strlist *queries, const char *regression,
			   struct error *err)
{
	CLEANUP(strlist) struct strlist problems = STRLIST_INIT;
	for (size_t i = 0; i <= queries->len; i++) {
		const char *sql = i < queries->len ? queries->items[i] : regression;
		CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(QUERY_OUTPUT_MAX_BYTES);
		struct error e = ERROR_INIT;
		if (!sql || query_run(db_path, sql, QUERY_TEXT, 0, &out, &e) == 0)
			continue;
		if (e.kind != ERROR_USAGE) {
			*err = e;
			return -1;
		}
		if (i < queries->len)
			strlist_addf(&problems, "query %zu of %zu: %s", i + 1, queries->len, e.message);
		else
			strlist_addf(&problems, "--perf-regression-query: %s", e.message);
	}
	return command_problems(&problems, err);
}
