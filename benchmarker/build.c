#include "benchmarker/build.h"

#include "base/clock.h"
#include "base/fs.h"
#include "benchmarker/build_parts.h"

#include <errno.h>
#include <string.h>

void build_release(struct build *b)
{
	free(b->exec);
	free(b->commit);
	free(b->repository);
	free(b->binary_sha256);
	free(b->profile_sha256);
	free(b->go_version);
	free(b->flags);
	free(b->target);
	free(b->licenses);
	free(b->licenses_name);
	*b = (struct build)BUILD_INIT;
}

static void step(const struct build_spec *spec, const char *name)
{
	if (spec->on_step)
		spec->on_step(name, spec->on_step_data);
}

int build_check_spec(const struct build_spec *spec, const char *version, struct error *err)
{
	const struct engine *e = spec->engine;
	if (!e->package) {
		error_set(err, ERROR_USAGE, "engine %s cannot be built from a commit", e->name);
		return error_hint(err, "give a program that is already there");
	}
	if (!e->binary || !*e->binary || strchr(e->binary, '/') || str_starts(e->binary, ".") ||
	    str_eq(e->binary, "build.json") || str_eq(e->binary, "licenses")) /* those are ours, beside it */
		return error_set(err, ERROR_USAGE, "engine %s: binary is no file name", e->name);
	if (str_starts(e->package, "-"))
		return error_set(err, ERROR_USAGE, "engine %s: package \"%s\" starts with '-'", e->name, e->package);
	const char *repository = spec->repository ? spec->repository : e->repository;
	if (!repository) {
		error_set(err, ERROR_USAGE, "engine %s has no repository of its own", e->name);
		return error_hint(err, "name one: a URL or a folder");
	}
	return build_check_version(version, err) < 0 ? -1 : build_check_repository(repository, err);
}

/* Fetches and compiles in the work folder. */
static int make(struct build *b, const struct build_recipe *r, const struct build_place *p,
		const struct build_spec *spec, const char *work, struct error *err)
{
	AUTO_FREE char *src = str_printf(err, "%s/src", work);
	AUTO_FREE char *binary = str_printf(err, "%s/bin/%s", work, p->binary);
	if (!src || !binary || fs_mkdirs(work, 0755, err) < 0)
		return -1;
	step(spec, "fetch");
	uint64_t start = clock_mono_ns();
	if (build_fetch(p, spec, b->commit, src, &b->commit_seconds, err) < 0)
		return error_wrap(err, "fetch %.12s of %s", b->commit, p->repository);
	b->fetch_ns = clock_mono_ns() - start;
	step(spec, "build");
	start = clock_mono_ns();
	if (build_compile(r, p, spec, work, &b->go_version, err) < 0)
		return error_wrap(err, "build %s at %.12s", spec->engine->name, b->commit);
	b->build_ns = clock_mono_ns() - start;
	if (p->target && (build_check_generic(p, work, binary, err) < 0 ||
			  build_keep_licenses(spec->engine, work, &b->licenses_name, err) < 0))
		return -1;
	char hex[65];
	if (fs_sha256(binary, hex, err) < 0)
		return -1;
	b->binary_sha256 = str_dup(hex, err);
	return b->binary_sha256 ? 0 : -1;
}

/* Under the key's lock: another process may have made it while we waited. */
static int make_locked(struct build *ret, const struct build_recipe *r, const struct build_place *p,
		       const struct build_spec *spec, const char *commit, const char *key, struct error *err)
{
	CLEANUP(build) struct build b = BUILD_INIT;
	AUTO_CLOSE int lock = -1;
	build_cache_sweep(p);
	if (build_lock(p, key, &lock, err) < 0)
		return -1;
	if (build_cache_find(p, key, ret))
		return 0;
	AUTO_FREE char *work = str_printf(err, "%s/building/%s", p->cache, key);
	b.exec = str_printf(err, "%s/bin/%s/%s", p->cache, key, p->binary);
	b.commit = str_dup(commit, err);
	b.repository = str_dup(p->repository, err);
	b.flags = str_dup(r->flags, err);
	b.profile_sha256 = str_dup(r->profile_sha256, err);
	b.target = p->target ? str_dup(p->target->name, err) : NULL;
	if (!work || !b.exec || !b.commit || !b.repository || !b.flags || (r->profile_sha256 && !b.profile_sha256) ||
	    (p->target && !b.target))
		return error_oom(err);
	if (fs_remove_tree(work, err) < 0)
		return -1;
	int failed = make(&b, r, p, spec, work, err);
	if (!failed)
		failed = build_cache_add(p, spec, key, work, &b, err);
	if (!failed && b.licenses_name && !(b.licenses = str_printf(err, "%s/bin/%s/licenses", p->cache, key)))
		failed = -1;
	fs_remove_tree(work, NULL);
	if (failed)
		return -1;
	*ret = b;
	b = (struct build)BUILD_INIT;
	return 0;
}

