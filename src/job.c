#include "job.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "benchmarker/server.h"
#include "conclude.h"
#include "publish.h"

#include <cjson/cJSON.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define SCHEMA_MAX_BYTES ((size_t)1 << 20)

static void side_release(struct job_side *s)
{
	engine_release(&s->engine);
	build_release(&s->build);
	free(s->profile);
	free(s->exec);
	free(s->version);
	free(s->setup_exec);
}

void job_release(struct job *j)
{
	results_close(j->results);
	if (j->work && fs_remove_tree(j->work, NULL) < 0)
		log_warn("cannot remove the temporary folder %s", j->work);
	for (size_t i = 0; i < ARRAY_SIZE(j->sides); i++)
		side_release(&j->sides[i]);
	free(j->out);
	free(j->work);
	free(j->cache);
	free(j->scripts);
	free(j->scripts_commit);
	free(j->key_prefix);
	free(j->key);
	free(j->profile_key);
	free(j->dispatch_repository);
	strlist_release(&j->queries);
	free(j->verdict);
	strlist_release(&j->tests);
	strlist_release(&j->failed);
	s3_release(&j->s3);
	*j = (struct job)JOB_INIT;
}

int job_new_id(char ret[static 40], struct error *err)
{
	uint32_t bits;
	if (getrandom(&bits, sizeof bits, 0) != sizeof bits)
		return error_errno(err, ERROR_INTERNAL, "getrandom");
	time_t now = (time_t)(clock_wall_ns() / (int64_t)NS_PER_SECOND);
	struct tm tm;
	gmtime_r(&now, &tm);
	strftime(ret, 40, "%Y%m%d-%H%M%S-", &tm);
	snprintf(ret + strlen(ret), 40 - strlen(ret), "%08x", bits);
	return 0;
}

void job_event(struct job *j, const char *level, const char *test, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (strcmp(level, "info") == 0)
		log_verbose("%s%s%s", test ? test : "", test ? ": " : "", text);
	else
		log_warn("%s%s%s", test ? test : "", test ? ": " : "", text);
	struct error e = ERROR_INIT;
	if (j->results && results_add_event(j->results, level, test, text, &e) < 0)
		log_warn("the event could not be recorded: %s", e.message);
}

/* Only where TPC-C-like load was asked for. */
static bool add_tpcc(cJSON *c, const struct job *j)
{
	const struct options *o = j->o;
	struct tpcc t = { 0 };
	bool is_tpcc = false;
	for (size_t i = 0; i < j->tests.len && !is_tpcc; i++)
		is_tpcc = options_tpcc(o, j->tests.items[i], j->scripts, &t);
	return !is_tpcc || (cJSON_AddNumberToObject(c, "tpcc-time", (double)o->tpcc_time_ns / 1e9) &&
			    cJSON_AddNumberToObject(c, "tpcc-tables", t.tables) &&
			    cJSON_AddStringToObject(c, "tpcc-isolation", t.isolation) &&
			    cJSON_AddNumberToObject(c, "tpcc-density", t.density));
}

static bool add_strings(cJSON *object, const char *name, const struct strlist *l)
{
	cJSON *array = cJSON_AddArrayToObject(object, name);
	for (size_t i = 0; array && i < l->len; i++)
		if (!cJSON_AddItemToArray(array, cJSON_CreateString(l->items[i])))
			return false;
	return array;
}

