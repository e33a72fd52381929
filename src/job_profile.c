/* CPU profiles of the run phase: load first, then the profile's window inside it, then the load ends. */
#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/stop.h"
#include "measure.h"
#include "profile_files.h"
#include "profiler/collect.h"

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

static int record(struct job *j, const char *test, const struct pprof_facts *facts, struct error *err)
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

static int profile_under_load(struct job *j, struct server *server, struct load *load, const char *path,
			      struct pprof_facts *ret_facts, struct error *err)
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
	return 0;
}

static int profile_test(struct job *j, struct server *server, size_t test, struct error *err)
{
	CLEANUP(workload_script) struct workload_script script = WORKLOAD_SCRIPT_INIT;
	struct tpcc tpcc;
	CLEANUP(load) struct load load = LOAD_INIT;
	struct pprof_facts facts = { 0 };
	const char *name = j->tests.items[test];
	AUTO_FREE char *path = str_printf(err, "%s/profiles/%s.pprof", j->out, name);
	AUTO_FREE char *dir = measure_client_dir(j, 0, err);
	if (!path || !dir || measure_open_test(j, 0, name, &script, err) < 0)
		return -1;
	bool is_tpcc = options_tpcc(j->o, name, j->scripts, &tpcc);
	struct load_spec spec = measure_load_spec(j, 0, server, &script.workload, is_tpcc ? &tpcc : NULL, dir);
	log_progress((double)test / (double)j->tests.len, "[%zu/%zu] %s: profile for %lld s", test + 1, j->tests.len,
		     name, j->o->profile_seconds);
	int result = load_prepare(&spec, err);
	if (result == 0)
		result = load_open(&load, &spec, err);
	if (result == 0)
		result = profile_under_load(j, server, &load, path, &facts, err);
	if (result == 0)
		result = load_close(&load, err);
	if (result == 0)
		result = load_check_data(&spec, "after the run", err);
	if (result == 0)
		result = load_cleanup(&spec, err);
	if (result < 0)
		return error_wrap(err, "profile");
	return record(j, name, &facts, err);
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
	return record(j, NULL, &facts, err);
}

int job_profile(struct job *j, struct error *err)
{
	struct server server = SERVER_INIT;
	AUTO_FREE char *folder = str_printf(err, "%s/profiles", j->out);
	if (!folder || fs_mkdirs(folder, 0700, err) < 0)
		return -1;
	int result = measure_start_server(j, 0, true, NULL, &server, err);
	if (result == 0)
		result = measure_record_server(j, 0, &server, err);
	for (size_t i = 0; result == 0 && i < j->tests.len; i++) {
		if (profile_test(j, &server, i, err) == 0)
			continue;
		if (err->kind != ERROR_LOAD) {
			result = -1;
		} else {
			measure_test_failed(j, j->tests.items[i], err);
			*err = (struct error)ERROR_INIT;
		}
	}
	log_progress_end();
	measure_stop_server(j, &server);
	return result < 0 ? -1 : merge_profiles(j, err);
}