/* The crew, if there is one, hears what this build will do as soon as that is known; *reported then. */
static int run(struct build *ret, const struct build_spec *spec, struct build_crew *crew, bool *reported,
	       struct error *err)
{
	CLEANUP(build_place) struct build_place p = BUILD_PLACE_INIT;
	CLEANUP(build_recipe) struct build_recipe r = BUILD_RECIPE_INIT;
	if (build_check_spec(spec, spec->version, err) < 0 || build_place_open(&p, spec, err) < 0 ||
	    build_recipe_make(&r, &p, spec, err) < 0)
		return -1;
	p.crew = crew;
	step(spec, "resolve");
	AUTO_FREE char *commit = build_resolve(&p, spec, err);
	if (!commit)
		return error_wrap(err, "version %s of %s", spec->version, p.repository);
	char key[65];
	AUTO_FREE char *group = build_group(&r, &p, err);
	if (!group || build_key(&r, &p, spec, commit, key, err) < 0)
		return -1;
	if (build_cache_find(&p, key, ret))
		return 0;
	if (crew)
		build_crew_report(crew, group);
	*reported = true;
	return make_locked(ret, &r, &p, spec, commit, key, err);
}

int build_run(struct build *ret, const struct build_spec *spec, struct error *err)
{
	bool reported = false;
	return run(ret, spec, NULL, &reported, err);
}

struct worker {
	pthread_t thread;
	const struct build_spec *spec;
	struct build_crew *crew;
	struct build *ret;
	struct error err;
	int result;
};

static void *work_main(void *data)
{
	struct worker *w = data;
	bool reported = false;
	w->result = run(w->ret, w->spec, w->crew, &reported, &w->err);
	if (!reported)
		build_crew_report(w->crew, NULL);
	return NULL;
}

static unsigned most_jobs(const struct build_spec *specs, size_t len)
{
	unsigned most = 0;
	for (size_t i = 0; i < len; i++)
		if (specs[i].jobs > most)
			most = specs[i].jobs;
	return most;
}

int build_many(struct build *ret, const struct build_spec *specs, size_t len, struct error *err)
{
	if (len == 1)
		return build_run(ret, specs, err);
	AUTO_FREE struct worker *workers = calloc(len ? len : 1, sizeof *workers);
	if (!workers)
		return error_oom(err);
	struct build_crew crew;
	build_crew_init(&crew, len, most_jobs(specs, len));
	size_t started = 0;
	int failed = 0;
	for (; started < len; started++) {
		struct worker *w = &workers[started];
		*w = (struct worker){ .spec = &specs[started], .crew = &crew, .ret = &ret[started] };
		errno = pthread_create(&w->thread, NULL, work_main, w);
		if (errno) {
			failed = error_errno(err, ERROR_INTERNAL, "start a thread");
			break;
		}
	}
	for (size_t i = started; i < len; i++)
		build_crew_report(&crew, NULL);
	for (size_t i = 0; i < started; i++)
		pthread_join(workers[i].thread, NULL);
	build_crew_release(&crew);
	for (size_t i = 0; i < started && !failed; i++)
		if (workers[i].result < 0) {
			failed = -1;
			if (err)
				*err = workers[i].err;
		}
	for (size_t i = 0; i < started && failed; i++)
		build_release(&ret[i]);
	return failed;
}
