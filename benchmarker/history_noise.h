/* The noise of one identity's runs, collected. Private to history_*.c. */
#ifndef BENCHMARKER_HISTORY_NOISE_H
#define BENCHMARKER_HISTORY_NOISE_H

#include "benchmarker/history_series.h"

/* The half-widths of the 95 % intervals of its runs, which are put in order. */
void history_noise_set_widths(struct history_noise *n, double *widths, size_t len);
/* A figure's distance from what it should be. -1: no memory. */
int history_noise_add(struct history_noise *n, double deviation, struct error *err);
/* The distances that a series shows, whose changes are known. */
int history_noise_add_series(struct history_noise *n, const struct history_series *s, struct error *err);
/* Once all is added. */
void history_noise_settle(struct history_noise *n);

#endif
