#include "history_store.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/opt.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

static const char *environment(const char *name, void *data)
{
	(void)data;
	struct opt_source source = opt_default_source();
	return source.getenv(name, source.data);
}

static void say_retry(const char *what, unsigned attempt, void *data)
{
	(void)data;
	log_warn("%s (attempt %u failed, trying again)", what, attempt - 1);
}

void history_store_release(struct history_store *s)
{
	s3_release(&s->s3);
	free(s->folder);
	free(s->bucket);
	free(s->prefix);
	*s = (struct history_store)HISTORY_STORE_INIT;
}

/* "s3://bucket" and "s3://bucket/a/b[/]". */
static int open_s3(struct history_store *s, const char *name, struct error *err)
{
	const char *rest = name + strlen("s3://");
	size_t n = strcspn(rest, "/");
	const char *prefix = rest[n] ? rest + n + 1 : "";
	s->bucket = strndup(rest, n);
	s->prefix = str_printf(err, "%s%s", prefix, *prefix && !str_ends(prefix, "/") ? "/" : "");
	if (!s->bucket || !s->prefix)
		return error_oom(err);
	return s3_check_names(s->bucket, *s->prefix ? s->prefix : NULL, err);
}

int history_store_open(struct history_store *s, const char *name, const struct history_store_settings *settings,
		       struct error *err)
{
	if (!str_starts(name, "s3://"))
		return (s->folder = str_dup(name, err)) ? 0 : -1;
	if (open_s3(s, name, err) < 0)
		return error_wrap(err, "the history %s", name);
	s->s3 = (struct s3){ .bucket = s->bucket,
			     .region = settings->region,
			     .endpoint = settings->endpoint,
			     .env = { .getenv = environment, .region = settings->region, .ca_file = settings->ca_file },
			     .on_retry = say_retry };
	return 0;
}

int history_store_check(struct history_store *s, struct error *err)
{
	struct error e = ERROR_INIT;
	if (!s->folder)
		return s3_check_access(&s->s3, err) < 0
			       ? error_wrap(err, "check the history s3://%s/%s", s->bucket, s->prefix)
			       : 0;
	AUTO_FREE char *probe = str_printf(err, "%s/.writable", s->folder);
	if (!probe)
		return -1;
	if (fs_mkdirs(s->folder, 0777, &e) < 0 || fs_write_atomic(probe, "", 0, 0600, &e) < 0)
		return error_set(err, ERROR_PUBLISH, "the history cannot be written: %s", e.message);
	unlink(probe);
	return 0;
}

int history_store_append(struct history_store *s, const char *run_id, const char *text, size_t len, struct error *err)
{
	bool existed = false;
	struct error e = ERROR_INIT;
	if (s->folder) {
		AUTO_FREE char *path = str_printf(err, "%s/%s.json", s->folder, run_id);
		if (!path)
			return -1;
		if (fs_exists(path))
			return error_set(err, ERROR_PUBLISH, "append to the history: %s is there already", path);
		if (fs_mkdirs(s->folder, 0777, &e) < 0 || fs_write_atomic(path, text, len, 0644, &e) < 0)
			return error_set(err, ERROR_PUBLISH, "append to the history: %s", e.message);
		return 0;
	}
	AUTO_FREE char *key = str_printf(err, "%s%s.json", s->prefix, run_id);
	if (!key)
		return -1;
	if (s3_put_bytes(&s->s3, key, text, len, S3_IF_ABSENT, &existed, err) < 0)
		return error_wrap(err, "append to the history");
	return existed ? error_set(err, ERROR_PUBLISH, "append to the history: s3://%s/%s is there already", s->bucket,
				   key)
		       : 0;
}

static int add_run(const char *name, const struct strbuf *text, struct history_runs *runs, struct strlist *problems,
		   struct error *err)
{
	struct error e = ERROR_INIT;
	if (history_parse(text->data, text->len, runs, &e) == 0)
		return 0;
	if (e.kind != ERROR_USAGE) {
		*err = e;
		return -1;
	}
	return strlist_addf(problems, "%s: %s", name, e.message) < 0 ? error_oom(err) : 0;
}

static int is_run(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && str_ends(entry->d_name, ".json");
}

static int read_folder(struct history_store *s, struct history_runs *runs, struct strlist *problems, struct error *err)
{
	struct dirent **entries = NULL;
	int n = scandir(s->folder, &entries, is_run, alphasort);
	if (n < 0) {
		error_errno(err, ERROR_USAGE, "open the history %s", s->folder);
		return errno == ENOENT ? error_hint(err, "runs with --history %s make it", s->folder) : -1;
	}
	int result = 0;
	for (int i = 0; i < n; i++) {
		CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(HISTORY_RUN_MAX_BYTES);
		struct error e = ERROR_INIT;
		AUTO_FREE char *path = str_printf(err, "%s/%s", s->folder, entries[i]->d_name);
		if (result == 0 && !path)
			result = -1;
		else if (result == 0 && fs_read(path, &text, &e) < 0)
			result = strlist_addf(problems, "%s: %s", entries[i]->d_name, e.message) < 0 ? error_oom(err)
												     : 0;
		else if (result == 0)
			result = add_run(entries[i]->d_name, &text, runs, problems, err);
		free(entries[i]);
	}
	free(entries);
	return result;
}

static int read_bucket(struct history_store *s, struct history_runs *runs, struct strlist *problems, struct error *err)
{
	CLEANUP(strlist) struct strlist keys = STRLIST_INIT;
	if (s3_list(&s->s3, s->prefix, HISTORY_RUNS_MAX, &keys, err) < 0)
		return error_wrap(err, "open the history");
	for (size_t i = 0; i < keys.len; i++) {
		CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(HISTORY_RUN_MAX_BYTES);
		const char *name = keys.items[i] + strlen(s->prefix);
		enum s3_absence absence;
		if (strchr(name, '/') || !str_ends(name, ".json"))
			continue; /* of somebody else */
		struct error e = ERROR_INIT;
		int r = s3_get_bytes(&s->s3, keys.items[i], &text, &absence, &e);
		if (r < 0 && absence == S3_NOT_ABSENT) {
			*err = e;
			return error_wrap(err, "read the history");
		}
		/* Deleted since it was listed, or none of ours. */
		if (r < 0 ? strlist_addf(problems, "%s: %s", name, e.message) < 0
			  : add_run(name, &text, runs, problems, err) < 0)
			return problems->failed ? error_oom(err) : -1;
	}
	return 0;
}

int history_store_read(struct history_store *s, struct history_runs *runs, struct strlist *problems, struct error *err)
{
	return s->folder ? read_folder(s, runs, problems, err) : read_bucket(s, runs, problems, err);
}
