#include "publish.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "net/github.h"

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

/* cJSON object owned by the caller. Fields that the user gave replace the standard ones. */
static cJSON *make_payload(const struct publish_event *e, struct error *err)
{
	cJSON *p = cJSON_CreateObject();
	const char *const standard[][2] = {
		{ "version", e->version }, { "bucket", e->o->bucket }, { "key", e->key },
		{ "run_id", e->run_id },   { "verdict", e->verdict },  { "status", e->status },
	};
	bool ok = p;
	for (size_t i = 0; ok && i < ARRAY_SIZE(standard); i++)
		if (standard[i][1])
			ok = cJSON_AddStringToObject(p, standard[i][0], standard[i][1]);
	for (size_t i = 0; ok && i < e->o->dispatch_fields.len; i++) {
		const char *field = e->o->dispatch_fields.items[i], *equals = strchr(field, '=');
		AUTO_FREE char *name = strndup(field, (size_t)(equals - field));
		ok = name;
		if (ok)
			cJSON_DeleteItemFromObjectCaseSensitive(p, name);
		ok = ok && cJSON_AddStringToObject(p, name, equals + 1);
	}
	if (!ok) {
		cJSON_Delete(p);
		error_oom(err);
		return NULL;
	}
	return p;
}

static int with_dispatch(const struct publish_event *e, int (*f)(const struct github_dispatch *, struct error *),
			 struct error *err)
{
	const struct options *o = e->o;
	cJSON *payload = make_payload(e, err);
	if (!payload)
		return -1;
	struct github_dispatch d = {
		.api_url = o->github_api,
		.repository = o->dispatch_repository,
		.event_type = o->dispatch_event,
		.payload = payload,
		.token = o->token,
		.token_file = o->token_file,
		.ca_file = o->ca_file,
	};
	int result = f(&d, err);
	cJSON_Delete(payload);
	return result;
}

int publish_event_check(const struct publish_event *e, struct error *err)
{
	return with_dispatch(e, github_dispatch_check, err);
}

int publish_event_send(const struct publish_event *e, struct error *err)
{
	return with_dispatch(e, github_dispatch_send, err);
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

static struct publish_event event_of(const struct job *j, const char *status)
{
	const struct job_side *last = &j->sides[j->sides_len - 1];
	return (struct publish_event){
		.o = j->o,
		.run_id = j->id,
		.version = last->version ? last->version : last->asked->version,
		.key = j->o->bucket ? j->key_prefix : NULL,
		.verdict = j->verdict,
		.status = status,
	};
}

int publish_check(struct job *j, struct error *err)
{
	if (set_key_prefix(j, err) < 0)
		return -1;
	if (j->o->dispatch_repository) {
		struct publish_event e = event_of(j, "interrupted"); /* the longest status */
		e.verdict = "undecided";
		if (publish_event_check(&e, err) < 0)
			return error_wrap(err, "the event for %s", j->o->dispatch_repository);
	}
	if (!j->o->bucket)
		return 0;
	set_up_s3(j, &j->s3, j->o->bucket);
	return s3_check_access(&j->s3, err) < 0 ? error_wrap(err, "check the bucket %s before the run", j->o->bucket)
						: 0;
}

int publish_get(struct job *j, const char *key_or_url, const char *path, struct error *err)
{
	bool missing = false;
	if (!str_starts(key_or_url, "s3://"))
		return s3_get_file(&j->s3, key_or_url, path, (uint64_t)PROFILE_MAX_MIB << 20, &missing, err);
	AUTO_FREE char *bucket = NULL, *key = NULL;
	if (s3_parse_url(key_or_url, &bucket, &key, err) < 0)
		return -1;
	struct s3 other;
	set_up_s3(j, &other, bucket);
	int result = s3_get_file(&other, key, path, (uint64_t)PROFILE_MAX_MIB << 20, &missing, err);
	s3_release(&other);
	return result;
}

/* Regular files of <out>/<below>, as paths relative to out, sorted; folders are followed one level. */
static int list_files(const char *out, const char *below, bool deeper, struct strlist *ret, struct error *err)
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
			if (deeper && inner && result == 0)
				result = list_files(out, inner, false, ret, err);
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
	if (list_files(j->out, "", true, &files, err) < 0)
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
	struct publish_event e = event_of(j, status);
	if (publish_event_send(&e, err) < 0)
		return error_wrap(err, "send %s to %s", j->o->dispatch_event, j->o->dispatch_repository);
	log_info("sent %s to %s", j->o->dispatch_event, j->o->dispatch_repository);
	return 0;
}
