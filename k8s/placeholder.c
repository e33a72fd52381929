#include "k8s/placeholder.h"

#include "base/cleanup.h"

#include <string.h>

static const char *const type_names[] = {
	[PLACEHOLDER_INT] = "int",     [PLACEHOLDER_NAME] = "name",     [PLACEHOLDER_SUBDOMAIN] = "subdomain",
	[PLACEHOLDER_LABEL] = "label", [PLACEHOLDER_LABELS] = "labels", [PLACEHOLDER_QUANTITY] = "quantity",
};

bool placeholder_is_name(const char *name, size_t len)
{
	if (len == 0 || len > 63 || !(name[0] >= 'A' && name[0] <= 'Z'))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!((name[i] >= 'A' && name[i] <= 'Z') || (name[i] >= '0' && name[i] <= '9') || name[i] == '_'))
			return false;
	return true;
}

static int parse_type(const char *text, size_t len, enum placeholder_type *ret)
{
	for (size_t i = PLACEHOLDER_INT; i < ARRAY_SIZE(type_names); i++)
		if (strlen(type_names[i]) == len && memcmp(type_names[i], text, len) == 0) {
			*ret = (enum placeholder_type)i;
			return 0;
		}
	return -1;
}

/* What stands between the braces. */
static int parse_inner(const char *text, size_t len, struct placeholder *ret)
{
	ret->optional = len && text[len - 1] == '?';
	len -= ret->optional;
	const char *colon = memchr(text, ':', len);
	size_t name_len = colon ? (size_t)(colon - text) : len;
	if (!placeholder_is_name(text, name_len))
		return -1;
	memcpy(ret->name, text, name_len);
	ret->name[name_len] = 0;
	ret->type = PLACEHOLDER_TEXT;
	return colon ? parse_type(colon + 1, len - name_len - 1, &ret->type) : 0;
}

int placeholder_next(const char *text, size_t len, size_t from, struct placeholder *ret, struct error *err)
{
	const char *dollar = len - from >= 2 ? memmem(text + from, len - from, "${", 2) : NULL;
	if (!dollar)
		return 0;
	size_t at = (size_t)(dollar - text);
	if (at > from && text[at - 1] == '$') {
		*ret = (struct placeholder){ .start = at - 1, .end = at + 2, .type = PLACEHOLDER_DOLLAR };
		return 1;
	}
	const char *brace = memchr(dollar, '}', len - at);
	*ret = (struct placeholder){ .start = at };
	if (!brace || parse_inner(dollar + 2, (size_t)(brace - dollar) - 2, ret) < 0) {
		error_set(err, ERROR_USAGE, "malformed placeholder in \"%.*s\"", (int)(len > 200 ? 200 : len), text);
		return error_hint(err, "${NAME}, ${NAME?}, ${NAME:int} and the like; $${ stands for ${");
	}
	ret->end = (size_t)(brace - text) + 1;
	return 1;
}

bool placeholder_is_whole(const struct placeholder *p, size_t len)
{
	return p->start == 0 && p->end == len;
}
