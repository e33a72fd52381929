/* The strict reader of engine files, after the tables of engine_schema.c. */
#include "benchmarker/engine_schema.h"
#include "benchmarker/statistics.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <signal.h>
#include <string.h>

/* Where the reader is: the file, and the path of the key ("build.env[2]"). */
struct place {
	const char *file;
	char path[192];
};

static int fail(const struct place *p, struct error *err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static int fail(const struct place *p, struct error *err, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	error_vset(err, ERROR_USAGE, fmt, ap);
	va_end(ap);
	if (p->path[0])
		error_wrap(err, "%s", p->path);
	error_wrap(err, "engine file %s", p->file);
	return error_hint(err, "docs/engines.md describes the keys");
}

static struct place place_of_key(const struct place *outer, const char *key)
{
	struct place p = { .file = outer->file };
	snprintf(p.path, sizeof p.path, "%.80s%s%.80s", outer->path, outer->path[0] ? "." : "", key);
	return p;
}

static struct place place_of_item(const struct place *outer, size_t index)
{
	struct place p = { .file = outer->file };
	snprintf(p.path, sizeof p.path, "%.160s[%zu]", outer->path, index);
	return p;
}

static const char *type_name(const cJSON *v)
{
	return cJSON_IsString(v)   ? "a string"
	       : cJSON_IsNumber(v) ? "a number"
	       : cJSON_IsBool(v)   ? "true or false"
	       : cJSON_IsArray(v)  ? "a list"
	       : cJSON_IsObject(v) ? "an object"
				   : "null";
}

static int check_variables(const struct place *p, const char *s, unsigned flags, struct error *err)
{
	static const struct {
		const char *name;
		unsigned where;
	} known[] = {
		{ "exec", EXEC_VARIABLES | FOLDER_VARIABLES | ALL_VARIABLES },
		{ "home", EXEC_VARIABLES | FOLDER_VARIABLES | ALL_VARIABLES },
		{ "data", FOLDER_VARIABLES | ALL_VARIABLES },
		{ "tmp", FOLDER_VARIABLES | ALL_VARIABLES },
		{ "host", FOLDER_VARIABLES | ALL_VARIABLES },
		{ "socket", FOLDER_VARIABLES | ALL_VARIABLES },
		{ "user", FOLDER_VARIABLES | ALL_VARIABLES },
		{ "password", FOLDER_VARIABLES | ALL_VARIABLES },
		{ "database", FOLDER_VARIABLES | ALL_VARIABLES },
		{ "os_user", FOLDER_VARIABLES | ALL_VARIABLES },
		{ "port", ALL_VARIABLES },
		{ "pprof_port", ALL_VARIABLES },
		{ "config", CONFIG_VARIABLE },
		{ "big_repository", BIG_VARIABLE },
		{ "format", FORMAT_VARIABLE },
		{ "profile_dir", PROFILE_VARIABLE },
	};
	struct engine_variable usable[ARRAY_SIZE(known) + 1];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i].where & flags)
			usable[n++] = (struct engine_variable){ known[i].name, "" };
	usable[n] = (struct engine_variable){ 0 };
	struct error why = ERROR_INIT;
	AUTO_FREE char *expanded = engine_expand(s, usable, &why);
	return expanded ? 0 : fail(p, err, "%s here", why.message);
}

/* A string value: no control characters but line breaks and tabs (SQL), well-formed, known variables only. */
static int check_string(const struct place *p, const cJSON *v, const struct key *key, struct error *err)
{
	if (!cJSON_IsString(v))
		return fail(p, err, "expected a string, not %s", type_name(v));
	const char *s = v->valuestring;
	for (const char *c = s; *c; c++)
		if (((unsigned char)*c < 0x20 && *c != '\n' && *c != '\t') || *c == 0x7f)
			return fail(p, err, "the string holds a control character");
	if (!*s && (key->flags & FILLED))
		return fail(p, err, "the string is empty");
	if (key->valid && !key->valid(s))
		return fail(p, err, "\"%.80s\" is not %s", s, key->wanted);
	return check_variables(p, s, key->flags, err);
}

static int read_string(const struct place *p, const cJSON *v, const struct key *key, void *ret, struct error *err)
{
	if (check_string(p, v, key, err) < 0)
		return -1;
	char *copy = str_dup(v->valuestring, err);
	if (!copy)
		return -1;
	*(char **)ret = copy;
	return 0;
}

