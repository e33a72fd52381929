#include "event.h"

#include "net/github.h"

#include <string.h>

static const char email_report[] = "email-report", pull_report[] = "pull-report", pgo_release[] = "pgo-release";

const char *event_type(const struct options *o, const char *command)
{
	if (o->dispatch_event)
		return o->dispatch_event;
	if (strcmp(command, "profile") == 0 || strcmp(command, "pgo") == 0)
		return pgo_release;
	return o->issue_number > 0 ? pull_report : email_report;
}

static bool add(cJSON *p, const char *name, const char *value)
{
	return !value || cJSON_AddStringToObject(p, name, value);
}

static bool add_email_report(cJSON *p, const struct event *e)
{
	const struct options *o = e->o;
	return add(p, "version", e->asked_version) && add(p, "noms_bin_format", o->noms_bin_format) &&
	       add(p, "bucket", o->bucket) && add(p, "key", e->key) && add(p, "template", o->email_template) &&
	       add(p, "email_recipient", o->actor_email);
}

static bool add_pull_report(cJSON *p, const struct event *e)
{
	const struct options *o = e->o;
	return cJSON_AddNumberToObject(p, "issue_number", (double)o->issue_number) && add(p, "actor", o->actor) &&
	       add(p, "noms_bin_format", o->noms_bin_format) && add(p, "bucket", o->bucket) && add(p, "key", e->key) &&
	       add(p, "job_type", "performance-benchmarking") &&
	       (!e->regression || cJSON_AddBoolToObject(p, "is_performance_regression", *e->regression));
}

static bool add_pgo_release(cJSON *p, const struct event *e)
{
	const struct options *o = e->o;
	return add(p, "version", o->future_version ? o->future_version : e->asked_version) &&
	       add(p, "profile_key", e->profile_key) && add(p, "bucket", o->bucket) &&
	       add(p, "from_version", e->commit ? e->commit : e->asked_version) && add(p, "branch", o->branch);
}

/* One object, so that there is room for fields of the user's: ten are allowed. */
static bool add_hashes(cJSON *p, const struct event *e, const char *type)
{
	if (strcmp(type, pgo_release) != 0 || !e->profile_sha256)
		return true;
	cJSON *hashes = cJSON_AddObjectToObject(p, "sha256");
	return hashes && add(hashes, "profile", e->profile_sha256) && add(hashes, "binary", e->binary_sha256);
}

static bool add_facts(cJSON *p, const struct event *e, const char *type)
{
	if (strcmp(type, email_report) == 0)
		return add_email_report(p, e);
	if (strcmp(type, pull_report) == 0)
		return add_pull_report(p, e);
	if (strcmp(type, pgo_release) == 0)
		return add_pgo_release(p, e);
	return add(p, "version", e->commit ? e->commit : e->asked_version) && add(p, "bucket", e->o->bucket) &&
	       add(p, "key", e->key);
}

/* Fields that the user gave replace the standard ones. */
static bool add_given(cJSON *p, const struct strlist *fields)
{
	for (size_t i = 0; i < fields->len; i++) {
		const char *field = fields->items[i], *equals = strchr(field, '=');
		AUTO_FREE char *name = strndup(field, (size_t)(equals - field));
		if (!name)
			return false;
		cJSON_DeleteItemFromObjectCaseSensitive(p, name);
		if (!cJSON_AddStringToObject(p, name, equals + 1))
			return false;
	}
	return true;
}

/* Owned by the caller. */
static cJSON *make_payload(const struct event *e, struct error *err)
{
	cJSON *p = cJSON_CreateObject();
	bool ok = p && add_facts(p, e, event_type(e->o, e->command));
	if (ok && !e->o->flags_alone)
		ok = add(p, "run_id", e->run_id) && add(p, "verdict", e->verdict) && add(p, "status", e->status) &&
		     add_hashes(p, e, event_type(e->o, e->command));
	if (ok && add_given(p, &e->o->dispatch_fields))
		return p;
	cJSON_Delete(p);
	error_oom(err);
	return NULL;
}

static int with_dispatch(const struct event *e, int (*f)(const struct github_dispatch *, struct error *),
			 struct error *err)
{
	const struct options *o = e->o;
	cJSON *payload = make_payload(e, err);
	if (!payload)
		return -1;
	struct github_dispatch d = {
		.api_url = o->github_api,
		.repository = e->repository,
		.event_type = event_type(o, e->command),
		.payload = payload,
		.token = o->token,
		.token_file = o->token_file,
		.ca_file = o->ca_file,
	};
	int result = f(&d, err);
	cJSON_Delete(payload);
	return result;
}

bool event_is_release(const struct options *o, const char *command, enum pgo_decision decision)
{
	return strcmp(command, "pgo") != 0 || strcmp(event_type(o, command), pgo_release) != 0 || decision == PGO_SHIP;
}

int event_check(const struct event *e, struct error *err)
{
	return with_dispatch(e, github_dispatch_check, err);
}

int event_send(const struct event *e, struct error *err)
{
	if (with_dispatch(e, github_dispatch_send, err) < 0)
		return error_wrap(err, "send %s to %s", event_type(e->o, e->command), e->repository);
	log_info("sent %s to %s", event_type(e->o, e->command), e->repository);
	return 0;
}

char *event_repository_of(const char *url, struct error *err)
{
	static const char host[] = "https://github.com/";
	if (!url || !str_starts(url, host))
		return NULL;
	const char *path = url + strlen(host);
	size_t len = strlen(path);
	if (str_ends(path, ".git"))
		len -= strlen(".git");
	return str_printf(err, "%.*s", (int)len, path);
}
