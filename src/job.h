/* The order of the stages, and nothing else: check → build → measure (or profile) → conclude → publish.
 *
 *     CLEANUP(job) struct job j = JOB_INIT;
 *     int result = job_open(&j, o, "compare", err);         // folder, results.db, engines; limits and access checked
 *     if (result == 0) result = job_build(&j, err);
 *     if (result == 0) result = job_measure(&j, err);
 *     return job_finish(&j, result, err);                   // seals, reports, publishes, also what was interrupted
 *
 * Each stage reads const options and adds to the job; a stage never reaches back.
 */
#ifndef SRC_JOB_H
#define SRC_JOB_H

#include "base/error.h"
#include "benchmarker/build.h"
#include "benchmarker/engine.h"
#include "benchmarker/pgo.h"
#include "benchmarker/plan.h"
#include "benchmarker/results.h"
#include "machine.h"
#include "net/s3.h"
#include "options.h"

/* One side of the comparison. profile and pgo measure FROM. */
struct job_side {
	const char *label; /* "from", "to" */
	const struct side_options *asked;
	struct engine engine;
	struct side_programs programs; /* what the flags by kind of server mean for it */
	char *profile;                 /* local path of the checked profile to build with; NULL: none; owned */
	const char *profile_name;      /* what was asked for: file, URL, key */
	struct build build;            /* empty when the program was given */
	char *exec;                    /* absolute path; owned */
	char exec_sha256[65];          /* of what is measured, built here or given; empty before job_build */
	char *version;                 /* of its binary, or asked; owned */
	char *setup_exec;              /* absolute path of programs.setup_exec; owned */
};

struct job {
	const struct options *o;
	const char *command;
	char id[40];
	char *out;  /* results folder, absolute; owned */
	char *work; /* temporary folder for servers and clients, removed at the end; owned */
	char *cache;
	char *scripts;           /* folder that scripts are taken from, absolute; NULL: none; owned */
	char *scripts_commit;    /* if they are of a repository; owned */
	char scripts_sha256[65]; /* of all in the folder */
	struct results *results;
	struct machine machine;
	struct strlist tests;
	struct strlist failed;           /* "test: reason", tests that gave no result */
	struct error first_failure;      /* of a test or a server that did not end the run */
	struct error validation_failure; /* of a validation's builds and tests, which decide nothing */
	enum pairing pairing;            /* as asked; chosen by a trial before the first slice if that was asked */
	uint64_t seed;
	int64_t started_unix;
	struct job_side sides[2];
	size_t sides_len; /* 1 or 2 */
	struct s3 s3;
	char *key_prefix;           /* "<results-dir>/<results-prefix>"; owned */
	char *key;                  /* of what people read first: the queries' results, or the report; owned */
	char *profile_key;          /* of the merged profile; owned */
	char *dispatch_repository;  /* NULL: no event is sent; owned */
	struct strlist queries;     /* that are run at the end */
	char *verdict;              /* of the conclusion: "slower", …; NULL before; owned */
	enum pgo_decision decision; /* of a pgo run, by the conclusion */
	char profile_sha256[65];    /* of <out>/profile.pprof; empty: none was made */
	bool regression, undecided;
	bool mean_slower; /* of a pgo run: no test is, but all together */
};
#define JOB_INIT  \
	{         \
		0 \
	}
void job_release(struct job *j);

/* Makes the folder and the database, finds engines, tests and their scripts, and checks all that can fail at the end:
 * bucket access, dispatch limits, token. Starts nothing. */
int job_open(struct job *j, const struct options *o, const char *command, struct error *err);

/* How the pairs of this job are to be judged. */
struct statistics_spec job_statistics(const struct job *j);

/* Part of job_open: fetches scripts if they are to come from a repository, and checks that the tests are there. */
int job_scripts(struct job *j, struct error *err);
/* The options for sysbench that were asked for; of each side. */
int job_add_load_options(const struct job *j, struct job_side *s, struct error *err);

/* Binaries of all sides that have none yet: from the cache, built, or given. */
int job_build(struct job *j, struct error *err);

/* For pgo: job_profile, unless --to-exec names what is to be decided on; and a profile that is not fit to build with,
 * the fresh one (ERROR_LOAD) or the previous one (ERROR_USAGE), ends the job. */
int job_pgo_profile(struct job *j, struct error *err);
/* Then: the second side is that program, or the first one's commit, to be built with <out>/profile.pprof. */
int job_add_pgo_side(struct job *j, struct error *err);

/* All tests on all sides by the plan, each finished slice durable before the next. A test that fails is recorded and
 * the others go on; a server that dies is started again for the next test. */
int job_measure(struct job *j, struct error *err);

/* With --why: CPU profiles of both sides under the tests that differ, for the report (docs/why.md). Concludes first.
 * Fails on a stop request, and where results.db cannot be read or written; what else goes wrong is an event. */
int job_why(struct job *j, struct error *err);

/* With --validate, for pgo: what it will cost, before anything is done. */
int job_announce_validation(struct job *j, struct error *err);
/* Then, once all is measured: a build with each test's own profile, and each compared with the first build by a job of
 * its own in <out>/validate/<test>. Concludes first. Fails on a stop request and where results cannot be written, with
 * what was measured recorded; what else goes wrong stands in its cells, and in validation_failure. */
int job_validate(struct job *j, struct error *err);

/* A CPU profile a test of the first side under load, and their merge <out>/profile.pprof. */
int job_profile(struct job *j, struct error *err);

/* Ends every job: result and *err of the stages before come in. Writes reports, uploads, dispatches, and returns the
 * job's outcome: an earlier error stays; else a failed test or server, a failed publication, a regression asked about.
 */
int job_finish(struct job *j, int result, struct error *err);

/* Records an event in results.db and says it on stderr. */
void job_event(struct job *j, const char *level, const char *test, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* What people are told of a job's course; of one that is part of a larger one, with --verbose alone. */
#define job_say(j, ...) ((j)->o->is_part ? log_verbose(__VA_ARGS__) : log_info(__VA_ARGS__))

/* New run id: time and 32 random bits. */
int job_new_id(char ret[static 40], struct error *err);

#endif
