/* What the machine did, in a report: the run's line, what was disturbed, what would help, what a transaction cost.
 * Private to report*.c. */
#ifndef BENCHMARKER_REPORT_MACHINE_H
#define BENCHMARKER_REPORT_MACHINE_H

#include "benchmarker/report.h"
#include "benchmarker/report_format.h"

/* Columns of numbers, behind those of the test and the server; a transaction's, but for the last. */
enum { COST_SERVER_CPU, COST_CLIENT_CPU, COST_SWITCHES, COST_WRITTEN, COST_PEAK, COST_COLUMNS };
extern const char *const report_cost_columns[COST_COLUMNS];
extern const char report_cost_note[];

bool report_has_machine(const struct report *r);
bool report_has_cost(const struct report_test *t);
bool report_has_costs(const struct report *r);

/* "steal 3.1 % (at worst 41 %), other processes 2.0 % (6.1 %), throttled 0 %, waited for CPU 12 %, storage 1.0 %,
 * memory 0 %": what is known. Shares are medians over slices, and of all slices' time. */
void report_add_machine(struct strbuf *out, const struct report_style *style, const struct report *r);

/* What a reader must know: how many blocks were disturbed, by what, and measured again; what would help. A line each,
 * none if there is nothing to say. */
int report_machine_remarks(const struct report *r, struct strlist *ret, struct error *err);

void report_add_cost(struct strbuf *out, const struct report_style *style, const struct machine_cost *c, int column);

#endif
