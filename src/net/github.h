/* GitHub's repository_dispatch event.
 * Source: docs.github.com, REST API, "Create a repository dispatch event".
 *
 * Limits are checked by github_dispatch_check before a run starts, so that a payload that GitHub will refuse never
 * costs an hour. The token file is read when dispatching, not at start (installation tokens live one hour). Retried
 * only where safe: connection never made, 429 or 403 with retry-after or x-ratelimit-reset within 5 minutes; not after
 * a 5xx or a lost reply (it may have been accepted). The token is never part of a message.
 *
 *     struct github_dispatch d = { .api_url = "https://api.github.com", .repository = "owner/name",
 *                                  .event_type = "email-report", .payload = payload, .token_file = path };
 *     if (github_dispatch_check(&d, err) < 0) …      // before the run
 *     if (github_dispatch_send(&d, err) < 0) …       // after it
 */
#ifndef NET_GITHUB_H
#define NET_GITHUB_H

#include "base/error.h"

#include <cjson/cJSON.h>
#include <stdint.h>

struct github_dispatch {
	const char *api_url;    /* "https://api.github.com"; http only to loopback */
	const char *repository; /* "owner/name" */
	const char *event_type; /* at most 100 characters */
	const cJSON *payload;   /* object, at most 10 top-level keys, under 64 KB as JSON */
	const char *token;      /* or NULL and */
	const char *token_file;
	const char *ca_file;    /* NULL: default */
	uint64_t retry_unit_ns; /* net/retry.h; 0: 1 s */
};

/* ERROR_USAGE if GitHub would refuse it, or there is no token that can be read. */
int github_dispatch_check(const struct github_dispatch *d, struct error *err);
/* ERROR_PUBLISH unless GitHub said 204. */
int github_dispatch_send(const struct github_dispatch *d, struct error *err);

#endif
