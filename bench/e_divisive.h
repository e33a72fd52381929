/* E-divisive (Matteson, James, J. Am. Stat. Assoc. 109, 2014): energy statistic with exponent 1, 199 permutations, at 5
 * %, bisection. What history_alarms compares with. */
#ifndef BENCH_E_DIVISIVE_H
#define BENCH_E_DIVISIVE_H

#include <stddef.h>
#include <stdint.h>

#define E_DIVISIVE_LEN_MAX 1000

/* Places of changes into found (len places), in no order; returns how many. */
size_t e_divisive(const double *x, size_t len, uint64_t *seed, size_t *found);

#endif