static int read_list(const struct place *p, const cJSON *v, const struct key *key, struct strlist *ret,
		     struct error *err)
{
	if (!cJSON_IsArray(v))
		return fail(p, err, "expected a list of strings, not %s", type_name(v));
	if (!v->child && (key->flags & FILLED))
		return fail(p, err, "the list is empty");
	size_t i = 0;
	for (const cJSON *item = v->child; item; item = item->next, i++) {
		struct place at = place_of_item(p, i);
		if (check_string(&at, item, key, err) < 0)
			return -1;
		strlist_add(ret, item->valuestring);
	}
	return strlist_check(ret, err);
}

static int read_commands(const struct place *p, const cJSON *v, const struct key *key, struct engine_commands *ret,
			 struct error *err)
{
	if (!cJSON_IsArray(v))
		return fail(p, err, "expected a list of commands, not %s", type_name(v));
	struct key command = *key;
	command.flags |= FILLED;
	if (!v->child && (key->flags & FILLED))
		return fail(p, err, "the list is empty");
	ret->items = calloc((size_t)cJSON_GetArraySize(v) + 1, sizeof *ret->items);
	if (!ret->items)
		return error_oom(err);
	for (const cJSON *item = v->child; item; item = item->next) {
		struct place at = place_of_item(p, ret->len);
		if (read_list(&at, item, &command, &ret->items[ret->len++].argv, err) < 0)
			return -1;
	}
	return 0;
}

static int read_seconds(const struct place *p, const cJSON *v, uint64_t *ret, struct error *err)
{
	if (!cJSON_IsNumber(v))
		return fail(p, err, "expected a number of seconds, not %s", type_name(v));
	if (!(v->valuedouble >= 0.001 && v->valuedouble <= 3600))
		return fail(p, err, "%g is not from 0.001 to 3600 seconds", v->valuedouble);
	*ret = (uint64_t)llround(v->valuedouble * 1e9);
	return 0;
}

static int read_signal(const struct place *p, const cJSON *v, int *ret, struct error *err)
{
	static const struct {
		const char *name;
		int number;
	} signals[] = { { "SIGTERM", SIGTERM }, { "SIGINT", SIGINT }, { "SIGQUIT", SIGQUIT }, { "SIGHUP", SIGHUP } };
	if (!cJSON_IsString(v))
		return fail(p, err, "expected the name of a signal, not %s", type_name(v));
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		if (str_eq(v->valuestring, signals[i].name)) {
			*ret = signals[i].number;
			return 0;
		}
	}
	return fail(p, err, "\"%.64s\" is not SIGTERM, SIGINT, SIGQUIT or SIGHUP", v->valuestring);
}

static int read_port(const struct place *p, const cJSON *v, unsigned *ret, struct error *err)
{
	if (!cJSON_IsNumber(v))
		return fail(p, err, "expected the number of a port, not %s", type_name(v));
	if (!(v->valuedouble >= 1 && v->valuedouble <= 65535) || v->valuedouble != floor(v->valuedouble))
		return fail(p, err, "%g is not a port from 1 to 65535", v->valuedouble);
	*ret = (unsigned)v->valuedouble;
	return 0;
}

static int read_starts(const struct place *p, const cJSON *v, unsigned *ret, struct error *err)
{
	if (!cJSON_IsNumber(v))
		return fail(p, err, "expected a number of starts, not %s", type_name(v));
	if (!(v->valuedouble >= STATISTICS_STARTS_MIN && v->valuedouble <= STATISTICS_NEEDED_MAX) ||
	    v->valuedouble != floor(v->valuedouble))
		return fail(p, err, "%g is not a number of starts from %d to %d", v->valuedouble, STATISTICS_STARTS_MIN,
			    STATISTICS_NEEDED_MAX);
	*ret = (unsigned)v->valuedouble;
	return 0;
}

static int read_fraction(const struct place *p, const cJSON *v, double *ret, struct error *err)
{
	if (!cJSON_IsNumber(v))
		return fail(p, err, "expected a number such as 0.05, not %s", type_name(v));
	if (!(v->valuedouble >= 0.0001 && v->valuedouble <= 1))
		return fail(p, err, "%g is not from 0.0001 to 1", v->valuedouble);
	*ret = v->valuedouble;
	return 0;
}

static int read_protocol(const struct place *p, const cJSON *v, enum protocol *ret, struct error *err)
{
	if (!cJSON_IsString(v))
		return fail(p, err, "expected a string, not %s", type_name(v));
	if (!str_eq(v->valuestring, "mysql") && !str_eq(v->valuestring, "postgres"))
		return fail(p, err, "\"%.64s\" is not mysql or postgres", v->valuestring);
	*ret = str_eq(v->valuestring, "mysql") ? PROTOCOL_MYSQL : PROTOCOL_POSTGRES;
	return 0;
}

static int read_object(const struct place *p, const cJSON *v, const struct key *keys, void *into, struct error *err);

