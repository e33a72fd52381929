/* Engine files: how to build, start, probe, stop and profile a database, as data (JSON; docs/engines.md is the schema).
 * Shipped ones (benchmarker/engines) are embedded in the program; --engine-file adds one.
 *
 *     CLEANUP(engine) struct engine e = { 0 };
 *     if (engine_find("mariadb", &e, err) < 0) …
 *
 * An engine file is hostile input: at most 64 KiB, strict. An unknown key, a wrong type, a missing key, a value out of
 * range and an unknown variable are ERROR_USAGE, naming the file and the key's path ("start[3]"); *ret is then zeroed.
 * What it asks to run is run as it says, though: using somebody's engine file is running their program.
 *
 * Strings may hold variables:
 *     version, setup, env, start, init_sql:
 *         ${exec}                    the server program
 *         ${home}                    its home folder
 *     setup, env, start, init_sql:
 *         ${data} ${tmp}             folders: its data, its temporary files
 *         ${host} ${socket}          where to listen: mysql: path of the socket, postgres: folder of the socket
 *         ${user} ${password} ${database}  of the load
 *         ${os_user}                 the user that the server runs as (name, or number if it has none)
 *     env, start, init_sql, config, profile.flags:
 *         ${port}                    where to listen
 *         ${pprof_port}              a second free port, for HTTP pprof (or the engine's fixed one)
 *     start, profile.flags:
 *         ${config}                  the file that holds the lines of config
 *     profile.flags, with profile.file:
 *         ${profile_dir}             empty folder that the profile is written into
 *     big.setup:
 *         ${big_repository}          address of the repository to copy
 *     format.env:
 *         ${format}                  name of the storage format
 */
#ifndef BENCHMARKER_ENGINE_H
#define BENCHMARKER_ENGINE_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

#define ENGINE_FILE_MAX (64 << 10) /* bytes */

enum protocol { PROTOCOL_MYSQL, PROTOCOL_POSTGRES };

struct engine_command {
	struct strlist argv; /* with ${…} */
};

/* One platform that releases are built for: what comes on top of build_env and build_flags. */
struct engine_target {
	char *name; /* "linux/arm64": GOOS/GOARCH */
	struct strlist env, flags;
	struct strlist packages; /* kinds of archive: "tar.gz", "zip", "7z"; empty: the platform's usual one */
};

struct engine_commands {
	struct engine_command *items;
	size_t len;
};

struct engine {
	char *name;
	enum protocol protocol;
	/* build: NULL repository and package when the engine cannot be built from a commit */
	char *repository;           /* default clone URL or NULL */
	char *module_dir;           /* folder of go.mod within the repository: "go" for dolt, "." default */
	char *package;              /* Go package to build: "./cmd/dolt"; NULL: not buildable */
	char *binary;               /* file name of the built program */
	struct strlist build_env;   /* "CGO_ENABLED=1" */
	struct strlist build_flags; /* further go build arguments: "-tags=x" */
	char *licenses;             /* file within the repository that release archives carry; NULL: the usual names */
	struct engine_target *targets;
	size_t targets_len;
	/* run */
	struct strlist exec_candidates; /* program names or paths looked for when no --*-exec is given: "mariadbd", … */
	struct strlist exec_path;       /* further folders to look in: "/usr/lib/postgresql/15/bin" */
	struct engine_command version; /* prints a version; argv empty: none */
	/* What its version command must and must not say, so that nobody measures another database by mistake. */
	char *version_contains, *version_excludes; /* NULL: nothing */
	char *mistaken_for;                        /* engine that such a program is of, for the hint; or NULL */
	struct engine_commands
		setup;            /* run in order before the start, in the data folder; names found beside ${exec} */
	struct strlist setup_env; /* also for start: "DOLT_ROOT_PATH=${home}" */
	struct strlist config;    /* lines of the file ${config}, written before each start; empty: none */
	struct engine_command start;
	int stop_signal;
	uint64_t stop_grace_ns;
	uint64_t ready_timeout_ns;
	char *run_as;                /* when started by root: switch to this user ("postgres"); NULL: stay */
	bool has_socket;             /* start or config uses ${socket}: clients use the socket unless told otherwise */
	bool has_port;               /* they use ${port} */
	struct strlist socket_flags; /* put at the end of start when clients use the socket; then has_socket is false */
	/* variants */
	char *big_repository;             /* default address of a large repository to start with */
	struct engine_commands big_setup; /* in place of setup then; none: it knows no such thing */
	struct strlist format_env; /* further environment when a storage format is asked for; empty: it has one */
	char *format_query;        /* asks the load's database for its format: the answer holds the name; or NULL */
	/* connect */
	char *admin_user, *admin_password, *admin_database; /* for SELECT 1 and init_sql */
	struct strlist init_sql;                            /* once it is ready, as admin */
	char *user, *password, *database;                   /* for the load */
	struct strlist load_options;                        /* further sysbench options: "--mysql-ignore-errors=…" */
	/* How much the luck of a start is, for comparisons that have too few of them to see it (statistics.h). */
	double start_sd;        /* standard deviation of the log-ratio of two starts; 0: not known */
	unsigned start_sd_from; /* starts that it was found from */
	/* profile: one of path and file, or neither */
	char *profile_path;           /* HTTP path of the profile; NULL: engine has no HTTP pprof */
	unsigned profile_port;        /* the one port that it can listen on; 0: ${pprof_port} */
	char *profile_file;           /* pattern of the file in ${profile_dir} with a process's whole life; or NULL */
	struct strlist profile_flags; /* put behind the program only when profiles are taken */
};

void engine_release(struct engine *e);
/* Can a CPU profile of it be taken, one way or the other? */
bool engine_gives_profile(const struct engine *e);
/* Parses one engine file. name_hint appears in messages. Releases what *ret holds only on failure. */
int engine_parse(const char *json, size_t len, const char *name_hint, struct engine *ret, struct error *err);
/* A shipped engine by name; unknown: ERROR_USAGE with the nearest name and the list. */
int engine_find(const char *name, struct engine *ret, struct error *err);
int engine_load_file(const char *path, struct engine *ret, struct error *err);
/* Names of the shipped ones. */
int engine_names(struct strlist *ret, struct error *err);

struct engine_variable {
	const char *name;
	const char *value;
};
/* Replaces ${name}s; variables ends with a NULL name; a '$' without '{' stands for itself. Owned. ERROR_USAGE for an
 * unknown variable or a missing '}'. */
char *engine_expand(const char *text, const struct engine_variable *variables, struct error *err);

#endif
