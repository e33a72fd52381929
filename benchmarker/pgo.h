/* Is a build with a profile to be shipped? Pure.
 *
 *     struct pgo_facts f = { .mean = &mean, .metric = METRIC_THROUGHPUT, .margin = 0.02, .tests = 3, .complete = true,
 *                           .carried = true };
 *     if (pgo_decide(&f) == PGO_SHIP) …
 *
 * The rule: ship only if the 95 % interval of the geometric mean over tests lies above 1 (below 1 where more is slower)
 * and no test is slower after Holm's correction (statistics_decide). docs/pgo.md gives the reasons.
 */
#ifndef BENCHMARKER_PGO_H
#define BENCHMARKER_PGO_H

#include "benchmarker/statistics.h"

enum pgo_decision {
	PGO_NONE, /* the run is no such comparison */
	PGO_UNDECIDED,
	PGO_SHIP,
	PGO_DONT_SHIP,
	PGO_KEEP, /* the previous profile is as good as the fresh one */
};
/* As stored: "undecided", "ship", "dont_ship", "keep_previous"; NULL for PGO_NONE. */
const char *pgo_decision_name(enum pgo_decision d);
/* PGO_NONE for NULL and what is none of them. */
enum pgo_decision pgo_decision_parse(const char *name);

struct pgo_facts {
	const struct estimate *mean; /* geometric mean over tests of the ratio, fresh build to the other one */
	enum metric metric;
	double margin;
	size_t tests;  /* compared */
	size_t slower; /* with that verdict */
	size_t failed; /* tests without a result */
	bool complete; /* the run was not interrupted, and did not end early */
	bool carried;  /* by the machine (machine_carry.h), over all tests */
	bool previous; /* the other build has a profile of its own: is it as good? */
};
/* A test that is slower, and a mean that is, count also in a run that did not end; nothing else does. Of a mean that
 * the machine did not carry nothing is said. */
enum pgo_decision pgo_decide(const struct pgo_facts *f);

/* What became of one cell of a validation: a test, measured on the build with one test's profile. */
enum pgo_cell {
	PGO_CELL_MEASURED,
	PGO_CELL_FAILED,      /* its build, its servers or its load */
	PGO_CELL_UNFIT,       /* the profile is not fit to build with */
	PGO_CELL_INTERRUPTED, /* the run ended before */
};
const char *pgo_cell_name(enum pgo_cell c); /* "measured", "failed", "unfit", "interrupted" */
/* PGO_CELL_FAILED for what is none of them. */
enum pgo_cell pgo_cell_parse(const char *name);

#endif
