#include "measure_round.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>

#define WARM_WINDOW_NS (50 * NS_PER_MS) /* of the first window of a warm-up; each is twice the one before */
#define WARM_MAX_NS (5 * NS_PER_SECOND)
#define WARM_GAIN 1.05         /* a window that is no faster than this says that it is warm */
#define DUET_WAKE_NS NS_PER_MS /* until a common window begins: both clients are awake then */

static size_t other(size_t side)
{
	return side == SIDE_FROM ? SIDE_TO : SIDE_FROM;
}

/* One test on one server, as long as it is open. */
struct client {
	char *dir;
	struct workload_script script;
	struct load_spec spec;
	struct load load;
};
#define CLIENT_INIT               \
	{                         \
		.load = LOAD_INIT \
	}

static void client_release(struct client *c)
{
	load_release(&c->load);
	free(c->dir);
	workload_script_release(&c->script);
	*c = (struct client)CLIENT_INIT;
}

/* One test in one round. */
struct round {
	struct measure *m;
	struct job *j;
	struct measured_test *test;
	struct results_test row;
	const struct tpcc *tpcc; /* NULL if it is another test */
	uint64_t test_ns;        /* load per server in a whole repetition */
	struct client clients[2];
	struct machine_usage *usage; /* of each slice of the plan under way; owned */
};

static int client_prepare(const struct job *j, size_t side, struct client *c, struct error *err)
{
	return load_prepare(&c->spec, err) < 0 ? error_wrap(err, "prepare on the %s server", j->sides[side].label) : 0;
}

struct prepare_task {
	const struct job *j;
	struct client *client;
	struct error err;
	int result;
};

static void *prepare_in_thread(void *data)
{
	struct prepare_task *t = data;
	t->result = client_prepare(t->j, SIDE_TO, t->client, &t->err);
	return NULL;
}

/* The tables of both servers at once: nothing is measured yet, and there is a core for each. */
static int prepare_both(struct round *r, struct error *err)
{
	pthread_t thread;
	struct prepare_task task = { .j = r->j, .client = &r->clients[SIDE_TO], .err = ERROR_INIT };
	int e = pthread_create(&thread, NULL, prepare_in_thread, &task);
	if (e) {
		errno = e;
		return error_errno(err, ERROR_INTERNAL, "start a thread");
	}
	int result = client_prepare(r->j, SIDE_FROM, &r->clients[SIDE_FROM], err);
	pthread_join(thread, NULL);
	if (result == 0 && task.result < 0)
		*err = task.err;
	return result < 0 ? -1 : task.result;
}

static int make_client(struct round *r, size_t side, struct error *err)
{
	struct client *c = &r->clients[side];
	if (!(c->dir = measure_client_dir(r->j, side, err)) ||
	    measure_open_test(r->j, side, r->row.name, &c->script, err) < 0)
		return -1;
	c->spec = measure_load_spec(r->j, side, &r->m->servers[side], &c->script.workload, r->tpcc, c->dir);
	c->spec.cpus = measure_client_cpus(r->m, side);
	return 0;
}

/* Clients of the active servers: tables made, connected. */
static int open_clients(struct round *r, struct error *err)
{
	const bool *active = r->m->active;
	for (size_t s = 0; s < r->j->sides_len; s++)
		if (active[s] && make_client(r, s, err) < 0)
			return -1;
	if (active[SIDE_FROM] && active[SIDE_TO]) {
		if (prepare_both(r, err) < 0)
			return -1;
	} else {
		size_t only = active[SIDE_FROM] ? SIDE_FROM : SIDE_TO;
		if (client_prepare(r->j, only, &r->clients[only], err) < 0)
			return -1;
	}
	for (size_t i = 0; i < 2; i++) {
		size_t s = r->m->position[SIDE_FROM] == i ? SIDE_FROM : SIDE_TO;
		if (active[s] && load_open(&r->clients[s].load, &r->clients[s].spec, err) < 0)
			return error_wrap(err, "load on the %s server", r->j->sides[s].label);
	}
	return 0;
}

static int close_clients(struct round *r, struct error *err)
{
	for (size_t s = 0; s < r->j->sides_len; s++) {
		struct client *c = &r->clients[s];
		if (r->m->active[s] &&
		    (load_close(&c->load, err) < 0 || load_check_data(&c->spec, "after the run", err) < 0 ||
		     load_cleanup(&c->spec, err) < 0))
			return error_wrap(err, "end of the load on the %s server", r->j->sides[s].label);
	}
	return 0;
}

/* Load that is not counted, on the active servers at once. */
static int warm_window(struct round *r, uint64_t duration_ns, double ret_rate[2], uint64_t *ret_latency_ns,
		       struct error *err)
{
	uint64_t slowest_ns = 0;
	for (size_t s = 0; s < r->j->sides_len; s++)
		if (r->m->active[s] && load_begin(&r->clients[s].load, 0, duration_ns, err) < 0)
			return -1;
	for (size_t s = 0; s < r->j->sides_len; s++) {
		CLEANUP(sample) struct sample warm = SAMPLE_INIT;
		if (!r->m->active[s])
			continue;
		if (load_await(&r->clients[s].load, &warm, err) < 0)
			return error_wrap(err, "warm-up on the %s server", r->j->sides[s].label);
		uint64_t latency_ns = warm.events ? warm.latency_sum_ns / warm.events : 0;
		ret_rate[s] = warm.events ? (double)warm.events / sample_seconds(&warm) : 0;
		if (latency_ns > slowest_ns)
			slowest_ns = latency_ns;
	}
	*ret_latency_ns = slowest_ns;
	return 0;
}

