#include "benchmarker/pgo.h"

#include "base/str.h"

#include <math.h>

static const char *const names[] = {
	[PGO_UNDECIDED] = "undecided",
	[PGO_SHIP] = "ship",
	[PGO_DONT_SHIP] = "dont_ship",
	[PGO_KEEP] = "keep_previous",
};

const char *pgo_decision_name(enum pgo_decision d)
{
	return names[d];
}

enum pgo_decision pgo_decision_parse(const char *name)
{
	for (enum pgo_decision d = PGO_UNDECIDED; name && d <= PGO_KEEP; d++)
		if (str_eq(name, names[d]))
			return d;
	return PGO_NONE;
}

static const char *const cells[] = {
	[PGO_CELL_MEASURED] = "measured",
	[PGO_CELL_FAILED] = "failed",
	[PGO_CELL_UNFIT] = "unfit",
	[PGO_CELL_INTERRUPTED] = "interrupted",
};

const char *pgo_cell_name(enum pgo_cell c)
{
	return cells[c];
}

enum pgo_cell pgo_cell_parse(const char *name)
{
	for (enum pgo_cell c = PGO_CELL_MEASURED; c <= PGO_CELL_INTERRUPTED; c++)
		if (str_eq(name, cells[c]))
			return c;
	return PGO_CELL_FAILED;
}

enum pgo_decision pgo_decide(const struct pgo_facts *f)
{
	const struct estimate *e = f->mean;
	bool known = f->tests && e->starts && isfinite(e->ratio) && isfinite(e->high) && e->low > 0;
	/* As a change of speed: above 1 is faster. */
	bool by_throughput = f->metric == METRIC_THROUGHPUT;
	double low = !known ? 0 : by_throughput ? e->low : 1 / e->high;
	double high = !known ? (double)INFINITY : by_throughput ? e->high : 1 / e->low;
	if (f->slower || (f->carried && high < 1))
		return PGO_DONT_SHIP;
	if (!f->carried || !f->complete || f->failed || !known)
		return PGO_UNDECIDED;
	if (low > 1)
		return PGO_SHIP;
	return f->previous && low >= 1 - f->margin && high <= 1 / (1 - f->margin) ? PGO_KEEP : PGO_UNDECIDED;
}
