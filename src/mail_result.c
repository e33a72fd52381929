#include "mail_result.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "benchmarker/report_mail.h"
#include "net/encode.h"
#include "net/mail.h"
#include "net/mail_import.h"
#include "net/s3.h"
#include "net/ses.h"
#include "net/smtp.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <string.h>
#include <sys/random.h>

#define FILE_MAX_BYTES ((size_t)8 << 20)
#define BODY_MAX_BYTES (MAIL_BODY_MAX_BYTES + 1) /* so that mail_check tells how large it is */
#define OBJECT_MAX_BYTES (256ULL << 20)
#define URL_MAX_BYTES 8192
#define SUBJECT_COLUMNS 120

static const char *environment(const char *name, void *data)
{
	(void)data;
	struct opt_source source = opt_default_source();
	return source.getenv(name, source.data);
}

static void say_retry(const char *what, unsigned attempt, void *data)
{
	(void)data;
	log_warn("%s (attempt %u failed, trying again)", what, attempt - 1);
}

int mail_result_get(const struct options *o, const char *folder, char **ret_path, struct error *err)
{
	const char *from = o->mail.results;
	if (!str_starts(from, "s3://"))
		return (*ret_path = fs_absolute(from, err)) ? 0 : -1;
	AUTO_FREE char *bucket = NULL, *key = NULL, *path = str_printf(err, "%s/results", folder);
	enum s3_absence absence;
	if (!path || s3_parse_url(from, &bucket, &key, err) < 0)
		return -1;
	CLEANUP(s3)
	struct s3 s3 = { .bucket = bucket,
			 .region = o->region,
			 .endpoint = o->endpoint,
			 .env = { .getenv = environment, .region = o->region, .ca_file = o->ca_file },
			 .on_retry = say_retry };
	if (s3_get_file(&s3, key, path, OBJECT_MAX_BYTES, &absence, err) < 0) {
		if (absence == S3_MISSING)
			error_hint(err, "name one object, not the folder that it is in");
		return error_wrap(err, "get the results");
	}
	*ret_path = TAKE(path);
	return 0;
}

/* The file's text after what is there. */
static int import_file(struct mail_body *b, const char *path, struct error *err)
{
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(FILE_MAX_BYTES);
	if (fs_read(path, &text, err) < 0)
		return -1;
	mail_import(b, text.data);
	return 0;
}

static int is_query(const struct dirent *e)
{
	return str_starts(e->d_name, "query-");
}

/* What the run's queries gave, each as the file that the run wrote; in the order of their numbers. */
static int add_queries(const struct mail_result *r, struct mail_body *b, struct error *err)
{
	struct dirent **entries = NULL;
	int n = r->run_folder ? scandir(r->run_folder, &entries, is_query, versionsort) : 0;
	int result = 0;
	if (n < 0)
		return error_errno(err, ERROR_INTERNAL, "list %s", r->run_folder);
	for (int i = 0; i < n; i++) {
		const char *name = entries[i]->d_name + strlen("query-");
		AUTO_FREE char *path = str_printf(err, "%s/%s", r->run_folder, entries[i]->d_name);
		AUTO_FREE char *heading = str_printf(err, "Query %.*s", (int)strcspn(name, "."), name);
		if (result == 0 && path && heading) {
			mail_body_add(b, MAIL_HEADING, MAIL_TONE_PLAIN, heading);
			result = import_file(b, path, err);
		} else {
			result = -1;
		}
		free(entries[i]);
	}
	free(entries);
	return result;
}

/* An address that opens the object: with AWS its place in the console, else the server's own. */
static void add_object_url(const struct options *o, const char *bucket, const char *key, struct strbuf *out)
{
	if (o->endpoint) {
		strbuf_addf(out, "%.*s/%s/", (int)(strlen(o->endpoint) - str_ends(o->endpoint, "/")), o->endpoint,
			    bucket);
		encode_percent(out, key, strlen(key), "/");
		return;
	}
	strbuf_addf(out, "https://%s.console.aws.amazon.com/s3/object/%s?region=%s&prefix=", o->region, bucket,
		    o->region);
	encode_percent(out, key, strlen(key), "/");
}

