#include "publish.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "conclude.h"
#include "event.h"
#include "history_record.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { PROFILE_MAX_MIB = 256 };

static const char *environment(const char *name, void *data)
{
	(void)data;
	struct opt_source source = opt_default_source();
	return source.getenv(name, source.data);
}

static void say_retry(const char *what, unsigned attempt, void *data)
{
	(void)data;
	log_warn("%s (attempt %u failed, trying again)", what, attempt);
}

static void set_up_s3(struct job *j, struct s3 *s3, const char *bucket)
{
	*s3 = (struct s3){
		.bucket = bucket,
		.region = j->o->region,
		.endpoint = j->o->endpoint,
		.env = { .getenv = environment, .region = j->o->region, .ca_file = j->o->ca_file },
		.on_retry = say_retry,
	};
}

static int set_key_prefix(struct job *j, struct error *err)
{
	char day[16];
	time_t t = (time_t)j->started_unix;
	struct tm tm;
	gmtime_r(&t, &tm);
	strftime(day, sizeof day, "%Y/%m/%d", &tm);
	j->key_prefix = str_printf(err, "%s/%s", j->o->results_dir ? j->o->results_dir : day,
				   j->o->results_prefix ? j->o->results_prefix : j->id);
	return j->key_prefix ? 0 : -1;
}

/* Where the event goes: where the user says; or, asked for by flags alone and with a token, as today's system has it,
 * to the repository of the engine that is looked at. */
static int set_dispatch_repository(struct job *j, struct error *err)
{
	const struct options *o = j->o;
	if (o->dispatch_repository)
		return (j->dispatch_repository = str_dup(o->dispatch_repository, err)) ? 0 : -1;
	if (!o->flags_alone || !o->bucket || (!o->token && !o->token_file))
		return 0;
	for (size_t i = j->sides_len; i-- > 0 && !j->dispatch_repository;) {
		struct error e = ERROR_INIT;
		j->dispatch_repository = event_repository_of(j->sides[i].engine.repository, &e);
		if (e.kind) {
			*err = e;
			return -1;
		}
	}
	if (!j->dispatch_repository)
		log_warn("no event will be sent: no engine of this run is built from GitHub; --dispatch-repository "
			 "names a receiver");
	return 0;
}

static int set_keys(struct job *j, struct error *err)
{
	AUTO_FREE char *file = conclude_main_file(j, err);
	if (!file || set_key_prefix(j, err) < 0 || !(j->key = str_printf(err, "%s/%s", j->key_prefix, file)) ||
	    !(j->profile_key = str_printf(err, "%s/profile.pprof", j->key_prefix)))
		return -1;
	return 0;
}

static struct event event_of(const struct job *j, const char *status)
{
	const struct job_side *last = &j->sides[j->sides_len - 1];
	bool is_pgo = strcmp(j->command, "pgo") == 0;
	const struct job_side *commit = is_pgo ? &j->sides[SIDE_FROM] : last; /* pgo: of both builds */
	return (struct event){
		.o = j->o,
		.command = j->command,
		.repository = j->dispatch_repository,
		.run_id = j->id,
		.asked_version = commit->asked->version ? commit->asked->version : commit->version,
		.commit = commit->build.commit,
		.key = j->o->bucket ? j->key : NULL,
		.profile_key = j->o->bucket ? j->profile_key : NULL,
		.verdict = j->verdict,
		.status = status,
		.profile_sha256 = *j->profile_sha256 ? j->profile_sha256 : NULL,
		.binary_sha256 = is_pgo && *last->exec_sha256 ? last->exec_sha256 : NULL,
		.regression = j->o->regression_query ? &j->regression : NULL,
	};
}

int publish_check(struct job *j, struct error *err)
{
	if (set_keys(j, err) < 0 || set_dispatch_repository(j, err) < 0)
		return -1;
	if (j->dispatch_repository) {
		struct event e = event_of(j, "interrupted"); /* the longest status */
		e.verdict = "keep_previous";                 /* the longest */
		static const char sha256[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
		e.profile_sha256 = e.binary_sha256 = sha256;
		if (event_check(&e, err) < 0)
			return error_wrap(err, "the event for %s", j->dispatch_repository);
	}
	if (history_check(j, err) < 0)
		return -1;
	if (!j->o->bucket)
		return 0;
	set_up_s3(j, &j->s3, j->o->bucket);
	return s3_check_access(&j->s3, err) < 0 ? error_wrap(err, "check the bucket %s before the run", j->o->bucket)
						: 0;
}

int publish_get(struct job *j, const char *key_or_url, const char *path, struct error *err)
{
	if (!str_starts(key_or_url, "s3://"))
		return s3_get_file(&j->s3, key_or_url, path, (uint64_t)PROFILE_MAX_MIB << 20, NULL, err);
	AUTO_FREE char *bucket = NULL, *key = NULL;
	if (s3_parse_url(key_or_url, &bucket, &key, err) < 0)
		return -1;
	struct s3 other;
	set_up_s3(j, &other, bucket);
	int result = s3_get_file(&other, key, path, (uint64_t)PROFILE_MAX_MIB << 20, NULL, err);
	s3_release(&other);
	return result;
}

#define FOLDERS_DEEP 2 /* validate/TEST/report.html */

/* Regular files of <out>/<below>, as paths relative to out, sorted; folders are followed so many levels. */
static int list_files(const char *out, const char *below, int levels, struct strlist *ret, struct error *err)
{
	AUTO_FREE char *dir = str_printf(err, "%s/%s", out, below);
	if (!dir)
		return -1;
	struct dirent **entries = NULL;
	int n = scandir(dir, &entries, NULL, alphasort);
	if (n < 0)
		return error_errno(err, ERROR_INTERNAL, "list %s", dir);
	int result = 0;
	for (int i = 0; i < n; i++) {
		AUTO_FREE char *name =
			entries[i]->d_name[0] == '.' ? NULL : str_printf(err, "%s%s", below, entries[i]->d_name);
		AUTO_FREE char *path = name ? str_printf(err, "%s/%s", out, name) : NULL;
		if (path && fs_is_dir(path)) {
			AUTO_FREE char *inner = str_printf(err, "%s/", name);
			if (levels && inner && result == 0)
				result = list_files(out, inner, levels - 1, ret, err);
		} else if (path && !str_ends(name, "-wal") && !str_ends(name, "-shm")) {
			strlist_add(ret, name);
		}
		free(entries[i]);
	}
	free(entries);
	return result == 0 ? strlist_check(ret, err) : -1;
}

int publish_upload(struct job *j, struct error *err)
{
	CLEANUP(strlist) struct strlist files = STRLIST_INIT;
	if (list_files(j->out, "", FOLDERS_DEEP, &files, err) < 0)
		return -1;
	for (size_t i = 0; i < files.len; i++) {
		AUTO_FREE char *path = str_printf(err, "%s/%s", j->out, files.items[i]);
		AUTO_FREE char *key = str_printf(err, "%s/%s", j->key_prefix, files.items[i]);
		if (!path || !key)
			return -1;
		log_progress((double)i / (double)files.len, "upload %s", files.items[i]);
		if (s3_put_file(&j->s3, key, path, S3_OVERWRITE, NULL, err) < 0)
			return error_wrap(err, "upload s3://%s/%s", j->o->bucket, key);
	}
	log_progress_end();
	log_info("%zu files are at s3://%s/%s/", files.len, j->o->bucket, j->key_prefix);
	return 0;
}

int publish_dispatch(struct job *j, const char *status, struct error *err)
{
	struct event e = event_of(j, status);
	return event_send(&e, err);
}
