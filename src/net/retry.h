/* When to try a request again: AWS's standard mode.
 * Source: AWS SDKs and Tools Reference Guide, "Retry behavior".
 *
 *     struct retry retry = { 0 };     // one for a client: a broken server is soon left alone
 *     for (unsigned attempt = 1;; attempt++) {
 *         enum retry_cost cost = one_try(…, err);     // RETRY_NEVER: done, or a permanent error
 *         if (cost == RETRY_NEVER || !retry_wait(&retry, attempt, cost, err))
 *             return …;     // *err is the last try's, or the stop request
 *     }
 *
 * At most 3 attempts, rand(0,1) * min(2^i, 20 s) between them, i from 0. Each retry takes tokens from a bucket of 500;
 * an empty bucket ends the retries. A success gives the last cost back.
 */
#ifndef NET_RETRY_H
#define NET_RETRY_H

#include "base/error.h"
#include "net/http.h"

#include <stdbool.h>
#include <stdint.h>

#define RETRY_ATTEMPTS 3

enum retry_cost { RETRY_NEVER = 0, RETRY_PLAIN = 5, RETRY_AFTER_TIMEOUT = 10 };

struct retry {
	uint64_t unit_ns; /* length of 2^0; 0: 1 s */
	unsigned spent;   /* tokens taken from the bucket */
	unsigned last_cost;
};

/* What a request that got no reply costs to try again: nothing helps against an untrusted certificate, a reply that is
 * too large, or a fault of this machine. */
enum retry_cost retry_cost_of(enum http_failure failure);

/* True after the wait, when attempt (from 1) may be followed by another. False when tries or tokens are used up
 * (*err stays), or on a stop request (*err becomes ERROR_INTERRUPTED). */
bool retry_wait(struct retry *r, unsigned attempt, enum retry_cost cost, struct error *err);
/* A try succeeded. */
void retry_succeeded(struct retry *r);
/* The longest wait before the retry that follows attempt. Pure. */
uint64_t retry_longest_wait_ns(const struct retry *r, unsigned attempt);

/* Waits for ns, observing stop requests: 0, or -1 and ERROR_INTERRUPTED. */
int retry_pause(uint64_t ns, struct error *err);

#endif
