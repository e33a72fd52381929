/* A mail message: who, what, and the forms in which headers carry it. Pure.
 * Source: RFC 5322 (format), RFC 2047 (headers that are not ASCII), RFC 5321 (lengths of addresses).
 *
 *     struct mail m = { .from = "dbdyno <bot@example.org>", .to = &to, .subject = …, .text = …, .html = … };
 *     if (mail_check(&m, err) < 0) …               // before anything is sent
 *     if (smtp_send(&server, &m, err) < 0) …       // net/smtp.h; or ses_send, net/ses.h
 *
 * No text can become a header of its own: line breaks and control characters are refused, what is not ASCII is encoded.
 */
#ifndef NET_MAIL_H
#define NET_MAIL_H

#include "base/error.h"
#include "base/str.h"

#include <stdint.h>

#define MAIL_RECIPIENTS_MAX 50 /* SES's limit, and far below RFC 5321's 100 */
#define MAIL_SUBJECT_MAX_CHARS 250
#define MAIL_BODY_MAX_BYTES ((size_t)10 << 20) /* text and html together: what most servers take */

struct mail {
	const char *from;              /* "bot@example.org" or "name <bot@example.org>" */
	const struct strlist *to, *cc; /* the same; cc may be NULL */
	const char *reply_to;          /* NULL: none */
	const char *subject;           /* UTF-8 */
	const char *text, *html;       /* the two alternatives; UTF-8, lines end with \n */
	int64_t date_unix;
	const char *id; /* what stands before the @ of the Message-ID; letters and digits */
};

/* Addresses, number of recipients, subject, size. ERROR_USAGE. */
int mail_check(const struct mail *m, struct error *err);

struct mail_address {
	char *name;    /* NULL: none; UTF-8 */
	char *address; /* "bot@example.org": ASCII, plain local part, a domain name; both owned */
};
void mail_address_release(struct mail_address *a);
/* "bot@example.org", "name <bot@example.org>" or "\"na,me\" <bot@example.org>". ERROR_USAGE. */
int mail_address_parse(const char *text, struct mail_address *ret, struct error *err);

/* Appends "<bot@example.org>" with its name before it, as a header carries it; column: where on its line it begins. */
void mail_add_address(struct strbuf *out, const struct mail_address *a, size_t column);
/* Appends text as header text: as it is if it is short ASCII, else as encoded words (RFC 2047) folded at 76 columns
 * by "\r\n ". */
void mail_add_header_text(struct strbuf *out, const char *text, size_t column);

/* "Mon, 23 Nov 2026 00:46:02 +0000" of Unix seconds. */
void mail_format_date(int64_t unix_seconds, char buf[static 40]);

/* The headers but Content-Type and MIME-Version, as "Name: value" with folds in them. */
int mail_make_headers(const struct mail *m, struct strlist *ret, struct error *err);

#endif
