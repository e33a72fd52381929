/* Runs a Lua script under dbdyno's hook, without a database, and prints what one event costs:
 *
 *     slices SCRIPT SLICES SLICE_MS
 *
 * One line: the smallest mean of a slice in ns an event (noise only adds), and the largest relative distance between a
 * recorded latency and its bucket that the mapping allows from 1 us to 100 s, in percent. */
#include "base/clock.h"
#include "base/fs.h"
#include "base/proc.h"
#include "benchmarker/load.h"

#include <math.h>
#include <stdio.h>

/* The smallest value that falls in a bucket, by bisection. */
static uint64_t first_value(uint32_t bucket)
{
	uint64_t low = 0, high = 1ULL << 62;
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		if (histogram_bucket(middle) < bucket)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The ends of a bucket are the farthest from what it reads as, and the lower one is the smaller value. */
static double largest_error(void)
{
	double worst = 0;
	for (uint32_t b = histogram_bucket(1000); b <= histogram_bucket(100 * NS_PER_SECOND); b++) {
		double first = (double)first_value(b);
		worst = fmax(worst, (histogram_value_ns(b) - first) / first);
	}
	return worst;
}

static int run(const struct load_spec *spec, int slices, uint64_t slice_ns, double *ret_least, struct error *err)
{
	CLEANUP(load) struct load l = LOAD_INIT;
	if (load_open(&l, spec, err) < 0)
		return -1;
	*ret_least = INFINITY;
	for (int i = 0; i < slices; i++) {
		CLEANUP(sample) struct sample s = SAMPLE_INIT;
		if (load_slice(&l, slice_ns, &s, err) < 0)
			return -1;
		*ret_least = fmin(*ret_least, (double)s.busy_ns / (double)s.events);
	}
	return load_close(&l, err);
}

int main(int argc, char **argv)
{
	struct error err = ERROR_INIT;
	long long slices, slice_ms;
	if (argc != 4 || str_to_i64(argv[2], 1, 10000, &slices) < 0 || str_to_i64(argv[3], 1, 60000, &slice_ms) < 0) {
		fputs("usage: slices SCRIPT SLICES SLICE_MS\n", stderr);
		return 2;
	}
	char *dir = fs_make_temp_dir("dbdyno-bench", &err);
	char *script = fs_absolute(argv[1], &err);
	int result = -1;
	double least = NAN;
	if (dir && script) {
		struct workload w = { .name = "bench", .script = script };
		struct load_spec spec = { .dir = dir,
					  .workload = &w,
					  .address = { .protocol = PROTOCOL_MYSQL, .host = "127.0.0.1", .port = 1 },
					  .threads = 1,
					  .tables = 1,
					  .seed = 1,
					  .server_fd = -1 };
		result = run(&spec, (int)slices, (uint64_t)slice_ms * NS_PER_MS, &least, &err);
	}
	if (dir)
		fs_remove_tree(dir, NULL);
	free(dir);
	free(script);
	if (result < 0) {
		fprintf(stderr, "slices: %s\n%s", err.message, err.detail);
		return 1;
	}
	printf("%.1f %.4f\n", least, 100 * largest_error());
	return 0;
}
