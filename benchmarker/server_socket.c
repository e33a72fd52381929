/* The Unix socket of a server: whether clients use it, and where it is. */
#include "base/fs.h"
#include "benchmarker/server_place.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int choose_transport(struct server *s, enum server_transport asked, struct error *err)
{
	const struct engine *e = s->engine;
	bool can_socket = e->has_socket || e->socket_flags.len;
	if (asked == SERVER_TRANSPORT_SOCKET && !can_socket)
		return error_set(err, ERROR_USAGE, "engine %s listens on no Unix socket", e->name);
	if (asked == SERVER_TRANSPORT_TCP && !e->has_port)
		return error_set(err, ERROR_USAGE, "engine %s listens on no TCP port", e->name);
	/* The administrator's way is the engine's own: MySQL lets root in by the socket alone. */
	s->admin_by_socket = e->has_socket;
	s->load_by_socket = asked == SERVER_TRANSPORT_SOCKET || (asked == SERVER_TRANSPORT_DEFAULT && e->has_socket);
	return 0;
}

void server_remove_socket(const char *path)
{
	AUTO_FREE char *lock = str_printf(NULL, "%s.lock", path);
	unlink(path);
	if (lock)
		unlink(lock);
}

/* 0: nobody listens there. An errno otherwise: EADDRINUSE for somebody who does. */
static int probe(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return errno;
	memcpy(a.sun_path, path, strlen(path) + 1);
	if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0 || errno == EAGAIN)
		return EADDRINUSE;
	return errno == ECONNREFUSED || errno == ENOENT ? 0 : errno;
}

/* Makes path free for a server; else why holds the reason. A lock file names a process, but after a container's
 * restart another one has that number: whether somebody answers decides. */
static bool claim(const char *path, struct error *why)
{
	struct stat sb;
	AUTO_FREE char *folder = strndup(path, (size_t)(strrchr(path, '/') - path));
	if (strlen(path) >= sizeof((struct sockaddr_un *)0)->sun_path) {
		error_set(why, ERROR_USAGE, "the path is over 107 bytes long");
		return false;
	}
	if (!folder || fs_mkdirs(*folder ? folder : "/", 0755, why) < 0)
		return false;
	if (access(*folder ? folder : "/", W_OK | X_OK) < 0) {
		error_set(why, ERROR_USAGE, "%s: %s", folder, strerror(errno));
		return false;
	}
	if (lstat(path, &sb) == 0 && !S_ISSOCK(sb.st_mode)) {
		error_set(why, ERROR_USAGE, "something else than a socket is there");
		return false;
	}
	int e = probe(path);
	if (e) {
		error_set(why, ERROR_USAGE, "%s", e == EADDRINUSE ? "another server listens there" : strerror(e));
		return false;
	}
	server_remove_socket(path);
	return true;
}

static int choose_own_path(struct server *s, const struct server_owner *o, struct error *err)
{
	const char *folder = s->tmp_dir;
	if (strlen(folder) + strlen("/.s.PGSQL.65535.lock") >= sizeof((struct sockaddr_un *)0)->sun_path) {
		if (server_make_private_dir(s, o, err) < 0)
			return -1;
		folder = s->private_dir;
	}
	s->socket =
		s->engine->protocol == PROTOCOL_MYSQL ? str_printf(err, "%s/mysql.sock", folder) : str_dup(folder, err);
	return s->socket ? 0 : -1;
}

int server_choose_socket(struct server *s, const struct server_owner *o, const struct server_spec *spec,
			 struct error *err)
{
	if (choose_transport(s, spec->transport, err) < 0)
		return -1;
	if (!s->engine->has_socket && !s->load_by_socket)
		return 0;
	const char *asked = s->engine->protocol == PROTOCOL_MYSQL ? spec->socket_path : NULL;
	struct error why = ERROR_INIT;
	if (!asked)
		return choose_own_path(s, o, err);
	if (claim(asked, &why)) {
		s->own_socket = true;
		return (s->socket = str_dup(asked, err)) ? 0 : -1;
	}
	if (choose_own_path(s, o, err) < 0)
		return -1;
	snprintf(s->note, sizeof s->note, "the %s server's socket is %.110s: %.150s cannot be used: %.150s", s->label,
		 s->socket, asked, why.message);
	return 0;
}
