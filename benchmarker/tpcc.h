/* The workload that is like TPC-C: its name, its size, its options for sysbench, and the check of its data.
 *
 *     struct tpcc t = { .scale = 1, .tables = 1, .isolation = "RR", .density = 1 };
 *     load_spec.workload = tpcc_workload(&t); load_spec.tpcc = &t;     // load.h does the rest
 *
 * Facts of the workload are from the TPC-C specification, revision 5.11; clauses are named where they are used. What is
 * not as audited TPC-C wants it: docs/tpcc.md. The transactions and the data are lua/tpcc_*.lua, or Percona's scripts.
 */
#ifndef BENCHMARKER_TPCC_H
#define BENCHMARKER_TPCC_H

#include "base/error.h"
#include "base/str.h"
#include "benchmarker/database.h"
#include "benchmarker/workload.h"

#include <stdbool.h>

#define TPCC_NAME_PREFIX "tpcc-scale-factor-"
#define TPCC_NEW_ORDER "new-order" /* the class of which the rate counts */
#define TPCC_SCALE_MAX 10000
#define TPCC_TABLES_MAX 100

struct tpcc {
	unsigned scale;         /* warehouses */
	unsigned tables;        /* sets of the nine tables */
	const char *isolation;  /* "RR", "RC", "SER" */
	double density;         /* 1: cardinalities of the specification; below: so much of them, for tests */
	const char *script_dir; /* folder of Percona's scripts, which run in place of ours; NULL: ours */
};

/* The warehouses that a test's name asks for: "tpcc-scale-factor-4" is 4. False for any other name. */
bool tpcc_parse_name(const char *name, unsigned *ret_scale);

const struct workload *tpcc_workload(const struct tpcc *t);

/* Rows of item, and of stock for each warehouse; customers and first orders of each district; of these orders, those
 * that wait for delivery at the start. 100,000, 3,000 and 900 at density 1. */
unsigned tpcc_items(const struct tpcc *t);
unsigned tpcc_customers(const struct tpcc *t);
unsigned tpcc_waiting_orders(const struct tpcc *t);

/* The commands of sysbench that make the data, in their order; the last is NULL. Threads each is good for, of threads.
 */
const char *const *tpcc_prepare_commands(const struct tpcc *t);
unsigned tpcc_command_threads(const struct tpcc *t, const char *command, unsigned threads);

/* Appends sysbench options, "--scale=1" and so on. */
void tpcc_add_options(const struct tpcc *t, struct strlist *argv);

/* Checks the rows of each table just after the load. ERROR_LOAD with table and numbers; ERROR_SERVER as database.h. */
int tpcc_check_rows(struct database *d, const struct tpcc *t, struct error *err);

/* Checks the consistency conditions 3.3.2.1 to 3.3.2.4 (clause 3.3.2) of every warehouse and district, while nothing
 * else changes the data. ERROR_LOAD with condition, table set, warehouse, district and the numbers of the first that
 * does not hold; ERROR_SERVER as database.h. when: "after the load". */
int tpcc_check_conditions(struct database *d, const struct tpcc *t, const char *when, struct error *err);

#endif
