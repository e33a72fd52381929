#include "benchmarker/workload.h"

#include <stdint.h>
#include <string.h>

/* sysbench's own tests, in the order in which the latency benchmark has always run them. */
static const struct workload workloads[] = {
	{ "oltp_read_only", "oltp_read_only", .writes = false },
	{ "oltp_insert", "oltp_insert", .writes = true },
	{ "bulk_insert", "bulk_insert", .writes = true, .table_per_thread = true },
	{ "oltp_point_select", "oltp_point_select", .writes = false },
	{ "select_random_points", "select_random_points", .writes = false },
	{ "select_random_ranges", "select_random_ranges", .writes = false },
	{ "oltp_write_only", "oltp_write_only", .writes = true },
	{ "oltp_read_write", "oltp_read_write", .writes = true },
	{ "oltp_update_index", "oltp_update_index", .writes = true },
	{ "oltp_update_non_index", "oltp_update_non_index", .writes = true },
	{ 0 },
};

const struct workload *workload_all(void)
{
	return workloads;
}

int workload_find(const char *name, const struct workload **ret, struct error *err)
{
	const struct workload *nearest = NULL;
	size_t least = SIZE_MAX;
	for (const struct workload *w = workloads; w->name; w++) {
		if (str_eq(w->name, name)) {
			*ret = w;
			return 0;
		}
		size_t distance = str_distance(w->name, name);
		if (distance < least) {
			least = distance;
			nearest = w;
		}
	}
	error_set(err, ERROR_USAGE, "unknown test \"%s\"", name);
	/* A name that differs in half of its letters is no slip of the finger. */
	if (nearest && least <= strlen(nearest->name) / 2)
		return error_hint(err, "did you mean %s?", nearest->name);
	return error_hint(err, "the tests are sysbench's own: oltp_read_only, oltp_point_select, …");
}
