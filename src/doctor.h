/* The two halves of dbdyno doctor: what is here, and what it can resolve. */
#ifndef SRC_DOCTOR_H
#define SRC_DOCTOR_H

#include "benchmarker/machine_fitness.h"
#include "options.h"

/* Looks for about a second, and judges. ERROR_INTERRUPTED when asked to stop. */
int doctor_examine(const struct options *o, struct machine_findings *ret, struct error *err);

#endif
