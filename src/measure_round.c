#include "measure_round.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"

#include <stdio.h>

/* Load a server in each start of a run that goes on until it knows enough: a set-up is a third of the whole then, as
 * plan_starts has it, and where the budget is short, three starts still fit. */
static uint64_t choose_share(const struct round *r, uint64_t set_up_ns)
{
	uint64_t share_ns = set_up_ns, least_ns = 4 * r->test->slice_ns;
	uint64_t each_ns =
		r->j->o->budget_ns / 10 * 9 / r->j->tests.len / STATISTICS_STARTS_MIN; /* none is like another */
	if (share_ns > (each_ns > set_up_ns ? (each_ns - set_up_ns) / 2 : 0))
		share_ns = each_ns > set_up_ns ? (each_ns - set_up_ns) / 2 : 0;
	if (share_ns < least_ns)
		share_ns = least_ns;
	return share_ns < r->test_ns ? share_ns : r->test_ns;
}

/* After the set-up of the first round: how long slices are, and how many rounds the test takes. */
static void settle(struct round *r, uint64_t latency_ns, uint64_t set_up_ns)
{
	const struct options *o = r->j->o;
	struct measured_test *t = r->test;
	t->slice_ns = options_slice(o, r->test_ns, latency_ns);
	if (options_open_ended(o)) {
		t->starts = UINT32_MAX;
		t->share_ns = choose_share(r, set_up_ns);
	} else if (r->j->pairing == PAIRING_SEQUENTIAL) {
		t->starts = 1;
	} else if (o->starts) {
		t->starts = (uint32_t)o->starts;
	} else {
		uint32_t all = (PLAN_STARTS_MAX + (uint32_t)o->repetitions - 1) / (uint32_t)o->repetitions;
		t->starts = plan_starts(r->test_ns, t->slice_ns, set_up_ns);
		if (t->starts > all)
			t->starts = all;
	}
	if (t->share_ns)
		job_event(r->j, "info", r->row.name, "%.1f s of load a start, slices of %.0f ms; a set-up takes %.2f s",
			  (double)t->share_ns / 1e9, (double)t->slice_ns / 1e6, (double)set_up_ns / 1e9);
	else
		job_event(r->j, "info", r->row.name,
			  "%u start%s of the servers, slices of %.0f ms; a set-up takes %.2f s", t->starts,
			  t->starts == 1 ? "" : "s", (double)t->slice_ns / 1e6, (double)set_up_ns / 1e9);
}

static int make_plan(const struct round *r, struct plan *ret, struct error *err)
{
	struct measured_test *t = r->test;
	uint64_t share_ns = t->share_ns ? t->share_ns : plan_share(r->test_ns, t->starts, t->done);
	uint64_t slice_ns = t->slice_ns < share_ns / 2 ? t->slice_ns : share_ns / 2;
	if (plan_make(r->j->pairing, share_ns, slice_ns, r->j->seed + t->place.start, ret, err) < 0)
		return -1;
	plan_put(ret, &t->place);
	return 0;
}

/* The slices of a plan, and which of its blocks are not to be trusted: *ret, owned, with *ret_len of them. */
static int run_judged(struct round *r, const struct plan *plan, size_t test, uint32_t **ret, size_t *ret_len,
		      struct error *err)
{
	free(r->usage);
	r->usage = calloc(plan->len + 1, sizeof *r->usage);
	if (!r->usage)
		return error_oom(err);
	return round_run(r, plan, test, err) < 0 ? -1
						 : machine_log_judge(&r->m->machine, r->j->results, r->row.name, plan,
								     r->usage, ret, ret_len, err);
}

/* One more block, as long as those of the plan; whether it can be trusted. */
static int run_block(struct round *r, const struct plan *plan, size_t test, uint32_t *ret_block, bool *ret_clean,
		     struct error *err)
{
	CLEANUP(plan) struct plan extra = { 0 };
	AUTO_FREE uint32_t *bad = NULL;
	size_t bad_len;
	uint64_t slice_ns = plan->slices[0].duration_ns;
	if (plan_make(r->j->pairing, 2 * slice_ns, slice_ns, r->j->seed + r->test->place.index, &extra, err) < 0)
		return -1;
	plan_put(&extra, &r->test->place);
	*ret_block = extra.slices[0].block;
	if (run_judged(r, &extra, test, &bad, &bad_len, err) < 0)
		return -1;
	*ret_clean = bad_len == 0;
	return 0;
}

