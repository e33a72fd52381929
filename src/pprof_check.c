/* dbdyno pprof check: is a profile fit for go build -pgo, of what is it made, and does a commit still have its code? */
#include "base/clock.h"
#include "base/log.h"
#include "options.h"
#include "pprof_command.h"
#include "profile_store.h"
#include "profile_tree.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#define FEW_SAMPLES 1000 /* useful ones: a function of 1 % is known to a third */
#define SHORT_WINDOW_S 5 /* what happens every few seconds may be missed */
#define MUCH_IDLE 0.5
#define FEW_STARTS 0.1 /* calls whose caller has no start line */
#define LITTLE_KEPT 0.8
#define TOO_LITTLE_KEPT 0.5

struct check_options {
	struct opt_seen seen;
	struct profile_store store;
	char *repository, *commit, *exec, *cache, *config;
	long long min_samples;
	bool json, quiet;
};

#define AT(member) offsetof(struct check_options, member)

static const struct opt check_table[] = {
	{ "min-samples", OPT_INT, AT(min_samples), .min = 1, .max = 1000000000, .def = "100", .group = "Options",
	  .help = "fewer samples of the program's own work than this are not fit" },
	{ "repository", OPT_STRING, AT(repository), .value = "URL|PATH",
	  .help = "git repository of the program, for --commit" },
	{ "commit", OPT_STRING, AT(commit), .aliases = "version", .value = "SHA|TAG|BRANCH",
	  .help = "how much of the profile's weight is in functions that this commit has" },
	{ "exec", OPT_STRING, AT(exec), .value = "PROGRAM", .help = "the same of a program that is built already" },
	{ "cache", OPT_STRING, AT(cache), .value = "DIR", .help = "for the commit (default: $XDG_CACHE_HOME/dbdyno)" },
	{ "config", OPT_STRING, AT(config), .value = "FILE", .help = "JSON file with options, by flag name" },
	{ "json", OPT_BOOL, AT(json), .help = "result as JSON" },
	{ "quiet", OPT_BOOL, AT(quiet), .help = "errors only on standard error" },
	PROFILE_STORE_OPTIONS(check_options, store),
	{ 0 },
};

/* What is known of one profile. */
struct findings {
	const char *name;
	bool is_cpu; /* the facts are there */
	struct pprof_facts facts;
	struct pprof_spent spent;
	bool has_kept;
	struct pprof_kept kept;
	struct strlist unfit, warnings;
};

static void findings_release(struct findings *f)
{
	strlist_release(&f->unfit);
	strlist_release(&f->warnings);
}

static double share(double part, double whole)
{
	return whole > 0 ? part / whole : 0;
}

static double window_s(const struct findings *f)
{
	return (double)f->facts.duration_ns / (double)NS_PER_SECOND;
}

static double cpu_s(const struct findings *f)
{
	return (double)f->facts.value_ns / (double)NS_PER_SECOND;
}

static double useful(const struct findings *f)
{
	return f->spent.total - f->spent.gc - f->spent.idle;
}

/* ---- judging ---- */

static void judge_samples(const struct check_options *o, struct findings *f)
{
	const struct pprof_spent *s = &f->spent;
	if (useful(f) < (double)o->min_samples)
		strlist_addf(&f->unfit, "only %.0f samples of the program's own work; at least %lld are asked for",
			     useful(f), o->min_samples);
	else if (useful(f) < FEW_SAMPLES)
		strlist_addf(&f->warnings, "only %.0f samples of the program's own work: rare paths are known badly",
			     useful(f));
	if (share(s->idle, s->total) > MUCH_IDLE)
		strlist_addf(&f->warnings, "%.0f %% of the samples are idle: was there load?",
			     100 * share(s->idle, s->total));
	if (!f->facts.duration_ns)
		strlist_add(&f->warnings, "it does not say how long it was taken");
	else if (window_s(f) < SHORT_WINDOW_S)
		strlist_addf(&f->warnings, "a window of %.1f s: what happens every few seconds may be missing",
			     window_s(f));
	double without = share(s->calls_without_start, s->calls);
	if (s->calls > 0 && without == 1) {
		strlist_add(&f->unfit,
			    "no function has a start line, without which the compiler matches no call (Go 1.20 "
			    "and later write them)");
	} else if (without > FEW_STARTS)
		strlist_addf(&f->warnings, "%.0f %% of the calls are in functions without a start line", 100 * without);
}

