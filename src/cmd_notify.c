/* dbdyno notify: the repository_dispatch event of a finished run, again or for the first time. */
#include "base/fs.h"
#include "command.h"
#include "event.h"
#include "run_data.h"

#include <cjson/cJSON.h>
#include <string.h>
#include <time.h>

/* The run's verdict, as conclude_compare says it: the worst one of its tests. */
static const char *verdict_of(const struct run_data *d)
{
	static const enum verdict by_weight[] = { VERDICT_SLOWER, VERDICT_UNDECIDED, VERDICT_FASTER, VERDICT_SAME };
	for (size_t i = 0; i < ARRAY_SIZE(by_weight); i++)
		for (size_t t = 0; t < d->comparisons.len; t++)
			if (d->comparisons.items[t].comparison.verdict == by_weight[i])
				return verdict_name(by_weight[i]);
	return NULL;
}

/* The file for people, as the run's record names it. Owned. */
static char *main_file(const struct run_data *d, struct error *err)
{
	cJSON *config = d->run.run.config_json ? cJSON_Parse(d->run.run.config_json) : NULL;
	const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(config, "results_file"));
	char *copy = str_dup(name ? name : "report.md", err);
	cJSON_Delete(config);
	return copy;
}

static int notify(const struct options *o, struct error *err)
{
	AUTO_FREE char *db = str_printf(err, "%s/results.db", o->out);
	struct results *r = NULL;
	if (!db || results_open_read(db, &r, err) < 0)
		return -1;
	CLEANUP(run_data) struct run_data d = RUN_DATA_INIT;
	int result = run_data_load(&d, r, err);
	results_close(r);
	if (result < 0)
		return -1;
	char day[16];
	time_t t = (time_t)d.report.started_unix;
	struct tm tm;
	gmtime_r(&t, &tm);
	strftime(day, sizeof day, "%Y/%m/%d", &tm);
	AUTO_FREE char *prefix = str_printf(err, "%s/%s", o->results_dir ? o->results_dir : day,
					    o->results_prefix ? o->results_prefix : d.report.run_id);
	AUTO_FREE char *file = prefix ? main_file(&d, err) : NULL;
	AUTO_FREE char *key = file ? str_printf(err, "%s/%s", prefix, file) : NULL;
	AUTO_FREE char *profile_key = key ? str_printf(err, "%s/profile.pprof", prefix) : NULL;
	if (!profile_key)
		return -1;
	const struct report_server *last = d.report.to.engine ? &d.report.to : &d.report.from;
	struct event e = {
		.o = o,
		.command = d.run.run.command,
		.repository = o->dispatch_repository,
		.run_id = d.report.run_id,
		.asked_version = last->version,
		.commit = last->commit,
		.key = o->bucket ? key : NULL,
		.profile_key = o->bucket ? profile_key : NULL,
		.verdict = verdict_of(&d),
		.status = d.report.status,
	};
	return event_check(&e, err) < 0 ? -1 : event_send(&e, err);
}

static int run(int argc, const char *const *argv, struct error *err)
{
	struct options o = { 0 };
	bool done = false;
	CLEANUP(strlist) struct strlist problems = STRLIST_INIT;
	int result = command_parse(&command_notify, &o, argc, argv, NULL, &problems, &done, err);
	if (result == 0 && !done) {
		options_log_init(&o);
		options_check(&o, "notify", &problems);
		if (!o.dispatch_repository)
			strlist_add(&problems, "--dispatch-repository is required");
		result = command_problems(&problems, err);
		if (result == 0)
			result = notify(&o, err);
	}
	options_release(notify_table, &o);
	return result;
}

const struct command command_notify = {
	.name = "notify",
	.usage = "--run DIR --dispatch-repository OWNER/NAME [flags]",
	.summary = "Send the repository_dispatch event of a finished run.",
	.table = notify_table,
	.run = run,
};
