/* Reads what the machine has done, before and after a slice of load.
 *
 *     CLEANUP(machine_watch) struct machine_watch watch = MACHINE_WATCH_INIT;
 *     machine_watch_open(&watch, "");
 *     struct machine_subject subjects[] = { { server.proc.pid, client.proc.pid } };   // two in a duet
 *     struct machine_usage begin[1], slices[1];
 *     machine_watch_read(&watch, subjects, 1, begin);
 *     … load …
 *     machine_watch_end(&watch, subjects, 1, begin, slices);
 *
 * Nothing here fails: what cannot be read is MACHINE_UNKNOWN (machine_usage.h). Files stay open between readings, those
 * of processes and threads too; a reading costs 0.26 ms for MariaDB with 13 threads and its client (2 CPUs, busy),
 * outside of the load's window.
 *
 * A process counts with all that descends from it, found by /proc/PID/task/PID/children: PostgreSQL has a process for
 * each connection, in a session of its own. Where the kernel lacks that file, nothing is known of processes. A child
 * that ended counts with its parent's, except for its switches of context.
 */
#ifndef BENCHMARKER_MACHINE_WATCH_H
#define BENCHMARKER_MACHINE_WATCH_H

#include "benchmarker/machine_process.h"

#include <sched.h>
#include <sys/types.h>

#define MACHINE_WATCH_LEVELS 8 /* of control groups, from the own one upwards */
enum { MACHINE_PRESSURE_CPU, MACHINE_PRESSURE_IO, MACHINE_PRESSURE_MEMORY, MACHINE_PRESSURES };

struct machine_watch {
	char root[256]; /* folder that has proc and sys */
	cpu_set_t cpus; /* that this process may run on */
	int stat_fd, memory_fd, pressure_fds[MACHINE_PRESSURES];
	int limit_fds[MACHINE_WATCH_LEVELS]; /* cpu.stat of the groups that can be throttled */
	size_t limit_fds_len;
	struct machine_processes processes;
};
#define MACHINE_WATCH_INIT                                                                         \
	{                                                                                          \
		.stat_fd = -1, .memory_fd = -1, .pressure_fds = { -1, -1, -1 }, .limit_fds_len = 0 \
	}
void machine_watch_release(struct machine_watch *w);

/* root: "" for this machine; a folder with files like its /proc and /sys in tests. */
void machine_watch_open(struct machine_watch *ret, const char *root);

/* CPUs that the own control group may use, or one above it that is visible, whichever has less; INFINITY: no limit;
 * NAN: not known. */
double machine_watch_cpu_limit(const char *root);

/* Processes to be watched; 0: none, whose numbers are then not known. They are children of this process that it has not
 * waited for, so that their numbers are not another's. */
struct machine_subject {
	pid_t server, client;
};

/* ret: one reading a subject, all of the same moment. */
void machine_watch_read(struct machine_watch *w, const struct machine_subject *subjects, size_t len,
			struct machine_usage *ret);
/* Reads again: ret is what was used since begin, one slice a subject. */
void machine_watch_end(struct machine_watch *w, const struct machine_subject *subjects, size_t len,
		       const struct machine_usage *begin, struct machine_usage *ret);

#endif
