#include "benchmarker/server_command.h"

#include "base/fs.h"

#include <string.h>

static const int oom_score_adj = 500; /* when memory is short, the server goes first: then somebody is left to say so */

static const char *big_repository(const struct start *st)
{
	const char *asked = st->spec->big_repository;
	return !asked ? "" : *asked ? asked : st->s->engine->big_repository;
}

int server_expand(const struct start *st, const struct strlist *texts, struct strlist *ret, struct error *err)
{
	const struct server *s = st->s;
	const struct engine *e = s->engine;
	char port[16], pprof_port[16];
	snprintf(port, sizeof port, "%u", s->port);
	snprintf(pprof_port, sizeof pprof_port, "%u", s->pprof_port);
	const struct engine_variable variables[] = {
		{ "exec", s->exec },
		{ "home", s->home_dir },
		{ "host", server_host },
		{ "port", port },
		{ "socket", s->socket ? s->socket : "" },
		{ "pprof_port", pprof_port },
		{ "data", s->data_dir },
		{ "tmp", s->tmp_dir },
		{ "user", e->user },
		{ "password", e->password },
		{ "database", e->database },
		{ "os_user", st->owner.name },
		{ "config", s->config_path ? s->config_path : "" },
		{ "profile_dir", s->profile_dir ? s->profile_dir : "" },
		{ "format", st->spec->format ? st->spec->format : "" },
		{ "big_repository", big_repository(st) },
		{ NULL, NULL },
	};
	for (size_t i = 0; i < texts->len; i++) {
		AUTO_FREE char *text = engine_expand(texts->items[i], variables, err);
		if (!text)
			return -1;
		strlist_add(ret, text);
	}
	return strlist_check(ret, err);
}

/* Sets each "NAME=value" in env. */
static int set_all(struct strlist *env, const struct strlist *assignments, struct error *err)
{
	for (size_t i = 0; i < assignments->len; i++) {
		const char *a = assignments->items[i], *equals = strchr(a, '=');
		AUTO_FREE char *name = equals ? strndup(a, (size_t)(equals - a)) : NULL;
		if (!equals)
			return error_set(err, ERROR_INTERNAL, "\"%.80s\" is not NAME=value", a);
		if (!name || proc_env_set(env, name, equals + 1) < 0)
			return error_oom(err);
	}
	return 0;
}

int server_make_env(struct start *st, struct error *err)
{
	const struct server *s = st->s;
	CLEANUP(strlist) struct strlist own = STRLIST_INIT;
	CLEANUP(strbuf) struct strbuf path = STRBUF_INIT(64 << 10);
	strlist_release(&st->env);
	if (proc_base_env(&st->env, err) < 0 || server_expand(st, &s->engine->setup_env, &own, err) < 0)
		return -1;
	strbuf_add(&path, s->exec, (size_t)(strrchr(s->exec, '/') - s->exec));
	for (size_t i = 0; i < st->env.len; i++)
		if (str_starts(st->env.items[i], "PATH="))
			strbuf_addf(&path, ":%s", st->env.items[i] + strlen("PATH="));
	for (size_t i = 0; i < s->engine->exec_path.len; i++)
		strbuf_addf(&path, ":%s", s->engine->exec_path.items[i]);
	if (strbuf_check(&path, err) < 0)
		return -1;
	proc_env_set(&st->env, "PATH", path.data);
	proc_env_set(&st->env, "HOME", s->home_dir);
	proc_env_set(&st->env, "TMPDIR", s->tmp_dir);
	if (st->spec->format && server_expand(st, &s->engine->format_env, &own, err) < 0)
		return -1;
	if (set_all(&st->env, &own, err) < 0 || set_all(&st->env, &st->spec->extra_env, err) < 0)
		return -1;
	return strlist_check(&st->env, err);
}

struct proc_spec server_command_spec(const struct start *st, const struct strlist *argv)
{
	struct proc_spec spec = PROC_SPEC_INIT;
	spec.argv = strlist_array(argv);
	spec.env = strlist_array(&st->env);
	spec.dir = st->s->data_dir;
	spec.stdout_fd = spec.stderr_fd = st->log_fd;
	spec.user = st->owner.user;
	spec.cpus = st->spec->cpus;
	spec.oom_score_adj = oom_score_adj;
	return spec;
}

/* The flags for profiles come first: what follows may belong to a subcommand. */
int server_start_command(const struct start *st, struct strlist *ret, struct error *err)
{
	const struct engine *e = st->s->engine;
	CLEANUP(strlist) struct strlist texts = STRLIST_INIT;
	for (size_t i = 0; i < e->start.argv.len; i++) {
		strlist_add(&texts, e->start.argv.items[i]);
		if (i == 0 && st->s->profiled)
			strlist_add_all(&texts, strlist_array(&e->profile_flags));
	}
	if (st->s->load_by_socket)
		strlist_add_all(&texts, strlist_array(&e->socket_flags));
	if (strlist_check(&texts, err) < 0)
		return -1;
	return server_expand(st, &texts, ret, err);
}

/* The file ${config}, which the server's user may read. */
int server_write_config(const struct start *st, struct error *err)
{
	const struct server *s = st->s;
	CLEANUP(strlist) struct strlist lines = STRLIST_INIT;
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(1 << 20);
	if (!s->config_path)
		return 0;
	if (server_expand(st, &s->engine->config, &lines, err) < 0)
		return -1;
	for (size_t i = 0; i < lines.len; i++)
		strbuf_addf(&text, "%s\n", lines.items[i]);
	if (strbuf_check(&text, err) < 0 || fs_write_atomic(s->config_path, text.data, text.len, 0600, err) < 0)
		return -1;
	return server_give_to_owner(&st->owner, s->config_path, err);
}
