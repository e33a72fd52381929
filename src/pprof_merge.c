/* dbdyno pprof merge: profiles added up, each with a weight. One is in memory at a time beside the sum. */
#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "pprof_command.h"
#include "profile_store.h"

#include <cjson/cJSON.h>
#include <float.h>
#include <stdio.h>
#include <string.h>

struct merge_options {
	struct opt_seen seen;
	struct profile_store store;
	char *out, *config;
	long long last;
	uint64_t max_age_ns;
	bool normalize, any_program, json, quiet;
};

/* One profile of the sum. */
struct input {
	char *name; /* owned */
	double weight;
};

struct inputs {
	struct input *items;
	size_t len, cap;
};

static void inputs_release(struct inputs *in)
{
	for (size_t i = 0; i < in->len; i++)
		free(in->items[i].name);
	free(in->items);
	*in = (struct inputs){ 0 };
}

#define AT(member) offsetof(struct merge_options, member)

static const struct opt merge_table[] = {
	{ "out", OPT_STRING, AT(out), .aliases = "o", .value = "FILE|S3URL", .flags = OPT_REQUIRED, .group = "Options",
	  .help = "where the sum goes; - is standard output" },
	{ "normalize", OPT_BOOL, AT(normalize),
	  .help = "every profile counts by samples per second of its window, so that a long one weighs no more than a "
		  "short one" },
	{ "any-program", OPT_BOOL, AT(any_program), .help = "also profiles of programs that share no function" },
	{ "last", OPT_INT, AT(last), .min = 1, .max = PROFILE_STORE_MAX_OBJECTS, .value = "N",
	  .help = "of the profiles under a prefix (s3://bucket/prefix/) the newest N" },
	{ "max-age", OPT_DURATION, AT(max_age_ns), .min = 1, .max = 10 * 365.25 * 86400,
	  .help = "of the profiles under a prefix those written within this time, as 12h or 7d" },
	{ "config", OPT_STRING, AT(config), .value = "FILE", .help = "JSON file with options, by flag name" },
	{ "json", OPT_BOOL, AT(json), .help = "what was merged, as JSON on standard output" },
	{ "quiet", OPT_BOOL, AT(quiet), .help = "errors only on standard error" },
	PROFILE_STORE_OPTIONS(merge_options, store),
	{ 0 },
};

static int add_input(struct inputs *in, const char *name, size_t len, double weight, struct error *err)
{
	if (in->len == in->cap) {
		size_t cap = in->cap ? 2 * in->cap : 16;
		struct input *items = reallocarray(in->items, cap, sizeof *items);
		if (!items)
			return error_oom(err);
		in->items = items;
		in->cap = cap;
	}
	char *copy = strndup(name, len);
	if (!copy)
		return error_oom(err);
	in->items[in->len++] = (struct input){ copy, weight };
	return 0;
}

/* "FILE=WEIGHT", unless there is a file of that whole name; a '=' in a folder's name or in a key's begins no weight. */
static int parse_input(const char *argument, struct inputs *in, struct strlist *problems, struct error *err)
{
	const char *equals = strrchr(argument, '=');
	double weight = 1;
	if (!equals || strchr(equals, '/') || (!profile_store_is_s3(argument) && fs_exists(argument)))
		return add_input(in, argument, strlen(argument), 1, err);
	if (str_to_double(equals + 1, -DBL_MAX, DBL_MAX, &weight) < 0 || weight <= 0) {
		strlist_addf(problems, "%.200s: the weight \"%.60s\" is not a finite number above 0", argument,
			     equals + 1);
		return 0;
	}
	return add_input(in, argument, (size_t)(equals - argument), weight, err);
}

static void check_s3_name(const char *url, struct strlist *problems)
{
	AUTO_FREE char *bucket = NULL, *key = NULL;
	struct error e = ERROR_INIT;
	if (profile_store_is_s3(url) && s3_parse_url(url, &bucket, &key, &e) < 0)
		strlist_addf(problems, "%s%s%s", e.message, e.hint[0] ? "; " : "", e.hint);
}

static bool is_prefix(const char *name)
{
	return profile_store_is_s3(name) && str_ends(name, "/");
}

static bool has_prefix(const struct inputs *in)
{
	for (size_t i = 0; i < in->len; i++)
		if (is_prefix(in->items[i].name))
			return true;
	return false;
}

