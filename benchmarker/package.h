/* Release archives, the same bytes for the same input whoever makes them, wherever and whenever.
 *
 *     struct package p = { .folder = "dolt-linux-amd64", .binary = b.exec, .binary_name = "dolt", .mtime = … };
 *     package_write("out/dolt-linux-amd64.tar.gz", PACKAGE_TAR_GZ, &p, err)
 *
 * An archive holds <folder>/, <folder>/bin/, <folder>/bin/<binary> and <folder>/<licences>, in this order, owner 0 and
 * group 0 without names, modes 0755 and 0644, the time of all the same; gzip's header has none. tar is ustar; zip's
 * local times are UTC. Written by libarchive; compressed by zlib and liblzma, so other versions of these may give other
 * bytes. Atomic; 0644. Failures: ERROR_INTERNAL with the path; ERROR_INTERRUPTED; nothing is left then.
 */
#ifndef BENCHMARKER_PACKAGE_H
#define BENCHMARKER_PACKAGE_H

#include "base/error.h"
#include "base/str.h"

#include <stdint.h>

enum package_kind { PACKAGE_TAR_GZ, PACKAGE_ZIP, PACKAGE_7Z };

/* "tar.gz", "zip", "7z"; -1: none of them. */
int package_kind_of(const char *name, enum package_kind *ret);
/* The same names. */
const char *package_extension(enum package_kind kind);

struct package {
	const char *folder; /* top folder in the archive */
	const char *binary; /* path */
	const char *binary_name;
	const char *licenses; /* path, or NULL: none */
	const char *licenses_name;
	int64_t mtime; /* seconds since 1970, from 1980 to 2100 (zip knows no other) */
};

/* For zip the process's time zone is changed meanwhile: no other thread may run. */
int package_write(const char *path, enum package_kind kind, const struct package *p, struct error *err);

/* <folder>/SHA256SUMS of these files in it, sorted, as sha256sum -c reads it. */
int package_write_sums(const char *folder, const struct strlist *names, struct error *err);

#endif
