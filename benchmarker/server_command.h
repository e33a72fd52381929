/* What a server's commands are made of: variables, environment, configuration file. Part of server.c's work; nobody
 * else needs it. */
#ifndef BENCHMARKER_SERVER_COMMAND_H
#define BENCHMARKER_SERVER_COMMAND_H

#include "benchmarker/server_place.h"

/* What a start needs beside the server itself. */
struct start {
	const struct server_spec *spec;
	struct server *s;
	bool again; /* on the data of a start before */
	struct server_owner owner;
	struct strlist env;
	int log_fd;
	struct proc version; /* the version command, beside the server's own start */
	int version_fd;      /* what it prints */
};

/* Adds texts with their variables replaced to *ret. */
int server_expand(const struct start *st, const struct strlist *texts, struct strlist *ret, struct error *err);
/* Fills st->env. The folder of exec comes first in PATH: set-up programs beside it belong to it (initdb). */
int server_make_env(struct start *st, struct error *err);
/* argv must outlive the returned spec. */
struct proc_spec server_command_spec(const struct start *st, const struct strlist *argv);
/* The words that start the server. */
int server_start_command(const struct start *st, struct strlist *ret, struct error *err);
/* The file ${config}, which the server's user may read, if the engine has one. */
int server_write_config(const struct start *st, struct error *err);

#endif