static int read_targets(const struct place *p, const cJSON *v, struct engine *e, struct error *err)
{
	if (!cJSON_IsObject(v))
		return fail(p, err, "expected an object, not %s", type_name(v));
	e->targets = calloc((size_t)cJSON_GetArraySize(v) + 1, sizeof *e->targets);
	if (!e->targets)
		return error_oom(err);
	for (const cJSON *item = v->child; item; item = item->next) {
		struct place at = place_of_key(p, item->string);
		if (!engine_is_platform(item->string))
			return fail(&at, err, "the key is no platform such as linux/arm64");
		for (size_t i = 0; i < e->targets_len; i++)
			if (str_eq(e->targets[i].name, item->string))
				return fail(&at, err, "the key occurs twice");
		struct engine_target *t = &e->targets[e->targets_len++];
		t->name = str_dup(item->string, err);
		if (!t->name || read_object(&at, item, engine_target_keys, t, err) < 0)
			return -1;
	}
	return 0;
}

static int read_value(const struct place *p, const cJSON *v, const struct key *key, void *into, struct error *err)
{
	void *field = (char *)into + key->offset;
	switch (key->type) {
	case V_STRING:
		return read_string(p, v, key, field, err);
	case V_LIST:
		return read_list(p, v, key, field, err);
	case V_COMMANDS:
		return read_commands(p, v, key, field, err);
	case V_TARGETS:
		return read_targets(p, v, into, err);
	case V_SECONDS:
		return read_seconds(p, v, field, err);
	case V_SIGNAL:
		return read_signal(p, v, field, err);
	case V_PORT:
		return read_port(p, v, field, err);
	case V_STARTS:
		return read_starts(p, v, field, err);
	case V_FRACTION:
		return read_fraction(p, v, field, err);
	case V_PROTOCOL:
		return read_protocol(p, v, field, err);
	case V_OBJECT:
		return read_object(p, v, key->keys, into, err);
	}
	return fail(p, err, "no reader for this type"); /* not reached: the switch is complete */
}

static int unknown_key(const struct place *p, const char *name, const struct key *keys, struct error *err)
{
	const struct key *near = NULL;
	size_t best = 4;
	for (const struct key *k = keys; k->name; k++) {
		size_t distance = str_distance(name, k->name);
		if (distance < best) {
			best = distance;
			near = k;
		}
	}
	struct place at = place_of_key(p, name);
	if (near)
		return fail(&at, err, "unknown key (did you mean \"%s\"?)", near->name);
	return fail(&at, err, "unknown key");
}

/* Of the two keys with EITHER, if there are such, one is there. */
static int check_either(const struct place *p, const struct key *keys, unsigned seen, struct error *err)
{
	const struct key *first = NULL, *second = NULL;
	unsigned n = 0;
	for (const struct key *k = keys; k->name; k++) {
		if (!(k->flags & EITHER))
			continue;
		first = first ? first : k;
		second = k;
		n += seen >> (k - keys) & 1;
	}
	if (!first || n == 1)
		return 0;
	if (n == 0)
		return fail(p, err, "one of %s and %s is needed", first->name, second->name);
	return fail(p, err, "%s and %s exclude each other", first->name, second->name);
}

/* Every key of the object is one of keys and occurs once; every required one is there. */
static int read_object(const struct place *p, const cJSON *v, const struct key *keys, void *into, struct error *err)
{
	if (!cJSON_IsObject(v))
		return fail(p, err, "expected an object, not %s", type_name(v));
	unsigned seen = 0;
	for (const cJSON *item = v->child; item; item = item->next) {
		const struct key *k = keys;
		while (k->name && !str_eq(k->name, item->string))
			k++;
		if (!k->name)
			return unknown_key(p, item->string, keys, err);
		struct place at = place_of_key(p, k->name);
		unsigned bit = 1u << (k - keys);
		if (seen & bit)
			return fail(&at, err, "the key occurs twice");
		seen |= bit;
		if (read_value(&at, item, k, into, err) < 0)
			return -1;
	}
	for (const struct key *k = keys; k->name; k++) {
		if ((k->flags & REQUIRED) && !(seen & 1u << (k - keys))) {
			struct place at = place_of_key(p, k->name);
			return fail(&at, err, "the key is missing");
		}
	}
	return check_either(p, keys, seen, err);
}

static bool uses_variable(const struct strlist *argv, const char *variable)
{
	for (size_t i = 0; i < argv->len; i++)
		if (strstr(argv->items[i], variable))
			return true;
	return false;
}

