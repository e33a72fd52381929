/* dbdyno bisect: what its files share.
 *
 * cmd_bisect.c (options; the order: history → step after step → answer) → bisect_step.c (one commit: build, compare
 * with good), bisect_state.c (bisect.json: all that a run started again needs, written after each step), bisect_say.c
 * (what people read).
 */
#ifndef SRC_BISECT_H
#define SRC_BISECT_H

#include "benchmarker/bisect.h"
#include "benchmarker/build_history.h"
#include "benchmarker/engine.h"
#include "benchmarker/statistics.h"
#include "options.h"

struct bisect_options {
	struct options common; /* first: holds opt_seen; from is good, and the server of both */
	char *good, *bad;
	struct strlist paths;
	int metric; /* enum metric */
	double confidence;
	long long max_steps; /* 0: chosen */
};
extern const struct opt bisect_table[];

/* A commit that was measured or cannot be. */
struct bisect_step {
	size_t commit;                 /* index into the history */
	char *folder;                  /* relative to the results folder, NULL: nothing was measured; owned */
	char *skipped;                 /* why it could not be; NULL: it was measured; owned */
	double ratio, low, high;       /* to good, 95 % interval, as its comparison has it */
	double error;                  /* standard error of the ratio's logarithm by the noise inside the step alone */
	double build_seconds, seconds; /* building; measuring */
};

struct bisect_job {
	const struct bisect_options *o;
	const struct opt *table;
	struct engine engine;
	char *cache, *out; /* absolute; owned */
	char *test;        /* as it is recorded; owned */
	struct build_history history;
	struct bisect_step *steps; /* in the order of time; owned */
	size_t steps_len;
	bool *skipped;                   /* by commit; owned */
	double *slow;                    /* probability of each commit; owned */
	struct bisect_decision decision; /* after the last step */
	size_t first_max;                /* measurements of bad until it counts as no slower than good */
	size_t failures;                 /* commits in a row, of this process, that built and could not be measured */
};
#define BISECT_JOB_INIT \
	{               \
		0       \
	}
void bisect_job_release(struct bisect_job *b);
/* Takes step's strings. */
int bisect_job_add(struct bisect_job *b, struct bisect_step *step, struct error *err);
/* b->decision and b->slow from the steps. */
int bisect_job_decide(struct bisect_job *b, struct error *err);

/* Builds commit k and measures it against good; *ret_step is added by the caller. A commit that does not build, or does
 * not carry the load twice, is skipped with the reason. Good and bad cannot be skipped: then it is -1, as for whatever
 * is no fault of the commit (network, disk, a stop). */
int bisect_step_run(struct bisect_job *b, size_t k, struct bisect_step *ret_step, struct error *err);
/* Builds good. */
int bisect_step_prepare(struct bisect_job *b, struct error *err);

/* <out>/bisect.json. Reading: true in *ret_found if there is one; ERROR_USAGE if it is of another bisection, saying in
 * what they differ. */
int bisect_state_read(struct bisect_job *b, bool *ret_found, struct error *err);
int bisect_state_write(const struct bisect_job *b, struct error *err);
/* The same text, for --json. */
char *bisect_state_text(const struct bisect_job *b, struct error *err);

/* Of the last commit. */
size_t bisect_job_bad_measured(const struct bisect_job *b);

/* On standard error: the start, why a commit is next, what it gave. */
void bisect_say_start(const struct bisect_job *b, bool again);
void bisect_say_next(const struct bisect_job *b);
void bisect_say_step(const struct bisect_job *b, const struct bisect_step *step);
/* The answer: <out>/bisect.md, and on standard output. */
int bisect_say_answer(const struct bisect_job *b, struct error *err);

#endif
