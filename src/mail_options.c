#include "mail_options.h"

#include "base/fs.h"
#include "net/mail.h"
#include "net/s3.h"
#include "net/ses.h"
#include "net/smtp.h"

static void add_problem(struct strlist *problems, const char *flag, const struct error *e)
{
	strlist_addf(problems, "%s: %s%s%s", flag, e->message, *e->hint ? "; " : "", e->hint);
}

static void check_message(const struct mail_options *m, struct strlist *problems)
{
	struct error e = ERROR_INIT;
	const struct mail mail = { .from = m->from,
				   .to = &m->to,
				   .cc = &m->cc,
				   .reply_to = m->reply_to,
				   .subject = m->subject ? m->subject : "-",
				   .text = "",
				   .html = "" };
	if (!m->from)
		strlist_add(problems, "--mail-from: whose mail is it?");
	if (!m->to.len)
		strlist_add(problems, "--mail-to: who gets the mail?");
	if (m->from && m->to.len && mail_check(&mail, &e) < 0)
		add_problem(problems, "--mail", &e);
	if (m->body_file && (!fs_exists(m->body_file) || fs_is_dir(m->body_file)))
		strlist_addf(problems, "--mail-body-file: there is no file %s", m->body_file);
}

static void check_link(const char *flag, const char *url, struct strlist *problems)
{
	if (url && !str_starts(url, "https://") && !str_starts(url, "http://"))
		strlist_addf(problems, "%s: \"%.200s\" is no address that a mail could link to", flag, url);
}

static void check_results(const struct mail_options *m, struct strlist *problems)
{
	struct error e = ERROR_INIT;
	AUTO_FREE char *bucket = NULL, *key = NULL;
	if (!str_starts(m->results, "s3://")) {
		if (!fs_exists(m->results) || fs_is_dir(m->results))
			strlist_addf(problems, "--results: there is no file %s", m->results);
	} else if (s3_parse_url(m->results, &bucket, &key, &e) < 0 || s3_check_names(bucket, key, &e) < 0) {
		add_problem(problems, "--results", &e);
	}
}

static void check_smtp(const struct mail_options *m, const char *ca_file, struct strlist *problems)
{
	struct error e = ERROR_INIT;
	const struct smtp_server server = { .url = m->smtp,
					    .user = m->smtp_user,
					    .password = m->smtp_password,
					    .password_file = m->smtp_password_file,
					    .ca_file = ca_file,
					    .insecure = m->smtp_insecure };
	if (smtp_check(&server, &e) < 0)
		add_problem(problems, "--smtp", &e);
	if (m->ses_template || m->ses_endpoint || m->ses_region)
		strlist_add(problems, "--smtp contradicts --ses-template, --ses-endpoint and --ses-region");
}

static void check_ses(const struct mail_options *m, const char *region, struct strlist *problems)
{
	struct error e = ERROR_INIT;
	const struct ses ses = { .region = m->ses_region ? m->ses_region : region, .endpoint = m->ses_endpoint };
	const struct ses_template t = { .name = m->ses_template, .data = "{}" };
	if (ses_check(&ses, m->ses_template ? &t : NULL, &e) < 0)
		add_problem(problems, "mail by SES", &e);
	if (m->smtp_user || m->smtp_password_file || m->smtp_insecure)
		strlist_add(problems, "--smtp-user, --smtp-password-file and --smtp-insecure need --smtp");
}

void mail_options_check(const struct mail_options *m, const char *region, const char *ca_file, struct strlist *problems)
{
	if (!m->send) {
		if (m->results || m->smtp || m->ses_template)
			strlist_add(problems, "--results, --smtp and --ses-template need --mail");
		return;
	}
	check_message(m, problems);
	check_link("--workflow-url", m->workflow_url, problems);
	check_link("--report-url", m->report_url, problems);
	if (m->results)
		check_results(m, problems);
	if (m->smtp)
		check_smtp(m, ca_file, problems);
	else
		check_ses(m, region, problems);
}
