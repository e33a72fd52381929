#include "net/aws_sources.h"

#include "base/fs.h"

#include <string.h>

#define SECRET_MAX_BYTES (64u << 10)
#define SHARED_FILE_MAX_BYTES (1u << 20)
#define WHY_MAX_BYTES 2048

const char *aws_getenv(const struct aws_environment *env, const char *name)
{
	const char *value = env->getenv ? env->getenv(name, env->data) : NULL;
	return value && *value ? value : NULL;
}

void aws_wipe_free(char *secret)
{
	if (secret)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

void aws_wipe_strbuf(struct strbuf *b)
{
	if (b->cap)
		explicit_bzero(b->data, b->cap);
	strbuf_release(b);
}

void aws_credentials_release(struct aws_credentials *c)
{
	free(c->access_key_id);
	aws_wipe_free(c->secret_access_key);
	aws_wipe_free(c->session_token);
	*c = (struct aws_credentials){ 0 };
}

/* Printable ASCII without spaces: what a header and a signature can carry. */
static bool is_plain(const char *s)
{
	for (; *s; s++)
		if (*s <= 0x20 || *s >= 0x7f)
			return false;
	return true;
}

int aws_credentials_set(struct aws_credentials *ret, const char *id, const char *secret, const char *token,
			struct error *err)
{
	if (!*id || !*secret)
		return error_set(err, ERROR_PUBLISH, "the access key id or the secret access key is empty");
	if (!is_plain(id) || !is_plain(secret) || (token && !is_plain(token)))
		return error_set(err, ERROR_PUBLISH,
				 "a key or token holds a space, a line break or another character that no AWS key has");
	struct aws_credentials c = { .access_key_id = strdup(id), .secret_access_key = strdup(secret) };
	if (token && *token)
		c.session_token = strdup(token);
	if (!c.access_key_id || !c.secret_access_key || (token && *token && !c.session_token)) {
		aws_credentials_release(&c);
		return error_oom(err);
	}
	*ret = c;
	return 0;
}

int aws_read_secret(const char *path, char **ret, struct error *err)
{
	struct strbuf b = STRBUF_INIT(SECRET_MAX_BYTES);
	int r = fs_read(path, &b, err);
	if (r < 0 && err)
		err->kind = ERROR_PUBLISH;
	while (b.len && strchr(" \t\r\n", b.data[b.len - 1]))
		b.data[--b.len] = 0;
	if (r == 0 && (b.len == 0 || strlen(b.data) != b.len))
		r = error_set(err, ERROR_PUBLISH, "%s is empty or not text", path);
	if (r == 0) {
		*ret = strbuf_take(&b, err);
		r = *ret ? 0 : -1;
	}
	aws_wipe_strbuf(&b);
	return r;
}

int aws_from_environment(const struct aws_environment *env, struct aws_credentials *ret, struct strbuf *why,
			 struct error *err)
{
	const char *id = aws_getenv(env, "AWS_ACCESS_KEY_ID"), *secret = aws_getenv(env, "AWS_SECRET_ACCESS_KEY");
	if (!id && !secret) {
		strbuf_adds(why, "AWS_ACCESS_KEY_ID is not set");
		return AWS_ABSENT;
	}
	if (!id || !secret)
		return error_set(err, ERROR_PUBLISH, "%s is set, but %s is not",
				 id ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
				 id ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID");
	return aws_credentials_set(ret, id, secret, aws_getenv(env, "AWS_SESSION_TOKEN"), err);
}

/* s without white space at both ends, in place. */
static char *trim(char *s)
{
	s += strspn(s, " \t\r");
	size_t n = strlen(s);
	while (n && strchr(" \t\r", s[n - 1]))
		s[--n] = 0;
	return s;
}

int aws_parse_shared_file(char *text, const char *profile, struct aws_credentials *ret, struct error *err)
{
	const char *id = "", *secret = "", *token = NULL;
	bool inside = false, seen = false;
	char *save = NULL;
	for (char *raw = strtok_r(text, "\n", &save); raw; raw = strtok_r(NULL, "\n", &save)) {
		char *line = trim(raw), *equals = strchr(line, '=');
		if (*line == '[') {
			line[strcspn(line, "]")] = 0;
			inside = strcmp(trim(line + 1), profile) == 0;
			seen |= inside;
		} else if (inside && equals && *line != '#' && *line != ';') {
			*equals = 0;
			const char *key = trim(line), *value = trim(equals + 1);
			if (strcasecmp(key, "aws_access_key_id") == 0)
				id = value;
			else if (strcasecmp(key, "aws_secret_access_key") == 0)
				secret = value;
			else if (strcasecmp(key, "aws_session_token") == 0)
				token = value;
		}
	}
	if (!seen)
		return AWS_ABSENT;
	if (!*id || !*secret) {
		error_set(err, ERROR_PUBLISH, "profile %s lacks %s", profile,
			  *id ? "aws_secret_access_key" : "aws_access_key_id");
		return error_hint(err, "profiles with sso, source_profile or credential_process are not read: "
				       "export their keys into the environment");
	}
	return aws_credentials_set(ret, id, secret, token, err);
}

static char *shared_file_path(const struct aws_environment *env, struct error *err)
{
	const char *path = aws_getenv(env, "AWS_SHARED_CREDENTIALS_FILE"), *home = aws_getenv(env, "HOME");
	return path ? str_dup(path, err) : str_printf(err, "%s/.aws/credentials", home ? home : "");
}

int aws_from_shared_file(const struct aws_environment *env, struct aws_credentials *ret, struct strbuf *why,
			 struct error *err)
{
	AUTO_FREE char *path = shared_file_path(env, err);
	if (!path)
		return -1;
	const char *profile = aws_getenv(env, "AWS_PROFILE");
	bool asked = profile || aws_getenv(env, "AWS_SHARED_CREDENTIALS_FILE");
	if (!profile)
		profile = "default";
	if (!asked && !fs_exists(path)) {
		strbuf_addf(why, "%s does not exist", path);
		return AWS_ABSENT;
	}
	struct strbuf text = STRBUF_INIT(SHARED_FILE_MAX_BYTES);
	int r = fs_read(path, &text, err);
	if (r < 0 && err)
		err->kind = ERROR_PUBLISH;
	if (r == 0)
		r = aws_parse_shared_file(text.data, profile, ret, err);
	aws_wipe_strbuf(&text);
	if (r < 0)
		return error_wrap(err, "%s", path);
	if (r == AWS_ABSENT && asked)
		return error_set(err, ERROR_PUBLISH, "%s has no profile %s", path, profile);
	if (r == AWS_ABSENT)
		strbuf_addf(why, "%s has no profile %s", path, profile);
	return r;
}

int aws_credentials_find(const struct aws_environment *env, struct aws_credentials *ret, struct error *err)
{
	static const struct {
		const char *name;
		int (*find)(const struct aws_environment *env, struct aws_credentials *ret, struct strbuf *why,
			    struct error *err);
	} chain[] = {
		{ "environment", aws_from_environment }, { "web identity", aws_from_web_identity },
		{ "shared file", aws_from_shared_file }, { "container", aws_from_container },
		{ "instance", aws_from_instance },
	};
	CLEANUP(strbuf) struct strbuf why = STRBUF_INIT(WHY_MAX_BYTES);
	for (size_t i = 0; i < ARRAY_SIZE(chain); i++) {
		struct aws_credentials c = { 0 };
		strbuf_addf(&why, "%s%s: ", i ? "; " : "", chain[i].name);
		int r = chain[i].find(env, &c, &why, err);
		if (r < 0)
			return error_wrap(err, "AWS credentials from %s", chain[i].name);
		if (r == AWS_FOUND) {
			c.source = chain[i].name;
			*ret = c;
			return 0;
		}
	}
	error_set(err, ERROR_PUBLISH, "no AWS credentials (%s)", why.data);
	return error_hint(err, "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the pod a role");
}
