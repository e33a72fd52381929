/* A libcurl transfer driven to its end: bounded in time, cancellable. For http.c, http_url.c and smtp.c only; no
 * other file includes curl.h. */
#ifndef NET_TRANSFER_H
#define NET_TRANSFER_H

#include "base/error.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

struct transfer_limits {
	uint64_t timeout_ns; /* the whole; 0: 60 s */
	uint64_t stall_ns;   /* longest time without a byte; 0: 30 s */
	bool teardown;       /* not ended by a stop request */
	int cancel_fd;       /* readable: given up; -1: none */
};

enum transfer_end {
	TRANSFER_ENDED,     /* as *ret_code says */
	TRANSFER_STOPPED,   /* a stop request */
	TRANSFER_CANCELLED, /* cancel_fd */
	TRANSFER_TIMED_OUT,
	TRANSFER_STALLED,
	TRANSFER_BROKEN /* libcurl itself; *ret_code says why */
};

/* libcurl's set-up of the process, once. ERROR_INTERNAL. */
int transfer_init(struct error *err);

/* Runs easy, which the caller adds to multi before and removes after. *lines: lines of reply seen so far, which count
 * as progress (written by the caller's callbacks). */
enum transfer_end transfer_run(CURLM *multi, CURL *easy, const struct transfer_limits *limits, const uint64_t *lines,
			       CURLcode *ret_code);

/* Part of a URL that libcurl took apart; NULL: absent, or no memory. Owned. */
char *transfer_url_part(CURLU *parsed, CURLUPart part);

/* ERROR_PUBLISH for the two ends that are limits of ours: "not finished after 60 s", "nothing moved for 30 s". */
int transfer_limit_error(enum transfer_end end, const struct transfer_limits *limits, struct error *err);

#endif