static void judge_kept(const struct profile_tree *t, struct findings *f)
{
	const struct pprof_kept *k = &f->kept;
	const char *where = t->commit ? "the commit" : "the program";
	double all = k->kept + k->gone, flat = share(k->kept, all);
	double calls = share(k->calls_kept, k->calls_kept + k->calls_gone);
	if (all <= 0)
		strlist_addf(&f->unfit,
			     "no sample is in a function that %s could have: it is the profile of another program",
			     where);
	else if (flat < TOO_LITTLE_KEPT)
		strlist_addf(&f->unfit, "%s has no more than %.1f %% of the code that the profile is about", where,
			     100 * flat);
	else if (flat < LITTLE_KEPT)
		strlist_addf(&f->warnings, "%s has %.1f %% of the code that the profile is about", where, 100 * flat);
	if (flat >= TOO_LITTLE_KEPT && k->calls_kept + k->calls_gone > 0 && calls < LITTLE_KEPT)
		strlist_addf(&f->warnings, "%s has %.1f %% of the calls that the profile is about", where, 100 * calls);
}

/* A profile that cannot be read or used is a finding, not the end; anything else that fails is. */
static int examine(struct check_options *o, const struct profile_tree *t, struct findings *f, struct error *err)
{
	CLEANUP(pprof) struct pprof p = PPROF_INIT;
	struct error why = ERROR_INIT;
	if (profile_store_read(&o->store, f->name, &p, &why) < 0 || pprof_check_cpu(&p, &f->facts, &why) < 0) {
		if (why.kind != ERROR_USAGE) {
			*err = why;
			return -1;
		}
		return strlist_add(&f->unfit, why.message) < 0 ? error_oom(err) : 0;
	}
	f->is_cpu = true;
	pprof_spent(&p, &f->spent);
	judge_samples(o, f);
	if (t && profile_tree_kept(t, &p, &f->kept, err) < 0)
		return -1;
	f->has_kept = t != NULL;
	if (t)
		judge_kept(t, f);
	return f->unfit.failed || f->warnings.failed ? error_oom(err) : 0;
}

/* ---- telling ---- */

static const char *verdict(const struct findings *f)
{
	return f->unfit.len ? "unfit" : f->warnings.len ? "weak" : "fit";
}

static void print_text(const struct profile_tree *t, const struct findings *f)
{
	const struct pprof_spent *s = &f->spent;
	printf("%s: %s\n", f->name,
	       f->unfit.len      ? "not fit for go build -pgo"
	       : f->warnings.len ? "fit for go build -pgo, but weak"
				 : "fit for go build -pgo");
	if (f->is_cpu) {
		printf("  samples     %.0f in %llu stacks, %.1f s of CPU time", s->total,
		       (unsigned long long)f->facts.stacks, cpu_s(f));
		if (f->facts.duration_ns)
			printf(" in a window of %.1f s (%.2f CPUs)", window_s(f), cpu_s(f) / window_s(f));
		printf("\n  spent on    program %.1f %%, Go's runtime for it %.1f %%, garbage collection %.1f %%, idle "
		       "%.1f %%\n",
		       100 * share(useful(f) - s->runtime, s->total), 100 * share(s->runtime, s->total),
		       100 * share(s->gc, s->total), 100 * share(s->idle, s->total));
		printf("  functions   %llu, %llu with a start line\n", (unsigned long long)f->facts.functions,
		       (unsigned long long)f->facts.start_lines);
	}
	if (f->has_kept) {
		const struct pprof_kept *k = &f->kept;
		double all = k->kept + k->gone;
		printf("  %-10.10s  has %.1f %% of the weight and %.1f %% of the calls in %s (%.1f %% of all)\n",
		       t->commit ? t->commit : "program", 100 * share(k->kept, all),
		       100 * share(k->calls_kept, k->calls_kept + k->calls_gone),
		       t->commit ? "its repository's functions" : "functions of the program",
		       100 * share(all, all + k->outside));
	}
	for (size_t i = 0; i < f->unfit.len; i++)
		printf("  not fit: %s\n", f->unfit.items[i]);
	for (size_t i = 0; i < f->warnings.len; i++)
		printf("  weak: %s\n", f->warnings.items[i]);
}

static void add_list(cJSON *to, const char *name, const struct strlist *list)
{
	cJSON *array = cJSON_AddArrayToObject(to, name);
	for (size_t i = 0; i < list->len; i++)
		cJSON_AddItemToArray(array, cJSON_CreateString(list->items[i]));
}

static void add_kept(cJSON *to, const struct profile_tree *t, const struct pprof_kept *k)
{
	cJSON *kept = cJSON_AddObjectToObject(to, "kept");
	if (t->commit)
		cJSON_AddStringToObject(kept, "commit", t->commit);
	cJSON_AddNumberToObject(kept, "weight", share(k->kept, k->kept + k->gone));
	cJSON_AddNumberToObject(kept, "calls", share(k->calls_kept, k->calls_kept + k->calls_gone));
	cJSON_AddNumberToObject(kept, "judged", share(k->kept + k->gone, k->kept + k->gone + k->outside));
}

