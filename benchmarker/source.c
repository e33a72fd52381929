#include "benchmarker/source.h"

#include "base/fs.h"
#include "benchmarker/build_parts.h"

#include <unistd.h>

static int fetch(const struct build_place *p, const struct build_spec *spec, const char *dir, char **ret_commit,
		 struct error *err)
{
	AUTO_FREE char *commit = build_resolve(p, spec, err);
	if (!commit)
		return error_wrap(err, "version %s of %s", spec->version, p->repository);
	if (build_fetch(p, spec, commit, dir, NULL, err) < 0)
		return error_wrap(err, "fetch %.12s of %s", commit, p->repository);
	AUTO_FREE char *index = str_printf(err, "%s.index", dir);
	if (!index)
		return -1;
	unlink(index);
	*ret_commit = TAKE(commit);
	return 0;
}

int source_fetch(const struct source_spec *spec, const char *dir, char **ret_commit, struct error *err)
{
	CLEANUP(build_place) struct build_place p = BUILD_PLACE_INIT;
	char name[] = "source"; /* nothing is compiled, but a place is made for an engine */
	const struct engine none = { .name = name, .binary = name };
	struct build_spec build = {
		.engine = &none, .repository = spec->repository, .version = spec->version, .cache = spec->cache
	};
	if (build_check_repository(spec->repository, err) < 0 || build_check_version(spec->version, err) < 0)
		return -1;
	if (build_place_open(&p, &build, err) < 0 || fetch(&p, &build, dir, ret_commit, err) < 0) {
		fs_remove_tree(dir, NULL);
		return -1;
	}
	return 0;
}
