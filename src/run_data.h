/* A run's results.db as the plain data that reports are made of. The only way from results to a report, for the end of
 * a job and for `dbdyno report` alike.
 *
 *     CLEANUP(run_data) struct run_data d = RUN_DATA_INIT;
 *     if (run_data_load(&d, results, folder, err) < 0) …
 *     report_html(&d.report, &page, err)
 */
#ifndef SRC_RUN_DATA_H
#define SRC_RUN_DATA_H

#include "benchmarker/report.h"
#include "benchmarker/results.h"
#include "why_data.h"

struct run_data {
	struct report report; /* points into the rest */
	struct results_run_row run;
	struct results_servers servers;
	struct results_tests listed;
	struct results_comparisons comparisons;
	struct results_profiles profiles;
	struct results_events events;
	struct results_cells cells;
	struct report_test *tests;
	struct report_note *notes;
	const char **validation_tests;
	struct report_validation_row *validation_rows;
	struct report_cell *validation_cells;
	struct report_profile *report_profiles;
	struct strlist owned;          /* texts made here */
	double **log_ratios;           /* one array a test */
	struct report_class **classes; /* likewise; NULL where a test has none */
	size_t classes_len;
	struct results_machine machine;
	double *steal, *others; /* of each slice that has a reading */
	bool *contaminated;
	struct report_reason *reasons;
	size_t log_ratios_len;
	struct why_data why;
};
#define RUN_DATA_INIT \
	{             \
		0     \
	}
void run_data_release(struct run_data *d);

/* folder: the run's, with its profiles; NULL: nothing is said of why. */
int run_data_load(struct run_data *ret, struct results *r, const char *folder, struct error *err);

/* Did this test end in an error, by the run's events? The message, or NULL. */
const char *run_data_test_error(const struct results_events *events, const char *test);

#endif
