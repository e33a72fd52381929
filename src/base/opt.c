#include "base/opt.h"

#include "base/clock.h"
#include "base/fs.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <limits.h>
#include <string.h>

#define CONFIG_MAX_BYTES (1 << 20)

struct parse {
	const struct opt *table;
	char *options;
	struct opt_seen *seen;
	const struct opt_source *source;
	struct strlist *problems;
};

static void *field(const struct parse *p, const struct opt *o)
{
	return p->options + o->offset;
}

static bool is_set(const struct parse *p, const struct opt *o)
{
	size_t i = (size_t)(o - p->table);
	return p->seen->bits[i / 64] >> i % 64 & 1;
}

static void mark_set(const struct parse *p, const struct opt *o)
{
	size_t i = (size_t)(o - p->table);
	p->seen->bits[i / 64] |= 1ULL << i % 64;
}

/* Is name (len bytes) the option's name or one of its aliases? */
static bool has_name(const struct opt *o, const char *name, size_t len)
{
	if (strlen(o->name) == len && memcmp(o->name, name, len) == 0)
		return true;
	for (const char *a = o->aliases; a && *a;) {
		size_t n = strcspn(a, "|");
		if (n == len && memcmp(a, name, len) == 0)
			return true;
		a += n + (a[n] == '|');
	}
	return false;
}

static const struct opt *find(const struct opt *table, const char *name, size_t len)
{
	for (const struct opt *o = table; o->name; o++)
		if (has_name(o, name, len))
			return o;
	return NULL;
}

static const char *nearest(const struct opt *table, const char *name)
{
	const char *best = NULL;
	size_t best_distance = strlen(name) / 3 + 1;
	for (const struct opt *o = table; o->name; o++) {
		size_t d = o->flags & OPT_HIDDEN ? SIZE_MAX : str_distance(name, o->name);
		if (d <= best_distance) {
			best = o->name;
			best_distance = d ? d - 1 : 0;
		}
	}
	return best;
}

/* Number and unit, seconds without one. */
static int parse_duration(const char *text, double min, double max, uint64_t *ret)
{
	static const struct {
		const char *unit;
		double seconds;
	} units[] = {
		{ "ms", 1e-3 }, { "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 }, { "us", 1e-6 }, { "", 1 }
	};
	size_t n = strspn(text, "0123456789.");
	char number[32];
	if (n == 0 || n >= sizeof number)
		return -1;
	memcpy(number, text, n);
	number[n] = 0;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		double v;
		if (strcmp(text + n, units[i].unit) != 0)
			continue;
		if (str_to_double(number, 0, 1e12, &v) < 0)
			return -1;
		v *= units[i].seconds;
		if (v < min || v > max)
			return -1;
		*ret = (uint64_t)(v * 1e9 + 0.5);
		return 0;
	}
	return -1;
}

static int parse_bool(const char *text, bool *ret)
{
	static const char *const yes[] = { "true", "1", "yes" }, *const no[] = { "false", "0", "no" };
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
			*ret = strcmp(text, yes[i]) == 0;
			return 0;
		}
	}
	return -1;
}

static int parse_choice(const char *choices, const char *text, int *ret)
{
	size_t len = strlen(text);
	for (int i = 0;; i++) {
		size_t n = strcspn(choices, "|");
		if (n == len && memcmp(choices, text, n) == 0) {
			*ret = i;
			return 0;
		}
		if (!choices[n])
			return -1;
		choices += n + 1;
	}
}

static bool is_clean_text(const struct opt *o, const char *text)
{
	if (!str_is_utf8(text, strlen(text)))
		return false;
	for (const char *p = text; *p; p++) {
		bool allowed = o->flags & OPT_MULTILINE && (*p == '\n' || *p == '\t' || *p == '\r');
		if (((unsigned char)*p < 0x20 || *p == 0x7f) && !allowed)
			return false;
	}
	return true;
}

/* The limits of an option, with what "unbounded" means for its type. */
static void limits(const struct opt *o, double *min, double *max)
{
	*min = o->min;
	*max = o->max;
	if (o->min == 0 && o->max == 0) {
		*min = o->type == OPT_DURATION ? 0 : o->type == OPT_INT ? -9e18 : -1e308;
		*max = o->type == OPT_DURATION ? 100 * 365.25 * 86400 : o->type == OPT_INT ? 9e18 : 1e308;
	}
}

