/* Problems of options that single values do not show. */
#include "options.h"

#include "base/fs.h"
#include "benchmarker/arrivals.h"
#include "benchmarker/build.h"
#include "benchmarker/engine.h"
#include "benchmarker/tpcc.h"
#include "benchmarker/workload.h"
#include "net/s3.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define RATE_EVENTS_MIN 10 /* in a slice */

static void add_problem(struct strlist *problems, const char *flag, const struct error *err)
{
	strlist_addf(problems, "%s: %s%s%s", flag, err->message, err->hint[0] ? "; " : "", err->hint);
}

/* profile_flag: how the flag for the profile to build with is spelled, and with "-key". */
static void check_side(const struct options *o, const struct side_options *s, const char *name,
		       const char *profile_flag, bool file_is_good, struct strlist *problems)
{
	struct error e = ERROR_INIT;
	char flag[48];
	bool alone = !*name; /* profile, pgo: --version rather than --from-version */
	const char *dash = alone ? "" : "-";
	struct engine engine = { 0 };
	snprintf(flag, sizeof flag, "--%s%sserver", name, dash);
	bool known = options_engine(o, s->server, &engine, &e) == 0;
	if (!known && file_is_good)
		add_problem(problems, flag, &e);
	snprintf(flag, sizeof flag, "--%s%sversion", name, dash);
	if (s->version && build_check_version(s->version, &e) < 0)
		add_problem(problems, flag, &e);
	snprintf(flag, sizeof flag, "--%s%srepository", name, dash);
	if (s->repository && build_check_repository(s->repository, &e) < 0)
		add_problem(problems, flag, &e);
	const char *exec = known ? options_programs(o, s, &engine).exec : s->exec;
	if (known && !exec && engine.package) {
		if (!s->version)
			strlist_addf(problems, "--%s%sversion: which commit of %s? (or give a program with --%s%sexec)",
				     name, dash, s->server, name, dash);
		if (!s->repository && !engine.repository)
			strlist_addf(problems, "--%s%srepository: engine %s has no repository of its own", name, dash,
				     s->server);
	}
	if (known && alone && !engine_gives_profile(&engine))
		strlist_addf(problems, "--server: engine %s gives no CPU profile (its engine file has no \"profile\")",
			     s->server);
	bool with_profile = s->profile || s->profile_key;
	if (with_profile && (exec || (known && !engine.package)))
		strlist_addf(problems, "%s: a profile needs a build, and %s", profile_flag,
			     exec ? "a program is given" : "this engine is not built from a commit");
	if (s->profile && s->profile_key)
		strlist_addf(problems, "%s and %s-key contradict each other", profile_flag, profile_flag);
	if (s->profile_key && !o->bucket)
		strlist_addf(problems, "%s-key needs --bucket", profile_flag);
	if (s->profile && !str_starts(s->profile, "s3://") && (!fs_exists(s->profile) || fs_is_dir(s->profile)))
		strlist_addf(problems, "%s: there is no file %s", profile_flag, s->profile);
	engine_release(&engine);
}

/* Told once, not for each side. */
static bool check_engine_file(const struct options *o, struct strlist *problems)
{
	struct error e = ERROR_INIT;
	struct engine engine = { 0 };
	bool good = !o->engine_file || engine_load_file(o->engine_file, &engine, &e) == 0;
	if (!good)
		add_problem(problems, "--engine-file", &e);
	engine_release(&engine);
	return good;
}

static void check_store(const struct options *o, struct strlist *problems)
{
	struct error e = ERROR_INIT;
	CLEANUP(strbuf) struct strbuf key = STRBUF_INIT(8192);
	strbuf_addf(&key, "%s/%s/results.db", o->results_dir ? o->results_dir : "2000/01/01",
		    o->results_prefix ? o->results_prefix : "20000101-000000-00000000");
	if (o->bucket && s3_check_names(o->bucket, key.data, &e) < 0)
		add_problem(problems, "--bucket, --results-dir and --results-prefix", &e);
	if (o->endpoint && !o->bucket && !o->mail.results && !(o->history && str_starts(o->history, "s3://")))
		strlist_add(problems, "--endpoint needs --bucket");
}