static int add_links(const struct mail_result *r, const char *workflow_url, struct mail_body *b, struct error *err)
{
	const struct options *o = r->o;
	if (o->mail.report_url) {
		mail_body_link(b, "Report", o->mail.report_url);
	} else if (r->bucket) {
		CLEANUP(strbuf) struct strbuf url = STRBUF_INIT(URL_MAX_BYTES), text = STRBUF_INIT(URL_MAX_BYTES);
		strbuf_addf(&text, "Report: s3://%s/%s", r->bucket, r->key);
		add_object_url(o, r->bucket, r->key, &url);
		if (strbuf_check(&url, err) < 0 || strbuf_check(&text, err) < 0)
			return -1;
		mail_body_link(b, text.data, url.data);
	}
	if (*workflow_url)
		mail_body_link(b, "Workflow", workflow_url);
	return 0;
}

static int make_body(const struct mail_result *r, const char *subject, const char *workflow_url, struct mail_body *b,
		     struct error *err)
{
	if (r->o->mail.body_file && import_file(b, r->o->mail.body_file, err) < 0)
		return error_wrap(err, "--mail-body-file");
	if (r->run && report_mail_begin(&r->run->report, b, err) < 0)
		return -1;
	if (r->text) {
		mail_body_add(b, MAIL_HEADLINE, MAIL_TONE_PLAIN, subject);
		mail_import(b, r->text);
	}
	if (add_links(r, workflow_url, b, err) < 0 || add_queries(r, b, err) < 0)
		return -1;
	return r->run ? report_mail_end(&r->run->report, b, err) : 0;
}

static const char *version_of(const struct mail_result *r)
{
	const char *version = r->o->mail.version;
	if (version || !r->run)
		return version ? version : "";
	const struct report *report = &r->run->report;
	const struct report_server *last = report->to.engine ? &report->to : &report->from;
	version = last->version ? last->version : last->commit;
	return version ? version : "";
}

static int make_subject(const struct mail_result *r, struct strbuf *out, struct error *err)
{
	const char *version = version_of(r);
	if (r->o->mail.subject)
		strbuf_adds(out, r->o->mail.subject);
	else if (r->run)
		return report_mail_subject(&r->run->report, SUBJECT_COLUMNS, out, err);
	else
		strbuf_addf(out, "Benchmark results%s%.100s", *version ? " of " : "", version);
	return strbuf_check(out, err);
}

/* The workflow that runs this, where there is one; "" if not. Owned. */
static char *make_workflow_url(const struct mail_options *m, struct error *err)
{
	if (m->workflow_url)
		return str_dup(m->workflow_url, err);
	if (!m->server_url || !m->repository || !m->run_id)
		return str_dup("", err);
	return str_printf(err, "%s/%s/actions/runs/%s", m->server_url, m->repository, m->run_id);
}

/* Everything that goes into one mail. */
struct letter {
	struct strbuf subject, text, html, fragment, own; /* own: of --mail-body-file */
	char *workflow_url, *template_data;
	char id[33];
	struct mail mail; /* points into the rest */
};

static void letter_release(struct letter *l)
{
	strbuf_release(&l->subject);
	strbuf_release(&l->text);
	strbuf_release(&l->html);
	strbuf_release(&l->fragment);
	strbuf_release(&l->own);
	free(l->workflow_url);
	free(l->template_data);
}

static int make_letter(const struct mail_result *r, struct letter *l, struct error *err)
{
	const struct mail_options *m = &r->o->mail;
	CLEANUP(mail_body) struct mail_body body = MAIL_BODY_INIT;
	unsigned char random[16];
	if (getrandom(random, sizeof random, 0) != sizeof random)
		return error_errno(err, ERROR_INTERNAL, "random bytes for a Message-ID");
	encode_hex(random, sizeof random, l->id);
	l->workflow_url = make_workflow_url(m, err);
	if (!l->workflow_url || make_subject(r, &l->subject, err) < 0 ||
	    make_body(r, l->subject.data, l->workflow_url, &body, err) < 0)
		return -1;
	if (mail_body_html(&body, l->subject.data, &l->html, err) < 0 ||
	    mail_body_html(&body, NULL, &l->fragment, err) < 0 || mail_body_text(&body, &l->text, err) < 0)
		return -1;
	if (m->body_file && fs_read(m->body_file, &l->own, err) < 0)
		return -1;
	l->mail = (struct mail){ .from = m->from,
				 .to = &m->to,
				 .cc = &m->cc,
				 .reply_to = m->reply_to,
				 .subject = l->subject.data,
				 .text = l->text.data,
				 .html = l->html.data,
				 .date_unix = clock_wall_ns() / (int64_t)NS_PER_SECOND,
				 .id = l->id };
	return 0;
}

