/* What measuring and profiling share: servers and clients of a job.
 *
 * job_measure (job.h) works in rounds: in each, both servers are started anew, on fresh data, and every test gets its
 * share of load on them (measure_round.h has one test's part). So the luck of one start is averaged, and its variance
 * is in the interval. */
#ifndef SRC_MEASURE_H
#define SRC_MEASURE_H

#include "benchmarker/load.h"
#include "benchmarker/server.h"
#include "job.h"

/* side: index into j->sides; profiled: CPU profiles will be taken of it; cpus: NULL: no pinning. */
int measure_start_server(struct job *j, size_t side, bool profiled, const cpu_set_t *cpus, struct server *ret,
			 struct error *err);
/* The same server again, on its data, after server_stop_cleanly; not pinned. After a failure it is SERVER_INIT. */
int measure_restart_server(struct job *j, size_t side, bool profiled, struct server *server, struct error *err);
int measure_record_server(struct job *j, size_t side, const struct server *server, struct error *err);
/* Stops, keeps its log in <out>/logs, releases. Safe on a server that never started. */
void measure_stop_server(struct job *j, struct server *server);
/* Folder of a side's client, made; owned. */
char *measure_client_dir(struct job *j, size_t side, struct error *err);
/* The test as this side's server gets it. */
int measure_open_test(const struct job *j, size_t side, const char *test, struct workload_script *ret,
		      struct error *err);
/* Pointers into the job, the server, tpcc and dir. tpcc: NULL if the workload is another one. */
struct load_spec measure_load_spec(const struct job *j, size_t side, const struct server *server,
				   const struct workload *w, const struct tpcc *tpcc, const char *dir);
/* Waits for a profile; a dead server, a stop request or the deadline ends it. */
struct collect;
int measure_await_profile(struct collect *c, struct server *server, uint64_t deadline_ns, struct error *err);
/* Records the profile with the hash and size of its file; those in row are not looked at. */
int measure_record_profile(struct job *j, const struct results_profile *row, struct error *err);
void measure_test_failed(struct job *j, const char *test, const struct error *err);
bool measure_has_failed(const struct job *j, const char *test);
/* Why; NULL if it has not. Belongs to the job. */
const char *measure_failure(const struct job *j, const char *test);

#endif