/* Measures disturbed blocks again, with at most a quarter more blocks than the plan has; what is left stays in the
 * figures. The halves of a sequential job lie too far apart for that. */
static int measure_again(struct round *r, const struct plan *plan, size_t test, const uint32_t *blocks, size_t len,
			 struct error *err)
{
	size_t all = plan->slices[plan->len - 1].block - plan->slices[0].block + 1, done = 0;
	if (r->j->pairing == PAIRING_SEQUENTIAL)
		return 0;
	for (size_t tries = (all + 3) / 4; tries && done < len; tries--) {
		uint32_t block = 0;
		bool clean = false;
		if (run_block(r, plan, test, &block, &clean, err) < 0)
			return -1;
		if (clean && results_replace_block(r->j->results, r->row.name, blocks[done++], block, err) < 0)
			return -1;
	}
	return 0;
}

static void round_release(struct round *r)
{
	free(r->usage);
	round_client_release(&r->clients[SIDE_FROM]);
	round_client_release(&r->clients[SIDE_TO]);
}

static int run_round(struct round *r, size_t test, struct error *err)
{
	CLEANUP(plan) struct plan plan = { 0 };
	uint64_t begin_ns = clock_mono_ns(), latency_ns;
	log_progress(round_progress(r->m, test, 0), "[%zu/%zu] %s: prepare", test + 1, r->j->tests.len, r->row.name);
	if (round_open(r, err) < 0 || round_warm_up(r, &latency_ns, err) < 0)
		return -1;
	if (r->m->trial && round_trial(r, latency_ns, err) < 0)
		return -1;
	if (!r->test->starts)
		settle(r, latency_ns, clock_mono_ns() - begin_ns + r->m->start_cost_ns / r->j->tests.len);
	AUTO_FREE uint32_t *disturbed = NULL;
	size_t disturbed_len;
	if (make_plan(r, &plan, err) < 0 || run_judged(r, &plan, test, &disturbed, &disturbed_len, err) < 0 ||
	    measure_again(r, &plan, test, disturbed, disturbed_len, err) < 0)
		return -1;
	r->test->done++;
	return round_close(r, err);
}

/* The options that sysbench has, for the record; owned. */
static char *test_params(const struct job *j, const struct tpcc *tpcc, struct error *err)
{
	const struct options *o = j->o;
	unsigned long long seed = j->seed;
	if (!tpcc)
		return str_printf(err,
				  "--threads=%lld --tables=%lld --table-size=%lld --rand-type=uniform "
				  "--db-ps-mode=disable --rand-seed=%llu",
				  o->threads, o->tables, o->table_size, seed);
	return tpcc->density < 1
		       ? str_printf(err,
				    "--threads=%lld --scale=%u --tables=%u --trx_level=%s --rand-seed=%llu"
				    " --density=%g (not comparable)",
				    o->threads, tpcc->scale, tpcc->tables, tpcc->isolation, seed, tpcc->density)
		       : str_printf(err, "--threads=%lld --scale=%u --tables=%u --trx_level=%s --rand-seed=%llu",
				    o->threads, tpcc->scale, tpcc->tables, tpcc->isolation, seed);
}

int measure_round(struct measure *m, size_t test, struct error *err)
{
	struct job *j = m->j;
	struct tpcc tpcc;
	const char *name = j->tests.items[test];
	bool is_tpcc = options_tpcc(j->o, name, j->scripts, &tpcc);
	AUTO_FREE char *params = test_params(j, is_tpcc ? &tpcc : NULL, err);
	CLEANUP(round)
	struct round r = { .m = m,
			   .j = j,
			   .test = &m->tests[test],
			   .row = { .name = name, .params = params, .threads = (uint32_t)j->o->threads },
			   .tpcc = is_tpcc ? &tpcc : NULL,
			   .test_ns = options_test_time(j->o, name),
			   .clients = { ROUND_CLIENT_INIT, ROUND_CLIENT_INIT } };
	if (!params)
		return -1;
	if (is_tpcc && tpcc.density < 1 && r.test->place.index == 0)
		job_event(j, "warning", name,
			  "only %g of the rows that TPC-C has: nothing here compares with other figures", tpcc.density);
	return run_round(&r, test, err);
}