static int check_identity(const struct place *top, const struct engine *e, struct error *err)
{
	struct place at = place_of_key(top, "identity");
	bool asks = e->version_contains || e->version_excludes;
	if (asks && !e->version.argv.len)
		return fail(&at, err, "it needs a version command to look at");
	if (e->mistaken_for && !asks)
		return fail(&at, err, "mistaken_for needs contains or excludes");
	at = place_of_key(top, "socket_flags");
	if (e->socket_flags.len && !uses_variable(&e->socket_flags, "${socket}"))
		return fail(&at, err, "${socket} is not used");
	if (e->socket_flags.len && e->has_socket)
		return fail(&at, err, "${socket} is used in start already");
	return 0;
}

static int check_profile(const struct place *top, const struct engine *e, struct error *err)
{
	const struct strlist *flags = &e->profile_flags;
	struct place at = place_of_key(top, "start");
	if (e->profile_path && !e->profile_port && !uses_variable(&e->start.argv, "${pprof_port}") &&
	    !uses_variable(flags, "${pprof_port}"))
		return fail(&at, err,
			    "profile.path is given, but ${pprof_port} is not used, and there is no profile.port");
	at = place_of_key(top, "profile");
	if (e->profile_file && e->profile_port)
		return fail(&at, err, "port is for profiles over HTTP, and file says that they are not");
	at = place_of_key(top, "profile.flags");
	if ((e->profile_file != NULL) != uses_variable(flags, "${profile_dir}"))
		return fail(&at, err, "profile.file and ${profile_dir} need each other");
	if (!e->config.len && uses_variable(flags, "${config}"))
		return fail(&at, err, "there is no config");
	at = place_of_item(&at, 0);
	if (flags->len && flags->items[0][0] != '-')
		return fail(&at, err, "\"%.80s\" is not an option such as --x", flags->items[0]);
	return 0;
}

/* What follows from the keys together, and what absent ones mean. */
static int complete(const struct place *top, struct engine *e, struct error *err)
{
	struct place at = place_of_key(top, "start");
	e->has_socket = uses_variable(&e->start.argv, "${socket}") || uses_variable(&e->config, "${socket}");
	e->has_port = uses_variable(&e->start.argv, "${port}") || uses_variable(&e->config, "${port}");
	if (!e->has_socket && !e->has_port)
		return fail(&at, err,
			    "neither ${port} nor ${socket} is used: the server would not know where to listen");
	if ((e->config.len != 0) != uses_variable(&e->start.argv, "${config}"))
		return fail(&at, err, "config and ${config} need each other");
	if (check_identity(top, e, err) < 0 || check_profile(top, e, err) < 0)
		return -1;

	if (!e->stop_signal)
		e->stop_signal = SIGTERM;
	if (!e->stop_grace_ns)
		e->stop_grace_ns = 10000000000ULL;
	if (!e->ready_timeout_ns)
		e->ready_timeout_ns = 60000000000ULL;
	const struct {
		char **field;
		const char *value;
	} defaults[] = {
		{ &e->module_dir, "." },
		{ &e->admin_password, "" },
		{ &e->admin_database, "" },
		{ &e->password, "" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++)
		if (!*defaults[i].field && !(*defaults[i].field = str_dup(defaults[i].value, err)))
			return -1;
	return 0;
}

/* cJSON ends a string at an escaped NUL, and takes any bytes: what it would let through is refused before. */
static int check_text(const struct place *p, const char *json, size_t len, struct error *err)
{
	if (len > ENGINE_FILE_MAX)
		return fail(p, err, "larger than %d bytes", ENGINE_FILE_MAX);
	if (!str_is_utf8(json, len))
		return fail(p, err, "not UTF-8 text");
	if (memmem(json, len, "\\u0000", 6))
		return fail(p, err, "a string holds a NUL character");
	return 0;
}

static int line_of(const char *json, const char *at)
{
	int line = 1;
	for (const char *c = json; c < at; c++)
		line += *c == '\n';
	return line;
}

int engine_parse(const char *json, size_t len, const char *name_hint, struct engine *ret, struct error *err)
{
	struct place top = { .file = name_hint };
	*ret = (struct engine){ 0 };
	if (check_text(&top, json, len, err) < 0)
		return -1;
	/* Terminated, so that cJSON can say that nothing follows the value. */
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(ENGINE_FILE_MAX);
	strbuf_add(&text, json, len);
	if (strbuf_check(&text, err) < 0)
		return -1;
	const char *end = text.data;
	cJSON *root = cJSON_ParseWithLengthOpts(text.data, text.len + 1, &end, true);
	if (!root)
		return fail(&top, err, "not valid JSON at line %d", line_of(text.data, end));
	int result = read_object(&top, root, engine_keys, ret, err);
	cJSON_Delete(root);
	if (result == 0)
		result = complete(&top, ret, err);
	if (result < 0)
		engine_release(ret);
	return result;
}
