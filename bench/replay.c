/* The rows of goals.md that rest on recorded noise (noise.h), by the statistics that a run uses:
 *
 *     replay aa|cover|power|drift|width|bias FILE…
 *
 * FILE: a recording, whose name ends in its pairing and ".csv"; sequential ones are what width and power are compared
 * with, each the one of the same workload. Prints the row's lines: <id> <ours> <theirs> <ratio>
 * <goal> met|short. Seeds are fixed: the same files give the same figures. */
#include "base/cleanup.h"
#include "noise.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STARTS 10 /* what a run has by itself, given the time */
#define FILES_MAX 64

static struct noise files[FILES_MAX];
static const char *names[FILES_MAX];
static size_t files_len;
static struct noise sequential[FILES_MAX]; /* the usual way on the same workloads */
static const char *sequential_names[FILES_MAX];
static size_t sequential_len;
static uint64_t seed = 20261123;

/* gms-point-select.duet.csv: a duet. */
static enum pairing pairing_of(size_t file)
{
	return strstr(names[file], ".duet.") ? PAIRING_DUET : PAIRING_INTERLEAVED;
}

static struct error failure = ERROR_INIT; /* the first one: then the figures mean nothing, and none is printed */

static struct comparison run(size_t file, size_t starts, double ratio)
{
	CLEANUP(noise_job) struct noise_job job = { 0 };
	const struct statistics_spec spec = { .pairing = pairing_of(file) };
	struct comparison c = { 0 };
	if (!failure.kind && noise_draw(&files[file], starts, ratio, &seed, &job, &failure) == 0)
		statistics_compare(job.pairs, job.len, &spec, &c, &failure);
	return c;
}

static void line(const char *id, double ours, double theirs, double ratio, const char *unit, const char *goal, bool met)
{
	if (failure.kind)
		return;
	printf("%s %.4g%s %.4g%s %.3f %s %s\n", id, ours, unit, theirs, unit, ratio, goal, met ? "met" : "short");
}

/* The standard deviation of the log-ratio of two numbers that were measured the usual way, on the same workload in the
 * same time: out of the recording with the same name up to its first dot. NAN: there is none. */
static double sequential_sd(size_t file)
{
	size_t stem = strcspn(names[file], ".");
	for (size_t i = 0; i < sequential_len; i++)
		if (strcspn(sequential_names[i], ".") == stem && strncmp(sequential_names[i], names[file], stem) == 0)
			return noise_sequential(&sequential[i]);
	return NAN;
}

/* Jobs of 19 equal tests: how many raise an alarm? */
static void row_aa(void)
{
	enum { JOBS = 1000, TESTS = 19 };
	static const size_t starts[] = { STARTS, 3, 1 };
	for (size_t k = 0; k < ARRAY_SIZE(starts); k++) {
		size_t alarms = 0;
		for (size_t job = 0; job < JOBS; job++) {
			struct comparison tests[TESTS];
			bool alarm = false;
			for (size_t t = 0; t < TESTS; t++)
				tests[t] = run((job * TESTS + t) % files_len, starts[k], 1);
			statistics_decide(tests, TESTS, 0.02);
			for (size_t t = 0; t < TESTS; t++)
				alarm |= tests[t].verdict == VERDICT_FASTER || tests[t].verdict == VERDICT_SLOWER;
			alarms += alarm;
		}
		char id[64];
		double share = 100.0 * (double)alarms / JOBS;
		snprintf(id, sizeof id, "aa-%zu", starts[k]);
		line(id, share, 5, share / 5, "%", "<=1", share <= 5);
	}
}

static double coverage(enum pairing pairing, size_t starts, double ratio)
{
	enum { JOBS = 4000 };
	size_t covered = 0, jobs = 0;
	for (size_t job = 0; jobs < JOBS; job++) {
		if (pairing_of(job % files_len) != pairing)
			continue;
		struct comparison c = run(job % files_len, starts, ratio);
		const struct estimate *e = &c.metrics[METRIC_THROUGHPUT];
		covered += e->low <= ratio && ratio <= e->high;
		jobs++;
	}
	return 100.0 * (double)covered / JOBS;
}

static bool have(enum pairing pairing)
{
	for (size_t i = 0; i < files_len; i++)
		if (pairing_of(i) == pairing)
			return true;
	return false;
}

static void row_cover(void)
{
	static const size_t starts[] = { STARTS, 5, 3, 1 };
	for (enum pairing p = PAIRING_INTERLEAVED; p <= PAIRING_DUET; p++)
		for (size_t k = 0; have(p) && k < ARRAY_SIZE(starts); k++) {
			char id[64];
			double share = coverage(p, starts[k], 1);
			snprintf(id, sizeof id, "cover-%s-%zu", pairing_name(p), starts[k]);
			line(id, share, 95, share / 95, "%", "93..97%", share >= 93 && share <= 97);
		}
}

/* A slowdown that was put in: in how many of 100 is it inside the interval? */
static void row_bias(void)
{
	static const double slowdowns[] = { 0.03, 0.10, 0.50 };
	for (enum pairing p = PAIRING_INTERLEAVED; p <= PAIRING_DUET; p++)
		for (size_t k = 0; have(p) && k < ARRAY_SIZE(slowdowns); k++) {
			char id[64];
			double share = coverage(p, STARTS, 1 - slowdowns[k]);
			snprintf(id, sizeof id, "bias-%s-%.0f%%", pairing_name(p), 100 * slowdowns[k]);
			line(id, share, 95, share / 95, "%", ">=90%", share >= 90);
		}
}

