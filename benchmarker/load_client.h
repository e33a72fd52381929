/* The sysbench process of load.c and load_data.c: command line, start, and what can happen while it runs. */
#ifndef BENCHMARKER_LOAD_CLIENT_H
#define BENCHMARKER_LOAD_CLIENT_H

#include "benchmarker/load.h"

#define LOAD_HOOK "hook.lua" /* names in spec->dir */
#define LOAD_GATE "gate"
#define LOAD_LOG "client.log"

/* Starts `sysbench <options> hook.lua command` in spec->dir, where our Lua is written first; its output goes to
 * client.log. stdin_fd: -1 or what becomes its standard input. ERROR_LOAD. */
int load_client_start(struct proc *ret, const struct load_spec *spec, const char *command, unsigned threads,
		      int stdin_fd, struct error *err);

enum load_event { LOAD_BYTES, LOAD_CLIENT_ENDED, LOAD_SERVER_ENDED, LOAD_TIMEOUT };

/* Waits for the first of: bytes in pipe_fd (-1: none), the client's end, the server's end, deadline_ns. -1: a stop was
 * requested. */
int load_client_wait(const struct proc *p, int pipe_fd, int server_fd, uint64_t deadline_ns, enum load_event *ret,
		     struct error *err);

/* True if the server has ended, or does so in a moment: a client sees its connection break a little earlier than its
 * server's end is known. */
bool load_server_gone(const struct load_spec *spec);

/* The first line of client.log that sysbench marks as fatal, without the mark and cut; without one, unless only a fatal
 * line is wanted, the last line. False, and an empty text, if there is none. */
#define LOAD_REASON_BYTES 300
bool load_client_said(const struct load_spec *spec, bool fatal_only, char ret[static LOAD_REASON_BYTES]);

/* Adds the last lines of client.log to *err as detail, unless it has some. Returns -1. */
int load_client_detail(const struct load_spec *spec, struct error *err);

/* ERROR_SERVER "the server ended during <test>". Returns -1. */
int load_server_error(const struct load_spec *spec, struct error *err);

#endif