static cJSON *to_json(const struct profile_tree *t, const struct findings *f)
{
	const struct pprof_spent *s = &f->spent;
	cJSON *o = cJSON_CreateObject();
	cJSON_AddStringToObject(o, "file", f->name);
	cJSON_AddStringToObject(o, "verdict", verdict(f));
	add_list(o, "reasons", &f->unfit);
	add_list(o, "warnings", &f->warnings);
	if (f->is_cpu) {
		cJSON_AddNumberToObject(o, "samples", s->total);
		cJSON_AddNumberToObject(o, "useful_samples", useful(f));
		cJSON_AddNumberToObject(o, "stacks", (double)f->facts.stacks);
		cJSON_AddNumberToObject(o, "cpu_seconds", cpu_s(f));
		cJSON_AddNumberToObject(o, "window_seconds", window_s(f));
		cJSON_AddNumberToObject(o, "idle", share(s->idle, s->total));
		cJSON_AddNumberToObject(o, "gc", share(s->gc, s->total));
		cJSON_AddNumberToObject(o, "runtime", share(s->runtime, s->total));
		cJSON_AddNumberToObject(o, "functions", (double)f->facts.functions);
		cJSON_AddNumberToObject(o, "start_lines", (double)f->facts.start_lines);
	}
	if (f->has_kept)
		add_kept(o, t, &f->kept);
	return o;
}

/* Prints each as it is known; *ret_unfit counts. */
static int check_all(struct check_options *o, const struct strlist *files, const struct profile_tree *t,
		     size_t *ret_unfit, struct error *err)
{
	cJSON *all = cJSON_CreateArray();
	int r = 0;
	for (size_t i = 0; r == 0 && i < files->len; i++) {
		CLEANUP(findings) struct findings f = { .name = files->items[i] };
		r = examine(o, t, &f, err);
		*ret_unfit += f.unfit.len > 0;
		if (r == 0 && o->json)
			cJSON_AddItemToArray(all, to_json(t, &f));
		else if (r == 0)
			print_text(t, &f);
	}
	char *text = r == 0 && o->json ? cJSON_PrintUnformatted(all) : NULL;
	cJSON_Delete(all);
	if (r == 0 && ((o->json && (!text || puts(text) < 0)) || fflush(stdout)))
		r = error_errno(err, ERROR_INTERNAL, "write the result");
	free(text);
	return r;
}

static int check(struct check_options *o, const struct strlist *files, struct error *err)
{
	CLEANUP(profile_tree) struct profile_tree t = PROFILE_TREE_INIT;
	size_t unfit = 0;
	if (o->exec && profile_tree_binary(&t, o->exec, err) < 0)
		return -1;
	if (o->commit) {
		AUTO_FREE char *cache = options_cache(o->cache, err);
		if (!cache || profile_tree_fetch(&t, o->repository, o->commit, cache, err) < 0)
			return -1;
		log_info("%.12s: %zu functions in its Go sources", t.commit, t.sources.n);
	}
	if (check_all(o, files, o->exec || o->commit ? &t : NULL, &unfit, err) < 0)
		return -1;
	if (!unfit)
		return 0;
	return files->len == 1 ? error_set(err, ERROR_USAGE, "%s is not fit for go build -pgo", files->items[0])
			       : error_set(err, ERROR_USAGE, "%zu of %zu profiles are not fit for go build -pgo", unfit,
					   files->len);
}

static void check_options(const struct check_options *o, const struct strlist *files, struct strlist *problems)
{
	if (!files->len)
		strlist_add(problems, "no profile is named");
	if (!o->commit != !o->repository)
		strlist_add(problems, "--commit and --repository need each other");
	if (o->commit && o->exec)
		strlist_add(problems, "--commit and --exec are two answers to one question: give one");
}

static int run(int argc, const char *const *argv, struct error *err)
{
	struct check_options o = { 0 };
	bool done = false;
	CLEANUP(strlist) struct strlist files = STRLIST_INIT;
	CLEANUP(strlist) struct strlist problems = STRLIST_INIT;
	int result = command_parse(&pprof_check_command, &o, argc, argv, &files, &problems, &done, err);
	if (result == 0 && !done) {
		log_init(o.quiet ? LOG_QUIET : LOG_NORMAL, false);
		check_options(&o, &files, &problems);
		result = command_problems(&problems, err) < 0 ? -1 : check(&o, &files, err);
	}
	profile_store_release(&o.store);
	opt_release(check_table, &o);
	return result;
}

const struct command pprof_check_command = {
	.name = "pprof check",
	.usage = "PROFILE… [--repository URL|PATH --commit SHA] [flags]",
	.summary = "Tell whether a CPU profile is fit for go build -pgo, and why.",
	.table = check_table,
	.run = run,
};