/* Until no server is faster in a window than in the one before, half as long: what caches, compilers and pools gain by
 * then is small against what the slices last. *ret_latency_ns: mean of the slower server; 0 without a warm-up. */
static int warm_up(struct round *r, uint64_t *ret_latency_ns, struct error *err)
{
	const struct options *o = r->j->o;
	double rate[2] = { 0 }, last[2];
	*ret_latency_ns = 0;
	if (!o->warmup_auto)
		return o->warmup_ns ? warm_window(r, o->warmup_ns, rate, ret_latency_ns, err) : 0;
	uint64_t begin_ns = clock_mono_ns(), max_ns = r->test_ns / 2 < WARM_MAX_NS ? r->test_ns / 2 : WARM_MAX_NS;
	bool warm = false;
	for (uint64_t window_ns = WARM_WINDOW_NS; !warm; window_ns *= 2) {
		last[SIDE_FROM] = rate[SIDE_FROM];
		last[SIDE_TO] = rate[SIDE_TO];
		if (warm_window(r, window_ns, rate, ret_latency_ns, err) < 0)
			return -1;
		warm = window_ns > WARM_WINDOW_NS && rate[SIDE_FROM] <= WARM_GAIN * last[SIDE_FROM] &&
		       rate[SIDE_TO] <= WARM_GAIN * last[SIDE_TO];
		if (clock_mono_ns() - begin_ns + 2 * window_ns > max_ns)
			break;
	}
	if (!warm && max_ns == WARM_MAX_NS)
		job_event(r->j, "info", r->row.name,
			  "a server was still getting faster when its warm-up ended after %.1f s",
			  (double)(clock_mono_ns() - begin_ns) / 1e9);
	return 0;
}

/* Load a server in each start of a run that goes on until it knows enough: a set-up is a fifth of the whole then, and
 * where the budget is short, three starts still fit. */
static uint64_t choose_share(const struct round *r, uint64_t set_up_ns)
{
	uint64_t share_ns = 2 * set_up_ns, least_ns = 4 * r->test->slice_ns;
	uint64_t each_ns = r->j->o->budget_ns / r->j->tests.len / STATISTICS_STARTS_MIN;
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
	} else if (o->pairing == PAIRING_SEQUENTIAL) {
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
	if (plan_make((enum pairing)r->j->o->pairing, share_ns, slice_ns, r->j->seed + t->place.start, ret, err) < 0)
		return -1;
	plan_put(ret, &t->place);
	return 0;
}

static int keep_slice(struct round *r, const struct plan *plan, size_t i, int64_t wall_ns, const struct sample *s,
		      struct error *err)
{
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

/* How much of the measuring is done; part: of the test's round. */
static double progress(const struct measure *m, size_t test, double part)
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

static int run_plan(struct round *r, const struct plan *plan, size_t test, struct error *err)
{
	bool duet = r->j->o->pairing == PAIRING_DUET;
	for (size_t i = 0; i < plan->len; i += duet ? 2 : 1) {
		log_progress(progress(r->m, test, (double)i / (double)plan->len), "[%zu/%zu] %s: measure", test + 1,
			     r->j->tests.len, r->row.name);
		if ((duet ? run_pair(r, plan, i, err) : run_slice(r, plan, i, err)) < 0)
			return -1;
	}
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
	return run_plan(r, plan, test, err) < 0 ? -1
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
	if (plan_make((enum pairing)r->j->o->pairing, 2 * slice_ns, slice_ns, r->j->seed + r->test->place.index, &extra,
		      err) < 0)
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
	if (r->j->o->pairing == PAIRING_SEQUENTIAL)
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
	client_release(&r->clients[SIDE_FROM]);
	client_release(&r->clients[SIDE_TO]);
}

static int run_round(struct round *r, size_t test, struct error *err)
{
	CLEANUP(plan) struct plan plan = { 0 };
	uint64_t begin_ns = clock_mono_ns(), latency_ns;
	log_progress(progress(r->m, test, 0), "[%zu/%zu] %s: prepare", test + 1, r->j->tests.len, r->row.name);
	if (open_clients(r, err) < 0 || warm_up(r, &latency_ns, err) < 0)
		return -1;
	if (!r->test->starts)
		settle(r, latency_ns, clock_mono_ns() - begin_ns + r->m->start_cost_ns / r->j->tests.len);
	AUTO_FREE uint32_t *disturbed = NULL;
	size_t disturbed_len;
	if (make_plan(r, &plan, err) < 0 || run_judged(r, &plan, test, &disturbed, &disturbed_len, err) < 0 ||
	    measure_again(r, &plan, test, disturbed, disturbed_len, err) < 0)
		return -1;
	r->test->done++;
	return close_clients(r, err);
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
			   .clients = { CLIENT_INIT, CLIENT_INIT } };
	if (!params)
		return -1;
	if (is_tpcc && tpcc.density < 1 && r.test->place.index == 0)
		job_event(j, "warning", name,
			  "only %g of the rows that TPC-C has: nothing here compares with other figures", tpcc.density);
	return run_round(&r, test, err);
}
