/* What the files of the build room share; nobody else includes it.
 *
 * build.c (order of the steps) → build_place.c (folders, children), build_check.c (names), build_resolve.c and
 * build_fetch.c (by build_git.c), build_go.c (compile), build_target.c (other platforms), build_crew.c (several at
 * once), build_heal.c (damaged Go caches), build_cache.c (keys, finished binaries). build_history.c: the commits
 * between two.
 */
#ifndef BENCHMARKER_BUILD_PARTS_H
#define BENCHMARKER_BUILD_PARTS_H

#include "benchmarker/build.h"

#include <pthread.h>

/* Several builds at once. Each reports once, whatever becomes of it; enter and leave bracket a compilation. */
struct build_crew {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t silent;         /* builds that have not reported yet */
	struct strlist groups; /* of those that compile: one group's take turns, because they compile the same */
	unsigned budget;       /* cores */
	unsigned compiling;
};
void build_crew_init(struct build_crew *c, size_t builds, unsigned jobs);
void build_crew_release(struct build_crew *c);
/* group: that of a build that will compile (build_group); NULL: it will not. */
void build_crew_report(struct build_crew *c, const char *group);
/* Waits until all have reported and there is room; how many cores to use. */
unsigned build_crew_enter(struct build_crew *c);
void build_crew_leave(struct build_crew *c);

/* Can the engine be built at all, from a repository and a version of these forms? ERROR_USAGE else. */
int build_check_spec(const struct build_spec *spec, const char *version, struct error *err);

/* Where one build happens. Paths are absolute; all owned. */
struct build_place {
	char *cache;
	char *home;       /* HOME of git and go */
	char *git_config; /* the only configuration that git reads beside the store's own */
	char *go_cache, *mod_cache;
	bool owns_mod_cache;                /* it is the cache's: may be thrown away */
	char *binary;                       /* file name of what comes out: with .exe for Windows */
	const struct engine_target *target; /* the engine's; NULL: for this machine */
	struct build_crew *crew;            /* NULL: alone */
	char *repository;                   /* as git gets it: an absolute path or a URL */
	bool is_local;                      /* repository is a folder */
	uint64_t deadline_ns;
};
#define BUILD_PLACE_INIT \
	{                \
		0        \
	}
int build_place_open(struct build_place *ret, const struct build_spec *spec, struct error *err);
void build_place_release(struct build_place *p);
/* <cache>/lock/<name>, waited for until the deadline; *ret_fd closed to unlock. */
int build_lock(const struct build_place *p, const char *name, int *ret_fd, struct error *err);
/* Nanoseconds until the deadline; at least 1. */
uint64_t build_time_left(const struct build_place *p);

/* Runs a child in dir and keeps its standard output in out (may be NULL). Failing is ERROR_BUILD with the child's
 * lines as detail (ERROR_INTERRUPTED stays). A hint is looked up by what the tool said. */
int build_child(const struct build_place *p, const struct strlist *argv, const struct strlist *env, const char *dir,
		struct strbuf *out, struct error *err);
/* True for 40 or 64 hexadecimal digits, all of them lower-case. */
bool build_is_full_sha(const char *s);

/* git with NULL-terminated arguments, in a store and with an index file (each may be NULL). */
int build_git(const struct build_place *p, const struct build_spec *spec, const char *store, const char *const *args,
	      const char *index, struct strbuf *out, struct error *err);
/* <cache>/store/<hash of the repository><suffix>.git; owned. */
char *build_store_path(const struct build_place *p, const char *suffix, struct error *err);
int build_store_lock(const struct build_place *p, const char *store, int *ret_fd, struct error *err);
int build_store_init(const struct build_place *p, const struct build_spec *spec, const char *store, bool sha256,
		     struct error *err);

/* Full SHA of version in the repository; owned. */
char *build_resolve(const struct build_place *p, const struct build_spec *spec, struct error *err);
/* Fetches the commit unless it is here, and writes its tree to folder tree (made; absent before). ret_seconds: its
 * time, or NULL. */
int build_fetch(const struct build_place *p, const struct build_spec *spec, const char *commit, const char *tree,
		int64_t *ret_seconds, struct error *err);

/* How go is to be called, and what its result depends on. All owned. */
struct build_recipe {
	char *go;            /* absolute path */
	char *local_version; /* "go1.26.8": of that program itself */
	char *flags;         /* one line, as recorded */
	char *profile_sha256;
	struct strlist env;     /* of every go command, without the work folder's variables */
	struct strlist key_env; /* the settings that decide what comes out: "GOEXPERIMENT=…" */
};
#define BUILD_RECIPE_INIT \
	{                 \
		0         \
	}
int build_recipe_make(struct build_recipe *ret, const struct build_place *p, const struct build_spec *spec,
		      struct error *err);
void build_recipe_release(struct build_recipe *r);
/* Name of the group of builds that compile the same packages; owned. */
char *build_group(const struct build_recipe *r, const struct build_place *p, struct error *err);
/* Compiles the source tree <work>/src to <work>/bin/<binary>; *ret_version, owned, is the Go that did it. */
int build_compile(const struct build_recipe *r, const struct build_place *p, const struct build_spec *spec,
		  const char *work, char **ret_version, struct error *err);

/* Settings of a platform: its env, what the environment says instead of it, GOOS and GOARCH; added to ret. */
int build_target_env(const struct engine_target *t, struct strlist *ret, struct error *err);
/* ERROR_BUILD if the binary names a folder of this build. */
int build_check_generic(const struct build_place *p, const char *work, const char *binary, struct error *err);
/* Copies the commit's licence file from <work>/src to <work>/bin/licenses; *ret_name, owned, is its name there, and
 * stays untouched if there is none. */
int build_keep_licenses(const struct engine *e, const char *work, char **ret_name, struct error *err);

/* After go failed: removes what is damaged in its caches. True if there was something, so that it may be tried again.
 */
bool build_heal(const struct build_recipe *r, const struct build_place *p, const char *module,
		const struct strlist *env, const struct error *failed);
/* Removes what is damaged in Go's build cache (a file whose content is not what its name says): how many. */
size_t build_heal_go_cache(const char *dir);

/* SHA-256 over everything that the binary depends on. */
int build_key(const struct build_recipe *r, const struct build_place *p, const struct build_spec *spec,
	      const char *commit, char ret_hex[static 65], struct error *err);
/* True and *ret filled if <cache>/bin/<key> holds a whole binary; false if absent or damaged. */
bool build_cache_find(const struct build_place *p, const char *key, struct build *ret);
/* Seals <work>/bin with build.json and moves it to <cache>/bin/<key>, over whatever was there. */
int build_cache_add(const struct build_place *p, const struct build_spec *spec, const char *key, const char *work,
		    const struct build *made, struct error *err);
/* Removes work folders that killed builds left. */
void build_cache_sweep(const struct build_place *p);

#endif
