/* The slices of a round, in turn or both at once. */
#include "base/clock.h"
#include "base/log.h"
#include "measure_round.h"

#include <math.h>

#define DUET_WAKE_NS NS_PER_MS /* until a common window begins: both clients are awake then */

static size_t other(size_t side)
{
	return side == SIDE_FROM ? SIDE_TO : SIDE_FROM;
}

static int keep_slice(struct round *r, const struct plan *plan, size_t i, int64_t wall_ns, const struct sample *s,
		      struct error *err)
{
	if (r->rates) {
		r->rates[i] = s->events ? (double)s->events / sample_seconds(s) : 0;
		return 0;
	}
	r->usage[i] = s->machine;
	return results_add_slice(r->j->results, &r->row, &plan->slices[i], plan->first + (uint32_t)i, wall_ns, s, err);
}

static struct machine_subject subject_of(const struct round *r, size_t side)
{
	return (struct machine_subject){ r->m->servers[side].proc.pid, r->clients[side].load.proc.pid };
}

static int run_slice(struct round *r, const struct plan *plan, size_t i, struct error *err)
{
	const struct plan_slice *slice = &plan->slices[i];
	CLEANUP(sample) struct sample s = SAMPLE_INIT;
	struct sample *const samples[] = { &s };
	struct machine_subject subject = subject_of(r, slice->side);
	if (!r->m->active[slice->side])
		return 0;
	machine_log_begin(&r->m->machine, &subject, 1);
	int64_t wall_ns = clock_wall_ns();
	load_set_schedule(&r->clients[slice->side].load, slice->pair);
	if (load_slice(&r->clients[slice->side].load, slice->duration_ns, &s, err) < 0)
		return error_wrap(err, "load on the %s server", r->j->sides[slice->side].label);
	machine_log_end(&r->m->machine, &subject, samples, 1);
	return keep_slice(r, plan, i, wall_ns, &s, err);
}

/* Gives the side the first position: its server's and its client's CPUs change places with the other's. */
static int take_first(struct round *r, size_t side, struct error *err)
{
	struct measure *m = r->m;
	if (m->position[side] == 0)
		return 0;
	m->position[side] = 0;
	m->position[other(side)] = 1;
	for (size_t s = 0; m->pinned && s < 2; s++)
		if (proc_pin(&m->servers[s].proc, measure_server_cpus(m, s), err) < 0 ||
		    proc_pin(&r->clients[s].load.proc, measure_client_cpus(m, s), err) < 0)
			return error_wrap(err, "swap the positions");
	return 0;
}

/* Both slices of a pair in one window. */
static int run_pair(struct round *r, const struct plan *plan, size_t i, struct error *err)
{
	CLEANUP(sample) struct sample first = SAMPLE_INIT;
	CLEANUP(sample) struct sample second = SAMPLE_INIT;
	struct sample *const samples[] = { &first, &second };
	struct machine_subject subjects[] = { subject_of(r, plan->slices[i].side),
					      subject_of(r, plan->slices[i + 1].side) };
	if (take_first(r, plan->slices[i].side, err) < 0)
		return -1;
	machine_log_begin(&r->m->machine, subjects, 2);
	int64_t wall_ns = clock_wall_ns();
	uint64_t begin_ns = clock_mono_ns() + DUET_WAKE_NS;
	for (size_t k = 0; k < 2; k++) {
		const struct plan_slice *slice = &plan->slices[i + k];
		load_set_schedule(&r->clients[slice->side].load, slice->pair);
		if (load_begin(&r->clients[slice->side].load, begin_ns, slice->duration_ns, err) < 0)
			return -1;
	}
	int result = 0;
	for (size_t k = 0; result == 0 && k < 2; k++) {
		size_t side = plan->slices[i + k].side;
		result = load_await(&r->clients[side].load, samples[k], err);
		if (result < 0)
			error_wrap(err, "load on the %s server", r->j->sides[side].label);
	}
	machine_log_end(&r->m->machine, subjects, samples, 2);
	for (size_t k = 0; result == 0 && k < 2; k++)
		result = keep_slice(r, plan, i + k, wall_ns, samples[k], err);
	return result;
}

double round_progress(const struct measure *m, size_t test, double part)
{
	double sum = 0;
	if (options_open_ended(m->j->o))
		return fmin(1, (double)(clock_mono_ns() - m->begin_ns) / (double)m->j->o->budget_ns);
	for (size_t i = 0; i < m->j->tests.len; i++) {
		const struct measured_test *t = &m->tests[i];
		sum += t->starts ? ((double)t->done + (i == test ? part : 0)) / t->starts : 0;
	}
	return sum / (double)m->j->tests.len;
}

int round_run(struct round *r, const struct plan *plan, size_t test, struct error *err)
{
	bool duet = r->j->pairing == PAIRING_DUET;
	for (size_t i = 0; i < plan->len; i += duet ? 2 : 1) {
		log_progress(round_progress(r->m, test, (double)i / (double)plan->len), "[%zu/%zu] %s: measure",
			     test + 1, r->j->tests.len, r->row.name);
		if ((duet ? run_pair(r, plan, i, err) : run_slice(r, plan, i, err)) < 0)
			return -1;
	}
	return 0;
}
