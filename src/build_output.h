/* What dbdyno build makes of finished binaries: a folder a commit, as dolt_builder does, or release archives. */
#ifndef SRC_BUILD_OUTPUT_H
#define SRC_BUILD_OUTPUT_H

#include "benchmarker/build.h"

/* One finished build, as asked for. */
struct built {
	struct build build;
	const char *version; /* as asked for */
	char *installed;     /* path in the bin folder, or NULL */
	struct strlist archives;
};
void built_release(struct built *b);

/* Makes it if it is not there, mode 0755: programs are no secret, others may run them. */
int build_output_folder(const char *folder, struct error *err);

/* <folder>/<full SHA>/<binary>, atomically, and <folder>/<version> as a link to that folder where the version is
 * another name without a '/'; where such a folder is already there and no link, the binary is put there too. */
int build_output_install(struct built *b, const char *folder, struct error *err);

/* Archives of all (each for another target) in folder, and their SHA256SUMS. kinds: "auto" or package_kind_of's names;
 * empty: auto, which is what the engine file says for the target, else zip for Windows and tar.gz for all others. */
int build_output_package(struct built *all, size_t n, const struct engine *e, const char *folder,
			 const struct strlist *kinds, struct error *err);

/* Paths, one a line, or JSON: to standard output. */
int build_output_print(const struct built *all, size_t n, bool json, struct error *err);

#endif
