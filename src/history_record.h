/* A finished run's results.db as its history keeps it, and what the history says of it. */
#ifndef SRC_HISTORY_RECORD_H
#define SRC_HISTORY_RECORD_H

#include "benchmarker/history.h"
#include "benchmarker/results.h"
#include "job.h"

/* Adds the current run of r to runs. */
int history_record(struct results *r, struct history_runs *runs, struct error *err);

/* For the end of a job: what the past says of this run's noise, as events (before the report is written), and the text
 * to append; *ret_text is owned, NULL without --history. A history that cannot be read is an event, and no more. */
int history_prepare(struct job *j, char **ret_text, struct error *err);
/* Appends it. ERROR_PUBLISH. */
int history_append(struct job *j, const char *text, struct error *err);
/* Before a run: can it be appended? */
int history_check(struct job *j, struct error *err);

#endif
