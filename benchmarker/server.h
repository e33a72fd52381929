/* One database server under test: its folder, set-up, start, readiness, death and stop.
 *
 *     struct server_spec spec = { .engine = &e, .exec = path, .dir = "…/from" };
 *     CLEANUP(server) struct server s = SERVER_INIT;
 *     server_start(&s, &spec, err)     // data folder, set-up, free port, start, SELECT 1, init_sql
 *     … server_check(&s, err) …        // died meanwhile? ERROR_SERVER with its last log lines as detail
 *     server_stop(&s, err)             // stop signal, grace, SIGKILL (reported), reap
 *
 * Listens on 127.0.0.1 or a socket in its own folder only. A taken port is answered by another one.
 */
#ifndef BENCHMARKER_SERVER_H
#define BENCHMARKER_SERVER_H

#include "base/error.h"
#include "base/proc.h"
#include "benchmarker/database.h"
#include "benchmarker/engine.h"

struct server_spec {
	const struct engine *engine;
	const char *exec;         /* absolute path of the program */
	const char *dir;          /* folder of its own (created, 0700): data/, home/, log, socket */
	const char *label;        /* "from", "to": for messages */
	unsigned port;            /* 0: a free one */
	const cpu_set_t *cpus;    /* NULL: no pinning */
	struct strlist extra_env; /* GOMAXPROCS=…, GOEXPERIMENT=… */
};

struct server {
	const struct engine *engine;
	char *label, *exec, *dir, *data_dir, *home_dir, *log_path, *socket; /* owned; socket NULL: TCP */
	unsigned port, pprof_port;
	struct proc proc;
	bool killed;            /* SIGKILL was needed to stop it */
	uint64_t ready_ns;      /* how long start to ready took */
	char *reported_version; /* what SELECT VERSION() says; owned */
};
#define SERVER_INIT               \
	{                         \
		.proc = PROC_INIT \
	}
void server_release(struct server *s); /* stops without grace if it still runs */

int server_start(struct server *ret, const struct server_spec *spec, struct error *err);
int server_check(struct server *s, struct error *err);
/* 0 also when SIGKILL was needed: see s->killed. */
int server_stop(struct server *s, struct error *err);
/* Address for the load; pointers into s and its engine. */
struct database_address server_address(const struct server *s, bool admin);
/* URL of its HTTP CPU profile; NULL and ERROR_USAGE if the engine has none. Owned. */
char *server_profile_url(const struct server *s, struct error *err);
/* Absolute path of the program for an engine: given (a path or a name), or its first candidate that exists.
 * ERROR_USAGE with what was looked for. Owned. */
char *server_find_exec(const struct engine *e, const char *given, struct error *err);
/* First line of `exec version`; "" if the engine has no version command. Owned. */
char *server_exec_version(const struct engine *e, const char *exec, struct error *err);

#endif
