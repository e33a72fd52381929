#include "benchmarker/server_place.h"

#include "base/fs.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

const char server_host[] = "127.0.0.1";

/* ---- ports ---- */

/* A socket bound to port (0: a free one) of the loopback address, not listening; -1 with errno. */
static int bind_loopback(unsigned port, unsigned *ret_port)
{
	AUTO_CLOSE int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int one = 1;
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	socklen_t len = sizeof a;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	/* As servers do; without it a port whose last connections are in TIME_WAIT would count as taken. */
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0 ||
	    bind(fd, (struct sockaddr *)&a, sizeof a) < 0 || listen(fd, 1) < 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) < 0)
		return -1;
	*ret_port = ntohs(a.sin_port);
	return TAKE_FD(fd);
}

static bool port_is_free(unsigned port)
{
	unsigned got;
	AUTO_CLOSE int fd = bind_loopback(port, &got);
	return fd >= 0;
}

static void error_taken(const struct server *s, unsigned port, struct error *err)
{
	error_set(err, ERROR_SERVER, "%s server (%s): port %u of %s is taken", s->label, s->engine->name, port,
		  server_host);
}

int server_choose_ports(struct server *s, unsigned wanted, struct error *err)
{
	unsigned wanted_pprof = s->profiled ? s->engine->profile_port : 0;
	/* Both are held until both are known, so that they differ. */
	AUTO_CLOSE int first = bind_loopback(wanted, &s->port);
	if (first < 0 && wanted && errno == EADDRINUSE) {
		error_taken(s, wanted, err);
		return error_hint(err, "stop what listens there, or leave the port out: a free one is chosen then");
	}
	AUTO_CLOSE int second = first < 0 ? -1 : bind_loopback(wanted_pprof, &s->pprof_port);
	if (first >= 0 && second < 0 && wanted_pprof && errno == EADDRINUSE) {
		error_taken(s, wanted_pprof, err);
		return error_hint(err, "stop what listens there: this engine can give profiles on no other port");
	}
	if (second < 0)
		return error_errno(err, ERROR_SERVER, "%s server (%s): bind a port of %s", s->label, s->engine->name,
				   server_host);
	return 0;
}

bool server_lost_port(const struct server *s)
{
	CLEANUP(strbuf) struct strbuf tail = STRBUF_INIT(SERVER_LOG_TAIL_BYTES);
	fs_tail(s->log_path, SERVER_LOG_TAIL_BYTES, &tail);
	return strcasestr(tail.data, "address already in use") || strstr(tail.data, "EADDRINUSE") ||
	       !port_is_free(s->port) || (s->engine->profile_path && !port_is_free(s->pprof_port));
}

/* ---- folders ---- */

int server_choose_owner(const struct server *s, struct server_owner *ret, struct error *err)
{
	struct passwd pw, *found = NULL;
	char buf[4096];
	const char *name = s->engine->run_as;
	if (geteuid() == 0 && name) {
		if (getpwnam_r(name, &pw, buf, sizeof buf, &found) != 0 || !found) {
			error_set(err, ERROR_SERVER, "%s server (%s) runs as user %s, which does not exist here",
				  s->label, s->engine->name, name);
			return error_hint(err, "install the database's package, or do not run this as root");
		}
		ret->user = name;
		ret->uid = pw.pw_uid;
		ret->gid = pw.pw_gid;
		snprintf(ret->name, sizeof ret->name, "%s", name);
		return 0;
	}
	if (getpwuid_r(geteuid(), &pw, buf, sizeof buf, &found) == 0 && found)
		snprintf(ret->name, sizeof ret->name, "%s", pw.pw_name);
	else
		snprintf(ret->name, sizeof ret->name, "%u", (unsigned)geteuid());
	return 0;
}

/* May the user enter every folder above path (absolute)? By mode bits alone: a wrong no costs a temporary folder. */
static bool can_reach(const struct server_owner *o, const char *path)
{
	if (!o->user)
		return true;
	char part[PATH_MAX];
	for (size_t i = 1; path[i] && i < sizeof part; i++) {
		if (path[i] != '/')
			continue;
		struct stat sb;
		snprintf(part, sizeof part, "%.*s", (int)i, path);
		if (stat(part, &sb) < 0)
			return false;
		mode_t needed = sb.st_uid == o->uid ? S_IXUSR : sb.st_gid == o->gid ? S_IXGRP : S_IXOTH;
		if (!(sb.st_mode & needed))
			return false;
	}
	return true;
}

int server_give_to_owner(const struct server_owner *o, const char *path, struct error *err)
{
	if (o->user && lchown(path, o->uid, o->gid) < 0)
		return error_errno(err, ERROR_INTERNAL, "give %s to user %s", path, o->user);
	return 0;
}

/* An empty folder of the server's user. */
static int make_empty(const struct server_owner *o, const char *path, struct error *err)
{
	if (fs_remove_tree(path, err) < 0 || fs_mkdirs(path, 0700, err) < 0)
		return -1;
	return server_give_to_owner(o, path, err);
}

/* Owned; NULL on failure. */
static char *make_folder(const struct server_owner *o, const char *base, const char *name, struct error *err)
{
	AUTO_FREE char *path = str_printf(err, "%s/%s", base, name);
	return path && make_empty(o, path, err) == 0 ? TAKE(path) : NULL;
}

int server_empty_profile_dir(const struct server *s, const struct server_owner *o, struct error *err)
{
	return s->profile_dir ? make_empty(o, s->profile_dir, err) : 0;
}

int server_make_private_dir(struct server *s, const struct server_owner *o, struct error *err)
{
	if (s->private_dir)
		return 0;
	s->private_dir = fs_make_temp_dir("dbdyno", err);
	if (!s->private_dir || server_give_to_owner(o, s->private_dir, err) < 0)
		return -1;
	if (!can_reach(o, s->private_dir)) {
		error_set(err, ERROR_SERVER, "%s server (%s) runs as user %s, who can enter neither %s nor %s",
			  s->label, s->engine->name, o->user, s->dir, s->private_dir);
		return error_hint(err, "use an output folder that all users can enter, or TMPDIR=/tmp");
	}
	return 0;
}

int server_make_folders(struct server *s, const struct server_owner *o, const struct server_spec *spec,
			struct error *err)
{
	const char *dir = spec->dir;
	if (fs_mkdirs(dir, 0700, err) < 0 || !(s->dir = fs_absolute(dir, err)) ||
	    !(s->log_path = str_printf(err, "%s/server.log", s->dir)))
		return -1;
	const char *base = s->dir;
	if (can_reach(o, s->dir)) {
		/* Entered, but not owned: the log in it stays ours. */
		if (o->user && chmod(s->dir, 0711) < 0)
			return error_errno(err, ERROR_INTERNAL, "open %s to user %s", s->dir, o->user);
	} else {
		if (server_make_private_dir(s, o, err) < 0)
			return -1;
		base = s->private_dir;
	}
	if (!(s->data_dir = make_folder(o, base, "data", err)) || !(s->home_dir = make_folder(o, base, "home", err)) ||
	    !(s->tmp_dir = make_folder(o, base, "tmp", err)))
		return -1;
	if (s->engine->profile_file && !(s->profile_dir = make_folder(o, base, "profile", err)))
		return -1;
	if (s->engine->config.len && !(s->config_path = str_printf(err, "%s/server.conf", s->tmp_dir)))
		return -1;
	return server_choose_socket(s, o, spec, err);
}
