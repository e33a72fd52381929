/* Results out of the house: S3 and GitHub. */
#ifndef SRC_PUBLISH_H
#define SRC_PUBLISH_H

#include "job.h"

/* Before a run: bucket reachable and allowed, payload within GitHub's limits, a token there. Sets j->s3, the keys
 * and j->dispatch_repository. */
int publish_check(struct job *j, struct error *err);

/* Gets an object of the job's bucket, or of an s3:// URL, to a local file. */
int publish_get(struct job *j, const char *key_or_url, const char *path, struct error *err);

/* Uploads every regular file in the results folder (and one level below) under <results-dir>/<results-prefix>/. */
int publish_upload(struct job *j, struct error *err);

/* The repository_dispatch event of a run. status: "done", "failed", "interrupted". */
int publish_dispatch(struct job *j, const char *status, struct error *err);

#endif
