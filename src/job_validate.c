/* Which test's profile helps which test: pgo --validate.
 *
 * A row of the matrix is a build with one test's profile, compared with the first build of the run by a job of its own,
 * with the same tests, load, pairing and seed as the sum of all was: that comparison is the last row. Verdicts are
 * Holm's over the whole matrix. What goes wrong stands in its cells, and decides nothing. */
#include "base/fs.h"
#include "base/log.h"
#include "benchmarker/why.h"
#include "conclude.h"
#include "dry_run.h"
#include "job_command.h"
#include "measure.h"
#include "profile_files.h"
#include "profile_findings.h"
#include "run_data.h"

#include <stdlib.h>
#include <string.h>

struct matrix {
	struct job *j;
	struct strlist measured;       /* the tests that did not fail before: the only ones that rows measure */
	struct results_cell *cells;    /* row after row: one a test, then the sum; columns are all tests */
	struct conclude_doubt *doubts; /* of each cell */
	size_t len;
	struct strlist owned; /* texts of the cells */
};

static void matrix_release(struct matrix *m)
{
	strlist_release(&m->measured);
	strlist_release(&m->owned);
	free(m->cells);
	free(m->doubts);
}

/* A copy that lives as long as the matrix; NULL for NULL, and without memory, which shows in owned. */
static const char *keep(struct matrix *m, const char *text)
{
	return text && strlist_add(&m->owned, text) == 0 ? m->owned.items[m->owned.len - 1] : NULL;
}

static struct results_cell *row_of(struct matrix *m, size_t row)
{
	return &m->cells[row * m->j->tests.len];
}

static void set_cell(struct matrix *m, struct results_cell *c, enum pgo_cell state, const char *error)
{
	c->state = state;
	c->error = keep(m, error);
}

static void set_row(struct matrix *m, size_t row, enum pgo_cell state, const char *error)
{
	for (size_t c = 0; c < m->j->tests.len; c++)
		set_cell(m, &row_of(m, row)[c], state, error);
}

/* Nothing is measured yet; a test that failed before will not be. */
static int make_matrix(struct matrix *m, struct error *err)
{
	const struct strlist *tests = &m->j->tests;
	m->len = (tests->len + 1) * tests->len;
	m->cells = calloc(m->len + 1, sizeof *m->cells);
	m->doubts = calloc(m->len + 1, sizeof *m->doubts);
	if (!m->cells || !m->doubts)
		return error_oom(err);
	for (size_t i = 0; i < m->len; i++) {
		struct results_cell *c = &m->cells[i];
		const char *failure = measure_failure(m->j, tests->items[i % tests->len]);
		c->profile = i / tests->len < tests->len ? tests->items[i / tests->len] : NULL;
		c->test = tests->items[i % tests->len];
		set_cell(m, c, failure ? PGO_CELL_FAILED : PGO_CELL_INTERRUPTED,
			 failure ? failure : "the run ended before");
	}
	for (size_t i = 0; i < tests->len; i++)
		if (!measure_failure(m->j, tests->items[i]))
			strlist_add(&m->measured, tests->items[i]);
	return strlist_check(&m->measured, err) < 0 ? -1 : strlist_check(&m->owned, err);
}

/* ---- one row ---- */

static const struct comparison *find_comparison(const struct results_comparisons *all, const char *test)
{
	for (size_t i = 0; i < all->len; i++)
		if (str_eq(all->items[i].test, test))
			return &all->items[i].comparison;
	return NULL;
}

