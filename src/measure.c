/* Load on the servers, round by round. */
#include "measure.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "measure_round.h"

#include <stdio.h>
#include <stdlib.h>

/* Whose server is started first, in each start. */
static void choose_positions(struct measure *m)
{
	uint64_t state = m->j->seed ^ ((uint64_t)m->starts << 32);
	bool to_first = plan_random(&state) >> 63;
	m->position[SIDE_FROM] = to_first;
	m->position[SIDE_TO] = !to_first;
}

const cpu_set_t *measure_server_cpus(const struct measure *m, size_t side)
{
	return m->pinned ? &m->cpus.server[m->position[side]] : NULL;
}

const cpu_set_t *measure_client_cpus(const struct measure *m, size_t side)
{
	return m->pinned ? &m->cpus.client[m->position[side]] : NULL;
}

static void stop_servers(struct measure *m)
{
	for (size_t s = 0; s < 2; s++)
		measure_stop_server(m->j, &m->servers[s]);
}

static int start_servers(struct measure *m, struct error *err)
{
	uint64_t begin_ns = clock_mono_ns();
	stop_servers(m);
	choose_positions(m);
	bool first = m->starts++ == 0 || m->j->pairing == PAIRING_SEQUENTIAL;
	for (size_t i = 0; i < 2; i++) {
		size_t s = m->position[SIDE_FROM] == i ? SIDE_FROM : SIDE_TO;
		if (!m->active[s])
			continue;
		if (first)
			log_progress(-1, "start the %s server", m->j->sides[s].label);
		if (measure_start_server(m->j, s, false, measure_server_cpus(m, s), &m->servers[s], err) < 0)
			return -1;
		if (first && measure_record_server(m->j, s, &m->servers[s], err) < 0)
			return -1;
	}
	m->start_cost_ns = clock_mono_ns() - begin_ns;
	return 0;
}

/* A failed test's error decides: it ends the run (-1), or the run goes on with servers that work: also one that lives
 * is started anew, since its tables are in an unknown state. */
static int recover(struct measure *m, const char *test, struct error *err)
{
	if (err->kind != ERROR_LOAD && err->kind != ERROR_SERVER)
		return -1;
	measure_test_failed(m->j, test, err);
	*err = (struct error)ERROR_INIT;
	return start_servers(m, err);
}

/* Does the budget of time, if there is one, still hold that much? */
static bool has_time(const struct measure *m, uint64_t ns)
{
	return !m->j->o->budget_ns || clock_mono_ns() - m->begin_ns + ns <= m->j->o->budget_ns;
}

/* Has the test a round left in this repetition? */
static bool has_round(const struct measure *m, size_t test)
{
	const struct measured_test *t = &m->tests[test];
	return !measure_has_failed(m->j, m->j->tests.items[test]) && !t->enough &&
	       (t->starts == 0 || t->done < t->starts);
}

/* Is the test measured as narrowly as was asked? */
static int look(struct measure *m, size_t test, struct error *err)
{
	CLEANUP(results_pairs) struct results_pairs pairs = { 0 };
	const struct statistics_spec spec = job_statistics(m->j);
	const char *name = m->j->tests.items[test];
	struct comparison c;
	if (m->j->o->precision_fraction <= 0 || measure_has_failed(m->j, name))
		return 0;
	if (results_load_pairs(m->j->results, name, &pairs, err) < 0 ||
	    statistics_compare(pairs.pairs, pairs.pairs_len, &spec, &c, err) < 0)
		return -1;
	const struct estimate *e = &c.metrics[c.metric];
	m->tests[test].enough = statistics_may_stop(&c, 1, m->j->o->precision_fraction);
	log_verbose("%s: ±%.2f %% after %zu start%s%s", name, 100 * statistics_half_width(e), e->starts,
		    e->starts == 1 ? "" : "s", m->tests[test].enough ? ": enough" : "");
	return 0;
}

/* Is there no time for the test's first pair? It then has failed. */
static bool budget_is_over(struct measure *m, size_t test)
{
	struct error e = ERROR_INIT;
	if (m->tests[test].place.index || has_time(m, 0))
		return false;
	error_set(&e, ERROR_LOAD, "the budget of %.0f s was over before its first pair",
		  (double)m->j->o->budget_ns / 1e9);
	measure_test_failed(m->j, m->j->tests.items[test], &e);
	return true;
}

/* Every test that has a round left, once, on the servers that are up. */
static int run_tests(struct measure *m, uint32_t repetition, struct error *err)
{
	for (size_t i = 0; i < m->j->tests.len; i++) {
		struct measured_test *t = &m->tests[i];
		if (!has_round(m, i))
			continue;
		t->place.repetition = repetition;
		t->place.start = m->j->pairing == PAIRING_SEQUENTIAL ? 0 : m->starts - 1;
		if (budget_is_over(m, i))
			continue;
		if (measure_round(m, i, err) < 0 && recover(m, m->j->tests.items[i], err) < 0)
			return -1;
		if (look(m, i, err) < 0 || stop_check(err) < 0)
			return -1;
	}
	return 0;
}

/* One more round is begun only if the budget holds another one as long as the longest. */
static bool any_round(const struct measure *m)
{
	if (!has_time(m, m->longest_ns))
		return false;
	for (size_t i = 0; i < m->j->tests.len; i++)
		if (has_round(m, i))
			return true;
	return false;
}

