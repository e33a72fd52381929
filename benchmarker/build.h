/* From a commit to a binary, cached by content.
 *
 *     struct build_spec spec = { .engine = &e, .repository = url, .version = "v1.2.3", .profile = NULL, .cache = dir };
 *     CLEANUP(build) struct build b = BUILD_INIT;
 *     build_run(&b, &spec, err)    // resolve → fetch one commit → go build → cache
 *
 * A full SHA that is in the cache is answered without git and without go; the binary's hash is checked first, and a
 * damaged entry is built anew. docs/build.md: the cache's layout, what stands in a key and why, what children get.
 * Several builds may run at once, in threads (build_many) and in processes that share a cache; those that compile the
 * same packages take turns at that.
 * Errors: ERROR_USAGE for a version, repository or engine that cannot be one; ERROR_BUILD else, with git's or go's own
 * lines as detail; ERROR_INTERRUPTED. A failed build leaves nothing under <cache>/bin and no process.
 */
#ifndef BENCHMARKER_BUILD_H
#define BENCHMARKER_BUILD_H

#include "base/error.h"
#include "benchmarker/engine.h"

#include <stdint.h>

struct build_spec {
	const struct engine *engine;
	const char *repository; /* URL or path; NULL: the engine's */
	const char *version;    /* SHA (full or short), tag (with or without its v), branch, or HEAD */
	const char *profile;    /* path of a checked CPU profile, or NULL: -pgo=off */
	const char *target;     /* one of the engine's targets ("linux/arm64"), a release; NULL: for this machine */
	const char *cache;      /* cache folder, created */
	const char *go_cache;   /* NULL: GOCACHE of the environment, else <cache>/go-build */
	const char *mod_cache;  /* may be read-only; NULL: GOMODCACHE of the environment, else <cache>/go-mod */
	const char *go;         /* program; NULL: "go" from PATH */
	const char *git;
	unsigned jobs;       /* go build -p; 0: all cores; of build_many the largest, for all together */
	uint64_t timeout_ns; /* 0: 2 h */
	/* "resolve", "fetch", "build": progress; may be NULL; may come from a thread. A cached binary has no "build".
	 */
	void (*on_step)(const char *step, void *data);
	void *on_step_data;
};

struct build {
	char *exec;   /* absolute path of the binary in the cache; all owned */
	char *commit; /* full SHA */
	char *repository;
	char *binary_sha256;
	char *profile_sha256; /* NULL: none */
	char *go_version; /* of the Go that compiled it (go.mod may ask for another than the local one): "go1.26.8" */
	char *flags;      /* one line, as given to go build */
	int64_t commit_seconds; /* when it was committed, as it says itself, within 1980 to 2100: also the time of the
				   files in a release's archives; 0: of a cache entry that does not say it */
	/* of a release: */
	char *target;        /* NULL: none */
	char *licenses;      /* path of the repository's licence file in the cache, or NULL */
	char *licenses_name; /* its name in the repository: "LICENSES" */
	bool cached;
	uint64_t fetch_ns, build_ns; /* spent in this call: 0 when cached */
};
#define BUILD_INIT \
	{          \
		0  \
	}
void build_release(struct build *b);

/* Is s something that may be asked of git as a version: 1 to 200 of [A-Za-z0-9._/+-], not starting with '-', no "..",
 * no "@{". ERROR_USAGE else. */
int build_check_version(const char *s, struct error *err);
/* A URL with scheme https, http, ssh, git, file; scp form; or an existing folder. ERROR_USAGE else. At most 1,000
 * bytes of UTF-8; no options, no control characters, no ext:: transport, no password or token within (it would show
 * in argv and reports; the message does not repeat it). */
int build_check_repository(const char *s, struct error *err);

/* Can the engine be built for the platform here: is it one of its targets, are the compilers there that its settings
 * ask for? One line a problem; -1 only without memory. */
int build_check_target(const struct engine *e, const char *name, struct strlist *problems, struct error *err);
/* "linux/amd64" on such a machine; owned. */
char *build_target_here(struct error *err);
/* NULL if the engine has no such target. */
const struct engine_target *build_target_find(const struct engine *e, const char *name);

int build_run(struct build *ret, const struct build_spec *spec, struct error *err);
/* All at once, in threads, within one budget of cores, which those that compile share. On failure the first error in
 * order; the others are finished (they stay in the cache) and every ret[i] is released. ret[i] belongs to specs[i]. */
int build_many(struct build *ret, const struct build_spec *specs, size_t len, struct error *err);

#endif