/* What a finished comparison says of the tests. otherwise: why one is missing, if it does not say itself. */
static int read_row(struct matrix *m, size_t row, struct results *r, const char *folder, const char *otherwise,
		    struct error *err)
{
	CLEANUP(results_comparisons) struct results_comparisons all = { 0 };
	CLEANUP(results_events) struct results_events events = { 0 };
	CLEANUP(results_machine) struct results_machine machine = { 0 };
	if (results_read_comparisons(r, &all, err) < 0 || results_read_events(r, &events, err) < 0 ||
	    results_read_machine(r, &machine, err) < 0)
		return -1;
	for (size_t c = 0; c < m->j->tests.len; c++) {
		struct results_cell *cell = &row_of(m, row)[c];
		if (!strlist_has(&m->measured, cell->test))
			continue;
		const struct comparison *found = find_comparison(&all, cell->test);
		const char *why = run_data_test_error(&events, cell->test);
		cell->folder = keep(m, folder);
		if (!found) {
			set_cell(m, cell, PGO_CELL_FAILED, why ? why : otherwise);
			continue;
		}
		set_cell(m, cell, PGO_CELL_MEASURED, NULL);
		cell->comparison = *found;
		cell->comparison.reason = keep(m, found->reason);
		if (conclude_find_doubt(r, &machine, m->j->pairing, cell->test, found->metric,
					&m->doubts[cell - m->cells], err) < 0)
			return -1;
	}
	return strlist_check(&m->owned, err);
}

/* Results of a job that failed before it had any, or was interrupted, say nothing. */
static int read_part(struct matrix *m, size_t row, const char *folder, const char *otherwise, struct error *err)
{
	AUTO_FREE char *path = str_printf(err, "%s/%s/results.db", m->j->out, folder);
	CLEANUP(results_run_row) struct results_run_row run = { 0 };
	struct results *r = NULL;
	if (!path)
		return -1;
	if (!fs_exists(path)) {
		set_row(m, row, PGO_CELL_FAILED, otherwise);
		return 0;
	}
	if (results_open_read(path, &r, err) < 0)
		return -1;
	int result = results_read_run(r, &run, err);
	if (result == 0 && !str_eq(run.status, "interrupted"))
		result = read_row(m, row, r, folder, otherwise, err);
	results_close(r);
	return result;
}

/* The options of a row's job: those of the run, for what is compared alone. Strings stay those of the run. */
static struct options part_options(const struct matrix *m, char *profile, char *out)
{
	const struct job *j = m->j;
	const struct job_side *first = &j->sides[SIDE_FROM];
	struct options o = *j->o;
	o.from.version = first->build.commit;
	o.from.profile = first->profile;
	o.from.profile_key = NULL;
	o.to = o.from;
	o.to.profile = profile;
	o.tests = m->measured;
	o.with_tpcc = false;
	o.script_dir = j->scripts;
	o.use_scripts_repository = false;
	o.pairing = (int)j->pairing;
	o.seed = (long long)j->seed;
	o.cache = j->cache;
	o.out = out;
	o.why = WHY_NEVER;
	o.queries = o.sysbench_queries = o.tpcc_queries = (struct strlist)STRLIST_INIT;
	o.regression_query = o.schema = NULL;
	o.bucket = o.history = o.dispatch_repository = o.step_summary = NULL;
	o.annotations = o.write_rows = o.json = false;
	o.fail_on_regression = o.fail_on_undecided = false;
	o.is_part = true;
	return o;
}

/* Says why the test's profile alone is not to be built with, if so. */
static int judge(struct matrix *m, size_t row, const char *path, bool *ret_fit, struct error *err)
{
	CLEANUP(profile_findings) struct profile_findings f = { 0 };
	CLEANUP(pprof) struct pprof p = PPROF_INIT;
	if (profile_read_file(path, &p, err) < 0 || profile_examine(&p, m->j->o->profile_min_samples, &f, err) < 0)
		return -1;
	*ret_fit = !f.unfit.len;
	if (!*ret_fit)
		set_row(m, row, PGO_CELL_UNFIT, f.unfit.items[0]);
	return 0;
}

