/* --pairing auto: which pairing is less noisy, on servers and clients that have CPUs of their own. */
#include "measure_round.h"

#include <stdlib.h>

#define TRIAL_BLOCKS 8
#define TRIAL_GAIN 0.8 /* of interleaved's noise, which is the better known: a duet has to be clearly below it */

/* Noise of that pairing; NAN if there is no telling. */
static int try_pairing(struct round *r, enum pairing pairing, uint64_t slice_ns, double *ret_noise, struct error *err)
{
	CLEANUP(plan) struct plan plan = { 0 };
	r->j->pairing = pairing;
	if (plan_make(pairing, 2 * TRIAL_BLOCKS * slice_ns, slice_ns, r->j->seed, &plan, err) < 0)
		return -1;
	AUTO_FREE double *rates = calloc(plan.len, sizeof *rates);
	if (!rates)
		return error_oom(err);
	r->rates = rates;
	int result = round_run(r, &plan, (size_t)(r->test - r->m->tests), err);
	r->rates = NULL;
	*ret_noise = plan_noise(pairing, &plan, rates);
	return result;
}

int round_trial(struct round *r, uint64_t latency_ns, struct error *err)
{
	uint64_t slice_ns = options_slice(r->j->o, r->test_ns, latency_ns);
	double interleaved, duet;
	if (try_pairing(r, PAIRING_DUET, slice_ns, &duet, err) < 0 ||
	    try_pairing(r, PAIRING_INTERLEAVED, slice_ns, &interleaved, err) < 0)
		return -1;
	r->m->trial = false;
	if (duet < TRIAL_GAIN * interleaved)
		r->j->pairing = PAIRING_DUET;
	job_event(r->j, "info", NULL,
		  "pairing: %s, by a trial of %d blocks of %s: in a second of wall time the ratio's noise was %.1f %% "
		  "in a "
		  "duet, %.1f %% interleaved",
		  pairing_name(r->j->pairing), TRIAL_BLOCKS, r->row.name, 100 * duet, 100 * interleaved);
	return results_set_pairing(r->j->results, pairing_name(r->j->pairing), err);
}
