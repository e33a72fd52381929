/* CPU profiles of the run phase. Over HTTP: load first, then the profile's window inside it, then the load ends. By
 * file: of a process that does nothing else between its start and its stop (profile_life.h). */
#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/stop.h"
#include "measure.h"
#include "profile_files.h"
#include "profile_life.h"
#include "profiler/collect.h"

#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

/* Longest time past its seconds that a profile may take to arrive. */
#define PROFILE_GRACE_NS (60 * NS_PER_SECOND)

int measure_record_profile(struct job *j, const struct results_profile *row, struct error *err)
{
	char sha256[65];
	AUTO_FREE char *path = str_printf(err, "%s/%s", j->out, row->file);
	CLEANUP(strbuf) struct strbuf bytes = STRBUF_INIT(PPROF_MAX_BYTES);
	if (!path || fs_sha256(path, sha256, err) < 0 || fs_read(path, &bytes, err) < 0)
		return -1;
	if (!row->test)
		memcpy(j->profile_sha256, sha256, sizeof sha256);
	struct results_profile whole = *row;
	whole.sha256 = sha256;
	whole.bytes = bytes.len;
	return results_add_profile(j->results, &whole, err);
}

static int record_profile(struct job *j, const char *test, const struct pprof_facts *facts, struct error *err)
{
	AUTO_FREE char *file = test ? str_printf(err, "profiles/%s.pprof", test) : str_dup("profile.pprof", err);
	struct results_profile row = { .side = SIDE_FROM,
				       .test = test,
				       .file = file,
				       .samples = facts->samples,
				       .duration_ns = facts->duration_ns };
	return file ? measure_record_profile(j, &row, err) : -1;
}

int measure_await_profile(struct collect *c, struct server *server, uint64_t deadline_ns, struct error *err)
{
	for (;;) {
		struct pollfd fds[] = {
			{ .fd = collect_poll_fd(c), .events = POLLIN },
			{ .fd = server->proc.pidfd, .events = POLLIN },
			{ .fd = stop_fd(), .events = POLLIN },
		};
		if (poll(fds, ARRAY_SIZE(fds), clock_left_ms(deadline_ns)) == 0)
			return error_set(err, ERROR_LOAD, "the profile did not arrive in time");
		if (stop_check(err) < 0 || server_check(server, err) < 0)
			return -1;
		if (fds[0].revents)
			return 0;
	}
}

/* Records how much of the window in which samples were taken had no load. What the profile says of its window is the
 * server's word: any number. */
static void say_outside(struct job *j, const char *test, const struct pprof_facts *f, const struct sample *s)
{
	double ahead = (double)(clock_wall_ns() - (int64_t)clock_mono_ns()), length = (double)f->duration_ns;
	double begin = (double)f->time_unix_ns;
	double inside = fmin(begin + length, (double)s->end_ns + ahead) - fmax(begin, (double)s->begin_ns + ahead);
	if (length > 0)
		job_event(j, "info", test, "%.2f %% of the profile's window is not of the load",
			  100 * fmax(0, 1 - fmax(0, inside) / length));
}

static int profile_under_load(struct job *j, const char *test, struct server *server, struct load *load,
			      const char *path, struct pprof_facts *ret_facts, struct error *err)
{
	unsigned seconds = (unsigned)j->o->profile_seconds;
	uint64_t longest_ns = seconds * NS_PER_SECOND + PROFILE_GRACE_NS;
	AUTO_FREE char *url = server_profile_url(server, err);
	struct collect *collect = NULL;
	CLEANUP(sample) struct sample sample = SAMPLE_INIT;
	if (!url || load_begin(load, 0, longest_ns, err) < 0)
		return -1;
	int result = collect_start(&collect, url, seconds, path, err);
	if (result == 0)
		result = measure_await_profile(collect, server, clock_deadline(longest_ns), err);
	if (result == 0)
		result = collect_finish(collect, ret_facts, err);
	collect_free(collect);
	if (result < 0)
		return -1;
	load_end_window(load);
	if (load_await(load, &sample, err) < 0)
		return -1;
	log_verbose("%llu transactions in %.1f s while profiled", (unsigned long long)sample.events,
		    sample_seconds(&sample));
	say_outside(j, test, ret_facts, &sample);
	return 0;
}

static void say_test(const struct job *j, size_t test)
{
	log_progress((double)test / (double)j->tests.len, "[%zu/%zu] %s: profile for %lld s", test + 1, j->tests.len,
		     j->tests.items[test], j->o->profile_seconds);
}

static char *path_for(const struct job *j, size_t test, struct error *err)
{
	return str_printf(err, "%s/profiles/%s.pprof", j->out, j->tests.items[test]);
}

