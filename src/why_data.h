/* What both servers' stored profiles say of a test, as the report has it: the join of profiler/ and benchmarker/.
 *
 *     CLEANUP(why_data) struct why_data d = WHY_DATA_INIT;
 *     if (why_data_load(&d, folder, profiles, profiles_len, err) < 0) …
 *     report.whys = d.whys, report.whys_len = d.len;
 *
 * A profile that is missing, damaged or not the one that the run took gives its test an error to show, not a failure:
 * figures are made of the bytes that were recorded, or not at all.
 */
#ifndef SRC_WHY_DATA_H
#define SRC_WHY_DATA_H

#include "benchmarker/report.h"
#include "benchmarker/results.h"

struct why_data {
	struct report_why *whys; /* owned, and so is what it points to but names of tests and files */
	size_t len;
};
#define WHY_DATA_INIT \
	{             \
		0     \
	}
void why_data_release(struct why_data *d);

/* folder: the run's. profiles must outlive *ret. Tests of which both sides have a profile with its transactions. Fails
 * only for want of memory. */
int why_data_load(struct why_data *ret, const char *folder, const struct results_profile *profiles, size_t len,
		  struct error *err);

#endif
