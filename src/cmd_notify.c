/* dbdyno notify: the repository_dispatch event of a finished run, again or for the first time; and its result by mail.
 */
#include "base/fs.h"
#include "base/log.h"
#include "command.h"
#include "event.h"
#include "mail_result.h"
#include "net/s3.h"
#include "run_data.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define RESULTS_MAX_BYTES ((size_t)8 << 20)

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

/* folder: the run's; NULL: there is the file alone. */
static int load(const char *db, const char *folder, struct run_data *d, struct error *err)
{
	struct results *r = NULL;
	if (results_open_read(db, &r, err) < 0)
		return -1;
	int result = run_data_load(d, r, folder, err);
	results_close(r);
	return result;
}

/* <results-dir>/<results-prefix> of a run; owned. */
static char *make_prefix(const struct options *o, const struct run_data *d, struct error *err)
{
	char day[16];
	time_t t = (time_t)d->report.started_unix;
	struct tm tm;
	gmtime_r(&t, &tm);
	strftime(day, sizeof day, "%Y/%m/%d", &tm);
	return str_printf(err, "%s/%s", o->results_dir ? o->results_dir : day,
			  o->results_prefix ? o->results_prefix : d->report.run_id);
}

/* Of profile.pprof; NULL: the run made none. */
static const char *merged_sha256(const struct run_data *d)
{
	for (size_t i = 0; i < d->profiles.len; i++)
		if (!d->profiles.items[i].test)
			return d->profiles.items[i].sha256;
	return NULL;
}

static int dispatch(const struct options *o, const struct run_data *d, const char *prefix, struct error *err)
{
	AUTO_FREE char *file = main_file(d, err);
	AUTO_FREE char *key = file ? str_printf(err, "%s/%s", prefix, file) : NULL;
	AUTO_FREE char *profile_key = key ? str_printf(err, "%s/profile.pprof", prefix) : NULL;
	if (!profile_key)
		return -1;
	const struct report_server *last = d->report.to.engine ? &d->report.to : &d->report.from;
	struct event e = {
		.o = o,
		.command = d->run.run.command,
		.repository = o->dispatch_repository,
		.run_id = d->report.run_id,
		.asked_version = last->version,
		.commit = last->commit,
		.key = o->bucket ? key : NULL,
		.profile_key = o->bucket ? profile_key : NULL,
		.verdict = d->report.decision ? pgo_decision_name(d->report.decision) : verdict_of(d),
		.status = d->report.status,
		.profile_sha256 = merged_sha256(d),
		.binary_sha256 = d->report.decision ? d->report.to.binary_sha256 : NULL,
	};
	if (!event_is_release(o, e.command, d->report.decision)) {
		error_set(err, ERROR_USAGE, "no pgo-release event for this run: its decision is %s",
			  d->report.decision ? pgo_decision_name(d->report.decision) : "missing");
		return error_hint(err, "--dispatch-event names an event that releases nothing");
	}
	return event_check(&e, err) < 0 ? -1 : event_send(&e, err);
}

static int mail_run(const struct options *o, const struct run_data *d, const char *prefix, struct error *err)
{
	AUTO_FREE char *report = str_printf(err, "%s/report.html", prefix);
	const struct mail_result r = { .o = o, .run = d, .run_folder = o->out, .bucket = o->bucket, .key = report };
	return report ? mail_result_send(&r, err) : -1;
}

/* Each is tried, whether the other fails or not. */
static int notify_of_run(const struct options *o, struct error *err)
{
	AUTO_FREE char *db = str_printf(err, "%s/results.db", o->out);
	CLEANUP(run_data) struct run_data d = RUN_DATA_INIT;
	if (!db || load(db, o->out, &d, err) < 0)
		return -1;
	AUTO_FREE char *prefix = make_prefix(o, &d, err);
	if (!prefix)
		return -1;
	int dispatched = o->dispatch_repository ? dispatch(o, &d, prefix, err) : 0;
	if (!o->mail.send)
		return dispatched;
	if (dispatched == 0)
		return mail_run(o, &d, prefix, err);
	struct error second = ERROR_INIT;
	if (err->kind != ERROR_INTERRUPTED && mail_run(o, &d, prefix, &second) < 0)
		log_warn("%s", second.message);
	return -1;
}

static bool is_database(const char *path)
{
	static const char magic[] = "SQLite format 3";
	char head[sizeof magic] = { 0 };
	FILE *f = fopen(path, "re");
	bool is = f && fread(head, 1, sizeof head, f) == sizeof head && memcmp(head, magic, sizeof magic) == 0;
	if (f)
		fclose(f);
	return is;
}

/* A file of results: a results.db is a whole run, any other is mailed as what it says. */
static int mail_file(const struct options *o, const char *path, struct error *err)
{
	CLEANUP(run_data) struct run_data d = RUN_DATA_INIT;
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(RESULTS_MAX_BYTES);
	AUTO_FREE char *bucket = NULL, *key = NULL;
	bool database = is_database(path);
	if (str_starts(o->mail.results, "s3://") && s3_parse_url(o->mail.results, &bucket, &key, err) < 0)
		return -1;
	if ((database ? load(path, NULL, &d, err) : fs_read(path, &text, err)) < 0)
		return error_wrap(err, "read %s", o->mail.results);
	if (!database && (strlen(text.data) != text.len || !str_is_utf8(text.data, text.len)))
		return error_set(err, ERROR_USAGE, "%s is neither text nor a results.db", o->mail.results);
	const struct mail_result r = {
		.o = o, .run = database ? &d : NULL, .text = database ? NULL : text.data, .bucket = bucket, .key = key
	};
	return mail_result_send(&r, err);
}

static int mail_results(const struct options *o, struct error *err)
{
	AUTO_FREE char *folder = fs_make_temp_dir("dbdyno-mail", err), *path = NULL;
	if (!folder)
		return -1;
	int result = mail_result_get(o, folder, &path, err);
	if (result == 0)
		result = mail_file(o, path, err);
	fs_remove_tree(folder, NULL);
	return result;
}

static void check(const struct options *o, struct strlist *problems)
{
	options_check(o, "notify", problems);
	mail_options_check(&o->mail, o->region, o->ca_file, problems);
	if (!o->dispatch_repository && !o->mail.send)
		strlist_add(problems, "nothing to do: --dispatch-repository, --mail or both");
	if (o->out && o->mail.results)
		strlist_add(problems, "--run and --results contradict each other");
	if (!o->out && !o->mail.results)
		strlist_add(problems, "--run: of which run? (or, for --mail, --results)");
	if (!o->out && o->dispatch_repository)
		strlist_add(problems, "--dispatch-repository needs --run");
}

static int run(int argc, const char *const *argv, struct error *err)
{
	struct options o = { 0 };
	bool done = false;
	CLEANUP(strlist) struct strlist problems = STRLIST_INIT;
	int result = command_parse(&command_notify, &o, argc, argv, NULL, &problems, &done, err);
	if (result == 0 && !done) {
		options_log_init(&o);
		check(&o, &problems);
		result = command_problems(&problems, err);
		if (result == 0)
			result = o.out ? notify_of_run(&o, err) : mail_results(&o, err);
	}
	options_release(notify_table, &o);
	return result;
}

const struct command command_notify = {
	.name = "notify",
	.usage = "(--run DIR | --results FILE|S3URL) [--mail] [--dispatch-repository OWNER/NAME] [flags]",
	.summary = "Mail a finished run's result, or send its repository_dispatch event.",
	.table = notify_table,
	.run = run,
};
