/* bisect.json. A step that is in it is never measured again; one that was killed leaves its folder alone. */
#include "base/fs.h"
#include "bisect.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

#define STATE_MAX_BYTES ((size_t)256 << 20)
enum { FORMAT = 1 };

void bisect_job_release(struct bisect_job *b)
{
	engine_release(&b->engine);
	build_history_release(&b->history);
	for (size_t i = 0; i < b->steps_len; i++) {
		free(b->steps[i].folder);
		free(b->steps[i].skipped);
	}
	free(b->steps);
	free(b->skipped);
	free(b->slow);
	free(b->cache);
	free(b->out);
	free(b->test);
	*b = (struct bisect_job)BISECT_JOB_INIT;
}

int bisect_job_add(struct bisect_job *b, struct bisect_step *step, struct error *err)
{
	if (!b->skipped)
		b->skipped = calloc(b->history.len, sizeof *b->skipped);
	struct bisect_step *steps = realloc(b->steps, (b->steps_len + 1) * sizeof *steps);
	if (steps)
		b->steps = steps;
	if (!steps || !b->skipped)
		return error_oom(err);
	b->skipped[step->commit] |= step->skipped != NULL;
	steps[b->steps_len++] = *step;
	*step = (struct bisect_step){ 0 };
	return 0;
}

static void add_value(struct strbuf *out, const struct opt *o, const void *at)
{
	switch (o->type) {
	case OPT_STRING:
		strbuf_adds(out, *(char *const *)at ? *(char *const *)at : "");
		break;
	case OPT_LIST:
		for (size_t i = 0; i < ((const struct strlist *)at)->len; i++)
			strbuf_addf(out, "%s%s", i ? " " : "", ((const struct strlist *)at)->items[i]);
		break;
	case OPT_INT:
		strbuf_addf(out, "%lld", *(const long long *)at);
		break;
	case OPT_DOUBLE:
		strbuf_addf(out, "%g", *(const double *)at);
		break;
	case OPT_BOOL:
		strbuf_adds(out, *(const bool *)at ? "true" : "false");
		break;
	case OPT_DURATION:
		strbuf_addf(out, "%g s", (double)*(const uint64_t *)at / 1e9);
		break;
	case OPT_CHOICE:
		strbuf_addf(out, "%d", *(const int *)at);
		break;
	}
}

/* Options that may change from one start to the next: where things are, how long to go on, how long to measure (each
 * step counts by its own interval), how to say it. */
