/* Profiles added up where it is not known before which of them belong together, as under a prefix of S3: an upload of
 * another type or program must not hold up the rest.
 *
 *     CLEANUP(pprof_sum) struct pprof_sum s = { .normalize = true };
 *     for each profile: pprof_sum_add(&s, name, &p, weight, false, err), pprof_release(&p)
 *     for one that cannot be read: pprof_sum_leave_out(&s, name, reason, err)
 *     pprof_sum_finish(&s, &sum, err)         // s.left_out and s.reasons say what is not in it, also where it fails
 *
 * Profiles of the same value types, period and program are of one kind. Each kind is summed up by itself; the sum is
 * that of the kind with the most profiles, or of the one with those that must be in it. Two programs are one if their
 * main binaries have the same name, or if they share a function of their own packages.
 *
 * Pure. Memory: the sums of all kinds, at most PPROF_KINDS_MAX; what is of one kind more is left out.
 */
#ifndef PROFILER_SUM_H
#define PROFILER_SUM_H

#include "base/str.h"
#include "profiler/pprof.h"

#define PPROF_KINDS_MAX 8

struct pprof_kind {
	struct pprof_merger merger;
	char *program;        /* file name of the first one's main binary; "" where it does not say; owned */
	char *words;          /* "cpu/nanoseconds of dolt"; owned */
	struct strlist names; /* of its profiles */
	double longest_s;     /* window */
	bool must;            /* one of them must be in the sum */
	bool has_samples;     /* one of them has */
};

struct pprof_sum {
	bool any_program; /* programs are not looked at */
	bool normalize;   /* each is stretched to the longest window; all have one */
	struct pprof_kind kinds[PPROF_KINDS_MAX];
	size_t kinds_len;
	size_t merged;                    /* profiles in the sum, after pprof_sum_finish */
	bool has_samples;                 /* one of these has, before weights */
	struct strlist left_out, reasons; /* names, and for each a sentence that names it */
	struct strlist warnings;          /* sentences on what was added */
};
void pprof_sum_release(struct pprof_sum *s);

/* must: it is left out by no means; ERROR_USAGE if it does not fit others that must be in the sum, with the reason. */
int pprof_sum_add(struct pprof_sum *s, const char *name, const struct pprof *p, double weight, bool must,
		  struct error *err);
/* reason: a sentence that names it. */
int pprof_sum_leave_out(struct pprof_sum *s, const char *name, const char *reason, struct error *err);
/* *ret as for pprof_read. ERROR_USAGE: no profile is left, more are left out than added, or two kinds have as many
 * profiles. Called once. */
int pprof_sum_finish(struct pprof_sum *s, struct pprof *ret, struct error *err);

#endif
