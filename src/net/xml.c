#include "net/xml.h"

#include "base/str.h"

#include <expat.h>
#include <limits.h>
#include <string.h>

#define DEPTH_MAX 16
#define PATH_MAX_BYTES 1024
#define TEXT_MAX_BYTES (16u << 10)

struct reader {
	XML_Parser parser;
	struct xml_value *values;
	size_t count;
	const char *list_path; /* NULL: no list is made */
	struct strlist *list;
	struct strbuf path;
	struct strbuf text;     /* of the innermost element so far */
	size_t ends[DEPTH_MAX]; /* length of path outside each open element */
	size_t depth;
	const char *refused;
};

static void refuse(struct reader *r, const char *why)
{
	if (!r->refused)
		r->refused = why;
	XML_StopParser(r->parser, XML_FALSE);
}

static void on_start(void *data, const XML_Char *name, const XML_Char **attributes)
{
	(void)attributes;
	struct reader *r = data;
	if (r->depth == DEPTH_MAX)
		return refuse(r, "elements are nested too deep");
	const char *colon = strrchr(name, ':');
	r->ends[r->depth++] = r->path.len;
	if (r->path.len)
		strbuf_addc(&r->path, '/');
	strbuf_adds(&r->path, colon ? colon + 1 : name);
	strbuf_reset(&r->text);
	if (r->path.failed)
		refuse(r, "an element's path is too long");
}

static void on_text(void *data, const XML_Char *text, int len)
{
	struct reader *r = data;
	if (r->refused)
		return;
	if (strbuf_add(&r->text, text, (size_t)len) < 0)
		refuse(r, "a text is too long");
}

static char *trimmed(const struct strbuf *text)
{
	static const char space[] = " \t\r\n";
	const char *s = text->data + strspn(text->data, space);
	size_t n = strlen(s);
	while (n && strchr(space, s[n - 1]))
		n--;
	return strndup(s, n);
}

static void on_end(void *data, const XML_Char *name)
{
	(void)name;
	struct reader *r = data;
	if (r->refused)
		return;
	for (size_t i = 0; i < r->count; i++) {
		struct xml_value *v = &r->values[i];
		if (v->text || strcmp(v->path, r->path.data) != 0)
			continue;
		v->text = trimmed(&r->text);
		if (!v->text)
			refuse(r, "out of memory");
	}
	if (r->list_path && strcmp(r->list_path, r->path.data) == 0) {
		AUTO_FREE char *text = trimmed(&r->text);
		if (!text || strlist_add(r->list, text) < 0)
			refuse(r, "out of memory");
	}
	strbuf_reset(&r->text);
	r->path.len = r->ends[--r->depth];
	r->path.data[r->path.len] = 0;
}

static void on_doctype(void *data, const XML_Char *name, const XML_Char *system, const XML_Char *public, int internal)
{
	(void)name;
	(void)system;
	(void)public;
	(void)internal;
	refuse(data, "it has a document type");
}

void xml_values_release(struct xml_value *values, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (values[i].text)
			explicit_bzero(values[i].text, strlen(values[i].text));
		free(values[i].text);
		values[i].text = NULL;
	}
}

static int read_xml(struct reader *r, const char *data, size_t len, struct error *err)
{
	if (len > INT_MAX)
		return error_set(err, ERROR_PUBLISH, "not usable XML: larger than 2 GiB");
	r->path = (struct strbuf)STRBUF_INIT(PATH_MAX_BYTES);
	r->text = (struct strbuf)STRBUF_INIT(TEXT_MAX_BYTES);
	r->parser = XML_ParserCreate(NULL);
	if (!r->parser)
		return error_oom(err);
	XML_SetUserData(r->parser, r);
	XML_SetElementHandler(r->parser, on_start, on_end);
	XML_SetCharacterDataHandler(r->parser, on_text);
	XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
	int result = 0;
	if (XML_Parse(r->parser, data, (int)len, 1) != XML_STATUS_OK || r->refused)
		result = error_set(err, ERROR_PUBLISH, "not usable XML: %s",
				   r->refused ? r->refused : XML_ErrorString(XML_GetErrorCode(r->parser)));
	XML_ParserFree(r->parser);
	explicit_bzero(r->text.data, r->text.len);
	strbuf_release(&r->text);
	strbuf_release(&r->path);
	return result;
}

int xml_extract(const char *data, size_t len, struct xml_value *values, size_t count, struct error *err)
{
	struct reader r = { .values = values, .count = count };
	int result = read_xml(&r, data, len, err);
	if (result < 0)
		xml_values_release(values, count);
	return result;
}

int xml_list(const char *data, size_t len, const char *path, struct strlist *ret, struct error *err)
{
	struct reader r = { .list_path = path, .list = ret };
	return read_xml(&r, data, len, err);
}