/* A row that cannot be measured does not end the run, unless it is for a reason that all rows share. */
static int compare(struct matrix *m, size_t row, char *profile, struct error *err)
{
	struct job *j = m->j;
	const char *test = j->tests.items[row];
	AUTO_FREE char *folder = str_printf(err, "validate/%s", test);
	AUTO_FREE char *out = folder ? str_printf(err, "%s/%s", j->out, folder) : NULL;
	struct error e = ERROR_INIT;
	if (!out)
		return -1;
	const struct options o = part_options(m, profile, out);
	int result = job_run("compare", job_compare_stages, &o, NULL, &e);
	log_progress_end();
	if (read_part(m, row, folder, e.message, err) < 0)
		return -1;
	if (result == 0)
		return 0;
	if (e.kind != ERROR_BUILD && e.kind != ERROR_SERVER && e.kind != ERROR_LOAD) {
		*err = e;
		return -1;
	}
	if (!j->validation_failure.kind) {
		j->validation_failure = e;
		error_wrap(&j->validation_failure, "validate: with the profile of %s", test);
	}
	return 0;
}

static int validate_row(struct matrix *m, size_t row, struct error *err)
{
	const struct job *j = m->j;
	const char *test = j->tests.items[row], *failure = measure_failure(j, test);
	AUTO_FREE char *profile = str_printf(err, "%s/profiles/%s.pprof", j->out, test);
	bool fit;
	if (!profile)
		return -1;
	if (failure) {
		set_row(m, row, PGO_CELL_FAILED, failure);
		return 0;
	}
	if (judge(m, row, profile, &fit, err) < 0)
		return -1;
	log_info("validate: [%zu/%zu] profile of %s%s", row + 1, j->tests.len, test,
		 fit ? "" : ": not fit to build with alone");
	return fit ? compare(m, row, profile, err) : 0;
}

/* ---- all ---- */

/* Verdicts over all cells that were measured, and the matrix in results.db. */
static int record(struct matrix *m, struct error *err)
{
	size_t n = 0;
	AUTO_FREE struct comparison *measured = calloc(m->len + 1, sizeof *measured);
	if (!measured)
		return error_oom(err);
	if (strlist_check(&m->owned, err) < 0)
		return -1;
	for (size_t i = 0; i < m->len; i++)
		if (m->cells[i].state == PGO_CELL_MEASURED)
			measured[n++] = m->cells[i].comparison;
	statistics_decide(measured, n, m->j->o->margin);
	for (size_t i = 0, k = 0; i < m->len; i++) {
		if (m->cells[i].state != PGO_CELL_MEASURED)
			continue;
		m->cells[i].comparison = measured[k++];
		conclude_apply_doubt(&m->doubts[i], &m->cells[i].comparison);
	}
	return results_add_cells(m->j->results, m->cells, m->len, err);
}

static void say_begin(const struct matrix *m)
{
	const struct build *last = &m->j->sides[SIDE_TO].build;
	CLEANUP(strbuf) struct strbuf cost = STRBUF_INIT(1024);
	dry_run_validation(m->j->o, &m->measured, NULL, &cost);
	if (last->build_ns)
		strbuf_addf(&cost, " (the last one took %.0f s)", (double)last->build_ns / 1e9);
	log_info("validate: %s", cost.data);
}

int job_announce_validation(struct job *j, struct error *err)
{
	CLEANUP(strbuf) struct strbuf cost = STRBUF_INIT(1024);
	if (!j->o->validate)
		return 0;
	dry_run_validation(j->o, &j->tests, NULL, &cost);
	log_info("validate: after the decision %s", cost.data);
	return strbuf_check(&cost, err);
}

int job_validate(struct job *j, struct error *err)
{
	CLEANUP(matrix) struct matrix m = { .j = j };
	struct error e = ERROR_INIT;
	if (!j->o->validate)
		return 0;
	if (conclude_compare(j, true, err) < 0 || make_matrix(&m, err) < 0 ||
	    read_row(&m, j->tests.len, j->results, NULL, "nothing was measured", err) < 0)
		return -1;
	if (m.measured.len)
		say_begin(&m);
	int result = 0;
	for (size_t row = 0; result == 0 && row < j->tests.len; row++)
		result = validate_row(&m, row, err);
	if (record(&m, &e) == 0)
		return result;
	if (result == 0)
		*err = e;
	else
		log_warn("the validation could not be recorded: %s", e.message);
	return -1;
}
