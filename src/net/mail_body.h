/* What a mail says: a headline, headings, paragraphs, tables and links, and its two forms: html with the styles inline,
 * as mail clients need it, and text. Pure.
 *
 *     CLEANUP(mail_body) struct mail_body b = MAIL_BODY_INIT;
 *     mail_body_add(&b, MAIL_HEADLINE, MAIL_TONE_BAD, "gms 5d6e7f8 is slower than 1a2b3c4");
 *     mail_body_table(&b, true);
 *     mail_body_row(&b, MAIL_TONE_PLAIN, (const char *[]){ "test", "change", NULL });
 *     mail_body_row(&b, MAIL_TONE_BAD, (const char *[]){ "oltp_read_only", "−16 %", NULL });
 *     if (mail_body_html(&b, "subject", &html, err) < 0 || mail_body_text(&b, &text, err) < 0) …
 *
 * Any text may be hostile: broken UTF-8 and control characters are replaced, the rest is escaped as the form needs.
 * Nothing in the html is loaded from elsewhere. Adding to a body fails only without memory, which the forms report.
 */
#ifndef NET_MAIL_BODY_H
#define NET_MAIL_BODY_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>

enum mail_block_kind {
	MAIL_HEADLINE,
	MAIL_HEADING,
	MAIL_PARAGRAPH,
	MAIL_LINES, /* as they are, in a fixed-width font */
	MAIL_LINK,  /* text and address */
	MAIL_TABLE
};

enum mail_tone { MAIL_TONE_PLAIN, MAIL_TONE_GOOD, MAIL_TONE_BAD, MAIL_TONE_FAILED, MAIL_TONE_SOFT };

struct mail_row {
	enum mail_tone tone; /* of its last cell */
	struct strlist cells;
};

struct mail_block {
	enum mail_block_kind kind;
	enum mail_tone tone;
	char *text, *url;      /* url: http or https, of a link */
	struct mail_row *rows; /* of a table */
	size_t rows_len, rows_cap;
	bool head; /* the first row is one of names */
};

struct mail_body {
	struct mail_block *blocks; /* owned, with all in them */
	size_t len, cap;
	bool failed;
};
#define MAIL_BODY_INIT \
	{              \
		0      \
	}
void mail_body_release(struct mail_body *b);

void mail_body_add(struct mail_body *b, enum mail_block_kind kind, enum mail_tone tone, const char *text);
/* A link; where url is not plain http or https, its text alone stands there. */
void mail_body_link(struct mail_body *b, const char *text, const char *url);
/* A table, to whose rows mail_body_row adds while it is the last block. */
void mail_body_table(struct mail_body *b, bool head);
void mail_body_row(struct mail_body *b, enum mail_tone tone, const char *const *cells);

/* A whole page, in a frame of at most 960 pixels; title: what the client may show as such. NULL: only what stands
 * inside a page. */
int mail_body_html(const struct mail_body *b, const char *title, struct strbuf *out, struct error *err);
int mail_body_text(const struct mail_body *b, struct strbuf *out, struct error *err);

#endif
