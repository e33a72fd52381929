/* Memory that strings of a merged profile point into: a list of blocks, freed by pprof_release. For profiler/ alone. */
#ifndef PROFILER_BLOCK_H
#define PROFILER_BLOCK_H

#include <stddef.h>

struct pprof_block {
	struct pprof_block *next;
	size_t used;
	size_t size;
	char data[];
};

#endif