static bool is_free(const char *name)
{
	static const char *const names[] = { "cache",   "jobs",       "out",       "dir",
					     "config",  "json",       "quiet",     "verbose",
					     "dry-run", "confidence", "max-steps", "sysbench",
					     "starts",  "budget",     "precision", "sysbench-test-time" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* What was asked for, by flag. */
static cJSON *settings_json(const struct bisect_job *b)
{
	cJSON *json = cJSON_CreateObject();
	for (const struct opt *o = b->table; json && o->name; o++) {
		CLEANUP(strbuf) struct strbuf value = STRBUF_INIT(1 << 20);
		if (is_free(o->name))
			continue;
		add_value(&value, o, (const char *)b->o + o->offset);
		if (!cJSON_AddStringToObject(json, o->name, value.data)) {
			cJSON_Delete(json);
			return NULL;
		}
	}
	return json;
}

static cJSON *commits_json(const struct bisect_job *b)
{
	cJSON *array = cJSON_CreateArray();
	for (size_t i = 0; array && i < b->history.len; i++) {
		const struct build_commit *c = &b->history.commits[i];
		cJSON *json = cJSON_CreateObject();
		cJSON_AddStringToObject(json, "sha", c->sha);
		cJSON_AddNumberToObject(json, "seconds", (double)c->seconds);
		cJSON_AddNumberToObject(json, "parents", c->parents);
		cJSON_AddStringToObject(json, "subject", c->subject);
		if (b->slow)
			cJSON_AddNumberToObject(json, "slow", b->slow[i]);
		cJSON_AddItemToArray(array, json);
	}
	return array;
}

static cJSON *steps_json(const struct bisect_job *b)
{
	cJSON *array = cJSON_CreateArray();
	for (size_t i = 0; array && i < b->steps_len; i++) {
		const struct bisect_step *s = &b->steps[i];
		cJSON *json = cJSON_CreateObject();
		cJSON_AddNumberToObject(json, "step", (double)i + 1);
		cJSON_AddStringToObject(json, "commit", b->history.commits[s->commit].sha);
		cJSON_AddNumberToObject(json, "index", (double)s->commit);
		if (s->folder)
			cJSON_AddStringToObject(json, "folder", s->folder);
		if (s->skipped) {
			cJSON_AddStringToObject(json, "skipped", s->skipped);
		} else {
			cJSON_AddNumberToObject(json, "ratio", s->ratio);
			cJSON_AddNumberToObject(json, "low", s->low);
			cJSON_AddNumberToObject(json, "high", s->high);
			cJSON_AddNumberToObject(json, "error", s->error);
		}
		cJSON_AddNumberToObject(json, "build_seconds", s->build_seconds);
		cJSON_AddNumberToObject(json, "seconds", s->seconds);
		cJSON_AddItemToArray(array, json);
	}
	return array;
}

/* For whoever reads the file; a run that goes on makes it anew. */
static cJSON *answer_json(const struct bisect_job *b)
{
	static const char *const actions[] = {
		[BISECT_MEASURE] = "open", [BISECT_FOUND] = "found", [BISECT_NO_DIFFERENCE] = "no difference"
	};
	const struct bisect_decision *d = &b->decision;
	const struct build_commit *c = b->history.commits;
	cJSON *json = cJSON_CreateObject();
	cJSON_AddStringToObject(json, "state", actions[d->action]);
	if (d->action == BISECT_FOUND) {
		cJSON *array = cJSON_AddArrayToObject(json, "commits");
		for (size_t i = d->low + 1; i <= d->high; i++)
			cJSON_AddItemToArray(array, cJSON_CreateString(c[i].sha));
		cJSON_AddNumberToObject(json, "probability", d->probability);
		cJSON_AddNumberToObject(json, "slowdown", d->step.mean);
		cJSON_AddNumberToObject(json, "slowdown_low", d->step.low);
		cJSON_AddNumberToObject(json, "slowdown_high", d->step.high);
	} else if (d->action == BISECT_MEASURE) {
		cJSON_AddStringToObject(json, "next", c[d->next].sha);
		cJSON_AddStringToObject(json, "range_after", c[d->range_low].sha);
		cJSON_AddStringToObject(json, "range_until", c[d->range_high].sha);
	}
	cJSON *bends = cJSON_AddArrayToObject(json, "misfits");
	for (size_t i = 0; i < d->bends_len; i++)
		cJSON_AddItemToArray(bends, cJSON_CreateString(c[d->bends[i].commit].sha));
	return json;
}

char *bisect_state_text(const struct bisect_job *b, struct error *err)
{
	cJSON *json = cJSON_CreateObject();
	cJSON *settings = settings_json(b), *commits = commits_json(b), *steps = steps_json(b),
	      *answer = answer_json(b);
	cJSON_AddNumberToObject(json, "format", FORMAT);
	cJSON_AddStringToObject(json, "test", b->test);
	cJSON_AddStringToObject(json, "metric", metric_name((enum metric)b->o->metric));
	cJSON_AddNumberToObject(json, "confidence", b->o->confidence);
	cJSON_AddItemToObject(json, "answer", answer);
	cJSON_AddItemToObject(json, "steps", steps);
	cJSON_AddItemToObject(json, "settings", settings);
	cJSON_AddNumberToObject(json, "commits_in_all", (double)b->history.in_all);
	cJSON_AddItemToObject(json, "commits", commits);
	char *text = settings && commits && steps && answer ? cJSON_Print(json) : NULL;
	cJSON_Delete(json);
	if (!text)
		error_oom(err);
	return text;
}

int bisect_state_write(const struct bisect_job *b, struct error *err)
{
	AUTO_FREE char *path = str_printf(err, "%s/bisect.json", b->out);
	AUTO_FREE char *text = path ? bisect_state_text(b, err) : NULL;
	return text ? fs_write_atomic(path, text, strlen(text), 0600, err) : -1;
}

static const char *string_of(const cJSON *json, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));
}

static double number_of(const cJSON *json, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);
	return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

