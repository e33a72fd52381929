#include "benchmarker/load_classes.h"

#include "benchmarker/gate.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

uint32_t load_classes_of(const struct workload *w)
{
	uint32_t n = 0;
	while (w->classes && w->classes[n] && n < LOAD_CLASSES_MAX)
		n++;
	return n;
}

bool load_is_count(double v)
{
	return v >= 0 && v <= 0x1p53 && v == floor(v);
}

static int add_numbers(struct sample_class *c, const struct gate_class *g, unsigned thread, struct error *err)
{
	const double counts[] = { g->events, g->rollbacks, g->latency_sum_ns, g->latency_min_ns, g->latency_max_ns };
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		if (!load_is_count(counts[i]))
			return error_set(err, ERROR_LOAD, "thread %u reported %g for %s, which is no count", thread,
					 counts[i], c->name);
	if (g->events == 0)
		return 0;
	if (g->rollbacks > g->events || g->latency_min_ns > g->latency_max_ns || g->latency_max_ns > g->latency_sum_ns)
		return error_set(err, ERROR_LOAD, "thread %u reported numbers for %s that cannot be", thread, c->name);
	if (c->events == 0 || g->latency_min_ns < (double)c->latency_min_ns)
		c->latency_min_ns = (uint64_t)g->latency_min_ns;
	if (g->latency_max_ns > (double)c->latency_max_ns)
		c->latency_max_ns = (uint64_t)g->latency_max_ns;
	c->events += (uint64_t)g->events;
	c->rollbacks += (uint64_t)g->rollbacks;
	c->latency_sum_ns += (uint64_t)g->latency_sum_ns;
	return 0;
}

static int add_buckets(struct sample_class *c, const struct gate_class *g, struct error *err)
{
	for (uint32_t b = 0; b < HISTOGRAM_BUCKETS; b++)
		if (g->buckets[b] && histogram_add(&c->latency, b, g->buckets[b], err) < 0)
			return -1;
	return 0;
}

/* One class of all threads. */
static int take_class(struct load *l, uint32_t number, struct sample_class *c, struct error *err)
{
	c->name = l->spec.workload->classes[number];
	for (unsigned i = 0; i < l->spec.threads; i++) {
		struct gate_class *g = gate_classes_of(gate_thread_at(l->gate, l->classes, i)) + number;
		if (add_numbers(c, g, i, err) < 0 || add_buckets(c, g, err) < 0)
			return -1;
		memset(g, 0, sizeof *g);
	}
	if (c->latency.total != c->events)
		return error_set(err, ERROR_LOAD, "the histogram of %s holds %llu events, %llu were counted", c->name,
				 (unsigned long long)c->latency.total, (unsigned long long)c->events);
	return 0;
}

int load_take_classes(struct load *l, struct sample *s, struct error *err)
{
	uint64_t events = 0, sum_ns = 0;
	if (l->classes == 0)
		return 0;
	s->classes = calloc(l->classes, sizeof *s->classes);
	if (!s->classes)
		return error_oom(err);
	s->classes_len = l->classes;
	for (uint32_t i = 0; i < l->classes; i++) {
		if (take_class(l, i, &s->classes[i], err) < 0)
			return -1;
		events += s->classes[i].events;
		sum_ns += s->classes[i].latency_sum_ns;
	}
	if (events != s->events || sum_ns != s->latency_sum_ns)
		return error_set(err, ERROR_LOAD, "the classes hold %llu events, %llu were counted",
				 (unsigned long long)events, (unsigned long long)s->events);
	return 0;
}
