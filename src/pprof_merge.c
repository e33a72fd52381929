/* dbdyno pprof merge: profiles added up, each with a weight. One is in memory at a time beside the sums. */
#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "pprof_command.h"
#include "profile_store.h"
#include "profiler/sum.h"

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
	bool normalize, any_program, strict, json, quiet;
};

/* One profile of the sum. */
struct input {
	char *name; /* owned */
	double weight;
	bool listed; /* found under a prefix, not named */
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
	{ "strict", OPT_BOOL, AT(strict),
	  .help = "a profile under a prefix that is none, or of another kind, fails it all, as one that is named "
		  "does" },
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

static int add_input(struct inputs *in, const char *name, size_t len, double weight, bool listed, struct error *err)
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
	in->items[in->len++] = (struct input){ copy, weight, listed };
	return 0;
}

/* "FILE=WEIGHT", unless there is a file of that whole name; a '=' in a folder's name or in a key's begins no weight. */
static int parse_input(const char *argument, struct inputs *in, struct strlist *problems, struct error *err)
{
	const char *equals = strrchr(argument, '=');
	double weight = 1;
	if (!equals || strchr(equals, '/') || (!profile_store_is_s3(argument) && fs_exists(argument)))
		return add_input(in, argument, strlen(argument), 1, false, err);
	if (str_to_double(equals + 1, -DBL_MAX, DBL_MAX, &weight) < 0 || weight <= 0) {
		strlist_addf(problems, "%.200s: the weight \"%.60s\" is not a finite number above 0", argument,
			     equals + 1);
		return 0;
	}
	return add_input(in, argument, (size_t)(equals - argument), weight, false, err);
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
		bool listed = is_prefix(input->name);
		if (listed ? profile_store_list(&o->store, input->name, &choice, &names, err) < 0
			   : strlist_add(&names, input->name) < 0)
			return names.failed ? error_oom(err) : -1;
		for (size_t n = 0; n < names.len; n++)
			if (add_input(&all, names.items[n], strlen(names.items[n]), input->weight, listed, err) < 0)
				return -1;
	}
	inputs_release(in);
	*in = all;
	all = (struct inputs){ 0 };
	return 0;
}

/* ---- the sum ---- */

/* What is found under a prefix is left out if it is no profile that fits the rest; what is named must be there. */
static int add_one(struct merge_options *o, const struct input *in, struct pprof_sum *sum, struct error *err)
{
	CLEANUP(pprof) struct pprof p = PPROF_INIT;
	struct error why = ERROR_INIT;
	bool must = !in->listed || o->strict;
	int r = profile_store_read(&o->store, in->name, &p, &why);
	if (r == 0 && o->normalize && p.duration_ns <= 0)
		r = error_set(&why, ERROR_USAGE, "%s does not say how long it was taken, which --normalize needs",
			      in->name);
	if (r == 0)
		return pprof_sum_add(sum, in->name, &p, in->weight, must, err);
	if (!must && why.kind == ERROR_USAGE)
		return pprof_sum_leave_out(sum, in->name, why.message, err);
	*err = why;
	return -1;
}

static int add_all(struct merge_options *o, const struct inputs *in, struct pprof_sum *sum, struct pprof *ret,
		   struct error *err)
{
	int r = 0;
	for (size_t i = 0; r == 0 && i < in->len; i++)
		r = add_one(o, &in->items[i], sum, err);
	if (r == 0)
		r = pprof_sum_finish(sum, ret, err);
	for (size_t i = 0; i < sum->warnings.len; i++)
		log_warn("%s", sum->warnings.items[i]);
	for (size_t i = 0; i < sum->reasons.len; i++)
		log_warn("left out: %s", sum->reasons.items[i]);
	return r;
}

static void add_left_out(cJSON *root, const struct pprof_sum *sum)
{
	cJSON *list = cJSON_AddArrayToObject(root, "left_out");
	for (size_t i = 0; i < sum->left_out.len; i++) {
		cJSON *one = cJSON_CreateObject();
		cJSON_AddStringToObject(one, "profile", sum->left_out.items[i]);
		cJSON_AddStringToObject(one, "reason", sum->reasons.items[i]);
		cJSON_AddItemToArray(list, one);
	}
}

static int tell(const struct merge_options *o, const struct pprof_sum *sum, const struct pprof *p, size_t bytes,
		struct error *err)
{
	char left_out[40] = "";
	double seconds = (double)p->duration_ns / (double)NS_PER_SECOND;
	if (sum->left_out.len)
		snprintf(left_out, sizeof left_out, ", %zu left out", sum->left_out.len);
	log_info("%zu profile%s merged%s: %u stacks of %u functions, %.1f s, %zu bytes to %s", sum->merged,
		 sum->merged == 1 ? "" : "s", left_out, p->n_samples, p->n_functions, seconds, bytes, o->out);
	if (!o->json)
		return 0;
	cJSON *root = cJSON_CreateObject();
	cJSON_AddNumberToObject(root, "profiles", (double)sum->merged);
	add_left_out(root, sum);
	cJSON_AddNumberToObject(root, "stacks", p->n_samples);
	cJSON_AddNumberToObject(root, "functions", p->n_functions);
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

static int merge(struct merge_options *o, struct inputs *in, struct error *err)
{
	CLEANUP(pprof) struct pprof p = PPROF_INIT;
	CLEANUP(pprof_sum) struct pprof_sum sum = { .any_program = o->any_program, .normalize = o->normalize };
	size_t bytes;
	if (expand(o, in, err) < 0)
		return -1;
	/* The sum of one is that one, with all that a sum cannot keep. */
	bool is_one = in->len == 1 && in->items[0].weight == 1 && !o->normalize;
	sum.merged = is_one;
	if (is_one ? profile_store_read(&o->store, in->items[0].name, &p, err) < 0 : add_all(o, in, &sum, &p, err) < 0)
		return -1;
	if (!p.n_samples)
		return error_set(err, ERROR_USAGE,
				 sum.has_samples ? "with these weights no sample is left"
						 : "there are no samples in what is merged");
	if (profile_store_write(&o->store, &p, o->out, &bytes, err) < 0)
		return -1;
	return tell(o, &sum, &p, bytes, err);
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