/* A threshold for a test that is not run is fine: one file serves many runs. One that nobody knows is a slip. */
static void check_thresholds(const struct options *o, struct strlist *problems)
{
	for (size_t i = 0; i < o->thresholds.len; i++) {
		const char *value = o->thresholds.items[i];
		size_t len;
		double fraction;
		if (options_parse_threshold(value, &len, &fraction) < 0) {
			strlist_addf(problems, "--threshold: \"%.100s\" is not [TEST=]PERCENT, from 0 to below 100",
				     value);
			continue;
		}
		AUTO_FREE char *name = strndup(value, len);
		const struct workload *w;
		unsigned scale;
		bool known = !name || len == 0 || tpcc_parse_name(name, &scale);
		for (size_t t = 0; !known && t < o->tests.len; t++)
			known = workload_same(name, o->tests.items[t]);
		struct error e = ERROR_INIT;
		if (!known && workload_find(name, &w, &e) < 0)
			add_problem(problems, "--threshold", &e);
	}
}

/* A slice with hardly an event says nothing; one without any leaves its pair without a ratio. */
static void check_rate(const struct options *o, const struct plan *plan, struct strlist *problems)
{
	double rate, least = RATE_EVENTS_MIN;
	if (options_parse_rate(o->rate, &rate) < 0) {
		strlist_addf(problems,
			     "--rate: \"%.100s\" is not max, and not a number of events a second from %g to %g",
			     o->rate, ARRIVALS_RATE_MIN, ARRIVALS_RATE_MAX);
		return;
	}
	double slice_s = plan->len ? (double)plan->slices[0].duration_ns / 1e9 : INFINITY;
	if (rate > 0 && rate * slice_s < least * 0.999) /* lengths of slices are rounded */
		strlist_addf(problems,
			     "--rate: %g events a second are too few for slices of %.3g s, which need %g: --slice=%g, "
			     "with a "
			     "test time of several of them",
			     rate, slice_s, least, ceil(least / rate * 10) / 10);
}

/* Files that a run writes by other names must not be overwritten. */
static void check_files(const struct options *o, struct strlist *problems)
{
	const char *name = o->results_filename;
	if (name && (strchr(name, '/') || name[0] == '.' || strlen(name) > 100))
		strlist_addf(problems, "--results-filename: \"%.100s\" is not a plain file name", name);
	else if (name && (strcmp(name, "report") == 0 || str_starts(name, "query-")))
		strlist_addf(problems, "--results-filename: %s is the name of another file of the results", name);
	if (o->work_dir && !fs_is_dir(o->work_dir))
		strlist_addf(problems, "--dir: there is no folder %s", o->work_dir);
	if (o->schema && fs_is_dir(o->schema))
		strlist_addf(problems, "--schema: %s is a folder", o->schema);
}

static void check_open_ended(const struct options *o, struct strlist *problems)
{
	double fraction;
	if (options_parse_percent(o->precision, &fraction) < 0)
		strlist_addf(problems, "--precision: \"%.100s\" is no percentage above 0 and below 100", o->precision);
	if (!options_open_ended(o))
		return;
	if (o->pairing == PAIRING_SEQUENTIAL)
		strlist_add(problems, "--precision and --budget: sequential pairing cannot go on after its end");
	if (o->starts)
		strlist_add(problems, "--starts: with --precision or --budget there are as many as it takes");
	if (o->repetitions > 1)
		strlist_add(problems, "--repetitions: not with --precision or --budget, which add starts instead");
}

