/* The few values that AWS's XML replies are read for.
 *
 *     struct xml_value v[] = { { .path = "Error/Code" }, { .path = "Error/Message" } };
 *     if (xml_extract(data, len, v, ARRAY_SIZE(v), err) < 0) …
 *     … v[0].text is NULL when there is no such element …
 *     xml_values_release(v, ARRAY_SIZE(v));
 *
 * Hostile input: a document type is refused (no entities can expand), depth is at most 16, a text at most 16 KiB.
 */
#ifndef NET_XML_H
#define NET_XML_H

#include "base/error.h"
#include "base/str.h"

#include <stddef.h>

struct xml_value {
	const char *path; /* element names from the root, without namespaces, separated by '/' */
	char *text;       /* of the first such element, white space trimmed; owned */
};

/* ERROR_PUBLISH if data is not well-formed or over a limit; texts are then NULL. */
int xml_extract(const char *data, size_t len, struct xml_value *values, size_t count, struct error *err);
/* Wipes and frees the texts: they may be secrets. */
void xml_values_release(struct xml_value *values, size_t count);

/* Adds the texts of all elements with that path to ret, in their order. Errors and limits as above; ret may then hold
 * some. */
int xml_list(const char *data, size_t len, const char *path, struct strlist *ret, struct error *err);

#endif
