/* Any profile that can be read: its table, its difference from a part of itself and its flame graph are made or refused
 * with a reason, in valid UTF-8. */
#include "base/str.h"
#include "profiler/flame.h"
#include "profiler/top.h"

#include <stdlib.h>
#include <string.h>

#define LIMIT (64u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void look_at_top(const struct pprof *p, enum pprof_by by)
{
	CLEANUP(top) struct top t = TOP_INIT;
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(LIMIT);
	struct error err = ERROR_INIT;
	struct top_spec spec = { .by = by, .focus = by == PPROF_BY_FILE ? "a|^m" : NULL };
	if (top_make(p, &spec, &t, &err) < 0) {
		require(err.kind == ERROR_USAGE && err.message[0]);
		return;
	}
	require(t.shown <= t.total);
	top_text(&t, 100, &out);
	top_json(&t, 100, &out);
	require(!out.failed && str_is_utf8(out.data, out.len));
}

static void look_at_diff(const struct pprof *p)
{
	CLEANUP(diff) struct diff d = DIFF_INIT;
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(LIMIT);
	struct error err = ERROR_INIT;
	struct diff_spec spec = { .per = DIFF_PER_WORK, .from_work = 3, .to_work = 7 };
	if (diff_make(p, p, &spec, &d, &err) < 0) {
		require(err.kind == ERROR_USAGE && err.message[0]);
		return;
	}
	diff_text(&d, 100, &out);
	diff_json(&d, 100, &out);
	require(!out.failed && str_is_utf8(out.data, out.len));
}

static void look_at_flame(const struct pprof *from, const struct pprof *to)
{
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(LIMIT);
	struct error err = ERROR_INIT;
	struct flame_spec spec = { .per = DIFF_PER_TOTAL };
	if (flame_svg(from, to, &spec, &out, &err) < 0)
		require(err.kind == ERROR_USAGE && err.message[0]);
	else
		require(str_is_utf8(out.data, out.len) && !strstr(out.data, "=\"nan") && !strstr(out.data, "=\"-nan") &&
			!strstr(out.data, "=\"inf"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(pprof) struct pprof p = PPROF_INIT;
	struct error err = ERROR_INIT;
	if (pprof_read(&p, data, size, &err) < 0)
		return 0;
	for (enum pprof_by by = PPROF_BY_FUNCTION; by <= PPROF_BY_LINE; by++)
		look_at_top(&p, by);
	look_at_diff(&p);
	look_at_flame(NULL, &p);
	look_at_flame(&p, &p);
	return 0;
}