static double found(size_t file, double slowdown)
{
	enum { JOBS = 400 };
	size_t n = 0;
	seed = 7; /* the same noise for every slowdown, so that more is found of a greater one */
	for (size_t job = 0; job < JOBS; job++) {
		struct comparison c = run(file, STARTS, 1 - slowdown);
		statistics_decide(&c, 1, 0.02);
		n += c.verdict == VERDICT_SLOWER;
	}
	return (double)n / JOBS;
}

static void figure(const char *row, size_t file, double ours, double theirs, const char *goal, double most)
{
	char id[128];
	snprintf(id, sizeof id, "%s-%.*s", row, (int)strlen(names[file]) - 4, names[file]);
	line(id, 100 * ours, 100 * theirs, ours / theirs, "%", goal, ours / theirs <= most);
}

/* The least slowdown found in 90 of 100 jobs. Theirs: two numbers, called different if they are farther apart than 95
 * of 100 pairs of numbers from equal servers are (1.96 standard deviations); 90 of 100 are from 1.28 more on. */
static void row_power(void)
{
	for (size_t i = 0; i < files_len; i++) {
		double low = 0, high = 0.999, sd = sequential_sd(i);
		if (isnan(sd))
			continue;
		while (high - low > 1e-3) {
			double middle = (low + high) / 2;
			if (found(i, middle) < 0.9)
				low = middle;
			else
				high = middle;
		}
		figure("power", i, (low + high) / 2, 1 - exp(-(1.96 + 1.2816) * sd), "<=0.2", 0.2);
	}
}

/* Half of the 95 % interval. Theirs: what covers 95 of 100 errors. */
static void row_width(void)
{
	enum { JOBS = 400 };
	for (size_t i = 0; i < files_len; i++) {
		double sum = 0, sd = sequential_sd(i);
		if (isnan(sd))
			continue;
		for (size_t job = 0; job < JOBS; job++) {
			struct comparison c = run(i, STARTS, 1);
			const struct estimate *e = &c.metrics[METRIC_THROUGHPUT];
			sum += log(e->high / e->low) / 2 / JOBS;
		}
		figure("width", i, 1 - exp(-sum), 1 - exp(-1.96 * sd), "<=0.2", 0.2);
	}
}

/* How far the ratio moves when the machine loses a tenth of its speed at some moment near the middle; the worst of many
 * jobs. Theirs: the second server has all of it. */
static void row_drift(void)
{
	enum { JOBS = 1000 };
	double worst = 0, sum = 0;
	for (size_t job = 0; job < JOBS; job++) {
		CLEANUP(noise_job) struct noise_job j = { 0 };
		const struct statistics_spec spec = { .pairing = pairing_of(job % files_len) };
		struct comparison before, after;
		if (noise_draw(&files[job % files_len], STARTS, 1, &seed, &j, &failure) < 0 ||
		    statistics_compare(j.pairs, j.len, &spec, &before, &failure) < 0)
			return;
		size_t place = j.len / 2 + plan_random(&seed) % j.len; /* in the middle half of 2 * len slices */
		noise_slow_down(&j, place, 0.9);
		if (statistics_compare(j.pairs, j.len, &spec, &after, &failure) < 0)
			return;
		double shift = fabs(after.metrics[0].ratio / before.metrics[0].ratio - 1);
		worst = fmax(worst, shift);
		sum += shift / JOBS;
	}
	line("drift", 100 * sum, 10, sum / 0.1, "%", "<=0.5%", sum <= 0.005);
	line("drift-worst", 100 * worst, 10, worst / 0.1, "%", "<=0.5%", worst <= 0.005);
}

static void load(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	bool usual = strstr(name, ".sequential.");
	size_t *len = usual ? &sequential_len : &files_len;
	if (*len == FILES_MAX || strlen(name) < 5) {
		error_set(&failure, ERROR_USAGE, "%s: more than %d recordings, or no name of one", path, FILES_MAX);
		return;
	}
	struct noise *n = &(usual ? sequential : files)[*len];
	if (noise_load(n, path, &failure) < 0)
		return;
	(usual ? sequential_names : names)[(*len)++] = name;
	if (!usual && n->starts < STARTS)
		error_set(&failure, ERROR_USAGE, "%s: fewer than %d starts", path, STARTS);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} rows[] = { { "aa", row_aa },       { "cover", row_cover }, { "power", row_power },
		     { "drift", row_drift }, { "width", row_width }, { "bias", row_bias } };
	for (int i = 2; i < argc && !failure.kind; i++)
		load(argv[i]);
	size_t row = 0;
	while (argc > 2 && row < ARRAY_SIZE(rows) && strcmp(rows[row].name, argv[1]) != 0)
		row++;
	if (argc < 3 || row == ARRAY_SIZE(rows)) {
		fputs("usage: replay aa|cover|power|drift|width|bias FILE…\n", stderr);
		return 2;
	}
	if (!failure.kind)
		rows[row].run();
	for (size_t i = 0; i < files_len; i++)
		noise_release(&files[i]);
	for (size_t i = 0; i < sequential_len; i++)
		noise_release(&sequential[i]);
	if (failure.kind)
		fprintf(stderr, "replay: %s\n", failure.message);
	return failure.kind ? 1 : 0;
}
