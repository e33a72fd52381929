/* The end of every job, also of one that failed or was interrupted: conclude, write, publish, tell. */
#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/stop.h"
#include "benchmarker/query.h"
#include "conclude.h"
#include "event.h"
#include "history_record.h"
#include "publish.h"

#include <stdio.h>
#include <string.h>

/* After a stop request: time for reports and uploads, within the 5 s that a stop may take in all. */
#define FINISH_LIMIT_NS (3 * NS_PER_SECOND)

/* Today's system names the database by the kind of its load. */
static int copy_as_today(struct job *j, struct error *err)
{
	bool tpcc = j->tests.len && str_starts(j->tests.items[0], "tpcc");
	AUTO_FREE char *from = str_printf(err, "%s/results.db", j->out);
	AUTO_FREE char *to =
		from ? str_printf(err, "%s/%s-%s.db", j->out, tpcc ? "tpcc" : "sysbench", j->o->results_filename)
		     : NULL;
	return to ? fs_copy_atomic(from, to, 0600, err) : -1;
}

/* Conclusions and files from what is in results.db. */
static int write_results(struct job *j, const char *status, char **ret_history, struct error *err)
{
	struct error e = ERROR_INIT;
	if (conclude_compare(j, strcmp(status, "done") == 0, err) < 0)
		return -1;
	if (conclude_regression(j, &e) < 0)
		job_event(j, "warning", NULL, "%s", e.message);
	if (results_end_run(j->results, status, clock_wall_ns() / (int64_t)NS_PER_SECOND, err) < 0)
		return -1;
	if (history_prepare(j, ret_history, &e) < 0)
		job_event(j, "warning", NULL, "%s", e.message);
	struct conclude_spec spec = {
		.results = j->results,
		.out = j->out,
		.queries = &j->queries,
		.output = (enum query_output)j->o->query_output,
		.results_filename = j->o->results_filename,
		.write_rows = j->o->write_rows,
		.step_summary = j->o->step_summary,
		.annotations = j->o->annotations,
		.json = j->o->json,
		.silent = j->o->is_part,
	};
	if (conclude_write(&spec, err) < 0)
		return -1;
	results_close(j->results); /* one file again, complete for the upload */
	j->results = NULL;
	job_say(j, "report: %s/report.html", j->out);
	return j->o->flags_alone ? copy_as_today(j, err) : 0;
}

/* Today's payloads cannot say that a run was interrupted; its next try tells. */
static bool wants_event(const struct job *j, const char *status)
{
	if (!j->dispatch_repository || (j->o->flags_alone && strcmp(status, "interrupted") == 0))
		return false;
	bool release = event_is_release(j->o, j->command, j->decision);
	if (!release)
		log_info("no pgo-release event is sent: the decision is %s", pgo_decision_name(j->decision));
	return release;
}

static int publish(struct job *j, const char *status, const char *history, struct error *err)
{
	bool uploaded = !j->o->bucket || publish_upload(j, err) == 0;
	struct error e = ERROR_INIT;
	if (history_append(j, history, uploaded ? err : &e) < 0) {
		if (!uploaded)
			log_warn("%s", e.message); /* the earlier error is the one that is returned */
		return error_wrap(err, "the results are kept in %s", j->out);
	}
	if (uploaded && (!wants_event(j, status) || publish_dispatch(j, status, err) == 0))
		return 0;
	if (uploaded)
		error_hint(err, "dbdyno notify --run sends it again");
	return error_wrap(err, "the results are kept in %s", j->out);
}

/* A job that went through still fails when a test or a server did, or a gate says so. */
static int outcome(struct job *j, struct error *err)
{
	if (j->first_failure.kind) {
		*err = j->first_failure;
		if (j->failed.len > 1)
			error_wrap(err, "%zu of %zu tests failed; the first", j->failed.len, j->tests.len);
		return -1;
	}
	if (j->regression && j->o->fail_on_regression)
		return error_set(err, ERROR_REGRESSION, "%s%s, and --fail-on-regression was given",
				 j->mean_slower ? "the tests together are slower" : "a test is slower",
				 j->o->thresholds.len && !j->mean_slower ? " by more than its threshold" : "");
	if (j->undecided && j->o->fail_on_undecided && j->decision)
		return error_set(err, ERROR_UNDECIDED,
				 "whether to ship is undecided, and --fail-on-undecided was given");
	if (j->undecided && j->o->fail_on_undecided)
		return error_set(err, ERROR_UNDECIDED, "a test is undecided, and --fail-on-undecided was given");
	if (j->validation_failure.kind) {
		*err = j->validation_failure;
		return -1;
	}
	return 0;
}

int job_finish(struct job *j, int result, struct error *err)
{
	if (!j->results)
		return result; /* nothing was begun */
	struct error own = ERROR_INIT;
	const char *status = result == 0 && !j->first_failure.kind ? "done" : "failed";
	if (result < 0 && err->kind == ERROR_INTERRUPTED) {
		status = "interrupted";
		stop_acknowledge(FINISH_LIMIT_NS);
	}
	if (result < 0)
		job_event(j, "error", NULL, "%s", err->message);
	AUTO_FREE char *history = NULL;
	int finished = write_results(j, status, &history, &own);
	if (finished == 0)
		finished = publish(j, status, history, &own);
	if (finished < 0 && result < 0)
		log_warn("%s", own.message); /* the earlier error is the job's */
	if (finished < 0 && result == 0)
		*err = own;
	if (result < 0 || finished < 0)
		return -1;
	return outcome(j, err);
}
