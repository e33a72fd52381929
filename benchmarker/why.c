#include "benchmarker/why.h"

#include <math.h>

bool why_available(const struct engine *from, const struct engine *to, struct strbuf *ret_reason)
{
	if (!str_eq(from->name, to->name)) {
		strbuf_addf(ret_reason, "%s and %s do not share functions to compare", from->name, to->name);
		return false;
	}
	if (engine_gives_profile(from) && engine_gives_profile(to))
		return true;
	strbuf_addf(ret_reason, "engine %s gives no CPU profile", from->name);
	return false;
}

static double difference(const struct comparison *c)
{
	double ratio = c->metrics[c->metric].ratio;
	return ratio > 0 ? fabs(log(ratio)) : 0;
}

static bool is_different(const struct comparison *c)
{
	return c->verdict == VERDICT_FASTER || c->verdict == VERDICT_SLOWER;
}

/* How many differ by more than this one; of two alike the first counts as the larger. */
static size_t rank(const struct comparison *comparisons, size_t len, size_t i)
{
	size_t larger = 0;
	for (size_t k = 0; k < len; k++) {
		double by = difference(&comparisons[k]) - difference(&comparisons[i]);
		larger += is_different(&comparisons[k]) && (by > 0 || (by == 0 && k < i));
	}
	return larger;
}

size_t why_choose(const struct comparison *comparisons, size_t len, enum why why, size_t *ret)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++)
		if (why == WHY_ALWAYS ||
		    (why == WHY_AUTO && is_different(&comparisons[i]) && rank(comparisons, len, i) < WHY_TESTS_MAX))
			ret[n++] = i;
	return n;
}

double why_work(uint64_t events, double load_seconds, double profile_seconds)
{
	return load_seconds > 0 ? (double)events * profile_seconds / load_seconds : 0;
}
