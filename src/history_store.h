/* Where a history lies: a folder, or a prefix in S3; one object a run, never changed again.
 *
 *     CLEANUP(history_store) struct history_store s = HISTORY_STORE_INIT;
 *     if (history_store_open(&s, "s3://bucket/history", &settings, err) < 0) …
 *     history_store_append(&s, run_id, text.data, text.len, err);
 *     history_store_read(&s, &runs, &problems, err);
 *
 * The object of a run is "<run id>.json". A folder's file appears under its name when it is whole and on the disk; in
 * S3 it is put only if there is none of its name. Whoever reads needs no lock: objects only come.
 */
#ifndef SRC_HISTORY_STORE_H
#define SRC_HISTORY_STORE_H

#include "benchmarker/history.h"
#include "net/s3.h"

#define HISTORY_RUNS_MAX 100000

struct history_store {
	char *folder;          /* or */
	char *bucket, *prefix; /* "" or ending in '/' */
	struct s3 s3;
};
#define HISTORY_STORE_INIT \
	{                  \
		0          \
	}
void history_store_release(struct history_store *s);

struct history_store_settings {
	const char *region, *endpoint, *ca_file; /* NULL: environment */
};

/* Takes the name apart; nothing is contacted. ERROR_USAGE. */
int history_store_open(struct history_store *s, const char *name, const struct history_store_settings *settings,
		       struct error *err);
/* Can it be written? The folder is made if its parent is there; the bucket is asked for. ERROR_PUBLISH, ERROR_USAGE. */
int history_store_check(struct history_store *s, struct error *err);
/* ERROR_PUBLISH. The same bytes under that name count as appended. */
int history_store_append(struct history_store *s, const char *run_id, const char *text, size_t len, struct error *err);
/* Adds all runs. An object that cannot be used gives a line in problems, and the others are read. ERROR_USAGE where
 * there is no store, ERROR_PUBLISH from S3. */
int history_store_read(struct history_store *s, struct history_runs *runs, struct strlist *problems, struct error *err);

#endif
