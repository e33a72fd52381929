#include "net/http.h"

#include "net/transfer.h"

#include <arpa/inet.h>
#include <string.h>

void http_url_release(struct http_url *u)
{
	free(u->host);
	free(u->authority);
	free(u->path);
	*u = (struct http_url){ 0 };
}

static int url_fill(CURLU *parsed, struct http_url *ret, struct error *err)
{
	AUTO_FREE char *scheme = transfer_url_part(parsed, CURLUPART_SCHEME);
	AUTO_FREE char *host = transfer_url_part(parsed, CURLUPART_HOST);
	AUTO_FREE char *port = transfer_url_part(parsed, CURLUPART_PORT);
	if (!host || !*host)
		return error_set(err, ERROR_USAGE, "the URL names no host");
	if (!scheme || (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0))
		return error_set(err, ERROR_USAGE, "the URL is neither http nor https");
	for (char *p = host; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p += 'a' - 'A';
	ret->https = strcmp(scheme, "https") == 0;
	bool show_port = port && strcmp(port, ret->https ? "443" : "80") != 0;
	ret->authority = str_printf(err, "%s%s%s", host, show_port ? ":" : "", show_port ? port : "");
	ret->path = transfer_url_part(parsed, CURLUPART_PATH);
	size_t len = strlen(host);
	ret->host = *host == '[' && host[len - 1] == ']' ? strndup(host + 1, len - 2) : strdup(host);
	if (!ret->authority || !ret->path || !ret->host)
		return error_oom(err);
	return 0;
}

int http_url_parse(const char *url, struct http_url *ret, struct error *err)
{
	for (const char *p = url; *p; p++)
		if ((unsigned char)*p <= 0x20 || *p == 0x7f)
			return error_set(err, ERROR_USAGE, "the URL holds a space or a control character");
	if (!str_starts(url, "http://") && !str_starts(url, "https://"))
		return error_set(err, ERROR_USAGE, "the URL does not begin with https:// or http://");
	CURLU *parsed = curl_url();
	if (!parsed)
		return error_oom(err);
	struct http_url u = { 0 };
	int r = -1;
	CURLUcode code = curl_url_set(parsed, CURLUPART_URL, url, CURLU_PATH_AS_IS | CURLU_DISALLOW_USER);
	if (code == CURLUE_USER_NOT_ALLOWED)
		error_set(err, ERROR_USAGE, "the URL holds a user name or password");
	else if (code != CURLUE_OK)
		error_set(err, ERROR_USAGE, "not a valid URL: %s", curl_url_strerror(code));
	else
		r = url_fill(parsed, &u, err);
	curl_url_cleanup(parsed);
	if (r < 0)
		http_url_release(&u);
	else
		*ret = u;
	return r;
}

bool http_host_is_loopback(const char *host)
{
	struct in_addr v4;
	struct in6_addr v6;
	if (inet_pton(AF_INET, host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	if (inet_pton(AF_INET6, host, &v6) == 1)
		return IN6_IS_ADDR_LOOPBACK(&v6);
	return strcmp(host, "localhost") == 0;
}
