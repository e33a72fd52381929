/* Binaries of all sides: given, from the cache, or built. */
#include "base/fs.h"
#include "base/log.h"
#include "benchmarker/server.h"
#include "job.h"
#include "profile_files.h"
#include "publish.h"

#include <stdio.h>
#include <string.h>

/* The profile to build with, local and checked: a bad one must never reach -pgo. */
static int get_profile(struct job *j, struct job_side *s, struct error *err)
{
	const char *asked = s->asked->profile ? s->asked->profile : s->asked->profile_key;
	if (!asked || s->profile)
		return 0;
	s->profile_name = asked;
	if (s->asked->profile && !str_starts(asked, "s3://")) {
		s->profile = fs_absolute(asked, err);
	} else {
		s->profile = str_printf(err, "%s/%s.pprof", j->work, s->label);
		if (s->profile && publish_get(j, asked, s->profile, err) < 0)
			return error_wrap(err, "get the profile %s", asked);
	}
	if (!s->profile)
		return -1;
	struct pprof_facts facts;
	if (profile_check_file(s->profile, &facts, err) < 0)
		return error_wrap(err, "profile %s", asked);
	log_verbose("%s: profile with %llu samples", asked, (unsigned long long)facts.samples);
	return 0;
}

static void say_step(const char *step, void *data)
{
	const struct job_side *s = data;
	log_progress(-1, "%s %s %.12s: %s", s->label, s->engine.name, s->asked->version, step);
}

static bool needs_build(const struct job_side *s)
{
	return !s->programs.exec && s->engine.package;
}

/* Programs that are there already: found, and of the right kind, before anything is built. */
static int find_programs(struct job *j, struct error *err)
{
	for (size_t i = 0; i < j->sides_len; i++) {
		struct job_side *s = &j->sides[i];
		if (needs_build(s) || s->exec)
			continue;
		if (!(s->exec = server_find_exec(&s->engine, s->programs.exec, err)) ||
		    server_check_exec(&s->engine, s->exec, err) < 0)
			return error_wrap(err, "%s server", s->label);
		if (fs_sha256(s->exec, s->exec_sha256, err) < 0)
			return -1;
		if (s->asked->version && !(s->version = str_dup(s->asked->version, err)))
			return -1;
		if (s->programs.setup_exec &&
		    !(s->setup_exec = server_find_exec(&s->engine, s->programs.setup_exec, err)))
			return -1;
	}
	return 0;
}

static int build_all(struct job *j, struct error *err)
{
	struct build_spec specs[2];
	struct build builds[2] = { BUILD_INIT, BUILD_INIT };
	size_t n = 0;
	for (size_t i = 0; i < j->sides_len; i++) {
		struct job_side *s = &j->sides[i];
		if (!needs_build(s) || s->exec)
			continue;
		specs[n++] = (struct build_spec){
			.engine = &s->engine,
			.repository = s->asked->repository,
			.version = s->asked->version,
			.profile = s->profile,
			.cache = j->cache,
			.jobs = (unsigned)j->o->jobs,
			.on_step = say_step,
			.on_step_data = s,
		};
	}
	if (build_many(builds, specs, n, err) < 0)
		return -1;
	for (size_t i = 0, b = 0; i < j->sides_len; i++) {
		struct job_side *s = &j->sides[i];
		if (!needs_build(s) || s->exec)
			continue;
		s->build = builds[b++];
		s->exec = str_dup(s->build.exec, err);
		s->version = str_dup(s->build.commit, err);
		if (!s->exec || !s->version)
			return -1;
		snprintf(s->exec_sha256, sizeof s->exec_sha256, "%s", s->build.binary_sha256);
		job_say(j, "%s: %s %.12s%s, %s", s->label, s->engine.name, s->build.commit,
			s->profile ? " with profile" : "", s->build.cached ? "from the cache" : "built");
	}
	log_progress_end();
	return 0;
}

int job_build(struct job *j, struct error *err)
{
	for (size_t i = 0; i < j->sides_len; i++)
		if (get_profile(j, &j->sides[i], err) < 0)
			return -1;
	if (find_programs(j, err) < 0 || build_all(j, err) < 0)
		return -1;
	for (size_t i = 0; i < j->sides_len; i++)
		if (j->sides[i].profile && j->sides[i].build.exec &&
		    profile_check_program(j->sides[i].profile, j->sides[i].build.exec, err) < 0)
			return -1;
	return 0;
}
