/* Starts tests/fakes/http_double.py for one test.
 *
 *     CLEANUP(double_server) struct double_server d = { 0 };
 *     double_start(&d, "[{\"status\": 503}, {\"status\": 200}]", false);
 *     … requests to d.url …
 *     check_str(double_text(&d, 0, "method"), "PUT");            // the first request
 *     check_str(double_header(&d, 1, "x-amz-date"), …);
 *
 * Whatever fails here fails the test. Everything is gone after release. */
#ifndef TESTS_NET_DOUBLE_H
#define TESTS_NET_DOUBLE_H

#include "base/proc.h"

#include <cjson/cJSON.h>
#include <stdbool.h>

struct double_server {
	struct proc proc;
	char *folder; /* owned; the test may put files into it */
	int port;
	char url[64];      /* "http://127.0.0.1:PORT", with TLS "https://localhost:PORT" */
	char ca_file[256]; /* with TLS */
	cJSON *requests;   /* as last read */
};

void double_start(struct double_server *d, const char *script, bool tls);
void double_server_release(struct double_server *d);

/* Number of requests so far. */
int double_count(struct double_server *d);
/* Of request i: "method", "target", "body", "body_sha256"; NULL if there is none. Valid until the next double_ call. */
const char *double_text(struct double_server *d, int i, const char *name);
const char *double_header(struct double_server *d, int i, const char *lower_case_name);
/* Writes a file in the folder and returns its path, owned by the caller. */
char *double_file(struct double_server *d, const char *name, const void *data, size_t len);

/* A chain of credentials for tests: "NAME=value" strings, NULL-terminated, stand for the environment. */
const char *double_getenv(const char *name, void *data);

#endif