/* What was asked, as JSON without secrets, for the run's record: exactly the flags that were given. */
static char *config_json(const struct job *j, struct error *err)
{
	static const char *const pinnings[] = { "auto", "on", "off" };
	const struct options *o = j->o;
	AUTO_FREE char *file = conclude_main_file(j, err);
	cJSON *c = cJSON_CreateObject();
	bool ok = file && c && add_strings(c, "test", &j->tests);
	ok = ok && cJSON_AddNumberToObject(c, "sysbench-test-time", (double)o->test_time_ns / 1e9) &&
	     cJSON_AddNumberToObject(c, "repetitions", (double)o->repetitions) &&
	     cJSON_AddNumberToObject(c, "threads", (double)o->threads) &&
	     cJSON_AddNumberToObject(c, "tables", (double)o->tables) &&
	     cJSON_AddNumberToObject(c, "table-size", (double)o->table_size) && add_tpcc(c, j) &&
	     (o->rate_per_second == 0 || cJSON_AddNumberToObject(c, "rate", o->rate_per_second)) &&
	     cJSON_AddNumberToObject(c, "event-timeout", (double)o->event_timeout_ns / 1e9) &&
	     (o->warmup_auto || cJSON_AddNumberToObject(c, "warmup", (double)o->warmup_ns / 1e9)) &&
	     (!o->starts || cJSON_AddNumberToObject(c, "starts", (double)o->starts)) &&
	     (!o->precision || cJSON_AddNumberToObject(c, "precision", o->precision_fraction)) &&
	     (!o->budget_ns || cJSON_AddNumberToObject(c, "budget", (double)o->budget_ns / 1e9)) &&
	     (!o->slice_ns || cJSON_AddNumberToObject(c, "slice", (double)o->slice_ns / 1e9)) &&
	     cJSON_AddStringToObject(c, "pinning", pinnings[o->pinning]) &&
	     cJSON_AddNumberToObject(c, "margin", o->margin) && cJSON_AddStringToObject(c, "results_file", file) &&
	     cJSON_AddStringToObject(c, "command_line", o->command_line ? o->command_line : "") &&
	     (!j->scripts || cJSON_AddStringToObject(c, "scripts_sha256", j->scripts_sha256)) &&
	     (!j->scripts_commit || cJSON_AddStringToObject(c, "scripts_commit", j->scripts_commit)) &&
	     add_strings(c, "sysbench-option", &o->sysbench_options);
	char *text = ok ? cJSON_PrintUnformatted(c) : NULL;
	cJSON_Delete(c);
	if (!text)
		error_oom(err);
	return text;
}

static int find_engines(struct job *j, struct error *err)
{
	for (size_t i = 0; i < j->sides_len; i++) {
		struct job_side *s = &j->sides[i];
		if (options_engine(j->o, s->asked->server, &s->engine, err) < 0)
			return -1;
		s->programs = options_programs(j->o, s->asked, &s->engine);
	}
	return 0;
}

/* The user's SQL for the two tables, into *ret; empty when there is none, or no such file: today's Jobs name one that
 * another image may not have. */
static int read_schema(const struct options *o, struct strbuf *ret, struct error *err)
{
	if (!o->schema)
		return 0;
	if (!fs_exists(o->schema)) {
		log_info("--schema: there is no file %s; the built-in tables are used", o->schema);
		return 0;
	}
	if (fs_read(o->schema, ret, err) == 0)
		return 0;
	err->kind = ERROR_USAGE;
	return error_wrap(err, "--schema");
}

static int open_results(const char *path, const struct strbuf *schema, struct results **ret, struct error *err)
{
	if (results_open(path, ret, err) < 0)
		return -1;
	return schema->len && results_use_schema(*ret, schema->data, err) < 0 ? error_wrap(err, "--schema") : 0;
}

/* Users' SQL on tables that are still empty: what is wrong with it is told now, not after the load. */
static int check_queries(struct job *j, const struct strbuf *schema, struct error *err)
{
	struct results *empty = NULL;
	AUTO_FREE char *db = str_printf(err, "%s/empty.db", j->work);
	if (options_queries(j->o, &j->queries, err) < 0)
		return -1;
	if (!j->queries.len && !j->o->regression_query && !schema->len)
		return 0;
	int result = db ? open_results(db, schema, &empty, err) : -1;
	results_close(empty);
	return result < 0 ? -1 : conclude_check_queries(db, &j->queries, j->o->regression_query, err);
}

