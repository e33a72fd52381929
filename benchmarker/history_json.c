/* The history for machines; docs/history.md documents the shape. */
#include "base/cleanup.h"
#include "benchmarker/history_report.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>

static bool add_text(cJSON *o, const char *key, const char *text)
{
	return cJSON_AddItemToObject(o, key, text ? cJSON_CreateString(text) : cJSON_CreateNull());
}

static bool add_number(cJSON *o, const char *key, double value)
{
	return cJSON_AddItemToObject(o, key, isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull());
}

static bool add_build(cJSON *o, const char *key, const struct history_build *b)
{
	cJSON *build = cJSON_AddObjectToObject(o, key);
	return build && add_text(build, "engine", b->engine) && add_text(build, "version", b->version) &&
	       add_text(build, "commit", b->commit) && add_text(build, "binary_sha256", b->binary_sha256) &&
	       add_text(build, "profile_sha256", b->profile_sha256) &&
	       add_number(build, "committed_unix", b->committed_unix ? (double)b->committed_unix : NAN);
}

static bool add_point(cJSON *points, const struct history_point *p, double level)
{
	cJSON *o = cJSON_CreateObject();
	return o && cJSON_AddItemToArray(points, o) && add_build(o, "build", p->build) &&
	       add_text(o, "run", p->run->id) && add_number(o, "started_unix", (double)p->run->started_unix) &&
	       add_number(o, "runs", (double)p->runs) && add_number(o, "ratio", exp(p->value)) &&
	       add_number(o, "low_95", exp(p->value - 1.96 * p->error)) &&
	       add_number(o, "high_95", exp(p->value + 1.96 * p->error)) && add_number(o, "level", exp(level));
}

static bool add_change(cJSON *changes, const struct history_series *s, const struct changepoint *c)
{
	cJSON *o = cJSON_CreateObject();
	CLEANUP(strbuf) struct strbuf range = STRBUF_INIT(4096);
	history_add_range(&range, s, c);
	return o && cJSON_AddItemToArray(changes, o) && add_number(o, "point", (double)c->at) &&
	       add_build(o, "since", s->points[c->at].build) && add_text(o, "range", range.data) &&
	       add_build(o, "last_before", s->points[c->first - 1].build) &&
	       add_build(o, "first_after", s->points[c->last].build) && add_number(o, "ratio", exp(c->change)) &&
	       add_number(o, "low_95", exp(c->low)) && add_number(o, "high_95", exp(c->high)) &&
	       add_number(o, "p_value", c->p_value) && cJSON_AddBoolToObject(o, "faster", history_is_faster(s, c));
}

static bool add_noise(cJSON *o, const struct history_noise *n)
{
	cJSON *noise = cJSON_AddObjectToObject(o, "noise");
	return noise && add_number(noise, "runs", (double)n->runs) && add_number(noise, "half_width", n->half_width) &&
	       add_number(noise, "largest", n->largest) && add_number(noise, "scattered", (double)n->scattered) &&
	       add_number(noise, "same", (double)n->same) && add_number(noise, "spread", n->spread) &&
	       add_number(noise, "visible", n->visible);
}

static bool add_series(cJSON *all, const struct history *h, const struct history_series *s)
{
	cJSON *o = cJSON_CreateObject();
	CLEANUP(strbuf) struct strbuf identity = STRBUF_INIT(4096);
	history_add_identity(&identity, s);
	bool ok = o && cJSON_AddItemToArray(all, o) && add_text(o, "test", s->test->name) &&
		  add_text(o, "metric", metric_name(s->test->metric)) &&
		  add_text(o, "kind", history_kind_name(s->kind)) && add_text(o, "engine", s->run->to.engine) &&
		  add_text(o, "params", s->test->params) && add_text(o, "identity", identity.data) &&
		  add_number(o, "spread", s->changes.spread) && add_number(o, "correlation", s->changes.correlation) &&
		  add_text(o, "order",
			   s->by_commit               ? "committed"
			   : s->kind == HISTORY_CHAIN ? "chain"
						      : "measured") &&
		  add_noise(o, &h->noises[s->noise]) && (!s->baseline || add_build(o, "baseline", s->baseline));
	cJSON *points = ok ? cJSON_AddArrayToObject(o, "points") : NULL;
	cJSON *changes = points ? cJSON_AddArrayToObject(o, "changes") : NULL;
	for (size_t i = 0; changes && ok && i < s->len; i++)
		ok = add_point(points, &s->points[i],
			       s->kind == HISTORY_CHAIN ? s->points[i].value : s->changes.levels[i]);
	for (size_t i = 0; changes && ok && i < s->changes.len; i++)
		ok = add_change(changes, s, &s->changes.items[i]);
	return ok && changes;
}

int history_json(const struct history_report *r, struct strbuf *out, struct error *err)
{
	cJSON *o = cJSON_CreateObject();
	const struct history *h = r->history;
	bool ok = o && add_text(o, "format", "dbdyno-history-report") && add_number(o, "format_version", 1) &&
		  add_text(o, "store", r->store) && add_number(o, "runs", (double)h->runs) &&
		  add_number(o, "comparisons_alone", (double)h->alone) &&
		  add_number(o, "comparisons_of_same_builds", (double)h->same);
	cJSON *series = ok ? cJSON_AddArrayToObject(o, "series") : NULL;
	cJSON *problems = series ? cJSON_AddArrayToObject(o, "problems") : NULL;
	for (size_t i = 0; problems && ok && i < h->len; i++)
		ok = add_series(series, h, &h->series[i]);
	for (size_t i = 0; problems && ok && i < r->problems->len; i++)
		ok = cJSON_AddItemToArray(problems, cJSON_CreateString(r->problems->items[i]));
	char *text = ok && problems ? cJSON_Print(o) : NULL;
	cJSON_Delete(o);
	if (!text)
		return error_oom(err);
	strbuf_addf(out, "%s\n", text);
	free(text);
	return strbuf_check(out, err);
}
