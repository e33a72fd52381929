/* The repository_dispatch event of a run, with the payloads that the receivers in the database's repository read.
 *
 *     struct event e = { .o = o, .command = "compare", .repository = "owner/name", .run_id = …, … };
 *     event_check(&e, err)        // before the run: limits, names, a token there
 *     event_send(&e, err)         // at its end
 *
 * Types and payloads, besides what --dispatch-field adds or replaces (docs/notify.md):
 *     email-report  version, noms_bin_format, bucket, key, template, email_recipient if known
 *     pull-report   issue_number, actor, noms_bin_format, bucket, key, job_type, is_performance_regression if known
 *     pgo-release   version, profile_key, bucket, from_version, branch if known
 *     any other     version, bucket, key
 * and, unless the run was asked for by flags alone (today's system, whose payloads they are to the letter), run_id,
 * verdict, status, and with pgo-release sha256: an object with profile and binary, where known.
 */
#ifndef SRC_EVENT_H
#define SRC_EVENT_H

#include "benchmarker/pgo.h"
#include "options.h"

/* Facts of the run; what is NULL is not known and left out. */
struct event {
	const struct options *o;
	const char *command;
	const char *repository; /* "owner/name", where it is sent to */
	const char *run_id;
	const char *asked_version; /* of the candidate, or of what was profiled: as asked for */
	const char *commit;        /* the full SHA of it */
	const char *key;           /* object for people: queries' results or report */
	const char *profile_key;   /* object with the merged profile */
	const char *verdict, *status;
	const char *profile_sha256; /* of the object at profile_key */
	const char *binary_sha256;  /* of the build with that profile that was measured */
	const bool *regression;     /* NULL: nobody asked */
};

/* The event type of such a run: what was asked for, else by command and pull request. */
const char *event_type(const struct options *o, const char *command);

/* pgo-release makes a release of what it names: one that pgo decided not to ship gets no such event. True for all other
 * events. */
bool event_is_release(const struct options *o, const char *command, enum pgo_decision decision);

/* ERROR_USAGE for what GitHub would refuse, and for a missing token. */
int event_check(const struct event *e, struct error *err);
/* ERROR_PUBLISH, or as github_dispatch_send says. */
int event_send(const struct event *e, struct error *err);

/* "owner/name" of a repository at github.com; NULL without an error if url is another one's. Owned. */
char *event_repository_of(const char *url, struct error *err);

#endif