static int make_results(struct job *j, const struct strbuf *schema, struct error *err)
{
	AUTO_FREE char *path = j->o->out ? str_dup(j->o->out, err) : str_printf(err, "out/%s", j->id);
	AUTO_FREE char *there = path ? str_printf(err, "%s/results.db", path) : NULL;
	if (!path || !there)
		return -1;
	if (fs_exists(there)) {
		error_set(err, ERROR_USAGE, "%s holds the results of another run", path);
		return error_hint(err, "name another folder with --out");
	}
	if (fs_mkdirs(path, 0700, err) < 0 || !(j->out = fs_absolute(path, err)))
		return -1;
	AUTO_FREE char *db = str_printf(err, "%s/results.db", j->out);
	return db ? open_results(db, schema, &j->results, err) : -1;
}

static int add_run(struct job *j, struct error *err)
{
	AUTO_FREE char *config = config_json(j, err), *machine = machine_json(&j->machine, err);
	if (!config || !machine)
		return -1;
	struct results_run run = {
		.id = j->id,
		.command = j->command,
		.dbdyno_version = DBDYNO_VERSION,
		.pairing = pairing_name(j->pairing),
		.started_unix = j->started_unix,
		.seed = j->seed,
		.config_json = config,
		.machine_json = machine,
	};
	return results_add_run(j->results, &run, err);
}

static int choose_seed(struct job *j, struct error *err)
{
	uint32_t bits = (uint32_t)j->o->seed;
	if (bits == 0 && getrandom(&bits, sizeof bits, 0) != sizeof bits)
		return error_errno(err, ERROR_INTERNAL, "getrandom");
	j->seed = bits & 0x7fffffff ? bits & 0x7fffffff : 1; /* sysbench takes a positive int */
	return 0;
}

/* What is assumed of starts: of two engines, those that differ more. */
static void assume_starts(const struct job *j, struct statistics_spec *spec)
{
	for (size_t i = 0; i < j->sides_len; i++) {
		const struct engine *e = &j->sides[i].engine;
		double sd = e->start_sd > 0 ? e->start_sd : STATISTICS_START_SD;
		if (sd <= spec->start_sd)
			continue;
		spec->start_sd = sd;
		spec->start_df = e->start_sd > 0 ? (double)e->start_sd_from - 1 : STATISTICS_START_DF;
	}
}

struct statistics_spec job_statistics(const struct job *j)
{
	struct statistics_spec spec = {
		.pairing = j->pairing,
		/* At a given rate both servers have the throughput that was asked for. */
		.metric = j->o->rate_per_second > 0 ? METRIC_LATENCY_MEAN : METRIC_THROUGHPUT,
		.anytime = j->o->precision_fraction > 0, /* the data say when to stop */
	};
	assume_starts(j, &spec);
	return spec;
}

int job_open(struct job *j, const struct options *o, const char *command, struct error *err)
{
	j->o = o;
	j->command = command;
	j->pairing = options_pairing(o);
	j->sides_len = strcmp(command, "compare") == 0 ? 2 : 1;
	j->sides[0] =
		(struct job_side){ .label = strcmp(command, "profile") == 0 ? "server" : "from", .asked = &o->from };
	j->sides[1] = (struct job_side){ .label = "to", .asked = &o->to };
	j->started_unix = clock_wall_ns() / (int64_t)NS_PER_SECOND;
	machine_read(&j->machine);
	if (job_new_id(j->id, err) < 0 || choose_seed(j, err) < 0 || find_engines(j, err) < 0 ||
	    options_tests(o, &j->tests, err) < 0)
		return -1;
	if (!(j->cache = options_cache(o->cache, err)))
		return -1;
	CLEANUP(strbuf) struct strbuf schema = STRBUF_INIT(SCHEMA_MAX_BYTES);
	if (!(j->work = fs_make_temp_dir_in(o->work_dir, "dbdyno", err)) || read_schema(o, &schema, err) < 0 ||
	    check_queries(j, &schema, err) < 0)
		return -1;
	job_say(j, "run %s", j->id);
	if (publish_check(j, err) < 0 || job_scripts(j, err) < 0)
		return -1;
	return make_results(j, &schema, err) < 0 || add_run(j, err) < 0 ? -1 : 0;
}