static void describe_wanted(const struct opt *o, struct strbuf *out)
{
	double min, max;
	limits(o, &min, &max);
	switch (o->type) {
	case OPT_INT:
		strbuf_adds(out, "a whole number");
		break;
	case OPT_DOUBLE:
		strbuf_adds(out, "a number");
		break;
	case OPT_BOOL:
		strbuf_adds(out, "true or false");
		break;
	case OPT_DURATION:
		strbuf_adds(out, "a duration such as 90, 1.5s, 250ms or 2m");
		break;
	case OPT_CHOICE:
		strbuf_adds(out, "one of ");
		for (const char *c = o->choices; *c; c++)
			strbuf_adds(out, *c == '|' ? ", " : (char[]){ *c, 0 });
		break;
	default:
		strbuf_adds(out, o->flags & OPT_MULTILINE ? "UTF-8 text" : "UTF-8 text without control characters");
	}
	bool number = o->type == OPT_INT || o->type == OPT_DOUBLE || o->type == OPT_DURATION;
	if (number && (o->min != 0 || o->max != 0))
		strbuf_addf(out, " from %.12g to %.12g%s", min, max, o->type == OPT_DURATION ? " seconds" : "");
}

/* where: "--threads", "DBDYNO_THREADS", "config key threads". */
static void complain(const struct parse *p, const struct opt *o, const char *where, const char *text)
{
	CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(4096);
	strbuf_adds(&b, where);
	if (o->flags & OPT_SECRET || !is_clean_text(o, text) || strlen(text) > 200)
		strbuf_adds(&b, ": the value is not ");
	else
		strbuf_addf(&b, ": \"%s\" is not ", text);
	describe_wanted(o, &b);
	strlist_add(p->problems, b.data);
}

/* Stores text as o's value. Lists grow. */
static int store(const struct parse *p, const struct opt *o, const char *text)
{
	double min, max;
	long long i;
	limits(o, &min, &max);
	if (!is_clean_text(o, text))
		return -1;
	switch (o->type) {
	case OPT_STRING: {
		char *copy = strdup(text);
		if (!copy)
			return -1;
		free(*(char **)field(p, o));
		*(char **)field(p, o) = copy;
		return 0;
	}
	case OPT_LIST:
		return strlist_add(field(p, o), text);
	case OPT_INT:
		if (str_to_i64(text, LLONG_MIN, LLONG_MAX, &i) < 0 || (double)i < min || (double)i > max)
			return -1;
		*(long long *)field(p, o) = i;
		return 0;
	case OPT_DOUBLE:
		return str_to_double(text, min, max, field(p, o));
	case OPT_BOOL:
		return parse_bool(text, field(p, o));
	case OPT_DURATION:
		return parse_duration(text, min, max, field(p, o));
	case OPT_CHOICE:
		return parse_choice(o->choices, text, field(p, o));
	}
	return -1;
}

static void accept(const struct parse *p, const struct opt *o, const char *where, const char *text)
{
	if (!*text && o->type != OPT_BOOL)
		return; /* an empty value counts as not given */
	mark_set(p, o);
	if (store(p, o, text) == 0)
		return;
	complain(p, o, where, text);
	if (o->def)
		store(p, o, o->def); /* so that checks of the whole see a value that is possible */
}

static void unknown_flag(const struct parse *p, const char *name, size_t len)
{
	CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(512);
	strbuf_add(&b, name, len > 100 ? 100 : len);
	const char *near = nearest(p->table, b.data);
	if (!str_is_utf8(b.data, b.len))
		strlist_add(p->problems, "a flag is not UTF-8");
	else if (near)
		strlist_addf(p->problems, "unknown flag --%s; did you mean --%s?", b.data, near);
	else
		strlist_addf(p->problems, "unknown flag --%s; see --help", b.data);
}

/* One "--name[=value]", or "-n" of one letter, at argv[i]; returns how many further arguments it took. */
static int parse_flag(const struct parse *p, int left, const char *const *arg)
{
	const char *name = *arg + ((*arg)[1] == '-' ? 2 : 1);
	size_t len = strcspn(name, "=");
	const char *value = name[len] ? name + len + 1 : NULL;
	const struct opt *o = find(p->table, name, len);
	bool negated = false;
	if (!o && len > 3 && memcmp(name, "no-", 3) == 0) {
		o = find(p->table, name + 3, len - 3);
		negated = o && o->type == OPT_BOOL && !value;
		o = negated ? o : NULL;
	}
	if (!o) {
		unknown_flag(p, name, len);
		return 0;
	}
	if (o->flags & OPT_SECRET) {
		strlist_addf(p->problems,
			     "--%s is not taken from the command line, where other users could read it; use a file or "
			     "the environment",
			     o->name);
		return value || left < 2 ? 0 : 1;
	}
	char where[80];
	snprintf(where, sizeof where, "--%.70s", o->name);
	if (is_set(p, o) && o->type != OPT_LIST)
		strlist_addf(p->problems, "%s is given twice", where);
	if (o->type == OPT_BOOL && !value) {
		accept(p, o, where, negated ? "false" : "true");
		return 0;
	}
	if (value) {
		accept(p, o, where, value);
		return 0;
	}
	if (left < 2) {
		strlist_addf(p->problems, "%s needs a value", where);
		return 0;
	}
	accept(p, o, where, arg[1]);
	return 1;
}

