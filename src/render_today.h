/* The environment of run-benchmarks.sh, the script that made Job manifests so far, as the flags of a Job: what
 * `dbdyno render --from-environment` reads. docs/kubernetes.md lists the variables.
 *
 *     struct today t = { 0 };
 *     today_read(&t, source, &problems);              // and see that there are none
 *     k8s_job_name(actor, today_version(&t), today_kind(&t), now, name);
 *     today_args(&t, actor, name, now, &args, err);          // "--from-server=mysql", …
 *     today_release(&t);
 *
 * Values are checked here or become nothing but text in one argument. A token is noticed, never handed on.
 */
#ifndef SRC_RENDER_TODAY_H
#define SRC_RENDER_TODAY_H

#include "base/opt.h"

#include <stdint.h>

struct today {
	struct opt_seen seen;
	char *from_server, *from_version, *from_profile_key, *to_server, *to_version, *to_profile_key;
	char *mode, *actor_email, *token, *noms_bin_format, *template_script, *future_version, *branch;
	double test_time;       /* seconds */
	long long issue_number; /* -1: none */
	int init_big_repo;      /* index of "unset|true|false" */
	bool with_tpcc, profile;
	int report; /* enum today_report */
};
void today_release(struct today *t);

/* One line a problem. t is releasable either way. */
void today_read(struct today *t, const struct opt_source *source, struct strlist *problems);

/* compare, tpcc or profile. */
const char *today_kind(const struct today *t);
/* The version that names the Job. */
const char *today_version(const struct today *t);
/* How many further pods after a failure. */
int today_retries(const struct today *t);
/* Does a MySQL server run in the Job? Its socket lies in a folder of its own. */
bool today_has_mysql(const struct today *t);
#define TODAY_MYSQL_FOLDER "/home/tester/.mysql"

/* Appends the Job's flags. actor: any text, a folder is named after it; now_ns: the day of results-dir, UTC. */
int today_args(const struct today *t, const char *actor, const char *job_name, int64_t now_ns, struct strlist *args,
	       struct error *err);

#endif