static int check(const struct merge_options *o, const struct strlist *arguments, struct inputs *in,
		 struct strlist *problems, struct error *err)
{
	if (!arguments->len)
		strlist_add(problems, "no profile is named");
	for (size_t i = 0; i < arguments->len; i++)
		if (parse_input(arguments->items[i], in, problems, err) < 0)
			return -1;
	for (size_t i = 0; i < in->len; i++)
		check_s3_name(in->items[i].name, problems);
	if (o->out)
		check_s3_name(o->out, problems);
	if (o->out && fs_is_dir(o->out))
		strlist_addf(problems, "--out: %s is a folder", o->out);
	if (o->out && is_prefix(o->out))
		strlist_addf(problems, "--out: %s is a prefix, not an object", o->out);
	if ((o->last || o->max_age_ns) && in->len && !has_prefix(in))
		strlist_add(problems, "--last and --max-age choose among the profiles under a prefix: name one as "
				      "s3://bucket/prefix/");
	if (str_eq(o->out, "-") && o->json)
		strlist_add(problems, "--json and the profile cannot both go to standard output");
	return command_problems(problems, err);
}

/* Prefixes become the profiles under them, each with the prefix's weight. */
static int expand(struct merge_options *o, struct inputs *in, struct error *err)
{
	CLEANUP(inputs) struct inputs all = { 0 };
	const struct profile_choice choice = { .last = (size_t)o->last,
					       .max_age_ns = o->max_age_ns,
					       .now_unix = clock_wall_ns() / (int64_t)NS_PER_SECOND };
	for (size_t i = 0; i < in->len; i++) {
		CLEANUP(strlist) struct strlist names = STRLIST_INIT;
		const struct input *input = &in->items[i];
		if (is_prefix(input->name) ? profile_store_list(&o->store, input->name, &choice, &names, err) < 0
					   : strlist_add(&names, input->name) < 0)
			return names.failed ? error_oom(err) : -1;
		for (size_t n = 0; n < names.len; n++)
			if (add_input(&all, names.items[n], strlen(names.items[n]), input->weight, err) < 0)
				return -1;
	}
	inputs_release(in);
	*in = all;
	all = (struct inputs){ 0 };
	return 0;
}

/* ---- is it the same program? ---- */

static const struct pprof_string *main_file(const struct pprof *p)
{
	return &p->strings[p->n_mappings ? p->mappings[0].filename : 0];
}

/* The last part of a path. */
static struct pprof_string base_name(const struct pprof_string *path)
{
	size_t from = path->len;
	while (from && path->data[from - 1] != '/')
		from--;
	return (struct pprof_string){ path->data + from, path->len - from };
}

/* What the first profile says of its program. */
struct program {
	char *file; /* owned; "" where it does not say */
};

static int check_program(const struct merge_options *o, struct program *first, const char *name, const struct pprof *p,
			 const struct pprof_merger *m, struct error *err)
{
	struct pprof_string file = base_name(main_file(p));
	AUTO_FREE char *own = strndup(file.data, file.len);
	if (!own)
		return error_oom(err);
	if (!first->file) {
		first->file = TAKE(own);
		return 0;
	}
	uint32_t functions, known;
	pprof_merger_last(m, &functions, &known);
	if (!*own || !*first->file || strcmp(own, first->file) == 0 || o->any_program)
		return 0;
	if (!functions || known) {
		log_warn("%s is a profile of %s, the first one of %s; they share %u functions", name, own, first->file,
			 known);
		return 0;
	}
	error_set(err, ERROR_USAGE,
		  "%s is the profile of another program: of %s, the first one of %s; they share no "
		  "function of their own packages",
		  name, own, first->file);
	return error_hint(err, "--any-program merges them all the same");
}

/* ---- the sum ---- */

struct totals {
	double longest_s; /* window */
	uint64_t samples; /* stacks read */
};

