/* A test's CPU profile by an engine that writes one of its process's whole life (profile_file of engine.h).
 *
 *     CLEANUP(profile_life) struct profile_life l = PROFILE_LIFE_INIT;
 *     profile_life_open(&l, j, side, test, err)     // a server without profiling makes the test's data, and is stopped
 *     profile_life_take(&l, &time, path, &facts, &work, err)   // as often as wanted: the server again on that data,
 *                                                              // profiled, loaded and stopped; its profile is at path
 *     profile_life_check(&l, err)                   // is the data as it has to be after the load?
 *     profile_life_say(&l)
 *
 * There is no warm-up: it would be in the profile as well. Start and stop are, and profile_life_say records how much
 * they are. Errors are those of server.h and load.h; ERROR_SERVER also for a server that had to be killed or was, whose
 * profile is absent or not to be used, or that had nothing to do under the load. Nothing is at path then.
 */
#ifndef SRC_PROFILE_LIFE_H
#define SRC_PROFILE_LIFE_H

#include "measure.h"
#include "profiler/pprof.h"

struct profile_life {
	struct job *j;
	size_t side;
	const char *test; /* outlives this */
	bool record;      /* the server as it runs when it is profiled is still to be recorded */
	struct server server;
	struct workload_script script;
	struct tpcc tpcc;
	bool is_tpcc;
	char *dir;                    /* of the client; owned */
	uint64_t cpu_ns, load_cpu_ns; /* of all lives so far; MACHINE_UNKNOWN */
};
#define PROFILE_LIFE_INIT                                             \
	{                                                             \
		.server = SERVER_INIT, .script = WORKLOAD_SCRIPT_INIT \
	}
/* Stops the server if it runs, and keeps its log. */
void profile_life_release(struct profile_life *l);

/* *l is PROFILE_LIFE_INIT, with record if that is wanted. */
int profile_life_open(struct profile_life *l, struct job *j, size_t side, const char *test, struct error *err);
/* How many times as long as asked the load of a test's profile lasts at most. */
#define PROFILE_LIFE_STRETCH 3
/* Of load; the longer where start and stop would else be more than 1 % of the profile. */
struct profile_life_time {
	unsigned seconds, longest_seconds;
};
/* *ret_work: transactions of the load. */
int profile_life_take(struct profile_life *l, const struct profile_life_time *t, const char *path,
		      struct pprof_facts *ret_facts, double *ret_work, struct error *err);
int profile_life_check(struct profile_life *l, struct error *err);
/* Records which share of the processes' CPU time was not of the load: of the profiles at most that, since a program
 * begins its profile after a part of its start, and works on it when it has ended. */
void profile_life_say(const struct profile_life *l);

#endif
