/* Is a CPU profile fit for go build -pgo, and what does it lack? The judgement behind `dbdyno pprof check`, which a pgo
 * run makes before it builds with a profile.
 *
 *     CLEANUP(profile_findings) struct profile_findings f = { 0 };
 *     if (profile_examine(&p, 100, &f, err) < 0) …        // f.unfit and f.warnings say what was found
 *
 * Pure. A profile that is no CPU profile is a finding (unfit), not an error; errors are of memory. docs/pprof.md gives
 * the limits and their reasons.
 */
#ifndef SRC_PROFILE_FINDINGS_H
#define SRC_PROFILE_FINDINGS_H

#include "profiler/judge.h"

struct profile_findings {
	bool is_cpu; /* what follows is there */
	struct pprof_facts facts;
	struct pprof_spent spent;
	bool has_kept; /* profile_judge_kept was called */
	struct pprof_kept kept;
	struct strlist gone;            /* the names of kept.heaviest */
	struct strlist unfit, warnings; /* a sentence each; the profile is fit if none is unfit */
};
void profile_findings_release(struct profile_findings *f);

/* min_samples: fewer of the program's own work are unfit; 0: any number will do. */
int profile_examine(const struct pprof *p, long long min_samples, struct profile_findings *f, struct error *err);
/* How much of the profile's code a commit or a program has; where: "the commit", "the program". */
int profile_judge_kept(const struct pprof *p, const struct pprof_kept *kept, const char *where,
		       struct profile_findings *f, struct error *err);

/* Samples of the program's own work. */
double profile_useful(const struct profile_findings *f);
/* "fit", "weak" (fit, with warnings), "unfit" */
const char *profile_verdict(const struct profile_findings *f);
/* part / whole; 0 if there is no whole. */
double profile_share(double part, double whole);

#endif