static int profile_test(struct job *j, struct server *server, size_t test, struct error *err)
{
	CLEANUP(workload_script) struct workload_script script = WORKLOAD_SCRIPT_INIT;
	struct tpcc tpcc;
	CLEANUP(load) struct load load = LOAD_INIT;
	struct pprof_facts facts = { 0 };
	const char *name = j->tests.items[test];
	AUTO_FREE char *path = path_for(j, test, err);
	AUTO_FREE char *dir = measure_client_dir(j, 0, err);
	if (!path || !dir || measure_open_test(j, 0, name, &script, err) < 0)
		return -1;
	bool is_tpcc = options_tpcc(j->o, name, j->scripts, &tpcc);
	struct load_spec spec = measure_load_spec(j, 0, server, &script.workload, is_tpcc ? &tpcc : NULL, dir);
	say_test(j, test);
	int result = load_prepare(&spec, err);
	if (result == 0)
		result = load_open(&load, &spec, err);
	if (result == 0)
		result = profile_under_load(j, name, server, &load, path, &facts, err);
	if (result == 0)
		result = load_close(&load, err);
	if (result == 0)
		result = load_check_data(&spec, "after the run", err);
	if (result == 0)
		result = load_cleanup(&spec, err);
	if (result < 0)
		return error_wrap(err, "profile");
	return record_profile(j, name, &facts, err);
}

/* Sum of the tests' profiles, as <out>/profile.pprof. */
static int merge_profiles(struct job *j, struct error *err)
{
	CLEANUP(strlist) struct strlist paths = STRLIST_INIT;
	AUTO_FREE double *weights = calloc(j->tests.len + 1, sizeof *weights);
	AUTO_FREE char *merged = str_printf(err, "%s/profile.pprof", j->out);
	if (!weights)
		return error_oom(err);
	if (!merged)
		return -1;
	for (size_t i = 0; i < j->tests.len; i++) {
		if (measure_has_failed(j, j->tests.items[i]))
			continue;
		weights[paths.len] = options_weight(j->o, j->tests.items[i]);
		strlist_addf(&paths, "%s/profiles/%s.pprof", j->out, j->tests.items[i]);
	}
	if (strlist_check(&paths, err) < 0)
		return -1;
	if (paths.len == 0)
		return error_set(err, ERROR_LOAD, "no test gave a profile");
	struct pprof_facts facts;
	if (profile_merge_files(strlist_array(&paths), weights, paths.len, merged, &facts, err) < 0)
		return error_wrap(err, "merge the profiles");
	log_info("profile: %llu samples of %zu tests in %s", (unsigned long long)facts.samples, paths.len, merged);
	return record_profile(j, NULL, &facts, err);
}

/* Of a test that failed: it is left out if the load is to blame, and ends the run else. */
static int leave_out(struct job *j, size_t test, struct error *err)
{
	if (err->kind != ERROR_LOAD)
		return -1;
	measure_test_failed(j, j->tests.items[test], err);
	*err = (struct error)ERROR_INIT;
	return 0;
}

static int profile_over_http(struct job *j, struct error *err)
{
	struct server server = SERVER_INIT;
	int result = measure_start_server(j, 0, true, NULL, &server, err);
	if (result == 0)
		result = measure_record_server(j, 0, &server, err);
	for (size_t i = 0; result == 0 && i < j->tests.len; i++)
		if (profile_test(j, &server, i, err) < 0)
			result = leave_out(j, i, err);
	log_progress_end();
	measure_stop_server(j, &server);
	return result;
}

/* *record: the server is still to be recorded. */
static int profile_test_by_file(struct job *j, size_t test, bool *record, struct error *err)
{
	CLEANUP(profile_life) struct profile_life life = PROFILE_LIFE_INIT;
	struct pprof_facts facts = { 0 };
	double work = 0;
	unsigned seconds = (unsigned)j->o->profile_seconds;
	const struct profile_life_time time = { .seconds = seconds, .longest_seconds = PROFILE_LIFE_STRETCH * seconds };
	AUTO_FREE char *path = path_for(j, test, err);
	if (!path)
		return -1;
	say_test(j, test);
	life.record = *record;
	int result = profile_life_open(&life, j, 0, j->tests.items[test], err);
	if (result == 0)
		result = profile_life_take(&life, &time, path, &facts, &work, err);
	*record = life.record;
	if (result == 0)
		result = profile_life_check(&life, err);
	if (result < 0)
		return error_wrap(err, "profile");
	log_verbose("%.0f transactions while profiled", work);
	profile_life_say(&life);
	return record_profile(j, j->tests.items[test], &facts, err);
}

static int profile_by_file(struct job *j, struct error *err)
{
	bool record = true;
	int result = 0;
	for (size_t i = 0; result == 0 && i < j->tests.len; i++) {
		if (profile_test_by_file(j, i, &record, err) < 0)
			result = leave_out(j, i, err);
		if (result == 0)
			result = stop_check(err);
	}
	log_progress_end();
	return result;
}

int job_profile(struct job *j, struct error *err)
{
	AUTO_FREE char *folder = str_printf(err, "%s/profiles", j->out);
	if (!folder || fs_mkdirs(folder, 0700, err) < 0)
		return -1;
	bool by_file = j->sides[SIDE_FROM].engine.profile_file;
	int result = by_file ? profile_by_file(j, err) : profile_over_http(j, err);
	return result < 0 ? -1 : merge_profiles(j, err);
}
