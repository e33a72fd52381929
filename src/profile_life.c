#include "profile_life.h"

#include "base/clock.h"
#include "base/log.h"
#include "benchmarker/machine_watch.h"
#include "profiler/collect.h"

#include <math.h>
#include <stdlib.h>

#define SAMPLE_NS (10 * NS_PER_MS) /* of CPU time: what a sample stands for in Go's profiles */
#define OUTSIDE_SHARE 0.01         /* the most of a profile that its start and stop should be */

void profile_life_release(struct profile_life *l)
{
	if (l->j)
		measure_stop_server(l->j, &l->server);
	workload_script_release(&l->script);
	free(l->dir);
	*l = (struct profile_life)PROFILE_LIFE_INIT;
}

static struct load_spec load_of(const struct profile_life *l)
{
	return measure_load_spec(l->j, l->side, &l->server, &l->script.workload, l->is_tpcc ? &l->tpcc : NULL, l->dir);
}

int profile_life_open(struct profile_life *l, struct job *j, size_t side, const char *test, struct error *err)
{
	l->j = j;
	l->side = side;
	l->test = test;
	l->is_tpcc = options_tpcc(j->o, test, j->scripts, &l->tpcc);
	if (!(l->dir = measure_client_dir(j, side, err)) || measure_open_test(j, side, test, &l->script, err) < 0 ||
	    measure_start_server(j, side, false, NULL, &l->server, err) < 0)
		return -1;
	struct load_spec spec = load_of(l);
	return load_prepare(&spec, err) < 0 ? -1 : server_stop_cleanly(&l->server, err);
}

/* How much longer the load must last for start and stop to be a small part of the profile; 0: not at all, or nobody
 * knows. What the stop will cost is not known yet: as much as the start. */
static uint64_t more_load_ns(const struct machine_usage *begin, const struct machine_usage *used, uint64_t longest_ns)
{
	if (begin->server.cpu_ns == MACHINE_UNKNOWN || used->server.cpu_ns == MACHINE_UNKNOWN ||
	    used->server.cpu_ns < SAMPLE_NS || used->window_ns >= longest_ns)
		return 0;
	double outside_ns = 2 * (double)begin->server.cpu_ns, cpu_ns = (double)used->server.cpu_ns;
	double wanted_ns = outside_ns * (1 - OUTSIDE_SHARE) / OUTSIDE_SHARE * (double)used->window_ns / cpu_ns;
	double more_ns = fmin(wanted_ns, (double)longest_ns) - (double)used->window_ns;
	return more_ns > 0 ? (uint64_t)more_ns : 0;
}

/* Load on the server that runs; its CPU time meanwhile goes into the sample, and all events into its events. */
static int run_load(struct profile_life *l, const struct profile_life_time *t, struct sample *ret, struct error *err)
{
	CLEANUP(load) struct load load = LOAD_INIT;
	CLEANUP(machine_watch) struct machine_watch watch = MACHINE_WATCH_INIT;
	const char *root = l->j->o->machine_root;
	struct machine_subject subject = { .server = l->server.proc.pid };
	struct machine_usage begin, used;
	struct load_spec spec = load_of(l);
	machine_watch_open(&watch, root ? root : "");
	if (load_open(&load, &spec, err) < 0)
		return -1;
	machine_watch_read(&watch, &subject, 1, &begin);
	if (load_slice(&load, t->seconds * NS_PER_SECOND, ret, err) < 0)
		return -1;
	machine_watch_end(&watch, &subject, 1, &begin, &used);
	uint64_t more_ns = more_load_ns(&begin, &used, t->longest_seconds * NS_PER_SECOND);
	if (more_ns > 0) {
		CLEANUP(sample) struct sample more = SAMPLE_INIT;
		log_verbose("%.1f s more, so that start and stop are a small part of the profile",
			    (double)more_ns / 1e9);
		if (load_slice(&load, more_ns, &more, err) < 0)
			return -1;
		machine_watch_end(&watch, &subject, 1, &begin, &used);
		ret->events += more.events;
	}
	ret->machine = used;
	return load_close(&load, err);
}

static void count_cpu(struct profile_life *l, uint64_t load_cpu_ns)
{
	const struct proc_exit *e = &l->server.exit;
	if (load_cpu_ns == MACHINE_UNKNOWN || l->cpu_ns == MACHINE_UNKNOWN) {
		l->cpu_ns = MACHINE_UNKNOWN;
		return;
	}
	l->cpu_ns += e->user_ns + e->system_ns;
	l->load_cpu_ns += load_cpu_ns;
}

int profile_life_take(struct profile_life *l, const struct profile_life_time *t, const char *path,
		      struct pprof_facts *ret_facts, double *ret_work, struct error *err)
{
	CLEANUP(sample) struct sample sample = SAMPLE_INIT;
	if (measure_restart_server(l->j, l->side, true, &l->server, err) < 0 ||
	    (l->record && measure_record_server(l->j, l->side, &l->server, err) < 0))
		return -1;
	l->record = false;
	if (run_load(l, t, &sample, err) < 0)
		return error_wrap(err, "load after the server's restart");
	if (server_stop_cleanly(&l->server, err) < 0)
		return -1;
	uint64_t cpu_ns = sample.machine.server.cpu_ns;
	count_cpu(l, cpu_ns);
	if (cpu_ns < SAMPLE_NS) {
		error_set(err, ERROR_SERVER, "the server was idle under the load: %.1f ms of CPU time in %u s",
			  (double)cpu_ns / 1e6, t->seconds);
		return error_hint(err,
				  "its profile would be of its start alone: more load (--threads, --rate) is needed");
	}
	AUTO_FREE char *file = server_profile_file(&l->server, err);
	if (!file || collect_file(file, path, ret_facts, err) < 0)
		return -1;
	*ret_work = (double)sample.events;
	return 0;
}

int profile_life_check(struct profile_life *l, struct error *err)
{
	if (!l->is_tpcc)
		return 0;
	if (measure_restart_server(l->j, l->side, false, &l->server, err) < 0)
		return -1;
	struct load_spec spec = load_of(l);
	return load_check_data(&spec, "after the run", err);
}

void profile_life_say(const struct profile_life *l)
{
	const char *which = l->j->sides_len < 2 ? "" : l->side == SIDE_FROM ? "from " : "to ";
	double cpu_ns = (double)l->cpu_ns, outside_ns = fmax(0, cpu_ns - (double)l->load_cpu_ns);
	if (l->cpu_ns == MACHINE_UNKNOWN || l->cpu_ns == 0)
		job_event(l->j, "info", l->test,
			  "the %sserver's profile holds its start and stop; how much that is is not known", which);
	else
		job_event(l->j, "info", l->test,
			  "at most %.2f %% (%.2f s) of the %sserver's profile is not of the load, but of its start and "
			  "stop",
			  100 * outside_ns / cpu_ns, outside_ns / 1e9, which);
}
