#include "benchmarker/cpu_sets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Cores [begin, end) as one set. */
static void gather(const struct cpu_core *cores, size_t begin, size_t end, cpu_set_t *ret)
{
	CPU_ZERO(ret);
	for (size_t i = begin; i < end; i++)
		CPU_OR(ret, ret, &cores[i].cpus);
}

/* How many of the first cores a client of that many threads gets, of at most max. */
static size_t client_cores(const struct cpu_core *cores, size_t max, unsigned threads)
{
	size_t n = 0;
	for (size_t cpus = 0; n < max && cpus < threads; n++)
		cpus += (size_t)CPU_COUNT(&cores[n].cpus);
	return n;
}

bool cpu_sets_divide(const struct cpu_core *cores, size_t n, unsigned threads, bool apart, struct cpu_sets *ret)
{
	size_t positions = apart ? 2 : 1, each = n / positions;
	if (each < 2)
		return false;
	size_t most = n / 4 ? n / 4 : 1, clients = client_cores(cores, most, threads);
	for (size_t p = 0; p < 2; p++) {
		size_t begin = apart ? p * each : 0;
		gather(cores, begin, begin + clients, &ret->client[p]);
		gather(cores, begin + clients, begin + each, &ret->server[p]);
	}
	return true;
}

void cpu_sets_format(const cpu_set_t *set, char *ret, size_t size)
{
	static const char cut[] = "…";
	size_t len = 0;
	ret[0] = 0;
	for (int first = 0; first < CPU_SETSIZE; first++) {
		if (!CPU_ISSET(first, set))
			continue;
		int last = first;
		while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, set))
			last++;
		char range[32];
		snprintf(range, sizeof range, last > first ? "%s%d-%d" : "%s%d", len ? "," : "", first, last);
		size_t n = strlen(range);
		if (len + n + sizeof cut > size) {
			memcpy(ret + len, cut, sizeof cut);
			return;
		}
		memcpy(ret + len, range, n + 1);
		len += n;
		first = last;
	}
}

int cpu_sets_parse(const char *text, cpu_set_t *ret)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	while (*text) {
		char *end;
		long first = strtol(text, &end, 10), last = first;
		if (end == text)
			return -1;
		if (*end == '-') {
			text = end + 1;
			last = strtol(text, &end, 10);
			if (end == text)
				return -1;
		}
		if (first < 0 || last < first || last >= CPU_SETSIZE)
			return -1;
		for (long cpu = first; cpu <= last; cpu++)
			CPU_SET((size_t)cpu, &set);
		if (*end && (*end != ',' || !end[1]))
			return -1;
		text = *end ? end + 1 : end;
	}
	*ret = set;
	return 0;
}
