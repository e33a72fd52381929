#include "dry_run.h"

#include "benchmarker/why.h"
#include "profile_life.h"

#include <stdio.h>
#include <string.h>

/* Set-up of one test on two servers: tables, client start, warm-up, end; and their start. Seen on gms and MariaDB with
 * 10,000 rows; for the estimate. */
#define TEST_OVERHEAD_SECONDS 1.0
#define SERVER_START_SECONDS 1.0

static void print_side(const struct options *o, const char *label, const struct side_options *s)
{
	CLEANUP(engine) struct engine e = { 0 };
	const char *exec = options_engine(o, s->server, &e, NULL) == 0 ? options_programs(o, s, &e).exec : NULL;
	if (exec)
		printf("%-9s %s, program %s\n", label, s->server, exec);
	else if (s->version)
		printf("%-9s %s, build %s%s%s%s%s\n", label, s->server, s->version, s->repository ? " of " : "",
		       s->repository ? s->repository : "", s->profile || s->profile_key ? " with profile " : "",
		       s->profile       ? s->profile
		       : s->profile_key ? s->profile_key
					: "");
	else
		printf("%-9s %s, the program that is installed\n", label, s->server);
}

/* Of each kind of test once: TPC-C-like load has a time of its own. */
static void print_pairs(const struct options *o, const struct strlist *tests)
{
	uint64_t last_ns = 0;
	char slices[64] = "as long as the latency asks for";
	if (o->slice_ns)
		snprintf(slices, sizeof slices, "of %.0f ms", (double)o->slice_ns / 1e6);
	for (size_t i = 0; i < tests->len; i++) {
		uint64_t test_ns = options_test_time(o, tests->items[i]);
		if (test_ns == last_ns)
			continue;
		printf("%-9s %s, slices %s, %.0f s of load per server and test\n", "pairs",
		       o->pairing == PAIRING_AUTO ? "auto" : pairing_name(options_pairing(o)), slices,
		       (double)test_ns / 1e9);
		last_ns = test_ns;
	}
}

/* Starts of the servers for that test, as measuring would choose them if the estimate holds. */
static uint32_t count_starts(const struct options *o, const char *test)
{
	uint64_t test_ns = options_test_time(o, test);
	if (o->pairing == PAIRING_SEQUENTIAL || o->starts)
		return o->pairing == PAIRING_SEQUENTIAL ? 1 : (uint32_t)o->starts;
	return plan_starts(test_ns, options_slice(o, test_ns, 0), (uint64_t)(TEST_OVERHEAD_SECONDS * 1e9));
}

/* Both servers are loaded for the test's time, in a duet at once; each start costs its set-up. */
static double estimate_pairs(const struct options *o, const struct strlist *tests)
{
	if (options_open_ended(o))
		return (double)o->budget_ns / 1e9;
	double seconds = 0, warm = o->warmup_auto ? 0 : (double)o->warmup_ns / 1e9;
	uint32_t most = 1;
	for (size_t i = 0; i < tests->len; i++) {
		uint32_t starts = count_starts(o, tests->items[i]);
		seconds += (o->pairing == PAIRING_DUET ? 1 : 2) * (double)options_test_time(o, tests->items[i]) / 1e9 +
			   starts * (warm + TEST_OVERHEAD_SECONDS);
		most = starts > most ? starts : most;
	}
	return (double)o->repetitions * (seconds + most * SERVER_START_SECONDS);
}

void dry_run_validation(const struct options *o, const struct strlist *tests, double *ret_seconds, struct strbuf *out)
{
	size_t n = tests->len;
	double seconds = (double)n * estimate_pairs(o, tests);
	strbuf_addf(
		out,
		"%zu more build%s, and %zu test%s compared on each: about %.0f s more, and the time of these builds", n,
		n == 1 ? "" : "s", n, n == 1 ? "" : "s", seconds);
	if (ret_seconds)
		*ret_seconds = seconds;
}

static double print_validation(const struct options *o, const struct strlist *tests)
{
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(1024);
	double seconds;
	dry_run_validation(o, tests, &seconds, &text);
	printf("%-9s %s\n", "validate", text.data);
	return seconds;
}

