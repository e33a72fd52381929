/* Mail by Amazon SES: SendEmail of its API version 2, signed with net/aws.h.
 * Source: Amazon SES API v2 Reference, "SendEmail" (request, errors, lengths); "Service quotas in Amazon SES".
 *
 *     CLEANUP(ses) struct ses ses = { .region = "us-west-2", .env = … };
 *     if (ses_check(&ses, &mail, template, err) < 0) …       // before anything is sent
 *     if (ses_send(&ses, &mail, template, &id, err) < 0) …   // template: NULL for the mail's own text and html
 *
 * Endpoint order: .endpoint, AWS_ENDPOINT_URL_SESV2, AWS_ENDPOINT_URL, https://email.<region>.amazonaws.com; http only
 * to loopback. Tried again only where SES cannot have taken the mail: connection never made, 429 and throttling; not
 * after a 5xx or a lost reply.
 */
#ifndef NET_SES_H
#define NET_SES_H

#include "base/error.h"
#include "net/aws.h"
#include "net/mail.h"

struct ses {
	const char *region;   /* NULL: AWS_REGION, AWS_DEFAULT_REGION */
	const char *endpoint; /* NULL: environment or AWS */
	struct aws_environment env;
	struct aws_credentials credentials; /* found when it is sent; owned */
	uint64_t retry_unit_ns;             /* net/retry.h; 0: 1 s */
	/* Called with what went wrong before the wait that precedes attempt (2 or 3); may be NULL. */
	void (*on_retry)(const char *what, unsigned attempt, void *data);
	void *on_retry_data;
};
void ses_release(struct ses *s);

/* A template that is kept in SES, and what it is filled with. */
struct ses_template {
	const char *name;
	const char *data; /* a JSON object's text, at most SES_TEMPLATE_DATA_MAX_CHARS */
};
#define SES_TEMPLATE_DATA_MAX_CHARS 262144

/* ERROR_USAGE: a name that is no template's, an endpoint or region that cannot be used; ERROR_PUBLISH: data that SES
 * would refuse for its length. */
int ses_check(const struct ses *s, const struct ses_template *t, struct error *err);
/* ERROR_PUBLISH unless SES said 200; then *ret_id is its id of the message, owned. With a template, the mail's subject,
 * text and html are not sent. The mail has passed mail_check. */
int ses_send(struct ses *s, const struct mail *m, const struct ses_template *t, char **ret_id, struct error *err);

#endif
