/* The clients of a round: tables, connections, warm-up, end. */
#include "base/clock.h"
#include "base/fs.h"
#include "measure_round.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>

#define WARM_WINDOW_NS (50 * NS_PER_MS) /* of the first window of a warm-up; each is twice the one before */
#define WARM_MAX_NS (5 * NS_PER_SECOND)
#define WARM_GAIN 1.05 /* a window that is no faster than the best before it by this says that it is warm */

void round_client_release(struct round_client *c)
{
	load_release(&c->load);
	free(c->dir);
	workload_script_release(&c->script);
	*c = (struct round_client)ROUND_CLIENT_INIT;
}

static int client_prepare(const struct job *j, size_t side, struct round_client *c, struct error *err)
{
	return load_prepare(&c->spec, err) < 0 ? error_wrap(err, "prepare on the %s server", j->sides[side].label) : 0;
}

struct prepare_task {
	const struct job *j;
	struct round_client *client;
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
	struct round_client *c = &r->clients[side];
	if (!(c->dir = measure_client_dir(r->j, side, err)) ||
	    measure_open_test(r->j, side, r->row.name, &c->script, err) < 0)
		return -1;
	c->spec = measure_load_spec(r->j, side, &r->m->servers[side], &c->script.workload, r->tpcc, c->dir);
	c->spec.cpus = measure_client_cpus(r->m, side);
	return 0;
}

int round_open(struct round *r, struct error *err)
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

int round_close(struct round *r, struct error *err)
{
	for (size_t s = 0; s < r->j->sides_len; s++) {
		struct round_client *c = &r->clients[s];
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

/* A round's warm-up may take half as long as its load; an eighth of the test's while the rounds are not known. */
static uint64_t longest_warm_up(const struct round *r)
{
	const struct measured_test *t = r->test;
	uint64_t load_ns = t->share_ns ? t->share_ns : t->starts ? r->test_ns / t->starts : r->test_ns / 4;
	return load_ns / 2 < WARM_MAX_NS ? load_ns / 2 : WARM_MAX_NS;
}

int round_warm_up(struct round *r, uint64_t *ret_latency_ns, struct error *err)
{
	const struct options *o = r->j->o;
	double rate[2] = { 0 }, best[2] = { 0 };
	*ret_latency_ns = 0;
	if (!o->warmup_auto)
		return o->warmup_ns ? warm_window(r, o->warmup_ns, rate, ret_latency_ns, err) : 0;
	uint64_t begin_ns = clock_mono_ns(), max_ns = longest_warm_up(r);
	bool warm = false;
	for (uint64_t window_ns = WARM_WINDOW_NS; !warm; window_ns *= 2) {
		if (warm_window(r, window_ns, rate, ret_latency_ns, err) < 0)
			return -1;
		warm = window_ns > WARM_WINDOW_NS;
		for (size_t s = 0; s < 2; s++) {
			warm = warm && rate[s] <= WARM_GAIN * best[s];
			best[s] = fmax(best[s], rate[s]);
		}
		if (clock_mono_ns() - begin_ns + 2 * window_ns > max_ns)
			break;
	}
	if (!warm && max_ns == WARM_MAX_NS)
		job_event(r->j, "info", r->row.name,
			  "a server was still getting faster when its warm-up ended after %.1f s",
			  (double)(clock_mono_ns() - begin_ns) / 1e9);
	return 0;
}
