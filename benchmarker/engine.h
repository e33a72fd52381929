/* Engine files: how to build, start, probe, stop and profile a database, as data (JSON; docs/engines.md is the schema).
 * Shipped ones (benchmarker/engines) are embedded in the program; --engine-file adds one.
 *
 * Arguments and SQL may hold variables: ${exec} ${port} ${host} ${socket} ${data} ${pprof_port} ${home} ${user}
 * ${password}
 * ${database} ${version} ${threads}. An unknown variable, key or type is ERROR_USAGE, naming the file and the key.
 */
#ifndef BENCHMARKER_ENGINE_H
#define BENCHMARKER_ENGINE_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum protocol { PROTOCOL_MYSQL, PROTOCOL_POSTGRES };

struct engine_command {
	struct strlist argv; /* with ${…} */
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
	/* run */
	struct strlist exec_candidates; /* program names or paths looked for when no --*-exec is given: "mariadbd", … */
	struct strlist exec_path;       /* further folders to look in: "/usr/lib/postgresql/15/bin" */
	struct engine_command version; /* prints a version; argv empty: none */
	struct engine_command *setup;  /* run in order before the first start, in the data folder */
	size_t setup_len;
	struct strlist setup_env; /* also for start: "DOLT_ROOT_PATH=${home}" */
	struct engine_command start;
	int stop_signal;
	uint64_t stop_grace_ns;
	uint64_t ready_timeout_ns;
	char *run_as;    /* when started by root: switch to this user ("postgres"); NULL: stay */
	bool has_socket; /* start argv uses ${socket}: clients use the socket */
	/* connect */
	char *admin_user, *admin_password, *admin_database; /* for SELECT 1 and init_sql */
	struct strlist init_sql;                            /* after the first start, as admin */
	char *user, *password, *database;                   /* for the load */
	struct strlist load_options;                        /* further sysbench options: "--mysql-ignore-errors=…" */
	/* profile */
	char *profile_path; /* HTTP path on ${pprof_port}; NULL: engine has no HTTP pprof */
};

void engine_release(struct engine *e);
/* Parses one engine file. name_hint appears in messages. */
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
/* Replaces ${name}s; variables ends with a NULL name. Owned. */
char *engine_expand(const char *text, const struct engine_variable *variables, struct error *err);

#endif
