#include "profile_store.h"

#include "base/fs.h"
#include "base/log.h"

#include <stdio.h>
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

void profile_store_release(struct profile_store *s)
{
	s3_release(&s->s3);
	free(s->bucket);
	s->s3 = (struct s3)S3_INIT;
	s->bucket = NULL;
}

bool profile_store_is_s3(const char *name)
{
	return str_starts(name, "s3://");
}

struct s3 *profile_store_s3(struct profile_store *s, const char *bucket, struct error *err)
{
	if (str_eq(s->bucket, bucket))
		return &s->s3;
	profile_store_release(s);
	if (!(s->bucket = str_dup(bucket, err)))
		return NULL;
	s->s3 = (struct s3){ .bucket = s->bucket,
			     .region = s->region,
			     .endpoint = s->endpoint,
			     .env = { .getenv = environment, .region = s->region, .ca_file = s->ca_file },
			     .on_retry = say_retry };
	return &s->s3;
}

/* An object that is not there is what a file that is not there is: a wrong name, or one that went after it was listed.
 */
static int absent(const char *url, enum s3_absence absence, struct error *err)
{
	if (absence == S3_TOO_LARGE)
		return error_set(err, ERROR_USAGE, "%s is not a profile: larger than %llu MiB", url,
				 PPROF_MAX_BYTES >> 20);
	error_set(err, ERROR_USAGE, "there is no object %s", url);
	return error_hint(err, "a prefix ends with a slash: s3://bucket/prefix/");
}

static int read_object(struct profile_store *s, const char *url, struct strbuf *bytes, struct error *err)
{
	AUTO_FREE char *bucket = NULL, *key = NULL;
	enum s3_absence absence = S3_NOT_ABSENT;
	if (s3_parse_url(url, &bucket, &key, err) < 0)
		return -1;
	struct s3 *s3 = profile_store_s3(s, bucket, err);
	if (!s3)
		return -1;
	if (s3_get_bytes(s3, key, bytes, &absence, err) < 0)
		return absence == S3_NOT_ABSENT ? -1 : absent(url, absence, err);
	return 0;
}

static int read_bytes(struct profile_store *s, const char *name, struct strbuf *bytes, struct error *err)
{
	if (profile_store_is_s3(name))
		return read_object(s, name, bytes, err);
	if (strcmp(name, "-") == 0) {
		if (s->stdin_read)
			return error_set(err, ERROR_USAGE, "standard input (-) can be read once only");
		s->stdin_read = true;
		return fs_read("/dev/stdin", bytes, err);
	}
	if (fs_is_dir(name)) {
		error_set(err, ERROR_USAGE, "%s is a folder, not a profile", name);
		return error_hint(err, "name the files in it: %s%s*.pprof", name, str_ends(name, "/") ? "" : "/");
	}
	if (!fs_exists(name))
		return error_errno(err, ERROR_USAGE, "%s", name);
	return fs_read(name, bytes, err);
}

int profile_store_read(struct profile_store *s, const char *name, struct pprof *ret, struct error *err)
{
	CLEANUP(strbuf) struct strbuf bytes = STRBUF_INIT(PPROF_MAX_BYTES);
	if (read_bytes(s, name, &bytes, err) < 0)
		return -1;
	return pprof_read(ret, bytes.data, bytes.len, err) < 0 ? error_wrap(err, "%s is not a profile", name) : 0;
}

static int no_profile(const char *prefix, const struct s3_listing *l, struct error *err)
{
	if (!l->keys.len)
		return error_set(err, ERROR_USAGE, "there is nothing under %s", prefix);
	error_set(err, ERROR_USAGE, "none of the %zu objects under %s is a profile to take", l->keys.len, prefix);
	return error_hint(err, "their names end in .pprof, .prof or .pb.gz; --max-age leaves old ones out");
}

int profile_store_list(struct profile_store *s, const char *prefix, const struct profile_choice *choice,
		       struct strlist *ret, struct error *err)
{
	AUTO_FREE char *bucket = NULL, *key = NULL;
	CLEANUP(s3_listing) struct s3_listing l = S3_LISTING_INIT;
	CLEANUP(strlist) struct strlist keys = STRLIST_INIT;
	if (s3_parse_url(prefix, &bucket, &key, err) < 0)
		return -1;
	struct s3 *s3 = profile_store_s3(s, bucket, err);
	if (!s3 || s3_list_times(s3, key, PROFILE_STORE_MAX_OBJECTS, &l, err) < 0 ||
	    profile_choose(&l, choice, &keys, err) < 0)
		return -1;
	if (!keys.len)
		return no_profile(prefix, &l, err);
	for (size_t i = 0; i < keys.len; i++)
		strlist_addf(ret, "s3://%s/%s", bucket, keys.items[i]);
	return strlist_check(ret, err);
}

static int write_bytes(struct profile_store *s, const struct strbuf *bytes, const char *name, struct error *err)
{
	if (strcmp(name, "-") == 0)
		return fwrite(bytes->data, 1, bytes->len, stdout) != bytes->len || fflush(stdout)
			       ? error_errno(err, ERROR_INTERNAL, "write to standard output")
			       : 0;
	if (!profile_store_is_s3(name))
		return fs_write_atomic(name, bytes->data, bytes->len, 0600, err);
	AUTO_FREE char *bucket = NULL, *key = NULL;
	if (s3_parse_url(name, &bucket, &key, err) < 0)
		return -1;
	struct s3 *s3 = profile_store_s3(s, bucket, err);
	return s3 ? s3_put_bytes(s3, key, bytes->data, bytes->len, S3_OVERWRITE, NULL, err) : -1;
}

int profile_store_write(struct profile_store *s, const struct pprof *p, const char *name, size_t *ret_bytes,
			struct error *err)
{
	CLEANUP(strbuf) struct strbuf bytes = STRBUF_INIT(PPROF_MAX_BYTES);
	if (pprof_write(p, true, &bytes, err) < 0 || write_bytes(s, &bytes, name, err) < 0)
		return error_wrap(err, "write %s", name);
	if (ret_bytes)
		*ret_bytes = bytes.len;
	return 0;
}
