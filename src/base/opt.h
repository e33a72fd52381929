/* Options: one table a command drives the command line, environment twins, the configuration file and help.
 *
 *     struct greet_options { struct opt_seen seen; char *name; bool loud; struct strlist to; };
 *     #define AT(member) offsetof(struct greet_options, member)
 *     static const struct opt table[] = {
 *         { "name", OPT_STRING, AT(name), .value = "NAME", .def = "world", .help = "whom to greet" },
 *         { "loud", OPT_BOOL, AT(loud), .help = "…" },
 *         { "to", OPT_LIST, AT(to), .value = "NAME", .help = "… (repeatable)" },
 *         { 0 }
 *     };
 *     opt_parse(table, &options, argc, argv, &source, &positional, &problems)
 *
 * Precedence: flag, then environment (DBDYNO_<FLAG>, then .env), then file (--config FILE, JSON, a key a flag), then
 * default. --flag=value, --flag value, --bool, --no-bool, --bool=false. -o VALUE, where an option has
 * that letter among its aliases. A list replaces what a lower source gave.
 * Every problem is collected, so that all are shown at once; an option with a bad value has its default. Strings must
 * be UTF-8 without control characters. An empty value counts as not given. If the table has an option "config", the
 * file that it names is read. The options struct owns its strings: opt_release.
 */
#ifndef BASE_OPT_H
#define BASE_OPT_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

enum opt_type {
	OPT_STRING,   /* char *, owned, NULL when absent or given empty, and without default */
	OPT_LIST,     /* struct strlist; repeatable flag, JSON array of strings, one value from the environment */
	OPT_INT,      /* long long in [min, max] */
	OPT_DOUBLE,   /* double in [min, max] */
	OPT_BOOL,     /* bool */
	OPT_DURATION, /* uint64_t nanoseconds; "90" means seconds, "1.5s", "250ms", "2m", "1h", "7d"; in [min, max]
			 seconds if max > 0 */
	OPT_CHOICE,   /* int, index into choices ("html|markdown|text") */
};

enum opt_flag {
	OPT_REQUIRED = 1,
	OPT_HIDDEN = 2,    /* not in --help: today's spellings and expert options */
	OPT_SECRET = 4,    /* never echoed in messages; not accepted as a flag, only from environment or file */
	OPT_MULTILINE = 8, /* newlines and tabs are allowed (SQL) */
};

struct opt {
	const char *name; /* kebab-case, without dashes */
	enum opt_type type;
	size_t offset;       /* into the options struct */
	const char *aliases; /* other spellings, separated by '|': "useDoltHubLuaScriptsRepo|u" ; NULL: none */
	const char *value;   /* placeholder in help: "FILE"; NULL: from type */
	const char *def;     /* textual default; NULL: zero value */
	const char *env;     /* a further environment variable beside the twin: "ACTOR"; NULL: none */
	const char *choices;
	double min, max;   /* both 0: unbounded (for OPT_INT: the whole range) */
	unsigned flags;    /* enum opt_flag */
	const char *group; /* heading in help; NULL: that of the option before */
	const char *help;
};

/* Where values come from. getenv is called nowhere but in opt_default_source. */
struct opt_source {
	const char *(*getenv)(const char *name, void *data);
	void *data;
};
struct opt_source opt_default_source(void);
/* An empty environment: what is given is all there is. */
const char *opt_no_environment(const char *name, void *data);

/* Fills *options (zeroed by the caller) from all sources. Positional arguments go to positional (NULL: none allowed).
 * Each problem is one line in problems. 0, or -1 if there is any problem; options is releasable either way.
 * "--" ends the flags. A flag given twice (not a list) is a problem; so is an unknown one, with the nearest name. */
int opt_parse(const struct opt *table, void *options, int argc, const char *const *argv,
	      const struct opt_source *source, struct strlist *positional, struct strlist *problems);

/* Which options were given (flag, environment or file), by index in the table: at most 256. Every options struct has
 * one as its first member, which opt_parse fills. */
struct opt_seen {
	unsigned long long bits[4];
};
bool opt_was_set(const struct opt *table, const struct opt_seen *seen, const char *name);

void opt_release(const struct opt *table, void *options);

/* The flags as help text, grouped, wrapped at width columns. */
void opt_help(const struct opt *table, int width, struct strbuf *out);

#endif
