/* The report as a mail's body: the answer first, then the tests, what went wrong, and what was compared. Pure. */
#ifndef BENCHMARKER_REPORT_MAIL_H
#define BENCHMARKER_REPORT_MAIL_H

#include "benchmarker/report.h"
#include "net/mail_body.h"

/* A subject for it, at most columns characters: "▼ gms 5d6e7f8 is slower than 1a2b3c4". */
int report_mail_subject(const struct report *r, size_t columns, struct strbuf *out, struct error *err);

/* The headline and the tests; then, after what the caller puts between (links, queries' results), the rest. Strings as
 * in report.h. -1 only without memory. */
int report_mail_begin(const struct report *r, struct mail_body *b, struct error *err);
int report_mail_end(const struct report *r, struct mail_body *b, struct error *err);

#endif
