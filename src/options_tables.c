/* The flags of the commands that run a job, one table a command. */
#include "options.h"

#include "benchmarker/scripts.h"
#include "bisect.h"

/* clang-format off */
#define AT(member) offsetof(struct options, member)

#define SIDE(side, text, first_group)                                                                                                   \
	{ #side "-server", OPT_STRING, AT(side.server), .value = "ENGINE", .def = "gms", .group = first_group, .help = text ": engine (gms, dolt, doltgres, mysql, mariadb, postgres)" }, \
	{ #side "-version", OPT_STRING, AT(side.version), .value = "SHA|TAG|BRANCH", .help = text ": commit to build" },                     \
	{ #side "-repository", OPT_STRING, AT(side.repository), .value = "URL|PATH", .help = text ": git repository to build from (default: the engine's own)" }, \
	{ #side "-protocol", OPT_CHOICE, AT(side.protocol), .choices = "default|tcp|unix", .def = "default", .help = text ": how the load connects (default: as the engine file has it)" }, \
	{ #side "-exec", OPT_STRING, AT(side.exec), .value = "PROGRAM", .help = text ": server program that is already there; nothing is built" }, \
	{ #side "-profile", OPT_STRING, AT(side.profile), .value = "FILE|S3URL", .help = text ": CPU profile to build with (go build -pgo)" }, \
	{ #side "-profile-key", OPT_STRING, AT(side.profile_key), .value = "KEY", .help = text ": the same as a key in --bucket" }

#define ONE_SERVER(engine_name)                                                                                                                   \
	{ "server", OPT_STRING, AT(from.server), .value = "ENGINE", .def = engine_name, .group = "Server", .help = "engine (gms, dolt)" },          \
	{ "version", OPT_STRING, AT(from.version), .aliases = "profile-version", .value = "SHA|TAG|BRANCH", .help = "commit to build" },                                    \
	{ "protocol", OPT_CHOICE, AT(from.protocol), .choices = "default|tcp|unix", .def = "default", .help = "how the load connects (default: as the engine file has it)" }, \
	{ "repository", OPT_STRING, AT(from.repository), .value = "URL|PATH", .help = "git repository to build from (default: the engine's own)" }

#define ENGINES                                                                                                                         \
	{ "mysql-exec", OPT_STRING, AT(engines.mysql_exec), .value = "PROGRAM", .group = "By kind of server", .help = "mysqld of sides that are mysql and have no program of their own" }, \
	{ "mysql-protocol", OPT_CHOICE, AT(engines.mysql_protocol), .choices = "default|tcp|unix", .def = "default", .help = "how the load connects to them" }, \
	{ "mysql-socket", OPT_STRING, AT(engines.mysql_socket), .value = "PATH", .help = "socket of the first of them" },                      \
	{ "postgres-exec", OPT_STRING, AT(engines.postgres_exec), .value = "PROGRAM", .help = "postgres of sides that are postgres and have no program of their own" }, \
	{ "init-db-exec", OPT_STRING, AT(engines.init_db_exec), .value = "PROGRAM", .help = "their initdb (default: the one beside postgres)" }, \
	{ "dolt-command", OPT_STRING, AT(engines.dolt_command), .value = "PROGRAM", .help = "dolt of sides that are dolt and have no version to build" }, \
	{ "doltgres-command", OPT_STRING, AT(engines.doltgres_command), .value = "PROGRAM", .help = "the same for doltgres" },                 \
	{ "init-big-repo", OPT_BOOL, AT(engines.init_big_repo), .help = "dolt: start with a copy of a large repository" },                    \
	{ "big-repo", OPT_STRING, AT(engines.big_repo), .value = "URL", .help = "its address (default: max-hoffman/big-empty on DoltHub)" }

#define LOAD                                                                                                                            \
	{ "engine-file", OPT_STRING, AT(engine_file), .value = "FILE", .help = "engine of your own (docs/engines.md); name it in --*-server" }, \
	{ "test", OPT_LIST, AT(tests), .value = "NAME", .group = "Load", .help = "test to run, repeatable: docs/tests.md, or tpcc for TPC-C-like load (default: all 19 of sysbench's kind)" }, \
	{ "script-dir", OPT_STRING, AT(script_dir), .aliases = "scripts-dir|scriptDir|scriptsDir", .value = "DIR", .help = "folder of sysbench scripts of your own: NAME.lua is the test NAME" }, \
	{ "use-dolthub-lua-scripts-repo", OPT_BOOL, AT(use_scripts_repository), .aliases = "useDoltHubLuaScriptsRepo", .help = "scripts from a git repository, in place of our own of the same names" }, \
	{ "lua-scripts-repository", OPT_STRING, AT(scripts_repository), .value = "URL|PATH", .help = "that repository (default: " SCRIPTS_REPOSITORY ")" }, \
	{ "lua-scripts-version", OPT_STRING, AT(scripts_version), .value = "SHA|TAG|BRANCH", .help = "its commit (default: " SCRIPTS_VERSION ")" }, \
	{ "sysbench-option", OPT_LIST, AT(sysbench_options), .value = "NAME=VALUE", .help = "option of a script or of sysbench's own, repeatable" }, \
	{ "sysbench-test-time", OPT_DURATION, AT(test_time_ns), .aliases = "test-time", .min = 0.1, .max = 86400, .def = "30", .help = "total load per server and test" }, \
	{ "rate", OPT_STRING, AT(rate), .value = "N|max", .def = "max", .help = "events a second on each server, over all threads, each timed from when it was due (docs/latency.md); max: as many as the threads can do" }, \
	{ "threads", OPT_INT, AT(threads), .min = 1, .max = 256, .def = "1", .help = "client threads" },                                     \
	{ "tables", OPT_INT, AT(tables), .min = 1, .max = 1000, .def = "1", .help = "tables" },                                              \
	{ "table-size", OPT_INT, AT(table_size), .min = 1, .max = 100000000, .def = "10000", .help = "rows a table" },                       \
	{ "seed", OPT_INT, AT(seed), .min = 0, .max = 2147483647, .def = "0", .help = "seed of order and data; 0: a random one, which is recorded" }, \
	{ "warmup", OPT_DURATION, AT(warmup_ns), .min = 0, .max = 3600, .help = "load before counting, per server, start and test (default: until it is warm)" }, \
	{ "event-timeout", OPT_DURATION, AT(event_timeout_ns), .min = 0.1, .max = 86400, .def = "60", .help = "longest that connecting and one transaction may take" }, \
	{ "sysbench", OPT_STRING, AT(sysbench), .value = "PROGRAM", .def = "sysbench", .help = "the load generator" },                         \
	{ "with-tpcc", OPT_BOOL, AT(with_tpcc), .aliases = "withTpcc", .help = "TPC-C-like load in place of sysbench's tests, 800 s if no time is given (beside others: --test tpcc)" }, \
	{ "tpcc-scale", OPT_INT, AT(tpcc_scale), .min = 1, .max = TPCC_SCALE_MAX, .def = "1", .value = "N", .help = "TPC-C-like: warehouses" },   \
	{ "tpcc-tables", OPT_INT, AT(tpcc_tables), .min = 1, .max = TPCC_TABLES_MAX, .def = "1", .value = "N", .help = "TPC-C-like: sets of the nine tables" }, \
	{ "tpcc-isolation", OPT_CHOICE, AT(tpcc_isolation), .choices = "RR|RC|SER", .def = "RR", .help = "TPC-C-like: isolation level" },      \
	{ "tpcc-density", OPT_DOUBLE, AT(tpcc_density), .min = 0.001, .max = 1, .def = "1", .help = "TPC-C-like: part of each warehouse's rows, for tests; below 1 nothing compares with other figures" }

#define PAIRS                                                                                                                           \
	{ "pairing", OPT_CHOICE, AT(pairing), .choices = "interleaved|duet|sequential|auto", .def = "interleaved", .help = "how the two servers share the time: in turn, both at once, one after the other, or what a trial shows to be the least noisy" }, \
	{ "repetitions", OPT_INT, AT(repetitions), .aliases = "default-runs|runs", .min = 1, .max = 1000, .def = "1", .help = "runs of each test, each on fresh tables; each is a row of the results" }, \
	{ "starts", OPT_INT, AT(starts), .min = 0, .max = 1000, .def = "0", .help = "starts of the servers, each on fresh data, that a test is spread over; 0: chosen by what one costs" }, \
	{ "precision", OPT_STRING, AT(precision), .value = "PERCENT", .help = "measure on, start after start, until every interval is ± this narrow" }, \
	{ "budget", OPT_DURATION, AT(budget_ns), .min = 1, .max = 604800, .help = "measure on for this time (with --precision: at most; 1h then)" }, \
	{ "pinning", OPT_CHOICE, AT(pinning), .choices = "auto|on|off", .def = "auto", .help = "servers and clients on CPUs of their own; auto: from 4 cores on" }, \
	{ "slice", OPT_DURATION, AT(slice_ns), .min = 0, .max = 3600, .def = "0", .help = "length of one slice of load; 0: chosen by the latency that the warm-up sees" }, \
	{ "margin", OPT_DOUBLE, AT(margin), .min = 0.0001, .max = 0.5, .def = "0.02", .help = "ratios within 1 ± this are called the same" }

#define BUILD                                                                                                                           \
	{ "cache", OPT_STRING, AT(cache), .value = "DIR", .group = "Build", .help = "build cache (default: $XDG_CACHE_HOME/dbdyno)" },         \
	{ "jobs", OPT_INT, AT(jobs), .min = 0, .max = 1024, .def = "0", .help = "cores for builds; 0: all" }

#define STORE                                                                                                                           \
	{ "out", OPT_STRING, AT(out), .value = "DIR", .group = "Results", .help = "folder for results (default: out/<run-id>)" },              \
	{ "query", OPT_LIST, AT(queries), .value = "SQL", .flags = OPT_MULTILINE, .help = "query on results.db for the report, repeatable" }, \
	{ "output", OPT_CHOICE, AT(query_output), .choices = "text|markdown|html", .def = "text", .help = "form of the queries' results" },    \
	{ "results-filename", OPT_STRING, AT(results_filename), .value = "NAME", .def = "results", .help = "name of the file with the queries' results; its ending is the form's" }, \
	{ "write-results-to-file", OPT_BOOL, AT(write_rows), .def = "true", .help = "from_results and to_results also as CSV and JSON" },    \
	{ "schema", OPT_STRING, AT(schema), .value = "FILE", .help = "SQL that creates from_results and to_results (default, and where there is no such file: our own)" }, \
	{ "machine-root", OPT_STRING, AT(machine_root), .value = "DIR", .flags = OPT_HIDDEN, .help = "tests: proc and sys are read there" }, \
	{ "dir", OPT_STRING, AT(work_dir), .value = "DIR", .help = "folder for the servers' data and other temporary files (default: $TMPDIR)" }, \
	{ "bucket", OPT_STRING, AT(bucket), .value = "NAME", .help = "S3 bucket for the results" },                                           \
	{ "region", OPT_STRING, AT(region), .value = "NAME", .env = "AWS_REGION", .def = "us-west-2", .help = "its region" },                 \
	{ "endpoint", OPT_STRING, AT(endpoint), .value = "URL", .help = "S3 server of your own (path style)" },                               \
	{ "results-dir", OPT_STRING, AT(results_dir), .value = "KEY", .help = "first part of the keys (default: YYYY/MM/DD)" },               \
	{ "results-prefix", OPT_STRING, AT(results_prefix), .value = "KEY", .help = "second part of the keys (default: the run's id)" },      \
	{ "history", OPT_STRING, AT(history), .value = "DIR|S3URL", .help = "append the run to this history: dbdyno report --history" }, \
	{ "ca-file", OPT_STRING, AT(ca_file), .value = "FILE", .help = "further certificate authorities (PEM) for S3 and GitHub" }

#define QUERIES_BY_LOAD                                                                                                                 \
	{ "sysbench-query", OPT_LIST, AT(sysbench_queries), .aliases = "sysbenchQueries", .value = "SQL", .flags = OPT_MULTILINE, .help = "the same for sysbench's tests alone" }, \
	{ "tpcc-query", OPT_LIST, AT(tpcc_queries), .aliases = "tpccQueries", .value = "SQL", .flags = OPT_MULTILINE, .help = "the same for TPC-C-like load alone" }, \
	{ "perf-regression-query", OPT_STRING, AT(regression_query), .value = "SQL", .flags = OPT_MULTILINE, .help = "a number above 0 means regression; without it the statistics decide" }

#define GATE                                                                                                                            \
	{ "fail-on-regression", OPT_BOOL, AT(fail_on_regression), .help = "exit 7 if a test is slower" }, \
	{ "threshold", OPT_LIST, AT(thresholds), .value = "[TEST=]PERCENT", .help = "a test counts as a regression only if it is slower by more than this, repeatable" },                                   \
	{ "fail-on-undecided", OPT_BOOL, AT(fail_on_undecided), .help = "exit 8 if a test is undecided" }, \
	{ "step-summary", OPT_STRING, AT(step_summary), .value = "FILE", .env = "GITHUB_STEP_SUMMARY", .help = "append the report in markdown there, as GitHub Actions shows it" }, \
	{ "annotations", OPT_BOOL, AT(annotations), .env = "GITHUB_ACTIONS", .help = "say on standard error which tests are slower, failed or undecided as GitHub's annotations" }

#define DISPATCH                                                                                                                        \
	{ "dispatch-repository", OPT_STRING, AT(dispatch_repository), .value = "OWNER/NAME", .group = "GitHub", .help = "send a repository_dispatch event there at the end" }, \
	{ "dispatch-event", OPT_STRING, AT(dispatch_event), .value = "TYPE", .help = "its event type (default: pgo-release for profiles, pull-report with --issue-number, else email-report)" },               \
	{ "dispatch-field", OPT_LIST, AT(dispatch_fields), .value = "NAME=VALUE", .help = "further field of its payload, repeatable (docs/notify.md lists those that are there)" }, \
	{ "github-api", OPT_STRING, AT(github_api), .value = "URL", .env = "GITHUB_API_URL", .def = "https://api.github.com", .help = "API address" }, \
	{ "token", OPT_STRING, AT(token), .env = "REPO_ACCESS_TOKEN", .flags = OPT_SECRET, .help = "GitHub token: DBDYNO_TOKEN or REPO_ACCESS_TOKEN" }, \
	{ "token-file", OPT_STRING, AT(token_file), .value = "FILE", .help = "file with the GitHub token, read when it is sent" }, \
	{ "issue-number", OPT_INT, AT(issue_number), .min = -1, .max = 2147483647, .def = "-1", .help = "pull request that is told; -1: none" }, \
	{ "actor", OPT_STRING, AT(actor), .value = "NAME", .env = "ACTOR", .help = "GitHub user who asked" },                                \
	{ "actor-email", OPT_STRING, AT(actor_email), .value = "ADDRESS", .env = "ACTOR_EMAIL", .help = "who gets the mail (default: the team)" }, \
	{ "email-template", OPT_STRING, AT(email_template), .value = "NAME", .def = "PerformanceBenchmarkingReleaseTemplate", .help = "SES template of the mail" }, \
	{ "noms-bin-format", OPT_STRING, AT(noms_bin_format), .value = "NAME", .def = "__DOLT__", .help = "dolt's storage format" },         \
	{ "future-version", OPT_STRING, AT(future_version), .value = "X.Y.Z", .help = "profiles: version that the commit will be released as" }, \
	{ "branch", OPT_STRING, AT(branch), .value = "NAME", .env = "BRANCH", .help = "profiles: branch to release from" }

#define TALK                                                                                                                            \
	{ "config", OPT_STRING, AT(config), .value = "FILE", .group = "Other", .help = "JSON file with options, by flag name" },               \
	{ "json", OPT_BOOL, AT(json), .help = "result as JSON on standard output" },                                                          \
	{ "quiet", OPT_BOOL, AT(quiet), .help = "errors only on standard error" },                                                            \
	{ "verbose", OPT_BOOL, AT(verbose), .help = "more on standard error" }

#define DRY_RUN                                                                                                                         \
	{ "dry-run", OPT_BOOL, AT(dry_run), .help = "check everything, print the plan with a time estimate, start nothing" }

#define WHY                                                                                                                             \
	{ "why", OPT_CHOICE, AT(why), .choices = "never|auto|always", .def = "auto", .help = "profile both servers when all is measured, for the functions that made the difference: under the 5 largest differences, or under all tests (flags alone: never)" }, \
	{ "why-seconds", OPT_INT, AT(why_seconds), .min = 1, .max = 3600, .def = "5", .help = "length of each such profile" }

const struct opt compare_table[] = {
	SIDE(from, "baseline", "From"), SIDE(to, "candidate", "To"),
	ENGINES, LOAD, PAIRS, WHY, BUILD, STORE, QUERIES_BY_LOAD, GATE, DISPATCH, TALK, DRY_RUN, { 0 },
};

#define WEIGHT                                                                                                                          \
	{ "weight", OPT_LIST, AT(profile_weights), .value = "TEST=W", .help = "share of the test's profile in their sum, against 1 of the others, repeatable (docs/pgo.md)" }

#define PROFILE                                                                                                                         \
	{ "exec", OPT_STRING, AT(from.exec), .value = "PROGRAM", .help = "server program that is already there; nothing is built" },           \
	{ "with-profile", OPT_STRING, AT(from.profile), .value = "FILE|S3URL", .help = "build the server with this profile" },                \
	{ "seconds", OPT_INT, AT(profile_seconds), .min = 1, .max = 3600, .def = "10", .help = "length of each test's profile" }, WEIGHT

const struct opt profile_table[] = {
	ONE_SERVER("gms"), PROFILE, ENGINES, LOAD, BUILD, STORE, DISPATCH, TALK, DRY_RUN, { 0 },
};

const struct opt flags_profile_table[] = {
	ONE_SERVER("dolt"), PROFILE, ENGINES, LOAD, BUILD, STORE, DISPATCH, TALK, DRY_RUN, { 0 },
};

const struct opt pgo_table[] = {
	ONE_SERVER("gms"),
	{ "seconds", OPT_INT, AT(profile_seconds), .min = 1, .max = 3600, .def = "10", .help = "length of each test's profile" },
	WEIGHT,
	{ "min-samples", OPT_INT, AT(profile_min_samples), .min = 1, .max = 1000000000, .def = "100", .help = "do not build with a profile with fewer samples of the program's own work" },
	{ "previous", OPT_STRING, AT(from.profile), .value = "FILE|S3URL", .help = "compare with a build with this profile, not with one without: is it still good enough?" },
	{ "previous-key", OPT_STRING, AT(from.profile_key), .value = "KEY", .help = "the same as a key in --bucket" },
	{ "to-exec", OPT_STRING, AT(to.exec), .value = "PROGRAM", .help = "decide on this program, as a release has it: nothing is profiled or built for it" },
	{ "validate", OPT_BOOL, AT(validate), .help = "once decided, also build with each test's profile alone and measure all tests on each: whose profile helps whom" },
	ENGINES, LOAD, PAIRS, WHY, BUILD, STORE, QUERIES_BY_LOAD, GATE, DISPATCH, TALK, DRY_RUN, { 0 },
};

const struct opt doctor_table[] = {
	{ "noise", OPT_BOOL, AT(noise), .group = "Noise", .help = "compare a server with itself, and say what this machine can tell in what time" },
	{ "server", OPT_STRING, AT(from.server), .value = "ENGINE", .def = "gms", .help = "engine (default: the small embedded database, which is built)" },
	{ "exec", OPT_STRING, AT(from.exec), .value = "PROGRAM", .help = "its program (default: the one that is installed)" },
	{ "test", OPT_LIST, AT(tests), .value = "NAME", .help = "test to run, repeatable (default: oltp_read_only, oltp_write_only)" },
	{ "time", OPT_DURATION, AT(test_time_ns), .min = 10, .max = 86400, .def = "2m", .help = "how long, with all starts of the server and without the build" },
	{ "threads", OPT_INT, AT(threads), .min = 1, .max = 256, .def = "1", .help = "client threads" },
	{ "out", OPT_STRING, AT(out), .value = "DIR", .help = "folder for the run (default: out/<run-id>)" },
	{ "cache", OPT_STRING, AT(cache), .value = "DIR", .help = "build cache (default: $XDG_CACHE_HOME/dbdyno)" },
	{ "sysbench", OPT_STRING, AT(sysbench), .value = "PROGRAM", .def = "sysbench", .group = "Options", .help = "the load generator" },
	{ "dir", OPT_STRING, AT(work_dir), .value = "DIR", .help = "folder for temporary files (default: $TMPDIR)" },
	TALK, { 0 },
};

#define BISECT_AT(member) offsetof(struct bisect_options, member)

const struct opt bisect_table[] = {
	{ "server", OPT_STRING, AT(from.server), .value = "ENGINE", .def = "gms", .group = "Commits", .help = "engine (gms, dolt, doltgres)" },
	{ "repository", OPT_STRING, AT(from.repository), .value = "URL|PATH", .help = "git repository (default: the engine's own)" },
	{ "good", OPT_STRING, BISECT_AT(good), .value = "SHA|TAG|BRANCH", .help = "commit at which the test was still fast; an ancestor of the bad one" },
	{ "bad", OPT_STRING, BISECT_AT(bad), .value = "SHA|TAG|BRANCH", .help = "commit at which it is slow" },
	{ "path", OPT_LIST, BISECT_AT(paths), .value = "PATH", .help = "only commits that change something there, repeatable" },
	{ "metric", OPT_CHOICE, BISECT_AT(metric), .choices = "throughput|latency_mean|latency_p50|latency_p95|latency_p99", .def = "throughput", .help = "what became worse" },
	{ "confidence", OPT_DOUBLE, BISECT_AT(confidence), .min = 0.6, .max = 0.9999, .def = "0.99", .help = "probability from which a commit counts as found" },
	{ "max-steps", OPT_INT, BISECT_AT(max_steps), .min = 0, .max = 100000, .def = "0", .help = "commits measured or skipped at most, exit 8 then; 0: 16 and 4 for each halving of the history" },
	{ "protocol", OPT_CHOICE, AT(from.protocol), .choices = "default|tcp|unix", .def = "default", .help = "how the load connects (default: as the engine file has it)" },
	ENGINES, LOAD, PAIRS, BUILD,
	{ "out", OPT_STRING, AT(out), .value = "DIR", .group = "Results", .help = "folder for results; the same command goes on there (default: out/bisect-<good>-<bad>-<test>)" },
	{ "dir", OPT_STRING, AT(work_dir), .value = "DIR", .help = "folder for the servers' data and other temporary files (default: $TMPDIR)" },
	TALK, DRY_RUN, { 0 },
};

const struct opt demo_table[] = {
	{ "out", OPT_STRING, AT(out), .value = "DIR", .group = "Options", .help = "folder for results (default: out/<run-id>)" },
	{ "sysbench-test-time", OPT_DURATION, AT(test_time_ns), .aliases = "test-time", .min = 0.1, .max = 86400, .def = "8", .help = "load per server and test" },
	{ "seconds", OPT_INT, AT(profile_seconds), .min = 1, .max = 3600, .def = "4", .help = "length of each test's profile" },
	{ "seed", OPT_INT, AT(seed), .min = 0, .max = 2147483647, .def = "0", .help = "seed of order and data; 0: a random one" },
	{ "sysbench", OPT_STRING, AT(sysbench), .value = "PROGRAM", .def = "sysbench", .help = "the load generator" },
	{ "cache", OPT_STRING, AT(cache), .value = "DIR", .help = "build cache (default: $XDG_CACHE_HOME/dbdyno)" },
	TALK, { 0 },
};

const struct opt notify_table[] = {
	{ "run", OPT_STRING, AT(out), .value = "DIR", .group = "Run", .help = "folder of a finished run" },
	{ "bucket", OPT_STRING, AT(bucket), .value = "NAME", .help = "bucket that holds its results" },
	{ "region", OPT_STRING, AT(region), .value = "NAME", .env = "AWS_REGION", .def = "us-west-2", .help = "region of the bucket and of SES" },
	{ "endpoint", OPT_STRING, AT(endpoint), .value = "URL", .help = "S3 server of your own (path style)" },
	{ "results-dir", OPT_STRING, AT(results_dir), .value = "KEY", .help = "first part of the keys (default: the run's day)" },
	{ "results-prefix", OPT_STRING, AT(results_prefix), .value = "KEY", .help = "second part of the keys (default: the run's id)" },
	{ "ca-file", OPT_STRING, AT(ca_file), .value = "FILE", .help = "further certificate authorities (PEM)" },
	MAIL_OPTIONS, DISPATCH, TALK, { 0 },
};
/* clang-format on */