/* What profiles of both servers cost at most: how many tests will differ is not known before. */
static void print_why(const struct options *o, size_t tests)
{
	const char *to_server = o->to.server ? o->to.server : o->from.server; /* pgo has one kind */
	CLEANUP(engine) struct engine from = { 0 }, to = { 0 };
	CLEANUP(strbuf) struct strbuf reason = STRBUF_INIT(1024);
	double warm = o->warmup_auto ? 1 : (double)o->warmup_ns / 1e9;
	if (o->why == WHY_NEVER || options_engine(o, o->from.server, &from, NULL) < 0 ||
	    options_engine(o, to_server, &to, NULL) < 0)
		return;
	if (!why_available(&from, &to, &reason)) {
		printf("%-9s not known: %s\n", "why", reason.data);
		return;
	}
	size_t most = o->why == WHY_AUTO && tests > WHY_TESTS_MAX ? WHY_TESTS_MAX : tests;
	/* By file: each server starts for the data, and for each half of its profile, which has no warm-up. */
	double starts = from.profile_file ? 6 * (double)most : 1,
	       load = (double)o->why_seconds + (from.profile_file ? 0 : warm);
	printf("%-9s 2 × %lld s of profiles for each of %s%zu test%s: %s%.0f s more\n", "why", o->why_seconds,
	       o->why == WHY_AUTO ? "at most " : "", most, most == 1 ? "" : "s",
	       o->why == WHY_AUTO ? "up to " : "about ",
	       starts * SERVER_START_SECONDS + (double)most * (2 * load + TEST_OVERHEAD_SECONDS));
}

/* Returns the seconds that they take. An engine that writes its profile to a file starts for each test's data, and for
 * its profile. */
static double print_profiles(const struct options *o, size_t tests)
{
	CLEANUP(engine) struct engine e = { 0 };
	bool by_file = options_engine(o, o->from.server, &e, NULL) == 0 && e.profile_file;
	printf("%-9s %lld s of each test", "profile", o->profile_seconds);
	if (by_file)
		printf(", up to %lld s where a server's start would be a large part of it",
		       PROFILE_LIFE_STRETCH * o->profile_seconds);
	putchar('\n');
	double starts = by_file ? 2 * (double)tests : 1;
	return starts * SERVER_START_SECONDS + (double)tests * ((double)o->profile_seconds + TEST_OVERHEAD_SECONDS);
}

int dry_run_print(const struct options *o, const char *command, struct error *err)
{
	CLEANUP(strlist) struct strlist tests = STRLIST_INIT;
	if (options_tests(o, &tests, err) < 0)
		return -1;
	bool compares = strcmp(command, "profile") != 0,
	     profiles = strcmp(command, "compare") != 0 && !(strcmp(command, "pgo") == 0 && o->to.exec);
	double seconds = 0;
	if (strcmp(command, "compare") == 0) {
		print_side(o, "from", &o->from);
		print_side(o, "to", &o->to);
	} else {
		print_side(o, "server", &o->from);
		if (strcmp(command, "pgo") == 0 && o->to.exec)
			printf("%-9s %s, program %s\n", "to", o->from.server, o->to.exec);
	}
	printf("%-9s", "tests");
	for (size_t i = 0; i < tests.len; i++)
		printf(" %s", tests.items[i]);
	printf("\n%-9s %lld threads, %lld tables of %lld rows", "load", o->threads, o->tables, o->table_size);
	if (o->rate_per_second > 0)
		printf(", %g events a second", o->rate_per_second);
	putchar('\n');
	if (profiles)
		seconds += print_profiles(o, tests.len);
	if (compares) {
		seconds += estimate_pairs(o, &tests);
		print_pairs(o, &tests);
		print_why(o, tests.len);
	}
	if (o->validate)
		seconds += print_validation(o, &tests);
	printf("%-9s about %.0f s, and the time of the builds\n", "time", seconds);
	return fflush(stdout) ? error_errno(err, ERROR_INTERNAL, "write the plan") : 0;
}
