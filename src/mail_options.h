/* The options of `dbdyno notify --mail`: their part of struct options, of its table, and their checks. */
#ifndef SRC_MAIL_OPTIONS_H
#define SRC_MAIL_OPTIONS_H

#include "base/opt.h"

struct mail_options {
	bool send;
	struct strlist to, cc;
	char *from, *reply_to, *subject, *body_file;
	char *results, *version; /* a file or s3:// URL to mail in place of a run; what its results are of */
	char *workflow_url, *report_url;
	char *server_url, *repository, *run_id; /* of the workflow, where GitHub sets them */
	char *ses_template, *ses_endpoint, *ses_region;
	char *smtp, *smtp_user, *smtp_password, *smtp_password_file;
	bool smtp_insecure;
};

/* AT(member): the offset of mail.member in the options struct. */
/* clang-format off */
#define MAIL_OPTIONS                                                                                                                    \
	{ "mail", OPT_BOOL, AT(mail.send), .group = "Mail", .help = "mail the result, by SES or --smtp" },                                    \
	{ "mail-to", OPT_LIST, AT(mail.to), .value = "ADDRESS", .env = "ACTOR_EMAIL", .help = "recipient, repeatable (default: ACTOR_EMAIL)" }, \
	{ "mail-cc", OPT_LIST, AT(mail.cc), .value = "ADDRESS", .help = "recipient of a copy, repeatable" },                                  \
	{ "mail-from", OPT_STRING, AT(mail.from), .value = "ADDRESS", .help = "sender: bot@example.org, or \"Name <bot@example.org>\"" },     \
	{ "mail-reply-to", OPT_STRING, AT(mail.reply_to), .value = "ADDRESS", .help = "where answers go" },                                   \
	{ "mail-subject", OPT_STRING, AT(mail.subject), .value = "TEXT", .help = "subject (default: what the run found)" },                   \
	{ "mail-body-file", OPT_STRING, AT(mail.body_file), .value = "FILE", .help = "text, markdown or html to stand before the results" },  \
	{ "results", OPT_STRING, AT(mail.results), .aliases = "results-file", .value = "FILE|S3URL", .help = "mail this file in place of a run: html, markdown, text or a results.db" }, \
	{ "results-version", OPT_STRING, AT(mail.version), .value = "TEXT", .help = "version that the results are of (default: the run's)" }, \
	{ "workflow-url", OPT_STRING, AT(mail.workflow_url), .value = "URL", .help = "link to the workflow (default: from GITHUB_SERVER_URL, _REPOSITORY, _RUN_ID)" }, \
	{ "report-url", OPT_STRING, AT(mail.report_url), .value = "URL", .help = "link to the report (default: its place in --bucket)" },     \
	{ "github-server-url", OPT_STRING, AT(mail.server_url), .env = "GITHUB_SERVER_URL", .flags = OPT_HIDDEN, .help = "part of the workflow's address" }, \
	{ "github-repository", OPT_STRING, AT(mail.repository), .env = "GITHUB_REPOSITORY", .flags = OPT_HIDDEN, .help = "part of the workflow's address" }, \
	{ "github-run-id", OPT_STRING, AT(mail.run_id), .env = "GITHUB_RUN_ID", .flags = OPT_HIDDEN, .help = "part of the workflow's address" }, \
	{ "ses-template", OPT_STRING, AT(mail.ses_template), .value = "NAME", .group = "Mail by SES", .help = "template in SES, filled with version, format, results, workflowURL, subject, body" }, \
	{ "ses-endpoint", OPT_STRING, AT(mail.ses_endpoint), .value = "URL", .help = "address of SES (default: that of --region)" },          \
	{ "ses-region", OPT_STRING, AT(mail.ses_region), .value = "NAME", .help = "region of SES, where it is another than --region" },         \
	{ "smtp", OPT_STRING, AT(mail.smtp), .value = "URL", .group = "Mail by SMTP", .help = "smtp://host[:587] with STARTTLS, or smtps://host[:465]" }, \
	{ "smtp-user", OPT_STRING, AT(mail.smtp_user), .value = "NAME", .help = "user there" },                                               \
	{ "smtp-password", OPT_STRING, AT(mail.smtp_password), .flags = OPT_SECRET, .help = "its password: DBDYNO_SMTP_PASSWORD" },           \
	{ "smtp-password-file", OPT_STRING, AT(mail.smtp_password_file), .value = "FILE", .help = "file with the password" },                 \
	{ "smtp-insecure", OPT_BOOL, AT(mail.smtp_insecure), .help = "without TLS; never with a password" }
/* clang-format on */

/* What does not go together, addresses, server, template; one line each is added to problems. region: where
 * --ses-region is not given. */
void mail_options_check(const struct mail_options *m, const char *region, const char *ca_file,
			struct strlist *problems);

#endif