/* What a template is filled with. The names, and that results is the file as it is, are those of the system that teams
 * have templates for. */
static int make_template_data(const struct mail_result *r, struct letter *l, struct error *err)
{
	const char *const fields[][2] = {
		{ "version", version_of(r) },
		{ "format", r->o->noms_bin_format ? r->o->noms_bin_format : "" },
		{ "results", r->text ? r->text : l->fragment.data },
		{ "workflowURL", l->workflow_url },
		{ "subject", l->subject.data },
		{ "body", l->own.data },
	};
	cJSON *o = cJSON_CreateObject();
	bool ok = o;
	for (size_t i = 0; ok && i < ARRAY_SIZE(fields); i++)
		ok = cJSON_AddStringToObject(o, fields[i][0], fields[i][1]);
	l->template_data = ok ? cJSON_PrintUnformatted(o) : NULL;
	cJSON_Delete(o);
	return l->template_data ? 0 : error_oom(err);
}

static int send_by_smtp(const struct options *o, const struct letter *l, struct error *err)
{
	const struct mail_options *m = &o->mail;
	const struct smtp_server server = { .url = m->smtp,
					    .user = m->smtp_user,
					    .password = m->smtp_password,
					    .password_file = m->smtp_password_file,
					    .ca_file = o->ca_file,
					    .insecure = m->smtp_insecure,
					    .on_retry = say_retry };
	return smtp_send(&server, &l->mail, err);
}

static int send_by_ses(const struct mail_result *r, struct letter *l, struct error *err)
{
	const struct options *o = r->o;
	const char *region = o->mail.ses_region ? o->mail.ses_region : o->region;
	AUTO_FREE char *id = NULL;
	CLEANUP(ses)
	struct ses ses = { .region = region,
			   .endpoint = o->mail.ses_endpoint,
			   .env = { .getenv = environment, .region = region, .ca_file = o->ca_file },
			   .on_retry = say_retry };
	struct ses_template template = { .name = o->mail.ses_template };
	if (template.name && make_template_data(r, l, err) < 0)
		return -1;
	template.data = l->template_data;
	if (ses_send(&ses, &l->mail, template.name ? &template : NULL, &id, err) < 0)
		return -1;
	log_verbose("SES calls the mail %s", id);
	return 0;
}

int mail_result_send(const struct mail_result *r, struct error *err)
{
	const struct mail_options *m = &r->o->mail;
	CLEANUP(letter)
	struct letter l = { .subject = STRBUF_INIT(URL_MAX_BYTES),
			    .text = STRBUF_INIT(BODY_MAX_BYTES),
			    .html = STRBUF_INIT(BODY_MAX_BYTES),
			    .fragment = STRBUF_INIT(BODY_MAX_BYTES),
			    .own = STRBUF_INIT(FILE_MAX_BYTES) };
	if (make_letter(r, &l, err) < 0)
		return error_wrap(err, "make the mail");
	if (mail_check(&l.mail, err) < 0) {
		err->kind = ERROR_PUBLISH; /* the options are good: it is what the run found that cannot be sent */
		return -1;
	}
	if ((m->smtp ? send_by_smtp(r->o, &l, err) : send_by_ses(r, &l, err)) < 0)
		return -1;
	size_t others = m->to.len + m->cc.len - 1;
	log_info("mailed \"%s\" to %s%s", l.subject.data, m->to.items[0], others ? " and others" : "");
	return 0;
}