/* All repetitions of all tests. A sequential job has one start of each server, as it is usual without dbdyno. */
static int measure_pass(struct measure *m, struct error *err)
{
	for (uint32_t repetition = 0; repetition < (uint32_t)m->j->o->repetitions; repetition++) {
		for (size_t i = 0; i < m->j->tests.len; i++)
			m->tests[i].done = 0;
		while (any_round(m)) {
			uint64_t begin_ns = clock_mono_ns();
			bool up = m->j->pairing == PAIRING_SEQUENTIAL && repetition;
			if ((!up && start_servers(m, err) < 0) || run_tests(m, repetition, err) < 0)
				return -1;
			uint64_t round_ns = clock_mono_ns() - begin_ns;
			if (round_ns > m->longest_ns)
				m->longest_ns = round_ns;
		}
	}
	return 0;
}

static int measure_sequential(struct measure *m, struct error *err)
{
	for (size_t side = 0; side < 2; side++) {
		m->active[SIDE_FROM] = side == SIDE_FROM;
		m->active[SIDE_TO] = side == SIDE_TO;
		for (size_t i = 0; i < m->j->tests.len; i++)
			m->tests[i].place = (struct plan_place){ 0 };
		if (measure_pass(m, err) < 0)
			return -1;
		stop_servers(m);
	}
	return 0;
}

static void say_cpus(struct measure *m, bool apart)
{
	char server[2][32], client[2][32];
	for (size_t p = 0; p < 2; p++) {
		cpu_sets_format(&m->cpus.server[p], server[p], sizeof server[p]);
		cpu_sets_format(&m->cpus.client[p], client[p], sizeof client[p]);
	}
	if (apart)
		job_event(m->j, "info", NULL, "CPUs: servers on %s and %s, clients on %s and %s", server[0], server[1],
			  client[0], client[1]);
	else
		job_event(m->j, "info", NULL, "CPUs: servers on %s, clients on %s", server[0], client[0]);
}

/* What was asked for cannot be had, or means something else than it does elsewhere. */
static int check_cpus(struct measure *m, size_t n, bool apart, struct error *err)
{
	const struct options *o = m->j->o;
	if (o->pinning == PINNING_ON) {
		error_set(err, ERROR_USAGE, "--pinning=on: %zu core%s cannot be divided", n, n == 1 ? "" : "s");
		return error_hint(err, "%s pairing needs %d",
				  o->pairing == PAIRING_AUTO ? "auto" : pairing_name(m->j->pairing), apart ? 4 : 2);
	}
	if (o->pairing == PAIRING_AUTO)
		job_event(m->j, "info", NULL,
			  "pairing: interleaved, since servers and clients share CPUs, where a duet compares what they "
			  "cost under contention");
	else if (apart)
		job_event(m->j, "warning", NULL,
			  "both servers and their clients share CPUs: the duet compares what they cost under "
			  "contention, which is not how fast each is alone");
	return 0;
}

/* How many CPUs each has, not which: the same machine may give others tomorrow. */
static int record_pinning(struct measure *m, bool apart, struct error *err)
{
	char text[128] = "off";
	int server = m->pinned ? CPU_COUNT(&m->cpus.server[0]) : 0;
	int client = m->pinned ? CPU_COUNT(&m->cpus.client[0]) : 0;
	if (m->pinned && apart)
		snprintf(text, sizeof text, "servers on %d and %d CPUs, clients on %d and %d", server,
			 CPU_COUNT(&m->cpus.server[1]), client, CPU_COUNT(&m->cpus.client[1]));
	else if (m->pinned)
		snprintf(text, sizeof text, "servers on %d CPU%s, clients on %d", server, server == 1 ? "" : "s",
			 client);
	return results_set_pinning(m->j->results, text, err);
}

/* Which CPUs are whose, if there are enough. */
static int divide_cpus(struct measure *m, struct error *err)
{
	const struct options *o = m->j->o;
	bool apart = o->pairing == PAIRING_DUET || o->pairing == PAIRING_AUTO;
	AUTO_FREE struct cpu_core *cores = calloc(CPU_CORES_MAX, sizeof *cores);
	if (!cores)
		return error_oom(err);
	size_t n = machine_cores(cores);
	if (o->pinning == PINNING_ON || (o->pinning == PINNING_AUTO && n >= PINNING_AUTO_CORES))
		m->pinned = cpu_sets_divide(cores, n, (unsigned)o->threads, apart, &m->cpus);
	m->trial = m->pinned && o->pairing == PAIRING_AUTO;
	if (!m->pinned && check_cpus(m, n, apart, err) < 0)
		return -1;
	if (m->pinned)
		say_cpus(m, apart);
	return record_pinning(m, apart, err);
}

int job_measure(struct job *j, struct error *err)
{
	AUTO_FREE struct measure *m = calloc(1, sizeof *m + j->tests.len * sizeof *m->tests);
	if (!m)
		return error_oom(err);
	m->j = j;
	m->begin_ns = clock_mono_ns();
	m->servers[SIDE_FROM] = m->servers[SIDE_TO] = (struct server)SERVER_INIT;
	m->active[SIDE_FROM] = m->active[SIDE_TO] = true;
	if (divide_cpus(m, err) < 0)
		return -1;
	machine_log_open(&m->machine, j->o->machine_root ? j->o->machine_root : "");
	int result = j->pairing == PAIRING_SEQUENTIAL ? measure_sequential(m, err) : measure_pass(m, err);
	log_progress_end();
	stop_servers(m);
	machine_log_release(&m->machine);
	return result;
}
