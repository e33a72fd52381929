#include "benchmarker/engine.h"

#include "base/embed.h"
#include "base/fs.h"

#include <stdint.h>
#include <string.h>

extern const struct embedded_file engine_files[]; /* made from engines/<name>.json at build time */

enum { EXPANDED_MAX = 64 << 10 };

static void commands_release(struct engine_commands *c)
{
	for (size_t i = 0; i < c->len; i++)
		strlist_release(&c->items[i].argv);
	free(c->items);
}

void engine_release(struct engine *e)
{
	char **strings[] = {
		&e->name,           &e->repository,     &e->module_dir,       &e->package,
		&e->binary,         &e->run_as,         &e->admin_user,       &e->admin_password,
		&e->admin_database, &e->user,           &e->password,         &e->database,
		&e->profile_path,   &e->licenses,       &e->version_contains, &e->version_excludes,
		&e->mistaken_for,   &e->big_repository, &e->format_query,     &e->profile_file,
	};
	struct strlist *lists[] = {
		&e->build_env, &e->build_flags,  &e->exec_candidates, &e->exec_path,    &e->version.argv,
		&e->setup_env, &e->start.argv,   &e->init_sql,        &e->load_options, &e->profile_flags,
		&e->config,    &e->socket_flags, &e->format_env,
	};
	for (size_t i = 0; i < ARRAY_SIZE(strings); i++)
		free(*strings[i]);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		strlist_release(lists[i]);
	commands_release(&e->setup);
	commands_release(&e->big_setup);
	for (size_t i = 0; i < e->targets_len; i++) {
		free(e->targets[i].name);
		strlist_release(&e->targets[i].env);
		strlist_release(&e->targets[i].flags);
		strlist_release(&e->targets[i].packages);
	}
	free(e->targets);
	*e = (struct engine){ 0 };
}

bool engine_gives_profile(const struct engine *e)
{
	return e->profile_path || e->profile_file;
}

/* The shipped name nearest to what was asked for, or NULL when none is near. */
static const char *nearest_name(const char *name)
{
	const char *best = NULL;
	size_t best_distance = 4;
	for (const struct embedded_file *f = engine_files; f->name; f++) {
		char stem[64];
		snprintf(stem, sizeof stem, "%.*s", (int)strcspn(f->name, "."), f->name);
		size_t distance = str_distance(name, stem);
		if (distance < best_distance) {
			best_distance = distance;
			best = f->name;
		}
	}
	return best;
}

int engine_names(struct strlist *ret, struct error *err)
{
	for (const struct embedded_file *f = engine_files; f->name; f++)
		strlist_addn(ret, f->name, strcspn(f->name, "."));
	return strlist_check(ret, err);
}

static int unknown_engine(const char *name, struct error *err)
{
	CLEANUP(strlist) struct strlist names = STRLIST_INIT;
	CLEANUP(strbuf) struct strbuf list = STRBUF_INIT(4096);
	if (engine_names(&names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.len; i++)
		strbuf_addf(&list, "%s%s", i ? ", " : "", names.items[i]);
	if (strbuf_check(&list, err) < 0)
		return -1;
	const char *near = nearest_name(name);
	error_set(err, ERROR_USAGE, "unknown engine \"%.64s\"", name);
	if (near)
		return error_hint(err, "did you mean %.*s? There are: %s; --engine-file adds one",
				  (int)strcspn(near, "."), near, list.data);
	return error_hint(err, "there are: %s; --engine-file adds one", list.data);
}

int engine_find(const char *name, struct engine *ret, struct error *err)
{
	char file[80];
	snprintf(file, sizeof file, "%.64s.json", name);
	const struct embedded_file *f = strlen(name) <= 64 ? embedded_find(engine_files, file) : NULL;
	if (!f)
		return unknown_engine(name, err);
	return engine_parse(f->data, f->len, f->name, ret, err);
}

int engine_load_file(const char *path, struct engine *ret, struct error *err)
{
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(ENGINE_FILE_MAX);
	if (fs_read(path, &text, err) < 0) {
		if (err)
			err->kind = ERROR_USAGE;
		return error_wrap(err, "engine file");
	}
	return engine_parse(text.data, text.len, path, ret, err);
}

char *engine_expand(const char *text, const struct engine_variable *variables, struct error *err)
{
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(EXPANDED_MAX);
	for (const char *open; (open = strstr(text, "${"));) {
		const char *name = open + 2, *close = strchr(name, '}');
		if (!close) {
			error_set(err, ERROR_USAGE, "\"%.80s\" opens a variable and does not close it", open);
			return NULL;
		}
		const struct engine_variable *v = variables;
		while (v->name && (strncmp(v->name, name, (size_t)(close - name)) != 0 || v->name[close - name]))
			v++;
		if (!v->name) {
			error_set(err, ERROR_USAGE, "unknown variable ${%.*s}",
				  (int)(close - name > 64 ? 64 : close - name), name);
			return NULL;
		}
		strbuf_add(&out, text, (size_t)(open - text));
		strbuf_adds(&out, v->value);
		text = close + 1;
	}
	strbuf_adds(&out, text);
	return strbuf_take(&out, err);
}