/* "-o" or "-o=value", of a table that has that letter among its other spellings. */
static bool is_letter_flag(const struct parse *p, const char *arg)
{
	return arg[0] == '-' && arg[1] && arg[1] != '-' && (!arg[2] || arg[2] == '=') && find(p->table, arg + 1, 1);
}

static void parse_flags(const struct parse *p, int argc, const char *const *argv, struct strlist *positional)
{
	bool flags_ended = false;
	for (int i = 0; i < argc; i++) {
		if (!flags_ended && strcmp(argv[i], "--") == 0)
			flags_ended = true;
		else if (!flags_ended && (str_starts(argv[i], "--") || is_letter_flag(p, argv[i])))
			i += parse_flag(p, argc - i, argv + i);
		else if (!flags_ended && argv[i][0] == '-' && argv[i][1])
			strlist_addf(p->problems, "flags begin with two dashes: \"%.100s\"", argv[i]);
		else if (!positional)
			strlist_addf(p->problems, "unexpected argument \"%.100s\"", argv[i]);
		else
			strlist_add(positional, argv[i]);
	}
}

static void parse_environment(const struct parse *p, const struct opt *o)
{
	char twin[96] = "DBDYNO_";
	size_t n = strlen(twin);
	for (const char *c = o->name; *c && n + 1 < sizeof twin; c++)
		twin[n++] = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
	twin[n] = 0;
	const char *name = twin, *value = p->source->getenv(twin, p->source->data);
	if ((!value || !*value) && o->env) {
		name = o->env;
		value = p->source->getenv(name, p->source->data);
	}
	if (value && *value)
		accept(p, o, name, value);
}

static void parse_json_value(const struct parse *p, const struct opt *o, const cJSON *v)
{
	char where[96], number[32];
	snprintf(where, sizeof where, "config key \"%.70s\"", o->name);
	bool takes_number = o->type == OPT_INT || o->type == OPT_DOUBLE || o->type == OPT_DURATION;
	if (o->type == OPT_LIST && cJSON_IsArray(v)) {
		const cJSON *item;
		cJSON_ArrayForEach(item, v)
		{
			if (cJSON_IsString(item))
				accept(p, o, where, item->valuestring);
			else
				strlist_addf(p->problems, "%s: every item must be a string", where);
		}
	} else if (cJSON_IsString(v) && o->type != OPT_BOOL && o->type != OPT_INT && o->type != OPT_DOUBLE) {
		accept(p, o, where, v->valuestring);
	} else if (cJSON_IsBool(v) && o->type == OPT_BOOL) {
		accept(p, o, where, cJSON_IsTrue(v) ? "true" : "false");
	} else if (cJSON_IsNumber(v) && takes_number) {
		snprintf(number, sizeof number, o->type == OPT_INT ? "%.0f" : "%.17g", v->valuedouble);
		if (o->type == OPT_INT &&
		    (v->valuedouble > 9007199254740992.0 || v->valuedouble != (double)(long long)v->valuedouble))
			snprintf(number, sizeof number, "%.17g", v->valuedouble); /* refused by store */
		accept(p, o, where, number);
	} else {
		complain(p, o, where, "this value");
	}
}

