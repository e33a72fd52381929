/* The options of the commands that run a job (compare, profile, pgo, demo), and their tables.
 *
 * One struct serves these commands; each command's table names the part that it takes. Everything is checked by
 * options_check before anything starts; after that the struct is const.
 */
#ifndef SRC_OPTIONS_H
#define SRC_OPTIONS_H

#include "base/log.h"
#include "base/opt.h"
#include "benchmarker/engine.h"
#include "benchmarker/plan.h"
#include "benchmarker/tpcc.h"
#include "mail_options.h"

#define PAIRING_AUTO 3 /* of --pairing: chosen by a trial */
enum pinning { PINNING_AUTO, PINNING_ON, PINNING_OFF };
#define WEIGHT_MIN 1e-6 /* of a test's profile */
#define WEIGHT_MAX 1e6
#define VALIDATE_TESTS_MAX 20 /* of a validation, whose cost grows with their square */
#define PINNING_AUTO_CORES 4  /* with fewer, a server of its own CPUs has too few to be what it is elsewhere */

/* One server as asked for on the command line. */
struct side_options {
	char *server;      /* engine name */
	char *version;     /* SHA, tag or branch; or what the binary is said to be */
	char *exec;        /* program that is already there */
	char *repository;  /* URL or path; NULL: the engine's own */
	char *profile;     /* file or s3:// URL to build with */
	char *profile_key; /* key in the bucket to build with */
	int protocol;      /* enum server_transport */
};

/* Programs and settings by kind of server rather than by side, in today's spelling. */
struct engine_options {
	char *mysql_exec, *mysql_socket, *postgres_exec, *init_db_exec, *dolt_command, *doltgres_command;
	int mysql_protocol; /* enum server_transport */
	bool init_big_repo;
	char *big_repo;
};

struct options {
	struct opt_seen seen; /* first: filled by opt_parse */
	char *config;
	struct side_options from, to; /* profile and pgo use from alone */
	char *engine_file;
	struct engine_options engines;
	/* load */
	struct strlist tests;
	uint64_t test_time_ns, slice_ns, warmup_ns, event_timeout_ns;
	char *rate;             /* "1000" or "max" */
	double rate_per_second; /* 0: closed loop; not an option: options_settle */
	bool warmup_auto;       /* no length was given: not an option, options_settle */
	long long threads, tables, table_size, seed, repetitions, starts;
	int pairing;               /* enum pairing, or PAIRING_AUTO */
	int pinning;               /* enum pinning */
	char *precision;           /* "1%" */
	double precision_fraction; /* 0: none; not an option: options_settle */
	uint64_t budget_ns;        /* wall time of measuring; 0: none */
	double margin;
	char *sysbench;
	char *script_dir, *scripts_repository, *scripts_version;
	bool use_scripts_repository;
	struct strlist sysbench_options; /* "name=value" */
	/* TPC-C-like load */
	bool with_tpcc;
	long long tpcc_scale, tpcc_tables;
	int tpcc_isolation; /* RR, RC, SER */
	double tpcc_density;
	uint64_t tpcc_time_ns; /* load per server; not an option: options_settle */
	/* profile */
	long long profile_seconds, profile_min_samples;
	struct strlist profile_weights; /* "TEST=WEIGHT" */
	bool validate;                  /* pgo: builds with each test's profile alone, too */
	int why;                        /* enum why */
	long long why_seconds;
	/* build */
	char *cache;
	long long jobs;
	/* results */
	char *out, *bucket, *region, *endpoint, *results_dir, *results_prefix, *ca_file;
	struct strlist queries, sysbench_queries, tpcc_queries;
	char *history; /* folder, or s3://bucket/prefix */
	char *regression_query;
	int query_output;       /* enum query_output: text, markdown, html */
	char *results_filename; /* of the queries' results, without its ending */
	bool write_rows;        /* from_results and to_results also as CSV and JSON */
	char *schema;           /* SQL file for the two tables */
	char *work_dir;         /* temporary files */
	char *machine_root;     /* folder with proc and sys in place of this machine's, for tests; NULL: none */
	bool fail_on_regression, fail_on_undecided;
	struct strlist thresholds; /* "[TEST=]PERCENT" */
	/* dispatch */
	char *dispatch_repository, *dispatch_event, *github_api, *token, *token_file;
	struct strlist dispatch_fields; /* "name=value" */
	long long issue_number;         /* pull request; < 1: none */
	char *step_summary;
	bool annotations;
	char *actor, *actor_email, *email_template, *noms_bin_format, *future_version, *branch;
	struct mail_options mail; /* of notify alone */
	/* talk */
	bool json, quiet, verbose, dry_run;
	bool is_part;       /* a step of a larger job: nothing on stdout, less on stderr; not an option */
	bool flags_alone;   /* today's system: no command was named; not an option */
	bool noise;         /* of doctor alone */
	char *command_line; /* as given, for the record; not an option; freed by options_release */
};
void options_release(const struct opt *table, struct options *o);

