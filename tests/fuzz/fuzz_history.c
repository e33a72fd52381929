/* Any lines as the objects of a history: each is refused with a reason, or comes back as it was when it is written; and
 * all that were read make a report in every form. */
#include "base/cleanup.h"
#include "benchmarker/history_report.h"

#include <cjson/cJSON.h>
#include <expat.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT ((size_t)16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* What was read, written, and read again is written the same. */
static void require_same_again(const struct history_run *run)
{
	CLEANUP(strbuf) struct strbuf first = STRBUF_INIT(LIMIT), second = STRBUF_INIT(LIMIT);
	CLEANUP(history_runs) struct history_runs again = { 0 };
	struct error err = ERROR_INIT;
	require(history_write(run, &first, &err) == 0);
	require(history_parse(first.data, first.len, &again, &err) == 0 && again.len == 1);
	require(history_write(&again.items[0], &second, &err) == 0);
	require(strcmp(first.data, second.data) == 0);
}

static void read_lines(const char *text, size_t size, struct history_runs *runs)
{
	for (const char *end; size; size -= (size_t)(end - text), text = end) {
		struct error err = ERROR_INIT;
		size_t before = runs->len;
		const char *line = memchr(text, '\n', size);
		end = line ? line + 1 : text + size;
		if (history_parse(text, (size_t)(end - text), runs, &err) < 0) {
			require(err.message[0] && runs->len == before);
			continue;
		}
		require(runs->len == before + 1 && runs->items[before].id);
		require_same_again(&runs->items[before]);
	}
}

static void require_reports(const struct history *h)
{
	CLEANUP(strlist) struct strlist problems = STRLIST_INIT;
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(LIMIT), json = STRBUF_INIT(LIMIT), page = STRBUF_INIT(LIMIT);
	const struct history_report report = { h, "store", &problems };
	struct error err = ERROR_INIT;
	require(history_text(&report, true, &text, &err) == 0);
	require(history_json(&report, &json, &err) == 0);
	require(history_html(&report, &page, &err) == 0);
	cJSON *parsed = cJSON_ParseWithLength(json.data, json.len);
	require(parsed != NULL);
	cJSON_Delete(parsed);
	XML_Parser parser = XML_ParserCreate("UTF-8");
	require(XML_Parse(parser, page.data, (int)page.len, 1) == XML_STATUS_OK);
	XML_ParserFree(parser);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(history_runs) struct history_runs runs = { 0 };
	CLEANUP(history) struct history h = { 0 };
	const struct history_filter all = { NULL, NULL };
	struct error err = ERROR_INIT;
	read_lines((const char *)data, size, &runs);
	require(history_make(&runs, &all, &h, &err) == 0);
	require_reports(&h);
	return 0;
}
