#include "benchmarker/machine_carry.h"

#define THROTTLED_MAX 0.25 /* of the CPUs' time in a slice */
#define SHARE 4            /* one in so many slices of a side */

#define CANNOT "the machine cannot carry this result: "
#define OF_BOTH " in more than a quarter of both servers' slices; "
#define MORE_MEMORY "a higher memory limit, or smaller tables, would help"
static const char *const obstacles[MACHINE_REASONS] = {
	[MACHINE_SUSPENDED] = CANNOT
	"it was suspended in more than a quarter of the slices; run it where nothing suspends or moves it",
	[MACHINE_OOM] = CANNOT "processes were killed for lack of memory" OF_BOTH MORE_MEMORY,
	[MACHINE_THROTTLED] =
		CANNOT "the CPU limit throttled servers and clients" OF_BOTH "a higher limit, or none, would help",
	[MACHINE_STEAL] = CANNOT "other virtual machines took the CPUs" OF_BOTH
				 "a node of its own, or a quieter time, would help",
	[MACHINE_OTHERS] = CANNOT "other processes took the CPUs" OF_BOTH
				  "a node where nothing else runs, or a quieter time, would help",
	[MACHINE_MEMORY] = CANNOT "memory was short" OF_BOTH MORE_MEMORY,
};

static bool is_of_both(enum machine_reason r)
{
	return r == MACHINE_THROTTLED || r == MACHINE_OOM || r == MACHINE_MEMORY;
}

/* What counts against the machine in a slice. */
static enum machine_reason counted(const struct machine_slice *s, bool duet)
{
	enum machine_reason r = s->reason;
	if (r == MACHINE_CLEAN && machine_usage_cpu_share(&s->usage, s->usage.throttled_ns) > THROTTLED_MAX)
		r = MACHINE_THROTTLED; /* NAN: no */
	return duet && is_of_both(r) ? MACHINE_CLEAN : r;
}

const char *machine_obstacle(const struct machine_slice *slices, size_t len, bool duet)
{
	size_t all[2] = { 0 }, bad[2] = { 0 }, suspended[2] = { 0 }, of[MACHINE_REASONS] = { 0 };
	enum machine_reason most = MACHINE_CLEAN;
	for (size_t i = 0; i < len; i++) {
		enum machine_reason r = counted(&slices[i], duet);
		all[slices[i].to]++;
		bad[slices[i].to] += r != MACHINE_CLEAN;
		suspended[slices[i].to] += r == MACHINE_SUSPENDED;
		of[r]++;
	}
	if (SHARE * suspended[0] > all[0] || SHARE * suspended[1] > all[1])
		return obstacles[MACHINE_SUSPENDED];
	if (SHARE * bad[0] <= all[0] || SHARE * bad[1] <= all[1])
		return NULL;
	for (enum machine_reason r = MACHINE_CLEAN + 1; r < MACHINE_REASONS; r++)
		if (most == MACHINE_CLEAN || of[r] > of[most])
			most = r;
	return obstacles[most];
}