static int add_one(struct merge_options *o, const struct input *in, struct pprof_merger *m, struct program *first,
		   struct totals *t, struct error *err)
{
	CLEANUP(pprof) struct pprof p = PPROF_INIT;
	if (profile_store_read(&o->store, in->name, &p, err) < 0)
		return -1;
	double factor = in->weight, window_s = (double)p.duration_ns / (double)NS_PER_SECOND;
	if (o->normalize && window_s <= 0)
		return error_set(err, ERROR_USAGE, "%s does not say how long it was taken, which --normalize needs",
				 in->name);
	if (o->normalize)
		factor /= window_s;
	if (window_s > t->longest_s)
		t->longest_s = window_s;
	t->samples += p.n_samples;
	if (pprof_merger_add_scaled(m, &p, factor, err) < 0)
		return error_wrap(err, "add %s", in->name);
	return check_program(o, first, in->name, &p, m, err);
}

static int tell(const struct merge_options *o, const struct inputs *in, const struct pprof *sum, size_t bytes,
		struct error *err)
{
	double seconds = (double)sum->duration_ns / (double)NS_PER_SECOND;
	log_info("%zu profile%s merged: %u stacks of %u functions, %.1f s, %zu bytes to %s", in->len,
		 in->len == 1 ? "" : "s", sum->n_samples, sum->n_functions, seconds, bytes, o->out);
	if (!o->json)
		return 0;
	cJSON *root = cJSON_CreateObject();
	cJSON_AddNumberToObject(root, "profiles", (double)in->len);
	cJSON_AddNumberToObject(root, "stacks", sum->n_samples);
	cJSON_AddNumberToObject(root, "functions", sum->n_functions);
	cJSON_AddNumberToObject(root, "duration_seconds", seconds);
	cJSON_AddNumberToObject(root, "bytes", (double)bytes);
	cJSON_AddStringToObject(root, "file", o->out);
	char *text = cJSON_PrintUnformatted(root);
	cJSON_Delete(root);
	int r = text && puts(text) >= 0 && fflush(stdout) == 0 ? 0
							       : error_errno(err, ERROR_INTERNAL, "write the result");
	free(text);
	return r;
}

static int add_all(struct merge_options *o, const struct inputs *in, struct pprof *ret, struct totals *t,
		   struct error *err)
{
	CLEANUP(pprof_merger) struct pprof_merger m = PPROF_MERGER_INIT;
	struct program first = { 0 };
	int r = 0;
	for (size_t i = 0; r == 0 && i < in->len; i++)
		r = add_one(o, &in->items[i], &m, &first, t, err);
	free(first.file);
	return r < 0 ? -1 : pprof_merger_finish_scaled(&m, o->normalize ? t->longest_s : 1, ret, err);
}

static int merge(struct merge_options *o, struct inputs *in, struct error *err)
{
	CLEANUP(pprof) struct pprof sum = PPROF_INIT;
	struct totals t = { 0 };
	size_t bytes;
	if (expand(o, in, err) < 0)
		return -1;
	/* The sum of one is that one, with all that a sum cannot keep. */
	bool is_one = in->len == 1 && in->items[0].weight == 1 && !o->normalize;
	if (is_one ? profile_store_read(&o->store, in->items[0].name, &sum, err) < 0
		   : add_all(o, in, &sum, &t, err) < 0)
		return -1;
	if (!sum.n_samples)
		return error_set(err, ERROR_USAGE,
				 t.samples ? "with these weights no sample is left"
					   : "there are no samples in what is merged");
	if (profile_store_write(&o->store, &sum, o->out, &bytes, err) < 0)
		return -1;
	return tell(o, in, &sum, bytes, err);
}

static int run(int argc, const char *const *argv, struct error *err)
{
	struct merge_options o = { 0 };
	bool done = false;
	CLEANUP(strlist) struct strlist arguments = STRLIST_INIT;
	CLEANUP(strlist) struct strlist problems = STRLIST_INIT;
	CLEANUP(inputs) struct inputs in = { 0 };
	int result = command_parse(&pprof_merge_command, &o, argc, argv, &arguments, &problems, &done, err);
	if (result == 0 && !done) {
		log_init(o.quiet ? LOG_QUIET : LOG_NORMAL, false);
		result = check(&o, &arguments, &in, &problems, err) < 0 ? -1 : merge(&o, &in, err);
	}
	profile_store_release(&o.store);
	opt_release(merge_table, &o);
	return result;
}

const struct command pprof_merge_command = {
	.name = "pprof merge",
	.usage = "PROFILE[=WEIGHT]… --out FILE [flags]",
	.summary = "Add profiles up, each with a weight.",
	.table = merge_table,
	.run = run,
};
