/* dbdyno pprof check: is a profile fit for go build -pgo, of what is it made, and does a commit still have its code? */
#include "base/clock.h"
#include "base/log.h"
#include "options.h"
#include "pprof_command.h"
#include "profile_findings.h"
#include "profile_store.h"
#include "profile_tree.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

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
struct checked {
	const char *name;
	struct profile_findings f;
};

static void checked_release(struct checked *c)
{
	profile_findings_release(&c->f);
}

static double window_s(const struct profile_findings *f)
{
	return (double)f->facts.duration_ns / (double)NS_PER_SECOND;
}

static double cpu_s(const struct profile_findings *f)
{
	return (double)f->facts.value_ns / (double)NS_PER_SECOND;
}

/* A profile that cannot be read or used is a finding, not the end; anything else that fails is. */
static int examine(struct check_options *o, const struct profile_tree *t, struct checked *c, struct error *err)
{
	CLEANUP(pprof) struct pprof p = PPROF_INIT;
	struct error why = ERROR_INIT;
	struct pprof_kept kept;
	if (profile_store_read(&o->store, c->name, &p, &why) < 0) {
		if (why.kind != ERROR_USAGE) {
			*err = why;
			return -1;
		}
		return strlist_add(&c->f.unfit, why.message) < 0 ? error_oom(err) : 0;
	}
	if (profile_examine(&p, o->min_samples, &c->f, err) < 0)
		return -1;
	if (!t || !c->f.is_cpu)
		return 0;
	return profile_tree_kept(t, &p, &kept, err) < 0
		       ? -1
		       : profile_judge_kept(&p, &kept, t->commit ? "the commit" : "the program", &c->f, err);
}

/* ---- telling ---- */

static void print_kept(const struct profile_tree *t, const struct profile_findings *f)
{
	const struct pprof_kept *k = &f->kept;
	double all = k->kept + k->gone, rest = k->gone;
	printf("  %-10.10s  has %.1f %% of the weight and %.1f %% of the calls in %s (%.1f %% of all)\n",
	       t->commit ? t->commit : "program", 100 * profile_share(k->kept, all),
	       100 * profile_share(k->calls_kept, k->calls_kept + k->calls_gone),
	       t->commit ? "its repository's functions" : "functions of the program",
	       100 * profile_share(all, all + k->outside));
	for (size_t i = 0; i < f->gone.len; i++) {
		printf("  %-10s  %4.1f %%  %s\n", i ? "" : "gone", 100 * profile_share(k->heaviest[i].weight, all),
		       f->gone.items[i]);
		rest -= k->heaviest[i].weight;
	}
	if (k->gone_names > f->gone.len)
		printf("  %-10s  %4.1f %%  in %zu more\n", "", 100 * profile_share(rest, all),
		       k->gone_names - f->gone.len);
}

static void print_text(const struct profile_tree *t, const struct checked *c)
{
	const struct profile_findings *f = &c->f;
	const struct pprof_spent *s = &f->spent;
	printf("%s: %s\n", c->name,
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
		       100 * profile_share(profile_useful(f) - s->runtime, s->total),
		       100 * profile_share(s->runtime, s->total), 100 * profile_share(s->gc, s->total),
		       100 * profile_share(s->idle, s->total));
		printf("  functions   %llu, %llu with a start line\n", (unsigned long long)f->facts.functions,
		       (unsigned long long)f->facts.start_lines);
	}
	if (f->has_kept)
		print_kept(t, f);
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

static void add_kept(cJSON *to, const struct profile_tree *t, const struct profile_findings *f)
{
	const struct pprof_kept *k = &f->kept;
	cJSON *kept = cJSON_AddObjectToObject(to, "kept");
	if (t->commit)
		cJSON_AddStringToObject(kept, "commit", t->commit);
	cJSON_AddNumberToObject(kept, "weight", profile_share(k->kept, k->kept + k->gone));
	cJSON_AddNumberToObject(kept, "calls", profile_share(k->calls_kept, k->calls_kept + k->calls_gone));
	cJSON_AddNumberToObject(kept, "judged", profile_share(k->kept + k->gone, k->kept + k->gone + k->outside));
	cJSON_AddNumberToObject(kept, "gone_functions", (double)k->gone_names);
	cJSON *gone = cJSON_AddArrayToObject(kept, "gone");
	for (size_t i = 0; i < f->gone.len; i++) {
		cJSON *one = cJSON_CreateObject();
		cJSON_AddStringToObject(one, "function", f->gone.items[i]);
		cJSON_AddNumberToObject(one, "weight", profile_share(k->heaviest[i].weight, k->kept + k->gone));
		cJSON_AddItemToArray(gone, one);
	}
}

static cJSON *to_json(const struct profile_tree *t, const struct checked *c)
{
	const struct profile_findings *f = &c->f;
	const struct pprof_spent *s = &f->spent;
	cJSON *o = cJSON_CreateObject();
	cJSON_AddStringToObject(o, "file", c->name);
	cJSON_AddStringToObject(o, "verdict", profile_verdict(f));
	add_list(o, "reasons", &f->unfit);
	add_list(o, "warnings", &f->warnings);
	if (f->is_cpu) {
		cJSON_AddNumberToObject(o, "samples", s->total);
		cJSON_AddNumberToObject(o, "useful_samples", profile_useful(f));
		cJSON_AddNumberToObject(o, "stacks", (double)f->facts.stacks);
		cJSON_AddNumberToObject(o, "cpu_seconds", cpu_s(f));
		cJSON_AddNumberToObject(o, "window_seconds", window_s(f));
		cJSON_AddNumberToObject(o, "idle", profile_share(s->idle, s->total));
		cJSON_AddNumberToObject(o, "gc", profile_share(s->gc, s->total));
		cJSON_AddNumberToObject(o, "runtime", profile_share(s->runtime, s->total));
		cJSON_AddNumberToObject(o, "functions", (double)f->facts.functions);
		cJSON_AddNumberToObject(o, "start_lines", (double)f->facts.start_lines);
	}
	if (f->has_kept)
		add_kept(o, t, f);
	return o;
}

/* Prints each as it is known; *ret_unfit counts. */
static int check_all(struct check_options *o, const struct strlist *files, const struct profile_tree *t,
		     size_t *ret_unfit, struct error *err)
{
	cJSON *all = cJSON_CreateArray();
	int r = 0;
	for (size_t i = 0; r == 0 && i < files->len; i++) {
		CLEANUP(checked) struct checked c = { .name = files->items[i] };
		r = examine(o, t, &c, err);
		*ret_unfit += c.f.unfit.len > 0;
		if (r == 0 && o->json)
			cJSON_AddItemToArray(all, to_json(t, &c));
		else if (r == 0)
			print_text(t, &c);
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
