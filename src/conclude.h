/* From slices to conclusions, and from those to files. */
#ifndef SRC_CONCLUDE_H
#define SRC_CONCLUDE_H

#include "benchmarker/query.h"
#include "job.h"

/* Seals and compares every test that did not fail, and decides over all of them. Sets j->verdict, regression,
 * undecided. */
int conclude_compare(struct job *j, struct error *err);

/* Reports and tables as files in folder out, the summary on stdout. */
struct conclude_spec {
	struct results *results;
	const char *out;
	const struct strlist *queries;
	enum query_output output; /* of the queries' own files */
	bool json;                /* stdout gets the report as JSON, instead of the table */
};
int conclude_write(const struct conclude_spec *spec, struct error *err);

/* Runs each query once and drops its result. ERROR_USAGE for one that does not run. */
int conclude_check_queries(const char *db_path, const struct strlist *queries, struct error *err);

#endif
