#include "options.h"

#include "base/clock.h"
#include "base/fs.h"
#include "benchmarker/arrivals.h"
#include "benchmarker/engine.h"
#include "benchmarker/why.h"

#include <stdlib.h>
#include <string.h>

void options_log_init(const struct options *o)
{
	struct opt_source source = opt_default_source();
	const char *no_color = source.getenv("NO_COLOR", source.data);
	log_init(o->quiet ? LOG_QUIET : o->verbose ? LOG_VERBOSE : LOG_NORMAL, !no_color || !*no_color);
}

void options_release(const struct opt *table, struct options *o)
{
	opt_release(table, o);
	free(o->command_line);
	o->command_line = NULL;
}

int options_record(struct options *o, const char *command, int argc, const char *const *argv, struct error *err)
{
	CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(8 << 20); /* the kernel takes less */
	strbuf_addf(&b, "dbdyno %s", command);
	for (int i = 0; i < argc; i++) {
		bool plain =
			argv[i][0] &&
			strspn(argv[i], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-=./:,+@%") ==
				strlen(argv[i]);
		strbuf_adds(&b, plain ? " " : " '");
		for (const char *p = argv[i]; *p; p++)
			strbuf_adds(&b, *p == '\'' ? "'\\''" : (char[]){ *p, 0 });
		strbuf_adds(&b, plain ? "" : "'");
	}
	return (o->command_line = strbuf_take(&b, err)) ? 0 : -1;
}

int options_engine(const struct options *o, const char *name, struct engine *ret, struct error *err)
{
	if (o->engine_file) {
		if (engine_load_file(o->engine_file, ret, err) < 0)
			return -1;
		if (strcmp(ret->name, name) == 0)
			return 0;
		engine_release(ret);
		*ret = (struct engine){ 0 };
	}
	return engine_find(name, ret, err);
}

void options_settle(const struct opt *table, struct options *o)
{
	/* What the release process has always given TPC-C, which names no time then. */
	static const uint64_t tpcc_default_ns = 800 * NS_PER_SECOND, precision_budget_ns = 3600 * NS_PER_SECOND;
	options_parse_rate(o->rate, &o->rate_per_second);            /* options_check tells of a bad one */
	options_parse_percent(o->precision, &o->precision_fraction); /* options_check tells of a bad one */
	if (o->precision && !o->budget_ns)
		o->budget_ns = precision_budget_ns;
	if (o->flags_alone && !opt_was_set(table, &o->seen, "why"))
		o->why = WHY_NEVER; /* today's Jobs have a deadline that fits today's time */
	o->warmup_auto = !opt_was_set(table, &o->seen, "warmup");
	o->tpcc_time_ns = opt_was_set(table, &o->seen, "sysbench-test-time") ? o->test_time_ns : tpcc_default_ns;
}

static bool is_tpcc(const char *test)
{
	return str_starts(test, "tpcc");
}

int options_queries(const struct options *o, struct strlist *ret, struct error *err)
{
	CLEANUP(strlist) struct strlist tests = STRLIST_INIT;
	bool sysbench = false, tpcc = false;
	if (options_tests(o, &tests, err) < 0)
		return -1;
	for (size_t i = 0; i < tests.len; i++)
		*(is_tpcc(tests.items[i]) ? &tpcc : &sysbench) = true;
	strlist_add_all(ret, strlist_array(&o->queries));
	if (sysbench)
		strlist_add_all(ret, strlist_array(&o->sysbench_queries));
	if (tpcc)
		strlist_add_all(ret, strlist_array(&o->tpcc_queries));
	return strlist_check(ret, err);
}

bool options_tpcc(const struct options *o, const char *test, const char *folder, struct tpcc *ret)
{
	static const char *const levels[] = { "RR", "RC", "SER" };
	unsigned scale;
	if (!tpcc_parse_name(test, &scale))
		return false;
	AUTO_FREE char *script = folder ? str_printf(NULL, "%s/tpcc.lua", folder) : NULL;
	*ret = (struct tpcc){
		.scale = scale,
		.tables = (unsigned)o->tpcc_tables,
		.isolation = levels[o->tpcc_isolation],
		.density = o->tpcc_density,
		.script_dir = script && fs_exists(script) ? folder : NULL,
	};
	if (ret->script_dir)
		ret->density = 1; /* the team's scripts always load whole warehouses */
	return true;
}

enum pairing options_pairing(const struct options *o)
{
	return o->pairing == PAIRING_AUTO ? PAIRING_INTERLEAVED : (enum pairing)o->pairing;
}

bool options_open_ended(const struct options *o)
{
	return o->precision || o->budget_ns;
}

int options_parse_percent(const char *text, double *ret_fraction)
{
	char *end;
	double percent = text ? strtod(text, &end) : 0;
	if (text && (end == text || !(percent > 0 && percent < 100) || (*end && strcmp(end, "%") != 0)))
		return -1;
	*ret_fraction = percent / 100;
	return 0;
}

uint64_t options_slice(const struct options *o, uint64_t test_ns, uint64_t latency_ns)
{
	/* At a rate, half as many events are due in a slice as a closed loop has at the least. */
	uint64_t due_ns = o->rate_per_second > 0 ? (uint64_t)(0.5e9 / o->rate_per_second) : 0;
	if (o->slice_ns)
		return o->slice_ns;
	return plan_slice_length(test_ns, latency_ns > due_ns ? latency_ns : due_ns);
}

uint64_t options_test_time(const struct options *o, const char *test)
{
	unsigned scale;
	return tpcc_parse_name(test, &scale) ? o->tpcc_time_ns : o->test_time_ns;
}

int options_parse_rate(const char *value, double *ret)
{
	*ret = 0;
	return !value || str_eq(value, "max") ? 0 : str_to_double(value, ARRIVALS_RATE_MIN, ARRIVALS_RATE_MAX, ret);
}

int options_parse_threshold(const char *value, size_t *ret_test, double *ret_fraction)
{
	const char *equals = strrchr(value, '=');
	const char *number = equals ? equals + 1 : value;
	char *end = NULL;
	double percent = strtod(number, &end);
	if (equals == value || end == number || (*end && strcmp(end, "%") != 0) || !(percent >= 0 && percent < 100))
		return -1;
	*ret_test = equals ? (size_t)(equals - value) : 0;
	*ret_fraction = percent / 100;
	return 0;
}

double options_threshold(const struct options *o, const char *test)
{
	double all = 0, own = -1;
	for (size_t i = 0; i < o->thresholds.len; i++) {
		size_t len;
		double fraction;
		if (options_parse_threshold(o->thresholds.items[i], &len, &fraction) < 0)
			continue; /* options_check told */
		AUTO_FREE char *name = strndup(o->thresholds.items[i], len);
		if (len == 0)
			all = fraction;
		else if (name && workload_same(name, test))
			own = fraction;
	}
	return own >= 0 ? own : all;
}

int options_parse_weight(const char *value, size_t *ret_test, double *ret_weight)
{
	const char *equals = strrchr(value, '=');
	if (!equals || equals == value || str_to_double(equals + 1, WEIGHT_MIN, WEIGHT_MAX, ret_weight) < 0)
		return -1;
	*ret_test = (size_t)(equals - value);
	return 0;
}

double options_weight(const struct options *o, const char *test)
{
	double weight = 1;
	for (size_t i = 0; i < o->profile_weights.len; i++) {
		size_t len;
		double own;
		if (options_parse_weight(o->profile_weights.items[i], &len, &own) < 0)
			continue; /* options_check told */
		AUTO_FREE char *name = strndup(o->profile_weights.items[i], len);
		if (name && workload_same(name, test))
			weight = own;
	}
	return weight;
}

char *options_cache(const char *cache, struct error *err)
{
	struct opt_source source = opt_default_source();
	const char *xdg = source.getenv("XDG_CACHE_HOME", source.data), *home = source.getenv("HOME", source.data);
	AUTO_FREE char *path = NULL;
	if (cache)
		path = str_dup(cache, err);
	else if (xdg && xdg[0] == '/')
		path = str_printf(err, "%s/dbdyno", xdg);
	else if (home && home[0] == '/' && home[1])
		path = str_printf(err, "%s/.cache/dbdyno", home);
	else
		path = str_printf(err, "/tmp/dbdyno-cache-%u", (unsigned)getuid());
	if (!path)
		return NULL;
	struct error why = ERROR_INIT;
	if (fs_mkdirs(path, 0700, &why) < 0 && !cache) { /* a home that cannot be written: a container's */
		free(path);
		path = str_printf(err, "/tmp/dbdyno-cache-%u", (unsigned)getuid());
	}
	if (!path || fs_mkdirs(path, 0700, err) < 0)
		return NULL;
	return fs_absolute(path, err);
}
