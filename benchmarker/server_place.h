/* Where a server lives: its user, folders, socket and ports. Part of server.c's work; nobody else needs it. */
#ifndef BENCHMARKER_SERVER_PLACE_H
#define BENCHMARKER_SERVER_PLACE_H

#include "benchmarker/server.h"

enum { SERVER_LOG_TAIL_BYTES = 4096 };

extern const char server_host[]; /* the address that servers listen on */

/* Who the server runs as. */
struct server_owner {
	const char *user; /* to switch to; NULL: stay */
	uid_t uid;        /* of user */
	gid_t gid;
	char name[64]; /* of the user in any case; a number if it has no name */
};
int server_choose_owner(const struct server *s, struct server_owner *ret, struct error *err);

/* Makes spec's dir and fills in s's folders, paths and socket; folders are empty and belong to the owner. */
int server_make_folders(struct server *s, const struct server_owner *o, const struct server_spec *spec,
			struct error *err);
/* Empties s's profile_dir, if it has one. */
int server_empty_profile_dir(const struct server *s, const struct server_owner *o, struct error *err);
int server_give_to_owner(const struct server_owner *o, const char *path, struct error *err);
/* A temporary folder of the owner's as s's private_dir, if there is none yet. */
int server_make_private_dir(struct server *s, const struct server_owner *o, struct error *err);

/* Fills in how clients connect, and the socket's path (mysql) or folder (postgres). What a dead server left at the path
 * that was asked for is removed; a path that cannot be used is answered by another one and a note. */
int server_choose_socket(struct server *s, const struct server_owner *o, const struct server_spec *spec,
			 struct error *err);
/* The socket and its lock file, if they are there. */
void server_remove_socket(const char *path);

/* Fills in s's ports: wanted (0: a free one), and one for profiles: a free one, or the engine's own where profiles are
 * taken. A port that has to be this one and is taken is an error. */
int server_choose_ports(struct server *s, unsigned wanted, struct error *err);
/* The server ended before it was ready: was it because somebody took a port that was free a moment ago? */
bool server_lost_port(const struct server *s);

#endif
