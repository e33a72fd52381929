/* Results that stand in a file, as a mail's body: html (a page, or the bare rows that sqlite3 -html prints), markdown
 * (tables as sqlite3 -markdown and dbdyno print them), or other text. Pure.
 *
 * The text is hostile input: of html only what it says is kept (headings, paragraphs, tables, line breaks), never a
 * tag, an attribute or a style; of markdown headings, tables and paragraphs. What is not understood stays text. */
#ifndef NET_MAIL_IMPORT_H
#define NET_MAIL_IMPORT_H

#include "net/mail_body.h"

/* Appends what the text says. Which of the three it is shows in its first character that is not white space ('<') and
 * in lines that begin with '|' or '#'. Fails only as mail_body does. */
void mail_import(struct mail_body *b, const char *text);

void mail_import_html(struct mail_body *b, const char *text);
void mail_import_markdown(struct mail_body *b, const char *text);

#endif
