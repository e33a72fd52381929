/* From a commit to a binary, cached by content.
 *
 *     struct build_spec spec = { .engine = &e, .repository = url, .version = "v1.2.3", .profile = NULL, .cache = dir };
 *     CLEANUP(build) struct build b = BUILD_INIT;
 *     build_run(&b, &spec, err)    // resolve → fetch one commit → go build → cache
 *
 * Cache layout: <cache>/store/<repository hash>.git (bare), <cache>/src/…, <cache>/go-build, <cache>/go-mod,
 * <cache>/bin/<key>/{<binary>,build.json}. key = SHA-256 over (repository, commit, profile hash, Go version, flags,
 * environment, GOEXPERIMENT). A full SHA that is in the cache is answered without git and without go.
 * Children get an allow-listed environment and a HOME of their own. Several builds may run at once (build_many).
 * Errors: ERROR_USAGE for a version or repository that cannot be one; ERROR_BUILD else, with git's or go's own lines
 * as detail. A failed build leaves nothing under <cache>/bin.
 */
#ifndef BENCHMARKER_BUILD_H
#define BENCHMARKER_BUILD_H

#include "base/error.h"
#include "benchmarker/engine.h"

#include <stdint.h>

struct build_spec {
	const struct engine *engine;
	const char *repository; /* URL or path; NULL: the engine's */
	const char *version;    /* SHA (full or short), tag or branch */
	const char *profile;    /* path of a checked CPU profile, or NULL: -pgo=off */
	const char *cache;      /* cache folder, created */
	const char *go;         /* program; NULL: "go" from PATH */
	const char *git;
	unsigned jobs;       /* go build -p; 0: all cores */
	uint64_t timeout_ns; /* 0: 2 h */
	void (*on_step)(const char *step,
			void *data); /* "fetch", "build": progress; may be NULL; may come from a thread */
	void *on_step_data;
};

struct build {
	char *exec;   /* absolute path of the binary in the cache; all owned */
	char *commit; /* full SHA */
	char *repository;
	char *binary_sha256;
	char *profile_sha256; /* NULL: none */
	char *go_version;     /* "go1.26.8" */
	char *flags;          /* one line, as given to go build */
	bool cached;
	uint64_t fetch_ns, build_ns;
};
#define BUILD_INIT \
	{          \
		0  \
	}
void build_release(struct build *b);

/* Is s something that may be asked of git as a version: 1 to 200 of [A-Za-z0-9._/+-], not starting with '-', no "..",
 * no "@{". ERROR_USAGE else. */
int build_check_version(const char *s, struct error *err);
/* A URL with scheme https, http, ssh, git, file; scp form; or an existing folder. ERROR_USAGE else. No options, no
 * control characters, no ext:: transport. */
int build_check_repository(const char *s, struct error *err);

int build_run(struct build *ret, const struct build_spec *spec, struct error *err);
/* All at once, in threads, within one budget of cores. On failure the first error in order; the others are finished
 * (they stay in the cache). ret[i] belongs to specs[i]. */
int build_many(struct build *ret, const struct build_spec *specs, size_t len, struct error *err);

#endif