/* "dbdyno NAME ARG…", quoted for a shell. Holds no secret: opt_parse takes none from the command line. */
int options_record(struct options *o, const char *command, int argc, const char *const *argv, struct error *err);

extern const struct opt compare_table[], profile_table[], pgo_table[], demo_table[], doctor_table[], notify_table[];
/* Of a profile asked for by flags alone: the engine is dolt unless another one is named. */
extern const struct opt flags_profile_table[];

/* Problems that single values do not show: unknown tests or engines, contradictions, names that S3, git or GitHub would
 * refuse. One line each is added to problems. */
void options_check(const struct options *o, const char *command, struct strlist *problems);

/* The engine of that name: the one of --engine-file if it is its name, else a shipped one. */
int options_engine(const struct options *o, const char *name, struct engine *ret, struct error *err);

/* The queries that are run at the end: --query, and those for the kind of load that was asked for. Pointers into o. */
int options_queries(const struct options *o, struct strlist *ret, struct error *err);

/* What the flags by kind of server mean for a side; pointers into o, valid as long as it is. */
struct side_programs {
	const char *exec;           /* program that is already there; NULL: built, or the installed one */
	const char *setup_exec;     /* of the first set-up command; NULL: the engine's own */
	int transport;              /* enum server_transport */
	const char *socket_path;    /* wanted; NULL: any */
	const char *big_repository; /* as struct server_spec has it */
	const char *format;         /* storage format to ask for; NULL: none */
};
struct side_programs options_programs(const struct options *o, const struct side_options *s, const struct engine *e);
/* What is wrong with them; two: there is o->to as well. One line a problem. */
void options_check_programs(const struct options *o, bool two, struct strlist *problems);
/* One line about the flags that mean nothing, because no server of their kind is there; empty if all mean something. */
void options_list_ignored(const struct options *o, const struct opt *table, bool two, struct strbuf *out);

/* What follows from several options at once; after opt_parse. */
void options_settle(const struct opt *table, struct options *o);

/* What --rate means: events a second, or 0 for "max" and NULL. -1: neither "max" nor a rate that can be kept to. */
int options_parse_rate(const char *value, double *ret);

/* What --threshold gives a test: by how much it must be slower to count as a regression, 0.05 for 5 %; its own before
 * that of all tests, and the last before an earlier one; 0 without any. */
double options_threshold(const struct options *o, const char *test);
/* One of its values taken apart: *ret_test is the length of the test's name, 0 for all tests. -1: not of that form. */
int options_parse_threshold(const char *value, size_t *ret_test, double *ret_fraction);

/* What --weight gives a test: its share of the merged profile, against those of the others; 1 without. */
double options_weight(const struct options *o, const char *test);
/* The same for one of its values as options_parse_threshold; a weight is a finite number above 0. */
int options_parse_weight(const char *value, size_t *ret_test, double *ret_weight);

/* The names of the tests asked for, as they are recorded: "tpcc" has become "tpcc-scale-factor-1". Else of all but
 * TPC-C-like load, with PostgreSQL's spelling if every server speaks that protocol. Unknown names are there as given.
 */
int options_tests(const struct options *o, struct strlist *ret, struct error *err);
/* True if the test of that list is TPC-C-like, with its size in *ret. folder: where scripts are taken from, or NULL; it
 * must outlive *ret. */
bool options_tpcc(const struct options *o, const char *test, const char *folder, struct tpcc *ret);
/* The part of options_check for tests, scripts and sysbench's options. */
void options_check_load(const struct options *o, struct strlist *problems);
/* Can each test be run on each server, with the scripts of the folder (NULL: none)? */
void options_check_tests(const struct options *o, const char *folder, struct strlist *problems);
/* The pairing asked for; of auto, the one that it begins with. */
enum pairing options_pairing(const struct options *o);
/* Measures on until the intervals are narrow enough, or the time is over? */
bool options_open_ended(const struct options *o);
/* "0.5", "1%": percent above 0 and below 100. -1: anything else. NULL is 0. */
int options_parse_percent(const char *text, double *ret_fraction);
/* Length of a slice: as asked, or chosen by the mean latency of the slower server's events (0: not known) and the rate.
 */
uint64_t options_slice(const struct options *o, uint64_t test_ns, uint64_t latency_ns);
/* Load per server for a test of that list. */
uint64_t options_test_time(const struct options *o, const char *test);

/* Cache folder: --cache, else $XDG_CACHE_HOME/dbdyno, else $HOME/.cache/dbdyno; /tmp/dbdyno-cache-<uid> where
 * there is no home or it cannot be written. Owned. */
char *options_cache(const char *cache, struct error *err);

void options_log_init(const struct options *o);

#endif
