/* The result of a run, or a file of results, as a mail. For `dbdyno notify`. */
#ifndef SRC_MAIL_RESULT_H
#define SRC_MAIL_RESULT_H

#include "options.h"
#include "run_data.h"

/* What is mailed: a run with the results of its queries, or text of a file. */
struct mail_result {
	const struct options *o;
	const struct run_data *run; /* or */
	const char *text;           /* html, markdown or other text */
	const char *run_folder;     /* holds its queries' results; NULL: none */
	const char *bucket, *key;   /* where it stands in S3; NULL: nowhere */
};

/* Makes the mail and sends it as the options say, and says so. ERROR_PUBLISH unless every recipient's server took it.
 */
int mail_result_send(const struct mail_result *r, struct error *err);

/* Gets --results, a file or an s3:// URL, to a file of its own in folder; *ret_path is owned. */
int mail_result_get(const struct options *o, const char *folder, char **ret_path, struct error *err);

#endif
