#include "base/fs.h"
#include "benchmarker/build_parts.h"

#include <string.h>

enum { MAX_VERSION = 200, MAX_REPOSITORY = 1000 };

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
static const char digits[] = "0123456789";

/* Length of the start of s that consists of letters, digits and the further characters. */
static size_t span_alnum(const char *s, const char *further)
{
	size_t n = 0;
	while (s[n] && (strchr(letters, s[n]) || strchr(digits, s[n]) || strchr(further, s[n])))
		n++;
	return n;
}

int build_check_version(const char *s, struct error *err)
{
	size_t len = strlen(s);
	const char *why = NULL;
	if (len == 0)
		why = "is empty";
	else if (len > MAX_VERSION)
		why = "is longer than 200 characters";
	else if (*s == '-')
		why = "starts with '-'";
	else if (strstr(s, "..") || span_alnum(s, "._/+-") != len)
		why = "is no name that git could have";
	if (!why)
		return 0;
	error_set(err, ERROR_USAGE, "version \"%.80s\" %s", s, why);
	return error_hint(err, "a version is a commit's SHA (4 digits or more), a tag or a branch");
}

static bool has_control(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return true;
	return false;
}

/* After "scheme://": [user@]host… Gives the start of the host, and whether there is a user. */
static const char *url_host(const char *rest, bool *ret_user, bool *ret_password)
{
	size_t len = strcspn(rest, "/?#");
	const char *at = memrchr(rest, '@', len);
	*ret_user = at != NULL;
	*ret_password = at && memchr(rest, ':', (size_t)(at - rest));
	return at ? at + 1 : rest;
}

static int check_url(const char *s, size_t scheme_len, struct error *err)
{
	static const char *const schemes[] = { "https", "http", "ssh", "git", "file" };
	size_t i = 0;
	while (i < ARRAY_SIZE(schemes) && (strlen(schemes[i]) != scheme_len || strncmp(s, schemes[i], scheme_len) != 0))
		i++;
	if (i == ARRAY_SIZE(schemes)) {
		error_set(err, ERROR_USAGE, "repository: the scheme \"%.*s\" is not one of https, http, ssh, git, file",
			  (int)(scheme_len < 20 ? scheme_len : 20), s);
		return -1;
	}
	bool user, password;
	const char *host = url_host(s + scheme_len + 3, &user, &password);
	if (password || (user && str_starts(s, "http"))) {
		error_set(err, ERROR_USAGE, "repository: the URL holds a user or a password");
		return error_hint(err, "it would show in argv and in reports: clone it first and give the folder");
	}
	if (*host == '-' || s[scheme_len + 3] == '-' || (strcspn(host, "/?#:") == 0 && !str_starts(s, "file")))
		return error_set(err, ERROR_USAGE, "repository \"%s\" has no proper host", s);
	return 0;
}

/* [user@]host:path, as git reads it: no slash before the colon. */
static bool is_scp_form(const char *s)
{
	size_t user = span_alnum(s, "._-");
	const char *host = s[user] == '@' ? s + user + 1 : s;
	size_t len = span_alnum(host, ".-");
	return len && *s != '-' && *host != '-' && host[len] == ':' && host[len + 1] && host[len + 1] != '-' &&
	       host[len + 1] != ':';
}

int build_check_repository(const char *s, struct error *err)
{
	size_t len = strlen(s);
	if (len == 0 || len > MAX_REPOSITORY || !str_is_utf8(s, len) || has_control(s))
		return error_set(
			err, ERROR_USAGE,
			"repository: give a URL or a folder, 1 to 1,000 bytes of UTF-8 without control characters");
	if (*s == '-')
		return error_set(err, ERROR_USAGE, "repository \"%.80s\" starts with '-'", s);
	if (fs_is_dir(s))
		return 0;
	size_t scheme = span_alnum(s, "+-.");
	if (strncmp(s + scheme, "://", 3) == 0)
		return check_url(s, scheme, err);
	if (is_scp_form(s))
		return 0;
	error_set(err, ERROR_USAGE, "repository \"%.200s\" is neither a folder here nor a URL", s);
	return error_hint(err, "for example https://host/owner/name, git@host:owner/name, or the path of a clone");
}

bool build_is_full_sha(const char *s)
{
	size_t n = strspn(s, "0123456789abcdef");
	return s[n] == 0 && (n == 40 || n == 64);
}
