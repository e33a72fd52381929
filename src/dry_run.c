#include "dry_run.h"

#include <stdio.h>
#include <string.h>

/* Set-up of one test on one server: tables, client start, end. Seen on gms and MariaDB with 10,000 rows; for the
 * estimate. */
#define TEST_OVERHEAD_SECONDS 0.7
#define SERVER_START_SECONDS 2.0

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
static int print_pairs(const struct options *o, const struct strlist *tests, struct error *err)
{
	uint64_t last_ns = 0;
	for (size_t i = 0; i < tests->len; i++) {
		uint64_t test_ns = options_test_time(o, tests->items[i]);
		struct plan plan = { 0 };
		if (test_ns == last_ns)
			continue;
		if (plan_make((enum pairing)o->pairing, test_ns, o->slice_ns, 1, &plan, err) < 0)
			return -1;
		printf("%-9s %s, %zu slices a test, %.0f s of load per server and test\n", "pairs",
		       pairing_name((enum pairing)o->pairing), plan.len, (double)test_ns / 1e9);
		plan_release(&plan);
		last_ns = test_ns;
	}
	return 0;
}

int dry_run_print(const struct options *o, const char *command, struct error *err)
{
	CLEANUP(strlist) struct strlist tests = STRLIST_INIT;
	if (options_tests(o, &tests, err) < 0)
		return -1;
	bool compares = strcmp(command, "profile") != 0, profiles = strcmp(command, "compare") != 0;
	double load = 0, warm = (double)o->warmup_ns / 1e9, seconds = 0;
	if (strcmp(command, "compare") == 0) {
		print_side(o, "from", &o->from);
		print_side(o, "to", &o->to);
	} else {
		print_side(o, "server", &o->from);
	}
	printf("%-9s", "tests");
	for (size_t i = 0; i < tests.len; i++)
		printf(" %s", tests.items[i]);
	printf("\n%-9s %lld threads, %lld tables of %lld rows", "load", o->threads, o->tables, o->table_size);
	if (o->rate_per_second > 0)
		printf(", %g events a second", o->rate_per_second);
	putchar('\n');
	if (profiles) {
		seconds +=
			SERVER_START_SECONDS + (double)tests.len * ((double)o->profile_seconds + TEST_OVERHEAD_SECONDS);
		printf("%-9s %lld s of each test\n", "profile", o->profile_seconds);
	}
	if (compares) {
		for (size_t i = 0; i < tests.len; i++)
			load += (double)options_test_time(o, tests.items[i]) / 1e9;
		seconds += 2 * (SERVER_START_SECONDS + load + (double)tests.len * (warm + TEST_OVERHEAD_SECONDS));
		if (print_pairs(o, &tests, err) < 0)
			return -1;
	}
	printf("%-9s about %.0f s, and the time of the builds\n", "time", seconds);
	return fflush(stdout) ? error_errno(err, ERROR_INTERNAL, "write the plan") : 0;
}
