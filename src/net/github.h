/* GitHub's repository_dispatch event.
 * Source: docs.github.com, REST API, "Create a repository dispatch event".
 *
 * Limits are checked by github_dispatch_check before a run starts, so that a payload that GitHub will refuse never
 * costs an hour. The token file is read when dispatching, not at start (installation tokens live one hour). Retried
 * only where safe: connection never made, 429 or 403 with retry-after; not after a 5xx (it may have been accepted).
 */
#ifndef NET_GITHUB_H
#define NET_GITHUB_H

#include "base/error.h"

#include <cjson/cJSON.h>

struct github_dispatch {
	const char *api_url;    /* "https://api.github.com" */
	const char *repository; /* "owner/name" */
	const char *event_type; /* at most 100 characters */
	const cJSON *payload;   /* object, at most 10 top-level keys, under 64 KB as JSON */
	const char *token;      /* or NULL and */
	const char *token_file;
	const char *ca_file; /* NULL: default */
};

/* ERROR_USAGE if GitHub would refuse it, or there is no token at all. */
int github_dispatch_check(const struct github_dispatch *d, struct error *err);
/* ERROR_PUBLISH unless GitHub said 204. */
int github_dispatch_send(const struct github_dispatch *d, struct error *err);

#endif