static int check_settings(const struct bisect_job *b, const cJSON *state, struct error *err)
{
	cJSON *now = settings_json(b);
	const cJSON *then = cJSON_GetObjectItemCaseSensitive(state, "settings");
	int result = now ? 0 : error_oom(err);
	for (const cJSON *item = now ? now->child : NULL; item && result == 0; item = item->next) {
		const char *was = string_of(then, item->string);
		if (!str_eq(was, item->valuestring))
			result = error_set(err, ERROR_USAGE,
					   "%s holds another bisection: --%s was \"%.100s\" and is now \"%.100s\"",
					   b->out, item->string, was ? was : "", item->valuestring);
	}
	cJSON_Delete(now);
	return result < 0 ? error_hint(err, "ask for the same to go on, or name another folder with --out") : 0;
}

static int read_commits(struct bisect_job *b, const cJSON *state, struct error *err)
{
	const cJSON *array = cJSON_GetObjectItemCaseSensitive(state, "commits"), *item;
	int n = cJSON_GetArraySize(array);
	if (!(b->history.commits = calloc((size_t)n + 1, sizeof *b->history.commits)))
		return error_oom(err);
	b->history.in_all = (size_t)fmax(0, number_of(state, "commits_in_all"));
	cJSON_ArrayForEach(item, array)
	{
		const char *sha = string_of(item, "sha"), *subject = string_of(item, "subject");
		double seconds = number_of(item, "seconds"), parents = number_of(item, "parents");
		if (!sha || !subject || !isfinite(seconds) || !(parents >= 0 && parents < 1000))
			return error_set(err, ERROR_USAGE, "a commit in it is damaged");
		struct build_commit *c = &b->history.commits[b->history.len++];
		*c = (struct build_commit){ str_dup(sha, err), (int64_t)seconds, (unsigned)parents,
					    str_dup(subject, err) };
		if (!c->sha || !c->subject)
			return -1;
	}
	return b->history.len >= 2 ? 0 : error_set(err, ERROR_USAGE, "it holds no commits");
}

static int read_step(struct bisect_job *b, const cJSON *item, struct error *err)
{
	double index = number_of(item, "index");
	const char *folder = string_of(item, "folder"), *skipped = string_of(item, "skipped");
	struct bisect_step s = { .ratio = number_of(item, "ratio"),
				 .low = number_of(item, "low"),
				 .high = number_of(item, "high"),
				 .error = number_of(item, "error"),
				 .build_seconds = number_of(item, "build_seconds"),
				 .seconds = number_of(item, "seconds") };
	bool whole = index >= 1 && index < (double)b->history.len &&
		     (skipped ? index < (double)b->history.len - 1
			      : folder && s.low > 0 && isfinite(s.high) && s.error >= 0);
	if (!whole)
		return error_set(err, ERROR_USAGE, "a step in it is damaged");
	s.commit = (size_t)index;
	s.folder = str_dup(folder, err);
	s.skipped = str_dup(skipped, err);
	if ((folder && !s.folder) || (skipped && !s.skipped) || bisect_job_add(b, &s, err) < 0) {
		free(s.folder);
		free(s.skipped);
		return error_oom(err);
	}
	return 0;
}

static int read_state(struct bisect_job *b, const cJSON *state, struct error *err)
{
	const cJSON *item;
	if (!(number_of(state, "format") <= FORMAT))
		return error_set(err, ERROR_USAGE, "it is no file of this dbdyno");
	if (check_settings(b, state, err) < 0 || read_commits(b, state, err) < 0)
		return -1;
	cJSON_ArrayForEach(item,
			   cJSON_GetObjectItemCaseSensitive(state, "steps")) if (read_step(b, item, err) < 0) return -1;
	return 0;
}

int bisect_state_read(struct bisect_job *b, bool *ret_found, struct error *err)
{
	AUTO_FREE char *path = str_printf(err, "%s/bisect.json", b->out);
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(STATE_MAX_BYTES);
	*ret_found = false;
	if (!path)
		return -1;
	if (!fs_exists(path))
		return 0;
	if (fs_read(path, &text, err) < 0)
		return -1;
	cJSON *state = cJSON_ParseWithLength(text.data, text.len);
	int result = state ? read_state(b, state, err) : error_set(err, ERROR_USAGE, "it is not JSON");
	cJSON_Delete(state);
	if (result < 0)
		return error_wrap(err, "%s", path);
	*ret_found = true;
	return 0;
}
