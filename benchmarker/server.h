/* One database server under test: its folder, set-up, start, readiness, death and stop.
 *
 *     struct server_spec spec = { .engine = &e, .exec = path, .dir = "…/from", .label = "from" };
 *     CLEANUP(server) struct server s = SERVER_INIT;
 *     server_start(&s, &spec, err)     // empty data folder, set-up, version, free port, start, SELECT 1, init_sql,
 *                                      // and a connection as the load will make it
 *     … server_check(&s, err) …        // died meanwhile? ERROR_SERVER with its last log lines as detail
 *     server_stop(&s, err)             // stop signal, grace, SIGKILL (reported), reap
 *
 * Engines with profile.file write a CPU profile of a process's whole life when it ends. So that it is of nothing but
 * load, the data is made by a process without it:
 *     … prepare …
 *     server_stop_cleanly(&s, err)     // fails where what it kept may not be whole
 *     spec.profiled = true
 *     server_restart(&s, &spec, err)   // on the same data; no set-up, no init_sql
 *     … load …
 *     server_stop_cleanly(&s, err)
 *     path = server_profile_file(&s, err)
 *
 * Listens on 127.0.0.1 or a socket in a folder of its own only. Ready means that a client has run SELECT 1; polled with
 * bounded back-off, and a server that dies meanwhile is noticed at once. A free port that somebody else takes between
 * the choice and the start is answered by another one.
 *
 * Its standard output and error go to <dir>/server.log. The last lines are the detail of every error about it. The
 * server is foreign code: its environment is proc_base_env with HOME and TMPDIR of its own, the folders of exec and of
 * the engine's exec_path around PATH, what the engine file says and spec.extra_env.
 *
 * Where root starts an engine with run_as, data, home and temporary files belong to that user; dir and the log in it
 * stay root's, with mode 0711. What is the user's moves to a temporary folder when the user cannot enter dir; a socket
 * alone does when its path would be over the 107 bytes that an address holds. server_release removes that folder.
 *
 * Error kind: ERROR_SERVER, ERROR_INTERRUPTED, or ERROR_INTERNAL where this machine failed.
 */
#ifndef BENCHMARKER_SERVER_H
#define BENCHMARKER_SERVER_H

#include "base/error.h"
#include "base/proc.h"
#include "benchmarker/database.h"
#include "benchmarker/engine.h"

enum server_transport { SERVER_TRANSPORT_DEFAULT, SERVER_TRANSPORT_TCP, SERVER_TRANSPORT_SOCKET };

struct server_spec {
	const struct engine *engine;
	const char *exec;         /* absolute path of the program */
	const char *dir;          /* folder of its own (created, 0700): data/, home/, tmp/ (emptied), server.log */
	const char *label;        /* "from", "to": for messages */
	unsigned port;            /* 0: a free one */
	const cpu_set_t *cpus;    /* NULL: no pinning */
	bool profiled;            /* CPU profiles will be taken: with the engine's profile_flags and profile_port */
	struct strlist extra_env; /* GOMAXPROCS=…, GOEXPERIMENT=… */
	enum server_transport transport; /* of the load; default: the socket where start uses ${socket}, else TCP */
	const char
		*socket_path; /* where the socket shall be (MySQL's protocol, absolute); NULL: in a folder of its own */
	const char *setup_exec; /* program of the first setup command, in place of the engine file's; NULL: that one */
	const char *big_repository; /* NULL: none; "": the engine's own; else the address of another one */
	const char *format;         /* storage format; NULL: what the program makes by itself */
};

struct server {
	const struct engine *engine;
	char *label, *exec, *dir, *data_dir, *home_dir, *tmp_dir, *log_path; /* owned */
	char *profile_dir; /* of engines with profile.file; empty at each start; owned */
	char *socket;      /* as database_address has it; owned; NULL: it has none */
	bool load_by_socket, admin_by_socket;
	bool own_socket;   /* it is at spec.socket_path: to be removed at the end */
	char *config_path; /* of the engine's config; owned */
	char note[512];    /* what is otherwise than asked for: "the socket is elsewhere: …"; "" if all is as asked */
	char *private_dir; /* temporary folder (see above) or NULL; owned */
	unsigned port, pprof_port;
	bool profiled;
	struct proc proc;       /* proc.pidfd is readable when it has ended */
	char end[64];           /* how it ended by itself: "exited with status 1"; "" if it did not */
	bool killed;            /* SIGKILL was needed to stop it */
	struct proc_exit exit;  /* of a server that was stopped */
	uint64_t ready_ns;      /* how long start to ready took */
	char *reported_version; /* out of the version command, else what SELECT VERSION() says; owned */
};
#define SERVER_INIT               \
	{                         \
		.proc = PROC_INIT \
	}
void server_release(struct server *s); /* stops without grace if it still runs */

/* *ret must be SERVER_INIT, and is so again after a failure; then nothing of the server runs. spec->engine must outlive
 * it. Must be called from a thread that lives as long as the server (proc.h). A given port that is taken is an error,
 * and so is the engine's profile_port where profiles are taken. */
int server_start(struct server *ret, const struct server_spec *spec, struct error *err);
/* 0 while it runs (or was stopped by server_stop). */
int server_check(struct server *s, struct error *err);
/* Does not look at stop requests. 0 also when SIGKILL was needed: see s->killed. -1 if it had died by itself before,
 * as server_check would have said. Nothing of its process group is left either way. */
int server_stop(struct server *s, struct error *err);
/* The same, and ERROR_SERVER unless it ended by itself or by the stop signal, in time. */
int server_stop_cleanly(struct server *s, struct error *err);
/* Starts one that was stopped again, on the data that it has: without set-up and init_sql; in its log the new lines
 * stand behind the old ones. spec is that of its start, but for profiled; ports may be others than before. After a
 * failure *s is SERVER_INIT. */
int server_restart(struct server *s, const struct server_spec *spec, struct error *err);
/* The profile that a server wrote which was started with profiled and has been stopped: the one file in ${profile_dir}
 * that fits the engine's profile.file. Owned; NULL and ERROR_SERVER if there is none, or are several. */
char *server_profile_file(const struct server *s, struct error *err);
/* Address for the load; pointers into s and its engine. */
struct database_address server_address(const struct server *s, bool admin);
/* URL of its HTTP CPU profile, of a server started with profiled; NULL and ERROR_USAGE if the engine has none. Owned.
 */
char *server_profile_url(const struct server *s, struct error *err);
/* Absolute path of the program for an engine: given (a path or a name), or its first candidate that exists.
 * ERROR_USAGE with what was looked for. Owned. */
char *server_find_exec(const struct engine *e, const char *given, struct error *err);
/* Is it a program of this engine? Runs its version command, if the engine file has an identity to compare with, in a
 * temporary home. ERROR_USAGE with what it says of itself; a program that cannot be asked is one too. */
int server_check_exec(const struct engine *e, const char *exec, struct error *err);
/* Can what a program reports be the version that was asked for? "8.0", "8.0.35" and "v8.0.35" fit "8.0.35-debian". What
 * is no dotted number (a commit, a label) fits everything. Pure. */
bool server_version_fits(const char *asked, const char *reported);
/* The version in what a program says of itself: the first word of the first line that starts with a digit, or a v and
 * a digit, and holds a dot ("mariadbd  Ver 10.11.6-MariaDB for Linux": "10.11.6-MariaDB"); without one the whole line.
 * At most 200 bytes, into text; not terminated. Pure. */
const char *server_pick_version(const char *text, size_t *ret_len);

#endif