/* Of a test that is not run: a slip. */
static void check_weights(const struct options *o, struct strlist *problems)
{
	CLEANUP(strlist) struct strlist tests = STRLIST_INIT;
	if (options_tests(o, &tests, NULL) < 0)
		return;
	for (size_t i = 0; i < o->profile_weights.len; i++) {
		const char *value = o->profile_weights.items[i];
		size_t len;
		double weight;
		if (options_parse_weight(value, &len, &weight) < 0) {
			strlist_addf(problems, "--weight: \"%.100s\" is not TEST=W, W a number from %g to %g", value,
				     WEIGHT_MIN, WEIGHT_MAX);
			continue;
		}
		AUTO_FREE char *name = strndup(value, len);
		bool known = !name;
		for (size_t t = 0; !known && t < tests.len; t++)
			known = workload_same(name, tests.items[t]);
		if (!known)
			strlist_addf(problems, "--weight: the test %.100s is not one of this run", name);
	}
}

static void check_validate(const struct options *o, struct strlist *problems)
{
	CLEANUP(strlist) struct strlist tests = STRLIST_INIT;
	if (!o->validate)
		return;
	if (o->to.exec)
		strlist_add(problems, "--validate: with --to-exec no profile is taken");
	if (options_tests(o, &tests, NULL) < 0)
		return;
	if (tests.len == 1)
		strlist_add(problems, "--validate: the profile of a single test is the sum: name two tests or more");
	if (tests.len > VALIDATE_TESTS_MAX)
		strlist_addf(
			problems,
			"--validate: %zu tests are more than %d: each takes a build, on which all are measured; name "
			"fewer with --test",
			tests.len, VALIDATE_TESTS_MAX);
}

static void check_pgo(const struct options *o, struct strlist *problems)
{
	check_validate(o, problems);
	if (!o->to.exec)
		return;
	if (!fs_exists(o->to.exec) || fs_is_dir(o->to.exec))
		strlist_addf(problems, "--to-exec: there is no program %s", o->to.exec);
	if (o->profile_weights.len)
		strlist_add(problems, "--weight: with --to-exec no profile is taken");
	if (o->dispatch_repository && !o->dispatch_event)
		strlist_add(problems, "--dispatch-repository: with --to-exec no profile is taken, so that there is "
				      "nothing to release (--dispatch-event names an event of your own)");
}

void options_check(const struct options *o, const char *command, struct strlist *problems)
{
	struct error e = ERROR_INIT;
	bool two = strcmp(command, "compare") == 0;
	bool pgo = strcmp(command, "pgo") == 0, one = pgo || strcmp(command, "profile") == 0;
	bool file_is_good = check_engine_file(o, problems);
	if (two) {
		check_side(o, &o->from, "from", "--from-profile", file_is_good, problems);
		check_side(o, &o->to, "to", "--to-profile", file_is_good, problems);
	}
	if (one)
		check_side(o, &o->from, "", pgo ? "--previous" : "--with-profile", file_is_good, problems);
	if (two || one) {
		options_check_load(o, problems);
		options_check_programs(o, two, problems);
	}
	check_store(o, problems);
	check_files(o, problems);
	check_thresholds(o, problems);
	if (one)
		check_weights(o, problems);
	if (pgo)
		check_pgo(o, problems);
	if (two || pgo) {
		struct plan plan = { 0 };
		uint64_t share_ns = o->starts ? o->test_time_ns / (uint64_t)o->starts : o->test_time_ns;
		uint64_t slice_ns = options_slice(o, share_ns, 0);
		if (plan_make(options_pairing(o), share_ns, slice_ns, 1, &plan, &e) < 0)
			add_problem(problems, "--sysbench-test-time, --starts and --slice", &e);
		check_rate(o, &plan, problems);
		plan_release(&plan);
		check_open_ended(o, problems);
		if (o->pairing == PAIRING_SEQUENTIAL && o->starts > 1)
			strlist_add(problems, "--starts: sequential pairing has one start of each server");
	} else {
		check_rate(o, &(struct plan){ 0 }, problems);
	}
	for (size_t i = 0; i < o->dispatch_fields.len; i++)
		if (!strchr(o->dispatch_fields.items[i], '=') || o->dispatch_fields.items[i][0] == '=')
			strlist_addf(problems, "--dispatch-field: \"%.100s\" is not NAME=VALUE",
				     o->dispatch_fields.items[i]);
}
