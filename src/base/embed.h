/* Files that are part of the program: engine files, Lua, templates. Made by tools/embed.sh at build time, so that the
 * program needs no folder of its own at run time. */
#ifndef BASE_EMBED_H
#define BASE_EMBED_H

#include <stddef.h>

struct embedded_file {
	const char *name; /* without folder: "gms.json"; NULL ends the array */
	const char *data; /* NUL-terminated past its len bytes */
	size_t len;
};

/* The file of that name, or NULL. */
const struct embedded_file *embedded_find(const struct embedded_file *files, const char *name);

#endif
