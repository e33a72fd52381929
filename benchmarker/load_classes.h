/* What load.c reads of a window by class of event; layout in gate.h. */
#ifndef BENCHMARKER_LOAD_CLASSES_H
#define BENCHMARKER_LOAD_CLASSES_H

#include "benchmarker/load.h"

#define LOAD_CLASSES_MAX 16

/* How many classes of events a workload has; 0: it knows none. */
uint32_t load_classes_of(const struct workload *w);

/* Moves what the threads counted by class into the sample, whose events and latencies are there already: together the
 * classes have the same. ERROR_LOAD for numbers that cannot be. */
int load_take_classes(struct load *l, struct sample *s, struct error *err);

/* A count or a time that Lua wrote: whole, not negative, exact as a double. */
bool load_is_count(double v);

#endif
