/* From slices to conclusions, and from those to files. */
#ifndef SRC_CONCLUDE_H
#define SRC_CONCLUDE_H

#include "benchmarker/query.h"
#include "job.h"

/* Seals and compares every test that did not fail, and decides over all of them. Sets j->verdict, regression,
 * undecided, and of a pgo run decision, which stands for the other three then: docs/pgo.md. complete: the run came to
 * its end. Once concluded, nothing is done
 * again. */
int conclude_compare(struct job *j, bool complete, struct error *err);

/* What forbids a verdict on a test, whatever its figures. */
struct conclude_doubt {
	bool rate;            /* neither server could keep the one that was asked for: then latencies say how long a
				 slice is, and are alike however different the servers are */
	const char *obstacle; /* the machine did not carry it (machine_carry.h); static; NULL: none */
};
/* metric: that the test's verdict rests on. Fails only where r cannot be read. */
int conclude_find_doubt(struct results *r, const struct results_machine *machine, enum pairing pairing,
			const char *test, enum metric metric, struct conclude_doubt *ret, struct error *err);
/* After statistics_decide. */
void conclude_apply_doubt(const struct conclude_doubt *d, struct comparison *c);

/* --perf-regression-query, if given, decides j->regression: its result, a number, is above 0. Where that is not what
 * the statistics say, an event tells so. ERROR_USAGE when the result is no number; then the statistics' word stays. */
int conclude_regression(struct job *j, struct error *err);

/* Reports and tables as files in folder out, the summary on stdout. */
struct conclude_spec {
	struct results *results;
	const char *out;
	const struct strlist *queries;
	enum query_output output;     /* of the queries' own files */
	const char *results_filename; /* of the file with all queries' results; the form's ending is added */
	bool write_rows;              /* from_results and to_results as CSV and JSON */
	const char *step_summary;     /* GitHub's file for it; NULL: none */
	bool annotations;             /* GitHub's, on standard error */
	bool silent;                  /* nothing on stdout */
	bool json;                    /* stdout gets the report as JSON, instead of the table */
};
int conclude_write(const struct conclude_spec *spec, struct error *err);

/* The file that people read first, relative to the results folder: the queries' results; without queries, the report.
 * Owned. */
char *conclude_main_file(const struct job *j, struct error *err);

/* Runs each query once and drops its result; regression may be NULL. ERROR_USAGE for one that does not run. */
int conclude_check_queries(const char *db_path, const struct strlist *queries, const char *regression,
			   struct error *err);

#endif
