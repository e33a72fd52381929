/* Is a machine fit to measure databases on? Facts in, findings out. Pure.
 *
 *     CLEANUP(machine_findings) struct machine_findings f = { 0 };
 *     machine_judge(&facts, &f, err);
 *     for (size_t i = 0; i < f.len; i++) … f.items[i].level, .about, .text, .help …
 */
#ifndef BENCHMARKER_MACHINE_FITNESS_H
#define BENCHMARKER_MACHINE_FITNESS_H

#include "base/str.h"
#include "benchmarker/machine_summary.h"

#include <stdbool.h>

struct machine_facts {
	const char *system;              /* "Linux 6.1 (amd64)" */
	unsigned cpus;                   /* that this process may run on; 0: not known */
	double cpu_limit;                /* CPUs' worth of time; INFINITY: none; NAN: not known */
	uint64_t memory_bytes;           /* that it may have */
	struct machine_summary now;      /* of a while in which dbdyno did nothing */
	uint64_t throttled_periods;      /* since the control group began; MACHINE_UNKNOWN */
	const char *governor;            /* "performance"; NULL: not known */
	const char *clock_source;        /* "tsc"; NULL: not known */
	bool children_known;             /* can processes be told apart by parent (machine_watch.h)? */
	uint64_t disk_free_bytes;        /* where temporary files go; MACHINE_UNKNOWN */
	uint64_t core_limit_bytes;       /* of core dumps; 0: none; UINT64_MAX: no limit */
	const char *core_pattern;        /* NULL: not known */
	const char *sysbench, *git, *go; /* paths; NULL: missing */
	const struct strlist *servers;   /* "mariadb: /usr/sbin/mariadbd" */
};

enum machine_level { MACHINE_FINE, MACHINE_NOTE, MACHINE_UNFIT };
const char *machine_level_name(enum machine_level l); /* "ok", "note", "unfit" */

struct machine_finding {
	enum machine_level level;
	const char *about; /* static: "CPUs" */
	char *text, *help; /* owned; help NULL: none */
};
struct machine_findings {
	struct machine_finding items[16];
	size_t len;
};
void machine_findings_release(struct machine_findings *f);

/* The worst finding's level is the machine's. */
int machine_judge(const struct machine_facts *facts, struct machine_findings *ret, struct error *err);
enum machine_level machine_worst(const struct machine_findings *f);

#endif
