#include "history_report.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/opt.h"
#include "benchmarker/history_report.h"
#include "benchmarker/report.h"

#include <stdio.h>

static int check_found(const struct history_report_spec *spec, const struct history_runs *runs, const struct history *h,
		       struct error *err)
{
	if (runs->len == 0) {
		error_set(err, ERROR_USAGE, "the history %s holds no runs", spec->store);
		return error_hint(err, "runs with --history %s are added to it", spec->store);
	}
	if (h->len == 0 && h->alone == 0 && (spec->test || spec->engine))
		return error_set(err, ERROR_USAGE, "no run of the history %s has compared %s%s%s", spec->store,
				 spec->test ? spec->test : "", spec->test && spec->engine ? " of " : "",
				 spec->engine ? spec->engine : "");
	return 0;
}

static int write_page(const struct history_report *r, const char *path, struct error *err)
{
	CLEANUP(strbuf) struct strbuf page = STRBUF_INIT(REPORT_MAX_BYTES);
	if (history_html(r, &page, err) < 0 || fs_write_atomic(path, page.data, page.len, 0644, err) < 0)
		return error_wrap(err, "the history's page");
	log_info("history: %s", path);
	return 0;
}

static int print(const struct history_report *r, bool json, struct error *err)
{
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(REPORT_MAX_BYTES);
	struct opt_source source = opt_default_source();
	const char *no_color = source.getenv("NO_COLOR", source.data);
	bool color = isatty(STDOUT_FILENO) && (!no_color || !*no_color);
	if ((json ? history_json(r, &text, err) : history_text(r, color, &text, err)) < 0)
		return -1;
	return fputs(text.data, stdout) < 0 || fflush(stdout) ? error_errno(err, ERROR_INTERNAL, "write the history")
							      : 0;
}

int history_report(const struct history_report_spec *spec, struct error *err)
{
	CLEANUP(history_store) struct history_store store = HISTORY_STORE_INIT;
	CLEANUP(history_runs) struct history_runs runs = { 0 };
	CLEANUP(history) struct history h = { 0 };
	CLEANUP(strlist) struct strlist problems = STRLIST_INIT;
	const struct history_filter filter = { spec->test, spec->engine };
	if (history_store_open(&store, spec->store, &spec->settings, err) < 0 ||
	    history_store_read(&store, &runs, &problems, err) < 0)
		return -1;
	for (size_t i = 0; i < problems.len; i++)
		log_warn("not used: %s", problems.items[i]);
	if (history_make(&runs, &filter, &h, err) < 0 || check_found(spec, &runs, &h, err) < 0)
		return -1;
	const struct history_report r = { &h, spec->store, &problems };
	if (print(&r, spec->json, err) < 0)
		return -1;
	return spec->out ? write_page(&r, spec->out, err) : 0;
}
