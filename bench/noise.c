#include "noise.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

void noise_release(struct noise *n)
{
	free(n->pairs);
	free(n->begins);
	*n = (struct noise){ 0 };
}

void noise_job_release(struct noise_job *j)
{
	for (size_t i = 0; j->samples && i < 2 * j->len; i++)
		sample_release(&j->samples[i]);
	free(j->samples);
	free(j->pairs);
	free(j->first);
	*j = (struct noise_job){ 0 };
}

static int read_pair(const char *line, struct noise_pair *p)
{
	double us[2];
	if (sscanf(line, "%u,%u,%c,%lf,%lf,%lf,%lf", &p->start, &p->block, &p->first, &p->events[0], &us[0],
		   &p->events[1], &us[1]) != 7)
		return -1;
	for (int s = 0; s < 2; s++)
		p->seconds[s] = us[s] / 1e6;
	return us[0] > 0 && us[1] > 0 && p->events[0] >= 0 && p->events[1] >= 0 ? 0 : -1;
}

static int read_lines(struct noise *n, FILE *f, const char *path, struct error *err)
{
	char line[256];
	for (size_t at = 1; fgets(line, sizeof line, f); at++) {
		struct noise_pair *pairs = realloc(n->pairs, (n->len + 1) * sizeof *pairs);
		if (!pairs)
			return error_oom(err);
		n->pairs = pairs;
		if (at > 1 && read_pair(line, &n->pairs[n->len++]) < 0)
			return error_set(err, ERROR_USAGE, "%s:%zu: not a pair of slices", path, at);
	}
	return n->len ? 0 : error_set(err, ERROR_USAGE, "%s: no slices", path);
}

int noise_load(struct noise *ret, const char *path, struct error *err)
{
	CLEANUP(noise) struct noise n = { 0 };
	AUTO_FCLOSE FILE *f = fopen(path, "re");
	if (!f)
		return error_errno(err, ERROR_USAGE, "open %s", path);
	if (read_lines(&n, f, path, err) < 0)
		return -1;
	n.begins = calloc(n.len + 1, sizeof *n.begins);
	if (!n.begins)
		return error_oom(err);
	for (size_t i = 0; i < n.len; i++)
		if (i == 0 || n.pairs[i].start != n.pairs[i - 1].start)
			n.begins[n.starts++] = i;
	n.begins[n.starts] = n.len;
	*ret = n;
	n = (struct noise){ 0 };
	return 0;
}

static void fill(struct sample *s, double events, double seconds)
{
	*s = (struct sample){ .threads = 1,
			      .busy_ns = (uint64_t)(seconds * NS_PER_SECOND),
			      .events = (uint64_t)llround(events),
			      .latency_sum_ns = (uint64_t)(seconds * NS_PER_SECOND) };
}

int noise_draw(const struct noise *n, size_t starts, double ratio, uint64_t *seed, struct noise_job *ret,
	       struct error *err)
{
	/* Counts are whole numbers: finer ones, so that a ratio is not rounded away. */
	const double finer = 1000;
	CLEANUP(noise_job)
	struct noise_job j = { .samples = calloc(2 * n->len, sizeof *j.samples),
			       .pairs = calloc(n->len, sizeof *j.pairs),
			       .first = calloc(n->len, 1) };
	if (!j.samples || !j.pairs || !j.first)
		return error_oom(err);
	AUTO_FREE size_t *order = calloc(n->starts, sizeof *order);
	uint32_t block = 0;
	if (!order)
		return error_oom(err);
	for (size_t i = 0; i < n->starts; i++)
		order[i] = i;
	for (size_t i = 0; i < starts; i++) {
		size_t other = i + plan_random(seed) % (n->starts - i), start = order[other];
		order[other] = order[i];
		bool swap = plan_random(seed) >> 63;
		for (size_t k = n->begins[start]; k < n->begins[start + 1]; k++, j.len++) {
			const struct noise_pair *p = &n->pairs[k];
			block += k == n->begins[start] || p->block != p[-1].block;
			fill(&j.samples[2 * j.len], finer * p->events[swap], p->seconds[swap]);
			fill(&j.samples[2 * j.len + 1], finer * ratio * p->events[!swap], p->seconds[!swap]);
			j.pairs[j.len] = (struct sample_pair){ &j.samples[2 * j.len], &j.samples[2 * j.len + 1], block,
							       (uint32_t)i };
			j.first[j.len] = p->first == 'b' ? 'b' : (p->first == 't') != swap ? 't' : 'f';
		}
	}
	*ret = j;
	j = (struct noise_job){ 0 };
	return 0;
}

void noise_slow_down(struct noise_job *j, size_t place, double factor)
{
	for (size_t i = 0; i < j->len; i++)
		for (size_t side = 0; side < 2; side++) {
			bool second = side != (j->first[i] == 't');
			size_t at = 2 * i + (j->first[i] != 'b' && second);
			struct sample *s = &j->samples[2 * i + side];
			if (at >= place)
				s->events = (uint64_t)llround((double)s->events * factor);
		}
}

/* Transactions a second of a life. */
static double life(const struct noise *n, size_t start, size_t side)
{
	double events = 0, seconds = 0;
	for (size_t k = n->begins[start]; k < n->begins[start + 1]; k++) {
		events += n->pairs[k].events[side];
		seconds += n->pairs[k].seconds[side];
	}
	return events / seconds;
}

double noise_sequential(const struct noise *n)
{
	double squares = 0;
	size_t lives = 2 * n->starts;
	for (size_t i = 1; i < lives; i++) {
		double r = log(life(n, i / 2, i % 2) / life(n, (i - 1) / 2, (i - 1) % 2));
		squares += r * r;
	}
	return sqrt(squares / (double)(lives - 1));
}