static void parse_config_file(const struct parse *p, const char *path)
{
	struct error e = ERROR_INIT;
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(CONFIG_MAX_BYTES);
	if (fs_read(path, &text, &e) < 0) {
		strlist_addf(p->problems, "--config: %s", e.message);
		return;
	}
	cJSON *root = str_is_utf8(text.data, text.len) ? cJSON_ParseWithLengthOpts(text.data, text.len + 1, NULL, true)
						       : NULL;
	if (!cJSON_IsObject(root)) {
		strlist_addf(p->problems, "--config: %s is not a JSON object in UTF-8", path);
		cJSON_Delete(root);
		return;
	}
	const cJSON *item;
	cJSON_ArrayForEach(item, root)
	{
		const struct opt *o = find(p->table, item->string, strlen(item->string));
		const char *near = o ? NULL : nearest(p->table, item->string);
		if (!o || strcmp(o->name, "config") == 0)
			strlist_addf(p->problems, "config file %s: unknown key \"%.100s\"%s%s%s", path, item->string,
				     near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
		else if (!is_set(p, o))
			parse_json_value(p, o, item);
	}
	cJSON_Delete(root);
}

int opt_parse(const struct opt *table, void *options, int argc, const char *const *argv,
	      const struct opt_source *source, struct strlist *positional, struct strlist *problems)
{
	size_t before = problems->len;
	struct parse p = {
		.table = table, .options = options, .seen = options, .source = source, .problems = problems
	};
	parse_flags(&p, argc, argv, positional);
	for (const struct opt *o = table; o->name; o++)
		if (!is_set(&p, o))
			parse_environment(&p, o);
	const struct opt *config = find(table, "config", 6);
	if (config && is_set(&p, config) && *(char **)field(&p, config))
		parse_config_file(&p, *(char **)field(&p, config));
	for (const struct opt *o = table; o->name; o++) {
		if (is_set(&p, o))
			continue;
		if (o->flags & OPT_REQUIRED)
			strlist_addf(problems, "--%s is required", o->name);
		else if (o->def && store(&p, o, o->def) < 0)
			complain(&p, o, o->name, o->def);
	}
	return problems->len > before || problems->failed ? -1 : 0;
}

bool opt_was_set(const struct opt *table, const struct opt_seen *seen, const char *name)
{
	const struct opt *o = find(table, name, strlen(name));
	size_t i = o ? (size_t)(o - table) : 0;
	return o && seen->bits[i / 64] >> i % 64 & 1;
}

void opt_release(const struct opt *table, void *options)
{
	for (const struct opt *o = table; o->name; o++) {
		void *f = (char *)options + o->offset;
		if (o->type == OPT_STRING) {
			free(*(char **)f);
			*(char **)f = NULL;
		} else if (o->type == OPT_LIST) {
			strlist_release(f);
		}
	}
}

static const char *default_getenv(const char *name, void *data)
{
	(void)data;
	return getenv(name);
}

const char *opt_no_environment(const char *name, void *data)
{
	(void)name, (void)data;
	return NULL;
}

struct opt_source opt_default_source(void)
{
	return (struct opt_source){ .getenv = default_getenv };
}

static const char *placeholder(const struct opt *o)
{
	static const char *const by_type[] = {
		[OPT_STRING] = "TEXT", [OPT_LIST] = "TEXT",         [OPT_INT] = "N",       [OPT_DOUBLE] = "X",
		[OPT_BOOL] = NULL,     [OPT_DURATION] = "DURATION", [OPT_CHOICE] = "WORD",
	};
	return o->value ? o->value : by_type[o->type];
}

/* text wrapped to width columns, each line after the first behind indent blanks. */
static void add_wrapped(struct strbuf *out, const char *text, int indent, int width)
{
	int column = indent;
	while (*text) {
		int n = (int)strcspn(text, " ");
		if (column > indent && column + 1 + n > width) {
			strbuf_addf(out, "\n%*s", indent, "");
			column = indent;
		} else if (column > indent) {
			strbuf_addc(out, ' ');
			column++;
		}
		strbuf_add(out, text, (size_t)n);
		column += n;
		text += n + (text[n] == ' ');
	}
	strbuf_addc(out, '\n');
}

void opt_help(const struct opt *table, int width, struct strbuf *out)
{
	enum { INDENT = 30 };
	for (const struct opt *o = table; o->name; o++) {
		if (o->group)
			strbuf_addf(out, "%s%s:\n", o == table ? "" : "\n", o->group);
		if (o->flags & OPT_HIDDEN)
			continue;
		CLEANUP(strbuf) struct strbuf flag = STRBUF_INIT(256), text = STRBUF_INIT(4096);
		strbuf_addf(&flag, "  --%s", o->name);
		if (placeholder(o))
			strbuf_addf(&flag, " %s", placeholder(o));
		strbuf_adds(&text, o->help);
		if (o->type == OPT_CHOICE)
			strbuf_addf(&text, " (%s)", o->choices);
		if (o->flags & OPT_SECRET)
			strbuf_adds(&text, " (environment only)");
		if (o->def && o->type != OPT_BOOL)
			strbuf_addf(&text, " [%s]", o->def);
		strbuf_addf(out, "%-*s", INDENT - 1, flag.data);
		strbuf_adds(out, flag.len >= INDENT - 1 ? "\n" : " ");
		if (flag.len >= INDENT - 1)
			strbuf_addf(out, "%*s", INDENT, "");
		add_wrapped(out, text.data, INDENT, width);
	}
}
