/* What today's flags by kind of server mean for a side: they name MySQL's program, not "the from side's". */
#include "options.h"

#include "base/fs.h"
#include "benchmarker/server.h"

#include <stdio.h>
#include <string.h>

static const char today_format[] = "__DOLT__"; /* what run-benchmarks.sh passes unless told otherwise */

/* The flags, and the engine that each is for. */
static const struct {
	const char *flag, *engine;
	size_t program; /* offset of its path; 0: the flag names no program */
} by_engine[] = {
#define PROGRAM(member) offsetof(struct engine_options, member) + 1
	{ "mysql-exec", "mysql", PROGRAM(mysql_exec) },
	{ "mysql-protocol", "mysql", 0 },
	{ "mysql-socket", "mysql", 0 },
	{ "postgres-exec", "postgres", PROGRAM(postgres_exec) },
	{ "init-db-exec", "postgres", PROGRAM(init_db_exec) },
	{ "dolt-command", "dolt", PROGRAM(dolt_command) },
	{ "doltgres-command", "doltgres", PROGRAM(doltgres_command) },
#undef PROGRAM
};

static const char *program_of(const struct engine_options *e, size_t program)
{
	return program ? *(char *const *)((const char *)e + program - 1) : NULL;
}

/* Is the first side with this engine: the one that gets what only one server can have. */
static bool is_first(const struct options *o, const struct side_options *s, const char *engine)
{
	return str_eq(s->server, engine) && (s == &o->from || !str_eq(o->from.server, engine));
}

struct side_programs options_programs(const struct options *o, const struct side_options *s, const struct engine *e)
{
	const struct engine_options *k = &o->engines;
	struct side_programs p = { .exec = s->exec, .transport = s->protocol };
	bool built = e->package && s->version;
	for (size_t i = 0; i < ARRAY_SIZE(by_engine); i++)
		if (!p.exec && !built && str_eq(s->server, by_engine[i].engine) &&
		    !str_eq(by_engine[i].flag, "init-db-exec"))
			p.exec = program_of(k, by_engine[i].program);
	if (str_eq(s->server, "postgres"))
		p.setup_exec = k->init_db_exec;
	if (str_eq(s->server, "mysql") && !p.transport)
		p.transport = k->mysql_protocol;
	if (is_first(o, s, "mysql"))
		p.socket_path = k->mysql_socket;
	if (k->init_big_repo && e->big_setup.len)
		p.big_repository = k->big_repo ? k->big_repo : "";
	if (o->noms_bin_format && e->format_env.len)
		p.format = o->noms_bin_format;
	return p;
}

static void check_program(const struct engine *e, const char *flag, const char *path, struct strlist *problems)
{
	struct error why = ERROR_INIT;
	AUTO_FREE char *found = server_find_exec(e, path, &why);
	if (!found)
		strlist_addf(problems, "--%s: %s%s%s", flag, why.message, why.hint[0] ? "; " : "", why.hint);
}

static void check_side(const struct options *o, const struct side_options *s, const struct engine *e,
		       const char *prefix, struct strlist *problems)
{
	struct side_programs p = options_programs(o, s, e);
	char flag[48];
	snprintf(flag, sizeof flag, "%sexec", prefix);
	for (size_t i = 0; p.exec && p.exec != s->exec && i < ARRAY_SIZE(by_engine); i++)
		if (program_of(&o->engines, by_engine[i].program) == p.exec)
			snprintf(flag, sizeof flag, "%s", by_engine[i].flag);
	if (p.exec || !e->package)
		check_program(e, flag, p.exec, problems);
	if (p.setup_exec && is_first(o, s, "postgres"))
		check_program(e, "init-db-exec", p.setup_exec, problems);
	if (p.transport == SERVER_TRANSPORT_SOCKET && !e->has_socket && !e->socket_flags.len)
		strlist_addf(problems, "--%sprotocol: engine %s listens on no Unix socket", prefix, e->name);
	if (p.transport == SERVER_TRANSPORT_TCP && !e->has_port)
		strlist_addf(problems, "--%sprotocol: engine %s listens on no TCP port", prefix, e->name);
}

static bool is_plain_name(const char *s)
{
	return strlen(s) <= 64 &&
	       strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == strlen(s);
}

/* Settings that are for no engine in particular: some engine has to know them. */
static void check_settings(const struct options *o, bool big, bool formats, struct strlist *problems)
{
	const struct engine_options *k = &o->engines;
	if (k->init_big_repo && !big)
		strlist_add(problems, "--init-big-repo: no engine of this run has a set-up with a big repository (its "
				      "engine file has no \"big\"); dolt has");
	if (k->big_repo && !k->init_big_repo)
		strlist_add(problems, "--big-repo needs --init-big-repo");
	if (k->big_repo && (k->big_repo[0] == '-' || strlen(k->big_repo) > 1000))
		strlist_add(problems, "--big-repo: not an address of at most 1000 characters");
	if (o->noms_bin_format && !is_plain_name(o->noms_bin_format))
		strlist_add(problems, "--noms-bin-format: not a name of at most 64 letters, digits and _");
	else if (o->noms_bin_format && !formats && !str_eq(o->noms_bin_format, today_format))
		strlist_addf(problems,
			     "--noms-bin-format: no engine of this run has storage formats to choose from (its engine "
			     "file has no \"format\"), and %s is asked for",
			     o->noms_bin_format);
	if (k->mysql_socket && k->mysql_socket[0] != '/')
		strlist_add(problems, "--mysql-socket: not an absolute path");
	if (k->mysql_socket && k->mysql_protocol == SERVER_TRANSPORT_TCP)
		strlist_add(problems, "--mysql-socket and --mysql-protocol=tcp contradict each other");
}

void options_check_programs(const struct options *o, bool two, struct strlist *problems)
{
	const struct side_options *const sides[] = { &o->from, &o->to };
	bool big = false, formats = false;
	for (size_t i = 0; i < (two ? 2 : 1); i++) {
		CLEANUP(engine) struct engine e = { 0 };
		if (options_engine(o, sides[i]->server, &e, NULL) < 0)
			return; /* told already */
		check_side(o, sides[i], &e, two ? i ? "to-" : "from-" : "", problems);
		big = big || e.big_setup.len;
		formats = formats || e.format_env.len;
	}
	check_settings(o, big, formats, problems);
}

void options_list_ignored(const struct options *o, const struct opt *table, bool two, struct strbuf *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(by_engine); i++) {
		const char *engine = by_engine[i].engine;
		bool there = str_eq(o->from.server, engine) || (two && str_eq(o->to.server, engine));
		if (!there && opt_was_set(table, &o->seen, by_engine[i].flag))
			strbuf_addf(out, "%s--%s (no %s server in this run)", out->len ? ", " : "", by_engine[i].flag,
				    engine);
	}
}
