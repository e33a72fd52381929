/* dbdyno report --history. */
#ifndef SRC_HISTORY_REPORT_H
#define SRC_HISTORY_REPORT_H

#include "base/error.h"
#include "history_store.h"

struct history_report_spec {
	const char *store;
	struct history_store_settings settings;
	const char *test, *engine; /* NULL: all */
	const char *out;           /* the page; NULL: none */
	bool json;
};
/* Prints the table or the JSON, and writes the page. */
int history_report(const struct history_report_spec *spec, struct error *err);

#endif
